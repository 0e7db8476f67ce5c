//! Which mail a machine wrote (RFC 3834), and how far automatic answers may go with it. Two machines that answer each
//! other never end; what is said here is what keeps ours from being one of them.

use super::header;
use super::parts::Opened;
use crate::domain::mail::MailMark;

/// An address is answered automatically once within this time, in milliseconds (RFC 3834, 2).
pub(crate) const ONCE_WITHIN_MS: i64 = 24 * 3_600_000;
/// Local parts that nobody reads.
const NOBODY: &[&str] =
    &["mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "donotreply", "bounce", "bounces"];

/// What the header says about who wrote it. `null_sender`: the envelope has no sender. `from`: normalised address.
#[must_use]
pub(super) fn marks(mail: &Opened<'_>, null_sender: bool, from: &str) -> Vec<MailMark> {
    let mut marks = Vec::new();
    let word = |name: &str| mail.first(name).map(header::field).map(|field| field.value).unwrap_or_default();
    let submitted = word("auto-submitted");
    let precedence = [word("precedence"), word("x-precedence")];
    let is_precedence = |words: &[&str]| precedence.iter().any(|one| words.contains(&one.as_str()));
    let is_answer = submitted == "auto-replied"
        || is_precedence(&["auto_reply"])
        || ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply"].iter().any(|name| is_yes(mail, name))
        || (null_sender && !submitted.starts_with("auto-generated"));
    let is_list =
        mail.first("list-id").is_some() || mail.first("list-unsubscribe").is_some() || is_precedence(&["list"]);
    let local = from.rsplit_once('@').map_or(from, |(local, _)| local);
    let is_machine = is_answer
        || is_list
        || (!submitted.is_empty() && submitted != "no")
        || is_precedence(&["bulk", "junk"])
        || NOBODY.contains(&local);
    for (so, mark) in [(is_machine, MailMark::Automatic), (is_answer, MailMark::AutoReply), (is_list, MailMark::List)] {
        if so {
            marks.push(mark);
        }
    }
    // A wish of the sender, which says nothing about who wrote.
    let suppresses = mail.fields("x-auto-response-suppress").any(|raw| {
        let wish = header::text(raw).to_ascii_lowercase();
        ["all", "oof", "autoreply"].iter().any(|word| wish.split([',', ' ']).any(|one| one == *word))
    });
    if suppresses {
        marks.push(MailMark::NoAutoReply);
    }
    marks
}

fn is_yes(mail: &Opened<'_>, name: &str) -> bool {
    mail.first(name).is_some_and(|raw| !matches!(header::text(raw).to_ascii_lowercase().as_str(), "no" | "false" | "0"))
}
