//! Reports about mail that we sent (RFC 3464, 6533, 8098): which copy, and what became of it.
//!
//! Which copy it is says the address that the report came to, because every copy has an envelope sender of its own. So
//! reports in nobody's standard, as carriers write them, are matched all the same.

use super::header;
use super::parts::Opened;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What became of the copy.
    pub fate: Fate,
    /// The code of RFC 3463, such as `5.1.1`; empty where there is none.
    pub status: String,
    /// The other side's words, one line, at most 500 characters.
    pub detail: String,
    /// Message-IDs that it speaks of, for reports that did not come to an address of a copy.
    pub about: Vec<String>,
    /// The recipient that it speaks of, normalised; `None` where it does not say.
    pub recipient: Option<String>,
    /// It is in the form that reports have. One that is not may be what somebody wrote.
    pub is_formal: bool,
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It will not arrive (不達).
    Failed,
    /// It has not arrived yet, and is tried on (遅延).
    Delayed,
    /// The recipient's server has it (配達済み).
    Delivered,
    /// Somebody opened it (開封通知).
    Opened,
}

/// Longest words of the other side that are kept, in characters.
const DETAIL_CHARS: usize = 500;
/// Longest report that is looked at, in bytes.
const REPORT_BYTES: usize = 256 * 1024;
/// The types of the part that says it in fields.
const FIELDS: &[&str] = &["message/delivery-status", "message/global-delivery-status"];
const OPENED: &[&str] = &["message/disposition-notification", "message/global-disposition-notification"];
/// The types of the part that holds what it is about.
const RETURNED: &[&str] = &["message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"];

/// Reads a report. `None` for a mail that is none; `expected`: it came to the address of a copy, so that it is one
/// whatever it looks like.
#[must_use]
pub fn read(mail: &Opened<'_>, text: &str, expected: bool) -> Option<Report> {
    let kind = mail.content_type();
    let is_report = kind.value == "multipart/report";
    let about = about(mail);
    if let Some(fields) = mail.of_type(OPENED).next() {
        let fate = if has_value(&fields, "disposition", "displayed") { Fate::Opened } else { Fate::Delivered };
        let mut named: Vec<String> =
            value(&fields, "original-message-id").iter().flat_map(|id| header::ids(id)).collect();
        named.extend(about);
        named.dedup();
        let about = named;
        let recipient = value(&fields, "final-recipient").and_then(|raw| recipient(&raw));
        return Some(Report { fate, status: String::new(), detail: String::new(), about, recipient, is_formal: true });
    }
    if let Some(fields) = mail.of_type(FIELDS).next() {
        return Some(from_fields(&fields, text, about));
    }
    if is_report && kind.get("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("feedback-report")) {
        return None;
    }
    let is_daemon = mail.first("from").is_some_and(|from| {
        let from = header::addresses(from);
        from.first()
            .is_some_and(|one| one.address.starts_with("mailer-daemon@") || one.address.starts_with("postmaster@"))
    });
    if !expected && !is_report && !is_daemon {
        return None;
    }
    let status = code_in(text);
    // What came to the address of a copy from a person, or from somebody absent, says nothing of the copy.
    let is_answer = mail.first("auto-submitted").is_some_and(|raw| header::field(raw).value == "auto-replied");
    if !is_report && !is_daemon && (is_answer || (status.is_none() && !has_answer_code(text))) {
        return None;
    }
    let status = status.unwrap_or_default();
    let fate = fate_of(&status, text);
    let recipient = mail
        .first("x-failed-recipients")
        .and_then(|raw| header::addresses(raw).into_iter().next())
        .map(|one| one.address);
    Some(Report { fate, detail: telling_line(text, &status), status, about, recipient, is_formal: is_report })
}

