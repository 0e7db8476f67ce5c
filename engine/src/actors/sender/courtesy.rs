//! What the customer is shown besides answers: that somebody is writing, and that somebody has read.
//!
//! Hints: each is one call, made once, never waited for and never in the way of an answer. Only what the holder of the
//! seat does is shown. Nothing of it is journaled; after a start a mark may be made once more, which changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use actix::prelude::*;
use futures_util::future::LocalBoxFuture;
use tokio::sync::Semaphore;

use super::SenderActor;
use crate::actors::Core;
use crate::channels::{Account, Outcome, TYPING_MS};
use crate::domain::conversation::Conversation;
use crate::domain::id::{AgentId, ConversationId};
use crate::domain::seat::Holder;
use crate::domain::time::Timestamp;

/// Conversations of one account whose last hint is remembered; beyond it all are forgotten, and hints may be repeated.
const REMEMBERED: usize = 10_000;
/// Hints of one account on their way; one more is left out.
const AT_ONCE: usize = 16;

/// Something to show to a customer.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Show {
    conversation: ConversationId,
    what: What,
}

enum What {
    /// Somebody writes to them.
    Typing { to: String },
    /// Their messages up to the one with this token were read.
    Read { token: String },
}

/// What was shown.
pub(super) struct Courtesy {
    typed: HashMap<ConversationId, Timestamp>,
    read: HashMap<ConversationId, String>,
    places: Arc<Semaphore>,
}

impl Default for Courtesy {
    fn default() -> Self {
        Self { typed: HashMap::new(), read: HashMap::new(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// See [`crate::Handle::typing`].
pub(crate) fn typing(core: &Core, agent: AgentId, conversation: ConversationId) {
    let Some(state) = held_by(core, agent, conversation) else { return };
    show(core, &state, What::Typing { to: state.external_id.clone() });
}

/// See [`crate::Handle::read`].
pub(crate) fn read(core: &Core, agent: AgentId, conversation: ConversationId, number: u32) {
    let Some(state) = held_by(core, agent, conversation) else { return };
    // A token speaks for all messages before its own: the newest one must have been seen.
    if let Some((newest, token)) = state.read.as_ref().filter(|(newest, _)| *newest <= number) {
        debug_assert!(*newest <= state.last_number);
        show(core, &state, What::Read { token: token.clone() });
    }
}

/// The conversation, if this agent holds its seat and the customer would see anything.
fn held_by(core: &Core, agent: AgentId, id: ConversationId) -> Option<Arc<Conversation>> {
    let row = core.views.open_in(id)?.live(id)?;
    (row.state.seat.holder == Holder::Agent(agent) && !row.state.blocked).then_some(row.state)
}

fn show(core: &Core, state: &Conversation, what: What) {
    if core.sending.is_held() || core.is_stopping() {
        return;
    }
    if let Some(sender) = core.senders.get(&state.inbox).map(|addr| addr.clone()) {
        // Full: answers go first.
        let _ = sender.try_send(Show { conversation: state.id, what });
    }
}

impl Courtesy {
    /// Whether this is to be shown now; notes that it is.
    fn is_due(&mut self, show: &Show, now: Timestamp) -> bool {
        if self.typed.len() >= REMEMBERED {
            self.typed.clear();
        }
        if self.read.len() >= REMEMBERED {
            self.read.clear();
        }
        match &show.what {
            What::Typing { .. } => {
                let last = self.typed.get(&show.conversation);
                let due = last.is_none_or(|last| now.since_ms(*last) >= TYPING_MS);
                if due {
                    self.typed.insert(show.conversation, now);
                }
                due
            }
            What::Read { token } => self.read.insert(show.conversation, token.clone()).as_ref() != Some(token),
        }
    }

    /// A mark that was not made may be tried with the next reading.
    fn not_marked(&mut self, conversation: ConversationId, token: &str) {
        if self.read.get(&conversation).is_some_and(|known| known == token) {
            self.read.remove(&conversation);
        }
    }
}

impl Handler<Show> for SenderActor {
    type Result = ();

    fn handle(&mut self, show: Show, ctx: &mut Context<Self>) {
        let org = self.core.views.org();
        let Some(inbox) = org.inboxes.get(&self.inbox) else { return };
        let wanted = match &show.what {
            What::Typing { .. } => inbox.settings.shows_typing(),
            What::Read { .. } => inbox.settings.marks_read(),
        };
        let (true, Ok(place)) = (wanted, self.courtesy.places.clone().try_acquire_owned()) else { return };
        let Some(account) = self.core.platform.account(inbox) else { return };
        if !self.courtesy.is_due(&show, self.core.now()) {
            return;
        }
        let Show { conversation, what } = show;
        let calling = async move {
            let outcome = call(&*account, &what).await;
            drop(place);
            (what, outcome)
        };
        ctx.spawn(calling.into_actor(self).map(move |(what, outcome), actor, _| {
            if matches!(outcome, Outcome::Accepted { .. }) {
                return;
            }
            tracing::debug!(conversation.id = %conversation, ?outcome, "a hint was not shown");
            if let What::Read { token } = &what {
                actor.courtesy.not_marked(conversation, token);
            }
        }));
    }
}

fn call<'a>(account: &'a dyn Account, what: &'a What) -> LocalBoxFuture<'a, Outcome> {
    match what {
        What::Typing { to } => account.show_typing(to),
        What::Read { token } => account.mark_read(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typing(conversation: u128) -> Show {
        Show { conversation: ConversationId(conversation), what: What::Typing { to: "U1".to_owned() } }
    }

    fn read(token: &str) -> Show {
        Show { conversation: ConversationId(1), what: What::Read { token: token.to_owned() } }
    }

    #[test]
    fn the_sign_of_writing_is_shown_once_while_it_lasts() {
        let mut courtesy = Courtesy::default();
        assert!(courtesy.is_due(&typing(1), Timestamp(0)));
        assert!(!courtesy.is_due(&typing(1), Timestamp(TYPING_MS - 1)));
        assert!(courtesy.is_due(&typing(2), Timestamp(1)), "another customer");
        assert!(courtesy.is_due(&typing(1), Timestamp(TYPING_MS)));
    }

    #[test]
    fn a_token_is_used_once_unless_it_was_not_taken() {
        let mut courtesy = Courtesy::default();
        assert!(courtesy.is_due(&read("a"), Timestamp(0)));
        assert!(!courtesy.is_due(&read("a"), Timestamp(99_999)));
        courtesy.not_marked(ConversationId(1), "a");
        assert!(courtesy.is_due(&read("a"), Timestamp(100_000)));
        assert!(courtesy.is_due(&read("b"), Timestamp(100_001)));
        courtesy.not_marked(ConversationId(1), "a");
        assert!(!courtesy.is_due(&read("b"), Timestamp(100_002)), "an old failure forgets nothing newer");
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut courtesy = Courtesy::default();
        for conversation in 0..(REMEMBERED as u128 * 2) {
            courtesy.is_due(&typing(conversation), Timestamp(0));
        }
        assert!(courtesy.typed.len() <= REMEMBERED);
    }
}
