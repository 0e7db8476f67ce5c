//! That somebody changes the log and nobody sees it.

use proptest::prelude::*;

use super::*;

fn act(number: u64) -> Act {
    Act {
        actor: if number.is_multiple_of(3) { Actor::Operator } else { Actor::Agent(AgentId(u128::from(number))) },
        token: number.is_multiple_of(2).then_some(u128::from(number)),
        from: Some(format!("203.0.113.{}", number % 250)),
        action: format!("PATCH /api/v1/agents/{number}"),
        objects: vec![format!("agent:{number}"), "window:sales".to_owned()],
        changes: vec![Change { field: "name".into(), before: Some("佐藤".into()), after: None }],
    }
}

/// A sound chain of so many entries, with the time that each record says.
fn chain(entries: u64) -> Vec<(Position, Timestamp, Entry)> {
    let mut head = Head::default();
    let mut all = Vec::new();
    for number in 1..=entries {
        let at = Timestamp(1_790_000_000_000 + i64::try_from(number).unwrap());
        let begun = number.is_multiple_of(2).then(|| Begun { position: Position(number - 1), at: Timestamp(at.0 - 1) });
        let outcome = match number % 4 {
            0 => Outcome::Done,
            1 => Outcome::Begun,
            2 => Outcome::Refused("invalid".into()),
            _ => Outcome::Unknown,
        };
        let (entry, next) = head.link(at, begun, act(number), outcome, [u8::try_from(number % 251).unwrap(); 16]);
        head = next;
        all.push((head.position, at, entry));
    }
    all
}

fn walk(entries: &[(Position, Timestamp, Entry)]) -> Result<Head, Broken> {
    let mut walk = Walk::default();
    for (position, at, entry) in entries {
        walk.step(*position, *at, entry)?;
    }
    Ok(walk.head())
}

#[test]
fn a_sound_chain_holds_and_so_does_one_whose_words_were_erased() {
    let mut entries = chain(20);
    let head = walk(&entries).expect("sound");
    entries[3].2.erase();
    entries[19].2.erase();
    assert_eq!(walk(&entries), Ok(head), "erasing moves no hash");
    let left = format!("{:?}", entries[3].2);
    assert!(!left.contains("佐藤") && !left.contains("203.0.113"), "{left}");
}

#[test]
fn every_field_of_an_entry_is_covered() {
    let sound = chain(8);
    type Altered = (&'static str, fn(&mut Entry));
    let alterations: Vec<Altered> = vec![
        ("hash", |e| e.hash[0] ^= 1),
        ("at", |e| e.at.0 += 1),
        ("begun", |e| e.begun = Some(Begun { position: Position(99), at: Timestamp(0) })),
        ("begun gone", |e| e.begun = None),
        ("actor", |e| e.actor = Actor::Agent(AgentId(0xbad))),
        ("operator", |e| e.actor = Actor::Invited),
        ("token", |e| e.token = Some(0xbad)),
        ("action", |e| e.action.push('x')),
        ("object", |e| e.objects[0].push('x')),
        ("objects", |e| e.objects.truncate(1)),
        ("joined objects", |e| {
            let second = e.objects.remove(1);
            e.objects[0].push_str(&second);
        }),
        ("outcome", |e| e.outcome = Outcome::Refused("forged".into())),
        ("digest", |e| e.digest[31] ^= 1),
        ("salt", |e| e.words.as_mut().unwrap().salt[0] ^= 1),
        ("from", |e| e.words.as_mut().unwrap().from = None),
        ("before", |e| e.words.as_mut().unwrap().changes[0].before = Some("鈴木".into())),
        ("after", |e| e.words.as_mut().unwrap().changes[0].after = Some(String::new())),
        ("field", |e| e.words.as_mut().unwrap().changes[0].field.clear()),
        ("no change", |e| e.words.as_mut().unwrap().changes.clear()),
    ];
    for (what, alter) in alterations {
        for place in [1, 3, 5, 7] {
            let mut entries = sound.clone();
            alter(&mut entries[place].2);
            if entries[place].2 == sound[place].2 {
                continue;
            }
            let broken = walk(&entries).expect_err(what);
            assert!(
                matches!(broken, Broken::Altered(at) | Broken::Words(at) if at == entries[place].0),
                "{what}: {broken}"
            );
        }
    }
}

#[test]
fn a_record_that_says_another_time_is_found() {
    let mut entries = chain(3);
    entries[1].1 = Timestamp(0);
    assert_eq!(walk(&entries), Err(Broken::Altered(Position(2))));
}

proptest! {
    /// Whatever is taken out, swapped or repeated, also where all positions are numbered anew to hide it.
    #[test]
    fn nothing_is_removed_moved_or_put_in_unseen(first in 0_usize..15, second in 0_usize..15, how in 0..3, renumbered: bool) {
        let sound = chain(16);
        let mut entries = sound.clone();
        match how {
            0 => { entries.remove(first); }
            1 => entries.swap(first, second),
            _ => { let copy = entries[first].clone(); entries.insert(second, copy); }
        }
        if renumbered {
            for (place, entry) in entries.iter_mut().enumerate() {
                entry.0 = Position(place as u64 + 1);
            }
        }
        if entries != sound {
            prop_assert!(walk(&entries).is_err());
        }
    }
}

#[test]
fn a_forged_end_is_told_from_the_one_that_somebody_noted() {
    let noted = walk(&chain(6)).expect("sound");
    let shorter = walk(&chain(5)).expect("a chain whose end is gone holds in itself");
    assert_ne!(noted, shorter);
}

#[test]
fn an_act_at_its_limits_fits_a_record() {
    let long = "字".repeat(600);
    let change = Change { field: long.clone(), before: Some(long.clone()), after: Some(long.clone()) };
    let act = Act { action: long.clone(), objects: vec![long; 900], changes: vec![change; 900], ..act(1) }.bounded();
    assert!(act.objects.last().is_some_and(|last| last.starts_with("more:8")), "{:?}", act.objects.last());
    assert_eq!(act.changes.last().map(|change| change.field.as_str()), Some("more"));
    assert_eq!(act.changes[0].after.as_ref().map(|after| after.chars().count()), Some(500));
    let bulk = Act { objects: vec![format!("conversation:{}", AgentId(7)); 200], ..act.clone() }.bounded();
    assert_eq!(bulk.objects.len(), 200, "a whole act in bulk is named");
    let (entry, _) = Head::default().link(Timestamp(0), None, act, Outcome::Done, [0; 16]);
    let record = crate::domain::record::Record {
        at: Timestamp(0),
        by: crate::domain::record::By::Engine,
        events: vec![crate::domain::record::Fact::Audit(Event::Entry(entry))],
    };
    crate::journal::codec::encode(&record).expect("it fits");
}
