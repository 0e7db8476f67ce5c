//! Bytes of a webhook. JSON says nothing of white space, order or escapes, so a receiver that depends on them must be
//! found out here: each body is written in a style of its own, drawn from a seed.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

/// The body of a webhook. `seed` chooses the style; without one it is compact and plain.
pub(super) fn body(destination: &str, events: Vec<Value>, seed: Option<u64>) -> Vec<u8> {
    let mut envelope = Map::new();
    envelope.insert("destination".to_owned(), json!(destination));
    envelope.insert("events".to_owned(), Value::Array(events));
    let Some(seed) = seed else { return Value::Object(envelope).to_string().into_bytes() };
    let mut writer = Writer::new(seed);
    if writer.chance.random_ratio(1, 4) {
        envelope.insert("schemaHint".to_owned(), json!({ "版": 3 }));
    }
    writer.value(&Value::Object(envelope), 0);
    writer.out.into_bytes()
}

#[derive(Clone, Copy)]
enum Space {
    None,
    AfterMarks,
    Lines,
    Odd,
}

struct Writer {
    out: String,
    chance: StdRng,
    space: Space,
    escape_all: bool,
    upper_hex: bool,
    escape_slash: bool,
}

impl Writer {
    fn new(seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let space = [Space::None, Space::AfterMarks, Space::Lines, Space::Odd][chance.random_range(0..4)];
        let (escape_all, upper_hex, escape_slash) = (chance.random_ratio(1, 3), chance.random(), chance.random());
        Self { out: String::new(), chance, space, escape_all, upper_hex, escape_slash }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(fields) => {
                // Sorted first: the map's own order depends on how serde_json was built.
                let mut keys: Vec<&String> = fields.keys().collect();
                keys.sort_unstable();
                keys.shuffle(&mut self.chance);
                self.group(['{', '}'], keys.len(), depth, |writer, at| {
                    writer.text(keys[at]);
                    writer.mark(':');
                    writer.value(&fields[keys[at]], depth + 1);
                });
            }
            Value::Array(items) => {
                self.group(['[', ']'], items.len(), depth, |writer, at| writer.value(&items[at], depth + 1));
            }
            Value::String(text) => self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => self.out.push_str(&value.to_string()),
        }
    }

    fn group(&mut self, [open, close]: [char; 2], count: usize, depth: usize, mut item: impl FnMut(&mut Self, usize)) {
        self.out.push(open);
        for at in 0..count {
            if at > 0 {
                self.mark(',');
            }
            self.line(depth + 1);
            item(self, at);
        }
        if count > 0 {
            self.line(depth);
        }
        self.out.push(close);
    }

    fn mark(&mut self, mark: char) {
        if matches!(self.space, Space::Odd) {
            self.odd();
        }
        self.out.push(mark);
        match self.space {
            Space::None => {}
            // A comma before a line break stands without a space.
            Space::Lines if mark == ',' => {}
            Space::AfterMarks | Space::Lines => self.out.push(' '),
            Space::Odd => self.odd(),
        }
    }

    fn line(&mut self, depth: usize) {
        match self.space {
            Space::None | Space::AfterMarks => {}
            Space::Lines => {
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n("  ", depth));
            }
            Space::Odd => self.odd(),
        }
    }

    fn odd(&mut self) {
        let spaces = ["", "", " ", "\t", "\r\n", "\n  "];
        self.out.push_str(spaces[self.chance.random_range(0..spaces.len())]);
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for one in text.chars() {
            match one {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '/' if self.escape_slash => self.out.push_str("\\/"),
                one if u32::from(one) < 0x20 || (self.escape_all && !one.is_ascii()) => self.escape(one),
                one => self.out.push(one),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, one: char) {
        for unit in one.encode_utf16(&mut [0; 2]) {
            let escaped = if self.upper_hex { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            self.out.push_str(&escaped);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::{Value, json};

    use super::body;

    #[test]
    fn a_hundred_styles_write_a_hundred_bodies_that_mean_the_same() {
        let event = json!({ "text": "髙𠮷🍎 \"q\" \\ / \n\t", "at": 1_795_140_000_123_i64, "none": null, "list": [[], {}, 0.5] });
        let mut bodies = HashSet::new();
        for seed in 0..100 {
            let bytes = body("U0", vec![event.clone()], Some(seed));
            let value: Value = serde_json::from_slice(&bytes).expect("a body is JSON");
            assert_eq!(value["events"][0], event, "style {seed}");
            assert_eq!(value["destination"], "U0");
            bodies.insert(bytes);
        }
        assert!(bodies.len() > 90, "only {} different bodies", bodies.len());
        assert!(bodies.iter().any(|bytes| bytes.is_ascii()), "no style escapes everything");
        assert!(bodies.iter().any(|bytes| !bytes.is_ascii()), "no style writes UTF-8");
    }

    #[test]
    fn a_connection_check_has_no_events() {
        assert_eq!(body("U0", Vec::new(), None), br#"{"destination":"U0","events":[]}"#);
    }
}
