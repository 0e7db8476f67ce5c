//! Following records. A batch is gathered in memory and written at once, with the positions it brings us to.

use std::collections::HashMap;

use sled::Batch;

use super::{LineKind, ReadModels, StoreError, StoredConversation, TimelineRow, keys, value};
use crate::domain::conversation::{Conversation, Event, Status};
use crate::domain::id::{ConversationId, Position, StreamId};
use crate::domain::message::{Delivery, FailureReason};
use crate::domain::record::Fact;
use crate::domain::window::{Event as WindowEvent, Window};
use crate::journal::feed::Committed;

/// Milliseconds a day; dedupe keys are kept by day.
const DAY_MS: i64 = 24 * 3_600_000;

/// What a batch is about to change.
struct Pending<'a> {
    store: &'a ReadModels,
    batch: Batch,
    conversations: HashMap<ConversationId, StoredConversation>,
    windows: HashMap<StreamId, Window>,
    lines: HashMap<(ConversationId, u32), TimelineRow>,
    reached: HashMap<StreamId, Position>,
}

impl ReadModels {
    /// Follows records, in the order of each stream. Those that were followed before are passed over.
    ///
    /// # Errors
    /// The store failed; nothing of the batch was taken.
    pub fn apply(&self, records: &[Committed]) -> Result<(), StoreError> {
        let mut pending = Pending {
            store: self,
            batch: Batch::default(),
            conversations: HashMap::new(),
            windows: HashMap::new(),
            lines: HashMap::new(),
            reached: HashMap::new(),
        };
        for record in records {
            let reached = *pending.reached.entry(record.stream).or_insert_with(|| self.reached(record.stream));
            if record.position > reached {
                pending.follow(record)?;
                pending.reached.insert(record.stream, record.position);
            }
        }
        pending.write()
    }
}

