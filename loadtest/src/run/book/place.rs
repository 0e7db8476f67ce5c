//! Where one socket stands in one window: the promise of positions without a gap and without a repetition.

use super::faults::{Faults, Kind};

/// Records that may be missed before a snapshot is in order.
const REPLAYED: u64 = 10_000;

/// One socket in one window, over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Place {
    who: String,
    at: Option<(String, u64)>,
    /// Up to here it is told what it missed while it was away.
    behind_until: u64,
    /// Snapshots after the first.
    pub(crate) snapshots: u64,
}

impl Place {
    /// `who` names the socket and the window in faults.
    pub(crate) fn new(who: String) -> Self {
        Self { who, ..Self::default() }
    }

    /// Who stands there.
    pub(crate) fn who(&self) -> &str {
        &self.who
    }

    /// Stream and position of the last frame.
    pub(crate) fn at(&self) -> Option<(&str, u64)> {
        self.at.as_ref().map(|(stream, position)| (stream.as_str(), *position))
    }

    /// It comes back while others have been told everything up to `head`.
    pub(crate) fn comes_back(&mut self, head: u64) {
        self.behind_until = head;
    }

    /// Whether what stands at `position` was said while it was away.
    pub(crate) fn missed(&self, position: u64) -> bool {
        position <= self.behind_until
    }

    /// A snapshot was told.
    pub(crate) fn snapshot(&mut self, stream: &str, position: u64, faults: &mut Faults) {
        if let Some((known, at)) = &self.at {
            self.snapshots += 1;
            let who = &self.who;
            if known == stream && position < *at {
                faults.add(Kind::PositionGap, || format!("{who}: a snapshot at {position} after {at}"));
            } else if known == stream && position - at <= REPLAYED {
                faults.add(Kind::NeedlessSnapshot, || format!("{who}: a snapshot at {position} after {at}"));
            }
        }
        self.at = Some((stream.to_owned(), position));
    }

    /// An update was told; it stands there from now on, so that one gap is one fault.
    pub(crate) fn update(&mut self, stream: &str, position: u64, faults: &mut Faults) {
        let who = &self.who;
        match &mut self.at {
            Some((known, at)) if known == stream => {
                if position != *at + 1 {
                    let last = *at;
                    faults.add(Kind::PositionGap, || format!("{who}: position {position} after {last}"));
                }
                *at = position;
            }
            place => {
                faults.add(Kind::PositionGap, || format!("{who}: position {position} of {stream} without a snapshot"));
                *place = Some((stream.to_owned(), position));
            }
        }
    }
}
