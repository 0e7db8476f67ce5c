//! What may happen to a conversation. The seat's rules stand here; what comes in and goes out has files of its own.

use super::{
    ClaimHow, Claimed, Command, Conversation, DeadlineKind, EndHow, Event, HandoverEnd, Status, automatic, bot, copies,
    inbound, limits, outgoing, sending, supervise,
};
use crate::domain::id::AgentId;
use crate::domain::message::Author;
use crate::domain::rejected::Rejected;
use crate::domain::seat::{Away, Holder, Offer, ReleaseCause};
use crate::domain::time::Timestamp;
use crate::domain::window::Window;

/// What a decision may look at besides the conversation.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The window it runs in: members and settings.
    pub window: &'a Window,
    /// Now.
    pub now: Timestamp,
    /// Whether any member of the window is there.
    pub anybody_here: bool,
    /// Drawn by the caller: the key of an automatic answer, if one follows.
    pub draw: u128,
}

impl<'a> Around<'a> {
    /// With somebody there, and a draw for who needs none.
    #[must_use]
    pub fn new(window: &'a Window, now: Timestamp) -> Self {
        Self { window, now, anybody_here: true, draw: 0 }
    }

    fn member(&self, agent: AgentId) -> Result<(), Rejected> {
        if self.window.members.contains(&agent) { Ok(()) } else { Err(Rejected::NotAMember) }
    }

    fn colleague(&self, agent: AgentId) -> Result<(), Rejected> {
        self.member(agent).map_err(|_| Rejected::ColleagueNotAMember)
    }
}

/// What follows from a wish: events, none where it is already so, or a rejection.
///
/// # Errors
/// The rule that the wish breaks.
pub fn decide(state: &Conversation, command: &Command, around: Around<'_>) -> Result<Vec<Event>, Rejected> {
    if !state.is_born() && !matches!(command, Command::Inbound(_)) {
        return Err(Rejected::not_found("conversation"));
    }
    if state.set_aside && is_work(command) {
        return Err(Rejected::SetAside);
    }
    match command {
        Command::Inbound(inbound) => Ok(inbound::take(state, inbound, around)),
        Command::Claim { agent } => claim(state, *agent, around),
        Command::TakeOver { agent, supervisor, reason } => take_over(state, *agent, *supervisor, reason, around),
        Command::Release { agent, seat_epoch } => {
            holds(state, *agent, *seat_epoch)?;
            Ok(after_offer(
                state,
                HandoverEnd::Withdrawn,
                Event::Released { agent: *agent, cause: ReleaseCause::Returned },
            ))
        }
        Command::Complete { agent, seat_epoch } => {
            holds(state, *agent, *seat_epoch)?;
            let mut events = after_offer(state, HandoverEnd::Withdrawn, Event::Completed { by: Some(*agent) });
            events.extend(automatic::at_end(state, state.next_number(), around));
            Ok(events)
        }
        Command::OfferHandover { agent, seat_epoch, to, note } => {
            holds(state, *agent, *seat_epoch)?;
            offer(state, *agent, *to, note.as_deref(), around)
        }
        Command::AcceptHandover { agent } => accept(state, *agent, around),
        Command::EndHandover { agent } => end_handover(state, *agent),
        Command::Assign { agent, assignee } => assign(state, *agent, *assignee, around),
        Command::Send { agent, seat_epoch, client_id, content, dress, retry_key } => {
            let draft = outgoing::Draft { client_id, content, dress, retry_key: *retry_key };
            outgoing::send(state, Author::Agent(*agent), &draft, |state| holds(state, *agent, *seat_epoch))
        }
        Command::Cancel { agent, seat_epoch, number } => outgoing::cancel(state, *agent, *seat_epoch, *number),
        Command::BeginSend(plan) => sending::begin(state, plan, around),
        Command::FinishSend { lead, outcome } => Ok(sending::finish(state, *lead, outcome)),
        Command::BeginCopy { number, copy } => copies::begin(state, *number, *copy),
        Command::EndCopy { number, copy, end } => Ok(copies::end(state, *number, *copy, end)),
        Command::AddNote { agent, client_id, text } => outgoing::add_note(state, *agent, client_id, text),
        Command::EditNote { agent, number, text } => outgoing::edit_note(state, *agent, *number, text),
        Command::DeleteNote { agent, number } => outgoing::delete_note(state, *agent, *number),
        Command::DeadlineReached { kind } => Ok(deadline(state, *kind, around)),
        Command::AgentAway { agent, since } => Ok(away(state, *agent, *since, around)),
        Command::AgentReturned { agent } => Ok(returned(state, *agent)),
        Command::DropAgent { agent, cause } => Ok(drop_agent(state, *agent, *cause)),
        Command::SeeName { name } => Ok(see_name(state, name)),
        Command::SeePicture { picture } if state.picture == *picture => Ok(Vec::new()),
        Command::SeePicture { picture } => Ok(vec![Event::PictureSeen { picture: *picture }]),
        Command::KeepMedia { number, outcome } => Ok(inbound::keep_media(state, *number, outcome)),
        Command::SettleUnsend { external_id, number } => Ok(inbound::settle_unsend(state, external_id, *number)),
        Command::SetAside if state.set_aside => Ok(Vec::new()),
        Command::SetAside => Ok(vec![Event::SetAside]),
        Command::TakeBack { agent } if state.set_aside => Ok(vec![Event::TakenBack { by: *agent }]),
        Command::TakeBack { .. } => Ok(Vec::new()),
        Command::Supervise { agent, act, reason } => supervise::supervise(state, *agent, *act, reason, around),
        _ => bot::decide(state, command, around).unwrap_or_else(|| Ok(Vec::new())),
    }
}

