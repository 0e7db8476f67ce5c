//! The way into a running engine. Everything that `web` may do with it stands here.
//!
//! The handle checks no rights: `web` authorises before it asks (`web::authorize`).

mod accounts;
mod audit;
mod bots;
mod files;
mod former;
mod lists;
pub mod mail;
mod mail_in;
pub mod mail_setup;
mod operate;
mod people;
mod reads;
mod resume;
mod secrets;
mod windows;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

pub use self::bots::BotHealth;
pub use self::former::FormerConversations;
pub use self::people::{Membership, Memberships};
pub(crate) use self::reads::store_failed;
pub use self::secrets::{ResealError, Resealed};
pub use self::windows::{Change, NewWindow, ResetPreview};
use crate::actors::reply::{Answered, Reply, answered};
use crate::actors::{
    Core, conversation, inbox, raw, removal, sender, start, window as window_actor, windows as window_streams,
};
use crate::channels;
use crate::config::Config;
use crate::counters::Figures;
use crate::domain::conversation::Command;
use crate::domain::id::{AgentId, ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::org::{self, Org};
use crate::domain::record::{By, Fact, Record};
use crate::domain::rejected::Rejected;
use crate::domain::seat::ReleaseCause;
use crate::domain::window::{self, RawEnd, RawReason};
use crate::failure::Failure;
use crate::faults::Faults;
use crate::journal::Fault;
use crate::journal::writer::Lane;
use crate::presence::Presence;
use crate::pressure::Pressure;
use crate::pulse::Pulses;
use crate::readmodel;
use crate::rows::{
    CatchUp, ConversationRow, ListQuery, MessageRow, MessagesQuery, Page, Place, RawRow, Snapshot, Update,
};

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

/// What became of a webhook's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Events recorded now.
    pub recorded: usize,
    /// Events that were recorded before.
    pub duplicates: usize,
    /// Events that nobody can read; each waits by itself for a person.
    pub parked: usize,
    /// The body was stored whole, for later or for a person.
    pub stored_whole: bool,
}

impl Taken {
    /// Nothing was taken of it yet.
    pub(crate) const WHOLE: Self = Self { recorded: 0, duplicates: 0, parked: 0, stored_whole: true };
    /// Its window was reset: it is taken and thrown away.
    pub(crate) const NOTHING: Self = Self { recorded: 0, duplicates: 0, parked: 0, stored_whole: false };
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
        if !matches!(command, window::Command::RemoveAgent { .. }) {
            self.core.work_allowed()?;
            self.trial_allows(by)?;
        }
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

    /// Takes a verified webhook body. Answers after the commit of every event of it, or of the whole body.
    ///
    /// # Errors
    /// Not now; nothing of it may count as accepted.
    pub async fn inbound(&self, inbox: InboxId, body: Bytes) -> Result<Taken, Failure> {
        match self.take_in(inbox, body).await {
            Err(Failure::NotFound(_)) if self.is_reset(inbox).await? => {
                metrics::counter!("madoguchi_inbound_after_reset_total").increment(1);
                Ok(Taken::NOTHING)
            }
            taken => taken,
        }
    }

