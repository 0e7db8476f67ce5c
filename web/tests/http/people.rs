//! That somebody comes in who was not meant, or stays when they should be out.

use reqwest::Method;
use serde_json::{Value, json};

use super::live::Live;
use super::server::{Caller, PASSWORD, Server, answer, cookie_of};
use super::spine::desk;

const OTHERS: &str = "another-good-one-77";

async fn invite(caller: &Caller<'_>, body: Value) -> (String, String) {
    let (status, made) = caller.post("/api/v1/invitations", body).await;
    assert_eq!(status, 201, "{made}");
    let url = made["url"].as_str().expect("shown once");
    let secret = url.strip_prefix(&format!("{}/invite#", caller.server.address)).expect("behind the hash").to_owned();
    (secret, made["invitation"]["id"].as_str().expect("an id").to_owned())
}

async fn public(server: &Server, what: &str, body: Value) -> (u16, Value) {
    let (status, body) = answer(server.request(Method::POST, &format!("/api/v1/invitation/{what}")).json(&body)).await;
    (status.as_u16(), body)
}

fn coming(secret: &str, login: &str) -> Value {
    json!({"secret": secret, "login": login, "name": "花子", "password": OTHERS})
}

#[actix_web::test]
async fn a_link_lets_one_person_in_once_and_is_nowhere_afterwards() {
    let server = Server::start_with(&[("MADOGUCHI_LOG__LEVEL", "debug")]).await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    owner.add_window("support").await;
    let windows = json!(["support", "sales"]);
    let (secret, id) = invite(&owner, json!({"role": "supervisor", "windows": windows})).await;
    assert_eq!(secret.len(), 43, "256 bits");
    let (status, shown) = public(&server, "look", json!({"secret": secret})).await;
    assert_eq!((status, &shown["role"], &shown["login"]), (200, &json!("supervisor"), &Value::Null), "{shown}");
    assert_eq!(shown["windows"], json!(["窓口 sales", "窓口 support"]));
    let (_, open) = owner.get("/api/v1/invitations").await;
    assert_eq!(open["items"][0]["id"], json!(id));

    let (status, weak) =
        public(&server, "accept", json!({"secret": secret, "login": "h", "name": "h", "password": "password"})).await;
    assert_eq!((status, &weak["field"]), (422, &json!("password")), "a weak password spends no link: {weak}");
    let (status, taken) = public(&server, "accept", coming(&secret, "owner")).await;
    assert_eq!((status, &taken["code"], &taken["field"]), (409, &json!("exists"), &json!("login")));
    let (status, made) = public(&server, "accept", coming(&secret, " Hanako ")).await;
    assert_eq!(
        (status, &made["agent"]["login"], &made["agent"]["role"]),
        (201, &json!("hanako"), &json!("supervisor"))
    );
    assert_eq!(made["windows"].as_array().map(Vec::len), Some(2));
    assert!(made["windows"].as_array().expect("a list").iter().all(|window| window["outcome"] == "added"), "{made}");
    for what in ["look", "accept"] {
        let (status, spent) =
            public(&server, what, if what == "look" { json!({"secret": secret}) } else { coming(&secret, "x") }).await;
        let (_, never) =
            public(&server, what, if what == "look" { json!({"secret": "x"}) } else { coming("x", "x") }).await;
        assert_eq!((status, &spent["code"]), (404, &json!("invitation_invalid")));
        assert_eq!(spent, never, "spent or never there looks the same");
    }
    let (status, _) =
        answer(server.request(Method::POST, "/api/v1/session").json(&json!({"login": "hanako", "password": OTHERS})))
            .await;
    assert_eq!(status, 200);
    let (_, window) = owner.get("/api/v1/windows/sales").await;
    assert_eq!(window["agents"][0]["name"], "花子");
    assert_eq!(owner.get("/api/v1/invitations").await.1["items"], json!([]));

    server.signal(nix::sys::signal::Signal::SIGTERM);
    let (_, log, dir) = server.wait();
    assert!(!log.contains(&secret), "the link is in the log");
    assert_eq!(files_with(dir.path(), &secret), 0, "the link is in the store");
}

