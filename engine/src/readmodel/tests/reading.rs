//! Timelines, lists and their pages.

use super::*;
use crate::domain::message::{Delivery, FailureReason, Route};
use crate::readmodel::LineKind;
use crate::rows::{MessageKind, MessageRow};

fn hydrated(source: &Source, store: &Store, id: u128) -> Vec<MessageRow> {
    let rows = store.timeline(id);
    store.models.hydrate(&source.journal, ConversationId(id), rows).unwrap()
}

#[test]
fn an_answer_shows_what_became_of_it_at_every_step() {
    let number = 2;
    let reason = FailureReason::QuotaEmpty;
    let started = || Event::SendStarted { number, route: Route::Push };
    let sent = Event::Sent { number, external_ids: vec!["p".to_owned()], free: true };
    let table = [
        (vec![], Delivery::Queued, None, false),
        (vec![started()], Delivery::Sending, None, false),
        (vec![started(), Event::SendAbandoned { number }], Delivery::Queued, None, false),
        (vec![started(), sent], Delivery::Sent, None, true),
        (vec![started(), Event::Failed { number, reason: reason.clone() }], Delivery::Failed, Some(reason), false),
        (vec![started(), Event::Unknown { number }], Delivery::Unknown, None, false),
        (vec![Event::Cancelled { number, by: AYA }], Delivery::Cancelled, None, false),
    ];
    for (events, expected, why, as_reply) in table {
        let mut source = Source::new();
        source.say(A, 1, 10, vec![opened(1), received(1, "hello"), claimed(1)]);
        source.say(A, 1, 11, vec![queued(2, "answer")]);
        let at_once = events.clone();
        for event in events {
            source.say(A, 1, 12, vec![event]);
        }
        // Whether in one batch or one by one: a line changes the same way.
        let one_by_one = Store::new();
        source.told.iter().for_each(|record| one_by_one.models.apply(std::slice::from_ref(record)).unwrap());
        for store in [Store::of(&source), one_by_one] {
            let row = store.timeline(1).pop().unwrap();
            let LineKind::Outbound { author, client_id, delivery, failure, free } = row.kind else { panic!() };
            assert_eq!((author, client_id.as_str()), (Author::Agent(AYA), "c2"));
            assert_eq!((delivery, failure, free), (expected, why.clone(), as_reply), "{at_once:?}");
        }
        assert_eq!(hydrated(&source, &Store::of(&source), 1)[1].content, Content::Text("answer".to_owned()));
    }
}

#[test]
fn a_rewritten_memo_shows_its_newest_text_and_a_removed_one_none() {
    let mut source = Source::new();
    source.say(A, 1, 10, vec![opened(1), received(1, "hello")]);
    source.say(A, 1, 11, vec![note(2, "first")]);
    source.say(A, 1, 12, vec![note(3, "secret")]);
    source.say(A, 1, 13, vec![Event::NoteEdited { number: 2, text: "second".to_owned() }]);
    source.say(A, 1, 14, vec![Event::NoteDeleted { number: 3 }]);
    let rows = hydrated(&source, &Store::of(&source), 1);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 3]);
    let flags = |row: &MessageRow| match row.kind {
        MessageKind::Note { edited, deleted, .. } => (edited, deleted),
        _ => panic!("{row:?}"),
    };
    assert_eq!((flags(&rows[1]), &rows[1].content), ((true, false), &Content::Text("second".to_owned())));
    assert_eq!((flags(&rows[2]), &rows[2].content), ((false, true), &Content::Redacted));
    assert_eq!(rows[1].at, Timestamp(11), "a memo keeps its time");
}

#[test]
fn a_message_taken_back_or_redacted_keeps_its_line_without_its_text() {
    let mut source = Source::new();
    source.say(A, 1, 10, vec![opened(1), received(1, "one")]);
    let second = source.say(A, 1, 11, vec![received(2, "two")]);
    source.say(A, 1, 12, vec![received(3, "three")]);
    source.say(A, 1, 13, vec![Event::Unsent { external_id: "m1".to_owned(), number: Some(1) }]);
    source.journal.redact(A, second.position).unwrap();
    let rows = hydrated(&source, &Store::of(&source), 1);
    let shown: Vec<_> = rows.iter().map(|row| row.content.clone()).collect();
    assert_eq!(shown, [Content::Redacted, Content::Redacted, Content::Text("three".to_owned())]);
    assert_eq!(rows[0].kind, MessageKind::Inbound { late: false, unsent: true });
    assert_eq!(rows[1].kind, MessageKind::Inbound { late: false, unsent: false });
}

#[test]
fn one_record_with_many_lines_gives_each_its_own_text() {
    let mut source = Source::new();
    let both = [(1, "one"), (2, "two")].map(|(id, text)| [opened(id), received(1, text), received(2, "more")]);
    let facts = both
        .into_iter()
        .zip([1, 2])
        .flat_map(|(events, id)| events.map(|event| Fact::Conversation(ConversationId(id), event)));
    source.write(A, 10, facts.collect(), &[]);
    let store = Store::of(&source);
    for (id, text) in [(1, "one"), (2, "two")] {
        let texts: Vec<_> = hydrated(&source, &store, id).into_iter().map(|row| row.content).collect();
        assert_eq!(texts, [Content::Text(text.to_owned()), Content::Text("more".to_owned())]);
    }
}

