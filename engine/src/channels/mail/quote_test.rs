//! How mail programs in Japan quote, one case each.

use super::*;

/// Name, mail, what is shown.
const FOLDED: &[(&str, &str, &str)] = &[
    (
        "gmail",
        "承知しました。\n\n2026年11月21日(土) 10:23 山田太郎 <a@b.jp>:\n\n> いかがですか。\n> よろしく\n",
        "承知しました。",
    ),
    (
        "gmail wrapped",
        "はい。\n\n2026年11月21日(土) 10:23 株式会社とても長い名前の会社 サポート窓口\n<support@example.co.jp>:\n> 本文\n",
        "はい。",
    ),
    ("apple", "了解です\n\n2026/11/21 10:23、山田のメール:\n\n> 本文\n", "了解です"),
    ("apple without signs", "了解です\n\n2026/11/21 10:23、山田のメール：\n\n本文\n", "了解です"),
    ("english", "Thanks.\n\nOn Sat, Nov 21, 2026 at 10:23 AM Taro <a@b.jp> wrote:\n> text\n", "Thanks."),
    (
        "english wrapped",
        "Thanks.\n\nOn Sat, Nov 21, 2026 at 10:23 AM Taro Yamada\n<a@b.jp> wrote:\n\n> text\n",
        "Thanks.",
    ),
    ("wrote in japanese", "ありがとう\n\n山田 さんは書きました:\n> 本文\n", "ありがとう"),
    (
        "outlook",
        "よろしく\n\n-----Original Message-----\nFrom: A <a@b.jp>\nSent: x\nTo: y\nSubject: z\n\n本文\n",
        "よろしく",
    ),
    ("outlook japanese", "よろしく\n\n----- 元のメッセージ -----\n差出人: A\n本文\n", "よろしく"),
    (
        "outlook rule",
        "返事\n\n________________________________\n差出人: A <a@b.jp>\n送信日時: 2026年11月21日\n宛先: B\n件名: C\n\n本文\n",
        "返事",
    ),
    ("outlook bold", "返事\n\n*差出人:* A <a@b.jp>\n*送信日時:* 2026年\n*宛先:* B\n*件名:* C\n\n本文", "返事"),
    ("full-width colons", "返事\n\n差出人：A\n日時：2026年11月21日\n宛先：B\n件名：C\n\n本文", "返事"),
    ("thunderbird forward", "見てください\n\n-------- 転送メッセージ --------\n件名: x\n\n本文", "見てください"),
    ("gmail forward", "FYI\n\n---------- Forwarded message ---------\nFrom: A\n\n本文", "FYI"),
    ("wide sign", "はい\n\n＞ いかがですか\n＞ よろしく\n", "はい"),
    ("bar sign", "はい\n\n｜いかがですか\n", "はい"),
    ("signature", "本文です\n\n-- \n山田太郎\n株式会社例\n", "本文です"),
    ("phone", "はい\n\niPhoneから送信\n\n> 前のメール\n", "はい"),
    ("phone alone", "はい\n\nSent from my iPhone\n", "はい"),
    ("android", "はい\n\nAndroid から送信\n", "はい"),
    ("signature then quote", "はい\n-- \n山田\n\n2026年11月21日(土) 10:23 A <a@b.jp>:\n> x\n", "はい"),
    ("sentinel", "はい\n\u{E0F1}\nA wrote\n前のメール\n", "はい"),
    ("long list of recipients", "返事\n\nFrom: A\nSent: x\nTo: b@c.jp; d@e.jp;\n f@g.jp\nSubject: y\n\n本文", "返事"),
];

/// Name, and a mail of which everything is shown.
const WHOLE: &[(&str, &str)] = &[
    ("answers between the lines", "> 一つ目\nはい\n> 二つ目\nいいえ"),
    ("answer below", "2026年11月21日(土) 10:23 A <a@b.jp>:\n> いかが\n\n下に書きます"),
    ("nothing but a forward", "---------- Forwarded message ---------\nFrom: A\n\n本文"),
    ("nothing but a header block", "From: A\nDate: x\nSubject: y\n\n本文"),
    ("two header words are none", "件名: 注文\n宛先: 東京\n\n本文"),
    ("a colon at the end", "次のとおりです:\n一\n二"),
    ("a date and a colon", "2026年11月21日の予定:\n一"),
    ("dashes", "---\n本文\n---\n続き"),
    ("a form", "会社名: 例\n氏名: 山田\n電話: 03\n内容: 質問"),
    ("empty", ""),
];

#[test]
fn what_is_only_quoted_is_folded() {
    for (name, mail, shown) in FOLDED {
        assert_eq!(fold(mail), ((*shown).to_owned(), true), "{name}");
    }
}

#[test]
fn what_the_customer_wrote_is_never_folded() {
    for (name, mail) in WHOLE {
        assert_eq!(fold(mail), ((*mail).to_owned(), false), "{name}");
    }
}

#[test]
fn a_mail_of_quotes_alone_is_folded_and_says_so() {
    assert_eq!(fold("> a\n> b\n"), (String::new(), true));
}

#[test]
fn a_long_text_below_a_dash_line_is_no_signature() {
    let text = format!("はじめに\n-- \n{}", "長い本文\n".repeat(40));
    assert_eq!(fold(&text), (text.trim_end().to_owned(), false));
}
