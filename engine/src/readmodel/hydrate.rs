//! From places to messages: the texts come out of the journal, where alone they are kept, so that what was redacted
//! there is gone here at the same moment.

use std::collections::{BTreeSet, HashMap};

use super::fault::ReplayFault;
use super::row::{Line, TimelineRow};
use super::{ReadModels, timeline::TimelinePage};
use crate::domain::content::MediaPlace;
use crate::domain::conversation::Event;
use crate::domain::id::{ConversationId, Position, StreamId};
use crate::domain::message::{Author, Content, FailureReason};
use crate::domain::record::{Fact, Record};
use crate::journal::feed::Committed;
use crate::journal::{Journal, MAX_RECORD};
use crate::rows::{MessageKind, MessageRow, Place};

/// Records between two wanted ones that are read along rather than skipped by another call.
const GAP: u64 = 8;
/// Records a call.
const AT_ONCE: usize = 256;
/// Messages that a search for a platform's id looks at; an older one is taken as never seen.
const LOOKED_AT: usize = 5_000;

/// The messages of a page, with their texts. Redacted, unsent and removed ones come out as [`Content::Redacted`].
///
/// # Errors
/// The journal cannot be read, or does not hold what the rows point to.
pub fn hydrate(
    journal: &dyn Journal,
    conversation: ConversationId,
    rows: &[TimelineRow],
) -> Result<Vec<MessageRow>, ReplayFault> {
    let mut wanted = BTreeSet::new();
    for row in rows {
        wanted.extend([(row.stream, row.origin), (row.stream, row.text)]);
        if let Line::Outbound { failed_at: Some(position), .. } | Line::Inbound { media_at: Some(position), .. } =
            row.line
        {
            wanted.insert((row.stream, position));
        }
    }
    let records = fetch(journal, &wanted)?;
    let source = Source { conversation, records };
    rows.iter().map(|row| source.message(row)).collect()
}

