//! Shapes that former releases wrote, each with the way from there to today's.
//!
//! When a shape changes: raise its version in `facts`, keep the former fields here as a tuple or a type of their own,
//! and add a line to [`OLD`] that reads them and makes today's event. The golden file of the former version stays.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{CodecError, read_whole};
use crate::domain::content::{Action, Dress, SenderName};
use crate::domain::conversation::{Event as Talk, Opened, Queued, Received};
use crate::domain::id::{AgentId, ConversationId, FileId, InboxId, WindowId};
use crate::domain::message::{Author, Content, Route};
use crate::domain::org::{
    Access, ChannelKind, Event as Org, Inbox, InboxSettings, LineSettings, Role, SendMode, WhenQuotaEmpty,
};
use crate::domain::record::Fact;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::window::Event as Window;

/// How one former shape is read.
#[derive(Debug)]
pub(super) struct Old {
    /// The type's number.
    pub(super) number: u16,
    /// The version that the shape had.
    pub(super) version: u16,
    /// From its bytes to today's fact.
    pub(super) read: fn(Option<ConversationId>, &[u8]) -> Result<Fact, CodecError>,
}

/// Every former shape.
pub(super) const OLD: &[Old] = &[
    Old { number: 6, version: 1, read: |_, body| read_whole(body).map(Window::RawAccepted).map(Fact::Window) },
    Old { number: 100, version: 1, read: opened_v1 },
    Old { number: 101, version: 1, read: received_v1 },
    // Before mail, which only added kinds of content, of reasons and of accounts.
    Old { number: 101, version: 2, read: |of, body| talk(of, Talk::Received(read_whole(body)?)) },
    Old { number: 109, version: 1, read: queued_v1 },
    Old { number: 109, version: 2, read: queued_v2 },
    Old { number: 109, version: 3, read: |of, body| talk(of, Talk::Queued(read_whole(body)?)) },
    Old { number: 110, version: 1, read: send_started_v1 },
    Old { number: 110, version: 2, read: send_started_v2 },
    Old { number: 204, version: 1, read: |_, body| inbox_v1(body).map(Org::InboxCreated).map(Fact::Org) },
    Old { number: 204, version: 2, read: |_, body| inbox_v2(body).map(Org::InboxCreated).map(Fact::Org) },
    // Before there were accounts of other channels than LINE, before mail, and before bot channels: the same shape, with fewer kinds.
    Old { number: 204, version: 3, read: |_, body| read_whole(body).map(Org::InboxCreated).map(Fact::Org) },
    Old { number: 204, version: 4, read: |_, body| read_whole(body).map(Org::InboxCreated).map(Fact::Org) },
    Old { number: 204, version: 5, read: |_, body| read_whole(body).map(Org::InboxCreated).map(Fact::Org) },
    Old { number: 205, version: 1, read: |_, body| inbox_v1(body).map(Org::InboxChanged).map(Fact::Org) },
    Old { number: 205, version: 2, read: |_, body| inbox_v2(body).map(Org::InboxChanged).map(Fact::Org) },
    Old { number: 205, version: 3, read: |_, body| read_whole(body).map(Org::InboxChanged).map(Fact::Org) },
    Old { number: 205, version: 4, read: |_, body| read_whole(body).map(Org::InboxChanged).map(Fact::Org) },
    Old { number: 205, version: 5, read: |_, body| read_whole(body).map(Org::InboxChanged).map(Fact::Org) },
    Old { number: 206, version: 1, read: agent_changed_v1 },
];

fn talk(conversation: Option<ConversationId>, event: Talk) -> Result<Fact, CodecError> {
    let id = conversation.ok_or_else(|| CodecError::damaged("the owner of a fact"))?;
    Ok(Fact::Conversation(id, event))
}

/// Before there was another channel than LINE.
fn opened_v1(conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let (inbox, contact_point, external_id, thread) = read_whole(body)?;
    talk(conversation, Talk::Opened(Opened { channel: ChannelKind::Line, inbox, contact_point, external_id, thread }))
}

/// Before messages could be told to the platform as read.
#[derive(Deserialize)]
struct ReceivedV1 {
    number: u32,
    event_id: String,
    external_id: Option<String>,
    content: Content,
    sent_at: Timestamp,
    received_at: Timestamp,
    reply_token: Option<String>,
    late: bool,
    raw: Option<String>,
}

