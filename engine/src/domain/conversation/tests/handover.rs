//! Handing the seat to a colleague. The giver keeps it until the colleague says yes.

use super::*;
use crate::domain::conversation::{ClaimHow, Claimed, HandoverEnd};
use crate::domain::seat::{Holder, Offer, ReleaseCause};

fn offer(to: AgentId) -> Command {
    Command::OfferHandover { agent: AYA, seat_epoch: 1, to, note: None }
}

fn ended(how: HandoverEnd) -> Event {
    Event::HandoverEnded { how }
}

fn offered_to_ben() -> Desk {
    let mut desk = Desk::held();
    desk.ok(offer(BEN));
    desk
}

#[test]
fn the_giver_keeps_the_seat_until_the_colleague_accepts() {
    let mut desk = offered_to_ben();
    assert_eq!(desk.state.seat.holder, Holder::Agent(AYA));
    desk.ok(send(AYA, 1, "c1", "while it is offered"));
    desk.no(send(BEN, 1, "c1", "not yet"), &Rejected::SeatNotHeld);

    let how = ClaimHow::HandedOver { from: AYA };
    let follows = Event::Assigned { assignee: Some(BEN), by: None };
    let events = desk.ok(Command::AcceptHandover { agent: BEN });
    assert_eq!(events, [Event::Claimed(Claimed { agent: BEN, epoch: 2, how }), follows]);
    assert_eq!((desk.state.seat.holder, desk.state.seat.offer.clone()), (Holder::Agent(BEN), None));
    desk.no(send(AYA, 1, "c2", "too late"), &stale(2, Some(BEN)));
    desk.no(Command::AcceptHandover { agent: BEN }, &Rejected::NoOffer);
}

#[test]
fn responsibility_stays_with_a_third_person() {
    let mut desk = Desk::held();
    desk.ok(Command::Assign { agent: AYA, assignee: Some(CHO) });
    desk.ok(offer(BEN));
    assert_eq!(desk.ok(Command::AcceptHandover { agent: BEN }).len(), 1);
    assert_eq!(desk.state.assignee, Some(CHO));
}

#[test]
fn an_offer_ends_by_no_by_taking_back_or_by_time() {
    for (command, wait_ms, how) in [
        (Command::EndHandover { agent: BEN }, 0, HandoverEnd::Declined),
        (Command::EndHandover { agent: AYA }, 0, HandoverEnd::Withdrawn),
        (deadline(DeadlineKind::Handover), 60_000, HandoverEnd::TimedOut),
    ] {
        let mut desk = offered_to_ben();
        desk.wait_ms(wait_ms);
        assert_eq!(desk.ok(command), [ended(how)]);
        assert_eq!((desk.state.seat.holder, desk.state.seat.epoch), (Holder::Agent(AYA), 1));
        desk.no(Command::AcceptHandover { agent: BEN }, &Rejected::NoOffer);
        desk.no(Command::EndHandover { agent: AYA }, &Rejected::NoOffer);
        desk.idle(deadline(DeadlineKind::Handover));
    }
}

#[test]
fn an_offer_does_not_time_out_a_millisecond_early() {
    let mut desk = offered_to_ben();
    assert!(desk.due().contains(&(60_000, DeadlineKind::Handover)));
    desk.wait_ms(59_999);
    desk.idle(deadline(DeadlineKind::Handover));
    desk.wait_ms(1);
    desk.ok(deadline(DeadlineKind::Handover));
}

#[test]
fn a_third_person_can_neither_accept_nor_end_an_offer() {
    let mut desk = offered_to_ben();
    desk.no(Command::AcceptHandover { agent: CHO }, &Rejected::NoOffer);
    desk.no(Command::AcceptHandover { agent: AYA }, &Rejected::NoOffer);
    desk.no(Command::EndHandover { agent: CHO }, &Rejected::NoOffer);
    desk.no(Command::AcceptHandover { agent: OUTSIDER }, &Rejected::NotAMember);
}

#[test]
fn an_offer_goes_to_a_colleague_of_the_window_with_a_short_note() {
    let mut desk = Desk::held();
    desk.no(offer(AYA), &Rejected::invalid("to", "a colleague, not oneself"));
    desk.no(offer(OUTSIDER), &Rejected::ColleagueNotAMember);
    let with = |chars| Command::OfferHandover { agent: AYA, seat_epoch: 1, to: BEN, note: Some("頼".repeat(chars)) };
    desk.no(with(501), &Rejected::invalid("note", "at most 500 characters"));
    let note = Some("頼".repeat(500));
    let expires_at = START.plus_ms(60_000);
    assert_eq!(desk.ok(with(500)), [Event::HandoverOffered(Offer { from: AYA, to: BEN, expires_at, note })]);
}

#[test]
fn a_second_offer_takes_the_first_back() {
    let mut desk = offered_to_ben();
    let events = desk.ok(offer(CHO));
    assert_eq!(events[0], ended(HandoverEnd::Withdrawn));
    assert!(matches!(&events[1..], [Event::HandoverOffered(offer)] if offer.to == CHO));
    desk.no(Command::AcceptHandover { agent: BEN }, &Rejected::NoOffer);
    desk.ok(Command::AcceptHandover { agent: CHO });
}

#[test]
fn whatever_moves_the_seat_ends_the_offer_in_the_same_record() {
    let take_over = Command::TakeOver { agent: CHO, supervisor: true, reason: "why".to_owned() };
    for (command, how) in [
        (Command::Release { agent: AYA, seat_epoch: 1 }, HandoverEnd::Withdrawn),
        (Command::Complete { agent: AYA, seat_epoch: 1 }, HandoverEnd::Withdrawn),
        (Command::DropAgent { agent: AYA, cause: ReleaseCause::LoggedOut }, HandoverEnd::Withdrawn),
        (take_over, HandoverEnd::Overtaken),
    ] {
        let mut desk = offered_to_ben();
        let events = desk.ok(command.clone());
        assert_eq!(events[0], ended(how), "{command:?}");
        assert_eq!(events.len(), 2, "{command:?}");
        assert_eq!(desk.state.seat.offer, None);
    }
}

#[test]
fn an_offer_to_somebody_who_goes_is_declined_for_them() {
    let mut desk = offered_to_ben();
    let events = desk.ok(Command::DropAgent { agent: BEN, cause: ReleaseCause::LoggedOut });
    assert_eq!(events, [ended(HandoverEnd::Declined)]);
    assert_eq!(desk.state.seat.holder, Holder::Agent(AYA));
}
