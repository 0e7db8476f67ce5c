//! Something inside fails, stands still or fills up, and the whole forgets, doubles or lies. The engine runs in this
//! process here, with a clock that is moved by hand and faults that are switched on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, Event, Status};
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId, WindowId};
use madoguchi_engine::domain::org::{self, Agent, Inbox, InboxSettings, LineSettings, Role, SendMode};
use madoguchi_engine::domain::record::{By, Fact};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::rows::{ListQuery, MessagesQuery, Place, Update};
use madoguchi_engine::{Clock, Failure, Handle};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::json;
use tokio::sync::mpsc;

pub(crate) const A: AgentId = AgentId(101);
const B: AgentId = AgentId(102);
pub(crate) const INBOX: InboxId = InboxId(7);

pub(crate) fn window() -> WindowId {
    WindowId::new("support").unwrap()
}

pub(crate) fn config(dir: &std::path::Path, clock: &Clock) -> Config {
    let mut config = Config::new(dir);
    config.clock = clock.clone();
    config.segment_bytes = 1 << 20;
    config.min_free_bytes = 1;
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

pub(crate) async fn furnished(config: Config) -> Handle {
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
        channel_access_token: "t".to_owned(),
        mode: SendMode::Auto,
        // Nobody listens there: answers wait.
        api_base_url: "http://127.0.0.1:9".to_owned(),
        api_data_base_url: "http://127.0.0.1:9".to_owned(),
    });
    let inbox = Inbox { id: INBOX, window: window(), settings, changed_at: Timestamp(0) };
    engine.org_command(by, org::Command::CreateInbox(inbox)).await.unwrap();
    engine
}

fn body(user: usize, event: usize) -> Bytes {
    let event = json!({
        "type": "message", "timestamp": 1_000 + event, "source": {"type": "user", "userId": format!("U{user:032}")},
        "webhookEventId": format!("E{user}-{event}"), "message": {"type": "text", "id": format!("{user}{event}"), "text": "やあ"},
    });
    Bytes::from(json!({"destination": "U", "events": [event]}).to_string())
}

pub(crate) async fn conversation(engine: &Handle, user: usize) -> ConversationId {
    let query =
        ListQuery { windows: vec![window()], q: Some(format!("u{user:032}")), limit: 1, ..ListQuery::default() };
    engine.conversations(query).await.unwrap().items[0].state.id
}

/// Everything told so far, and that it was told as 1, 2, 3….
fn told(updates: &mut mpsc::Receiver<Arc<Update>>, all: &mut Vec<Arc<Update>>) {
    while let Ok(update) = updates.try_recv() {
        if let Some(last) = all.last() {
            assert_eq!(update.position, last.position.next(), "a gap or a double");
        }
        all.push(update);
    }
}

#[actix_rt::test]
async fn actors_that_panic_after_the_commit_open_no_gap() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    let (reader, mut updates) = mpsc::channel(10_000);
    engine.attach(reader);
    for round in 0..5 {
        config.faults.panics_after_commit.store(60, Ordering::Release);
        let all = join_all((0..100).map(|user| engine.inbound(INBOX, body(user, round)))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        // Until the last of them has fallen; the next round finds them rebuilt.
        wait_until("the planned panics", PATIENCE, async || {
            (config.faults.panics_after_commit.load(Ordering::Acquire) == 0 || round > 0).then_some(())
        })
        .await;
        config.faults.panics_after_commit.store(0, Ordering::Release);
        clock.advance_ms(11 * 60_000);
    }
    let mut heard = Vec::new();
    told(&mut updates, &mut heard);
    for user in 0..100 {
        let id = conversation(&engine, user).await;
        let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 50 }).await.unwrap();
        assert_eq!(page.items.len(), 5, "customer {user}: each message once");
    }
    assert!(heard.len() >= 500);
    engine.stop().await;
}

#[actix_rt::test]
async fn a_conversation_that_keeps_failing_is_set_aside_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    for _ in 0..3 {
        config.faults.panics_before_decide.store(1, Ordering::Release);
        let _ = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await;
        config.faults.panics_before_decide.store(0, Ordering::Release);
    }
    wait_until("the conversation to be set aside", PATIENCE, async || {
        engine.conversation(id).await.unwrap().state.set_aside.then_some(())
    })
    .await;
    let taken = engine.inbound(INBOX, body(1, 1)).await.unwrap();
    assert!(taken.stored_whole, "{taken:?}");
    assert_eq!(engine.raw_bodies(&window()).await.unwrap().len(), 1);
    engine.inbound(INBOX, body(2, 0)).await.unwrap();
    conversation(&engine, 2).await;
    engine.stop().await;
}

