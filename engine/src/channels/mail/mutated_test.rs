//! Samples that were broken at random, as the way and attackers break mail. The targets in `fuzz/` go further, with coverage;
//! this runs everywhere. `cargo test -p madoguchi-engine --lib mutated -- --ignored` runs for five minutes.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::html;
use super::parts::Opened;
use super::read::{From, Limits, read, whole};
use super::smtp::{Answer, BareLines, Dialect, House, Mailbox, Session, SessionLimits, Step, Stored};
use crate::domain::id::InboxId;

/// Pieces that mean something to a reader of mail.
const PIECES: &[&[u8]] = &[
    b"=?UTF-8?B?",
    b"=?ISO-2022-JP?Q?",
    b"?=",
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b(I",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"--=_b\r\n",
    b"--=_b--\r\n",
    b"Content-Type: multipart/mixed; boundary=\"=_b\"\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"filename*0*=UTF-8''%E3",
    b"\"",
    b"<",
    b">",
    b"(",
    b";",
    b"\0",
    b"\xff",
    b"From: a@b.jp\r\n",
    b"<div>",
    b"cid:",
    b"-----Original Message-----\r\n",
    b"EHLO x\r\n",
    b"MAIL FROM:<>\r\n",
    b"RCPT TO:<a@b.c>\r\n",
    b"DATA\r\n",
    b".\r\n",
    b"\r\n.\r\n",
    b"STARTTLS\r\n",
    b"QUIT\r\n",
    b"LHLO x\r\n",
];

fn samples() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/channels/mail/testdata");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn mutated(chance: &mut StdRng, samples: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = samples[chance.random_range(0..samples.len())].clone();
    bytes.truncate(20_000);
    for _ in 0..chance.random_range(1..12) {
        let at = chance.random_range(0..=bytes.len());
        match chance.random_range(0..6) {
            0 if at < bytes.len() => bytes[at] = chance.random(),
            1 => {
                let end = (at + chance.random_range(0..200)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let other = &samples[chance.random_range(0..samples.len())];
                let from = chance.random_range(0..other.len());
                let end = (from + chance.random_range(0..400)).min(other.len());
                bytes.splice(at..at, other[from..end].iter().copied());
            }
            3 => {
                let end = (at + chance.random_range(0..100)).min(bytes.len());
                let again = bytes[at..end].repeat(chance.random_range(1..20));
                bytes.splice(at..at, again);
            }
            4 => bytes.truncate(at),
            _ => {
                let piece = PIECES[chance.random_range(0..PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

fn look(raw: &[u8]) {
    let limits = Limits { max_attachment: 4_096 };
    let from = From { sender: Some("a@example.jp"), is_expected_report: raw.len().is_multiple_of(2) };
    let Ok(letter) = read(raw, from, limits) else { return };
    assert!(letter.mail.weight() < 57_344, "{}", letter.mail.weight());
    let opened = Opened::new(raw).unwrap();
    for part in &letter.mail.parts {
        assert!(!part.name.is_empty() && !part.name.contains(['/', '\\', '\0']), "{}", part.name);
        if let Some(bytes) = opened.bytes_of(&part.place) {
            assert_eq!(bytes.len() as u64, part.bytes);
        }
    }
    let all = whole(raw, limits).unwrap();
    if let Some(document) = all.html.as_deref().and_then(|html| html::document(html, &all.inline, false)) {
        assert!(!document.to_ascii_lowercase().contains("<script"));
    }
}

struct Desk;

impl House for Desk {
    fn recipient(&self, address: &str) -> Answer {
        match address {
            "a@b.c" => Answer::Ours(Mailbox::Window { inbox: InboxId(1), conversation: None }),
            _ => Answer::Foreign,
        }
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// What was said and stored when lines come one by one, in pieces of this length.
fn told(bytes: &[u8], lmtp: bool, cut: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let limits = SessionLimits { max_message: 2_000, max_recipients: 3, max_mails: 5, bare_lines: BareLines::Reject };
    let dialect = if lmtp { Dialect::Lmtp } else { Dialect::Smtp };
    let mut session = Session::new(dialect, limits, "desk", true);
    let (mut said, mut stored, mut body) = (Vec::new(), Vec::new(), Vec::new());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        for piece in line.chunks(cut) {
            session.push(piece);
            loop {
                match session.step(&Desk) {
                    Step::Write(bytes) => said.extend(bytes),
                    Step::StartTls => session.secured(),
                    Step::Keep(bytes) => body.extend(bytes),
                    Step::Forget => body.clear(),
                    Step::Store(envelope, last) => {
                        body.extend(last);
                        assert!(body.len() <= 2_000 && !envelope.recipients.is_empty());
                        stored.push(std::mem::take(&mut body));
                        session.stored(Stored::Yes(1));
                    }
                    Step::Close => return (said, stored),
                    Step::Read => break,
                }
            }
        }
    }
    (said, stored)
}

fn run(seed: u64, time: Duration) -> u64 {
    let samples = samples();
    let sessions: Vec<Vec<u8>> = vec![
        b"EHLO x\r\nMAIL FROM:<x@y.z>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nhi\r\n..\r\n.\r\nQUIT\r\n".to_vec(),
        b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\na\n.\n\r\n.\r\nMAIL FROM:<a..b.@docomo.ne.jp>\r\n"
            .to_vec(),
        b"EHLO x\r\nSTARTTLS\r\nEHLO x\r\nMAIL FROM:<a@b.c> SIZE=3\r\nRCPT TO:<a@b.c>\r\nRSET\r\n".to_vec(),
    ];
    let began = Instant::now();
    let mut seed = seed;
    while began.elapsed() < time {
        seed += 1;
        let mut chance = StdRng::seed_from_u64(seed);
        let raw = mutated(&mut chance, &samples);
        let one = Instant::now();
        let fine = std::panic::catch_unwind(|| look(&raw)).is_ok();
        assert!(fine, "seed {seed} breaks reading");
        assert!(one.elapsed() < Duration::from_secs(20), "seed {seed} takes {:?}", one.elapsed());
        let bytes = mutated(&mut chance, &sessions);
        let (lmtp, cut) = (chance.random(), chance.random_range(1..9));
        let fine =
            std::panic::catch_unwind(|| assert_eq!(told(&bytes, lmtp, usize::MAX), told(&bytes, lmtp, cut))).is_ok();
        assert!(fine, "seed {seed} breaks the session");
    }
    seed
}

/// What fuzzing has found worth keeping, each a file, of this target.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect()
}

/// As the targets in `fuzz/` look at it, without their instruments: whoever changes reading need not fuzz to hear of it.
#[test]
fn what_fuzzing_kept_breaks_nothing_again() {
    let (mails, sessions) = (corpus("mail"), corpus("session"));
    assert!(mails.len() > 10 && sessions.len() > 2, "the corpus is there");
    for (name, raw) in mails {
        let one = Instant::now();
        assert!(std::panic::catch_unwind(|| look(&raw)).is_ok(), "{name}");
        assert!(one.elapsed() < Duration::from_secs(20), "{name} takes {:?}", one.elapsed());
    }
    for (name, input) in sessions {
        let Some((first, bytes)) = input.split_first() else { continue };
        let (lmtp, cut) = (first & 1 == 1, usize::from(first >> 1) % 7 + 1);
        let same = std::panic::catch_unwind(|| assert_eq!(told(bytes, lmtp, usize::MAX), told(bytes, lmtp, cut)));
        assert!(same.is_ok(), "{name}");
    }
}

#[test]
fn broken_mail_and_broken_sessions_break_nothing() {
    run(0, Duration::from_secs(3));
}

#[test]
#[ignore = "takes five minutes"]
fn broken_mail_and_broken_sessions_break_nothing_for_minutes() {
    let tried = run(1_000_000, Duration::from_secs(300)) - 1_000_000;
    assert!(tried > 1_000, "{tried}");
}
