//! A store is moved by export and import, and something is lost on the way, or a screen of the old life is told wrong
//! positions of the new one.

use std::sync::Arc;

use madoguchi_engine::Clock;
use madoguchi_engine::domain::id::{AgentId, StreamId, WindowId};
use madoguchi_engine::domain::org::{self, More, WindowEntry};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::Command;
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, PATIENCE, Server, SpawnOptions};
use serde_json::{Value, json};

use madoguchi_tests::inside::{A, config, furnished, start};

/// What the house looks like to its owner.
async fn looks(api: &madoguchi_tests::world::Api, conversation: &str) -> Vec<Value> {
    vec![
        api.get("/api/v1/agents").await.ok(),
        api.get("/api/v1/inboxes").await.ok()["items"][0]["settings"].clone(),
        api.get(&format!("/api/v1/windows/{WINDOW}")).await.ok()["settings"].clone(),
        api.conversations(WINDOW, "limit=10").await.ok(),
        api.messages(conversation, "limit=50").await.ok(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_store_is_the_same_house_in_another_life() {
    let mut house = House::open(1, &[]).await;
    let (user, talk) = house.customer("もしもし").await;
    let epoch = house.agents[0].0.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    house.agents[0].0.send(&talk, "c1", epoch, "はい").await.ok();
    house.settled(&talk).await;
    let mut desk = Desk::open(&house.owner).await;
    desk.watch(WINDOW).await;
    desk.wait_for("a snapshot", |frame| frame["type"] == "snapshot").await;
    let (old_stream, position) = desk.position(WINDOW).unwrap();
    let before = looks(&house.owner, &talk).await;
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export.jsonl");
    let export = export.to_str().unwrap();
    let _ = house.server.run(&["journal", "export", "--to", export]);
    house.server.sigterm(PATIENCE);

    let env = vec![("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS".to_owned(), "true".to_owned())];
    let data_dir = Some(folder.path().join("data"));
    let mut moved = Server::spawn(SpawnOptions { data_dir, env, ..SpawnOptions::default() });
    moved.sigterm(PATIENCE);
    std::fs::remove_dir_all(moved.data_dir()).unwrap();
    // An export holds sealed secrets: their keys come along on a way of their own.
    std::fs::copy(house.server.data_dir().with_file_name("data.keys"), folder.path().join("data.keys")).unwrap();
    let said = moved.run(&["journal", "import", "--from", export]);
    assert!(said.starts_with("imported 3 streams"), "{said}");
    moved.restart(madoguchi_tests::world::Port::Free);
    moved.wait_ready().await;
    let owner = moved.api().login("owner", "correct horse 窓口 42").await;
    assert_eq!(looks(&owner, &talk).await, before);

    let mut late = Desk::open(&owner).await;
    late.watch(WINDOW).await;
    late.wait_for("a snapshot", |frame| frame["type"] == "snapshot").await;
    let (new_stream, _) = late.position(WINDOW).unwrap();
    assert_ne!(new_stream, old_stream);
    late.send(json!({"type": "watch", "window": WINDOW, "stream": old_stream, "position": position})).await;
    late.wait_for("everything anew", |frame| frame["type"] == "snapshot" && frame["stream"] == new_stream.as_str())
        .await;
    assert_eq!(late.frames_of("update", WINDOW), Vec::<Value>::new(), "no position of the old life is taken for ours");

    // What was known stays known, and work goes on.
    house.double.set_webhook(&house.channel, &format!("{}/hooks/line/{}", moved.url(), house.inbox)).unwrap();
    house.double.redeliver(&house.channel).await.unwrap();
    house.double.say(&user, "まだいますか").await.unwrap();
    assert_eq!(owner.messages(&talk, "limit=50").await.ok()["items"].as_array().unwrap().len(), 3);
}

#[actix_rt::test]
async fn a_window_whose_making_was_cut_off_is_made_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    let id = WindowId::new("late").unwrap();
    // As after a kill between the organisation's record and the window's own.
    let entry = WindowEntry {
        id: id.clone(),
        stream: StreamId(77),
        name: "夜間".to_owned(),
        product: 5,
        created_at: Timestamp(0),
        more: More::default(),
    };
    engine.org_command(By::Operator, org::Command::CreateWindow(entry)).await.unwrap();
    engine.stop().await;
    drop(engine);
    for _ in 0..2 {
        let engine = start(config.clone()).await;
        let window: Arc<_> = engine.window_command(By::Operator, &id, Command::AddAgent { agent: A }).await.unwrap();
        assert_eq!((window.name.as_str(), window.members.contains(&A)), ("夜間", true));
        assert!(!window.members.contains(&AgentId(5)));
        engine.stop().await;
    }
}
