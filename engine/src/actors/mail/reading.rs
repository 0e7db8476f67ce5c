//! The mails of a window that wait to be read, one after the other: a mail may answer the one before it.
//!
//! Nothing of the next one may be begun while this one is under way unless it is driven by itself: what holds a place of the
//! reading threads and is not polled keeps everybody else from theirs.

use std::sync::Arc;

use super::interpret::interpret;
use crate::actors::Core;
use crate::domain::id::WindowId;
use crate::domain::record::By;
use crate::domain::window::RawAccepted;

/// Reads all of them, in the order of `mails`. Whether some are left for another try.
pub(crate) async fn read(core: &Arc<Core>, window: &WindowId, mails: Vec<RawAccepted>) -> bool {
    let mut left = false;
    for accepted in mails {
        if core.is_stopping() {
            break;
        }
        left |= interpret(core, window, By::Engine, &accepted).await.is_err();
    }
    left
}
