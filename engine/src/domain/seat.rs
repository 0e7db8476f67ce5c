//! The seat: the right to answer one conversation (PRODUCT V2, DESIGN 5).

use serde::{Deserialize, Serialize};

use super::id::AgentId;
use super::time::Timestamp;

/// Who may answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// Nobody; anybody in the window may claim.
    #[default]
    None,
    /// A person.
    Agent(AgentId),
    /// The bot in front of the window.
    Bot,
}

impl Holder {
    /// The person who holds the seat, if a person does.
    #[must_use]
    pub fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::None | Self::Bot => None,
        }
    }
}

/// The seat of one conversation. `epoch` never falls; a send carries the epoch it was written under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Grows by one with every change of holder to somebody.
    pub epoch: u64,
    /// Who may answer.
    pub holder: Holder,
    /// A hand-over that waits for its answer; the giver keeps the seat until it is accepted.
    pub offer: Option<Offer>,
    /// Since when the holder is away, and what follows.
    pub away: Option<Away>,
    /// The holder has been away so long that any member may claim.
    pub claimable: bool,
    /// Who held it before it fell free by itself; shown to colleagues.
    pub former: Option<AgentId>,
}

/// A hand-over on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The giver, who holds the seat until the offer is accepted.
    pub from: AgentId,
    /// The colleague asked.
    pub to: AgentId,
    /// When it goes back to the giver by itself.
    pub expires_at: Timestamp,
    /// What the giver says to the colleague.
    pub note: Option<String>,
}

/// The holder is gone from every socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// When they left.
    pub since: Timestamp,
    /// From then on any member may claim.
    pub claimable_at: Timestamp,
    /// Then the conversation goes back to new.
    pub expires_at: Timestamp,
}

/// Why a seat became free without its conversation being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReleaseCause {
    /// The holder put it back (未対応に戻す).
    Returned,
    /// The holder was away too long.
    Away,
    /// The holder logged out.
    LoggedOut,
    /// The holder left the window.
    LeftWindow,
}
