//! The three ways of sending (PRODUCT L2): what goes with which message of the customer, what waits, what costs.

use super::*;
use crate::domain::conversation::{Quota, SendOutcome};
use crate::domain::message::{Delivery, FailureReason, Route};
use crate::domain::org::WhenQuotaEmpty;

fn plan(mode: SendMode, numbers: &[u32]) -> Plan {
    Plan { numbers: numbers.to_vec(), joined: mode == SendMode::Reply, ..Plan::alone(0, mode) }
}

fn begin(mode: SendMode, numbers: &[u32]) -> Command {
    Command::BeginSend(plan(mode, numbers))
}

fn finish(lead: u32, outcome: SendOutcome) -> Command {
    Command::FinishSend { lead, outcome }
}

fn sent(numbers: &[u32]) -> SendOutcome {
    SendOutcome::Sent { external_ids: numbers.iter().map(|n| (*n, format!("p{n}"))).collect(), free: true }
}

/// The ways that were recorded: each number, its way and the call it goes in.
fn ways(events: &[Event]) -> Vec<(u32, &'static str, u32)> {
    let way = |event: &Event| match event {
        Event::SendStarted { number, route: Route::Reply { .. }, lead, .. } => (*number, "reply", *lead),
        Event::SendStarted { number, route: Route::Push, lead, .. } => (*number, "push", *lead),
        Event::HeldBack { number } => (*number, "held", 0),
        Event::Failed { number, .. } => (*number, "failed", 0),
        other => panic!("{other:?}"),
    };
    events.iter().map(way).collect()
}

fn deliveries(desk: &Desk) -> Vec<(u32, Delivery)> {
    desk.state.outbox.iter().map(|item| (item.number, item.delivery)).collect()
}

/// Aya holds the seat; answers 2, 3 and 4 wait.
fn three_answers() -> Desk {
    let mut desk = Desk::answered("a");
    desk.ok(send(AYA, 1, "c2", "b"));
    desk.ok(send(AYA, 1, "c3", "c"));
    desk
}

#[test]
fn in_reply_mode_one_answer_goes_free_and_the_next_waits_for_the_customer() {
    let mut desk = Desk::answered("first");
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[2]))), [(2, "reply", 2)]);
    desk.ok(finish(2, sent(&[2])));
    desk.ok(send(AYA, 1, "c2", "second"));
    desk.ok(send(AYA, 1, "c3", "third"));
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[3, 4]))), [(3, "held", 0), (4, "held", 0)]);
    desk.idle(begin(SendMode::Reply, &[3, 4]));
    desk.hear("m2", Some("token-2"));
    let events = desk.ok(begin(SendMode::Reply, &[3, 4]));
    assert_eq!(ways(&events), [(3, "reply", 3), (4, "reply", 3)]);
    assert!(events.iter().all(|event| matches!(event, Event::SendStarted { joined: true, .. })));
    desk.ok(finish(3, sent(&[3, 4])));
    assert_eq!(deliveries(&desk), []);
}

#[test]
fn an_answer_that_is_too_late_waits_for_the_next_message() {
    let mut desk = Desk::answered("late");
    desk.wait_ms(50_010);
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[2]))), [(2, "held", 0)]);
    assert_eq!(deliveries(&desk), [(2, Delivery::Unsent)]);
    desk.hear("m2", None);
    desk.idle(begin(SendMode::Reply, &[2]));
    desk.hear("m3", Some("token-3"));
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[2]))), [(2, "reply", 2)]);
}

#[test]
fn more_than_one_reply_takes_waits_for_the_message_after() {
    let mut desk = three_answers();
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[2, 3]))), [(2, "reply", 2), (3, "reply", 2)]);
    desk.ok(finish(2, sent(&[2, 3])));
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[4]))), [(4, "held", 0)]);
}

#[test]
fn the_next_holder_sees_what_is_unsent_and_may_cancel_it() {
    let mut desk = Desk::answered("late");
    desk.wait_ms(60_000);
    desk.ok(begin(SendMode::Reply, &[2]));
    desk.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    desk.ok(Command::Claim { agent: BEN });
    desk.no(Command::Cancel { agent: AYA, seat_epoch: 1, number: 2 }, &stale(2, Some(BEN)));
    desk.ok(Command::Cancel { agent: BEN, seat_epoch: 2, number: 2 });
    assert_eq!(deliveries(&desk), []);
}

