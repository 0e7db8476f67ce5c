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
    /// What customers see: 1 to 20 characters as a person counts them, unique.
    pub name: String,
    /// The product, which says how many agents it holds: 5, 30 or 100. One of it must be free.
    pub product: u16,
    /// What the window is for, at most 100 characters as a person counts them.
    #[serde(default)]
    pub description: String,
    /// A picture of `POST /api/v1/pictures`, by its id.
    #[serde(default)]
    pub picture: Option<String>,
}

/// `PATCH /api/v1/windows/{window}`. What is left out stays as it was.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowPatch {
    /// See [`NewWindow::name`].
    #[serde(default)]
    pub name: Option<String>,
    /// See [`NewWindow::description`].
    #[serde(default)]
    pub description: Option<String>,
    /// See [`NewWindow::picture`]; empty for none.
    #[serde(default)]
    pub picture: Option<String>,
}

/// `PUT /api/v1/windows/{window}/product`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowProduct {
    /// 5, 30 or 100. One of it must be free, and it must hold as many agents as the window has. The former one is free afterwards.
    pub product: u16,
}

/// The answer to `POST /api/v1/pictures`: a picture that a window may have. It goes after a day if no window takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Picture {
    /// For `picture` of a window.
    pub id: String,
    /// The name that it came with: lower-case letters and digits, then `.png`.
    pub name: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Its length; below 10,000,000.
    pub bytes: u64,
}

/// The picture of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowPicture {
    /// The name that it came with.
    pub name: String,
    /// Where whoever may read the window gets it: a path of this server, another one for another picture.
    pub url: String,
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
    /// What the window is for; empty for nothing said.
    pub description: String,
    /// Its picture.
    pub picture: Option<WindowPicture>,
    /// The public page that leads customers to the window's channels; the same for ever. As QR code at
    /// `/api/v1/windows/{window}/invite.svg` and `.png`.
    pub invite_url: String,
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
