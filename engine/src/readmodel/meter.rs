//! What a window sent in each month, free and paid.

use super::{ReadFault, ReadModels, key, row};
use crate::accounts::Sums;
use crate::domain::id::StreamId;

impl ReadModels {
    /// The sums of one month, which is named as by [`crate::accounts::month_of`].
    ///
    /// # Errors
    /// The store failed.
    pub fn sums(&self, stream: StreamId, month: u32) -> Result<Sums, ReadFault> {
        let stored = self.db.get(key::meter(stream, month))?;
        let (free, paid) = stored.map(|value| row::read(&value, "meters")).transpose()?.unwrap_or_default();
        Ok(Sums { free, paid })
    }
}
