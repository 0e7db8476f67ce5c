//! One configured account: knows outside events twice delivered, and hands the new ones to its window in order.
//!
//! A repetition that comes while the first is still on its way waits for the first one's commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix::prelude::*;
use bytes::Bytes;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::reply::{Answered, Reply, answered};
use super::window::DeliverThread;
use super::{Core, raw};
use crate::channels::{self, Parsed, ParsedEvent};
use crate::domain::id::{InboxId, WindowId};
use crate::domain::org::Inbox;
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::domain::window::RawReason;
use crate::failure::Failure;
use crate::handle::{Taken, store_failed};
use crate::journal::DedupeKey;
use crate::journal::writer::Lane;
use crate::readmodel::{ReadFault, ReadModels};

/// Bodies that may wait for one inbox; one more is stored whole.
const MAILBOX: usize = 1_024;
/// Times that events are offered again whose conversation failed under them.
const TRIES: usize = 4;

/// The actor.
pub(crate) struct InboxActor {
    id: InboxId,
    window: WindowId,
    core: Arc<Core>,
    /// Events on their way to the disk, and who else waits for them.
    in_flight: HashMap<DedupeKey, Vec<oneshot::Sender<bool>>>,
}

/// The readable events of one body, with their keys.
#[derive(Message)]
#[rtype(result = "()")]
struct Take {
    events: Vec<(ParsedEvent, DedupeKey)>,
    received_at: Timestamp,
    reply: Reply<Taken>,
}

