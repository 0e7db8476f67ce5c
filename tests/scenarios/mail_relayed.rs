//! An answer is called sent that came back, lost that is only late, or is not believed where it arrives: our mail over a
//! real Postfix to a mail server of somebody else's.

use std::time::Duration;

use madoguchi_loadtest::mail::post;
use madoguchi_tests::mailhouse::{BOUNCES, DOMAIN, MailHouse, TO};
use madoguchi_tests::peers::{Postfix, Sink, SinkOptions, Zone, dkimpy, free_port, swaks};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

const OK: &str = "ok@far.example";
const GONE: &str = "gone@far.example";
const LATE: &str = "late@far.example";
const BUSY: &str = "busy@far.example";
const NEVER: &str = "never@far.example";

/// How long Postfix may take to give up, and more.
const LONG: Duration = Duration::from_secs(90);

/// Postfix in front of the house and behind it, with the far end as its only way out.
async fn between(house: &MailHouse, port: u16, far: &Sink) -> Postfix {
    Postfix::start_at(port, &[DOMAIN, BOUNCES], house.listens("lmtp"), &[("far.example", far.port)])
}

#[actix_rt::test]
async fn over_a_real_postfix_each_recipient_ends_as_the_far_end_says_and_the_signature_arrives_whole() {
    let mut far = Sink::open(SinkOptions::default()).await;
    far.at_recipient(GONE, "550 5.1.1 nobody of that name", -1).await;
    far.at_recipient(LATE, "450 4.7.1 greylisted", 1).await;
    far.at_end(BUSY, "451 4.3.0 come again", 1).await;
    far.at_recipient(NEVER, "450 4.2.0 not today", -1).await;
    let (mut zone, port) = (Zone::reserve(), free_port());
    let mut settings = MailHouse::relay(port);
    settings.push(("MAIL__RESOLVERS", format!("[\"{}\"]", zone.address())));
    settings.push(("MAIL__LEAVES_FROM", "[\"127.0.0.1\"]".to_owned()));
    let house = MailHouse::open(&settings).await;
    let postfix = between(&house, port, &far).await;
    publish(&house, &mut zone).await;

    let cc = format!("Cc: {GONE}, {LATE}, {BUSY}, {NEVER}");
    let question = ["--from", OK, "--to", TO, "--header", "Subject: help", "--add-header", &cc, "--body", "hello"];
    wait_until("Postfix to take the question", PATIENCE, async || swaks(port, &question).0.then_some(())).await;
    let case = house.case().await;
    let epoch = house.sit(&case).await;
    let answer = house.answer(&case, epoch, "c1", "お調べします。\n.\n髙橋①㈱").await;

    // Postfix takes them all; what the far end says of one comes as Postfix's own report.
    let of = async |who: &str| {
        let copies = house.copies(&case, answer).await;
        copies.into_iter().find(|(to, _, _)| to == who).unwrap_or_else(|| panic!("no copy for {who}"))
    };
    wait_until("the report about who is not there", LONG, async || (of(GONE).await.1 == "failed").then_some(())).await;
    let message = house.message(&case, answer).await;
    let gone = message["copies"].as_array().unwrap().iter().find(|one| one["to"] == GONE).unwrap().clone();
    let detail = gone["detail"].as_str().unwrap();
    assert!(detail.contains("5.1.1") && detail.contains("nobody of that name"), "{gone}");
    // Somebody thinks that it is done; the report about the last one brings it back.
    let done = house.owner.complete(&case, epoch).await;
    assert_eq!(done.status, Some(200), "{done:?}");
    wait_until("Postfix to give up", LONG, async || (of(NEVER).await.1 == "failed").then_some(())).await;
    assert_eq!(house.owner.conversation(&case).await.ok()["status"], "new", "somebody must see to it");
    for who in [LATE, BUSY] {
        wait_until("who was late", LONG, async || (far.kept_for(who).len() == 1).then_some(())).await;
        assert!(["sent", "delayed"].contains(&of(who).await.1.as_str()), "a report may have said that it is late");
    }
    assert_eq!(of(OK).await.1, "sent");
    assert_eq!(house.message(&case, answer).await["state"], "failed", "as the worst of them");
    assert!(far.refusals_of(LATE) == 1 && far.refusals_of(BUSY) == 1 && far.refusals_of(NEVER) > 1);

    // Each arrived once, with an envelope sender of its own, and is believed.
    let kept = far.kept();
    assert_eq!(kept.len(), 3, "{kept:?}\n{}", postfix.log());
    for one in &kept {
        assert!(one.from.starts_with("b.") && one.from.ends_with(BOUNCES), "{}", one.from);
        assert_eq!(dkimpy(&one.mail, &zone), "True", "{}", one.text());
        let touched = one.text().replace("Subject: Re: help", "Subject: Re: Help");
        assert!(dkimpy(touched.as_bytes(), &zone).starts_with("False"));
    }
    assert!(kept[0].text().contains(&format!("Cc: <{GONE}>, <{LATE}>")), "{}", kept[0].text());
    // No report opened a case.
    assert_eq!(house.subjects().await, ["help"]);
    assert_eq!(house.waiting().await, 0);
}

/// What a domain asks to publish: names and values.
fn records(domain: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    domain["records"].as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["value"]))).collect()
}

