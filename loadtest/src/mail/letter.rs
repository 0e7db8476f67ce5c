//! A mail as a customer's program writes it, and as much as it reads of an answer.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{HeaderValue, MessageParser};

/// Longest line of Base64 (RFC 2045, 6.8).
const LINE: usize = 76;

/// A mail to be written. Ids stand without their angle brackets.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The customer's name and address.
    pub from: (&'a str, &'a str),
    /// The recipient.
    pub to: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// Its id.
    pub id: &'a str,
    /// When it was written, in milliseconds since 1970.
    pub at_ms: i64,
    /// The ids of the thread, the one that it answers last.
    pub references: &'a [String],
    /// What it says.
    pub text: &'a str,
}

impl Draft<'_> {
    /// The mail.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let body = STANDARD.encode(self.text.replace('\n', "\r\n"));
        self.with_body("text/plain; charset=utf-8", "base64", &wrapped(&body))
    }

    /// The mail with a body of any kind.
    #[must_use]
    pub fn with_body(&self, content_type: &str, encoding: &str, body: &str) -> Vec<u8> {
        let (name, address) = self.from;
        let at = jiff::Timestamp::from_millisecond(self.at_ms).unwrap_or_default();
        // In the Gregorian calendar of RFC 5322 everything that a clock says can be written.
        let date = jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
        let mut mail = String::new();
        let _ = write!(
            mail,
            "Received: from phone by mx.example.jp; {date}\r\nFrom: {} <{address}>\r\nTo: <{}>\r\nDate: {date}\r\n\
             Message-ID: <{}>\r\nSubject: {}\r\n",
            word(name),
            self.to,
            self.id,
            word(self.subject),
        );
        if let Some(last) = self.references.last() {
            let all: Vec<String> = self.references.iter().map(|id| format!("<{id}>")).collect();
            let _ = write!(mail, "In-Reply-To: <{last}>\r\nReferences: {}\r\n", all.join("\r\n "));
        }
        let _ = write!(
            mail,
            "MIME-Version: 1.0\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n"
        );
        mail.into_bytes()
    }
}

/// Base64 in lines.
pub(super) fn wrapped(base64: &str) -> String {
    let lines: Vec<&str> = base64.as_bytes().chunks(LINE).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    lines.join("\r\n")
}

/// An encoded word (RFC 2047), short enough to be one.
fn word(text: &str) -> String {
    let short: String = text.chars().take(12).collect();
    format!("=?UTF-8?B?{}?=", STANDARD.encode(short))
}

/// What a customer's program reads of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// The ids of its thread, without its own.
    pub references: Vec<String>,
    /// Where it wants answers to go.
    pub reply_to: String,
    /// What it says.
    pub text: String,
    /// A machine wrote it.
    pub automatic: bool,
}

impl Letter {
    /// Reads one; `None` where it is none, or has no id or no text.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mail = MessageParser::default().parse(bytes)?;
        let references = match mail.references() {
            HeaderValue::Text(one) => vec![one.to_string()],
            HeaderValue::TextList(all) => all.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        let reply_to = mail.reply_to().or(mail.from()).and_then(|all| all.first()?.address.clone());
        Some(Self {
            id: mail.message_id()?.to_owned(),
            references,
            reply_to: reply_to?.into_owned(),
            text: mail.body_text(0)?.replace("\r\n", "\n"),
            automatic: mail.header("Auto-Submitted").is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_another_program() {
        let said = "こんにちは。\n品物が届いていません。".repeat(20);
        let draft = Draft {
            from: ("山田 太郎", "taro@example.jp"),
            to: "support@in.desk.example",
            subject: "返品の件",
            id: "1@example.jp",
            at_ms: 1_795_237_245_000,
            references: &["a@b.jp".to_owned(), "c@d.jp".to_owned()],
            text: &said,
        };
        let letter = Letter::read(&draft.write()).expect("a mail");
        assert_eq!((letter.id.as_str(), letter.reply_to.as_str()), ("1@example.jp", "taro@example.jp"));
        assert_eq!(letter.references, draft.references);
        assert_eq!(letter.text.trim_end(), draft.text);
        assert!(!letter.automatic);
    }
}
