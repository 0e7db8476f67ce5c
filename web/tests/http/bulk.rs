//! That a supervisor's act on many does too much, too little, or nobody knows what it did.

use madoguchi_engine::channels::line::signature;
use reqwest::Method;
use serde_json::{Value, json};

use super::live::Live;
use super::server::{Caller, Server, answer};

const SECRET: &str = "channel-secret-of-the-test";

/// So many customers write once each; answers with their conversations.
async fn customers(owner: &Caller<'_>, inbox: &str, window: &str, from: usize, count: usize) -> Vec<String> {
    for customer in from..from + count {
        let body = json!({"destination": "U0", "events": [{
            "type": "message", "mode": "active", "timestamp": 1_795_237_245_120_u64,
            "webhookEventId": format!("01JBEVENT{customer:017}"), "deliveryContext": {"isRedelivery": false},
            "source": {"type": "user", "userId": format!("U{customer:032x}")},
            "message": {"type": "text", "id": format!("{customer}"), "text": "こんにちは"}}]})
        .to_string();
        let hook = owner.server.request(Method::POST, &format!("/hooks/line/{inbox}"));
        let signed = hook.header("x-line-signature", signature::sign(SECRET, body.as_bytes())).body(body);
        assert_eq!(answer(signed).await.0, 200);
    }
    let (_, list) = owner.get(&format!("/api/v1/windows/{window}/conversations?limit=200")).await;
    let ids = list["items"].as_array().expect("a list").iter();
    ids.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

async fn claim(agent: &Caller<'_>, conversation: &str) -> u64 {
    let (status, claimed) = agent.post(&format!("/api/v1/conversations/{conversation}/claim"), json!({})).await;
    assert_eq!(status, 200, "{claimed}");
    claimed["seat"]["epoch"].as_u64().expect("an epoch")
}

#[actix_web::test]
async fn everything_of_one_agent_is_released_and_each_conversation_answers_for_itself() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    for window in ["sales", "support"] {
        owner.add_window(window).await;
    }
    let (sales, support) = (owner.add_inbox("sales", SECRET).await, owner.add_inbox("support", SECRET).await);
    let mut people = Vec::new();
    for name in ["hanako", "taro"] {
        let id = owner.add_agent(name, "agent").await;
        let windows = json!({"windows": ["sales", "support"]});
        assert_eq!(owner.ask(Method::PUT, &format!("/api/v1/agents/{id}/windows"), Some(windows)).await.0, 200);
        people.push(id);
    }
    owner.add_agent("chief", "supervisor").await;
    let (hanako, chief) = (server.log_in("hanako").await, server.log_in("chief").await);
    let in_sales = customers(&owner, &sales, "sales", 0, 3).await;
    let in_support = customers(&owner, &support, "support", 10, 2).await;
    let mut desk = Live::open(&chief).await;
    desk.say(json!({"type": "counters", "on": true})).await;
    let told = desk.next(&["counters"]).await;
    let of = |told: &Value, window: &str| {
        let windows = told["windows"].as_array().cloned().unwrap_or_default();
        windows.into_iter().find(|counters| counters["window"] == window).unwrap_or_default()
    };
    assert_eq!((&of(&told, "sales")["new"], &of(&told, "support")["waiting"]), (&json!(3), &json!(2)), "{told}");
    assert!(of(&told, "sales")["oldest_waiting_since"].is_string());
    let epoch = claim(&hanako, &in_sales[0]).await;
    claim(&hanako, &in_sales[1]).await;
    claim(&hanako, &in_support[0]).await;
    let mut held = Value::Null;
    while held != 2 {
        let told = of(&desk.next(&["counters"]).await, "sales");
        let agents = told["agents"].as_array().cloned().unwrap_or_default();
        held =
            agents.iter().find(|agent| agent["agent"] == *people[0]).map_or(Value::Null, |agent| agent["held"].clone());
    }
    let (_, now) = chief.get("/api/v1/counters").await;
    assert_eq!(now["items"].as_array().map(Vec::len), Some(2));
    assert_eq!((&now["items"][0]["in_progress"], &now["items"][1]["in_progress"]), (&json!(2), &json!(1)), "{now}");

    let wish = json!({"act": {"type": "release"}, "reason": "早退", "holder": people[0], "window": "sales"});
    let (status, done) = chief.post("/api/v1/bulk", wish).await;
    assert_eq!((status.as_u16(), &done["done"], &done["left"]), (200, &json!(2), &json!(0)), "{done}");
    let (status, stale) = hanako
        .post(
            &format!("/api/v1/conversations/{}/messages", in_sales[0]),
            json!({"client_id": "c", "seat_epoch": epoch, "content": {"type": "text", "text": "t"}}),
        )
        .await;
    assert_eq!((status.as_u16(), &stale["code"]), (409, &json!("seat_stale")), "who lost the seat sends nothing");
    let (_, still) = chief.get(&format!("/api/v1/conversations/{}", in_support[0])).await;
    assert_eq!(
        still["seat"]["agent"]["id"].as_str().or(still["seat"]["agent"].as_str()),
        Some(people[0].as_str()),
        "{still}"
    );

    let missing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let some = json!([in_sales[2], missing, in_support[0], in_sales[2]]);
    let wish = json!({"act": {"type": "complete"}, "reason": "迷惑", "conversations": some});
    let (_, done) = chief.post("/api/v1/bulk", wish).await;
    assert_eq!(done["items"].as_array().map(Vec::len), Some(3), "each once: {done}");
    assert_eq!((&done["done"], &done["items"][1]["problem"]["code"]), (&json!(2), &json!("not_found")));
    assert_eq!(done["items"][0], json!({"conversation": in_sales[2]}));

    claim(&hanako, &in_sales[0]).await;
    let offer = json!({"act": {"type": "handover", "to": people[1]}, "reason": "休憩", "holder": people[0]});
    assert_eq!(chief.post("/api/v1/bulk", offer).await.1["done"], 1);
    let (_, offered) = chief.get(&format!("/api/v1/conversations/{}", in_sales[0])).await;
    assert_eq!(offered["status"], "in_progress");
    assert!(offered.to_string().contains(&people[1]), "offered to the colleague: {offered}");
    let wish = json!({"act": {"type": "assign", "assignee": people[1]}, "reason": "r", "conversations": in_sales});
    assert_eq!(chief.post("/api/v1/bulk", wish).await.1["done"], 3);

    let (_, log) = owner.get("/api/v1/audit?action=POST%20/api/v1/bulk").await;
    let entries = log["items"].as_array().expect("a list");
    assert_eq!(entries.len(), 4, "one an act");
    let objects = entries[3]["objects"].as_array().expect("a list");
    assert_eq!(
        objects.iter().filter(|object| object.as_str().is_some_and(|o| o.starts_with("conversation:"))).count(),
        2
    );
}

