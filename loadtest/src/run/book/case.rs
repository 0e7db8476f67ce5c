//! One conversation as it was told: its lines, its seat, what was said to it and what came out of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use madoguchi_protocol::api::{Content, Message, MessageState};
use madoguchi_protocol::event::ClaimHow;

use super::faults::{Faults, Kind};
use crate::run::words::Word;

/// One line of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The customer's text of this turn; `late` where the server says that it came after newer ones.
    Customer { turn: u32, late: bool },
    /// The answer of this turn.
    Answer { turn: u32 },
    /// What the bot said to the customer's text of this turn.
    Bot { turn: u32 },
    /// Anything else that has a number.
    Other,
}

/// A customer's text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub(super) due_us: u64,
    /// Its webhook got 200.
    pub(super) acknowledged: bool,
    pub(super) told: u32,
}

/// What the agent was told about an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    #[default]
    Nothing,
    Accepted,
    Refused,
}

/// How an answer ended, as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// Not at all yet.
    #[default]
    Open,
    Sent,
    Failed,
    Unknown,
    Unsent,
    Cancelled,
}

impl End {
    pub(super) fn of(state: Option<MessageState>) -> Self {
        match state {
            Some(MessageState::Sent | MessageState::Delivered | MessageState::Read) => Self::Sent,
            Some(MessageState::Failed) => Self::Failed,
            Some(MessageState::Unknown) => Self::Unknown,
            Some(MessageState::Unsent) => Self::Unsent,
            Some(MessageState::Cancelled) => Self::Cancelled,
            Some(MessageState::Received | MessageState::Queued | MessageState::Sending) | None => Self::Open,
        }
    }
}

/// An answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    pub(super) due_us: u64,
    pub(super) told: Told,
    pub(super) queued: u32,
    /// Its line; 0 while there is none.
    pub(super) number: u32,
    pub(super) end: End,
    /// As the timeline shows it at last.
    pub(super) shown: Option<End>,
    pub(super) arrived: u32,
}

/// A seat that was won.
#[derive(Clone, Copy, Debug)]
pub(super) struct Won {
    pub(super) epoch: u64,
    pub(super) agent: u32,
    /// An update told it.
    pub(super) told: bool,
}

/// The conversation with one customer.
#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) chat: u32,
    pub(super) conversation: Option<Arc<str>>,
    pub(super) lines: Vec<Line>,
    pub(super) said: Vec<Said>,
    pub(super) answers: Vec<Answer>,
    /// What the bot said, by the turn of the text that it answers.
    pub(super) bot_answers: BTreeMap<u32, Answer>,
    /// Answers in the order in which they arrived.
    pub(super) phone: Vec<Line>,
    pub(super) seats: Vec<Won>,
    pub(super) epoch: u64,
    pub(super) holder: Option<u32>,
    /// Somebody is on the way to start it.
    pub(super) awaited: bool,
    /// The bot holds it.
    pub(super) bot: bool,
    /// The record that is being told seats the bot.
    pub(super) bot_comes: bool,
}

impl Case {
    /// A line was told.
    pub(super) fn line(&mut self, number: u32, line: Line, faults: &mut Faults) {
        let next = self.lines.len() as u32 + 1;
        if number != next {
            let chat = self.chat;
            faults.add(Kind::NumberGap, || format!("chat {chat}: number {number} where {next} follows"));
        }
        self.lines.push(line);
    }

    pub(super) fn said_mut(&mut self, turn: u32) -> Option<&mut Said> {
        self.said.get_mut(turn.checked_sub(1)? as usize)
    }

    pub(super) fn answer_mut(&mut self, turn: u32) -> Option<&mut Answer> {
        self.answers.get_mut(turn.checked_sub(1)? as usize)
    }

    /// The answer that a line is. A bot's begins with whoever tells of it first.
    pub(super) fn answer_of(&mut self, line: Line) -> Option<&mut Answer> {
        match line {
            Line::Answer { turn } => self.answer_mut(turn),
            Line::Bot { turn } => {
                let due_us = self.said_mut(turn)?.due_us;
                let begun = Answer { due_us, told: Told::Accepted, ..Answer::default() };
                Some(self.bot_answers.entry(turn).or_insert(begun))
            }
            Line::Customer { .. } | Line::Other => None,
        }
    }

