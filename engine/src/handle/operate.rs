//! What the operator asks of a running engine: that removed content leaves the disk, the journal as text, a copy of the
//! store, the ledger, and whether anything goes out.

use std::path::Path;

use super::Handle;
use crate::actors::{Core, removal};
use crate::backup::{self, BackupError, Manifest};
use crate::domain::id::{Position, StreamId};
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::journal::{Fault, codec};
use crate::sending::{self, Sending};
use crate::tally::{Ledger, Tally};

/// Records, and bytes of them, that are counted at a time.
const CHUNK: usize = 4_096;
const CHUNK_BYTES: usize = 8 << 20;

/// How long a compaction waits for the read models, in milliseconds.
const COMPACT_CATCH_UP_MS: i64 = 60_000;

impl Handle {
    /// Removes content from the disk that was redacted, or taken back before this call. Returns how many records were emptied.
    ///
    /// # Errors
    /// The disk failed, or what was taken back could not be found in time.
    pub async fn compact(&self) -> Result<u64, Fault> {
        self.settle_removals().await.map_err(|failure| waited(&failure))?;
        let journal = self.core.journal.clone();
        flat(self.core.pool.run(Lane::Ordinary, move || journal.compact()).await)
    }

    async fn settle_removals(&self) -> Result<(), Failure> {
        loop {
            let heads = self.core.journal.streams();
            for (stream, _) in &heads {
                self.core.caught_up_within(*stream, COMPACT_CATCH_UP_MS).await?;
            }
            // A removal may find more to remove, and says so in the journal.
            let done = removal::settle(&self.core).await?;
            if done == 0 && heads == self.core.journal.streams() {
                return Ok(());
            }
        }
    }

    /// Writes a copy of the store into `to`, which is empty or missing, while work goes on.
    ///
    /// # Errors
    /// What could not be copied.
    pub async fn backup(&self, to: &Path) -> Result<Manifest, BackupError> {
        let (core, to) = (self.core.clone(), to.to_owned());
        let write = move || backup::write(&*core.journal, &core.config.data_dir, &to, core.now());
        let written = self.core.pool.run(Lane::Ordinary, write).await;
        written.unwrap_or_else(|failure| Err(waited(&failure).into()))
    }

    /// Counts everything once more; holds the journal against what is shown.
    ///
    /// # Errors
    /// The journal cannot be read, or the read models do not catch up.
    pub async fn ledger(&self) -> Result<Ledger, Fault> {
        let heads = self.core.journal.streams();
        for (stream, _) in &heads {
            self.core.caught_up_within(*stream, COMPACT_CATCH_UP_MS).await.map_err(|failure| waited(&failure))?;
        }
        let core = self.core.clone();
        flat(self.core.pool.run(Lane::Ordinary, move || count(&core, &heads)).await)
    }

    /// Whether anything goes out, and whether the settings say so.
    #[must_use]
    pub fn sending(&self) -> (Sending, bool) {
        self.core.sending.state()
    }

    /// Holds sending, or lets it go on, durable on return.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn change_sending(
        &self,
        change: impl FnOnce(Sending) -> Sending + Send + 'static,
    ) -> Result<Sending, Fault> {
        let core = self.core.clone();
        let write = move || {
            let failed =
                |source| Fault::Io { what: "changing", path: core.config.data_dir.join(sending::NAME), source };
            core.sending.change(change).map_err(failed)
        };
        flat(self.core.pool.run(Lane::Ordinary, write).await)?;
        let (now, _) = self.sending();
        tracing::warn!(held = now.held, unsure_before = ?now.unsure_before, "sending was changed by the operator");
        Ok(now)
    }

    /// Writes every record of every stream to `to` as JSON lines.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn export(&self, to: &Path) -> Result<u64, Fault> {
        let (journal, to) = (self.core.journal.clone(), to.to_owned());
        flat(self.core.pool.run(Lane::Ordinary, move || export(&*journal, &to)).await)
    }
}

pub(super) fn flat<T>(result: Result<Result<T, Fault>, Failure>) -> Result<T, Fault> {
    result.unwrap_or_else(|failure| Err(waited(&failure)))
}

fn waited(failure: &Failure) -> Fault {
    let source = std::io::Error::other(failure.to_string());
    Fault::Io { what: "wait", path: std::path::PathBuf::new(), source }
}

fn export(journal: &dyn crate::journal::Journal, to: &Path) -> Result<u64, Fault> {
    let failed = |source| Fault::Io { what: "create", path: to.to_owned(), source };
    let mut file = std::io::BufWriter::new(std::fs::File::create(to).map_err(failed)?);
    crate::journal::transfer::export(journal, &mut file, to)
}

fn count(core: &Core, heads: &[(StreamId, Position)]) -> Result<Ledger, Fault> {
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| Fault::Io {
        what: "counting",
        path: core.config.data_dir.clone(),
        source: std::io::Error::other(source),
    };
    let mut tally = Tally::default();
    for (stream, head) in heads {
        let mut next = Position(1);
        while next <= *head {
            let chunk = core.journal.read(*stream, next, CHUNK, CHUNK_BYTES)?;
            if chunk.is_empty() {
                break;
            }
            for stored in chunk.iter().take_while(|stored| stored.position <= *head) {
                let record = codec::decode(&stored.payload).map_err(|error| unreadable(error.into()))?;
                tally.add(*stream, stored.position, &record);
            }
            next = chunk.last().map_or(next, |last| last.position.next());
        }
    }
    for (id, recorded) in tally.lines().collect::<Vec<_>>() {
        let row = core.store.reading(|store| store.conversation(id)).map_err(|error| unreadable(error.into()))?;
        tally.shows(id, recorded, row.map(|row| row.state.last_number));
    }
    Ok(tally.close())
}
