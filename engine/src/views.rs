//! What everybody may read without asking an actor: the organisation, each window, its open conversations and its last
//! frames, as committed. Only the feed moves them; so no order can swap, and no panic of an actor can open a gap.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock};
use tokio::sync::mpsc;

use crate::counters::{Counters, Figures};
use crate::domain::conversation::{Conversation, Status};
use crate::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use crate::domain::org::{ChannelKind, Org};
use crate::domain::record::{Fact, Record};
use crate::domain::time::Timestamp;
use crate::domain::window::Window;
use crate::handle::Encoder;
use crate::journal::codec;
use crate::journal::feed::Committed;
use crate::rows::{ConversationRow, SNAPSHOT_ROWS, Snapshot, Update};

/// Frames kept in memory for each window, and their bytes; the oldest goes first.
const RING_FRAMES: usize = 4_096;
const RING_BYTES: usize = 4 << 20;

/// Every view.
pub struct Views {
    org: ArcSwap<Org>,
    org_position: Mutex<Position>,
    windows: RwLock<BTreeMap<WindowId, Arc<WindowView>>>,
    readers: Mutex<Vec<mpsc::Sender<Arc<Update>>>>,
    encoder: Encoder,
}

/// One window as committed.
pub struct WindowView {
    /// Its address.
    pub id: WindowId,
    /// Its stream.
    pub stream: StreamId,
    inner: Mutex<Inner>,
}

struct Inner {
    position: Position,
    window: Arc<Window>,
    live: BTreeMap<ConversationId, ConversationRow>,
    ring: VecDeque<Arc<Update>>,
    ring_bytes: usize,
    counters: Counters,
}

/// Whether a conversation stays in memory for readers.
fn is_live(state: &Conversation) -> bool {
    state.is_at_work()
}

impl Views {
    pub(crate) fn new(encoder: Encoder) -> Self {
        Self {
            org: ArcSwap::default(),
            org_position: Mutex::default(),
            windows: RwLock::default(),
            readers: Mutex::default(),
            encoder,
        }
    }

    /// The organisation.
    #[must_use]
    pub fn org(&self) -> Arc<Org> {
        self.org.load_full()
    }

    /// One window.
    #[must_use]
    pub fn window(&self, id: &WindowId) -> Option<Arc<WindowView>> {
        self.windows.read().get(id).cloned()
    }

    /// The window of a stream.
    #[must_use]
    pub fn window_of_stream(&self, stream: StreamId) -> Option<Arc<WindowView>> {
        self.windows.read().values().find(|view| view.stream == stream).cloned()
    }

    /// Every window.
    #[must_use]
    pub fn windows(&self) -> Vec<Arc<WindowView>> {
        self.windows.read().values().cloned().collect()
    }

    /// The window in which a conversation is open, if it is.
    #[must_use]
    pub fn open_in(&self, conversation: ConversationId) -> Option<Arc<WindowView>> {
        self.windows.read().values().find(|view| view.inner.lock().live.contains_key(&conversation)).cloned()
    }

    /// A reader of every update. An update that finds its channel full is left out of it.
    pub(crate) fn attach(&self, reader: mpsc::Sender<Arc<Update>>) {
        self.readers.lock().push(reader);
    }

    /// Puts a window's state there as it was found at the start.
    pub(crate) fn restore_window(
        &self,
        id: WindowId,
        stream: StreamId,
        position: Position,
        window: Window,
        live: Vec<ConversationRow>,
    ) {
        let live: BTreeMap<_, _> =
            live.into_iter().filter(|row| is_live(&row.state)).map(|row| (row.state.id, row)).collect();
        let mut counters = Counters::default();
        live.values().for_each(|row: &ConversationRow| counters.moved(None, Some(&row.state)));
        let window = Arc::new(window);
        let inner = Inner { position, window, live, ring: VecDeque::new(), ring_bytes: 0, counters };
        let view = WindowView { id: id.clone(), stream, inner: Mutex::new(inner) };
        self.windows.write().insert(id, Arc::new(view));
    }

    /// Forgets a window that was reset; another one may have its address by now.
    pub(crate) fn forget_window(&self, id: &WindowId, stream: StreamId) {
        let mut windows = self.windows.write();
        if windows.get(id).is_some_and(|view| view.stream == stream) {
            windows.remove(id);
        }
    }

    pub(crate) fn restore_org(&self, org: Org, position: Position) {
        self.org.store(Arc::new(org));
        *self.org_position.lock() = position;
    }

    /// Moves the views by one committed record, and tells the readers.
    pub(crate) fn follow(&self, committed: &Committed) {
        let Some(id) = &committed.window else { return self.follow_org(committed) };
        // What comes late from a window that was reset moves no other of its address.
        let Some(view) = self.window(id).filter(|view| view.stream == committed.stream) else { return };
        let update = Arc::new(Update {
            window: id.clone(),
            stream: committed.stream,
            position: committed.position,
            frame: (self.encoder)(id, committed.stream, committed.position, &committed.record),
            record: committed.record.clone(),
        });
        view.inner.lock().follow(id, committed, update.clone());
        self.take_back(&view, &committed.record);
        let mut readers = self.readers.lock();
        readers.retain(|reader| !matches!(reader.try_send(update.clone()), Err(mpsc::error::TrySendError::Closed(_))));
    }

