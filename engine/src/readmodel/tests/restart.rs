//! Every way in which a store is opened again, and that none of them changes a row.

use std::fs;

use proptest::prelude::*;
use proptest::sample::select;

use super::script::{Script, Store, claimed, completed, noted, opened, queued, received};
use crate::domain::conversation::Event as Talk;
use crate::domain::id::{ContactPointId, Position};
use crate::domain::record::Fact;
use crate::domain::window::{Event as Window, RawAccepted, RawBody, RawEnd, RawReason};
use crate::journal::codec::{redact, samples};
use crate::journal::memory::MemoryJournal;
use crate::journal::{Append, Journal};
use crate::readmodel::{CaughtUp, MadeAnew, OpenFault, ReadModels, ReplayFault, StartFault, key, stamp};

/// One record of a random history; applied blindly, as rows must be.
fn some_record() -> impl Strategy<Value = (bool, Vec<Fact>, Vec<u128>)> {
    let inbox = super::script::INBOX;
    let number = 1..9_u32;
    let talk = prop_oneof![
        select(vec!["U1", "U2"]).prop_map(opened),
        number.clone().prop_map(|n| received(n, "もしもし")),
        (number.clone(), 0..5_000_usize).prop_map(|(n, len)| queued(n, &"長".repeat(len))),
        number.clone().prop_map(|n| noted(n, "メモ")),
        number.clone().prop_map(|number| Talk::NoteEdited { number, text: "新".into() }),
        number.clone().prop_map(|number| Talk::NoteDeleted { number }),
        number.clone().prop_map(|number| Talk::Unknown { number }),
        number.clone().prop_map(|number| Talk::Sent { number, external_ids: Vec::new(), free: true }),
        number.prop_map(|n| Talk::Unsent { external_id: format!("message-{n}"), number: Some(n) }),
        Just(claimed()),
        Just(completed()),
        Just(Talk::Reopened),
    ];
    let raw = 1..4_u128;
    let fact = prop_oneof![
        8 => (10..14_u128, talk).prop_map(|(id, event)| Fact::Conversation(crate::domain::id::ConversationId(id), event)),
        1 => raw.clone().prop_map(move |raw| {
            let body = RawBody::Inline(vec![1; 9]);
            let at = super::script::T0;
            Fact::Window(Window::RawAccepted(RawAccepted { raw, inbox, received_at: at, why: RawReason::Busy, body }))
        }),
        1 => raw.prop_map(|raw| Fact::Window(Window::RawSettled { raw, how: RawEnd::Interpreted })),
        1 => (1..4_u128).prop_map(move |id| {
            let external_id = format!("U{id}");
            Fact::Window(Window::ContactPointSeen { contact_point: ContactPointId(id), inbox, external_id })
        }),
    ];
    (any::<bool>(), prop::collection::vec(fact, 1..5), prop::collection::vec(any::<u128>(), 0..3))
}

/// A history over two streams; conversations 10 to 13 are those of the first, 110 to 113 those of the second.
fn history(records: Vec<(bool, Vec<Fact>, Vec<u128>)>) -> (Script, Script) {
    let mut one = Script::new();
    let mut two = Script::in_journal(one.journal.clone(), 2);
    for (first, mut facts, dedupe) in records {
        if !first {
            for fact in &mut facts {
                if let Fact::Conversation(id, _) = fact {
                    id.0 += 100;
                }
            }
        }
        let script = if first { &mut one } else { &mut two };
        script.write(facts, &dedupe);
    }
    (one, two)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_anywhere_equals_a_rebuild_equals_no_restart(
        records in prop::collection::vec(some_record(), 1..60),
        cut in any::<prop::sample::Index>(),
        step in 1..20_usize,
    ) {
        let (one, two) = history(records);
        let whole = one.followed();
        whole.models.apply(&two.written).unwrap();
        let wanted = whole.models.dump();

        let rebuilt = Store::new();
        rebuilt.models.catch_up(&*one.journal).unwrap();
        prop_assert_eq!(rebuilt.models.dump(), wanted.clone());

        let all: Vec<_> = one.written.iter().chain(&two.written).cloned().collect();
        let cut = cut.index(all.len() + 1);
        let store = Store::new();
        for few in all[..cut].chunks(step) {
            store.models.apply(few).unwrap();
        }
        let store = store.restarted();
        let caught = store.models.catch_up(&*one.journal).unwrap();
        prop_assert_eq!(caught, CaughtUp { records: (all.len() - cut) as u64, forgotten: 0 });
        prop_assert_eq!(store.models.dump(), wanted);
    }
}

