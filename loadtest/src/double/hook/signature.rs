//! `x-line-signature`: standard base64 of HMAC-SHA256 over the exact bytes of the body, keyed with the channel secret
//! as text (LINE, "Verify webhook signature").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The signature of `body` under a channel secret.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn known_answers_of_the_documentation_and_the_sdks() {
        let japanese = concat!(
            r#"{"destination":"U0123456789abcdef0123456789abcdef","events":"#,
            r#"[{"type":"message","text":"こんにちは🍎\n\u3042"}]}"#
        );
        assert_eq!(japanese.len(), 118);
        let empty = r#"{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}"#;
        for (secret, body, signature) in [
            ("8c570fa6dd201bb328f1c1eac23a96d8", empty, "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="),
            ("test_secret", r#"{"hello":"world"}"#, "t7Hn4ZDHqs6e+wdvI5TyQIvzie0DmMUmuXEBqyyE/tM="),
            ("own-test-secret", japanese, "21bzr87SC/ep9opPkqzWc07bYJPC77yCJh2JLxFCCXM="),
        ] {
            assert_eq!(sign(secret, body.as_bytes()), signature, "of {body}");
        }
    }
}
