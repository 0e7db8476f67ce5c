//! What a report changes: the state of one recipient's copy.

use crate::channels::mail::bounce::{Fate, Report};
use crate::channels::mail::ids::OwnCopy;
use crate::domain::conversation::{CopyEnd, CopyState, InboundKind};

/// The word for the copy's conversation; `None` where nothing of it changes: that somebody opened it says nothing of the way
/// that it went.
pub(super) fn kind(copy: OwnCopy, report: &Report) -> Option<InboundKind> {
    let state = match report.fate {
        Fate::Failed => CopyState::Failed,
        Fate::Delayed => CopyState::Delayed,
        Fate::Delivered => CopyState::Delivered,
        Fate::Opened => return None,
    };
    let detail = if report.detail.contains(&report.status) {
        report.detail.clone()
    } else {
        format!("{} {}", report.status, report.detail).trim().to_owned()
    };
    let end = CopyEnd { state, code: code(&report.detail), detail, next_at: None };
    Some(InboundKind::CopyTold { number: copy.mail.number, copy: copy.recipient, end })
}

/// The three digits of a server's answer, where the words begin with them.
fn code(detail: &str) -> u16 {
    let digits: String = detail.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|code| (200..600).contains(code)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::mail::ids::OwnMail;
    use crate::domain::id::ConversationId;

    #[test]
    fn a_report_becomes_the_state_of_one_copy() {
        let copy = OwnCopy { mail: OwnMail { conversation: ConversationId(1), number: 3 }, recipient: 2 };
        let report = |fate, status: &str, detail: &str| Report {
            fate,
            status: status.to_owned(),
            detail: detail.to_owned(),
            about: Vec::new(),
            recipient: None,
            is_formal: true,
        };
        let told = kind(copy, &report(Fate::Failed, "5.1.1", "550 no such user")).unwrap();
        let end =
            CopyEnd { state: CopyState::Failed, code: 550, detail: "5.1.1 550 no such user".to_owned(), next_at: None };
        assert_eq!(told, InboundKind::CopyTold { number: 3, copy: 2, end });
        let told = kind(copy, &report(Fate::Delayed, "4.4.1", "busy (4.4.1)")).unwrap();
        let end = CopyEnd { state: CopyState::Delayed, code: 0, detail: "busy (4.4.1)".to_owned(), next_at: None };
        assert_eq!(told, InboundKind::CopyTold { number: 3, copy: 2, end });
        assert_eq!(kind(copy, &report(Fate::Opened, "", "")), None);
    }
}
