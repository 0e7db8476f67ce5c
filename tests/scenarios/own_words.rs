//! What a window says by itself is said twice, forgotten, said at the wrong time, or to the wrong event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, DeadlineKind, EndHow, Event, SendOutcome, Status};
use madoguchi_engine::domain::hours::{Answers, Automatic, ChatEnd, ClosedPeriod, Day, Hours, PeriodId, Range, Zone};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::record::{By, Fact};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::Command as Wish;
use madoguchi_engine::{Clock, Handle};
use madoguchi_loadtest::double::{Endpoint, Event as Webhook, Fault, Redelivery, Times, Via};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::inside::{A, INBOX, body, config, conversation, facts, furnished, start, window};
use madoguchi_tests::world::{PATIENCE, Port, wait_until};
use rand::Rng;
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Monday 2026-11-16, nine o'clock in Tokyo.
const MONDAY_9: Timestamp = Timestamp(1_794_787_200_000);

/// Rounds; `make faults` asks for a thousand.
fn rounds() -> u64 {
    std::env::var("MADOGUCHI_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

fn office() -> Hours {
    let day = vec![Range { from: 540, to: 1_080 }];
    let week = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
    Hours { zone: Zone::tokyo(), week, ..Hours::default() }
}

fn texts(after_silence_ms: i64) -> Answers {
    Answers {
        greeting: "ようこそ".to_owned(),
        absence: "時間外です".to_owned(),
        end: ChatEnd { notice: "終了しました".to_owned(), after_silence_ms, words: Vec::new() },
        ..Answers::default()
    }
}

async fn wish(engine: &Handle, command: Wish) {
    engine.window_command(By::Operator, &window(), command).await.unwrap();
}

/// A chat whose last word was an agent's and has gone out.
async fn answered(engine: &Handle, user: usize) -> ConversationId {
    engine.inbound(INBOX, body(user, 0)).await.unwrap();
    let id = conversation(engine, user).await;
    let seat_epoch = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let content = Content::Text("ご用件は".to_owned());
    let (client_id, dress) = ("c".to_owned(), Default::default());
    let send = Command::Send { agent: A, seat_epoch, client_id, content, dress, retry_key: 7 };
    engine.command(By::Agent(A), id, send).await.unwrap();
    all_sent(engine, id).await;
    id
}

/// The platform has taken everything that waits; sending is held, so that nobody else says so.
async fn all_sent(engine: &Handle, id: ConversationId) {
    use madoguchi_engine::domain::conversation::Plan;
    use madoguchi_engine::domain::org::SendMode;
    while let Some(first) = engine.conversation(id).await.unwrap().state.outbox.front().cloned() {
        let lead = first.number;
        engine.command(By::Engine, id, Command::BeginSend(Plan::alone(lead, SendMode::Push))).await.unwrap();
        let outcome = SendOutcome::Sent { external_ids: Vec::new(), free: false };
        engine.command(By::Engine, id, Command::FinishSend { lead, outcome }).await.unwrap();
    }
}

async fn opened(dir: &std::path::Path, at: Timestamp) -> (Config, Handle) {
    let config = Config { hold_sending: true, ..config(dir, &Clock::manual(at)) };
    let engine = furnished(config.clone()).await;
    wish(&engine, Wish::ChangeHours(office())).await;
    wish(&engine, Wish::ChangeAnswers(texts(HOUR_MS))).await;
    (config, engine)
}

/// Down for a time, and up again.
async fn outage(engine: Handle, config: &Config, ms: i64) -> Handle {
    engine.stop().await;
    drop(engine);
    config.clock.advance_ms(ms);
    start(config.clone()).await
}

async fn done(engine: &Handle, id: ConversationId) {
    wait_until("the chat to end", PATIENCE, async || {
        (engine.conversation(id).await.unwrap().state.status == Status::Done).then_some(())
    })
    .await;
}

/// How often something follows in the journal.
async fn count(engine: &Handle, is_it: impl Fn(&Event) -> bool) -> usize {
    let facts = facts(engine).await;
    facts.iter().filter(|fact| matches!(fact, Fact::Conversation(_, event) if is_it(event))).count()
}

fn says(event: &Event, wanted: Automatic) -> bool {
    matches!(event, Event::AutoQueued(queued) if queued.what == wanted)
}

/// A decision about another conversation comes after whatever the engine had to do meanwhile.
async fn something_else(engine: &Handle, config: &Config) {
    engine.inbound(INBOX, body(900, usize::try_from(config.clock.now().0).unwrap())).await.unwrap();
}

#[actix_rt::test]
async fn a_silence_that_ran_out_during_an_outage_ends_the_chat_once_and_at_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (config, mut engine) = opened(dir.path(), MONDAY_9).await;
    let id = answered(&engine, 1).await;
    // Up again at eleven in the night: due for hours, and nobody is there.
    engine = outage(engine, &config, 14 * HOUR_MS).await;
    something_else(&engine, &config).await;
    assert_eq!(engine.conversation(id).await.unwrap().state.status, Status::InProgress);
    config.clock.advance_ms(10 * HOUR_MS - 1);
    something_else(&engine, &config).await;
    assert_eq!(engine.conversation(id).await.unwrap().state.status, Status::InProgress);
    engine = outage(engine, &config, 1).await;
    done(&engine, id).await;
    for _ in 0..2 {
        engine = outage(engine, &config, HOUR_MS).await;
        something_else(&engine, &config).await;
    }
    let ended = |event: &Event| matches!(event, Event::Ended { how: EndHow::Silence });
    let counts = (count(&engine, ended).await, count(&engine, |event| says(event, Automatic::End)).await);
    assert_eq!(counts, (1, 1));
    engine.stop().await;
}

/// Each change moves what already waits, without a start and without anybody touching the chat.
#[actix_rt::test]
async fn settings_that_change_move_deadlines_that_run() {
    let dir = tempfile::tempdir().unwrap();
    let (config, engine) = opened(dir.path(), MONDAY_9).await;
    let (first, second, third) = (answered(&engine, 1).await, answered(&engine, 2).await, answered(&engine, 3).await);
    config.clock.advance_ms(10 * MINUTE_MS);
    something_else(&engine, &config).await;
    assert_eq!(engine.conversation(first).await.unwrap().state.status, Status::InProgress);
    wish(&engine, Wish::ChangeAnswers(texts(5 * MINUTE_MS))).await;
    for id in [first, second, third] {
        done(&engine, id).await;
    }
    // Closed by the switch: what falls due waits for it, and goes when it is turned back.
    let fourth = answered(&engine, 4).await;
    let now = config.clock.now();
    wish(&engine, Wish::SwitchMaintenance { on: true, text: None, now }).await;
    config.clock.advance_ms(HOUR_MS);
    something_else(&engine, &config).await;
    assert_eq!(engine.conversation(fourth).await.unwrap().state.status, Status::InProgress);
    wish(&engine, Wish::SwitchMaintenance { on: false, text: None, now }).await;
    done(&engine, fourth).await;
    // By a closed period and back.
    let fifth = answered(&engine, 5).await;
    let today = Day::of(2026, 11, 16).unwrap();
    let period = ClosedPeriod { id: PeriodId(1), from: today, to: today, text: String::new() };
    wish(&engine, Wish::AddClosedPeriod { period, now: config.clock.now() }).await;
    config.clock.advance_ms(HOUR_MS);
    something_else(&engine, &config).await;
    assert_eq!(engine.conversation(fifth).await.unwrap().state.status, Status::InProgress);
    wish(&engine, Wish::RemoveClosedPeriod { id: PeriodId(1) }).await;
    done(&engine, fifth).await;
    // And what nobody started, by counting days otherwise.
    engine.inbound(INBOX, body(6, 0)).await.unwrap();
    let sixth = conversation(&engine, 6).await;
    config.clock.advance_ms(15 * 24 * HOUR_MS);
    something_else(&engine, &config).await;
    assert_eq!(engine.conversation(sixth).await.unwrap().state.status, Status::New, "14 business days are more");
    wish(&engine, Wish::ChangeHours(Hours { close_in_business_days: false, ..office() })).await;
    done(&engine, sixth).await;
    let kinds = engine.conversation(sixth).await.unwrap().state;
    let window = engine.window(&window()).unwrap();
    assert!(kinds.deadlines(&window, config.clock.now()).iter().all(|(_, kind)| *kind != DeadlineKind::AutoClose));
    engine.stop().await;
}

/// The whole way over the platform: each goes free, on the token of its own cause.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_and_an_absence_take_the_free_answer_of_their_cause_and_redelivered_events_cause_nothing() {
    let house = closed_house(&[]).await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    let followed = house.double.deliver(&house.channel, vec![Webhook::follow(&user, false)]).await.unwrap();
    assert!(followed.acknowledged());
    let conversation = house.conversation_of(&user).await;
    house.settled(&conversation).await;
    let said = house.double.say(&user, "もしもし").await.unwrap();
    assert!(said.acknowledged());
    house.settled(&conversation).await;
    // Again as LINE redelivers, again as the network doubles, and once more a friend.
    let events: Vec<String> = followed.events.iter().filter_map(|event| event.event_id.clone()).collect();
    for _ in 0..2 {
        assert!(house.double.redeliver_events(&house.channel, &events).await.unwrap().acknowledged());
        assert!(house.double.duplicate(&house.channel, &events).await.unwrap().acknowledged());
    }
    for event in [Webhook::unfollow(&user), Webhook::follow(&user, true)] {
        assert!(house.double.deliver(&house.channel, vec![event]).await.unwrap().acknowledged());
    }
    assert!(house.double.say(&user, "まだですか").await.unwrap().acknowledged());
    let lines = house.settled(&conversation).await;
    assert_eq!(automatic(&lines), ["greeting", "absence"]);
    assert!(lines.iter().filter(|line| line["automatic"].is_string()).all(|line| line["free"] == true), "{lines:#?}");
    assert_eq!(house.received(&user), ["ようこそ、サポートへ", "ただいま時間外です"]);
    let shown = house.double.conversation(&user).unwrap();
    assert!(shown.iter().filter_map(|bubble| bubble.via).all(|via| via == Via::Reply));
    let row = house.owner.conversation(&conversation).await.ok();
    assert!(row["waiting_since"].is_string(), "an automatic answer answers nobody: {row}");
}

