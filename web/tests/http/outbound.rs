//! That something an agent says arrives as something else, that a file is seen by whom it was not sent to, or that a
//! desk learns of a limit only by running into it.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use madoguchi_engine::channels::line::signature;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::live::Live;
use super::server::{Caller, Server, answer};

const SECRET: &str = "channel-secret-of-the-test";
const PATIENCE: Duration = Duration::from_secs(10);

/// A stand-in for LINE that takes every call and tells of it.
struct Line {
    address: String,
    calls: UnboundedReceiver<(String, Value)>,
}

impl Line {
    fn start() -> Self {
        let (tell, calls) = unbounded_channel();
        let server = HttpServer::new(move || {
            actix_web::App::new().app_data(web::Data::new(tell.clone())).default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a free port");
        let address = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { address, calls }
    }

    /// The body of the next call of one of these paths; others in between are passed over.
    async fn next(&mut self, paths: &[&str]) -> (String, Value) {
        loop {
            let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await.expect("a call in time");
            let (path, body) = call.expect("the stand-in runs");
            if paths.contains(&path.as_str()) {
                return (path, body);
            }
        }
    }

    /// The messages of the next push.
    async fn pushed(&mut self) -> Value {
        self.next(&["/v2/bot/message/push"]).await.1["messages"].take()
    }
}

async fn take(req: HttpRequest, body: web::Bytes, tell: web::Data<UnboundedSender<(String, Value)>>) -> HttpResponse {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let count = body["messages"].as_array().map_or(0, Vec::len);
    let sent: Vec<Value> =
        (0..count).map(|n| json!({ "id": (461_000_000_000_000_000_u64 + n as u64).to_string() })).collect();
    // The test may be over.
    let _ = tell.send((req.path().to_owned(), body));
    HttpResponse::Ok().json(json!({ "sentMessages": sent }))
}

/// A window with an agent who holds the seat of its one conversation.
struct Desk<'a> {
    hanako: Caller<'a>,
    inbox: String,
    conversation: String,
    epoch: Value,
}

impl<'a> Desk<'a> {
    async fn open(server: &'a Server, line: &Line, mode: &str) -> Self {
        Self::open_at(server, &line.address, mode).await
    }

    async fn open_at(server: &'a Server, platform: &str, mode: &str) -> Self {
        let owner = server.log_in("owner").await;
        owner.add_window("sales").await;
        for name in ["hanako", "taro"] {
            let id = owner.add_agent(name, "agent").await;
            assert_eq!(owner.ask(Method::PUT, &format!("/api/v1/windows/sales/agents/{id}"), None).await.0, 200);
        }
        let settings = json!({"channel_secret": SECRET, "channel_access_token": "t", "mode": mode,
            "api_base_url": platform, "api_data_base_url": platform});
        let (status, inbox) =
            owner.post("/api/v1/inboxes", json!({"window": "sales", "kind": "line", "settings": settings})).await;
        assert_eq!(status, 201, "{inbox}");
        let inbox = inbox["id"].as_str().expect("an id").to_owned();
        write(server, &inbox, 1).await;
        let hanako = server.log_in("hanako").await;
        let (_, list) = hanako.get("/api/v1/windows/sales/conversations").await;
        let conversation = list["items"][0]["id"].as_str().expect("a conversation").to_owned();
        let (status, won) = hanako.post(&format!("/api/v1/conversations/{conversation}/claim"), json!({})).await;
        assert_eq!(status, 200, "{won}");
        Self { hanako, inbox, conversation, epoch: won["seat"]["epoch"].clone() }
    }

    fn at(&self, rest: &str) -> String {
        format!("/api/v1/conversations/{}{rest}", self.conversation)
    }

    /// Sends with more fields than the content, and answers with status and body.
    async fn send(&self, client_id: &str, content: Value, quick_replies: Value) -> (u16, Value) {
        let body = json!({"client_id": client_id, "seat_epoch": self.epoch, "content": content,
            "quick_replies": quick_replies});
        let (status, body) = self.hanako.post(&self.at("/messages"), body).await;
        (status.as_u16(), body)
    }

