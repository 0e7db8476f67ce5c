//! What becomes of a line, and pages of lines.

use super::script::{AGENT, Script, noted, opened, queued, received};
use crate::domain::conversation::Event as Talk;
use crate::domain::id::{ConversationId, Position};
use crate::domain::message::{Author, Delivery, FailureReason, Route};
use crate::readmodel::{Line, TimelineRow};
use crate::rows::Place;

const TALK: ConversationId = ConversationId(10);

fn lines(script: &Script) -> Vec<TimelineRow> {
    let store = script.followed();
    store.models.timeline(TALK, Place::Newest, 200).unwrap().rows
}

#[test]
fn an_answer_shows_what_became_of_it() {
    let outbound = |delivery, failed_at, free| Line::Outbound {
        author: Author::Agent(AGENT),
        delivery,
        failed_at,
        free,
        copies_at: None,
    };
    let started = || Talk::SendStarted { number: 1, route: Route::Push, lead: 1, joined: false };
    let sent = |free| Talk::Sent { number: 1, external_ids: Vec::new(), free };
    let failed = || Talk::Failed { number: 1, reason: FailureReason::GaveUp };
    let at = Some(Position(3));
    let cases = [
        (vec![], outbound(Delivery::Queued, None, false)),
        (vec![started()], outbound(Delivery::Sending, None, false)),
        (vec![started(), Talk::SendAbandoned { number: 1 }], outbound(Delivery::Queued, None, false)),
        (vec![started(), sent(true)], outbound(Delivery::Sent, None, true)),
        (vec![sent(false)], outbound(Delivery::Sent, None, false)),
        (vec![started(), Talk::Unknown { number: 1 }], outbound(Delivery::Unknown, None, false)),
        (vec![Talk::Cancelled { number: 1, by: AGENT }], outbound(Delivery::Cancelled, None, false)),
        (vec![failed()], outbound(Delivery::Failed, at, false)),
        (vec![Talk::Unknown { number: 9 }, failed()], outbound(Delivery::Failed, at, false)),
    ];
    for (events, wanted) in cases {
        let mut script = Script::new();
        script.talk(10, [opened("U1"), queued(1, "はい")]);
        script.talk(10, events);
        let found = lines(&script);
        assert_eq!(found.len(), 1, "a line that never was does not appear");
        assert_eq!(found[0].line, wanted);
        assert_eq!((found[0].origin, found[0].text), (Position(2), Position(2)));
    }
}

#[test]
fn a_memo_points_to_its_newest_text_and_says_so() {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), noted(1, "一")]);
    let edited = script.talk(10, [Talk::NoteEdited { number: 1, text: "二".into() }]);
    let row = lines(&script)[0];
    assert_eq!((row.origin, row.text), (Position(2), edited));
    assert_eq!(row.line, Line::Note { edited: true, deleted: false });
    script.talk(10, [Talk::NoteDeleted { number: 1 }]);
    assert_eq!(lines(&script)[0].line, Line::Note { edited: true, deleted: true });
}

#[test]
fn an_unsent_message_says_so_and_a_tombstone_makes_no_line() {
    let mut script = Script::new();
    script.talk(10, [opened("U1"), received(1, "a"), received(2, "b")]);
    script.talk(10, [Talk::Unsent { external_id: "message-1".into(), number: Some(1) }]);
    script.talk(10, [Talk::Unsent { external_id: "later".into(), number: None }]);
    let unsent: Vec<_> = lines(&script).iter().map(|row| row.line).collect();
    assert_eq!(
        unsent,
        [true, false].map(|unsent| Line::Inbound { late: false, unsent, edited: false, media_at: None })
    );
}

#[test]
fn pages_hold_what_they_say_at_every_edge() {
    let mut script = Script::new();
    script.talk(10, [opened("U1")]);
    script.talk(11, [opened("U2"), received(1, "another conversation")]);
    for number in 1..=9 {
        script.talk(10, [received(number, "a")]);
    }
    let store = script.followed();
    let cases = [
        (Place::Newest, 3, vec![7, 8, 9], true, false),
        (Place::Newest, 9, (1..=9).collect(), false, false),
        (Place::Newest, 200, (1..=9).collect(), false, false),
        (Place::Before(4), 2, vec![2, 3], true, true),
        (Place::Before(4), 3, vec![1, 2, 3], false, true),
        (Place::Before(1), 3, vec![], false, true),
        (Place::Before(u32::MAX), 1, vec![9], true, false),
        (Place::After(4), 2, vec![5, 6], true, true),
        (Place::After(7), 2, vec![8, 9], true, false),
        (Place::After(9), 2, vec![], true, false),
        (Place::After(0), 2, vec![1, 2], false, true),
        (Place::Around(5), 5, vec![3, 4, 5, 6, 7], true, true),
        (Place::Around(5), 4, vec![3, 4, 5, 6], true, true),
        (Place::Around(1), 4, vec![1, 2], false, true),
        (Place::Around(9), 4, vec![7, 8, 9], true, false),
        (Place::Around(5), 1, vec![5], true, true),
    ];
    for (place, limit, wanted, more_before, more_after) in cases {
        let page = store.models.timeline(TALK, place, limit).unwrap();
        let numbers: Vec<u32> = page.rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, wanted, "{place:?} {limit}");
        assert_eq!((page.more_before, page.more_after), (more_before, more_after), "{place:?} {limit}");
    }
}
