//! With what an account of LINE asks for tokens: its number and secret, or a signed assertion.

use reqwest::Url;

use super::assertion::SigningKey;
use crate::channels::tokens;
use crate::domain::time::Timestamp;
use crate::vault::Opened;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// With what tokens are asked for.
pub(crate) enum Credential {
    /// Number and secret of the channel: tokens of minutes.
    Secret {
        /// The channel's number.
        channel_id: String,
        /// Its secret.
        secret: Opened,
    },
    /// A signed assertion: tokens of v2.1.
    Assertion {
        /// The channel's number.
        channel_id: String,
        /// LINE's id of the key.
        kid: String,
        /// The private key.
        key: Box<SigningKey>,
    },
}

impl tokens::Credential for Credential {
    fn address(&self, base: &Url) -> Option<Url> {
        let path = match self {
            Self::Secret { .. } => "/oauth2/v3/token",
            Self::Assertion { .. } => "/oauth2/v2.1/token",
        };
        base.join(path).ok()
    }

    fn form(&self, now: Timestamp) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        match self {
            Self::Secret { channel_id, secret } => {
                form.append_pair("client_id", channel_id).append_pair("client_secret", secret);
            }
            Self::Assertion { channel_id, kid, key } => {
                form.append_pair("client_assertion_type", ASSERTION_TYPE);
                form.append_pair("client_assertion", &key.assertion(channel_id, kid, now));
            }
        }
        form.finish()
    }
}