fn from_fields(fields: &[u8], text: &str, about: Vec<String>) -> Report {
    let status = value(fields, "status").and_then(|raw| code_in(&header::text(&raw)));
    let status = status.or_else(|| code_in(text)).unwrap_or_default();
    let fate = match value(fields, "action").map(|raw| header::text(&raw).to_ascii_lowercase()).as_deref() {
        Some(action) if action.starts_with("failed") => Fate::Failed,
        Some(action) if action.starts_with("delayed") => Fate::Delayed,
        Some(action) if ["delivered", "relayed", "expanded"].iter().any(|word| action.starts_with(word)) => {
            Fate::Delivered
        }
        _ => fate_of(&status, text),
    };
    let recipient = value(fields, "original-recipient")
        .or_else(|| value(fields, "final-recipient"))
        .and_then(|raw| recipient(&raw));
    let diagnostic = value(fields, "diagnostic-code").map(|raw| {
        let text = header::text(&raw);
        text.split_once(';').map_or(text.clone(), |(_, words)| words.trim().to_owned())
    });
    let detail = diagnostic.filter(|words| !words.is_empty()).unwrap_or_else(|| telling_line(text, &status));
    Report { fate, status, detail: detail.chars().take(DETAIL_CHARS).collect(), about, recipient, is_formal: true }
}

/// `rfc822; user@example.jp`, normalised.
fn recipient(raw: &[u8]) -> Option<String> {
    let text = header::text(raw);
    let address = text.split_once(';').map_or(text.as_str(), |(_, address)| address);
    super::address::normalise(address)
}

/// A field of the groups of fields in a report; of several groups the first that has it.
fn value(fields: &[u8], name: &str) -> Option<Vec<u8>> {
    let fields = &fields[..fields.len().min(REPORT_BYTES)];
    let mut found: Option<Vec<u8>> = None;
    for line in fields.split(|byte| *byte == b'\n') {
        if let Some(found) = &mut found {
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                found.extend_from_slice(line);
                continue;
            }
            break;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        if line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            found = Some(line[colon + 1..].to_vec());
        }
    }
    found
}

fn has_value(fields: &[u8], name: &str, word: &str) -> bool {
    value(fields, name).is_some_and(|raw| header::text(&raw).to_ascii_lowercase().contains(word))
}

/// The Message-IDs of what a report returns.
fn about(mail: &Opened<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    for returned in mail.of_type(RETURNED) {
        ids.extend(value(&returned, "message-id").iter().flat_map(|raw| header::ids(raw)));
    }
    ids
}

fn fate_of(status: &str, text: &str) -> Fate {
    let lower = text.to_ascii_lowercase();
    match status.bytes().next() {
        Some(b'2') => Fate::Delivered,
        Some(b'4') => Fate::Delayed,
        Some(b'5') => Fate::Failed,
        _ if ["delayed", "will retry", "still being retried", "not yet been delivered"]
            .iter()
            .any(|words| lower.contains(words)) =>
        {
            Fate::Delayed
        }
        _ => Fate::Failed,
    }
}

/// The first code of RFC 3463 in a text.
fn code_in(text: &str) -> Option<String> {
    let is_part =
        |part: &str, most: usize| !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let parts: Vec<&str> = word.trim_matches('.').split('.').collect();
        match parts.as_slice() {
            [class @ ("2" | "4" | "5"), subject, detail] if is_part(subject, 3) && is_part(detail, 3) => {
                Some(format!("{class}.{subject}.{detail}"))
            }
            _ => None,
        }
    })
}

/// Whether a line begins with a server's three digits of refusal, also behind the arrow with which a carrier shows it.
fn has_answer_code(text: &str) -> bool {
    text.lines().map(|line| line.trim_start_matches(['<', ' ', '\t'])).any(|line| {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        digits == 3 && (line.starts_with('5') || line.starts_with('4')) && line[3..].starts_with([' ', '-'])
    })
}

/// The line of a text that says most: the one with the code, or with a server's three digits, else the first.
fn telling_line(text: &str, status: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let with_code = lines().find(|line| !status.is_empty() && line.contains(status));
    let with_digits = || {
        lines().find(|line| {
            line.split(|c: char| !c.is_ascii_digit())
                .any(|word| word.len() == 3 && (word.starts_with('5') || word.starts_with('4')))
        })
    };
    let line = with_code.or_else(with_digits).or_else(|| lines().next()).unwrap_or_default();
    line.chars().take(DETAIL_CHARS).collect()
}
