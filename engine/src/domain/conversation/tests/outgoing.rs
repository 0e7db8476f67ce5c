//! Answers: accepted once, and followed until they left the house.

use super::*;
use crate::domain::conversation::{SendOutcome, limits};
use crate::domain::message::{Author, Delivery, FailureReason, Route};

fn begin(number: u32, no_reply: bool) -> Command {
    Command::BeginSend(Plan { no_reply, ..Plan::alone(number, SendMode::Auto) })
}

fn finish(outcome: SendOutcome) -> Command {
    Command::FinishSend { lead: 2, outcome }
}

fn cancel(number: u32) -> Command {
    Command::Cancel { agent: AYA, seat_epoch: 1, number }
}

fn started(route: Route) -> Event {
    Event::SendStarted { number: 2, route, lead: 2, joined: false }
}

fn reply() -> Route {
    Route::Reply { token: "token-1".to_owned() }
}

#[test]
fn an_answer_waits_with_its_number_and_its_key() {
    let mut desk = Desk::held();
    let events = desk.ok(send(AYA, 1, "c1", "hello"));
    let [Event::Queued(Queued { number: 2, author: Author::Agent(AYA), retry_key: 42, .. })] = events[..] else {
        panic!("{events:?}")
    };
    let item = desk.state.outgoing(2).unwrap();
    assert_eq!((item.delivery, item.route.clone(), item.queued_at), (Delivery::Queued, None, START));
    assert_eq!(desk.state.number_of(Author::Agent(AYA), "c1"), Some(2));
}

#[test]
fn an_answer_told_twice_is_sent_once_even_after_the_seat_is_gone() {
    let mut desk = Desk::answered("hello");
    desk.idle(send(AYA, 1, "c1", "hello"));
    desk.no(send(AYA, 1, "c1", "other"), &Rejected::ClientIdReused);
    desk.ok(send(AYA, 1, "c2", "hello"));
    desk.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    desk.idle(send(AYA, 1, "c1", "hello"));
    desk.ok(Command::Claim { agent: BEN });
    desk.ok(send(BEN, 2, "c1", "another person's c1"));
}

#[test]
fn a_client_id_is_remembered_for_so_many_messages_and_no_more() {
    let mut desk = Desk::answered("hello");
    for n in 1..limits::CLIENT_IDS {
        let (text, client_id) = ("t".to_owned(), format!("n{n}"));
        desk.ok(Command::AddNote { agent: AYA, client_id, text });
    }
    desk.idle(send(AYA, 1, "c1", "hello"));
    desk.ok(Command::AddNote { agent: AYA, client_id: "last".to_owned(), text: "t".to_owned() });
    desk.ok(send(AYA, 1, "c1", "hello"));
    assert_eq!(desk.state.client_ids.len(), limits::CLIENT_IDS);
}

#[test]
fn an_answer_keeps_its_limits() {
    let mut desk = Desk::held();
    let id_rule = Rejected::invalid("client_id", "1 to 64 bytes");
    for bad in [String::new(), "c".repeat(limits::CLIENT_ID_BYTES + 1)] {
        desk.no(send(AYA, 1, &bad, "t"), &id_rule);
    }
    let rule = "1 to 24,996 UTF-16 code units and 49,152 bytes, not only white space";
    let rule = Rejected::invalid("content.text", rule);
    let pairs = limits::TEXT_UTF16 / 2;
    let three_bytes = limits::TEXT_BYTES / 3;
    for bad in [
        String::new(),
        " \u{3000}\n".to_owned(),
        "a".repeat(limits::TEXT_UTF16 + 1),
        format!("{}a", "😀".repeat(pairs)),
        format!("{}a", "字".repeat(three_bytes)),
    ] {
        desk.no(send(AYA, 1, "c", &bad), &rule);
    }
    let longest = ["a".repeat(limits::TEXT_UTF16 - 1), "a".repeat(limits::TEXT_UTF16), "字".repeat(three_bytes)];
    for (n, text) in longest.iter().enumerate() {
        desk.ok(send(AYA, 1, &format!("{n}{}", "c".repeat(limits::CLIENT_ID_BYTES - 1)), text));
    }
    let content = Content::Other { kind: "sticker".to_owned(), summary: "hi".to_owned() };
    let command = Command::Send {
        agent: AYA,
        seat_epoch: 1,
        client_id: "s".to_owned(),
        content,
        dress: Default::default(),
        retry_key: 1,
    };
    desk.no(command, &Rejected::invalid("content", "something to send"));
}

#[test]
fn one_answer_more_than_may_wait_is_refused_until_one_is_gone() {
    let mut desk = Desk::held();
    for n in 0..limits::OUTBOX {
        desk.ok(send(AYA, 1, &format!("c{n}"), "t"));
    }
    let full = Rejected::LimitReached { what: "messages waiting to go out", limit: 50 };
    desk.no(send(AYA, 1, "more", "t"), &full);
    desk.idle(send(AYA, 1, "c0", "t"));
    desk.ok(cancel(2));
    desk.ok(send(AYA, 1, "more", "t"));
}

#[test]
fn an_answer_is_withdrawn_only_while_it_waits() {
    let mut desk = Desk::answered("hello");
    desk.no(cancel(9), &Rejected::not_found("message"));
    desk.no(cancel(1), &Rejected::NotWaiting);
    assert_eq!(desk.ok(cancel(2)), [Event::Cancelled { number: 2, by: AYA }]);
    desk.no(cancel(2), &Rejected::NotWaiting);
    desk.no(begin(2, false), &Rejected::not_found("message"));

    let mut desk = Desk::answered("hello");
    desk.ok(begin(2, false));
    desk.no(cancel(2), &Rejected::NotWaiting);
    let stranger = Command::Cancel { agent: BEN, seat_epoch: 1, number: 2 };
    desk.no(stranger, &Rejected::SeatNotHeld);
}

