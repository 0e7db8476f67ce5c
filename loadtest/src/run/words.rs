//! What simulated people write. Every text names its chat and its place in it, so that whoever sees it anywhere can say
//! what it is: `c12.3 …` is the third message of customer 12, `a12.1 …` the first answer to them, `b12.3 …` what the bot
//! in front of the window says to the third.

use super::chance::draw;

const TALK: [&str; 6] = [
    "こんにちは。",
    "注文した品物がまだ届いていないようです。状況を教えていただけますか。",
    "はい、お願いします。",
    "先ほどの件ですが、住所を変更したいです。東京都千代田区丸の内一丁目一番一号にお願いします。",
    "ありがとうございます!助かりました🍎",
    "番号は1234-5678です。\n届くのは明日の午後でしょうか、それとも明後日になりますか。",
];

/// One text of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Which chat.
    pub(crate) chat: u32,
    /// Its place among the texts of the same side, from 1.
    pub(crate) turn: u32,
}

impl Word {
    /// As the customer writes it.
    pub(crate) fn customer(self, seed: u64) -> String {
        format!("c{}.{} {}", self.chat, self.turn, self.talk(seed))
    }

    /// As an agent writes it.
    pub(crate) fn answer(self, seed: u64) -> String {
        format!("{} {}", self.client_id(), self.talk(seed ^ 1))
    }

    /// The answer's own id.
    pub(crate) fn client_id(self) -> String {
        format!("a{}.{}", self.chat, self.turn)
    }

    fn talk(self, seed: u64) -> &'static str {
        TALK[(draw(seed, &[u64::from(self.chat), u64::from(self.turn)]) * TALK.len() as f64) as usize % TALK.len()]
    }

    /// As the bot in front of the window answers a customer's text.
    pub(crate) fn bot(self) -> String {
        format!("b{}.{} お調べします。", self.chat, self.turn)
    }

    /// Reads a customer's text.
    pub(crate) fn of_customer(text: &str) -> Option<Self> {
        Self::read(text.strip_prefix('c')?)
    }

    /// Reads an answer's text or its client id.
    pub(crate) fn of_answer(text: &str) -> Option<Self> {
        Self::read(text.strip_prefix('a')?)
    }

    /// Reads what a bot said.
    pub(crate) fn of_bot(text: &str) -> Option<Self> {
        Self::read(text.strip_prefix('b')?)
    }

    fn read(rest: &str) -> Option<Self> {
        let (chat, rest) = rest.split_once('.')?;
        let turn = rest.split(char::is_whitespace).next()?;
        Some(Self { chat: chat.parse().ok()?, turn: turn.parse().ok().filter(|turn| *turn > 0)? })
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn what_is_written_says_whose_it_is() {
        for seed in 0..20 {
            let word = Word { chat: 90_210, turn: 7 };
            assert_eq!(Word::of_customer(&word.customer(seed)), Some(word));
            assert_eq!(Word::of_answer(&word.answer(seed)), Some(word));
            assert_eq!(Word::of_answer(&word.client_id()), Some(word));
            assert_eq!(Word::of_customer(&word.answer(seed)), None);
            assert_eq!((Word::of_bot(&word.bot()), Word::of_answer(&word.bot())), (Some(word), None));
        }
        for foreign in ["", "c", "c1", "c1.", "c1.0 x", "c1.x", "こんにちは", "c-1.2"] {
            assert_eq!(Word::of_customer(foreign), None, "{foreign}");
        }
    }
}
