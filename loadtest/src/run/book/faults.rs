//! What the server did wrong: counted by kind, the first of each kept with the words that lead to it.

use std::collections::BTreeMap;

use serde::Serialize;

/// As many descriptions of one kind are kept; the others are counted.
const KEPT: usize = 10;

/// The promises that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A message whose webhook got 200 was not told, or a watching socket was not told everything.
    Missing,
    /// A message or the end of an answer was told twice.
    Doubled,
    /// Messages of one customer stand in another order than they were written in.
    OutOfOrder,
    /// A socket was told a position that is not the one after its last.
    PositionGap,
    /// Two sockets were told different things at one position.
    ToldDifferently,
    /// The numbers of a conversation are not 1, 2, 3…
    NumberGap,
    /// A seat had two holders, or two agents won it under one epoch.
    TwoHolders,
    /// A seat's epoch did not grow.
    EpochDown,
    /// An answer was accepted from somebody who did not hold the seat.
    NotTheHolder,
    /// A claim was won that no update tells.
    ClaimUntold,
    /// An accepted answer neither arrived nor is shown as failed, unknown or unsent.
    AnswerLost,
    /// An answer arrived more than once.
    AnswerDoubled,
    /// Answers arrived in another order than they were accepted in.
    AnswerOutOfOrder,
    /// An answer arrived that was refused or never given, or arrived and is shown as failed.
    AnswerUnasked,
    /// An answer has no end.
    AnswerUnsettled,
    /// A timeline over REST is not what the sockets were told.
    TimelineDiffers,
    /// A snapshot came where at most 10,000 records were missed.
    NeedlessSnapshot,
    /// A command got no reply, or a socket was shut out.
    Unanswered,
    /// Something was told that cannot be read, or about somebody unknown.
    Stray,
    /// A conversation was set aside.
    SetAside,
    /// The bot that stands in front lost a conversation without wanting to, or was not told what it should be, in order,
    /// and signed.
    BotLeft,
    /// The check itself is incomplete: something was dropped before it could be looked at.
    Unchecked,
}

/// One kind of fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How often.
    pub times: u64,
    /// The first of them, in words.
    pub first: Vec<String>,
}

/// All faults of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Faults(BTreeMap<Kind, Found>);

impl Faults {
    /// Notes one. `what` is only made while it is kept.
    pub(crate) fn add(&mut self, kind: Kind, what: impl FnOnce() -> String) {
        let found = self.0.entry(kind).or_default();
        found.times += 1;
        if found.first.len() < KEPT {
            found.first.push(what());
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (kind, found) in other.0 {
            let here = self.0.entry(kind).or_default();
            here.times += found.times;
            here.first.extend(found.first);
            here.first.truncate(KEPT);
        }
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was wrong, by kind.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Found)> {
        self.0.iter().map(|(kind, found)| (*kind, found))
    }

    /// How often a kind was found.
    #[must_use]
    pub fn times(&self, kind: Kind) -> u64 {
        self.0.get(&kind).map_or(0, |found| found.times)
    }
}
