//! Signed assertions (JWT) by which a channel asks for tokens: RS256 under a key that the console knows.
//!
//! Checks what LINE documents ("Issue channel access token v2.1"): algorithm, key, issuer, audience, time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::{Deserialize, Serialize};

/// An assertion ends at most so long after it is used.
const MAX_AHEAD_S: i64 = 30 * 60;
/// Longest life that an assertion may ask for a token.
const MAX_TOKEN_S: i64 = 30 * 24 * 60 * 60;
const AUDIENCE: &str = "https://api.line.me/";

/// A public key as the console takes it (JWK), under the id that the console gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionKey {
    /// `kid`.
    pub kid: String,
    /// Modulus, base64url.
    pub n: String,
    /// Exponent, base64url.
    pub e: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    token_exp: Option<i64>,
}

/// An assertion that holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asserted {
    pub(crate) channel: String,
    /// How long the token is to live.
    pub(crate) token_s: Option<i64>,
}

/// Reads an assertion; `key` finds the key of a channel (`iss`) by its id.
pub(crate) fn read(
    assertion: &str,
    key: impl FnOnce(&str, &str) -> Option<AssertionKey>,
    now_ms: i64,
) -> Result<Asserted, &'static str> {
    let malformed = "Invalid client_assertion";
    let (signed, signature) = assertion.rsplit_once('.').ok_or(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(malformed)?;
    let header: Header = part(header).ok_or(malformed)?;
    let claims: Claims = part(claims).ok_or(malformed)?;
    if header.alg != "RS256" {
        return Err("Invalid alg");
    }
    let key = key(&claims.iss, &header.kid).ok_or("Invalid kid")?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let (Some(n), Some(e), Some(signature)) = (decode(&key.n), decode(&key.e), decode(signature)) else {
        return Err(malformed);
    };
    RsaPublicKeyComponents { n, e }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
        .map_err(|_| "Invalid signature")?;
    if claims.sub != claims.iss {
        return Err("Invalid sub");
    }
    if claims.aud != AUDIENCE {
        return Err("Invalid aud");
    }
    let ahead_s = claims.exp - now_ms / 1_000;
    if !(1..=MAX_AHEAD_S).contains(&ahead_s) {
        return Err("Invalid exp");
    }
    if claims.token_exp.is_some_and(|life| !(1..=MAX_TOKEN_S).contains(&life)) {
        return Err("Invalid token_exp");
    }
    Ok(Asserted { channel: claims.iss, token_s: claims.token_exp })
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
