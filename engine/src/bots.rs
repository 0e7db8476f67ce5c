//! How the bots in front of the windows stand: what they took, what they refused, and what of theirs was refused. Kept in
//! memory since the start; what counts after a crash (deliveries that wait, dead letters) is in the conversations.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::channels::signed::Posted;
use crate::domain::bot::Letter;
use crate::domain::id::{ConversationId, WindowId};
use crate::domain::time::Timestamp;
use crate::rows::{ConversationRow, MessageRow};

/// Lines kept of one bot; the oldest goes first.
const LINES: usize = 500;

/// Something that a bot is told, before it has a form.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The delivery.
    pub id: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, and where; `None` for a test of the connection.
    pub what: Option<(&'a ConversationRow, &'a Letter)>,
    /// The message that it is about, as it reads now.
    pub message: Option<&'a MessageRow>,
}

/// What makes the bytes of what a bot is told.
pub type BodyOf = dyn Fn(&Telling<'_>) -> Vec<u8> + Send + Sync;

/// Gives what a bot is told its form. Must be pure, so that a second try says the same.
#[derive(Clone)]
pub struct BotBodies(pub Arc<BodyOf>);

impl fmt::Debug for BotBodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BotBodies")
    }
}

/// The name of a delivery, for ever.
#[must_use]
pub fn delivery_id(conversation: ConversationId, letter: u32) -> String {
    format!("dlv_{conversation}_{letter}")
}

/// Why something was not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The call ended so.
    Call(Posted),
    /// The bot's secret cannot be opened.
    NoSecret,
}

/// A line of a bot's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// Where; `None` for a test.
    pub conversation: Option<ConversationId>,
    /// What happened.
    pub what: Logged,
}

/// What a bot's log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    /// It took a delivery.
    Taken {
        /// Which.
        delivery: String,
        /// Which try it was, from 1.
        attempt: u32,
        /// How long it took.
        took_ms: u64,
    },
    /// A try failed.
    Failed {
        /// Which.
        delivery: String,
        /// Which try it was, from 1.
        attempt: u32,
        /// Why.
        trouble: Trouble,
    },
    /// A delivery was given up.
    Died {
        /// Which.
        delivery: String,
    },
    /// A call of the bot was refused.
    Refused {
        /// Which call.
        call: &'static str,
        /// With which code.
        code: &'static str,
    },
}

/// How a bot stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it last took something.
    pub last_taken_at: Option<Timestamp>,
    /// When it last failed to, and why.
    pub last_failed: Option<(Timestamp, Trouble)>,
    /// Tries that failed since it last took something.
    pub failures_in_a_row: u32,
    /// When it last called.
    pub last_called_at: Option<Timestamp>,
    log: VecDeque<LogLine>,
}

impl Standing {
    fn note(&mut self, line: LogLine) {
        match &line.what {
            Logged::Taken { .. } => (self.last_taken_at, self.failures_in_a_row) = (Some(line.at), 0),
            Logged::Failed { trouble, .. } => {
                self.last_failed = Some((line.at, *trouble));
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
            }
            Logged::Died { .. } | Logged::Refused { .. } => {}
        }
        self.log.push_back(line);
        if self.log.len() > LINES {
            self.log.pop_front();
        }
    }
}

/// Every bot.
#[derive(Debug, Default)]
pub(crate) struct Bots(Mutex<HashMap<WindowId, Standing>>);

impl Bots {
    pub(crate) fn note(&self, window: &WindowId, line: LogLine) {
        self.0.lock().entry(window.clone()).or_default().note(line);
    }

    pub(crate) fn called(&self, window: &WindowId, at: Timestamp) {
        self.0.lock().entry(window.clone()).or_default().last_called_at = Some(at);
    }

    /// How a bot stands, without its log.
    pub(crate) fn of(&self, window: &WindowId) -> Standing {
        let all = self.0.lock();
        all.get(window).map_or_else(Standing::default, |found| Standing { log: VecDeque::new(), ..*found })
    }

    /// The log, the newest first.
    pub(crate) fn log(&self, window: &WindowId) -> Vec<LogLine> {
        self.0.lock().get(window).map_or_else(Vec::new, |found| found.log.iter().rev().cloned().collect())
    }

    /// Forgets a bot that is gone.
    pub(crate) fn forget(&self, window: &WindowId) {
        self.0.lock().remove(window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_an_end_and_success_ends_a_row_of_failures() {
        let (bots, window) = (Bots::default(), WindowId::new("w").unwrap());
        let line = |n, what| LogLine { at: Timestamp(n), conversation: None, what };
        for n in 0..600 {
            let trouble = Trouble::Call(Posted::Unreachable);
            bots.note(&window, line(n, Logged::Failed { delivery: "d".into(), attempt: 1, trouble }));
        }
        assert_eq!((bots.log(&window).len(), bots.of(&window).failures_in_a_row), (LINES, 600));
        bots.note(&window, line(600, Logged::Taken { delivery: "d".into(), attempt: 2, took_ms: 5 }));
        assert_eq!(bots.of(&window).failures_in_a_row, 0);
        assert_eq!(bots.log(&window)[0].at, Timestamp(600), "the newest first");
    }
}
