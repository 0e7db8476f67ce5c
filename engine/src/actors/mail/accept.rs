//! Storing a mail before it counts as accepted: its bytes to a file, synced, then a record for each window that names it.
//!
//! Windows are streams of their own, so that a mail for two of them makes two records. What a stop leaves between the two is
//! whole after the sender's next try: where it is known already it counts as stored, and nothing is shown twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Kept, Recipient};
use crate::actors::{Core, Recorded, inbox, raw};
use crate::channels::mail::smtp::{Envelope, Mailbox, Stored};
use crate::content::{Keep, Purpose, Refused, Writer};
use crate::domain::id::{FileId, InboxId};
use crate::domain::org::Inbox;
use crate::domain::window::RawReason;
use crate::failure::Failure;
use crate::journal::writer::Lane;

/// A mail's media type.
pub(crate) const MIME: &str = "message/rfc822";
/// Bytes that are held in memory before a file is begun.
const IN_MEMORY: usize = 256 * 1024;

/// Where a mail came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrival {
    pub(crate) peer: String,
    pub(crate) tls: bool,
    pub(crate) over: &'static str,
}

/// The bytes of a mail that is coming in. Dropped, nothing of it stays.
#[derive(Default)]
pub(crate) struct Spool {
    waiting: Vec<u8>,
    file: Option<(FileId, Writer)>,
    hash: Sha256,
    bytes: u64,
    /// The disk did not take them; what comes is passed over, and the mail is left with its sender.
    is_broken: bool,
}

impl Spool {
    /// Takes the next bytes.
    pub(crate) async fn take(&mut self, core: &Core, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        if self.is_broken {
            return;
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() > IN_MEMORY && self.flush(core).await.is_err() {
            self.is_broken = true;
            self.waiting = Vec::new();
            self.file = None;
        }
    }

    async fn flush(&mut self, core: &Core) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.waiting);
        let begun = self.file.take();
        let (store, fresh) = (core.content.clone(), FileId(core.config.chance.bits()));
        let written = core.pool.run(Lane::Inbound, move || {
            let (id, mut writer) = match begun {
                Some(begun) => begun,
                None => (fresh, store.create(fresh, u64::MAX).map_err(Refused::from)?),
            };
            writer.write(&batch)?;
            Ok::<_, Refused>((id, writer))
        });
        self.file = Some(written.await?.map_err(|refused| not_kept(&refused))?);
        Ok(())
    }
}

fn not_kept(refused: &Refused) -> Failure {
    tracing::error!(error = refused as &dyn std::error::Error, "a mail could not be stored");
    Failure::DiskFull
}

/// Stores a mail. On `Yes` it is durable for every one of its windows.
pub(crate) async fn accept(core: &Arc<Core>, envelope: &Envelope, arrival: &Arrival, spool: Spool) -> Stored {
    match store(core, envelope, arrival, spool).await {
        Ok(Some(id)) => Stored::Yes(id),
        Ok(None) => Stored::Nobody,
        Err(Failure::DiskFull) => Stored::NoRoom,
        Err(failure) => {
            tracing::warn!(%failure, "a mail is left with its sender");
            Stored::Later
        }
    }
}

async fn store(
    core: &Arc<Core>,
    envelope: &Envelope,
    arrival: &Arrival,
    mut spool: Spool,
) -> Result<Option<u128>, Failure> {
    core.work_allowed()?;
    if spool.is_broken {
        return Err(Failure::DiskFull);
    }
    let windows = sorted(core, envelope).await?;
    if windows.is_empty() {
        return Ok(None);
    }
    spool.flush(core).await?;
    let sha256: [u8; 32] = spool.hash.finalize_reset().into();
    let mut first = spool.file.take();
    let mut named = None;
    for (inbox, recipients) in windows {
        let (id, writer) = match first.take() {
            Some(begun) => begun,
            None => copy(core, named).await?,
        };
        let purpose = Purpose::Body { inbox: inbox.id };
        let keep = Keep { purpose, at: core.now(), name: Some("mail.eml".to_owned()), source: None };
        let finished = core.pool.run(Lane::Inbound, move || writer.finish_as(MIME, None, None, &keep)).await?;
        finished.map_err(|refused| not_kept(&refused))?;
        named = Some(id);
        record(core, &inbox, (id, spool.bytes, sha256), envelope, recipients, arrival).await?;
    }
    Ok(named.map(|id| id.0))
}

/// The bytes once more, for another window.
async fn copy(core: &Core, of: Option<FileId>) -> Result<(FileId, Writer), Failure> {
    let (store, fresh) = (core.content.clone(), FileId(core.config.chance.bits()));
    let copied = core.pool.run(Lane::Inbound, move || {
        use std::io::Read as _;
        let (_, mut file) = of
            .and_then(|id| store.read(id).transpose())
            .ok_or(std::io::ErrorKind::NotFound)
            .map_err(std::io::Error::from)??;
        let mut writer = store.create(fresh, u64::MAX)?;
        let mut chunk = vec![0; IN_MEMORY];
        loop {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                return Ok::<_, Refused>((fresh, writer));
            }
            writer.write(&chunk[..read])?;
        }
    });
    copied.await?.map_err(|refused| not_kept(&refused))
}

async fn record(
    core: &Arc<Core>,
    inbox: &Inbox,
    (file, bytes, sha256): (FileId, u64, [u8; 32]),
    envelope: &Envelope,
    recipients: Vec<Recipient>,
    arrival: &Arrival,
) -> Result<(), Failure> {
    let to: Vec<&str> = recipients.iter().map(|one| one.address.as_str()).collect();
    let key = format!("stored mail {} {}", data_encoding::HEXLOWER.encode(&sha256), to.join(" "));
    let key = inbox::event_key(inbox.id, &key);
    let kept = Kept {
        file: file.to_string(),
        bytes,
        sender: envelope.sender.clone(),
        recipients,
        peer: arrival.peer.clone(),
        helo: envelope.helo.clone(),
        tls: arrival.tls,
        over: arrival.over.to_owned(),
    };
    let body = Bytes::from(serde_json::to_vec(&kept).map_err(|_| Failure::Interrupted)?);
    let stored = raw::store(core, inbox, body, RawReason::Busy, Some(key)).await;
    if stored.is_ok() {
        core.accounts.webhook(inbox.id, true, core.now());
    }
    if !matches!(stored, Ok(Recorded::Now(_))) {
        // Known already, or not recorded: nobody names this file.
        let store = core.content.clone();
        let _ = core.pool.run(Lane::Inbound, move || store.remove(file)).await;
    }
    stored.map(drop)
}

/// The recipients by window. What came back to a copy of ours goes where its conversation is.
async fn sorted(core: &Arc<Core>, envelope: &Envelope) -> Result<Vec<(Inbox, Vec<Recipient>)>, Failure> {
    let mut by_inbox: BTreeMap<InboxId, Vec<Recipient>> = BTreeMap::new();
    for (address, mailbox) in &envelope.recipients {
        let inbox = match mailbox {
            Mailbox::Window { inbox, .. } => Some(*inbox),
            Mailbox::Copy(copy) => core.row(copy.mail.conversation).await?.map(|row| row.state.inbox),
        };
        if let Some(inbox) = inbox {
            by_inbox.entry(inbox).or_default().push(Recipient::new(address, mailbox));
        }
    }
    let org = core.views.org();
    Ok(by_inbox.into_iter().filter_map(|(id, all)| Some((org.inboxes.get(&id).cloned()?, all))).collect())
}
