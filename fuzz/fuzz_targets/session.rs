//! Any bytes, however they are cut, lead the session to the same end, and never to a mail in another mail.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_engine::channels::mail::smtp::{
    Answer, BareLines, Dialect, Envelope, House, Mailbox, Session, SessionLimits, Step, Stored,
};
use madoguchi_engine::domain::id::InboxId;

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

/// What was said, and what was to be stored. A peer that waits for each answer: lines go one by one.
fn told(bytes: &[u8], lmtp: bool, cut: usize) -> (Vec<u8>, Vec<(Envelope, Vec<u8>)>) {
    let limits = SessionLimits { max_message: 2_000, max_recipients: 3, max_mails: 5, bare_lines: BareLines::Reject };
    let dialect = if lmtp { Dialect::Lmtp } else { Dialect::Smtp };
    let mut session = Session::new(dialect, limits, "desk", true);
    let (mut said, mut stored, mut body) = (Vec::new(), Vec::new(), Vec::new());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        for piece in line.chunks(cut.max(1)) {
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
                        assert!(!body.windows(5).any(|five| five == b"\r\n.\r\n") || bytes.windows(6).any(|six| six == b"\r\n..\r\n"));
                        stored.push((*envelope, std::mem::take(&mut body)));
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

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else { return };
    let lmtp = first & 1 == 1;
    let whole = told(bytes, lmtp, usize::MAX);
    assert_eq!(whole, told(bytes, lmtp, usize::from(first >> 1) % 7 + 1));
});