#[test]
fn every_way_into_a_timeline_gives_ascending_rows_within_the_limit() {
    let mut source = Source::new();
    source.say(A, 1, 10, vec![opened(1)]);
    // A neighbour on either side must not leak in.
    source.say(A, 2, 10, vec![opened(2), received(1, "other")]);
    source.say(A, 0, 10, vec![opened(0), received(1, "other")]);
    for number in 1..=9 {
        source.say(A, 1, 10, vec![received(number, "t")]);
    }
    let store = Store::of(&source);
    for (place, limit, expected) in [
        (Place::Newest, 3, vec![7, 8, 9]),
        (Place::Newest, 100, (1..=9).collect()),
        (Place::Before(4), 2, vec![2, 3]),
        (Place::Before(4), 9, vec![1, 2, 3]),
        (Place::Before(1), 9, vec![]),
        (Place::Before(0), 9, vec![]),
        (Place::After(7), 9, vec![8, 9]),
        (Place::After(0), 2, vec![1, 2]),
        (Place::After(u32::MAX), 2, vec![]),
        (Place::Around(5), 3, vec![4, 5, 6]),
        (Place::Around(5), 1, vec![5]),
        (Place::Around(1), 4, vec![1, 2, 3]),
        (Place::Around(9), 4, vec![6, 7, 8, 9]),
    ] {
        let rows = store.models.timeline(ConversationId(1), place, limit).unwrap();
        let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, expected, "{place:?} {limit}");
    }
}

#[test]
fn pages_of_done_conversations_miss_none_and_repeat_none() {
    let mut source = Source::new();
    // Several at the same time, in both windows, so that only the id tells them apart.
    for (id, stream, at) in [(1, A, 30), (2, B, 30), (3, A, 30), (4, B, 50), (5, A, 10), (6, B, 10), (7, A, 40)] {
        source.say(stream, id, 1, vec![opened(id), received(1, "t")]);
        source.say(stream, id, at, vec![Event::Completed { by: Some(AYA) }]);
    }
    source.say(A, 8, 60, vec![opened(8), received(1, "still open")]);
    let store = Store::of(&source);
    let pages = |streams: &[StreamId], fits: &dyn Fn(&Conversation) -> bool, limit: usize| {
        let (mut all, mut from) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let (rows, next) = store.models.done_page(streams, fits, from.as_deref(), limit).unwrap();
            assert!(rows.len() <= limit);
            assert!(next.is_none() || rows.len() == limit, "a page that is not full is the last");
            all.extend(rows.iter().map(|row| row.state.id.0));
            match next {
                Some(next) => from = Some(next),
                None => return all,
            }
        }
    };
    for limit in [1, 2, 3, 7, 8] {
        assert_eq!(pages(&[A, B], &|_| true, limit), [4, 7, 1, 2, 3, 5, 6], "limit {limit}");
        assert_eq!(pages(&[B, A], &|_| true, limit), [4, 7, 1, 2, 3, 5, 6], "limit {limit}, the other way round");
        assert_eq!(pages(&[A], &|_| true, limit), [7, 1, 3, 5], "limit {limit}");
        assert_eq!(pages(&[], &|_| true, limit), [0; 0]);
        assert_eq!(pages(&[A, B], &|state| state.id.0 % 2 == 1, limit), [7, 1, 3, 5], "limit {limit}, narrowed");
    }
}

#[test]
fn a_conversation_is_in_the_done_list_once_and_leaves_it_when_it_reopens() {
    let mut source = Source::new();
    source.say(A, 1, 1, vec![opened(1), received(1, "t")]);
    source.say(A, 1, 10, vec![Event::Completed { by: None }]);
    let done = |source: &Source| {
        let store = Store::of(source);
        let (rows, _) = store.models.done_page(&[A], &|_| true, None, 10).unwrap();
        (rows.len(), store.models.live_conversations(A).unwrap().len())
    };
    assert_eq!(done(&source), (1, 0));
    for at in [10, 11] {
        source.say(A, 1, at, vec![note(u32::try_from(at).unwrap(), "while it is done")]);
        assert_eq!(done(&source), (1, 0), "moved at {at}");
    }
    source.say(A, 1, 12, vec![Event::Reopened, received(12, "again")]);
    assert_eq!(done(&source), (0, 1));
}

#[test]
fn a_done_conversation_with_something_to_send_is_still_alive() {
    let mut source = Source::new();
    source.say(A, 1, 1, vec![opened(1), received(1, "t"), claimed(1), queued(2, "bye")]);
    source.say(A, 1, 2, vec![Event::Completed { by: Some(AYA) }]);
    let alive = |source: &Source| Store::of(source).models.live_conversations(A).unwrap().len();
    assert_eq!(alive(&source), 1);
    source.say(A, 1, 3, vec![Event::Cancelled { number: 2, by: AYA }]);
    assert_eq!(alive(&source), 0);
}
