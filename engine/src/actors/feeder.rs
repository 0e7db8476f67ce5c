//! The feed: one thread that tells what was committed, in the order of the journal. It moves the views, wakes senders,
//! hands frames to the sockets' hubs, answers whoever waited, and passes the record on to the read models.
//!
//! Answers come after the views, so whoever was answered reads their own writing.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;

use super::bots::BotsActor;
use super::fetcher::Fetchers;
use super::sender::{SenderActor, Wake};
use crate::domain::conversation::Event;
use crate::domain::id::InboxId;
use crate::domain::record::Fact;
use crate::fatal::vital_thread;
use crate::faults::Faults;
use crate::journal::feed::Committed;
use crate::journal::writer::{Counts, Told};
use crate::readmodel::Writer as ReadModelWriter;
use crate::views::Views;

/// What the feed moves.
pub(crate) struct Feeder {
    pub(crate) views: Arc<Views>,
    pub(crate) store: Arc<ReadModelWriter>,
    pub(crate) senders: Arc<DashMap<InboxId, actix::Addr<SenderActor>>>,
    pub(crate) fetchers: Arc<Fetchers>,
    pub(crate) bots: Arc<OnceLock<actix::Addr<BotsActor>>>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) faults: Arc<Faults>,
}

impl Feeder {
    /// Starts the thread. It ends when the writer has ended; a panic in it ends the process, since nothing could be told any more.
    pub(crate) fn start(self, told: Receiver<Vec<Told>>) -> std::thread::JoinHandle<()> {
        let run = move || {
            while let Ok(batch) = told.recv() {
                assert!(!Faults::take(&self.faults.panics_in_feed), "planned panic in the feed");
                let entries = batch.len() as u64;
                self.tell(batch);
                self.counts.told.fetch_add(entries, Ordering::AcqRel);
            }
        };
        vital_thread("feed", run).expect("a thread at the start")
    }

    /// Tells one batch.
    pub(crate) fn tell(&self, batch: Vec<Told>) {
        let mut followed = Vec::with_capacity(batch.len());
        for told in batch {
            match told {
                Told::Committed(committed, answer) => {
                    self.views.follow(&committed);
                    self.wake_senders(&committed);
                    self.wake_fetchers(&committed);
                    self.wake_bots(&committed);
                    answer(Ok(committed.position));
                    followed.push(committed);
                }
                Told::Refused(refused, answer) => answer(Err(refused)),
                Told::Barrier(then) => then(),
            }
        }
        // Last, because it waits when the read models lag too far: then the writer slows.
        self.store.push(followed);
    }

    fn wake_fetchers(&self, committed: &Committed) {
        for fact in &committed.record.events {
            let Fact::Conversation(id, event) = fact else { continue };
            if let Some(after) = committed.after.iter().find(|state| state.id == *id) {
                self.fetchers.wake(event, after, committed.record.at);
            }
        }
    }

    fn wake_bots(&self, committed: &Committed) {
        let (Some(bots), Some(window)) = (self.bots.get(), &committed.window) else { return };
        for state in committed.after.iter().filter(|state| !state.bot.letters.is_empty()) {
            // As with senders: a full mailbox loses only the hint.
            let _ = bots.try_send(super::bots::Wake { conversation: state.id, window: window.clone() });
        }
    }

    fn wake_senders(&self, committed: &Committed) {
        for fact in &committed.record.events {
            let Fact::Conversation(id, event) = fact else { continue };
            let stirs = matches!(
                event,
                Event::Queued(_)
                    | Event::AutoQueued(_)
                    | Event::TakenBack { .. }
                    | Event::Received(_)
                    | Event::Followed { .. }
            );
            let Some(state) = committed.after.iter().find(|state| state.id == *id && stirs) else { continue };
            if state.outbox.is_empty() {
                continue;
            }
            if let Some(sender) = self.senders.get(&state.inbox).map(|sender| sender.clone()) {
                // A full mailbox loses only the hint: the sender looks for forgotten answers in its rounds.
                let _ = sender.try_send(Wake { conversation: *id });
            }
        }
    }
}
