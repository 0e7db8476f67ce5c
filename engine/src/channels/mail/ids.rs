//! Names that only this installation can give: Message-IDs, reply addresses and bounce addresses. Each carries what it
//! stands for and a proof of it, so that nothing is looked up and nobody can write into a stranger's case by guessing.
//!
//! All three are lower-case base32 without padding, since the way of a mail may change the case of an address.

use std::io;
use std::path::Path;
use std::sync::Arc;

use data_encoding::{Encoding, Specification};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::id::ConversationId;

/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// Bytes of a proof.
const PROOF_BYTES: usize = 10;

/// The name of one mail that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwnMail {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its number there.
    pub number: u32,
}

/// One copy of a mail that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwnCopy {
    /// The mail.
    pub mail: OwnMail,
    /// Which of its recipients, in the order To, then Cc, from 0.
    pub recipient: u16,
}

/// Gives and knows the names. Cheap to clone.
#[derive(Clone)]
pub struct MailIds {
    key: Arc<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for MailIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailIds").finish_non_exhaustive()
    }
}

/// What a proof is for: one made for the one proves nothing for the other.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Message = b'm',
    Reply = b'c',
    Bounce = b'b',
    Instance = b'i',
}

impl MailIds {
    /// With this key.
    #[must_use]
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self { key: Arc::new(key) }
    }

    /// With the key `mail.key` in `dir`, which is drawn where there is none. With another key every name that was given
    /// before is a stranger's.
    ///
    /// # Errors
    /// The key cannot be read or written, or is none.
    pub fn open(dir: &Path) -> io::Result<Self> {
        crate::channels::public::key_at(&dir.join("mail.key")).map(Self::new)
    }

    /// The Message-ID of a mail, without angle brackets. The same for every copy and every try.
    #[must_use]
    pub fn message_id(&self, mail: OwnMail, host: &str) -> String {
        format!("m.{}@{host}", self.sealed(Kind::Message, &mail_bytes(mail)))
    }

    /// The mail with this Message-ID; `None` for every id that was not given here. Whatever the host: domains change.
    #[must_use]
    pub fn mail(&self, message_id: &str) -> Option<OwnMail> {
        let local = message_id.rsplit_once('@').map_or(message_id, |(local, _)| local);
        self.opened::<20>(Kind::Message, strip(local, "m.")?).and_then(|bytes| mail_of(&bytes))
    }

    /// What follows the `+` in a window's address for answers in a conversation. 43 characters, so that it fits behind
    /// the longest window id into the 64 of a local part.
    #[must_use]
    pub fn reply_detail(&self, conversation: ConversationId) -> String {
        format!("c{}", self.sealed(Kind::Reply, &conversation.0.to_be_bytes()))
    }

    /// The conversation that this detail stands for.
    #[must_use]
    pub fn conversation(&self, detail: &str) -> Option<ConversationId> {
        let bytes = self.opened::<16>(Kind::Reply, strip(detail, "c")?)?;
        Some(ConversationId(u128::from_be_bytes(bytes)))
    }

    /// The local part of the envelope sender of one copy.
    #[must_use]
    pub fn bounce_local(&self, copy: OwnCopy) -> String {
        let mut bytes = mail_bytes(copy.mail).to_vec();
        bytes.extend(copy.recipient.to_be_bytes());
        format!("b.{}", self.sealed(Kind::Bounce, &bytes))
    }

    /// The copy whose envelope sender has this local part.
    #[must_use]
    pub fn copy(&self, local: &str) -> Option<OwnCopy> {
        let bytes = self.opened::<22>(Kind::Bounce, strip(local, "b.")?)?;
        let (mail, recipient) = bytes.split_last_chunk::<2>()?;
        Some(OwnCopy { mail: mail_of(mail)?, recipient: u16::from_be_bytes(*recipient) })
    }

    /// What this installation writes into everything that it sends, to know it again.
    #[must_use]
    pub fn instance(&self) -> String {
        self.sealed(Kind::Instance, &[])
    }

    /// `bytes` and their proof.
    fn sealed(&self, kind: Kind, bytes: &[u8]) -> String {
        alphabet().encode(&[bytes, &self.proof(kind, bytes)].concat())
    }

    fn opened<const N: usize>(&self, kind: Kind, text: &str) -> Option<[u8; N]> {
        let all = alphabet().decode(text.to_ascii_lowercase().as_bytes()).ok()?;
        let (bytes, proof) = all.split_at_checked(N)?;
        let right = bool::from(self.proof(kind, bytes).as_slice().ct_eq(proof));
        right.then(|| bytes.try_into().ok()).flatten()
    }

    fn proof(&self, kind: Kind, bytes: &[u8]) -> [u8; PROOF_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes a key of any length");
        mac.update(b"madoguchi mail ");
        mac.update(&[kind as u8]);
        mac.update(bytes);
        let mut proof = [0; PROOF_BYTES];
        proof.copy_from_slice(&mac.finalize().into_bytes()[..PROOF_BYTES]);
        proof
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn mail_bytes(mail: OwnMail) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..16].copy_from_slice(&mail.conversation.0.to_be_bytes());
    bytes[16..].copy_from_slice(&mail.number.to_be_bytes());
    bytes
}

