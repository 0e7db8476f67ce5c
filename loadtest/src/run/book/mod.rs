//! What one window's sockets, customers and agents saw, and whether it can be true. Pure: no IO, no clock, no chance.
//!
//! Told by: `said`/`acknowledged` (customers), `snapshot`/`update` (sockets), `claimed`/`answered` (agents), `arrived`
//! (the platform), `timeline` (REST at the end). Judged at once where a promise is broken by one telling, and by
//! [`Book::close`] where it takes the whole. Next: `case.rs`, one conversation; `events.rs`, what an update means.

mod case;
mod close;
mod events;
mod faults;
mod log;
mod office;
mod place;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use madoguchi_protocol::server::Update;

use super::words::Word;
use case::{Answer, Case, End, Line, Said, Told};
use log::{Log, Telling};

pub use faults::{Faults, Found, Kind};
pub(crate) use log::Heard;
pub(crate) use office::{Act, Deed, Manner};
pub(crate) use place::Place;

/// What a socket was told, as far as it matters to people.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a> {
    /// Customers' messages in it.
    pub(crate) heard: &'a [Heard],
    /// What follows from it for agents.
    pub(crate) acts: &'a [Act],
    /// This was the last of all sockets, and none of them had been away.
    pub(crate) last: bool,
}

/// An answer that came to a customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    /// When it was due; a bot's, when the text was that it answers.
    pub(crate) due_us: u64,
    pub(crate) of_bot: bool,
}

/// How answers ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
}

/// How a window is begun.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The window's place among all of them.
    pub(crate) window: u32,
    pub(crate) windows: u32,
    /// Chats over all windows; chat `c` is in window `c % windows`.
    pub(crate) chats: u32,
    /// Agents' ids on the server.
    pub(crate) agents: Arc<HashMap<String, u32>>,
    /// The agents who watch it, each with one socket.
    pub(crate) members: Vec<u32>,
    pub(crate) manner: Manner,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// Customers' messages whose webhook got 200.
    pub acknowledged: u64,
    /// Records that were told.
    pub records: u64,
    /// Tellings of them, over all sockets.
    pub tellings: u64,
    /// Customers' messages that were told.
    pub messages: u64,
    /// Of these, those that the server calls late.
    pub late: u64,
    /// Webhook bodies that were stored whole first.
    pub stored_whole: u64,
    /// Seats that were won.
    pub seats: u64,
    /// Conversations that were completed.
    pub completed: u64,
    /// Answers that were accepted.
    pub answers: u64,
    /// Answers of bots that were accepted.
    pub bot_answers: u64,
    /// Answers that arrived on a phone.
    pub arrived: u64,
    /// Lines of timelines that were compared.
    pub lines: u64,
}

/// The book of one window.
#[derive(Debug)]
pub(crate) struct Book {
    setting: Setting,
    log: Log,
    cases: Vec<Case>,
    conversations: HashMap<Arc<str>, u32>,
    pub(crate) faults: Faults,
    pub(crate) checked: Checked,
    /// What agents have still to do.
    pub(crate) open_acts: u64,
    /// Answers that were accepted and have no end yet.
    pub(crate) open_answers: u64,
}

impl Book {
    pub(crate) fn new(setting: Setting) -> Self {
        let chats = (setting.window..setting.chats).step_by(setting.windows as usize);
        Self {
            log: Log::new(setting.members.len(), log::MOST),
            cases: chats.map(|chat| Case { chat, ..Case::default() }).collect(),
            conversations: HashMap::new(),
            faults: Faults::default(),
            checked: Checked::default(),
            open_acts: 0,
            open_answers: 0,
            setting,
        }
    }

    /// A customer is about to write.
    pub(crate) fn said(&mut self, chat: u32, due_us: u64) -> Word {
        let case = self.case_mut(chat).expect("the caller's chats are those of this window");
        case.said.push(Said { due_us, ..Said::default() });
        Word { chat, turn: case.said.len() as u32 }
    }

    /// The webhook of a text got 200.
    pub(crate) fn acknowledged(&mut self, word: Word) {
        self.checked.acknowledged += 1;
        if let Some(said) = self.case_mut(word.chat).and_then(|case| case.said_mut(word.turn)) {
            said.acknowledged = true;
        }
    }

    /// The newest position that any socket was told.
    pub(crate) fn head(&self) -> u64 {
        self.log.head()
    }

    /// A socket was told a snapshot.
    pub(crate) fn snapshot(&mut self, place: &mut Place, stream: &str, position: u64) {
        place.snapshot(stream, position, &mut self.faults);
        self.log.begin(position);
    }