/// Publishes everything that the house's own domain asks for, and has it looked at. Its key is there by itself.
async fn publish(house: &MailHouse, zone: &mut Zone) {
    let domains = house.owner.get("/api/v1/mail/domains").await.ok();
    assert_eq!(domains["items"].as_array().unwrap().len(), 1, "{domains}");
    let domain = domains["items"][0].clone();
    assert_eq!(domain["domain"], DOMAIN);
    let records = records(&domain);
    let records: Vec<_> = records.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    zone.publish(&records);
    let seen = house.owner.post(&format!("/api/v1/mail/domains/{DOMAIN}/check"), json!({})).await.ok();
    assert_eq!(seen["ready"], true, "{seen}");
    assert_eq!(seen["columns"]["dkim"], "pass", "{seen}");
    assert_eq!(seen["columns"]["dmarc"], "pass", "{seen}");
    assert_eq!(seen["columns"]["spf"], "pass", "{seen}");
    // Nothing published is told apart from no answer.
    zone.publish(&records[1..]);
    let seen = house.owner.post(&format!("/api/v1/mail/domains/{DOMAIN}/check"), json!({})).await.ok();
    assert_eq!((&seen["ready"], &seen["columns"]["dkim"]), (&json!(false), &json!("missing")), "{seen}");
    zone.publish(&records);
    let seen = house.owner.post(&format!("/api/v1/mail/domains/{DOMAIN}/check"), json!({})).await.ok();
    assert_eq!(seen["ready"], true, "{seen}");
}

/// A key is turned while mail goes out: every mail is signed with a key that the DNS has.
#[actix_rt::test]
async fn the_next_key_signs_when_it_is_published_and_not_before() {
    let far = Sink::open(SinkOptions::default()).await;
    let mut zone = Zone::reserve();
    let mut settings = MailHouse::relay(far.port);
    settings.push(("MAIL__RESOLVERS", format!("[\"{}\"]", zone.address())));
    settings.push(("MAIL__LEAVES_FROM", "[\"127.0.0.1\"]".to_owned()));
    let mut house = MailHouse::open(&settings).await;
    publish(&house, &mut zone).await;
    let question = format!("From: {OK}\r\nTo: {TO}\r\nMessage-ID: <1@far.example>\r\nSubject: help\r\n\r\nhello\r\n");
    assert!(post(house.listens("smtp"), OK, &[TO], question.as_bytes()).await.starts_with("250"));
    let case = house.case().await;
    let mut epoch = house.sit(&case).await;
    let key = format!("/api/v1/mail/domains/{DOMAIN}/key");
    let check = format!("/api/v1/mail/domains/{DOMAIN}/check");
    for (round, (now, next)) in [("desk1", "desk2"), ("desk2", "desk1")].into_iter().enumerate() {
        let drawn = house.owner.post(&key, json!({})).await.ok();
        let all = records(&drawn);
        assert_eq!(all.len(), 4, "{drawn}");
        assert!(all[0].0.starts_with(now) && all[3].0.starts_with(next), "{all:?}");
        assert_ne!(all[0].1, all[3].1, "a key of its own");
        assert_eq!(house.owner.post(&key, json!({})).await.status, Some(409), "one waits already");
        let signed_by = async |house: &MailHouse, epoch, client_id: &str, zone: &Zone| {
            let number = house.answer(&case, epoch, client_id, client_id).await;
            house.copies_stand(&case, number, &["sent"]).await;
            let mail = far.kept().pop().unwrap();
            assert_eq!(dkimpy(&mail.mail, zone), "True", "{}", mail.text());
            mail.text().split(" s=").nth(1).unwrap().split(';').next().unwrap().to_owned()
        };
        let seen = house.owner.post(&check, json!({})).await.ok();
        assert_eq!((seen["ready"].clone(), records(&seen).len()), (json!(true), 4), "not published: it waits");
        assert_eq!(signed_by(&house, epoch, &format!("before{round}"), &zone).await, now);
        // It waits over a restart too.
        house.server.kill9();
        house.back().await;
        epoch = house.sit(&case).await;
        let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        zone.publish(&all);
        let seen = house.owner.post(&check, json!({})).await.ok();
        let left = records(&seen);
        assert_eq!((seen["ready"].clone(), left.len()), (json!(true), 3), "{seen}");
        assert!(left[0].0.starts_with(next), "{left:?}");
        assert_eq!(signed_by(&house, epoch, &format!("after{round}"), &zone).await, next);
    }
    // One that is not wanted after all goes; the house's own domain stays.
    house.owner.post(&key, json!({})).await.ok();
    assert_eq!(records(&house.owner.delete(&key).await.ok()).len(), 3);
    assert_eq!(house.owner.delete(&key).await.status, Some(404));
    assert_eq!(house.owner.delete(&format!("/api/v1/mail/domains/{DOMAIN}")).await.status, Some(422));
    let figures = reqwest::get(format!("{}/metrics", house.server.url())).await.unwrap().text().await.unwrap();
    for figure in [r#"madoguchi_mail_domains{state="published"} 1"#, r#"madoguchi_answers_waiting{channel="mail"} 0"#] {
        assert!(figures.contains(figure), "{figure} in {figures}");
    }
}
