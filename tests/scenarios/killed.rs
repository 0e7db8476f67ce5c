//! The process dies in mid-sentence, and something acknowledged is lost, or something is sent twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_loadtest::double::{Endpoint, Fault, Times};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::promises::{Ends, Promises, compare, customers, work};
use madoguchi_tests::world::{Desk, PATIENCE, Port, wait_until};
use rand::Rng;

/// Rounds; `make faults` asks for a thousand.
fn rounds() -> u64 {
    std::env::var("MADOGUCHI_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// Customers write and an agent answers while the server is killed again and again, also while the platform has taken a
/// message and we have not recorded it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_after_every_kill() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let customers = customers(&house, 4).await;
    let mut desk = Desk::open(&agent).await;
    desk.watch(WINDOW).await;
    // A slow end of every call: the platform has it, and our record is still to come when the kill does.
    for call in [Endpoint::Push, Endpoint::Reply] {
        house.double.faults().set(call, Fault::SlowAfter(15), Times::Always);
    }
    let mut promises = Promises::default();
    for round in 0..rounds() {
        let (stop, mark) = (AtomicBool::new(false), round.to_string());
        let patience = Duration::from_millis(rand::rng().random_range(1..60));
        let pid = nix::unistd::Pid::from_raw(i32::try_from(house.server.pid().unwrap()).unwrap());
        let kill = async {
            tokio::time::sleep(patience).await;
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            stop.store(true, Ordering::Release);
        };
        let (made, ()) = tokio::join!(work(&house, &agent, &customers, &mark, &stop), kill);
        promises.extend(made);
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
        desk.reconnect().await;
    }
    house.double.faults().clear();
    let (mut head, mut ends) = (0, Ends::default());
    for (user, conversation) in &customers {
        let lines = house.settled(conversation).await;
        promises.kept(user, &lines).unwrap();
        ends.add(compare(user, &lines, &house.received(user)).unwrap());
        head = head.max(house.owner.conversation(conversation).await.ok()["position"].as_u64().unwrap());
    }
    wait_until("the desk to have everything", PATIENCE, async || {
        desk.position(WINDOW).is_some_and(|(_, at)| at >= head).then_some(())
    })
    .await;
    desk.check();
    let (said, sent) = promises.count();
    eprintln!("{} kills, {said} messages and {sent} answers acknowledged, 0 lost, 0 double; {ends:?}", rounds());
    assert!(said > 0 && sent > 0, "nothing was tested");
}
