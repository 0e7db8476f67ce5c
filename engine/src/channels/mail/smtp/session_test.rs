//! Sessions as strangers, servers and attackers have them.

use super::*;
use crate::channels::mail::smtp::Mailbox;
use crate::domain::id::InboxId;
use proptest::prelude::*;

struct Desk {
    open: bool,
}

impl House for Desk {
    fn recipient(&self, address: &str) -> Answer {
        let ours = |n| Answer::Ours(Mailbox::Window { inbox: InboxId(n), conversation: None });
        match address {
            "support@in.desk.example" => ours(1),
            "sales@in.desk.example" => ours(2),
            "off@in.desk.example" => Answer::Off,
            _ if address.ends_with("@in.desk.example") => Answer::Unknown,
            _ => Answer::Foreign,
        }
    }

    fn is_open(&self) -> bool {
        self.open
    }
}

fn limits() -> SessionLimits {
    SessionLimits { max_message: 1_000, max_recipients: 2, max_mails: 3, bare_lines: BareLines::Reject }
}

/// What was answered, and every mail that was to be stored.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    answers: String,
    stored: Vec<(Envelope, Vec<u8>)>,
    closed: bool,
    secured: u32,
}

struct Line {
    session: Session,
    desk: Desk,
    told: Told,
    body: Vec<u8>,
    how: Stored,
}

impl Line {
    fn new(dialect: Dialect, limits: SessionLimits) -> Self {
        let session = Session::new(dialect, limits, "desk.example", true);
        Self { session, desk: Desk { open: true }, told: Told::default(), body: Vec::new(), how: Stored::Yes(1) }
    }

    fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.session.push(bytes);
        loop {
            match self.session.step(&self.desk) {
                Step::Write(bytes) => self.told.answers.push_str(&String::from_utf8(bytes).unwrap()),
                Step::StartTls => {
                    self.told.secured += 1;
                    self.session.secured();
                }
                Step::Keep(bytes) => self.body.extend(bytes),
                Step::Forget => self.body.clear(),
                Step::Store(envelope, last) => {
                    self.body.extend(last);
                    self.told.stored.push((*envelope, std::mem::take(&mut self.body)));
                    self.session.stored(self.how);
                }
                Step::Close => {
                    self.told.closed = true;
                    return self;
                }
                Step::Read => return self,
            }
        }
    }

    fn codes(&self) -> Vec<&str> {
        let lines = self.told.answers.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
        lines.map(|line| &line[..3]).collect()
    }
}

fn smtp() -> Line {
    Line::new(Dialect::Smtp, limits())
}

const HELLO: &[u8] =
    b"EHLO mx.example.jp\r\nMAIL FROM:<a@example.jp> SIZE=10\r\nRCPT TO:<Support@In.Desk.Example>\r\nDATA\r\n";

#[test]
fn a_mail_is_taken_once_it_is_stored_and_not_before() {
    let mut line = smtp();
    line.send(HELLO);
    assert_eq!(line.codes(), ["220", "250", "250", "250", "354"]);
    line.send(b"Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
    let stored = &line.told.stored;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].1, b"Subject: x\r\n\r\n.dot\r\n");
    assert_eq!(stored[0].0.sender.as_deref(), Some("a@example.jp"));
    assert_eq!(stored[0].0.recipients[0].0, "support@in.desk.example");
    assert_eq!(line.codes()[5..], ["250", "221"]);
    assert!(line.told.closed);
}

#[test]
fn nothing_is_said_while_a_mail_is_being_stored() {
    let mut session = Session::new(Dialect::Smtp, limits(), "x", false);
    let desk = Desk { open: true };
    session.push(HELLO);
    while session.step(&desk) != Step::Read {}
    session.push(b"a\r\n.\r\nRSET\r\n");
    assert!(matches!(session.step(&desk), Step::Store(..)));
    assert_eq!(session.step(&desk), Step::Read);
    session.stored(Stored::Later);
    let Step::Write(answer) = session.step(&desk) else { panic!("an answer") };
    assert!(answer.starts_with(b"451 4.3.0"));
}

