//! Texts out of the journal.

use super::script::{AGENT, Script, T0, noted, opened, queued, received};
use crate::domain::conversation::Event as Talk;
use crate::domain::id::{ConversationId, Position};
use crate::domain::message::{Author, Content, Delivery, FailureReason};
use crate::journal::Journal;
use crate::readmodel::{ReplayFault, hydrate, number_of};
use crate::rows::{MessageKind, MessageRow, Place};

const TALK: ConversationId = ConversationId(10);

fn messages(script: &Script) -> Vec<MessageRow> {
    let store = script.followed();
    let page = store.models.timeline(TALK, Place::Newest, 200).unwrap();
    hydrate(&*script.journal, TALK, &page.rows).unwrap()
}

fn text(text: &str) -> Content {
    Content::Text(text.into())
}

#[test]
fn every_kind_of_line_gets_its_own_words() {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), received(1, "返品したい")]);
    // Between them lie records that are not wanted, near and far.
    for other in 0..30 {
        script.talk(11, [received(other + 1, "別の人")]);
    }
    script.talk(10, [queued(2, "承ります"), noted(3, "一")]);
    script.talk(10, [Talk::NoteEdited { number: 3, text: "二".into() }]);
    script.talk(10, [Talk::NoteEdited { number: 3, text: "三".into() }]);
    let reason = FailureReason::Refused { status: 400, detail: "no".into() };
    script.talk(10, [Talk::Failed { number: 2, reason: reason.clone() }]);
    let found = messages(&script);
    assert_eq!(
        found.iter().map(|m| m.content.clone()).collect::<Vec<_>>(),
        [text("返品したい"), text("承ります"), text("三")]
    );
    assert_eq!(found[0].at, T0.plus_ms(1));
    assert_eq!(
        found[1].kind,
        MessageKind::Outbound {
            author: Author::Agent(AGENT),
            client_id: "client-2".into(),
            delivery: Delivery::Failed,
            failure: Some(reason),
            automatic: None,
            free: false,
            quick_replies: Vec::new(),
        }
    );
    let client_id = "client-3".into();
    assert_eq!(
        found[2].kind,
        MessageKind::Note { author: Author::Agent(AGENT), client_id, edited: true, deleted: false }
    );
}

#[test]
fn what_was_redacted_unsent_or_removed_is_gone_at_once() {
    let mut script = Script::new();
    let first = script.talk(10, [opened("U1"), received(1, "a"), queued(2, "b"), noted(3, "c")]);
    script.talk(10, [received(4, "d"), noted(5, "e"), noted(6, "f")]);
    script.talk(10, [Talk::Unsent { external_id: "message-4".into(), number: Some(4) }]);
    script.talk(10, [Talk::NoteDeleted { number: 5 }]);
    script.journal.redact(script.stream, first).unwrap();
    let contents: Vec<_> = messages(&script).into_iter().map(|m| m.content).collect();
    let gone = Content::Redacted;
    assert_eq!(contents, [gone.clone(), gone.clone(), gone.clone(), gone.clone(), gone, text("f")]);
}

#[test]
fn a_row_that_the_journal_does_not_bear_out_is_told_and_not_made_up() {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), received(1, "a")]);
    let store = script.followed();
    let mut rows = store.models.timeline(TALK, Place::Newest, 1).unwrap().rows;
    for wrong in [Position(1), Position(77)] {
        (rows[0].origin, rows[0].text) = (wrong, wrong);
        let answer = hydrate(&*script.journal, TALK, &rows);
        assert!(matches!(answer, Err(ReplayFault::Missing { position, .. }) if position == wrong));
    }
}

#[test]
fn an_old_message_is_found_by_its_platform_id() {
    let mut script = Script::new();
    script.talk(10, [opened("U1")]);
    for number in 1..=600 {
        script.talk(10, [if number % 3 == 0 { queued(number, "b") } else { received(number, "a") }]);
    }
    let store = script.followed();
    let find = |id: &str| number_of(&store.models, &*script.journal, TALK, id).unwrap();
    assert_eq!(find("message-1"), Some(1));
    assert_eq!(find("message-599"), Some(599));
    assert_eq!(find("message-3"), None);
    assert_eq!(find("message-601"), None);
}
