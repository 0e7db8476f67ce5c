//! Pages of done conversations.

use super::script::{AGENT, Script, Store, completed, opened, queued, received};
use crate::domain::conversation::{Event as Talk, Status};
use crate::domain::id::{AgentId, ConversationId, InboxId, StreamId};
use crate::domain::seat::Holder;
use crate::domain::time::Timestamp;
use crate::readmodel::{PageFault, matches};
use crate::rows::ListQuery;

/// Two windows; conversations 1, 2, 3… are done one after the other, the odd ones in the first.
fn done(count: u128) -> (Store, [StreamId; 2], Vec<Timestamp>) {
    let mut odd = Script::new();
    let mut even = Script::in_journal(odd.journal.clone(), 2);
    let mut at = Vec::new();
    for id in 1..=count {
        let script = if id % 2 == 1 { &mut odd } else { &mut even };
        while script.now().0 <= at.last().map_or(0, |at: &Timestamp| at.0) {
            script.later_ms(100);
        }
        script.talk(id, [opened(&format!("U{id}")), received(1, "a"), completed()]);
        at.push(script.now());
    }
    odd.talk(900, [opened("U900"), received(1, "open")]);
    let store = odd.followed();
    store.models.apply(&even.written).unwrap();
    (store, [odd.stream, even.stream], at)
}

fn ids(store: &Store, streams: &[StreamId], query: &ListQuery, limit: usize) -> Vec<u128> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..100 {
        let page = store.models.done_page(streams, query, cursor.as_deref(), limit).unwrap();
        assert!(page.items.len() <= limit);
        found.extend(page.items.iter().map(|row| row.state.id.0));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
    panic!("the pages do not end");
}

#[test]
fn done_rows_of_several_windows_come_newest_first_whatever_the_page() {
    let (store, streams, _) = done(9);
    let all: Vec<u128> = (1..=9).rev().collect();
    for limit in [1, 2, 3, 8, 9, 10, 200] {
        assert_eq!(ids(&store, &streams, &ListQuery::default(), limit), all, "{limit} a page");
    }
    assert_eq!(ids(&store, &streams[..1], &ListQuery::default(), 2), [9, 7, 5, 3, 1]);
    assert_eq!(ids(&store, &[], &ListQuery::default(), 2), [0; 0]);
}

#[test]
fn a_done_conversation_with_something_to_send_is_in_the_list_and_stays_there() {
    let mut script = Script::new();
    script.talk(1, [opened("U1"), queued(1, "お元気で"), completed()]);
    for after in [None, Some(Talk::Unknown { number: 1 })] {
        script.talk(1, after);
        assert_eq!(ids(&script.followed(), &[script.stream], &ListQuery::default(), 1), [1]);
    }
}

#[test]
fn the_last_page_has_no_cursor_even_when_it_is_full() {
    let (store, streams, _) = done(4);
    let page = store.models.done_page(&streams, &ListQuery::default(), None, 4).unwrap();
    assert_eq!((page.items.len(), page.next_cursor), (4, None));
}

#[test]
fn filters_narrow_and_their_edges_are_where_they_say() {
    let (store, streams, at) = done(6);
    let cases = [
        (ListQuery { from: Some(at[3]), ..ListQuery::default() }, vec![6, 5, 4]),
        (ListQuery { to: Some(at[3]), ..ListQuery::default() }, vec![3, 2, 1]),
        (ListQuery { from: Some(at[1]), to: Some(at[3]), ..ListQuery::default() }, vec![3, 2]),
        (ListQuery { from: Some(at[3]), to: Some(at[1]), ..ListQuery::default() }, vec![]),
        (ListQuery { status: Some(Status::Done), ..ListQuery::default() }, vec![6, 5, 4, 3, 2, 1]),
        (ListQuery { status: Some(Status::New), ..ListQuery::default() }, vec![]),
        (ListQuery { q: Some("u4".into()), ..ListQuery::default() }, vec![4]),
        (ListQuery { inbox: Some(InboxId(1)), ..ListQuery::default() }, vec![]),
        (ListQuery { assignee: Some(None), ..ListQuery::default() }, vec![6, 5, 4, 3, 2, 1]),
        (ListQuery { assignee: Some(Some(AGENT)), ..ListQuery::default() }, vec![]),
        (ListQuery { holder: Some(Holder::Agent(AGENT)), ..ListQuery::default() }, vec![]),
    ];
    for (query, wanted) in cases {
        for limit in [1, 2, 50] {
            assert_eq!(ids(&store, &streams, &query, limit), wanted, "{query:?}");
        }
    }
}

#[test]
fn q_finds_names_platform_ids_and_conversation_ids() {
    let mut script = Script::new();
    script.talk(1, [opened("Uabc"), Talk::NameSeen { name: "佐藤 Hanako".into() }]);
    let state = &script.states[&ConversationId(1)];
    let id = state.id.to_string().to_lowercase();
    for (q, found) in [("hanako", true), ("佐藤", true), ("uabc", true), (&id[20..], true), ("jiro", false)] {
        let query = ListQuery { q: Some(q.to_owned()), ..ListQuery::default() };
        assert_eq!(matches(&query, state), found, "{q}");
    }
}

#[test]
fn a_row_that_changes_moves_and_is_never_listed_twice() {
    let (store, streams, _) = done(4);
    let mut script = Script::new();
    for id in [1, 3] {
        script.talk(id, [opened(&format!("U{id}")), received(1, "a"), completed()]);
    }
    script.talk(1, [Talk::Assigned { assignee: Some(AgentId(1)), by: None }]);
    let moved = script.followed();
    assert_eq!(ids(&moved, &[script.stream], &ListQuery::default(), 1), [1, 3]);
    drop((store, streams));
}

#[test]
fn what_is_no_cursor_is_refused() {
    let (store, streams, _) = done(1);
    for text in ["", "x", "zzzzzzzzzzzzzzzz", "0000000000000000", "000000000000000あ", &"é".repeat(21)] {
        let page = store.models.done_page(&streams, &ListQuery::default(), Some(text), 10);
        assert!(matches!(page, Err(PageFault::Cursor)), "{text}");
    }
}

#[test]
fn a_filter_that_lets_nothing_through_ends_a_page_and_not_the_list() {
    let mut script = Script::new();
    for id in 0..5_100 {
        script.talk(id, [opened(&format!("U{id}.")), completed()]);
    }
    let store = script.followed();
    let query = ListQuery { q: Some("u0.".into()), ..ListQuery::default() };
    let page = store.models.done_page(&[script.stream], &query, None, 10).unwrap();
    assert!(page.items.is_empty() && page.next_cursor.is_some());
    assert_eq!(ids(&store, &[script.stream], &query, 10), [0]);
}
