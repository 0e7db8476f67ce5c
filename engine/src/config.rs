//! What the engine must be told to start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bots::BotBodies;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::uploads::Tools;

/// Settings of one engine. Everything but `data_dir` has a default that suits a small machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where journal, read models and content lie.
    pub data_dir: PathBuf,
    /// Where the keys of channel secrets lie: not in the store, whose copies are worth nothing without them.
    pub secrets_key_file: PathBuf,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where ids, keys and jitter come from.
    pub chance: Chance,
    /// Faults that a test may switch on.
    pub faults: Arc<Faults>,
    /// Threads that run windows; 0 for half the cores, at least one.
    pub arbiters: usize,
    /// Length of a journal segment in bytes.
    pub segment_bytes: u64,
    /// Below this much free space no new work is taken, in bytes.
    pub min_free_bytes: u64,
    /// How long a webhook waits for its window before its body is stored whole, in milliseconds.
    pub inbound_patience_ms: u64,
    /// An agent without a socket or request for this long counts as away, in milliseconds.
    pub presence_grace_ms: i64,
    /// A conversation without work for this long goes to sleep, in milliseconds.
    pub idle_ms: i64,
    /// How much is fetched of what customers send, and for how long it is tried.
    pub media: MediaLimits,
    /// Hold everything that would go out; a restored store starts so.
    pub hold_sending: bool,
    /// Under which address platforms reach this installation, without a slash at the end; where they fetch what is sent.
    pub public_url: String,
    /// Programs of the machine that convert uploads.
    pub tools: Tools,
    /// The form of what bots in front of windows are told; without one they are told nothing.
    pub bot_bodies: Option<BotBodies>,
    /// The name of the machine's present start, by which the read models notice a power cut; `None` asks the kernel. A
    /// simulated power cut gives another one.
    pub boot_id: Option<String>,
}

/// Limits of what customers send.
#[derive(Clone, Debug)]
pub struct MediaLimits {
    /// The longest picture, in bytes. Of a longer one the message stays, and says so.
    pub image_bytes: u64,
    /// The longest film, recording or file, in bytes. Of a longer one the message stays, and says so.
    pub other_bytes: u64,
    /// How long the platform may prepare a film or recording, in milliseconds.
    pub ready_within_ms: i64,
    /// How long a platform that cannot be reached, or refuses the token, is tried again, in milliseconds.
    pub retry_for_ms: i64,
    /// Where stickers' pictures are. Empty for nowhere.
    pub sticker_base_url: String,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            image_bytes: 25_000_000,
            other_bytes: 200_000_000,
            ready_within_ms: 1_800_000,
            retry_for_ms: 6 * 3_600_000,
            sticker_base_url: "https://stickershop.line-scdn.net".to_owned(),
        }
    }
}

impl Config {
    /// The defaults, with the system's clock.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            secrets_key_file: beside(&data_dir),
            data_dir,
            clock: Clock::System,
            chance: Chance::System,
            faults: Arc::default(),
            arbiters: 0,
            segment_bytes: 64 << 20,
            min_free_bytes: 512 << 20,
            inbound_patience_ms: 800,
            presence_grace_ms: 20_000,
            idle_ms: 60_000,
            media: MediaLimits::default(),
            hold_sending: false,
            public_url: String::new(),
            tools: Tools::of_the_machine(),
            bot_bodies: None,
            boot_id: None,
        }
    }
}

/// `DIR.keys`: with the data folder, and not in it.
#[must_use]
pub fn beside(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.file_name().unwrap_or("madoguchi".as_ref()).to_owned();
    name.push(".keys");
    data_dir.with_file_name(name)
}
