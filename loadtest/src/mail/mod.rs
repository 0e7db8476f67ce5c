//! A double of the outside world of mail: the customers with their mail programs, the provider that hands their mail to
//! our server over a few kept connections, and the relay that our answers leave by.
//!
//! A customer has one thread: their first mail begins it, a later one answers the newest mail in it, with the ids and to the
//! address that their program would take from there. Never delivers anything anywhere.

mod letter;
mod postman;
mod relay;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast;

pub use letter::{Draft, Letter};
pub use postman::{Door, Postman, post, stuffed};
pub use relay::{Fault, Handed, Relay, Strike};

/// Answers that a slow reader of the stream may be behind.
const STREAM: usize = 65_536;
/// Ids of a thread that a customer's program names: the first and the newest.
const REFERENCES: usize = 20;
/// The customers' domain.
const DOMAIN: &str = "customers.example";

/// How it is.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Mails that the relay and answers that each customer remembers; older ones are forgotten.
    pub remembered: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { remembered: 10_000 }
    }
}

/// An answer in a customer's mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whose mailbox.
    pub to: String,
    /// What it says, from its first line on.
    pub text: String,
}

/// A customer and their thread.
#[derive(Debug, Default)]
struct Person {
    name: String,
    written: u64,
    /// The ids of the thread, the newest last.
    thread: Vec<String>,
    /// What they would answer.
    newest: Option<Letter>,
    shown: VecDeque<String>,
}

#[derive(Debug)]
struct World {
    people: Mutex<HashMap<String, Person>>,
    appearing: broadcast::Sender<Shown>,
    remembered: usize,
    unreadable: Mutex<u64>,
}

/// The outside world of mail. The relay and the mailboxes end with its drop.
#[derive(Debug)]
pub struct MailDouble {
    world: Arc<World>,
    relay: Relay,
    /// Connections that rest, each to its door.
    resting: Mutex<Vec<(Door, Postman)>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl MailDouble {
    /// Starts it on a free port, with a thread of its own.
    ///
    /// # Errors
    /// No port or no thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("mail-double")
            .enable_all()
            .build()?;
        let (appearing, _) = broadcast::channel(STREAM);
        let (people, unreadable) = Default::default();
        let world = Arc::new(World { people, appearing, remembered: options.remembered, unreadable });
        let mailboxes = Arc::clone(&world);
        let relay = {
            let _inside = runtime.enter();
            Relay::with(options.remembered, Some(Box::new(move |handed| mailboxes.deliver(handed))))?
        };
        Ok(Self { world, relay, resting: Mutex::default(), runtime: Some(runtime) })
    }

    /// The relay.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    /// The settings of a server that takes mail for `domain` at `door`, and whose relay this is: names without
    /// `MADOGUCHI_`, and values.
    #[must_use]
    pub fn server_settings(&self, domain: &str, door: &Door) -> Vec<(&'static str, String)> {
        let (smtp, lmtp) = match door {
            Door::Smtp(address) => (address.to_string(), String::new()),
            Door::Lmtp(path) => (String::new(), format!("unix:{}", path.display())),
        };
        vec![
            ("MAIL__INBOUND_DOMAIN", domain.to_owned()),
            ("MAIL__RELAY__HOST", "127.0.0.1".to_owned()),
            ("MAIL__RELAY__PORT", self.relay.port.to_string()),
            ("MAIL__RELAY__TLS", "none".to_owned()),
            ("MAIL_IN__LISTEN_SMTP", smtp),
            ("MAIL_IN__LISTEN_LMTP", lmtp),
            ("MAIL_IN__MAX_MAILS_PER_CONNECTION", "100000".to_owned()),
            // Nobody asks the world's DNS about customers that are none.
            ("MAIL_IN__ASK_DNS", "false".to_owned()),
        ]
    }

    /// A new customer; answers with their address.
    #[must_use]
    pub fn add_customer(&self, name: &str) -> String {
        let mut people = self.world.people.lock();
        let address = format!("c{}@{DOMAIN}", people.len() + 1);
        people.insert(address.clone(), Person { name: name.to_owned(), ..Person::default() });
        address
    }