/// Whether a set-aside conversation must refuse this. What only notes facts, or mends, goes on.
fn is_work(command: &Command) -> bool {
    !matches!(
        command,
        Command::Inbound(_)
            | Command::FinishSend { .. }
            | Command::EndCopy { .. }
            | Command::KeepMedia { .. }
            | Command::AgentAway { .. }
            | Command::AgentReturned { .. }
            | Command::DropAgent { .. }
            | Command::DeadlineReached { .. }
            | Command::SettleUnsend { .. }
            | Command::SetAside
            | Command::TakeBack { .. }
            | Command::BotTold { .. }
            | Command::LetterFailed { .. }
            | Command::DetachBot
            | Command::DropLetters { .. }
    )
}

/// The one check of the seat: the epoch first, so that an old tab learns that the world moved on.
pub(super) fn holds(state: &Conversation, agent: AgentId, seat_epoch: u64) -> Result<(), Rejected> {
    if seat_epoch != state.seat.epoch {
        return Err(Rejected::SeatStale { epoch: state.seat.epoch, holder: state.seat.holder.agent() });
    }
    if state.seat.holder != Holder::Agent(agent) {
        return Err(Rejected::SeatNotHeld);
    }
    Ok(())
}

fn claim(state: &Conversation, agent: AgentId, around: Around<'_>) -> Result<Vec<Event>, Rejected> {
    around.member(agent)?;
    match state.seat.holder {
        Holder::Agent(holder) if holder == agent => Ok(returned(state, agent)),
        Holder::Agent(holder) if state.seat.claimable => Ok(take_from(state, agent, Some(holder), None)),
        Holder::Agent(holder) => Err(Rejected::SeatTaken { holder: Some(holder), epoch: state.seat.epoch }),
        Holder::Bot => Ok(take_from(state, agent, None, None)),
        Holder::None => {
            let how = if state.status == Status::Done { ClaimHow::Resumed } else { ClaimHow::Started };
            Ok(seated(state, agent, how))
        }
    }
}

fn take_over(
    state: &Conversation,
    agent: AgentId,
    supervisor: bool,
    reason: &str,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    if !supervisor {
        around.member(agent)?;
    }
    let chars = reason.trim().chars().count();
    if chars == 0 || chars > limits::REASON_CHARS {
        return Err(Rejected::invalid("reason", "1 to 500 characters"));
    }
    match state.seat.holder {
        Holder::Agent(holder) if holder == agent => Ok(Vec::new()),
        Holder::Agent(_) if !supervisor && !state.seat.claimable => Err(Rejected::NeedsSupervisor),
        Holder::None => {
            let how = if state.status == Status::Done { ClaimHow::Resumed } else { ClaimHow::Started };
            Ok(seated(state, agent, how))
        }
        holder => Ok(take_from(state, agent, holder.agent(), Some(reason.trim().to_owned()))),
    }
}

fn take_from(state: &Conversation, agent: AgentId, from: Option<AgentId>, reason: Option<String>) -> Vec<Event> {
    let mut events = end_offer(state, HandoverEnd::Overtaken);
    events.extend(seated(state, agent, ClaimHow::TakenOver { from, reason }));
    events
}

/// A new epoch for a new holder. Who starts an unassigned conversation becomes responsible for it (V4).
fn seated(state: &Conversation, agent: AgentId, how: ClaimHow) -> Vec<Event> {
    let follows = match &how {
        ClaimHow::HandedOver { from } => state.assignee.is_none_or(|assignee| assignee == *from),
        _ => state.assignee.is_none(),
    };
    let mut events = vec![Event::Claimed(Claimed { agent, epoch: state.seat.epoch + 1, how })];
    if follows {
        events.push(Event::Assigned { assignee: Some(agent), by: None });
    }
    events
}

fn offer(
    state: &Conversation,
    agent: AgentId,
    to: AgentId,
    note: Option<&str>,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    if to == agent {
        return Err(Rejected::invalid("to", "a colleague, not oneself"));
    }
    around.colleague(to)?;
    if note.is_some_and(|note| note.chars().count() > limits::REASON_CHARS) {
        return Err(Rejected::invalid("note", "at most 500 characters"));
    }
    let expires_at = around.now.plus_ms(around.window.settings.handover_timeout_ms);
    let offered = Event::HandoverOffered(Offer { from: agent, to, expires_at, note: note.map(str::to_owned) });
    Ok(after_offer(state, HandoverEnd::Withdrawn, offered))
}

