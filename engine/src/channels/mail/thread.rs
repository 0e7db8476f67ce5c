//! What an answer carries whatever its author writes, and to which case a mail belongs (M1). Decided by signed names and by
//! ids of mail that came, never by a subject.

use serde::{Deserialize, Serialize};

use super::address;
use super::ids::{MailIds, OwnMail};
use super::read::Letter;
use crate::domain::content::{CONTEXT_BYTES, Context};
use crate::domain::id::ConversationId;
use crate::domain::mail::{Mail, MailAddress};

/// What an answer carries: kept beside the conversation as its context, together with the subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Whom it is to.
    pub to: Vec<MailAddress>,
    /// Who gets copies.
    pub cc: Vec<MailAddress>,
    /// What it answers, the oldest first and the answered mail last, without angle brackets.
    pub references: Vec<String>,
    /// Some recipients of the mail are left out, because there were more than are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// Addresses of ours, which an answer never goes to.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    /// The domain of default addresses.
    pub domain: &'a str,
    /// The company addresses of the window.
    pub company: &'a [String],
}

impl Ours<'_> {
    /// Whether mail to this address comes here.
    #[must_use]
    pub fn has(&self, one: &str) -> bool {
        let base = |address: &str| {
            address::split(address).map(|(local, _, domain)| format!("{local}@{domain}")).unwrap_or_default()
        };
        let is_default = one.rsplit_once('@').is_some_and(|(_, domain)| domain == self.domain);
        is_default || self.company.iter().any(|own| own == one || *own == base(one))
    }
}

impl Head {
    /// What an answer to this mail carries: to its sender, with copies for everybody else who got it but ourselves.
    #[must_use]
    pub fn answering(mail: &Mail, to: &MailAddress, ours: Ours<'_>) -> Self {
        let mut cc: Vec<MailAddress> = Vec::new();
        for one in mail.to.iter().chain(&mail.cc) {
            let is_new = one.address != to.address && !cc.iter().any(|known| known.address == one.address);
            if is_new && !ours.has(&one.address) {
                cc.push(one.clone());
            }
        }
        let mut references = mail.references.clone();
        if !mail.message_id.is_empty() {
            references.retain(|id| *id != mail.message_id);
            references.push(mail.message_id.clone());
        }
        Self { to: vec![to.clone()], cc, references, is_cut: false }
    }

    /// As it is kept beside the conversation. Of too many recipients the last are left out, and it says so.
    #[must_use]
    pub fn into_context(mut self, subject: &str) -> Context {
        loop {
            let data = serde_json::to_string(&self).unwrap_or_default();
            let context = Context { subject: Some(subject.to_owned()), data };
            if context.weight() <= CONTEXT_BYTES || (self.cc.pop().is_none() && self.references.len() < 2) {
                return context;
            }
            self.is_cut = true;
            if self.references.len() > 8 {
                self.references.remove(1);
            }
        }
    }

    /// Back from what is kept. `None` where nothing of the kind is.
    #[must_use]
    pub fn of(context: &Context) -> Option<Self> {
        serde_json::from_str(&context.data).ok()
    }

    /// Whether this address is among those who talk.
    #[must_use]
    pub fn has(&self, address: &str) -> bool {
        self.to.iter().chain(&self.cc).any(|one| one.address == address)
    }
}

/// The mail of ours that a letter answers: proven by what it answers directly, else by what it refers to, the newest first.
#[must_use]
pub fn answered(letter: &Letter, ids: &MailIds) -> Option<OwnMail> {
    let all = letter.in_reply_to.iter().chain(letter.references.iter().rev());
    all.into_iter().find_map(|id| ids.mail(id))
}

/// Ids of mail of others that a letter refers to, the likeliest first; at most 20 are looked for.
#[must_use]
pub fn referred(letter: &Letter) -> Vec<&String> {
    let mut all: Vec<&String> = Vec::new();
    for id in letter.in_reply_to.iter().chain(letter.references.iter().rev()) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all.truncate(20);
    all
}

/// The key by which a mail is known again: its id, its sender and its date. Copiers reuse ids, so that an id alone makes two
/// mails no duplicates; without an id it is what it says.
#[must_use]
pub fn event_id(letter: &Letter) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    if letter.mail.message_id.is_empty() {
        hash.update(b"text");
        hash.update(letter.fingerprint);
    } else {
        hash.update(b"id");
        for field in [&letter.mail.message_id, &letter.mail.from.address] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hash.update(letter.date_ms.unwrap_or_default().to_be_bytes());
    }
    format!("mail {}", data_encoding::HEXLOWER.encode(&hash.finalize()[..16]))
}

/// What a new case with this mail is kept apart by: one of its own.
#[must_use]
pub fn new_thread(event_id: &str) -> String {
    event_id.to_owned()
}

/// Whether a mail's conversation may take another one's word for who belongs to it.
#[must_use]
pub fn is_participant(letter: &Letter, context: Option<&Context>, contact_point: &str) -> bool {
    let from = letter.mail.from.address.as_str();
    from == contact_point || context.and_then(Head::of).is_some_and(|head| head.has(from))
}

/// A conversation that a letter may belong to, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The address that it came to, or a mail of ours that it answers, proves it.
    Proven(ConversationId),
    /// It answers a mail that somebody wrote to us.
    Referred(ConversationId, u32),
}

#[cfg(test)]
#[path = "thread_test.rs"]
mod tests;
