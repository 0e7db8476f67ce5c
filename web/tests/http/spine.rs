//! That the straight line breaks: a customer's message, a claim, a refusal that says who won, an answer, the end.

use madoguchi_engine::channels::line::signature;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Caller, Server, answer, madoguchi};

const SECRET: &str = "channel-secret-of-the-test";

/// A window with two members and one conversation in it.
pub(crate) async fn desk(server: &Server) -> (Caller<'_>, Caller<'_>, String) {
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    for name in ["hanako", "taro"] {
        let id = owner.add_agent(name, "agent").await;
        let path = format!("/api/v1/windows/sales/agents/{id}");
        assert_eq!(owner.ask(Method::PUT, &path, None).await.0, 200);
    }
    // Nobody listens there: what is sent waits, and nothing leaves this machine.
    let (status, inbox) = owner
        .post(
            "/api/v1/inboxes",
            json!({"window": "sales", "kind": "line", "settings": {
                "channel_secret": SECRET, "channel_access_token": "t",
                "api_base_url": "http://127.0.0.1:9", "api_data_base_url": "http://127.0.0.1:9"}}),
        )
        .await;
    assert_eq!(status, 201, "{inbox}");
    let body = json!({"destination": "U0", "events": [{
        "type": "message", "mode": "active", "timestamp": 1_795_237_245_120_u64,
        "webhookEventId": "01JBEVENT000000000000000AA",
        "deliveryContext": {"isRedelivery": false},
        "source": {"type": "user", "userId": "U4af4980629000000000000000000000a"},
        "replyToken": "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA",
        "message": {"type": "text", "id": "444573844083572737", "quoteToken": "q", "text": "こんにちは"}
    }]})
    .to_string();
    let inbox = inbox["id"].as_str().expect("an id");
    for wanted in [json!({"recorded": 1, "duplicates": 0}), json!({"recorded": 0, "duplicates": 1})] {
        let (status, taken) = answer(
            server
                .request(Method::POST, &format!("/hooks/line/{inbox}"))
                .header("x-line-signature", signature::sign(SECRET, body.as_bytes()))
                .body(body.clone()),
        )
        .await;
        assert_eq!((status.as_u16(), &taken), (200, &wanted));
    }
    let hanako = server.log_in("hanako").await;
    let (_, list) = hanako.get("/api/v1/windows/sales/conversations").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
    (hanako, server.log_in("taro").await, id)
}

fn text(client_id: &str, seat_epoch: &Value, text: &str) -> Value {
    json!({"client_id": client_id, "seat_epoch": seat_epoch, "content": {"type": "text", "text": text}})
}

#[actix_web::test]
async fn a_message_is_answered_once_by_the_one_who_claimed_it() {
    let server = Server::start().await;
    let (hanako, taro, id) = desk(&server).await;
    let at = |rest: &str| format!("/api/v1/conversations/{id}{rest}");
    assert_eq!(hanako.get(&at("")).await.1["status"], "new");

    let (status, won) = hanako.ask(Method::POST, &at("/claim"), None).await;
    assert_eq!(status, 200, "{won}");
    let epoch = won["seat"]["epoch"].clone();
    let (status, lost) = taro.post(&at("/claim"), json!({})).await;
    assert_eq!((status.as_u16(), &lost["code"]), (409, &json!("seat_taken")));
    assert_eq!((&lost["holder"]["name"], &lost["epoch"]), (&json!("hanako"), &epoch));

    let (status, sent) = hanako.post(&at("/messages"), text("c-1", &epoch, "はい")).await;
    assert_eq!(status, 202, "{sent}");
    assert_eq!(sent["message"]["number"], 2);
    let (status, again) = hanako.post(&at("/messages"), text("c-1", &epoch, "はい")).await;
    assert_eq!((status.as_u16(), &again["message"]["id"]), (202, &sent["message"]["id"]));
    for (who, body, code) in [
        (&hanako, text("c-1", &epoch, "いいえ"), "client_id_reused"),
        (&taro, text("c-2", &epoch, "横から"), "seat_not_held"),
        (&hanako, text("c-3", &json!(0), "昔の"), "seat_stale"),
    ] {
        let (status, refused) = who.post(&at("/messages"), body).await;
        assert_eq!((status.as_u16(), &refused["code"]), (409, &json!(code)));
    }

    let (_, line) = taro.get(&at("/messages")).await;
    let said: Vec<&Value> =
        line["items"].as_array().expect("a list").iter().map(|message| &message["content"]["text"]).collect();
    assert_eq!(said, ["こんにちは", "はい"]);
    let (_, mine) = hanako.get("/api/v1/conversations?holder=me").await;
    assert_eq!(mine["items"][0]["id"], json!(id));
    let (status, done) = hanako.post(&at("/complete"), json!({"seat_epoch": epoch})).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!((&done["conversation"]["status"], &done["seat"]), (&json!("done"), &Value::Null));
    let (status, late) = hanako.post(&at("/messages"), text("c-4", &epoch, "まだ")).await;
    assert_eq!(status, 409, "{late}");
}

