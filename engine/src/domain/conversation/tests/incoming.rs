//! What the customer's end does. It is never refused.

use super::*;
use crate::domain::conversation::{Received, Status, limits};
use crate::domain::mail::{Mail, MailAddress};

fn received(events: &[Event]) -> &Received {
    let found = events.iter().find_map(|event| match event {
        Event::Received(received) => Some(received),
        _ => None,
    });
    found.expect("a message")
}

fn unsent(external_id: &str, number: Option<u32>) -> Event {
    Event::Unsent { external_id: external_id.to_owned(), number }
}

#[test]
fn the_first_message_names_the_conversation_and_gets_number_one() {
    let mut desk = Desk::unborn();
    let events = desk.hear("m1", Some("token"));
    let message = received(&events);
    assert_eq!((message.number, message.late, message.raw.as_deref()), (1, false, Some("{}")));
    let state = &desk.state;
    assert_eq!((state.inbox, state.contact_point), (InboxId(5), ContactPointId(6)));
    assert_eq!((state.external_id.as_str(), state.thread.as_str()), ("U1", "user:U1"));
    assert_eq!((state.status, state.last_number, state.version), (Status::New, 1, 1));
    assert_eq!((state.opened_at, state.new_since, state.updated_at), (START, START, START));
    assert_eq!(received(&desk.hear("m2", None)).number, 2);
}

#[test]
fn the_customer_waits_since_the_oldest_unanswered_message() {
    let mut desk = Desk::held();
    let first = desk.state.waiting_since;
    assert_eq!(first, Some(START.plus_ms(10)));
    desk.wait_ms(5_000);
    desk.hear("m2", None);
    assert_eq!(desk.state.waiting_since, first);
    desk.ok(send(AYA, 1, "c1", "answer"));
    assert_eq!(desk.state.waiting_since, None);
    desk.wait_ms(5_000);
    desk.hear("m3", None);
    assert_eq!(desk.state.waiting_since, Some(desk.now.plus_ms(10)));
}

#[test]
fn a_message_older_than_one_already_shown_says_so_and_keeps_its_place_at_the_end() {
    let mut desk = Desk::new();
    for (shift_ms, late) in [(-1, true), (0, false), (1, false), (0, true)] {
        let events = desk.ok(message("m", START.plus_ms(shift_ms), None));
        assert_eq!(received(&events).late, late, "{shift_ms}");
    }
    assert_eq!((desk.state.last_number, desk.state.newest_sent_at), (5, START.plus_ms(1)));
}

#[test]
fn only_the_newest_reply_token_lives_and_a_message_without_one_takes_none_away() {
    let mut desk = Desk::new();
    desk.wait_ms(1_000);
    desk.hear("m2", Some("token-2"));
    desk.hear("m3", None);
    let right = desk.state.reply.clone().unwrap();
    assert_eq!((right.token.as_str(), right.received_at), ("token-2", desk.now.plus_ms(10)));
}

#[test]
fn a_message_taken_back_is_found_by_the_platforms_id() {
    let mut desk = Desk::new();
    desk.hear("m2", None);
    assert_eq!(desk.ok(unsend("m2")), [unsent("m2", Some(2))]);
    assert!(desk.state.tombstones.is_empty());
    assert_eq!(desk.ok(unsend("m1")), [unsent("m1", Some(1))]);
}

#[test]
fn a_message_taken_back_before_it_arrives_never_shows_its_text() {
    let mut desk = Desk::new();
    assert_eq!(desk.ok(unsend("m2")), [unsent("m2", None)]);
    desk.idle(unsend("m2"));
    let events = desk.hear("m2", Some("token-2"));
    assert_eq!(received(&events).content, Content::Redacted);
    assert_eq!(received(&events).raw, None);
    assert_eq!(events[1], unsent("m2", Some(2)));
    assert!(desk.state.tombstones.is_empty());
    assert_ne!(received(&desk.hear("m3", None)).content, Content::Redacted);
}

#[test]
fn a_message_taken_back_twice_leaves_no_tombstone_and_comes_back_never() {
    let mut desk = Desk::new();
    desk.hear("m2", None);
    desk.ok(unsend("m2"));
    desk.idle(unsend("m2"));
    assert!(desk.state.tombstones.is_empty());
    assert_eq!(received(&desk.hear("m2", None)).content, Content::Redacted, "the platform tells it again");
}

#[test]
fn a_tombstone_whose_message_is_found_far_back_is_used_up() {
    let mut desk = Desk::new();
    assert_eq!(desk.ok(unsend("old")), [unsent("old", None)]);
    let found = |number| Command::SettleUnsend { external_id: "old".to_owned(), number };
    assert_eq!(desk.ok(found(1)), [unsent("old", Some(1))]);
    assert!(desk.state.tombstones.is_empty());
    desk.idle(found(1));
}

#[test]
fn taking_back_does_not_reopen_a_done_conversation() {
    let mut desk = Desk::held();
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 });
    desk.ok(unsend("m1"));
    assert_eq!(desk.state.status, Status::Done);
}

#[test]
fn a_conversation_may_begin_with_a_message_taken_back() {
    let mut desk = Desk::unborn();
    assert!(matches!(desk.ok(unsend("m1"))[..], [Event::Opened(_), Event::Unsent { number: None, .. }]));
    assert_eq!(received(&desk.hear("m1", None)).content, Content::Redacted);
}

#[test]
fn what_is_remembered_for_taking_back_is_bounded_and_the_oldest_goes() {
    let mut desk = Desk::unborn();
    for n in 0..=limits::EXTERNAL_IDS {
        desk.hear(&format!("m{n}"), None);
    }
    assert_eq!(desk.state.external_ids.len(), limits::EXTERNAL_IDS);
    assert_eq!(desk.ok(unsend("m0")), [unsent("m0", None)]);
    assert_eq!(desk.ok(unsend("m1")), [unsent("m1", Some(2))]);
    for n in 0..=limits::TOMBSTONES {
        desk.ok(unsend(&format!("later{n}")));
    }
    assert_eq!(desk.state.tombstones.len(), limits::TOMBSTONES);
    assert_ne!(received(&desk.hear("later0", None)).content, Content::Redacted);
    assert_eq!(received(&desk.hear("later1", None)).content, Content::Redacted);
}

#[test]
fn a_mail_names_its_customer_and_nobody_else_who_writes_there() {
    let mut desk = Desk::unborn();
    let said = |from: &str, name: &str| {
        let from = MailAddress { name: name.to_owned(), address: from.to_owned() };
        let content = Content::Mail(Box::new(Mail { from: from.clone(), ..Mail::default() }));
        let id = format!("{name}{}", from.address);
        let what =
            InboundKind::Message { external_id: Some(id), content, reply_token: None, read_token: None, raw: None };
        let Command::Inbound(mut inbound) = inbound(START, what) else { unreachable!("it receives") };
        inbound.external_id = from.address;
        Command::Inbound(inbound)
    };
    for (from, name, known) in [
        ("a@example.jp", "", "a@example.jp"),
        ("a@example.jp", "青木", "青木"),
        ("b@example.jp", "別人", "青木"),
        ("a@example.jp", "", "青木"),
        ("a@example.jp", "青木 葵", "青木 葵"),
    ] {
        desk.ok(said(from, name));
        assert_eq!(desk.state.name.as_deref(), Some(known), "{from} {name}");
    }
}
