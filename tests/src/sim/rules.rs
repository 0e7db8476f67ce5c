//! What a window may and must say by itself, written anew for one window of the simulation: each answer in the record of
//! its cause, none without, none twice, none forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madoguchi_engine::domain::conversation::{Conversation, EndHow, Event, Status, limits};
use madoguchi_engine::domain::hours::{Answers, Automatic, ChatEnd, Hours, Offline, Range, Zone};
use madoguchi_engine::domain::id::{ConversationId, Position, WindowId};
use madoguchi_engine::domain::record::{Fact, Record};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{Command, Window};

/// When it is open, in minutes of the day by UTC; a run begins at 22:13.
const OPEN: [(u16, u16); 5] = [(0, 720), (1_340, 1_360), (1_370, 1_390), (1_400, 1_420), (1_430, 1_440)];
const DAY_MS: i64 = 86_400_000;
/// A customer who is silent for so long ends the chat.
const SILENCE_MS: i64 = 60_000;

/// What was said, by these rules.
#[derive(Debug, Default)]
pub(super) struct Rules {
    greeted: BTreeSet<ConversationId>,
    /// The closed stretches in which absence was told, by their beginning.
    absence: BTreeSet<(ConversationId, i64)>,
    maintenance: BTreeSet<(ConversationId, Timestamp)>,
}

/// The window that says things by itself.
///
/// # Panics
/// Never: the name is a good one.
pub(super) fn window() -> WindowId {
    WindowId::new("west").expect("an id")
}

/// How that window is set up.
pub(super) fn settings(now: Timestamp) -> [Command; 3] {
    let day: Vec<Range> = OPEN.iter().map(|(from, to)| Range { from: *from, to: *to }).collect();
    let hours = Hours { zone: Zone::named("UTC"), week: std::array::from_fn(|_| day.clone()), ..Hours::default() };
    let answers = Answers {
        greeting: "ようこそ".to_owned(),
        absence: "時間外です".to_owned(),
        offline: Offline::default(),
        end: ChatEnd { notice: "終了しました".to_owned(), after_silence_ms: SILENCE_MS, words: Vec::new() },
    };
    let off = Command::SwitchMaintenance { on: false, text: Some("点検中です".to_owned()), now };
    [Command::ChangeHours(hours), Command::ChangeAnswers(answers), off]
}

/// When the closed stretch around a moment began; `None` where the window is open.
fn closed_since(at: Timestamp) -> Option<i64> {
    let (day, ms) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS));
    let minute = |ms: i64| ms / 60_000;
    if OPEN.iter().any(|(from, to)| (i64::from(*from)..i64::from(*to)).contains(&minute(ms))) {
        return None;
    }
    let since = OPEN.iter().map(|(_, to)| i64::from(*to) * 60_000).filter(|to| *to <= ms).max();
    since.map(|since| day * DAY_MS + since)
}

impl Rules {
    /// One record, against the window and the conversations before it.
    ///
    /// # Panics
    /// Something was said that may not be, or not said that must be.
    pub(super) fn judge(
        &mut self,
        before: &Window,
        conversations: &BTreeMap<ConversationId, (Position, Arc<Conversation>)>,
        record: &Record,
    ) {
        let mut moved: BTreeMap<ConversationId, Vec<&Event>> = BTreeMap::new();
        for fact in &record.events {
            if let Fact::Conversation(id, event) = fact {
                moved.entry(*id).or_default().push(event);
            }
        }
        for (id, events) in moved {
            let state = conversations.get(&id).map(|(_, state)| &**state);
            let said: Vec<Automatic> = events
                .iter()
                .filter_map(|event| if let Event::AutoQueued(queued) = event { Some(queued.what) } else { None })
                .collect();
            let may: Vec<Automatic> = self.must(before, id, state, &events, record.at).into_iter().collect();
            assert_eq!(said, may, "what {id} was told by {events:?} at {}", record.at.0);
        }
    }

    /// What must be said in this record, and nothing else.
    fn must(
        &mut self,
        window: &Window,
        id: ConversationId,
        state: Option<&Conversation>,
        events: &[&Event],
        at: Timestamp,
    ) -> Option<Automatic> {
        // Taken back before it came: nobody is answered.
        let is_gone = events.iter().any(|event| matches!(event, Event::Unsent { number: Some(_), .. }));
        let is_full = state.is_some_and(|state| state.outbox.len() >= limits::OUTBOX);
        if window.id != self::window() || is_full {
            return None;
        }
        for event in events {
            match event {
                Event::Followed { .. } => return self.greeted.insert(id).then_some(Automatic::Greeting),
                Event::Received(_) if is_gone => return None,
                Event::Received(_) => {
                    return match (window.maintenance.since, closed_since(at)) {
                        (Some(since), _) => self.maintenance.insert((id, since)).then_some(Automatic::Maintenance),
                        (None, Some(since)) => self.absence.insert((id, since)).then_some(Automatic::Absence),
                        (None, None) => None,
                    };
                }
                Event::Completed { by: Some(_) } => return Some(Automatic::End),
                Event::Ended { how } => {
                    let state = state.expect("only what began can end");
                    let since = state.silent_since.expect("the last word was ours");
                    assert_eq!(*how, EndHow::Silence, "nobody says a word that ends");
                    assert!(at.since_ms(since) >= SILENCE_MS, "ended while the customer may still answer");
                    assert!(state.outbox.is_empty() && state.status != Status::Done, "ended before it was answered");
                    assert!(closed_since(at).is_none() && !window.maintenance.is_on(), "ended while nobody can serve");
                    return Some(Automatic::End);
                }
                _ => {}
            }
        }
        None
    }
}
