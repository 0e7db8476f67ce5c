//! When a window is open, and what it says by itself (PRODUCT H1–H5, V6, G9).
//!
//! Times of day are `HH:MM` in the window's own time zone, days `YYYY-MM-DD`. Every text has at most 500 characters as a
//! person counts them, and at most 4,096 bytes; empty means that nothing is said. In a text, `{name}` stands for the
//! customer's name (お客様 where it is not known), `{window}` for the window's, `{hours}` for the opening hours; at
//! most five of them in one text.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET` and `PUT /api/v1/windows/{window}/hours`: the whole of it each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// An IANA name; `Asia/Tokyo` in a new window.
    pub time_zone: String,
    /// The ranges of each weekday. A new window is open all the time.
    pub week: Week,
    /// What public holidays are: null where they are days like any other.
    #[serde(default)]
    pub holidays: Option<Holidays>,
    /// Whether the days of `auto_close_ms` are business days of the window: days with at least one range.
    #[serde(default = "yes")]
    pub auto_close_in_business_days: bool,
}

fn yes() -> bool {
    true
}

/// The ranges of each weekday; a day without any is closed all day. At most five a day, none over another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Week {
    /// 月曜日.
    #[serde(default)]
    pub monday: Vec<TimeRange>,
    /// 火曜日.
    #[serde(default)]
    pub tuesday: Vec<TimeRange>,
    /// 水曜日.
    #[serde(default)]
    pub wednesday: Vec<TimeRange>,
    /// 木曜日.
    #[serde(default)]
    pub thursday: Vec<TimeRange>,
    /// 金曜日.
    #[serde(default)]
    pub friday: Vec<TimeRange>,
    /// 土曜日.
    #[serde(default)]
    pub saturday: Vec<TimeRange>,
    /// 日曜日.
    #[serde(default)]
    pub sunday: Vec<TimeRange>,
}

/// Open from the one time to just before the other, within a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// `00:00` to `23:59`.
    pub from: String,
    /// `00:01` to `24:00`, after `from`.
    pub to: String,
}

/// What public holidays are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holidays {
    /// Whose.
    pub calendar: HolidayCalendar,
    /// The hours of a holiday, instead of its weekday's; closed all day without any.
    #[serde(default)]
    pub ranges: Vec<TimeRange>,
}

/// Whose public holidays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HolidayCalendar {
    /// 国民の祝日, with substitute and sandwiched holidays.
    Japan,
}

/// A public holiday: `GET /api/v1/holidays?year=`, 2020 to 2099.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holiday {
    /// The day.
    pub date: String,
    /// What it is called, in Japanese.
    pub name: String,
}

/// `POST /api/v1/windows/{window}/closed-periods`. At most 100 that are not over; none over another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosedPeriod {
    /// The first day: today in the window's time zone, or later.
    pub from: String,
    /// The last day, itself closed: not before `from`, at most 366 days in all, at most five years from today.
    pub to: String,
    /// What is answered instead of the absence message. Empty: the absence message.
    #[serde(default)]
    pub text: String,
}

/// Days on which a window is closed (休業日).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosedPeriod {
    /// Its id.
    pub id: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// What is answered instead of the absence message.
    pub text: String,
}

/// `GET` and `PUT /api/v1/windows/{window}/answers`: what a window says by itself; the whole of it each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Once to who adds the window as a friend. Never by mail.
    #[serde(default)]
    pub greeting: String,
    /// To who writes while the window is closed; once in a conversation until it has opened again.
    #[serde(default)]
    pub absence: String,
    /// For who comes while nobody can answer.
    #[serde(default)]
    pub offline: Offline,
    /// How a chat ends.
    #[serde(default)]
    pub end: ChatEnd,
}

/// For who comes while nobody can answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    /// What it says. Write `{hours}` where the opening hours are to stand.
    #[serde(default)]
    pub text: String,
    /// How it is shown.
    #[serde(default)]
    pub shown: OfflineShown,
    /// Also while the window is open and every agent of it is offline; else outside the hours only.
    #[serde(default)]
    pub when_nobody_is_here: bool,
}

impl Default for Offline {
    fn default() -> Self {
        Self { text: String::new(), shown: OfflineShown::Message, when_nobody_is_here: false }
    }
}

