//! A bot as somebody outside would write one: hears signed deliveries, believes none without its signature, does what its
//! [`Brain`] says, and says it by the bots' addresses. For tests, the demo and load; it can be told to behave badly.
//! [`System`] is the other thing of that name: a system whose customers come over a bot channel.
//!
//! Must know nothing of the engine but what docs/bots.md says.

mod brain;
mod door;
mod front;
mod mouth;
mod signature;
mod system;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use madoguchi_protocol::api::BotDelivery;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

pub use brain::receptionist;
pub use front::Treatment;
pub use mouth::{Answered, Mouth};
pub use signature::sign;
pub use system::{Delivered, System, SystemFault};

/// Something that a bot does about a delivery, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Tells the customer something.
    Say(String),
    /// Asks for a person, with what they should know.
    HandOver(String),
    /// Closes the case.
    Complete,
}

/// Decides what is done about a delivery that was not heard before.
pub type Brain = Arc<dyn Fn(&BotDelivery) -> Vec<Act> + Send + Sync>;

/// How a bot takes what it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    #[default]
    Well,
    /// Answers with this status, and does nothing.
    Refuses(u16),
    /// Does everything, and answers only after this long.
    Slow(Duration),
    /// Takes the connection, and never answers.
    Silent,
}

/// A delivery as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What was told.
    pub delivery: BotDelivery,
    /// `webhook-id`.
    pub id: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// The signature was right.
    pub signed: bool,
    /// How it was taken.
    pub manner: Manner,
}

/// What it keeps.
pub(crate) struct State {
    brain: Brain,
    manner: Mutex<Manner>,
    /// The secret that it believes in, and the way to answer.
    known: Mutex<Option<(String, Mouth)>>,
    heard: Mutex<Vec<Heard>>,
    /// What was done about each delivery; one that comes again gets the same status and nothing more.
    done: Mutex<HashMap<String, u16>>,
    answers: Mutex<Vec<Answered>>,
    /// Deliveries that it is busy with.
    busy: AtomicUsize,
}

impl std::fmt::Debug for Bot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bot").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A running bot; it ends with its drop.
pub struct Bot {
    state: Arc<State>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Bot {
    /// Starts one at this address, port 0 for a free one. Must run inside a runtime of tokio.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start(listen: SocketAddr, brain: Brain) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let state = Arc::new(State {
            brain,
            manner: Mutex::default(),
            known: Mutex::default(),
            heard: Mutex::default(),
            done: Mutex::default(),
            answers: Mutex::default(),
            busy: AtomicUsize::new(0),
        });
        let task = tokio::spawn(door::serve(listener, Arc::clone(&state)));
        Ok(Self { state, address, task })
    }

    /// Where it is told what happens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/bot", self.address)
    }

    /// What an administrator was shown once: it believes and answers from now on. `server`: the engine's address.
    pub fn meet(&self, server: &str, secret: &str, token: &str) {
        *self.state.known.lock() = Some((secret.to_owned(), Mouth::new(server, token)));
    }

    /// How it takes things from now on.
    pub fn behave(&self, manner: Manner) {
        *self.state.manner.lock() = manner;
    }

    /// Everything that came to its door, each try.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.state.heard.lock().clone()
    }

    /// Deliveries that it is still doing something about.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.state.busy.load(Ordering::SeqCst)
    }

    /// What became of everything that it said.
    #[must_use]
    pub fn answers(&self) -> Vec<Answered> {
        self.state.answers.lock().clone()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.task.abort();
    }
}