fn mail_of(bytes: &[u8]) -> Option<OwnMail> {
    let (conversation, number) = bytes.split_first_chunk::<16>()?;
    let conversation = ConversationId(u128::from_be_bytes(*conversation));
    Some(OwnMail { conversation, number: u32::from_be_bytes(number.try_into().ok()?) })
}

fn alphabet() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().expect("32 different symbols")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: OwnMail = OwnMail { conversation: ConversationId(u128::MAX - 7), number: 3 };

    fn ids() -> MailIds {
        MailIds::new([7; KEY_BYTES])
    }

    #[test]
    fn every_name_leads_back_to_what_it_stands_for_in_any_case() {
        let id = ids().message_id(MAIL, "desk.example");
        assert_eq!(ids().mail(&id), Some(MAIL));
        assert_eq!(ids().mail(&id.to_uppercase()), Some(MAIL));
        assert_eq!(ids().mail(&id.replace("desk.example", "elsewhere.example")), Some(MAIL));
        let detail = ids().reply_detail(MAIL.conversation);
        assert_eq!(ids().conversation(&detail.to_uppercase()), Some(MAIL.conversation));
        let copy = OwnCopy { mail: MAIL, recipient: 9 };
        assert_eq!(ids().copy(&ids().bounce_local(copy)), Some(copy));
    }

    #[test]
    fn names_fit_where_the_protocol_puts_them() {
        let detail = ids().reply_detail(MAIL.conversation);
        assert!(20 + 1 + detail.len() <= 64, "a local part has at most 64 bytes: {}", detail.len());
        assert!(ids().bounce_local(OwnCopy { mail: MAIL, recipient: u16::MAX }).len() <= 64);
        assert!(ids().message_id(MAIL, "desk.example").len() < 100);
    }

    #[test]
    fn a_name_that_was_changed_guessed_or_made_for_something_else_opens_nothing() {
        let id = ids().message_id(MAIL, "x");
        for place in 2..id.len() - 2 {
            let mut bytes = id.clone().into_bytes();
            bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
            assert_eq!(ids().mail(&String::from_utf8(bytes).unwrap()), None, "{place}");
        }
        assert_eq!(MailIds::new([8; KEY_BYTES]).mail(&id), None, "another installation");
        for odd in ["", "m.", "m.@x", "c", "b.", "é", "m.aaaa", &"a".repeat(1_000)] {
            assert_eq!((ids().mail(odd), ids().conversation(odd), ids().copy(odd)), (None, None, None), "{odd}");
        }
        let detail = ids().reply_detail(MAIL.conversation);
        assert_eq!(ids().mail(&format!("m.{}", &detail[1..])), None);
        assert_eq!(ids().copy(&format!("b.{}", &id[2..])), None);
    }

    #[test]
    fn the_key_is_drawn_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let id = MailIds::open(dir.path()).unwrap().message_id(MAIL, "x");
        assert_eq!(MailIds::open(dir.path()).unwrap().mail(&id), Some(MAIL));
        std::fs::write(dir.path().join("mail.key"), b"short").unwrap();
        assert!(MailIds::open(dir.path()).is_err());
    }
}
