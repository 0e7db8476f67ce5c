//! What a mail says anew, and what it only quotes. For display alone: the whole text stays, and can always be shown.
//!
//! Each line is a kind of line; where the quoted part begins follows from their order. Where people answer between the
//! quoted lines, nothing is folded, and a text is never folded to nothing.

/// Stands in text that was made of HTML where an element begins that mail programs put quoted mail into.
pub const SENTINEL: char = '\u{E0F1}';

/// The names of header lines in quoted mail.
const NAMES: &[&str] = &[
    "差出人",
    "送信者",
    "from",
    "送信日時",
    "送信日",
    "日時",
    "日付",
    "sent",
    "date",
    "宛先",
    "to",
    "cc",
    "件名",
    "subject",
    "返信先",
    "reply-to",
];
/// Lines of a signature that are folded with it.
const SIGNATURE_LINES: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Empty,
    Text,
    Quote,
    /// All below is former mail.
    Former,
    /// Says who wrote what follows.
    Attribution,
    Signature,
}

/// What is shown of `text`, and whether that is less than all of it.
#[must_use]
pub fn fold(text: &str) -> (String, bool) {
    let lines: Vec<&str> = text.split('\n').collect();
    let kinds = kinds(&lines);
    let all = || (text.replace(SENTINEL, "").trim_end().to_owned(), false);
    let Some(cut) = cut(&kinds) else { return all() };
    let kept = lines[..cut].join("\n").replace(SENTINEL, "");
    let kept = kept.trim_end();
    let only_quotes = kinds.iter().all(|kind| matches!(kind, Kind::Quote | Kind::Empty | Kind::Attribution))
        && kinds.contains(&Kind::Quote);
    if kept.trim().is_empty() && !only_quotes {
        return all();
    }
    (kept.to_owned(), true)
}

/// The first line of what is folded.
fn cut(kinds: &[Kind]) -> Option<usize> {
    let former = kinds.iter().position(|kind| *kind == Kind::Former);
    let end = former.unwrap_or(kinds.len());
    let above = &kinds[..end];
    let signature = above.iter().position(|kind| *kind == Kind::Signature);
    let quote = above.iter().position(|kind| *kind == Kind::Quote);
    let attribution = above.iter().position(|kind| *kind == Kind::Attribution);
    if let Some(first) = quote {
        let last = above.iter().rposition(|kind| *kind == Kind::Quote).unwrap_or(first);
        let text_within = above[first..last].contains(&Kind::Text);
        let after = &above[last + 1..];
        let written = after.iter().take_while(|kind| **kind != Kind::Signature);
        let text_after = written.clone().any(|kind| *kind == Kind::Text);
        if text_within || text_after {
            // Answers between the lines, or below them.
            return None;
        }
        let begin = attribution.filter(|at| *at < first && only_between(above, *at, first)).unwrap_or(first);
        return Some(signature.filter(|at| *at < begin).unwrap_or(begin));
    }
    // Without signs of quoting: the attribution begins it where nothing else does.
    let begin = [attribution, former].into_iter().flatten().min();
    match (signature, begin) {
        (Some(signature), Some(begin)) => Some(signature.min(begin)),
        (Some(signature), None) => (kinds.len() - signature <= SIGNATURE_LINES).then_some(signature),
        (None, begin) => begin,
    }
}

fn only_between(kinds: &[Kind], from: usize, to: usize) -> bool {
    kinds[from..to].iter().all(|kind| matches!(kind, Kind::Attribution | Kind::Empty))
}

fn kinds(lines: &[&str]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = lines.iter().map(|line| kind(line)).collect();
    for at in 0..lines.len() {
        if kinds[at] != Kind::Text {
            continue;
        }
        if header_lines(&lines[at..]) >= 3 {
            kinds[at] = Kind::Former;
            // A rule above the block belongs to it.
            let above = (0..at).rev().find(|above| kinds[*above] != Kind::Empty);
            if let Some(above) = above.filter(|above| is_rule(lines[*above])) {
                kinds[above] = Kind::Former;
            }
            continue;
        }
        // Mail programs wrap the line that says who wrote.
        if let Some(next) = lines.get(at + 1).filter(|_| matches!(kinds[at + 1], Kind::Text | Kind::Attribution))
            && is_begun_attribution(lines[at])
            && is_attribution(&format!("{} {}", lines[at].trim(), next.trim()))
        {
            kinds[at] = Kind::Attribution;
            kinds[at + 1] = Kind::Attribution;
        }
    }
    kinds
}

