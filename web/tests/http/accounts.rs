//! That an account is changed by whom it should not be, or keeps its old key after it was changed.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::server::{PASSWORD, Server, answer};

const OTHER: &str = "betsu-no-kagi-77";

async fn try_login(server: &Server, login: &str, password: &str) -> StatusCode {
    let body = json!({"login": login, "password": password});
    answer(server.request(Method::POST, "/api/v1/session").json(&body)).await.0
}

#[actix_web::test]
async fn a_new_password_of_ones_own_needs_the_old_one_and_ends_the_other_sessions() {
    let server = Server::start_with(&[("MADOGUCHI_PASSWORDS__FAILURES_PER_LOGIN", "3")]).await;
    let (here, elsewhere) = (server.log_in("owner").await, server.log_in("owner").await);
    let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
    for (old, new, field) in [("wrong-one-entirely", OTHER, "old_password"), (PASSWORD, "short", "new_password")] {
        let (status, problem) = here.ask(Method::PUT, "/api/v1/session/password", Some(change(old, new))).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!(field)), "{problem}");
    }
    let done = here.ask(Method::PUT, "/api/v1/session/password", Some(change(PASSWORD, OTHER))).await;
    assert_eq!(done.0, 204, "{}", done.1);
    assert_eq!(here.get("/api/v1/session").await.0, 200, "this session stays");
    assert_eq!(elsewhere.get("/api/v1/session").await.0, 401);
    assert_eq!(try_login(&server, "owner", PASSWORD).await, 401);
    assert_eq!(try_login(&server, "owner", OTHER).await, 200);
    // Two wrong tries so far; a third closes the door, also for a thief with a session.
    here.ask(Method::PUT, "/api/v1/session/password", Some(change("again-wrong", OTHER))).await;
    let (status, _) = here.ask(Method::PUT, "/api/v1/session/password", Some(change(OTHER, PASSWORD))).await;
    assert_eq!(status, 429);
}

#[actix_web::test]
async fn a_password_given_by_an_administrator_ends_every_session_and_token() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let id = owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let (_, token) = admin.post("/api/v1/tokens", json!({"name": "t"})).await;
    let secret = token["secret"].as_str().expect("a key").to_owned();
    let by_token = || server.request(Method::GET, "/api/v1/session").bearer_auth(&secret);
    assert_eq!(answer(by_token()).await.0, 200);
    let path = format!("/api/v1/agents/{id}/password");
    let (status, problem) = owner.ask(Method::PUT, &path, Some(json!({"password": "12345678"}))).await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("password")));
    assert_eq!(owner.ask(Method::PUT, &path, Some(json!({"password": OTHER}))).await.0, 204);
    assert_eq!(admin.get("/api/v1/session").await.0, 401);
    assert_eq!(answer(by_token()).await.0, 401);
    assert_eq!(try_login(&server, "admin", PASSWORD).await, 401);
    assert_eq!(try_login(&server, "admin", OTHER).await, 200);
    // Nobody resets the password of somebody mightier.
    let (_, me) = owner.get("/api/v1/session").await;
    let mightier = format!("/api/v1/agents/{}/password", me["agent"]["id"].as_str().expect("an id"));
    let secret =
        answer(server.request(Method::POST, "/api/v1/session").json(&json!({"login": "admin", "password": OTHER})));
    assert_eq!(secret.await.0, 200);
    owner.add_agent("admin2", "administrator").await;
    let second = server.log_in("admin2").await;
    assert_eq!(second.ask(Method::PUT, &mightier, Some(json!({"password": OTHER}))).await.0, 403);
}

#[actix_web::test]
async fn a_person_is_changed_within_the_callers_own_rights() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_agent("admin", "administrator").await;
    let id = owner.add_agent("hanako", "agent").await;
    let (admin, hanako) = (server.log_in("admin").await, server.log_in("hanako").await);
    let path = format!("/api/v1/agents/{id}");
    let (status, shown) = admin.ask(Method::PATCH, &path, Some(json!({"name": " 花子 ", "role": "supervisor"}))).await;
    assert_eq!(
        (status.as_u16(), &shown["name"], &shown["role"]),
        (200, &json!("花子"), &json!("supervisor")),
        "{shown}"
    );
    assert_eq!(hanako.get("/api/v1/session").await.1["agent"]["role"], "supervisor", "at once");
    for (body, wanted, field) in [
        (json!({"role": "owner"}), 403, "role"),
        (json!({"name": ""}), 422, "name"),
        (json!({"name": "x".repeat(101)}), 422, "name"),
        (json!({"login": "x"}), 422, "login"),
        (json!({"icon_url": "http://files.example.com/i.png"}), 422, "icon_url"),
    ] {
        let (status, problem) = admin.ask(Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!((status.as_u16(), &problem["field"]), (wanted, &json!(field)), "{body}: {problem}");
    }
    let (_, unchanged) = admin.ask(Method::PATCH, &path, Some(json!({}))).await;
    assert_eq!((&unchanged["name"], &unchanged["icon_url"]), (&json!("花子"), &Value::Null));
    for (icon, shown) in
        [("https://files.example.com/i.png", json!("https://files.example.com/i.png")), ("", Value::Null)]
    {
        let (status, person) = admin.ask(Method::PATCH, &path, Some(json!({"icon_url": icon}))).await;
        assert_eq!((status.as_u16(), &person["icon_url"]), (200, &shown), "{person}");
    }
    let (_, out) = admin.ask(Method::PATCH, &path, Some(json!({"disabled": true}))).await;
    assert_eq!(out["disabled"], true);
    assert_eq!(hanako.get("/api/v1/session").await.0, 401);
    assert_eq!(try_login(&server, "hanako", PASSWORD).await, 401);
    admin.ask(Method::PATCH, &path, Some(json!({"disabled": false}))).await;
    assert_eq!(try_login(&server, "hanako", PASSWORD).await, 200);
    let (_, me) = owner.get("/api/v1/session").await;
    let last = format!("/api/v1/agents/{}", me["agent"]["id"].as_str().expect("an id"));
    for body in [json!({"role": "agent"}), json!({"disabled": true})] {
        assert_eq!(owner.ask(Method::PATCH, &last, Some(body)).await.0, 422, "the last owner stays");
    }
}