/// New friends write, an agent ends chats, and the process is killed again and again, also while the platform has taken
/// something and we have not recorded it. Every cause has its answer, once; nobody reads one twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_each_cause_has_its_answer_once() {
    let mut house = closed_house(&[]).await;
    house.double.set_redelivery(&house.channel, Redelivery::ByHand).await.unwrap();
    for call in [Endpoint::Push, Endpoint::Reply] {
        house.double.faults().set(call, Fault::SlowAfter(10), Times::Always);
    }
    let agent = house.agents[0].0.clone();
    let mut users: Vec<String> = Vec::new();
    let mut completed = 0;
    for _ in 0..rounds() {
        let stop = AtomicBool::new(false);
        let patience = Duration::from_millis(rand::rng().random_range(1..80));
        let pid = nix::unistd::Pid::from_raw(i32::try_from(house.server.pid().unwrap()).unwrap());
        let kill = async {
            tokio::time::sleep(patience).await;
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            stop.store(true, Ordering::Release);
        };
        let arriving = async {
            let mut users = Vec::new();
            while !stop.load(Ordering::Acquire) {
                let user = house.double.add_user(&house.channel, "客").unwrap();
                let _ = house.double.deliver(&house.channel, vec![Webhook::follow(&user, false)]).await;
                let _ = house.double.say(&user, "もしもし").await;
                users.push(user);
            }
            users
        };
        let ending = async {
            let mut completed = 0;
            while !stop.load(Ordering::Acquire) {
                let list = agent.conversations(WINDOW, "status=new&limit=3").await;
                for row in list.body["items"].as_array().into_iter().flatten() {
                    let id = row["id"].as_str().unwrap();
                    let claim = agent.claim(id).await;
                    let Some(epoch) = claim.body["seat"]["epoch"].as_u64() else { continue };
                    completed += usize::from(agent.complete(id, epoch).await.status == Some(200));
                }
            }
            completed
        };
        let (come, ended, ()) = tokio::join!(arriving, ending, kill);
        users.extend(come);
        completed += ended;
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
        // LINE gives again what had no answer.
        wait_until("every event to be taken", PATIENCE, async || {
            let again = house.double.redeliver(&house.channel).await.unwrap();
            again.iter().all(|delivery| delivery.acknowledged()).then_some(())
        })
        .await;
    }
    house.double.faults().clear();
    let mut notices = 0;
    for user in &users {
        let conversation = house.conversation_of(user).await;
        let lines = house.settled(&conversation).await;
        let mut kinds = automatic(&lines);
        kinds.retain(|kind| kind != "end");
        kinds.sort();
        assert_eq!(kinds, ["absence", "greeting"], "{lines:#?}");
        let ends = automatic(&lines).len() - 2;
        notices += ends;
        let phone = house.received(user);
        for (kind, text) in [("greeting", "ようこそ、サポートへ"), ("absence", "ただいま時間外です")]
        {
            let line = lines.iter().find(|line| line["automatic"] == kind).unwrap();
            let arrived = phone.iter().filter(|shown| *shown == text).count();
            let right = match line["state"].as_str().unwrap() {
                "sent" => arrived == 1,
                "unknown" => arrived <= 1,
                _ => arrived == 0,
            };
            assert!(right, "{kind} is {line} and arrived {arrived} times");
        }
        let arrived = phone.iter().filter(|shown| *shown == "チャットを終了しました").count();
        assert!(arrived <= ends, "{ends} ends and {arrived} notices: {lines:#?}");
    }
    eprintln!("{} kills, {} friends, {completed} ends acknowledged, {notices} notices", rounds(), users.len());
    assert!(notices >= completed, "an end without its notice");
    assert!(!users.is_empty(), "nothing was tested");
}

fn automatic(lines: &[Value]) -> Vec<String> {
    lines.iter().filter_map(|line| line["automatic"].as_str()).map(str::to_owned).collect()
}

/// A house whose window is never open and says everything that it can.
async fn closed_house(env: &[(&str, &str)]) -> House {
    let house = House::open(1, env).await;
    let base = format!("/api/v1/windows/{WINDOW}");
    house.owner.put(&format!("{base}/hours"), json!({"time_zone": "Asia/Tokyo", "week": {}})).await.ok();
    let answers = json!({
        "greeting": "ようこそ、{window}へ", "absence": "ただいま時間外です", "end": {"notice": "チャットを終了しました"},
    });
    house.owner.put(&format!("{base}/answers"), answers).await.ok();
    house
}