    /// A customer writes: their first mail to this address, later ones as an answer to the newest mail in their thread. What
    /// the server said to its end, or the first no before it.
    ///
    /// # Errors
    /// Nobody is at the door, it hung up, or there is no such customer.
    pub async fn say(&self, door: &Door, customer: &str, to: &str, text: &str) -> io::Result<String> {
        let (to, id, bytes) = self.world.compose(customer, to, text).ok_or(io::ErrorKind::NotFound)?;
        let answer = self.hand_over(door, customer, &to, &bytes).await?;
        if answer.starts_with("250") {
            self.world.sent(customer, id);
        }
        Ok(answer)
    }

    /// Hands any mail over, on a connection that rests if there is one. What the server said to it.
    ///
    /// # Errors
    /// Nobody is at the door, or it hung up.
    pub async fn hand_over(&self, door: &Door, from: &str, to: &str, raw: &[u8]) -> io::Result<String> {
        let rested = {
            let mut resting = self.resting.lock();
            resting.iter().position(|(at, _)| at == door).map(|at| resting.swap_remove(at).1)
        };
        let mut postman = match rested {
            Some(postman) => postman,
            None => {
                let mut postman = Postman::try_connect(door).await?;
                postman.greet(door).await;
                postman
            }
        };
        let answer = postman.hand_over(from, to, raw).await;
        match answer.as_bytes().first() {
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(b'2') => self.resting.lock().push((door.clone(), postman)),
            // A transaction that was left half-way; the connection is told so and let go.
            Some(_) => drop(postman.say("QUIT").await),
        }
        Ok(answer)
    }

    /// Lets every kept connection go, as after a restart of the server.
    pub fn hang_up(&self) {
        self.resting.lock().clear();
    }

    /// Every answer as it comes to a mailbox.
    #[must_use]
    pub fn stream(&self) -> broadcast::Receiver<Shown> {
        self.world.appearing.subscribe()
    }

    /// The texts of the answers in a customer's mailbox, in order.
    #[must_use]
    pub fn texts(&self, customer: &str) -> Vec<String> {
        let people = self.world.people.lock();
        people.get(customer).map(|person| person.shown.iter().cloned().collect()).unwrap_or_default()
    }

    /// Mails that came to a mailbox and could not be read there, or to nobody.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        *self.world.unreadable.lock()
    }
}

impl Drop for MailDouble {
    fn drop(&mut self) {
        // Its tasks wait for peers that may never speak again.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl World {
    /// A mail comes to a mailbox.
    fn deliver(&self, handed: &Handed) {
        let mut people = self.people.lock();
        let person = people.get_mut(&handed.to);
        let Some((person, letter)) = person.zip(Letter::read(&handed.bytes)) else {
            *self.unreadable.lock() += 1;
            return;
        };
        person.thread.push(letter.id.clone());
        if person.shown.len() >= self.remembered {
            person.shown.pop_front();
        }
        person.shown.push_back(letter.text.trim_end().to_owned());
        let shown = Shown { to: handed.to.clone(), text: letter.text.clone() };
        // Nobody writes back to a machine.
        if !letter.automatic {
            person.newest = Some(letter);
        }
        // Nobody may be listening.
        let _ = self.appearing.send(shown);
    }

    /// The next mail of a customer: its recipient, its id and its bytes.
    fn compose(&self, customer: &str, to: &str, text: &str) -> Option<(String, String, Vec<u8>)> {
        let mut people = self.people.lock();
        let person = people.get_mut(customer)?;
        person.written += 1;
        let id = format!("{}.{customer}", person.written);
        let mut references = person.thread.clone();
        if references.len() > REFERENCES {
            references.drain(1..references.len() - REFERENCES + 1);
        }
        person.thread.clone_from(&references);
        let (to, text) = match &person.newest {
            Some(letter) => (letter.reply_to.clone(), format!("{text}\n\n{}", quoted(&letter.text))),
            None => (to.to_owned(), text.to_owned()),
        };
        let subject = if references.is_empty() { "お問い合わせ" } else { "Re: お問い合わせ" };
        let draft = Draft {
            from: (&person.name, customer),
            to: &to,
            subject,
            id: &id,
            at_ms: jiff::Timestamp::now().as_millisecond(),
            references: &references,
            text: &text,
        };
        let bytes = draft.write();
        Some((to, id, bytes))
    }

    /// A mail was taken: it is the newest in its writer's thread.
    fn sent(&self, customer: &str, id: String) {
        if let Some(person) = self.people.lock().get_mut(customer) {
            person.thread.push(id);
        }
    }
}

/// The answered mail below an answer, as programs quote it.
fn quoted(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('>')).take(20).map(|line| format!("> {line}\n")).collect()
}
