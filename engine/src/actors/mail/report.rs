//! What a report changes: the state of one recipient's copy.

use crate::channels::mail::bounce::{Fate, Report};
use crate::channels::mail::ids::OwnCopy;
use crate::domain::conversation::InboundKind;

/// The word for the copy's conversation; `None` where nothing of it changes.
pub(super) fn kind(_copy: OwnCopy, report: &Report) -> Option<InboundKind> {
    match report.fate {
        Fate::Failed | Fate::Delayed | Fate::Delivered => None,
        Fate::Opened => None,
    }
}
