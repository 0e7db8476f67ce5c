//! What there is: the tenant's members, bots, files, tokens, and what appeared on whose screen.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::faults::{Api, Faults};
use super::{Options, app};

/// Messages that a slow reader of the stream may be behind.
const STREAM: usize = 65_536;

/// A bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bot {
    /// Its number.
    pub id: String,
    /// Signs callbacks.
    pub secret: String,
    /// Its name.
    pub name: String,
    /// Where callbacks go; empty for nowhere.
    pub callback_url: String,
    /// The domains whose members see it.
    pub domains: Vec<String>,
}

/// A message on a member's screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Whose screen.
    pub user: String,
    /// From which bot.
    pub bot: String,
    /// What it shows.
    pub content: Value,
}

/// A call, as it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Which.
    pub api: Option<Api>,
    /// Its path.
    pub path: String,
    /// The status it was answered with; none where it got no answer.
    pub status: Option<u16>,
    /// What it asked for was done.
    pub done: bool,
}

#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) mime: String,
    pub(super) bytes: Bytes,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) bots: HashMap<String, Bot>,
    pub(super) members: HashMap<String, String>,
    pub(super) files: HashMap<String, File>,
    /// Upload places that were given and not used: their file's id.
    pub(super) places: HashMap<String, String>,
    /// Until when each token is good, in milliseconds since 1970.
    pub(super) tokens: HashMap<String, i64>,
    pub(super) tokens_given: u64,
    pub(super) shown: VecDeque<Shown>,
    pub(super) calls: VecDeque<Call>,
    /// When calls of each kind were made in the last minute.
    pub(super) made: HashMap<Api, VecDeque<i64>>,
    next_bot: u64,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) storage_url: String,
    pub(super) state: Mutex<State>,
    pub(super) faults: Faults,
    pub(super) appearing: broadcast::Sender<Shown>,
    pub(super) http: reqwest::Client,
}

impl World {
    pub(super) fn new(options: Options, storage_url: &str) -> Self {
        let http = super::hook::client(options.callback_timeout);
        let (appearing, _) = broadcast::channel(STREAM);
        let state = Mutex::new(State { next_bot: 2_000_000, ..State::default() });
        Self { options, storage_url: storage_url.to_owned(), state, faults: Faults::default(), appearing, http }
    }

    pub(super) fn add_bot(&self, name: &str) -> Bot {
        let mut state = self.state.lock();
        state.next_bot += 1;
        let bot = Bot {
            id: state.next_bot.to_string(),
            secret: Uuid::new_v4().to_string(),
            name: name.to_owned(),
            callback_url: String::new(),
            domains: vec![app().domain_id],
        };
        state.bots.insert(bot.id.clone(), bot.clone());
        bot
    }

    pub(super) fn add_member(&self, name: &str) -> String {
        let id = Uuid::new_v4().to_string();
        self.state.lock().members.insert(id.clone(), name.to_owned());
        id
    }

    pub(super) fn add_file(&self, mime: &str, bytes: Bytes) -> String {
        let id = format!("jp1.{}", Uuid::new_v4());
        self.state.lock().files.insert(id.clone(), File { mime: mime.to_owned(), bytes });
        id
    }

    /// A message event as the platform writes one.
    pub(super) fn event(&self, user: &str, content: Value) -> Bytes {
        let at = jiff::Timestamp::from_millisecond(now_ms()).expect("the present");
        let domain: u64 = app().domain_id.parse().expect("a number");
        let event = json!({
            "type": "message", "source": { "userId": user, "domainId": domain },
            // Without it two equal words of one moment would be one event, as they are at the platform itself.
            "issuedTime": format!("{at:.3}"), "content": content,
        });
        Bytes::from(event.to_string())
    }

    pub(super) fn show(&self, shown: Shown) {
        let mut state = self.state.lock();
        if state.shown.len() >= self.options.remembered {
            state.shown.pop_front();
        }
        state.shown.push_back(shown.clone());
        // Nobody may be listening.
        let _ = self.appearing.send(shown);
    }

    pub(super) fn note(&self, call: Call) {
        let mut state = self.state.lock();
        if state.calls.len() >= self.options.remembered {
            state.calls.pop_front();
        }
        state.calls.push_back(call);
    }
}

pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
