//! An engine in the test's own process, with a clock that is moved by hand and faults that are switched on.

use std::sync::Arc;

use bytes::Bytes;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::Status;
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId, WindowId};
use madoguchi_engine::domain::org::{self, Agent, Inbox, InboxSettings, LineSettings, Role, SendMode};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::rows::ListQuery;
use madoguchi_engine::{Clock, Handle};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::json;

pub(crate) const A: AgentId = AgentId(101);
pub(crate) const B: AgentId = AgentId(102);
pub(crate) const INBOX: InboxId = InboxId(7);

pub(crate) fn window() -> WindowId {
    WindowId::new("support").unwrap()
}

pub(crate) fn config(dir: &std::path::Path, clock: &Clock) -> Config {
    let mut config = Config::new(dir);
    config.clock = clock.clone();
    config.segment_bytes = 1 << 20;
    config.min_free_bytes = 1;
    // A machine that is busy with other tests is no reason to store bodies whole.
    config.inbound_patience_ms = 30_000;
    // Nobody sits at a socket here, and nobody is to be judged for it but where a test says so.
    config.presence_grace_ms = i64::MAX / 4;
    config
}

pub(crate) async fn start(config: Config) -> Handle {
    wait_until("the store to be free", PATIENCE, async || {
        Handle::start(config.clone(), Arc::new(madoguchi_web::socket::encode_update)).await.ok()
    })
    .await
}

/// An engine with a window, two agents and an account whose platform does not listen: answers wait.
pub(crate) async fn furnished(config: Config) -> Handle {
    furnished_for(config, "http://127.0.0.1:9", "t").await
}

/// The same with a platform.
pub(crate) async fn furnished_for(config: Config, api_url: &str, token: &str) -> Handle {
    let engine = start(config).await;
    let by = By::Operator;
    for (id, login) in [(A, "a"), (B, "b")] {
        let agent = Agent {
            id,
            login: login.to_owned(),
            name: login.to_owned(),
            role: Role::Agent,
            password_hash: String::new(),
            disabled: false,
            created_at: Timestamp(0),
        };
        engine.org_command(by, org::Command::CreateAgent(agent)).await.unwrap();
    }
    engine.create_window(by, window(), "サポート".to_owned(), 5).await.unwrap();
    for agent in [A, B] {
        engine.window_command(by, &window(), window::Command::AddAgent { agent }).await.unwrap();
    }
    let settings = InboxSettings::Line(LineSettings {
        channel_secret: "s".to_owned(),
        channel_access_token: token.to_owned(),
        mode: SendMode::Auto,
        api_base_url: api_url.to_owned(),
        api_data_base_url: api_url.to_owned(),
    });
    let inbox = Inbox { id: INBOX, window: window(), settings, changed_at: Timestamp(0) };
    engine.org_command(by, org::Command::CreateInbox(inbox)).await.unwrap();
    engine
}

pub(crate) fn body(user: usize, event: usize) -> Bytes {
    let event = json!({
        "type": "message", "timestamp": 1_000 + event, "source": {"type": "user", "userId": format!("U{user:032}")},
        "webhookEventId": format!("E{user}-{event}"), "message": {"type": "text", "id": format!("{user}{event}"), "text": "やあ"},
    });
    Bytes::from(json!({"destination": "U", "events": [event]}).to_string())
}

pub(crate) async fn conversation(engine: &Handle, user: usize) -> ConversationId {
    conversation_of(engine, &format!("u{user:032}")).await
}

/// The conversation with somebody whom the platform calls so.
pub(crate) async fn conversation_of(engine: &Handle, external_id: &str) -> ConversationId {
    let query =
        ListQuery { windows: vec![window()], q: Some(external_id.to_owned()), limit: 1, ..ListQuery::default() };
    engine.conversations(query).await.unwrap().items[0].state.id
}

/// What asks for the done ones.
pub(crate) fn done_list() -> ListQuery {
    ListQuery { windows: vec![window()], status: Some(Status::Done), limit: 10, ..ListQuery::default() }
}
