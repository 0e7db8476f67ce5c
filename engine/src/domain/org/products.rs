//! Seat products (席): how many the organisation owns, how many are bound to windows, and what follows for contacts.
//!
//! The organisation reserves a product; how many agents a window holds is the window's own to decide. So a change of
//! product has three steps: both products are the window's, the window agrees or not, one of them is free again.

use serde::{Deserialize, Serialize};

use super::{Event, Org};
use crate::domain::id::WindowId;
use crate::domain::rejected::Rejected;

/// How many of each product an organisation may own (PRODUCT W3).
pub const WINDOWS_PER_PRODUCT: u16 = 50;

/// The three products by the number of agents that a window of each holds.
pub const PRODUCTS: [u16; 3] = [5, 30, 100];

/// How many contacts each adds to what is stored (PRODUCT W7).
#[must_use]
pub fn contacts_of(product: u16) -> u64 {
    match product {
        5 => 10_000,
        30 => 30_000,
        100 => 50_000,
        _ => 0,
    }
}

/// How many of each product are owned, in the order of [`PRODUCTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned(pub [u16; 3]);

impl Default for Owned {
    /// Until somebody says otherwise there are as many as there may be.
    fn default() -> Self {
        Self([WINDOWS_PER_PRODUCT; 3])
    }
}

impl Owned {
    /// How many of this one.
    #[must_use]
    pub fn of(self, product: u16) -> u16 {
        PRODUCTS.iter().zip(self.0).find(|(one, _)| **one == product).map_or(0, |(_, owned)| owned)
    }

    /// How many contacts are stored at most.
    #[must_use]
    pub fn contact_limit(self) -> u64 {
        PRODUCTS.iter().zip(self.0).map(|(product, owned)| contacts_of(*product) * u64::from(owned)).sum()
    }
}

impl Org {
    /// How many of a product are bound to a window, or kept for one that is about to change.
    #[must_use]
    pub fn used(&self, product: u16) -> u16 {
        let bound = self.windows.values().flat_map(|window| [Some(window.product), window.more.reserved]);
        u16::try_from(bound.flatten().filter(|one| *one == product).count()).unwrap_or(u16::MAX)
    }
}

/// That it is one of the three, and one of it is free.
pub(super) fn check_free(org: &Org, product: u16) -> Result<(), Rejected> {
    if !PRODUCTS.contains(&product) {
        return Err(Rejected::invalid("product", "5, 30 or 100"));
    }
    let owned = org.owned.of(product);
    if org.used(product) >= owned {
        return Err(Rejected::LimitReached { what: "windows of this product", limit: u64::from(owned) });
    }
    Ok(())
}

/// How many are owned from now on; what is not named stays.
pub(super) fn own(org: &Org, wishes: &[(u16, u16)]) -> Result<Vec<Event>, Rejected> {
    let mut owned = org.owned;
    for (product, number) in wishes {
        let Some(place) = PRODUCTS.iter().position(|one| one == product) else {
            return Err(Rejected::invalid("product", "5, 30 or 100"));
        };
        if *number > WINDOWS_PER_PRODUCT {
            return Err(Rejected::invalid("owned", "0 to 50"));
        }
        if org.trial.is_some() && *product != PRODUCTS[0] && *number > 0 {
            return Err(Rejected::invalid("product", "5, while there is a trial"));
        }
        owned.0[place] = *number;
    }
    for (product, number) in PRODUCTS.iter().zip(owned.0) {
        let used = org.used(*product);
        if number < used {
            return Err(Rejected::TooFew { what: "owned", least: u64::from(used) });
        }
    }
    if owned.0 == [0; 3] {
        return Err(Rejected::TooFew { what: "owned", least: 1 });
    }
    Ok(if owned == org.owned { Vec::new() } else { vec![Event::ProductsOwned(owned)] })
}

/// A window is to be bound to another product, which is kept for it from now on.
pub(super) fn reserve(org: &Org, window: &WindowId, product: u16) -> Result<Vec<Event>, Rejected> {
    let entry = org.windows.get(window).ok_or(Rejected::not_found("window"))?;
    if entry.product == product {
        return Ok(Vec::new());
    }
    check_free(org, product)?;
    Ok(vec![Event::ProductReserved { window: window.clone(), product }])
}

/// The window has decided: it is bound to this one of its two, and the other is free.
pub(super) fn settle(org: &Org, window: &WindowId, product: u16) -> Result<Vec<Event>, Rejected> {
    let entry = org.windows.get(window).ok_or(Rejected::not_found("window"))?;
    if entry.more.reserved.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ProductSettled { window: window.clone(), product }])
}
