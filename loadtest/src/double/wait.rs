//! Waiting for what the engine does, without sleeping: look again whenever something has changed.

use std::sync::Arc;
use std::time::Duration;

use super::Double;
use super::calls::Call;
use super::state::Shown;

impl Double {
    /// Waits until the user's phone shows what `enough` wants, and returns it; what it shows at the end of `patience`
    /// where it never did.
    ///
    /// # Errors
    /// The phone's content when time is up; empty for an unknown user.
    pub async fn wait_for_conversation(
        &self,
        user: &str,
        patience: Duration,
        enough: impl Fn(&[Arc<Shown>]) -> bool,
    ) -> Result<Vec<Arc<Shown>>, Vec<Arc<Shown>>> {
        self.wait(patience, || self.conversation(user).unwrap_or_default(), enough).await
    }

    /// Waits until the calls that send messages are what `enough` wants; see [`Double::sends`].
    ///
    /// # Errors
    /// Those calls when time is up.
    pub async fn wait_for_sends(
        &self,
        patience: Duration,
        enough: impl Fn(&[Arc<Call>]) -> bool,
    ) -> Result<Vec<Arc<Call>>, Vec<Arc<Call>>> {
        self.wait(patience, || self.sends(), enough).await
    }

    async fn wait<T>(
        &self,
        patience: Duration,
        look: impl Fn() -> Vec<T>,
        enough: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>, Vec<T>> {
        let mut changes = self.platform.changes();
        let seen = tokio::time::timeout(patience, async {
            loop {
                let now = look();
                if enough(&now) {
                    return now;
                }
                // The sender lives in the platform, which lives as long as `self`.
                let _ = changes.changed().await;
            }
        });
        seen.await.map_err(|_| look())
    }
}
