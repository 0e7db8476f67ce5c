//! A webhook that nobody expects loses a message, or shows it twice.

use futures_util::future::join_all;
use madoguchi_loadtest::double::{Event, sign};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

async fn hook(house: &House, body: &[u8], signature: Option<&str>) -> Option<u16> {
    house.double.deliver_raw(&house.channel, body.to_vec(), signature).await.unwrap().status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_or_too_long_is_refused_and_the_rest_is_kept() {
    let house = House::open(0, &[]).await;
    let secret = &house.channel.secret;
    let good = br#"{"destination":"U0123456789abcdef0123456789abcdef","events":[]}"#;
    assert_eq!(hook(&house, good, Some(&sign(secret, good))).await, Some(200), "the connection check");
    assert_eq!(hook(&house, good, Some(&sign("other", good))).await, Some(401));
    assert_eq!(hook(&house, good, None).await, Some(401));
    let long = vec![b' '; 3 << 20];
    assert_eq!(hook(&house, &long, Some(&sign(secret, &long))).await, Some(413));
    let broken = br#"{"destination":"U0","events":[{"#;
    assert_eq!(hook(&house, broken, Some(&sign(secret, broken))).await, Some(200), "kept, not refused");
    let parked = house.owner.get(&format!("/api/v1/windows/{WINDOW}/raw")).await.ok();
    assert_eq!(parked["items"].as_array().map(Vec::len), Some(1), "{parked}");
    assert_eq!(hook(&house, broken, Some(&sign(secret, broken))).await, Some(200));
    let parked = house.owner.get(&format!("/api/v1/windows/{WINDOW}/raw")).await.ok();
    assert_eq!(parked["items"].as_array().map(Vec::len), Some(1), "and once: {parked}");
}

/// A platform that sends rubbish for a month fills the list, and then everything else is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_read_can_be_put_away_and_goes_from_the_list() {
    let house = House::open(0, &[]).await;
    let broken = br#"{"destination":"U0","events":[{"#;
    hook(&house, broken, Some(&sign(&house.channel.secret, broken))).await;
    let list = format!("/api/v1/windows/{WINDOW}/raw");
    let parked = house.owner.get(&list).await.ok();
    let id = parked["items"][0]["id"].as_str().expect("it is parked").to_owned();
    assert_eq!(house.owner.delete(&format!("{list}/01KAJ5R8Q0V7M3T2B9XW4CZD6E")).await.status, Some(404));
    assert_eq!(house.owner.delete(&format!("{list}/{id}")).await.status, Some(204));
    assert_eq!(house.owner.get(&list).await.ok()["items"], json!([]));
    assert_eq!(house.owner.get(&format!("{list}/{id}")).await.status, Some(404), "its bytes are gone");
    assert_eq!(house.owner.delete(&format!("{list}/{id}")).await.status, Some(404), "and once");
    let window = house.owner.get(&format!("/api/v1/windows/{WINDOW}")).await.ok();
    assert_eq!(window["raw_waiting"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_broken_event_among_ten_harms_none_of_its_neighbours() {
    let house = House::open(0, &[]).await;
    let users: Vec<String> = (0..10).map(|_| house.double.add_user(&house.channel, "客").unwrap()).collect();
    let mut events: Vec<Value> = Vec::new();
    for (index, user) in users.iter().enumerate() {
        let source = if index == 4 { json!({"type": "user"}) } else { json!({"type": "user", "userId": user}) };
        events.push(json!({
            "type": "message", "mode": "active", "timestamp": 1_795_140_000_000_u64 + index as u64, "source": source,
            "webhookEventId": format!("01KAJ5R8Q0V7M3T2B9XW4CZ{index:03}"), "deliveryContext": {"isRedelivery": false},
            "replyToken": format!("token{index}"), "message": {"type": "text", "id": format!("59{index}"), "text": "やあ"},
        }));
    }
    let body = json!({"destination": house.channel.bot_user_id, "events": events}).to_string();
    let signature = sign(&house.channel.secret, body.as_bytes());
    assert_eq!(hook(&house, body.as_bytes(), Some(&signature)).await, Some(200));
    let list = house.owner.conversations(WINDOW, "limit=50").await.ok();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(9));
    let parked = house.owner.get(&format!("/api/v1/windows/{WINDOW}/raw")).await.ok();
    assert_eq!(parked["items"].as_array().map(Vec::len), Some(1), "{parked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_redeliveries_at_once_show_one_message() {
    let house = House::open(0, &[]).await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    let event = json!({
        "type": "message", "mode": "active", "timestamp": 1_795_140_000_000_u64, "source": {"type": "user", "userId": user},
        "webhookEventId": "01KAJ5R8Q0V7M3T2B9XW4CZD6E", "deliveryContext": {"isRedelivery": true},
        "message": {"type": "text", "id": "591", "text": "一度だけ"},
    });
    let body = json!({"destination": house.channel.bot_user_id, "events": [event]}).to_string();
    let signature = sign(&house.channel.secret, body.as_bytes());
    let all = join_all((0..6).map(|_| hook(&house, body.as_bytes(), Some(&signature)))).await;
    assert_eq!(all, [Some(200); 6]);
    let conversation = house.conversation_of(&user).await;
    assert_eq!(house.timeline(&conversation).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_events_of_one_customer_are_all_there_in_order() {
    let house = House::open(0, &[]).await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    for part in 0..2 {
        let events: Vec<Value> = (0..5_000_u64)
            .map(|index| {
                let number = part * 5_000 + index;
                json!({
                    "type": "message", "timestamp": 1_795_140_000_000_u64 + number,
                    "source": {"type": "user", "userId": user}, "webhookEventId": format!("01KAJ5R8Q0V7M3T2B9XW{number:06}"),
                    "message": {"type": "text", "id": number.to_string(), "text": number.to_string()},
                })
            })
            .collect();
        let body = json!({"destination": house.channel.bot_user_id, "events": events}).to_string();
        let signature = sign(&house.channel.secret, body.as_bytes());
        assert_eq!(hook(&house, body.as_bytes(), Some(&signature)).await, Some(200), "in time or stored whole");
    }
    let conversation = wait_until("the first of them", PATIENCE, async || {
        // Lists are the first to be refused while so much is taken in.
        let list = house.owner.conversations(WINDOW, &format!("q={user}&limit=1")).await.body;
        list["items"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    wait_until("all of them", PATIENCE, async || {
        let row = house.owner.conversation(&conversation).await.body;
        (row["last_number"] == 10_000).then_some(())
    })
    .await;
    let lines = house.timeline(&conversation).await;
    let mut texts: Vec<u64> =
        lines.iter().map(|line| line["content"]["text"].as_str().unwrap().parse().unwrap()).collect();
    assert!(lines.iter().zip(1..).all(|(line, number)| line["number"] == number));
    texts.sort_unstable();
    assert!(texts.into_iter().eq(0..10_000), "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_event_becomes_a_readable_line_or_nothing() {
    let house = House::open(0, &[]).await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    let events = vec![
        Event::follow(&user, false),
        Event::sticker(&user, "446", "1988"),
        Event::text(&user, "最後の一言"),
        Event::new(&user, "brandNewKind", json!({"anything": true})),
    ];
    assert!(house.double.deliver(&house.channel, events).await.unwrap().acknowledged());
    let conversation = house.conversation_of(&user).await;
    let lines = house.timeline(&conversation).await;
    assert!(lines.iter().any(|line| line["content"]["text"] == "最後の一言"), "{lines:?}");
    assert!(lines.iter().any(|line| line["content"]["type"] == "other"), "{lines:?}");
}
