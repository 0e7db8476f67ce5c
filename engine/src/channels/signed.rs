//! Telling a bot something: a signed `POST` after the Standard Webhooks specification, to an address that may be called.
//!
//! Signed is `{id}.{timestamp}.{body}` under HMAC-SHA256; during a change of secrets both sign, so that the other side can
//! change over in its own time. Must never show a secret, and never follow a redirect: a signature is meant for one place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::domain::time::Timestamp;

/// How a secret begins when it is shown to people.
const PREFIX: &str = "whsec_";
/// Bytes of a secret that is drawn here.
pub const SECRET_BYTES: usize = 32;

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
    /// No connection came to be, or it broke off.
    Unreachable,
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
    let key = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
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