fn accept(state: &Conversation, agent: AgentId, around: Around<'_>) -> Result<Vec<Event>, Rejected> {
    around.member(agent)?;
    match &state.seat.offer {
        Some(offer) if offer.to == agent => Ok(seated(state, agent, ClaimHow::HandedOver { from: offer.from })),
        _ => Err(Rejected::NoOffer),
    }
}

fn end_handover(state: &Conversation, agent: AgentId) -> Result<Vec<Event>, Rejected> {
    match &state.seat.offer {
        Some(offer) if offer.to == agent => Ok(end_offer(state, HandoverEnd::Declined)),
        Some(offer) if offer.from == agent => Ok(end_offer(state, HandoverEnd::Withdrawn)),
        _ => Err(Rejected::NoOffer),
    }
}

fn assign(
    state: &Conversation,
    agent: AgentId,
    assignee: Option<AgentId>,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    if let Some(assignee) = assignee {
        around.colleague(assignee)?;
    }
    if state.assignee == assignee {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Assigned { assignee, by: Some(agent) }])
}

/// A deadline that the state has left behind decides to nothing, however often it is told.
fn deadline(state: &Conversation, kind: DeadlineKind, around: Around<'_>) -> Vec<Event> {
    let due = state.deadlines(around.window, around.now);
    if !due.iter().any(|(at, which)| *which == kind && *at <= around.now) {
        return Vec::new();
    }
    match (kind, state.seat.holder) {
        (DeadlineKind::Handover, _) => end_offer(state, HandoverEnd::TimedOut),
        (DeadlineKind::Claimable, _) => vec![Event::SeatClaimable],
        (DeadlineKind::SeatExpiry, Holder::Agent(agent)) => {
            after_offer(state, HandoverEnd::Overtaken, Event::Released { agent, cause: ReleaseCause::Away })
        }
        (DeadlineKind::SeatExpiry, _) => Vec::new(),
        // Nobody ever answered: a notice that the chat has ended would be mockery.
        (DeadlineKind::AutoClose, _) => vec![Event::Completed { by: None }],
        (DeadlineKind::Silence, _) => {
            let mut events = after_offer(state, HandoverEnd::Overtaken, Event::Ended { how: EndHow::Silence });
            events.extend(automatic::at_end(state, state.next_number(), around));
            events
        }
        (DeadlineKind::BotAnswer, _) => bot::too_late(state, around),
        (DeadlineKind::DeadLetters, _) => bot::forget(around.now),
    }
}

fn away(state: &Conversation, agent: AgentId, since: Timestamp, around: Around<'_>) -> Vec<Event> {
    if state.seat.holder != Holder::Agent(agent) || state.seat.away.is_some() {
        return Vec::new();
    }
    let settings = &around.window.settings;
    vec![Event::HolderAway(Away {
        since,
        claimable_at: since.plus_ms(settings.seat_claimable_ms),
        expires_at: since.plus_ms(settings.seat_expiry_ms),
    })]
}

fn returned(state: &Conversation, agent: AgentId) -> Vec<Event> {
    let was_away = state.seat.holder == Holder::Agent(agent) && state.seat.away.is_some();
    if was_away { vec![Event::HolderReturned] } else { Vec::new() }
}

fn drop_agent(state: &Conversation, agent: AgentId, cause: ReleaseCause) -> Vec<Event> {
    let mut events = Vec::new();
    if state.seat.holder == Holder::Agent(agent) {
        events = after_offer(state, HandoverEnd::Withdrawn, Event::Released { agent, cause });
    } else if state.seat.offer.as_ref().is_some_and(|offer| offer.to == agent) {
        events = end_offer(state, HandoverEnd::Declined);
    }
    if cause == ReleaseCause::LeftWindow && state.assignee == Some(agent) {
        events.push(Event::Assigned { assignee: None, by: None });
    }
    events
}

/// A name as it is kept is compared, so that a longer one is not recorded at every message.
pub(super) fn see_name(state: &Conversation, name: &str) -> Vec<Event> {
    let name: String = name.chars().take(limits::NAME_CHARS).collect();
    if name.is_empty() || state.name.as_ref() == Some(&name) { Vec::new() } else { vec![Event::NameSeen { name }] }
}

pub(super) fn end_offer(state: &Conversation, how: HandoverEnd) -> Vec<Event> {
    if state.seat.offer.is_some() { vec![Event::HandoverEnded { how }] } else { Vec::new() }
}

fn after_offer(state: &Conversation, how: HandoverEnd, event: Event) -> Vec<Event> {
    let mut events = end_offer(state, how);
    events.push(event);
    events
}
