//! What a window says by itself (PRODUCT H2, H3, H5, V6, G9), as an administrator sets it.

use serde::{Deserialize, Serialize};

use super::check_text;
use super::period::PeriodId;
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// Limits of what may be set; one more is refused.
pub mod limits {
    /// Characters of a text, as a person counts them.
    pub const TEXT_CHARS: usize = 500;
    /// Bytes of a text, so that its record has room for what caused it.
    pub const TEXT_BYTES: usize = 4_096;
    /// Placeholders in a text.
    pub const PLACEHOLDERS: usize = 5;
    /// The shortest silence that ends a chat, in milliseconds.
    pub const SILENCE_MIN_MS: i64 = 60_000;
    /// The longest silence that ends a chat, in milliseconds: 30 days.
    pub const SILENCE_MAX_MS: i64 = 30 * 86_400_000;
    /// Words with which a customer ends the chat.
    pub const END_WORDS: usize = 5;
    /// Characters of such a word.
    pub const END_WORD_CHARS: usize = 20;
}

/// Every automatic answer. An empty text is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Once, to who adds the window as a friend.
    pub greeting: String,
    /// To who writes outside the hours.
    pub absence: String,
    /// For who comes while nobody can answer.
    pub offline: Offline,
    /// How a chat ends.
    pub end: ChatEnd,
}

/// Which of its answers a window gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Automatic {
    /// To a new friend.
    Greeting,
    /// Outside the hours.
    Absence,
    /// In this closed period.
    ClosedPeriod(PeriodId),
    /// While the switch of maintenance is on.
    Maintenance,
    /// While nobody can answer.
    Offline,
    /// When a chat has ended.
    End,
}

/// For who comes while nobody can answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offline {
    /// What it says.
    pub text: String,
    /// How it is shown.
    pub shown: OfflineShown,
    /// Also within the hours, while every agent of the window is offline.
    pub when_nobody_is_here: bool,
}

/// How the offline notice is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfflineShown {
    /// As an answer to a message.
    #[default]
    Message,
    /// As a line at the top of a page.
    Bar,
    /// As a card in a page.
    Card,
    /// As a balloon beside the chat's button.
    Balloon,
}

/// How a chat ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatEnd {
    /// Said each time.
    pub notice: String,
    /// The customer's silence after an agent's word that ends it; 0 for never.
    pub after_silence_ms: i64,
    /// What a customer writes, and nothing else, to end it.
    pub words: Vec<String>,
}

/// The switch of maintenance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Since when it is on; `None` where it is off.
    pub since: Option<Timestamp>,
    /// What is answered while it is on.
    pub text: String,
}

impl Answers {
    /// The same answers with their words trimmed, if they keep the rules.
    ///
    /// # Errors
    /// The field with its rule.
    pub fn checked(mut self) -> Result<Self, Rejected> {
        check_text("greeting", &self.greeting, limits::TEXT_CHARS)?;
        check_text("absence", &self.absence, limits::TEXT_CHARS)?;
        check_text("offline.text", &self.offline.text, limits::TEXT_CHARS)?;
        check_text("end.notice", &self.end.notice, limits::TEXT_CHARS)?;
        let silence = self.end.after_silence_ms;
        if silence != 0 && !(limits::SILENCE_MIN_MS..=limits::SILENCE_MAX_MS).contains(&silence) {
            return Err(Rejected::invalid("end.after_silence_ms", "0, or 60,000 to 2,592,000,000"));
        }
        self.end.words.iter_mut().for_each(|word| *word = word.trim().to_owned());
        self.end.words.sort_unstable();
        self.end.words.dedup();
        if self.end.words.len() > limits::END_WORDS {
            return Err(Rejected::invalid("end.words", "at most 5 words"));
        }
        for word in &self.end.words {
            if word.is_empty() {
                return Err(Rejected::invalid("end.words", "words of 1 to 20 characters"));
            }
            check_text("end.words", word, limits::END_WORD_CHARS)?;
        }
        Ok(self)
    }
}

impl ChatEnd {
    /// Whether these words of a customer end the chat.
    #[must_use]
    pub fn is_said_by(&self, text: &str) -> bool {
        let text = text.trim();
        self.words.iter().any(|word| word == text)
    }
}

impl Maintenance {
    /// Whether the switch is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.since.is_some()
    }
}
