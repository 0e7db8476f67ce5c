//! That a secret, or a person's words, stand where nobody looks after them: logs, figures, refusals, the audit log; and
//! that an answer goes out without the headers of a careful server.

use std::time::{Duration, Instant};

use madoguchi_engine::channels::line::signature;
use madoguchi_web::router::ENTRIES;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::server::{PASSWORD, Server, answer, user_add};

/// Texts that must be nowhere but where they belong.
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    fn keep(&mut self, what: &'static str) -> String {
        let text = format!("canary-{what}-7f3a9c");
        self.0.push((what, text.clone()));
        text
    }

    fn check(&self, place: &str, text: &str) {
        for (what, canary) in &self.0 {
            assert!(!text.contains(canary.as_str()), "{what} stands in {place}");
        }
    }
}

#[actix_web::test]
async fn no_secret_and_no_word_of_a_customer_reaches_logs_figures_refusals_or_the_audit_log() {
    let server = Server::start_with(&[("MADOGUCHI_LOG__LEVEL", "debug")]).await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    let mut canaries = Canaries(Vec::new());
    let mut refusals = Vec::new();

    // Every field that holds a secret: taken, refused for another field, and refused itself.
    let password = canaries.keep("password");
    let person = json!({"login": "hanako", "name": "花子", "role": "agent", "password": password});
    let (status, made) = owner.post("/api/v1/agents", person.clone()).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().expect("an id").to_owned();
    refusals.push(owner.post("/api/v1/agents", person).await.1);
    refusals.push(owner.post("/api/v1/agents", json!({"login": 7, "password": password})).await.1);
    refusals.push(
        owner
            .post("/api/v1/agents", json!({"login": "x", "name": "x", "role": "agent", "password": [password]}))
            .await
            .1,
    );
    let wrong = canaries.keep("wrong-password");
    refusals.push(
        answer(server.request(Method::POST, "/api/v1/session").json(&json!({"login": "hanako", "password": wrong})))
            .await
            .1,
    );
    refusals.push(
        answer(server.request(Method::POST, "/api/v1/session").json(&json!({"login": "nobody", "password": wrong})))
            .await
            .1,
    );
    let again = canaries.keep("new-password");
    let change = json!({"old_password": wrong, "new_password": again});
    refusals.push(owner.ask(Method::PUT, "/api/v1/session/password", Some(change)).await.1);
    let reset =
        owner.ask(Method::PUT, &format!("/api/v1/agents/{id}/password"), Some(json!({"password": again}))).await;
    assert_eq!(reset.0, 204);
    let (secret, token) = (canaries.keep("channel-secret"), canaries.keep("access-token"));
    let settings = json!({"channel_secret": secret, "channel_access_token": token,
        "api_base_url": "http://127.0.0.1:9", "api_data_base_url": "http://127.0.0.1:9"});
    let (status, inbox) =
        owner.post("/api/v1/inboxes", json!({"window": "sales", "kind": "line", "settings": settings})).await;
    assert_eq!(status, 201, "{inbox}");
    refusals.push(inbox.clone());
    refusals.push(
        owner.post("/api/v1/inboxes", json!({"window": "nowhere", "kind": "line", "settings": settings})).await.1,
    );
    let inbox = inbox["id"].as_str().expect("an id").to_owned();
    let key = canaries.keep("assertion-key");
    let patch = json!({"settings": {"token_kind": "assertion", "assertion_key": key, "assertion_kid": "k"}});
    refusals.push(owner.ask(Method::PATCH, &format!("/api/v1/inboxes/{inbox}"), Some(patch)).await.1);
    let second = canaries.keep("second-secret");
    let patch = json!({"settings": {"channel_secret": second}});
    assert_eq!(owner.ask(Method::PATCH, &format!("/api/v1/inboxes/{inbox}"), Some(patch)).await.0, 200);
    refusals.push(owner.post(&format!("/api/v1/inboxes/{inbox}/test"), json!({})).await.1);

    // What the server draws itself.
    let (_, made) = owner.post("/api/v1/tokens", json!({"name": "t"})).await;
    canaries.0.push(("api-token", made["secret"].as_str().expect("shown once").to_owned()));
    let (_, made) = owner.post("/api/v1/invitations", json!({"role": "agent"})).await;
    let link = made["url"].as_str().and_then(|url| url.split('#').nth(1)).expect("shown once").to_owned();
    canaries.0.push(("invitation", link.clone()));
    let coming = canaries.keep("invited-password");
    refusals
        .push(answer(server.request(Method::POST, "/api/v1/invitation/look").json(&json!({"secret": link}))).await.1);
    let weak = json!({"secret": link, "login": "h2", "name": "n", "password": [coming]});
    refusals.push(answer(server.request(Method::POST, "/api/v1/invitation/accept").json(&weak)).await.1);
    let come = json!({"secret": link, "login": "taro", "name": "太郎", "password": coming});
    let (status, made) = answer(server.request(Method::POST, "/api/v1/invitation/accept").json(&come)).await;
    assert_eq!(status, 201, "{made}");
    refusals.push(made);
    canaries.0.push(("cookie", owner.cookie.split('=').nth(1).expect("a cookie").to_owned()));
    let bearer = canaries.keep("bearer");
    refusals.push(
        answer(server.request(Method::GET, "/api/v1/session").header("authorization", format!("Bearer {bearer}")))
            .await
            .1,
    );

    // What customers and agents say.
    let said = canaries.keep("customers-words");
    let body = json!({"destination": "U0", "events": [{
        "type": "message", "mode": "active", "timestamp": 1_790_000_000_000_u64, "webhookEventId": "01JB",
        "source": {"type": "user", "userId": "U4af4980629000000000000000000000a"}, "replyToken": canaries.keep("reply-token"),
        "message": {"type": "text", "id": "1", "text": said}}]})
    .to_string();
    let hook = |signature: String| {
        server.request(Method::POST, &format!("/hooks/line/{inbox}")).header("x-line-signature", signature)
    };
    refusals.push(answer(hook(canaries.keep("wrong-signature")).body(body.clone())).await.1);
    assert_eq!(answer(hook(signature::sign(&second, body.as_bytes())).body(body.clone())).await.0, 200);
    let broken = body.replace("\"events\":[", "\"events\":[7,");
    answer(hook(signature::sign(&second, broken.as_bytes())).body(broken)).await;
    owner.add_agent("chief", "supervisor").await;
    let chief = server.log_in("chief").await;
    let (_, list) = chief.get("/api/v1/windows/sales/conversations").await;
    let conversation = list["items"][0]["id"].as_str().expect("an id");
    let path = |verb: &str| format!("/api/v1/conversations/{conversation}/{verb}");
    let (_, taken) = chief.post(&path("takeover"), json!({"reason": "r"})).await;
    let (answered, memo) = (canaries.keep("agents-words"), canaries.keep("memo"));
    let send =
        json!({"client_id": "c", "seat_epoch": taken["seat"]["epoch"], "content": {"type": "text", "text": answered}});
    assert_eq!(chief.post(&path("messages"), send).await.0, StatusCode::ACCEPTED);
    let stale = json!({"client_id": "c2", "seat_epoch": 99, "content": {"type": "text", "text": answered}});
    refusals.push(chief.post(&path("messages"), stale).await.1);
    assert!(chief.post(&path("notes"), json!({"client_id": "n", "text": memo})).await.0.is_success());
    refusals.push(chief.post(&path("notes"), json!({"client_id": 7, "text": memo})).await.1);
    refusals.push(owner.get(&format!("/api/v1/audit?colour={bearer}")).await.1);

    assert!(refusals.len() > 15);
    for refusal in &refusals {
        let text = refusal.to_string();
        // Who asks what their own link is for is told what it says, and nobody else.
        canaries.check("an answer", &text);
    }
    let figures = server.request(Method::GET, "/metrics").send().await.expect("an answer").text().await.expect("text");
    canaries.check("the figures", &figures);
    let export = owner.request(Method::GET, "/api/v1/audit/export?format=jsonl").send().await.expect("an answer");
    let export = export.text().await.expect("text");
    assert!(export.lines().count() > 10, "{export}");
    canaries.check("the audit log", &export);
    let listed = [
        owner.get("/api/v1/tokens").await.1,
        owner.get("/api/v1/invitations").await.1,
        owner.get("/api/v1/sessions").await.1,
    ];
    listed.iter().for_each(|list| canaries.check("a list", &list.to_string()));
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let (_, log, _) = server.wait();
    assert!(log.contains("answered"), "the log is at debug level");
    canaries.check("the log", &log);
}

