//! One connection's conversation, from the greeting to the end.

use smtp_proto::{MAIL_BODY_BINARYMIME, MAIL_REQUIRETLS, MAIL_SMTPUTF8, Request};

use super::data::Receiver;
use super::{Answer, BareLines, Dialect, Envelope, House, SessionLimits, Stored};
use crate::channels::mail::address;

/// Longest command line, in bytes.
const LINE: usize = 2_048;
/// Commands that are none before the connection ends.
const MOST_BAD: u32 = 20;
/// Bytes of a mail that are handed over at a time.
pub(super) const CHUNK: usize = 64 * 1024;

/// What the connection is to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Begin TLS, then tell [`Session::secured`].
    StartTls,
    /// Keep these bytes of the mail that is coming in.
    Keep(Vec<u8>),
    /// Forget what was kept: the mail was refused.
    Forget,
    /// These were its last bytes: store it, then tell [`Session::stored`]. Nothing else happens before.
    Store(Box<Envelope>, Vec<u8>),
    /// Close.
    Close,
    /// More bytes are needed.
    Read,
}

#[derive(Debug)]
enum State {
    Commands,
    Data(Receiver),
    /// The answer to a mail is awaited.
    Storing,
    /// TLS is to begin, once this is said.
    Securing,
    /// The start of TLS is awaited.
    Handshake,
    Over,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    dialect: Dialect,
    limits: SessionLimits,
    name: String,
    offers_tls: bool,
    is_secured: bool,
    state: State,
    buffer: Vec<u8>,
    out: Vec<u8>,
    kept: Vec<u8>,
    greeted: bool,
    mail: Option<Envelope>,
    bad: u32,
    mails: usize,
    helo: String,
}

impl Session {
    /// A new connection. `name` is what we call ourselves; `offers_tls` where there is a certificate.
    #[must_use]
    pub fn new(dialect: Dialect, limits: SessionLimits, name: &str, offers_tls: bool) -> Self {
        let what = if dialect == Dialect::Lmtp { "LMTP" } else { "ESMTP" };
        Self {
            dialect,
            limits,
            name: name.to_owned(),
            offers_tls,
            is_secured: false,
            state: State::Commands,
            buffer: Vec::new(),
            out: format!("220 {name} {what} ready\r\n").into_bytes(),
            kept: Vec::new(),
            greeted: false,
            mail: None,
            bad: 0,
            mails: 0,
            helo: String::new(),
        }
    }

