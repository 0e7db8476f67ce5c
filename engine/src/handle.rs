//! The way into a running engine. Everything that `web` may do with it stands here.
//!
//! The handle checks no rights: `web` authorises before it asks (`web::authorize`).

mod accounts;
mod asking;
mod audit;
mod bodies;
mod bots;
mod files;
mod former;
mod lists;
mod live;
pub mod mail;
mod mail_in;
mod mail_keys;
pub mod mail_setup;
mod operate;
mod people;
mod reads;
mod resume;
mod secrets;
mod windows;

use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::asking::ask;
pub use self::bodies::Taken;
pub use self::bots::BotHealth;
pub use self::former::FormerConversations;
pub use self::people::{Membership, Memberships};
pub(crate) use self::reads::store_failed;
pub use self::secrets::{ResealError, Resealed};
pub use self::windows::{Change, NewWindow, ResetPreview};
use crate::actors::{Core, removal, start, window as window_actor, windows as window_streams};
use crate::config::Config;
use crate::domain::conversation::Command;
use crate::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use crate::domain::org::{self, Org};
use crate::domain::record::{By, Fact, Record};
use crate::domain::seat::ReleaseCause;
use crate::domain::window::{self};
use crate::failure::Failure;
use crate::faults::Faults;
use crate::journal::Fault;
use crate::journal::writer::Lane;
use crate::pressure::Pressure;
use crate::pulse::Pulses;
use crate::readmodel;
use crate::rows::{ConversationRow, ListQuery, MessageRow, MessagesQuery, Page, Place};

