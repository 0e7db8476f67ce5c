//! What the codec must survive: long records, newer releases, former shapes, damage, and redaction twice.

use bincode::Options;
use proptest::prelude::*;

use super::schema::Old;
use super::{CodecError, FORMAT, MAX_RECORD, decode, encode, facts, layout, read, redact, samples};
use crate::domain::conversation::Event as Talk;
use crate::domain::id::InboxId;
use crate::domain::id::{AgentId, ConversationId};
use crate::domain::message::Content;
use crate::domain::record::{By, Fact, Record};
use crate::domain::seat::ReleaseCause;
use crate::domain::time::Timestamp;
use crate::domain::window::{Event as Window, RawAccepted, RawBody, RawReason};

const AT: Timestamp = Timestamp(1_790_000_000_000);
const TALK: ConversationId = ConversationId(77);

fn record(events: Vec<Fact>) -> Record {
    Record { at: AT, by: By::Customer, events }
}

fn with_body_of(len: usize) -> Record {
    record(vec![Fact::Window(Window::RawAccepted(RawAccepted {
        raw: 1,
        inbox: InboxId(1),
        received_at: AT,
        why: RawReason::Busy,
        body: RawBody::Inline(vec![7; len]),
    }))])
}

/// A payload with one fact whose frame says what the test wants.
fn framed(number: u16, version: u16, conversation: Option<ConversationId>, body: &[u8]) -> Vec<u8> {
    let mut out = vec![FORMAT];
    let header = (AT, By::Engine, 1_u32);
    let frame = (number, version, conversation, body.len() as u32);
    layout().serialize_into(&mut out, &header).unwrap();
    layout().serialize_into(&mut out, &frame).unwrap();
    out.extend_from_slice(body);
    out
}

#[test]
fn a_record_at_the_limit_is_kept_and_one_byte_more_is_refused() {
    let around = encode(&with_body_of(60_000)).unwrap().len() - 60_000;
    let most = MAX_RECORD - around;
    let bytes = encode(&with_body_of(most)).unwrap();
    assert_eq!(bytes.len(), MAX_RECORD);
    assert_eq!(decode(&bytes).unwrap(), with_body_of(most));
    assert!(matches!(
        encode(&with_body_of(most + 1)),
        Err(CodecError::TooLong { len }) if len == MAX_RECORD + 1
    ));
}

#[test]
fn a_far_too_long_record_is_refused_with_its_length() {
    let error = encode(&with_body_of(100 * MAX_RECORD)).unwrap_err();
    assert!(matches!(error, CodecError::TooLong { len } if len > 100 * MAX_RECORD));
}

#[test]
fn what_a_newer_release_wrote_is_named_and_never_guessed() {
    let cases = [
        (vec![9, 0, 0, 0], "record format 9 is of a newer release, this one knows 1"),
        (framed(4_711, 1, None, b""), "facts of type 4711 are of a newer release"),
        (framed(104, 3, Some(TALK), b""), "conversation.Released in version 3 is of a newer release, this one knows 1"),
    ];
    for (bytes, sentence) in cases {
        let error = decode(&bytes).unwrap_err();
        assert_eq!(error.to_string(), sentence);
        assert!(error.is_too_new());
    }
}

#[test]
fn a_fact_without_its_owner_or_with_a_foreign_one_is_refused() {
    for bytes in [framed(102, 1, None, b""), framed(3, 1, Some(TALK), &[5])] {
        assert!(matches!(decode(&bytes), Err(CodecError::Damaged { .. })));
    }
}

/// `Released` as a release before the first might have written it: without a cause.
const WITHOUT_CAUSE: Old = Old {
    number: 104,
    version: 0,
    read: |conversation, body| {
        let agent: AgentId = super::read_whole(body)?;
        let id = conversation.ok_or_else(|| CodecError::damaged("the owner of a fact"))?;
        let cause = ReleaseCause::Returned;
        Ok(Fact::Conversation(id, Talk::Released { agent, cause }))
    },
};

#[test]
fn a_former_shape_comes_out_as_todays() {
    let body = layout().serialize(&AgentId(5)).unwrap();
    let bytes = framed(104, 0, Some(TALK), &body);
    let found = read(&bytes, &[WITHOUT_CAUSE]).unwrap();
    let todays = Talk::Released { agent: AgentId(5), cause: ReleaseCause::Returned };
    assert_eq!(found.events, vec![Fact::Conversation(TALK, todays)]);
    let again = encode(&found).unwrap();
    assert_eq!(read(&again, &[]).unwrap(), found, "written anew it is today's shape");
    assert!(matches!(read(&bytes, &[]), Err(CodecError::Damaged { .. })));
}

