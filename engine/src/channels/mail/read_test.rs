//! Every sample of `testdata` reads as `make.py` says, which asked Python's mail package where that reads it too.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::thread;
use super::*;
use crate::domain::mail::PartPlace;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/channels/mail/testdata")
}

/// The samples' limit of attachments is small, so that one may be over it.
const LIMITS: Limits = Limits { max_attachment: 2_048 };

fn sender() -> From<'static> {
    From { sender: Some("bounce@example.jp"), is_expected_report: false }
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.eml"))).unwrap()
}

#[test]
fn every_sample_reads_as_it_should() {
    let cases: Value = serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        for (field, wanted, found) in differences(case, &sample(name)) {
            wrong.push(format!("{name}: {field}\n  wanted {wanted}\n  found  {found}"));
        }
    }
    assert!(cases.as_array().unwrap().len() > 200);
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn differences(case: &Value, raw: &[u8]) -> Vec<(String, String, String)> {
    let mut wrong = Vec::new();
    let envelope = From {
        sender: sender().sender.filter(|_| case["null_sender"] != true),
        is_expected_report: case["expected_report"] == true,
    };
    let letter = match read(raw, envelope, LIMITS) {
        Ok(letter) => letter,
        Err(error) => return vec![("read".to_owned(), String::new(), error.to_string())],
    };
    let mut compare = |field: &str, wanted: &Value, found: Value| {
        if !wanted.is_null() && *wanted != found {
            wrong.push((field.to_owned(), wanted.to_string(), found.to_string()));
        }
    };
    let mail = &letter.mail;
    compare("subject", &case["subject"], mail.subject.clone().into());
    compare("text", &case["text"], letter.text.trim().into());
    let from = serde_json::json!({ "name": mail.from.name, "address": mail.from.address });
    compare("from", &case["from"], from);
    let addresses = |all: &[MailAddress]| all.iter().map(|one| one.address.clone()).collect::<Vec<_>>().into();
    compare("to", &case["to"], addresses(&mail.to));
    compare("cc", &case["cc"], addresses(&mail.cc));
    compare("references", &case["references"], letter.references.clone().into());
    compare("part_count", &case["part_count"], mail.parts.len().into());
    more_differences(case, raw, (&letter, envelope), &mut compare);
    if let Some(parts) = case["parts"].as_array() {
        compare("number of parts", &parts.len().into(), mail.parts.len().into());
        for (wanted, found) in parts.iter().zip(&mail.parts) {
            compare("name", &wanted["name"], found.name.clone().into());
            compare("bytes", &wanted["bytes"], found.bytes.into());
            compare("mime", &wanted["mime"], found.mime.clone().into());
            compare("inline", &wanted["inline"], found.content_id.is_some().into());
            compare("too_large", &wanted["too_large"], (found.place == PartPlace::TooLarge).into());
            let opened = super::super::parts::Opened::new(raw).unwrap();
            let bytes = opened.bytes_of(&found.place).map(|bytes| bytes.len() as u64);
            let offered = (found.place != PartPlace::TooLarge).then_some(found.bytes);
            compare("bytes that are offered", &offered.into(), bytes.into());
        }
    }
    if let Some(marks) = case["marks"].as_array() {
        let mut wanted: Vec<String> = marks.iter().map(|mark| mark.as_str().unwrap().to_owned()).collect();
        let mut found: Vec<String> = mail.marks.iter().map(|mark| format!("{mark:?}")).collect();
        wanted.sort();
        found.sort();
        compare("marks", &wanted.into(), found.into());
    }
    if case.get("report").is_some() {
        compare("is a report", &(!case["report"].is_null()).into(), letter.report.is_some().into());
    }
    if let (Some(report), wanted) = (&letter.report, &case["report"]) {
        compare("fate", &wanted["fate"], format!("{:?}", report.fate).into());
        compare("status", &wanted["status"], report.status.clone().into());
        compare("detail", &wanted["detail"], report.detail.clone().into());
        compare("recipient", &wanted["recipient"], report.recipient.clone().into());
        compare("about", &wanted["about"], report.about.clone().into());
    }
    if !case["invitation"].is_null() {
        let card = whole(raw, LIMITS).unwrap().invitation.unwrap_or_default();
        let fields = [
            ("title", card.title),
            ("starts", card.starts),
            ("ends", card.ends),
            ("zone", card.zone),
            ("organiser", card.organiser),
            ("place", card.place),
        ];
        for (field, found) in fields {
            compare(field, &case["invitation"][field], found.into());
        }
    }
    wrong
}

