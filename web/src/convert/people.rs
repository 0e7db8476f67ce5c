//! Memberships on the wire.

use madoguchi_engine::domain::org::Org;
use madoguchi_engine::handle::{Membership, Memberships};
use madoguchi_protocol::api::{MembershipDone, MembershipOutcome};

use crate::error::from_failure;

/// What became of each window.
#[must_use]
pub fn memberships(done: Memberships, org: &Org) -> Vec<MembershipDone> {
    let told = done.into_iter().map(|(window, became)| {
        let (outcome, problem) = match became {
            Membership::Added => (MembershipOutcome::Added, None),
            Membership::Removed => (MembershipOutcome::Removed, None),
            Membership::Kept => (MembershipOutcome::Kept, None),
            Membership::Refused(why) => (MembershipOutcome::Refused, Some(from_failure(why, org))),
        };
        MembershipDone { window: window.to_string(), outcome, problem }
    });
    told.collect()
}
