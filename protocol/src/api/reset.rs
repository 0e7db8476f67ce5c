//! Resetting a window (初期化): what goes and what stays, and what is left afterwards.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation::Channel;

/// `GET /api/v1/windows/{window}/reset`: what a reset would do now. Nothing of it can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetPreview {
    /// The window.
    pub window: String,
    /// What has to be typed to confirm: its name.
    pub confirm: String,
    /// What goes.
    pub goes: Vec<ResetItem>,
    /// What stays.
    pub stays: Vec<ResetItem>,
    /// It is the last window: with it everything that customers wrote is erased for good, of windows that were reset
    /// before too. Then `stays` is empty, and the reset needs `erase_everything`.
    pub erases_everything: bool,
    /// The accounts that feed it no more. What they still deliver is answered and thrown away; switch them off at their platforms.
    pub inboxes: Vec<ResetInbox>,
}

/// An account of a window that is to be reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetInbox {
    /// The account.
    pub id: String,
    /// Its channel.
    pub kind: Channel,
}

/// One line of what goes or stays. Lines with a count of 0 are given too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetItem {
    /// What.
    pub what: ResetWhat,
    /// How many.
    pub count: u64,
}

/// What a reset touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetWhat {
    /// Agents who lose access to it.
    Agents,
    /// Conversations that are being handled; their seats end.
    InProgress,
    /// Conversations that are not done: nobody answers them any more.
    OpenConversations,
    /// Answers that were accepted and have not gone out: they never will.
    WaitingAnswers,
    /// Channel accounts that feed it no more.
    Inboxes,
    /// The invite link and its QR code.
    Invite,
    /// Conversations, whose history administrators can go on reading.
    Conversations,
    /// Identities of customers.
    ContactPoints,
    /// The product, which is free for another window.
    Product,
    /// Windows that were reset before, and are erased with the last one.
    FormerWindows,
}

/// `POST /api/v1/windows/{window}/reset`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// The window's name, as its reader typed it.
    pub name: String,
    /// Must be true for the last window, and false for any other.
    #[serde(default)]
    pub erase_everything: bool,
}

/// A window that was reset. Its conversations stay readable under `/api/v1/resets/{reset}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormerWindow {
    /// Its name from now on.
    pub id: String,
    /// The address that it had. Another window may have it by now.
    pub window: String,
    /// What customers saw.
    pub name: String,
    /// The product that it was bound to.
    pub product: u16,
    /// When it was added.
    pub created_at: String,
    /// When it was reset.
    pub reset_at: String,
    /// Who did it; null for the operator.
    pub by: Option<String>,
    /// Whether its conversations are still there.
    pub content: FormerContent,
}

/// What became of the conversations of a window that was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormerContent {
    /// Administrators can read them.
    Kept,
    /// They are being erased, and cannot be read any more.
    Erasing,
    /// They are gone.
    Erased,
}