    async fn upload(&self, name: &str, bytes: Vec<u8>) -> (u16, Value) {
        let request = self.hanako.request(Method::POST, &format!("/api/v1/files?name={name}")).body(bytes);
        let (status, body) = answer(request).await;
        (status.as_u16(), body)
    }
}

/// The customer writes their `n`th message.
async fn write(server: &Server, inbox: &str, n: u32) {
    let body = json!({"destination": "U0", "events": [{
        "type": "message", "mode": "active", "timestamp": 1_795_237_245_120_u64 + u64::from(n),
        "webhookEventId": format!("01JBEVENT00000000000000{n:03}"),
        "deliveryContext": {"isRedelivery": false},
        "source": {"type": "user", "userId": "U4af4980629000000000000000000000a"},
        "replyToken": format!("reply-token-{n}"),
        "message": {"type": "text", "id": format!("44457384408357273{n}"), "quoteToken": "q", "text": "こんにちは",
            "markAsReadToken": format!("read-token-{n}")}
    }]})
    .to_string();
    let request = server
        .request(Method::POST, &format!("/hooks/line/{inbox}"))
        .header("x-line-signature", signature::sign(SECRET, body.as_bytes()));
    let (status, taken) = answer(request.body(body)).await;
    assert_eq!((status.as_u16(), &taken["recorded"]), (200, &json!(1)), "{taken}");
}

/// A picture of one pixel.
fn png() -> Vec<u8> {
    let hex = "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f0005fe02fe\
               dccc59e70000000049454e44ae426082";
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("two digits"))
        .collect()
}

#[actix_web::test]
async fn a_picture_arrives_and_only_its_address_opens_it() {
    let server = Server::start().await;
    let mut line = Line::start();
    let desk = Desk::open(&server, &line, "push").await;
    let (status, upload) = desk.upload("photo.png", png()).await;
    assert_eq!(status, 201, "{upload}");
    assert_eq!((&upload["kind"], &upload["mime"], &upload["width"]), (&json!("image"), &json!("image/png"), &json!(1)));
    let id = upload["id"].as_str().expect("an id").to_owned();
    let buttons = json!([{"label": "はい", "does": "say", "text": "はい"}]);
    let (status, sent) = desk.send("c-1", json!({"type": "image", "file": id}), buttons.clone()).await;
    assert_eq!(status, 202, "{sent}");
    assert_eq!(sent["message"]["content"]["file"]["id"], upload["id"]);
    let again = desk.send("c-1", json!({"type": "image", "file": id}), buttons).await;
    assert_eq!((again.0, &again.1["message"]["id"]), (202, &sent["message"]["id"]), "the same message");
    let other = desk.send("c-1", json!({"type": "image", "file": id}), json!([])).await;
    assert_eq!((other.0, &other.1["code"]), (409, &json!("client_id_reused")), "without its buttons it is another");

    let messages = line.pushed().await;
    assert_eq!((&messages[0]["type"], messages.as_array().map(Vec::len)), (&json!("image"), Some(1)), "{messages}");
    assert_eq!(messages[0]["quickReply"]["items"][0]["action"]["text"], "はい");
    let original = messages[0]["originalContentUrl"].as_str().expect("an address").to_owned();
    let preview = messages[0]["previewImageUrl"].as_str().expect("an address").to_owned();
    for (url, mime) in [(&original, "image/png"), (&preview, "image/jpeg")] {
        assert!(url.starts_with(&format!("{}/media/", server.address)), "{url}");
        let response = server.client.get(url).send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).map(|v| v.to_str().expect("text").to_owned());
        assert_eq!(response.status(), 200, "{url}");
        assert_eq!(header("content-type").as_deref(), Some(mime));
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert!(header("cache-control").is_some_and(|kept| kept.contains("max-age")));
        assert!(header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
        assert_eq!(header("set-cookie"), None);
    }
    let part = server.client.get(&original).header("range", "bytes=1-3").send().await.expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.expect("a body").as_ref(), b"PNG");

    // What a desk knows of the file opens nothing without a login.
    let token = original.split('/').nth(4).expect("a token");
    let broken = format!("{}x", &token[..token.len() - 1]);
    for path in [format!("/media/{id}/image.png"), format!("/media/{broken}/image.png")] {
        assert_eq!(answer(server.request(Method::GET, &path)).await.0, 404, "{path}");
    }
    assert_eq!(answer(server.request(Method::GET, &format!("/api/v1/files/{id}"))).await.0, 401);
    assert_eq!(desk.hanako.get(&format!("/api/v1/files/{id}")).await.0, 200);
}

