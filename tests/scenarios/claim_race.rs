//! Two people answer the same customer.

use futures_util::future::join_all;
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, PATIENCE, wait_until};
use serde_json::{Value, json};

/// Claims come over REST and over sockets, all at once, on a hundred conversations.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_claims_one_wins_and_the_others_are_told_who() {
    let house = House::open(20, &[]).await;
    let mut desks = Vec::new();
    for (api, _) in &house.agents {
        desks.push(Desk::open(api).await);
    }
    for round in 0..100 {
        let (_, conversation) = house.customer(&format!("第{round}回")).await;
        // 20 agents, each with 9 claims over REST and one over a socket.
        let over_rest = house.agents.iter().flat_map(|(api, id)| {
            (0..9).map(|_| async {
                let answer = api.claim(&conversation).await;
                (id.clone(), answer.status == Some(200), answer.body)
            })
        });
        let over_sockets = desks.iter_mut().zip(&house.agents).map(|(desk, (_, id))| async {
            let mut answers = Vec::new();
            for _ in 0..1 {
                let wish = json!({"type": "command", "conversation": conversation, "command": {"type": "claim"}});
                let reply = desk.command(wish).await;
                let body = if reply["ok"].is_null() { &reply["problem"] } else { &reply["ok"] };
                answers.push((id.clone(), !reply["ok"].is_null(), body.clone()));
            }
            answers
        });
        let (rest, sockets) = tokio::join!(join_all(over_rest), join_all(over_sockets));
        let all: Vec<(String, bool, Value)> = rest.into_iter().chain(sockets.into_iter().flatten()).collect();
        assert_eq!(all.len(), 200);
        let mut winners: Vec<&String> = all.iter().filter(|(_, won, _)| *won).map(|(agent, _, _)| agent).collect();
        winners.dedup();
        assert_eq!(winners.len(), 1, "one winner, who gets the same seat again: {winners:?}");
        let epochs: Vec<&Value> =
            all.iter().filter(|(_, won, _)| *won).map(|(.., body)| &body["seat"]["epoch"]).collect();
        assert!(epochs.iter().all(|epoch| **epoch == 1), "{epochs:?}");
        for (_, _, refusal) in all.iter().filter(|(_, won, _)| !won) {
            assert_eq!(refusal["code"], "seat_taken", "{refusal}");
            assert_eq!(refusal["holder"]["id"].as_str(), Some(winners[0].as_str()), "{refusal}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_answers_with_a_seat_that_moved_on() {
    let house = House::open(3, &[]).await;
    let [(a, _), (b, b_id), (c, _)] = &house.agents[..] else { panic!("three agents") };
    let (user, conversation) = house.customer("もしもし").await;
    a.send(&conversation, "x", 0, "no seat").await.refused(409, "seat_not_held");
    let first = a.claim(&conversation).await.ok()["seat"]["epoch"].as_u64().unwrap();
    c.send(&conversation, "x", first, "another's seat").await.refused(409, "seat_not_held");
    a.send(&conversation, "a1", first, "はい、承ります").await.ok();
    let again = a.send(&conversation, "a1", first, "はい、承ります").await.ok();
    assert_eq!(again["message"]["number"], 2, "the same message");
    a.send(&conversation, "a1", first, "something else").await.refused(409, "client_id_reused");
    a.command(&conversation, "handover", json!({"seat_epoch": first, "to": b_id})).await.ok();
    a.send(&conversation, "a2", first, "まだ私です").await.ok();
    let second = b.command(&conversation, "handover/accept", json!({})).await.ok()["seat"]["epoch"].as_u64().unwrap();
    assert_eq!(second, first + 1);
    a.send(&conversation, "a3", first, "after the hand-over").await.refused(409, "seat_stale");
    a.send(&conversation, "a3", second, "with the other's epoch").await.refused(409, "seat_not_held");
    b.send(&conversation, "b1", first, "an old tab").await.refused(409, "seat_stale");
    b.send(&conversation, "b2", second, "代わりました").await.ok();
    b.complete(&conversation, second).await.ok();
    b.send(&conversation, "b3", second, "after the end").await.refused(409, "seat_not_held");
    let lines = house.settled(&conversation).await;
    assert_eq!(lines.len(), 4);
    assert!(lines[1..].iter().all(|line| line["state"] == "sent"), "{lines:?}");
    assert_eq!(
        house.received(&user),
        ["はい、承ります", "まだ私です", "代わりました"],
        "in order, and nothing refused"
    );
    house.double.say(&user, "もう一つ").await.unwrap();
    let row = house.owner.conversation(&conversation).await.ok();
    assert_eq!((&row["status"], &row["seat"]), (&json!("new"), &Value::Null), "it reopened");
    let resumed = c.claim(&conversation).await.ok();
    assert_eq!(resumed["seat"]["epoch"], second + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_sent_together_with_the_end_still_goes_out() {
    let house = House::open(1, &[]).await;
    let (agent, _) = &house.agents[0];
    for round in 0..10 {
        let (user, conversation) = house.customer("ありがとう").await;
        let epoch = agent.claim(&conversation).await.ok()["seat"]["epoch"].as_u64().unwrap();
        agent.send(&conversation, "last", epoch, "またどうぞ").await.ok();
        agent.complete(&conversation, epoch).await.ok();
        wait_until("the last word to arrive", PATIENCE, async || {
            (house.received(&user) == ["またどうぞ"]).then_some(())
        })
        .await;
        let lines = house.settled(&conversation).await;
        assert_eq!(lines[1]["state"], "sent", "round {round}");
    }
    let list = house.owner.conversations(WINDOW, "status=done&limit=50").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 10);
}
