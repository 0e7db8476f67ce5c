//! Which conversations are awake: id → address. Answers clones only, so that no guard lives over an await or a second call.

use actix::Addr;
use dashmap::DashMap;

use super::conversation::ConversationActor;
use crate::domain::id::ConversationId;

/// The awake conversations.
#[derive(Default)]
pub(crate) struct Registry {
    awake: DashMap<ConversationId, (u64, Addr<ConversationActor>)>,
}

impl Registry {
    pub(crate) fn get(&self, id: ConversationId) -> Option<Addr<ConversationActor>> {
        self.awake.get(&id).map(|entry| entry.1.clone())
    }

    pub(crate) fn put(&self, id: ConversationId, incarnation: u64, addr: Addr<ConversationActor>) {
        self.awake.insert(id, (incarnation, addr));
    }

    /// Takes out this incarnation; a later one stays.
    pub(crate) fn remove(&self, id: ConversationId, incarnation: u64) {
        self.awake.remove_if(&id, |_, entry| entry.0 == incarnation);
    }

    /// How many are awake.
    pub(crate) fn len(&self) -> usize {
        self.awake.len()
    }
}
