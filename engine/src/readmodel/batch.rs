//! Rows that many records change, before they are written as one: a row that ten records touch is written once, and
//! each record sees what the ones before it did.

use std::collections::HashMap;
use std::sync::Arc;

use sled::IVec;

use super::key::{self, Key};
use super::row::{self, ConversationValue, LineValue, Listed, RawValue, WindowValue};
use super::seen::Seen;
use super::{ReadFault, ReadModels, Standing, chunk};
use crate::domain::conversation::Conversation;
use crate::domain::id::{ConversationId, Position, StreamId, WindowId};
use crate::domain::window::Window;
use crate::journal::DedupeKey;

/// Conversations whose heads are remembered; at the limit all are forgotten, and read again where they are needed.
const HEADS: usize = 8_192;

/// What the writer has to know of a conversation's row before it writes it anew: the lists it stands in on disk, and its
/// pieces there.
type Head = (Listed, u16);

/// The heads of conversations that were written lately: whose row was written is mostly written again.
#[derive(Debug, Default)]
pub(super) struct Heads(HashMap<ConversationId, Head>);

impl Heads {
    /// Takes over what is on disk now.
    pub(super) fn learn(&mut self, written: Vec<(ConversationId, Head)>) {
        if self.0.len() + written.len() > HEADS {
            self.0.clear();
        }
        self.0.extend(written);
    }

    /// Rows were removed.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Changes on their way to the store.
pub(super) struct Batch<'a> {
    models: &'a ReadModels,
    heads: &'a Heads,
    streams: HashMap<StreamId, Standing>,
    windows: HashMap<StreamId, WindowRow>,
    talks: HashMap<ConversationId, Talk>,
    lines: HashMap<(ConversationId, u32), Option<LineValue>>,
    meters: HashMap<(StreamId, u32), (u64, u64)>,
    /// Rows that nobody reads before they are written; `None` removes.
    rest: HashMap<Key, Option<Vec<u8>>>,
    /// Dedupe keys, the day they stand under and where they were recorded.
    keys: HashMap<(u32, DedupeKey), (StreamId, Position)>,
    /// Content came to be due for removal.
    leaves_due: bool,
}

/// A conversation as it was read, and as it is now.
#[derive(Default)]
struct Talk {
    before: Option<Head>,
    now: Option<(StreamId, WindowId, Position, Arc<Conversation>)>,
    /// The state on disk, read only when a record needs it.
    stored: Option<Arc<Conversation>>,
}

/// A window as it is now, and its pieces on disk.
struct WindowRow {
    old_count: u16,
    now: Option<WindowValue>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(models: &'a ReadModels, heads: &'a Heads) -> Self {
        Self {
            models,
            heads,
            streams: HashMap::new(),
            windows: HashMap::new(),
            talks: HashMap::new(),
            lines: HashMap::new(),
            meters: HashMap::new(),
            rest: HashMap::new(),
            keys: HashMap::new(),
            leaves_due: false,
        }
    }

    pub(super) fn leaves_due(&mut self) {
        self.leaves_due = true;
    }

    pub(super) fn put_key(&mut self, day: u32, key: DedupeKey, at: (StreamId, Position)) {
        self.keys.insert((day, key), at);
    }

    /// Tells memory of the keys. Before they are written, so that no reader is told that one is not there.
    pub(super) fn note_keys(&self, seen: &mut Seen) {
        self.keys.keys().for_each(|(day, key)| seen.note(*day, *key));
    }

    pub(super) fn has_due(&self) -> bool {
        self.leaves_due
    }

    pub(super) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Where a stream stands with everything so far.
    pub(super) fn standing(&self, stream: StreamId) -> Standing {
        let staged = self.streams.get(&stream).cloned();
        staged.or_else(|| self.models.streams.read().get(&stream).cloned()).unwrap_or_default()
    }

    pub(super) fn stand(&mut self, stream: StreamId, standing: Standing) {
        self.streams.insert(stream, standing);
    }