    async fn take_in(&self, inbox: InboxId, body: Bytes) -> Result<Taken, Failure> {
        if !self.core.views.org().inboxes.contains_key(&inbox) {
            return Err(Failure::NotFound("inbox"));
        }
        self.core.work_allowed()?;
        let patience_ms = i64::try_from(self.core.config.inbound_patience_ms).unwrap_or(i64::MAX);
        let taking = inbox::take_body(&self.core, inbox, body.clone());
        let entry = self.core.views.org().inboxes.get(&inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
        let redelivers = channels::of(entry.settings.kind()).traits().redelivers;
        let why = match self.core.config.clock.within_ms(patience_ms, taking).await {
            Some(Ok(taken)) => return Ok(taken),
            Some(Err(Failure::Overloaded { .. } | Failure::Interrupted | Failure::CatchingUp)) | None => {
                RawReason::Busy
            }
            // What is refused here would never come again.
            Some(Err(_)) if !redelivers => RawReason::Busy,
            Some(Err(failure)) => return Err(failure),
        };
        raw::store(&self.core, &entry, body, why, None).await?;
        Ok(Taken::WHOLE)
    }

    /// Takes a body that is told as accepted before anybody reads it, as a mail server tells: answers after its commit. It is
    /// interpreted soon after, in the order of its account's bodies.
    ///
    /// # Errors
    /// Not now; it may not count as accepted.
    pub async fn keep_body(&self, inbox: InboxId, body: Bytes) -> Result<(), Failure> {
        self.core.work_allowed()?;
        let entry = self.core.views.org().inboxes.get(&inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
        raw::store(&self.core, &entry, body, RawReason::Busy, None).await.map(drop)
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

    /// Stored bodies of a window that wait (要確認).
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn raw_bodies(&self, window: &WindowId) -> Result<Vec<RawRow>, Failure> {
        let waiting = raw::waiting(&self.core, window).await?;
        Ok(waiting.into_iter().map(|(accepted, _)| raw_row(&accepted)).collect())
    }

    /// The bytes of one stored body.
    ///
    /// # Errors
    /// Not found.
    pub async fn raw_body(&self, window: &WindowId, raw: u128) -> Result<Bytes, Failure> {
        raw::bytes_of(&self.core, &self.core.raw(window, raw).await?).await
    }

    /// Interprets a stored body again.
    ///
    /// # Errors
    /// Not found, or it still cannot be parsed.
    pub async fn replay_raw(&self, by: By, window: &WindowId, raw: u128) -> Result<Taken, Failure> {
        let accepted = self.core.raw(window, raw).await?;
        raw::interpret(&self.core, window, by, &accepted).await
    }

    /// Puts away a stored body that cannot be read, after a person looked at it. Its bytes go.
    ///
    /// # Errors
    /// Not found; or it is only waiting for room or for its conversation, and will be read: nobody may throw that away.
    pub async fn dismiss_raw(&self, by: By, window: &WindowId, raw: u128) -> Result<(), Failure> {
        let accepted = self.core.raw(window, raw).await?;
        if !accepted.why.waits_for_a_person() {
            return Err(Rejected::invalid("raw", "a body that waits for a person").into());
        }
        raw::end(&self.core, window, by, &accepted, RawEnd::Dismissed).await
    }

    /// Registers a reader of every window's updates, in position order within a window. The channel is bounded by its
    /// maker: an update that finds it full is left out, and the reader, who sees the gap or asks [`Handle::position`], uses [`Handle::catch_up`].
    pub fn attach(&self, updates: mpsc::Sender<Arc<Update>>) {
        self.core.views.attach(updates);
    }

    /// A window's stream and the newest position told.
    #[must_use]
    pub fn position(&self, window: &WindowId) -> Option<(StreamId, Position)> {
        self.core.views.window(window).map(|view| (view.stream, view.position()))
    }

    /// The figures of a window; `None` where there is no such window.
    #[must_use]
    pub fn figures(&self, window: &WindowId) -> Option<Figures> {
        self.core.views.window(window).map(|view| view.figures())
    }

    /// Moves whenever the figures of a window change.
    #[must_use]
    pub fn figures_version(&self, window: &WindowId) -> u64 {
        self.core.views.window(window).map_or(0, |view| view.figures_version())
    }

    /// Every conversation whose seat a person holds: in one window, or in all.
    #[must_use]
    pub fn held_by(&self, agent: AgentId, window: Option<&WindowId>) -> Vec<ConversationId> {
        let views = self.core.views.windows();
        views.iter().filter(|view| window.is_none_or(|id| view.id == *id)).flat_map(|v| v.held_by(agent)).collect()
    }

    /// The window now.
    #[must_use]
    pub fn snapshot(&self, window: &WindowId) -> Option<Snapshot> {
        self.core.views.window(window).map(|view| view.snapshot())
    }

    /// What a reader missed who has everything up to `after` of `stream`: from memory, else from the journal, up to
    /// 10,000 records and a few MiB at a time; else a snapshot.
    ///
    /// # Errors
    /// No such window, or catching up.
    pub async fn catch_up(&self, window: &WindowId, stream: StreamId, after: Position) -> Result<CatchUp, Failure> {
        resume::catch_up(&self.core, window, stream, after).await
    }

    /// Who is there.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.core.presence
    }

    /// An agent is writing: where they hold the seat, the customer is shown it. A hint, and never waited for.
    pub fn typing(&self, agent: AgentId, conversation: ConversationId) {
        sender::courtesy::typing(&self.core, agent, conversation);
    }

    /// An agent has seen the messages up to `number`: where they hold the seat, the customer is shown it. A hint, and
    /// never waited for.
    pub fn read(&self, agent: AgentId, conversation: ConversationId, number: u32) {
        sender::courtesy::read(&self.core, agent, conversation, number);
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
/// Times that a command is offered to a conversation that was just falling asleep.
const TRIES: usize = 3;

/// Asks a conversation, waking it where it sleeps.
pub(crate) async fn ask(core: &Arc<Core>, by: By, id: ConversationId, command: Command) -> Result<Done, Failure> {
    for _ in 0..TRIES {
        let addr = match core.registry.get(id).filter(actix::Addr::connected) {
            Some(addr) => addr,
            None => wake(core, id).await?,
        };
        let (reply, wait) = Reply::new(&core.depths.conversations);
        match addr.try_send(conversation::Ask { by, command: command.clone(), reply }) {
            Ok(()) => {}
            Err(actix::prelude::SendError::Full(_)) => {
                return Err(Failure::Overloaded { what: "conversation", retry_after_ms: 200 });
            }
            Err(actix::prelude::SendError::Closed(_)) => continue,
        }
        match answered(wait).await {
            Answered::With(result) => return result,
            Answered::NotTaken => {}
        }
    }
    Err(Failure::Interrupted)
}

async fn wake(core: &Arc<Core>, id: ConversationId) -> Result<actix::Addr<conversation::ConversationActor>, Failure> {
    let window = match core.views.open_in(id) {
        Some(view) => view.id.clone(),
        None => core.stored(id).await?.ok_or(Failure::NotFound("conversation"))?.0,
    };
    let addr = core.windows.get(&window).map(|addr| addr.clone()).ok_or(Failure::NotFound("window"))?;
    let (reply, wait) = Reply::new(&core.depths.windows);
    if addr.try_send(window_actor::Wake { id, reply }).is_err() {
        return Err(window_actor::overloaded());
    }
    once(answered(wait).await)
}

fn once<T>(answered: Answered<T>) -> Result<T, Failure> {
    match answered {
        Answered::With(result) => result,
        Answered::NotTaken => Err(Failure::Interrupted),
    }
}

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

fn raw_row(accepted: &window::RawAccepted) -> RawRow {
    let len = match &accepted.body {
        window::RawBody::Inline(bytes) => bytes.len() as u64,
        window::RawBody::File { len, .. } => *len,
        window::RawBody::Redacted => 0,
    };
    RawRow { raw: accepted.raw, inbox: accepted.inbox, received_at: accepted.received_at, why: accepted.why, len }
}
