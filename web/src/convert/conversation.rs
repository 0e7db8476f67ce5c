//! A conversation on the wire.

use madoguchi_engine::domain::conversation::Status as DomainStatus;
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::seat::{Away as DomainAway, Holder, Offer as DomainOffer, Seat as DomainSeat};
use madoguchi_engine::rows::ConversationRow;
use madoguchi_protocol::api::{Away, ContactPoint, Conversation, Offer, Seat, Status};

use super::inbox::channel;
use super::{media, time};

/// The conversation as lists and desks show it. `reply_budget_ms` is its window's.
#[must_use]
pub fn conversation(row: &ConversationRow, reply_budget_ms: i64) -> Conversation {
    let state = &row.state;
    Conversation {
        id: state.id.to_string(),
        window: row.window.to_string(),
        inbox: state.inbox.to_string(),
        channel: channel(state.channel),
        contact_point: ContactPoint {
            id: state.contact_point.to_string(),
            name: state.name.clone(),
            picture_url: state.picture.map(media::url),
            blocked: state.blocked,
        },
        contact: None,
        status: status(state.status),
        assignee: state.assignee.as_ref().map(AgentId::to_string),
        seat: seat(&state.seat),
        former_holder: state.seat.former.as_ref().map(AgentId::to_string),
        last_number: state.last_number,
        waiting_to_send: state.outbox.len(),
        waiting_since: state.waiting_since.map(time),
        free_answer_until: state.reply.as_ref().map(|right| time(right.received_at.plus_ms(reply_budget_ms))),
        subject: state.context.as_ref().and_then(|context| context.subject.clone()),
        set_aside: state.set_aside,
        position: row.position.0,
        opened_at: time(state.opened_at),
        updated_at: time(state.updated_at),
    }
}

/// The status on the wire.
#[must_use]
pub fn status(status: DomainStatus) -> Status {
    match status {
        DomainStatus::New => Status::New,
        DomainStatus::InProgress => Status::InProgress,
        DomainStatus::Done => Status::Done,
    }
}

/// The status in the domain.
#[must_use]
pub fn to_status(status: Status) -> DomainStatus {
    match status {
        Status::New => DomainStatus::New,
        Status::InProgress => DomainStatus::InProgress,
        Status::Done => DomainStatus::Done,
    }
}

/// The seat on the wire; `None` while it is free.
#[must_use]
pub fn seat(seat: &DomainSeat) -> Option<Seat> {
    let agent = match seat.holder {
        Holder::None => return None,
        Holder::Agent(agent) => Some(agent.to_string()),
        Holder::Bot => None,
    };
    Some(Seat {
        agent,
        epoch: seat.epoch,
        offer: seat.offer.as_ref().map(offer),
        away: seat.away.map(away),
        claimable: seat.claimable,
    })
}

/// A hand-over on its way, on the wire.
#[must_use]
pub fn offer(offer: &DomainOffer) -> Offer {
    Offer {
        from: offer.from.to_string(),
        to: offer.to.to_string(),
        expires_at: time(offer.expires_at),
        note: offer.note.clone(),
    }
}

/// The holder's absence on the wire.
#[must_use]
pub fn away(away: DomainAway) -> Away {
    Away { since: time(away.since), claimable_at: time(away.claimable_at), expires_at: time(away.expires_at) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use madoguchi_engine::domain::conversation::Conversation as State;
    use madoguchi_engine::domain::id::{ConversationId, Position, WindowId};

    use super::*;

    fn row(state: State) -> ConversationRow {
        ConversationRow { window: WindowId::new("w").expect("an id"), position: Position(9), state: Arc::new(state) }
    }

    #[test]
    fn a_free_seat_is_null_whatever_its_epoch() {
        let mut state = State::unborn(ConversationId(1));
        state.seat.epoch = 4;
        state.seat.former = Some(AgentId(2));
        let shown = conversation(&row(state), 50_000);
        assert_eq!(shown.seat, None);
        assert_eq!(shown.former_holder, Some(AgentId(2).to_string()));
        assert_eq!(shown.position, 9);
    }

    #[test]
    fn the_right_to_a_free_answer_never_leaves_the_server() {
        let mut state = State::unborn(ConversationId(1));
        state.external_id = "U-secret-platform-id".to_owned();
        state.reply = Some(madoguchi_engine::domain::conversation::ReplyRight {
            token: "reply-token".to_owned(),
            received_at: madoguchi_engine::domain::time::Timestamp(0),
        });
        let shown = conversation(&row(state), 50_000);
        assert_eq!(shown.free_answer_until.as_deref(), Some("1970-01-01T00:00:50.000Z"));
        let shown = serde_json::to_string(&shown).expect("plain data");
        assert!(!shown.contains("reply-token"));
        assert!(!shown.contains("U-secret-platform-id"));
    }
}
