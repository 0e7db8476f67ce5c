//! Waiting for what must come.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Asks again and again, at first every 2 ms and later every 50, until the answer is there.
///
/// # Panics
/// It did not come within `patience`; the message names `what`.
pub async fn wait_until<T>(what: &str, patience: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited {patience:?} in vain for {what}");
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
