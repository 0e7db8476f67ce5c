//! Who an answer goes to, and what makes two mails one.

use super::*;
use crate::channels::mail::read::{From, Limits, read};

fn letter(head: &str) -> Letter {
    let raw = format!("{head}Subject: s\r\nDate: Sat, 21 Nov 2026 10:23:00 +0900\r\n\r\ntext\r\n");
    read(raw.as_bytes(), From { sender: Some("a@example.jp"), is_expected_report: false }, Limits::default()).unwrap()
}

fn company() -> Vec<String> {
    vec!["help@example.co.jp".to_owned()]
}

fn head(letter: &Letter) -> Head {
    let company = company();
    let ours = Ours { domain: "in.desk.example", company: &company };
    Head::answering(&letter.mail, letter.mail.answers_to(), ours)
}

fn addresses(all: &[MailAddress]) -> Vec<&str> {
    all.iter().map(|one| one.address.as_str()).collect()
}

#[test]
fn an_answer_keeps_everybody_but_ourselves_once_and_in_order() {
    let letter = letter(
        "From: Taro <taro@example.jp>\r\nTo: support@in.desk.example, c@example.jp, Help+x@Example.co.jp\r\n\
         Cc: taro@example.jp, d@example.jp, C@example.jp, support+cabc@in.desk.example\r\nMessage-ID: <2@x>\r\nReferences: <0@x> <1@x>\r\n",
    );
    let head = head(&letter);
    assert_eq!(addresses(&head.to), ["taro@example.jp"]);
    assert_eq!(addresses(&head.cc), ["c@example.jp", "d@example.jp"]);
    assert_eq!(head.references, ["0@x", "1@x", "2@x"]);
    let context = head.clone().into_context("返品");
    assert_eq!(context.subject.as_deref(), Some("返品"));
    assert_eq!(Head::of(&context), Some(head));
}

#[test]
fn one_address_to_reply_to_gets_the_answer_and_several_do_not() {
    let one = letter("From: form@example.jp\r\nReply-To: taro@example.jp\r\nTo: support@in.desk.example\r\n");
    assert_eq!(addresses(&head(&one).to), ["taro@example.jp"]);
    let two = letter("From: form@example.jp\r\nReply-To: a@example.jp, b@example.jp\r\n");
    assert_eq!(addresses(&head(&two).to), ["form@example.jp"]);
}

#[test]
fn too_many_recipients_are_left_out_from_the_end_and_it_says_so() {
    let many: Vec<String> = (0..100).map(|n| format!("\"{}\" <{n}@example.jp>", "名".repeat(40))).collect();
    let letter = letter(&format!("From: a@example.jp\r\nCc: {}\r\n", many.join(", ")));
    let context = head(&letter).into_context("s");
    assert!(context.weight() <= CONTEXT_BYTES, "{}", context.weight());
    let kept = Head::of(&context).unwrap();
    assert!(kept.is_cut && !kept.cc.is_empty());
    assert_eq!(kept.cc[0].address, "0@example.jp");
}

#[test]
fn the_same_mail_twice_is_one_and_a_copied_id_is_two() {
    let id = |head: &str| event_id(&letter(head));
    let first = id("From: a@example.jp\r\nMessage-ID: <1@x>\r\n");
    assert_eq!(first, id("Received: by y\r\nFrom: A <a@example.jp>\r\nMessage-ID: < 1@x >\r\n"));
    assert_ne!(first, id("From: b@example.jp\r\nMessage-ID: <1@x>\r\n"));
    assert_ne!(first, id("From: a@example.jp\r\nMessage-ID: <2@x>\r\n"));
    let without = id("From: a@example.jp\r\n");
    assert_eq!(without, id("From: a@example.jp\r\nReceived: by y\r\n"));
    assert_ne!(without, id("From: b@example.jp\r\n"));
}

#[test]
fn a_mail_of_ours_is_known_however_deep_it_stands_and_a_guess_is_not() {
    let ids = MailIds::new([7; 32]);
    let mail = OwnMail { conversation: ConversationId(9), number: 4 };
    let own = ids.message_id(mail, "desk.example");
    let direct = letter(&format!("From: a@x.jp\r\nIn-Reply-To: <{own}>\r\n"));
    assert_eq!(answered(&direct, &ids), Some(mail));
    let deep =
        letter(&format!("From: a@x.jp\r\nIn-Reply-To: <other@x>\r\nReferences: <0@x> <{own}>\r\n\t<other@x>\r\n"));
    assert_eq!(answered(&deep, &ids), Some(mail));
    let guessed = letter(&format!("From: a@x.jp\r\nIn-Reply-To: <{}>\r\n", own.replace("m.", "m.a")));
    assert_eq!(answered(&guessed, &ids), None);
    assert_eq!(referred(&deep), [&"other@x".to_owned(), &own, &"0@x".to_owned()]);
}
