//! With what an account of LINE asks for tokens: its number and secret, or a signed assertion.

use reqwest::Url;
use serde_json::json;

use crate::channels::signing::SigningKey;
use crate::channels::tokens;
use crate::domain::time::Timestamp;
use crate::vault::Opened;

/// For whom an assertion is, whatever address it is sent to.
const AUDIENCE: &str = "https://api.line.me/";
/// How long an assertion is good, in seconds; LINE takes up to 1,800.
const GOOD_FOR_S: i64 = 600;
/// How long a token lives that is asked for by assertion, in seconds. LINE keeps 30 of them for up to 30 days and refuses
/// the next: short ones make room for restarts.
const TOKEN_S: i64 = 3_600;

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
                form.append_pair("client_assertion", &assertion(key, channel_id, kid, now));
            }
        }
        form.finish()
    }
}

/// An assertion that this channel asks for a token (line.md 3.6): the public half of the key was entered in LINE's console.
fn assertion(key: &SigningKey, channel_id: &str, kid: &str, now: Timestamp) -> String {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": kid });
    let claims = json!({
        "iss": channel_id, "sub": channel_id, "aud": AUDIENCE,
        "exp": now.0 / 1_000 + GOOD_FOR_S, "token_exp": TOKEN_S,
    });
    key.signed(&header, &claims)
}
