//! The platforms that customers come through, and how many come through each.
//!
//! A new channel is a variant of [`Kind`], and an arm wherever the compiler then asks for one: its double in `scene`, its
//! customers in `customers`.

use std::str::FromStr;

use serde::Serialize;

/// A channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// LINE.
    Line,
    /// LINE WORKS.
    Lineworks,
    /// Mail.
    Mail,
    /// LINE, over an account with a bot in front.
    Bot,
    /// A bot channel: a system behind a signed webhook.
    Botchannel,
}

impl Kind {
    /// Every channel.
    pub const ALL: [Self; 5] = [Self::Line, Self::Lineworks, Self::Mail, Self::Bot, Self::Botchannel];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Lineworks => "lineworks",
            Self::Mail => "mail",
            Self::Bot => "bot",
            Self::Botchannel => "botchannel",
        }
    }
}

/// How many of a hundred chats come through which channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mix(Vec<(Kind, u32)>);

impl Default for Mix {
    fn default() -> Self {
        Self(vec![(Kind::Line, 1)])
    }
}

/// A mix that cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mix is like line=50,lineworks=15,mail=20,bot=15: each channel once, shares from 1 to 100")]
pub struct BadMix;

impl FromStr for Mix {
    type Err = BadMix;

    fn from_str(text: &str) -> Result<Self, BadMix> {
        let mut shares: Vec<(Kind, u32)> = Vec::new();
        for part in text.split(',') {
            let (word, share) = part.split_once('=').ok_or(BadMix)?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word.trim()).ok_or(BadMix)?;
            let share = share.trim().parse().ok().filter(|share| (1..=100).contains(share)).ok_or(BadMix)?;
            if shares.iter().any(|(known, _)| *known == kind) {
                return Err(BadMix);
            }
            shares.push((kind, share));
        }
        Ok(Self(shares))
    }
}

impl Mix {
    /// The channels in it.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.0.iter().map(|(kind, _)| *kind)
    }

    /// Whether a channel is in it.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.kinds().any(|known| known == kind)
    }

    /// The channel of a chat. Every window has its share of each.
    pub(super) fn of(&self, chat: u32, windows: u32) -> Kind {
        let whole: u32 = self.0.iter().map(|(_, share)| share).sum();
        // A step without a common measure with the shares spreads them instead of laying them in blocks.
        let mut place = (chat / windows).wrapping_mul(7_919) % whole;
        for (kind, share) in &self.0 {
            if place < *share {
                return *kind;
            }
            place -= share;
        }
        self.0[0].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_gives_every_window_its_share_of_each_channel() {
        let mix: Mix = "line=80,lineworks=20".parse().expect("a mix");
        for window in 0..4 {
            let works = (0..400).filter(|chat| chat % 4 == window && mix.of(*chat, 4) == Kind::Lineworks).count();
            assert_eq!(works, 20, "window {window}");
        }
        assert_eq!(Mix::default().of(7, 2), Kind::Line);
    }

    #[test]
    fn a_mix_that_names_nothing_known_or_nobody_is_refused() {
        for text in ["", "line", "line=0", "line=101", "pigeon=5", "line=1,line=2", "line=1,"] {
            assert_eq!(text.parse::<Mix>(), Err(BadMix), "{text}");
        }
    }
}
