//! The keys that secrets of channels are sealed with (ChaCha20-Poly1305), in a file that is not part of the store.
//!
//! A seal is bound to its account and field: what is copied elsewhere does not open there. The newest key seals, every
//! key in the file opens; what was sealed with a key that has left the file is gone for good, which is what a rotation
//! is for. Must never show a key or an opened secret, not even in an error.

mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::domain::id::{BotId, InboxId};
use crate::domain::org::{Bot, Inbox, Org};
use crate::domain::secret::{Sealed, Secret};
use crate::domain::time::Timestamp;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// A text that was opened; its memory is cleaned when it goes.
pub type Opened = Zeroizing<String>;

/// What a secret belongs to, and is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The account.
    pub inbox: InboxId,
    /// Which of its secrets.
    pub field: &'static str,
}

impl Place {
    /// A secret of a bot. Ids of bots and accounts are drawn from one set, so no two things share a place.
    #[must_use]
    pub fn of_bot(bot: BotId, field: &'static str) -> Self {
        Self { inbox: InboxId(bot.0), field }
    }

    fn bound(self) -> Vec<u8> {
        format!("org/inbox/{:032x}/{}", self.inbox.0, self.field).into_bytes()
    }
}

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file cannot be read or written.
    #[error("the keys of secrets at {path}: another place can be named with secrets.key_file")]
    File {
        /// Where it is, or was to be.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line of the file is no key.
    #[error("line {line} of {path} is no key")]
    NoKey {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// Secrets were sealed with a key that is not there any more.
    #[error(
        "the store holds sealed secrets, and their keys at {path} are missing: put the file back, or make new keys with `madoguchi secrets new-key` and enter every secret again"
    )]
    Missing {
        /// Where the file was to be.
        path: PathBuf,
    },
    /// There is a file already.
    #[error("{path} exists already")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Not every secret is sealed with the newest key yet.
    #[error("some secrets could not be opened, so that the former keys stay")]
    StillNeeded,
}

/// A secret that no key here opens, or that was sealed for another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be opened with the keys that are here")]
pub struct Unreadable;

/// One key.
#[derive(Clone)]
struct Key {
    id: u64,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl Key {
    fn draw() -> Self {
        Self { id: rand::random(), bytes: Zeroizing::new(rand::random()) }
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &*self.bytes).expect("the key has the cipher's length"))
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    /// Where the keys lie; `None` in a simulation.
    path: Option<Arc<Path>>,
    /// The newest first; none before the first start.
    keys: Arc<ArcSwap<Vec<Key>>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("path", &self.path).field("keys", &self.keys.load().len()).finish()
    }
}

