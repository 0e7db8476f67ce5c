//! Who owns which live state. Actors are thin: they decide by the domain, submit to the writer, and answer after the commit.
//!
//! In the order of a message: [`inbox`] (dedupe, thread) → [`window`] (starts conversations, deadlines) →
//! [`conversation`] (decides) → the journal's writer → [`feeder`] (tells) → [`sender`] (out to the platform).
//! [`start`] builds it all from the journal, which is also how everything that died comes back.

pub(crate) mod accepting;
pub(crate) mod audit;
pub(crate) mod bots;
pub(crate) mod conversation;
pub(crate) mod erasure;
pub(crate) mod feeder;
pub(crate) mod fetcher;
pub(crate) mod inbox;
pub(crate) mod keeper;
pub(crate) mod pool;
pub(crate) mod raw;
pub(crate) mod registry;
pub(crate) mod removal;
pub(crate) mod reply;
pub(crate) mod sender;
pub(crate) mod space;
pub(crate) mod start;
pub(crate) mod stickers;
pub(crate) mod streams;
pub(crate) mod upkeep;
pub(crate) mod wheel;
pub(crate) mod window;
pub(crate) mod windows;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use actix::Addr;
use bytes::Bytes;
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use ulid::Ulid;

use crate::accounts::Accounts;
use crate::bots::Bots;
use crate::channels::Platform;
use crate::channels::public::PublicUrls;
use crate::config::Config;
use crate::content::ContentStore;
use crate::domain::conversation::Conversation;
use crate::domain::id::{InboxId, Position, StreamId, WindowId};
use crate::domain::record::{By, Fact, Record};
use crate::failure::Failure;
use crate::journal::writer::{Answer, Counts, Lane, Permit, Submission, Writer};
use crate::journal::{Append, DedupeKey, Journal, Touch, codec};
use crate::presence::Presence;
use crate::pressure::{Found, Pressure};
use crate::pulse::Pulses;
use crate::readmodel::{Blames, ReadModels, Writer as ReadModelWriter};
use crate::uploads::Uploads;
use crate::vault::Vault;
use crate::views::Views;

use self::bots::BotsActor;
use self::fetcher::Fetchers;
use self::inbox::InboxActor;
use self::pool::Pool;
use self::registry::Registry;
use self::reply::Depth;
use self::sender::SenderActor;
use self::space::Space;
use self::stickers::Stickers;
use self::window::WindowActor;

/// What every part of a running engine shares.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) writer: Mutex<Option<Writer>>,
    pub(crate) views: Arc<Views>,
    pub(crate) store: Arc<ReadModels>,
    pub(crate) store_writer: Arc<ReadModelWriter>,
    pub(crate) registry: Registry,
    pub(crate) presence: Presence,
    pub(crate) pool: Pool,
    pub(crate) space: Space,
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) urls: PublicUrls,
    pub(crate) vault: Vault,
    pub(crate) uploads: Uploads,
    pub(crate) content: ContentStore,
    /// Pictures are unpacked one at a time.
    pub(crate) looking: tokio::sync::Mutex<()>,
    pub(crate) fetchers: Arc<Fetchers>,
    pub(crate) accounts: Accounts,
    pub(crate) stickers: Stickers,
    pub(crate) bots: Bots,
    pub(crate) bots_actor: Arc<OnceLock<Addr<BotsActor>>>,
    pub(crate) sending: crate::sending::Gate,
    pub(crate) pulses: Pulses,
    pub(crate) depths: Depths,
    pub(crate) counts: Arc<Counts>,
    pub(crate) windows: DashMap<WindowId, Addr<WindowActor>>,
    pub(crate) inboxes: DashMap<InboxId, Addr<InboxActor>>,
    pub(crate) senders: Arc<DashMap<InboxId, Addr<SenderActor>>>,
    /// Ownership of each stream, taken at the start or at the stream's creation.
    pub(crate) owner_epochs: DashMap<StreamId, u64>,
    pub(crate) org_stream: StreamId,
    pub(crate) audit: audit::Log,
    /// Decisions about the organisation are made one at a time; they are rare.
    pub(crate) org_turn: tokio::sync::Mutex<()>,
    /// Who came by an invitation is put into their windows by one at a time.
    pub(crate) joining_turn: tokio::sync::Mutex<()>,
    /// Content is removed by one at a time, so that whoever finds nothing due knows that nothing is under way.
    pub(crate) removing: tokio::sync::Mutex<()>,
    /// The last window was reset: there is something to erase.
    pub(crate) erasing: tokio::sync::Notify,
    pub(crate) window_arbiters: Vec<actix::ArbiterHandle>,
    pub(crate) sender_arbiter: actix::ArbiterHandle,
    pub(crate) stopping: AtomicBool,
    pub(crate) incarnations: AtomicU64,
    pub(crate) threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

/// What waits in mailboxes, by the kind of actor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Depths {
    pub(crate) windows: Depth,
    pub(crate) conversations: Depth,
    pub(crate) inboxes: Depth,
}