    /// A socket was told an update: these bytes, at this place.
    pub(crate) fn update(&mut self, place: &mut Place, stream: &str, position: u64, bytes: &[u8]) -> Seen<'_> {
        place.update(stream, position, &mut self.faults);
        self.checked.tellings += 1;
        match self.log.tell(position, bytes, place.missed(position)) {
            Telling::First => match serde_json::from_slice::<Update>(bytes) {
                Ok(update) => {
                    self.checked.records += 1;
                    let (heard, acts) = self.happened(&update);
                    self.log.fill(position, heard, acts);
                }
                Err(error) => self.faults.add(Kind::Stray, || format!("position {position} cannot be read: {error}")),
            },
            Telling::Other => {
                let text = String::from_utf8_lossy(bytes);
                self.faults.add(Kind::ToldDifferently, || format!("position {position} was also told as {text}"));
            }
            Telling::Same | Telling::Over => {}
        }
        let Some((record, by_all)) = self.log.get(position) else { return Seen::default() };
        Seen { heard: &record.heard, acts: &record.acts, last: by_all && !record.late }
    }

    /// How the answers of these chats ended, the bot's among them.
    pub(crate) fn ends(&self, is_one: impl Fn(u32) -> bool) -> Ends {
        let mut ends = Ends::default();
        for case in self.cases.iter().filter(|case| is_one(case.chat)) {
            for answer in case.answers.iter().chain(case.bot_answers.values()) {
                match answer.end {
                    End::Sent => ends.sent += 1,
                    End::Failed => ends.failed += 1,
                    End::Unknown => ends.unknown += 1,
                    End::Open | End::Unsent | End::Cancelled => {}
                }
            }
        }
        ends
    }

    /// Conversations that the bot holds and whose newest text it has not answered.
    pub(crate) fn bot_owes(&self) -> u64 {
        let owes = |case: &&Case| {
            let newest = case.lines.iter().rev().find_map(|line| match line {
                Line::Customer { turn, .. } => Some(*turn),
                _ => None,
            });
            case.bot && newest.is_some_and(|turn| !case.bot_answers.contains_key(&turn))
        };
        self.cases.iter().filter(owes).count() as u64
    }

    /// The chats whose messages were told.
    pub(crate) fn chats(&self) -> Vec<(u32, Arc<str>)> {
        self.cases.iter().filter_map(|case| Some((case.chat, case.conversation.clone()?))).collect()
    }

    /// The reply to a claim says that the seat was won.
    pub(crate) fn claimed(&mut self, chat: u32, agent: u32, epoch: u64) {
        if let Some(at) = self.at(chat) {
            self.cases[at].won(agent, epoch, false, &mut self.faults);
        }
    }

    /// An agent is about to answer.
    pub(crate) fn answer(&mut self, chat: u32, due_us: u64) -> Option<Word> {
        let case = self.case_mut(chat)?;
        case.answers.push(Answer { due_us, ..Answer::default() });
        Some(Word { chat, turn: case.answers.len() as u32 })
    }

    /// The reply to an answer.
    pub(crate) fn answered(&mut self, word: Word, accepted: bool) {
        self.checked.answers += u64::from(accepted);
        if let Some(answer) = self.case_mut(word.chat).and_then(|case| case.answer_mut(word.turn)) {
            answer.told = if accepted { Told::Accepted } else { Told::Refused };
        }
    }

    /// A phone shows a text of ours. What it was, if it was an answer.
    pub(crate) fn arrived(&mut self, chat: u32, text: &str) -> Option<Arrived> {
        self.checked.arrived += 1;
        let line = match (Word::of_answer(text), Word::of_bot(text)) {
            (Some(word), _) if word.chat == chat => Some(Line::Answer { turn: word.turn }),
            (_, Some(word)) if word.chat == chat => Some(Line::Bot { turn: word.turn }),
            _ => None,
        };
        let Some(line) = line else {
            self.faults.add(Kind::AnswerUnasked, || format!("chat {chat} was sent {text:?}"));
            return None;
        };
        let Some(answer) = self.case_mut(chat).and_then(|case| case.answer_of(line)) else {
            self.faults.add(Kind::AnswerUnasked, || format!("chat {chat} was sent {text:?}, which nobody gave"));
            return None;
        };
        answer.arrived += 1;
        let due_us = answer.due_us;
        if let Some(case) = self.case_mut(chat) {
            case.phone.push(line);
        }
        Some(Arrived { due_us, of_bot: matches!(line, Line::Bot { .. }) })
    }

    /// A socket or a command came to nothing.
    pub(crate) fn unanswered(&mut self, what: impl FnOnce() -> String) {
        self.faults.add(Kind::Unanswered, what);
    }

    fn at(&self, chat: u32) -> Option<usize> {
        let here = chat % self.setting.windows == self.setting.window;
        let at = (chat / self.setting.windows) as usize;
        (here && at < self.cases.len()).then_some(at)
    }

    fn case_mut(&mut self, chat: u32) -> Option<&mut Case> {
        self.at(chat).map(|at| &mut self.cases[at])
    }
}
