//! A console that was away for a while misses something, or hears it twice.

use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, Port};
use serde_json::Value;

fn events(desk: &Desk) -> Vec<(u64, Value)> {
    let updates = desk.frames_of("update", WINDOW);
    updates.iter().map(|update| (update["position"].as_u64().unwrap(), update["events"].clone())).collect()
}

/// One desk hears everything live; another comes and goes, also over restarts of the server, and comes to know the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_from_any_place_equals_the_stream_that_never_broke() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let mut wanderer = Desk::open(&agent).await;
    wanderer.watch(WINDOW).await;
    wanderer.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let mut listener = Desk::open(&agent).await;
    listener.watch(WINDOW).await;
    listener.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    for round in 0..6 {
        wanderer.drop_link();
        for index in 0..20 {
            let said = house.double.say(&user, &format!("{round}/{index}")).await.unwrap();
            assert!(said.acknowledged(), "{said:?}");
        }
        let id = house.conversation_of(&user).await;
        let seat = agent.claim(&id).await.ok()["seat"]["epoch"].as_u64().unwrap();
        agent.send(&id, &format!("r{round}"), seat, "お答えします").await.ok();
        house.settled(&id).await;
        if round % 2 == 1 {
            house.server.kill9();
            house.server.restart(Port::Same);
            house.server.wait_ready().await;
            listener.reconnect().await;
        }
        wanderer.reconnect().await;
        let head = house.owner.conversation(&id).await.ok()["position"].as_u64().unwrap();
        listener.wait_position(WINDOW, head).await;
        wanderer.wait_position(WINDOW, head).await;
    }
    wanderer.check();
    listener.check();
    assert_eq!(
        wanderer.frames_of("snapshot", WINDOW).len(),
        1,
        "everything after the first was exactly what was missed"
    );
    let (heard, missed) = (events(&listener), events(&wanderer));
    assert!(heard.len() > 100);
    // Both began with a snapshot, perhaps a record apart.
    let from = heard[0].0.max(missed[0].0);
    let since = |all: &[(u64, Value)]| all.iter().filter(|(at, _)| *at >= from).cloned().collect::<Vec<_>>();
    assert_eq!(since(&heard), since(&missed));
}