#[actix_web::test]
async fn a_case_changes_hands_and_keeps_its_memos() {
    let server = Server::start().await;
    let (hanako, taro, id) = desk(&server).await;
    let at = |rest: &str| format!("/api/v1/conversations/{id}{rest}");
    let (_, won) = hanako.post(&at("/claim"), json!({})).await;
    let epoch = won["seat"]["epoch"].clone();
    let taro_id = taro.get("/api/v1/session").await.1["agent"]["id"].clone();

    let offer = json!({"seat_epoch": epoch, "to": taro_id, "note": "お願いします"});
    let (status, offered) = hanako.post(&at("/handover"), offer.clone()).await;
    assert_eq!(status, 200, "{offered}");
    assert_eq!(offered["seat"]["offer"]["to"], taro_id);
    let (status, withdrawn) = hanako.post(&at("/handover/decline"), json!({})).await;
    assert_eq!((status.as_u16(), &withdrawn["seat"]["offer"]), (200, &Value::Null));
    hanako.post(&at("/handover"), offer).await;
    let (status, taken) = taro.post(&at("/handover/accept"), json!({})).await;
    assert_eq!((status.as_u16(), &taken["seat"]["agent"]), (200, &taro_id));

    let note = json!({"client_id": "n-1", "text": "折り返し"});
    let (status, noted) = hanako.post(&at("/notes"), note).await;
    assert_eq!(status, 200, "{noted}");
    let number = noted["message"]["number"].clone();
    let path = at(&format!("/notes/{number}"));
    let foreign = taro.ask(Method::PUT, &path, Some(json!({"text": "x"}))).await;
    assert_eq!((foreign.0.as_u16(), &foreign.1["code"]), (403, &json!("not_the_author")));
    let (status, edited) = hanako.ask(Method::PUT, &path, Some(json!({"text": "済"}))).await;
    assert_eq!((status.as_u16(), &edited["message"]["content"]["text"]), (200, &json!("済")));
    let (status, gone) = hanako.ask(Method::DELETE, &path, None).await;
    assert_eq!((status.as_u16(), &gone["message"]["deleted"]), (200, &json!(true)));

    let (status, nobody) = taro.post(&at("/assign"), json!({"assignee": null})).await;
    assert_eq!((status.as_u16(), &nobody["conversation"]["assignee"]), (200, &Value::Null));
    let owner = server.log_in("owner").await;
    let claim = owner.post(&at("/claim"), json!({})).await;
    assert_eq!(claim.0, 403, "an owner who is no member works on nothing: {}", claim.1);
    let (status, refused) = hanako.post(&at("/takeover"), json!({"reason": "x"})).await;
    assert_eq!(status, 403, "{refused}");
}