#[test]
fn a_length_that_the_bytes_cannot_keep_allocates_nothing() {
    // `external_ids` of `Sent`, the text of a note, the bytes of a stored body: each claims 2^62 elements. A decoder
    // that believed it would abort the process.
    let huge = layout().serialize(&(1_u64 << 62)).unwrap();
    let sent = [&[8_u8][..], &huge].concat();
    let edited = [&[9_u8][..], &huge].concat();
    let raw = [&[11_u8, 1, 2, 0, 0][..], &huge].concat();
    for bytes in [framed(111, 1, Some(TALK), &sent), framed(117, 1, Some(TALK), &edited), framed(6, 1, None, &raw)] {
        assert!(matches!(decode(&bytes), Err(CodecError::Damaged { .. })));
    }
    let mut many = vec![FORMAT];
    let header = (AT, By::Engine, u32::MAX);
    layout().serialize_into(&mut many, &header).unwrap();
    assert!(decode(&many).is_err());
}

#[test]
fn every_truncation_of_every_record_is_an_error_and_redacts_to_a_record() {
    for fact in samples::facts() {
        let whole = encode(&record(vec![fact])).unwrap();
        for len in 1..whole.len() {
            assert!(decode(&whole[..len]).is_err());
            decode(&redact(&whole[..len])).unwrap();
        }
    }
}

#[test]
fn redaction_leaves_no_text_name_or_secret() {
    let planted = [
        "返品",
        "スタンプ",
        "佐藤",
        "英語",
        "休憩",
        "在庫",
        "\"type\"",
        "\"events\"",
        "request body",
        "c0ffee",
        "t0ken",
        "argon2",
    ];
    let whole = encode(&record(samples::facts())).unwrap();
    let left = redact(&whole);
    for word in planted {
        let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(holds(&whole), "{word} was never there");
        assert!(!holds(&left), "{word} is still there");
    }
}

#[test]
fn redaction_keeps_order_kinds_ids_numbers_and_times() {
    let before = record(samples::facts());
    let left = decode(&redact(&encode(&before).unwrap())).unwrap();
    assert_eq!((left.at, left.by), (before.at, before.by));
    assert_eq!(left.events.len(), before.events.len());
    for (before, left) in before.events.iter().zip(&left.events) {
        let kind = |fact| facts::write(fact, &mut Vec::new()).unwrap();
        assert_eq!(kind(before), kind(left));
        let (Fact::Conversation(_, Talk::Received(before)), Fact::Conversation(_, Talk::Received(left))) =
            (before, left)
        else {
            continue;
        };
        assert_eq!(left.content, Content::Redacted);
        let kept = |r: &crate::domain::conversation::Received| {
            (r.number, r.event_id.clone(), r.external_id.clone(), r.sent_at, r.late)
        };
        assert_eq!(kept(before), kept(left));
    }
}

fn some_facts() -> impl Strategy<Value = Vec<Fact>> {
    let text = prop_oneof![".{0,40}", "[あ-ん]{0,300}"];
    let named = text.prop_map(|name| Fact::Conversation(TALK, Talk::NameSeen { name }));
    let any = prop_oneof![proptest::sample::select(samples::facts()), named];
    proptest::collection::vec(any, 0..6)
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(events in some_facts(), at: i64) {
        let before = Record { at: Timestamp(at), ..record(events) };
        prop_assert_eq!(decode(&encode(&before).unwrap()).unwrap(), before);
    }

    #[test]
    fn flipped_bits_never_panic(events in some_facts(), flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..4)) {
        let mut bytes = encode(&record(events)).unwrap().to_vec();
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        if let Ok(record) = decode(&bytes) {
            // What reads back is a record like any other.
            prop_assert_eq!(decode(&encode(&record).unwrap()).unwrap(), record);
        }
        let once = redact(&bytes);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn any_bytes_redact_to_a_record_and_stay_so(bytes in proptest::collection::vec(any::<u8>(), 0..300), known: bool) {
        let bytes = if known { [&[FORMAT][..], &bytes].concat() } else { bytes };
        let _ = decode(&bytes);
        let once = redact(&bytes);
        prop_assert!(decode(&once).is_ok());
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn redaction_is_idempotent_and_never_longer(events in some_facts()) {
        let whole = encode(&record(events)).unwrap();
        let once = redact(&whole);
        prop_assert!(once.len() <= whole.len());
        prop_assert_eq!(redact(&once), once);
    }
}