#[actix_rt::test]
async fn a_nearly_full_disk_takes_no_new_work_and_lets_work_end() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(Config { min_free_bytes: 1_000, ..config.clone() }).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    config.faults.free_space.store(999, Ordering::Release);
    assert_eq!(engine.inbound(INBOX, body(1, 1)).await, Err(Failure::DiskFull));
    let refused = engine.command(By::Agent(B), id, Command::Claim { agent: B }).await;
    assert_eq!(refused.unwrap_err(), Failure::DiskFull);
    assert!(engine.conversation(id).await.is_ok(), "reading goes on");
    let done = engine.command(By::Agent(A), id, Command::Complete { agent: A, seat_epoch: seat }).await.unwrap();
    assert_eq!(done.row.state.status, Status::Done);
    config.faults.free_space.store(1_000, Ordering::Release);
    assert!(engine.inbound(INBOX, body(1, 1)).await.is_ok(), "by itself, when there is room");
    engine.stop().await;
}

#[actix_rt::test]
async fn a_read_after_a_write_shows_it_however_far_the_read_models_are() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    config.faults.hold_read_models.store(true, Ordering::Release);
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let note = Command::AddNote { agent: A, client_id: "n".to_owned(), text: "メモ".to_owned() };
    engine.command(By::Agent(A), id, note).await.unwrap();
    engine.command(By::Agent(A), id, Command::Complete { agent: A, seat_epoch: seat }).await.unwrap();
    let held = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await;
    assert_eq!(held.unwrap_err(), Failure::CatchingUp, "rather no answer than an old one");
    let faults = config.faults.clone();
    let release = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        faults.hold_read_models.store(false, Ordering::Release);
    };
    let read = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 });
    let (page, ()) = tokio::join!(read, release);
    assert_eq!(page.unwrap().items.len(), 2);
    let done = ListQuery { windows: vec![window()], status: Some(Status::Done), limit: 10, ..ListQuery::default() };
    assert_eq!(engine.conversations(done).await.unwrap().items.len(), 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn a_body_is_stored_whole_when_its_window_does_not_answer_and_interpreted_later() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let mut config = config(dir.path(), &clock);
    config.inbound_patience_ms = 50;
    let engine = furnished(config.clone()).await;
    config.faults.hold_windows.store(true, Ordering::Release);
    let taken = engine.inbound(INBOX, body(1, 0)).await.unwrap();
    assert!(taken.stored_whole);
    config.faults.hold_windows.store(false, Ordering::Release);
    wait_until("the body to be interpreted", PATIENCE, async || {
        engine.raw_bodies(&window()).await.unwrap().is_empty().then_some(())
    })
    .await;
    let id = conversation(&engine, 1).await;
    let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await.unwrap();
    assert_eq!(page.items.len(), 1, "once");
    engine.stop().await;
}

/// An offer and an absence pass their times while the process is down; each follows once, and not again.
#[actix_rt::test]
async fn a_deadline_that_passed_during_a_restart_fires_once() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let offer = Command::OfferHandover { agent: A, seat_epoch: seat, to: B, note: None };
    engine.command(By::Agent(A), id, offer).await.unwrap();
    engine.inbound(INBOX, body(2, 0)).await.unwrap();
    let unstarted = conversation(&engine, 2).await;
    engine.stop().await;
    drop(engine);
    clock.advance_ms(15 * 24 * 3_600_000);
    let engine = start(config.clone()).await;
    wait_until("both deadlines", PATIENCE, async || {
        let offered = engine.conversation(id).await.unwrap().state.seat.offer.is_some();
        let open = engine.conversation(unstarted).await.unwrap().state.status == Status::New;
        (!offered && !open).then_some(())
    })
    .await;
    engine.stop().await;
    drop(engine);
    let engine = start(config).await;
    let (stream, _) = engine.position(&window()).unwrap();
    let all = engine.catch_up(&window(), stream, madoguchi_engine::domain::id::Position(0)).await.unwrap();
    let madoguchi_engine::rows::CatchUp::Updates(all) = all else { panic!("few records") };
    let facts: Vec<Fact> = all.iter().flat_map(|update| update.record.events.clone()).collect();
    let ended = facts.iter().filter(|fact| matches!(fact, Fact::Conversation(_, Event::HandoverEnded { .. }))).count();
    let closed =
        facts.iter().filter(|fact| matches!(fact, Fact::Conversation(_, Event::Completed { by: None }))).count();
    assert_eq!((ended, closed), (1, 1));
    engine.stop().await;
}
