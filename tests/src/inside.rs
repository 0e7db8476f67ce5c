//! An engine in the test's own process, where a test moves the clock by hand and switches faults on.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId, Position, WindowId};
use madoguchi_engine::domain::org::{self, Access, Agent, Inbox, InboxSettings, LineSettings, Role, SendMode};
use madoguchi_engine::domain::record::{By, Fact};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::rows::{CatchUp, ListQuery};
use madoguchi_engine::{Clock, Handle};
use serde_json::{Value, json};

use crate::world::{PATIENCE, wait_until};

/// An agent of the window.
pub const A: AgentId = AgentId(101);
/// Another one.
pub const B: AgentId = AgentId(102);
/// The window's account.
pub const INBOX: InboxId = InboxId(7);

/// A platform where nobody listens.
pub const NOBODY: &str = "http://127.0.0.1:9";

/// The window.
///
/// # Panics
/// Never: the name is a good one.
#[must_use]
pub fn window() -> WindowId {
    WindowId::new("support").expect("a good name")
}

/// The settings of an engine in `dir`, with a clock that is moved by hand.
#[must_use]
pub fn config(dir: &Path, clock: &Clock) -> Config {
    let mut config = Config::new(dir);
    config.bot_bodies = Some(madoguchi_web::convert::bot::bodies());
    config.clock = clock.clone();
    config.secrets_key_file = dir.join("secrets.keys");
    config.segment_bytes = 1 << 20;
    config.min_free_bytes = 1;
    // Nobody sits at a socket here, and nobody is to be judged for it but where a test says so.
    config.presence_grace_ms = i64::MAX / 4;
    config
}

/// Starts an engine, when the one before it on the same folder has let go.
///
/// # Panics
/// It does not start.
pub async fn start(config: Config) -> Handle {
    wait_until("the store to be free", PATIENCE, async || {
        Handle::start(config.clone(), Arc::new(madoguchi_web::socket::encode_update)).await.ok()
    })
    .await
}

/// Starts an engine in an empty folder: two agents, a window, an account whose platform does not answer.
///
/// # Panics
/// Something of it is refused.
pub async fn furnished(config: Config) -> Handle {
    // Nobody listens there: answers wait.
    furnished_for(config, NOBODY, "t").await
}

/// As [`furnished`], with an account at this platform.
///
/// # Panics
/// Something of it is refused.
pub async fn furnished_for(config: Config, api_url: &str, access_token: &str) -> Handle {
    let settings = InboxSettings::Line(LineSettings {
        api_base_url: api_url.to_owned(),
        api_data_base_url: api_url.to_owned(),
        ..LineSettings::new("s".into(), Access::LongLived { token: access_token.into() }, SendMode::Auto)
    });
    furnished_with(config, settings).await
}

/// As [`furnished`], with an account of any channel.
///
/// # Panics
/// Something of it is refused.
pub async fn furnished_with(config: Config, settings: InboxSettings) -> Handle {
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
            icon_url: None,
        };
        engine.org_command(by, org::Command::CreateAgent(agent)).await.expect("a new agent");
    }
    engine.create_window(by, window(), "サポート".to_owned(), 5).await.expect("a new window");
    for agent in [A, B] {
        engine.window_command(by, &window(), window::Command::AddAgent { agent }).await.expect("a place");
    }
    let inbox = Inbox { id: INBOX, window: window(), settings, changed_at: Timestamp(0) };
    engine.org_command(by, org::Command::CreateInbox(inbox)).await.expect("a new account");
    engine
}

/// A webhook: the `event`th message of a customer.
#[must_use]
pub fn body(user: usize, event: usize) -> Bytes {
    said(user, event, "やあ")
}

/// The same with these words.
#[must_use]
pub fn said(user: usize, event: usize, text: &str) -> Bytes {
    Bytes::from(json!({"destination": "U", "events": [message(user, event, text)]}).to_string())
}

/// A webhook with so many messages of a customer at once.
#[must_use]
pub fn burst(user: usize, count: usize, text: &str) -> Bytes {
    let events: Vec<Value> = (0..count).map(|event| message(user, event, text)).collect();
    Bytes::from(json!({"destination": "U", "events": events}).to_string())
}

fn message(user: usize, event: usize, text: &str) -> Value {
    json!({
        "type": "message", "timestamp": 1_000 + event, "source": {"type": "user", "userId": format!("U{user:032}")},
        "webhookEventId": format!("E{user}-{event}"),
        "message": {"type": "text", "id": format!("{user}{event}"), "text": text},
    })
}

/// The conversation with a customer.
///
/// # Panics
/// There is none.
pub async fn conversation(engine: &Handle, user: usize) -> ConversationId {
    conversation_of(engine, &format!("U{user:032}")).await
}

/// The conversation with whom the platform calls so.
///
/// # Panics
/// There is none.
pub async fn conversation_of(engine: &Handle, external_id: &str) -> ConversationId {
    find_conversation(engine, external_id).await.expect("they have written")
}

/// The same; `None` while there is none.
pub async fn find_conversation(engine: &Handle, external_id: &str) -> Option<ConversationId> {
    let q = Some(external_id.to_lowercase());
    let query = ListQuery { windows: vec![window()], q, limit: 1, ..ListQuery::default() };
    engine.conversations(query).await.ok()?.items.first().map(|row| row.state.id)
}

/// Every fact of the window's journal.
///
/// # Panics
/// There are more than is given to a reader at a time.
pub async fn facts(engine: &Handle) -> Vec<Fact> {
    let (stream, _) = engine.position(&window()).expect("the window is there");
    let all = engine.catch_up(&window(), stream, Position(0)).await.expect("a readable journal");
    let CatchUp::Updates(all) = all else { panic!("more than is given at a time") };
    all.iter().flat_map(|update| update.record.events.clone()).collect()
}

/// Moves a manual clock along with the time of the world while it is held: for what must wait, and not for how long.
#[derive(Debug)]
pub struct Passing(tokio::task::JoinHandle<()>);

/// Lets time pass until the answer is dropped.
#[must_use]
pub fn let_time_pass(clock: &Clock) -> Passing {
    const STEP_MS: u64 = 5;
    let clock = clock.clone();
    Passing(actix_rt::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(STEP_MS)).await;
            clock.advance_ms(STEP_MS.cast_signed());
        }
    }))
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.0.abort();
    }
}