    /// A conversation's state with everything before `position` of `stream`; unborn where nothing is known of it.
    pub(super) fn conversation(
        &mut self,
        id: ConversationId,
        (stream, position): (StreamId, Position),
    ) -> Result<Arc<Conversation>, ReadFault> {
        let models = self.models;
        let talk = self.talk(id)?;
        if let Some((_, _, _, state)) = &talk.now {
            return Ok(state.clone());
        }
        if let Some(state) = &talk.stored {
            return Ok(state.clone());
        }
        let state = match chunk::join(&models.db, &key::conversation(id))? {
            Some(whole) => {
                let value = ConversationValue::read(&whole)?;
                if Listed::front(&whole)?.stream == stream {
                    before(value.position, position, "conversations")?;
                }
                Arc::new(value.state)
            }
            None => Arc::new(Conversation::unborn(id)),
        };
        talk.stored = Some(state.clone());
        Ok(state)
    }

    pub(super) fn put_conversation(
        &mut self,
        at: (StreamId, WindowId, Position),
        state: Arc<Conversation>,
    ) -> Result<(), ReadFault> {
        let talk = self.talk(state.id)?;
        talk.now = Some((at.0, at.1, at.2, state));
        Ok(())
    }

    fn talk(&mut self, id: ConversationId) -> Result<&mut Talk, ReadFault> {
        use std::collections::hash_map::Entry;
        match self.talks.entry(id) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let before = match self.heads.0.get(&id) {
                    Some(head) => Some(*head),
                    None => head_on_disk(&self.models.db, id)?,
                };
                Ok(entry.insert(Talk { before, ..Talk::default() }))
            }
        }
    }

    /// Moves a window's own state; `None` where it has none yet.
    pub(super) fn change_window(
        &mut self,
        (stream, position): (StreamId, Position),
        change: impl FnOnce(&mut Option<Window>),
    ) -> Result<(), ReadFault> {
        use std::collections::hash_map::Entry;
        let row = match self.windows.entry(stream) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let row = key::window(stream);
                let old_count = match self.models.db.get(key::piece(&row, 0))? {
                    Some(piece) => chunk::first(&piece)?.0,
                    None => 0,
                };
                let now: Option<WindowValue> =
                    chunk::join(&self.models.db, &row)?.map(|whole| row::read(&whole, "windows")).transpose()?;
                if let Some(now) = &now {
                    before(now.position, position, "windows")?;
                }
                entry.insert(WindowRow { old_count, now })
            }
        };
        let mut state = row.now.take().map(|value| value.state);
        change(&mut state);
        row.now = state.map(|state| WindowValue { position, state });
        Ok(())
    }

    pub(super) fn put_line(&mut self, id: ConversationId, number: u32, value: LineValue) {
        self.lines.insert((id, number), Some(value));
    }

    /// Changes a line that is there; one that is not stays away.
    pub(super) fn change_line(
        &mut self,
        id: ConversationId,
        number: u32,
        change: impl FnOnce(&mut LineValue),
    ) -> Result<(), ReadFault> {
        if let Some(line) = self.line(id, number)? {
            change(line);
        }
        Ok(())
    }

    /// A line with everything so far.
    pub(super) fn line(&mut self, id: ConversationId, number: u32) -> Result<Option<&mut LineValue>, ReadFault> {
        use std::collections::hash_map::Entry;
        let line = match self.lines.entry((id, number)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let stored = self.models.db.get(key::line(id, number))?;
                entry.insert(stored.map(|value| row::read(&value, "timeline")).transpose()?)
            }
        };
        Ok(line.as_mut())
    }

    /// A stored body that waits, with everything so far.
    pub(super) fn raw(&self, stream: StreamId, raw: u128) -> Result<Option<RawValue>, ReadFault> {
        let key = key::raw(stream, raw);
        if let Some(staged) = self.rest.get(&key) {
            return staged.as_ref().map(|value| row::read(value, "stored bodies")).transpose();
        }
        let stored = self.models.db.get(key)?;
        stored.map(|value| row::read(&value, "stored bodies")).transpose()
    }

    /// Notes which mail has this Message-ID. The first that had it keeps it.
    pub(super) fn put_letter(
        &mut self,
        stream: StreamId,
        message_id: &str,
        (conversation, number): (ConversationId, u32),
    ) -> Result<(), ReadFault> {
        let key = key::letter(stream, message_id);
        if message_id.is_empty() || self.rest.contains_key(&key) || self.models.db.contains_key(&key)? {
            return Ok(());
        }
        let mut value = conversation.0.to_be_bytes().to_vec();
        value.extend(number.to_be_bytes());
        self.put(key, value);
        Ok(())
    }

    /// Counts a call that sent something in a month.
    pub(super) fn count_sent(&mut self, stream: StreamId, month: u32, free: bool) -> Result<(), ReadFault> {
        use std::collections::hash_map::Entry;
        let sums = match self.meters.entry((stream, month)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let stored = self.models.db.get(key::meter(stream, month))?;
                entry.insert(stored.map(|value| row::read(&value, "meters")).transpose()?.unwrap_or_default())
            }
        };
        *(if free { &mut sums.0 } else { &mut sums.1 }) += 1;
        Ok(())
    }

    pub(super) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.rest.insert(key, Some(value));
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.rest.insert(key, None);
    }

    /// Everything as one change of the store, where the streams stand after it, and the heads of what it writes.
    pub(super) fn finish(self) -> Result<Finished, ReadFault> {
        let mut batch = sled::Batch::default();
        let mut heads = Vec::with_capacity(self.talks.len());
        let db = &self.models.db;
        for (id, talk) in self.talks {
            heads.extend(write_talk(db, &mut batch, id, talk)?.map(|head| (id, head)));
        }
        for (stream, WindowRow { old_count, now }) in self.windows {
            if let Some(value) = now {
                chunk::write(db, &mut batch, &key::window(stream), &row::write(&value), old_count)?;
            }
        }
        for ((id, number), value) in self.lines {
            if let Some(value) = value {
                batch.insert(key::line(id, number), row::write(&value));
            }
        }
        for ((day, key), at) in self.keys {
            batch.insert(key::dedupe(day, key), row::write(&at));
        }
        for ((stream, month), sums) in self.meters {
            batch.insert(key::meter(stream, month), row::write(&sums));
        }
        for (key, value) in self.rest {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        for (stream, standing) in &self.streams {
            batch.insert(key::stream(key::STREAM, *stream), standing.write());
        }
        Ok((batch, self.streams, heads))
    }
}

