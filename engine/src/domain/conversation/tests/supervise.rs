//! That an act of a supervisor breaks what a seat promises: two holders, none, or somebody put out without a word.

use super::*;
use crate::domain::conversation::{ClaimHow, Claimed, Overseen, Status};
use crate::domain::seat::{Holder, ReleaseCause};

/// A supervisor, and no member of the window.
const BOSS: AgentId = OUTSIDER;

fn supervise(act: Overseen) -> Command {
    Command::Supervise { agent: BOSS, act, reason: "  早退のため ".into() }
}

fn taken_over() -> Event {
    let how = ClaimHow::TakenOver { from: Some(AYA), reason: Some("早退のため".into()) };
    Event::Claimed(Claimed { agent: BOSS, epoch: 2, how })
}

#[test]
fn to_complete_is_to_take_the_seat_and_use_it_in_one_decision() {
    let mut desk = Desk::held();
    let events = desk.ok(supervise(Overseen::Complete));
    assert_eq!(events, [taken_over(), Event::Completed { by: Some(BOSS) }]);
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::Done, Holder::None));
    desk.no(send(AYA, 1, "c", "t"), &stale(2, None));
    desk.idle(supervise(Overseen::Complete));
    desk.idle(supervise(Overseen::Release));
}

#[test]
fn to_release_puts_it_back_and_says_who_did_it() {
    let mut desk = Desk::held();
    let events = desk.ok(supervise(Overseen::Release));
    assert_eq!(events, [taken_over(), Event::Released { agent: BOSS, cause: ReleaseCause::Returned }]);
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::New, Holder::None));
    desk.idle(supervise(Overseen::Release));
}

#[test]
fn a_new_conversation_can_be_completed_and_its_epoch_moves() {
    let mut desk = Desk::new();
    desk.ok(supervise(Overseen::Complete));
    assert_eq!((desk.state.status, desk.state.seat.epoch), (Status::Done, 1));
}

#[test]
fn a_hand_over_leaves_the_seat_where_it_is_until_the_colleague_says_yes() {
    let mut desk = Desk::held();
    desk.ok(supervise(Overseen::HandOver { to: BEN }));
    assert_eq!((desk.state.seat.holder, desk.state.seat.epoch), (Holder::Agent(AYA), 1));
    let offer = desk.state.seat.offer.clone().expect("offered");
    assert_eq!((offer.from, offer.to, offer.note.as_deref()), (AYA, BEN, Some("早退のため")));
    desk.idle(supervise(Overseen::HandOver { to: BEN }));
    desk.ok(supervise(Overseen::HandOver { to: CHO }));
    desk.no(Command::AcceptHandover { agent: BEN }, &Rejected::NoOffer);
    desk.ok(Command::AcceptHandover { agent: CHO });
    assert_eq!(desk.state.seat.holder, Holder::Agent(CHO));
}

#[test]
fn what_cannot_be_is_refused_for_supervisors_too() {
    let mut desk = Desk::new();
    desk.no(supervise(Overseen::HandOver { to: BEN }), &Rejected::SeatNotHeld);
    let mut desk = Desk::held();
    desk.no(supervise(Overseen::HandOver { to: OUTSIDER }), &Rejected::ColleagueNotAMember);
    assert!(matches!(desk.ask(&supervise(Overseen::HandOver { to: AYA })), Err(Rejected::Invalid { .. })));
    for reason in ["", "  ", &"あ".repeat(501)] {
        for act in [Overseen::Complete, Overseen::Release, Overseen::HandOver { to: BEN }] {
            let wish = Command::Supervise { agent: BOSS, act, reason: reason.to_owned() };
            assert!(matches!(desk.ask(&wish), Err(Rejected::Invalid { .. })), "{act:?}");
        }
    }
    desk.ok(Command::SetAside);
    desk.no(supervise(Overseen::Complete), &Rejected::SetAside);
}
