//! Every shape that was ever written, as bytes: a file for each kind and version, a line for each sample.
//!
//! A file is never rewritten. `MADOGUCHI_BLESS=1 cargo nextest run -p madoguchi-engine golden` writes the missing ones; look
//! at them, then commit them with the change that made them necessary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::facts::{self, Kind};
use super::{decode, encode, samples};
use crate::domain::content::Dress;
use crate::domain::conversation::{Event as Talk, Queued, Received};
use crate::domain::id::AgentId;
use crate::domain::message::Content;
use crate::domain::message::Route;
use crate::domain::org::{Event as Org, InboxSettings};
use crate::domain::record::{By, Fact, Record};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::window::{Event as Window, RawReason};

fn record(events: Vec<Fact>) -> Record {
    Record { at: Timestamp(1_790_000_000_456), by: By::Engine, events }
}

/// The records of each file of today's shapes.
fn expected() -> BTreeMap<String, Vec<Record>> {
    let mut files: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for fact in samples::facts() {
        let (kind, _) = facts::write(&fact, &mut Vec::new()).unwrap();
        files.entry(file_name(kind, kind.version)).or_default().push(record(vec![fact]));
    }
    let by = [By::Agent(AgentId(5)), By::Customer, By::Engine, By::Operator];
    let headers = by.map(|by| Record { by, ..record(samples::facts().drain(..3).collect()) });
    files.insert("000-header-v1.hex".into(), headers.to_vec());
    files
}

/// The facts of each file of a former shape: its bytes stay, and they come out as the facts beside them.
fn former() -> BTreeMap<String, Vec<Fact>> {
    let mut files: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for mut fact in samples::facts() {
        let (kind, _) = facts::write(&fact, &mut Vec::new()).unwrap();
        if let Fact::Org(Org::InboxCreated(inbox) | Org::InboxChanged(inbox)) = &fact {
            if matches!(inbox.settings, InboxSettings::Bot(_)) {
                continue;
            }
            files.entry(file_name(kind, 5)).or_default().push(fact.clone());
            if !matches!(inbox.settings, InboxSettings::Mail(_)) {
                files.entry(file_name(kind, 4)).or_default().push(fact.clone());
            }
            let InboxSettings::Line(line) = &inbox.settings else { continue };
            files.entry(file_name(kind, 3)).or_default().push(fact.clone());
            if matches!(line.channel_secret, Secret::Plain(_)) {
                files.entry(file_name(kind, 1)).or_default().push(fact.clone());
                files.entry(file_name(kind, 2)).or_default().push(fact);
            }
            continue;
        }
        if let Fact::Org(Org::AgentChanged { icon_url: None, .. }) = &fact {
            files.entry(file_name(kind, 1)).or_default().push(fact);
            continue;
        }
        if let Fact::Window(Window::RawAccepted(raw)) = &fact
            && matches!(raw.why, RawReason::Busy | RawReason::Unparsable | RawReason::SetAside)
        {
            files.entry(file_name(kind, 1)).or_default().push(fact);
            continue;
        }
        let Fact::Conversation(_, event) = &mut fact else { continue };
        if let Talk::Received(Received { content: Content::Mail(_), .. })
        | Talk::Queued(Queued { content: Content::Mail(_), .. }) = event
        {
            continue;
        }
        if let Talk::Received(_) = event {
            files.entry(file_name(kind, 2)).or_default().push(fact.clone());
        }
        let Fact::Conversation(_, event) = &mut fact else { continue };
        if let Talk::Queued(queued) = event {
            let of = samples::TALK;
            files.entry(file_name(kind, 3)).or_default().push(Fact::Conversation(of, Talk::Queued(queued.clone())));
            queued.dress.sender.iter_mut().for_each(|sender| sender.icon_url = None);
            files.entry(file_name(kind, 2)).or_default().push(fact.clone());
        }
        let Fact::Conversation(_, event) = &mut fact else { continue };
        let simple =
            |content: &Content| matches!(content, Content::Text(_) | Content::Other { .. } | Content::Redacted);
        match event {
            Talk::Opened(_) => {}
            Talk::Received(received) if simple(&received.content) => received.read_token = None,
            Talk::Queued(queued) if simple(&queued.content) => queued.dress = Dress::default(),
            Talk::SendStarted { route: Route::Once, .. } => continue,
            Talk::SendStarted { .. } => {
                files.entry(file_name(kind, 2)).or_default().push(fact.clone());
                let Fact::Conversation(_, Talk::SendStarted { number, lead, joined, .. }) = &mut fact else { continue };
                (*lead, *joined) = (*number, false);
            }
            _ => continue,
        }
        files.entry(file_name(kind, 1)).or_default().push(fact);
    }
    files
}

#[test]
fn bytes_of_former_releases_mean_what_they_meant() {
    for (name, facts) in former() {
        let text = std::fs::read_to_string(folder().join(&name)).unwrap();
        let found: Vec<_> = text.lines().map(|line| decode(&from_hex(line)).unwrap()).collect();
        let expected: Vec<_> = facts.into_iter().map(|fact| record(vec![fact])).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_former_shape_has_a_way_to_today() {
    let passed: Vec<_> = facts::kinds().flat_map(|kind| (1..kind.version).map(|v| (kind.number, v))).collect();
    let known: Vec<_> = super::schema::OLD.iter().map(|old| (old.number, old.version)).collect();
    assert_eq!(passed, known);
    assert_eq!(former().len(), known.len());
}

fn file_name(kind: &Kind, version: u16) -> String {
    let name = kind.name.replace('.', "-").to_lowercase();
    format!("{:03}-{name}-v{version}.hex", kind.number)
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "src/journal/codec/golden"].iter().collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

#[test]
fn bytes_of_yesterday_still_mean_the_same() {
    if std::env::var_os("MADOGUCHI_BLESS").is_some() {
        bless();
    }
    for (name, records) in expected() {
        let text = std::fs::read_to_string(folder().join(&name))
            .unwrap_or_else(|_| panic!("{name} is missing; see the head of this file"));
        let lines: Vec<_> = text.lines().map(from_hex).collect();
        assert_eq!(lines.len(), records.len(), "{name}");
        for (bytes, record) in lines.iter().zip(&records) {
            assert_eq!(&decode(bytes).unwrap(), record, "{name}");
            assert_eq!(to_hex(&encode(record).unwrap()), to_hex(bytes), "{name}");
        }
    }
}

fn bless() {
    for (name, records) in expected() {
        let path = folder().join(name);
        if !path.exists() {
            let lines: Vec<_> = records.iter().map(|record| to_hex(&encode(record).unwrap())).collect();
            std::fs::write(path, lines.join("\n") + "\n").unwrap();
        }
    }
}

#[test]
fn no_kind_and_no_version_is_without_a_golden_file() {
    for kind in facts::kinds() {
        for version in 1..=kind.version {
            let name = file_name(kind, version);
            assert!(folder().join(&name).exists(), "{name} is missing");
        }
    }
}

#[test]
fn every_golden_file_still_decodes() {
    let mut found = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            decode(&from_hex(line)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        found += 1;
    }
    let shapes: usize = facts::kinds().map(|kind| usize::from(kind.version)).sum();
    assert_eq!(found, shapes + 1);
}

#[test]
fn numbers_are_unique_and_run_without_a_gap_in_a_family() {
    for kind in facts::kinds() {
        assert_eq!(facts::kind(kind.number), Some(kind));
    }
    assert_eq!(facts::kind(0), None);
    assert_eq!(facts::kind(99), None);
    assert_eq!(facts::kind(u16::MAX), None);
}
