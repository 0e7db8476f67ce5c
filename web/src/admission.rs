//! Who is refused when too much is going on. This file is the whole answer; what 100 % of pressure means is in
//! `madoguchi_engine::pressure`.
//!
//! Everything that costs belongs to a class. A class is refused while the pressure is at its mark or above, and while all
//! its places are taken; no class can take another's. Searches and exports go first, lists next, then commands, over REST
//! and socket alike. Webhooks have no mark: they have places here, in the journal's queue and among the reading threads
//! that nobody else gets, because a platform may not repeat what it was refused. Never refused here: health and figures,
//! logging in (`auth` has its own queue) and out, and updates to sockets that are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::Method;
use madoguchi_engine::pressure::Pressure;
use madoguchi_protocol::{Code, Problem};

use crate::error::problem;
use crate::router::{Access, Entry};

/// What somebody wants, by what it costs and how little it is missed. In the order in which it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Searches, and exports of the journal.
    Search,
    /// Lists, timelines, and every other read.
    List,
    /// What changes something, over REST or socket, and opening a socket.
    Command,
    /// What platforms bring, once its signature is known to be right.
    Webhook,
}

/// What a class is allowed.
struct Rule {
    name: &'static str,
    /// At this pressure, in percent, and above it the class is refused; `None` for never.
    refused_from: Option<u8>,
    /// How many may be in hand at a time.
    places: usize,
    /// When to come back, in milliseconds.
    retry_after_ms: u64,
}

impl Class {
    /// All of them, the first to be refused first.
    pub const ALL: [Self; 4] = [Self::Search, Self::List, Self::Command, Self::Webhook];

    const fn rule(self) -> Rule {
        match self {
            Self::Search => Rule { name: "search", refused_from: Some(25), places: 16, retry_after_ms: 10_000 },
            Self::List => Rule { name: "list", refused_from: Some(50), places: 256, retry_after_ms: 5_000 },
            Self::Command => Rule { name: "command", refused_from: Some(75), places: 4_096, retry_after_ms: 2_000 },
            Self::Webhook => Rule { name: "webhook", refused_from: None, places: 4_096, retry_after_ms: 1_000 },
        }
    }

    /// Its name in figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.rule().name
    }

    /// The class of a request, as far as it is decided at the gate. Not so: open addresses; webhooks, whose signature comes
    /// first (`routes::hooks`); commands to conversations, which come over sockets too (`commands::run`).
    #[must_use]
    pub fn at_the_gate(entry: &Entry, query: &str) -> Option<Self> {
        let Access::Right(action) = entry.access else { return None };
        let opens_socket = entry.path == "/api/v1/socket";
        match entry.method {
            _ if action == crate::authorize::Action::OwnSession => None,
            Method::GET if opens_socket => Some(Self::Command),
            Method::GET if query.split('&').any(|part| part.starts_with("q=") && part.len() > 2) => Some(Self::Search),
            Method::GET => Some(Self::List),
            _ => Some(Self::Command),
        }
    }
}

/// Who is in hand, by class. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Admission(Arc<[AtomicUsize; Class::ALL.len()]>);

/// The right to be served; it ends with the drop.
#[derive(Debug)]
pub struct Place {
    class: Class,
    admission: Admission,
}

impl Admission {
    /// Lets one more in. The pressure is asked only where it counts.
    ///
    /// # Errors
    /// `overloaded`, with the time to come back after.
    pub fn admit(&self, class: Class, pressure: impl FnOnce() -> Pressure) -> Result<Place, Problem> {
        let rule = class.rule();
        if rule.refused_from.is_some_and(|mark| pressure().percent() >= mark) {
            return Err(refused(&rule, "pressure"));
        }
        let before = self.0[class as usize].fetch_add(1, Ordering::AcqRel);
        let place = Place { class, admission: self.clone() };
        if before >= rule.places {
            return Err(refused(&rule, "places"));
        }
        gauge(&rule, before + 1);
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let before = self.admission.0[self.class as usize].fetch_sub(1, Ordering::AcqRel);
        gauge(&self.class.rule(), before - 1);
    }
}

