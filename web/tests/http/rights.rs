//! That somebody reads or changes what is not theirs.

use madoguchi_engine::content::{ContentStore, Keep, Purpose};
use madoguchi_engine::domain::id::FileId;
use madoguchi_engine::domain::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Server, answer};

#[actix_web::test]
async fn who_is_in_no_window_sees_no_desk() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    owner.add_window("support").await;
    let id = owner.add_agent("hanako", "agent").await;
    let second = owner.add_agent("chief", "supervisor").await;
    let hanako = server.log_in("hanako").await;
    assert_eq!(hanako.get("/api/v1/session").await.1["windows"], json!([]));
    for path in ["/api/v1/windows/sales", "/api/v1/windows/sales/conversations", "/api/v1/agents", "/api/v1/inboxes"] {
        let (status, body) = hanako.get(path).await;
        assert_eq!((status.as_u16(), &body["code"]), (403, &json!("forbidden")), "{path}");
    }

    let (status, window) = owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{id}"), None).await;
    assert_eq!(status, 200, "{window}");
    assert_eq!(window["agents"][0]["name"], "hanako");
    assert_eq!(hanako.get("/api/v1/windows/sales/conversations").await.0, 200);
    assert_eq!(hanako.get("/api/v1/agents").await.0, 200);
    assert_eq!(hanako.get("/api/v1/windows/support").await.0, 403);
    let (_, mine) = hanako.get("/api/v1/windows").await;
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1));

    let chief = server.log_in("chief").await;
    assert_eq!(chief.get("/api/v1/windows/support").await.0, 200);
    assert_eq!(chief.get("/api/v1/windows/nowhere").await.0, 404);
    assert_eq!(chief.get("/api/v1/session").await.1["windows"][0]["member"], false);

    let leave = format!("/api/v1/windows/sales/agents/{id}");
    let (status, last) = owner.ask(Method::DELETE, &leave, None).await;
    assert_eq!(
        (status.as_u16(), &last["field"], &last["limit"]),
        (409, &json!("agents"), &json!(1)),
        "the last one stays"
    );
    owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{second}"), None).await;
    assert_eq!(owner.ask(Method::DELETE, &leave, None).await.0, 200);
    assert_eq!(hanako.get("/api/v1/windows/sales").await.0, 403);
}

#[actix_web::test]
async fn an_administrator_makes_no_owner_and_touches_none() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let (status, body) = admin
        .post("/api/v1/agents", json!({"login": "x", "name": "x", "role": "owner", "password": "long-and-unusual-7"}))
        .await;
    assert_eq!((status.as_u16(), &body["field"]), (403, &json!("role")));
    let (_, me) = owner.get("/api/v1/session").await;
    let path = format!("/api/v1/agents/{}/disable", me["agent"]["id"].as_str().expect("an id"));
    assert_eq!(admin.ask(Method::POST, &path, None).await.0, 403);
    let (status, body) = owner.ask(Method::POST, &path, None).await;
    assert_eq!(status, 422, "the last owner stays: {body}");
}

#[actix_web::test]
async fn only_an_owner_points_an_inbox_elsewhere_and_nobody_sees_a_secret() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let inbox = json!({"window": "sales", "kind": "line", "settings": {
        "channel_secret": "hunter2", "channel_access_token": "hunter3",
        "api_base_url": "http://127.0.0.1:9", "api_data_base_url": "http://127.0.0.1:9"}});
    let (status, body) = admin.post("/api/v1/inboxes", inbox.clone()).await;
    assert_eq!((status.as_u16(), &body["field"]), (403, &json!("settings.api_base_url")));
    let (status, made) = owner.post("/api/v1/inboxes", inbox).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().expect("an id");
    assert_eq!(made["webhook_url"], json!(format!("{}/hooks/line/{id}", server.address)));
    let (_, shown) = owner.get(&format!("/api/v1/inboxes/{id}")).await;
    assert_eq!(shown["settings"]["channel_secret"], "set");
    let (_, list) = admin.get("/api/v1/inboxes?window=sales").await;
    for text in [made.to_string(), shown.to_string(), list.to_string()] {
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[actix_web::test]
async fn a_wrong_request_is_refused_with_the_name_of_what_is_wrong() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    for (path, body, status, field) in [
        ("/api/v1/windows", json!({"id": "Sales", "name": "x", "product": 5}), 422, "id"),
        ("/api/v1/windows", json!({"id": "a", "name": "x", "product": 7}), 422, "product"),
        ("/api/v1/windows", json!({"id": "a", "name": "x"}), 422, "product"),
        ("/api/v1/windows", json!({"id": "a", "name": "x", "product": 5, "colour": "red"}), 422, "colour"),
        ("/api/v1/windows", json!({"id": "sales", "name": "y", "product": 5}), 409, "window id"),
        (
            "/api/v1/agents",
            json!({"login": "a", "name": "a", "role": "agent", "password": "12345678"}),
            422,
            "password",
        ),
        ("/api/v1/tokens", json!({"name": "t", "expires_in_days": 1000}), 422, "expires_in_days"),
    ] {
        let (got, problem) = owner.post(path, body.clone()).await;
        assert_eq!(got, status, "{body}: {problem}");
        assert_eq!(problem["field"], field, "{body}: {problem}");
    }
    let (status, problem) = owner.get("/api/v1/windows/sales/conversations?limit=1000").await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("limit")));
    let (status, problem) = owner.get("/api/v1/windows/sales/conversations?colour=red").await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("colour")));
    let (status, problem) =
        owner.ask(Method::PATCH, "/api/v1/windows/sales/settings", Some(json!({"handover_timeout_ms": 1}))).await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("handover_timeout_ms")));
    let (status, window) =
        owner.ask(Method::PATCH, "/api/v1/windows/sales/settings", Some(json!({"handover_timeout_ms": 30_000}))).await;
    assert_eq!(status, 200);
    assert_eq!(window["settings"]["handover_timeout_ms"], 30_000);
    let missing = "/api/v1/conversations/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(owner.get(missing).await.0, 404);
    assert_eq!(owner.get("/api/v1/conversations/no-id").await.0, 404);
    let claim = owner.post(&format!("{missing}/claim"), json!({})).await;
    assert_eq!(claim.0, 404);
}

