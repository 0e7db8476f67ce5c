//! How a double is started, and the limits that keep its memory bounded.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::clock::Clock;

/// Settings of a double; the defaults suit a test.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the messaging API (and `/_double/`) listens. Port 0 takes a free one.
    pub api_listen: SocketAddr,
    /// Where the content API listens.
    pub data_listen: SocketAddr,
    /// Where pictures of profiles, and content that is not LINE's own, are served without a token.
    pub files_listen: SocketAddr,
    /// Whether messages may name media by plain http on this machine, which LINE refuses: engines under test serve
    /// theirs so.
    pub plain_http_media: bool,
    /// What ids, tokens and the variety of webhooks are drawn from. Users and channels of equal seeds get equal ids.
    pub seed: u64,
    /// What the platform's rules are measured by.
    pub clock: Clock,
    /// How long the engine may take for a webhook; LINE gives 2 s.
    pub webhook_timeout: Duration,
    /// Whether webhooks vary in white space, order, escapes and unknown properties. Off makes them compact and plain.
    pub variety: bool,
    /// Threads that serve; one carries several thousand calls a second.
    pub threads: usize,
    /// What is kept, and how much of it.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            api_listen: free,
            data_listen: free,
            files_listen: free,
            plain_http_media: true,
            seed: 1,
            clock: Clock::system(),
            webhook_timeout: Duration::from_secs(2),
            variety: true,
            threads: 1,
            limits: Limits::default(),
        }
    }
}

/// Upper bounds. At each of them the oldest entry is forgotten; the logs count how many were. With the defaults and
/// short texts one channel at all its limits takes about 350 MB; each user's full phone another 0.5 MB.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// API calls in the log.
    pub calls: usize,
    /// Bytes of the log of calls: their bodies, and 512 for the rest of each.
    pub call_bytes: usize,
    /// Webhook requests in the log.
    pub deliveries: usize,
    /// Messages shown on one user's phone, for one channel.
    pub shown: usize,
    /// Events of a channel that can be repeated or redelivered.
    pub recent_events: usize,
    /// Reply tokens of a channel. A forgotten one is answered like an expired one.
    pub reply_tokens: usize,
    /// Retry keys of a channel. A forgotten one counts as new.
    pub retry_keys: usize,
    /// Pictures, videos, sounds and files that can be fetched. A forgotten one is answered like one LINE has deleted.
    pub contents: usize,
    /// Bytes of them that are held in memory; what is made while it is sent does not count.
    pub content_bytes: usize,
    /// Connections served at once; the next ones wait to be taken.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 100_000,
            call_bytes: 128 * 1024 * 1024,
            deliveries: 100_000,
            shown: 1_000,
            recent_events: 2_000,
            reply_tokens: 300_000,
            retry_keys: 200_000,
            contents: 100_000,
            content_bytes: 256 * 1024 * 1024,
            connections: 4_096,
        }
    }
}