/// What [`Batch::finish`] gives.
type Finished = (sled::Batch, HashMap<StreamId, Standing>, Vec<(ConversationId, Head)>);

fn head_on_disk(db: &sled::Db, id: ConversationId) -> Result<Option<Head>, ReadFault> {
    let Some(piece) = db.get(key::piece(&key::conversation(id), 0))? else { return Ok(None) };
    let (count, front) = chunk::first(&piece)?;
    Ok(Some((Listed::front(front)?, count)))
}

/// The store lost where its stream stood and not this row: nothing in it can be believed.
fn before(kept: Position, position: Position, model: &'static str) -> Result<(), ReadFault> {
    if kept < position { Ok(()) } else { Err(ReadFault::Row { model }) }
}

fn write_talk(
    db: &sled::Db,
    batch: &mut sled::Batch,
    id: ConversationId,
    talk: Talk,
) -> Result<Option<Head>, ReadFault> {
    let Some((stream, window, position, state)) = talk.now else {
        return Ok(None);
    };
    let listed = Listed::of(stream, &state);
    let whole = row::write_conversation(listed, &window, position, &state);
    let old_count = talk.before.map_or(0, |(_, count)| count);
    let count = chunk::write(db, batch, &key::conversation(id), &whole, old_count)?;
    let before: Vec<_> = talk.before.into_iter().flat_map(|(listed, _)| listed.keys(id)).collect();
    let now: Vec<_> = listed.keys(id).collect();
    for key in before.iter().filter(|key| !now.contains(key)) {
        batch.remove(key.as_ref());
    }
    for key in now.into_iter().filter(|key| !before.contains(key)) {
        batch.insert(key, IVec::default());
    }
    Ok(Some((listed, count)))
}
