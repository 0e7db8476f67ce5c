//! One file for every kind of frame, shared with whoever writes a client in another language.

use std::collections::BTreeSet;
use std::path::PathBuf;

use madoguchi_protocol::{ClientFrame, Event, ServerFrame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The files of one side: name and content.
fn fixtures(side: &str) -> Vec<(String, Value)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("the folder is in the repository") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        if name.starts_with(side) {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            found.push((name, serde_json::from_str(&text).expect("a fixture is JSON")));
        }
    }
    assert!(!found.is_empty(), "no fixtures of {side}");
    found
}

/// The kinds that a type knows, in serde's own words.
fn kinds<T: DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_json::from_str::<T>(r#"{"type":"no such kind"}"#) else {
        panic!("an unknown kind is refused");
    };
    let names: BTreeSet<String> = error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 1, "{error}");
    names
}

fn kind(value: &Value) -> String {
    value["type"].as_str().expect("everything has a type").to_owned()
}

fn check<T: DeserializeOwned + Serialize>(side: &str) {
    let mut seen = BTreeSet::new();
    for (name, value) in fixtures(side) {
        let frame: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(&frame).expect("plain data"), value, "{name}");
        assert!(name.starts_with(&format!("{side}.{}", kind(&value))), "{name} holds a {}", kind(&value));
        seen.insert(kind(&value));
    }
    assert_eq!(seen, kinds::<T>(), "every kind has its file");
}

#[test]
fn what_a_client_says_is_what_the_documents_show() {
    check::<ClientFrame>("client");
}

#[test]
fn what_the_server_says_is_what_the_documents_show() {
    check::<ServerFrame>("server");
}

#[test]
fn no_event_is_without_an_example() {
    let seen: BTreeSet<String> = fixtures("server.update")
        .iter()
        .flat_map(|(_, frame)| frame["events"].as_array().expect("a list").iter().map(kind).collect::<Vec<_>>())
        .collect();
    assert_eq!(seen, kinds::<Event>());
}

#[test]
fn a_message_with_a_field_too_much_is_refused_not_half_understood() {
    for (name, mut frame) in fixtures("client") {
        frame["colour"] = Value::from("red");
        assert!(serde_json::from_value::<ClientFrame>(frame).is_err(), "{name}");
    }
}

#[test]
fn a_client_of_today_reads_what_a_server_of_tomorrow_adds() {
    for (name, mut frame) in fixtures("server") {
        frame["colour"] = Value::from("red");
        assert!(serde_json::from_value::<ServerFrame>(frame).is_ok(), "{name}");
    }
}
