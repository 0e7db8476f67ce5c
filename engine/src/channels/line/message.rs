//! The `message` object of an event (line.md 1.5): text, sticker, media or place; anything else in a line that says
//! what it was.
//!
//! What a message holds beyond its content (LINE emojis, mentions, a quotation, kinds not yet known) keeps the whole
//! event beside it, so that a later release can show more.

use serde::Deserialize;

use super::kinds;
use crate::channels::Flaw;
use crate::channels::json::{self, Lazy};
use crate::channels::words::{other, unknown};
use crate::domain::conversation::limits;
use crate::domain::message::Content;

/// What a message object says.
#[derive(Debug)]
pub(super) struct Message {
    /// LINE's id of it, as a string for ever: it passes 2^53.
    pub(super) id: Option<String>,
    /// What to show.
    pub(super) content: Content,
    /// There is more in it than `content` holds.
    pub(super) keep_raw: bool,
    /// Tells LINE that it was read.
    pub(super) read_token: Option<String>,
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
    mark_as_read_token: Lazy<'a>,
}

/// Reads a message object.
pub(super) fn read(raw: Lazy<'_>) -> Result<Message, Flaw> {
    let fields: Fields<'_> = json::object(raw).ok_or(Flaw::NoMessage)?;
    let kind = json::text(fields.kind).unwrap_or_default();
    let more = [fields.emojis, fields.mention, fields.quoted_message_id];
    let (content, known) = match kind.as_str() {
        "text" => (text(fields.text)?, true),
        _ => match kinds::read(&kind, raw) {
            Some(content) => (content, true),
            None => (other(&kind, &unknown(&kind)), false),
        },
    };
    Ok(Message {
        id: json::id(fields.id),
        content,
        keep_raw: !known || more.iter().any(Option::is_some),
        read_token: json::id(fields.mark_as_read_token),
    })
}

fn text(raw: Lazy<'_>) -> Result<Content, Flaw> {
    let content = Content::Text(json::text(raw).ok_or(Flaw::NoText)?);
    if content.utf16_len() > limits::TEXT_UTF16 {
        return Err(Flaw::TooLong);
    }
    Ok(content)
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
    fn a_kind_of_tomorrow_has_a_line_that_an_agent_understands() {
        for (json, line) in [
            (r#"{"type":"hologram"}"#, "まだ表示できない種類の内容（hologram）"),
            (r#"{"type":["x"]}"#, "まだ表示できない種類の内容"),
            ("{}", "まだ表示できない種類の内容"),
        ] {
            assert_eq!(line_of(json), line, "{json}");
            assert!(read_json(json).unwrap().keep_raw, "{json}");
        }
    }

    #[test]
    fn a_text_keeps_its_event_only_when_it_holds_more_than_words() {
        let plain = read_json(r#"{"type":"text","id":5,"text":"a\r\nb","quoteToken":"q"}"#).unwrap();
        assert_eq!(plain.content, Content::Text("a\r\nb".to_owned()));
        assert_eq!(plain.id.as_deref(), Some("5"));
        assert!(!plain.keep_raw);
        assert_eq!(plain.read_token, None);
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
