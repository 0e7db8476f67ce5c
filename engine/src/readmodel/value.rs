//! Rows as bytes. A long row is cut into pieces, so that sled keeps it in its log.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::Batch;

use super::{StoreError, keys};

/// The longest value, in bytes; from 8 KiB on sled would make it a file.
const PIECE: usize = 7 * 1024;

/// A row that is to be written.
pub(super) fn put<T: Serialize>(batch: &mut Batch, key: &[u8], row: &T) -> Result<(), StoreError> {
    let bytes = bincode::serialize(row).map_err(|_| StoreError::Row)?;
    let mut pieces = bytes.chunks(PIECE);
    let count = u32::try_from(bytes.len().div_ceil(PIECE).max(1)).map_err(|_| StoreError::Row)?;
    let mut first = count.to_be_bytes().to_vec();
    first.extend_from_slice(pieces.next().unwrap_or_default());
    batch.insert(key, first);
    for (index, piece) in (1..).zip(pieces) {
        batch.insert(keys::piece(key, index), piece);
    }
    Ok(())
}

/// A row that was written. Pieces that a longer row left behind are not looked at, and overwritten by the next long one.
pub(super) fn get<T: DeserializeOwned>(db: &sled::Db, key: &[u8]) -> Result<Option<T>, StoreError> {
    let Some(first) = db.get(key)? else { return Ok(None) };
    read(db, key, &first).map(Some)
}

/// As [`get`], where the first piece is at hand.
pub(super) fn read<T: DeserializeOwned>(db: &sled::Db, key: &[u8], first: &[u8]) -> Result<T, StoreError> {
    let (count, bytes) = first.split_first_chunk::<4>().ok_or(StoreError::Row)?;
    let count = u32::from_be_bytes(*count);
    if count == 1 {
        return bincode::deserialize(bytes).map_err(|_| StoreError::Row);
    }
    let mut whole = bytes.to_vec();
    for index in 1..count {
        whole.extend_from_slice(&db.get(keys::piece(key, index))?.ok_or(StoreError::Row)?);
    }
    bincode::deserialize(&whole).map_err(|_| StoreError::Row)
}

/// A bare number.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// A bare id.
pub(super) fn id(bytes: &[u8]) -> Option<u128> {
    Some(u128::from_be_bytes(bytes.try_into().ok()?))
}
