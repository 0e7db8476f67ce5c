//! Long rows in pieces. A state with a full outbox has megabytes, and sled puts what outgrows an eighth of a
//! megabyte into a file of its own that it never syncs. A leaf of its tree holds up to twenty values and is written
//! as one, so it is the leaf that must stay small. Small pieces also keep writes small: a message changes the first
//! and the last of a long row, and those between are left as they are.

use sled::IVec;

use super::ReadFault;
use super::key::{self, Fields, Key};

/// The longest piece, in bytes, without its count.
pub(super) const CHUNK: usize = 1024;

const DAMAGED: ReadFault = ReadFault::Row { model: "rows in pieces" };

/// The pieces of a row, at least one. The first says how many there are.
pub(super) fn split(whole: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces: Vec<_> = whole.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    if pieces.is_empty() {
        pieces.push(Vec::new());
    }
    let count = u16::try_from(pieces.len()).expect("an outbox has 50 texts of 64 KiB at most");
    pieces[0].splice(..0, count.to_be_bytes());
    pieces
}

/// Takes the first piece apart: how many there are, and what it holds.
pub(super) fn first(piece: &[u8]) -> Result<(u16, &[u8]), ReadFault> {
    let mut fields = Fields(piece);
    let count = fields.u16().filter(|count| *count > 0).ok_or(DAMAGED)?;
    Ok((count, fields.0))
}

/// Puts a row together. The caller holds the gate, or is the only writer.
pub(super) fn join(db: &sled::Db, row: &Key) -> Result<Option<Vec<u8>>, ReadFault> {
    let Some(piece) = db.get(key::piece(row, 0))? else {
        return Ok(None);
    };
    let (count, rest) = first(&piece)?;
    let mut whole = rest.to_vec();
    for number in 1..count {
        let piece: IVec = db.get(key::piece(row, number))?.ok_or(DAMAGED)?;
        whole.extend_from_slice(&piece);
    }
    Ok(Some(whole))
}

/// Puts a row in the place of one that has `old_count` pieces on disk; none where there is no such row. Answers with
/// the pieces it has then.
pub(super) fn write(
    db: &sled::Db,
    batch: &mut sled::Batch,
    row: &Key,
    whole: &[u8],
    old_count: u16,
) -> Result<u16, ReadFault> {
    let pieces = split(whole);
    let count = u16::try_from(pieces.len()).expect("counted by `split`");
    for number in count..old_count {
        batch.remove(key::piece(row, number));
    }
    for (number, piece) in (0..).zip(pieces) {
        let key = key::piece(row, number);
        // The first piece holds the position and always changes.
        let same = (1..old_count).contains(&number) && db.get(&key)?.is_some_and(|old| *old == *piece);
        if !same {
            batch.insert(key, piece);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::StreamId;

    #[test]
    fn what_was_split_comes_together_at_every_edge() {
        let dir = tempfile::tempdir().unwrap();
        let db = sled::open(dir.path()).unwrap();
        let row = key::window(StreamId(1));
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 100 * CHUNK + 7] {
            let whole: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            for (number, piece) in split(&whole).into_iter().enumerate() {
                assert!(piece.len() <= CHUNK + 2);
                db.insert(key::piece(&row, number as u16), piece).unwrap();
            }
            assert_eq!(join(&db, &row).unwrap(), Some(whole));
        }
    }

    #[test]
    fn a_lost_piece_is_told_and_not_read_over() {
        let dir = tempfile::tempdir().unwrap();
        let db = sled::open(dir.path()).unwrap();
        let row = key::window(StreamId(1));
        for (number, piece) in split(&[7; 2 * CHUNK]).into_iter().enumerate() {
            db.insert(key::piece(&row, number as u16), piece).unwrap();
        }
        db.remove(key::piece(&row, 1)).unwrap();
        assert!(matches!(join(&db, &row), Err(ReadFault::Row { .. })));
    }
}
