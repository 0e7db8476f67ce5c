//! Whoever gets hold of a copy of the data folder, or of a log, can speak as the customer's account; or nobody can any
//! more, after a secret or a key was changed.

use std::path::Path;
use std::process::Command;

use madoguchi_engine::Clock;
use madoguchi_engine::channels::line::signature;
use madoguchi_engine::domain::org::ChannelKind;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::vault::Vault;
use madoguchi_loadtest::double::Channel;
use madoguchi_tests::house::House;
use madoguchi_tests::inside::{INBOX, config, furnished_for, start};
use madoguchi_tests::world::{PATIENCE, Port, built_program};
use serde_json::json;

/// The files under a folder in which the text lies.
fn lies_in(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lies_in(&path, text));
        } else if let Ok(content) = std::fs::read(&path)
            && content.windows(text.len()).any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_lies_in_the_data_folder_or_a_log_and_the_key_changes_under_traffic() {
    let mut house = House::open(1, &[("MADOGUCHI_LOG__LEVEL", "debug")]).await;
    let channel = Channel { secret: "canary-secret-1".to_owned(), ..house.channel.clone() };
    let token = house.double.reissue_token(&channel, 0).unwrap();
    house.double.put_channel(Channel { access_token: token.clone(), ..channel.clone() }, "サポート");
    house.double.set_webhook(&channel, &format!("{}/hooks/line/{}", house.server.url(), house.inbox)).unwrap();
    let path = format!("/api/v1/inboxes/{}", house.inbox);
    let settings = json!({"settings": {"channel_secret": "canary-secret-1", "channel_access_token": token}});
    let shown = house.owner.patch(&path, settings).await.ok();
    for secret in ["canary-secret-1", &token, &house.channel.secret] {
        assert!(!shown.to_string().contains(secret), "{shown}");
    }

    let (user, talk) = house.customer("もしもし").await;
    let epoch = house.agents[0].0.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    for turn in 0..3 {
        let spoken = async {
            for word in 0..10 {
                let said = house.double.say(&user, &format!("{turn}-{word}")).await.unwrap();
                assert!(said.acknowledged(), "{said:?}");
            }
        };
        let (program, folder) = (built_program("madoguchi"), house.server.data_dir().to_owned());
        let rotated = tokio::task::spawn_blocking(move || {
            Command::new(program).args(["secrets", "rotate", "--data-dir"]).arg(folder).output()
        });
        let (_, rotated) = tokio::join!(spoken, rotated);
        let said = String::from_utf8(rotated.unwrap().unwrap().stdout).unwrap();
        assert!(said.starts_with("sealed "), "{said}");
        house.agents[0].0.send(&talk, &format!("c{turn}"), epoch, "はい").await.ok();
        let lines = house.settled(&talk).await;
        assert_eq!(lines.last().unwrap()["state"], "sent", "{lines:?}");
    }
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    assert!(house.double.say(&user, "起きていますか").await.unwrap().acknowledged());

    house.server.sigterm(PATIENCE);
    for secret in ["canary-secret-1", &token, &house.channel.secret, &house.channel.access_token] {
        assert_eq!(lies_in(house.server.data_dir(), secret), Vec::<String>::new(), "{secret}");
        assert!(!house.server.log().contains(secret), "{secret}");
    }
    assert!(!lies_in(house.server.data_dir(), "起きていますか").is_empty(), "the search finds what is there");
}

