//! How the domain says no. A rejection is an answer, never a fault: it is shown to the agent and not logged as an error.

use std::borrow::Cow;

use super::id::AgentId;

/// Why a command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Another holds the seat.
    #[error("the seat is taken")]
    SeatTaken {
        /// Who holds it; `None` for a bot.
        holder: Option<AgentId>,
        /// The epoch under which they hold it.
        epoch: u64,
    },
    /// The command carried an epoch that is not the seat's current one.
    #[error("the seat's epoch has moved on")]
    SeatStale {
        /// The current epoch.
        epoch: u64,
        /// Who holds the seat now, if anybody.
        holder: Option<AgentId>,
    },
    /// The command needs the seat, and its giver does not hold it.
    #[error("the seat is not held")]
    SeatNotHeld,
    /// A client id came again with other content.
    #[error("the client id was used for other content")]
    ClientIdReused,
    /// The agent is not a member of this window.
    #[error("not a member of this window")]
    NotAMember,
    /// The named colleague is not a member of this window.
    #[error("the colleague is not a member of this window")]
    ColleagueNotAMember,
    /// No hand-over is offered, or not to (or by) this agent.
    #[error("no hand-over is offered")]
    NoOffer,
    /// Only supervisors may take a seat from a holder who is present.
    #[error("a supervisor's right is needed")]
    NeedsSupervisor,
    /// Only its author may change a memo.
    #[error("only the author may change a memo")]
    NotTheAuthor,
    /// The thing named is not there.
    #[error("{what} not found")]
    NotFound {
        /// What was looked for, in the wire's words.
        what: &'static str,
    },
    /// The message is no longer waiting, so it cannot be cancelled.
    #[error("the message is no longer waiting to be sent")]
    NotWaiting,
    /// A field breaks its rule.
    #[error("{field}: {rule}")]
    Invalid {
        /// The field, in the wire's words.
        field: Cow<'static, str>,
        /// The rule with its limit.
        rule: Cow<'static, str>,
    },
    /// A limit on live state is reached.
    #[error("{what}: at most {limit}")]
    LimitReached {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The trial has ended, and no contract followed.
    #[error("the trial is over")]
    TrialOver,
    /// There must be more of something.
    #[error("{what}: at least {least}")]
    TooFew {
        /// What there would be too few of.
        what: &'static str,
        /// How many there must be.
        least: u64,
    },
    /// The conversation was set aside after repeated failures; only reading works.
    #[error("the conversation is set aside")]
    SetAside,
    /// The customer wrote something that the bot has not heard yet.
    #[error("message {number} was not heard yet")]
    Unheard {
        /// The first that it has not heard.
        number: u32,
    },
    /// The thing exists already.
    #[error("{what} exists already")]
    Exists {
        /// What exists.
        what: &'static str,
    },
}

impl Rejected {
    /// A field that breaks its rule.
    #[must_use]
    pub fn invalid(field: impl Into<Cow<'static, str>>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { field: field.into(), rule: rule.into() }
    }

    /// Something that is not there.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Self::NotFound { what }
    }
}
