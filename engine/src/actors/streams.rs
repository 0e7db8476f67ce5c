//! Which stream is whose. A stream's id says nothing and changes with every import; what its first record says stays.

use std::collections::HashMap;

use crate::domain::id::{Position, StreamId, WindowId};
use crate::domain::org::Org;
use crate::domain::record::Fact;
use crate::domain::window::Event;
use crate::handle::StartError;
use crate::journal::{Journal, codec};

/// The streams of a store.
#[derive(Debug)]
pub(crate) struct Streams {
    /// The organisation's; a new one where the store is empty.
    pub(crate) org: StreamId,
    /// The audit log's; none where nothing was written to it yet.
    pub(crate) audit: Option<StreamId>,
    /// By the code of their invite link, which no other window ever has.
    invited: HashMap<u128, StreamId>,
    /// Those that are older than invite links, by their address, which no other window had then.
    windows: HashMap<WindowId, StreamId>,
}

impl Streams {
    /// Looks at the first record of every stream. `new` draws one where there is none yet.
    pub(crate) fn find(journal: &dyn Journal, new: impl FnOnce() -> StreamId) -> Result<Self, StartError> {
        let mut org = None;
        let mut audit = None;
        let mut empty = None;
        let mut windows = HashMap::new();
        let mut invited = HashMap::new();
        for (stream, head) in journal.streams() {
            if head == Position(0) {
                empty = Some(stream);
                continue;
            }
            for stored in journal.read(stream, Position(1), 1, usize::MAX)? {
                let first = codec::decode(&stored.payload)?.events;
                match (first.first(), first.get(1)) {
                    (Some(Fact::Org(_)), _) => org = Some(stream),
                    (Some(Fact::Audit(_)), _) => audit = Some(stream),
                    (Some(Fact::Window(Event::Opened { .. })), Some(Fact::Window(Event::Invited { code }))) => {
                        invited.insert(*code, stream);
                    }
                    (Some(Fact::Window(Event::Opened { id, .. })), _) => {
                        windows.insert(id.clone(), stream);
                    }
                    // Everything of it was erased.
                    (None, _) => {}
                    _ => {
                        tracing::warn!(%stream, "a stream begins with neither an organisation, nor a window, nor the audit log");
                    }
                }
            }
        }
        // Only the organisation's own can be empty before it has said anything.
        let org = org.or(empty.filter(|_| windows.is_empty() && invited.is_empty())).unwrap_or_else(new);
        Ok(Self { org, audit, invited, windows })
    }

    /// Puts each window's stream into the organisation as it is now. A window whose stream has no record yet keeps the
    /// one that was drawn for it.
    pub(crate) fn put_into(&self, org: &mut Org) {
        let mut windows = self.windows.clone();
        let former = org.former.iter_mut().map(|former| &mut former.entry);
        for entry in former.chain(org.windows.values_mut()) {
            // What is older than invite links is the first that had this address.
            let eldest = windows.remove(&entry.id);
            let invited = entry.more.invite.and_then(|code| self.invited.get(&code).copied());
            if let Some(stream) = invited.or(eldest) {
                entry.stream = stream;
            }
        }
    }
}
