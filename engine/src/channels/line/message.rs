//! The `message` object of an event: its text, or a line that says what it was (line.md 1.5).
//!
//! A text is shown as it was written. Every other kind keeps the whole event beside its line, so that a later release
//! can show more; so does a text that holds more than its words (LINE emojis, mentions, a quotation).

use serde::Deserialize;

use super::json::{self, Lazy};
use crate::channels::Flaw;
use crate::domain::conversation::limits;
use crate::domain::message::Content;

/// Longest line about a message, in characters; the rest is cut off with `…`.
const SUMMARY_CHARS: usize = 200;
/// Longest word for a kind, in characters.
const KIND_CHARS: usize = 50;

/// What a message object says.
#[derive(Debug)]
pub(super) struct Message {
    /// LINE's id of it, as a string for ever: it passes 2^53.
    pub(super) id: Option<String>,
    /// What to show.
    pub(super) content: Content,
    /// There is more in it than `content` holds.
    pub(super) keep_raw: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    id: Lazy<'a>,
    #[serde(borrow)]
    text: Lazy<'a>,
    #[serde(borrow)]
    emojis: Lazy<'a>,
    #[serde(borrow)]
    mention: Lazy<'a>,
    #[serde(borrow)]
    quoted_message_id: Lazy<'a>,
    #[serde(borrow)]
    image_set: Lazy<'a>,
    #[serde(borrow)]
    duration: Lazy<'a>,
    #[serde(borrow)]
    file_name: Lazy<'a>,
    #[serde(borrow)]
    file_size: Lazy<'a>,
    #[serde(borrow)]
    title: Lazy<'a>,
    #[serde(borrow)]
    address: Lazy<'a>,
}

#[derive(Deserialize)]
struct ImageSet<'a> {
    #[serde(borrow)]
    index: Lazy<'a>,
    #[serde(borrow)]
    total: Lazy<'a>,
}

/// Reads a message object.
pub(super) fn read(raw: Lazy<'_>) -> Result<Message, Flaw> {
    let fields: Fields<'_> = json::object(raw).ok_or(Flaw::NoMessage)?;
    let kind = json::text(fields.kind).unwrap_or_default();
    let id = json::id(fields.id);
    if kind == "text" {
        let text = json::text(fields.text).ok_or(Flaw::NoText)?;
        let content = Content::Text(text);
        if content.utf16_len() > limits::TEXT_UTF16 {
            return Err(Flaw::TooLong);
        }
        let more = [fields.emojis, fields.mention, fields.quoted_message_id];
        return Ok(Message { id, content, keep_raw: more.iter().any(Option::is_some) });
    }
    Ok(Message { id, content: other(&kind, &summary(&kind, &fields)), keep_raw: true })
}

/// Content that this release cannot show, in one line.
pub(super) fn other(kind: &str, summary: &str) -> Content {
    let kind = one_line(kind, KIND_CHARS);
    Content::Other {
        kind: if kind.is_empty() { "unknown".to_owned() } else { kind },
        summary: one_line(summary, SUMMARY_CHARS),
    }
}

fn summary(kind: &str, fields: &Fields<'_>) -> String {
    match kind {
        "sticker" => named("スタンプ", json::text(fields.text)),
        "image" => format!("画像{}", place_in_set(fields.image_set)),
        "video" => named("動画", json::plain(fields.duration).map(minutes)),
        "audio" => named("音声", json::plain(fields.duration).map(minutes)),
        "file" => {
            let name = json::text(fields.file_name).unwrap_or_default();
            let size = json::plain(fields.file_size).map(bytes);
            named(&format!("ファイル「{}」", one_line(&name, 120)), size)
        }
        "location" => {
            let place = [json::text(fields.title), json::text(fields.address)];
            let place: Vec<String> = place.into_iter().flatten().collect();
            named("位置情報", Some(place.join("、")))
        }
        _ => unknown(kind),
    }
}

/// A line about something of a kind that this release does not know.
pub(super) fn unknown(kind: &str) -> String {
    named("まだ表示できない種類の内容", Some(one_line(kind, KIND_CHARS)))
}

fn named(what: &str, detail: Option<String>) -> String {
    match detail {
        Some(detail) if !detail.trim().is_empty() => format!("{what}（{detail}）"),
        _ => what.to_owned(),
    }
}

fn place_in_set(raw: Lazy<'_>) -> String {
    let place = json::object::<ImageSet<'_>>(raw).and_then(|set| {
        let index: u32 = json::plain(set.index)?;
        let total: u32 = json::plain(set.total)?;
        Some(format!("（{index}/{total}）"))
    });
    place.unwrap_or_default()
}

