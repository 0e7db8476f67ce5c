//! The disk fills up, and the server takes what it cannot keep, stops what could go on, or never recovers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use madoguchi_loadtest::double::Redelivery;
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::promises::{compare, customers, work};
use madoguchi_tests::smalldisk::SmallDisk;
use madoguchi_tests::world::{Answer, Desk, PATIENCE, Port, wait_until};
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;

/// Whether the server takes work, and what keeps it from doing so.
async fn readiness(house: &House) -> (bool, Vec<String>) {
    let answer = house.owner.get("/readyz").await;
    let latches = answer.body["latches"].as_array().unwrap().iter();
    let closed = latches.filter(|latch| latch["open"] == false).map(|latch| latch["name"].as_str().unwrap().to_owned());
    (answer.status == Some(200), closed.collect())
}

fn refused_for_room(answer: Answer) {
    let retry_after = answer.headers.get("retry-after").cloned();
    let problem = answer.refused(503, "disk_full");
    assert!(retry_after.is_some(), "it says when to come again");
    assert!(problem["title"].as_str().is_some_and(|title| title.contains("disk")), "it says why: {problem}");
}

/// A real small disk, filled until less is free than the server wants to have. Nothing tells the server but the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_nearly_full_disk_new_work_is_refused_and_the_rest_goes_on_until_there_is_room() {
    let Some(disk) = SmallDisk::mount(64 * MIB) else { return };
    let env = [("MADOGUCHI_ENGINE__SEGMENT_BYTES", "1048576"), ("MADOGUCHI_ENGINE__MIN_FREE_BYTES", "25165824")];
    let mut house = House::open_in(Some(disk.path().join("data")), 1, &env).await;
    let agent = house.agents[0].0.clone();
    house.double.set_redelivery(&house.channel, Redelivery::ByHand).await.unwrap();
    let mut seats = Vec::new();
    for _ in 0..2 {
        let (user, conversation) = house.customer("もしもし").await;
        let epoch = agent.claim(&conversation).await.ok()["seat"]["epoch"].as_u64().unwrap();
        seats.push((user, conversation, epoch));
    }
    let (waiting_user, waiting) = house.customer("もしもし").await;
    assert_eq!(readiness(&house).await, (true, Vec::new()));
    disk.fill_to(16 * MIB);
    wait_until("the server to notice", PATIENCE, async || (!readiness(&house).await.0).then_some(())).await;
    assert_eq!(readiness(&house).await.1, ["disk"]);
    let said = house.double.say(&waiting_user, "まだですか").await.unwrap();
    assert_eq!(said.status, Some(503), "{said:?}");
    refused_for_room(agent.claim(&waiting).await);
    refused_for_room(agent.send(&seats[0].1, "c", seats[0].2, "お待たせしました").await);
    refused_for_room(agent.command(&waiting, "notes", json!({"client_id": "n", "text": "メモ"})).await);
    refused_for_room(house.owner.create_window("more", "もう一つ", 5).await);
    let list = agent.conversations(WINDOW, "").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 3, "reading goes on");
    assert_eq!(house.timeline(&waiting).await.len(), 1);
    house.log_in_again().await;
    let mut desk = Desk::open(&house.agents[0].0).await;
    desk.watch(WINDOW).await;
    desk.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    assert_eq!(agent.complete(&seats[0].1, seats[0].2).await.ok()["conversation"]["status"], "done");
    assert_eq!(agent.release(&seats[1].1, seats[1].2).await.ok()["conversation"]["status"], "new");
    let done = house.owner.conversation(&seats[1].1).await.ok();
    desk.wait_position(WINDOW, done["position"].as_u64().unwrap()).await;
    disk.make_room();
    wait_until("the server to take work by itself", PATIENCE, async || readiness(&house).await.0.then_some(())).await;
    let again = house.double.redeliver(&house.channel).await.unwrap();
    assert_eq!(again.iter().map(|delivery| delivery.status).collect::<Vec<_>>(), [Some(200)]);
    let texts: Vec<Value> = house.timeline(&waiting).await.iter().map(|line| line["content"]["text"].clone()).collect();
    assert_eq!(texts, ["もしもし", "まだですか"], "refused once, taken once");
    let epoch = agent.claim(&waiting).await.ok()["seat"]["epoch"].as_u64().unwrap();
    agent.send(&waiting, "c", epoch, "お待たせしました").await.ok();
    assert_eq!(house.settled(&waiting).await[2]["state"], "sent");
}

/// The mark is switched off and the disk is really full, in the middle of work: what cannot be kept must not be
/// acknowledged, and what was acknowledged is there when there is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_without_a_byte_left_nothing_is_acknowledged_that_is_not_kept() {
    let Some(disk) = SmallDisk::mount(48 * MIB) else { return };
    let env = [("MADOGUCHI_ENGINE__SEGMENT_BYTES", "65536"), ("MADOGUCHI_ENGINE__MIN_FREE_BYTES", "0")];
    let mut house = House::open_in(Some(disk.path().join("data")), 1, &env).await;
    let agent = house.agents[0].0.clone();
    let customers = customers(&house, 3).await;
    let stop = AtomicBool::new(false);
    let fills = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        disk.fill_to(0);
        let end = Instant::now() + Duration::from_secs(3);
        // A full disk ends the process, sooner or later; until then it goes on with the room that it set aside.
        while Instant::now() < end && house.owner.get("/healthz").await.status.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.store(true, Ordering::Release);
    };
    let (made, ()) = tokio::join!(work(&house, &agent, &customers, "w", &stop), fills);
    house.server.kill9();
    disk.make_room();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    house.log_in_again().await;
    let (said, sent) = made.count();
    assert!(said > 0 && sent > 0, "nothing was tested");
    for (user, conversation) in &customers {
        let lines = house.settled(conversation).await;
        made.kept(user, &lines).unwrap();
        compare(user, &lines, &house.received(user)).unwrap();
    }
}