    /// The answer whose line has this number.
    pub(super) fn answer_at(&mut self, number: u32) -> Option<&mut Answer> {
        let line = *self.lines.get(number.checked_sub(1)? as usize)?;
        self.answer_of(line)
    }

    /// An update or a reply says that this agent won the seat under this epoch.
    pub(super) fn won(&mut self, agent: u32, epoch: u64, told: bool, faults: &mut Faults) {
        let chat = self.chat;
        match self.seats.iter_mut().rev().find(|won| won.epoch == epoch) {
            Some(won) => {
                let other = won.agent;
                if other != agent || (won.told && told) {
                    faults.add(Kind::TwoHolders, || {
                        format!("chat {chat}: epoch {epoch} was won by agent {other}, and again by agent {agent}")
                    });
                }
                won.told |= told;
            }
            None => self.seats.push(Won { epoch, agent, told }),
        }
    }

    /// The seat got a holder.
    pub(super) fn claimed(&mut self, agent: u32, epoch: u64, how: &ClaimHow, faults: &mut Faults) {
        let (chat, last, holder) = (self.chat, self.epoch, self.holder);
        if epoch <= last {
            faults.add(Kind::EpochDown, || format!("chat {chat}: epoch {epoch} after {last}"));
        }
        if self.bot && matches!(how, ClaimHow::Started | ClaimHow::Resumed) {
            faults.add(Kind::TwoHolders, || format!("chat {chat}: agent {agent} starts what the bot holds"));
        }
        if let (Some(holder), ClaimHow::Started | ClaimHow::Resumed) = (holder, how) {
            faults.add(Kind::TwoHolders, || {
                format!("chat {chat}: agent {agent} starts under epoch {epoch} while agent {holder} holds the seat")
            });
        }
        self.won(agent, epoch, true, faults);
        self.epoch = self.epoch.max(epoch);
        self.holder = Some(agent);
        (self.bot, self.awaited) = (false, false);
    }

    /// The bot got the seat.
    pub(super) fn bot_seated(&mut self, epoch: u64, returned: bool, faults: &mut Faults) {
        let (chat, last, holder) = (self.chat, self.epoch, self.holder);
        if epoch <= last {
            faults.add(Kind::EpochDown, || format!("chat {chat}: the bot's epoch {epoch} after {last}"));
        }
        if self.bot || (holder.is_some() && !returned) {
            faults.add(Kind::TwoHolders, || {
                format!("chat {chat}: the bot gets the seat under epoch {epoch} while {holder:?} or itself holds it")
            });
        }
        (self.epoch, self.holder) = (self.epoch.max(epoch), None);
        (self.bot, self.bot_comes, self.awaited) = (true, false, false);
    }

    /// The bot left the conversation, or closed it.
    pub(super) fn bot_left(&mut self, faults: &mut Faults) {
        let chat = self.chat;
        if !self.bot {
            faults.add(Kind::NotTheHolder, || format!("chat {chat}: the bot leaves a seat that it does not hold"));
        }
        self.bot = false;
    }

    /// The seat fell free; `of` is who held it, where that is said.
    pub(super) fn freed(&mut self, of: Option<u32>, faults: &mut Faults) {
        let (chat, holder) = (self.chat, self.holder);
        if of.is_some() && of != holder {
            faults.add(Kind::NotTheHolder, || {
                format!("chat {chat}: agent {of:?} gave a seat back that {holder:?} holds")
            });
        }
        self.holder = None;
        self.awaited = false;
    }
}

/// The line that a message makes, if it is one of ours.
pub(super) fn line_of(message: &Message) -> Option<(Line, Word)> {
    let text = match &message.content {
        Content::Text { text } => text,
        Content::Mail(mail) => &mail.text,
        _ => return None,
    };
    if let Some(word) = Word::of_customer(text) {
        return Some((Line::Customer { turn: word.turn, late: message.late }, word));
    }
    if let Some(word) = Word::of_bot(text) {
        return Some((Line::Bot { turn: word.turn }, word));
    }
    let word = Word::of_answer(text)?;
    Some((Line::Answer { turn: word.turn }, word))
}