#[actix_web::test]
async fn a_body_that_nobody_understands_is_kept_and_can_be_fetched() {
    let server = Server::start().await;
    let (hanako, _, _) = desk(&server).await;
    let owner = server.log_in("owner").await;
    let (_, inboxes) = owner.get("/api/v1/inboxes").await;
    let inbox = inboxes["items"][0]["id"].as_str().expect("an id").to_owned();
    let broken = "{\"events\":[{";
    let (status, _) = answer(
        server
            .request(Method::POST, &format!("/hooks/line/{inbox}"))
            .header("x-line-signature", signature::sign(SECRET, broken.as_bytes()))
            .body(broken),
    )
    .await;
    assert_eq!(status, 200);
    let (_, list) = hanako.get("/api/v1/windows/sales/raw").await;
    assert_eq!(list["items"][0]["reason"], "unparsable", "{list}");
    let path = format!("/api/v1/windows/sales/raw/{}", list["items"][0]["id"].as_str().expect("an id"));
    let kept = hanako.request(Method::GET, &path).send().await.expect("an answer");
    assert!(kept.headers()["content-disposition"].to_str().is_ok_and(|v| v.starts_with("attachment")));
    assert_eq!(kept.text().await.expect("a body"), broken);
    let (status, replayed) = hanako.ask(Method::POST, &format!("{path}/replay"), None).await;
    assert_eq!(status, 200, "{replayed}");
    assert_eq!(replayed["still_waiting"], true);
}

#[actix_web::test]
async fn everything_is_there_after_a_kill() {
    let server = Server::start().await;
    let (hanako, _, id) = desk(&server).await;
    let (_, won) = hanako.post(&format!("/api/v1/conversations/{id}/claim"), json!({})).await;
    let (_, before) = hanako.get(&format!("/api/v1/conversations/{id}")).await;
    server.signal(nix::sys::signal::Signal::SIGKILL);
    let (_, _, dir) = server.wait();
    let server = Server::start_in(dir, &[]);
    let hanako = server.log_in("hanako").await;
    let (status, after) = hanako.get(&format!("/api/v1/conversations/{id}")).await;
    assert_eq!(status, 200, "{after}");
    assert_eq!(after["seat"]["epoch"], won["seat"]["epoch"]);
    assert_eq!(after["position"], before["position"]);
}

#[actix_web::test]
async fn an_export_becomes_a_working_store_again() {
    let server = Server::start().await;
    let (hanako, _, id) = desk(&server).await;
    let (_, before) = hanako.get(&format!("/api/v1/conversations/{id}/messages")).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let export = folder.path().join("export.jsonl");
    let run = |args: &[&str], data: &std::path::Path, file: Option<&std::path::Path>| {
        let mut command = madoguchi(args);
        command.args(file).arg("--data-dir").arg(data);
        command.output().expect("it runs")
    };
    let data = server.data_dir();
    let busy = run(&["journal", "verify"], &data, None);
    assert_eq!(busy.status.code(), Some(69), "the server has it open");
    let exported = run(&["journal", "export", "--to"], &data, Some(&export));
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    assert_eq!(run(&["compact"], &data, None).status.code(), Some(0));
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let (status, log, old) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    let verified = run(&["journal", "verify"], &old.path().join("data"), None);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");

    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = dir.path().join("data");
    let imported = run(&["journal", "import", "--from"], &data, Some(&export));
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
    let again = run(&["journal", "import", "--from"], &data, Some(&export));
    assert_eq!(again.status.code(), Some(69), "never over a store that holds something");
    // Secrets are sealed in an export; their keys come along on a way of their own.
    std::fs::copy(old.path().join("data.keys"), dir.path().join("data.keys")).expect("the first start made them");
    let server = Server::start_in(dir, &[]);
    let hanako = server.log_in("hanako").await;
    let (status, after) = hanako.get(&format!("/api/v1/conversations/{id}/messages")).await;
    assert_eq!((status.as_u16(), &after), (200, &before));
}
