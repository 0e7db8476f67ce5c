//! Messages at a fixed rate, whatever becomes of those before: how long each takes to the first, and to the last, listener.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::machine::Latencies;
use crate::peers::Publisher;
use crate::sockets::Seen;

/// How long the last messages may take after the last was sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// What listeners have seen.
#[derive(Default)]
pub struct Board {
    sent_at: Vec<Instant>,
    seen: Vec<usize>,
    listeners: usize,
    /// From the sending to each listener.
    pub each: Latencies,
    /// From the sending to the last listener.
    pub last: Latencies,
    /// Deliveries in all.
    pub deliveries: usize,
}

impl Board {
    /// For so many listeners.
    #[must_use]
    pub fn new(listeners: usize) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self { listeners, ..Self::default() }))
    }

    /// What listeners call.
    #[must_use]
    pub fn eyes(board: &Rc<RefCell<Self>>) -> Seen {
        let board = Rc::clone(board);
        Rc::new(RefCell::new(move |number, at| board.borrow_mut().take(number, at)))
    }

    fn take(&mut self, number: usize, at: Instant) {
        let Some(sent_at) = self.sent_at.get(number) else { return };
        let latency = at.saturating_duration_since(*sent_at);
        self.each.add(latency);
        self.deliveries += 1;
        self.seen[number] += 1;
        if self.seen[number] == self.listeners {
            self.last.add(latency);
        }
    }

    fn send(&mut self) -> usize {
        self.sent_at.push(Instant::now());
        self.seen.push(0);
        self.sent_at.len() - 1
    }

    fn expected(&self) -> usize {
        self.sent_at.len() * self.listeners
    }

    /// Messages sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.sent_at.len()
    }
}

/// Sends `per_second` messages a second for `length`, then waits until every listener has every message.
///
/// The clock of a message starts when its turn comes, not when the connection is free for it.
///
/// # Errors
/// A message was refused, or not everything arrived.
pub async fn run(
    board: &Rc<RefCell<Board>>,
    publisher: &Rc<Publisher>,
    per_second: f64,
    length: Duration,
) -> Outcome<()> {
    let begun = Instant::now();
    let total = (per_second * length.as_secs_f64()) as usize;
    let failed = Rc::new(RefCell::new(None));
    for turn in 0..total {
        let due = begun + Duration::from_secs_f64(turn as f64 / per_second);
        tokio::time::sleep_until(due.into()).await;
        let number = board.borrow_mut().send();
        let (publisher, failed) = (Rc::clone(publisher), Rc::clone(&failed));
        tokio::task::spawn_local(async move {
            if let Err(error) = publisher.publish(number).await {
                failed.borrow_mut().get_or_insert(error);
            }
        });
    }
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(error) = failed.borrow_mut().take() {
            return Err(error);
        }
        let (have, want) = (board.borrow().deliveries, board.borrow().expected());
        if have == want {
            return Ok(());
        }
        if have > want || Instant::now() > end {
            return Err(format!("{have} deliveries instead of {want}").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
