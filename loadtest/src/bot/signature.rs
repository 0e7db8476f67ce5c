//! Standard Webhooks as somebody outside would write it: signing, and believing no one else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use hyper::header::HeaderMap;
use sha2::Sha256;

/// A delivery that was signed longer ago, or later, is not believed, in seconds.
const TOLERANCE_S: i64 = 300;

/// The value of `webhook-signature`. A secret that is none signs as nobody would expect.
#[must_use]
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(mac(secret, id, &timestamp.to_string(), body).finalize().into_bytes()))
}

/// Whether one of the signatures is right, and fresh.
pub(super) fn is_signed(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let (id, timestamp) = (header(headers, "webhook-id"), header(headers, "webhook-timestamp"));
    let now = jiff::Timestamp::now().as_second();
    if !timestamp.parse::<i64>().is_ok_and(|at| (now - at).abs() <= TOLERANCE_S) {
        return false;
    }
    header(headers, "webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|given| {
        let mac = mac(secret, id, timestamp, body);
        STANDARD.decode(given).is_ok_and(|given| mac.verify_slice(&given).is_ok())
    })
}

fn mac(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
