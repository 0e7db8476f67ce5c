//! Every model but timelines and done lists, by itself.

use super::script::{AGENT, INBOX, Script, Store, T0, claimed, completed, opened, queued, received};
use crate::domain::conversation::{AutoQueued, Event as Talk, Opened};
use crate::domain::hours::Automatic;
use crate::domain::id::{ContactPointId, ConversationId, InboxId, Position, StreamId};
use crate::domain::org::ChannelKind;
use crate::domain::record::Fact;
use crate::domain::window::{Event as WindowEvent, RawAccepted, RawBody, RawEnd, RawReason, Settings, Window};
use crate::journal::{DedupeKey, Journal};
use crate::readmodel::{KEPT_DAYS, ReadFault, Thread, day_of};
use crate::rows::RawRow;

const TALK: ConversationId = ConversationId(10);
const DAY_MS: i64 = 24 * 3_600_000;

#[test]
fn a_conversation_is_found_with_its_window_and_the_record_that_last_moved_it() {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), received(1, "もしもし")]);
    script.talk(11, [opened("U2"), received(1, "はい")]);
    let last = script.talk(10, [claimed()]);
    script.talk(11, [claimed()]);
    let store = script.followed();
    let row = store.models.conversation(TALK).unwrap().unwrap();
    assert_eq!((row.window, row.position), (script.window.clone(), last));
    assert_eq!(*row.state, script.states[&TALK]);
    assert_eq!(store.models.conversation(ConversationId(99)).unwrap(), None);
}

#[test]
fn threads_are_found_by_stream_inbox_and_text_however_long() {
    let long = "件名: ".repeat(400);
    let mut script = Script::new();
    script.talk(10, [opened("U1")]);
    script.talk(11, [opened(&long)]);
    let store = script.followed();
    let find = |stream, inbox, thread: &str| store.models.by_thread(stream, inbox, thread).unwrap();
    assert_eq!(find(script.stream, INBOX, "U1"), Some(TALK));
    assert_eq!(find(script.stream, INBOX, &long), Some(ConversationId(11)));
    assert_eq!(find(script.stream, INBOX, "U"), None);
    assert_eq!(find(script.stream, InboxId(1), "U1"), None);
    assert_eq!(find(StreamId(2), INBOX, "U1"), None);
    let all: Vec<_> = store.models.threads(script.stream).collect::<Result<_, _>>().unwrap();
    let thread = |thread: &str, id| Thread { inbox: INBOX, thread: thread.into(), conversation: ConversationId(id) };
    assert_eq!(all, [thread("U1", 10), thread(&long, 11)]);
}

#[test]
fn contact_points_are_found_by_their_id_on_the_platform() {
    let mut script = Script::new();
    let seen = |id, external_id: &str| {
        let contact_point = ContactPointId(id);
        Fact::Window(WindowEvent::ContactPointSeen { contact_point, inbox: INBOX, external_id: external_id.into() })
    };
    script.write(vec![seen(1, "U1"), seen(2, "U2")], &[]);
    let store = script.followed();
    let find = |external_id| store.models.contact_point(script.stream, INBOX, external_id).unwrap();
    assert_eq!(find("U1"), Some(ContactPointId(1)));
    assert_eq!(find("U2"), Some(ContactPointId(2)));
    assert_eq!(find("U3"), None);
}

#[test]
fn who_was_answered_automatically_is_known_by_address_where_a_machine_may_be_at_the_other_end() {
    let mut script = Script::new();
    let over = |channel, name: &str| match opened(name) {
        Talk::Opened(talk) => Talk::Opened(Opened { channel, ..talk }),
        other => other,
    };
    let auto = |number| {
        let what = Automatic::Absence;
        Talk::AutoQueued(AutoQueued { number, what, text: "away".into(), name: None, retry_key: 1 })
    };
    script.talk(10, [over(ChannelKind::Mail, "a@x.jp"), received(1, "a")]);
    script.talk(11, [over(ChannelKind::Line, "U1"), received(1, "b"), auto(2)]);
    let at = |script: &Script, who| script.followed().models.answered_at(script.stream, INBOX, who).unwrap();
    assert_eq!((at(&script, "a@x.jp"), at(&script, "U1")), (None, None));
    script.later_ms(5);
    script.talk(12, [over(ChannelKind::Mail, "a@x.jp"), received(1, "c"), auto(2)]);
    let first = script.now();
    assert_eq!(at(&script, "a@x.jp"), Some(first), "in whichever of its conversations");
    script.later_ms(5);
    script.talk(10, [auto(2)]);
    assert!(at(&script, "a@x.jp").is_some_and(|at| at > first));
    assert_eq!(at(&script, "b@x.jp"), None);
    let store = script.followed();
    store.models.forget_stream(script.stream).unwrap();
    assert_eq!(store.models.answered_at(script.stream, INBOX, "a@x.jp").unwrap(), None);
}

