//! Who is connected: how many in all, and how many from one address.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::sync::Notify;

/// The connections of a server.
pub(super) struct Peers {
    inner: Rc<Inner>,
}

struct Inner {
    most: usize,
    most_of_one: usize,
    now: RefCell<(usize, HashMap<IpAddr, usize>)>,
    left: Notify,
}

/// A connection that is counted. `None` inside for one that is too many: to be told so, and closed.
pub(super) struct Place {
    inner: Option<(Rc<Inner>, Option<IpAddr>)>,
}

impl Peers {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { inner: Rc::new(Inner { most, most_of_one, now: RefCell::default(), left: Notify::new() }) }
    }

    /// Counts a connection; `address` where its address counts by itself.
    pub(super) fn enter(&self, address: Option<IpAddr>) -> Place {
        let mut now = self.inner.now.borrow_mut();
        let of_one = address.map_or(0, |address| now.1.get(&address).copied().unwrap_or(0));
        if now.0 >= self.inner.most || of_one >= self.inner.most_of_one {
            return Place { inner: None };
        }
        now.0 += 1;
        if let Some(address) = address {
            *now.1.entry(address).or_default() += 1;
        }
        metrics::gauge!("madoguchi_mail_connections").set(now.0 as f64);
        Place { inner: Some((self.inner.clone(), address)) }
    }

    /// Waits until nobody is left.
    pub(super) async fn gone(&self) {
        loop {
            let left = self.inner.left.notified();
            if self.inner.now.borrow().0 == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Place {
    pub(super) fn is_one_too_many(&self) -> bool {
        self.inner.is_none()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((inner, address)) = self.inner.take() else { return };
        let mut now = inner.now.borrow_mut();
        now.0 = now.0.saturating_sub(1);
        if let Some(address) = address
            && let Some(count) = now.1.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                now.1.remove(&address);
            }
        }
        metrics::gauge!("madoguchi_mail_connections").set(now.0 as f64);
        inner.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place() {
        let peers = Peers::new(3, 2);
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = peers.enter(Some(one));
        let second = peers.enter(Some(one));
        assert!(peers.enter(Some(one)).is_one_too_many());
        let third = peers.enter(Some(other));
        assert!(!first.is_one_too_many() && !second.is_one_too_many() && !third.is_one_too_many());
        assert!(peers.enter(None).is_one_too_many(), "no place is left");
        drop(first);
        assert!(!peers.enter(Some(one)).is_one_too_many());
    }
}
