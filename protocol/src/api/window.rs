//! Windows (窓口) and who works in them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::{Presence, Role};
use super::bot::WindowBot;
use super::hours::Opening;

/// `POST /api/v1/windows`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWindow {
    /// Its address: 1 to 20 lower-case letters and digits.
    pub id: String,
    /// What customers see: 1 to 20 characters, unique.
    pub name: String,
    /// The product, which says how many agents it holds: 5, 30 or 100.
    pub product: u16,
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// Its address.
    pub id: String,
    /// What customers see.
    pub name: String,
    /// The product it is bound to.
    pub product: u16,
    /// How many agents it may hold.
    pub places: u16,
    /// Who works here.
    pub agents: Vec<WindowMember>,
    /// How it works.
    pub settings: WindowSettings,
    /// Stored bodies that wait (要確認).
    pub raw_waiting: usize,
    /// The bot in front of it; null without one, and while it is not in use.
    #[serde(default)]
    pub bot: Option<WindowBot>,
    /// When it was added.
    pub created_at: String,
    /// Whether it is open now, and until when.
    pub opening: Opening,
}

/// A member of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowMember {
    /// Their id.
    pub id: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// How they are.
    pub presence: Presence,
}

/// How a window works. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowSettings {
    /// An offered hand-over goes back to the giver after this.
    pub handover_timeout_ms: i64,
    /// An absent holder's seat may be claimed by any member after this.
    pub seat_claimable_ms: i64,
    /// An absent holder's conversation goes back to new after this.
    pub seat_expiry_ms: i64,
    /// A new conversation that nobody starts closes after this; 0 for never.
    pub auto_close_ms: i64,
    /// How long the right to a free answer is trusted after its webhook came.
    pub reply_budget_ms: i64,
}

/// `PATCH /api/v1/windows/{window}/settings`. What is left out stays as it was.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowSettingsPatch {
    /// See [`WindowSettings::handover_timeout_ms`].
    #[serde(default)]
    pub handover_timeout_ms: Option<i64>,
    /// See [`WindowSettings::seat_claimable_ms`].
    #[serde(default)]
    pub seat_claimable_ms: Option<i64>,
    /// See [`WindowSettings::seat_expiry_ms`].
    #[serde(default)]
    pub seat_expiry_ms: Option<i64>,
    /// See [`WindowSettings::auto_close_ms`].
    #[serde(default)]
    pub auto_close_ms: Option<i64>,
    /// See [`WindowSettings::reply_budget_ms`].
    #[serde(default)]
    pub reply_budget_ms: Option<i64>,
}
