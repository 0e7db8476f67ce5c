//! What can be wrong with the use of a double; never what the engine did wrong, which is data.

/// A double that could not start, or was asked for something it does not have.
#[derive(Debug, thiserror::Error)]
pub enum DoubleError {
    /// A port could not be taken, or a thread not started.
    #[error("double could not start")]
    Start(#[source] std::io::Error),
    /// No channel has this id.
    #[error("unknown channel")]
    UnknownChannel,
    /// No channel has this user.
    #[error("unknown user")]
    UnknownUser,
    /// No event with this id is remembered.
    #[error("unknown event")]
    UnknownEvent,
    /// No content is kept for this message.
    #[error("unknown content")]
    UnknownContent,
    /// LINE allows no more of these.
    #[error("the channel has all it may have of these")]
    Full,
    /// The double was stopped meanwhile.
    #[error("double is stopped")]
    Stopped,
}