    /// Whether the bytes of a mail are coming in.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        matches!(self.state, State::Data(_))
    }

    /// Bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Over) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// What to do next. To be asked again after each step but [`Step::Read`] and [`Step::Close`].
    pub fn step(&mut self, house: &dyn House) -> Step {
        loop {
            if !self.out.is_empty() && !self.has_more_to_answer() {
                return Step::Write(std::mem::take(&mut self.out));
            }
            match &mut self.state {
                State::Over => return Step::Close,
                State::Storing | State::Handshake => return Step::Read,
                State::Securing => {
                    self.state = State::Handshake;
                    return Step::StartTls;
                }
                State::Data(receiver) => {
                    let (used, ended) = receiver.take(&self.buffer, &mut self.kept);
                    self.buffer.drain(..used);
                    if ended {
                        return self.ended();
                    }
                    if self.kept.len() >= CHUNK {
                        return Step::Keep(std::mem::take(&mut self.kept));
                    }
                    return Step::Read;
                }
                State::Commands => {
                    let Some(step) = self.command(house) else { return Step::Read };
                    if let Some(step) = step {
                        return step;
                    }
                }
            }
        }
    }

    /// Answers to commands that came together go together.
    fn has_more_to_answer(&self) -> bool {
        matches!(self.state, State::Commands) && self.buffer.contains(&b'\n') && self.out.len() < 16 * 1024
    }

    /// The mail is stored, or is not.
    pub fn stored(&mut self, how: Stored) {
        let Some(mail) = self.mail.take() else { return };
        self.state = State::Commands;
        let answer = match how {
            Stored::Yes(id) => format!("250 2.0.0 stored as {}\r\n", ulid::Ulid(id)),
            Stored::Later => "451 4.3.0 not now, try again later\r\n".to_owned(),
            Stored::NoRoom => "452 4.3.1 no room, try again later\r\n".to_owned(),
            Stored::Nobody => "550 5.1.1 nobody here by that name\r\n".to_owned(),
        };
        self.answer_mail(&answer, mail.recipients.len());
    }

    /// TLS has begun. Everything that was said before is forgotten (RFC 3207, 4.2).
    pub fn secured(&mut self) {
        self.state = State::Commands;
        self.is_secured = true;
        self.greeted = false;
        self.mail = None;
        self.helo.clear();
        self.buffer.clear();
    }

    /// The connection has been silent or at it for too long.
    pub fn timed_out(&mut self) {
        self.end("421 4.7.0 too slow, closing\r\n");
    }

    /// We are stopping. What was not answered was not taken.
    pub fn stopping(&mut self) {
        self.end("421 4.3.2 stopping, try again later\r\n");
    }

    fn end(&mut self, last: &str) {
        self.say(last);
        self.state = State::Over;
        self.buffer.clear();
    }

    fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
    }

    /// In LMTP a mail is answered once for each recipient.
    fn answer_mail(&mut self, line: &str, recipients: usize) {
        let times = if self.dialect == Dialect::Lmtp { recipients } else { 1 };
        (0..times).for_each(|_| self.say(line));
    }

    /// The end of a mail was found.
    fn ended(&mut self) -> Step {
        let State::Data(receiver) = std::mem::replace(&mut self.state, State::Storing) else { return Step::Read };
        self.mails += 1;
        let refused = if receiver.is_too_long {
            Some("552 5.3.4 too long\r\n")
        } else if receiver.is_bare && self.limits.bare_lines == BareLines::Reject {
            Some("550 5.5.2 a line ends in half a line end\r\n")
        } else {
            None
        };
        let recipients = self.mail.as_ref().map_or(0, |mail| mail.recipients.len());
        if let Some(refused) = refused {
            self.mail = None;
            self.state = State::Commands;
            self.kept = Vec::new();
            self.answer_mail(refused, recipients);
            return Step::Forget;
        }
        let envelope = self.mail.clone().unwrap_or_default();
        Step::Store(Box::new(envelope), std::mem::take(&mut self.kept))
    }

    /// The next command. `None` when there is none yet; `Some(None)` when it was answered.
    #[expect(clippy::option_option, reason = "nothing to do, and nothing but an answer, are two things")]
    fn command(&mut self, house: &dyn House) -> Option<Option<Step>> {
        let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
            if self.buffer.len() > LINE {
                self.end("500 5.5.2 line too long\r\n");
                return Some(None);
            }
            return None;
        };
        let line: Vec<u8> = self.buffer.drain(..=end).collect();
        if line.len() > LINE {
            self.end("500 5.5.2 line too long\r\n");
            return Some(None);
        }
        if !line.ends_with(b"\r\n") || line[..line.len() - 2].contains(&b'\r') || line.contains(&0) {
            self.bad("500 5.5.2 lines end in CR LF\r\n");
            return Some(None);
        }
        let line = quoted_local(&line);
        let answered = match Request::parse(&mut line.iter()) {
            Ok(request) => self.obey(request, house),
            Err(error) => {
                self.refuse(&error);
                None
            }
        };
        Some(answered)
    }

    fn bad(&mut self, line: &str) {
        self.bad += 1;
        if self.bad >= MOST_BAD {
            return self.end("421 4.7.0 too many bad commands, closing\r\n");
        }
        self.say(line);
    }

    fn refuse(&mut self, error: &smtp_proto::Error) {
        use smtp_proto::Error;
        match error {
            Error::UnknownCommand => self.bad("500 5.5.1 no such command\r\n"),
            Error::InvalidSenderAddress => self.bad("501 5.1.7 no sender's address\r\n"),
            Error::InvalidRecipientAddress => self.bad("501 5.1.3 no recipient's address\r\n"),
            Error::InvalidParameter { .. } | Error::UnsupportedParameter { .. } => {
                self.bad("555 5.5.4 parameter not known\r\n");
            }
            _ => self.bad("501 5.5.2 not understood\r\n"),
        }
    }

    fn obey(&mut self, request: Request<std::borrow::Cow<'_, str>>, house: &dyn House) -> Option<Step> {
        match request {
            Request::Ehlo { host } if self.dialect == Dialect::Smtp => self.greet(&host, true),
            Request::Helo { host } if self.dialect == Dialect::Smtp => self.greet(&host, false),
            Request::Lhlo { host } if self.dialect == Dialect::Lmtp => self.greet(&host, true),
            Request::Mail { from } => self.mail_from(&from, house),
            Request::Rcpt { to } => self.rcpt_to(&to.address, house),
            Request::Data => return self.data(house),
            Request::StartTls => return self.start_tls(),
            Request::Rset => {
                self.mail = None;
                self.say("250 2.0.0 forgotten\r\n");
            }
            Request::Noop { .. } => self.say("250 2.0.0 nothing done\r\n"),
            Request::Vrfy { .. } => self.say("252 2.0.0 send some mail, it will be tried\r\n"),
            Request::Expn { .. } | Request::Etrn { .. } | Request::Atrn { .. } | Request::Burl { .. } => {
                self.bad("502 5.5.1 not offered\r\n");
            }
            Request::Help { .. } => self.say("214 2.0.0 RFC 5321\r\n"),
            Request::Quit => self.end("221 2.0.0 bye\r\n"),
            // How long the bytes are that follow is not worth believing here.
            Request::Bdat { .. } => self.end("502 5.5.1 not offered\r\n"),
            Request::Auth { .. } => self.bad("502 5.5.1 nobody logs in here\r\n"),
            Request::Ehlo { .. } | Request::Helo { .. } | Request::Lhlo { .. } => {
                self.bad("500 5.5.1 not in this protocol\r\n");
            }
        }
        None
    }

    fn greet(&mut self, host: &str, extended: bool) {
        self.mail = None;
        self.greeted = true;
        self.helo = host.chars().filter(|c| !c.is_control()).take(255).collect();
        if !extended {
            let line = format!("250 {}\r\n", self.name);
            return self.say(&line);
        }
        let tls = if self.offers_tls && !self.is_secured { "250-STARTTLS\r\n" } else { "" };
        let lines = format!(
            "250-{}\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n{tls}250 ENHANCEDSTATUSCODES\r\n",
            self.name, self.limits.max_message
        );
        self.say(&lines);
    }

    fn mail_from(&mut self, from: &smtp_proto::MailFrom<std::borrow::Cow<'_, str>>, house: &dyn House) {
        if !self.greeted {
            return self.bad("503 5.5.1 say hello first\r\n");
        }
        if self.mail.is_some() {
            return self.bad("503 5.5.1 a mail has begun already\r\n");
        }
        if from.flags & (MAIL_BODY_BINARYMIME | MAIL_REQUIRETLS) != 0 {
            return self.bad("555 5.5.4 parameter not known\r\n");
        }
        if from.size as u64 > self.limits.max_message {
            return self.say("552 5.3.4 too long\r\n");
        }
        if !house.is_open() {
            return self.say("451 4.3.0 not now, try again later\r\n");
        }
        if self.limits.max_mails > 0 && self.mails >= self.limits.max_mails {
            return self.end("421 4.7.0 enough for one connection\r\n");
        }
        let given = from.address.trim();
        let sender = if given.is_empty() { None } else { address::normalise(given) };
        if sender.is_none() && !given.is_empty() {
            return self.bad("501 5.1.7 no sender's address\r\n");
        }
        self.mail = Some(Envelope {
            helo: self.helo.clone(),
            sender,
            recipients: Vec::new(),
            smtputf8: from.flags & MAIL_SMTPUTF8 != 0,
        });
        self.say("250 2.1.0 go on\r\n");
    }

    fn rcpt_to(&mut self, given: &str, house: &dyn House) {
        let Some(mail) = &mut self.mail else { return self.bad("503 5.5.1 MAIL first\r\n") };
        if mail.recipients.len() >= self.limits.max_recipients {
            return self.say("452 4.5.3 too many recipients\r\n");
        }
        let Some(recipient) = address::normalise(given) else {
            return self.bad("501 5.1.3 no recipient's address\r\n");
        };
        match house.recipient(&recipient) {
            Answer::Ours(mailbox) => {
                mail.recipients.push((recipient, mailbox));
                self.say("250 2.1.5 known\r\n");
            }
            Answer::Unknown => self.bad("550 5.1.1 nobody here by that name\r\n"),
            Answer::Off => self.say("550 5.2.1 takes no mail\r\n"),
            Answer::Foreign => self.bad("550 5.7.1 nothing is relayed here\r\n"),
        }
    }

    fn data(&mut self, house: &dyn House) -> Option<Step> {
        let Some(mail) = &self.mail else {
            self.bad("503 5.5.1 MAIL first\r\n");
            return None;
        };
        if mail.recipients.is_empty() {
            self.bad("554 5.5.1 nobody to give it to\r\n");
            return None;
        }
        if !self.buffer.is_empty() {
            // Who speaks before 354 means something else to be the mail than we would.
            self.end("554 5.5.1 wait for the answer to DATA\r\n");
            return None;
        }
        if !house.is_open() {
            self.mail = None;
            self.say("451 4.3.0 not now, try again later\r\n");
            return None;
        }
        self.say("354 go on, end with a dot\r\n");
        self.state = State::Data(Receiver::new(self.limits.bare_lines, self.limits.max_message));
        None
    }

    fn start_tls(&mut self) -> Option<Step> {
        if !self.offers_tls || self.is_secured {
            self.bad("502 5.5.1 not offered\r\n");
            return None;
        }
        if !self.buffer.is_empty() {
            self.end("554 5.5.1 wait for the answer to STARTTLS\r\n");
            return None;
        }
        self.state = State::Securing;
        self.out.extend_from_slice(b"220 2.0.0 begin\r\n");
        None
    }
}

/// Local parts with dots in a row or at the ends, as carriers gave them out, in quotes: so a strict parser takes them.
fn quoted_local(line: &[u8]) -> Vec<u8> {
    let open = line.iter().position(|byte| *byte == b'<');
    let close = line.iter().position(|byte| *byte == b'>');
    if let (Some(open), Some(close)) = (open, close)
        && open < close
        && let Ok(inner) = std::str::from_utf8(&line[open + 1..close])
    {
        let wired = address::on_the_wire(inner);
        return [&line[..=open], wired.as_bytes(), &line[close..]].concat();
    }
    line.to_vec()
}

#[cfg(test)]
#[path = "session_test.rs"]
mod tests;
