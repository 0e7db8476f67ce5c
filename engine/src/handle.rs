//! The way into a running engine. Everything that `web` may do with it stands here.
//!
//! The handle checks no rights: `web` authorises before it asks (`web::authorize`).

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::config::Config;
use crate::domain::conversation::Command;
use crate::domain::id::{AgentId, ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::org::{self, Org, WindowEntry};
use crate::domain::record::{By, Record};
use crate::domain::seat::ReleaseCause;
use crate::domain::window;
use crate::failure::Failure;
use crate::presence::Presence;
use crate::rows::{CatchUp, ConversationRow, ListQuery, MessageRow, MessagesQuery, Page, RawRow, Snapshot, Update};

/// Turns one committed record into the socket frame that every reader of the window shares. Must be pure: a resume
/// encodes old records again and must give the same bytes.
pub type Encoder = Arc<dyn Fn(&WindowId, StreamId, Position, &Record) -> Bytes + Send + Sync>;

/// A running engine. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

struct Inner {}

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
    /// The body was stored whole, for later or for a person.
    pub stored_whole: bool,
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
    pub async fn start(config: Config, encoder: Encoder) -> Result<Self, crate::journal::Fault> {
        let _ = (config, encoder);
        unimplemented!()
    }

    /// The organisation as committed.
    #[must_use]
    pub fn org(&self) -> Arc<Org> {
        unimplemented!()
    }

    /// Decides about the organisation. Answers after the commit.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn org_command(&self, by: By, command: org::Command) -> Result<(), Failure> {
        let _ = (by, command);
        unimplemented!()
    }

    /// Adds a window: the organisation's record first, then the window's own stream.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn create_window(
        &self,
        by: By,
        id: WindowId,
        name: String,
        product: u16,
    ) -> Result<WindowEntry, Failure> {
        let _ = (by, id, name, product);
        unimplemented!()
    }

    /// A window's own state as committed.
    #[must_use]
    pub fn window(&self, id: &WindowId) -> Option<Arc<window::Window>> {
        let _ = id;
        unimplemented!()
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
        let _ = (by, id, command);
        unimplemented!()
    }

    /// Decides about a conversation. Answers after the commit of everything it rests on.
    ///
    /// # Errors
    /// Rejected, or not now.
    pub async fn command(&self, by: By, conversation: ConversationId, command: Command) -> Result<Done, Failure> {
        let _ = (by, conversation, command);
        unimplemented!()
    }

    /// Takes a verified webhook body. Answers after the commit of every event of it, or of the whole body.
    ///
    /// # Errors
    /// Not now; nothing of it may count as accepted.
    pub async fn inbound(&self, inbox: InboxId, body: Bytes) -> Result<Taken, Failure> {
        let _ = (inbox, body);
        unimplemented!()
    }

    /// The window a conversation is in, if it exists.
    ///
    /// # Errors
    /// Read models are not there yet.
    pub async fn window_of(&self, conversation: ConversationId) -> Result<Option<WindowId>, Failure> {
        let _ = conversation;
        unimplemented!()
    }

    /// One conversation.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn conversation(&self, conversation: ConversationId) -> Result<ConversationRow, Failure> {
        let _ = conversation;
        unimplemented!()
    }

    /// A page of conversations: open ones first, the longest waiting at the top, then done ones, the newest first.
    ///
    /// # Errors
    /// Catching up, or a cursor that is none.
    pub async fn conversations(&self, query: ListQuery) -> Result<Page<ConversationRow>, Failure> {
        let _ = query;
        unimplemented!()
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
        let _ = (conversation, query);
        unimplemented!()
    }

    /// One message.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn message(&self, conversation: ConversationId, number: u32) -> Result<MessageRow, Failure> {
        let _ = (conversation, number);
        unimplemented!()
    }

    /// Stored bodies of a window that wait (要確認).
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn raw_bodies(&self, window: &WindowId) -> Result<Vec<RawRow>, Failure> {
        let _ = window;
        unimplemented!()
    }

    /// The bytes of one stored body.
    ///
    /// # Errors
    /// Not found.
    pub async fn raw_body(&self, window: &WindowId, raw: u128) -> Result<Bytes, Failure> {
        let _ = (window, raw);
        unimplemented!()
    }

    /// Interprets a stored body again.
    ///
    /// # Errors
    /// Not found, or it still cannot be parsed.
    pub async fn replay_raw(&self, by: By, window: &WindowId, raw: u128) -> Result<Taken, Failure> {
        let _ = (by, window, raw);
        unimplemented!()
    }

    /// Registers a reader of every window's updates, in position order within a window. The channel is bounded by its
    /// maker: an update that finds it full is left out, and the reader, who sees the gap or asks [`Handle::position`], uses [`Handle::catch_up`].
    pub fn attach(&self, updates: mpsc::Sender<Arc<Update>>) {
        let _ = updates;
        unimplemented!()
    }

    /// A window's stream and the newest position told.
    #[must_use]
    pub fn position(&self, window: &WindowId) -> Option<(StreamId, Position)> {
        let _ = window;
        unimplemented!()
    }

    /// The window now.
    #[must_use]
    pub fn snapshot(&self, window: &WindowId) -> Option<Snapshot> {
        let _ = window;
        unimplemented!()
    }

    /// What a reader missed who has everything up to `after` of `stream`: from memory, else from the journal, up to
    /// 10,000 records; else a snapshot.
    ///
    /// # Errors
    /// No such window, or catching up.
    pub async fn catch_up(&self, window: &WindowId, stream: StreamId, after: Position) -> Result<CatchUp, Failure> {
        let _ = (window, stream, after);
        unimplemented!()
    }

    /// Who is there.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        unimplemented!()
    }

    /// An agent logged out or was shut out: what they hold anywhere ends.
    pub async fn drop_agent(&self, agent: AgentId, cause: ReleaseCause) {
        let _ = (agent, cause);
        unimplemented!()
    }

    /// What keeps the engine from being ready.
    #[must_use]
    pub fn latches(&self) -> Vec<Latch> {
        unimplemented!()
    }

    /// Removes content that was redacted from the disk. Returns how many records were emptied.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn compact(&self) -> Result<u64, crate::journal::Fault> {
        unimplemented!()
    }

    /// Writes every record of every stream to `to` as JSON lines.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn export(&self, to: &Path) -> Result<u64, crate::journal::Fault> {
        let _ = to;
        unimplemented!()
    }

    /// Finishes what is in hand, syncs, and ends every thread. New work is refused from the first moment.
    pub async fn stop(&self) {
        let _ = &self.inner;
        unimplemented!()
    }
}