#[test]
fn what_is_not_ours_is_refused_with_the_right_word() {
    let mut line = smtp();
    line.send(b"EHLO x\r\nMAIL FROM:<>\r\n");
    for (to, answer) in [
        ("nobody@in.desk.example", "550 5.1.1"),
        ("off@in.desk.example", "550 5.2.1"),
        ("victim@elsewhere.example", "550 5.7.1"),
        ("support%elsewhere.example@in.desk.example", "550 5.1.1"),
        ("@in.desk.example:victim@elsewhere.example", "550 5.7.1"),
        ("support@in.desk.example", "250 2.1.5"),
        ("sales@in.desk.example", "250 2.1.5"),
        ("support@in.desk.example", "452 4.5.3"),
    ] {
        line.told.answers.clear();
        line.send(format!("RCPT TO:<{to}>\r\n").as_bytes());
        assert!(
            line.told.answers.starts_with(answer) || (to.starts_with('@') && line.told.answers.starts_with("501")),
            "{to}: {}",
            line.told.answers
        );
    }
    assert_eq!(line.session.mail.as_ref().unwrap().sender, None);
}

#[test]
fn what_is_our_fault_leaves_the_mail_with_its_sender() {
    for (how, code) in [(Stored::Later, "451"), (Stored::NoRoom, "452"), (Stored::Nobody, "550")] {
        let mut line = smtp();
        line.how = how;
        line.send(HELLO).send(b"x\r\n.\r\n");
        assert_eq!(line.codes().last(), Some(&code));
    }
    let mut line = smtp();
    line.desk.open = false;
    line.send(b"EHLO x\r\nMAIL FROM:<a@b.jp>\r\n");
    assert_eq!(line.codes().last(), Some(&"451"));
}

#[test]
fn lmtp_answers_once_for_each_recipient() {
    let mut line = Line::new(Dialect::Lmtp, SessionLimits { bare_lines: BareLines::Normalise, ..limits() });
    line.send(b"EHLO x\r\nLHLO x\r\nMAIL FROM:<a@b.jp>\r\nRCPT TO:<support@in.desk.example>\r\nRCPT TO:<nobody@in.desk.example>\r\nRCPT TO:<sales@in.desk.example>\r\nDATA\r\n");
    assert_eq!(line.codes(), ["220", "500", "250", "250", "250", "550", "250", "354"]);
    line.send(b"half\nline\r\n.\r\n");
    assert_eq!(line.codes()[8..], ["250", "250"]);
    assert_eq!(line.told.stored[0].1, b"half\r\nline\r\n");
    line.send(b"MAIL FROM:<a@b.jp>\r\nRCPT TO:<support@in.desk.example>\r\nDATA\r\n");
    line.send(&[b"x".repeat(1_001), b"\r\n.\r\n".to_vec()].concat());
    assert_eq!(line.codes().last(), Some(&"552"));
    assert_eq!(line.told.stored.len(), 1);
}

#[test]
fn a_mail_within_a_mail_stays_in_it() {
    let smuggled = b"MAIL FROM:<evil@example.jp>\r\nRCPT TO:<sales@in.desk.example>\r\nDATA\r\nevil\r\n.\r\n";
    for end in [&b"\n.\n"[..], b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n"] {
        let mut line = smtp();
        line.send(HELLO).send(&[b"good".as_slice(), end, smuggled].concat());
        assert_eq!(line.told.stored, [], "{end:?}");
        assert!(line.told.answers.contains("550 5.5.2"), "{end:?}");
    }
}

