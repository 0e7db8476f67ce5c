//! One event of each type, every field filled; and one for each place where somebody's words may stand.

use super::*;
use crate::domain::conversation::{ClaimHow, Claimed, Event, HandoverEnd, Opened, Queued, Received};
use crate::domain::id::{AgentId, ContactPointId, InboxId, StreamId, WindowId};
use crate::domain::message::{Author, FailureReason, Route};
use crate::domain::org::{Agent, Inbox, InboxSettings, LineSettings, Role, SendMode, WindowEntry};
use crate::domain::seat::{Away, Offer, ReleaseCause};
use crate::domain::window::{RawAccepted, RawBody, RawEnd, RawReason, Settings};

/// Words that must be gone after redaction.
pub(super) const CANARY: &str = "カナリア-canary";

pub(super) fn record(events: Vec<Fact>) -> Record {
    Record { at: Timestamp(1_700_000_000_123), by: By::Engine, events }
}

fn canary() -> String {
    CANARY.to_owned()
}

fn id(name: &str) -> String {
    format!("id-{name}")
}

fn received(content: Content, reply_token: Option<String>, raw: Option<String>) -> Event {
    Event::Received(Received {
        number: 2,
        event_id: id("event"),
        external_id: Some(id("message")),
        content,
        sent_at: Timestamp(-5),
        received_at: Timestamp(1_700_000_000_000),
        reply_token,
        late: true,
        raw,
    })
}

fn other(kind: &str, summary: &str) -> Content {
    Content::Other { kind: kind.to_owned(), summary: summary.to_owned() }
}

fn queued(content: Content) -> Event {
    let client_id = id("client");
    Event::Queued(Queued {
        number: 3,
        author: Author::Agent(AgentId(21)),
        client_id,
        content,
        retry_key: u128::MAX - 1,
    })
}

fn offered(note: Option<String>) -> Event {
    Event::HandoverOffered(Offer { from: AgentId(21), to: AgentId(22), expires_at: Timestamp(9), note })
}

fn taken_over(reason: Option<String>) -> Event {
    let how = ClaimHow::TakenOver { from: Some(AgentId(22)), reason };
    Event::Claimed(Claimed { agent: AgentId(21), epoch: 300, how })
}

fn refused(detail: String) -> Event {
    Event::Failed { number: 3, reason: FailureReason::Refused { status: 400, detail } }
}

fn raw(body: RawBody) -> WindowEvent {
    let (inbox, received_at) = (InboxId(51), Timestamp(8));
    WindowEvent::RawAccepted(RawAccepted { raw: 77, inbox, received_at, why: RawReason::Unparsable, body })
}

fn seen(external_id: String) -> WindowEvent {
    WindowEvent::ContactPointSeen { contact_point: ContactPointId(61), inbox: InboxId(51), external_id }
}

