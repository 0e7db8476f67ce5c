//! The proof that a webhook comes from LINE: HMAC-SHA256 of the raw body under the channel secret, in base64.
//!
//! Must see the bytes as they came, before anything reads or rewrites them. Nothing about the outcome but yes or no
//! leaves this file, and how long the answer takes says nothing about why it is no.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

const DIGEST_BYTES: usize = 32;
/// Under which the work is done where there is no secret, so that an unknown account takes as long as a known one.
const NO_SECRET: &str = "an account that does not exist";

/// Whether `header`, the value of `x-line-signature`, is right for `body` under one of `secrets`.
///
/// Several secrets are for the time of a change-over. An empty secret never matches: anybody could sign with it. The
/// header must be padded base64 of the standard alphabet and nothing else. Without a secret, without a header or with
/// a malformed one the same work is done, and the answer is no.
#[must_use]
pub fn verify(secrets: &[&str], body: &[u8], header: Option<&str>) -> bool {
    let (given, well_formed) = decode(header);
    let mut matched = Choice::from(0);
    for secret in secrets {
        let usable = Choice::from(u8::from(!secret.is_empty()));
        matched |= digest(secret, body).ct_eq(&given) & usable;
    }
    if secrets.is_empty() {
        matched |= digest(NO_SECRET, body).ct_eq(&given) & Choice::from(0);
    }
    (matched & well_formed).into()
}

/// The header's value for `body`, as LINE would write it.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(digest(secret, body))
}

fn decode(header: Option<&str>) -> ([u8; DIGEST_BYTES], Choice) {
    // One byte more than fits, so that a longer value is seen as such; the decoder wants room for whole groups.
    let mut buffer = [0; DIGEST_BYTES + 4];
    let written = header.and_then(|text| STANDARD.decode_slice(text, &mut buffer).ok());
    let mut given = [0; DIGEST_BYTES];
    given.copy_from_slice(&buffer[..DIGEST_BYTES]);
    let whole = written == Some(DIGEST_BYTES);
    (given, Choice::from(u8::from(whole)))
}

fn digest(secret: &str, body: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(&str, &str, &str); 3] = [
        (
            "8c570fa6dd201bb328f1c1eac23a96d8",
            r#"{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}"#,
            "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=",
        ),
        ("test_secret", r#"{"hello":"world"}"#, "t7Hn4ZDHqs6e+wdvI5TyQIvzie0DmMUmuXEBqyyE/tM="),
        (
            "own-test-secret",
            r#"{"destination":"U0123456789abcdef0123456789abcdef","events":[{"type":"message","text":"こんにちは🍎\n\u3042"}]}"#,
            "21bzr87SC/ep9opPkqzWc07bYJPC77yCJh2JLxFCCXM=",
        ),
    ];

    #[test]
    fn agrees_with_the_official_sdks() {
        for (secret, body, signature) in KNOWN {
            assert_eq!(sign(secret, body.as_bytes()), signature);
            assert!(verify(&[secret], body.as_bytes(), Some(signature)));
        }
    }

    #[test]
    fn no_single_flipped_bit_gets_through() {
        let (secret, body, signature) = KNOWN[2];
        let right = STANDARD.decode(signature).unwrap();
        for bit in 0..256 {
            let mut wrong = right.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let wrong = STANDARD.encode(wrong);
            assert!(!verify(&[secret], body.as_bytes(), Some(&wrong)), "{bit}");
        }
        for bit in 0..body.len() * 8 {
            let mut other = body.as_bytes().to_vec();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&[secret], &other, Some(signature)), "{bit}");
        }
    }

    #[test]
    fn a_body_that_was_parsed_and_written_again_is_refused() {
        let (secret, body, signature) = KNOWN[2];
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        let again = serde_json::to_vec(&value).unwrap();
        assert_ne!(again, body.as_bytes());
        assert!(!verify(&[secret], &again, Some(signature)));
    }

    #[test]
    fn only_padded_standard_base64_counts() {
        let (secret, body, signature) = KNOWN[1];
        let digest = STANDARD.decode(signature).unwrap();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut longer = digest.clone();
        longer.push(0);
        // The last character's unused bits must be zero, or one digest would have four spellings.
        let loose_bits = signature.replace("tM=", "tN=");
        assert_ne!(loose_bits, signature);
        for malformed in [
            signature.trim_end_matches('='),
            &format!("{signature}="),
            &format!("{signature}\n"),
            &format!(" {signature}"),
            &signature.replace('+', "-").replace('/', "_"),
            &loose_bits,
            &hex,
            &STANDARD.encode(&digest[..31]),
            &STANDARD.encode(longer),
            &signature.repeat(100),
            "",
            "あ",
        ] {
            assert!(!verify(&[secret], body.as_bytes(), Some(malformed)), "{malformed}");
        }
        assert!(!verify(&[secret], body.as_bytes(), None));
    }

    #[test]
    fn both_secrets_hold_during_a_change_over_and_a_third_does_not() {
        let body = b"{}";
        let secrets = ["old", "new"];
        assert!(verify(&secrets, body, Some(&sign("old", body))));
        assert!(verify(&secrets, body, Some(&sign("new", body))));
        assert!(!verify(&secrets, body, Some(&sign("other", body))));
    }

    #[test]
    fn nobody_can_sign_for_an_account_without_a_secret() {
        let body = b"{}";
        assert!(!verify(&[], body, Some(&sign(NO_SECRET, body))));
        assert!(!verify(&[""], body, Some(&sign("", body))));
        let zeros = STANDARD.encode([0; DIGEST_BYTES]);
        assert!(!verify(&[], body, Some(&zeros)));
        assert!(!verify(&[], body, None));
    }
}
