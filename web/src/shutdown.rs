//! The way out: refuse new work, tell sockets, finish what is in hand, sync, exit.
//!
//! Whoever holds something open subscribes to [`Stopping`] and lets go when it says so. A second signal changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether the process is on its way out, and how much is in hand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stopping {
    begun: watch::Sender<bool>,
    in_hand: Arc<AtomicUsize>,
}

impl Default for Stopping {
    fn default() -> Self {
        Self { begun: watch::Sender::new(false), in_hand: Arc::default() }
    }
}

impl Stopping {
    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Begins it; again is nothing.
    pub fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Changes to true once, for whoever holds something open: an agent's socket says "come back" and closes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.begun.subscribe()
    }

    /// Counts a request as in hand until the answer is dropped.
    #[must_use]
    pub fn take_in_hand(&self) -> InHand {
        self.in_hand.fetch_add(1, Ordering::Relaxed);
        InHand(Arc::clone(&self.in_hand))
    }

    /// Requests in hand.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.in_hand.load(Ordering::Relaxed)
    }

    /// Returns when nothing is in hand any more, or after `patience`; then with what is left.
    pub async fn drained(&self, patience: Duration) -> usize {
        let drained = async {
            while self.in_hand() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(patience, drained).await;
        self.in_hand()
    }
}

/// A request in hand.
#[derive(Debug)]
pub struct InHand(Arc<AtomicUsize>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns at the first SIGTERM or SIGINT. Later ones are swallowed: stopping takes its time once.
///
/// # Errors
/// The system gives out no signals.
pub fn first_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (told, heard) = tokio::sync::oneshot::channel();
    actix_web::rt::spawn(async move {
        let mut told = Some(told);
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            match told.take() {
                // The receiver lives as long as the server; when it is gone, so is the process.
                Some(told) => drop(told.send(())),
                None => tracing::info!("stopping already"),
            }
        }
    });
    Ok(async move {
        let _ = heard.await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn stopping_waits_for_what_is_in_hand_and_not_for_ever() {
        let stopping = Stopping::default();
        let mut told = stopping.subscribe();
        let in_hand = stopping.take_in_hand();
        stopping.begin();
        stopping.begin();
        told.changed().await.expect("told once");
        assert!(stopping.has_begun());
        assert_eq!(stopping.drained(Duration::from_millis(1)).await, 1);
        let waiting = stopping.clone();
        let drained = actix_web::rt::spawn(async move { waiting.drained(Duration::from_secs(60)).await });
        drop(in_hand);
        assert_eq!(drained.await.expect("no panic"), 0);
    }

    #[actix_web::test]
    async fn a_second_sigterm_does_not_kill() {
        let stop = first_signal().expect("signals");
        let own = nix::unistd::Pid::this();
        nix::sys::signal::kill(own, nix::sys::signal::Signal::SIGTERM).expect("may signal itself");
        stop.await;
        nix::sys::signal::kill(own, nix::sys::signal::Signal::SIGTERM).expect("may signal itself");
        tokio::task::yield_now().await;
    }
}
