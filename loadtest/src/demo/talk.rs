//! What is said next, as a function of what was heard: by a customer to an agent's words, and by the colleague whom the
//! demo plays to a customer's. Pure; what is left to chance is drawn by the caller.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::people::Person;
use super::topics::{ADDRESSES, NODS, STICKERS, THANKS, Topic};

/// One bubble of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Say {
    /// Words.
    Text(String),
    /// A sticker: package and number.
    Sticker(&'static str, &'static str),
    /// A picture, drawn from this seed.
    Picture(String),
}

impl Say {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// What a customer makes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reaction {
    /// What they say, one bubble each.
    pub(super) says: Vec<Say>,
    /// Nothing is left to be said.
    pub(super) is_end: bool,
}

/// What an agent's words ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Goodbye,
    Number,
    Picture,
    Phone,
    Address,
    Name,
    Patience,
    Question,
    Nothing,
}

/// The first that fits counts: words of farewell end a talk whatever else they say.
const CUES: [(Asked, &[&str]); 8] = [
    (Asked::Goodbye, &["またのご利用", "お気軽に", "失礼いたします", "失礼します"]),
    (Asked::Picture, &["写真", "画像", "スクリーンショット"]),
    (Asked::Phone, &["電話番号"]),
    (Asked::Number, &["番号"]),
    (Asked::Address, &["住所", "届け先", "送り先"]),
    (Asked::Name, &["お名前", "氏名", "名義"]),
    (Asked::Patience, &["お待ち", "確認いたします", "確認します", "お調べ", "少々"]),
    (Asked::Question, &["?", "？", "でしょうか", "ますか", "ですか"]),
];

fn asked(heard: &str) -> Asked {
    let cue = CUES.iter().find(|(_, words)| words.iter().any(|word| heard.contains(word)));
    cue.map_or(Asked::Nothing, |(asked, _)| *asked)
}

/// What `who` says to what an agent wrote. `next` is the line of the topic that comes next, and is moved on where it is
/// said.
pub(super) fn react(who: &Person, topic: &Topic, heard: &str, next: &mut usize, chance: &mut StdRng) -> Reaction {
    let go_on = |says: Vec<Say>| Reaction { says, is_end: false };
    match asked(heard) {
        Asked::Goodbye => Reaction { says: thanks(chance), is_end: true },
        Asked::Number => go_on(vec![Say::text(match topic.number {
            Some(number) => format!("{number} です。"),
            None => "すみません、番号はわかりません…".to_owned(),
        })]),
        Asked::Picture if topic.has_picture => {
            let seed = format!("{} {}", who.name, chance.random::<u32>());
            go_on(vec![Say::Picture(seed), Say::text("これで見えますか？")])
        }
        Asked::Picture => go_on(vec![Say::text("今は手元にないので、あとで送ります。")]),
        Asked::Phone => go_on(vec![Say::text(who.phone)]),
        Asked::Address => go_on(vec![Say::text(pick(&ADDRESSES, chance))]),
        Asked::Name => go_on(vec![Say::text(format!("{} です。", who.full_name))]),
        Asked::Patience if chance.random_bool(0.4) => go_on(vec![sticker(chance)]),
        Asked::Patience => go_on(vec![Say::text(pick(&NODS, chance))]),
        Asked::Question | Asked::Nothing => match topic.lines.get(*next) {
            Some(line) => {
                *next += 1;
                go_on(vec![Say::text(*line)])
            }
            None => Reaction { says: thanks(chance), is_end: true },
        },
    }
}

/// The last words, sometimes with a sticker.
pub(super) fn thanks(chance: &mut StdRng) -> Vec<Say> {
    let mut says = vec![Say::text(pick(&THANKS, chance))];
    if chance.random_bool(0.5) {
        says.push(sticker(chance));
    }
    says
}

fn sticker(chance: &mut StdRng) -> Say {
    let (package, sticker) = STICKERS.choose(chance).expect("there are some");
    Say::Sticker(package, sticker)
}

/// One of several.
pub(super) fn pick(words: &[&'static str], chance: &mut StdRng) -> &'static str {
    words.choose(chance).expect("there are some")
}

/// How the colleague begins.
const GREETING: &str = "お問い合わせありがとうございます。";

/// Whether these are the colleague's first words in a case.
pub(super) fn is_greeting(text: &str) -> bool {
    text.starts_with(GREETING)
}

/// What the colleague answers to a customer's last words, by how many answers they gave before; `None` when the case is
/// closed.
pub(super) fn answer(heard: &str, given: u32) -> Option<String> {
    const ASKS: [(&[&str], &str); 6] = [
        (&["割れ", "壊れ", "傘", "型番"], "恐れ入りますが、お写真を送っていただけますか？"),
        (&["予約"], "ご予約のお名前をお伺いできますでしょうか。"),
        (&["ログイン", "アプリ"], "ご登録の電話番号を教えていただけますか？"),
        (&["引っ越", "届け先"], "新しいご住所を教えていただけますか？"),
        (&["注文", "届", "交換", "ポイント", "領収書", "キャンセル"], "ご注文番号を教えていただけますか？"),
        (&[], "担当の者に確認いたします。少々お待ちください。"),
    ];
    match given {
        0 => {
            let fits = |words: &[&str]| words.is_empty() || words.iter().any(|word| heard.contains(word));
            let (_, ask) = ASKS.iter().find(|(words, _)| fits(words))?;
            Some(format!("{GREETING}サポート窓口の高橋です。{ask}"))
        }
        1 => Some("ありがとうございます。ただいま確認いたしました。ご希望どおりに手配いたします。".to_owned()),
        2 => Some(
            "手続きが完了いたしました。またお困りのことがございましたら、お気軽にお問い合わせください。".to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::people::CUSTOMERS;
    use super::super::topics::TOPICS;
    use super::*;

    fn says(topic: usize, heard: &str) -> Reaction {
        react(&CUSTOMERS[0], &TOPICS[topic], heard, &mut 0, &mut StdRng::seed_from_u64(1))
    }

    #[test]
    fn a_customer_answers_what_was_asked() {
        let text = |reaction: Reaction| match &reaction.says[0] {
            Say::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(says(0, "ご注文番号を教えていただけますか？")), "1234-5678 です。");
        assert_eq!(text(says(0, "ご登録の電話番号をお願いします")), "090-0000-0101");
        assert_eq!(text(says(0, "お名前をお伺いできますでしょうか。")), "山田 太一 です。");
        assert!(matches!(says(1, "お写真を送っていただけますか？").says[0], Say::Picture(_)));
        assert!(!says(0, "少々お待ちください。").is_end);
        assert!(says(0, "またのご利用をお待ちしております。").is_end);
    }

    #[test]
    fn every_talk_comes_to_an_end_whatever_the_agent_says() {
        for topic in &TOPICS {
            let (mut next, mut chance) = (0, StdRng::seed_from_u64(7));
            let ended = (0..5).any(|_| react(&CUSTOMERS[3], topic, "はい。", &mut next, &mut chance).is_end);
            assert!(ended, "{topic:?}");
        }
    }

    #[test]
    fn the_colleague_closes_every_case_and_never_asks_for_what_the_customer_does_not_understand() {
        for topic in &TOPICS {
            let first = answer(topic.opening[0], 0).expect("an answer");
            assert_ne!(asked(&first), Asked::Goodbye, "{first}");
            assert_eq!(asked(&answer("x", 2).expect("an answer")), Asked::Goodbye);
            assert_eq!(answer("x", 3), None);
        }
    }
}
