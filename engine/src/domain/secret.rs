//! What a channel keeps secret, as it is kept: sealed bytes that nothing in here can open.
//!
//! The seal is made and opened at the edge (`vault`), with a key that is not in the store. Neither form is ever shown.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Bytes that a seal adds to what it closes.
const SEAL_BYTES: usize = 16;

/// A secret of a channel.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Secret {
    /// As former releases kept it. Sealed at the account's next change.
    Plain(String),
    /// Closed.
    Sealed(Sealed),
}

/// A closed secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The key that opens it, by its id.
    pub key: u64,
    /// Drawn for this seal alone.
    pub nonce: [u8; 12],
    /// The closed text and the proof that it is whole.
    pub bytes: Vec<u8>,
    /// When it was given to us. Sealing it anew under another key leaves this as it is.
    pub set_at: Timestamp,
}

impl Secret {
    /// Length of the text in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Sealed(sealed) => sealed.bytes.len().saturating_sub(SEAL_BYTES),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When it was given to us, where that is known.
    #[must_use]
    pub fn set_at(&self) -> Option<Timestamp> {
        match self {
            Self::Plain(_) => None,
            Self::Sealed(sealed) => Some(sealed.set_at),
        }
    }

    /// Takes it away for good.
    pub fn clear(&mut self) {
        *self = Self::Plain(String::new());
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(set)" })
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("set_at", &self.set_at).finish_non_exhaustive()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}
