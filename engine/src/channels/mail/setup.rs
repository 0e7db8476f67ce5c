//! Mails that the installation writes to itself: whether a company address forwards, and what receivers would make of our
//! mail. Known again by a token that only its mail has; each counts once, and a restart forgets those under way.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::compose::{Letter, Party, Unsafe, build};
use super::dns::{Checked, Columns};
use crate::domain::id::InboxId;
use crate::domain::time::Timestamp;

/// What stands before a token, in subjects and Message-IDs.
const MARK: &[u8] = b"madoguchi-setup-";
/// Bytes of a mail among which a token is looked for.
const LOOKED_AT: usize = 64 * 1024;
/// Tokens under way; one more forgets them all.
const UNDER_WAY: usize = 1_000;
/// Confirmations kept for each account.
const CONFIRMATIONS: usize = 10;
/// How long a confirmation is kept, in milliseconds.
const CONFIRMATION_MS: i64 = 24 * 3_600_000;

/// What a mail to ourselves is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Does this company address forward?
    Challenge {
        /// The account.
        inbox: InboxId,
        /// The address.
        address: String,
    },
    /// What would a receiver say?
    Test {
        /// The account.
        inbox: InboxId,
    },
}

/// A mail to ourselves, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// When it went.
    pub sent_at: Timestamp,
    /// From which address.
    pub from: String,
    /// When it came.
    pub came_at: Option<Timestamp>,
    /// Why it did not go.
    pub failure: Option<String>,
    /// What proving it said.
    pub columns: Option<Columns>,
}

/// A provider asks whether forwarding to us is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// When it came.
    pub at: Timestamp,
    /// Who wrote it.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// What is known of setting up, in memory.
#[derive(Debug, Default)]
pub(crate) struct Setup(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    under_way: HashMap<u128, Errand>,
    challenged: HashMap<(InboxId, String), Timestamp>,
    tests: HashMap<InboxId, Test>,
    confirmations: HashMap<InboxId, Vec<Confirmation>>,
    checks: HashMap<String, (Checked, Timestamp)>,
}

impl Setup {
    /// A mail goes out under this token.
    pub(crate) fn begin(&self, token: u128, errand: Errand, from: &str, now: Timestamp) {
        let mut known = self.0.lock();
        if known.under_way.len() >= UNDER_WAY {
            known.under_way.clear();
        }
        match &errand {
            Errand::Challenge { inbox, address } => {
                known.challenged.insert((*inbox, address.clone()), now);
            }
            Errand::Test { inbox } => {
                let test = Test { sent_at: now, from: from.to_owned(), came_at: None, failure: None, columns: None };
                known.tests.insert(*inbox, test);
            }
        }
        known.under_way.insert(token, errand);
    }

    /// The mail with this token did not go.
    pub(crate) fn failed(&self, token: u128, why: &str) {
        let mut known = self.0.lock();
        match known.under_way.remove(&token) {
            Some(Errand::Test { inbox }) => {
                if let Some(test) = known.tests.get_mut(&inbox) {
                    test.failure = Some(why.to_owned());
                }
            }
            Some(Errand::Challenge { inbox, address }) => {
                known.challenged.remove(&(inbox, address));
            }
            None => {}
        }
    }

    /// What the mail with this token was for; it is for that once.
    pub(crate) fn take(&self, token: u128) -> Option<Errand> {
        let mut known = self.0.lock();
        let errand = known.under_way.remove(&token)?;
        if let Errand::Challenge { inbox, address } = &errand {
            known.challenged.remove(&(*inbox, address.clone()));
        }
        Some(errand)
    }

    pub(crate) fn proven(&self, inbox: InboxId, columns: Option<Columns>, now: Timestamp) {
        if let Some(test) = self.0.lock().tests.get_mut(&inbox) {
            (test.came_at, test.columns) = (Some(now), columns);
        }
    }

    pub(crate) fn confirm(&self, inbox: InboxId, confirmation: Confirmation) {
        let mut known = self.0.lock();
        let mine = known.confirmations.entry(inbox).or_default();
        mine.insert(0, confirmation);
        mine.truncate(CONFIRMATIONS);
    }

    pub(crate) fn checked(&self, domain: &str, checked: Checked, now: Timestamp) {
        self.0.lock().checks.insert(domain.to_owned(), (checked, now));
    }

    pub(crate) fn check_of(&self, domain: &str) -> Option<(Checked, Timestamp)> {
        self.0.lock().checks.get(domain).cloned()
    }

    pub(crate) fn test_of(&self, inbox: InboxId) -> Option<Test> {
        self.0.lock().tests.get(&inbox).cloned()
    }

    pub(crate) fn challenged_at(&self, inbox: InboxId, address: &str) -> Option<Timestamp> {
        self.0.lock().challenged.get(&(inbox, address.to_owned())).copied()
    }

    pub(crate) fn confirmations_of(&self, inbox: InboxId, now: Timestamp) -> Vec<Confirmation> {
        let mut known = self.0.lock();
        let Some(mine) = known.confirmations.get_mut(&inbox) else { return Vec::new() };
        mine.retain(|one| now.since_ms(one.at) < CONFIRMATION_MS);
        mine.clone()
    }
}

