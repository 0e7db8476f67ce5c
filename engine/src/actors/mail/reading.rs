//! The mails of a window that wait to be read: looked at side by side, delivered one after the other, finished side by side.
//!
//! Only the middle needs their order. What stands before it asks the DNS, and what comes after it syncs; a mail that waited
//! for both of the one before it would be shown late wherever the machine or a name server is busy.

use std::future::ready;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::interpret::{deliver, finish, prepare};
use crate::actors::Core;
use crate::domain::id::WindowId;
use crate::domain::record::By;
use crate::domain::window::RawAccepted;

/// Mails that are looked at before it is their turn. Their bytes are in memory.
const AHEAD: usize = 8;
/// Delivered mails that are not finished.
const BEHIND: usize = 16;

/// Reads all of them, in the order of `mails`. Whether some are left for another try.
pub(crate) async fn read(core: &Arc<Core>, window: &WindowId, mails: Vec<RawAccepted>) -> bool {
    let prepared = stream::iter(mails)
        .take_while(|_| ready(!core.is_stopping()))
        .map(|accepted| async move {
            let prepared = prepare(core, &accepted).await;
            (accepted, prepared)
        })
        .buffered(AHEAD);
    let delivered = prepared.then(|(accepted, prepared)| async move {
        let delivered = match prepared {
            Ok(prepared) => deliver(core, window, By::Engine, &accepted, prepared).await,
            Err(failure) => Err(failure),
        };
        (accepted, delivered)
    });
    let finished = delivered
        .map(|(accepted, delivered)| async move {
            match delivered {
                Ok((_, Some(rest))) => finish(core, window, By::Engine, &accepted, rest).await.is_ok(),
                Ok((_, None)) => true,
                Err(_) => false,
            }
        })
        .buffer_unordered(BEHIND);
    finished.fold(false, |left, is_done| ready(left | !is_done)).await
}
