//! That somebody reads or changes what is not theirs.

use madoguchi_engine::content::{ContentStore, Keep, Purpose};
use madoguchi_engine::domain::id::FileId;
use madoguchi_engine::domain::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::live::Live;
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

/// The table that people read.
pub(crate) const RIGHTS: &str = include_str!("../../../docs/rights.md");

/// Every row: what, and the words of its two columns.
fn rows() -> Vec<(&'static str, [&'static str; 2])> {
    let rows = RIGHTS.lines().filter_map(|line| line.strip_prefix("| `")).map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[0].trim_end_matches('`'), [cells[1], cells[2]])
    });
    rows.collect()
}

const ROLES: [&str; 4] = ["agent", "supervisor", "administrator", "owner"];

/// Whether a role of this rank has what the word of the table names.
fn has(rank: usize, word: &str) -> bool {
    ROLES.iter().position(|role| *role == word).is_some_and(|least| rank >= least)
}

/// A body that the address takes, where one is needed to get as far as the right.
pub(crate) fn body_for(what: &str) -> Option<Value> {
    let last = what.rsplit('/').next().unwrap_or_default();
    Some(match (what.split(' ').next()?, last) {
        ("POST", "release" | "complete" | "cancel" | "return-to-bot") => json!({"seat_epoch": 0}),
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

/// What the addresses of the table name, once it exists.
struct Things {
    inbox: String,
    conversation: String,
    file: String,
    spare: String,
}

impl Things {
    async fn make(server: &Server) -> Self {
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
        let file = put_file(server, &conversation);
        Self { inbox, file, spare: owner.add_agent("spare", "agent").await, conversation }
    }

    /// The address with what there is in it. What an address may destroy is not there at all.
    fn fill(&self, path: &str) -> String {
        let filled = path
            .replace("{window}", "sales")
            .replace("{conversation}", &self.conversation)
            .replace("{agent}", &self.spare)
            .replace("{inbox}", &self.inbox)
            .replace("{file}", &self.file)
            .replace("{number}", "1")
            .replace("{sticker}", "1");
        let parts =
            filled.split('/').map(|part| if part.starts_with('{') { "01ARZ3NDEKTSV4RRFFQ69G5FAV" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Every address that the server itself lists has its row: one that nobody decided about fails here.
#[actix_web::test]
async fn no_address_is_without_a_row() {
    let server = Server::start().await;
    let (_, document) = answer(server.request(Method::GET, "/api/openapi.json")).await;
    let rows: Vec<&str> = rows().into_iter().map(|(what, _)| what).collect();
    let mut addresses = 0;
    for (path, methods) in document["paths"].as_object().expect("addresses") {
        for method in methods.as_object().expect("methods").keys().filter(|key| *key != "parameters") {
            let what = format!("{} {path}", method.to_uppercase());
            assert_eq!(rows.iter().filter(|row| **row == what).count(), 1, "{what} in docs/rights.md");
            addresses += 1;
        }
    }
    assert!(addresses > 60, "{addresses}");
}

/// Asks for everything that docs/rights.md names, as everybody that it names: with a session, with a token that may do
/// everything, with no proof, and with one that nobody holds.
#[actix_web::test]
async fn the_server_lets_in_exactly_whom_the_table_names() {
    let server = Server::start_with(&[("MADOGUCHI_PASSWORDS__FAILURES_PER_ADDRESS", "100000")]).await;
    let things = Things::make(&server).await;
    let owner = server.log_in("owner").await;
    let (mut asked, mut allowed) = (0, 0);
    for (rank, role) in ROLES.iter().enumerate() {
        for member in [false, true] {
            let login = format!("{role}-{member}");
            let id = owner.add_agent(&login, role).await;
            if member {
                owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{id}"), None).await;
            }
            let caller = server.log_in(&login).await;
            // Only administrators make tokens.
            let token =
                caller.post("/api/v1/tokens", json!({"name": "t"})).await.1["secret"].as_str().map(str::to_owned);
            assert_eq!(token.is_some(), rank >= 2, "{login}");
            for (what, columns) in rows() {
                let word = columns[usize::from(member)];
                let Some((method, path)) = what.split_once(" /") else { continue };
                // What ends the caller's own sessions is asked elsewhere.
                if word == "everybody" || ["DELETE /api/v1/session", "DELETE /api/v1/sessions"].contains(&what) {
                    continue;
                }
                let path = things.fill(&format!("/{path}"));
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let by_cookie = caller.ask(method.clone(), &path, body_for(what)).await;
                let by_token = match &token {
                    None => None,
                    Some(token) => {
                        let request = server.request(method.clone(), &path).bearer_auth(token);
                        Some(answer(match body_for(what) {
                            Some(body) => request.json(&body),
                            None => request,
                        }))
                    }
                };
                let by_token = match by_token {
                    Some(asking) => Some(asking.await),
                    None => None,
                };
                for (status, told) in [Some(by_cookie), by_token].into_iter().flatten() {
                    // A bot's addresses know no people at all.
                    assert_eq!(status == 401, word == "bot", "{what} as {login}: {told}");
                    let given = status != 401 && !(status == 403 && told["code"] == "forbidden");
                    assert_eq!(given, has(rank, word), "{what} as {login}: {status} {told}");
                    asked += 1;
                    allowed += usize::from(given);
                }
            }
        }
    }
    assert!(asked > 500 && allowed > 200 && asked - allowed > 100, "{asked} asked, {allowed} allowed");
    for (what, columns) in rows() {
        let Some((method, path)) = what.split_once(" /") else { continue };
        if columns == ["everybody"; 2] {
            continue;
        }
        let path = things.fill(&format!("/{path}"));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        for proof in [None, Some("Bearer mdg_nobodys"), Some("Basic b3duZXI6b3duZXI="), Some("Bearer")] {
            let request = server.request(method.clone(), &path);
            let request = match proof {
                Some(proof) => request.header("authorization", proof),
                None => request,
            };
            let (status, told) = answer(request).await;
            assert_eq!((status.as_u16(), &told["code"]), (401, &json!("unauthenticated")), "{what} with {proof:?}");
        }
    }
}

/// A token that may do one kind of thing, against every address: the role gives, and the scope takes away.
#[actix_web::test]
async fn a_scope_opens_what_it_names_and_no_other_address() {
    use madoguchi_protocol::api::Scope;
    use madoguchi_web::auth::scopes::Scopes;
    use madoguchi_web::router::{Access, ENTRIES};
    let server = Server::start().await;
    let things = Things::make(&server).await;
    let owner = server.log_in("owner").await;
    let scopes = [
        Scope::Read,
        Scope::Work,
        Scope::Supervise,
        Scope::Windows,
        Scope::Inboxes,
        Scope::People,
        Scope::Audit,
        Scope::Operations,
    ];
    let mut opened = std::collections::BTreeSet::new();
    for scope in scopes {
        let (status, made) = owner.post("/api/v1/tokens", json!({"name": "t", "scopes": [scope]})).await;
        assert_eq!(status, 201, "{made}");
        let token = made["secret"].as_str().expect("shown once").to_owned();
        for entry in ENTRIES {
            let (Access::Right(action) | Access::Command(action)) = entry.access else { continue };
            let what = format!("{} {}", entry.method, entry.path);
            let method = Method::from_bytes(entry.method.as_str().as_bytes()).expect("a method");
            // The owner works in no window: a desk is not theirs with any scope.
            if action == madoguchi_web::authorize::Action::Work || what == "DELETE /api/v1/sessions" {
                continue;
            }
            let request = server.request(method, &things.fill(entry.path)).bearer_auth(&token);
            let (status, told) = answer(match body_for(&what) {
                Some(body) => request.json(&body),
                None => request,
            })
            .await;
            let given = !(status == 403 && told["code"] == "forbidden");
            // A token that may only manage people makes none that may everything, which is what an empty wish asks for.
            let wanted = Scopes::of(Some(&[scope])).allow(action);
            assert_eq!(given, wanted, "{what} with {scope:?}: {status} {told}");
            if given {
                opened.insert((format!("{scope:?}"), what));
            }
        }
    }
    assert!(opened.len() > 60, "{}", opened.len());
}

/// Every command and frame that the table names, over a real socket.
#[actix_web::test]
async fn a_socket_lets_through_exactly_what_the_table_names() {
    let server = Server::start().await;
    let things = Things::make(&server).await;
    let owner = server.log_in("owner").await;
    let mut asked = 0;
    for (rank, role) in ROLES.iter().enumerate() {
        for member in [false, true] {
            let login = format!("{role}-{member}");
            let id = owner.add_agent(&login, role).await;
            if member {
                owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{id}"), None).await;
            }
            let caller = server.log_in(&login).await;
            let mut socket = Live::open(&caller).await;
            for (what, columns) in rows() {
                let wanted = has(rank, columns[usize::from(member)]);
                if let Some(name) = what.strip_prefix("command ") {
                    let reply = socket.command(&things.conversation, command(name, &things.spare)).await;
                    let given = reply["problem"]["code"] != "forbidden";
                    assert_eq!(given, wanted, "{what} as {login}: {reply}");
                    asked += 1;
                } else if what == "frame watch" {
                    socket.watch(None).await;
                    let told = socket.next(&["snapshot", "unwatched"]).await;
                    assert_eq!(told["type"] == "snapshot", wanted, "{what} as {login}: {told}");
                    asked += 1;
                } else if what == "frame counters" {
                    socket.say(json!({"type": "counters", "on": true})).await;
                    let told = socket.next(&["counters"]).await;
                    assert_eq!(told["windows"].as_array().is_some_and(|w| !w.is_empty()), wanted, "{what} as {login}");
                    asked += 1;
                } else {
                    // A hint that leads nowhere is not answered: what comes of it is looked at in `live`.
                    let hints = ["frame typing", "frame read", "frame viewing"];
                    assert!(what.contains(" /") || hints.contains(&what), "{what}: a row that nobody asks for");
                }
            }
        }
    }
    assert_eq!(asked, 8 * (rows().iter().filter(|(what, _)| what.starts_with("command ")).count() + 2));
}

/// A command as a socket sends it.
fn command(name: &str, colleague: &str) -> Value {
    let mut command = match name {
        "release" | "complete" | "return_to_bot" => json!({"seat_epoch": 99}),
        "takeover" => json!({"reason": "r"}),
        "handover" => json!({"seat_epoch": 99, "to": colleague}),
        "assign" => json!({"assignee": null}),
        "send" => json!({"client_id": "c", "seat_epoch": 99, "content": {"type": "text", "text": "t"}}),
        "cancel" => json!({"seat_epoch": 99, "number": 1}),
        "add_note" => json!({"client_id": "c", "text": "t"}),
        "edit_note" => json!({"number": 99, "text": "t"}),
        "delete_note" => json!({"number": 99}),
        _ => json!({}),
    };
    command["type"] = json!(name);
    command
}
