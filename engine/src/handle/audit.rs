//! The audit log: acts as they begin and end, pages for administrators, and whether it is whole.

use super::Handle;
use crate::actors::audit as log;
use crate::audit::{self, Found, Query, Report};
use crate::domain::audit::{Act, Begun, Head, Outcome};
use crate::failure::Failure;
use crate::journal::Fault;
use crate::journal::writer::Lane;

impl Handle {
    /// Writes down that an act begins; durable on return. Goes on when the disk is nearly full.
    ///
    /// # Errors
    /// Not now; then the act must not be done.
    pub async fn audit_begin(&self, act: Act) -> Result<Begun, Failure> {
        log::write(&self.core, None, act, Outcome::Begun).await
    }

    /// Writes down how an act ended; durable on return. The act is told once more, with what is known of it by now.
    ///
    /// # Errors
    /// Nobody can say whether it was written; then the next start says that the end is unknown.
    pub async fn audit_end(&self, begun: Begun, act: Act, outcome: Outcome) -> Result<(), Failure> {
        log::write(&self.core, Some(begun), act, outcome).await.map(|_| ())
    }

    /// A page of the log, the newest first.
    ///
    /// # Errors
    /// The journal cannot be read, or too many read.
    pub async fn audit(&self, query: Query) -> Result<Found, Failure> {
        let core = self.core.clone();
        let read = move || audit::page(&*core.journal, core.audit.stream, &query);
        self.core.pool.run(Lane::Ordinary, read).await?.map_err(|fault| {
            tracing::error!(error = %fault, "the audit log cannot be read");
            Failure::Interrupted
        })
    }

    /// Whether the log is whole, and holds what was noted elsewhere.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn audit_verify(&self, noted: Vec<Head>) -> Result<Report, Fault> {
        let core = self.core.clone();
        let check = move || audit::verify(&*core.journal, core.audit.stream, &core.config.data_dir, &noted);
        super::operate::flat(self.core.pool.run(Lane::Ordinary, check).await)
    }
}
