//! The mail of a window as the sender sees it: an answer becomes bytes, is signed, and goes to the relay, once for each
//! recipient.
//!
//! The bytes are made anew for every try, from what was accepted: the same letter with the same id.

use std::borrow::Cow;
use std::io::Read as _;

use futures_util::future::LocalBoxFuture;

use super::compose::{Attachment, Letter, Party, build};
use super::ids::{OwnCopy, OwnMail};
use super::out::MailOut;
use super::relay::{Copy, Relay, Told};
use super::thread::Head;
use super::{adapter, schedule, text};
use crate::channels::network::Means;
use crate::channels::{Account, Bubble, CopyOutcome, CopyParcel, Outcome, Parcel};
use crate::content::ContentStore;
use crate::domain::conversation::Outgoing;
use crate::domain::id::WindowId;
use crate::domain::mail::{Mail, PartPlace};
use crate::domain::message::{Author, Content};
use crate::domain::org::{Inbox, InboxSettings};
use crate::domain::time::Timestamp;

/// The code of what we refuse ourselves: it cannot be said in a mail.
const NOT_SAYABLE: u16 = 550;

struct MailAccount {
    out: MailOut,
    relay: std::sync::Arc<Relay>,
    content: ContentStore,
    window: WindowId,
    signature: String,
    sender_name: String,
}

/// The way out of a window's mail; `None` without a relay.
pub(crate) fn open(means: &Means, out: &MailOut, inbox: &Inbox) -> Option<Box<dyn Account>> {
    let InboxSettings::Mail(mail) = &inbox.settings else { return None };
    Some(Box::new(MailAccount {
        relay: out.relay.clone()?,
        out: out.clone(),
        content: means.content.clone(),
        window: inbox.window.clone(),
        signature: mail.signature.clone(),
        sender_name: mail.sender_name.clone().unwrap_or_default(),
    }))
}

impl Account for MailAccount {
    fn bubbles(&self, _items: &[Outgoing], _joined: bool) -> Vec<Bubble> {
        Vec::new()
    }

    fn bubbles_a_call(&self) -> usize {
        1
    }

    fn push<'a>(&'a self, _parcel: Parcel<'a>) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(std::future::ready(Outcome::NotSent))
    }

    fn send_copy<'a>(&'a self, parcel: CopyParcel<'a>) -> LocalBoxFuture<'a, CopyOutcome> {
        Box::pin(async move {
            match self.bytes(&parcel).await {
                Ok(bytes) => self.hand_over(parcel, bytes).await,
                Err(refused) => refused,
            }
        })
    }

    fn try_copy_again(&self, queued_at: Timestamp, now: Timestamp, failed: u16, share: f64) -> Option<Timestamp> {
        schedule::next(queued_at, now, failed, self.relay.retry_ms(), share)
    }
}

fn unsayable(detail: String) -> CopyOutcome {
    CopyOutcome::Refused { code: NOT_SAYABLE, detail }
}

impl MailAccount {
    async fn hand_over(&self, parcel: CopyParcel<'_>, bytes: Vec<u8>) -> CopyOutcome {
        if bytes.len() as u64 > adapter::WIRE_BYTES {
            return unsayable("the mail is longer than mailboxes take".to_owned());
        }
        let mail = OwnMail { conversation: parcel.conversation, number: parcel.item.number };
        let bounce = self.out.ids.bounce_local(OwnCopy { mail, recipient: parcel.copy });
        let sender = format!("{bounce}@{}", self.out.config.bounce_domain);
        // What the window says by itself is nobody's loss when it comes back (RFC 3834); what a bot says is an answer.
        let sender = (parcel.item.author != Author::Window).then_some(sender.as_str());
        let to = parcel.to;
        match self.relay.send(Copy { sender, to, bytes: &bytes, begin: parcel.begin }).await {
            Told::Taken { reply } => CopyOutcome::Taken { detail: reply },
            Told::Refused { code, detail } => CopyOutcome::Refused { code, detail },
            Told::NotNow { code, detail } => CopyOutcome::Later { code, detail, shut: false },
            Told::Shut { detail } => CopyOutcome::Later { code: 0, detail, shut: true },
            Told::Unknown => CopyOutcome::Unknown,
            Told::Withdrawn => CopyOutcome::Withdrawn,
        }
    }

