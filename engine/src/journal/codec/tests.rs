//! Bytes on disk are for ever: every shape has a golden file, and no bytes whatever bring the reader down.
//!
//! `MADOGUCHI_BLESS=1` writes the golden files that are missing. One that exists is never rewritten: a change that breaks
//! it needs a new version of that type. [`samples`] holds one event of each type.

mod golden;
mod samples;

use proptest::prelude::*;

use self::samples::{CANARY, all, content, record};
use super::*;
use crate::domain::message::Content;

/// Where the first fact's kind stands in a record made by the engine, whose `by` is one byte.
const KIND: usize = 1 + 8 + 1 + 1 + 2;

fn bytes_of(fact: Fact) -> Vec<u8> {
    encode(&record(vec![fact])).unwrap().to_vec()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn redacting_leaves_nothing_that_was_said_in_any_type() {
    for (name, fact) in content() {
        let before = bytes_of(fact.clone());
        assert!(contains(&before, CANARY), "{name} carries no canary");
        let after = redact(&before);
        assert!(!contains(&after, CANARY), "{name} still says it");
        assert_eq!(redact(&after), after, "{name} changes when redacted again");
        let kept = decode(&after).unwrap();
        assert_eq!((kept.at, kept.by, kept.events.len()), (record(vec![]).at, record(vec![]).by, 1), "{name}");
        assert_eq!(type_of(&kept.events[0]), type_of(&fact), "{name} became another type");
    }
}

#[test]
fn a_type_without_words_is_the_same_after_redaction() {
    let with_words: Vec<_> = content().into_iter().map(|(_, fact)| (golden::kind(&fact), type_of(&fact))).collect();
    for (name, fact) in all() {
        if !with_words.contains(&(golden::kind(&fact), type_of(&fact))) {
            let before = bytes_of(fact);
            assert_eq!(redact(&before), before, "{name}");
        }
    }
}

#[test]
fn every_fact_of_a_record_is_redacted() {
    let facts: Vec<_> = content().into_iter().map(|(_, fact)| fact).collect();
    let whole = encode(&record(facts.clone())).unwrap();
    let after = redact(&whole);
    assert!(!contains(&after, CANARY));
    assert_eq!(decode(&after).unwrap().events.len(), facts.len());
}

#[test]
fn what_is_newer_than_this_release_is_named() {
    let fact = all().swap_remove(2).1;
    let good = bytes_of(fact);
    decode(&good).unwrap();
    let too_new = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        match decode(&bytes) {
            Err(CodecError::TooNew { what, found, known }) => (what, found, known),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(too_new(0, 2), ("record format", 2, 1));
    assert_eq!(too_new(KIND, 3).0, "fact kind");
    let number = KIND + 1 + 16;
    assert_eq!(too_new(number, 27), ("event type", 27, u32::from(CONVERSATION_TYPES)));
    assert_eq!(too_new(number + 1, 1).0, "event type");
    assert_eq!(too_new(number + 2, 2), ("event version", 2, 1));
}

#[test]
fn a_body_under_a_wrong_type_number_is_no_record() {
    let mut bytes = bytes_of(all().swap_remove(2).1);
    bytes[KIND + 1 + 16] += 1;
    assert_eq!(decode(&bytes), Err(CodecError::Broken("the body is of another type")));
}

#[test]
fn a_record_cut_short_or_with_more_behind_it_is_none() {
    let facts = all().into_iter().map(|(_, fact)| fact).collect();
    let whole = encode(&record(facts)).unwrap();
    for len in 0..whole.len() {
        assert!(matches!(decode(&whole[..len]), Err(CodecError::Broken(_))), "cut at {len}");
    }
    let longer = [&whole[..], &[0]].concat();
    assert_eq!(decode(&longer), Err(CodecError::Broken("more bytes than facts")));
}

#[test]
fn a_record_of_the_longest_size_is_kept_and_one_byte_more_is_refused() {
    let note = |len: usize| {
        let text = "a".repeat(len);
        record(vec![Fact::Conversation(ConversationId(1), ConversationEvent::NoteEdited { number: 1, text })])
    };
    let rest = encode(&note(MAX_RECORD / 2)).unwrap().len() - MAX_RECORD / 2;
    let longest = note(MAX_RECORD - rest);
    let bytes = encode(&longest).unwrap();
    assert_eq!(bytes.len(), MAX_RECORD);
    assert_eq!(decode(&bytes), Ok(longest));
    assert!(matches!(encode(&note(MAX_RECORD - rest + 1)), Err(CodecError::TooLong(_))));
    assert!(matches!(encode(&note(2 * MAX_RECORD)), Err(CodecError::TooLong(_))));
}

#[test]
fn bytes_that_are_no_record_lose_everything_when_redacted() {
    let after = redact(CANARY.as_bytes());
    assert!(!contains(&after, CANARY));
    assert_eq!(decode(&after).unwrap().events, []);
}

#[test]
fn a_redacted_content_is_not_taken_for_text() {
    let after = redact(&bytes_of(content().swap_remove(0).1));
    match &decode(&after).unwrap().events[0] {
        Fact::Conversation(_, ConversationEvent::Received(received)) => {
            assert_eq!(received.content, Content::Redacted);
            assert_eq!((received.number, received.event_id.as_str()), (2, "id-event"));
        }
        other => panic!("{other:?}"),
    }
}

fn whole() -> Vec<u8> {
    encode(&record(all().into_iter().map(|(_, fact)| fact).collect())).unwrap().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_bring_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
        let once = redact(&bytes);
        prop_assert!(decode(&once).is_ok());
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn a_damaged_record_never_brings_the_reader_down(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<proptest::sample::Index>(),
        cut in any::<bool>(),
        which in any::<proptest::sample::Index>(),
        many in any::<bool>(),
    ) {
        let mut bytes = if many { whole() } else { bytes_of(which.get(&all()).1.clone()) };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(keep.index(bytes.len()));
        }
        if let Ok(record) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&record).unwrap()), Ok(record));
        }
        let once = redact(&bytes);
        prop_assert!(decode(&once).is_ok());
        prop_assert_eq!(redact(&once), once);
    }
}
