//! Conversations: one by its name, one by its thread, those not done at a start, and pages of those done.

use super::fault::PageFault;
use super::key::{self, Fields};
use super::row::{self, ConversationValue, Listed, RawValue, RawWaiting, WindowValue};
use super::{ReadFault, ReadModels, chunk};
use crate::domain::conversation::{Conversation, Status};
use crate::domain::id::{ContactPointId, ConversationId, InboxId, StreamId};
use crate::domain::time::Timestamp;
use crate::domain::window::Window;
use crate::rows::{ConversationRow, ListQuery, Page};

/// Rows that one page looks at. A page whose filter lets few through ends there, with a cursor to go on from.
const LOOKED_AT: usize = 5_000;
const LISTS: ReadFault = ReadFault::Row { model: "lists" };

/// Where the messages of a thread belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The account.
    pub inbox: InboxId,
    /// What the channel keeps conversations apart by.
    pub thread: String,
    /// The conversation.
    pub conversation: ConversationId,
}

impl ReadModels {
    /// One conversation, with its window and the record that last moved it.
    ///
    /// # Errors
    /// The store failed.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRow>, ReadFault> {
        let _gate = self.gate.read();
        self.read_conversation(id)
    }

    /// The stream that holds a conversation. Another window of the same address has another one.
    ///
    /// # Errors
    /// The store failed.
    pub fn stream_of(&self, id: ConversationId) -> Result<Option<StreamId>, ReadFault> {
        let _gate = self.gate.read();
        let Some(piece) = self.db.get(key::piece(&key::conversation(id), 0))? else { return Ok(None) };
        Ok(Some(Listed::front(chunk::first(&piece)?.1)?.stream))
    }

    /// One conversation of this stream.
    ///
    /// # Errors
    /// The store failed.
    pub fn conversation_in(&self, stream: StreamId, id: ConversationId) -> Result<Option<ConversationRow>, ReadFault> {
        let row = self.conversation(id)?;
        Ok(if self.stream_of(id)? == Some(stream) { row } else { None })
    }

    fn read_conversation(&self, id: ConversationId) -> Result<Option<ConversationRow>, ReadFault> {
        let Some(whole) = chunk::join(&self.db, &key::conversation(id))? else {
            return Ok(None);
        };
        let ConversationValue { window, position, state } = ConversationValue::read(&whole)?;
        Ok(Some(ConversationRow { window, position, state: state.into() }))
    }

    /// The own state of the window whose stream this is.
    ///
    /// # Errors
    /// The store failed.
    pub fn window(&self, stream: StreamId) -> Result<Option<Window>, ReadFault> {
        let _gate = self.gate.read();
        let Some(whole) = chunk::join(&self.db, &key::window(stream))? else {
            return Ok(None);
        };
        let value: WindowValue = row::read(&whole, "windows")?;
        Ok(Some(value.state))
    }

    /// How many conversations a stream has.
    ///
    /// # Errors
    /// The store failed.
    pub fn threads_count(&self, stream: StreamId) -> Result<usize, ReadFault> {
        self.count(&key::stream(key::THREAD, stream))
    }

    /// How many identities of customers a stream has.
    ///
    /// # Errors
    /// The store failed.
    pub fn contact_points_count(&self, stream: StreamId) -> Result<usize, ReadFault> {
        self.count(&key::stream(key::POINT, stream))
    }

    fn count(&self, prefix: &key::Key) -> Result<usize, ReadFault> {
        let mut count = 0;
        for row in self.db.scan_prefix(prefix).keys() {
            row?;
            count += 1;
        }
        Ok(count)
    }

    /// The conversation of a thread.
    ///
    /// # Errors
    /// The store failed.
    pub fn by_thread(
        &self,
        stream: StreamId,
        inbox: InboxId,
        thread: &str,
    ) -> Result<Option<ConversationId>, ReadFault> {
        let value = self.db.get(key::thread(stream, inbox, thread))?;
        value.map(|value| Fields(&value).conversation().ok_or(ReadFault::Row { model: "threads" })).transpose()
    }

    /// The first mail of a stream with this Message-ID: its conversation, and its number there.
    ///
    /// # Errors
    /// The store failed.
    pub fn letter(&self, stream: StreamId, message_id: &str) -> Result<Option<(ConversationId, u32)>, ReadFault> {
        let value = self.db.get(key::letter(stream, message_id))?;
        let read = |value: sled::IVec| {
            let mut fields = Fields(&value);
            Some((fields.conversation()?, fields.u32()?))
        };
        value.map(|value| read(value).ok_or(ReadFault::Row { model: "letters" })).transpose()
    }

    /// When a customer was last answered automatically, on channels with a copy for each recipient.
    ///
    /// # Errors
    /// The store failed.
    pub fn answered_at(
        &self,
        stream: StreamId,
        inbox: InboxId,
        external_id: &str,
    ) -> Result<Option<Timestamp>, ReadFault> {
        let value = self.db.get(key::answered(stream, inbox, external_id))?;
        let read = |value: sled::IVec| value.as_ref().try_into().map(i64::from_be_bytes).map(Timestamp);
        value.map(|value| read(value).map_err(|_| ReadFault::Row { model: "automatic answers" })).transpose()
    }

    /// Every thread of a stream, for its window's start.
    pub fn threads(&self, stream: StreamId) -> impl Iterator<Item = Result<Thread, ReadFault>> + '_ {
        self.db.scan_prefix(key::stream(key::THREAD, stream)).map(|row| {
            let (key, value) = row?;
            self.read_thread(&key, &value)
        })
    }

    fn read_thread(&self, key: &[u8], value: &[u8]) -> Result<Thread, ReadFault> {
        const DAMAGED: ReadFault = ReadFault::Row { model: "threads" };
        let mut fields = Fields(&key[17..]);
        let inbox = fields.inbox().ok_or(DAMAGED)?;
        let conversation = Fields(value).conversation().ok_or(DAMAGED)?;
        let thread = match fields.text().ok_or(DAMAGED)? {
            Some(text) => text.to_owned(),
            None => self.conversation(conversation)?.ok_or(DAMAGED)?.state.thread.clone(),
        };
        Ok(Thread { inbox, thread, conversation })
    }

    /// The contact point that a customer's id on an inbox stands for, if it was seen.
    ///
    /// # Errors
    /// The store failed.
    pub fn contact_point(
        &self,
        stream: StreamId,
        inbox: InboxId,
        external_id: &str,
    ) -> Result<Option<ContactPointId>, ReadFault> {
        let value = self.db.get(key::point(stream, inbox, external_id))?;
        value.map(|value| Fields(&value).point().ok_or(ReadFault::Row { model: "contact points" })).transpose()
    }

    /// Every conversation of a stream that is not done or has something to send, for its window's start. They fit
    /// together only while nothing is applied.
    pub fn open_conversations(
        &self,
        stream: StreamId,
    ) -> impl Iterator<Item = Result<ConversationRow, ReadFault>> + '_ {
        self.db.scan_prefix(key::stream(key::OPEN, stream)).keys().map(|key| {
            let id = Fields(&key?[17..]).conversation().ok_or(LISTS)?;
            self.conversation(id)?.ok_or(LISTS)
        })
    }

    /// Stored bodies of a stream that wait, in the order of their names.
    ///
    /// # Errors
    /// The store failed.
    pub fn raw_waiting(&self, stream: StreamId) -> Result<Vec<RawWaiting>, ReadFault> {
        self.db
            .scan_prefix(key::stream(key::RAW, stream))
            .map(|row| {
                let (key, value) = row?;
                let raw = Fields(&key[17..]).u128().ok_or(ReadFault::Row { model: "stored bodies" })?;
                let value: RawValue = row::read(&value, "stored bodies")?;
                Ok(RawWaiting::new(raw, value))
            })
            .collect()
    }

    /// A page of done conversations of these streams, the newest change first. `query.windows`, `query.cursor` and
    /// `query.limit` are the caller's: it names the streams, the cursor and the rows a page. A page may hold fewer
    /// rows than `limit` and still have a cursor, when the filter lets few through.
    ///
    /// # Errors
    /// The cursor is none that a page ended with, or the store failed.
    pub fn done_page(
        &self,
        streams: &[StreamId],
        query: &ListQuery,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ConversationRow>, PageFault> {
        let after = cursor.map(|text| Cursor::parse(text).ok_or(PageFault::Cursor)).transpose()?;
        if query.status.is_some_and(|status| status != Status::Done) || limit == 0 {
            return Ok(Page { items: Vec::new(), next_cursor: None });
        }
        let _gate = self.gate.read();
        let mut walk = Walk::begin(&self.db, streams, query, after);
        let mut items = Vec::new();
        let mut last = None;
        for _ in 0..LOOKED_AT {
            if items.len() == limit {
                break;
            }
            let Some(place) = walk.next()? else {
                return Ok(Page { items, next_cursor: None });
            };
            last = Some(place);
            let row = self.read_conversation(place.id)?.ok_or(LISTS)?;
            if matches(query, &row.state) {
                items.push(row);
            }
        }
        let more = walk.next()?.is_some();
        Ok(Page { items, next_cursor: last.filter(|_| more).map(Cursor::text) })
    }
}