    /// Empties the frames in memory whose words a record takes back, so that nobody who comes now reads them.
    fn take_back(&self, view: &WindowView, record: &Record) {
        for gone in record.events.iter().filter_map(Fact::takes_back) {
            let inner = &mut *view.inner.lock();
            for kept in &mut inner.ring {
                if kept.record.events.iter().any(|fact| fact.words_of() == Some(gone)) {
                    let emptied = codec::emptied(Record::clone(&kept.record));
                    let update = self.encode(view, kept.position, Arc::new(emptied));
                    inner.ring_bytes = inner.ring_bytes - kept.frame.len() + update.frame.len();
                    *kept = update;
                }
            }
        }
    }

    fn follow_org(&self, committed: &Committed) {
        if committed.record.events.iter().any(|fact| matches!(fact, Fact::Audit(_))) {
            return;
        }
        let mut org = Org::clone(&self.org.load());
        for fact in &committed.record.events {
            if let Fact::Org(event) = fact {
                org.apply(event);
            }
        }
        self.restore_org(org, committed.position);
    }

    /// Encodes a record that was read from the journal again.
    #[must_use]
    pub fn encode(&self, view: &WindowView, position: Position, record: Arc<Record>) -> Arc<Update> {
        let frame = (self.encoder)(&view.id, view.stream, position, &record);
        Arc::new(Update { window: view.id.clone(), stream: view.stream, position, record, frame })
    }
}

impl Inner {
    fn follow(&mut self, id: &WindowId, committed: &Committed, update: Arc<Update>) {
        for state in &committed.after {
            let before = if is_live(state) {
                let row = ConversationRow { window: id.clone(), position: committed.position, state: state.clone() };
                self.live.insert(state.id, row)
            } else {
                self.live.remove(&state.id)
            };
            let after = is_live(state).then_some(&**state);
            self.counters.moved(before.as_ref().map(|row| &*row.state), after);
        }
        for fact in &committed.record.events {
            if let Fact::Window(event) = fact {
                Arc::make_mut(&mut self.window).apply(event);
            }
        }
        if self.window.reset.is_some() {
            self.live.clear();
        }
        self.position = committed.position;
        self.ring_bytes += update.frame.len();
        self.ring.push_back(update);
        while self.ring.len() > RING_FRAMES || self.ring_bytes > RING_BYTES {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.ring_bytes -= oldest.frame.len();
        }
    }
}

impl WindowView {
    /// The newest position told.
    #[must_use]
    pub fn position(&self) -> Position {
        self.inner.lock().position
    }

    /// The window's own state.
    #[must_use]
    pub fn window(&self) -> Arc<Window> {
        self.inner.lock().window.clone()
    }

    /// A conversation that is open or has something to send.
    #[must_use]
    pub fn live(&self, conversation: ConversationId) -> Option<ConversationRow> {
        self.inner.lock().live.get(&conversation).cloned()
    }

    /// Every conversation that is open or has something to send.
    #[must_use]
    pub fn all_live(&self) -> Vec<ConversationRow> {
        self.inner.lock().live.values().cloned().collect()
    }

    /// How many conversations are not done, and how many of the live ones are set aside. Looks at each of them.
    #[must_use]
    pub fn open_and_set_aside(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        let open = inner.live.values().filter(|row| row.state.status != Status::Done).count();
        (open, inner.live.values().filter(|row| row.state.set_aside).count())
    }

    /// What has not gone out yet: over what, how many answers, and since when the oldest waits. Looks at every live
    /// conversation.
    #[must_use]
    pub fn outgoing(&self) -> Vec<(ChannelKind, usize, Timestamp)> {
        let inner = self.inner.lock();
        let waiting = inner.live.values().filter_map(|row| {
            let oldest = row.state.outbox.iter().map(|item| item.queued_at).min()?;
            Some((row.state.channel, row.state.outbox.len(), oldest))
        });
        waiting.collect()
    }

    /// The figures of the window.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.inner.lock().counters.figures()
    }

    /// Moves whenever the figures change.
    #[must_use]
    pub fn figures_version(&self) -> u64 {
        self.inner.lock().counters.version
    }

    /// Conversations whose seat a person holds.
    #[must_use]
    pub fn held_by(&self, agent: AgentId) -> Vec<ConversationId> {
        let inner = self.inner.lock();
        let held = inner.live.values().filter(|row| row.state.seat.holder.agent() == Some(agent));
        held.map(|row| row.state.id).collect()
    }

    /// The window at one position.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (position, window, mut open) = {
            let inner = self.inner.lock();
            let open: Vec<_> = inner.live.values().filter(|row| row.state.status != Status::Done).cloned().collect();
            (inner.position, inner.window.clone(), open)
        };
        open.sort_by_key(waiting_order);
        let open_total = open.len();
        open.truncate(SNAPSHOT_ROWS);
        Snapshot { stream: self.stream, position, window, open, open_total }
    }

    /// The frames after `after`, if memory still has all of them.
    #[must_use]
    pub fn frames_after(&self, after: Position) -> Option<Vec<Arc<Update>>> {
        let inner = self.inner.lock();
        if after >= inner.position {
            return Some(Vec::new());
        }
        let first = inner.ring.front()?.position;
        if after.next() < first {
            return None;
        }
        let skip = usize::try_from(after.0 + 1 - first.0).ok()?;
        Some(inner.ring.iter().skip(skip).cloned().collect())
    }
}

/// The order of a list of open conversations: who waits longest first, then the rest by age of the last change.
#[must_use]
pub fn waiting_order(row: &ConversationRow) -> (i64, i64, ConversationId) {
    let waiting = row.state.waiting_since.map_or(i64::MAX, |since| since.0);
    (waiting, row.state.updated_at.0, row.state.id)
}