#[test]
fn push_mode_never_waits_and_never_takes_the_free_way() {
    let mut desk = three_answers();
    assert_eq!(ways(&desk.ok(begin(SendMode::Push, &[2, 3, 4]))), [(2, "push", 2), (3, "push", 2), (4, "push", 2)]);
    assert!(desk.state.reply.is_some());
}

#[test]
fn auto_mode_pays_only_when_the_free_way_is_closed() {
    let mut desk = three_answers();
    assert_eq!(ways(&desk.ok(begin(SendMode::Auto, &[2]))), [(2, "reply", 2)]);
    assert_eq!(ways(&desk.ok(begin(SendMode::Auto, &[3, 4]))), [(3, "push", 3), (4, "push", 3)]);
}

#[test]
fn with_an_empty_quota_the_setting_decides_and_a_free_way_stays_free() {
    let empty = |when| Plan { quota: Quota::Empty(when), ..plan(SendMode::Auto, &[2, 3, 4]) };
    let late = || {
        let mut desk = three_answers();
        desk.wait_ms(60_000);
        desk
    };
    let hold = Command::BeginSend(empty(WhenQuotaEmpty::Hold));
    let mut desk = late();
    assert_eq!(ways(&desk.ok(hold.clone())), [(2, "held", 0), (3, "held", 0), (4, "held", 0)]);
    desk.hear("m2", Some("token-2"));
    assert_eq!(ways(&desk.ok(hold))[0], (2, "reply", 2));
    let mut desk = late();
    assert_eq!(ways(&desk.ok(Command::BeginSend(empty(WhenQuotaEmpty::Fail)))), [(2, "failed", 0)]);
}

#[test]
fn a_call_refused_because_of_one_answer_fails_that_one_and_keeps_the_free_way_for_the_others() {
    let mut desk = three_answers();
    desk.ok(begin(SendMode::Reply, &[2, 3, 4]));
    let why = FailureReason::Refused { status: 400, detail: "sticker".to_owned() };
    let events = desk.ok(finish(2, SendOutcome::Refused { culprits: vec![(3, why.clone())] }));
    let expected = [
        Event::SendAbandoned { number: 2 },
        Event::Failed { number: 3, reason: why },
        Event::SendAbandoned { number: 4 },
        Event::TokenReturned { token: "token-1".to_owned(), received_at: START.plus_ms(10) },
    ];
    assert_eq!(events, expected);
    assert_eq!(ways(&desk.ok(begin(SendMode::Reply, &[2, 4]))), [(2, "reply", 2), (4, "reply", 2)]);
}

#[test]
fn a_token_that_came_meanwhile_is_not_pushed_out_by_one_that_was_given_back() {
    let mut desk = Desk::answered("a");
    desk.ok(begin(SendMode::Reply, &[2]));
    desk.hear("m2", Some("token-2"));
    desk.ok(finish(2, SendOutcome::Refused { culprits: Vec::new() }));
    assert_eq!(desk.state.reply.as_ref().map(|right| right.token.as_str()), Some("token-2"));
}

#[test]
fn a_call_of_several_that_was_cut_off_by_a_crash_ends_for_all_of_them() {
    let mut desk = three_answers();
    desk.ok(begin(SendMode::Reply, &[2, 3]));
    let events = desk.ok(begin(SendMode::Reply, &[2]));
    assert_eq!(events, [Event::Unknown { number: 2 }, Event::Unknown { number: 3 }]);
    assert_eq!(deliveries(&desk), [(4, Delivery::Queued)]);
    let mut desk = three_answers();
    desk.ok(begin(SendMode::Push, &[2, 3]));
    desk.idle(begin(SendMode::Push, &[2]));
    assert_eq!(desk.state.call_of(2).map(|item| item.number).collect::<Vec<_>>(), [2, 3], "sent again as it was");
}

#[test]
fn an_answer_cancelled_before_its_call_began_is_not_in_it() {
    let mut desk = three_answers();
    desk.ok(Command::Cancel { agent: AYA, seat_epoch: 1, number: 3 });
    assert_eq!(ways(&desk.ok(begin(SendMode::Push, &[2, 3, 4]))), [(2, "push", 2), (4, "push", 2)]);
}