/// The key of one event of an inbox.
pub(crate) fn event_key(inbox: InboxId, event_id: &str) -> DedupeKey {
    let mut hash = Sha256::new();
    hash.update(b"event");
    hash.update(inbox.0.to_be_bytes());
    hash.update(event_id.as_bytes());
    DedupeKey(hash.finalize().iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
}

/// Takes a verified body: every readable event goes to its conversation, every broken one is parked, a body that is no
/// body at all is parked whole. Answers after all of it is committed.
pub(crate) async fn take_body(core: &Arc<Core>, inbox: InboxId, body: Bytes) -> Result<Taken, Failure> {
    let entry = core.views.org().inboxes.get(&inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
    let received_at = core.now();
    let Ok(parsed) = channels::of(entry.settings.kind()).parse(&body, received_at) else {
        raw::store(core, &entry, body, RawReason::Unparsable, None).await?;
        return Ok(Taken::WHOLE);
    };
    if let Some(destination) = parsed.destination {
        core.accounts.destination(inbox, destination);
    }
    let mut events = Vec::with_capacity(parsed.events.len());
    let mut parked = 0;
    for event in parsed.events {
        match event {
            Parsed::Event(mut event) => {
                if let Some(profile) = event.who.take() {
                    core.fetchers.told.tell(inbox, &event.external_id, profile);
                }
                let key = event_key(inbox, &event.event_id);
                events.push((event, key));
            }
            Parsed::Ignored { kind, among } => {
                metrics::counter!("madoguchi_inbound_ignored_total", "kind" => kind).increment(1);
                if let Some(gathering) = among.filter(|_| entry.settings.leaves_gatherings()) {
                    core.fetchers.leave(inbox, gathering);
                }
            }
            Parsed::Broken { event_id, raw: bytes, why } => {
                metrics::counter!("madoguchi_inbound_parked_total", "why" => why.code()).increment(1);
                // Not the event's own key: it may come again whole, or be read by a later release.
                let key = event_key(inbox, &format!("parked {event_id}"));
                raw::store(core, &entry, bytes, RawReason::Unparsable, Some(key)).await?;
                parked += 1;
            }
        }
    }
    let taken = deliver_events(core, inbox, events, received_at).await;
    match taken {
        Ok(taken) if taken.stored_whole => {
            raw::store(core, &entry, body, RawReason::SetAside, None).await?;
            Ok(Taken { parked, ..taken })
        }
        Ok(taken) => Ok(Taken { parked, ..taken }),
        Err(failure) => Err(failure),
    }
}

/// Takes events that were read elsewhere. `stored_whole` says that their conversation is set aside: they are to be kept, and
/// offered again.
pub(crate) async fn take_events(
    core: &Arc<Core>,
    inbox: &Inbox,
    events: Vec<ParsedEvent>,
    received_at: Timestamp,
) -> Result<Taken, Failure> {
    let events = events.into_iter().map(|event| (event_key(inbox.id, &event.event_id), event));
    let events = events.map(|(key, event)| (event, key)).collect();
    deliver_events(core, inbox.id, events, received_at).await
}

async fn deliver_events(
    core: &Arc<Core>,
    inbox: InboxId,
    mut events: Vec<(ParsedEvent, DedupeKey)>,
    received_at: Timestamp,
) -> Result<Taken, Failure> {
    let mut taken = Taken { recorded: 0, duplicates: 0, parked: 0, stored_whole: false };
    if events.is_empty() {
        return Ok(taken);
    }
    let old = known_long_ago(core, &events).await?;
    taken.duplicates = events.len();
    events.retain(|(_, key)| !old.contains(key));
    taken.duplicates -= events.len();
    let addr = core.inboxes.get(&inbox).map(|addr| addr.clone()).ok_or(Failure::NotFound("inbox"))?;
    let (reply, wait) = Reply::new(&core.depths.inboxes);
    if addr.try_send(Take { events, received_at, reply }).is_err() {
        return Err(Failure::Overloaded { what: "inbox", retry_after_ms: 500 });
    }
    match answered(wait).await {
        Answered::With(Ok(more)) => {
            taken.recorded += more.recorded;
            taken.duplicates += more.duplicates;
            Ok(taken)
        }
        Answered::With(Err(Failure::Rejected(Rejected::SetAside))) => Ok(Taken { stored_whole: true, ..taken }),
        Answered::With(Err(failure)) => Err(failure),
        Answered::NotTaken => Err(Failure::Interrupted),
    }
}

/// Keys that the read models answer for: recorded before the journal's memory begins. Of nearly all of them memory can
/// say that they are new; the disk is asked about the rest.
async fn known_long_ago(core: &Arc<Core>, events: &[(ParsedEvent, DedupeKey)]) -> Result<Vec<DedupeKey>, Failure> {
    let keys: Vec<_> = events.iter().map(|(_, key)| *key).filter(|key| core.store.may_know(*key)).collect();
    if keys.is_empty() {
        return Ok(keys);
    }
    let read = move |store: &ReadModels| {
        let mut known = Vec::new();
        for key in keys {
            if store.dedupe(key)?.is_some() {
                known.push(key);
            }
        }
        Ok::<_, ReadFault>(known)
    };
    // Whether an event was taken before must be known, not guessed: on a fault the body is stored whole.
    core.read(Lane::Inbound, read).await?.map_err(|fault| store_failed(&fault))
}

impl InboxActor {
    pub(crate) fn start_on(
        arbiter: &actix::ArbiterHandle,
        core: Arc<Core>,
        id: InboxId,
        window: WindowId,
    ) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            Self { id, window, core, in_flight: HashMap::new() }
        })
    }

    /// Sorts the events of one body: new ones by thread, in order; the rest waits for others, or is known.
    fn sort(&mut self, events: Vec<(ParsedEvent, DedupeKey)>) -> Sorted {
        let mut sorted = Sorted::default();
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut own = HashSet::new();
        for (event, key) in events {
            if own.contains(&key) {
                // Twice in one body: waiting for itself would never end.
                sorted.known += 1;
            } else if let Some(waiters) = self.in_flight.get_mut(&key) {
                let (tell, wait) = oneshot::channel();
                waiters.push(tell);
                sorted.others.push(wait);
            } else if self.core.journal.known(key).is_some() {
                sorted.known += 1;
            } else {
                self.in_flight.insert(key, Vec::new());
                own.insert(key);
                sorted.keys.push(key);
                let at = *index.entry(event.thread.clone()).or_insert_with(|| {
                    sorted.threads.push((event.thread.clone(), Vec::new()));
                    sorted.threads.len() - 1
                });
                sorted.threads[at].1.push((event, key));
            }
        }
        sorted
    }
}

