//! Wishes to a conversation. The same fields travel as REST bodies and, with their `type`, over the socket.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::bot::ReturnToBot;
use super::content::Action;
use super::conversation::{Conversation, Seat};
use super::message::{Message, NewContent};

/// One wish, named by `type`. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// 対応開始.
    Claim(Claim),
    /// 未対応に戻す.
    Release(Release),
    /// 対応完了.
    Complete(Complete),
    /// Taking the seat from a present holder.
    Takeover(Takeover),
    /// Asking a colleague to take the seat.
    Handover(Handover),
    /// The colleague says yes.
    AcceptHandover(AcceptHandover),
    /// The colleague says no, or the giver takes the offer back.
    DeclineHandover(DeclineHandover),
    /// Naming the person responsible.
    Assign(Assign),
    /// An answer to the customer.
    Send(Send),
    /// Withdrawing an answer that has not gone out.
    Cancel(Cancel),
    /// A memo.
    AddNote(AddNote),
    /// Rewriting one's own memo.
    EditNote(EditNote),
    /// Removing one's own memo.
    DeleteNote(DeleteNote),
    /// Putting a conversation back to work that was set aside after repeated failures.
    TakeBack(TakeBack),
    /// Giving a conversation back to the window's bot.
    ReturnToBot(ReturnToBot),
}

/// Nothing to say beyond the wish itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {}

/// See [`Command::AcceptHandover`].
pub type AcceptHandover = Claim;

/// See [`Command::DeclineHandover`].
pub type DeclineHandover = Claim;

/// See [`Command::TakeBack`].
pub type TakeBack = Claim;

/// The epoch under which the caller holds the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatEpoch {
    /// As the claim answered it.
    pub seat_epoch: u64,
}

/// See [`Command::Release`].
pub type Release = SeatEpoch;

/// See [`Command::Complete`].
pub type Complete = SeatEpoch;

/// See [`Command::Takeover`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Takeover {
    /// Why; at most 500 characters, shown to the former holder.
    pub reason: String,
}

/// See [`Command::Handover`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// The epoch under which the caller holds the seat.
    pub seat_epoch: u64,
    /// The colleague.
    pub to: String,
    /// Words for the colleague; at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// See [`Command::Assign`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Who is responsible from now on; null for nobody. Must be said.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    pub assignee: Option<String>,
}

/// Takes null, but not silence: who leaves the field out did not mean "nobody".
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// See [`Command::Send`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The caller's own id for the message, at most 64 bytes: the same id with the same content is the same message.
    pub client_id: String,
    /// The epoch under which the caller holds the seat.
    pub seat_epoch: u64,
    /// What to say.
    pub content: NewContent,
    /// Buttons below it, while it is the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<Action>,
}

/// `POST …/read`: the caller has seen the messages up to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The newest that was seen.
    pub number: u32,
}

/// See [`Command::Cancel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The message.
    pub number: u32,
    /// The epoch under which the caller holds the seat.
    pub seat_epoch: u64,
}

/// See [`Command::AddNote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The caller's own id for the memo, at most 64 bytes.
    pub client_id: String,
    /// Its text; at most 5,000 characters.
    pub text: String,
}

/// See [`Command::EditNote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditNote {
    /// The memo.
    pub number: u32,
    /// Its new text; at most 5,000 characters.
    pub text: String,
}

/// `PUT …/notes/{number}`: the number stands in the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditNoteBody {
    /// Its new text; at most 5,000 characters.
    pub text: String,
}

/// See [`Command::DeleteNote`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteNote {
    /// The memo.
    pub number: u32,
}

/// What a command did. It is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandDone {
    /// The conversation after it.
    pub conversation: Conversation,
    /// Its seat, as in the conversation; null when it is free.
    pub seat: Option<Seat>,
    /// The message or memo it made or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_a_field_too_much_is_refused_not_half_understood() {
        for text in [
            r#"{"type":"claim","epoch":1}"#,
            r#"{"type":"complete","seat_epoch":1,"x":2}"#,
            r#"{"type":"send","client_id":"a","seat_epoch":1,"content":{"type":"text","text":"x","bold":true}}"#,
            r#"{"type":"fly"}"#,
        ] {
            assert!(serde_json::from_str::<Command>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nobody_becomes_unassigned_by_a_forgotten_field() {
        let said: Command = serde_json::from_str(r#"{"type":"assign","assignee":null}"#).expect("null is said");
        assert_eq!(said, Command::Assign(Assign { assignee: None }));
        assert!(serde_json::from_str::<Command>(r#"{"type":"assign"}"#).is_err());
    }

    #[test]
    fn every_command_is_told_by_its_type() {
        let send: Command = serde_json::from_str(
            r#"{"type":"send","client_id":"c-1","seat_epoch":3,"content":{"type":"text","text":"はい"}}"#,
        )
        .expect("the documented form");
        assert_eq!(
            send,
            Command::Send(Send {
                client_id: "c-1".to_owned(),
                seat_epoch: 3,
                content: NewContent::Text { text: "はい".to_owned() },
                quick_replies: Vec::new(),
            })
        );
        let claim: Command = serde_json::from_str(r#"{"type":"claim"}"#).expect("no fields needed");
        assert_eq!(claim, Command::Claim(Claim {}));
    }
}
