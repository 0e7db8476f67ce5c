//! Private keys of accounts, and the JWTs that are signed with them: by these an account asks for tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs1KeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use zeroize::Zeroizing;

/// A text that is no private key that platforms would know. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA private key of at least 2,048 bits as PEM (PKCS#8 or PKCS#1) or JWK")]
pub struct NoKey;

/// A private key.
pub struct SigningKey(RsaKeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

#[derive(Deserialize)]
struct Jwk {
    n: String,
    e: String,
    d: String,
    p: String,
    q: String,
    dp: String,
    dq: String,
    qi: String,
}

impl SigningKey {
    /// Reads a key as people have them.
    ///
    /// # Errors
    /// [`NoKey`].
    pub fn read(text: &str) -> Result<Self, NoKey> {
        let pair = if text.trim_start().starts_with('{') { of_jwk(text) } else { of_pem(text.as_bytes()) };
        pair.map(Self).ok_or(NoKey)
    }

    /// A JWT of these parts, signed with RS256.
    pub(crate) fn signed(&self, header: &serde_json::Value, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let made = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature);
        made.expect("the signature has the length of the key");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn of_pem(text: &[u8]) -> Option<RsaKeyPair> {
    if let Ok(key) = PrivatePkcs8KeyDer::from_pem_slice(text) {
        return RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok();
    }
    let key = PrivatePkcs1KeyDer::from_pem_slice(text).ok()?;
    RsaKeyPair::from_der(key.secret_pkcs1_der()).ok()
}

fn of_jwk(text: &str) -> Option<RsaKeyPair> {
    let jwk: Jwk = serde_json::from_str(text).ok()?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).ok();
    let public_key = PublicKeyComponents { n: part(&jwk.n)?, e: part(&jwk.e)? };
    let pair = KeyPairComponents {
        public_key,
        d: part(&jwk.d)?,
        p: part(&jwk.p)?,
        q: part(&jwk.q)?,
        dP: part(&jwk.dp)?,
        dQ: part(&jwk.dq)?,
        qInv: part(&jwk.qi)?,
    };
    RsaKeyPair::from_components(&pair).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_without_its_text() {
        for text in [
            "",
            "canary",
            "{}",
            "{\"n\":\"canary\"}",
            "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n",
        ] {
            let refused = SigningKey::read(text).unwrap_err();
            assert!(!refused.to_string().contains("canary"));
        }
    }
}