/// A file that a message of the conversation came with.
fn put_file(server: &Server, conversation: &str) -> String {
    let store = ContentStore::open(&server.data_dir()).expect("the store's folder");
    let mut writer = store.create(FileId(7), 100).expect("a new file");
    writer.write(b"\x89PNG\r\n\x1a\n").expect("room");
    let conversation = conversation.parse().expect("an id");
    let purpose = Purpose::Message { conversation, number: 1 };
    let keep = Keep { purpose, at: Timestamp(i64::MAX), name: None, source: None };
    writer.finish(FileId(8), keep).expect("the disk").id.to_string()
}

/// A body that the address takes, where one is needed to get as far as the right.
fn body_for(what: &str) -> Option<Value> {
    let last = what.rsplit('/').next().unwrap_or_default();
    Some(match (what.split(' ').next()?, last) {
        ("POST", "release" | "complete" | "cancel") => json!({"seat_epoch": 0}),
        ("POST", "takeover") => json!({"reason": "r"}),
        ("POST", "handover") => json!({"seat_epoch": 0, "to": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}),
        ("POST", "assign") => json!({"assignee": null}),
        ("POST", "messages") => json!({"client_id": "c", "seat_epoch": 0, "content": {"type": "text", "text": "t"}}),
        ("POST", "notes") => json!({"client_id": "c", "text": "t"}),
        ("PUT", "{number}") => json!({"text": "t"}),
        ("GET" | "DELETE", _) => return None,
        _ => json!({}),
    })
}

/// Asks for everything that docs/rights.md names, as everybody that it names.
#[actix_web::test]
async fn the_server_lets_in_exactly_whom_the_table_names() {
    const RIGHTS: &str = include_str!("../../../docs/rights.md");
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    let inbox = owner.add_inbox("sales", "s").await;
    let event = json!({"destination": "U0", "events": [{
        "type": "message", "mode": "active", "timestamp": 1_790_000_000_000_u64, "webhookEventId": "01JB",
        "source": {"type": "user", "userId": "U4af4980629000000000000000000000a"},
        "message": {"type": "text", "id": "1", "text": "やあ"}}]})
    .to_string();
    let signature = madoguchi_engine::channels::line::signature::sign("s", event.as_bytes());
    let hook = server.request(Method::POST, &format!("/hooks/line/{inbox}"));
    let (status, _) = answer(hook.header("x-line-signature", signature).body(event)).await;
    assert_eq!(status, 200);
    let (_, list) = owner.get("/api/v1/windows/sales/conversations").await;
    let conversation = list["items"][0]["id"].as_str().expect("an id").to_owned();
    let file = put_file(&server, &conversation);
    let spare = owner.add_agent("spare", "agent").await;
    let roles = ["agent", "supervisor", "administrator", "owner"];
    let mut asked = 0;
    for (rank, role) in roles.iter().enumerate() {
        for member in [false, true] {
            let login = format!("{role}-{member}");
            let id = owner.add_agent(&login, role).await;
            if member {
                owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{id}"), None).await;
            }
            let caller = server.log_in(&login).await;
            for row in RIGHTS.lines().filter_map(|line| line.strip_prefix("| `")) {
                let cells: Vec<&str> = row.split('|').map(str::trim).collect();
                let what = cells[0].trim_end_matches('`');
                let word = cells[1 + usize::from(member)];
                let Some((method, path)) = what.split_once(" /") else { continue };
                if word == "everybody" || what == "DELETE /api/v1/session" {
                    continue;
                }
                let path = format!("/{path}")
                    .replace("{window}", "sales")
                    .replace("{conversation}", &conversation)
                    .replace("{agent}", &spare)
                    .replace("{inbox}", &inbox)
                    .replace("{file}", &file)
                    .replace("{sticker}", "1")
                    .replace("{number}", "1")
                    .replace("{token}", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
                    .replace("{raw}", "01ARZ3NDEKTSV4RRFFQ69G5FAV");
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let (status, answer) = caller.ask(method, &path, body_for(what)).await;
                let wanted = roles.iter().position(|role| *role == word).is_some_and(|least| rank >= least);
                let given = !(status == 403 && answer["code"] == "forbidden");
                assert_eq!(given, wanted, "{what} as {login}: {status} {answer}");
                asked += 1;
            }
        }
    }
    assert!(asked > 8 * 40, "the table was read");
}