#[actix_web::test]
async fn every_kind_goes_out_in_lines_own_words() {
    let server = Server::start().await;
    let mut line = Line::start();
    let desk = Desk::open(&server, &line, "push").await;
    let (_, picture) = desk.upload("a.png", png()).await;
    let (status, paper) = desk.upload("%E8%A6%8B%E7%A9%8D.pdf", b"%PDF-1.7 and so on".to_vec()).await;
    assert_eq!((status, &paper["kind"], &paper["name"]), (201, &json!("file"), &json!("見積.pdf")));
    let say = json!([{"label": "予約", "does": "postback", "data": "book"}]);
    let card = |text: &str| json!({"text": text, "image": picture["id"], "actions": say});
    let flex = json!({"type": "flex", "contents": {"type": "bubble", "body": {"type": "box", "layout": "vertical",
        "contents": [{"type": "text", "text": "在庫"}]}}});
    for (n, (content, kind)) in [
        (json!({"type": "sticker", "package_id": "446", "sticker_id": "1988"}), "sticker"),
        (json!({"type": "location", "title": "本社", "latitude": 35.68, "longitude": 139.76}), "location"),
        (json!({"type": "cards", "cards": [card("一")]}), "template"),
        (json!({"type": "cards", "cards": [card("一"), card("二")]}), "template"),
        (json!({"type": "native", "alt_text": "在庫", "message": flex}), "flex"),
        (json!({"type": "file", "file": paper["id"]}), "text"),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, sent) = desk.send(&format!("c-{n}"), content, json!([])).await;
        assert_eq!(status, 202, "{sent}");
        let messages = line.pushed().await;
        assert_eq!(messages[0]["type"], kind, "{messages}");
        if kind == "template" {
            let wanted = if n == 2 { "buttons" } else { "carousel" };
            assert_eq!(messages[0]["template"]["type"], wanted);
        }
        if kind == "text" {
            let text = messages[0]["text"].as_str().expect("words");
            let (name, url) = text.split_once('\n').expect("a name and an address");
            assert_eq!(name, "見積.pdf");
            let response = server.client.get(url).send().await.expect("an answer");
            let saved = response.headers()["content-disposition"].to_str().expect("ASCII");
            assert_eq!(saved, "attachment; filename*=UTF-8''%E8%A6%8B%E7%A9%8D.pdf");
            assert_eq!(response.text().await.expect("a body"), "%PDF-1.7 and so on");
        }
    }
}

