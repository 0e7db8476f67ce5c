//! With what an account asks for tokens: a JWT of its app and service account (other-channels.md 1.2).

use reqwest::Url;
use serde_json::json;

use crate::channels::signing::SigningKey;
use crate::channels::tokens;
use crate::domain::time::Timestamp;
use crate::vault::Opened;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long an assertion is good, in seconds; the platform takes up to 3,600.
const GOOD_FOR_S: i64 = 600;
/// What we may do with a token: everything of bots, and reading who members are.
const SCOPE: &str = "bot user.read";

/// The app, and who acts for it.
pub(super) struct Credential {
    pub(super) client_id: String,
    pub(super) client_secret: Opened,
    pub(super) service_account: String,
    pub(super) key: SigningKey,
}

impl tokens::Credential for Credential {
    fn address(&self, base: &Url) -> Option<Url> {
        base.join("/oauth2/v2.0/token").ok()
    }

    fn form(&self, now: Timestamp) -> String {
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let at = now.0 / 1_000;
        let claims = json!({ "iss": self.client_id, "sub": self.service_account, "iat": at, "exp": at + GOOD_FOR_S });
        form_urlencoded::Serializer::new(String::new())
            .append_pair("assertion", &self.key.signed(&header, &claims))
            .append_pair("grant_type", GRANT_TYPE)
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", &self.client_secret)
            .append_pair("scope", SCOPE)
            .finish()
    }
}