#[test]
fn commands_that_do_not_wait_end_the_connection() {
    let mut line = smtp();
    line.send(&[HELLO, b"already the mail\r\n.\r\n"].concat());
    assert!(line.told.closed && line.told.stored.is_empty());
    assert_eq!(line.codes().last(), Some(&"554"));
    let mut line = smtp();
    line.send(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@b.jp>\r\n");
    assert!(line.told.closed && line.told.secured == 0);
}

#[test]
fn what_was_said_in_the_clear_is_forgotten_behind_tls() {
    let mut line = smtp();
    line.send(b"EHLO evil\r\nMAIL FROM:<evil@b.jp>\r\nSTARTTLS\r\n");
    assert_eq!(line.told.secured, 1);
    line.told.answers.clear();
    line.send(b"RCPT TO:<support@in.desk.example>\r\nMAIL FROM:<a@b.jp>\r\nEHLO x\r\n");
    assert_eq!(line.codes(), ["503", "503", "250"]);
    assert!(!line.told.answers.contains("STARTTLS"), "once is enough");
    line.send(b"STARTTLS\r\n");
    assert_eq!(line.codes().last(), Some(&"502"));
}

#[test]
fn every_limit_has_its_answer() {
    let mut line = smtp();
    line.send(b"EHLO x\r\nMAIL FROM:<a@b.jp> SIZE=1001\r\n");
    assert_eq!(line.codes().last(), Some(&"552"));
    line.send(b"MAIL FROM:<a@b.jp> FOO=1\r\n");
    assert_eq!(line.codes().last(), Some(&"555"));
    line.send(&b"x".repeat(LINE + 1));
    assert!(line.told.closed);
    let mut line = smtp();
    line.send(b"nonsense\r\n".repeat(30).as_slice());
    assert!(line.told.closed);
    assert_eq!(line.codes().len(), 21, "the greeting, 19 refusals and the end: {:?}", line.codes());
    let mut line = smtp();
    for _ in 0..3 {
        line.send(HELLO).send(b"x\r\n.\r\n");
    }
    line.send(b"MAIL FROM:<a@b.jp>\r\n");
    assert!(line.told.closed && line.told.stored.len() == 3);
    let mut line = smtp();
    line.send(b"EHLO x\r\nBDAT 5 LAST\r\n");
    assert!(line.told.closed, "its bytes would be read as commands");
}

#[test]
fn carriers_with_odd_dots_get_through() {
    for given in ["a..b.@docomo.ne.jp", "\"a..b.\"@docomo.ne.jp"] {
        let mut line = smtp();
        line.send(format!("EHLO x\r\nMAIL FROM:<{given}>\r\n").as_bytes());
        assert_eq!(line.session.mail.as_ref().unwrap().sender.as_deref(), Some("a..b.@docomo.ne.jp"), "{given}");
    }
    let mut line = smtp();
    line.send("EHLO x\r\nMAIL FROM:<太郎@例え.テスト> SMTPUTF8\r\n".as_bytes());
    assert_eq!(line.codes().last(), Some(&"250"));
}

#[test]
fn a_half_line_end_ends_no_command() {
    let mut line = smtp();
    line.send(b"EHLO x\nMAIL FROM:<a@b.jp>\r\n");
    assert_eq!(line.codes(), ["220", "500", "503"]);
}

const WORDS: &[&[u8]] = &[
    b"EHLO x\r\n",
    b"LHLO x\r\n",
    b"MAIL FROM:<a@b.jp>\r\n",
    b"MAIL FROM:<>\r\n",
    b"RCPT TO:<support@in.desk.example>\r\n",
    b"RCPT TO:<x@y.jp>\r\n",
    b"DATA\r\n",
    b"STARTTLS\r\n",
    b"RSET\r\n",
    b"QUIT\r\n",
    b"text\r\n",
    b".\r\n",
    b"\n",
    b"\r",
    b".",
    b"..\r\n",
    b"\0",
    b"\xff\xfe\r\n",
    b"NOOP\r\n",
    b"BDAT 3\r\n",
    b"MAIL FROM:<a..b.@docomo.ne.jp>\r\n",
];

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_same_is_stored(
        words in proptest::collection::vec(0..WORDS.len(), 0..40),
        cuts in proptest::collection::vec(1_usize..7, 1..50),
        lmtp in any::<bool>(),
    ) {
        // A word that must wait for its answer comes by itself, as from a peer that waits.
        let dialect = if lmtp { Dialect::Lmtp } else { Dialect::Smtp };
        let mut whole = Line::new(dialect, limits());
        let mut cut = Line::new(dialect, limits());
        whole.send(b"");
        cut.send(b"");
        for word in words {
            whole.send(WORDS[word]);
            let mut rest = WORDS[word];
            for size in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (head, tail) = rest.split_at((*size).min(rest.len()));
                cut.send(head);
                rest = tail;
            }
        }
        prop_assert_eq!(&whole.told.stored, &cut.told.stored);
        prop_assert_eq!(&whole.told.answers, &cut.told.answers);
        prop_assert_eq!(whole.told.closed, cut.told.closed);
    }
}
