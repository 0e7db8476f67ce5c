//! The customers' side of the simulation: what they write, which of it the platform still has to deliver, and what of ours
//! reaches them. Calls to the platform wait until a step says what becomes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use madoguchi_engine::Clock;
use madoguchi_engine::channels::{Account, Bubble, Outcome, Parcel, Platform};
use madoguchi_engine::domain::conversation::Outgoing;
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::org::Inbox;
use madoguchi_engine::domain::time::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A reply token is good for this long, in milliseconds.
const TOKEN_MS: i64 = 60_000;
/// A push is recognised by its retry key for this long, in milliseconds.
const KEY_MS: i64 = 24 * 3_600_000;

/// The platform, shared with the engine.
pub struct Phones {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    calls: BTreeMap<u64, Call>,
    next_call: u64,
    used_tokens: BTreeSet<String>,
    keys: BTreeMap<u128, (Timestamp, Vec<String>)>,
    shown: Vec<Shown>,
}

/// Something that a customer did.
#[derive(Clone, Debug)]
pub struct Event {
    /// The platform's name for it.
    pub id: String,
    /// Who.
    pub user: usize,
    /// The message's name on the platform: written, or taken back.
    pub message: String,
    /// What they wrote; `None` where they took a message back, or where the event is broken.
    pub text: Option<String>,
    /// Nobody can read it.
    pub broken: bool,
    /// They added the account as a friend.
    pub friend: bool,
    at: Timestamp,
    /// We have said 200 to it.
    pub acknowledged: bool,
}

struct Call {
    what: What,
    /// When it reached the platform, which judges it by then however long its answer takes: a machine that sleeps for a
    /// day in between makes no call of today out of it.
    at: Timestamp,
    texts: Vec<String>,
    answer: oneshot::Sender<Outcome>,
}

enum What {
    Reply { token: String },
    Push { to: String, key: u128 },
}

/// What one customer sees of ours.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Who.
    pub user: String,
    /// What it says.
    pub text: String,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Taken, and answered.
    Answered,
    /// Taken, and the answer was lost.
    TakenUnheard,
    /// Lost on the way, and nobody knows.
    LostUnheard,
    /// No connection.
    NotSent,
    /// Too fast.
    Limited,
    /// Refused for good.
    Refused,
}

/// The platform's name of a customer.
#[must_use]
pub fn user_id(user: usize) -> String {
    format!("U{user:032x}")
}

impl Phones {
    /// Nobody has written yet.
    #[must_use]
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    /// A customer writes.
    pub fn write(&self, user: usize, broken: bool) {
        let mut state = self.state.lock();
        let n = state.events.len();
        let text = (!broken).then(|| format!("q{n}"));
        let at = self.clock.now();
        let event = Event {
            id: format!("e{n}"),
            user,
            message: format!("m{n}"),
            text,
            broken,
            friend: false,
            at,
            acknowledged: false,
        };
        state.events.push(event);
    }

    /// A customer adds the account as a friend, perhaps not for the first time.
    pub fn befriend(&self, user: usize) {
        let mut state = self.state.lock();
        let (n, at) = (state.events.len(), self.clock.now());
        let id = format!("e{n}");
        let message = String::new();
        state.events.push(Event {
            id,
            user,
            message,
            text: None,
            broken: false,
            friend: true,
            at,
            acknowledged: false,
        });
    }

    /// A customer takes a message back.
    pub fn take_back(&self, message: &Event) {
        let mut state = self.state.lock();
        let n = state.events.len();
        let event =
            Event { id: format!("e{n}"), text: None, at: self.clock.now(), acknowledged: false, ..message.clone() };
        state.events.push(event);
    }

    /// Everything that customers did.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.state.lock().events.clone()
    }

    /// We said 200 to these.
    pub fn acknowledge(&self, ids: &[String]) {
        for event in &mut self.state.lock().events {
            event.acknowledged |= ids.contains(&event.id);
        }
    }

    /// Calls that wait for their fate.
    #[must_use]
    pub fn calls(&self) -> Vec<u64> {
        self.state.lock().calls.keys().copied().collect()
    }

    /// Decides what becomes of a call; says what it was.
    pub fn decide(&self, call: u64, fate: Fate) -> String {
        let mut state = self.state.lock();
        let Some(call) = state.calls.remove(&call) else { return "nothing".to_owned() };
        let said = format!("{} of {:?}: {fate:?}", call.what.name(), call.texts);
        let outcome = match fate {
            Fate::Answered => state.take(&call),
            Fate::TakenUnheard => {
                state.take(&call);
                Outcome::Ambiguous
            }
            Fate::LostUnheard => Outcome::Ambiguous,
            Fate::NotSent => Outcome::NotSent,
            Fate::Limited => Outcome::RateLimited,
            Fate::Refused => Outcome::Refused { status: 400, detail: String::new() },
        };
        // Whoever called may be gone with a crash.
        let _ = call.answer.send(outcome);
        said
    }

    /// Forgets calls of a process that is gone.
    pub fn hang_up(&self) {
        self.state.lock().calls.clear();
    }

    /// Everything that customers see of ours, in order.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        self.state.lock().shown.clone()
    }

    /// How often a text was shown.
    #[must_use]
    pub fn times_shown(&self, text: &str) -> usize {
        self.state.lock().shown.iter().filter(|shown| shown.text == text).count()
    }

    async fn call(&self, what: What, bubbles: &[Bubble]) -> Outcome {
        let (answer, wait) = oneshot::channel();
        {
            let mut state = self.state.lock();
            state.next_call += 1;
            let name = state.next_call;
            let text = |bubble: &Bubble| bubble.body.as_str().expect("all is text").to_owned();
            state
                .calls
                .insert(name, Call { what, at: self.clock.now(), texts: bubbles.iter().map(text).collect(), answer });
        }
        wait.await.unwrap_or(Outcome::Ambiguous)
    }
}