fn of_conversation((name, event): (&'static str, Event)) -> (&'static str, Fact) {
    (name, Fact::Conversation(ConversationId(0x0102_0304_0506_0708), event))
}

/// One event for each place where somebody's words may stand. What names a thing, or is a setting, stays.
pub(super) fn content() -> Vec<(&'static str, Fact)> {
    let token = Route::Reply { token: canary() };
    let conversation = [
        ("text", received(Content::Text(canary()), None, None)),
        ("kind", received(other(CANARY, "s"), None, None)),
        ("summary", received(other("sticker", CANARY), None, None)),
        ("reply token", received(Content::Redacted, Some(canary()), None)),
        ("raw event", received(Content::Redacted, None, Some(canary()))),
        ("answer", queued(Content::Text(canary()))),
        ("other answer", queued(other("image", CANARY))),
        ("memo", Event::NoteAdded { number: 4, author: AgentId(21), text: canary(), client_id: id("client") }),
        ("rewritten memo", Event::NoteEdited { number: 4, text: canary() }),
        ("name", Event::NameSeen { name: canary() }),
        ("words for a colleague", offered(Some(canary()))),
        ("reason", taken_over(Some(canary()))),
        ("route", Event::SendStarted { number: 3, route: token }),
        ("failure", refused(canary())),
    ];
    let window = [("stored body", raw(RawBody::Inline(CANARY.as_bytes().to_vec()))), ("contact point", seen(canary()))];
    let window = window.map(|(name, event)| (name, Fact::Window(event)));
    conversation.map(of_conversation).into_iter().chain(window).collect()
}

/// One event of each type.
pub(super) fn all() -> Vec<(&'static str, Fact)> {
    let conversation = conversation().map(of_conversation).into_iter();
    let window = window().map(|(name, event)| (name, Fact::Window(event)));
    let org = org().map(|(name, event)| (name, Fact::Org(event)));
    conversation.chain(window).chain(org).collect()
}

fn conversation() -> [(&'static str, Event); 26] {
    let (agent, number) = (AgentId(21), 3);
    let opened = Opened {
        inbox: InboxId(51),
        contact_point: ContactPointId(61),
        external_id: id("customer"),
        thread: id("thread"),
    };
    let away = Away { since: Timestamp(1), claimable_at: Timestamp(2), expires_at: Timestamp(3) };
    [
        ("opened", Event::Opened(opened)),
        ("received", received(Content::Text("こんにちは 😀".to_owned()), Some(id("token")), Some("{}".to_owned()))),
        ("reopened", Event::Reopened),
        ("claimed", taken_over(Some("休憩".to_owned()))),
        ("released", Event::Released { agent, cause: ReleaseCause::LeftWindow }),
        ("completed", Event::Completed { by: Some(agent) }),
        ("handover-offered", offered(Some("頼みます".to_owned()))),
        ("handover-ended", Event::HandoverEnded { how: HandoverEnd::Overtaken }),
        ("assigned", Event::Assigned { assignee: Some(agent), by: None }),
        ("queued", queued(other("image", "a picture"))),
        ("send-started", Event::SendStarted { number, route: Route::Reply { token: id("token") } }),
        ("sent", Event::Sent { number, external_ids: vec![id("a"), id("b")], free: true }),
        ("failed", refused("no such user".to_owned())),
        ("unknown", Event::Unknown { number }),
        ("cancelled", Event::Cancelled { number, by: agent }),
        ("send-abandoned", Event::SendAbandoned { number: u32::MAX }),
        ("note-added", Event::NoteAdded { number: 4, author: agent, text: "覚え".to_owned(), client_id: id("client") }),
        ("note-edited", Event::NoteEdited { number: 4, text: "直し".to_owned() }),
        ("note-deleted", Event::NoteDeleted { number: 4 }),
        ("holder-away", Event::HolderAway(away)),
        ("holder-returned", Event::HolderReturned),
        ("seat-claimable", Event::SeatClaimable),
        ("unsent", Event::Unsent { external_id: id("message"), number: Some(2) }),
        ("name-seen", Event::NameSeen { name: "花子".to_owned() }),
        ("set-aside", Event::SetAside),
        ("taken-back", Event::TakenBack { by: agent }),
    ]
}

fn window() -> [(&'static str, WindowEvent); 7] {
    let agent = AgentId(21);
    let id = WindowId::new("sales01").unwrap();
    let settings = Settings {
        handover_timeout_ms: 1_000,
        seat_claimable_ms: 2_000,
        seat_expiry_ms: 3_000,
        auto_close_ms: 0,
        reply_budget_ms: 50_000,
    };
    [
        ("opened", WindowEvent::Opened { id, name: "営業".to_owned(), places: 30 }),
        ("agent-added", WindowEvent::AgentAdded { agent }),
        ("agent-removed", WindowEvent::AgentRemoved { agent }),
        ("settings-changed", WindowEvent::SettingsChanged(settings)),
        ("contact-point-seen", seen("U1".to_owned())),
        ("raw-accepted", raw(RawBody::File { sha256: [7; 32], len: 100_000 })),
        ("raw-settled", WindowEvent::RawSettled { raw: 77, how: RawEnd::Dismissed }),
    ]
}

fn org() -> [(&'static str, OrgEvent); 6] {
    let agent = AgentId(21);
    let window = WindowId::new("sales01").unwrap();
    let inbox = || {
        let line = LineSettings {
            channel_secret: "secret".to_owned(),
            channel_access_token: "token".to_owned(),
            mode: SendMode::Auto,
            api_base_url: "https://api.line.me".to_owned(),
            api_data_base_url: "https://api-data.line.me".to_owned(),
        };
        let (window, settings) = (WindowId::new("sales01").unwrap(), InboxSettings::Line(line));
        Inbox { id: InboxId(51), window, settings, changed_at: Timestamp(4) }
    };
    let person = Agent {
        id: agent,
        login: "aya".to_owned(),
        name: "彩".to_owned(),
        role: Role::Supervisor,
        password_hash: "$argon2id$".to_owned(),
        disabled: true,
        created_at: Timestamp(4),
    };
    let entry = WindowEntry {
        id: window,
        stream: StreamId(31),
        name: "営業".to_owned(),
        product: 100,
        created_at: Timestamp(4),
    };
    [
        ("agent-created", OrgEvent::AgentCreated(person)),
        ("password-changed", OrgEvent::PasswordChanged { agent, password_hash: "$argon2id$2".to_owned() }),
        ("agent-disabled", OrgEvent::AgentDisabled { agent, disabled: true }),
        ("window-created", OrgEvent::WindowCreated(entry)),
        ("inbox-created", OrgEvent::InboxCreated(inbox())),
        ("inbox-changed", OrgEvent::InboxChanged(inbox())),
    ]
}