/// How the notice is shown to who comes while nobody can answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfflineShown {
    /// As an answer to their message, on every channel, once in a case. Outside the hours only where there is no absence message.
    #[default]
    Message,
    /// As a line at the top of the page, where the channel has a page.
    Bar,
    /// As a card in the page.
    Card,
    /// As a balloon beside the chat's button.
    Balloon,
}

/// How a chat ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatEnd {
    /// Said each time that a chat ends by an agent, by silence or by the customer. Not where an untouched conversation closes by itself.
    #[serde(default)]
    pub notice: String,
    /// A chat whose last word was an agent's ends when its customer is silent for so long: 60,000 (a minute) to
    /// 2,592,000,000 (30 days); 0 for never. Only while the window is open: what falls due outside ends at the next opening.
    #[serde(default)]
    pub after_silence_ms: i64,
    /// A customer who writes exactly one of these ends the chat: at most five, of 1 to 20 characters.
    #[serde(default)]
    pub words: Vec<String>,
}

/// `PUT /api/v1/windows/{window}/maintenance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMaintenance {
    /// The switch.
    pub on: bool,
    /// What is answered while it is on, whatever the hours; null keeps the text as it was.
    #[serde(default)]
    pub text: Option<String>,
}

/// Whether a window is under maintenance. `GET /api/v1/windows/{window}/maintenance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Maintenance {
    /// The switch.
    pub on: bool,
    /// What is answered while it is on.
    pub text: String,
    /// Since when it is on.
    pub since: Option<String>,
}

/// Whether a window is open now, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opening {
    /// How it stands.
    pub state: OpeningState,
    /// When that changes by itself; null for not within two years, or not before the switch of maintenance is turned.
    pub next_change_at: Option<String>,
    /// When it opens next; null while it is open, and where that is not known.
    pub opens_at: Option<String>,
    /// The closed period that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_period: Option<String>,
    /// The public holiday that it keeps today, where it keeps holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<String>,
}

/// How a window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpeningState {
    /// Within its hours.
    Open,
    /// Outside its hours.
    Closed,
    /// In a closed period (休業日).
    ClosedPeriod,
    /// The switch of maintenance is on.
    Maintenance,
}

/// `POST /api/v1/windows/{window}/preview`: what a customer sees at this date and time. Nothing is sent or recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskPreview {
    /// A date and time with offset (RFC 3339), or without one (`2026-12-31T18:00`) in the window's time zone; now where null.
    #[serde(default)]
    pub at: Option<String>,
    /// What the customer does.
    pub situation: Situation,
    /// Whether an agent is there; null for as it is now.
    #[serde(default)]
    pub anybody_here: Option<bool>,
    /// What the customer is called.
    #[serde(default)]
    pub name: Option<String>,
    /// Hours that are not saved yet.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Answers that are not saved yet.
    #[serde(default)]
    pub answers: Option<Answers>,
    /// A switch that is not turned yet.
    #[serde(default)]
    pub maintenance: Option<SetMaintenance>,
}

/// What a customer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// Adds the window as a friend.
    FriendAdd,
    /// Writes for the first time.
    Message,
    /// Opens a page with the chat on it, and says nothing.
    Visit,
    /// Is told that the chat has ended.
    End,
}

/// What a customer would see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// At this moment.
    pub at: String,
    /// How the window stands then.
    pub opening: Opening,
    /// What they are answered; null for nothing.
    pub answer: Option<PreviewAnswer>,
    /// What stands on the page, on channels that have one; null for nothing.
    pub banner: Option<Banner>,
}

/// An automatic answer as the customer reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewAnswer {
    /// Which one.
    pub kind: AnswerKind,
    /// Its words.
    pub text: String,
}

/// Which of its automatic answers a window gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// To a new friend.
    Greeting,
    /// Outside the hours.
    Absence,
    /// In a closed period.
    ClosedPeriod,
    /// Under maintenance.
    Maintenance,
    /// Nobody can answer.
    Offline,
    /// The chat has ended.
    End,
}

/// What stands on a page while nobody can answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Banner {
    /// How it is shown; never `message`.
    pub shown: OfflineShown,
    /// Its words.
    pub text: String,
    /// The opening hours, a line each.
    pub hours: Vec<String>,
}
