//! The way back to whoever asked. Dropped unanswered, it says whether the command was ever looked at. It also counts how
//! many asks an actor has not taken up yet, since a mailbox does not tell its length.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use crate::failure::Failure;

/// How an ask ended.
#[derive(Debug)]
pub(crate) enum Answered<T> {
    /// By an answer.
    With(Result<T, Failure>),
    /// By nobody: it was never looked at, and may be asked again without harm.
    NotTaken,
}

/// Asks that no actor has taken up yet. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Depth(Arc<AtomicUsize>);

impl Depth {
    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self) -> Waits {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waits(self.0.clone())
    }
}

/// One ask that waits.
#[derive(Debug)]
struct Waits(Arc<AtomicUsize>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way back. Answers exactly once, by its drop if by nothing else.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    sender: Option<oneshot::Sender<Answered<T>>>,
    taken: bool,
    waits: Option<Waits>,
}

impl<T> Reply<T> {
    /// Counted in `depth` until it is taken up.
    pub(crate) fn new(depth: &Depth) -> (Self, oneshot::Receiver<Answered<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { sender: Some(sender), taken: false, waits: Some(depth.add()) }, receiver)
    }

    /// From now on nobody may assume that nothing happened.
    pub(crate) fn taken(mut self) -> Self {
        self.taken = true;
        self.waits = None;
        self
    }

    pub(crate) fn send(mut self, result: Result<T, Failure>) {
        if let Some(sender) = self.sender.take() {
            // Whoever asked may have gone; then nobody misses the answer.
            let _ = sender.send(Answered::With(result));
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            let answer = if self.taken { Answered::With(Err(Failure::Interrupted)) } else { Answered::NotTaken };
            let _ = sender.send(answer);
        }
    }
}

/// Waits for the answer.
pub(crate) async fn answered<T>(receiver: oneshot::Receiver<Answered<T>>) -> Answered<T> {
    receiver.await.unwrap_or(Answered::NotTaken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ask_counts_until_it_is_taken_up_answered_or_lost() {
        let depth = Depth::default();
        let (taken, _wait) = Reply::<()>::new(&depth);
        let (lost, told) = Reply::<()>::new(&depth);
        assert_eq!(depth.now(), 2);
        let taken = taken.taken();
        assert_eq!(depth.now(), 1);
        drop(lost);
        assert!(matches!(answered(told).await, Answered::NotTaken));
        drop(taken);
        assert_eq!(depth.now(), 0);
    }
}
