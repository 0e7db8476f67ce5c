//! A window as the organisation knows it: that it exists, its name and its product.

use serde::{Deserialize, Serialize};

use super::{Event, Org, products};
use crate::domain::id::{StreamId, WindowId};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::domain::window::{Picture, Profile};

/// A window that exists, and the stream that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowEntry {
    /// Its address.
    pub id: WindowId,
    /// Its stream.
    pub stream: StreamId,
    /// What customers see.
    pub name: String,
    /// Its product: 5, 30 or 100 places.
    pub product: u16,
    /// When it was added.
    pub created_at: Timestamp,
    /// What was said of it since; nothing in [`Event::WindowCreated`].
    #[serde(skip)]
    pub more: More,
}

/// What is said of a window besides its creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// What it is for.
    pub description: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// The code of its invite link: chance as a whole, the same for ever, another one for another window of this address.
    pub invite: Option<u128>,
    /// The product that it is about to change to.
    pub reserved: Option<u16>,
}

impl WindowEntry {
    /// What customers and agents see of it.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            name: self.name.clone(),
            description: self.more.description.clone(),
            picture: self.more.picture.clone(),
        }
    }
}

/// `window.more` says what is to follow: its description, picture and invite link.
pub(super) fn create(org: &Org, mut window: WindowEntry) -> Result<Vec<Event>, Rejected> {
    if RESERVED.contains(&window.id.as_str()) {
        return Err(Rejected::invalid("id", "a name that is not reserved"));
    }
    let profile = window.profile().checked()?;
    if org.windows.contains_key(&window.id) {
        return Err(Rejected::Exists { what: "window id" });
    }
    check_unused_name(org, &profile.name, None)?;
    products::check_free(org, window.product)?;
    let more = std::mem::take(&mut window.more);
    window.name.clone_from(&profile.name);
    let id = window.id.clone();
    let mut events = vec![Event::WindowCreated(window)];
    events.extend(more.invite.map(|code| Event::WindowInvited { window: id.clone(), code }));
    if !profile.description.is_empty() || profile.picture.is_some() {
        events.push(Event::WindowDescribed { window: id, profile });
    }
    Ok(events)
}

pub(super) fn describe(org: &Org, window: WindowId, profile: Profile) -> Result<Vec<Event>, Rejected> {
    let entry = org.windows.get(&window).ok_or(Rejected::not_found("window"))?;
    // What it has is kept, also where former releases took names by another rule.
    if profile == entry.profile() {
        return Ok(Vec::new());
    }
    let profile = profile.checked()?;
    check_unused_name(org, &profile.name, Some(&window))?;
    if profile == entry.profile() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::WindowDescribed { window, profile }])
}

pub(super) fn check_unused_name(org: &Org, name: &str, but: Option<&WindowId>) -> Result<(), Rejected> {
    if org.windows.values().any(|other| other.name == name && Some(&other.id) != but) {
        return Err(Rejected::Exists { what: "window name" });
    }
    Ok(())
}

/// Names that every mail domain keeps for itself (RFC 5321, 4.5.1; RFC 2142), and which a window's address must not take.
const RESERVED: &[&str] = &["postmaster", "abuse", "root", "noreply", "hostmaster", "webmaster"];