fn some_history() -> Script {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), received(1, "a")]);
    script.talk(10, [claimed(), queued(2, "b")]);
    script.talk(11, [opened("U2"), received(1, "c"), completed()]);
    script
}

/// Opens the folder of a store that was spoilt after it was dropped, and catches up.
fn reopened_after(script: &Script, boot: &str, spoil: impl FnOnce(&std::path::Path)) -> Option<MadeAnew> {
    let dir = tempfile::tempdir().unwrap();
    let models = ReadModels::open_since(dir.path(), "boot-1").unwrap().models;
    models.apply(&script.written).unwrap();
    let wanted = models.dump();
    drop(models);
    spoil(dir.path());
    let opened = ReadModels::open_since(dir.path(), boot).unwrap();
    if opened.made_anew.is_some() {
        assert!(opened.models.dump().is_empty());
        assert_eq!(opened.models.reached(script.stream), Position(0));
    }
    opened.models.catch_up(&*script.journal).unwrap();
    assert_eq!(opened.models.dump(), wanted);
    drop(opened.models);
    assert_eq!(ReadModels::open_since(dir.path(), boot).unwrap().made_anew, None, "once is enough");
    opened.made_anew
}

#[test]
fn a_store_that_cannot_be_believed_is_made_anew_and_one_that_can_is_kept() {
    let script = some_history();
    let again = |boot: &str, spoil: fn(&std::path::Path)| reopened_after(&script, boot, spoil);
    assert_eq!(again("boot-1", |_| ()), None, "the process was killed, the machine not");
    assert_eq!(again("boot-2", |_| ()), Some(MadeAnew::PowerLost));
    let stamp = |dir: &std::path::Path, text: &str| fs::write(dir.join("stamp"), text).unwrap();
    assert_eq!(
        reopened_after(&script, "boot-1", |dir| stamp(dir, "0 open boot-1\n")),
        Some(MadeAnew::Schema { found: 0 })
    );
    assert_eq!(
        reopened_after(&script, "boot-1", |dir| stamp(dir, "4711 something new\n")),
        Some(MadeAnew::Distrusted),
        "a stamp that cannot be read says nothing good"
    );
    assert_eq!(again("boot-1", |dir| fs::remove_file(dir.join("stamp")).unwrap()), Some(MadeAnew::Distrusted));
    let garbage = |dir: &std::path::Path| fs::write(dir.join("sled/conf"), [0xa5; 62]).unwrap();
    assert_eq!(again("boot-1", garbage), Some(MadeAnew::Unopenable));
    assert_eq!(again("boot-1", |dir| fs::remove_dir_all(dir.join("sled")).unwrap()), Some(MadeAnew::First));
}

#[test]
fn a_closed_store_survives_the_machine_and_takes_nothing_more() {
    let script = some_history();
    let dir = tempfile::tempdir().unwrap();
    let models = ReadModels::open_since(dir.path(), "boot-1").unwrap().models;
    models.apply(&script.written).unwrap();
    let wanted = models.dump();
    models.close().unwrap();
    assert!(models.apply(&script.written).is_err());
    assert!(models.expire_dedupe(u32::MAX).is_err());
    assert!(models.forget_stream(script.stream).is_err());
    drop(models);
    let opened = ReadModels::open_since(dir.path(), "boot-2").unwrap();
    assert_eq!(opened.made_anew, None);
    assert_eq!(opened.models.dump(), wanted);
}

