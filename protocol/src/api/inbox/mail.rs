//! The settings of a window's mail.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The mail of a window, as it is given. A window has one, made with it where the installation takes mail.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailSettings {
    /// The company's own addresses that forward here; at most 20.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The one of them that answers carry; the default address without one.
    #[serde(default)]
    pub sender: Option<String>,
    /// The name beside the sender's address; the window's name without one.
    #[serde(default)]
    pub sender_name: Option<String>,
    /// Answers quote the mail that they answer. True without a choice.
    #[serde(default)]
    pub quote: Option<bool>,
    /// Stands below every answer; at most 2,000 characters.
    #[serde(default)]
    pub signature: String,
}

/// A change. What is left out stays as it was; an empty text takes a sender or a name away.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSettingsPatch {
    /// Whether mail is taken at all.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// All of the company's own addresses.
    #[serde(default)]
    pub addresses: Option<Vec<String>>,
    /// The one of them that answers carry.
    #[serde(default)]
    pub sender: Option<String>,
    /// The name beside the sender's address.
    #[serde(default)]
    pub sender_name: Option<String>,
    /// Answers quote the mail that they answer.
    #[serde(default)]
    pub quote: Option<bool>,
    /// Stands below every answer.
    #[serde(default)]
    pub signature: Option<String>,
}

/// The mail of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailSettings {
    /// Whether mail is taken at all.
    pub enabled: bool,
    /// The company's own addresses that forward here.
    pub addresses: Vec<String>,
    /// The one of them that answers carry; null for the default address.
    pub sender: Option<String>,
    /// The name beside the sender's address; null for the window's name.
    pub sender_name: Option<String>,
    /// Answers quote the mail that they answer.
    pub quote: bool,
    /// Stands below every answer.
    pub signature: String,
}
