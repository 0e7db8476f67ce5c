//! Signatures of our mails (DKIM, RFC 6376): keys for the domains that answers carry, and the signing itself.
//!
//! RSA of 2,048 bits and SHA-256, relaxed both ways. What readers see is named twice among the signed headers, so that a
//! second one of it breaks the signature. A private key leaves this file only sealed.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::crypto::{RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::{Canonicalization, DkimSigner};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

/// For how long a signature counts, in seconds: longer than any mail is under way.
const VALID_S: u64 = 7 * 24 * 3_600;

/// Signed twice: whether or not there is one, nobody can add another.
const GUARDED: [&str; 10] =
    ["From", "To", "Cc", "Subject", "Reply-To", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type"];
/// Signed where they are.
const SIGNED: [&str; 3] = ["MIME-Version", "Auto-Submitted", "Content-Transfer-Encoding"];

/// A key pair as it is drawn.
pub struct Drawn {
    /// The private key: PKCS#8 in base64, to be sealed at once.
    pub private: Zeroizing<String>,
    /// The public key as DNS publishes it: SubjectPublicKeyInfo in base64.
    pub public: String,
}

/// No key could be drawn, or what was kept is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no usable key for signing mail")]
pub struct BadKey;

/// Draws a key pair. Takes about a tenth of a second; not for a thread that others wait for.
///
/// # Errors
/// The machine has no chance to give.
pub fn draw() -> Result<Drawn, BadKey> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| BadKey)?;
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| BadKey)?;
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(|_| BadKey)?;
    Ok(Drawn { private: Zeroizing::new(STANDARD.encode(private.as_ref())), public: STANDARD.encode(public.as_ref()) })
}

/// The record that publishes a key (RFC 6376, 3.6.1).
#[must_use]
pub fn record(public: &str) -> String {
    format!("v=DKIM1; k=rsa; p={public}")
}

/// Where the record of a key stands.
#[must_use]
pub fn record_name(selector: &str, domain: &str) -> String {
    crate::domain::org::key_name(selector, domain)
}

/// Signs for one domain with one key.
pub struct Signer {
    inner: DkimSigner<RsaKey<Sha256>, mail_auth::dkim::Done>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// With the private key as [`draw`] gave it.
    ///
    /// # Errors
    /// It is no such key.
    pub fn new(domain: &str, selector: &str, private: &str) -> Result<Self, BadKey> {
        let der = Zeroizing::new(STANDARD.decode(private).map_err(|_| BadKey)?);
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der.as_slice()));
        let key = RsaKey::<Sha256>::from_key_der(der).map_err(|_| BadKey)?;
        let headers = GUARDED.iter().chain(&GUARDED).chain(&SIGNED).copied();
        let inner = DkimSigner::from_key(key)
            .domain(domain)
            .selector(selector)
            .headers(headers)
            .header_canonicalization(Canonicalization::Relaxed)
            .body_canonicalization(Canonicalization::Relaxed)
            .expiration(VALID_S);
        Ok(Self { inner })
    }

    /// The mail with its signature in front. Nothing may touch it afterwards.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn sign(&self, mail: &[u8]) -> Result<Vec<u8>, BadKey> {
        let signature = self.inner.sign(mail).map_err(|_| BadKey)?;
        let mut signed = signature.to_header().into_bytes();
        signed.extend_from_slice(mail);
        Ok(signed)
    }
}

#[cfg(test)]
#[path = "dkim_test.rs"]
mod tests;
