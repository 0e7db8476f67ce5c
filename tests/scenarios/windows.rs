//! Administrators break a window: two take the last place, nobody is left in it, two windows have one name, one that was
//! reset goes on or takes something along, and the customer's words stay when everything was to be erased.

use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Answer, Api, Desk, PATIENCE, wait_until};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// Within which an access is closed.
const AT_ONCE: Duration = Duration::from_secs(1);

fn statuses(answers: &[Answer]) -> (usize, Vec<&Answer>) {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_some_and(|s| s < 300));
    (won.len(), lost)
}

/// That one of many won, and that the others were told which limit they met.
#[track_caller]
fn one_won(answers: &[Answer], code: &str, field: &str) {
    let (won, lost) = statuses(answers);
    assert_eq!(won, 1, "{answers:?}");
    for answer in lost {
        assert_eq!((answer.code(), &answer.body["field"]), (code, &json!(field)), "{}", answer.body);
    }
}

async fn people(owner: &Api, count: usize) -> Vec<String> {
    let made = join_all((0..count).map(|n| async move {
        let login = format!("p{n}");
        owner.create_agent(&login, "agent", "long and unusual 7").await.ok()["id"].as_str().unwrap().to_owned()
    }));
    made.await
}

async fn member(api: &Api, method: Method, window: &str, agent: &str) -> Answer {
    api.call(method, &format!("/api/v1/windows/{window}/agents/{agent}"), Some(json!({}))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_place_is_taken_once_and_the_last_agent_stays() {
    let house = House::open(0, &[]).await;
    let owner = &house.owner;
    owner.create_window("five", "五人", 5).await.ok();
    let people = people(owner, 24).await;
    for agent in &people[..4] {
        member(owner, Method::PUT, "five", agent).await.ok();
    }
    let all = join_all(people[4..].iter().map(|agent| member(owner, Method::PUT, "five", agent))).await;
    one_won(&all, "limit_reached", "agents");
    assert!(statuses(&all).1.iter().all(|answer| answer.body["limit"] == 5));
    let window = owner.get("/api/v1/windows/five").await.ok();
    let members: Vec<String> =
        window["agents"].as_array().unwrap().iter().map(|agent| agent["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(members.len(), 5);
    // Everybody at once, several times.
    let leave = members.iter().cycle().take(20).map(|agent| member(owner, Method::DELETE, "five", agent));
    let all = join_all(leave).await;
    let (won, lost) = statuses(&all);
    assert_eq!(won, 4);
    assert!(lost.iter().all(|answer| matches!(answer.code(), "limit_reached" | "not_a_member")), "{lost:?}");
    assert_eq!(owner.get("/api/v1/windows/five").await.ok()["agents"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_and_the_last_product_go_to_one_of_many() {
    let house = House::open(0, &[]).await;
    let owner = &house.owner;
    let all = join_all((0..16).map(|n| async move { owner.create_window(&format!("n{n}"), "同じ名前", 5).await }));
    one_won(&all.await, "exists", "window name");
    for n in 0..8 {
        owner.create_window(&format!("m{n}"), &format!("窓口{n}"), 30).await.ok();
    }
    let rename =
        |n: usize| async move { owner.patch(&format!("/api/v1/windows/m{n}"), json!({"name": "人気の名前"})).await };
    one_won(&join_all((0..8).map(rename)).await, "exists", "window name");

    // One of 100 places is left: eight windows want to change to it, and eight new ones to have it.
    let used = owner.get("/api/v1/products").await.ok()["items"][2]["used"].as_u64().unwrap();
    let own = json!({"items": [{"product": 100, "owned": used + 1}]});
    owner.patch("/api/v1/products", own).await.ok();
    let change =
        |n: usize| async move { owner.put(&format!("/api/v1/windows/m{n}/product"), json!({"product": 100})).await };
    let create = |n: usize| async move { owner.create_window(&format!("c{n}"), &format!("新規{n}"), 100).await };
    let (changed, created) = tokio::join!(join_all((0..8).map(change)), join_all((0..8).map(create)));
    let all: Vec<Answer> = changed.into_iter().chain(created).collect();
    one_won(&all, "limit_reached", "windows of this product");
    let products = owner.get("/api/v1/products").await.ok();
    let of = |place: usize, what: &str| products["items"][place][what].as_u64().unwrap();
    assert_eq!((of(2, "used"), of(2, "free")), (used + 1, 0));
    let bound = owner.get("/api/v1/windows").await.ok();
    let of_30 = bound["items"].as_array().unwrap().iter().filter(|window| window["places"] == 30).count();
    assert_eq!(of(1, "used"), of_30 as u64, "a window that could not change keeps what it has");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_limit_of_a_window_is_named() {
    let house = House::open(0, &[]).await;
    let owner = &house.owner;
    let family = "👨‍👩‍👧‍👦";
    owner.create_window("emoji", &family.repeat(20), 5).await.ok();
    for (body, status, field) in [
        (json!({"id": "a1", "name": family.repeat(21), "product": 5}), 422, "name"),
        (json!({"id": "a1", "name": "\u{3000}", "product": 5}), 422, "name"),
        (json!({"id": "a-1", "name": "x", "product": 5}), 422, "id"),
        (json!({"id": "x".repeat(21), "name": "x", "product": 5}), 422, "id"),
        (json!({"id": "a1", "name": "x", "product": 6}), 422, "product"),
        (json!({"id": "a1", "name": "x", "product": 5, "description": "説".repeat(101)}), 422, "description"),
        (json!({"id": "a1", "name": "x", "product": 5, "picture": "no-such-id"}), 422, "picture"),
        (json!({"id": "a1", "name": "x", "product": 5, "picture": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}), 422, "picture"),
        (json!({"id": "emoji", "name": "x", "product": 5}), 409, "window id"),
        (json!({"id": "a1", "name": family.repeat(20), "product": 5}), 409, "window name"),
    ] {
        let refused = owner.post("/api/v1/windows", body.clone()).await;
        assert_eq!((refused.status, &refused.body["field"]), (Some(status), &json!(field)), "{body}: {}", refused.body);
    }
    let made = json!({"id": "a1", "name": "x", "product": 5, "description": family.repeat(100)});
    owner.post("/api/v1/windows", made).await.ok();
    for (patch, field) in [(json!({"name": ""}), "name"), (json!({"description": "説".repeat(101)}), "description")] {
        let refused = owner.patch("/api/v1/windows/a1", patch).await;
        assert_eq!((refused.status, &refused.body["field"]), (Some(422), &json!(field)));
    }
    for (items, status, field, limit) in [
        (json!([{"product": 5, "owned": 51}]), 422, "owned", Value::Null),
        (json!([{"product": 5, "owned": 1}]), 409, "owned", json!(2)),
        (json!([{"product": 7, "owned": 1}]), 422, "product", Value::Null),
        (json!([{"product": 5, "owned": 9}, {"product": 5, "owned": 8}]), 422, "items", Value::Null),
        (json!([]), 422, "items", Value::Null),
    ] {
        let refused = owner.patch("/api/v1/products", json!({"items": items})).await;
        let found = (refused.status, &refused.body["field"], &refused.body["limit"]);
        assert_eq!(found, (Some(status), &json!(field), &limit), "{}", refused.body);
    }
    let products = owner.get("/api/v1/products").await.ok();
    assert_eq!(products["contact_limit"], 50 * 90_000);
    let refused = owner.post("/api/v1/trial", json!({})).await;
    assert_eq!((refused.status, refused.code()), (Some(409), "exists"), "a house in regular use tries nothing");
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(Cursor::new(&mut bytes), side, side);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![7; (side * side) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}

async fn upload(api: &Api, name: &str, bytes: Vec<u8>) -> Answer {
    let mut headers = api.identity_headers();
    headers.insert(CONTENT_TYPE, "image/png".parse().unwrap());
    api.post_raw(&format!("/api/v1/pictures?name={name}"), headers, bytes).await
}

/// The bytes at an address of the server, for who is logged in there, or for everybody.
async fn bytes_at(api: Option<&Api>, base: &str, path: &str) -> (u16, String, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let headers = api.map(Api::identity_headers).unwrap_or_default();
    let response = client.get(format!("{base}{path}")).headers(headers).send().await.unwrap();
    let kind = response.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    (response.status().as_u16(), kind.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_window_is_called_and_looks_like_reaches_every_console_at_once() {
    let house = House::open(2, &[]).await;
    let owner = &house.owner;
    let mut desks = Vec::new();
    for api in [&house.agents[0].0, &house.agents[1].0, owner] {
        let mut desk = Desk::open(api).await;
        desk.watch(WINDOW).await;
        desk.wait_for("the window", |frame| frame["type"] == "snapshot").await;
        desks.push(desk);
    }
    for (name, bytes, status) in [
        ("Logo.png", png(4), 422),
        ("logo.jpg", png(4), 422),
        ("logo.png", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), 415),
        ("logo.png", b"<svg onload=\"alert(1)\"/>".to_vec(), 415),
        ("logo.png", vec![0; 10_000_000], 413),
    ] {
        let refused = upload(owner, name, bytes).await;
        assert_eq!(refused.status, Some(status), "{name}: {}", refused.body);
        assert!(refused.body["field"] == "name" || refused.body["field"] == "picture", "{}", refused.body);
    }
    assert_eq!(upload(&house.agents[0].0, "a.png", png(4)).await.status, Some(403), "agents set nothing up");
    let picture = upload(owner, "logo01.png", png(4)).await.ok();
    let patch = json!({"name": "新しい名前", "description": "平日<b>10時</b>から", "picture": picture["id"]});
    let begun = Instant::now();
    let window = owner.patch(&format!("/api/v1/windows/{WINDOW}"), patch).await.ok();
    for desk in &desks {
        let told = |frame: &Value| frame["type"] == "update" && frame["events"][0]["type"] == "window_changed";
        let update = desk.wait_for("the change", told).await;
        assert_eq!(update["events"][0]["name"], "新しい名前");
        assert_eq!(update["events"][0]["picture"], window["picture"]);
        desk.wait_for("the list", |frame| frame["type"] == "me" && frame["windows"][0]["name"] == "新しい名前").await;
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    let base = house.server.url();
    let path = window["picture"]["url"].as_str().unwrap();
    let (status, kind, bytes) = bytes_at(Some(&house.agents[0].0), base, path).await;
    assert_eq!((status, kind.as_str(), bytes), (200, "image/png", png(4)));
    assert_eq!(bytes_at(None, base, path).await.0, 401);

    // The link: for everybody, with the way to the account, and nothing of it is run.
    let invite = window["invite_url"].as_str().unwrap().to_owned();
    let link = invite.strip_prefix(base).unwrap().to_owned();
    let page = wait_until("the way to the account", PATIENCE, async || {
        let (status, _, page) = bytes_at(None, base, &link).await;
        assert_eq!(status, 200);
        String::from_utf8(page).ok().filter(|page| page.contains("https://line.me/R/ti/p/%40"))
    })
    .await;
    assert!(page.contains("新しい名前") && page.contains("&lt;b&gt;10時"), "{page}");
    assert_eq!(bytes_at(None, base, &format!("{link}/picture")).await.2, png(4));
    let guess = format!("/i/{}", "0".repeat(26));
    assert_eq!(bytes_at(None, base, &guess).await.0, 404);
    for (kind, path) in [("image/svg+xml", "invite.svg"), ("image/png", "invite.png?size=300")] {
        let path = format!("/api/v1/windows/{WINDOW}/{path}");
        let (status, found, bytes) = bytes_at(Some(owner), base, &path).await;
        assert_eq!((status, found.as_str()), (200, kind));
        assert!(bytes.len() > 200);
        assert_eq!(bytes_at(None, base, &path).await.0, 401);
    }
    // Nothing said is nothing changed; and no picture is one, too.
    owner.patch(&format!("/api/v1/windows/{WINDOW}"), json!({"picture": ""})).await.ok();
    let window = owner.get(&format!("/api/v1/windows/{WINDOW}")).await.ok();
    assert_eq!((&window["picture"], &window["name"]), (&Value::Null, &json!("新しい名前")));
    assert_eq!(window["invite_url"], json!(invite), "one link, for ever");
    assert_eq!(bytes_at(None, base, &format!("{link}/picture")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_out_is_out_of_everything_within_a_second() {
    let house = House::open(3, &[]).await;
    let [(a, a_id), (b, _), (c, _)] = &house.agents[..] else { panic!("three agents") };
    let (_, held) = house.customer("もしもし").await;
    a.claim(&held).await.ok();
    let (_, offered) = house.customer("あの").await;
    let epoch = b.claim(&offered).await.ok()["seat"]["epoch"].as_u64().unwrap();
    b.command(&offered, "handover", json!({"seat_epoch": epoch, "to": a_id})).await.ok();
    let (_, assigned) = house.customer("ええと").await;
    c.command(&assigned, "assign", json!({"assignee": a_id})).await.ok();
    let mut desk = Desk::open(a).await;
    desk.watch(WINDOW).await;
    desk.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let mut witness = Desk::open(c).await;
    witness.watch(WINDOW).await;
    witness.wait_for("the window", |frame| frame["type"] == "snapshot").await;

    let begun = Instant::now();
    member(&house.owner, Method::DELETE, WINDOW, a_id).await.ok();
    let ended = desk.wait_for("the end", |frame| frame["type"] == "unwatched").await;
    assert_eq!(ended["problem"]["code"], "not_a_member");
    desk.wait_for("the list", |frame| frame["type"] == "me" && frame["windows"] == json!([])).await;
    assert_eq!(a.conversation(&held).await.code(), "forbidden");
    assert_eq!(a.claim(&held).await.code(), "forbidden");
    let wish = json!({"type": "command", "conversation": held, "command": {"type": "claim"}});
    assert_eq!(desk.command(wish).await["problem"]["code"], "forbidden");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());

    // One record, and everything that they had ends in it.
    let of_removal = |frame: &Value| {
        frame["type"] == "update" && frame["events"].as_array().unwrap().iter().any(|e| e["type"] == "agent_removed")
    };
    let record = witness.wait_for("the removal", of_removal).await;
    let kinds: Vec<&str> = record["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    for kind in ["released", "handover_ended", "assigned"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    let owner = &house.owner;
    assert_eq!(owner.conversation(&held).await.ok()["seat"], Value::Null);
    assert_eq!(owner.conversation(&offered).await.ok()["seat"]["offer"], Value::Null);
    assert_eq!(owner.conversation(&assigned).await.ok()["assignee"], Value::Null);
    b.claim(&held).await.ok();
    desk.send(json!({"type": "watch", "window": WINDOW})).await;
    desk.wait_for("a refusal", |frame| frame["type"] == "unwatched" && frame["problem"]["code"] == "forbidden").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_was_reset_serves_nobody_and_keeps_what_was_said() {
    let house = House::open(2, &[]).await;
    let (owner, (agent, agent_id)) = (&house.owner, &house.agents[0]);
    owner.create_window("other", "別の窓口", 5).await.ok();
    let (user, talk) = house.customer("消えないでほしい話").await;
    let epoch = agent.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    agent.send(&talk, "a1", epoch, "承りました").await.ok();
    house.settled(&talk).await;
    let mut desk = Desk::open(agent).await;
    desk.watch(WINDOW).await;
    desk.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let before = owner.get(&format!("/api/v1/windows/{WINDOW}")).await.ok();
    let link = before["invite_url"].as_str().unwrap().strip_prefix(house.server.url()).unwrap().to_owned();
    let at = format!("/api/v1/windows/{WINDOW}/reset");
    let preview = owner.get(&at).await.ok();
    let count = |list: &str, what: &str| {
        let items = preview[list].as_array().unwrap();
        items.iter().find(|item| item["what"] == what).map(|item| item["count"].as_u64().unwrap())
    };
    assert_eq!((&preview["confirm"], &preview["erases_everything"]), (&json!("サポート"), &json!(false)));
    assert_eq!((count("goes", "agents"), count("goes", "in_progress")), (Some(2), Some(1)));
    assert_eq!((count("stays", "conversations"), count("stays", "contact_points")), (Some(1), Some(1)));
    assert_eq!(preview["inboxes"][0]["id"], json!(house.inbox));
    for (body, field) in [
        (json!({"name": "サポー"}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "サポート", "erase_everything": true}), "erase_everything"),
    ] {
        let refused = owner.post(&at, body).await;
        assert_eq!((refused.status, &refused.body["field"]), (Some(422), &json!(field)));
    }
    assert_eq!(agent.post(&at, json!({"name": "サポート"})).await.code(), "forbidden");

    let begun = Instant::now();
    let former = owner.post(&at, json!({"name": "サポート"})).await.ok();
    desk.wait_for("the last word", |frame| frame["events"][0]["type"] == "window_reset").await;
    desk.wait_for("the end", |frame| frame["type"] == "unwatched").await;
    desk.wait_for("the list", |frame| frame["type"] == "me" && frame["windows"] == json!([])).await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(owner.post(&at, json!({"name": "サポート"})).await.status, Some(404), "twice is once");
    assert_eq!(owner.get(&format!("/api/v1/windows/{WINDOW}")).await.status, Some(404));
    let list = owner.get("/api/v1/windows").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    for api in [agent, owner] {
        assert!(matches!(api.conversation(&talk).await.status, Some(403 | 404)));
        assert!(matches!(api.claim(&talk).await.status, Some(403 | 404)));
    }
    assert_eq!(bytes_at(None, house.server.url(), &link).await.0, 404);
    assert_eq!(owner.get(&format!("/api/v1/inboxes/{}", house.inbox)).await.status, Some(404));

    // The platform goes on calling: it is answered, and nothing of it is kept.
    let said = house.double.say(&user, "まだいますか").await.unwrap();
    assert!(said.acknowledged(), "{said:?}");
    let (_, _, metrics) = bytes_at(None, house.server.url(), "/metrics").await;
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.lines().any(|line| line == "madoguchi_inbound_after_reset_total 1"), "{metrics}");

    // What was said can be read, by administrators only.
    let path = format!("/api/v1/resets/{}/conversations", former["id"].as_str().unwrap());
    let kept = owner.get(&path).await.ok();
    assert_eq!((&kept["items"][0]["id"], &kept["items"][0]["status"]), (&json!(talk), &json!("done")));
    let messages = owner.get(&format!("{path}/{talk}/messages")).await.ok();
    let texts: Vec<&str> =
        messages["items"].as_array().unwrap().iter().filter_map(|m| m["content"]["text"].as_str()).collect();
    assert_eq!(texts, ["消えないでほしい話", "承りました"]);
    assert_eq!(agent.get(&path).await.code(), "forbidden");
    assert_eq!(owner.get("/api/v1/resets").await.ok()["items"][0]["name"], "サポート");

    // Another window of the same address and name is another window.
    let again = owner.create_window(WINDOW, "サポート", 100).await.ok();
    assert_ne!(again["invite_url"], before["invite_url"]);
    owner.add_member(WINDOW, agent_id).await.ok();
    assert_eq!(owner.conversations(WINDOW, "").await.ok()["items"], json!([]));
    assert_eq!(agent.conversation(&talk).await.status, Some(404), "what was said in the former one is not theirs");
    assert_eq!(agent.messages(&talk, "").await.status, Some(404));
    let said = house.double.say(&user, "もしもし").await.unwrap();
    assert!(said.acknowledged());
    assert_eq!(owner.conversations(WINDOW, "").await.ok()["items"], json!([]), "the account was the former one's");
}

/// Whether any file of the store has these bytes.
fn holds(dir: &Path, words: &str) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = holds(&path, words) {
                return Some(found);
            }
        } else if std::fs::read(&path).unwrap_or_default().windows(words.len()).any(|part| part == words.as_bytes()) {
            return Some(path);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_last_window_nothing_that_customers_wrote_is_left_on_the_disk() {
    const WORDS: &str = "誰にも読まれたくない話";
    let mut house = House::open(1, &[]).await;
    let owner = house.owner.clone();
    let (user, talk) = house.customer(WORDS).await;
    house.agents[0].0.command(&talk, "notes", json!({"client_id": "n", "text": "秘密のメモ"})).await.ok();
    let dir = house.server.data_dir().join("journal");
    assert!(holds(&dir, WORDS).is_some() && holds(&dir, &user).is_some());
    let at = format!("/api/v1/windows/{WINDOW}/reset");
    let preview = owner.get(&at).await.ok();
    assert_eq!((&preview["erases_everything"], &preview["stays"]), (&json!(true), &json!([])));
    let refused = owner.post(&at, json!({"name": "サポート"})).await;
    assert_eq!((refused.status, &refused.body["field"]), (Some(422), &json!("erase_everything")));
    owner.post(&at, json!({"name": "サポート", "erase_everything": true})).await.ok();
    wait_until("the erasure", PATIENCE, async || {
        let list = owner.get("/api/v1/resets").await.ok();
        (list["items"][0]["content"] == "erased").then_some(())
    })
    .await;
    let id = owner.get("/api/v1/resets").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(owner.get(&format!("/api/v1/resets/{id}/conversations")).await.status, Some(404));
    for words in [WORDS, "秘密のメモ", &user] {
        assert_eq!(holds(&dir, words), None, "{words}");
    }
    // And a new beginning is possible, on this store, also after a restart.
    owner.create_window(WINDOW, "サポート", 5).await.ok();
    house.server.kill9();
    house.server.restart(madoguchi_tests::world::Port::Same);
    house.server.wait_ready().await;
    house.log_in_again().await;
    assert_eq!(house.owner.get("/api/v1/windows").await.ok()["items"].as_array().unwrap().len(), 1);
    for words in [WORDS, "秘密のメモ"] {
        assert_eq!(holds(house.server.data_dir(), words), None, "{words}");
    }
}