#[actix_rt::test]
async fn open_secrets_of_a_former_release_work_and_leave_the_disk_when_they_are_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    // As a record of a former release: nothing seals what comes this way.
    let engine = furnished_for(config.clone(), "http://127.0.0.1:9", "canary-open-token").await;
    let journal = dir.path().join("journal");
    assert!(!lies_in(&journal, "canary-open-token").is_empty());
    let body = br#"{"destination":"U","events":[]}"#;
    let header = signature::sign("s", body);
    assert!(engine.is_signed(ChannelKind::Line, Some(INBOX), body, &|_| Some(&header)));

    let done = engine.reseal_secrets().await.unwrap();
    assert_eq!((done.sealed, done.unreadable), (2, 0));
    assert!(engine.is_signed(ChannelKind::Line, Some(INBOX), body, &|_| Some(&header)));
    assert_eq!(engine.reseal_secrets().await.unwrap().sealed, 0, "once is enough");
    engine.compact().await.unwrap();
    engine.stop().await;
    drop(engine);
    let engine = start(config).await;
    assert!(engine.is_signed(ChannelKind::Line, Some(INBOX), body, &|_| Some(&header)));
    engine.compact().await.unwrap();
    engine.stop().await;
    assert_eq!(lies_in(&journal, "canary-open-token"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_keys_says_so_and_stands_up_again_when_they_come_back() {
    let mut house = House::open(0, &[]).await;
    let (user, _) = house.customer("もしもし").await;
    let keys = house.server.data_dir().with_file_name("data.keys");
    let aside = keys.with_extension("aside");
    house.server.sigterm(PATIENCE);
    std::fs::rename(&keys, &aside).unwrap();
    let why = house.server.try_restart(Port::Same).unwrap_err();
    assert!(why.contains("keys") && why.contains("secrets new-key"), "{why}");
    std::fs::rename(&aside, &keys).unwrap();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    assert!(house.double.say(&user, "戻りました").await.unwrap().acknowledged());

    // Lost for good: the operator says so, and the secrets are entered again.
    house.server.sigterm(PATIENCE);
    std::fs::remove_file(&keys).unwrap();
    Vault::make(&keys).unwrap();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    assert!(!house.double.say(&user, "聞こえますか").await.unwrap().acknowledged(), "nobody can know who wrote that");
    house.log_in_again().await;
    let settings = json!({"settings": {
        "channel_secret": house.channel.secret, "channel_access_token": house.channel.access_token,
        "former_secret_for_s": 0,
    }});
    house.owner.patch(&format!("/api/v1/inboxes/{}", house.inbox), settings).await.ok();
    assert!(house.double.say(&user, "聞こえますか").await.unwrap().acknowledged());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_channel_secret_loses_no_message_on_either_side_of_it() {
    let house = House::open(0, &[]).await;
    let (user, _) = house.customer("もしもし").await;
    let path = format!("/api/v1/inboxes/{}", house.inbox);
    let change =
        async |settings| house.owner.patch(&path, json!({"settings": settings})).await.ok()["settings"].clone();
    let heard = async |text: &str| house.double.say(&user, text).await.unwrap().acknowledged();

    // The platform still signs with the former one when ours is changed already.
    let next = "0123456789abcdef0123456789abcdef";
    let shown = change(json!({"channel_secret": next})).await;
    assert!(shown["former_secret_until"].is_string(), "{shown}");
    assert!(heard("まだ古い鍵").await);
    // It signs with the new one.
    let signed = Channel { secret: next.to_owned(), ..house.channel.clone() };
    house.double.put_channel(signed, "サポート");
    let hook = format!("{}/hooks/line/{}", house.server.url(), house.inbox);
    house.double.set_webhook(&house.channel, &hook).unwrap();
    let user = house.double.add_user(&house.channel, "客").unwrap();
    assert!(house.double.say(&user, "新しい鍵").await.unwrap().acknowledged());

    // Withdrawn before its time.
    let body = br#"{"destination":"U","events":[]}"#;
    let status = async |secret: &str| {
        let header = signature::sign(secret, body);
        let request = reqwest::Client::new().post(&hook).header("x-line-signature", header).body(body.to_vec());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&house.channel.secret).await, 200);
    let shown = change(json!({"former_secret_for_s": 0})).await;
    assert_eq!(shown["former_secret_until"], json!(null));
    assert_eq!((status(&house.channel.secret).await, status(next).await), (401, 200));
}
