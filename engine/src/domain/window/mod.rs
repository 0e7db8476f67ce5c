//! A window (窓口): its settings, its members, its inboxes, and the conversations that run in it.

mod decide;
mod hours;
mod profile;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use decide::{Command, decide};
pub use hours::Opening;
pub use profile::{DESCRIPTION_CHARS, NAME_CHARS, PICTURE_NAME_CHARS, Picture, Profile, check_picture_name};

use super::bot::BotRules;
use super::hours::{Answers, ClosedPeriod, Hours, Maintenance, PeriodId};
use super::id::{AgentId, ContactPointId, InboxId, WindowId};
use super::time::Timestamp;

/// Facts of a window itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The first record of a window's stream.
    Opened {
        /// Its address.
        id: WindowId,
        /// What customers see.
        name: String,
        /// How many agents its product allows.
        places: u16,
    },
    /// An agent became a member.
    AgentAdded {
        /// Who.
        agent: AgentId,
    },
    /// An agent left. What they held here ends in the same record.
    AgentRemoved {
        /// Who.
        agent: AgentId,
    },
    /// The settings changed.
    SettingsChanged(Settings),
    /// A customer's identity was seen for the first time on an inbox.
    ContactPointSeen {
        /// Its name here.
        contact_point: ContactPointId,
        /// The inbox.
        inbox: InboxId,
        /// Its name on the platform.
        external_id: String,
    },
    /// A verified body was stored whole, to be interpreted when there is room, or because it cannot be (要確認).
    RawAccepted(RawAccepted),
    /// A stored body was interpreted, or put away; its bytes go.
    RawSettled {
        /// Which one.
        raw: u128,
        /// How it ended.
        how: RawEnd,
    },
    /// The window has other hours.
    HoursChanged(Hours),
    /// The window says other things by itself.
    AnswersChanged(Answers),
    /// Days on which the window is closed.
    ClosedPeriodAdded(ClosedPeriod),
    /// Closed days were removed, or are over and make room.
    ClosedPeriodRemoved {
        /// Which.
        id: PeriodId,
    },
    /// The switch of maintenance was turned, or its text changed.
    MaintenanceChanged(Maintenance),
    /// It is called or described otherwise, or has another picture.
    Described(Profile),
    /// It may hold another number of agents.
    PlacesChanged {
        /// How many.
        places: u16,
    },
    /// Its invite link; in the record that opens it, by which its stream is known in every life of the journal.
    Invited {
        /// The link's code.
        code: u128,
    },
    /// It was reset (初期化): nothing may happen to it any more, and what still comes counts for nothing. One event for
    /// everything that ends with it, so that it cannot end by halves: seats, offers, answers that wait, memberships.
    Reset {
        /// When.
        reset_at: Timestamp,
        /// Who did it.
        by: Option<AgentId>,
        /// It was the last window: everything is erased.
        erase: bool,
    },
    /// Another bot stands in front of the window, in another way, or none.
    BotChanged {
        /// How.
        bot: Option<BotRules>,
    },
}

/// A body that is safe on disk before anybody understood it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawAccepted {
    /// Its name.
    pub raw: u128,
    /// The account it came over.
    pub inbox: InboxId,
    /// When it came.
    pub received_at: Timestamp,
    /// Why it was stored whole.
    pub why: RawReason,
    /// The bytes, or the file that holds them when they are many.
    pub body: RawBody,
}

/// Where the bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RawBody {
    /// In the record itself; at most 48 KiB.
    Inline(Vec<u8>),
    /// In the content store, written and synced before the record; named by its SHA-256.
    File {
        /// The hash.
        sha256: [u8; 32],
        /// The length in bytes.
        len: u64,
    },
    /// Removed on request.
    Redacted,
}

/// Why a body was stored whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RawReason {
    /// The window did not answer in time.
    Busy,
    /// It, or an event in it, cannot be parsed: shown as 要確認.
    Unparsable,
    /// Its conversation is set aside.
    SetAside,
}

/// How a stored body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RawEnd {
    /// Every event of it is where it belongs.
    Interpreted,
    /// It was put away: a person looked at it, or its customer took it back.
    Dismissed,
}