/// The token in a mail that came, if it has one.
#[must_use]
pub fn token_in(mail: &[u8]) -> Option<u128> {
    let head = &mail[..mail.len().min(LOOKED_AT)];
    let at = head.windows(MARK.len()).position(|part| part.eq_ignore_ascii_case(MARK))?;
    let hex = head.get(at + MARK.len()..at + MARK.len() + 32)?;
    u128::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

/// The number to enter and the address to open, where a provider's mail has them. Nobody follows the address here.
#[must_use]
pub fn code_and_link(subject: &str, text: &str) -> (Option<String>, Option<String>) {
    let digits = |text: &str| {
        let mut runs = text.split(|c: char| !c.is_ascii_digit());
        runs.find(|run| (6..=12).contains(&run.len())).map(str::to_owned)
    };
    let link = text.split(|c: char| c.is_whitespace() || "<>\"".contains(c)).find(|word| word.starts_with("https://"));
    (digits(subject).or_else(|| digits(text)), link.map(|link| link.chars().take(2_000).collect()))
}

/// Whether a mail asks to confirm a forwarding, by who wrote it. Only to be believed of a proven sender.
#[must_use]
pub fn is_confirmation(from: &str) -> bool {
    from == "forwarding-noreply@google.com"
}

/// A mail to ourselves.
pub(crate) fn letter(
    token: u128,
    from: &str,
    to: &str,
    host: &str,
    loop_mark: &str,
    now: Timestamp,
) -> Result<Vec<u8>, Unsafe> {
    let mark = format!("madoguchi-setup-{token:032x}");
    build(&Letter {
        from: Party { name: "", address: from },
        to: vec![Party { name: "", address: to }],
        cc: Vec::new(),
        reply_to: None,
        subject: &format!("[{mark}] 窓口のメール設定の確認"),
        date: now,
        message_id: &format!("{mark}@{host}"),
        references: &[],
        loop_mark,
        text: "このメールは、窓口のメール設定を確認するために自動で送信されました。返信や操作は必要ありません。\n",
        attachments: Vec::new(),
        automatic: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_to_ourselves_is_known_again_once_and_however_it_was_forwarded() {
        let setup = Setup::default();
        let errand = Errand::Challenge { inbox: InboxId(1), address: "a@example.co.jp".to_owned() };
        setup.begin(7, errand.clone(), "w@in.desk.example", Timestamp(0));
        let bytes = letter(7, "w@in.desk.example", "a@example.co.jp", "in.desk.example", "me", Timestamp(0)).unwrap();
        assert_eq!(token_in(&bytes), Some(7));
        let text = String::from_utf8(bytes).unwrap();
        let id = text.lines().find(|line| line.starts_with("Message-ID: ")).unwrap();
        let forwarded = format!("From: x@y.jp\r\nReferences: {}\r\n\r\nhello", id.trim_start_matches("Message-ID: "));
        assert_eq!(token_in(forwarded.as_bytes()), Some(7), "a forwarder that writes a mail of its own");
        assert_eq!(setup.challenged_at(InboxId(1), "a@example.co.jp"), Some(Timestamp(0)));
        assert_eq!(setup.take(7), Some(errand));
        assert_eq!(setup.take(7), None);
        assert_eq!(setup.challenged_at(InboxId(1), "a@example.co.jp"), None);
    }

    #[test]
    fn what_is_no_token_is_none() {
        for bad in ["", "madoguchi-setup-", "madoguchi-setup-zz", &format!("madoguchi-setup-{}", "g".repeat(32))] {
            assert_eq!(token_in(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_test_says_whether_it_went_and_came() {
        let setup = Setup::default();
        setup.begin(1, Errand::Test { inbox: InboxId(1) }, "w@in", Timestamp(5));
        setup.failed(1, "550 no");
        assert_eq!(setup.test_of(InboxId(1)).unwrap().failure.as_deref(), Some("550 no"));
        setup.begin(2, Errand::Test { inbox: InboxId(1) }, "w@in", Timestamp(6));
        setup.proven(InboxId(1), None, Timestamp(9));
        assert_eq!(setup.test_of(InboxId(1)).unwrap().came_at, Some(Timestamp(9)));
    }

    #[test]
    fn a_confirmation_shows_its_number_and_link_and_is_forgotten_after_a_day() {
        let text = "確認コード: 123456789\n次のリンクをクリックしてください。\nhttps://mail.google.com/mail/vf-abc\n";
        let (code, link) = code_and_link("(#123456789) Gmail の転送の確認", text);
        assert_eq!(code.as_deref(), Some("123456789"));
        assert_eq!(link.as_deref(), Some("https://mail.google.com/mail/vf-abc"));
        assert_eq!(code_and_link("12345", "none"), (None, None));
        let setup = Setup::default();
        let one = Confirmation { at: Timestamp(0), from: String::new(), subject: String::new(), text: String::new() };
        for _ in 0..20 {
            setup.confirm(InboxId(1), one.clone());
        }
        assert_eq!(setup.confirmations_of(InboxId(1), Timestamp(CONFIRMATION_MS - 1)).len(), CONFIRMATIONS);
        assert!(setup.confirmations_of(InboxId(1), Timestamp(CONFIRMATION_MS)).is_empty());
    }
}