    /// The signed mail.
    async fn bytes(&self, parcel: &CopyParcel<'_>) -> Result<Vec<u8>, CopyOutcome> {
        let mail = match &parcel.item.content {
            Content::Mail(mail) => Cow::Borrowed(&**mail),
            Content::Text(text) => Cow::Owned(self.plain(parcel, text)),
            _ => return Err(unsayable("nothing that goes by mail".to_owned())),
        };
        let files = self.files(&mail).await?;
        let id = OwnMail { conversation: parcel.conversation, number: parcel.item.number };
        let host = &self.out.config.inbound_domain;
        let own = self.out.default_address(&self.window);
        let detail = self.out.ids.reply_detail(parcel.conversation);
        let reply_to = format!("{}+{detail}@{host}", self.window);
        let wire = |address: &str| super::address::on_the_wire(address);
        let (to, cc) = (wired(&mail.to), wired(&mail.cc));
        let letter = Letter {
            from: Party { name: &mail.from.name, address: &wire(&mail.from.address) },
            to: parties(&to),
            cc: parties(&cc),
            // A company address brings answers here itself; ours says which case it is about.
            reply_to: (mail.from.address == own).then_some(reply_to.as_str()),
            subject: &mail.subject,
            date: parcel.item.queued_at,
            message_id: &self.out.ids.message_id(id, host),
            references: &mail.references,
            loop_mark: &self.out.ids.instance(),
            text: &mail.text,
            attachments: files
                .iter()
                .map(|(name, mime, bytes)| Attachment { name, mime, bytes: bytes.as_slice().into() })
                .collect(),
            automatic: is_automatic(parcel.item),
        };
        let bytes = build(&letter).map_err(|error| unsayable(error.to_string()))?;
        let domain = mail.from.address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let Some(signer) = self.out.signer(domain) else { return Ok(bytes) };
        signer.sign(&bytes).map_err(|error| CopyOutcome::Later { code: 0, detail: error.to_string(), shut: true })
    }

    /// What the window says by itself, as a mail.
    fn plain(&self, parcel: &CopyParcel<'_>, written: &str) -> Mail {
        let subject = parcel.context.and_then(|context| context.subject.clone()).unwrap_or_default();
        let address = |name: &str, address: &str| crate::domain::mail::MailAddress {
            name: name.to_owned(),
            address: address.to_owned(),
        };
        Mail {
            subject: text::answer_subject(&subject),
            from: address(&self.sender_name, &self.out.default_address(&self.window)),
            to: vec![address("", parcel.to)],
            references: answered(parcel),
            text: text::whole(written, &self.signature, None, 0),
            ..Mail::default()
        }
    }

    /// Name, type and bytes of what goes along.
    async fn files(&self, mail: &Mail) -> Result<Vec<(String, String, Vec<u8>)>, CopyOutcome> {
        let wanted: Vec<_> = mail
            .parts
            .iter()
            .filter_map(|part| match &part.place {
                PartPlace::Stored(file) => Some((part.name.clone(), file.mime.clone(), file.id)),
                PartPlace::Inside(_) | PartPlace::Packed(..) | PartPlace::TooLarge => None,
            })
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let content = self.content.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut files = Vec::new();
            for (name, mime, id) in wanted {
                let Some((_, file)) = content.read(id)? else { return Ok(None) };
                let mut bytes = Vec::new();
                file.take(adapter::ATTACHMENT_BYTES + 1).read_to_end(&mut bytes)?;
                files.push((name, mime, bytes));
            }
            Ok::<_, std::io::Error>(Some(files))
        });
        match reading.await {
            Ok(Ok(Some(files))) => Ok(files),
            Ok(Ok(None)) => Err(unsayable("a file that goes along is gone".to_owned())),
            Ok(Err(_)) | Err(_) => {
                Err(CopyOutcome::Later { code: 0, detail: "a file could not be read".to_owned(), shut: false })
            }
        }
    }
}

/// The ids that what the window says by itself answers: those of the newest mail that can stand in a header.
fn answered(parcel: &CopyParcel<'_>) -> Vec<String> {
    let head = parcel.context.and_then(Head::of).unwrap_or_default();
    head.references.into_iter().filter(|id| super::compose::is_id(id)).collect()
}

/// Whether no person wrote it.
fn is_automatic(item: &Outgoing) -> bool {
    matches!(item.author, Author::Window | Author::Bot)
}

fn wired(parties: &[crate::domain::mail::MailAddress]) -> Vec<(&str, String)> {
    parties.iter().map(|one| (one.name.as_str(), super::address::on_the_wire(&one.address))).collect()
}

fn parties<'a>(wired: &'a [(&'a str, String)]) -> Vec<Party<'a>> {
    wired.iter().map(|(name, address)| Party { name, address }).collect()
}