#[test]
fn a_store_in_use_is_left_alone() {
    let store = Store::new();
    assert!(matches!(ReadModels::open(store.dir.path()), Err(OpenFault::Busy { .. })));
    store.models.apply(&some_history().written).unwrap();
}

#[test]
fn a_journal_that_knows_less_is_the_one_that_is_right() {
    let script = some_history();
    let store = script.followed();
    let other = Script::in_journal(std::sync::Arc::new(MemoryJournal::new(redact)), 1);
    let caught = store.models.catch_up(&*other.journal).unwrap();
    assert_eq!(caught, CaughtUp { records: 1, forgotten: 1 });
    assert_eq!(store.models.dump(), other.followed().models.dump());
    let caught = store.models.catch_up(&MemoryJournal::new(redact)).unwrap();
    assert_eq!(caught, CaughtUp { records: 0, forgotten: 1 });
    assert!(store.models.dump().is_empty());
}

#[test]
fn rows_that_outlived_their_position_are_thrown_away_and_not_applied_upon() {
    let one = some_history();
    let mut two = Script::in_journal(one.journal.clone(), 2);
    two.talk(20, [opened("U1"), received(1, "a")]);
    let wanted = one.followed();
    wanted.models.apply(&two.written).unwrap();
    // With another stream in its place the loss shows when the first record meets a row of its future.
    for (lost, verdict) in [(vec![&one, &two], MadeAnew::Unopenable), (vec![&one], MadeAnew::Distrusted)] {
        let store = one.followed();
        store.models.apply(&two.written).unwrap();
        for script in lost {
            store.models.db.remove(key::stream(key::STREAM, script.stream)).unwrap();
        }
        let Store { models, dir } = store;
        drop(models);
        let started = ReadModels::start(dir.path(), &*one.journal).unwrap();
        assert_eq!(started.made_anew, Some(verdict));
        assert_eq!(started.models.dump(), wanted.models.dump());
    }
}

#[test]
fn a_record_of_a_newer_release_stops_the_start_with_its_name() {
    let mut script = some_history();
    let store = script.followed();
    let payload = vec![9_u8].into();
    let (stream, owner_epoch) = (script.stream, script.journal.own(script.stream).unwrap());
    let append = Append { stream, owner_epoch, touches: Vec::new(), dedupe: Vec::new(), payload };
    script.journal.append(&[append]).unwrap()[0].unwrap();
    script.written.clear();
    let Store { models, dir } = store;
    drop(models);
    let fault = ReadModels::start(dir.path(), &*script.journal).unwrap_err();
    let StartFault::Replay(ReplayFault::Record { source, .. }) = fault else { panic!("{fault}") };
    assert!(source.is_too_new());
    assert_eq!(ReadModels::open(dir.path()).unwrap().made_anew, None, "the rows are not to blame");
}

#[test]
fn forgetting_that_was_interrupted_is_finished_at_the_next_start() {
    let script = some_history();
    let store = script.followed();
    store.models.db.insert(key::stream(key::FORGOTTEN, script.stream), b"").unwrap();
    // Half of it went before the stop.
    store.models.db.remove(key::piece(&key::conversation(crate::domain::id::ConversationId(10)), 0)).unwrap();
    let store = store.restarted();
    assert!(store.models.dump().is_empty());
    store.models.catch_up(&*script.journal).unwrap();
    assert_eq!(store.models.dump(), script.followed().models.dump());
}

#[test]
fn rows_of_another_shape_have_another_schema() {
    // A key or value of another shape moves this checksum: raise `stamp::SCHEMA` first, then set it anew.
    let mut script = some_history();
    let facts = samples::facts();
    let waits = facts.iter().find(|fact| matches!(fact, Fact::Window(Window::RawAccepted(_)))).cloned();
    for (key, fact) in (1..).zip(facts.into_iter().chain(waits)) {
        script.write(vec![fact], &[key]);
    }
    let store = script.followed();
    let bytes: Vec<u8> = store.models.dump().into_iter().flat_map(|(key, value)| [key, value].concat()).collect();
    assert_eq!((stamp::SCHEMA, crc32c::crc32c(&bytes)), (14, 3_204_129_986));
}