#[actix_web::test]
async fn a_desk_knows_every_limit_before_it_meets_one() {
    let server = Server::start().await;
    let line = Line::start();
    let desk = Desk::open(&server, &line, "reply").await;
    let path = format!("/api/v1/inboxes/{}/capabilities", desk.inbox);
    let (status, told) = desk.hanako.get(&path).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!((&told["free_answers"], &told["paid_answers"]), (&json!(true), &json!(false)));
    assert_eq!((&told["features"]["unsend"], &told["features"]["seen"]), (&json!(false), &json!(false)));
    let owner = server.log_in("owner").await;
    owner.add_agent("stranger", "agent").await;
    assert_eq!(server.log_in("stranger").await.get(&path).await.0, 403, "of another window");

    // The limits that were told are the limits that are applied.
    let most = told["text"]["most"].as_u64().expect("a number");
    let text = |units: u64| json!({"type": "text", "text": "a".repeat(usize::try_from(units).expect("small"))});
    assert_eq!(desk.send("c-1", text(most), json!([])).await.0, 202);
    let (status, refused) = desk.send("c-2", text(most + 1), json!([])).await;
    assert_eq!((status, &refused["code"], &refused["field"]), (422, &json!("invalid"), &json!("content.text")));
    assert!(refused["rule"].as_str().is_some_and(|rule| rule.contains(&most.to_string())), "{refused}");
    let most = usize::try_from(told["quick_replies"]["most"].as_u64().expect("a number")).expect("small");
    let buttons = |count: usize| json!(vec![json!({"label": "a", "does": "say", "text": "a"}); count]);
    assert_eq!(desk.send("c-3", text(1), buttons(most)).await.0, 202);
    let thread = format!("/api/v1/conversations/{}/messages", desk.conversation);
    let (_, thread) = desk.hanako.get(&thread).await;
    let last = thread["items"].as_array().and_then(|items| items.last()).expect("a message");
    assert_eq!(last["quick_replies"], buttons(most), "colleagues see which buttons the customer was given");
    let (status, refused) = desk.send("c-4", text(1), buttons(most + 1)).await;
    assert_eq!((status, &refused["field"], &refused["rule"]), (422, &json!("quick_replies"), &json!("at most 13")));
    let package = &told["stickers"][0];
    let sticker = |id: &str| json!({"type": "sticker", "package_id": package["package_id"], "sticker_id": id});
    let last = package["sticker_ids"].as_array().and_then(|ids| ids.last()?.as_str()).expect("a sticker");
    assert_eq!(desk.send("c-5", sticker(last), json!([])).await.0, 202);
    let (status, refused) = desk.send("c-6", sticker("2028"), json!([])).await;
    assert_eq!((status, &refused["field"]), (422, &json!("content.sticker_id")));
}

#[actix_web::test]
async fn a_file_that_is_not_what_it_says_is_refused_where_the_agent_sees_it() {
    let server = Server::start().await;
    let line = Line::start();
    let desk = Desk::open(&server, &line, "push").await;
    for (bytes, status) in [
        (Vec::new(), 422),
        (b"\xff\xd8\xff no picture".to_vec(), 422),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), 415),
    ] {
        let (got, refused) = desk.upload("a.jpg", bytes).await;
        assert_eq!((got, &refused["field"]), (status, &json!("file")), "{refused}");
    }
    let bare = server.request(Method::POST, "/api/v1/files").body(png());
    assert_eq!(answer(bare).await.0, 401, "without a login");
    let foreign = desk.hanako.server.request(Method::POST, "/api/v1/files").header("cookie", &desk.hanako.cookie);
    let foreign = foreign.header("origin", "https://evil.example").body(png());
    assert_eq!(answer(foreign).await.0, 403, "from another site");
    assert_eq!(desk.upload(&"a".repeat(201), png()).await.0, 422);

    let (_, paper) = desk.upload("a.pdf", b"%PDF-1.7".to_vec()).await;
    for (content, field) in [
        (json!({"type": "image", "file": paper["id"]}), "content.file"),
        (json!({"type": "image", "file": "01KAH3QZ6M2F8V7X1S4J0B9TNC"}), "content.file"),
        (json!({"type": "image", "file": "../../etc/passwd"}), "content.file"),
        (
            json!({"type": "cards", "cards": [{"text": "a", "image": paper["id"], "actions": []}]}),
            "content.cards[0].image",
        ),
        (json!({"type": "audio", "file": paper["id"], "duration_ms": 5}), "content.file"),
    ] {
        let (status, refused) = desk.send("c-1", content, json!([])).await;
        assert_eq!((status, &refused["field"]), (422, &json!(field)), "{refused}");
    }
}

