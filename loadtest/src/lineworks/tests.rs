//! The double keeps the platform's rules, so that an adapter that breaks one is found out.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Api, Fault, LineWorksDouble, Options, hook};

struct Caller {
    double: LineWorksDouble,
    http: reqwest::Client,
    token: String,
}

/// A double, and a token that was got by no assertion: what is asked here is not how tokens are given.
fn caller(options: Options) -> Caller {
    let double = LineWorksDouble::start(options).unwrap();
    let token = "t".to_owned();
    double.world.state.lock().tokens.insert(token.clone(), i64::MAX);
    Caller { double, http: hook::client(std::time::Duration::from_secs(5)), token }
}

impl Caller {
    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.double.api_url());
        let body = serde_json::to_vec(&body).unwrap();
        let answer = self.http.post(url).bearer_auth(&self.token).body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }
}

#[tokio::test]
async fn a_message_needs_a_token_a_bot_a_member_and_content_that_the_platform_takes() {
    let caller = caller(Options::default());
    let bot = caller.double.add_bot("窓口");
    let user = caller.double.add_member("山田 太郎");
    let path = format!("/v1.0/bots/{}/users/{user}/messages", bot.id);
    let text = |text: &str| json!({ "content": { "type": "text", "text": text } });
    assert_eq!(caller.post(&path, text("はい")).await.0, 201);
    assert_eq!(caller.post(&path, text("はい")).await.0, 201, "it knows no repetition");
    assert_eq!(caller.double.texts(&user), ["はい", "はい"]);
    for (path, body, status) in [
        (path.clone(), text(&"長".repeat(2_001)), 400),
        (path.clone(), json!({ "content": { "type": "image", "fileId": "unknown" } }), 400),
        (path.clone(), json!({}), 400),
        ("/v1.0/bots/1/users/u/messages".to_owned(), text("x"), 404),
        (format!("/v1.0/bots/{}/users/nobody/messages", bot.id), text("x"), 404),
    ] {
        assert_eq!(caller.post(&path, body).await.0, status, "{path}");
    }
    caller.double.revoke_tokens();
    assert_eq!(caller.post(&path, text("x")).await.0, 401);
}

#[tokio::test]
async fn an_upload_address_works_once_and_bytes_lie_behind_a_redirect_that_wants_the_token() {
    let caller = caller(Options::default());
    let bot = caller.double.add_bot("窓口");
    let (status, place) =
        caller.post(&format!("/v1.0/bots/{}/attachments", bot.id), json!({ "fileName": "a.pdf" })).await;
    assert_eq!(status, 200);
    let url = place["uploadUrl"].as_str().unwrap();
    assert!(url.starts_with(caller.double.storage_url()), "another host");
    let form = "--b\r\nContent-Disposition: form-data; name=\"Filedata\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\nbytes\r\n--b--\r\n";
    let up = |token: bool| {
        let request = caller.http.post(url).header("content-type", "multipart/form-data; boundary=b").body(form);
        if token { request.bearer_auth(&caller.token) } else { request }.send()
    };
    assert_eq!(up(false).await.unwrap().status(), 401);
    assert_eq!(up(true).await.unwrap().status(), 200);
    assert_eq!(up(true).await.unwrap().status(), 404, "it works once");
    let file = place["fileId"].as_str().unwrap();
    assert_eq!(caller.double.file(file).as_deref(), Some(b"bytes".as_slice()));
}

#[tokio::test]
async fn too_many_calls_of_a_kind_are_refused_with_the_time_to_wait() {
    let caller = caller(Options { calls_a_minute: Some(2), ..Options::default() });
    let bot = caller.double.add_bot("窓口");
    let user = caller.double.add_member("x");
    let path = format!("/v1.0/bots/{}/users/{user}/messages", bot.id);
    let body = json!({ "content": { "type": "text", "text": "x" } });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(caller.post(&path, body.clone()).await.0);
    }
    assert_eq!(statuses, [201, 201, 429]);
    assert_eq!(caller.double.texts(&user).len(), 2);
}

#[tokio::test]
async fn a_call_that_is_cut_off_after_it_was_done_says_nothing_to_its_caller() {
    let caller = caller(Options::default());
    let bot = caller.double.add_bot("窓口");
    let user = caller.double.add_member("x");
    caller.double.faults().once(Api::Send, Fault::DropAfter);
    let url = format!("{}/v1.0/bots/{}/users/{user}/messages", caller.double.api_url(), bot.id);
    let body = serde_json::to_vec(&json!({ "content": { "type": "text", "text": "x" } })).unwrap();
    assert!(caller.http.post(url).bearer_auth(&caller.token).body(body).send().await.is_err());
    assert_eq!(caller.double.texts(&user), ["x"]);
    let calls = caller.double.calls();
    assert_eq!((calls[0].status, calls[0].done), (None, true));
}

#[tokio::test]
async fn a_callback_goes_to_this_machine_only() {
    let caller = caller(Options::default());
    let bot = caller.double.add_bot("窓口");
    for url in ["https://example.com/", "http://10.0.0.1/", "http://127.0.0.1.evil.example:80/", ""] {
        caller.double.set_callback(&bot.id, url);
        let posted = caller.double.post(&bot.id, Bytes::from_static(b"{}")).await;
        assert_eq!(posted.status, None, "{url}");
    }
}
