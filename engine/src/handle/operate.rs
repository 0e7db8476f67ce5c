//! What the operator asks of a running engine: that removed content leaves the disk, and the journal as text.

use std::path::Path;

use super::Handle;
use crate::actors::removal;
use crate::failure::Failure;
use crate::journal::Fault;
use crate::journal::writer::Lane;

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

    /// Writes every record of every stream to `to` as JSON lines.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn export(&self, to: &Path) -> Result<u64, Fault> {
        let (journal, to) = (self.core.journal.clone(), to.to_owned());
        flat(self.core.pool.run(Lane::Ordinary, move || export(&*journal, &to)).await)
    }
}

fn flat<T>(result: Result<Result<T, Fault>, Failure>) -> Result<T, Fault> {
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