fn minutes(duration_ms: u64) -> String {
    let seconds = duration_ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn bytes(size: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match size {
        0..KIB => format!("{size} B"),
        KIB..MIB => format!("{} KB", size / KIB),
        _ => format!("{}.{} MB", size / MIB, size % MIB * 10 / MIB),
    }
}

/// The text on one line: without control characters and without those that turn the reading direction of what follows,
/// at most `chars` characters.
pub(super) fn one_line(text: &str, chars: usize) -> String {
    let turns = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let mut shown = text.chars().filter(|c| !turns(*c)).map(|c| {
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if breaks { ' ' } else { c }
    });
    let mut line: String = shown.by_ref().take(chars).collect();
    if shown.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    fn read_json(json: &str) -> Result<Message, Flaw> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        read(Some(&raw))
    }

    fn line_of(json: &str) -> String {
        match read_json(json).unwrap().content {
            Content::Other { summary, .. } => summary,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_kind_has_a_line_that_an_agent_understands() {
        for (json, line) in [
            (r#"{"type":"sticker","packageId":"1","stickerId":"2"}"#, "スタンプ"),
            (r#"{"type":"sticker","text":"おはよう"}"#, "スタンプ（おはよう）"),
            (r#"{"type":"image"}"#, "画像"),
            (r#"{"type":"image","imageSet":{"id":"x","index":2,"total":5}}"#, "画像（2/5）"),
            (r#"{"type":"image","imageSet":{"id":"x"}}"#, "画像"),
            (r#"{"type":"video","duration":61999}"#, "動画（1:01）"),
            (r#"{"type":"audio","duration":"long"}"#, "音声"),
            (r#"{"type":"file","fileName":"見積.pdf","fileSize":1572864}"#, "ファイル「見積.pdf」（1.5 MB）"),
            (r#"{"type":"file","fileName":"a\u202egpj.exe","fileSize":2048}"#, "ファイル「agpj.exe」（2 KB）"),
            (r#"{"type":"file","fileSize":12}"#, "ファイル「」（12 B）"),
            (
                r#"{"type":"location","title":"本社","address":"東京都","latitude":1,"longitude":2}"#,
                "位置情報（本社、東京都）",
            ),
            (r#"{"type":"location","latitude":1,"longitude":2}"#, "位置情報"),
            (r#"{"type":"hologram"}"#, "まだ表示できない種類の内容（hologram）"),
            (r#"{"type":["x"]}"#, "まだ表示できない種類の内容"),
            ("{}", "まだ表示できない種類の内容"),
        ] {
            assert_eq!(line_of(json), line, "{json}");
        }
    }

    #[test]
    fn a_line_stays_one_line_of_bounded_length() {
        let json = format!(r#"{{"type":"location","address":"a\nb\u0007\u2028{}"}}"#, "長".repeat(5_000));
        let line = line_of(&json);
        assert_eq!(line.chars().count(), SUMMARY_CHARS);
        assert!(line.starts_with("位置情報（a b  長") && line.ends_with('…'), "{line}");
    }

    #[test]
    fn a_text_keeps_its_event_only_when_it_holds_more_than_words() {
        let plain = read_json(r#"{"type":"text","id":5,"text":"a\r\nb","quoteToken":"q"}"#).unwrap();
        assert_eq!(plain.content, Content::Text("a\r\nb".to_owned()));
        assert_eq!(plain.id.as_deref(), Some("5"));
        assert!(!plain.keep_raw);
        for more in [r#""emojis":[]"#, r#""mention":{}"#, r#""quotedMessageId":"1""#] {
            let json = format!(r#"{{"type":"text","text":"a",{more}}}"#);
            assert!(read_json(&json).unwrap().keep_raw, "{more}");
        }
    }

    #[test]
    fn a_text_as_long_as_a_conversation_takes_is_taken_and_one_more_is_not() {
        let fits = "🍎".repeat(limits::TEXT_UTF16 / 2);
        assert!(read_json(&format!(r#"{{"type":"text","text":"{fits}"}}"#)).is_ok());
        let long = read_json(&format!(r#"{{"type":"text","text":"{fits}a"}}"#));
        assert_eq!(long.unwrap_err(), Flaw::TooLong);
        assert_eq!(read_json(r#"{"type":"text"}"#).unwrap_err(), Flaw::NoText);
        assert_eq!(read_json(r#""text""#).unwrap_err(), Flaw::NoMessage);
    }
}
