//! The bot in front of a window (PRODUCT B3): to which conversations it comes first, and what waits to be told to it.
//!
//! A bot is no agent: it is no member, takes no place, is nobody's colleague. It holds a seat as [`super::seat::Holder::Bot`].

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::id::InboxId;
use super::time::Timestamp;

/// How a bot stands in front of a window; part of the window's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotRules {
    /// What colleagues see.
    pub name: String,
    /// The accounts whose new conversations it gets; empty for every account of the window.
    pub inboxes: BTreeSet<InboxId>,
    /// It is told of a conversation before its first message, and gets new friends too.
    pub greets: bool,
    /// How long a customer's message may stay without its answer.
    pub answer_within_ms: i64,
}

impl BotRules {
    /// Whether new conversations over this account go to it.
    #[must_use]
    pub fn fronts(&self, inbox: InboxId) -> bool {
        self.inboxes.is_empty() || self.inboxes.contains(&inbox)
    }
}

/// What a conversation knows of its window's bot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotLine {
    /// How long it may leave a message without an answer, as it was when it got the seat.
    pub answer_within_ms: i64,
    /// Until then it must have answered; `None` while nothing waits for it, or while it does not hold the seat.
    pub answer_by: Option<Timestamp>,
    /// The number of the last thing that it was, or is, to be told.
    pub last_letter: u32,
    /// What it is still to be told, in order. At most [`LETTERS`]; one more opens the conversation to people.
    pub letters: VecDeque<Letter>,
    /// What it could not be told. At most [`DEAD`]; the oldest is forgotten.
    pub dead: VecDeque<DeadLetter>,
}

/// Things that may wait to be told to a bot in one conversation.
pub const LETTERS: usize = 50;
/// Dead letters kept of one conversation.
pub const DEAD: usize = 50;
/// How long a dead letter is kept, in milliseconds.
pub const DEAD_FOR_MS: i64 = 7 * 24 * 3_600_000;

/// One thing that a bot is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its number in the conversation, from 1; with the conversation it is the name of the delivery, for ever.
    pub number: u32,
    /// What happened.
    pub about: About,
    /// When it happened.
    pub at: Timestamp,
    /// The seat's epoch under which the bot holds, or held, the conversation.
    pub epoch: u64,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// It got the seat of a new conversation.
    Started,
    /// The customer wrote.
    Message(u32),
    /// The customer took this message back.
    TakenBack(u32),
    /// A person gave the conversation back.
    Returned {
        /// What they say.
        note: Option<String>,
    },
    /// It holds the seat no more. Told once; nothing follows when it is not heard.
    Left(Lost),
}

/// Why a bot lost a seat that it did not give away itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lost {
    /// A person took it.
    TakenOver,
    /// As the bot left it.
    Left(Leaving),
    /// The chat ended.
    Ended,
}

/// Something that a bot could not be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// What it was.
    pub letter: Letter,
    /// When it was given up.
    pub died_at: Timestamp,
    /// Why.
    pub why: DeadWhy,
}

/// Why a letter was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeadWhy {
    /// The bot lost the conversation before it had taken this.
    TooLate,
    /// It answered with a status that means no for good.
    Refused {
        /// The status.
        status: u16,
    },
    /// The tries were used up.
    Unreachable,
}

/// How a bot came by a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seating {
    /// A new conversation, or a done one whose customer wrote.
    Started {
        /// It is told before the first message.
        told: bool,
    },
    /// The holder gave it back.
    Returned {
        /// Who.
        from: super::id::AgentId,
        /// What they say to the bot.
        note: Option<String>,
    },
    /// What the bot had missed is told again, and nobody had taken the conversation meanwhile.
    Replayed {
        /// The administrator.
        by: super::id::AgentId,
    },
}

/// How a bot left a conversation to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leaving {
    /// It asked for a person.
    HandedOver,
    /// A message stayed without its answer for too long.
    TimedOut,
    /// It could not be told something.
    Failed,
    /// Too much waited for it.
    Behind,
    /// It was taken out of the window, or out of the account.
    Detached,
}

impl BotLine {
    /// Puts something behind what waits.
    pub(super) fn tell(&mut self, about: About, at: Timestamp, epoch: u64) {
        self.last_letter += 1;
        self.letters.push_back(Letter { number: self.last_letter, about, at, epoch });
    }

    /// The customer wrote while the bot holds the seat.
    pub(super) fn hear(&mut self, number: u32, at: Timestamp, epoch: u64) {
        self.answer_by.get_or_insert(at.plus_ms(self.answer_within_ms));
        self.tell(About::Message(number), at, epoch);
    }

    /// The customer wrote what no machine may answer: the bot is not told, and people get it when its time is over.
    pub(super) fn pass_over(&mut self, at: Timestamp) {
        self.answer_by.get_or_insert(at.plus_ms(self.answer_within_ms));
    }

    /// The bot has answered. Messages behind the one that it is just being told still wait for theirs.
    pub(super) fn answered(&mut self, at: Timestamp) {
        let more = self.letters.iter().skip(1).any(|letter| matches!(letter.about, About::Message(_)));
        self.answer_by = more.then(|| at.plus_ms(self.answer_within_ms));
    }

    /// The bot lost the seat against its will: what it had not heard is dead, or, where a person has taken the
    /// conversation, nobody's business any more.
    pub(super) fn lose(&mut self, lost: Lost, at: Timestamp, epoch: u64) {
        let waited = std::mem::take(&mut self.letters);
        self.answer_by = None;
        if let Lost::Left(_) = lost {
            for letter in waited {
                self.bury(letter, DeadWhy::TooLate, at);
            }
        }
        self.tell(About::Left(lost), at, epoch);
    }

    /// The bot gave the seat away, or closed the case.
    pub(super) fn leave(&mut self) {
        self.letters.clear();
        self.answer_by = None;
    }

    /// Takes a letter from what waits.
    pub(super) fn take(&mut self, number: u32) -> Option<Letter> {
        let place = self.letters.iter().position(|letter| letter.number == number)?;
        self.letters.remove(place)
    }

    /// Keeps a letter among the dead. Words about a loss are told once, and not kept.
    pub(super) fn bury(&mut self, letter: Letter, why: DeadWhy, at: Timestamp) {
        if matches!(letter.about, About::Left(_)) {
            return;
        }
        self.dead.push_back(DeadLetter { letter, died_at: at, why });
        if self.dead.len() > DEAD {
            self.dead.pop_front();
        }
    }

    /// Everything dead waits again, in its old order and under its old numbers.
    pub(super) fn revive(&mut self) {
        let mut all: Vec<Letter> = self.dead.drain(..).map(|dead| dead.letter).chain(self.letters.drain(..)).collect();
        all.sort_by_key(|letter| letter.number);
        self.letters = all.into();
    }

    /// Whether something waits to be told, or to be looked at by a person.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        !self.letters.is_empty() || !self.dead.is_empty()
    }
}
