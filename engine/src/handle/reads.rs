//! What reads have in common: whether work is taken, waiting for the read models, and finding a conversation in them.

use std::sync::Arc;

use super::CATCH_UP_MS;
use crate::actors::{Core, raw};
use crate::domain::id::{ConversationId, StreamId, WindowId};
use crate::domain::org::reset::Former;
use crate::domain::window;
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::readmodel::ReadFault;
use crate::rows::ConversationRow;

/// What a reader is told whose read failed: it may be there after the next start.
pub(crate) fn store_failed(error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::error!(error, "a read model could not be read");
    Failure::CatchingUp
}

impl Core {
    /// New work is refused while the engine stops or the disk is nearly full.
    pub(crate) fn work_allowed(&self) -> Result<(), Failure> {
        if self.is_stopping() {
            return Err(Failure::Stopping);
        }
        if self.space.has_room() { Ok(()) } else { Err(Failure::DiskFull) }
    }

    /// Waits until the read models have reached the head as of now.
    pub(crate) async fn caught_up(&self, stream: StreamId) -> Result<(), Failure> {
        self.caught_up_within(stream, CATCH_UP_MS).await
    }

    /// The same with another patience.
    pub(crate) async fn caught_up_within(&self, stream: StreamId, patience_ms: i64) -> Result<(), Failure> {
        let arrival = self.store_writer.arrival(stream, self.journal.head(stream));
        self.config.clock.within_ms(patience_ms, arrival).await.unwrap_or(Err(Failure::CatchingUp))
    }

    /// A conversation that the read models know, with its window.
    pub(crate) async fn stored(&self, id: ConversationId) -> Result<Option<(WindowId, ConversationRow)>, Failure> {
        let views = self.views.clone();
        // Of a window that was reset nothing is found here, also where another one has its address by now.
        let look = || {
            let views = views.clone();
            self.read(Lane::Ordinary, move |store| {
                let row = store.conversation(id)?;
                let stream = store.stream_of(id)?;
                let here =
                    |row: &ConversationRow| views.window(&row.window).is_some_and(|view| Some(view.stream) == stream);
                Ok::<_, ReadFault>(row.filter(here))
            })
        };
        let mut found = look().await?.map_err(|error| store_failed(&error))?;
        // It may have been done a moment ago, or not be there at all: only at the head can that be told. What was found
        // may be old in the same way.
        for view in self.views.windows() {
            if found.as_ref().is_none_or(|row| row.window == view.id) {
                self.caught_up(view.stream).await?;
            }
        }
        found = look().await?.map_err(|error| store_failed(&error))?;
        Ok(found.map(|row| (row.window.clone(), row)))
    }

    /// The former window that a conversation was in.
    pub(crate) async fn former_of(&self, id: ConversationId) -> Result<Option<Former>, Failure> {
        let stream = self.read(Lane::Ordinary, move |store| store.stream_of(id)).await?;
        let stream = stream.map_err(|error| store_failed(&error))?;
        Ok(stream.and_then(|stream| self.views.org().former(stream).cloned()))
    }

    pub(crate) async fn row(&self, id: ConversationId) -> Result<Option<ConversationRow>, Failure> {
        if let Some(row) = self.views.open_in(id).and_then(|view| view.live(id)) {
            return Ok(Some(row));
        }
        Ok(self.stored(id).await?.map(|(_, row)| row))
    }

    pub(super) async fn stream_of(&self, id: ConversationId) -> Result<StreamId, Failure> {
        let row = self.row(id).await?.ok_or(Failure::NotFound("conversation"))?;
        self.views.window(&row.window).map(|view| view.stream).ok_or(Failure::NotFound("window"))
    }

    pub(super) async fn raw(self: &Arc<Self>, window: &WindowId, id: u128) -> Result<window::RawAccepted, Failure> {
        let waiting = raw::waiting(self, window).await?;
        let found = waiting.into_iter().map(|(accepted, _)| accepted).find(|accepted| accepted.raw == id);
        found.ok_or(Failure::NotFound("stored body"))
    }
}
