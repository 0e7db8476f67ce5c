//! What may happen to a window.

use super::{Event, Profile, Settings, Window};
use crate::domain::bot::BotRules;
use crate::domain::hours::{Answers, ClosedPeriod, Hours, PeriodId};
use crate::domain::id::{AgentId, ContactPointId, InboxId};
use crate::domain::org::products::PRODUCTS;
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// A wish to a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open it; only as the first of its stream.
    Open {
        /// What customers see.
        name: String,
        /// How many agents its product allows.
        places: u16,
    },
    /// Make an agent a member.
    AddAgent {
        /// Who.
        agent: AgentId,
    },
    /// Take an agent out.
    RemoveAgent {
        /// Who.
        agent: AgentId,
    },
    /// Change how it works.
    ChangeSettings(Settings),
    /// Note a customer's identity.
    SeeContactPoint {
        /// Its name here.
        contact_point: ContactPointId,
        /// The inbox.
        inbox: InboxId,
        /// Its name on the platform.
        external_id: String,
    },
    /// Open at other hours.
    ChangeHours(Hours),
    /// Say other things by itself.
    ChangeAnswers(Answers),
    /// Close on more days.
    AddClosedPeriod {
        /// Which.
        period: ClosedPeriod,
        /// When it is wished: only days from then on can be closed.
        now: Timestamp,
    },
    /// Do not close on these days.
    RemoveClosedPeriod {
        /// Which.
        id: PeriodId,
    },
    /// Turn the switch of maintenance.
    SwitchMaintenance {
        /// Which way.
        on: bool,
        /// What is answered while it is on; `None` for as it was.
        text: Option<String>,
        /// When it is wished.
        now: Timestamp,
    },
    /// Put a bot in front of it, or take it away.
    ChangeBot(Option<BotRules>),

    /// Call or describe it otherwise, or give it another picture.
    Describe(Profile),
    /// Let it hold another number of agents.
    ChangePlaces {
        /// How many.
        places: u16,
    },
    /// End it (初期化).
    Reset {
        /// Now.
        reset_at: Timestamp,
        /// Who wishes it.
        by: Option<AgentId>,
        /// It is the last window, and everything is to be erased.
        erase: bool,
    },
}

/// What follows from a wish: events, none where it is already so, or a rejection.
///
/// # Errors
/// The rule that the wish breaks.
pub fn decide(window: &Window, command: Command) -> Result<Vec<Event>, Rejected> {
    if window.reset.is_some() || (!window.opened && !matches!(command, Command::Open { .. })) {
        return Err(Rejected::not_found("window"));
    }
    match command {
        Command::Open { name, places } => open(window, name, places),
        Command::AddAgent { agent } => add_agent(window, agent),
        Command::RemoveAgent { agent } if !window.members.contains(&agent) => Err(Rejected::NotAMember),
        // Somebody must be there for those who write.
        Command::RemoveAgent { .. } if window.members.len() == 1 => Err(Rejected::TooFew { what: "agents", least: 1 }),
        Command::RemoveAgent { agent } => Ok(vec![Event::AgentRemoved { agent }]),
        Command::ChangeSettings(settings) => change_settings(window, settings),
        Command::SeeContactPoint { contact_point, inbox, external_id } => {
            Ok(vec![Event::ContactPointSeen { contact_point, inbox, external_id }])
        }
        Command::ChangeHours(hours) => super::hours::change_hours(window, hours),
        Command::ChangeAnswers(answers) => super::hours::change_answers(window, answers),
        Command::AddClosedPeriod { period, now } => super::hours::add_period(window, period, now),
        Command::RemoveClosedPeriod { id } => super::hours::remove_period(window, id),
        Command::SwitchMaintenance { on, text, now } => super::hours::switch(window, on, text, now),
        Command::ChangeBot(bot) if bot == window.bot => Ok(Vec::new()),
        Command::ChangeBot(bot) => Ok(vec![Event::BotChanged { bot }]),
        Command::Describe(profile) if profile == window.profile() => Ok(Vec::new()),
        Command::Describe(profile) => Ok(vec![Event::Described(profile.checked()?)]),
        Command::ChangePlaces { places } => change_places(window, places),
        Command::Reset { reset_at, by, erase } => Ok(vec![Event::Reset { reset_at, by, erase }]),
    }
}

fn change_places(window: &Window, places: u16) -> Result<Vec<Event>, Rejected> {
    if !PRODUCTS.contains(&places) {
        return Err(Rejected::invalid("product", "5, 30 or 100"));
    }
    if window.members.len() > usize::from(places) {
        return Err(Rejected::LimitReached { what: "agents", limit: u64::from(places) });
    }
    Ok(if places == window.places { Vec::new() } else { vec![Event::PlacesChanged { places }] })
}

fn open(window: &Window, name: String, places: u16) -> Result<Vec<Event>, Rejected> {
    if window.opened {
        return Err(Rejected::Exists { what: "window" });
    }
    let Profile { name, .. } = Profile { name, ..Profile::default() }.checked()?;
    if !PRODUCTS.contains(&places) {
        return Err(Rejected::invalid("product", "5, 30 or 100"));
    }
    Ok(vec![Event::Opened { id: window.id.clone(), name, places }])
}

fn add_agent(window: &Window, agent: AgentId) -> Result<Vec<Event>, Rejected> {
    if window.members.contains(&agent) {
        return Ok(Vec::new());
    }
    if window.members.len() >= usize::from(window.places) {
        return Err(Rejected::LimitReached { what: "agents", limit: u64::from(window.places) });
    }
    Ok(vec![Event::AgentAdded { agent }])
}

fn change_settings(window: &Window, settings: Settings) -> Result<Vec<Event>, Rejected> {
    let day = 24 * 3_600_000;
    if !(100..=3_600_000).contains(&settings.handover_timeout_ms) {
        return Err(Rejected::invalid("handover_timeout_ms", "100 to 3,600,000"));
    }
    if !(100..=day).contains(&settings.seat_claimable_ms) {
        return Err(Rejected::invalid("seat_claimable_ms", "100 to 86,400,000"));
    }
    if !(settings.seat_claimable_ms..=7 * day).contains(&settings.seat_expiry_ms) {
        return Err(Rejected::invalid("seat_expiry_ms", "seat_claimable_ms to 604,800,000"));
    }
    if !(0..=365 * day).contains(&settings.auto_close_ms) {
        return Err(Rejected::invalid("auto_close_ms", "0 to 31,536,000,000"));
    }
    if !(0..=60_000).contains(&settings.reply_budget_ms) {
        return Err(Rejected::invalid("reply_budget_ms", "0 to 60,000"));
    }
    if settings == window.settings {
        return Ok(Vec::new());
    }
    Ok(vec![Event::SettingsChanged(settings)])
}
