//! What a supervisor does to a conversation that somebody else may hold: in one decision, so that nothing stands half way.

use super::decide::{Around, decide};
use super::{Command, Conversation, Event, Overseen, Status, limits};
use crate::domain::id::AgentId;
use crate::domain::rejected::Rejected;
use crate::domain::seat::Holder;

/// Decides an act. To complete or release, the seat is taken over and used in the same record, so that the former holder
/// sees who did it and why; what is already so stays so. A hand-over is offered in the holder's place, who keeps the seat
/// until the colleague says yes.
pub(super) fn supervise(
    state: &Conversation,
    agent: AgentId,
    act: Overseen,
    reason: &str,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > limits::REASON_CHARS {
        return Err(Rejected::invalid("reason", "1 to 500 characters"));
    }
    match (act, state.seat.holder) {
        (Overseen::Complete, _) if state.status == Status::Done => Ok(Vec::new()),
        (Overseen::Release, Holder::None) => Ok(Vec::new()),
        (Overseen::Complete, _) => {
            seated_and(state, agent, reason, around, |seat_epoch| Command::Complete { agent, seat_epoch })
        }
        (Overseen::Release, _) => {
            seated_and(state, agent, reason, around, |seat_epoch| Command::Release { agent, seat_epoch })
        }
        (Overseen::HandOver { to }, Holder::Agent(_))
            if state.seat.offer.as_ref().is_some_and(|offer| offer.to == to) =>
        {
            Ok(Vec::new())
        }
        (Overseen::HandOver { to }, Holder::Agent(holder)) => {
            let note = Some(reason.to_owned());
            let offer = Command::OfferHandover { agent: holder, seat_epoch: state.seat.epoch, to, note };
            decide(state, &offer, around)
        }
        (Overseen::HandOver { .. }, _) => Err(Rejected::SeatNotHeld),
    }
}

/// The take-over and what follows from it, decided on the state between the two.
fn seated_and(
    state: &Conversation,
    agent: AgentId,
    reason: &str,
    around: Around<'_>,
    then: impl FnOnce(u64) -> Command,
) -> Result<Vec<Event>, Rejected> {
    let take_over = Command::TakeOver { agent, supervisor: true, reason: reason.to_owned() };
    let mut events = decide(state, &take_over, around)?;
    let mut between = state.clone();
    events.iter().for_each(|event| between.apply(event, around.now));
    events.extend(decide(&between, &then(between.seat.epoch), around)?);
    Ok(events)
}
