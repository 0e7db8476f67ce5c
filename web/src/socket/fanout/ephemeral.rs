//! What is told and not kept: who is writing, who is looking, and how people are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use madoguchi_engine::domain::id::{AgentId, ConversationId, WindowId};
use madoguchi_protocol::ServerFrame;
use madoguchi_protocol::server::{AgentPresence, OpeningNow, PresenceNow, TypingNow, ViewingNow, Writer};

use super::Fanout;
use crate::socket::frame;
use crate::socket::house::House;

/// Writers, or lookers, in one window that are told at once. Further ones are left out.
const PEOPLE: usize = 256;

/// Who is where, gathered until it is told.
pub(super) type Hints = BTreeMap<WindowId, BTreeSet<Writer>>;

impl<H: House> Fanout<H> {
    /// Somebody is writing. Returns whether this is the first hint since they were last told: then they are to be told
    /// soon.
    pub(in crate::socket) fn typing(
        &mut self,
        window: &WindowId,
        conversation: ConversationId,
        agent: AgentId,
    ) -> bool {
        if !self.is_watched(window) {
            return false;
        }
        let is_first = self.has_no_hints();
        gather(&mut self.typing, window, conversation, agent);
        is_first
    }

    /// Somebody has a conversation before their eyes. Returns the same as [`Self::typing`].
    pub(in crate::socket) fn viewing(
        &mut self,
        window: &WindowId,
        conversation: ConversationId,
        agent: AgentId,
    ) -> bool {
        if !self.is_watched(window) {
            return false;
        }
        let is_first = self.has_no_hints();
        gather(&mut self.viewing, window, conversation, agent);
        is_first
    }

    fn has_no_hints(&self) -> bool {
        self.typing.is_empty() && self.viewing.is_empty()
    }

    fn is_watched(&self, window: &WindowId) -> bool {
        self.feeds.get(window).is_some_and(super::Feed::is_watched)
    }

    /// Tells who is writing and who is looking.
    pub(in crate::socket) fn tell_hints(&mut self) {
        for (window, writers) in std::mem::take(&mut self.typing) {
            let now = TypingNow { window: window.to_string(), typing: writers.into_iter().collect() };
            self.tell_window(&window, &ServerFrame::Typing(now));
        }
        for (window, viewers) in std::mem::take(&mut self.viewing) {
            let now = ViewingNow { window: window.to_string(), viewing: viewers.into_iter().collect() };
            self.tell_window(&window, &ServerFrame::Viewing(now));
        }
    }

    /// Tells who has changed how they are since the last look.
    pub(super) fn tell_presence(&mut self) {
        let watched: Vec<WindowId> =
            self.feeds.iter().filter(|(_, feed)| feed.is_watched()).map(|(window, _)| window.clone()).collect();
        for window in watched {
            let now: HashMap<_, _> = self.house.presence(&window).into_iter().collect();
            let Some(feed) = self.feeds.get_mut(&window) else { continue };
            let before = std::mem::replace(&mut feed.presence, now);
            let mut agents: Vec<AgentPresence> = feed
                .presence
                .iter()
                .filter(|(agent, state)| before.get(agent) != Some(state))
                .map(|(agent, state)| AgentPresence { agent: agent.to_string(), state: *state })
                .collect();
            if agents.is_empty() {
                continue;
            }
            agents.sort_unstable_by(|a, b| a.agent.cmp(&b.agent));
            self.tell_window(&window, &ServerFrame::Presence(PresenceNow { window: window.to_string(), agents }));
        }
    }

    /// Tells how accounts stand, where that has changed since the last look.
    pub(super) fn tell_accounts(&mut self) {
        let watched: Vec<WindowId> =
            self.feeds.iter().filter(|(_, feed)| feed.is_watched()).map(|(window, _)| window.clone()).collect();
        for window in watched {
            let now = self.house.accounts(&window);
            let Some(feed) = self.feeds.get_mut(&window) else { continue };
            if now.accounts.is_empty() || feed.accounts.as_ref() == Some(&now) {
                continue;
            }
            feed.accounts = Some(now.clone());
            self.tell_window(&window, &ServerFrame::Accounts(now));
        }
    }

    /// Tells whether windows are open, where that has changed since the last look.
    pub(super) fn tell_opening(&mut self) {
        let watched: Vec<WindowId> =
            self.feeds.iter().filter(|(_, feed)| feed.is_watched()).map(|(window, _)| window.clone()).collect();
        for window in watched {
            let now = self.house.opening(&window);
            let Some(feed) = self.feeds.get_mut(&window) else { continue };
            if feed.opening == now {
                continue;
            }
            feed.opening.clone_from(&now);
            let Some(opening) = now else { continue };
            self.tell_window(&window, &ServerFrame::Opening(OpeningNow { window: window.to_string(), opening }));
        }
    }

    /// One frame to everybody who watches a window and stands somewhere.
    fn tell_window(&mut self, window: &WindowId, frame: &ServerFrame) {
        let Some(feed) = self.feeds.get_mut(window) else { return };
        let bytes = frame::text(frame);
        for watcher in feed.watchers() {
            watcher.hint(bytes.clone());
        }
    }
}

/// Puts somebody to those who will be told of, where there is room.
fn gather(hints: &mut Hints, window: &WindowId, conversation: ConversationId, agent: AgentId) {
    let people = hints.entry(window.clone()).or_default();
    if people.len() < PEOPLE {
        people.insert(Writer { conversation: conversation.to_string(), agent: agent.to_string() });
    }
}