#[actix_web::test]
async fn a_secret_left_empty_stays_and_none_is_ever_shown() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    owner.add_agent("admin", "administrator").await;
    let admin = server.log_in("admin").await;
    let id = owner.add_inbox("sales", "first-secret").await;
    let path = format!("/api/v1/inboxes/{id}");
    let hook = |secret: &'static str| {
        let body = r#"{"destination":"U0","events":[]}"#;
        let signature = madoguchi_engine::channels::line::signature::sign(secret, body.as_bytes());
        let request = server.request(Method::POST, &format!("/hooks/line/{id}"));
        answer(request.header("x-line-signature", signature).body(body))
    };
    let change = async |settings: Value| admin.ask(Method::PATCH, &path, Some(json!({"settings": settings}))).await;
    let (_, before) = admin.get(&path).await;
    for same in [json!({}), json!({"channel_secret": "", "channel_access_token": ""}), json!({"mode": "reply"})] {
        let (status, shown) = change(same).await;
        assert_eq!((status.as_u16(), &shown), (200, &before), "nothing changed, and not the time either");
    }
    assert_eq!(hook("first-secret").await.0, 200);
    let (status, shown) = change(json!({"channel_secret": "second-secret"})).await;
    assert_eq!((status.as_u16(), &shown["settings"]["channel_secret"]), (200, &json!("set")));
    assert_ne!(shown["changed_at"], before["changed_at"]);
    assert!(!shown.to_string().contains("second-secret"), "{shown}");
    assert_eq!(hook("first-secret").await.0, 200, "the platform may still sign with it");
    assert_eq!(hook("second-secret").await.0, 200);
    let (_, shown) = change(json!({"former_secret_for_s": 0})).await;
    assert_eq!(shown["settings"]["former_secret_until"], json!(null));
    assert_ne!(hook("first-secret").await.0, 200);
    assert_eq!(hook("second-secret").await.0, 200);
    let (_, shown) = change(json!({"channel_secret": "third-secret", "former_secret_for_s": 0})).await;
    assert_eq!(shown["settings"]["former_secret_until"], json!(null), "found out: at once");
    assert_ne!(hook("second-secret").await.0, 200);
    let shows = ["leave_groups", "show_agent_name", "mark_as_read", "loading"];
    assert_eq!(shows.map(|name| shown["settings"][name].as_bool()), [true, false, true, true].map(Some));
    for name in shows {
        let turned = !shown["settings"][name].as_bool().expect("a switch");
        let (status, after) = change(json!({name: turned})).await;
        assert_eq!((status.as_u16(), &after["settings"][name]), (200, &json!(turned)), "{name}");
    }
    for (settings, wanted, field) in [
        (json!({"channel_secret": "x".repeat(201)}), 422, "channel_secret"),
        (json!({"channel_access_token": "x".repeat(4_001)}), 422, "channel_access_token"),
        (json!({"api_base_url": "https://elsewhere.example"}), 403, "settings.api_base_url"),
        (json!({"former_secret_for_s": 604_801}), 422, "settings.former_secret_for_s"),
        (json!({"colour": "red"}), 422, "settings.colour"),
    ] {
        let (status, problem) = change(settings.clone()).await;
        assert_eq!((status.as_u16(), &problem["field"]), (wanted, &json!(field)), "{settings}: {problem}");
    }
    let urls =
        async |url: &str| owner.ask(Method::PATCH, &path, Some(json!({"settings": {"api_base_url": url}}))).await;
    assert_eq!(urls("ftp://x").await.0, 422);
    assert_eq!(urls("http://127.0.0.1:9/").await.1["settings"]["api_base_url"], "http://127.0.0.1:9");
    assert_eq!(urls("").await.1["settings"]["api_base_url"], "https://api.line.me");
    let missing = "/api/v1/inboxes/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(admin.ask(Method::PATCH, missing, Some(json!({"settings": {}}))).await.0, 404);
}
