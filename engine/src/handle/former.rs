//! What is left of windows that were reset: their conversations as they stood, to be read and not to be changed.

use crate::domain::conversation::Conversation;
use crate::domain::id::{ConversationId, StreamId};
use crate::domain::message::Delivery;
use crate::domain::org::reset::{Content, Former};
use crate::domain::rejected::Rejected;
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::readmodel::{PageFault, ReadModels, ReplayFault};
use crate::rows::{ConversationRow, ListQuery, MessageKind, MessageRow, MessagesQuery, Page, Place};

use super::{Handle, store_failed};

/// A page of conversations of a former window.
pub type FormerConversations = Page<ConversationRow>;

impl Handle {
    /// Every window that was reset, the newest first.
    #[must_use]
    pub fn former_windows(&self) -> Vec<Former> {
        self.org().former.iter().rev().cloned().collect()
    }

    /// A page of the conversations of a window that was reset: first those that were open then, in the order in which they
    /// began, then those that were done, the newest first. All of them are done now.
    ///
    /// # Errors
    /// Not found, a cursor that is none, or catching up.
    pub async fn former_conversations(
        &self,
        former: StreamId,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<FormerConversations, Failure> {
        self.readable(former).await?;
        let limit = limit.clamp(1, 200);
        let read = move |store: &ReadModels| page(store, former, cursor.as_deref(), limit);
        match self.core.read(Lane::Ordinary, read).await? {
            Ok(page) => Ok(page),
            Err(PageFault::Cursor) => {
                Err(Failure::Rejected(Rejected::invalid("cursor", "the next_cursor of an earlier page")))
            }
            Err(PageFault::Read(error)) => Err(store_failed(&error)),
        }
    }

    /// A page of the messages of one of them.
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn former_messages(
        &self,
        former: StreamId,
        conversation: ConversationId,
        query: MessagesQuery,
    ) -> Result<Page<MessageRow>, Failure> {
        self.readable(former).await?;
        let journal = self.core.journal.clone();
        let (place, limit) = (query.place, query.limit.clamp(1, 200));
        let read = move |store: &ReadModels| {
            if store.conversation_in(former, conversation)?.is_none() {
                return Ok(None);
            }
            let page = store.timeline(conversation, place, limit)?;
            let items = crate::readmodel::hydrate(&*journal, conversation, &page.rows)?;
            Ok::<_, ReplayFault>(Some((items, page.more_before, page.more_after)))
        };
        let found = self.core.read(Lane::Ordinary, read).await?.map_err(|error| store_failed(&error))?;
        let (items, more_before, more_after) = found.ok_or(Failure::NotFound("conversation"))?;
        let forward = matches!(place, Place::After(_));
        let (edge, more) = if forward { (items.last(), more_after) } else { (items.first(), more_before) };
        let next_cursor = edge.filter(|_| more).map(|row| row.number.to_string());
        Ok(Page { items: items.into_iter().map(ended_message).collect(), next_cursor })
    }

    /// The former window that a conversation was in, while it can be read.
    ///
    /// # Errors
    /// Not now.
    pub async fn former_of(&self, conversation: ConversationId) -> Result<Option<Former>, Failure> {
        Ok(self.core.former_of(conversation).await?.filter(|former| former.content == Content::Kept))
    }

    async fn readable(&self, former: StreamId) -> Result<(), Failure> {
        let org = self.org();
        let kept = org.former(former).filter(|former| former.content == Content::Kept);
        kept.ok_or(Failure::NotFound("former window"))?;
        self.core.caught_up(former).await
    }
}

/// Where a page of those that were open ended; any other cursor is one of those that were done.
const OPEN: &str = "open.";

fn page(
    store: &ReadModels,
    stream: StreamId,
    cursor: Option<&str>,
    limit: usize,
) -> Result<FormerConversations, PageFault> {
    let mut items = Vec::new();
    let after = match cursor {
        None => Some(None),
        Some(text) => match text.strip_prefix(OPEN) {
            Some(id) => Some(Some(id.parse::<ConversationId>().map_err(|_| PageFault::Cursor)?)),
            None => None,
        },
    };
    if let Some(after) = after {
        for row in store.open_conversations(stream) {
            let row = row.map_err(PageFault::Read)?;
            // Those with something to send may be done; they come with the others.
            let is_done = row.state.status == crate::domain::conversation::Status::Done;
            if is_done || after.is_some_and(|after| row.state.id <= after) {
                continue;
            }
            if items.len() == limit {
                let last = items.last().map(|row: &ConversationRow| row.state.id);
                return Ok(Page { items, next_cursor: last.map(|id| format!("{OPEN}{id}")) });
            }
            items.push(ended(row));
        }
    }
    let from = cursor.filter(|_| after.is_none()).and_then(|text| text.strip_prefix("done."));
    if after.is_none() && from.is_none() {
        return Err(PageFault::Cursor);
    }
    if items.len() == limit {
        let last = items.last().map(|row| row.state.id);
        return Ok(Page { items, next_cursor: last.map(|id| format!("{OPEN}{id}")) });
    }
    let done = store.done_page(&[stream], &ListQuery::default(), from, limit - items.len())?;
    items.extend(done.items.into_iter().map(ended));
    Ok(Page { items, next_cursor: done.next_cursor.map(|next| format!("done.{next}")) })
}

/// With the window everything ended that was under way.
fn ended(row: ConversationRow) -> ConversationRow {
    let mut state = Conversation::clone(&row.state);
    state.end_with_window();
    ConversationRow { state: state.into(), ..row }
}

fn ended_message(mut row: MessageRow) -> MessageRow {
    if let MessageKind::Outbound { delivery, .. } = &mut row.kind {
        *delivery = match *delivery {
            Delivery::Queued | Delivery::Unsent => Delivery::Cancelled,
            // The first byte was out, and nobody listened to the end.
            Delivery::Sending => Delivery::Unknown,
            other => other,
        };
    }
    row
}
