//! The mails of a window that wait to be read: looked at side by side, delivered one after the other, finished side by side.
//!
//! Only the middle needs their order: a mail may answer the one before it. What stands before it asks the DNS, and what comes
//! after it syncs; a mail that waited for both of the one before it would be shown late wherever the machine or a name server
//! is busy. Each part is a task of its own: what holds a place of the reading threads must be driven whatever else waits.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinHandle, JoinSet};

use super::interpret::{Prepared, deliver, finish, prepare};
use crate::actors::Core;
use crate::domain::id::WindowId;
use crate::domain::record::By;
use crate::domain::window::RawAccepted;
use crate::failure::Failure;

/// Mails of one window that are looked at before their turn.
const AHEAD: usize = 8;
/// The same of all windows together: their bytes are in memory.
pub(super) const AHEAD_OF_ALL: usize = 16;
/// Delivered mails of one window that are not finished.
const BEHIND: usize = 16;

/// A mail on its way to its turn.
struct Ahead {
    accepted: RawAccepted,
    prepared: JoinHandle<Result<Prepared, Failure>>,
    /// Its place among all that are in memory; the one whose turn it is needs none.
    _place: Option<OwnedSemaphorePermit>,
}

/// Reads all of them, in the order of `mails`. Whether some are left for another try.
pub(crate) async fn read(core: &Arc<Core>, window: &WindowId, mails: Vec<RawAccepted>) -> bool {
    let mut coming = mails.into_iter();
    let mut ahead = VecDeque::new();
    let mut behind = JoinSet::new();
    let mut left = false;
    loop {
        look_ahead(core, &mut coming, &mut ahead);
        let Some(Ahead { accepted, prepared, _place }) = ahead.pop_front() else { break };
        let delivered = match prepared.await.unwrap_or(Err(Failure::Interrupted)) {
            Ok(prepared) => deliver(core, window, By::Engine, &accepted, prepared).await,
            Err(failure) => Err(failure),
        };
        match delivered {
            Ok((_, Some(rest))) => {
                if behind.len() >= BEHIND {
                    left |= !is_done(behind.join_next().await);
                }
                let (core, window) = (core.clone(), window.clone());
                behind.spawn_local(async move { finish(&core, &window, By::Engine, &accepted, rest).await.is_ok() });
            }
            Ok((_, None)) => {}
            Err(_) => left = true,
        }
    }
    while let Some(done) = behind.join_next().await {
        left |= !is_done(Some(done));
    }
    left
}

/// Begins with the next one, and with those after it as far as there is room.
fn look_ahead(core: &Arc<Core>, coming: &mut std::vec::IntoIter<RawAccepted>, ahead: &mut VecDeque<Ahead>) {
    while ahead.len() < AHEAD && !core.is_stopping() {
        let place = core.mail_in.as_ref().and_then(|mail| mail.ahead.clone().try_acquire_owned().ok());
        if place.is_none() && !ahead.is_empty() {
            return;
        }
        let Some(accepted) = coming.next() else { return };
        let prepared = actix_rt::spawn({
            let (core, accepted) = (core.clone(), accepted.clone());
            async move { prepare(&core, &accepted).await }
        });
        ahead.push_back(Ahead { accepted, prepared, _place: place });
    }
}

/// A task that failed is tried again with its mail.
fn is_done(ended: Option<Result<bool, tokio::task::JoinError>>) -> bool {
    ended.is_none_or(|ended| ended.unwrap_or(false))
}
