//! Bytes from outside into the content store, never more than were allowed, never while the disk is nearly full.

use crate::actors::Core;
use crate::channels::media::Download;
use crate::content::{Keep, Refused, Writer};
use crate::domain::content::StoredFile;
use crate::domain::id::FileId;
use crate::failure::Failure;
use crate::journal::writer::Lane;

/// Bytes that are collected before they are written.
const BATCH: usize = 256 * 1024;

/// Why bytes were not kept. Nothing of them is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotKept {
    /// More bytes, or more pixels, than are kept.
    TooLarge,
    /// They broke off, or the disk refused them; worth another try.
    Failed,
    /// The disk is nearly full.
    NoRoom,
}

/// Keeps what comes.
pub(super) async fn keep(core: &Core, mut bytes: Download, cap: u64, keep: Keep) -> Result<StoredFile, NotKept> {
    if bytes.length.is_some_and(|length| length > cap) {
        return Err(NotKept::TooLarge);
    }
    has_room(core)?;
    let (store, id) = (core.content.clone(), new_id(core));
    let mut writer = aside(core, move || store.create(id, cap).map_err(Refused::from)).await?;
    let mut batch = Vec::new();
    loop {
        let next = bytes.next().await.map_err(|_| NotKept::Failed)?;
        let is_end = next.is_none();
        batch.extend_from_slice(&next.unwrap_or_default());
        if is_end || batch.len() >= BATCH {
            writer = write(core, writer, std::mem::take(&mut batch)).await?;
            has_room(core)?;
        }
        if is_end {
            break;
        }
    }
    let preview = new_id(core);
    // Unpacking a picture takes memory: one after the other.
    let _turn = core.looking.lock().await;
    aside(core, move || writer.finish(preview, keep)).await
}

fn new_id(core: &Core) -> FileId {
    FileId(core.config.chance.bits())
}

fn has_room(core: &Core) -> Result<(), NotKept> {
    match core.work_allowed() {
        Ok(()) => Ok(()),
        Err(Failure::DiskFull) => Err(NotKept::NoRoom),
        Err(_) => Err(NotKept::Failed),
    }
}

async fn write(core: &Core, mut writer: Writer, batch: Vec<u8>) -> Result<Writer, NotKept> {
    aside(core, move || writer.write(&batch).map(|()| writer)).await
}

async fn aside<T: Send + 'static>(
    core: &Core,
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, NotKept> {
    match core.pool.run(Lane::Ordinary, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(Refused::TooLong | Refused::TooManyPixels)) => Err(NotKept::TooLarge),
        Ok(Err(Refused::Disk(error))) => {
            tracing::error!(%error, "a file could not be stored");
            Err(NotKept::Failed)
        }
        Err(_) => Err(NotKept::Failed),
    }
}