impl Pending<'_> {
    fn follow(&mut self, committed: &Committed) -> Result<(), StoreError> {
        let day = u32::try_from(committed.record.at.0.max(0) / DAY_MS).unwrap_or(u32::MAX);
        for key in &committed.dedupe {
            let mut row = committed.stream.0.to_be_bytes().to_vec();
            row.extend(committed.position.0.to_be_bytes());
            self.batch.insert(keys::dedupe(*key), row);
            self.batch.insert(keys::dedupe_day(day, *key), &[]);
        }
        let mut moved: Vec<(ConversationId, Vec<&Event>)> = Vec::new();
        for fact in &committed.record.events {
            match fact {
                Fact::Conversation(id, event) => {
                    self.line(*id, event, committed)?;
                    match moved.iter_mut().find(|(other, _)| other == id) {
                        Some((_, events)) => events.push(event),
                        None => moved.push((*id, vec![event])),
                    }
                }
                Fact::Window(event) => self.window(event, committed)?,
                Fact::Org(_) => {}
            }
        }
        for (id, events) in moved {
            self.conversation(id, &events, committed)?;
        }
        Ok(())
    }

    fn conversation(&mut self, id: ConversationId, events: &[&Event], record: &Committed) -> Result<(), StoreError> {
        let before = self.stored(id)?;
        let given = record.after.iter().find(|state| state.id == id);
        let state = match given {
            Some(state) => Conversation::clone(state),
            None => {
                let mut state = before.as_ref().map_or_else(|| Conversation::unborn(id), |row| row.state.clone());
                state.apply_record(events, record.record.at);
                state
            }
        };
        if let Some(before) = before.filter(|row| row.state.status == Status::Done) {
            self.batch.remove(keys::done(before.stream, before.state.updated_at, id));
        }
        if state.status == Status::Done {
            self.batch.insert(keys::done(record.stream, state.updated_at, id), &[]);
        }
        if state.status == Status::Done && state.outbox.is_empty() {
            self.batch.remove(keys::live(record.stream, id));
        } else {
            self.batch.insert(keys::live(record.stream, id), &[]);
        }
        if events.iter().any(|event| matches!(event, Event::Opened(_))) {
            self.batch.insert(keys::thread(record.stream, state.inbox, &state.thread), &id.0.to_be_bytes());
        }
        let row = StoredConversation { stream: record.stream, position: record.position, state };
        self.conversations.insert(id, row);
        Ok(())
    }

    fn stored(&self, id: ConversationId) -> Result<Option<StoredConversation>, StoreError> {
        match self.conversations.get(&id) {
            Some(row) => Ok(Some(row.clone())),
            None => self.store.conversation(id),
        }
    }

    fn window(&mut self, event: &WindowEvent, record: &Committed) -> Result<(), StoreError> {
        match event {
            WindowEvent::RawAccepted(raw) => {
                self.batch.insert(keys::raw(record.stream, raw.raw), &record.position.0.to_be_bytes());
            }
            WindowEvent::RawSettled { raw, .. } => self.batch.remove(keys::raw(record.stream, *raw)),
            WindowEvent::ContactPointSeen { .. } => return Ok(()),
            _ => {}
        }
        if !self.windows.contains_key(&record.stream) {
            let known = match (self.store.window(record.stream)?, event) {
                (Some(known), _) => known,
                (None, WindowEvent::Opened { id, .. }) => Window::unborn(id.clone()),
                (None, _) => return Err(StoreError::Row),
            };
            self.windows.insert(record.stream, known);
        }
        if let Some(window) = self.windows.get_mut(&record.stream) {
            window.apply(event);
        }
        Ok(())
    }

    fn line(&mut self, id: ConversationId, event: &Event, record: &Committed) -> Result<(), StoreError> {
        let new = |number, at, kind| TimelineRow { number, stream: record.stream, text: record.position, at, kind };
        let at = record.record.at;
        match event {
            Event::Received(received) => {
                let kind = LineKind::Inbound { late: received.late, unsent: false };
                self.lines.insert((id, received.number), new(received.number, received.sent_at, kind));
            }
            Event::Queued(queued) => {
                let kind = LineKind::Outbound {
                    author: queued.author,
                    client_id: queued.client_id.clone(),
                    delivery: Delivery::Queued,
                    failure: None,
                    free: false,
                };
                self.lines.insert((id, queued.number), new(queued.number, at, kind));
            }
            Event::NoteAdded { number, author, client_id, .. } => {
                let client_id = client_id.clone();
                let kind = LineKind::Note { author: *author, client_id, edited: false, deleted: false };
                self.lines.insert((id, *number), new(*number, at, kind));
            }
            Event::SendStarted { number, .. } => self.deliver(id, *number, Delivery::Sending, None, false)?,
            Event::SendAbandoned { number } => self.deliver(id, *number, Delivery::Queued, None, false)?,
            Event::Sent { number, free, .. } => self.deliver(id, *number, Delivery::Sent, None, *free)?,
            Event::Failed { number, reason } => {
                self.deliver(id, *number, Delivery::Failed, Some(reason.clone()), false)?;
            }
            Event::Unknown { number } => self.deliver(id, *number, Delivery::Unknown, None, false)?,
            Event::Cancelled { number, .. } => self.deliver(id, *number, Delivery::Cancelled, None, false)?,
            Event::NoteEdited { number, .. } => self.change(id, *number, |row| {
                row.text = record.position;
                if let LineKind::Note { edited, .. } = &mut row.kind {
                    *edited = true;
                }
            })?,
            Event::NoteDeleted { number } => self.change(id, *number, |row| {
                if let LineKind::Note { deleted, .. } = &mut row.kind {
                    *deleted = true;
                }
            })?,
            Event::Unsent { number: Some(number), .. } => self.change(id, *number, |row| {
                if let LineKind::Inbound { unsent, .. } = &mut row.kind {
                    *unsent = true;
                }
            })?,
            _ => {}
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        id: ConversationId,
        number: u32,
        now: Delivery,
        why: Option<FailureReason>,
        as_reply: bool,
    ) -> Result<(), StoreError> {
        self.change(id, number, |row| {
            if let LineKind::Outbound { delivery, failure, free, .. } = &mut row.kind {
                *delivery = now;
                *failure = why;
                *free = as_reply;
            }
        })
    }

    fn change(
        &mut self,
        id: ConversationId,
        number: u32,
        change: impl FnOnce(&mut TimelineRow),
    ) -> Result<(), StoreError> {
        let row = match self.lines.remove(&(id, number)) {
            Some(row) => Some(row),
            None => value::get(&self.store.db, &keys::line(id, number))?,
        };
        if let Some(mut row) = row {
            change(&mut row);
            self.lines.insert((id, number), row);
        }
        Ok(())
    }

    fn write(mut self) -> Result<(), StoreError> {
        for (id, row) in &self.conversations {
            value::put(&mut self.batch, &keys::conversation(*id), row)?;
        }
        for (stream, window) in &self.windows {
            value::put(&mut self.batch, &keys::window(*stream), window)?;
        }
        for ((id, number), row) in &self.lines {
            value::put(&mut self.batch, &keys::line(*id, *number), row)?;
        }
        for (stream, position) in &self.reached {
            self.batch.insert(keys::reached(*stream), &position.0.to_be_bytes());
        }
        self.store.db.apply_batch(self.batch)?;
        Ok(())
    }
}