/// How many files below `dir` hold the text.
pub(crate) fn files_with(dir: &std::path::Path, text: &str) -> usize {
    let entries = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("readable").path());
    let holds = |path: std::path::PathBuf| {
        if path.is_dir() {
            return files_with(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        usize::from(bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    entries.map(holds).sum()
}

#[actix_web::test]
async fn a_link_is_worth_nothing_once_its_maker_may_no_longer_invite_or_took_it_back() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let admin_id = owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let (status, refused) = admin.post("/api/v1/invitations", json!({"role": "owner"})).await;
    assert_eq!((status.as_u16(), &refused["field"]), (403, &json!("role")));
    let (first, id) = invite(&admin, json!({"role": "agent"})).await;
    let gone = owner.ask(Method::DELETE, &format!("/api/v1/invitations/{id}"), None).await;
    assert_eq!(gone.0, 204);
    assert_eq!(public(&server, "accept", coming(&first, "a")).await.0, 404, "taken back");
    let (second, _) = invite(&admin, json!({"role": "administrator"})).await;
    let (third, _) = invite(&admin, json!({"role": "agent"})).await;
    let path = format!("/api/v1/agents/{admin_id}");
    assert_eq!(owner.ask(Method::PATCH, &path, Some(json!({"role": "agent"}))).await.0, 200);
    for secret in [&second, &third] {
        assert_eq!(public(&server, "accept", coming(secret, "a")).await.0, 404, "its maker may not invite any more");
    }
    assert_eq!(owner.ask(Method::PATCH, &path, Some(json!({"role": "administrator"}))).await.0, 200);
    assert_eq!(public(&server, "look", json!({"secret": third})).await.0, 200);
    assert_eq!(owner.ask(Method::POST, &format!("{path}/disable"), None).await.0, 200);
    assert_eq!(public(&server, "accept", coming(&third, "a")).await.0, 404, "its maker is shut out");
    let (owners, _) = invite(&owner, json!({"role": "owner", "login": "Boss@Shop.example"})).await;
    let (status, other) = public(&server, "accept", coming(&owners, "mallory")).await;
    assert_eq!((status, &other["field"]), (422, &json!("login")), "meant for another login");
    let mine = json!({"secret": owners, "name": "Boss", "password": OTHERS});
    let (status, made) = public(&server, "accept", mine).await;
    assert_eq!((status, &made["agent"]["login"]), (201, &json!("boss@shop.example")));
}

#[actix_web::test]
async fn links_are_not_guessed_at_whatever_address_is_claimed() {
    let env = [("MADOGUCHI_PASSWORDS__FAILURES_PER_ADDRESS", "3"), ("MADOGUCHI_TRUSTED_PROXIES", "[\"127.0.0.1/32\"]")];
    let server = Server::start_with(&env).await;
    let owner = server.log_in("owner").await;
    let (secret, _) = invite(&owner, json!({"role": "agent"})).await;
    let look = async |secret: &str, from: &str| {
        let request = server.request(Method::POST, "/api/v1/invitation/look").header("x-forwarded-for", from);
        answer(request.json(&json!({"secret": secret}))).await.0.as_u16()
    };
    for guess in 0..3 {
        assert_eq!(look(&format!("guess-{guess}"), &format!("10.9.9.{guess}, 198.51.100.7")).await, 404);
    }
    assert_eq!(look(&secret, "198.51.100.7").await, 429, "right or wrong, that address has to wait");
    assert_eq!(look(&secret, "198.51.100.8").await, 200, "another behind the same proxy does not");

    let bearer = async |token: &str, from: &str| {
        let request = server.request(Method::GET, "/api/v1/session").header("x-forwarded-for", from);
        answer(request.header("authorization", format!("Bearer {token}"))).await.0.as_u16()
    };
    let (_, made) = owner.post("/api/v1/tokens", json!({"name": "t"})).await;
    for guess in 0..3 {
        assert_eq!(bearer(&format!("mdg_{guess}"), "198.51.100.9").await, 401);
    }
    assert_eq!(bearer("mdg_x", "198.51.100.9").await, 429);
    assert_eq!(
        bearer(made["secret"].as_str().expect("shown"), "198.51.100.9").await,
        200,
        "a right one is never refused"
    );
}

#[actix_web::test]
async fn where_one_is_logged_in_is_seen_and_ended_from_elsewhere() {
    let server = Server::start().await;
    let (hanako, _, conversation) = desk(&server).await;
    let owner = server.log_in("owner").await;
    let response = server
        .request(Method::POST, "/api/v1/session")
        .header("user-agent", "Mozilla/5.0 (a phone)")
        .json(&json!({"login": "hanako", "password": PASSWORD}))
        .send()
        .await
        .expect("an answer");
    let phone = Caller { server: &server, cookie: cookie_of(&response) };
    let mut socket = Live::open(&phone).await;
    let (_, own) = hanako.get("/api/v1/sessions").await;
    let items = own["items"].as_array().expect("a list");
    assert_eq!(items.len(), 2);
    let other = items.iter().find(|session| session["current"] == false).expect("the phone's");
    assert_eq!((&other["browser"], &other["address"]), (&json!("Mozilla/5.0 (a phone)"), &json!("127.0.0.1")));
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().expect("an id"));
    assert_eq!(owner.ask(Method::DELETE, &path, None).await.0, 404, "another's session is none of one's own");
    assert_eq!(hanako.ask(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(phone.get("/api/v1/session").await.0, 401);
    assert_eq!(socket.close_code().await, 4500, "at once");
    assert_eq!(hanako.get("/api/v1/session").await.0, 200);

    let second = server.log_in("hanako").await;
    assert_eq!(second.ask(Method::DELETE, "/api/v1/sessions", None).await.0, 204, "everywhere else");
    assert_eq!(hanako.get("/api/v1/session").await.0, 401);
    assert_eq!(second.get("/api/v1/session").await.0, 200);

    let claim = second.post(&format!("/api/v1/conversations/{conversation}/claim"), json!({})).await;
    assert_eq!(claim.0, 200);
    let mut socket = Live::open(&second).await;
    let (_, me) = second.get("/api/v1/session").await;
    let sessions = format!("/api/v1/agents/{}/sessions", me["agent"]["id"].as_str().expect("an id"));
    assert_eq!(owner.get(&sessions).await.1["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(owner.ask(Method::DELETE, &sessions, None).await.0, 204);
    assert_eq!(second.get("/api/v1/session").await.0, 401);
    assert_eq!(socket.close_code().await, 4500);
    let mut status = Value::Null;
    for _ in 0..200 {
        status = owner.get(&format!("/api/v1/conversations/{conversation}")).await.1["status"].clone();
        if status == "new" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("what they held is still {status}");
}

#[actix_web::test]
async fn who_is_shut_out_loses_sessions_sockets_and_tokens_at_once() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let id = owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let (_, made) = admin.post("/api/v1/tokens", json!({"name": "t"})).await;
    let bearer = format!("Bearer {}", made["secret"].as_str().expect("shown once"));
    let mut socket = Live::open(&admin).await;
    socket.next(&["me"]).await;
    assert_eq!(owner.ask(Method::POST, &format!("/api/v1/agents/{id}/disable"), None).await.0, 200);
    assert_eq!(socket.close_code().await, 4500);
    assert_eq!(admin.get("/api/v1/session").await.0, 401);
    let by_token = || answer(server.request(Method::GET, "/api/v1/session").header("authorization", &bearer));
    assert_eq!(by_token().await.0, 401);
    assert_eq!(owner.ask(Method::POST, &format!("/api/v1/agents/{id}/enable"), None).await.0, 200);
    assert_eq!(by_token().await.0, 401, "what ended stays ended");
    assert_eq!(admin.get("/api/v1/session").await.0, 401);
}

#[actix_web::test]
async fn a_token_may_what_it_was_made_for_and_makes_none_that_may_more() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    let (status, made) = owner.post("/api/v1/tokens", json!({"name": "t", "scopes": ["people", "read", "read"]})).await;
    assert_eq!((status.as_u16(), &made["token"]["scopes"]), (201, &json!(["read", "people"])), "{made}");
    assert_eq!(made["token"]["last_used_at"], Value::Null);
    let bearer = format!("Bearer {}", made["secret"].as_str().expect("shown once"));
    let ask = async |method: Method, path: &str, body: Value| {
        answer(server.request(method, path).header("authorization", &bearer).json(&body)).await
    };
    assert_eq!(ask(Method::GET, "/api/v1/windows", json!({})).await.0, 200);
    assert_eq!(ask(Method::GET, "/api/v1/agents", json!({})).await.0, 200);
    let window = json!({"id": "x", "name": "x", "product": 5});
    for (method, path, body) in [
        (Method::POST, "/api/v1/windows", window),
        (Method::GET, "/api/v1/audit", json!({})),
        (Method::GET, "/api/v1/inboxes", json!({})),
        (Method::PUT, "/api/v1/sending", json!({"held": true})),
    ] {
        let (status, refused) = ask(method, path, body).await;
        assert_eq!((status.as_u16(), &refused["code"]), (403, &json!("forbidden")), "{path}");
    }
    for scopes in [Value::Null, json!(["read", "audit"])] {
        let (status, refused) = ask(Method::POST, "/api/v1/tokens", json!({"name": "wider", "scopes": scopes})).await;
        assert_eq!((status.as_u16(), &refused["field"]), (403, &json!("scopes")), "{refused}");
    }
    assert_eq!(ask(Method::POST, "/api/v1/tokens", json!({"name": "n", "scopes": ["read"]})).await.0, 201);
    let (status, _) = owner.post("/api/v1/tokens", json!({"name": "none", "scopes": []})).await;
    assert_eq!(status, 422);
    let (_, list) = owner.get("/api/v1/tokens").await;
    assert!(list["items"][0]["last_used_at"].is_string(), "{list}");
}

#[actix_web::test]
async fn a_persons_windows_are_set_in_one_call_and_each_answers_for_itself() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    for id in ["a", "b", "c", "full"] {
        owner.add_window(id).await;
    }
    let id = owner.add_agent("hanako", "agent").await;
    for place in 0..5 {
        let other = owner.add_agent(&format!("other{place}"), "agent").await;
        owner.ask(Method::PUT, &format!("/api/v1/windows/full/agents/{other}"), None).await;
        // Whoever leaves a window must not leave it empty.
        for window in ["a", "b", "c"] {
            owner.ask(Method::PUT, &format!("/api/v1/windows/{window}/agents/{other}"), None).await;
            if place > 0 {
                owner.ask(Method::DELETE, &format!("/api/v1/windows/{window}/agents/{other}"), None).await;
            }
        }
    }
    let path = format!("/api/v1/agents/{id}/windows");
    let set = async |windows: Value| {
        let (status, body) = owner.ask(Method::PUT, &path, Some(json!({"windows": windows}))).await;
        let told = body["items"].as_array().cloned().unwrap_or_default();
        let mut told: Vec<String> = told
            .iter()
            .map(|item| {
                format!("{} {}", item["window"].as_str().unwrap_or("?"), item["outcome"].as_str().unwrap_or("?"))
            })
            .collect();
        told.sort();
        (status.as_u16(), told, body)
    };
    assert_eq!(set(json!(["a", "b"])).await.1, ["a added", "b added"]);
    let (status, told, body) = set(json!(["b", "c", "full", "b"])).await;
    assert_eq!((status, told), (200, ["a removed", "b kept", "c added", "full refused"].map(str::to_owned).to_vec()));
    let full = body["items"].as_array().expect("a list").iter().find(|item| item["window"] == "full").expect("told");
    assert_eq!((&full["problem"]["code"], &full["problem"]["limit"]), (&json!("limit_reached"), &json!(5)));
    let (status, _, refused) = set(json!(["b", "nowhere"])).await;
    assert_eq!((status, &refused["field"]), (422, &json!("windows")), "nothing is done by halves");
    let hanako = server.log_in("hanako").await;
    let (_, mine) = hanako.get("/api/v1/windows").await;
    let mine: Vec<&str> = mine["items"].as_array().expect("a list").iter().filter_map(|w| w["id"].as_str()).collect();
    assert_eq!(mine, ["b", "c"]);
    assert_eq!(set(json!(vec!["b"; 151])).await.0, 422);
    assert_eq!(set(json!([])).await.1, ["b removed", "c removed"]);
}