#[actix_web::test]
async fn an_act_in_bulk_has_a_limit_a_reason_and_one_way_to_say_on_what() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let complete = json!({"type": "complete"});
    for (wish, field) in [
        (json!({"act": complete, "reason": "r"}), "conversations"),
        (json!({"act": complete, "reason": "r", "conversations": [id], "holder": id}), "conversations"),
        (json!({"act": complete, "reason": "r", "conversations": [id], "window": "w"}), "conversations"),
        (json!({"act": complete, "reason": "r", "conversations": []}), "conversations"),
        (json!({"act": complete, "reason": "r", "conversations": vec![id; 201]}), "conversations"),
        (json!({"act": complete, "reason": "r", "conversations": ["x"]}), "conversations"),
        (json!({"act": complete, "reason": "r", "holder": "x"}), "holder"),
        (json!({"act": complete, "reason": " ", "conversations": [id]}), "reason"),
        (json!({"act": complete, "reason": "あ".repeat(501), "conversations": [id]}), "reason"),
        (json!({"act": complete, "conversations": [id]}), "reason"),
        (json!({"act": {"type": "handover", "to": "x"}, "reason": "r", "conversations": [id]}), "act.to"),
        (json!({"act": {"type": "assign"}, "reason": "r", "conversations": [id]}), "act.assignee"),
    ] {
        let (status, refused) = owner.post("/api/v1/bulk", wish.clone()).await;
        assert_eq!(status, 422, "{wish}: {refused}");
        let named = refused["field"].as_str().unwrap_or_default();
        assert!(named == field || (field == "act.assignee" && named.starts_with("act")), "{wish}: {refused}");
    }
    let most = json!({"act": complete, "reason": "あ".repeat(500), "conversations": vec![id; 200]});
    let (status, done) = owner.post("/api/v1/bulk", most).await;
    assert_eq!((status.as_u16(), &done["done"]), (200, &json!(0)), "{done}");
}
