//! Bodies of the REST interface under `/api/v1`, one file a thing.
//!
//! Input refuses unknown fields; output may grow. Ids are opaque strings, times are RFC 3339 in UTC, lists are
//! [`Items`]. [`Command`] is every wish to a conversation; the socket uses the same.

mod account;
mod agent;
mod audit;
mod bot;
mod bot_channel;
mod bulk;
mod capabilities;
mod channel;
mod command;
mod content;
mod conversation;
mod hours;
mod inbox;
mod mail_in;
mod mail_out;
mod mail_setup;
mod message;
mod people;
mod product;
mod raw;
mod reset;
mod sending;
mod session;
mod window;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use account::{
    AccountHealth, ConnectionTest, Finding, FindingCode, FindingWeight, Meter, Quota, SendTrouble, Trouble,
    WebhookEndpoint,
};
pub use agent::{Agent, AgentPatch, ChangePassword, NewAgent, NewPassword, Presence, Role};
pub use audit::{AuditActor, AuditChange, AuditEntry, AuditOutcome};
pub use bot::{
    Bot, BotAnswer, BotComplete, BotConversation, BotDelivery, BotDeliveryType, BotDone, BotHandover, BotHealth,
    BotLogLine, BotLogged, BotLost, BotMade, BotTest, BotTrouble, DeadLetter, DeadLetterWhy, PutBot, ReturnToBot,
    WindowBot,
};
pub use bot_channel::{
    BotChannelContact, BotChannelDelivery, BotChannelDeliveryType, BotChannelEvent, BotChannelFile, BotChannelHappened,
    BotChannelMessage,
};
pub use bulk::{AgentCounters, Bulk, BulkAct, BulkDone, BulkHandover, BulkItem, WindowCounters};
pub use capabilities::{
    ButtonsRule, Capabilities, CardRule, CardsRule, Features, Length, LocationRule, MediaRule, NativeRule,
    StickerPackage, Unit,
};
pub use channel::ChannelAvailability;
pub use command::{
    AcceptHandover, AddNote, Assign, Cancel, Claim, Command, CommandDone, Complete, DeclineHandover, DeleteNote,
    EditNote, EditNoteBody, Handover, Read, Release, SeatEpoch, Send, TakeBack, Takeover,
};
pub use content::{
    Action, Card, Degrees, Does, File, ImageSet, MediaLoss, Medium, NewCard, NewMedium, Upload, UploadKind,
};
pub use conversation::{Away, Channel, ContactPoint, ContactRef, Conversation, Offer, Seat, Status};
pub use hours::{
    AnswerKind, Answers, AskPreview, Banner, ChatEnd, ClosedPeriod, Holiday, HolidayCalendar, Holidays, Hours,
    Maintenance, NewClosedPeriod, Offline, OfflineShown, Opening, OpeningState, Preview, PreviewAnswer, SetMaintenance,
    Situation, TimeRange, Week,
};
pub use inbox::{
    BotChannelSettings, BotChannelSettingsPatch, BotMaker, ChannelSettings, Inbox, InboxPatch, LineSettings,
    LineSettingsPatch, LineWorksSettings, LineWorksSettingsPatch, MailSettings, MailSettingsPatch, NewBot,
    NewBotChannelSettings, NewInbox, NewLineSettings, NewLineWorksSettings, NewMailSettings, NewSettings, Secret,
    SendMode, SettingsPatch, TokenKind, WhenQuotaEmpty,
};
pub use mail_in::{Mail, MailAttachment, MailInvitation, MailMark, MailProof, WholeMail};
pub use mail_out::{Copy, CopyState, MailHead, MailParty, NewMail};
pub use mail_setup::{
    MailAddressSetup, MailChallenge, MailCheck, MailColumns, MailConfirmation, MailDomain, MailForwarding, MailRecord,
    MailRecordPurpose, MailRecordState, MailSetup, MailTest, NewMailDomain,
};
pub use message::{Content, Direction, Failure, Message, MessageState, NewContent};
pub use people::{
    AcceptInvitation, AgentWindows, Invitation, InvitationAccepted, InvitationCreated, InvitationSecret,
    InvitationShown, MembershipDone, MembershipOutcome, NewInvitation, OpenSession,
};
pub use product::{Product, ProductOwned, Products, ProductsPatch, Trial};
pub use raw::{RawBody, RawReason, Replayed};
pub use reset::{FormerContent, FormerWindow, Reset, ResetInbox, ResetItem, ResetPreview, ResetWhat};
pub use sending::{ChangeSending, Sending};
pub use session::{About, Login, Me, MyWindow, NewToken, Scope, Token, TokenCreated};
pub use window::{
    NewWindow, Picture, Window, WindowMember, WindowPatch, WindowPicture, WindowProduct, WindowSettings,
    WindowSettingsPatch,
};

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Items<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

/// What a webhook's caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookAccepted {
    /// Events recorded by this request.
    pub recorded: usize,
    /// Events that were recorded before.
    pub duplicates: usize,
}
