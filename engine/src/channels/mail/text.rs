//! What an answer says below what its author wrote: the window's signature, and the mail that it answers.

use jiff::Timestamp as Moment;
use jiff::tz::{Offset, TimeZone};

use crate::domain::time::Timestamp;

/// The mail that is quoted.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    /// Who wrote it: name, or address where there is no name.
    pub who: &'a str,
    /// Their address.
    pub address: &'a str,
    /// When.
    pub at: Timestamp,
    /// What they wrote.
    pub text: &'a str,
}

/// Characters of the quoted mail that go along; the rest stands in the customer's own copy.
const QUOTED_CHARS: usize = 20_000;

/// The whole text of an answer.
#[must_use]
pub fn whole(written: &str, signature: &str, quoted: Option<Quoted<'_>>, utc_offset_s: i32) -> String {
    let mut text = written.trim_end().to_owned();
    text.push('\n');
    if !signature.trim().is_empty() {
        // The line by which programs know a signature (RFC 3676, 4.3).
        text.push_str("\n-- \n");
        text.push_str(signature.trim_end());
        text.push('\n');
    }
    if let Some(quoted) = quoted.filter(|quoted| !quoted.text.trim().is_empty()) {
        text.push('\n');
        text.push_str(&introduction(&quoted, utc_offset_s));
        let cut: String = quoted.text.trim_end().chars().take(QUOTED_CHARS).collect();
        for line in cut.lines() {
            // Depth marks stand together, as programs count them (RFC 3676, 4.5).
            text.push_str(if line.starts_with('>') { ">" } else { "> " });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The line above a quoted mail, in the form that Japanese programs write and fold.
fn introduction(quoted: &Quoted<'_>, utc_offset_s: i32) -> String {
    let zone = Offset::from_seconds(utc_offset_s).map_or(TimeZone::UTC, TimeZone::fixed);
    let moment = Moment::from_millisecond(quoted.at.0).unwrap_or(Moment::UNIX_EPOCH).to_zoned(zone);
    let weekday = ["月", "火", "水", "木", "金", "土", "日"]
        [usize::from(moment.weekday().to_monday_zero_offset().unsigned_abs())];
    let day = moment.strftime("%Y年%-m月%-d日");
    let time = moment.strftime("%H:%M");
    let who: String = quoted.who.chars().filter(|c| !c.is_control()).collect();
    if who.is_empty() || who == quoted.address {
        format!("{day}({weekday}) {time} <{}>:\n", quoted.address)
    } else {
        format!("{day}({weekday}) {time} {who} <{}>:\n", quoted.address)
    }
}

/// The subject of an answer: one `Re:` before what is left when every mark of answering and forwarding is gone.
#[must_use]
pub fn answer_subject(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some(shorter) = without_mark(rest) {
        rest = shorter;
    }
    let rest: String = rest.chars().filter(|c| !c.is_control()).collect();
    if rest.is_empty() { "Re: お問い合わせ".to_owned() } else { format!("Re: {rest}") }
}

/// The subject without one mark at its beginning, such as `Re:`, `RE：`, `Re[2]:`, `返信:` or `Fwd:`.
fn without_mark(subject: &str) -> Option<&str> {
    let (head, rest) = subject.split_once([':', '：'])?;
    let head = head.trim();
    let word = head.split_once(['[', '(']).map_or(head, |(word, count)| {
        let closed =
            count.strip_suffix([']', ')']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if closed { word.trim_end() } else { head }
    });
    let is_mark = ["re", "fw", "fwd", "返信", "転送", "ｒｅ"].iter().any(|mark| word.to_lowercase() == *mark);
    is_mark.then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JAPAN_S: i32 = 9 * 3_600;

    #[test]
    fn a_subject_gets_one_re_whatever_came_before() {
        for (came, goes) in [
            ("注文について", "Re: 注文について"),
            ("Re: 注文", "Re: 注文"),
            ("RE：Re[2]: 返信: Fwd: 注文", "Re: 注文"),
            ("Re(3): x", "Re: x"),
            ("転送：FW: x", "Re: x"),
            ("", "Re: お問い合わせ"),
            ("Re: ", "Re: お問い合わせ"),
            ("Report: x", "Re: Report: x"),
            ("Re[x]: y", "Re: Re[x]: y"),
            ("a\r\nBcc: b@c.jp", "Re: aBcc: b@c.jp"),
        ] {
            assert_eq!(answer_subject(came), goes, "{came:?}");
        }
    }

    #[test]
    fn an_answer_stands_above_signature_and_quote() {
        let quoted = Quoted {
            who: "山田太郎",
            address: "taro@example.jp",
            at: Timestamp(1_795_224_180_000),
            text: "届きません。\n> 前の行\n",
        };
        let text = whole("お調べします。\n\n", "サポート窓口\n03-0000-0000", Some(quoted), JAPAN_S);
        assert_eq!(
            text,
            "お調べします。\n\n-- \nサポート窓口\n03-0000-0000\n\n2026年11月21日(土) 10:23 山田太郎 <taro@example.jp>:\n> 届きません。\n>> 前の行\n"
        );
        assert_eq!(whole("はい", "", None, JAPAN_S), "はい\n");
    }

    #[test]
    fn a_quote_of_nothing_is_not_announced_and_a_very_long_one_is_cut() {
        let quoted = |text| Quoted { who: "", address: "a@b.jp", at: Timestamp(0), text };
        assert_eq!(whole("x", "", Some(quoted(" \n")), 0), "x\n");
        let long = "長".repeat(QUOTED_CHARS * 2);
        let text = whole("x", "", Some(quoted(&long)), 0);
        assert_eq!(text.matches('長').count(), QUOTED_CHARS);
        assert!(text.contains("1970年1月1日(木) 00:00 <a@b.jp>:"), "{}", &text[..80]);
    }
}
