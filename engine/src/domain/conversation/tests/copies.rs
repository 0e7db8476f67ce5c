//! Answers that go as a copy to each recipient.

use super::*;
use crate::domain::conversation::{CopyEnd, CopyState, limits};
use crate::domain::mail::{Mail, MailAddress};
use crate::domain::message::{Delivery, FailureReason, Route};

fn mail(recipients: usize) -> Content {
    let address = |n: usize| MailAddress { name: String::new(), address: format!("r{n}@example.jp") };
    let mut all = (0..recipients).map(address);
    let to = all.next().into_iter().collect();
    Content::Mail(Box::new(Mail {
        to, cc: all.collect(), text: "お待たせしました".to_owned(), ..Mail::default()
    }))
}

fn answer(recipients: usize) -> Command {
    Command::Send {
        agent: AYA,
        seat_epoch: 1,
        client_id: format!("c{recipients}"),
        content: mail(recipients),
        dress: Default::default(),
        retry_key: 42,
    }
}

/// An answer with so many recipients waits as number 2.
fn desk(recipients: usize) -> Desk {
    let mut desk = Desk::held();
    desk.ok(answer(recipients));
    desk
}

fn begin(copy: u16) -> Command {
    Command::BeginCopy { number: 2, copy }
}

fn end(copy: u16, state: CopyState) -> Command {
    Command::EndCopy { number: 2, copy, end: CopyEnd { code: 550, detail: "5.1.1".into(), ..CopyEnd::bare(state) } }
}

fn later(copy: u16, at: Timestamp) -> Command {
    let end = CopyEnd { code: 450, next_at: Some(at), ..CopyEnd::bare(CopyState::Delayed) };
    Command::EndCopy { number: 2, copy, end }
}

fn told(number: u32, copy: u16, state: CopyState) -> Command {
    let end = CopyEnd { code: 550, detail: "5.1.1 nobody".into(), ..CopyEnd::bare(state) };
    inbound(START, InboundKind::CopyTold { number, copy, end })
}

fn states(desk: &Desk) -> Vec<CopyState> {
    desk.state.copies_of(2).unwrap().each.iter().map(|copy| copy.state).collect()
}

fn last(events: &[Event]) -> &Event {
    events.last().unwrap()
}

#[test]
fn a_copy_is_recorded_before_it_goes_and_the_answer_is_sent_when_all_of_them_are() {
    let mut desk = desk(2);
    assert_eq!(desk.state.due_copy(START), Some((2, 0)));
    let events = desk.ok(begin(0));
    let started = Event::SendStarted { number: 2, route: Route::Once, lead: 2, joined: false };
    assert_eq!(events[0], started);
    assert!(matches!(events[1], Event::CopiesChanged(_)));
    assert_eq!(desk.ok(end(0, CopyState::Sent)).len(), 1, "one of them still waits");
    assert_eq!(desk.state.due_copy(START), Some((2, 1)));
    assert_eq!(desk.ok(begin(1)).len(), 1, "it is on its way already");
    let events = desk.ok(end(1, CopyState::Sent));
    assert_eq!(last(&events), &Event::Sent { number: 2, external_ids: Vec::new(), free: false });
    assert!(desk.state.outbox.is_empty());
    assert_eq!(states(&desk), [CopyState::Sent; 2], "known after it is done with");
}

#[test]
fn what_began_and_never_ended_is_unknown_and_is_never_begun_again() {
    let mut desk = desk(1);
    desk.ok(begin(0));
    desk.no(begin(0), &Rejected::NotWaiting);
    assert_eq!(desk.state.due_copy(START), Some((2, 0)), "somebody has to say so");
    let events = desk.ok(end(0, CopyState::Unknown));
    assert_eq!(last(&events), &Event::Unknown { number: 2 });
    desk.no(begin(0), &Rejected::not_found("message"));
    desk.idle(end(0, CopyState::Sent));
}

#[test]
fn one_refused_recipient_marks_the_answer_and_keeps_nobody_else_from_it() {
    let mut desk = desk(3);
    desk.ok(end(0, CopyState::Failed));
    for copy in [1, 2] {
        desk.ok(begin(copy));
        desk.ok(end(copy, CopyState::Sent));
    }
    assert_eq!(states(&desk), [CopyState::Failed, CopyState::Sent, CopyState::Sent]);
    assert!(desk.state.outbox.is_empty());
    let mut worse = self::desk(2);
    worse.ok(end(0, CopyState::Failed));
    worse.ok(begin(1));
    let events = worse.ok(end(1, CopyState::Unknown));
    assert_eq!(last(&events), &Event::Unknown { number: 2 }, "nobody can know is worse than a no");
}

