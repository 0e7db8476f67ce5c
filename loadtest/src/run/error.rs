//! Why a run came to nothing. What the server did wrong is no error but the run's result.

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A choice out of its bounds.
    #[error("{0}")]
    Options(String),
    /// The server could not be started or did not become ready.
    #[error("the server does not start: {0}")]
    Server(String),
    /// A call that sets the run up was refused.
    #[error("{call} gave {status}: {body}")]
    Refused {
        /// Method and path.
        call: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        body: String,
    },
    /// A call that sets the run up got no answer, or one that cannot be read.
    #[error("{call} failed")]
    Call {
        /// Method and path.
        call: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The LINE double did not do what it was asked.
    #[error("the LINE double refuses")]
    Double(#[from] crate::double::DoubleError),
    /// An agent's socket could not be opened.
    #[error("the socket of {agent} is refused: {why}")]
    Socket {
        /// The agent's login.
        agent: String,
        /// Why.
        why: String,
    },
    /// SIGINT or SIGTERM came.
    #[error("interrupted before anything could be said")]
    Interrupted,
    /// This machine did not give what it was asked for.
    #[error("{what}")]
    Machine {
        /// What was asked for.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}