#[test]
fn a_conversation_is_open_until_it_is_done_and_all_is_sent_and_again_when_it_reopens() {
    let mut script = Script::new();
    let open = |script: &Script| -> Vec<_> {
        let store = script.followed();
        let rows = store.models.open_conversations(script.stream);
        rows.map(|row| row.unwrap().state.id.0).collect()
    };
    script.talk(10, [opened("U1"), received(1, "a")]);
    script.talk(11, [opened("U2"), received(1, "b")]);
    assert_eq!(open(&script), [10, 11]);
    script.talk(10, [claimed(), queued(2, "c"), completed()]);
    assert_eq!(open(&script), [10, 11], "an answer is still to go out");
    script.talk(10, [Talk::Unknown { number: 2 }]);
    assert_eq!(open(&script), [11]);
    script.talk(10, [Talk::Reopened, received(3, "d")]);
    assert_eq!(open(&script), [10, 11]);
}

#[test]
fn a_windows_own_state_is_the_one_that_a_replay_gives() {
    let mut script = Script::new();
    let mut wanted = Window::unborn(script.window.clone());
    assert_eq!(Store::new().models.window(script.stream).unwrap(), None);
    let settings = Settings { auto_close_ms: 7, ..Settings::default() };
    let body = |raw| RawAccepted {
        raw,
        inbox: INBOX,
        received_at: T0,
        why: RawReason::Busy,
        body: RawBody::Inline(Vec::new()),
    };
    let mut events = vec![
        WindowEvent::AgentAdded { agent: AGENT },
        WindowEvent::ContactPointSeen { contact_point: ContactPointId(1), inbox: INBOX, external_id: "U1".into() },
        WindowEvent::SettingsChanged(settings),
    ];
    events.extend((0..500).map(|raw| WindowEvent::RawAccepted(body(raw))));
    events.extend((0..499).map(|raw| WindowEvent::RawSettled { raw, how: RawEnd::Interpreted }));
    events.push(WindowEvent::AgentRemoved { agent: AGENT });
    for events in events.chunks(3) {
        script.write(events.iter().cloned().map(Fact::Window).collect(), &[]);
    }
    for record in &script.written {
        for fact in &record.record.events {
            let Fact::Window(event) = fact else { continue };
            wanted.apply(event);
        }
    }
    let store = Store::new();
    for few in script.written.chunks(5) {
        store.models.apply(few).unwrap();
    }
    assert_eq!(store.models.window(script.stream).unwrap(), Some(wanted));
}

#[test]
fn stored_bodies_wait_until_they_are_settled() {
    let mut script = Script::new();
    let accepted = |raw, body| {
        let why = RawReason::Unparsable;
        Fact::Window(WindowEvent::RawAccepted(RawAccepted { raw, inbox: INBOX, received_at: T0, why, body }))
    };
    let first = script.write(vec![accepted(1, RawBody::Inline(vec![0; 30]))], &[]).position;
    script.write(vec![accepted(2, RawBody::File { sha256: [0; 32], len: 70_000 })], &[]);
    script.write(vec![Fact::Window(WindowEvent::RawSettled { raw: 2, how: RawEnd::Interpreted })], &[]);
    let store = script.followed();
    let waiting = store.models.raw_waiting(script.stream).unwrap();
    let row = RawRow { raw: 1, inbox: INBOX, received_at: T0, why: RawReason::Unparsable, len: 30 };
    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0].row, waiting[0].position), (&row, first));
}

#[test]
fn a_dedupe_key_is_known_for_nine_days_after_its_own_and_not_longer() {
    let mut script = Script::new();
    let first = script.write(Vec::new(), &[1, 2]).position;
    let first_day = day_of(script.now());
    script.later_ms(DAY_MS);
    let second = script.write(Vec::new(), &[3]).position;
    let store = script.followed();
    let known = |key| store.models.dedupe(DedupeKey(key)).unwrap();
    assert_eq!(store.models.expire_dedupe(first_day + KEPT_DAYS).unwrap(), 0);
    assert_eq!((known(1), known(3)), (Some((script.stream, first)), Some((script.stream, second))));
    assert_eq!(store.models.expire_dedupe(first_day + KEPT_DAYS + 1).unwrap(), 2);
    assert_eq!((known(1), known(2)), (None, None));
    assert_eq!(known(3), Some((script.stream, second)));
}

#[test]
fn a_key_that_came_again_on_a_later_day_is_kept_for_that_day() {
    let mut script = Script::new();
    let first = script.write(Vec::new(), &[1]);
    let first_day = day_of(script.now());
    script.later_ms(DAY_MS);
    script.journal.release_dedupe(script.stream, first.position);
    let second = script.write(Vec::new(), &[1]).position;
    let store = script.followed();
    assert_eq!(store.models.dedupe(DedupeKey(1)).unwrap(), Some((script.stream, second)));
    assert_eq!(store.models.expire_dedupe(first_day + KEPT_DAYS + 1).unwrap(), 1);
    assert_eq!(store.models.dedupe(DedupeKey(1)).unwrap(), Some((script.stream, second)));
    assert_eq!(store.models.expire_dedupe(first_day + KEPT_DAYS + 2).unwrap(), 1);
}

