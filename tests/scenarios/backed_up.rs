//! A backup lacks what was acknowledged, cannot be restored, or its copy answers customers a second time.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_engine::Clock;
use madoguchi_engine::domain::conversation::{Command as Wish, Event};
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::record::{By, Fact};
use madoguchi_engine::sending::Sending;
use madoguchi_loadtest::double::sign;
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::inside::{A, INBOX, body, config, conversation, facts, furnished};
use madoguchi_tests::promises::{customers, work};
use madoguchi_tests::world::{Api, PATIENCE, Port, Server, SpawnOptions, built_program, wait_until};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse 窓口 42";

fn madoguchi(args: &[&str]) -> Output {
    let mut command = Command::new(built_program("madoguchi"));
    // A small machine's disk may be nearly full.
    command.env("MADOGUCHI_ENGINE__MIN_FREE_BYTES", "1048576");
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A store in `data` made from the copy in `from`.
fn restore(from: &Path, data: &Path) -> Output {
    madoguchi(&["restore", "--from", text(from), "--data-dir", text(data)])
}

/// The keys of secrets are in no copy: the operator keeps them apart and brings them.
fn bring_keys(of: &Server, to: &Path) {
    std::fs::copy(of.data_dir().with_extension("keys"), to.with_extension("keys")).unwrap();
}

/// A server on `data`, which may be anything by now.
async fn served(data: &Path) -> Server {
    let env = [
        ("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true"),
        ("MADOGUCHI_ENGINE__SEGMENT_BYTES", "4194304"),
        ("MADOGUCHI_ENGINE__MIN_FREE_BYTES", "1048576"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Server::ready(SpawnOptions { data_dir: Some(data.to_owned()), env, ..SpawnOptions::default() }).await
}

/// The agent of the house at the restored server: sessions are in no backup.
async fn agent_at(server: &Server) -> Api {
    server.api().login("agent0", PASSWORD).await
}

async fn epoch(agent: &Api, conversation: &str) -> u64 {
    agent.claim(conversation).await.ok()["seat"]["epoch"].as_u64().unwrap()
}

/// The state of the line with this text.
async fn state(api: &Api, conversation: &str, text: &str) -> Value {
    let page = api.messages(conversation, "limit=200").await.ok();
    let lines = page["items"].as_array().unwrap().iter();
    lines.filter(|line| line["content"]["text"] == text).map(|line| line["state"].clone()).next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_holds_all_that_was_acknowledged_before() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let customers = customers(&house, 4).await;
    // Long and unreadable: a file of its own, that a record names.
    let odd = vec![b'{'; 100_000];
    let signature = sign(&house.channel.secret, &odd);
    assert!(house.double.deliver_raw(&house.channel, odd.clone(), Some(&signature)).await.unwrap().acknowledged());

    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    let stop = AtomicBool::new(false);
    let (before, ()) = tokio::join!(work(&house, &agent, &customers, "before", &stop), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        stop.store(true, Ordering::Release);
    });
    let stop = AtomicBool::new(false);
    let (mut during, said) = tokio::join!(work(&house, &agent, &customers, "during", &stop), async {
        let (data, to) = (house.server.data_dir().to_owned(), copy.clone());
        let backup = move || madoguchi(&["backup", "--data-dir", text(&data), "--to", text(&to)]);
        let said = tokio::task::spawn_blocking(backup).await.unwrap();
        stop.store(true, Ordering::Release);
        said
    });
    assert!(said.status.success(), "{said:?}");
    assert!(before.count().0 > 0 && before.count().1 > 0 && during.count().0 > 0, "nothing was tested");

    // The store itself is as it was.
    during.extend(before.clone());
    for (user, conversation) in &customers {
        during.kept(user, &house.settled(conversation).await).unwrap();
    }
    assert!(house.server.run(&["ledger"]).contains("it adds up"));
    house.server.sigterm(PATIENCE);

    // So is the copy, up to the moment of it, before and after it was made a store again.
    for args in [["journal", "verify"].as_slice(), &["ledger"]] {
        let checked = madoguchi(&[args, &["--data-dir", text(&copy)]].concat());
        assert!(checked.status.success(), "{checked:?}");
    }
    let restored = restore(&copy, &data);
    assert!(restored.status.success(), "{restored:?}");
    bring_keys(&house.server, &data);
    let server = served(&data).await;
    let owner = server.api().login("owner", PASSWORD).await;
    house.owner = owner.clone();
    for (user, conversation) in &customers {
        before.kept(user, &house.timeline(conversation).await).unwrap();
    }
    assert!(server.run(&["ledger"]).contains("it adds up"));
    let raw = owner.get(&format!("/api/v1/windows/{WINDOW}/raw")).await.ok();
    assert_eq!(raw["items"][0]["bytes"], odd.len(), "{raw}");
    let id = raw["items"][0]["id"].as_str().unwrap();
    let body = owner.get(&format!("/api/v1/windows/{WINDOW}/raw/{id}")).await;
    assert_eq!(body.status, Some(200), "the file came along: {body:?}");
}

/// What waited when the copy was taken went out afterwards. The restored copy cannot know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_copy_sends_nothing_until_it_is_released_and_nothing_a_second_time() {
    let mut house = House::open(1, &[]).await;
    let (user, talk) = house.customer("もしもし").await;
    let agent = house.agents[0].0.clone();
    let seat = epoch(&agent, &talk).await;
    assert!(house.server.run(&["sending", "hold"]).contains("held"));
    agent.send(&talk, "waits", seat, "少々お待ちください").await.ok();
    assert_eq!(house.received(&user), Vec::<String>::new());
    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    let _ = house.server.run(&["backup", "--to", text(&copy)]);
    assert!(house.server.run(&["sending", "release"]).contains("goes on"));
    house.settled(&talk).await;
    assert_eq!(house.received(&user), ["少々お待ちください"]);
    house.server.sigterm(PATIENCE);

    assert!(restore(&copy, &data).status.success());
    bring_keys(&house.server, &data);
    let mut server = served(&data).await;
    let owner = server.api().login("owner", PASSWORD).await;
    assert_eq!(server.api().get("/readyz").await.ok()["sending_held"], true);
    assert_eq!(owner.get("/api/v1/sending").await.ok()["held"], true);
    wait_until("the figure", PATIENCE, async || {
        let figures = reqwest::get(format!("{}/metrics", server.url())).await.unwrap().text().await.unwrap();
        figures.contains("\nmadoguchi_sending_held 1\n").then_some(())
    })
    .await;
    let agent = agent_at(&server).await;
    let seat = epoch(&agent, &talk).await;
    agent.send(&talk, "after", seat, "確認できました").await.ok();
    // Also over a restart.
    server.restart(Port::Same);
    server.wait_ready().await;
    assert_eq!(owner_state(&server, &talk, "確認できました").await, "queued");
    assert_eq!(house.received(&user).len(), 1, "held");

    assert!(server.run(&["sending", "release"]).contains("unknown"));
    wait_until("both to have an end", PATIENCE, async || {
        let (old, new) = (
            owner_state(&server, &talk, "少々お待ちください").await,
            owner_state(&server, &talk, "確認できました").await,
        );
        (old == "unknown" && new == "sent").then_some(())
    })
    .await;
    assert_eq!(house.received(&user), ["少々お待ちください", "確認できました"]);
    assert!(server.run(&["ledger"]).contains("unknown 1"));
    assert_eq!(server.api().get("/readyz").await.ok()["sending_held"], false);
}

async fn owner_state(server: &Server, conversation: &str, text: &str) -> Value {
    state(&server.api().login("owner", PASSWORD).await, conversation, text).await
}

/// The same within one process: the answer in doubt is unknown, the one after it takes its turn.
#[actix_rt::test]
async fn an_answer_in_doubt_is_unknown_and_is_never_called_out() {
    let dir = tempfile::tempdir().unwrap();
    let engine = furnished(config(dir.path(), &Clock::System)).await;
    let restored_at = Clock::System.now().plus_ms(3_600_000);
    engine.change_sending(move |_| Sending { held: true, unsure_before: Some(restored_at) }).await.unwrap();
    engine.inbound(INBOX, body(1, 1)).await.unwrap();
    let id = conversation(&engine, 1).await;
    let claimed = engine.command(By::Agent(A), id, Wish::Claim { agent: A }).await.unwrap();
    let wish = Wish::Send {
        agent: A,
        seat_epoch: claimed.row.state.seat.epoch,
        client_id: "c".to_owned(),
        content: Content::Text("はい".to_owned()),
        dress: Default::default(),
        retry_key: 1,
    };
    engine.command(By::Agent(A), id, wish).await.unwrap();
    let begun = |fact: &Fact| matches!(fact, Fact::Conversation(_, Event::SendStarted { .. }));
    assert!(!facts(&engine).await.iter().any(begun), "held");
    engine.change_sending(|now| now.release(false)).await.unwrap();
    wait_until("an end of it", PATIENCE, async || {
        engine.conversation(id).await.unwrap().state.outbox.is_empty().then_some(())
    })
    .await;
    let unknown = |fact: &Fact| matches!(fact, Fact::Conversation(_, Event::Unknown { .. }));
    assert!(facts(&engine).await.iter().any(unknown));
    engine.stop().await;
}

/// The old store died with its answers; the operator knows that they never went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_lost_store_never_sent_goes_out_when_the_operator_says_so() {
    let mut house = House::open(1, &[]).await;
    let (user, talk) = house.customer("もしもし").await;
    let agent = house.agents[0].0.clone();
    let seat = epoch(&agent, &talk).await;
    let _ = house.server.run(&["sending", "hold"]);
    agent.send(&talk, "waits", seat, "少々お待ちください").await.ok();
    house.server.kill9();
    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    // Without a server, on the files alone.
    let said = house.server.run(&["backup", "--to", text(&copy)]);
    assert!(said.starts_with("wrote "), "{said}");
    assert!(restore(&copy, &data).status.success());
    let released = madoguchi(&["sending", "release", "--send-waiting", "--data-dir", text(&data)]);
    assert!(released.status.success(), "{released:?}");
    bring_keys(&house.server, &data);
    let server = served(&data).await;
    wait_until("the answer to go", PATIENCE, async || {
        (owner_state(&server, &talk, "少々お待ちください").await == "sent").then_some(())
    })
    .await;
    assert_eq!(house.received(&user), ["少々お待ちください"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_copy_is_refused_and_no_server_starts_on_half_a_store() {
    let house = House::open(0, &[]).await;
    house.customer("もしもし").await;
    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    let _ = house.server.run(&["backup", "--to", text(&copy)]);
    let again = madoguchi(&["backup", "--data-dir", text(house.server.data_dir()), "--to", text(&copy)]);
    assert_eq!(again.status.code(), Some(69), "a backup overwrites nothing");
    let nonempty = restore(&copy, house.server.data_dir());
    assert_eq!(nonempty.status.code(), Some(69), "nor does a restore");

    let segment = copy.join("journal/00000000000000000001.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let refused = restore(&copy, &data);
    assert_eq!(refused.status.code(), Some(69), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("00000000000000000001.log"), "{refused:?}");
    let started = madoguchi(&["serve", "--data-dir", text(&data), "--listen", "127.0.0.1:0"]);
    assert_eq!(started.status.code(), Some(69), "{started:?}");
    assert!(String::from_utf8_lossy(&started.stderr).contains("restore"), "{started:?}");
}

/// Only who sets the house up holds or releases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_is_held_and_released_over_the_interface_by_administrators_only() {
    let house = House::open(1, &[]).await;
    let (user, talk) = house.customer("もしもし").await;
    let agent = &house.agents[0].0;
    agent.put("/api/v1/sending", json!({"held": true})).await.refused(403, "forbidden");
    assert_eq!(house.owner.put("/api/v1/sending", json!({"held": true})).await.ok()["held"], true);
    let seat = epoch(agent, &talk).await;
    agent.send(&talk, "x", seat, "はい").await.ok();
    assert_eq!(house.owner.put("/api/v1/sending", json!({"held": false})).await.ok()["held"], false);
    house.settled(&talk).await;
    assert_eq!(house.received(&user), ["はい"], "nothing was restored, so nothing is in doubt");
}
