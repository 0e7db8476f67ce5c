//! Reading the rows. Callers wait for the head first, where they must see the newest.

use super::{LineKind, ReadModels, StoreError, StoredConversation, TimelineRow, keys, value};
use crate::domain::conversation::{Conversation, Event};
use crate::domain::id::{ConversationId, InboxId, Position, StreamId};
use crate::domain::message::Content;
use crate::domain::record::Fact;
use crate::domain::window::Window;
use crate::journal::{DedupeKey, Journal, codec};
use crate::rows::{MessageKind, MessageRow, Place};

type Rows<T> = Result<Vec<T>, StoreError>;

impl ReadModels {
    /// One conversation.
    ///
    /// # Errors
    /// The store failed.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<StoredConversation>, StoreError> {
        value::get(&self.db, &keys::conversation(id))
    }

    /// A window's own state.
    ///
    /// # Errors
    /// The store failed.
    pub fn window(&self, stream: StreamId) -> Result<Option<Window>, StoreError> {
        value::get(&self.db, &keys::window(stream))
    }

    /// Every conversation of a window by what its channel keeps it apart by.
    ///
    /// # Errors
    /// The store failed.
    pub fn threads(&self, stream: StreamId) -> Rows<(InboxId, String, ConversationId)> {
        let prefix = keys::threads(stream);
        let rows = self.db.scan_prefix(&prefix).map(|row| {
            let (key, id) = row?;
            let (inbox, thread) = key[prefix.len()..].split_at_checked(16).ok_or(StoreError::Row)?;
            let inbox = InboxId(value::id(inbox).ok_or(StoreError::Row)?);
            let thread = String::from_utf8(thread.to_vec()).map_err(|_| StoreError::Row)?;
            Ok((inbox, thread, ConversationId(value::id(&id).ok_or(StoreError::Row)?)))
        });
        rows.collect()
    }

    /// Every conversation of a window that is open or has something to send.
    ///
    /// # Errors
    /// The store failed.
    pub fn live_conversations(&self, stream: StreamId) -> Rows<StoredConversation> {
        let prefix = keys::all_live(stream);
        let mut rows = Vec::new();
        for row in self.db.scan_prefix(&prefix) {
            let id = value::id(&row?.0[prefix.len()..]).ok_or(StoreError::Row)?;
            rows.extend(self.conversation(ConversationId(id))?);
        }
        Ok(rows)
    }

    /// A page of done conversations of several windows, the newest first, and where the next page begins.
    ///
    /// # Errors
    /// The store failed.
    pub fn done_page(
        &self,
        streams: &[StreamId],
        fits: &dyn Fn(&Conversation) -> bool,
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<(Vec<StoredConversation>, Option<Vec<u8>>), StoreError> {
        // A place is time and id, the same for every window, so that several lists merge into one.
        let mut lists = Vec::with_capacity(streams.len());
        for stream in streams {
            let prefix = keys::all_done(*stream);
            let mut start = prefix.clone();
            start.extend_from_slice(from.unwrap_or_default());
            let rows = self.db.range(start..).keys().map_while(move |key| match key {
                Ok(key) => key.strip_prefix(prefix.as_slice()).map(|place| Ok(place.to_vec())),
                Err(error) => Some(Err(error)),
            });
            lists.push(rows.peekable());
        }
        let mut found = Vec::new();
        loop {
            let mut first: Option<(usize, Vec<u8>)> = None;
            for (index, list) in lists.iter_mut().enumerate() {
                match list.peek() {
                    Some(Ok(place)) if first.as_ref().is_none_or(|(_, best)| place < best) => {
                        first = Some((index, place.clone()));
                    }
                    Some(Err(error)) => return Err(error.clone().into()),
                    _ => {}
                }
            }
            let Some((index, place)) = first else { return Ok((found, None)) };
            if from != Some(place.as_slice()) {
                if found.len() == limit {
                    // The next page begins after the last row shown.
                    let last = found.last().map(|row: &StoredConversation| {
                        let prefix = keys::all_done(row.stream).len();
                        keys::done(row.stream, row.state.updated_at, row.state.id)[prefix..].to_vec()
                    });
                    return Ok((found, last));
                }
                let id = value::id(place.get(8..).unwrap_or_default()).ok_or(StoreError::Row)?;
                let row = self.conversation(ConversationId(id))?;
                found.extend(row.filter(|row| fits(&row.state)));
            }
            lists[index].next();
        }
    }

    /// Lines of a conversation, in ascending order, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub fn timeline(&self, id: ConversationId, place: Place, limit: usize) -> Rows<TimelineRow> {
        let up_to = |before: u32| -> Rows<TimelineRow> {
            let range = self.db.range(keys::line(id, 0)..keys::line(id, before));
            let mut rows: Vec<TimelineRow> = range.rev().take(limit).map(|row| self.row(row)).collect::<Result<_, _>>()?;
            rows.reverse();
            Ok(rows)
        };
        let after = |number: u32, limit: usize| -> Rows<TimelineRow> {
            let range = self.db.range(keys::line(id, number.saturating_add(1))..=keys::line(id, u32::MAX));
            range.take(limit).map(|row| self.row(row)).collect()
        };
        match place {
            Place::Newest => up_to(u32::MAX),
            Place::Before(number) => up_to(number),
            Place::After(number) => after(number, limit),
            Place::Around(number) => {
                let later = after(number, limit / 2)?;
                let mut rows = up_to(number.saturating_add(1))?;
                let keep = limit.saturating_sub(later.len());
                rows.drain(..rows.len().saturating_sub(keep));
                rows.extend(later);
                Ok(rows)
            }
        }
    }

    fn row(&self, row: sled::Result<(sled::IVec, sled::IVec)>) -> Result<TimelineRow, StoreError> {
        let (key, first) = row?;
        value::read(&self.db, &key, &first)
    }

    /// Where an outside event was recorded, if it was within the days that are kept.
    ///
    /// # Errors
    /// The store failed.
    pub fn dedupe(&self, key: DedupeKey) -> Result<Option<(StreamId, Position)>, StoreError> {
        let Some(row) = self.db.get(keys::dedupe(key))? else { return Ok(None) };
        let (stream, position) = row.split_at_checked(16).ok_or(StoreError::Row)?;
        let stream = StreamId(value::id(stream).ok_or(StoreError::Row)?);
        Ok(Some((stream, Position(value::number(position).ok_or(StoreError::Row)?))))
    }

    /// Forgets outside events of days before `day`. Returns how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn expire_dedupe(&self, day: u32) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        let end = keys::dedupe_day(day, DedupeKey(0));
        for row in self.db.range(keys::DEDUPE_DAYS.to_vec()..end).keys() {
            let row = row?;
            let key = value::id(&row[5..]).ok_or(StoreError::Row)?;
            self.db.remove(keys::dedupe(DedupeKey(key)))?;
            self.db.remove(&row)?;
            forgotten += 1;
        }
        Ok(forgotten)
    }

    /// Stored bodies that wait, with the place of each.
    ///
    /// # Errors
    /// The store failed.
    pub fn raw_waiting(&self, stream: StreamId) -> Rows<(u128, Position)> {
        let prefix = keys::raws(stream);
        let rows = self.db.scan_prefix(&prefix).map(|row| {
            let (key, position) = row?;
            let raw = value::id(&key[prefix.len()..]).ok_or(StoreError::Row)?;
            Ok((raw, Position(value::number(&position).ok_or(StoreError::Row)?)))
        });
        rows.collect()
    }

    /// Lines with their texts, which the journal holds.
    ///
    /// # Errors
    /// The journal failed.
    pub fn hydrate(&self, journal: &dyn Journal, id: ConversationId, rows: Vec<TimelineRow>) -> Rows<MessageRow> {
        rows.into_iter().map(|row| hydrated(journal, id, row)).collect()
    }
}

