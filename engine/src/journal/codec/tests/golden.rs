//! One file for each event type, as hex text. What was written once must be read for ever.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::*;

/// The first part of a golden file's name.
pub(super) fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Conversation(..) => "conversation",
        Fact::Window(_) => "window",
        Fact::Org(_) => "org",
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/journal/codec/golden"))
}

fn file_name(name: &str, fact: &Fact) -> String {
    format!("{}-{:02}-{name}.hex", kind(fact), type_of(fact))
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        line.iter().for_each(|byte| write!(text, "{byte:02x}").expect("writing to a string"));
        text.push('\n');
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn every_type_number_has_one_sample() {
    for (of, most) in [("conversation", CONVERSATION_TYPES), ("window", WINDOW_TYPES), ("org", ORG_TYPES)] {
        let mut numbers: Vec<u16> =
            all().iter().filter(|(_, fact)| kind(fact) == of).map(|(_, fact)| type_of(fact)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=most).collect::<Vec<_>>(), "{of}");
    }
}

#[test]
fn every_shape_that_was_ever_written_is_still_read() {
    let bless = std::env::var_os("MADOGUCHI_BLESS").is_some();
    for (name, fact) in all() {
        let file = file_name(name, &fact);
        let path = folder().join(&file);
        if bless && !path.exists() {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, to_hex(&bytes_of(fact.clone()))).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{file} is missing"));
        let bytes = from_hex(&text);
        let read = decode(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(read, record(vec![fact]), "{file} reads as something else");
        assert_eq!(encode(&read).unwrap(), bytes, "{file} is written in another way");
    }
}

#[test]
fn no_golden_file_is_left_without_its_type() {
    let mut expected: Vec<String> = all().iter().map(|(name, fact)| file_name(name, fact)).collect();
    let files = std::fs::read_dir(folder()).unwrap();
    let mut found: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
