//! Signed webhooks after the Standard Webhooks specification, both ways: a `POST` of ours to an address that may be called,
//! and the proof that one comes from whom it says.
//!
//! Signed is `{id}.{timestamp}.{body}` under HMAC-SHA256; during a change of secrets both sign, so that the other side can
//! change over in its own time. Must never show a secret, and never follow a redirect: a signature is meant for one place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

use super::Header;
use crate::domain::time::Timestamp;

/// How a secret begins when it is shown to people.
const PREFIX: &str = "whsec_";
/// Bytes of a secret that is drawn here.
pub const SECRET_BYTES: usize = 32;
/// Bytes of a secret that was drawn elsewhere, as the specification has them.
const THEIR_SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// A webhook that was signed longer ago, or later, is not believed, in seconds.
pub const TOLERANCE_S: u64 = 300;
/// Longest id of a webhook, in bytes.
const ID_BYTES: usize = 256;
/// Signatures of one webhook that are looked at.
const SIGNATURES: usize = 8;
const DIGEST_BYTES: usize = 32;
/// Under which the work is done where there is no secret, so that an unknown account takes as long as a known one.
const NO_SECRET: &[u8] = b"an account that does not exist";

/// One call.
#[derive(Clone, Debug)]
pub struct Posting {
    /// Where to.
    pub url: String,
    /// This machine may be called.
    pub local: bool,
    /// Names the delivery, the same at every try.
    pub id: String,
    /// When this try was signed, in seconds.
    pub timestamp: i64,
    /// The value of `webhook-signature`.
    pub signature: String,
    /// What is told.
    pub body: Bytes,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It answered with this status; what else it said was not read.
    Answered(u16),
    /// No connection came to be: nothing was told.
    Unreachable,
    /// The connection broke off before the answer; what was told may have been heard.
    BrokeOff,
    /// It did not answer in time.
    TooSlow,
    /// The address, or where it leads, may not be called.
    Unsafe,
}

impl Posting {
    /// The call as it goes out at `now`. Every secret signs, the newest first.
    #[must_use]
    pub fn signed(url: &str, local: bool, id: String, body: Bytes, secrets: &[&str], now: Timestamp) -> Self {
        let timestamp = now.0.div_euclid(1_000);
        let signatures: Vec<String> = secrets.iter().map(|secret| sign(secret, &id, timestamp, &body)).collect();
        Self { url: url.to_owned(), local, id, timestamp, signature: signatures.join(" "), body }
    }
}

/// A secret in the form that people and libraries take.
#[must_use]
pub fn shown(secret: &[u8; SECRET_BYTES]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret))
}

/// One signature. A text that is no secret signs as nobody would expect, and so opens nothing.
#[must_use]
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> String {
    let digest = digest(&key(secret), id, &timestamp.to_string(), body);
    format!("v1,{}", STANDARD.encode(digest))
}

/// Whether a text is a secret that others may have drawn: with its prefix, of the length that the specification asks for.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    let bytes = text.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
    bytes.is_some_and(|bytes| THEIR_SECRET_BYTES.contains(&bytes.len()))
}

/// Whether one of `secrets` signed a webhook, not longer ago than [`TOLERANCE_S`]. A secret that is none opens nothing; without
/// a secret the same work is done, and the answer is no.
#[must_use]
pub fn is_signed(secrets: &[&str], body: &[u8], header: &Header<'_>, now: Timestamp) -> bool {
    let text = |name| header(name).unwrap_or_default();
    let (id, timestamp) = (text("webhook-id"), text("webhook-timestamp"));
    let given: Vec<_> = text("webhook-signature").split(' ').take(SIGNATURES).filter_map(given).collect();
    let now_s = now.0.div_euclid(1_000);
    let is_fresh = timestamp.parse::<i64>().is_ok_and(|at| at.abs_diff(now_s) <= TOLERANCE_S);
    let mut keys: Vec<_> = secrets.iter().map(|secret| (key(secret), Choice::from(1))).collect();
    if keys.is_empty() {
        keys.push((NO_SECRET.to_vec(), Choice::from(0)));
    }
    let mut matched = Choice::from(0);
    for (key, counts) in keys {
        let counts = counts & Choice::from(u8::from(!key.is_empty()));
        let right = digest(&key, id, timestamp, body);
        for given in &given {
            matched |= right.ct_eq(given) & counts;
        }
    }
    bool::from(matched) && is_fresh && (1..=ID_BYTES).contains(&id.len())
}

/// A signature of the one version that there is; others are for others.
fn given(text: &str) -> Option<[u8; DIGEST_BYTES]> {
    STANDARD.decode(text.strip_prefix("v1,")?).ok()?.try_into().ok()
}

