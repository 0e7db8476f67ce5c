//! How accounts stand, what they sent, and what a test of their connection says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something about an account that somebody must see to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A secret cannot be opened with the keys that are here, and must be entered again.
    SecretUnreadable,
    /// The platform gives no token, or refuses the one there is.
    TokenRefused,
    /// The platform could not be reached at the last try.
    Unreachable,
    /// The last webhook had a wrong signature.
    WrongSignature,
    /// The month's messages are used up.
    QuotaEmpty,
    /// The platform refused the last send for another reason.
    SendFailed,
    /// Less than a twentieth of the month's messages is left.
    QuotaLow,
}

/// Why a send did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendTrouble {
    /// The platform refused the message.
    Refused,
    /// Token or rights do not suffice.
    Unauthorised,
    /// The month's messages are used up.
    QuotaEmpty,
    /// Too fast.
    RateLimited,
    /// Nobody knows what became of it.
    Ambiguous,
    /// The platform could not be reached, or there was no token.
    NotSent,
}

/// `GET /api/v1/inboxes/{inbox}/health`. Times are `null` where nothing of the kind was seen since `since`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountHealth {
    /// The account.
    pub inbox: String,
    /// The window it feeds.
    pub window: String,
    /// What somebody must see to, the most urgent first.
    pub troubles: Vec<Trouble>,
    /// Since when the account is watched: the server's start, or its own.
    pub since: String,
    /// The last webhook with a right signature.
    pub webhook_at: Option<String>,
    /// The last webhook with a wrong one.
    pub wrong_signature_at: Option<String>,
    /// The last send that the platform took.
    pub sent_at: Option<String>,
    /// The last send that it did not take.
    pub send_failed_at: Option<String>,
    /// Why it did not.
    pub send_failed: Option<SendTrouble>,
    /// Until when the present token is good; `null` for one without an end.
    pub token_until: Option<String>,
    /// The last renewal of the token that failed, when none after it did better.
    pub token_failed_at: Option<String>,
    /// What is left of the month; `null` until the platform was asked.
    pub quota: Option<Quota>,
}

/// What the platform allows in this month, as it told last. It counts about, and also what people send past us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quota {
    /// Messages of the month; `null` without a limit.
    pub limit: Option<u64>,
    /// How many are used.
    pub used: u64,
    /// How many are left; `null` without a limit.
    pub remaining: Option<u64>,
    /// When it was asked.
    pub asked_at: String,
}

/// `GET /api/v1/windows/{window}/meter`: what a window sent in a month of Japan's calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meter {
    /// The window.
    pub window: String,
    /// The month, such as `2026-11`.
    pub month: String,
    /// Calls that cost nothing: answers to what a customer wrote.
    pub free: u64,
    /// Calls that count, one a recipient.
    pub paid: u64,
    /// How many are left of the present month over all accounts of the window; `null` without a limit, or where the
    /// platforms were not asked yet.
    pub remaining: Option<u64>,
}

/// Where an account's webhooks go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookEndpoint {
    /// Our address.
    pub webhook_url: String,
    /// The address that the platform calls; `null` where it knows none, or could not be asked.
    pub platform_url: Option<String>,
    /// Whether it calls at all; `null` where that is not known.
    pub active: Option<bool>,
    /// What is wrong; `null` where nothing is.
    pub finding: Option<FindingCode>,
}

/// `POST /api/v1/inboxes/{inbox}/test`: what a test of the connection says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTest {
    /// Nothing is wrong that can be known.
    pub ok: bool,
    /// The platform's name of the account, where the token is good.
    pub account_name: Option<String>,
    /// What is wrong, what is odd, and what nobody can know from here, in this order.
    pub findings: Vec<Finding>,
}

/// One thing that a connection test says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The stable word for it.
    pub code: FindingCode,
    /// How much it matters.
    pub weight: FindingWeight,
    /// A sentence for people.
    pub text: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingWeight {
    /// Messages are lost, or cannot be sent.
    Error,
    /// It works, and not as it is set.
    Warning,
    /// Somebody must look for themselves.
    Note,
}

macro_rules! findings {
    ($($name:ident = $text:literal;)*) => {
        /// What a connection test can say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum FindingCode {
            $(#[doc = $text] $name,)*
        }

        impl FindingCode {
            /// The sentence for people.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

findings! {
    SecretUnreadable = "A secret of this account cannot be opened with the keys of this server. Enter it again.";
    TokenRefused = "LINE refuses the access token, or gives none. Copy it again from the console, or check channel id, secret and key.";
    LineUnreachable = "LINE cannot be reached from this server. Check its way to the internet.";
    WrongDestination = "The token belongs to another account than the one that webhooks come from.";
    NoEndpoint = "LINE knows no webhook address. Set it here or in the console.";
    OtherEndpoint = "LINE calls another address than this account's.";
    WebhookOff = "The switch \"Use webhook\" is off in the console.";
    PublicUrlNotHttps = "LINE calls https addresses only, and public_url of this server is none.";
    CannotConnect = "LINE cannot connect to the webhook: check the name, the port and that the certificate is of a public authority with its whole chain.";
    WebhookTimesOut = "The webhook does not answer LINE in time.";
    WrongSecret = "The webhook refuses LINE's signature: the channel secret here is not the one in the console.";
    WebhookFails = "The webhook answers LINE with an error. The way between, such as a proxy, may be at fault.";
    WebhookUntested = "LINE could not say how its try of the webhook went. Try again in a minute.";
    ChatOff = "\"Chat\" is off in the response settings, so that LINE marks everything as read by itself.";
    ChatOn = "\"Chat\" is on in the response settings: what is answered in LINE Official Account Manager does not appear here.";
    AutoReplyUnknown = "Whether auto-reply and greeting messages are off cannot be known from here. Left on, customers get two answers.";
    RedeliveryUnknown = "Whether \"Webhook redelivery\" is on cannot be known from here. Left off, what fails once is lost.";
    PlatformUnreachable = "The platform cannot be reached from this server. Check its way to the internet.";
    RightMissing = "The token is good, but not for this bot. Add the scopes bot and user.read to the app, and publish the bot.";
    BotUnknown = "The platform knows no bot with this number. Check the number, and that the bot belongs to this app's tenant.";
    KindsSwitchedOff = "Some kinds of message are switched off for this bot, so people cannot send them. Switch all callback kinds on.";
    RoomsAllowed = "The bot may be taken into rooms of several people. It leaves them at once; switch the permission off.";
    CallbackUntried = "Whether callbacks arrive cannot be tried from here. Write to the bot and see whether the message appears.";
    EndpointRefusesSignature = "The endpoint refuses our signature. Give both sides the same secret, and check the other side's clock.";
    EndpointFails = "The endpoint answers with an error. Look into the other system's log.";
    EndpointTooSlow = "The endpoint does not answer within ten seconds. It should answer first and work afterwards.";
    EndpointUnsafe = "The endpoint's name leads to an address that is not public, so it is not called.";
}
