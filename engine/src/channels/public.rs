//! Addresses under which platforms and customers fetch what we send: public, without a login, and not to be guessed.
//!
//! An address carries the file's id, which is chance as a whole, and 128 bits that only this installation can compute.
//! So an id that somebody saw at a desk opens nothing here, and nothing has to be looked up or kept: an address lives as
//! long as its file. The same file has the same address for ever, because a push that is tried again must be the same.

use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::id::FileId;

/// Under which path of the public address they are.
pub const PATH: &str = "/media";
/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// Bytes of the proof in an address.
const PROOF_BYTES: usize = 16;
/// Longest name in an address, in characters; with everything percent-encoded an address stays under LINE's 2,000.
const NAME_CHARS: usize = 80;

/// Everything but what needs no encoding in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Makes and knows the addresses. Cheap to clone.
#[derive(Clone)]
pub struct PublicUrls {
    base: Arc<str>,
    key: Arc<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for PublicUrls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicUrls").field("base", &self.base).finish_non_exhaustive()
    }
}

impl PublicUrls {
    /// `base` is the installation's public address without a path.
    #[must_use]
    pub fn new(base: &str, key: [u8; KEY_BYTES]) -> Self {
        Self { base: base.trim_end_matches('/').into(), key: Arc::new(key) }
    }

    /// The same with the key in `dir`, which is drawn where there is none. With another key every address that was given
    /// out is dead.
    ///
    /// # Errors
    /// The key cannot be read or written, or is none.
    pub fn open(base: &str, dir: &Path) -> io::Result<Self> {
        let key = key_at(&dir.join("media.key"))?;
        Ok(Self::new(base, key))
    }

    /// Where `file` can be fetched by everybody who has this address.
    #[must_use]
    pub fn url(&self, file: FileId, name: &str) -> String {
        let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect();
        // A name of dots only would be taken for a step up the path.
        let name = if name.trim_matches('.').is_empty() { "file" } else { &name };
        format!("{}{PATH}/{}/{}", self.base, self.token(file), utf8_percent_encode(name, ENCODED))
    }

    /// The file that an address's token opens; `None` for every token that was not made here.
    #[must_use]
    pub fn file(&self, token: &str) -> Option<FileId> {
        let (id, _) = token.split_once('-')?;
        let file: FileId = id.parse().ok()?;
        let right = self.token(file).as_bytes().ct_eq(token.as_bytes());
        bool::from(right).then_some(file)
    }

    /// Whether a platform can fetch from here: over https, or from the same machine where the platform is a double on it.
    #[must_use]
    pub fn can_be_fetched_by(&self, platform: &str) -> bool {
        self.base.starts_with("https://") || (is_loopback(&self.base) && is_loopback(platform))
    }

    fn token(&self, file: FileId) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("any length is a key");
        mac.update(b"media");
        mac.update(&file.0.to_be_bytes());
        let proof = mac.finalize().into_bytes();
        let mut token = format!("{file}-");
        for byte in proof.iter().take(PROOF_BYTES) {
            // Writing to a String cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }
}

/// The key in this file, which is drawn where there is none.
pub(crate) fn key_at(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let wrong = |_| io::Error::new(io::ErrorKind::InvalidData, format!("{} is no key", path.display()));
            bytes.try_into().map_err(wrong)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(path),
        Err(error) => Err(error),
    }
}

fn make_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let key: [u8; KEY_BYTES] = rand::random();
    let temporary = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&key)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    if let Some(dir) = path.parent() {
        std::fs::File::open(dir)?.sync_all()?;
    }
    Ok(key)
}

fn is_loopback(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let host = if let Some(v6) = host.strip_prefix('[') {
        v6.split(']').next().unwrap_or_default()
    } else {
        host.split(':').next().unwrap_or_default()
    };
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls() -> PublicUrls {
        PublicUrls::new("https://chat.example.com/", [7; KEY_BYTES])
    }

    fn token(url: &str) -> String {
        url.split('/').nth(4).expect("a token").to_owned()
    }

    #[test]
    fn an_address_opens_its_file_and_a_bare_id_opens_nothing() {
        let file = FileId(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        let url = urls().url(file, "見積 書.pdf");
        assert!(url.starts_with("https://chat.example.com/media/"), "{url}");
        assert!(url.is_ascii() && !url.contains(' ') && url.len() < 2_000, "{url}");
        assert_eq!(urls().file(&token(&url)), Some(file));
        assert_eq!(urls().url(file, "見積 書.pdf"), url, "for ever");
        let other = token(&urls().url(FileId(2), "x"));
        let (_, proof_of_other) = other.split_once('-').expect("a proof");
        for wrong in [file.to_string(), format!("{file}-"), format!("{file}-{proof_of_other}"), String::new()] {
            assert_eq!(urls().file(&wrong), None, "{wrong}");
        }
        let mut broken = token(&url);
        let last = if broken.pop() == Some('0') { '1' } else { '0' };
        broken.push(last);
        assert_eq!(urls().file(&broken), None);
        assert_eq!(urls().file(&token(&url).to_lowercase()), None, "one spelling only");
        assert_eq!(PublicUrls::new("https://chat.example.com", [8; KEY_BYTES]).file(&token(&url)), None);
    }

    #[test]
    fn no_name_leads_out_of_its_place() {
        for name in ["..", "../../etc/passwd", "a/b", "x?y#z", "\r\nX: 1", "", &"あ".repeat(500)] {
            let url = urls().url(FileId(1), name);
            assert_eq!(url.split('/').count(), 6, "{url}");
            assert!(!url.ends_with("/..") && !url.contains(['?', '#', '\r']), "{url}");
            assert!(url.len() < 2_000, "{}", url.len());
        }
    }

    #[test]
    fn the_key_is_drawn_once_and_is_nobody_elses_to_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let url = |urls: &PublicUrls| urls.url(FileId(1), "x");
        let first = url(&PublicUrls::open("https://a.example", dir.path()).expect("a new key"));
        assert_eq!(url(&PublicUrls::open("https://a.example", dir.path()).expect("the key")), first);
        let mode = std::fs::metadata(dir.path().join("media.key")).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0);
        std::fs::write(dir.path().join("media.key"), b"short").expect("written");
        assert!(PublicUrls::open("https://a.example", dir.path()).is_err(), "a broken key is told, not replaced");
    }

    #[test]
    fn plain_http_is_for_a_double_on_this_machine_only() {
        let at = |base: &str, platform: &str| PublicUrls::new(base, [0; KEY_BYTES]).can_be_fetched_by(platform);
        assert!(at("https://chat.example.com", "https://api.line.me"));
        assert!(at("http://127.0.0.1:8080", "http://127.0.0.1:9999"));
        assert!(at("http://[::1]:8080", "http://localhost:1"));
        assert!(!at("http://127.0.0.1:8080", "https://api.line.me"));
        assert!(!at("http://chat.example.com", "http://127.0.0.1:1"));
        assert!(!at("http://127.0.0.1.example.com", "http://127.0.0.1:1"));
    }
}