#[actix_web::test]
async fn nothing_that_line_must_fetch_is_accepted_where_line_cannot_come() {
    // The server has no https address, and the account is at LINE itself.
    let server = Server::start_with(&[("MADOGUCHI_ENGINE__HOLD_SENDING", "true")]).await;
    let desk = Desk::open_at(&server, "https://api.line.me", "push").await;
    let (_, picture) = desk.upload("a.png", png()).await;
    let card = json!({"text": "a", "image": picture["id"], "actions": [{"label": "a", "does": "say", "text": "a"}]});
    for (content, field) in [
        (json!({"type": "image", "file": picture["id"]}), "content.file"),
        (json!({"type": "file", "file": picture["id"]}), "content.file"),
        (json!({"type": "cards", "cards": [card]}), "content.cards"),
    ] {
        let (status, refused) = desk.send("c-1", content, json!([])).await;
        assert_eq!((status, &refused["field"]), (422, &json!(field)), "{refused}");
        assert!(refused["rule"].as_str().is_some_and(|rule| rule.contains("public_url")), "{refused}");
    }
    assert_eq!(desk.send("c-2", json!({"type": "text", "text": "a"}), json!([])).await.0, 202);
}

#[actix_web::test]
async fn the_clock_of_the_free_answer_is_on_the_desk() {
    let server = Server::start().await;
    let mut line = Line::start();
    let desk = Desk::open(&server, &line, "reply").await;
    let (_, before) = desk.hanako.get(&desk.at("")).await;
    let until = before["free_answer_until"].as_str().expect("a moment").to_owned();
    let since = before["waiting_since"].as_str().expect("the customer waits");
    assert!(until.as_str() > since, "{before}");
    let (status, sent) = desk.send("c-1", json!({"type": "text", "text": "はい"}), json!([])).await;
    assert_eq!(status, 202, "{sent}");
    line.next(&["/v2/bot/message/reply"]).await;
    let (_, after) = desk.hanako.get(&desk.at("")).await;
    assert_eq!(after["free_answer_until"], Value::Null, "it was used");
    write(&server, &desk.inbox, 2).await;
    let (_, anew) = desk.hanako.get(&desk.at("")).await;
    assert!(anew["free_answer_until"].as_str().is_some_and(|later| later > until.as_str()), "{anew}");
}

#[actix_web::test]
async fn the_customer_sees_the_holder_write_and_read_and_nobody_else() {
    let server = Server::start().await;
    let mut line = Line::start();
    let desk = Desk::open(&server, &line, "reply").await;
    let taro = server.log_in("taro").await;
    let (mut of_taro, mut of_hanako) = (Live::open(&taro).await, Live::open(&desk.hanako).await);
    let typing = json!({"type": "typing", "conversation": desk.conversation});
    let read = |number: u32| json!({"type": "read", "conversation": desk.conversation, "number": number});
    for frame in [typing.clone(), read(1)] {
        of_taro.say(frame).await;
    }
    of_hanako.say(read(0)).await;
    for frame in [typing.clone(), typing, read(1), read(1)] {
        of_hanako.say(frame).await;
    }
    let paths = ["/v2/bot/chat/loading/start", "/v2/bot/chat/markAsRead"];
    let mut calls = [line.next(&paths).await, line.next(&paths).await];
    calls.sort_by_key(|(path, _)| path.clone());
    let user = "U4af4980629000000000000000000000a";
    assert_eq!(calls[0], (paths[0].to_owned(), json!({"chatId": user, "loadingSeconds": 20})));
    assert_eq!(calls[1], (paths[1].to_owned(), json!({"markAsReadToken": "read-token-1"})));
    write(&server, &desk.inbox, 2).await;
    // Over REST the same; the next call is that of the new message, and nothing was said twice in between.
    let (status, _) = desk.hanako.post(&desk.at("/read"), json!({"number": 2})).await;
    assert_eq!(status, 204);
    assert_eq!(line.next(&paths).await, (paths[1].to_owned(), json!({"markAsReadToken": "read-token-2"})));
}
