//! Pictures, films and files of customers: lost, doubled, fetched for ever, left on the disk, or shown to the wrong people.

use std::path::{Path, PathBuf};

use madoguchi_engine::Clock;
use madoguchi_engine::content::{ContentStore, Keep, Purpose};
use madoguchi_engine::domain::content::{Media as DomainMedia, MediaKind, MediaPlace};
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::FileId;
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_loadtest::double::{Endpoint, Event, Fault, Media, Profile, Readiness, Times};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::inside::{A, INBOX, body, config, conversation, furnished, start};
use madoguchi_tests::world::{Api, PATIENCE, Port, wait_until};
use reqwest::header::RANGE;
use reqwest::{Client, Response};
use serde_json::Value;

/// Whether the bytes lie anywhere under a folder.
fn lies_in(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lies_in(&path, bytes));
        } else if std::fs::read(&path).is_ok_and(|content| content.windows(bytes.len()).any(|part| part == bytes)) {
            found.push(path);
        }
    }
    found
}

/// The files of the content store, previews and notes included.
fn stored(house: &House) -> Vec<String> {
    let folder = house.server.data_dir().join("content").join("files");
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

async fn send(house: &House, event: Event) -> String {
    let said = house.double.send(event).await.unwrap();
    assert!(said.acknowledged(), "{said:?}");
    said.message_id
}

/// The line's content once its bytes are there, or are known not to come.
async fn settled(house: &House, talk: &str, number: u64) -> Value {
    wait_until("the bytes to be there or lost", PATIENCE, async || {
        let lines = house.timeline(talk).await;
        let content = lines.iter().find(|line| line["number"] == number)?["content"].clone();
        (content["file"].is_object() || content["lost"].is_string()).then_some(content)
    })
    .await
}

async fn get(house: &House, who: &Api, path: &str, range: Option<&str>) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("{}{path}", house.server.url())).headers(who.identity_headers());
    if let Some(range) = range {
        request = request.header(RANGE, range);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_of_nine_megabytes_is_shown_to_the_window_and_to_nobody_else() {
    let house = House::open(1, &[]).await;
    let (user, talk) = house.customer("写真を送ります").await;
    let picture = Media::drawing(900, 600, "絵").padded(9 << 20);
    send(&house, Event::image(&user).with_content(picture.clone())).await;
    let content = settled(&house, &talk, 2).await;
    let file = &content["file"];
    assert_eq!(content["type"], "image", "{content}");
    let seen = (&file["mime"], &file["bytes"], &file["width"], &file["height"]);
    assert_eq!(seen, (&"image/png".into(), &picture.size().into(), &900.into(), &600.into()), "{content}");

    let (agent, url) = (&house.agents[0].0, file["url"].as_str().unwrap());
    let whole = get(&house, agent, url, None).await;
    assert_eq!((whole.status().as_u16(), header(&whole, "content-type")), (200, "image/png"));
    assert!(header(&whole, "content-disposition").starts_with("inline"), "{whole:?}");
    assert_eq!(header(&whole, "x-content-type-options"), "nosniff");
    assert!(header(&whole, "content-security-policy").contains("sandbox"), "{whole:?}");
    let tag = header(&whole, "etag").to_owned();
    let whole = whole.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, picture.size());
    let part = get(&house, agent, url, Some("bytes=100-199")).await;
    assert_eq!((part.status().as_u16(), header(&part, "etag")), (206, tag.as_str()));
    assert_eq!(part.bytes().await.unwrap(), whole.slice(100..200));
    let small = get(&house, agent, file["preview_url"].as_str().unwrap(), None).await;
    assert_eq!(small.status(), 200);
    assert!(small.bytes().await.unwrap().len() < 1 << 20);

    let id = house.owner.create_agent("stranger", "agent", "correct horse 窓口 42").await.ok()["id"].clone();
    assert!(id.is_string());
    let stranger = house.server.api().login("stranger", "correct horse 窓口 42").await;
    assert_eq!(get(&house, &stranger, url, None).await.status(), 403, "they are in no window");
    assert_eq!(get(&house, &house.server.api(), url, None).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_says_it_is_a_picture_is_saved_and_never_shown() {
    let house = House::open(1, &[]).await;
    let (user, talk) = house.customer("x").await;
    let page = Media::new("image/png", &b"<html><script>alert(document.cookie)</script></html>"[..]);
    send(&house, Event::image(&user).with_content(page)).await;
    let content = settled(&house, &talk, 2).await;
    let answer = get(&house, &house.agents[0].0, content["file"]["url"].as_str().unwrap(), None).await;
    assert_eq!(answer.status(), 200);
    assert!(header(&answer, "content-disposition").starts_with("attachment"), "{answer:?}");
    assert!(!header(&answer, "content-type").starts_with("image/"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_never_ready_too_long_gone_or_elsewhere_is_said_and_keeps_no_message_back() {
    let limits = [("MADOGUCHI_MEDIA__READY_WITHIN_MS", "1000"), ("MADOGUCHI_MEDIA__RETRY_FOR_MS", "1000")];
    let house = House::open(1, &limits).await;
    let (user, talk) = house.customer("start").await;
    let video = || Event::video(&user, 6_000);
    send(&house, video().ready(Readiness::Never)).await;
    send(&house, video().with_content(Media::video(300 << 20))).await;
    send(&house, Event::file(&user, "a.pdf").ready(Readiness::Expired)).await;
    send(&house, Event::audio(&user, 1_000).ready(Readiness::AfterCalls(1))).await;
    send(&house, Event::image(&user).external()).await;
    house.double.say(&user, "and words").await.unwrap();
    let lines = house.timeline(&talk).await;
    assert_eq!(lines[6]["content"]["text"], "and words", "words wait for no film");
    assert_eq!(settled(&house, &talk, 2).await["lost"], "never_ready");
    assert_eq!(settled(&house, &talk, 3).await["lost"], "too_large");
    assert_eq!(settled(&house, &talk, 4).await["lost"], "gone");
    assert!(settled(&house, &talk, 5).await["file"].is_object(), "it was ready at the second look");
    assert!(settled(&house, &talk, 6).await["file"].is_object(), "the double serves it on this machine");
    // A token that is refused, and a platform that does not answer, are tried again; here not for long.
    house.double.faults().set(Endpoint::Content, Fault::Unauthorized, Times::Next(1));
    send(&house, Event::image(&user)).await;
    assert!(settled(&house, &talk, 8).await["file"].is_object());
    house.double.faults().set(Endpoint::Content, Fault::ErrorBefore(500), Times::Always);
    send(&house, Event::image(&user)).await;
    assert_eq!(settled(&house, &talk, 9).await["lost"], "refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_a_customer_took_back_is_found_nowhere() {
    const CANARY: &[u8] = b"canary-in-a-picture-5f1c";
    let mut house = House::open(1, &[]).await;
    let (user, talk) = house.customer("start").await;
    let gone = async |house: &House| {
        wait_until("the bytes to be gone", PATIENCE, async || {
            lies_in(house.server.data_dir(), CANARY).is_empty().then_some(())
        })
        .await;
    };
    let picture = Media::new("application/pdf", [b"%PDF-1.7\n", CANARY].concat());
    for killed in [false, true] {
        let number = house.timeline(&talk).await.len() as u64 + 1;
        let message = send(&house, Event::file(&user, "a.pdf").with_content(picture.clone())).await;
        let url = settled(&house, &talk, number).await["file"]["url"].as_str().unwrap().to_owned();
        assert_eq!(lies_in(house.server.data_dir(), CANARY).len(), 1, "the search finds what is there");
        house.double.deliver(&house.channel, vec![Event::unsend(&user, &message)]).await.unwrap();
        if killed {
            house.server.kill9();
            house.server.restart(Port::Same);
            house.server.wait_ready().await;
        }
        gone(&house).await;
        assert_eq!(get(&house, &house.owner, &url, None).await.status(), 404);
    }
    // Taken back while it is fetched.
    house.double.faults().set(Endpoint::Content, Fault::SlowAfter(1_500), Times::Always);
    let message = send(&house, Event::file(&user, "a.pdf").with_content(picture)).await;
    let begun = async || house.double.calls().iter().any(|call| call.path.contains(&message)).then_some(());
    wait_until("the fetch to begin", PATIENCE, begun).await;
    house.double.deliver(&house.channel, vec![Event::unsend(&user, &message)]).await.unwrap();
    wait_until("the fetch to end", PATIENCE, async || {
        let figures = get(&house, &house.owner, "/metrics", None).await.text().await.unwrap();
        figures.contains("madoguchi_media_total{outcome=\"kept\"} 1").then_some(())
    })
    .await;
    gone(&house).await;
    assert!(stored(&house).iter().all(|name| !name.contains("part")), "nor half of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_download_the_file_is_there_once_after_the_restart() {
    let mut house = House::open(1, &[]).await;
    let (user, talk) = house.customer("start").await;
    house.double.faults().set(Endpoint::Content, Fault::SlowAfter(60_000), Times::Next(1));
    let message = send(&house, Event::file(&user, "請求書.pdf").with_content(Media::document(1 << 20))).await;
    let epoch = house.agents[0].0.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    house.agents[0].0.complete(&talk, epoch).await.ok();
    let begun = async || house.double.calls().iter().any(|call| call.path.contains(&message)).then_some(());
    wait_until("the fetch to begin", PATIENCE, begun).await;
    house.server.kill9();
    // What a kill between two writes, and one between file and record, leave behind.
    let folder = house.server.data_dir().join("content").join("files");
    std::fs::write(folder.join("01ARZ3NDEKTSV4RRFFQ69G5FAV.part"), b"half").unwrap();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    let content = settled(&house, &talk, 2).await;
    assert_eq!((&content["file"]["bytes"], &content["name"]), (&(1 << 20).into(), &"請求書.pdf".into()), "{content}");
    let files: Vec<String> =
        stored(&house).into_iter().filter(|name| name.contains(content["file"]["id"].as_str().unwrap())).collect();
    assert_eq!(files.len(), 2, "the file and its note");
    assert!(!folder.join("01ARZ3NDEKTSV4RRFFQ69G5FAV.part").exists());
    let answer = get(&house, &house.owner, content["file"]["url"].as_str().unwrap(), None).await;
    let named = header(&answer, "content-disposition");
    assert!(named.starts_with("attachment; filename*=UTF-8''%E8%AB%8B"), "{named}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_gets_their_name_and_picture_without_keeping_a_message_waiting() {
    let house = House::open(1, &[]).await;
    house.double.faults().set(Endpoint::Profile, Fault::SlowAfter(1_000), Times::Next(1));
    let user = house.double.add_user(&house.channel, "田中花子").unwrap();
    house.double.say(&user, "やあ").await.unwrap();
    let talk = house.conversation_of(&user).await;
    assert!(house.owner.conversation(&talk).await.ok()["contact_point"]["name"].is_null(), "words do not wait for it");
    let known = async || {
        let row = house.owner.conversation(&talk).await.ok();
        let point = row["contact_point"].clone();
        point["picture_url"].is_string().then_some(point)
    };
    let point = wait_until("the profile", PATIENCE, known).await;
    assert_eq!(point["name"], "田中花子", "{point}");
    let picture = get(&house, &house.agents[0].0, point["picture_url"].as_str().unwrap(), None).await;
    assert_eq!((picture.status().as_u16(), header(&picture, "content-type")), (200, "image/png"));

    // Somebody who shows nothing, and a platform that fails, cost nothing.
    let quiet = house.double.add_user(&house.channel, "x").unwrap();
    house.double.set_profile(&house.channel, &quiet, Profile { picture: false, ..Profile::named("静か") }).unwrap();
    house.double.say(&quiet, "やあ").await.unwrap();
    let talk = house.conversation_of(&quiet).await;
    wait_until("the name", PATIENCE, async || {
        let row = house.owner.conversation(&talk).await.ok();
        (row["contact_point"]["name"] == "静か").then_some(())
    })
    .await;
    let asked = house.double.calls().iter().filter(|call| call.path.contains("/profile/")).count();
    house.double.say(&quiet, "もう一度").await.unwrap();
    assert_eq!(house.timeline(&talk).await.len(), 2);
    let again = house.double.calls().iter().filter(|call| call.path.contains("/profile/")).count();
    assert_eq!(asked, again, "once a day is enough");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_takes_the_account_in_is_left_at_once() {
    let house = House::open(0, &[]).await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    let group = house.double.add_group(&house.channel, "みんな", std::slice::from_ref(&user)).unwrap();
    house.double.faults().set(Endpoint::Group, Fault::ErrorBefore(500), Times::Next(1));
    house.double.deliver(&house.channel, vec![Event::join(&group)]).await.unwrap();
    wait_until("the account to be out", PATIENCE, async || {
        (house.double.account_in(&house.channel, &group) == Some(false)).then_some(())
    })
    .await;
    let list = house.owner.conversations(WINDOW, "").await.ok();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0), "nobody wrote");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sticker_is_shown_from_here_and_asked_for_once() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (told, mut asked) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4_096];
            let read = stream.read(&mut head).await.unwrap();
            let line = String::from_utf8_lossy(&head[..read]).lines().next().unwrap_or_default().to_owned();
            let found = line.contains("/52002734/");
            let (status, body): (u16, &[u8]) = if found { (200, PICTURE) } else { (404, b"") };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(&[answer.as_bytes(), body].concat()).await.unwrap();
            told.send(line).unwrap();
        }
    });
    let house = House::open(1, &[("MADOGUCHI_MEDIA__STICKER_BASE_URL", &base)]).await;
    let agent = &house.agents[0].0;
    for _ in 0..2 {
        let answer = get(&house, agent, "/api/v1/stickers/line/52002734", None).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (200, "image/png"));
        assert_eq!(answer.bytes().await.unwrap(), PICTURE);
        for missing in ["7", "..%2f..%2fetc%2fpasswd", "x"] {
            let answer = get(&house, agent, &format!("/api/v1/stickers/line/{missing}"), None).await;
            assert_eq!(answer.status(), 404, "{missing}");
        }
    }
    assert_eq!(get(&house, &house.server.api(), "/api/v1/stickers/line/52002734", None).await.status(), 401);
    let mut lines = Vec::new();
    while let Ok(line) = asked.try_recv() {
        lines.push(line);
    }
    let path = |id| format!("GET /stickershop/v1/sticker/{id}/android/sticker.png HTTP/1.1");
    assert_eq!(lines, [path("52002734"), path("7")]);
}

/// As an upload is kept whose message got another number than was expected, before a stop; beside it what a bad disk left.
#[actix_rt::test]
async fn a_sweep_takes_what_nobody_names_and_only_that() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let mut config = config(dir.path(), &clock);
    config.public_url = "https://chat.example.com".to_owned();
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let talk = conversation(&engine, 1).await;
    let store = ContentStore::open(dir.path()).unwrap();
    let put = |id: u128, number: u32| {
        let mut writer = store.create(FileId(id), 100).unwrap();
        writer.write(b"%PDF-1.7").unwrap();
        let purpose = Purpose::Message { conversation: talk, number };
        writer.finish(FileId(id + 1_000), Keep { purpose, at: clock.now(), name: None, source: None }).unwrap()
    };
    let (kind, name, bytes, duration_ms, set) = (MediaKind::File, None, None, None, None);
    let place = MediaPlace::Stored(put(1, 1));
    let content = Content::Media(Box::new(DomainMedia { kind, name, bytes, duration_ms, set, place }));
    let seat_epoch = engine.command(By::Agent(A), talk, Command::Claim { agent: A }).await.unwrap();
    let seat_epoch = seat_epoch.row.state.seat.epoch;
    let (client_id, dress) = ("c".to_owned(), Default::default());
    let send = Command::Send { agent: A, seat_epoch, client_id, content, dress, retry_key: 1 };
    assert_eq!(engine.command(By::Agent(A), talk, send).await.unwrap().number, Some(2));
    put(2, 7);
    engine.stop().await;
    drop(engine);
    let files = dir.path().join("content").join("files");
    for id in 100..120 {
        std::fs::write(files.join(FileId(id).to_string()), b"x").unwrap();
        std::fs::write(files.join(format!("{}.note", FileId(id))), b"{").unwrap();
    }
    clock.advance_ms(10);
    let engine = start(config).await;
    wait_until("the orphan to be gone", PATIENCE, async || store.note(FileId(2)).unwrap().is_none().then_some(()))
        .await;
    assert!(store.note(FileId(1)).unwrap().is_some(), "a message names it");
    assert_eq!(std::fs::read_dir(files).unwrap().count(), 42, "what cannot be understood is left to a person");
    engine.stop().await;
}
