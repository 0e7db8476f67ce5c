//! What readers in real time follow: positions, figures, snapshots, what they missed, and who is there.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Handle, resume};
use crate::actors::sender;
use crate::counters::Figures;
use crate::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use crate::failure::Failure;
use crate::presence::Presence;
use crate::rows::{CatchUp, Snapshot, Update};

impl Handle {
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
}
