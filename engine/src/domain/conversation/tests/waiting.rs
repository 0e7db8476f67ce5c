//! What happens by itself when time passes, and what does not happen when the state has moved on.

use super::*;
use crate::domain::conversation::{ClaimHow, Claimed, HandoverEnd, Status};
use crate::domain::seat::{Holder, ReleaseCause};

const CLAIMABLE_MS: i64 = 120_000;
const EXPIRY_MS: i64 = 900_000;
const AUTO_CLOSE_MS: i64 = 14 * 24 * 3_600_000;

fn left() -> Desk {
    let mut desk = Desk::held();
    desk.ok(Command::AgentAway { agent: AYA, since: START });
    desk
}

fn claimable() -> Desk {
    let mut desk = left();
    desk.wait_ms(CLAIMABLE_MS);
    assert_eq!(desk.ok(deadline(DeadlineKind::Claimable)), [Event::SeatClaimable]);
    desk
}

#[test]
fn an_absent_holder_keeps_the_seat_then_shares_it_then_loses_it() {
    let mut desk = left();
    assert_eq!(desk.due(), [(CLAIMABLE_MS, DeadlineKind::Claimable), (EXPIRY_MS, DeadlineKind::SeatExpiry)]);
    desk.no(Command::Claim { agent: BEN }, &Rejected::SeatTaken { holder: Some(AYA), epoch: 1 });
    desk.wait_ms(CLAIMABLE_MS - 1);
    desk.idle(deadline(DeadlineKind::Claimable));
    desk.wait_ms(1);
    desk.ok(deadline(DeadlineKind::Claimable));
    desk.idle(deadline(DeadlineKind::Claimable));
    assert_eq!(desk.due(), [(EXPIRY_MS, DeadlineKind::SeatExpiry)]);
    desk.ok(send(AYA, 1, "c1", "still mine until somebody claims"));

    desk.wait_ms(EXPIRY_MS - CLAIMABLE_MS - 1);
    desk.idle(deadline(DeadlineKind::SeatExpiry));
    desk.wait_ms(1);
    let events = desk.ok(deadline(DeadlineKind::SeatExpiry));
    assert_eq!(events, [Event::Released { agent: AYA, cause: ReleaseCause::Away }]);
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::New, Holder::None));
    assert_eq!((desk.state.seat.former, desk.state.seat.epoch), (Some(AYA), 1));
    desk.idle(deadline(DeadlineKind::SeatExpiry));
}

#[test]
fn a_claimable_seat_goes_to_who_claims_first() {
    let mut desk = claimable();
    let how = ClaimHow::TakenOver { from: Some(AYA), reason: None };
    let claimed = Event::Claimed(Claimed { agent: BEN, epoch: 2, how });
    assert_eq!(desk.ok(Command::Claim { agent: BEN }), [claimed]);
    assert_eq!((desk.state.seat.away, desk.state.seat.claimable), (None, false));
    desk.no(Command::Claim { agent: CHO }, &Rejected::SeatTaken { holder: Some(BEN), epoch: 2 });
    desk.no(send(AYA, 1, "c", "t"), &stale(2, Some(BEN)));
    desk.wait_ms(EXPIRY_MS);
    desk.idle(deadline(DeadlineKind::SeatExpiry));
    desk.idle(Command::AgentReturned { agent: AYA });
}

#[test]
fn a_claimable_seat_can_be_taken_over_without_a_supervisors_right() {
    let mut desk = claimable();
    let command = Command::TakeOver { agent: BEN, supervisor: false, reason: "she is away".to_owned() };
    desk.ok(command);
    assert_eq!(desk.state.seat.holder, Holder::Agent(BEN));
}

#[test]
fn a_holder_who_comes_back_in_time_finds_the_seat_and_the_epoch() {
    for back in [Command::AgentReturned { agent: AYA }, Command::Claim { agent: AYA }] {
        let mut desk = claimable();
        assert_eq!(desk.ok(back), [Event::HolderReturned]);
        assert_eq!((desk.state.seat.holder, desk.state.seat.epoch), (Holder::Agent(AYA), 1));
        assert_eq!(desk.due(), []);
        desk.no(Command::Claim { agent: BEN }, &Rejected::SeatTaken { holder: Some(AYA), epoch: 1 });
        desk.wait_ms(EXPIRY_MS);
        desk.idle(deadline(DeadlineKind::SeatExpiry));
    }
}

#[test]
fn being_away_counts_from_the_first_time_and_for_the_holder_only() {
    let mut desk = left();
    desk.idle(Command::AgentAway { agent: AYA, since: START.plus_ms(50_000) });
    let mut desk = Desk::held();
    desk.idle(Command::AgentAway { agent: BEN, since: START });
    desk.idle(Command::AgentReturned { agent: AYA });
    let mut free = Desk::new();
    free.idle(Command::AgentAway { agent: AYA, since: START });
}

#[test]
fn a_lost_seat_takes_its_offer_along() {
    let mut desk = Desk::held();
    desk.ok(Command::OfferHandover { agent: AYA, seat_epoch: 1, to: BEN, note: None });
    desk.ok(Command::AgentAway { agent: AYA, since: START });
    desk.wait_ms(EXPIRY_MS);
    let events = desk.ok(deadline(DeadlineKind::SeatExpiry));
    assert_eq!(events[0], Event::HandoverEnded { how: HandoverEnd::Overtaken });
    assert_eq!(desk.state.seat.offer, None);
    desk.no(Command::AcceptHandover { agent: BEN }, &Rejected::NoOffer);
}

#[test]
fn a_conversation_nobody_starts_closes_after_fourteen_days() {
    let mut desk = Desk::new();
    assert_eq!(desk.due(), [(AUTO_CLOSE_MS, DeadlineKind::AutoClose)]);
    desk.wait_ms(AUTO_CLOSE_MS - 1);
    desk.idle(deadline(DeadlineKind::AutoClose));
    desk.wait_ms(1);
    assert_eq!(desk.ok(deadline(DeadlineKind::AutoClose)), [Event::Completed { by: None }]);
    assert_eq!((desk.state.status, desk.state.waiting_since), (Status::Done, None));
    desk.idle(deadline(DeadlineKind::AutoClose));
}

#[test]
fn the_fourteen_days_begin_anew_when_it_becomes_new_again() {
    let mut desk = Desk::held();
    desk.wait_ms(AUTO_CLOSE_MS);
    desk.idle(deadline(DeadlineKind::AutoClose));
    desk.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    desk.idle(deadline(DeadlineKind::AutoClose));
    assert_eq!(desk.due(), [(2 * AUTO_CLOSE_MS, DeadlineKind::AutoClose)]);
    desk.wait_ms(1_000);
    desk.hear("m2", None);
    assert_eq!(desk.due(), [(2 * AUTO_CLOSE_MS, DeadlineKind::AutoClose)], "another message does not put it off");
}

#[test]
fn a_window_that_closes_nothing_by_itself_has_no_such_deadline() {
    let mut desk = Desk::new();
    desk.window.settings.auto_close_ms = 0;
    assert_eq!(desk.due(), []);
    desk.wait_ms(10 * AUTO_CLOSE_MS);
    desk.idle(deadline(DeadlineKind::AutoClose));
}