impl Vault {
    /// The keys in this file; none where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let keys = file::read(path)?;
        Ok(Self { path: Some(path.into()), keys: Arc::new(ArcSwap::from_pointee(keys)) })
    }

    /// With one key that everybody knows: for simulation only.
    pub(crate) fn known_to_all() -> Self {
        let key = Key { id: 1, bytes: Zeroizing::new([7; KEY_BYTES]) };
        Self { path: None, keys: Arc::new(ArcSwap::from_pointee(vec![key])) }
    }

    /// Draws a key and writes it to a file that is not there yet.
    ///
    /// # Errors
    /// There is one, or it cannot be written.
    pub fn make(path: &Path) -> Result<(), VaultError> {
        if path.exists() {
            return Err(VaultError::Exists { path: path.to_owned() });
        }
        file::write(path, &[Key::draw()])
    }

    /// Sees to it that there is a key for what this organisation keeps: the first start of a store makes one.
    ///
    /// # Errors
    /// A key is missing that is needed, or cannot be made.
    pub(crate) fn settle(&self, org: &Org) -> Result<(), VaultError> {
        let keys = self.keys.load();
        let Some(path) = &self.path else { return Ok(()) };
        let needed: Vec<u64> = sealed(org).map(|sealed| sealed.key).collect();
        if !keys.is_empty() {
            let lost = needed.iter().filter(|id| keys.iter().all(|key| key.id != **id)).count();
            if lost > 0 {
                tracing::error!(
                    secrets = lost,
                    "secrets were sealed with keys that are gone; they must be entered again"
                );
            }
            return Ok(());
        }
        if !needed.is_empty() {
            return Err(VaultError::Missing { path: path.to_path_buf() });
        }
        let key = Key::draw();
        file::write(path, std::slice::from_ref(&key))?;
        tracing::info!(path = %path.display(), "made the key of secrets; keep a copy of it apart from copies of the data folder");
        self.keys.store(Arc::new(vec![key]));
        Ok(())
    }

    /// Seals a text for a place.
    ///
    /// # Panics
    /// Before the engine has started, when there is no key yet.
    #[must_use]
    pub fn seal(&self, place: Place, text: &str, set_at: Timestamp) -> Secret {
        let keys = self.keys.load();
        let key = keys.first().expect("the start of the engine has settled the keys");
        let nonce: [u8; 12] = rand::random();
        let mut bytes = text.as_bytes().to_vec();
        let bound = Aad::from(place.bound());
        let closed = key.cipher().seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut bytes);
        closed.expect("far below the cipher's longest text");
        Secret::Sealed(Sealed { key: key.id, nonce, bytes, set_at })
    }

    /// The text of a secret of this place.
    ///
    /// # Errors
    /// No key here opens it, or it belongs elsewhere.
    pub fn open_secret(&self, place: Place, secret: &Secret) -> Result<Opened, Unreadable> {
        let sealed = match secret {
            Secret::Plain(text) => return Ok(Zeroizing::new(text.clone())),
            Secret::Sealed(sealed) => sealed,
        };
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.id == sealed.key).ok_or(Unreadable)?;
        let mut bytes = Zeroizing::new(sealed.bytes.clone());
        let nonce = Nonce::assume_unique_for_key(sealed.nonce);
        let text = key.cipher().open_in_place(nonce, Aad::from(place.bound()), &mut bytes).map_err(|_| Unreadable)?;
        std::str::from_utf8(text).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| Unreadable)
    }

    /// Whether every secret of an account can be opened.
    #[must_use]
    pub fn opens_all(&self, inbox: &Inbox) -> bool {
        let keys = self.keys.load();
        inbox.settings.secrets().all(|secret| match secret {
            Secret::Plain(_) => true,
            Secret::Sealed(sealed) => keys.iter().any(|key| key.id == sealed.key),
        })
    }

    /// The same secret under the newest key; `None` where it is so already.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn resealed(&self, place: Place, secret: &Secret, now: Timestamp) -> Result<Option<Secret>, Unreadable> {
        let newest = self.keys.load().first().map(|key| key.id);
        if matches!(secret, Secret::Sealed(sealed) if Some(sealed.key) == newest) || secret.is_empty() {
            return Ok(None);
        }
        let text = self.open_secret(place, secret)?;
        Ok(Some(self.seal(place, &text, secret.set_at().unwrap_or(now))))
    }

    /// Adds a key, which seals from now on. The former ones still open.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn add_key(&self) -> Result<(), VaultError> {
        let mut keys = Vec::clone(&self.keys.load());
        keys.insert(0, Key::draw());
        self.replace(keys)
    }

    /// Forgets every key but the newest, after everything was sealed with that.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn forget_former(&self) -> Result<(), VaultError> {
        let keys: Vec<Key> = self.keys.load().iter().take(1).cloned().collect();
        self.replace(keys)
    }

    /// How many keys there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.load().len()
    }

    fn replace(&self, keys: Vec<Key>) -> Result<(), VaultError> {
        if let Some(path) = &self.path {
            file::write(path, &keys)?;
        }
        self.keys.store(Arc::new(keys));
        Ok(())
    }
}

/// Everything that is sealed.
fn sealed(org: &Org) -> impl Iterator<Item = &Sealed> {
    let secrets = org.inboxes.values().chain(org.retired.values()).flat_map(|inbox| inbox.settings.secrets());
    let bots = org.bots.values().flat_map(Bot::secrets);
    secrets.chain(bots).filter_map(|secret| match secret {
        Secret::Sealed(sealed) => Some(sealed),
        Secret::Plain(_) => None,
    })
}