#[test]
fn after_a_start_no_key_is_denied_before_all_were_looked_through_and_no_old_one_after() {
    let mut script = Script::new();
    for key in 0..600 {
        script.write(Vec::new(), &[key]);
    }
    script.later_ms(DAY_MS);
    script.write(Vec::new(), &[600]);
    let store = script.followed().restarted();
    let (old, new) = (|key| store.models.may_know(DedupeKey(key)), DedupeKey(u128::MAX));
    assert!(store.models.may_know(new));
    let known = |key| store.models.dedupe(DedupeKey(key)).unwrap().map(|(_, position)| position.0);
    assert_eq!((known(0), known(600), known(new.0)), (Some(2), Some(602), None), "all days are asked");
    store.models.recollect().unwrap();
    assert!((0..=600).all(old));
    assert!(!store.models.may_know(new));
    script.write(Vec::new(), &[new.0]);
    store.models.apply(&script.written).unwrap();
    assert!(store.models.may_know(new), "what is recorded later too");
}

#[test]
fn more_expired_keys_than_one_batch_all_go() {
    let mut script = Script::new();
    for record in 0..25 {
        let keys: Vec<_> = (0..100).map(|key| record * 100 + key).collect();
        script.write(Vec::new(), &keys);
    }
    let store = script.followed();
    assert_eq!(store.models.expire_dedupe(u32::MAX).unwrap(), 2_500);
    assert_eq!(store.models.dedupe(DedupeKey(2_499)).unwrap(), None);
}

#[test]
fn a_record_handed_over_twice_changes_nothing_and_a_gap_is_refused() {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), received(1, "a")]);
    let store = script.followed();
    let before = store.models.dump();
    store.models.apply(&script.written).unwrap();
    assert_eq!(store.models.dump(), before);
    script.talk(10, [received(2, "b")]);
    script.talk(10, [received(3, "c")]);
    let left_out = store.models.apply(&script.written[3..]).unwrap_err();
    assert!(matches!(left_out, ReadFault::Gap { reached: Position(2), found: Position(4), .. }), "{left_out}");
    assert_eq!(store.models.dump(), before);
    assert!(matches!(store.models.apply(&script.written), Err(ReadFault::Closed)), "it is not believed any more");
}

#[test]
fn a_forgotten_stream_leaves_nothing_and_its_neighbour_everything() {
    let mut one = Script::new();
    let mut two = Script::in_journal(one.journal.clone(), 2);
    let alone = two.followed();
    for (script, id) in [(&mut one, 10), (&mut two, 20)] {
        script.talk(id, [opened("U1"), received(1, "a"), queued(2, &"長".repeat(9_000))]);
        script.talk(id + 1, [opened("U2"), completed()]);
        script.write(vec![], &[id, id + 1]);
        let seen =
            WindowEvent::ContactPointSeen { contact_point: ContactPointId(1), inbox: INBOX, external_id: "U1".into() };
        let raw = RawAccepted {
            raw: 1,
            inbox: INBOX,
            received_at: T0,
            why: RawReason::Busy,
            body: RawBody::Inline(Vec::new()),
        };
        script.write(vec![Fact::Window(seen), Fact::Window(WindowEvent::RawAccepted(raw))], &[]);
    }
    alone.models.apply(&two.written).unwrap();
    let both = one.followed();
    both.models.apply(&two.written).unwrap();
    both.models.forget_stream(one.stream).unwrap();
    assert_eq!(both.models.dump(), alone.models.dump());
    assert_eq!(both.models.reached(one.stream), Position(0));
}

#[test]
fn the_largest_conversation_makes_no_blob_file_and_shrinks_again() {
    let mut script = Script::new();
    script.talk(10, [opened("U1")]);
    for number in 1..=50 {
        script.talk(10, [queued(number, &"長".repeat(20_000))]);
    }
    for other in 100..400 {
        script.talk(other, [opened(&format!("V{other}")), queued(1, &"短".repeat(1_200))]);
    }
    let store = script.followed();
    store.models.db.flush().unwrap();
    assert_eq!(*store.models.conversation(TALK).unwrap().unwrap().state, script.states[&TALK]);
    let blobs = store.dir.path().join("sled/blobs");
    let files = std::fs::read_dir(blobs).map_or(0, Iterator::count);
    assert_eq!(files, 0);
    for number in 1..=50 {
        script.talk(10, [Talk::Unknown { number }]);
    }
    store.models.apply(&script.written).unwrap();
    assert_eq!(store.models.dump(), script.followed().models.dump(), "no piece of the long row is left");
}
