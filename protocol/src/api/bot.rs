//! The bot in front of a window: its settings for administrators, what it is told, and what it may say.
//!
//! A bot hears by signed `POST`s ([`BotDelivery`], Standard Webhooks) and speaks by `/api/v1/bot/…` under a token that opens
//! nothing else. `docs/bots.md` is the contract as a page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::Action;
use super::conversation::{Channel, ContactPoint, Status};
use super::message::{Message, NewContent};

/// A window's bot as administrators see it. Its secrets are never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bot {
    /// The window that it stands in front of.
    pub window: String,
    /// What colleagues see.
    pub name: String,
    /// Where it is told what happens.
    pub endpoint_url: String,
    /// The accounts whose new conversations it gets; empty for every account of the window.
    pub inboxes: Vec<String>,
    /// It is told of a conversation before its first message, and of new friends, so that it may greet.
    pub greets: bool,
    /// A customer's message that it leaves without an answer for this long opens the conversation to people, in milliseconds.
    pub answer_within_ms: u32,
    /// New conversations go to it. While not, they go to people, and what it held is open to people.
    pub enabled: bool,
    /// When the secret that signs deliveries was made.
    pub secret_set_at: String,
    /// Until when the former secret signs along; null without one.
    pub former_secret_until: Option<String>,
    /// When its token was made.
    pub token_set_at: String,
    /// How it stands.
    pub health: BotHealth,
}

/// How a bot stands. Times and failures count from the last start of the server; the other figures are of now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotHealth {
    /// When it last took a delivery.
    pub last_taken_at: Option<String>,
    /// When it last failed to.
    pub last_failed_at: Option<String>,
    /// Why it last failed to.
    pub last_failure: Option<BotTrouble>,
    /// Tries that failed since the last that it took.
    pub failures_in_a_row: u32,
    /// When it last called us with its token.
    pub last_called_at: Option<String>,
    /// Conversations that it holds.
    pub holds: usize,
    /// Deliveries that wait for it.
    pub waiting: usize,
    /// Deliveries that were given up and wait for a person.
    pub dead: usize,
}

/// Why a try to tell a bot something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum BotTrouble {
    /// It answered, and not with 2xx.
    Answered {
        /// Its status.
        status: u16,
    },
    /// No connection came to be, or it broke off.
    Unreachable,
    /// It took the connection and did not answer in time.
    TooSlow,
    /// Its address, or where it leads, may not be called.
    UnsafeAddress,
    /// Its secret cannot be opened with the keys that are here.
    NoSecret,
}

/// `PUT /api/v1/windows/{window}/bot`: the whole of its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBot {
    /// What colleagues see; 1 to 50 characters.
    pub name: String,
    /// Where it is told what happens: https; owners may name http on this machine.
    pub endpoint_url: String,
    /// The accounts whose new conversations it gets; empty for every account of the window.
    #[serde(default)]
    pub inboxes: Vec<String>,
    /// It is told of a conversation before its first message, and of new friends.
    #[serde(default)]
    pub greets: bool,
    /// How long a message may stay without its answer, in milliseconds; 1,000 to 600,000, 30,000 if left out.
    #[serde(default)]
    pub answer_within_ms: Option<u32>,
    /// New conversations go to it; true if left out.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// A bot with what is told once and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotMade {
    /// The bot.
    pub bot: Bot,
    /// Signs what it is told: `whsec_` and Base64. Null where it did not change.
    pub secret: Option<String>,
    /// Opens `/api/v1/bot/…`. Null where it did not change.
    pub token: Option<String>,
}

/// What a test delivery showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotTest {
    /// It took it.
    pub taken: bool,
    /// Why not.
    pub trouble: Option<BotTrouble>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A line of a bot's log; the newest 500 since the last start of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotLogLine {
    /// When.
    pub at: String,
    /// The conversation; null for tests.
    pub conversation: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: BotLogged,
}

/// What a bot's log tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum BotLogged {
    /// It took a delivery.
    Taken {
        /// The delivery.
        delivery: String,
        /// Which try it was, from 1.
        attempt: u32,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// A try failed.
    Failed {
        /// The delivery.
        delivery: String,
        /// Which try it was, from 1.
        attempt: u32,
        /// Why.
        trouble: BotTrouble,
    },
    /// A delivery was given up.
    Died {
        /// The delivery.
        delivery: String,
    },
    /// A call of the bot was refused.
    Refused {
        /// Which: `messages`, `handover`, `complete`, `conversation`.
        call: String,
        /// The code that it was told.
        code: String,
    },
}

