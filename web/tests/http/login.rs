//! That somebody gets in who must not, stays in, or is used by another site.

use reqwest::Method;
use serde_json::json;

use super::server::{PASSWORD, Server, answer, cookie_of};

#[actix_web::test]
async fn an_unknown_login_and_a_wrong_password_look_the_same() {
    let server = Server::start().await;
    let mut answers = Vec::new();
    for (login, password) in [("owner", "not-the-password"), ("nobody", "not-the-password")] {
        let (status, body) = answer(
            server.request(Method::POST, "/api/v1/session").json(&json!({"login": login, "password": password})),
        )
        .await;
        assert_eq!(status, 401);
        answers.push(body);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["code"], "wrong_credentials");
}

#[actix_web::test]
async fn guessing_is_stopped_even_when_the_next_guess_is_right() {
    let server = Server::start_with(&[("MADOGUCHI_PASSWORDS__FAILURES_PER_LOGIN", "3")]).await;
    let attempt = |password: &'static str| {
        answer(server.request(Method::POST, "/api/v1/session").json(&json!({"login": "Owner", "password": password})))
    };
    for _ in 0..3 {
        assert_eq!(attempt("not-the-password").await.0, 401);
    }
    let (status, body) = attempt(PASSWORD).await;
    assert_eq!((status.as_u16(), &body["code"]), (429, &json!("rate_limited")));
    assert!(body["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0));
}

#[actix_web::test]
async fn a_session_planted_before_the_login_is_worth_nothing() {
    let server = Server::start().await;
    let planted = "madoguchi=planted-by-somebody-else";
    let response = server
        .request(Method::POST, "/api/v1/session")
        .header("cookie", planted)
        .json(&json!({"login": "owner", "password": PASSWORD}))
        .send()
        .await
        .expect("an answer");
    let flags = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(flags.contains("HttpOnly") && flags.contains("SameSite=Lax"), "{flags}");
    let cookie = cookie_of(&response);
    assert_ne!(cookie, planted);
    let again = server
        .request(Method::POST, "/api/v1/session")
        .header("cookie", &cookie)
        .json(&json!({"login": "owner", "password": PASSWORD}))
        .send()
        .await
        .expect("an answer");
    assert_ne!(cookie_of(&again), cookie);
    for dead in [planted, &cookie] {
        let (status, _) = answer(server.request(Method::GET, "/api/v1/session").header("cookie", dead)).await;
        assert_eq!(status, 401, "the earlier session ended with the new login");
    }
}

#[actix_web::test]
async fn another_site_changes_nothing_with_our_cookie() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let window = json!({"id": "w", "name": "w", "product": 5});
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("x-nothing", "said about where it comes from"),
    ] {
        let (status, body) = answer(
            server
                .request(Method::POST, "/api/v1/windows")
                .header("cookie", &owner.cookie)
                .header(name, value)
                .json(&window),
        )
        .await;
        assert_eq!(status, 403, "{name}: {value}");
        assert_eq!(body["code"], "origin_refused");
    }
    let (status, body) = answer(
        owner.request(Method::POST, "/api/v1/windows").header("content-type", "text/plain").body(window.to_string()),
    )
    .await;
    assert_eq!(status, 415, "a form of another site can send text: {body}");
    owner.add_window("w").await;
}

#[actix_web::test]
async fn who_logs_out_or_is_shut_out_is_out() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let id = owner.add_agent("hanako", "administrator").await;
    let hanako = server.log_in("hanako").await;
    let second = server.log_in("hanako").await;
    let (status, made) = second.post("/api/v1/tokens", json!({"name": "script"})).await;
    assert_eq!(status, 201);
    let bearer = format!("Bearer {}", made["secret"].as_str().expect("shown once"));
    let by_token = || answer(server.request(Method::GET, "/api/v1/session").header("authorization", &bearer));
    assert_eq!(by_token().await.0, 200);

    assert_eq!(hanako.ask(Method::DELETE, "/api/v1/session", None).await.0, 204);
    assert_eq!(hanako.get("/api/v1/session").await.0, 401);
    assert_eq!(second.get("/api/v1/session").await.0, 200);

    let (status, _) = owner.ask(Method::POST, &format!("/api/v1/agents/{id}/disable"), None).await;
    assert_eq!(status, 200);
    assert_eq!(second.get("/api/v1/session").await.0, 401);
    assert_eq!(by_token().await.0, 401);
    let (status, _) =
        answer(server.request(Method::POST, "/api/v1/session").json(&json!({"login": "hanako", "password": PASSWORD})))
            .await;
    assert_eq!(status, 401);
}

#[actix_web::test]
async fn a_program_needs_no_origin_and_its_key_is_shown_once() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let (status, made) = owner.post("/api/v1/tokens", json!({"name": "script", "expires_in_days": 1})).await;
    assert_eq!(status, 201);
    let secret = made["secret"].as_str().expect("shown once").to_owned();
    let (status, window) = answer(
        server
            .request(Method::POST, "/api/v1/windows")
            .header("authorization", format!("Bearer {secret}"))
            .json(&json!({"id": "w", "name": "w", "product": 5})),
    )
    .await;
    assert_eq!(status, 201, "{window}");
    let (_, list) = owner.get("/api/v1/tokens").await;
    assert!(!list.to_string().contains(&secret));
    let id = list["items"][0]["id"].as_str().expect("an id");
    let gone = owner.ask(Method::DELETE, &format!("/api/v1/tokens/{id}"), None).await;
    assert_eq!(gone.0, 204);
    let (status, _) =
        answer(server.request(Method::GET, "/api/v1/windows").header("authorization", format!("Bearer {secret}")))
            .await;
    assert_eq!(status, 401);
}

#[actix_web::test]
async fn the_login_page_says_what_the_operator_wishes_and_nothing_else() {
    let server = Server::start_with(&[("MADOGUCHI_LOGIN_HINT", " 社員番号でログインしてください ")]).await;
    let told = answer(server.request(Method::GET, "/api/v1/about")).await;
    assert_eq!((told.0.as_u16(), told.1), (200, json!({"login_hint": "社員番号でログインしてください"})));
    let silent = Server::start().await;
    assert_eq!(answer(silent.request(Method::GET, "/api/v1/about")).await.1, json!({"login_hint": null}));
}
