//! What an account's owner sets and sees at the platform, as far as its interface shows it, and what is wrong with it in
//! words of ours.

use serde::Deserialize;

/// What a look at an account found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// The platform's name of the account.
    pub name: Option<String>,
    /// What is wrong, odd, or cannot be known from here.
    pub findings: Vec<Finding>,
}

/// The webhook's address at the platform.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// Where it calls.
    #[serde(rename = "endpoint")]
    pub url: String,
    /// Whether it does ("Use webhook").
    pub active: bool,
}

/// One thing that a connection test says. What is sure comes before what nobody can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// A secret of the account cannot be opened here, and must be entered again.
    SecretUnreadable,
    /// LINE refuses the access token, or gives none.
    TokenRefused,
    /// LINE cannot be reached from here.
    LineUnreachable,
    /// The token belongs to another account than the one that webhooks come from.
    WrongDestination,
    /// LINE knows no webhook address.
    NoEndpoint,
    /// LINE calls another address than ours.
    OtherEndpoint,
    /// "Use webhook" is off.
    WebhookOff,
    /// Our public address is not one that LINE can call: it must be https.
    PublicUrlNotHttps,
    /// LINE cannot connect to the webhook: name, port or certificate.
    CannotConnect,
    /// The webhook takes too long.
    WebhookTimesOut,
    /// The webhook refuses LINE's signature: the channel secret is another one.
    WrongSecret,
    /// The webhook answers with another error.
    WebhookFails,
    /// LINE could not say how its try went.
    WebhookUntested,
    /// "Chat" is off: LINE marks everything as read by itself, and marks of ours do nothing.
    ChatOff,
    /// "Chat" is on: what people answer in LINE's own manager does not come to us.
    ChatOn,
    /// Whether auto-replies and greetings are off cannot be known from here.
    AutoReplyUnknown,
    /// Whether "Webhook redelivery" is on cannot be known from here.
    RedeliveryUnknown,
    /// The platform cannot be reached from here.
    PlatformUnreachable,
    /// The token is good, and not for this: the app lacks a scope, or the bot is not published.
    RightMissing,
    /// The platform knows no such bot.
    BotUnknown,
    /// Some kinds of message are switched off for the bot.
    KindsSwitchedOff,
    /// The bot may be taken into rooms of several people, which this channel leaves.
    RoomsAllowed,
    /// Whether callbacks arrive can only be seen by a message.
    CallbackUntried,
    /// The other system refuses our signature.
    EndpointRefusesSignature,
    /// The other system answers with an error.
    EndpointFails,
    /// The other system takes too long.
    EndpointTooSlow,
    /// The other system's address is none that may be called.
    EndpointUnsafe,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Messages are lost, or cannot be sent.
    Error,
    /// It works, and not as it is set.
    Warning,
    /// Somebody must look for themselves.
    Note,
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub fn weight(self) -> Weight {
        match self {
            Self::ChatOff | Self::WebhookUntested | Self::KindsSwitchedOff | Self::RoomsAllowed => Weight::Warning,
            Self::ChatOn | Self::AutoReplyUnknown | Self::RedeliveryUnknown | Self::CallbackUntried => Weight::Note,
            _ => Weight::Error,
        }
    }
}
