//! Shapes that former releases wrote, each with the way from there to today's.
//!
//! When a shape changes: raise its version in `facts`, keep the former fields here as a tuple or a type of their own,
//! and add a line to [`OLD`] that reads them and makes today's event. The golden file of the former version stays.

use super::CodecError;
use crate::domain::id::ConversationId;
use crate::domain::record::Fact;

/// How one former shape is read.
#[derive(Debug)]
pub(super) struct Old {
    /// The type's number.
    pub(super) number: u16,
    /// The version that the shape had.
    pub(super) version: u16,
    /// From its bytes to today's fact.
    pub(super) read: fn(Option<ConversationId>, &[u8]) -> Result<Fact, CodecError>,
}

/// Every former shape. Nothing has changed yet.
pub(super) const OLD: &[Old] = &[];