fn received_v1(conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let old: ReceivedV1 = read_whole(body)?;
    let received = Received {
        number: old.number,
        event_id: old.event_id,
        external_id: old.external_id,
        content: old.content,
        sent_at: old.sent_at,
        received_at: old.received_at,
        reply_token: old.reply_token,
        late: old.late,
        raw: old.raw,
        read_token: None,
    };
    talk(conversation, Talk::Received(received))
}

/// Before answers had buttons and sender names.
#[derive(Deserialize)]
struct QueuedV1 {
    number: u32,
    author: Author,
    client_id: String,
    content: Content,
    retry_key: u128,
}

fn queued_v1(conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let QueuedV1 { number, author, client_id, content, retry_key } = read_whole(body)?;
    let queued = Queued { number, author, client_id, content, retry_key, dress: Dress::default() };
    talk(conversation, Talk::Queued(queued))
}

/// Before a sender's picture was an address. There was room for a file, which was never used.
#[derive(Deserialize)]
struct QueuedV2 {
    number: u32,
    author: Author,
    client_id: String,
    content: Content,
    retry_key: u128,
    dress: DressV2,
}

#[derive(Deserialize)]
struct DressV2 {
    quick_replies: Vec<Action>,
    sender: Option<(String, Option<FileId>)>,
}

fn queued_v2(conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let QueuedV2 { number, author, client_id, content, retry_key, dress } = read_whole(body)?;
    let sender = dress.sender.map(|(name, _)| SenderName { name, icon_url: None });
    let dress = Dress { quick_replies: dress.quick_replies, sender };
    talk(conversation, Talk::Queued(Queued { number, author, client_id, content, retry_key, dress }))
}

/// Before people had pictures.
fn agent_changed_v1(_: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let (agent, name, role): (AgentId, String, Role) = read_whole(body)?;
    Ok(Fact::Org(Org::AgentChanged { agent, name, role, icon_url: None }))
}

/// Before several answers could go in one call.
fn send_started_v1(conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let (number, route): (u32, Route) = read_whole(body)?;
    talk(conversation, Talk::SendStarted { number, route, lead: number, joined: false })
}

/// Before a send that the platform does not recognise again was a way of its own.
fn send_started_v2(conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    let (number, route, lead, joined) = read_whole(body)?;
    talk(conversation, Talk::SendStarted { number, route, lead, joined })
}

/// Before an empty quota was a setting.
#[derive(Deserialize)]
struct LineSettingsV1 {
    channel_secret: String,
    channel_access_token: String,
    mode: SendMode,
    api_base_url: String,
    api_data_base_url: String,
}

/// Before secrets were sealed, and tokens could be asked for.
#[derive(Deserialize)]
struct LineSettingsV2 {
    channel_secret: String,
    channel_access_token: String,
    mode: SendMode,
    when_quota_empty: WhenQuotaEmpty,
    api_base_url: String,
    api_data_base_url: String,
}

impl From<LineSettingsV1> for LineSettingsV2 {
    fn from(old: LineSettingsV1) -> Self {
        Self {
            channel_secret: old.channel_secret,
            channel_access_token: old.channel_access_token,
            mode: old.mode,
            when_quota_empty: WhenQuotaEmpty::default(),
            api_base_url: old.api_base_url,
            api_data_base_url: old.api_data_base_url,
        }
    }
}

/// An account whose settings have a former shape.
#[derive(Deserialize)]
struct InboxOf<Line> {
    id: InboxId,
    window: WindowId,
    settings: SettingsOf<Line>,
    changed_at: Timestamp,
}

#[derive(Deserialize)]
enum SettingsOf<Line> {
    Line(Line),
}

fn inbox_v1(body: &[u8]) -> Result<Inbox, CodecError> {
    inbox_of::<LineSettingsV1>(body)
}

fn inbox_v2(body: &[u8]) -> Result<Inbox, CodecError> {
    inbox_of::<LineSettingsV2>(body)
}

fn inbox_of<Line: DeserializeOwned + Into<LineSettingsV2>>(body: &[u8]) -> Result<Inbox, CodecError> {
    let InboxOf { id, window, settings: SettingsOf::Line(line), changed_at } = read_whole::<InboxOf<Line>>(body)?;
    let line: LineSettingsV2 = line.into();
    let access = Access::LongLived { token: Secret::Plain(line.channel_access_token) };
    let settings = InboxSettings::Line(LineSettings {
        when_quota_empty: line.when_quota_empty,
        api_base_url: line.api_base_url,
        api_data_base_url: line.api_data_base_url,
        ..LineSettings::new(Secret::Plain(line.channel_secret), access, line.mode)
    });
    Ok(Inbox { id, window, settings, changed_at })
}
