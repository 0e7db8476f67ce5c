//! Mail that comes in, for whoever runs the server and for whoever shows it.

use std::sync::Arc;

use bytes::Bytes;

use super::Handle;
use crate::actors::Core;
use crate::actors::mail::{Kept, house};
use crate::actors::raw::bytes_of;
use crate::channels::mail::html::{self, Inline};
use crate::channels::mail::parts::Opened;
use crate::channels::mail::read::{Limits, Whole, whole};
use crate::content::Note;
use crate::domain::id::{FileId, InboxId, WindowId};
use crate::domain::mail::{MailPart, PartPlace};
use crate::domain::org::{self, Inbox, InboxSettings, MailSettings};
use crate::domain::record::By;
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::mail_server::{CannotServe, MailListen, MailServer};

impl Handle {
    /// Listens for mail from now on, on a thread of its own. Stop it before the engine.
    ///
    /// # Errors
    /// An address is taken, or the certificate is of no use.
    pub fn serve_mail(&self, listen: MailListen) -> Result<MailServer, CannotServe> {
        MailServer::start(&self.core, listen)
    }

    /// Gives every window its mail that has none, where the installation takes mail, and its own domain a key.
    ///
    /// # Errors
    /// Not now.
    pub async fn provide_mail(&self) -> Result<(), Failure> {
        let org = self.core.views.org();
        let without = org.windows.keys().filter(|window| !house::mails(&org).any(|inbox| inbox.window == **window));
        for mail in without.filter_map(|window| self.new_mail(window)) {
            self.org_command(By::Engine, org::Command::CreateInbox(mail)).await?;
        }
        self.provide_own_key().await
    }

    /// The mail of a window that has none; `None` where the installation takes no mail.
    pub(super) fn new_mail(&self, window: &WindowId) -> Option<Inbox> {
        self.core.mail_in.as_ref()?;
        let settings = InboxSettings::Mail(MailSettings::default());
        let (id, changed_at) = (InboxId(self.core.new_id()), self.core.now());
        Some(Inbox { id, window: window.clone(), settings, changed_at })
    }

    /// The default address of a window's mail; `None` where the installation takes no mail.
    #[must_use]
    pub fn default_mail_address(&self, window: &WindowId) -> Option<String> {
        self.core.mail_in.as_ref().map(|mail| format!("{window}@{}", mail.domain))
    }

    /// All of a kept mail: its file is one of the content store. Rights are the file's.
    ///
    /// # Errors
    /// Not found, or no mail.
    pub async fn whole_mail(&self, file: FileId) -> Result<(Note, Whole), Failure> {
        let limits = limits(&self.core);
        self.look_at_mail(file, move |bytes| whole(bytes, limits)).await
    }

    /// The document of a kept mail's HTML, cleaned, and whether it has any that can be shown.
    ///
    /// # Errors
    /// Not found, or none that can be shown.
    pub async fn mail_document(&self, file: FileId, pictures: bool) -> Result<(Note, String), Failure> {
        let limits = limits(&self.core);
        let look = move |bytes: &[u8]| {
            let whole = whole(bytes, limits)?;
            let inline: Inline = whole.inline;
            html::document(whole.html.as_deref()?, &inline, pictures)
        };
        self.look_at_mail(file, look).await
    }

    /// A part of a kept mail, as it is listed, and its bytes.
    ///
    /// # Errors
    /// Not found.
    pub async fn mail_part(&self, file: FileId, place: PartPlace) -> Result<(Note, (MailPart, Bytes)), Failure> {
        let limits = limits(&self.core);
        let look = move |bytes: &[u8]| {
            let opened = Opened::new(bytes)?;
            let part = opened.content(limits.max_attachment).parts.into_iter().find(|part| part.place == place)?;
            Some((part, Bytes::from(opened.bytes_of(&place)?)))
        };
        self.look_at_mail(file, look).await
    }

    /// Reads a mail on a thread that may take its time, one at a time: markup that was made to cost costs one thread.
    /// The mail behind a stored body of a window, exactly as it came; `None` where the body is no mail.
    ///
    /// # Errors
    /// Not found.
    pub async fn raw_mail(&self, window: &WindowId, raw: u128) -> Result<Option<Bytes>, Failure> {
        let accepted = self.core.raw(window, raw).await?;
        let org = self.org();
        let inbox = org.inboxes.get(&accepted.inbox).map(|inbox| &inbox.settings);
        // What strangers sent over another channel must not name a file of ours.
        let Some(InboxSettings::Mail(_)) = inbox else { return Ok(None) };
        let kept = Kept::read(&bytes_of(&self.core, &accepted).await?);
        let Some(file) = kept.as_ref().and_then(Kept::file) else { return Ok(None) };
        let (_, bytes) = self.look_at_mail(file, |bytes| Some(Bytes::copy_from_slice(bytes))).await?;
        Ok(Some(bytes))
    }

    async fn look_at_mail<T: Send + 'static>(
        &self,
        file: FileId,
        look: impl FnOnce(&[u8]) -> Option<T> + Send + 'static,
    ) -> Result<(Note, T), Failure> {
        let _turn = self.core.looking.lock().await;
        let store = self.core.content.clone();
        let read = move || {
            use std::io::Read as _;
            let Some((note, mut file)) = store.read(file)? else { return Ok(None) };
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(look(&bytes).map(|found| (note, found)))
        };
        let found = self.core.pool.run(Lane::Ordinary, read).await?.map_err(|error| {
            tracing::error!(%error, "a mail could not be read");
            Failure::Interrupted
        })?;
        found.ok_or(Failure::NotFound("mail"))
    }
}

fn limits(core: &Arc<Core>) -> Limits {
    core.mail_in.as_ref().map_or_else(Limits::default, |mail| Limits { max_attachment: mail.config.max_attachment })
}
