//! An id for an event that came without one, so that it is still taken only once.
//!
//! On redelivery only `deliveryContext.isRedelivery` differs, while order of properties, white space and escapes may
//! change at any time (line.md 1.3). So the id is a hash of what the event says: of its values with sorted names,
//! without `deliveryContext`. What cannot be read as JSON values is hashed as it is written.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The id: the same for every delivery of the event that `json` is one delivery of.
pub(super) fn derive(json: &[u8]) -> String {
    let mut hash = Sha256::new();
    match serde_json::from_slice::<Value>(json) {
        Ok(mut value) => {
            if let Value::Object(fields) = &mut value {
                fields.remove("deliveryContext");
            }
            hash.update(b"says");
            absorb(&mut hash, &value);
        }
        Err(_) => {
            hash.update(b"raw");
            hash.update(json);
        }
    }
    let mut id = String::from("derived-");
    for byte in &hash.finalize()[..16] {
        // Writing into a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Feeds a value in a form that no other value has. Its depth is bounded by the parser that made it.
fn absorb(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(truth) => hash.update(if *truth { b"t" } else { b"f" }),
        Value::Number(number) => absorb_text(hash, b"#", &number.to_string()),
        Value::String(text) => absorb_text(hash, b"\"", text),
        Value::Array(items) => {
            hash.update(b"[");
            hash.update((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| absorb(hash, item));
        }
        Value::Object(fields) => {
            hash.update(b"{");
            hash.update((fields.len() as u64).to_be_bytes());
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            for name in names {
                absorb_text(hash, b"\"", name);
                absorb(hash, &fields[name]);
            }
        }
    }
}

fn absorb_text(hash: &mut Sha256, tag: &[u8], text: &str) {
    hash.update(tag);
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use super::derive;

    #[test]
    fn a_redelivery_in_other_clothes_has_the_same_id() {
        let first = r#"{"type":"message","timestamp":1,"deliveryContext":{"isRedelivery":false},"message":{"id":"5","text":"あ"}}"#;
        let again = r#" { "message" : {"text":"\u3042", "id":"5"}, "timestamp":1, "deliveryContext":{"isRedelivery":true}, "type":"message" }"#;
        assert_eq!(derive(first.as_bytes()), derive(again.as_bytes()));
        assert!(derive(first.as_bytes()).starts_with("derived-"));
    }

    #[test]
    fn what_says_something_else_has_another_id() {
        let texts = [
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":null}"#,
            r#"{"b":1}"#,
            r#"["a",1]"#,
            r#"{"a":true}"#,
            r#"{"a":false}"#,
            "not json",
            "",
        ];
        let mut ids: Vec<String> = texts.iter().map(|text| derive(text.as_bytes())).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), texts.len());
    }

    #[test]
    fn nesting_without_end_is_hashed_as_written() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(derive(deep.as_bytes()), derive(deep.as_bytes()));
    }
}
