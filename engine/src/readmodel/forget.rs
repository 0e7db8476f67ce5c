//! Taking a stream out: after its window was deleted, and when the journal knows it no more. A mark is set first and
//! taken away last, so that a stop in between is finished at the next start and never leaves half a stream believed.

use std::sync::atomic::Ordering;

use sled::IVec;

use super::key::{self, Fields, Key};
use super::row::{self, Listed};
use super::{ReadFault, ReadModels, chunk};
use crate::domain::id::{ConversationId, Position, StreamId};

/// Rows that are removed at once; more would keep the writer waiting.
const AT_ONCE: usize = 1_000;

impl ReadModels {
    /// Removes every row of a stream; as if it had never been applied.
    ///
    /// # Errors
    /// The store failed; the rest goes at the next start.
    pub fn forget_stream(&self, stream: StreamId) -> Result<(), ReadFault> {
        let mut heads = self.writing.lock();
        heads.clear();
        if self.ended.load(Ordering::Acquire) {
            return Err(ReadFault::Closed);
        }
        self.db.insert(key::stream(key::FORGOTTEN, stream), IVec::default())?;
        self.forget(stream)
    }

    /// Goes on where a stop interrupted [`ReadModels::forget_stream`].
    pub(super) fn finish_forgetting(&self) -> Result<(), ReadFault> {
        let marks: Vec<_> = self.db.scan_prefix([key::FORGOTTEN]).keys().collect::<Result<_, _>>()?;
        for mark in marks {
            let stream = Fields(&mark[1..]).stream().ok_or(ReadFault::Row { model: "forgotten streams" })?;
            self.forget(stream)?;
        }
        Ok(())
    }

    fn forget(&self, stream: StreamId) -> Result<(), ReadFault> {
        // A conversation may stand in both.
        for list in [key::OPEN, key::DONE] {
            // Each list shrinks from the front, so that it is the same loop after a stop.
            while let Some(row) = self.db.scan_prefix(key::stream(list, stream)).next() {
                let (entry, _) = row?;
                self.forget_conversation(stream, &entry)?;
            }
        }
        for model in [key::WINDOW, key::THREAD, key::POINT, key::RAW, key::DUE, key::METER, key::LETTER, key::ANSWERED]
        {
            self.remove_all(&key::stream(model, stream))?;
        }
        self.forget_dedupe(stream)?;
        let mut last = sled::Batch::default();
        last.remove(key::stream(key::STREAM, stream));
        last.remove(key::stream(key::FORGOTTEN, stream));
        self.db.apply_batch(last)?;
        self.streams.write().remove(&stream);
        Ok(())
    }

    fn forget_conversation(&self, stream: StreamId, entry: &IVec) -> Result<(), ReadFault> {
        let id = entry
            .len()
            .checked_sub(16)
            .and_then(|start| Fields(&entry[start..]).conversation())
            .ok_or(ReadFault::Row { model: "lists" })?;
        self.remove_all(&key::lines(id))?;
        let mut batch = sled::Batch::default();
        batch.remove(entry);
        for piece in self.pieces_in(stream, id)? {
            batch.remove(piece);
        }
        Ok(self.db.apply_batch(batch)?)
    }

    /// The pieces of a conversation, unless another stream holds it by now.
    fn pieces_in(&self, stream: StreamId, id: ConversationId) -> Result<Vec<IVec>, ReadFault> {
        let Some(piece) = self.db.get(key::piece(&key::conversation(id), 0))? else {
            return Ok(Vec::new());
        };
        if Listed::front(chunk::first(&piece)?.1)?.stream != stream {
            return Ok(Vec::new());
        }
        Ok(self.db.scan_prefix(key::conversation(id)).keys().collect::<Result<_, _>>()?)
    }

    fn remove_all(&self, prefix: &Key) -> Result<(), ReadFault> {
        loop {
            let keys: Vec<_> = self.db.scan_prefix(prefix).keys().take(AT_ONCE).collect::<Result<_, _>>()?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut batch = sled::Batch::default();
            keys.into_iter().for_each(|key| batch.remove(key));
            self.db.apply_batch(batch)?;
        }
    }

    /// Walks all keys of the few days that are kept; deleting a window is rare enough for that.
    fn forget_dedupe(&self, stream: StreamId) -> Result<(), ReadFault> {
        self.remove_where(key::DEDUPE, |_, value| {
            let (of, _): (StreamId, Position) = row::read(value, "dedupe")?;
            Ok(of == stream)
        })
    }

    fn remove_where(&self, model: u8, goes: impl Fn(&[u8], &[u8]) -> Result<bool, ReadFault>) -> Result<(), ReadFault> {
        let mut batch = sled::Batch::default();
        let mut waiting = 0;
        for row in self.db.scan_prefix([model]) {
            let (entry, value) = row?;
            if !goes(&entry, &value)? {
                continue;
            }
            batch.remove(entry);
            waiting += 1;
            if waiting == AT_ONCE {
                self.db.apply_batch(std::mem::take(&mut batch))?;
                waiting = 0;
            }
        }
        Ok(self.db.apply_batch(batch)?)
    }
}