#[actix_web::test]
async fn every_address_wears_the_headers_of_a_careful_server() {
    let server = Server::start_with(&[("MADOGUCHI_PUBLIC_URL", "https://talk.example")]).await;
    let pages = ["/", "/invite", "/windows/sales"].map(|path| ("GET".to_owned(), path.to_owned()));
    let addresses = ENTRIES.iter().map(|entry| (entry.method.to_string(), entry.path.replace(['{', '}'], "")));
    let mut checked = 0;
    for (method, path) in addresses.chain(pages) {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let response = server.request(method.clone(), &path).send().await.expect("an answer");
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let what = format!("{method} {path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{what}: a link must not travel on");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
        assert!(header("strict-transport-security").starts_with("max-age="), "{what}");
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src"), "{what}: {policy}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe-inline'"), "{what}: {policy}");
        if path.starts_with("/api/") {
            assert_eq!(header("cache-control"), "no-store", "{what}");
        }
        assert!(header("server").is_empty() && header("x-powered-by").is_empty(), "{what}");
        checked += 1;
    }
    assert_eq!(checked, ENTRIES.len() + 3);
}

/// Behind TLS the cookie never travels without it, and no page of another host can set it.
#[actix_web::test]
async fn behind_tls_the_cookie_is_the_hosts_own() {
    let server = Server::start_with(&[("MADOGUCHI_PUBLIC_URL", "https://talk.example")]).await;
    let login = server.request(Method::POST, "/api/v1/session").header("origin", "https://talk.example");
    let response = login.json(&json!({"login": "owner", "password": PASSWORD})).send().await.expect("an answer");
    let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.starts_with("__Host-madoguchi="), "{cookie}");
    for flag in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

/// With the real work of a hash an unknown login takes as long as a wrong password: without it, a look-up of nobody would
/// be a hundred times faster.
#[actix_web::test]
async fn the_time_of_a_refusal_does_not_tell_who_works_here() {
    let env = [("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "false")];
    let dir = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start_in(dir, &env);
    // The first login makes the hash anew with the real work.
    assert!(user_add(&server.data_dir(), "owner", "owner", PASSWORD).success());
    server.log_in("owner").await;
    let took = async |login: &str| {
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            let request = server.request(Method::POST, "/api/v1/session");
            let (status, body) = answer(request.json(&json!({"login": login, "password": "not-the-password"}))).await;
            times.push(begun.elapsed());
            assert_eq!((status.as_u16(), &body["code"]), (401, &json!("wrong_credentials")));
        }
        times.sort_unstable();
        times[2]
    };
    let (known, unknown) = (took("owner").await, took("nobody").await);
    assert!(unknown * 4 > known && known * 4 > unknown, "known {known:?}, unknown {unknown:?}");
}