fn key(secret: &str) -> Vec<u8> {
    STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).unwrap_or_default()
}

fn digest(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_the_one_that_the_specification_shows() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// `None` leaves a header out.
    fn proven(secrets: &[&str], headers: [Option<&str>; 3], body: &[u8], now_s: i64) -> bool {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let header = |name: &str| headers[names.iter().position(|known| *known == name)?];
        let header: &Header<'_> = &header;
        is_signed(secrets, body, header, Timestamp(now_s * 1_000))
    }

    #[test]
    fn nobody_but_who_has_the_secret_can_bring_a_webhook() {
        let (ours, other) = (shown(&[1; SECRET_BYTES]), shown(&[2; SECRET_BYTES]));
        let (id, at, body) = ("e-1", 1_795_237_245, b"{\"id\":\"e-1\"}");
        let at_text = at.to_string();
        let right = sign(&ours, id, at, body);
        let whole = [Some(id), Some(at_text.as_str()), Some(right.as_str())];
        assert!(proven(&[&ours], whole, body, at));
        assert!(proven(&[&other, &ours], whole, body, at), "during a change");
        let beside = format!("v1a,AAAA {} {right}", sign(&other, id, at, body));
        assert!(proven(&[&ours], [whole[0], whole[1], Some(&beside)], body, at), "among signatures of other kinds");
        for secrets in [&[][..], &[other.as_str()], &[""], &["whsec_"], &["whsec_no base64"]] {
            assert!(!proven(secrets, whole, body, at), "{secrets:?}");
        }
        let nobodys = sign("", id, at, body);
        assert!(!proven(&[""], [whole[0], whole[1], Some(&nobodys)], body, at), "an empty secret is none");
        for lost in 0..3 {
            let mut headers = whole;
            headers[lost] = None;
            assert!(!proven(&[&ours], headers, body, at), "without header {lost}");
        }
        assert!(!proven(&[&ours], [Some("e-2"), whole[1], whole[2]], body, at), "another id");
        assert!(!proven(&[&ours], whole, b"{\"id\":\"e-2\"}", at), "another body");
        let unversioned = right.trim_start_matches("v1,").to_owned();
        assert!(!proven(&[&ours], [whole[0], whole[1], Some(&unversioned)], body, at));
    }

    #[test]
    fn what_was_heard_on_the_way_cannot_be_told_again_later() {
        let secret = shown(&[1; SECRET_BYTES]);
        let at = 1_795_237_245;
        let (at_text, signature) = (at.to_string(), sign(&secret, "e", at, b"{}"));
        let whole = [Some("e"), Some(at_text.as_str()), Some(signature.as_str())];
        for now in [at - 300, at, at + 300] {
            assert!(proven(&[&secret], whole, b"{}", now), "{now}");
        }
        for now in [at - 301, at + 301, 0, i64::MAX / 1_000] {
            assert!(!proven(&[&secret], whole, b"{}", now), "{now}");
        }
        for odd in ["", "soon", "1795237245.5", "99999999999999999999"] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key(&secret)).unwrap();
            mac.update(format!("e.{odd}.{{}}").as_bytes());
            let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
            assert!(!proven(&[&secret], [Some("e"), Some(odd), Some(&signature)], b"{}", at), "{odd}");
        }
        let long = "e".repeat(ID_BYTES + 1);
        let signature = sign(&secret, &long, at, b"{}");
        assert!(!proven(&[&secret], [Some(&long), whole[1], Some(&signature)], b"{}", at));
    }

    #[test]
    fn a_weak_secret_is_none() {
        for (bytes, good) in [(23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(is_secret(&format!("{PREFIX}{}", STANDARD.encode(vec![7; bytes]))), good, "{bytes}");
        }
        let bare = STANDARD.encode([7; 32]);
        for bad in [bare.as_str(), "", "whsec_", "whsec_***"] {
            assert!(!is_secret(bad), "{bad}");
        }
    }

    #[test]
    fn during_a_change_both_secrets_sign() {
        let (new, old) = (shown(&[1; SECRET_BYTES]), shown(&[2; SECRET_BYTES]));
        let call = |secrets: &[&str]| {
            Posting::signed("https://x/", false, "a".into(), Bytes::from_static(b"{}"), secrets, Timestamp(1_999))
                .signature
        };
        assert_eq!(call(&[&new, &old]), format!("{} {}", call(&[&new]), call(&[&old])));
        assert_ne!(call(&[&new]), call(&[&old]));
    }
}
