//! Faults of the platform, switched on and off while it runs: for one kind of call, a number of times.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Fault, Times};

/// Most rules at once; setting more forgets the oldest.
const MAX_RULES: usize = 1_000;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// `POST /oauth2/v2.0/token`.
    Token,
    /// `POST /bots/{bot}/users/{user}/messages`.
    Send,
    /// `POST /bots/{bot}/attachments`.
    Upload,
    /// The bytes themselves, on the other host, up and down.
    Storage,
    /// `GET /bots/{bot}/attachments/{file}`.
    Download,
    /// `GET /users/{user}`.
    Profile,
    /// Bots themselves.
    Bots,
}

/// The rules in force. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<VecDeque<(Api, Fault, Times)>>>);

impl Faults {
    /// Adds a rule behind those in force.
    pub fn set(&self, api: Api, fault: Fault, times: Times) {
        let mut rules = self.0.lock();
        if rules.len() == MAX_RULES {
            rules.pop_front();
        }
        rules.push_back((api, fault, times));
    }

    /// The fault for the next call of this kind only.
    pub fn once(&self, api: Api, fault: Fault) {
        self.set(api, fault, Times::Next(1));
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// The fault for this call, and one time less for its rule.
    pub(super) fn take(&self, api: Api) -> Option<Fault> {
        let mut rules = self.0.lock();
        rules.retain(|(_, _, times)| *times != Times::Next(0));
        let (_, fault, times) = rules.iter_mut().find(|(only, _, _)| *only == api)?;
        if let Times::Next(left) = times {
            *left -= 1;
        }
        Some(*fault)
    }
}