impl Depths {
    fn each(&self) -> [(&'static str, usize); 3] {
        [("window", self.windows.now()), ("conversation", self.conversations.now()), ("inbox", self.inboxes.now())]
    }
}

/// A new id: the time in the upper bits, chance in the lower.
pub(crate) fn drawn_id(config: &Config) -> u128 {
    Ulid::from_parts(config.clock.now().0.unsigned_abs(), config.chance.bits()).0
}

impl Core {
    /// The writer, until the engine stops.
    pub(crate) fn writer(&self) -> Option<Writer> {
        self.writer.lock().clone()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(crate) fn now(&self) -> crate::domain::time::Timestamp {
        self.config.clock.now()
    }

    /// A new id: the time in the upper bits, chance in the lower.
    pub(crate) fn new_id(&self) -> u128 {
        drawn_id(&self.config)
    }

    pub(crate) fn incarnation(&self) -> u64 {
        self.incarnations.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn owner_epoch(&self, stream: StreamId) -> u64 {
        self.owner_epochs.get(&stream).map_or(0, |epoch| *epoch)
    }

    /// How full everything is now.
    pub(crate) fn pressure(&self) -> Pressure {
        let planned = self.config.faults.pressure.load(Ordering::Relaxed);
        if planned > 0 {
            return Pressure::even(u8::try_from(planned).unwrap_or(100));
        }
        Found {
            late_ms: self.pulses.late_ms(),
            journal: self.writer().map_or(0, |writer| writer.depth()),
            feed: self.counts.untold(),
            lag: self.store_writer.lag_of_bound(),
            store_reads: (self.pool.waiting(), pool::WAITING),
        }
        .into()
    }

    /// Reads the read models on a thread that may block. A fault of theirs has them made anew at the next start.
    pub(crate) async fn read<T, E>(
        &self,
        lane: Lane,
        read: impl FnOnce(&ReadModels) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Failure>
    where
        T: Send + 'static,
        E: Blames + Send + 'static,
    {
        let store = self.store.clone();
        self.pool.run(lane, move || store.reading(read)).await
    }

    /// Submits one decision. The caller has a permit, so this cannot fail but by a record that is too long.
    pub(crate) fn submit(&self, permit: Permit, decision: Decision) -> Result<(), codec::CodecError> {
        let record = Record { at: decision.at, by: decision.by, events: decision.events };
        let payload: Bytes = codec::encode(&record)?;
        permit.submit(Submission {
            append: Append {
                stream: decision.stream,
                owner_epoch: self.owner_epoch(decision.stream),
                touches: decision.touches,
                dedupe: decision.dedupe,
                payload,
            },
            window: decision.window,
            record: Arc::new(record),
            after: decision.after,
            answer: decision.answer,
        });
        Ok(())
    }

    /// Submits a decision that moves no conversation, and waits for its commit.
    pub(crate) async fn record(
        &self,
        stream: StreamId,
        window: Option<WindowId>,
        by: By,
        events: Vec<Fact>,
        dedupe: Vec<DedupeKey>,
    ) -> Result<Recorded, Failure> {
        let writer = self.writer().ok_or(Failure::Stopping)?;
        let lane = if by == By::Customer { Lane::Inbound } else { Lane::Ordinary };
        let permit = writer.reserved(lane).await.ok_or(Failure::Stopping)?;
        let (done, wait) = oneshot::channel();
        let answer: Answer = Box::new(move |result| {
            let _ = done.send(result);
        });
        let at = self.now();
        let decision =
            Decision { stream, window, by, at, events, touches: Vec::new(), dedupe, after: Vec::new(), answer };
        self.submit(permit, decision).map_err(too_long)?;
        match wait.await.map_err(|_| Failure::Interrupted)? {
            Ok(position) => Ok(Recorded::Now(position)),
            Err(crate::journal::Refused::Duplicate(position)) => Ok(Recorded::Before(position)),
            Err(_) => Err(Failure::Interrupted),
        }
    }

    /// Returns once everything submitted before is committed and told.
    pub(crate) async fn barrier(&self) -> Result<(), Failure> {
        let writer = self.writer().ok_or(Failure::Stopping)?;
        // In the lane of customers: a webhook that waits here must not wait behind commands.
        let permit = writer.reserved(Lane::Inbound).await.ok_or(Failure::Stopping)?;
        let (done, wait) = oneshot::channel::<()>();
        permit.barrier(Box::new(move || {
            let _ = done.send(());
        }));
        wait.await.map_err(|_| Failure::Interrupted)
    }
}

/// Whether a record is new or was there already, by its dedupe key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    Now(Position),
    Before(Position),
}

/// One decision, ready for the writer.
pub(crate) struct Decision {
    pub(crate) stream: StreamId,
    pub(crate) window: Option<WindowId>,
    pub(crate) by: By,
    pub(crate) at: crate::domain::time::Timestamp,
    pub(crate) events: Vec<Fact>,
    pub(crate) touches: Vec<Touch>,
    pub(crate) dedupe: Vec<DedupeKey>,
    pub(crate) after: Vec<Arc<Conversation>>,
    pub(crate) answer: Answer,
}

/// A record that its limits should have kept short enough.
pub(crate) fn too_long(_: codec::CodecError) -> Failure {
    Failure::Rejected(crate::domain::rejected::Rejected::LimitReached {
        what: "bytes in one record",
        limit: crate::journal::MAX_RECORD as u64,
    })
}
