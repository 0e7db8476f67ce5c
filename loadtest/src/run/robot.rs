//! The bot that stands in front in a run: answers every text, then hands some conversations over and closes others.

use std::sync::Arc;

use madoguchi_protocol::api::{BotDeliveryType, Content};

use super::chance::draw;
use super::words::Word;
use crate::bot::{Act, Brain, Treatment};

/// Share of the texts after which it calls a person.
const HANDS_OVER: f64 = 0.3;
/// Share after which it closes the case.
const CLOSES: f64 = 0.1;

/// Its brain: a function of the seed and of what was said.
pub(super) fn brain(seed: u64) -> Brain {
    Arc::new(move |told| {
        let text = match told.message.as_ref().map(|message| &message.content) {
            Some(Content::Text { text }) if told.kind == BotDeliveryType::Message => text,
            _ => return Vec::new(),
        };
        let Some(word) = Word::of_customer(text) else { return Vec::new() };
        let mut acts = vec![Act::Say(word.bot())];
        match draw(seed, &[8, u64::from(word.chat), u64::from(word.turn)]) {
            share if share < HANDS_OVER => acts.push(Act::HandOver("担当者をお願いします。".to_owned())),
            share if share < HANDS_OVER + CLOSES => acts.push(Act::Complete),
            _ => {}
        }
        acts
    })
}

/// What was wrong with how bots were treated, beside that `accepted` answers of theirs were told.
pub(super) fn wrongs(all: &[Treatment], accepted: u64) -> Vec<String> {
    let sum = |what: fn(&Treatment) -> usize| all.iter().map(what).sum::<usize>();
    let mut wrongs = Vec::new();
    for (what, count) in [
        ("deliveries without a right signature", sum(|one| one.unsigned)),
        ("deliveries after a later one", sum(|one| one.out_of_order)),
        ("calls that failed", sum(|one| one.failed)),
    ] {
        if count > 0 {
            wrongs.push(format!("{count} {what}"));
        }
    }
    let said = sum(|one| one.said) as u64;
    if said != accepted {
        wrongs.push(format!("{said} answers were taken from bots, {accepted} were told"));
    }
    wrongs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_that_is_treated_badly_is_noticed() {
        let well = Treatment { told: 9, messages: 9, said: 9, again: 1, too_late: 2, ..Treatment::default() };
        assert!(wrongs(&[well], 9).is_empty());
        assert_eq!(wrongs(&[well], 8).len(), 1);
        for badly in
            [Treatment { unsigned: 1, ..well }, Treatment { out_of_order: 1, ..well }, Treatment { failed: 1, ..well }]
        {
            assert_eq!(wrongs(&[well, badly], 18).len(), 1, "{badly:?}");
        }
    }
}