fn hydrated(journal: &dyn Journal, id: ConversationId, row: TimelineRow) -> Result<MessageRow, StoreError> {
    let stored = journal.read(row.stream, row.text, 1, usize::MAX)?;
    let record = stored.first().map(|stored| codec::decode(&stored.payload)).transpose()?;
    let said = record.and_then(|record| record.events.into_iter().find_map(|fact| said(fact, id, row.number)));
    let hidden = matches!(row.kind, LineKind::Inbound { unsent: true, .. } | LineKind::Note { deleted: true, .. });
    let content = said.filter(|_| !hidden).unwrap_or(Content::Redacted);
    let kind = match row.kind {
        LineKind::Inbound { late, unsent } => MessageKind::Inbound { late, unsent },
        LineKind::Outbound { author, client_id, delivery, failure, free } => {
            MessageKind::Outbound { author, client_id, delivery, failure, free }
        }
        LineKind::Note { author, client_id, edited, deleted } => {
            MessageKind::Note { author, client_id, edited, deleted }
        }
    };
    Ok(MessageRow { conversation: id, number: row.number, kind, content, at: row.at })
}

fn said(fact: Fact, id: ConversationId, wanted: u32) -> Option<Content> {
    let Fact::Conversation(of, event) = fact else { return None };
    if of != id {
        return None;
    }
    match event {
        Event::Received(received) if received.number == wanted => Some(received.content),
        Event::Queued(queued) if queued.number == wanted => Some(queued.content),
        Event::NoteAdded { number, text, .. } | Event::NoteEdited { number, text } if number == wanted => {
            Some(if text.is_empty() { Content::Redacted } else { Content::Text(text) })
        }
        _ => None,
    }
}
