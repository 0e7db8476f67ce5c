//! Histories that are sound, and planted ones that are not: a checker that never failed proves nothing.

use super::Call::{ClaimUnknown, Claimed, Refused, ReleaseUnknown, Released, Sent, Taken, TookOver};
use super::{Call, Entry, check};
use crate::sim::Chooser;

fn history(calls: &[(u32, u64, u64, Call)]) -> Vec<Entry<&'static str>> {
    calls.iter().map(|&(agent, start, end, call)| Entry { conversation: "c", agent, start, end, call }).collect()
}

#[track_caller]
fn sound(calls: &[(u32, u64, u64, Call)]) {
    check(&history(calls)).unwrap();
}

#[track_caller]
fn unsound(calls: &[(u32, u64, u64, Call)]) {
    check(&history(calls)).unwrap_err();
}

#[test]
fn a_plain_life_is_sound() {
    sound(&[
        (1, 0, 1, Claimed(1)),
        (2, 2, 3, Taken(1)),
        (1, 2, 4, Claimed(1)),
        (1, 4, 5, Sent(1)),
        (1, 6, 7, Released(1)),
        (1, 8, 9, Refused(1)),
        (2, 8, 9, Claimed(2)),
        (3, 10, 11, TookOver(3)),
        (2, 12, 13, Refused(2)),
        (3, 12, 13, Sent(3)),
    ]);
}

#[test]
fn overlapping_calls_may_stand_in_any_order() {
    sound(&[(2, 0, 9, Taken(1)), (1, 3, 8, Claimed(1))]);
    sound(&[(1, 0, 9, Released(1)), (2, 1, 8, Claimed(2)), (1, 0, 7, Claimed(1))]);
}

#[test]
fn two_holders_of_one_epoch_are_found() {
    unsound(&[(1, 0, 5, Claimed(1)), (2, 1, 6, Claimed(1))]);
}

#[test]
fn a_second_grant_without_a_release_is_found() {
    unsound(&[(1, 0, 1, Claimed(1)), (2, 2, 3, Claimed(2))]);
    unsound(&[(1, 0, 1, Claimed(1)), (2, 0, 5, Claimed(2)), (1, 6, 7, Sent(1))]);
}

#[test]
fn a_release_that_began_too_late_explains_nothing() {
    unsound(&[(1, 0, 1, Claimed(1)), (2, 2, 3, Claimed(2)), (1, 4, 5, Released(1))]);
}

#[test]
fn a_message_of_a_former_holder_is_found() {
    unsound(&[(1, 0, 1, Claimed(1)), (2, 2, 3, TookOver(2)), (1, 4, 5, Sent(1))]);
    unsound(&[(1, 0, 1, Claimed(1)), (1, 2, 3, Released(1)), (1, 4, 5, Sent(1))]);
}

#[test]
fn a_loss_to_somebody_who_never_held_it_is_found() {
    unsound(&[(1, 0, 1, Claimed(1)), (2, 2, 3, Taken(7))]);
    unsound(&[(2, 0, 1, Taken(1)), (1, 2, 3, Claimed(1))]);
}

#[test]
fn a_skipped_or_repeated_epoch_is_found() {
    unsound(&[(1, 0, 1, Claimed(2))]);
    unsound(&[(1, 0, 1, Claimed(1)), (1, 2, 3, Released(1)), (2, 4, 5, Claimed(1))]);
}

#[test]
fn a_refusal_of_the_rightful_holder_is_found() {
    unsound(&[(1, 0, 1, Claimed(1)), (1, 2, 3, Refused(1))]);
}

#[test]
fn a_call_without_an_answer_may_count_later_or_never() {
    sound(&[(1, 0, 0, ClaimUnknown), (2, 5, 6, Claimed(1))]);
    sound(&[(1, 0, 0, ClaimUnknown), (2, 5, 6, Claimed(1)), (2, 7, 8, Released(1)), (3, 9, 10, Taken(1))]);
    sound(&[(1, 0, 1, Claimed(1)), (1, 2, 2, ReleaseUnknown(1)), (1, 8, 9, Sent(1)), (2, 10, 11, Claimed(2))]);
    unsound(&[(1, 5, 5, ClaimUnknown), (2, 0, 1, Taken(1))]);
    unsound(&[(1, 0, 0, ClaimUnknown), (2, 2, 3, Taken(1)), (3, 4, 5, Taken(2))]);
}

#[test]
fn conversations_are_judged_apart_and_named() {
    let mut all = history(&[(1, 0, 1, Claimed(1))]);
    all.push(Entry { conversation: "d", ..all[0].clone() });
    check(&all).unwrap();
    all.push(Entry { conversation: "d", agent: 2, ..all[0].clone() });
    let unsound = check(&all).unwrap_err();
    assert_eq!((unsound.conversation.as_str(), unsound.calls), ("\"d\"", 2));
}

/// A real seat, called by many agents at once, with the moment of effect at random inside each interval. `lease_bug`
/// lets a claim win although the seat is held.
fn simulated(seed: u64, lease_bug: bool) -> Vec<Entry<u64>> {
    let mut chooser = Chooser::new(seed);
    let (mut epoch, mut holder) = (0, None);
    let mut entries = Vec::new();
    for moment in (0..3000).step_by(10) {
        let agent = u32::try_from(chooser.below(100)).unwrap();
        let acting = holder.filter(|_| chooser.chance(10)).unwrap_or(agent);
        let call = match holder {
            Some(held) if held == acting && chooser.chance(50) => {
                holder = None;
                Released(epoch)
            }
            Some(held) if held == acting => Sent(epoch),
            Some(held) if !(lease_bug && chooser.chance(2)) => Taken(held),
            _ => {
                epoch += 1;
                holder = Some(acting);
                Claimed(epoch)
            }
        };
        entries.push(Entry {
            conversation: seed,
            agent: acting,
            start: moment - chooser.below(400).min(usize::try_from(moment).unwrap()) as u64,
            end: moment + chooser.below(400) as u64,
            call,
        });
    }
    entries
}

#[test]
fn a_hundred_contenders_are_judged_rightly_and_quickly() {
    for seed in 0..30 {
        check(&simulated(seed, false)).unwrap();
    }
}

#[test]
fn a_seat_without_fencing_is_found_out() {
    let found = (0..30).filter(|seed| check(&simulated(*seed, true)).is_err()).count();
    assert!(found >= 25, "only {found} of 30");
}
