//! The audit log for its readers: a page of it, and whether it is whole. Works on a running engine's journal as on files.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::actors::audit::entry_of;
use crate::domain::audit::{Actor, Broken, Entry, Event, Hash, Head, Walk};
use crate::domain::id::{Position, StreamId};
use crate::domain::record::Fact;
use crate::domain::time::Timestamp;
use crate::journal::{Fault, Journal, codec, segment};

/// The file beside the journal that names the newest entry.
pub const MARK: &str = "audit.mark";
/// Records that one page may look at. A page that found less than asked for says where to go on.
const LOOKED_AT: usize = 20_000;
/// Records read at a time.
const CHUNK: u64 = 512;
const CHUNK_BYTES: usize = 8 << 20;
/// How far a clock may have gone back, in milliseconds: entries are in the order of the journal, not of the clock.
const CLOCK_MS: i64 = 24 * 3_600_000;

/// What is looked for. An act is found when it has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// By this one.
    pub actor: Option<Actor>,
    /// Actions that begin so.
    pub action: Option<String>,
    /// To this, as `kind:id`.
    pub object: Option<String>,
    /// Begun at this time or later.
    pub from: Option<Timestamp>,
    /// Begun before this time.
    pub to: Option<Timestamp>,
    /// Only what stands before this place.
    pub before: Option<Position>,
    /// At most so many.
    pub limit: usize,
}

/// An act that has ended, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its place in the log.
    pub position: Position,
    /// What is known of it.
    pub entry: Entry,
}

impl Row {
    /// When the act began.
    #[must_use]
    pub fn began_at(&self) -> Timestamp {
        self.entry.begun.map_or(self.entry.at, |begun| begun.at)
    }
}

/// What a page found, the newest first, and where the next one begins; `None` at the end of the log.
pub type Found = (Vec<Row>, Option<Position>);

impl Query {
    fn takes(&self, row: &Row) -> bool {
        let entry = &row.entry;
        let at = row.began_at();
        entry.begun.is_some()
            && self.actor.is_none_or(|actor| entry.actor == actor)
            && self.action.as_ref().is_none_or(|action| entry.action.starts_with(action.as_str()))
            && self.object.as_ref().is_none_or(|object| entry.objects.contains(object))
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
    }
}

/// A page of the log.
///
/// # Errors
/// The journal cannot be read.
pub fn page(journal: &dyn Journal, stream: StreamId, query: &Query) -> Result<Found, Fault> {
    let mut end = query.before.unwrap_or_else(|| journal.head(stream).next()).min(journal.head(stream).next());
    if let Some(to) = query.to {
        end = end.min(first_after(journal, stream, to.plus_ms(CLOCK_MS))?);
    }
    let (mut rows, mut looked_at) = (Vec::new(), 0);
    while end > Position(1) {
        let start = Position(end.0.saturating_sub(CHUNK).max(1));
        for row in between(journal, stream, start, end)?.into_iter().rev() {
            looked_at += 1;
            end = row.position;
            if query.from.is_some_and(|from| row.entry.at.plus_ms(CLOCK_MS) < from) {
                return Ok((rows, None));
            }
            if query.takes(&row) {
                rows.push(row);
                if rows.len() >= query.limit {
                    return Ok((rows, (end > Position(1)).then_some(end)));
                }
            }
        }
        end = start;
        if looked_at >= LOOKED_AT {
            return Ok((rows, (end > Position(1)).then_some(end)));
        }
    }
    Ok((rows, None))
}

/// The entries from `start` to before `end`.
fn between(journal: &dyn Journal, stream: StreamId, start: Position, end: Position) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    let mut next = start;
    while next < end {
        let most = usize::try_from(end.0 - next.0).unwrap_or(usize::MAX);
        let chunk = journal.read(stream, next, most, CHUNK_BYTES)?;
        let Some(last) = chunk.last() else { break };
        next = last.position.next();
        rows.extend(chunk.iter().filter_map(|stored| {
            let entry = entry_of(&stored.payload)?;
            Some(Row { position: stored.position, entry })
        }));
    }
    Ok(rows)
}

