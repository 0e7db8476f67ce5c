//! Windows that were reset (初期化), and what is left of them: their conversations, which administrators can read, and
//! their accounts, whose platforms still call. With the last window everything is erased.
//!
//! The window's own stream decides that it is over; what stands here follows from it.

use super::{Event, Org, WindowEntry};
use crate::domain::id::{AgentId, StreamId, WindowId};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// A window that was reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// What it was.
    pub entry: WindowEntry,
    /// When it was reset.
    pub reset_at: Timestamp,
    /// Who did it; nobody for the operator and the engine.
    pub by: Option<AgentId>,
    /// What became of its conversations.
    pub content: Content,
}

/// What became of a former window's conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// They can be read.
    Kept,
    /// They are being erased.
    Erasing,
    /// They are gone.
    Erased,
}

impl Org {
    /// Whether a reset of this window erases everything: no other is there.
    #[must_use]
    pub fn is_last_window(&self, window: &WindowId) -> bool {
        self.windows.len() == 1 && self.windows.contains_key(window)
    }

    /// The former window with this stream.
    #[must_use]
    pub fn former(&self, stream: StreamId) -> Option<&Former> {
        self.former.iter().find(|former| former.entry.stream == stream)
    }

    pub(super) fn reset(&mut self, window: &WindowId, reset_at: Timestamp, by: Option<AgentId>, erase: bool) {
        let Some(mut entry) = self.windows.remove(window) else { return };
        entry.more.reserved = None;
        self.bots.remove(window);
        let gone: Vec<_> =
            self.inboxes.values().filter(|inbox| inbox.window == *window).map(|inbox| inbox.id).collect();
        for id in gone {
            self.retired.extend(self.inboxes.remove_entry(&id));
        }
        self.former.push(Former { entry, reset_at, by, content: Content::Kept });
        if erase {
            self.former
                .iter_mut()
                .filter(|former| former.content == Content::Kept)
                .for_each(|former| former.content = Content::Erasing);
        }
    }

    /// `code` names the window in every life of the journal, where its stream's id changes.
    pub(super) fn erased(&mut self, code: u128) {
        for former in &mut self.former {
            if former.entry.more.invite == Some(code) {
                former.content = Content::Erased;
            }
        }
    }
}

pub(super) fn decide(
    org: &Org,
    window: &WindowId,
    (reset_at, by): (Timestamp, Option<AgentId>),
    erase: bool,
) -> Result<Vec<Event>, Rejected> {
    if !org.windows.contains_key(window) {
        return Err(Rejected::not_found("window"));
    }
    Ok(vec![Event::WindowReset { window: window.clone(), reset_at, by, erase }])
}