#[derive(Default)]
struct Sorted {
    threads: Vec<(String, Vec<(ParsedEvent, DedupeKey)>)>,
    keys: Vec<DedupeKey>,
    others: Vec<oneshot::Receiver<bool>>,
    known: usize,
}

impl Actor for InboxActor {
    type Context = Context<Self>;
}

impl Handler<Take> for InboxActor {
    type Result = ();

    fn handle(&mut self, take: Take, ctx: &mut Context<Self>) {
        let reply = take.reply.taken();
        let sorted = self.sort(take.events);
        let deliveries = sorted.threads.into_iter().map(|(thread, events)| {
            deliver(self.core.clone(), self.window.clone(), self.id, thread, take.received_at, events)
        });
        let deliveries = join_all(deliveries.collect::<Vec<_>>());
        let work = async move {
            let mine: Result<Vec<usize>, Failure> = deliveries.await.into_iter().collect();
            let others = join_all(sorted.others).await;
            (mine, others)
        };
        let keys = sorted.keys;
        let known = sorted.known;
        ctx.spawn(work.into_actor(self).map(move |(mine, others), actor, _| {
            for key in &keys {
                for waiter in actor.in_flight.remove(key).unwrap_or_default() {
                    let _ = waiter.send(actor.core.journal.known(*key).is_some());
                }
            }
            let duplicates = known + others.len();
            let others_failed = others.iter().any(|told| !matches!(told, Ok(true)));
            reply.send(match mine {
                Ok(_) if others_failed => Err(Failure::Interrupted),
                Ok(recorded) => {
                    Ok(Taken { recorded: recorded.iter().sum(), duplicates, parked: 0, stored_whole: false })
                }
                Err(failure) => Err(failure),
            });
        }));
    }
}

/// Offers one thread's events to the window until they are recorded. What fails under them is offered again: events
/// that were recorded meanwhile are known by their keys.
async fn deliver(
    core: Arc<Core>,
    window: WindowId,
    inbox: InboxId,
    thread: String,
    received_at: Timestamp,
    mut events: Vec<(ParsedEvent, DedupeKey)>,
) -> Result<usize, Failure> {
    let mut recorded = 0;
    for _ in 0..TRIES {
        let Some(addr) = core.windows.get(&window).map(|addr| addr.clone()) else {
            return Err(Failure::NotFound("window"));
        };
        // Asked after the address was found: another window may have the name of one that was reset.
        if !core.views.org().inboxes.contains_key(&inbox) {
            return Err(Failure::NotFound("window"));
        }
        let (reply, wait) = Reply::new(&core.depths.windows);
        let offered = DeliverThread { inbox, thread: thread.clone(), received_at, events: events.clone(), reply };
        if addr.try_send(offered).is_err() {
            return Err(super::window::overloaded());
        }
        match answered(wait).await {
            Answered::With(Ok(count)) => return Ok(recorded + count),
            Answered::With(Err(Failure::Interrupted)) | Answered::NotTaken => {
                core.barrier().await?;
                let before = events.len();
                events.retain(|(_, key)| core.journal.known(*key).is_none());
                recorded += before - events.len();
                if events.is_empty() {
                    return Ok(recorded);
                }
            }
            Answered::With(Err(failure)) => return Err(failure),
        }
    }
    Err(Failure::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_accounts_may_use_the_same_id_for_two_events() {
        let key = |inbox, id| event_key(InboxId(inbox), id);
        assert_eq!(key(1, "E1"), key(1, "E1"));
        assert_ne!(key(1, "E1"), key(2, "E1"));
        assert_ne!(key(1, "E1"), key(1, "E2"));
    }
}
