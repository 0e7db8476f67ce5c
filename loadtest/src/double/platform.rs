//! The platform that runs behind both ports: its world, its logs, its faults. Everything that waits is elsewhere.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use super::calls::Call;
use super::clock::Clock;
use super::faults::Faults;
use super::fetch::Fetcher;
use super::hook::{Delivery, Poster};
use super::log::Log;
use super::options::Options;
use super::state::{Shown, World};

/// How many messages a slow reader of the stream may lag behind before it is told that it missed some.
const STREAM_CAPACITY: usize = 65_536;

/// What a logged call weighs beside its body.
const CALL_BYTES: usize = 512;

#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) world: parking_lot::Mutex<World>,
    pub(crate) clock: Clock,
    pub(crate) variety: bool,
    pub(crate) plain_http_media: bool,
    /// Base URL of the files port.
    pub(crate) files_url: String,
    pub(crate) faults: Faults,
    pub(crate) calls: Log<Call>,
    pub(crate) deliveries: Log<Delivery>,
    pub(crate) poster: Poster,
    pub(crate) fetcher: Fetcher,
    /// Counts up whenever a log or a phone has something new.
    changes: watch::Sender<u64>,
    stream: broadcast::Sender<Arc<Shown>>,
}

impl Platform {
    pub(crate) fn new(options: &Options, files_url: String) -> Self {
        let limits = options.limits;
        Self {
            world: parking_lot::Mutex::new(World::new(options.seed, limits)),
            clock: options.clock.clone(),
            variety: options.variety,
            plain_http_media: options.plain_http_media,
            files_url,
            faults: Faults::default(),
            calls: Log::new(limits.calls, limits.call_bytes, |call| call.body.len() + CALL_BYTES),
            deliveries: Log::new(limits.deliveries, usize::MAX, |_| 0),
            poster: Poster::new(options.webhook_timeout),
            fetcher: Fetcher::new(),
            changes: watch::Sender::new(0),
            stream: broadcast::Sender::new(STREAM_CAPACITY),
        }
    }

    /// Tells everybody who waits to look again.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Messages appeared on phones.
    pub(crate) fn announce(&self, shown: Vec<Arc<Shown>>) {
        for one in shown {
            // Nobody listening is fine: the phones keep them.
            let _ = self.stream.send(one);
        }
        self.changed();
    }

    pub(crate) fn stream(&self) -> broadcast::Receiver<Arc<Shown>> {
        self.stream.subscribe()
    }
}