/// What an administrator may set on a window. Milliseconds where a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// An offered hand-over goes back to the giver after this.
    pub handover_timeout_ms: i64,
    /// An absent holder's seat may be claimed by any member after this.
    pub seat_claimable_ms: i64,
    /// An absent holder's conversation goes back to new after this.
    pub seat_expiry_ms: i64,
    /// A new conversation that nobody starts closes after this; 0 for never.
    pub auto_close_ms: i64,
    /// How long a reply token is trusted after its webhook came.
    pub reply_budget_ms: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            handover_timeout_ms: 60_000,
            seat_claimable_ms: 2 * 60_000,
            seat_expiry_ms: 15 * 60_000,
            auto_close_ms: 14 * 24 * 3_600_000,
            reply_budget_ms: 50_000,
        }
    }
}

/// Live state of a window, without its conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its address.
    pub id: WindowId,
    /// What customers see.
    pub name: String,
    /// How many agents its product allows.
    pub places: u16,
    /// Who works here.
    pub members: BTreeSet<AgentId>,
    /// How it works.
    pub settings: Settings,
    /// Bodies stored whole and not settled. At most [`MAX_RAW`]; then webhooks are refused, so that the platform repeats.
    pub raw: Vec<u128>,
    /// When it is open.
    pub hours: Hours,
    /// What it says by itself.
    pub answers: Answers,
    /// Days on which it is closed whatever its hours; none over another. Few: see [`crate::domain::hours::MAX_PERIODS`].
    pub closed_periods: Vec<ClosedPeriod>,
    /// The switch of maintenance.
    pub maintenance: Maintenance,
    /// The bot in front of it, while it is in use.
    pub bot: Option<BotRules>,
    /// Its first record is written. There is no version: what moves a window comes side by side from its actor, its
    /// conversations and stored bodies, and nothing of it is refused for coming second.
    pub opened: bool,
    /// What it is for.
    pub description: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// It was reset.
    pub reset: Option<WasReset>,
}

/// That a window was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasReset {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Option<AgentId>,
    /// It was the last window.
    pub erase: bool,
}

/// Bodies that may wait for interpretation in one window.
pub const MAX_RAW: usize = 10_000;

impl Window {
    /// What customers and agents see of it.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile { name: self.name.clone(), description: self.description.clone(), picture: self.picture.clone() }
    }

    /// The state before its first event.
    #[must_use]
    pub fn unborn(id: WindowId) -> Self {
        Self {
            id,
            name: String::new(),
            places: 0,
            members: BTreeSet::new(),
            settings: Settings::default(),
            raw: Vec::new(),
            hours: Hours::default(),
            answers: Answers::default(),
            closed_periods: Vec::new(),
            maintenance: Maintenance::default(),
            bot: None,
            opened: false,
            description: String::new(),
            picture: None,
            reset: None,
        }
    }

    /// Moves the state by one event. Never fails: what was recorded is true.
    pub fn apply(&mut self, event: &Event) {
        if self.reset.is_some() {
            return;
        }
        match event {
            Event::Opened { id, name, places } => {
                self.opened = true;
                self.id = id.clone();
                self.name.clone_from(name);
                self.places = *places;
            }
            Event::AgentAdded { agent } => {
                self.members.insert(*agent);
            }
            Event::AgentRemoved { agent } => {
                self.members.remove(agent);
            }
            Event::SettingsChanged(settings) => self.settings = settings.clone(),
            Event::ContactPointSeen { .. } => {}
            Event::RawAccepted(raw) => self.raw.push(raw.raw),
            Event::RawSettled { raw, .. } => self.raw.retain(|r| r != raw),
            Event::HoursChanged(hours) => self.hours = hours.clone(),
            Event::AnswersChanged(answers) => self.answers = answers.clone(),
            Event::ClosedPeriodAdded(period) => self.closed_periods.push(period.clone()),
            Event::ClosedPeriodRemoved { id } => self.closed_periods.retain(|period| period.id != *id),
            Event::MaintenanceChanged(maintenance) => self.maintenance = maintenance.clone(),
            Event::Described(profile) => {
                self.name.clone_from(&profile.name);
                self.description.clone_from(&profile.description);
                self.picture.clone_from(&profile.picture);
            }
            Event::PlacesChanged { places } => self.places = *places,
            Event::Invited { .. } => {}
            Event::Reset { reset_at, by, erase } => {
                self.members.clear();
                self.raw.clear();
                self.bot = None;
                self.reset = Some(WasReset { at: *reset_at, by: *by, erase: *erase });
            }
            Event::BotChanged { bot } => self.bot.clone_from(bot),
        }
    }
}