/// Whether a conversation is among those asked for; `windows`, `cursor` and `limit` are left to the caller. `q` is taken as folded already.
#[must_use]
pub fn matches(query: &ListQuery, state: &Conversation) -> bool {
    let named = |q: &String| {
        let texts = [state.name.as_deref(), Some(&state.external_id), Some(&state.id.to_string())]
            .map(|text| text.is_some_and(|text| text.to_lowercase().contains(q.as_str())));
        texts.contains(&true)
    };
    query.status.is_none_or(|status| state.status == status)
        && query.assignee.is_none_or(|assignee| state.assignee == assignee)
        && query.holder.is_none_or(|holder| state.seat.holder == holder)
        && query.channel.is_none_or(|channel| state.channel == channel)
        && query.inbox.is_none_or(|inbox| state.inbox == inbox)
        && query.set_aside.is_none_or(|set_aside| state.set_aside == set_aside)
        && query.from.is_none_or(|from| state.updated_at >= from)
        && query.to.is_none_or(|to| state.updated_at < to)
        && query.q.as_ref().is_none_or(named)
}

/// A place in the list of done rows: what comes after it is the next page, whatever changed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    falling: u64,
    id: ConversationId,
}

impl Cursor {
    fn text(self) -> String {
        format!("{:016x}{}", self.falling, self.id)
    }