#[test]
fn a_copy_that_waits_for_its_time_holds_up_no_later_answer_and_can_be_withdrawn() {
    let mut desk = desk(1);
    desk.ok(begin(0));
    let events = desk.ok(later(0, START.plus_ms(60_000)));
    assert_eq!(last(&events), &Event::SendAbandoned { number: 2 });
    assert_eq!(desk.state.outgoing(2).unwrap().delivery, Delivery::Queued);
    assert_eq!(desk.state.due_copy(START), None);
    assert!(desk.state.is_at_work());
    let Command::Send { content, dress, .. } = answer(1) else { panic!() };
    desk.ok(Command::Send { agent: AYA, seat_epoch: 1, client_id: "x".into(), content, dress, retry_key: 1 });
    assert_eq!(desk.state.due_copy(START), Some((3, 0)));
    assert_eq!(desk.state.due_copy(START.plus_ms(60_000)), Some((2, 0)));
    desk.ok(Command::Cancel { agent: AYA, seat_epoch: 1, number: 2 });
    assert_eq!(desk.state.due_copy(START.plus_ms(60_000)), Some((3, 0)));
    desk.no(begin(0), &Rejected::not_found("message"));
    desk.idle(end(0, CopyState::Sent));
}

#[test]
fn an_answer_that_partly_went_cannot_be_withdrawn() {
    let mut desk = desk(2);
    desk.ok(begin(0));
    desk.ok(end(0, CopyState::Sent));
    desk.ok(later(1, START.plus_ms(60_000)));
    desk.no(Command::Cancel { agent: AYA, seat_epoch: 1, number: 2 }, &Rejected::NotWaiting);
}

#[test]
fn a_copy_that_comes_back_fails_the_answer_and_brings_a_done_case_back() {
    let mut desk = desk(2);
    for copy in [0, 1] {
        desk.ok(begin(copy));
        desk.ok(end(copy, CopyState::Sent));
    }
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 });
    assert_eq!(desk.ok(told(2, 1, CopyState::Delayed)).len(), 1, "late is no end");
    let events = desk.ok(told(2, 1, CopyState::Failed));
    assert_eq!(events[0], Event::Reopened);
    let reason = FailureReason::Refused { status: 550, detail: "5.1.1 nobody".into() };
    assert_eq!(last(&events), &Event::Failed { number: 2, reason });
    assert_eq!(states(&desk), [CopyState::Sent, CopyState::Failed]);
    desk.idle(told(2, 1, CopyState::Failed));
    desk.idle(told(2, 1, CopyState::Delayed));
    desk.ok(told(2, 0, CopyState::Delivered));
    assert_eq!(states(&desk), [CopyState::Delivered, CopyState::Failed]);
}

#[test]
fn what_is_told_of_nothing_changes_nothing() {
    let mut desk = desk(1);
    for odd in [told(0, 0, CopyState::Failed), told(99, 0, CopyState::Failed), told(2, 9, CopyState::Failed)] {
        desk.idle(odd);
    }
    let mut unborn = Desk::unborn();
    unborn.idle(told(1, 0, CopyState::Failed));
    assert!(!unborn.state.is_born(), "a bounce opens nothing");
}

#[test]
fn copies_of_old_answers_are_forgotten_and_their_refusal_is_still_heard() {
    let mut desk = desk(1);
    desk.ok(begin(0));
    desk.ok(end(0, CopyState::Sent));
    for n in 0..u32::try_from(limits::COPIES).unwrap() {
        let Command::Send { content, dress, .. } = answer(1) else { panic!() };
        let client_id = format!("n{n}");
        desk.ok(Command::Send { agent: AYA, seat_epoch: 1, client_id, content, dress, retry_key: 1 });
        desk.ok(Command::BeginCopy { number: 3 + n, copy: 0 });
        desk.ok(Command::EndCopy { number: 3 + n, copy: 0, end: CopyEnd::bare(CopyState::Sent) });
    }
    assert_eq!(desk.state.copies_of(2), None);
    assert_eq!(desk.state.copies.len(), limits::COPIES);
    assert!(matches!(desk.ok(told(2, 0, CopyState::Failed))[..], [Event::Failed { number: 2, .. }]));
    desk.idle(told(2, 0, CopyState::Delayed));
}

#[test]
fn an_answer_has_recipients_and_not_too_many() {
    let mut desk = Desk::held();
    for recipients in [0, limits::RECIPIENTS + 1] {
        assert!(desk.ask(&answer(recipients)).is_err(), "{recipients}");
    }
    desk.ok(answer(limits::RECIPIENTS));
}

#[test]
fn what_the_window_says_by_itself_goes_to_the_customer_where_recipients_have_copies() {
    let mut state = Conversation::unborn(ConversationId(7));
    state.channel = ChannelKind::Mail;
    state.external_id = "taro@example.jp".to_owned();
    let queued = Queued {
        number: 1,
        author: crate::domain::message::Author::Window,
        client_id: String::new(),
        content: Content::Text("営業時間外です".to_owned()),
        retry_key: 1,
        dress: Default::default(),
    };
    state.apply_record(&[&Event::Queued(queued)], START);
    let copies = &state.copies_of(1).unwrap().each;
    assert_eq!(copies.iter().map(|copy| copy.to.as_str()).collect::<Vec<_>>(), ["taro@example.jp"]);
}
