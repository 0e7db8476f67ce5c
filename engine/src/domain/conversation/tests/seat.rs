//! Who gets the seat, who keeps it, and who learns that it is gone.

use super::*;
use crate::domain::conversation::{ClaimHow, Claimed, Status};
use crate::domain::seat::{Holder, ReleaseCause};

fn claimed(agent: AgentId, epoch: u64, how: ClaimHow) -> Event {
    Event::Claimed(Claimed { agent, epoch, how })
}

fn take_over(agent: AgentId, supervisor: bool, reason: &str) -> Command {
    Command::TakeOver { agent, supervisor, reason: reason.to_owned() }
}

#[test]
fn of_two_who_claim_one_gets_the_seat_and_the_other_learns_who() {
    let mut desk = Desk::new();
    let by_itself = Event::Assigned { assignee: Some(AYA), by: None };
    assert_eq!(desk.ok(Command::Claim { agent: AYA }), [claimed(AYA, 1, ClaimHow::Started), by_itself]);
    desk.no(Command::Claim { agent: BEN }, &Rejected::SeatTaken { holder: Some(AYA), epoch: 1 });
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::InProgress, Holder::Agent(AYA)));
    assert_eq!(desk.state.assignee, Some(AYA));
}

#[test]
fn a_claim_told_twice_keeps_the_epoch() {
    let mut desk = Desk::held();
    desk.idle(Command::Claim { agent: AYA });
    assert_eq!(desk.state.seat.epoch, 1);
}

#[test]
fn an_outsider_gets_no_seat() {
    let mut desk = Desk::new();
    desk.no(Command::Claim { agent: OUTSIDER }, &Rejected::NotAMember);
    desk.no(take_over(OUTSIDER, false, "why"), &Rejected::NotAMember);
}

#[test]
fn an_old_tab_learns_that_the_seat_moved_on() {
    let mut desk = Desk::held();
    desk.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    desk.ok(Command::Claim { agent: BEN });
    let moved = stale(2, Some(BEN));
    for old in [
        Command::Release { agent: AYA, seat_epoch: 1 },
        Command::Complete { agent: AYA, seat_epoch: 1 },
        Command::OfferHandover { agent: AYA, seat_epoch: 1, to: CHO, note: None },
        Command::Cancel { agent: AYA, seat_epoch: 1, number: 1 },
        send(AYA, 1, "c", "t"),
    ] {
        desk.no(old, &moved);
    }
    desk.no(send(AYA, 2, "c", "t"), &Rejected::SeatNotHeld);
    desk.no(send(AYA, 3, "c", "t"), &moved);
    desk.ok(send(BEN, 2, "c", "t"));
}

#[test]
fn the_same_person_coming_back_gets_a_new_epoch() {
    let mut desk = Desk::held();
    desk.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    desk.no(send(AYA, 1, "c", "t"), &Rejected::SeatNotHeld);
    desk.ok(Command::Claim { agent: AYA });
    desk.no(send(AYA, 1, "c", "t"), &stale(2, Some(AYA)));
}

#[test]
fn releasing_makes_it_new_and_leaves_the_customer_waiting() {
    let mut desk = Desk::held();
    let waiting = desk.state.waiting_since;
    desk.wait_ms(5_000);
    let events = desk.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    assert_eq!(events, [Event::Released { agent: AYA, cause: ReleaseCause::Returned }]);
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::New, Holder::None));
    assert_eq!((desk.state.waiting_since, desk.state.new_since), (waiting, desk.now));
    assert_eq!(desk.state.seat.former, None, "who gave it back is not shown as lost");
}

#[test]
fn completing_ends_the_wait_and_resuming_says_so() {
    let mut desk = Desk::held();
    assert_eq!(desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 }), [Event::Completed { by: Some(AYA) }]);
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::Done, Holder::None));
    assert_eq!(desk.state.waiting_since, None);
    desk.no(Command::Complete { agent: AYA, seat_epoch: 1 }, &Rejected::SeatNotHeld);
    assert_eq!(desk.ok(Command::Claim { agent: BEN }), [claimed(BEN, 2, ClaimHow::Resumed)]);
    assert_eq!(desk.state.assignee, Some(AYA), "the person responsible stays");
}

