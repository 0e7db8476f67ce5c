//! The one alarm of a run: a thread that rings for customers by their schedule and for agents when they have thought.
//! The runtime's own timers come up to a millisecond late, which is more than what is measured.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::mpsc;

use super::book::Act;
use super::chance::Schedule;

/// What every time of a run is counted from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start.
    pub(crate) fn now_us(self) -> u64 {
        self.0.elapsed().as_micros() as u64
    }

    fn until(self, due_us: u64) -> Duration {
        Duration::from_micros(due_us.saturating_sub(self.now_us()))
    }

    /// Waits, to the runtime's millisecond.
    pub(crate) async fn wait_until(self, due_us: u64) {
        tokio::time::sleep(self.until(due_us)).await;
    }
}

/// An act whose time has come.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) due_us: u64,
    pub(crate) wish: Wish,
}

/// An act, and what an earlier try of it left.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) act: Act,
    /// The answer, once it has its words.
    pub(crate) word: Option<super::words::Word>,
    pub(crate) tries: u32,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Bounded by what was written: a message leads to no more than its racers, an answer and an end.
    heap: BinaryHeap<Reverse<(u64, u64)>>,
    wishes: std::collections::HashMap<u64, (u32, Wish)>,
    next: u64,
    stopped: bool,
}

/// Sets the alarm. Clones set the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alarm(Arc<(Mutex<Waiting>, Condvar)>);

impl Alarm {
    /// Rings at `due_us` for an agent.
    pub(crate) fn set(&self, agent: u32, due_us: u64, wish: Wish) {
        let (waiting, changed) = &*self.0;
        let mut waiting = waiting.lock();
        let key = waiting.next;
        waiting.next += 1;
        let is_first = waiting.heap.peek().is_none_or(|Reverse((first, _))| due_us < *first);
        waiting.heap.push(Reverse((due_us, key)));
        waiting.wishes.insert(key, (agent, wish));
        if is_first {
            changed.notify_one();
        }
    }

    /// Rings no more, and the thread ends.
    pub(crate) fn stop(&self) {
        self.0.0.lock().stopped = true;
        self.0.1.notify_one();
    }

    /// Starts ringing: for customers from `begin_us` on by the schedule, whose line ends when it is through.
    pub(crate) fn run(
        &self,
        clock: Clock,
        begin_us: u64,
        schedule: Schedule,
        customers: mpsc::Sender<(u64, u32)>,
        agents: Vec<mpsc::UnboundedSender<Due>>,
    ) -> JoinHandle<u64> {
        let alarm = self.clone();
        std::thread::spawn(move || alarm.ring(clock, begin_us, schedule, customers, &agents))
    }

    /// Answers with the customers that could not be rung for: those who wait have reached their limit.
    fn ring(
        &self,
        clock: Clock,
        begin_us: u64,
        schedule: Schedule,
        customers: mpsc::Sender<(u64, u32)>,
        agents: &[mpsc::UnboundedSender<Due>],
    ) -> u64 {
        let mut arrivals = schedule.map(|(at_us, chat)| (begin_us + at_us, chat)).peekable();
        let mut customers = Some(customers);
        let mut turned_away = 0;
        let (waiting, changed) = &*self.0;
        loop {
            let now_us = clock.now_us();
            while let Some((due_us, chat)) = arrivals.next_if(|(due_us, _)| *due_us <= now_us) {
                let gone = customers.as_ref().is_some_and(|customers| customers.try_send((due_us, chat)).is_err());
                turned_away += u64::from(gone);
            }
            if arrivals.peek().is_none() {
                customers = None;
            }
            let mut waiting = waiting.lock();
            if waiting.stopped {
                return turned_away;
            }
            while let Some(&Reverse((due_us, key))) =
                waiting.heap.peek().filter(|Reverse((due_us, _))| *due_us <= now_us)
            {
                waiting.heap.pop();
                if let Some((agent, wish)) = waiting.wishes.remove(&key) {
                    // An agent who has gone home has nothing to do.
                    let _ = agents[agent as usize].send(Due { due_us, wish });
                }
            }
            let next_act = waiting.heap.peek().map(|Reverse((due_us, _))| *due_us);
            let next = next_act.into_iter().chain(arrivals.peek().map(|(due_us, _)| *due_us)).min();
            match next {
                Some(due_us) => drop(changed.wait_for(&mut waiting, clock.until(due_us))),
                None => changed.wait(&mut waiting),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::book::Deed;

    fn wish(chat: u32) -> Wish {
        let act = Act { agent: 0, chat, conversation: "C".into(), deed: Deed::Claim, think_ms: 0 };
        Wish { act, word: None, tries: 0 }
    }

    #[tokio::test]
    async fn it_rings_in_the_order_of_the_moments_and_never_early() {
        let (alarm, clock) = (Alarm::default(), Clock::start());
        let (customers, mut schedule) = mpsc::channel(64);
        let (agent, mut acts) = mpsc::unbounded_channel();
        for (due_us, chat) in [(30_000, 3), (10_000, 1), (20_000, 2)] {
            alarm.set(0, due_us, wish(chat));
        }
        let ringing = alarm.run(clock, 1_000, Schedule::new(1, 4, 1_000.0, 0.01), customers, vec![agent]);
        for chat in 1..=3 {
            let due = acts.recv().await.expect("it rings");
            assert_eq!((due.wish.act.chat, due.due_us), (chat, u64::from(chat) * 10_000));
            assert!(clock.now_us() >= due.due_us);
        }
        let mut rung = 0;
        while let Some((due_us, _)) = schedule.recv().await {
            assert!(clock.now_us() >= due_us);
            rung += 1;
        }
        alarm.stop();
        assert_eq!(ringing.join().expect("no panic"), 0);
        assert_eq!(rung, Schedule::new(1, 4, 1_000.0, 0.01).count());
    }
}
