//! An engine without threads of its own, moved step by step: the same actors on the caller's thread, and the writer, the
//! feed and the read models each taking a step when they are told to. For simulation.
//!
//! With a manual clock and seeded chance a run depends on nothing but its steps. What it must never do: decide, answer or
//! tell in another way than an engine with threads; both are put together by `actors::start` and take the same steps.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;

use crate::actors::Core;
use crate::actors::feeder::Feeder;
use crate::actors::fetcher::Fetchers;
use crate::actors::pool::Pool;
use crate::actors::start::{Parts, assemble, begin};
use crate::channels::Platform;
use crate::channels::public::PublicUrls;
use crate::config::Config;
use crate::content::ContentStore;
use crate::handle::{Encoder, Handle, StartError};
use crate::journal::writer::{self, Line, Told};
use crate::journal::{Fault, Journal};
use crate::readmodel::{ReadFault, ReadModels, Writer as ReadModelWriter};
use crate::vault::Vault;
use crate::views::Views;

/// The engine and its steps. Everything that answers needs steps; none of them waits.
pub struct Stepped {
    core: Arc<Core>,
    line: Line,
    /// Synced, and not told.
    untold: VecDeque<Vec<Told>>,
    feeder: Feeder,
}

impl Stepped {
    /// Starts every actor on this thread, over a journal that is open. Read models are opened in the data folder and
    /// catch up first. Must run inside an actix system.
    ///
    /// # Errors
    /// The read models cannot be opened, or the journal cannot be read.
    pub fn start(
        config: Config,
        encoder: Encoder,
        journal: Arc<dyn Journal>,
        platform: Arc<dyn Platform>,
    ) -> Result<Self, StartError> {
        let store = ReadModels::start(&config.data_dir.join("readmodel"), &*journal)?;
        let store = Arc::new(store.models);
        // The read models answer for every outside event up to the head, as after every start.
        for (stream, head) in journal.streams() {
            journal.release_dedupe(stream, head);
        }
        let store_writer = Arc::new(ReadModelWriter::stepped(store.clone()));
        let views = Arc::new(Views::new(encoder));
        let senders = Arc::new(DashMap::new());
        let fetchers = Arc::new(Fetchers::default());
        let bots = Arc::new(OnceLock::new());
        let (writer, line) = writer::line(journal.clone());
        let feeder = Feeder {
            views: views.clone(),
            store: store_writer.clone(),
            senders: senders.clone(),
            fetchers: fetchers.clone(),
            bots: bots.clone(),
            counts: line.counts.clone(),
            faults: config.faults.clone(),
        };
        let here = actix::Arbiter::current();
        let parts = Parts {
            journal,
            store,
            store_writer,
            writer,
            senders,
            fetchers,
            bots,
            platform,
            content: ContentStore::open(&config.data_dir).map_err(StartError::Content)?,
            // No platform fetches from a simulated engine.
            urls: PublicUrls::new(&config.public_url, [0; 32]),
            vault: Vault::known_to_all(),
            pool: Pool::in_place(),
            counts: line.counts.clone(),
            window_arbiters: vec![here.clone()],
            sender_arbiter: here,
            threads: Vec::new(),
        };
        let core = begin(assemble(config, views, parts)?);
        Ok(Self { core, line, untold: VecDeque::new(), feeder })
    }

    /// The way in.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::of(self.core.clone())
    }

    /// Decisions that wait to be written.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.line.len()
    }

    /// Writes and syncs up to `most` decisions as one batch. Nobody hears of them before [`Stepped::tell`].
    ///
    /// # Errors
    /// The journal failed.
    pub fn sync(&mut self, most: usize) -> Result<(), Fault> {
        let told = self.line.commit(most)?;
        if !told.is_empty() {
            self.untold.push_back(told);
        }
        Ok(())
    }

    /// Batches that are synced and not told.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.untold.len()
    }

    /// Tells one batch: views, senders, readers and whoever waits for an answer.
    pub fn tell(&mut self) {
        if let Some(batch) = self.untold.pop_front() {
            self.feeder.tell(batch);
        }
    }

    /// Records that the read models do not have yet.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.core.store_writer.lag()
    }

    /// Applies up to `most` records to the read models.
    ///
    /// # Errors
    /// The store failed.
    pub fn follow(&self, most: usize) -> Result<(), ReadFault> {
        self.core.store_writer.step(most).map(drop)
    }

    /// Ends as a killed process does: nothing is finished, answered or flushed. The tasks themselves end with the system.
    pub fn kill(self) {
        self.core.stopping.store(true, Ordering::Release);
    }
}