fn kind(line: &str) -> Kind {
    let trimmed = line.trim();
    if trimmed.contains(SENTINEL) {
        return Kind::Attribution;
    }
    if trimmed.is_empty() {
        return Kind::Empty;
    }
    if trimmed.starts_with(['>', '＞', '｜']) {
        return Kind::Quote;
    }
    if line == "-- " || trimmed == "--" || is_phone_line(trimmed) {
        return Kind::Signature;
    }
    if is_former_marker(trimmed) {
        return Kind::Former;
    }
    if is_attribution(trimmed) { Kind::Attribution } else { Kind::Text }
}

fn is_phone_line(line: &str) -> bool {
    const LINES: &[&str] = &[
        "iphoneから送信",
        "ipadから送信",
        "androidから送信",
        "sent from my iphone",
        "sent from my ipad",
        "get outlook for ios",
        "get outlook for android",
        "スマートフォンから送信",
        "yahoo!メールアプリ",
        "outlook for iosを入手",
        "outlook for androidを入手",
    ];
    let lower: String = line.to_lowercase().chars().filter(|c| *c != '\u{3000}').collect();
    let tight = lower.replace(" から", "から").replace("から ", "から");
    LINES.iter().any(|known| lower.starts_with(known) || tight.starts_with(known)) || lower.starts_with("sent from my ")
}

/// Words between dashes that programs put above former mail.
fn is_former_marker(line: &str) -> bool {
    let inner = line.trim_matches(|c: char| c == '-' || c == '_' || c == '*' || c == '=' || c.is_whitespace());
    let dashes = line.chars().take_while(|c| *c == '-').count();
    if dashes < 2 {
        return false;
    }
    let lower = inner.to_lowercase();
    const WORDS: &[&str] = &[
        "original message",
        "original appointment",
        "forwarded message",
        "元のメッセージ",
        "元のメール",
        "転送メッセージ",
        "転送されたメッセージ",
        "転送されるメッセージ",
        "forwarded by",
    ];
    WORDS.iter().any(|word| lower.starts_with(word))
}

fn is_rule(line: &str) -> bool {
    let trimmed = line.trim();
    trimmed.chars().count() >= 10 && trimmed.chars().all(|c| c == '_' || c == '-' || c == '─' || c == '━')
}

/// How many lines from the first one on are header lines; lines that only go on are passed over.
fn header_lines(lines: &[&str]) -> usize {
    let mut count = 0;
    let mut seen: Vec<&str> = Vec::new();
    for line in lines.iter().take(12) {
        match header_name(line) {
            Some(name) if !seen.contains(&name) => {
                seen.push(name);
                count += 1;
            }
            _ if count == 0 || line.trim().is_empty() => break,
            // A long list of recipients goes on in the next line.
            _ if line.starts_with([' ', '\t']) || line.contains('@') => {}
            _ => break,
        }
    }
    count
}

fn header_name(line: &str) -> Option<&'static str> {
    let line = line.trim().trim_start_matches('*');
    let (name, _) = line.split_once([':', '：'])?;
    let name = name.trim().trim_matches('*').to_lowercase();
    NAMES.iter().find(|known| **known == name).copied()
}

fn is_begun_attribution(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("On ") || line.starts_with("Am ") || line.starts_with("Le ") || has_date(line)
}

fn is_attribution(line: &str) -> bool {
    let Some(head) = line.strip_suffix([':', '：']) else { return false };
    let head = head.trim_end();
    if line.chars().count() > 300 {
        return false;
    }
    let says_so = ["書きました", "書いた", "のメール", "wrote", "schrieb", "a écrit", "さんからのメール"]
        .iter()
        .any(|end| head.ends_with(end));
    let names_somebody = head.ends_with('>') && head.contains('@');
    (says_so && (has_date(head) || head.starts_with("On ") || head.contains("さん") || head.contains('@')))
        || (names_somebody && has_date(head))
}

/// Whether it holds a day: `2026年11月21日`, `2026/11/21`, `2026-11-21`, `Nov 21, 2026`.
fn has_date(line: &str) -> bool {
    let has_year = line
        .as_bytes()
        .windows(4)
        .any(|four| four.iter().all(u8::is_ascii_digit) && (four[0] == b'1' || four[0] == b'2'));
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = line.to_ascii_lowercase();
    has_year
        && ((line.contains('年') && line.contains('月'))
            || line.matches('/').count() >= 2
            || line.matches('-').count() >= 2
            || months.iter().any(|month| lower.contains(month)))
}

#[cfg(test)]
#[path = "quote_test.rs"]
mod tests;
