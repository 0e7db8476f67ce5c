//! Pages of a conversation's messages: where each is, not what it says. See [`super::hydrate`] for that.

use std::ops::Bound;

use super::key::{self, Key};
use super::row::{self, LineValue, TimelineRow};
use super::{ReadFault, ReadModels};
use crate::domain::id::ConversationId;
use crate::rows::Place;

/// Messages in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelinePage {
    /// The rows.
    pub rows: Vec<TimelineRow>,
    /// There are older ones.
    pub more_before: bool,
    /// There are newer ones.
    pub more_after: bool,
}

impl ReadModels {
    /// A page of at most `limit` messages. Around a number: that message, and half of the rest on either side; where one
    /// side has fewer, the page is shorter.
    ///
    /// # Errors
    /// The store failed.
    pub fn timeline(
        &self,
        conversation: ConversationId,
        place: Place,
        limit: usize,
    ) -> Result<TimelinePage, ReadFault> {
        let _gate = self.gate.read();
        let lines = Lines { models: self, conversation };
        match place {
            Place::Newest => {
                let (rows, more_before) = lines.before(Bound::Included(u32::MAX), limit)?;
                Ok(TimelinePage { rows, more_before, more_after: false })
            }
            Place::Before(number) => {
                let (rows, more_before) = lines.before(Bound::Excluded(number), limit)?;
                let (_, more_after) = lines.after(Bound::Included(number), 0)?;
                Ok(TimelinePage { rows, more_before, more_after })
            }
            Place::After(number) => {
                let (rows, more_after) = lines.after(Bound::Excluded(number), limit)?;
                let (_, more_before) = lines.before(Bound::Included(number), 0)?;
                Ok(TimelinePage { rows, more_before, more_after })
            }
            Place::Around(number) => {
                let newer = limit.div_ceil(2);
                let (mut rows, more_before) = lines.before(Bound::Excluded(number), limit - newer)?;
                let (after, more_after) = lines.after(Bound::Included(number), newer)?;
                rows.extend(after);
                Ok(TimelinePage { rows, more_before, more_after })
            }
        }
    }
}

struct Lines<'a> {
    models: &'a ReadModels,
    conversation: ConversationId,
}

/// In the store the newest line stands first.
impl Lines<'_> {
    fn key(&self, number: Bound<u32>) -> Bound<Key> {
        number.map(|number| key::line(self.conversation, number))
    }

    /// The last rows up to `end`, ascending, and whether there are more before them.
    fn before(&self, end: Bound<u32>, limit: usize) -> Result<(Vec<TimelineRow>, bool), ReadFault> {
        let oldest = self.key(Bound::Included(0));
        let (mut rows, more) = collect(self.models.db.range((self.key(end), oldest)), limit)?;
        rows.reverse();
        Ok((rows, more))
    }

    /// The first rows from `begin` on, and whether there are more after them.
    fn after(&self, begin: Bound<u32>, limit: usize) -> Result<(Vec<TimelineRow>, bool), ReadFault> {
        let newest = self.key(Bound::Included(u32::MAX));
        collect(self.models.db.range((newest, self.key(begin))).rev(), limit)
    }
}

fn collect(
    mut rows: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
    limit: usize,
) -> Result<(Vec<TimelineRow>, bool), ReadFault> {
    let mut found = Vec::new();
    for row in rows.by_ref().take(limit) {
        let (key, value) = row?;
        let number = key::line_number(&key).ok_or(ReadFault::Row { model: "timeline" })?;
        let value: LineValue = row::read(&value, "timeline")?;
        found.push(TimelineRow::new(number, value));
    }
    let more = rows.next().transpose()?.is_some();
    Ok((found, more))
}