    fn parse(text: &str) -> Option<Self> {
        let (falling, id) = text.split_at_checked(16)?;
        Some(Self { falling: u64::from_str_radix(falling, 16).ok()?, id: id.parse().ok()? })
    }
}

/// Several lists walked as one.
struct Walk {
    lists: Vec<(Option<Cursor>, sled::Iter)>,
}

impl Walk {
    fn begin(db: &sled::Db, streams: &[StreamId], query: &ListQuery, after: Option<Cursor>) -> Self {
        // Changed before `to` is one millisecond older at least; changed at `from` is the oldest.
        let newest = query.to.map_or(0, |to| key::falling(Timestamp(to.0.saturating_sub(1))));
        let oldest = query.from.map_or(u64::MAX, key::falling);
        let lists = streams.iter().map(|stream| {
            let newest = key::done_from(*stream, newest);
            let begin = match after {
                Some(Cursor { falling, id }) => newest.max(key::done(*stream, falling, id).successor()),
                None => newest,
            };
            let end = key::done(*stream, oldest, ConversationId(u128::MAX)).successor();
            let rows = if begin < end { db.range(begin..end) } else { db.range(end.clone()..end) };
            (None, rows)
        });
        Self { lists: lists.collect() }
    }

    /// The next place over all lists.
    fn next(&mut self) -> Result<Option<Cursor>, ReadFault> {
        let mut first: Option<(Cursor, usize)> = None;
        for (index, (head, rows)) in self.lists.iter_mut().enumerate() {
            if head.is_none() {
                *head = rows.next().map(|row| read_place(&row?.0)).transpose()?;
            }
            if let Some(place) = *head
                && first.is_none_or(|(best, _)| place < best)
            {
                first = Some((place, index));
            }
        }
        if let Some((_, index)) = first {
            self.lists[index].0 = None;
        }
        Ok(first.map(|(place, _)| place))
    }
}

fn read_place(key: &[u8]) -> Result<Cursor, ReadFault> {
    let mut fields = Fields(key.get(17..).ok_or(LISTS)?);
    let falling = fields.u64().ok_or(LISTS)?;
    Ok(Cursor { falling, id: fields.conversation().ok_or(LISTS)? })
}