#[test]
fn a_done_conversation_that_hears_from_its_customer_is_new_again() {
    let mut desk = Desk::held();
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 });
    desk.wait_ms(60_000);
    let events = desk.hear("m2", None);
    assert!(matches!(events[..], [Event::Reopened, Event::Received(_)]), "{events:?}");
    assert_eq!((desk.state.status, desk.state.new_since), (Status::New, desk.now));
    assert_eq!(desk.state.waiting_since, Some(desk.now.plus_ms(10)));
    assert_eq!(desk.ok(Command::Claim { agent: BEN }), [claimed(BEN, 2, ClaimHow::Started)]);
}

#[test]
fn only_a_supervisor_takes_a_seat_from_somebody_present() {
    let mut desk = Desk::held();
    desk.no(take_over(BEN, false, "why"), &Rejected::NeedsSupervisor);
    let how = ClaimHow::TakenOver { from: Some(AYA), reason: Some("why".to_owned()) };
    assert_eq!(desk.ok(take_over(OUTSIDER, true, " why ")), [claimed(OUTSIDER, 2, how)]);
    desk.idle(take_over(OUTSIDER, true, "again"));
    desk.no(send(AYA, 1, "c", "t"), &stale(2, Some(OUTSIDER)));
}

#[test]
fn taking_over_a_free_seat_is_an_ordinary_start() {
    let mut desk = Desk::new();
    assert_eq!(desk.ok(take_over(BEN, false, "why"))[0], claimed(BEN, 1, ClaimHow::Started));
    desk.ok(Command::Complete { agent: BEN, seat_epoch: 1 });
    assert_eq!(desk.ok(take_over(BEN, false, "why")), [claimed(BEN, 2, ClaimHow::Resumed)]);
}

#[test]
fn a_reason_for_taking_over_keeps_its_limits() {
    let mut desk = Desk::held();
    let rule = Rejected::invalid("reason", "1 to 500 characters");
    for bad in [String::new(), " \n".to_owned(), "理".repeat(501)] {
        desk.no(take_over(BEN, true, &bad), &rule);
    }
    desk.ok(take_over(BEN, true, &"理".repeat(500)));
}

#[test]
fn assigning_names_members_only_whoever_assigns_and_moves_no_seat() {
    let mut desk = Desk::new();
    desk.idle(Command::Assign { agent: OUTSIDER, assignee: None });
    desk.no(Command::Assign { agent: AYA, assignee: Some(OUTSIDER) }, &Rejected::ColleagueNotAMember);
    desk.idle(Command::Assign { agent: AYA, assignee: None });
    let named = Event::Assigned { assignee: Some(BEN), by: Some(AYA) };
    assert_eq!(desk.ok(Command::Assign { agent: AYA, assignee: Some(BEN) }), [named]);
    desk.idle(Command::Assign { agent: CHO, assignee: Some(BEN) });
    assert_eq!(desk.state.seat.holder, Holder::None);
    assert_eq!(desk.ok(Command::Claim { agent: CHO }), [claimed(CHO, 1, ClaimHow::Started)]);
    assert_eq!(desk.state.assignee, Some(BEN));
    desk.ok(Command::Assign { agent: AYA, assignee: None });
    assert_eq!(desk.state.assignee, None);
}

#[test]
fn who_logs_out_loses_the_seat_and_who_leaves_the_window_the_assignment_too() {
    for (cause, assignee) in [(ReleaseCause::LoggedOut, Some(AYA)), (ReleaseCause::LeftWindow, None)] {
        let mut desk = Desk::held();
        desk.idle(Command::DropAgent { agent: BEN, cause });
        desk.ok(Command::DropAgent { agent: AYA, cause });
        assert_eq!((desk.state.status, desk.state.seat.holder), (Status::New, Holder::None));
        assert_eq!((desk.state.assignee, desk.state.seat.former), (assignee, Some(AYA)), "{cause:?}");
        desk.idle(Command::DropAgent { agent: AYA, cause });
    }
}