/// The first entry that was written after `at`.
fn first_after(journal: &dyn Journal, stream: StreamId, at: Timestamp) -> Result<Position, Fault> {
    let (mut low, mut high) = (1, journal.head(stream).0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let stored = journal.read(stream, Position(middle), 1, usize::MAX)?;
        let written = stored.first().and_then(|stored| codec::decode(&stored.payload).ok()).map(|record| record.at);
        if written.is_some_and(|written| written > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(Position(low))
}

/// Whether the log is whole.
#[derive(Clone, Debug, Default)]
pub struct Check {
    walk: Walk,
    /// Where the entry is that somebody noted elsewhere.
    noted: Vec<(Head, bool)>,
    stream: Option<StreamId>,
    broken: Option<Broken>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The newest entry. Noted elsewhere, it shows one day that nothing up to here was touched.
    pub head: Head,
    /// Entries whose words were erased.
    pub erased: u64,
    /// What is wrong, if anything is.
    pub broken: Option<Broken>,
}

impl Check {
    /// With what somebody noted elsewhere: each of these entries must be there as it was.
    #[must_use]
    pub fn new(noted: impl IntoIterator<Item = Head>) -> Self {
        Self { noted: noted.into_iter().map(|head| (head, false)).collect(), ..Self::default() }
    }

    /// The next record of any stream. Those of other streams are passed over.
    pub fn add(&mut self, stream: StreamId, position: Position, payload: &[u8]) {
        let is_ours = self.stream == Some(stream);
        let record = codec::decode(payload).ok();
        let entry = record.as_ref().and_then(|record| match record.events.as_slice() {
            [Fact::Audit(Event::Entry(entry))] => Some((record.at, entry)),
            _ => None,
        });
        if self.broken.is_some() || (entry.is_none() && !is_ours) {
            return;
        }
        let Some((at, entry)) = entry else {
            self.broken = Some(Broken::Unreadable(position));
            return;
        };
        if self.stream.is_some_and(|known| known != stream) {
            // The log has one stream; entries of another were put there by somebody else.
            self.broken = Some(Broken::Altered(position));
            return;
        }
        self.stream = Some(stream);
        if let Err(broken) = self.walk.step(position, at, entry) {
            self.broken = Some(broken);
            return;
        }
        let head = self.walk.head();
        for (noted, is_there) in &mut self.noted {
            *is_there |= *noted == head;
        }
    }

    /// What was found.
    #[must_use]
    pub fn end(self) -> Report {
        let head = self.walk.head();
        let missing = self.noted.iter().find(|(noted, is_there)| !is_there && *noted != Head::default());
        let broken = self.broken.or_else(|| {
            missing.map(|(noted, _)| match noted.position > head.position {
                true => Broken::Cut { found: head.position, wanted: noted.position },
                false => Broken::Altered(noted.position),
            })
        });
        Report { head, erased: self.walk.erased(), broken }
    }
}

/// Checks the log of a store on which no server runs.
///
/// # Errors
/// The files cannot be read.
pub fn verify_files(data_dir: &Path, noted: &[Head]) -> Result<Report, Fault> {
    let mut check = Check::new(noted.iter().copied().chain(marked(data_dir)));
    segment::walk(&data_dir.join("journal"), &mut |stream, position, payload| {
        check.add(stream, position, payload);
        Ok::<_, Fault>(())
    })?;
    Ok(check.end())
}

/// Checks the log of a journal that is open.
pub(crate) fn verify(
    journal: &dyn Journal,
    stream: StreamId,
    data_dir: &Path,
    noted: &[Head],
) -> Result<Report, Fault> {
    // Before the head is looked at, so that the mark is never ahead of what is read.
    let mut check = Check::new(noted.iter().copied().chain(marked(data_dir)));
    let head = journal.head(stream);
    let mut next = Position(1);
    while next <= head {
        let chunk = journal.read(stream, next, CHUNK as usize, CHUNK_BYTES)?;
        let Some(last) = chunk.last() else { break };
        next = last.position.next();
        chunk.iter().for_each(|stored| check.add(stored.stream, stored.position, &stored.payload));
    }
    Ok(check.end())
}

/// The newest entry as the mark beside the journal names it.
fn marked(data_dir: &Path) -> Option<Head> {
    let text = std::fs::read_to_string(data_dir.join(MARK)).ok()?;
    text.trim().parse::<Mark>().ok().map(|mark| mark.0)
}

/// Where the chain stands, as text: `position:hash` in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub Head);

/// A text that is no place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place in the audit log is a number, a colon and 64 hexadecimal digits")]
pub struct NoMark;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.position, hex(&self.0.hash))
    }
}

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let (position, digits) = text.split_once(':').ok_or(NoMark)?;
        let position = position.parse().map(Position).map_err(|_| NoMark)?;
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(NoMark);
        }
        let mut hash: Hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).map_err(|_| NoMark)?;
        }
        Ok(Self(Head { position, hash }))
    }
}

/// A hash as text.
#[must_use]
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
