//! Setting mail up: the addresses of a window, whether they forward, and what the DNS of their domains says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/inboxes/{inbox}/mail`: how the mail of a window stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailSetup {
    /// The account.
    pub inbox: String,
    /// Receives and sends without any set-up.
    pub default_address: String,
    /// What answers carry now: the chosen sender once its set-up is done, else the default address.
    pub sends_as: String,
    /// Mail can leave the house: a relay is set.
    pub relay: bool,
    /// The company's own addresses.
    pub addresses: Vec<MailAddressSetup>,
    /// Mails of providers that ask to confirm a forwarding, the newest first. Kept for 24 hours.
    pub confirmations: Vec<MailConfirmation>,
    /// The newest test mail.
    pub test: Option<MailTest>,
}

/// How one company address stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailAddressSetup {
    /// The address.
    pub address: String,
    /// Answers are to carry it.
    pub sender: bool,
    /// Whether what goes there comes here.
    pub forwarding: MailForwarding,
    /// When the newest challenge came back, or since when none does.
    pub forwarding_at: Option<String>,
    /// A challenge is on its way since then.
    pub challenged_at: Option<String>,
    /// Its domain has a key, and the key is published.
    pub domain_ready: bool,
}

/// Whether a company address forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailForwarding {
    /// Nobody knows yet (未確認).
    Unconfirmed,
    /// A mail sent there came back here (転送OK).
    Confirmed,
    /// It did, and does no more (転送が止まっています).
    Stopped,
}

/// `POST /api/v1/inboxes/{inbox}/mail/challenge`: a mail goes to a company address; when it comes here, it forwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailChallenge {
    /// One of the window's company addresses.
    pub address: String,
}

/// A provider asks whether forwarding to us is wanted. Nothing in it was followed by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailConfirmation {
    /// When it came.
    pub at: String,
    /// Who wrote it.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// The number to enter, where one was found.
    pub code: Option<String>,
    /// The address to open, where one was found.
    pub link: Option<String>,
    /// What it says, at most 4,000 characters.
    pub text: String,
}

/// A mail to ourselves through the relay, and what proving it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailTest {
    /// When it went.
    pub sent_at: String,
    /// From which address.
    pub from: String,
    /// When it came; null while it is under way.
    pub came_at: Option<String>,
    /// Why it did not go.
    pub failure: Option<String>,
    /// What proving it said.
    pub columns: Option<MailColumns>,
}

/// The five columns (PRODUCT M3). One alignment is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailColumns {
    /// The envelope's sender may send from here.
    pub spf: MailCheck,
    /// The envelope's sender belongs to the domain that readers see. For a company address `fail` is expected.
    pub spf_alignment: MailCheck,
    /// The signature is good.
    pub dkim: MailCheck,
    /// The signature belongs to the domain that readers see.
    pub dkim_alignment: MailCheck,
    /// The domain has a policy, and it is met.
    pub dmarc: MailCheck,
}

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailCheck {
    /// As it should be.
    Pass,
    /// Not so, and no fault: another alignment is enough.
    Expected,
    /// Not as it should be.
    Fail,
    /// Not published.
    Missing,
    /// DNS did not answer (確認できません).
    Unknown,
}

/// `POST /api/v1/mail/domains`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailDomain {
    /// The part of company addresses behind the `@`.
    pub domain: String,
}

/// A domain that answers carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailDomain {
    /// Its name.
    pub domain: String,
    /// The key is published, as far as the last check knows; answers may carry addresses of it.
    pub ready: bool,
    /// When it was found published, or `null`.
    pub ready_since: Option<String>,
    /// What to publish, and what is.
    pub records: Vec<MailRecord>,
    /// What a receiver would say.
    pub columns: Option<MailColumns>,
    /// When DNS was asked last.
    pub checked_at: Option<String>,
}

/// One record of DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailRecord {
    /// What it is for.
    pub purpose: MailRecordPurpose,
    /// Its name.
    pub name: String,
    /// Its kind: always TXT.
    pub kind: String,
    /// What it should say. Of a policy that is there already nothing is to be changed.
    pub value: String,
    /// Whether it does.
    pub state: MailRecordState,
    /// What it says.
    pub found: Vec<String>,
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailRecordPurpose {
    /// The key that signatures are proven with; under the customer's domain.
    Dkim,
    /// What receivers do with mail that is not proven; under the customer's domain.
    Dmarc,
    /// Who may send for the envelope's sender; under the domain of this installation.
    Spf,
}

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailRecordState {
    /// Nobody looked yet.
    Unchecked,
    /// As it should be.
    Ok,
    /// There is none (未設定).
    Missing,
    /// It says something else (不一致).
    Mismatch,
    /// There are several, of which one is allowed (複数あり).
    Several,
    /// It is no such record (形式エラー).
    Malformed,
    /// DNS did not answer (確認できません). Never shown as missing.
    Unknown,
}
