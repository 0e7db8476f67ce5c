//! A message or memo on the wire.

use madoguchi_engine::domain::message::{Author, Content as DomainContent, Delivery, FailureReason};
use madoguchi_engine::rows::{MessageKind, MessageRow};
use madoguchi_protocol::api::{Content, Degrees, Direction, Failure, Message, MessageState};

use super::{hours, media, time};

/// The message as timelines show it.
#[must_use]
pub fn message(row: &MessageRow) -> Message {
    let mut shown = Message {
        id: format!("{}-{}", row.conversation, row.number),
        number: row.number,
        direction: Direction::Inbound,
        content: content(&row.content),
        state: None,
        agent: None,
        bot: false,
        client_id: None,
        at: time(row.at),
        late: false,
        taken_back: false,
        edited: false,
        deleted: false,
        free: false,
        failure: None,
        quick_replies: Vec::new(),
        automatic: None,
    };
    match &row.kind {
        MessageKind::Inbound { late, unsent, edited } => {
            shown.state = Some(MessageState::Received);
            shown.late = *late;
            shown.taken_back = *unsent;
            shown.edited = *edited;
        }
        MessageKind::Outbound { author, client_id, delivery, failure: reason, free, quick_replies, automatic } => {
            shown.direction = direction(*author);
            shown.agent = author_id(*author);
            shown.bot = *author == Author::Bot;
            shown.client_id = author_id(*author).map(|_| client_id.clone());
            shown.state = Some(state(*delivery));
            shown.failure = reason.as_ref().map(failure);
            shown.free = *free;
            shown.quick_replies = quick_replies.iter().map(media::action).collect();
            shown.automatic = automatic.map(hours::answer_kind);
        }
        MessageKind::Note { author, client_id, edited, deleted } => {
            shown.direction = Direction::Note;
            shown.agent = author_id(*author);
            shown.bot = *author == Author::Bot;
            shown.client_id = author_id(*author).map(|_| client_id.clone());
            shown.edited = *edited;
            shown.deleted = *deleted;
        }
    }
    shown
}

/// Automatic answers come from the system; everything else that goes out is somebody's.
#[must_use]
pub fn direction(author: Author) -> Direction {
    match author {
        Author::Agent(_) | Author::Bot => Direction::Outbound,
        Author::Window => Direction::System,
    }
}

/// The person who wrote it, if a person did.
#[must_use]
pub fn author_id(author: Author) -> Option<String> {
    match author {
        Author::Agent(agent) => Some(agent.to_string()),
        Author::Window | Author::Bot => None,
    }
}

/// The content on the wire.
#[must_use]
pub fn content(content: &DomainContent) -> Content {
    match content {
        DomainContent::Text(text) => Content::Text { text: text.clone() },
        DomainContent::Other { kind, summary } => Content::Other { kind: kind.clone(), summary: summary.clone() },
        DomainContent::Redacted => Content::Redacted,
        DomainContent::Sticker(sticker) => Content::Sticker {
            package_id: sticker.package_id.clone(),
            sticker_id: sticker.sticker_id.clone(),
            text: sticker.text.clone(),
        },
        DomainContent::Media(medium) => media::content(medium),
        DomainContent::Location(place) => Content::Location {
            title: place.title.clone(),
            address: place.address.clone(),
            latitude: Degrees(place.latitude_e6),
            longitude: Degrees(place.longitude_e6),
        },
        DomainContent::Cards(cards) => Content::Cards { cards: cards.iter().map(media::card).collect() },
        DomainContent::Native(native) => Content::Native { alt_text: native.alt_text.clone() },
    }
}

/// What became of an outbound message.
#[must_use]
pub fn state(delivery: Delivery) -> MessageState {
    match delivery {
        Delivery::Queued => MessageState::Queued,
        Delivery::Sending => MessageState::Sending,
        Delivery::Sent => MessageState::Sent,
        Delivery::Failed => MessageState::Failed,
        Delivery::Unknown => MessageState::Unknown,
        Delivery::Cancelled => MessageState::Cancelled,
        Delivery::Unsent => MessageState::Unsent,
    }
}

/// Why a message failed.
#[must_use]
pub fn failure(reason: &FailureReason) -> Failure {
    match reason {
        FailureReason::Refused { status, detail } => Failure::Refused { status: *status, detail: detail.clone() },
        FailureReason::Unauthorised { status } => Failure::Unauthorised { status: *status },
        FailureReason::QuotaEmpty => Failure::QuotaEmpty,
        FailureReason::GaveUp => Failure::GaveUp,
        FailureReason::InboxGone => Failure::InboxGone,
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_engine::domain::id::{AgentId, ConversationId};
    use madoguchi_engine::domain::time::Timestamp;

    use super::*;

    #[test]
    fn an_automatic_answer_is_nobodys() {
        let shown = message(&MessageRow {
            conversation: ConversationId(1),
            number: 2,
            kind: MessageKind::Outbound {
                author: Author::Window,
                client_id: "greeting".to_owned(),
                delivery: Delivery::Sending,
                failure: None,
                automatic: None,
                free: true,
                quick_replies: Vec::new(),
            },
            content: DomainContent::Text("ようこそ".to_owned()),
            at: Timestamp(0),
        });
        assert_eq!(shown.direction, Direction::System);
        assert_eq!((shown.agent, shown.client_id), (None, None));
        assert_eq!(shown.state, Some(MessageState::Sending));
    }

    #[test]
    fn a_memo_has_no_state_of_delivery() {
        let author = AgentId(5);
        let shown = message(&MessageRow {
            conversation: ConversationId(1),
            number: 3,
            kind: MessageKind::Note {
                author: Author::Agent(author),
                client_id: "n-1".to_owned(),
                edited: true,
                deleted: false,
            },
            content: DomainContent::Text("内線".to_owned()),
            at: Timestamp(0),
        });
        let json = serde_json::to_value(&shown).expect("plain data");
        assert_eq!(json["direction"], "note");
        assert_eq!(json["state"], serde_json::Value::Null);
        assert_eq!(json["agent"], author.to_string());
        assert_eq!(json["edited"], true);
        assert_eq!(json.get("late"), None);
    }
}
