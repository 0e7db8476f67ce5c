//! The way back to whoever asked. Dropped unanswered, it says whether the command was ever looked at.

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

/// The way back. Answers exactly once, by its drop if by nothing else.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    sender: Option<oneshot::Sender<Answered<T>>>,
    taken: bool,
}

impl<T> Reply<T> {
    pub(crate) fn new() -> (Self, oneshot::Receiver<Answered<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { sender: Some(sender), taken: false }, receiver)
    }

    /// From now on nobody may assume that nothing happened.
    pub(crate) fn taken(mut self) -> Self {
        self.taken = true;
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