/// A delivery that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// The delivery; the same id when it is sent again.
    pub delivery: String,
    /// Its conversation.
    pub conversation: String,
    /// What it was about: the `type` of the delivery.
    #[serde(rename = "type")]
    pub kind: BotDeliveryType,
    /// The message, where it is about one.
    pub number: Option<u32>,
    /// When it was first to be told.
    pub queued_at: String,
    /// When it was given up.
    pub died_at: String,
    /// Why.
    pub why: DeadLetterWhy,
    /// When it is forgotten.
    pub forgotten_at: String,
}

/// Why a delivery was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum DeadLetterWhy {
    /// The bot lost the conversation before it had taken this.
    TooLate,
    /// The bot answered with a status that means no for good.
    Refused {
        /// The status.
        status: u16,
    },
    /// The tries were used up.
    Unreachable,
}

/// `POST …/return-to-bot`: the holder gives a conversation back to the window's bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnToBot {
    /// The epoch under which the caller holds the seat.
    pub seat_epoch: u64,
    /// Words for the bot; at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// A window's bot as desks know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowBot {
    /// What colleagues see.
    pub name: String,
    /// The accounts in front of which it stands; empty for every account of the window.
    pub inboxes: Vec<String>,
}

/// The body of a webhook to a bot. Its headers are `webhook-id`, `webhook-timestamp` and `webhook-signature`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotDelivery {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: BotDeliveryType,
    /// As in `webhook-id`: the same when it is told again.
    pub id: String,
    /// When it happened.
    pub at: String,
    /// The conversation; null for `ping`.
    pub conversation: Option<BotConversation>,
    /// The epoch under which the bot held the seat when this happened; goes into its answers.
    pub seat_epoch: u64,
    /// The customer's message, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The message that the customer took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// What the person says who gives it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the bot does not hold it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<BotLost>,
}

/// What a bot is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum BotDeliveryType {
    /// A test of the connection.
    #[serde(rename = "ping")]
    Ping,
    /// The bot holds a new conversation; only where it greets.
    #[serde(rename = "conversation.started")]
    Started,
    /// The customer wrote.
    #[serde(rename = "message.received")]
    Message,
    /// The customer took a message back.
    #[serde(rename = "message.taken_back")]
    TakenBack,
    /// A person gave the conversation back to the bot.
    #[serde(rename = "conversation.returned")]
    Returned,
    /// The bot holds it no more. Told once, without consequence.
    #[serde(rename = "conversation.left")]
    Left,
}

/// Why a bot does not hold a conversation any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BotLost {
    /// A person took it.
    TakenOver,
    /// A message stayed without an answer for too long.
    TimedOut,
    /// It could not be told something.
    Failed,
    /// Too much waited for it.
    Behind,
    /// It was taken out of this window or account.
    Detached,
    /// The chat ended: its customer said so, or was silent.
    Ended,
}

/// A conversation as a bot sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotConversation {
    /// Its id.
    pub id: String,
    /// The window it is in.
    pub window: String,
    /// The account it runs over.
    pub inbox: String,
    /// How the customer reaches us.
    pub channel: Channel,
    /// The customer's identity on the account.
    pub contact_point: ContactPoint,
    /// Where it stands.
    pub status: Status,
    /// The bot holds the seat.
    pub holds: bool,
    /// The seat's epoch; goes into the bot's answers.
    pub seat_epoch: u64,
    /// The highest number of a message or memo.
    pub last_number: u32,
    /// Until then the bot must have answered; null while nothing waits for it.
    pub answer_by: Option<String>,
}

/// `POST /api/v1/bot/conversations/{conversation}/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotAnswer {
    /// The bot's own id for the message, at most 64 bytes: the same id with the same content is the same message.
    pub client_id: String,
    /// The epoch under which the bot holds the seat.
    pub seat_epoch: u64,
    /// What to say. Kinds that carry a file are a person's.
    pub content: NewContent,
    /// Buttons below it, while it is the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<Action>,
}

/// `POST /api/v1/bot/conversations/{conversation}/handover`: to the window's people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotHandover {
    /// The epoch under which the bot holds the seat.
    pub seat_epoch: u64,
    /// What people should know; becomes a memo of the bot. At most 5,000 characters.
    #[serde(default)]
    pub summary: Option<String>,
}

/// `POST /api/v1/bot/conversations/{conversation}/complete`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotComplete {
    /// The epoch under which the bot holds the seat.
    pub seat_epoch: u64,
    /// The newest customer message that the bot has heard; a newer one refuses with `unheard`.
    pub heard: u32,
}

/// What a bot's call did. It is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotDone {
    /// The conversation after it.
    pub conversation: BotConversation,
    /// The message or memo that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}
