//! Mail that comes in: whose address it is, what is stored before it counts as accepted, and what is made of it afterwards.
//!
//! In the order of a mail: [`house`] says at each recipient whether it is ours, [`accept`] stores it, the window's rounds
//! have it read by [`reading`] and [`interpret`], from its stored bytes alone, as often as it takes; [`ending`] puts it away.
//! [`caretaker`] looks after set-ups.

pub(crate) mod accept;
pub(crate) mod caretaker;
mod ending;
pub(crate) mod house;
pub(crate) mod interpret;
pub(crate) mod reading;
mod report;
mod rush;

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::channels::mail::config::MailConfig;
use crate::channels::mail::dns::Dns;
use crate::channels::mail::ids::{MailIds, OwnCopy, OwnMail};
use crate::channels::mail::out::MailOut;
use crate::channels::mail::smtp::Mailbox;
use crate::domain::id::{ConversationId, FileId};

pub(crate) use rush::Rush;

/// What every part of it shares.
pub(crate) struct MailIn {
    pub(crate) config: MailConfig,
    /// The domain of default addresses.
    pub(crate) domain: String,
    /// The domain that bounces come to.
    pub(crate) bounces: String,
    pub(crate) ids: MailIds,
    pub(crate) dns: Dns,
    pub(crate) rush: Rush,
    /// Places for mails of all windows that are looked at before their turn.
    pub(crate) ahead: Arc<Semaphore>,
}

impl MailIn {
    pub(crate) fn new(config: &MailConfig, out: &MailOut) -> Self {
        let domain = out.config.inbound_domain.clone();
        let bounces = Some(&out.config.bounce_domain).filter(|domain| !domain.is_empty()).unwrap_or(&domain).clone();
        let (ids, dns) = (out.ids.clone(), out.dns.clone());
        Self {
            config: config.clone(),
            domain,
            bounces,
            ids,
            dns,
            rush: Rush::default(),
            ahead: Arc::new(Semaphore::new(reading::AHEAD_OF_ALL)),
        }
    }
}

/// A mail as it is kept beside its bytes: what it came with, and where they are. The body of a stored body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The file with its bytes, exactly as they came.
    file: String,
    /// How many they are.
    pub(crate) bytes: u64,
    /// The envelope's sender; null for none.
    pub(crate) sender: Option<String>,
    /// The recipients that are this window's.
    pub(crate) recipients: Vec<Recipient>,
    /// Where it came from: an address of IP, or the name of a socket.
    pub(crate) peer: String,
    /// What the peer called itself.
    pub(crate) helo: String,
    /// It came encrypted.
    pub(crate) tls: bool,
    /// `smtp` or `lmtp`.
    pub(crate) over: String,
}

/// One recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipient {
    /// As it was given, normalised.
    pub(crate) address: String,
    /// The conversation that the address proves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// The mail, and which of its copies, that it is the envelope's sender of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy: Option<(String, u32, u16)>,
}

impl Recipient {
    fn new(address: &str, mailbox: &Mailbox) -> Self {
        let (conversation, copy) = match mailbox {
            Mailbox::Window { conversation, .. } => (conversation.map(|id| id.to_string()), None),
            Mailbox::Copy(copy) => (None, Some((copy.mail.conversation.to_string(), copy.mail.number, copy.recipient))),
        };
        Self { address: address.to_owned(), conversation, copy }
    }

    /// The conversation that the address proves.
    pub(crate) fn conversation(&self) -> Option<ConversationId> {
        self.conversation.as_deref().and_then(|id| ConversationId::from_str(id).ok())
    }

    /// The copy that it is the envelope's sender of.
    pub(crate) fn copy(&self) -> Option<OwnCopy> {
        let (conversation, number, recipient) = self.copy.as_ref()?;
        let mail = OwnMail { conversation: ConversationId::from_str(conversation).ok()?, number: *number };
        Some(OwnCopy { mail, recipient: *recipient })
    }
}

impl Kept {
    /// Reads a stored body back. `None` for one that is no mail.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The file with its bytes.
    pub(crate) fn file(&self) -> Option<FileId> {
        FileId::from_str(&self.file).ok()
    }

    /// Who handed it over, where that is who sends: behind a server of ours it is not.
    pub(crate) fn stranger(&self) -> Option<IpAddr> {
        if self.over == "smtp" { self.peer.parse().ok() } else { None }
    }
}