impl State {
    /// The platform takes a call, or knows that it must not.
    fn take(&mut self, call: &Call) -> Outcome {
        let now = call.at;
        let user = match &call.what {
            What::Reply { token } => {
                let written = self.events.iter().find(|event| token == &token_of(event));
                let Some(event) = written.filter(|event| now.since_ms(event.at) < TOKEN_MS) else {
                    return Outcome::TokenInvalid;
                };
                let user = user_id(event.user);
                if !self.used_tokens.insert(token.clone()) {
                    return Outcome::TokenInvalid;
                }
                user
            }
            What::Push { to, key } => {
                let known = self.keys.get(key).filter(|(at, _)| now.since_ms(*at) < KEY_MS);
                if let Some((_, texts)) = known {
                    assert_eq!(*texts, call.texts, "one retry key for two messages");
                    return Outcome::Accepted { external_ids: Vec::new(), request_id: None };
                }
                self.keys.insert(*key, (now, call.texts.clone()));
                to.clone()
            }
        };
        let mut external_ids = Vec::new();
        for text in &call.texts {
            self.shown.push(Shown { user: user.clone(), text: text.clone() });
            external_ids.push(format!("s{}", self.shown.len()));
        }
        Outcome::Accepted { external_ids, request_id: None }
    }
}

impl What {
    fn name(&self) -> &'static str {
        match self {
            Self::Reply { .. } => "reply",
            Self::Push { .. } => "push",
        }
    }
}

fn token_of(event: &Event) -> String {
    format!("t-{}", event.id)
}

/// A webhook's body with these events.
#[must_use]
pub fn body(events: &[Event], again: bool) -> Bytes {
    let events: Vec<Value> = events.iter().map(|event| json_of(event, again)).collect();
    Bytes::from(json!({ "destination": user_id(0), "events": events }).to_string())
}

fn json_of(event: &Event, again: bool) -> Value {
    let mut json = json!({
        "webhookEventId": event.id,
        "deliveryContext": { "isRedelivery": again },
        "timestamp": event.at.0,
        "mode": "active",
        "source": { "type": "user", "userId": user_id(event.user) },
    });
    match &event.text {
        Some(text) => {
            json["type"] = json!("message");
            json["replyToken"] = json!(token_of(event));
            json["message"] = json!({ "type": "text", "id": event.message, "text": text });
        }
        None if event.broken => json["type"] = json!("message"),
        None if event.friend => {
            json["type"] = json!("follow");
            json["replyToken"] = json!(token_of(event));
            json["follow"] = json!({ "isUnblocked": false });
        }
        None => {
            json["type"] = json!("unsend");
            json["unsend"] = json!({ "messageId": event.message });
        }
    }
    json
}

/// The words of an automatic answer, with what tells it from all others.
#[must_use]
pub fn marked(text: &str, retry_key: u128) -> String {
    format!("{text}\u{0}{retry_key:x}")
}

/// What the engine gets of the platform.
pub struct Line(pub Arc<Phones>);

impl Platform for Line {
    fn account(&self, _: &Inbox) -> Option<Box<dyn Account>> {
        Some(Box::new(Self(Arc::clone(&self.0))))
    }
}

impl Account for Line {
    fn bubbles(&self, items: &[Outgoing], _: bool) -> Vec<Bubble> {
        let text = |item: &Outgoing| match &item.content {
            // What a window says by itself it says to many; here each is to be told from the others.
            Content::Text(text) if item.automatic.is_some() => {
                Bubble { numbers: vec![item.number], body: json!(marked(text, item.retry_key)) }
            }
            Content::Text(text) => Bubble { numbers: vec![item.number], body: json!(text) },
            other => panic!("{other:?} was never written"),
        };
        items.iter().map(text).collect()
    }

    fn bubbles_a_call(&self) -> usize {
        5
    }

    fn reply<'a>(&'a self, token: &'a str, bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.0.call(What::Reply { token: token.to_owned() }, bubbles))
    }

    fn push<'a>(&'a self, parcel: Parcel<'a>) -> LocalBoxFuture<'a, Outcome> {
        let what = What::Push { to: parcel.to.to_owned(), key: parcel.retry_key };
        Box::pin(self.0.call(what, parcel.bubbles))
    }

    /// Cannot be asked: nobody can tell because of whom a call was refused.
    fn check<'a>(&'a self, _: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(std::future::ready(Outcome::Accepted { external_ids: Vec::new(), request_id: None }))
    }
}
