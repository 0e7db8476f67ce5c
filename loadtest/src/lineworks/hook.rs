//! Callbacks: signed over their bytes, sent once, never repeated, and never to another machine.

use std::sync::Once;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::world::{Bot, World};

/// What came of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status it was answered with; none without an answer.
    pub status: Option<u16>,
}

impl Posted {
    /// Whether the engine has taken it.
    #[must_use]
    pub fn acknowledged(self) -> bool {
        self.status == Some(200)
    }
}

/// Makes the calls.
pub(super) fn client(timeout: Duration) -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Somebody in this process may have chosen one before us, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let builder = || reqwest::Client::builder().timeout(timeout).no_proxy().retry(reqwest::retry::never());
    // Nothing is ever called over TLS, so that it needs nobody to trust.
    let nobody = || builder().tls_certs_only([]).build();
    nobody().expect("a client without certificates can always be made")
}

/// The header's value for these bytes.
pub(super) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

pub(super) async fn post(world: &World, bot: &Bot, body: Bytes, signature: Option<String>) -> Posted {
    let is_here = ["http://127.0.0.1:", "http://localhost:"].iter().any(|host| bot.callback_url.starts_with(host));
    if !is_here {
        return Posted { status: None };
    }
    let signature = signature.unwrap_or_else(|| sign(&bot.secret, &body));
    let request = world
        .http
        .post(&bot.callback_url)
        .header("Content-Type", "application/json; charset=UTF-8")
        .header("X-WORKS-BotId", &bot.id)
        .header("X-WORKS-Signature", signature)
        .body(body);
    match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            // Read to its end, so that the connection can be used again.
            let _ = answer.bytes().await;
            Posted { status: Some(status) }
        }
        Err(_) => Posted { status: None },
    }
}
