//! Ids and tokens in the forms that LINE gives them, drawn from one seeded source.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use sha2::Sha256;

/// Message ids have 18 digits and grow.
const FIRST_MESSAGE_ID: u64 = 590_000_000_000_000_000;

/// The source of every id of one double.
#[derive(Debug)]
pub(crate) struct Ids {
    chance: StdRng,
    last_message: u64,
}

impl Ids {
    /// Doubles of different seeds give messages different ids, as long as fewer than ten million are sent.
    pub(crate) fn new(seed: u64) -> Self {
        let last_message = FIRST_MESSAGE_ID + seed % 10_000_000 * 10_000_000_000;
        Self { chance: StdRng::seed_from_u64(seed), last_message }
    }

    /// The next message id; larger than every one before it, not by a fixed step.
    pub(crate) fn message(&mut self) -> String {
        self.last_message += self.chance.random_range(1..1_000);
        self.last_message.to_string()
    }

    /// `U` (user), `C` (group) or `R` (room) and 32 hex digits.
    pub(crate) fn source(&mut self, kind: char) -> String {
        format!("{kind}{}", self.hex(16))
    }

    /// `2 * bytes` hex digits: secrets and reply tokens.
    pub(crate) fn hex(&mut self, bytes: usize) -> String {
        (0..bytes).map(|_| format!("{:02x}", self.chance.random::<u8>())).collect()
    }

    /// An access token: about as long as a long-lived one, with the characters that base64 brings.
    pub(crate) fn access_token(&mut self) -> String {
        let mut bytes = [0; 126];
        self.chance.fill_bytes(&mut bytes);
        format!("{}=", base64::engine::general_purpose::STANDARD.encode(bytes))
    }

    /// A ULID whose time is `at_ms`.
    pub(crate) fn event(&mut self, at_ms: i64) -> String {
        ulid::Ulid::from_parts(at_ms.unsigned_abs(), self.chance.random()).to_string()
    }

    /// A number of `digits` digits, as channel ids are.
    pub(crate) fn digits(&mut self, digits: u32) -> String {
        let low = 10_u64.pow(digits - 1);
        self.chance.random_range(low..low * 10).to_string()
    }

    /// Anything: seeds of webhook styles.
    pub(crate) fn any(&mut self) -> u64 {
        self.chance.random()
    }
}

/// The quote token of a message. It proves by itself in which chat it is valid, so none has to be kept.
pub(crate) fn quote_token(channel_secret: &str, chat: &str, message: &str) -> String {
    format!("{message}.{}", proof(channel_secret, "quote", chat, message))
}

/// Whether `token` quotes a message of this chat.
pub(crate) fn quotes(channel_secret: &str, chat: &str, token: &str) -> bool {
    token.split_once('.').is_some_and(|(message, sum)| sum == proof(channel_secret, "quote", chat, message))
}

/// The token by which a message is marked as read; it never ends.
pub(crate) fn mark_as_read_token(channel_secret: &str, chat: &str, message: &str) -> String {
    format!("{chat}.{message}.{}", proof(channel_secret, "read", chat, message))
}

/// The chat and the message that `token` marks as read, where it is one of this channel's.
pub(crate) fn marks_as_read<'a>(channel_secret: &str, token: &'a str) -> Option<(&'a str, &'a str)> {
    let (chat, rest) = token.split_once('.')?;
    let (message, sum) = rest.split_once('.')?;
    (sum == proof(channel_secret, "read", chat, message)).then_some((chat, message))
}

fn proof(channel_secret: &str, purpose: &str, chat: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(channel_secret.as_bytes()).expect("HMAC takes keys of any length");
    for part in [purpose, "\0", chat, "\0", message] {
        mac.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..24])
}