/// Turns one committed record into the socket frame that every reader of the window shares. Must be pure: a resume
/// encodes old records again and must give the same bytes.
pub type Encoder = Arc<dyn Fn(&WindowId, StreamId, Position, &Record) -> Bytes + Send + Sync>;

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings of mail.
    #[error("mail cannot be sent with these settings")]
    Mail(#[from] crate::channels::mail::out::BadMailOut),
    /// The journal.
    #[error("the journal cannot be opened")]
    Journal(#[from] Fault),
    /// A record of it.
    #[error("a record of the journal cannot be read")]
    Record(#[from] crate::journal::codec::CodecError),
    /// The read models.
    #[error("the read models cannot be opened")]
    ReadModels(#[from] crate::readmodel::StartFault),
    /// A row of them.
    #[error("the read models cannot be read")]
    Row(#[from] crate::readmodel::ReadFault),
    /// The key of the addresses under which platforms fetch what is sent.
    #[error("the key of public addresses cannot be used")]
    MediaKey(#[source] std::io::Error),
    /// The keys of channel secrets.
    #[error("the keys of channel secrets cannot be used")]
    Secrets(#[from] crate::vault::VaultError),
    /// The folder of uploads.
    #[error("the folder of uploads cannot be used")]
    Uploads(#[source] std::io::Error),
    /// The folder of files.
    #[error("the folder of files cannot be used")]
    Content(#[source] std::io::Error),
    /// What holds sending.
    #[error("whether sending is held cannot be read")]
    Sending(#[source] std::io::Error),
    /// A restore into the data folder was cut off.
    #[error("a restore into this data folder was not finished; empty it and restore again")]
    RestoreUnfinished,
    /// Calls to platforms.
    #[error("no client for outside calls")]
    HttpClient,
    /// A part of the start panicked.
    #[error("the start was interrupted")]
    Interrupted,
}

/// A running engine. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    core: Arc<Core>,
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Done {
    /// The conversation after it.
    pub row: ConversationRow,
    /// The message or memo it made, or had made before under the same client id.
    pub number: Option<u32>,
}

/// What may keep the engine from being ready; see [`Handle::latches`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latch {
    /// Its name, such as `read_models`.
    pub name: &'static str,
    /// Whether it is open.
    pub open: bool,
}

impl Handle {
    /// Opens or creates the store, replays what is needed, starts every actor and thread. Must run inside an actix system.
    ///
    /// # Errors
    /// The store cannot be opened; the text names file and reason.
    pub async fn start(config: Config, encoder: Encoder) -> Result<Self, StartError> {
        let handle = Self::of(start::start(config, encoder).await?);
        let joining = handle.clone();
        handle.core.sender_arbiter.spawn(async move { joining.settle_joining().await });
        Ok(handle)
    }

    pub(crate) fn of(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// The organisation as committed.
    #[must_use]
    pub fn org(&self) -> Arc<Org> {
        self.core.views.org()
    }

    /// Decides about the organisation. Answers after the commit.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn org_command(&self, by: By, command: org::Command) -> Result<(), Failure> {
        self.core.work_allowed()?;
        let _turn = self.core.org_turn.lock().await;
        self.decide_org(by, command).await
    }

    /// The same for who has the turn already.
    pub(crate) async fn decide_org(&self, by: By, command: org::Command) -> Result<(), Failure> {
        let events = org::decide(&self.core.views.org(), command)?;
        if events.is_empty() {
            return Ok(());
        }
        let inboxes: Vec<_> = events.iter().filter_map(created_inbox).cloned().collect();
        let replaces = events.iter().any(|event| {
            use org::Event::{BotRemoved, BotSet, InboxChanged, MailDomainRemoved, MailDomainSet};
            matches!(
                event,
                InboxChanged(_) | BotSet(_) | BotRemoved { .. } | MailDomainSet(_) | MailDomainRemoved { .. }
            )
        });
        let facts = events.into_iter().map(Fact::Org).collect();
        self.core.record(self.core.org_stream, None, by, facts, Vec::new()).await?;
        inboxes.iter().for_each(|inbox| start::start_inbox(&self.core, inbox));
        if let Some(out) = &self.core.mail {
            out.learn(&self.core.views.org(), &self.core.vault);
        }
        if replaces && let Err(failure) = removal::replaced_secrets(&self.core).await {
            tracing::warn!(%failure, "replaced secrets are removed by the next start");
        }
        Ok(())
    }

    /// A window's own state as committed; nothing of one that was reset.
    #[must_use]
    pub fn window(&self, id: &WindowId) -> Option<Arc<window::Window>> {
        self.core.views.window(id).map(|view| view.window()).filter(|window| window.reset.is_none())
    }

    /// Decides about a window. Answers after the commit with the window's state.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn window_command(
        &self,
        by: By,
        id: &WindowId,
        command: window::Command,
    ) -> Result<Arc<window::Window>, Failure> {
        if let window::Command::RemoveAgent { agent } = &command {
            self.end_joining(*agent).await?;
            return window_streams::ask(&self.core, by, id, command).await;
        }
        self.begin_in_window(by, id, command).await
    }

    /// The same for what begins something in a window.
    async fn begin_in_window(
        &self,
        by: By,
        id: &WindowId,
        command: window::Command,
    ) -> Result<Arc<window::Window>, Failure> {
        self.core.work_allowed()?;
        self.trial_allows(by)?;
        window_streams::ask(&self.core, by, id, command).await
    }

    /// Decides about a conversation. Answers after the commit of everything it rests on.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn command(&self, by: By, conversation: ConversationId, command: Command) -> Result<Done, Failure> {
        if !eases(&command) {
            self.core.work_allowed()?;
            self.trial_allows(by)?;
        }
        let is_taken_back = matches!(command, Command::TakeBack { .. });
        let done = ask(&self.core, by, conversation, command).await?;
        if is_taken_back && let Some(window) = self.core.windows.get(&done.row.window).map(|addr| addr.clone()) {
            // What its customer wrote meanwhile. Lost with a full mailbox, it waits in 要確認 for the next word of this kind.
            let _ = window.try_send(window_actor::RawWaits);
        }
        Ok(done)
    }

    /// The window a conversation is in, if it exists.
    ///
    /// # Errors
    /// Read models are not there yet.
    pub async fn window_of(&self, conversation: ConversationId) -> Result<Option<WindowId>, Failure> {
        if let Some(view) = self.core.views.open_in(conversation) {
            return Ok(Some(view.id.clone()));
        }
        Ok(self.core.stored(conversation).await?.map(|(id, _)| id))
    }

    /// One conversation.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn conversation(&self, conversation: ConversationId) -> Result<ConversationRow, Failure> {
        self.core.row(conversation).await?.ok_or(Failure::NotFound("conversation"))
    }

    /// A page of conversations: open ones first, the longest waiting at the top, then done ones, the newest first.
    ///
    /// # Errors
    /// Catching up, or a cursor that is none.
    pub async fn conversations(&self, query: ListQuery) -> Result<Page<ConversationRow>, Failure> {
        lists::page(&self.core, query).await
    }

    /// A page of a conversation's messages.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn messages(
        &self,
        conversation: ConversationId,
        query: MessagesQuery,
    ) -> Result<Page<MessageRow>, Failure> {
        let core = self.core.clone();
        let stream = core.stream_of(conversation).await?;
        core.caught_up(stream).await?;
        let journal = core.journal.clone();
        let (place, limit) = (query.place, query.limit.clamp(1, 200));
        let read = move |store: &readmodel::ReadModels| {
            let page = store.timeline(conversation, place, limit)?;
            let items = readmodel::hydrate(&*journal, conversation, &page.rows)?;
            Ok::<_, readmodel::ReplayFault>((items, page.more_before, page.more_after))
        };
        let (items, more_before, more_after) =
            core.read(Lane::Ordinary, read).await?.map_err(|error| store_failed(&error))?;
        let forward = matches!(place, Place::After(_));
        let (edge, more) = if forward { (items.last(), more_after) } else { (items.first(), more_before) };
        let next_cursor = edge.filter(|_| more).map(|row| row.number.to_string());
        Ok(Page { items, next_cursor })
    }

    /// One message.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn message(&self, conversation: ConversationId, number: u32) -> Result<MessageRow, Failure> {
        let query = MessagesQuery { place: Place::Before(number.saturating_add(1)), limit: 1 };
        let page = self.messages(conversation, query).await?;
        page.items.into_iter().find(|row| row.number == number).ok_or(Failure::NotFound("message"))
    }

    /// An agent logged out or was shut out: what they hold anywhere ends.
    pub async fn drop_agent(&self, agent: AgentId, cause: ReleaseCause) {
        for view in self.core.views.windows() {
            let Some(window) = self.core.windows.get(&view.id).map(|addr| addr.clone()) else { continue };
            // Full: presence takes the seat back later.
            let _ = window.try_send(window_actor::DropAgent { agent, cause });
        }
    }

    /// What keeps the engine from being ready.
    #[must_use]
    pub fn latches(&self) -> Vec<Latch> {
        let lag_is_small = self.core.store_writer.lag() < READY_LAG;
        vec![
            Latch { name: "journal", open: self.core.writer().is_some() },
            Latch { name: "read_models", open: lag_is_small },
            Latch { name: "disk", open: self.core.space.has_room() },
        ]
    }

    /// How full everything is now; cheap enough to ask at every request.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        self.core.pressure()
    }

    /// The pulses of the process, for event loops outside the engine that are to count.
    #[must_use]
    pub fn pulses(&self) -> &Pulses {
        &self.core.pulses
    }

    /// The faults that a test switches on.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.core.config.faults
    }

    /// Finishes what is in hand, syncs, and ends every thread. New work is refused from the first moment.
    pub async fn stop(&self) {
        start::stop(&self.core).await;
    }
}

/// Records that read models may be behind and the engine still be ready.
const READY_LAG: usize = 2_000;
/// How long a read waits for the read models, in milliseconds.
const CATCH_UP_MS: i64 = 2_000;

/// What goes on when the disk is nearly full: it ends work, or notes what happened.
fn eases(command: &Command) -> bool {
    use crate::domain::conversation::Overseen;
    matches!(
        command,
        Command::Complete { .. }
            | Command::Release { .. }
            | Command::Cancel { .. }
            | Command::BotComplete { .. }
            | Command::BotHandOver { .. }
            | Command::Supervise { act: Overseen::Complete | Overseen::Release, .. }
    )
}

fn created_inbox(event: &org::Event) -> Option<&org::Inbox> {
    match event {
        org::Event::InboxCreated(inbox) => Some(inbox),
        _ => None,
    }
}