/// The number of the customer's message that the platform knows under this id, looked for in the newest messages.
///
/// # Errors
/// The journal or the store cannot be read.
pub fn number_of(
    models: &ReadModels,
    journal: &dyn Journal,
    conversation: ConversationId,
    external_id: &str,
) -> Result<Option<u32>, ReplayFault> {
    let mut place = Place::Newest;
    for _ in 0..LOOKED_AT / AT_ONCE {
        let TimelinePage { rows, more_before, .. } = models.timeline(conversation, place, AT_ONCE)?;
        let inbound = rows.iter().filter(|row| matches!(row.line, Line::Inbound { .. }));
        let wanted = inbound.map(|row| (row.stream, row.origin)).collect();
        let source = Source { conversation, records: fetch(journal, &wanted)? };
        for place in wanted {
            let found = source.events(place)?.find_map(|event| match event {
                Event::Received(received) if received.external_id.as_deref() == Some(external_id) => {
                    Some(received.number)
                }
                _ => None,
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        match rows.first() {
            Some(oldest) if more_before => place = Place::Before(oldest.number),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

type At = (StreamId, Position);

/// Reads the wanted records, neighbours with one call.
fn fetch(journal: &dyn Journal, wanted: &BTreeSet<At>) -> Result<HashMap<At, Record>, ReplayFault> {
    let mut records = HashMap::new();
    let mut rest = wanted.iter().copied().peekable();
    while let Some((stream, first)) = rest.next() {
        let mut last = first;
        while let Some((_, next)) =
            rest.next_if(|(of, next)| *of == stream && next.0 - last.0 <= GAP && next.0 - first.0 < AT_ONCE as u64)
        {
            last = next;
        }
        fetch_run(journal, stream, first, last, wanted, &mut records)?;
    }
    Ok(records)
}

fn fetch_run(
    journal: &dyn Journal,
    stream: StreamId,
    first: Position,
    last: Position,
    wanted: &BTreeSet<At>,
    records: &mut HashMap<At, Record>,
) -> Result<(), ReplayFault> {
    let mut next = first;
    while next <= last {
        let count = usize::try_from(last.0 - next.0 + 1).unwrap_or(AT_ONCE);
        let found = journal.read(stream, next, count, 16 * MAX_RECORD)?;
        let Some(newest) = found.last().map(|stored| stored.position) else {
            return Err(ReplayFault::Missing { stream, position: next });
        };
        for stored in found {
            let at = (stream, stored.position);
            if wanted.contains(&at) {
                let committed = Committed::from_stored(&stored).map_err(|source| ReplayFault::Record {
                    stream,
                    position: stored.position,
                    source,
                })?;
                records.insert(at, std::sync::Arc::unwrap_or_clone(committed.record));
            }
        }
        next = newest.next();
    }
    Ok(())
}

/// The records of one conversation's page.
struct Source {
    conversation: ConversationId,
    records: HashMap<At, Record>,
}

impl Source {
    fn message(&self, row: &TimelineRow) -> Result<MessageRow, ReplayFault> {
        let (kind, content) = match row.line {
            Line::Inbound { late, unsent, edited, media_at } => {
                let content = if unsent { Content::Redacted } else { self.inbound(row, media_at)? };
                (MessageKind::Inbound { late, unsent, edited }, content)
            }
            Line::Outbound { author, delivery, failed_at, free } => {
                let at = (row.stream, row.origin);
                let (client_id, automatic, quick_replies, content) = self.find(at, |event| match event {
                    Event::Queued(queued) if queued.number == row.number => {
                        let quick_replies = queued.dress.quick_replies.clone();
                        Some((queued.client_id.clone(), None, quick_replies, queued.content.clone()))
                    }
                    Event::AutoQueued(queued) if queued.number == row.number => {
                        Some((String::new(), Some(queued.what), Vec::new(), queued.content()))
                    }
                    _ => None,
                })?;
                let failure = failed_at.map(|at| self.failure(row, at)).transpose()?;
                let kind =
                    MessageKind::Outbound { author, client_id, delivery, failure, free, quick_replies, automatic };
                (kind, content)
            }
            Line::Note { edited, deleted } => self.note(row, edited, deleted)?,
        };
        Ok(MessageRow { conversation: self.conversation, number: row.number, kind, content, at: row.at })
    }

    /// What the customer's message says now, and where its media are by now.
    fn inbound(&self, row: &TimelineRow, media_at: Option<Position>) -> Result<Content, ReplayFault> {
        let mut content = self.find((row.stream, row.text), |event| match event {
            Event::Received(received) if received.number == row.number => Some(received.content.clone()),
            Event::Edited { number, content, .. } if *number == row.number => Some(content.clone()),
            _ => None,
        })?;
        if let (Content::Media(media), Some(position)) = (&mut content, media_at) {
            media.place = self.find((row.stream, position), |event| match event {
                Event::MediaStored { number, file } if *number == row.number => Some(MediaPlace::Stored(file.clone())),
                Event::MediaLost { number, why } if *number == row.number => Some(MediaPlace::Lost(*why)),
                _ => None,
            })?;
        }
        Ok(content)
    }

    fn failure(&self, row: &TimelineRow, at: Position) -> Result<FailureReason, ReplayFault> {
        self.find((row.stream, at), |event| match event {
            Event::Failed { number, reason } if *number == row.number => Some(reason.clone()),
            _ => None,
        })
    }

    fn note(&self, row: &TimelineRow, edited: bool, deleted: bool) -> Result<(MessageKind, Content), ReplayFault> {
        let (author, client_id) = self.find((row.stream, row.origin), |event| match event {
            Event::NoteAdded { number, author, client_id, .. } if *number == row.number => {
                Some((Author::Agent(*author), client_id.clone()))
            }
            Event::BotNoteAdded { number, .. } if *number == row.number => Some((Author::Bot, String::new())),
            _ => None,
        })?;
        let text = self.find((row.stream, row.text), |event| match event {
            Event::NoteAdded { number, text, .. }
            | Event::NoteEdited { number, text }
            | Event::BotNoteAdded { number, text }
                if *number == row.number =>
            {
                Some(text)
            }
            _ => None,
        })?;
        // A memo is never empty but where its record was redacted.
        let gone = deleted || text.is_empty();
        let content = if gone { Content::Redacted } else { Content::Text(text.clone()) };
        Ok((MessageKind::Note { author, client_id, edited, deleted }, content))
    }

    /// What the last fitting event of a record gives.
    fn find<'a, T>(&'a self, at: At, fits: impl Fn(&'a Event) -> Option<T>) -> Result<T, ReplayFault> {
        let (stream, position) = at;
        self.events(at)?.filter_map(fits).last().ok_or(ReplayFault::Missing { stream, position })
    }

    fn events(&self, at: At) -> Result<impl Iterator<Item = &Event>, ReplayFault> {
        let (stream, position) = at;
        let record = self.records.get(&at).ok_or(ReplayFault::Missing { stream, position })?;
        Ok(record.events.iter().filter_map(|fact| match fact {
            Fact::Conversation(id, event) if *id == self.conversation => Some(event),
            _ => None,
        }))
    }
}