#[test]
fn a_free_answer_is_used_while_its_token_lives_and_only_once() {
    // The message came here 10 ms after the start, and the budget counts from then.
    for (wait_ms, push_only, route) in
        [(0, false, reply()), (50_009, false, reply()), (50_010, false, Route::Push), (0, true, Route::Push)]
    {
        let mut desk = Desk::answered("hello");
        desk.wait_ms(wait_ms);
        assert_eq!(desk.ok(begin(2, push_only)), [started(route.clone())], "after {wait_ms} ms");
        assert_eq!(desk.state.reply.is_none(), route == reply(), "a token is spent by the start, not by the end");
    }
    let mut desk = Desk::answered("hello");
    desk.ok(send(AYA, 1, "c2", "more"));
    desk.ok(begin(2, false));
    let second = desk.ok(begin(3, false));
    assert_eq!(second, [Event::SendStarted { number: 3, route: Route::Push, lead: 3, joined: false }]);
}

#[test]
fn a_send_ends_in_one_of_four_ways_and_only_once() {
    let ids = vec!["p1".to_owned()];
    let refused = FailureReason::Refused { status: 400, detail: "no".to_owned() };
    for (outcome, event, gone) in [
        (
            SendOutcome::Sent { external_ids: vec![(2, ids[0].clone())], free: true },
            Event::Sent { number: 2, external_ids: ids, free: true },
            true,
        ),
        (SendOutcome::Failed(refused.clone()), Event::Failed { number: 2, reason: refused }, true),
        (SendOutcome::Unknown, Event::Unknown { number: 2 }, true),
        (SendOutcome::Abandoned, Event::SendAbandoned { number: 2 }, false),
    ] {
        let mut desk = Desk::answered("hello");
        desk.idle(finish(outcome.clone()));
        desk.ok(begin(2, false));
        assert_eq!(desk.ok(finish(outcome.clone())), [event]);
        assert_eq!(desk.state.outgoing(2).is_none(), gone);
        desk.idle(finish(outcome));
    }
}

#[test]
fn a_free_answer_certainly_not_taken_goes_as_a_push_under_the_same_key() {
    let mut desk = Desk::answered("hello");
    desk.ok(begin(2, false));
    desk.ok(finish(SendOutcome::Abandoned));
    let item = desk.state.outgoing(2).unwrap();
    assert_eq!((item.delivery, item.route.clone(), item.retry_key), (Delivery::Queued, None, 42));
    assert_eq!(desk.ok(begin(2, false)), [started(Route::Push)]);
    assert_eq!(desk.state.outgoing(2).unwrap().retry_key, 42);
}

#[test]
fn after_a_crash_a_free_answer_is_unknown_and_a_push_is_begun_again() {
    let mut desk = Desk::answered("hello");
    desk.ok(begin(2, false));
    assert_eq!(desk.ok(begin(2, false)), [Event::Unknown { number: 2 }]);
    assert!(desk.state.outbox.is_empty());

    let mut desk = Desk::answered("hello");
    let push = begin(2, true);
    desk.ok(push.clone());
    desk.idle(push);
    desk.idle(begin(2, false));
    assert_eq!(desk.state.outgoing(2).unwrap().route, Some(Route::Push));
}

#[test]
fn a_push_that_was_begun_is_not_begun_again_when_the_platform_may_have_forgotten_it() {
    for (wait_ms, expected) in
        [(limits::REPEATABLE_MS - 1, vec![]), (limits::REPEATABLE_MS, vec![Event::Unknown { number: 2 }])]
    {
        let mut desk = Desk::answered("hello");
        desk.ok(begin(2, true));
        desk.wait_ms(wait_ms);
        if expected.is_empty() {
            desk.idle(begin(2, false));
        } else {
            assert_eq!(desk.ok(begin(2, false)), expected);
        }
    }
    let mut desk = Desk::answered("hello");
    desk.wait_ms(limits::REPEATABLE_MS);
    assert_eq!(desk.ok(begin(2, false)), [started(Route::Push)], "one that never began is no repetition");
}

#[test]
fn what_was_accepted_goes_out_after_the_seat_is_given_up() {
    let mut desk = Desk::answered("hello");
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 });
    desk.ok(begin(2, false));
    desk.ok(finish(SendOutcome::Sent { external_ids: vec![], free: true }));
    assert!(desk.state.outbox.is_empty());
}

#[test]
fn a_token_is_spent_also_where_the_record_that_spent_it_was_emptied() {
    let mut desk = Desk::answered("hello");
    assert!(desk.state.reply.is_some());
    let emptied = started(Route::Reply { token: String::new() });
    desk.state.apply(&emptied, desk.now);
    assert_eq!(desk.state.reply, None);
}

#[test]
fn a_repetition_is_known_also_where_its_content_was_emptied() {
    let mut desk = Desk::held();
    let queued = desk.ok(send(AYA, 1, "c1", "hello"));
    let [Event::Queued(queued)] = &queued[..] else { panic!("one answer") };
    let mut replayed = Desk::held();
    let emptied = crate::domain::conversation::Queued { content: Content::Redacted, ..queued.clone() };
    replayed.state.apply(&Event::Queued(emptied), replayed.now);
    replayed.idle(send(AYA, 1, "c1", "hello"));
}