fn refused(rule: &Rule, why: &'static str) -> Problem {
    metrics::counter!("madoguchi_refused_total", "class" => rule.name, "why" => why).increment(1);
    problem(Code::Overloaded).detail(format!("no {} is taken now", rule.name)).retry_after_ms(rule.retry_after_ms)
}

#[expect(clippy::cast_precision_loss, reason = "a gauge")]
fn gauge(rule: &Rule, in_hand: usize) {
    metrics::gauge!("madoguchi_in_hand", "class" => rule.name).set(in_hand as f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::ENTRIES;

    fn at(percent: u8) -> Pressure {
        Pressure { journal: percent, ..Pressure::default() }
    }

    #[test]
    fn a_class_is_refused_from_its_mark_on_and_taken_again_below_it() {
        let admission = Admission::default();
        for (class, mark) in [(Class::Search, 25), (Class::List, 50), (Class::Command, 75)] {
            for (percent, taken) in [(mark - 1, true), (mark, false), (mark + 1, false), (100, false), (mark - 1, true)]
            {
                let answer = admission.admit(class, || at(percent));
                assert_eq!(answer.is_ok(), taken, "{class:?} at {percent} %");
                if let Err(refused) = answer {
                    assert_eq!((refused.status, refused.code), (503, Code::Overloaded));
                    assert!(refused.extra.retry_after_ms.is_some_and(|ms| ms >= 1_000));
                }
            }
        }
        assert!(admission.admit(Class::Webhook, || at(100)).is_ok(), "webhooks know no mark");
    }

    #[test]
    fn whoever_is_missed_least_is_refused_first_and_told_to_stay_away_longest() {
        let marks: Vec<_> = Class::ALL.map(|class| class.rule().refused_from.map_or(u16::MAX, u16::from)).to_vec();
        assert!(marks.is_sorted_by(|one, next| one < next), "{marks:?}");
        let waits: Vec<_> = Class::ALL.map(|class| class.rule().retry_after_ms).to_vec();
        assert!(waits.is_sorted_by(|one, next| one > next), "{waits:?}");
    }

    #[test]
    fn a_class_that_is_full_takes_no_place_of_another() {
        let admission = Admission::default();
        let mut held = Vec::new();
        for class in Class::ALL {
            let places = class.rule().places;
            held.extend((0..places).map(|_| admission.admit(class, || at(0)).expect("below and at the limit")));
            assert_eq!(admission.admit(class, || at(0)).expect_err("above it").code, Code::Overloaded);
        }
        for class in Class::ALL {
            let of_class = held.iter().position(|place| place.class == class).expect("one is held");
            drop(held.swap_remove(of_class));
            assert!(admission.admit(class, || at(0)).is_ok(), "{class:?}: by itself, once a place is free");
        }
    }

    #[test]
    fn every_address_that_costs_has_a_class() {
        let class = |method: &str, path: &str, query: &str| {
            let entry = ENTRIES.iter().find(|entry| entry.method == method && entry.path == path).expect(path);
            Class::at_the_gate(entry, query)
        };
        let conversations = "/api/v1/windows/{window}/conversations";
        assert_eq!(class("GET", conversations, "status=new"), Some(Class::List));
        assert_eq!(class("GET", conversations, "status=new&q=hanako"), Some(Class::Search));
        assert_eq!(class("GET", conversations, "q="), Some(Class::List), "nothing is searched for");
        assert_eq!(class("GET", "/api/v1/socket", ""), Some(Class::Command));
        assert_eq!(class("POST", "/api/v1/windows", ""), Some(Class::Command));
        assert_eq!(class("DELETE", "/api/v1/session", ""), None, "who wants to leave may");
        for entry in ENTRIES {
            let decided_elsewhere = match entry.access {
                Access::Open | Access::Command(_) | Access::Bot => true,
                Access::Right(action) => action == crate::authorize::Action::OwnSession,
            };
            assert_eq!(Class::at_the_gate(entry, "").is_none(), decided_elsewhere, "{} {}", entry.method, entry.path);
        }
    }
}