/// What is compared of samples that show more than how they read.
fn more_differences(
    case: &Value,
    raw: &[u8],
    (letter, envelope): (&Letter, From<'_>),
    compare: &mut impl FnMut(&str, &Value, Value),
) {
    let mail = &letter.mail;
    let addresses = |all: &[MailAddress]| Value::from(all.iter().map(|one| one.address.clone()).collect::<Vec<_>>());
    compare("shown", &case["shown"], mail.text.trim().into());
    compare("folded", &case["folded"], mail.is(MailMark::Quote).into());
    compare("loop ids", &case["loop_ids"], letter.loop_ids.clone().into());
    compare("looping", &case["looping"], letter.is_looping.into());
    for (field, is_same) in [("same_as", true), ("other_than", false)] {
        if let Some(of) = case[field].as_str() {
            let other = read(&sample(of), envelope, LIMITS).unwrap();
            compare(field, &is_same.into(), (thread::event_id(&other) == thread::event_id(letter)).into());
        }
    }
    if let Some(wanted) = case["answer"].as_object() {
        let company = ["help@example.co.jp".to_owned()];
        let ours = thread::Ours { domain: "in.desk.example", company: &company };
        let head = thread::Head::answering(mail, mail.answers_to(), ours);
        let none = Value::Null;
        let wanted = |field: &str| wanted.get(field).unwrap_or(&none);
        compare("answer's to", wanted("to"), addresses(&head.to));
        compare("answer's cc", wanted("cc"), addresses(&head.cc));
        compare("answer's references", wanted("references"), head.references.clone().into());
        compare("answer's subject", wanted("subject"), super::super::text::answer_subject(&mail.subject).into());
    }
    if let Some(wanted) = case.get("document") {
        let whole = whole(raw, LIMITS).unwrap();
        let document = whole.html.as_deref().and_then(|html| html::document(html, &whole.inline, false));
        compare("is a document", &(!wanted.is_null()).into(), document.is_some().into());
        let document = document.unwrap_or_default();
        for (field, is_there) in [("has", true), ("omits", false)] {
            for piece in wanted[field].as_array().into_iter().flatten().filter_map(Value::as_str) {
                compare(&format!("{field} {piece}"), &is_there.into(), document.contains(piece).into());
            }
        }
    }
}

#[test]
fn pictures_in_the_text_are_part_of_the_document_and_nothing_else_is() {
    let raw = sample("body_alternative_with_related");
    let whole = whole(&raw, Limits::default()).unwrap();
    let document = html::document(&whole.html.unwrap(), &whole.inline, false).unwrap();
    assert!(document.contains("data:image/png;base64,"), "{document}");
    // What says that it is a picture and is none is not shown.
    let fake = String::from_utf8_lossy(&raw).replace("iVBORw0KGgo", "PHN2Zy9+AAo");
    let fake = super::whole(fake.as_bytes(), Limits::default()).unwrap();
    assert!(fake.inline.is_empty());
}

#[test]
fn what_cannot_be_read_says_why() {
    let why = |raw: &[u8], from: From<'_>| read(raw, from, LIMITS).map(drop).unwrap_err();
    assert_eq!(why(b"", sender()), Unreadable::NoHeader);
    assert_eq!(why(b"Subject: x\r\n\r\ny", From::default()), Unreadable::NoSender);
    let long = format!("Subject: {}\r\n\r\n", "x".repeat(300 * 1024));
    assert_eq!(why(long.as_bytes(), sender()), Unreadable::HeaderTooLong);
    let from_envelope = read(b"Subject: x\r\n\r\ny", sender(), LIMITS).unwrap();
    assert_eq!(from_envelope.mail.from.address, "bounce@example.jp");
}

#[test]
fn whatever_is_in_a_mail_fits_into_a_record() {
    let many: Vec<String> =
        (0..60).map(|n| format!("\"{}\" <{}{n}@example.jp>", "名".repeat(90), "x".repeat(200))).collect();
    let ids: Vec<String> = (0..300).map(|n| format!("<{}{n}@example.jp>", "i".repeat(100))).collect();
    let files: String = (0..100)
        .map(|n| format!("--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=UTF-8''{}{n}.pdf\r\n\r\nx\r\n", "%E9%95%B7".repeat(100)))
        .collect();
    let raw = format!(
        "From: a@example.jp\r\nTo: {0}\r\nCc: {0}\r\nReply-To: {0}\r\nReferences: {1}\r\nSubject: {2}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{3}\r\n{files}--b--\r\n",
        many.join(", "),
        ids.join(" "),
        "題".repeat(3_000),
        "長い本文。".repeat(20_000),
    );
    let letter = read(raw.as_bytes(), sender(), Limits::default()).unwrap();
    assert!(letter.mail.weight() < 57_344, "{}", letter.mail.weight());
    assert!(letter.mail.is(MailMark::Partial) && letter.mail.is_cut);
    assert_eq!(letter.mail.references.first(), ids.first().map(|id| id.trim_matches(['<', '>']).to_owned()).as_ref());
    assert_eq!(letter.mail.references.last(), ids.last().map(|id| id.trim_matches(['<', '>']).to_owned()).as_ref());
    assert!(letter.mail.references.iter().map(|id| id.len() + 3).sum::<usize>() <= 900);
}

#[test]
fn a_mail_made_to_cost_costs_little() {
    use std::time::{Duration, Instant};
    let started = Instant::now();
    let deep = format!("From: a@x.jp\r\nContent-Type: text/html\r\n\r\n{}", "<div>".repeat(100_000));
    let words = format!("From: a@x.jp\r\nSubject: {}\r\n\r\nx", "=?utf-8?B?44GC?= ".repeat(10_000));
    let open = format!("From: a@x.jp\r\nSubject: {}\r\n\r\nx", "=?utf-8?Q?".repeat(10_000));
    let addresses = format!("From: a@x.jp\r\nTo: {}\r\n\r\nx", "a@x.jp,".repeat(30_000));
    let comments = format!("From: a@x.jp\r\nTo: {}\r\n\r\nx", "(".repeat(200_000));
    let quotes = format!("From: a@x.jp\r\n\r\n{}", "件名: a\n".repeat(100_000));
    let parts = format!(
        "From: a@x.jp\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n\r\nx\r\n".repeat(50_000)
    );
    for raw in [deep, words, open, addresses, comments, quotes, parts] {
        drop(read(raw.as_bytes(), sender(), Limits::default()));
        drop(whole(raw.as_bytes(), Limits::default()));
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
