//! Mail in the suite. It differs from platforms with webhooks in what a mail is:
//! - it is taken (250) before it is read, so that [`Channel::settled`] waits for the reading;
//! - nobody signs for it: who has no right to bring a mail is who brings one for addresses that are not ours;
//! - its files are in it: what is gone is a part that cannot be read out of it;
//! - its answers are tried again a minute later and by themselves, so that the others do not wait for them.

use bytes::Bytes;
use madoguchi_engine::Handle;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::org::{InboxSettings, MailSettings};
use madoguchi_engine::mail_server::MailListen;
use madoguchi_loadtest::mail::{Door, Draft, Fault, MailDouble, Options, post};
use serde_json::Value;

use super::{Answer, Channel, Front, Media, SendFault, picture};
use crate::world::{PATIENCE, wait_until};

const DOMAIN: &str = "in.desk.example";
const TO: &str = "support@in.desk.example";

/// Mail with its double.
#[derive(Debug)]
pub struct MailChannel {
    double: MailDouble,
    door: Door,
    front: Front,
}

fn draft<'a>(customer: &'a str, n: u32, id: &'a str, references: &'a [String], text: &'a str) -> Draft<'a> {
    let at_ms = 1_795_237_245_000 + i64::from(n) * 1_000;
    Draft { from: ("山田 太郎", customer), to: TO, subject: "返品", id, at_ms, references, text }
}

fn id(customer: &str, n: u32) -> String {
    format!("{n}.{customer}")
}

/// The ids that the `n`th mail names: all of them answer the first.
fn references(customer: &str, n: u32) -> Vec<String> {
    (n > 1).then(|| id(customer, 1)).into_iter().collect()
}

fn mail(customer: &str, n: u32, text: &str) -> Bytes {
    Bytes::from(draft(customer, n, &id(customer, n), &references(customer, n), text).write())
}

/// One with a file, in this encoding.
fn with_file(customer: &str, n: u32, mime: &str, encoding: &str, file: &str) -> Bytes {
    let body = format!(
        "--b\r\nContent-Type: {mime}; name=\"photo\"\r\nContent-Transfer-Encoding: {encoding}\r\n\
         Content-Disposition: attachment; filename=\"photo\"\r\n\r\n{file}\r\n--b--"
    );
    let (id, references) = (id(customer, n), references(customer, n));
    Bytes::from(draft(customer, n, &id, &references, "").with_body("multipart/mixed; boundary=b", "7bit", &body))
}

/// Quoted-printable, in short lines.
fn quoted(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut quoted = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let _ = write!(quoted, "={byte:02X}");
        if at % 24 == 23 {
            quoted.push_str("=\r\n");
        }
    }
    quoted
}

/// Who a mail says that it is from, as its provider's envelope would.
fn sender(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail);
    let from = text.lines().find_map(|line| line.strip_prefix("From: ")).unwrap_or_default();
    from.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(inner, _)| inner).to_owned()
}

impl MailChannel {
    async fn hand_over(&self, to: &str, mail: &[u8]) -> Answer {
        match self.double.hand_over(&self.door, &sender(mail), to, mail).await {
            Ok(answer) if answer.starts_with("250") => Answer::Taken,
            Ok(answer) => Answer::Refused(answer.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0)),
            Err(_) => Answer::Nothing,
        }
    }
}

impl Channel for MailChannel {
    const RECOGNISES_REPEATS: bool = false;
    const KEEPS_ORDER_IN_TROUBLE: bool = false;
    const MEDIA_LIMIT: &str = "MADOGUCHI_MAIL_IN__MAX_ATTACHMENT_BYTES";

    async fn open(env: &[(&str, &str)]) -> Self {
        let double = MailDouble::start(Options::default()).expect("a free port");
        let anywhere = Door::Smtp(([127, 0, 0, 1], 0).into());
        let settings = double.server_settings(DOMAIN, &anywhere);
        let mut all: Vec<(String, String)> =
            settings.into_iter().map(|(name, value)| (format!("MADOGUCHI_{name}"), value)).collect();
        // A second try comes within the patience of a test.
        all.push(("MADOGUCHI_MAIL__RELAY__RETRY_S".to_owned(), "1".to_owned()));
        all.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let front = Front::open("mail", None, &all).await;
        let mut channel = Self { double, door: anywhere, front };
        channel.moved();
        channel
    }

    fn front(&self) -> &Front {
        &self.front
    }

    fn front_mut(&mut self) -> &mut Front {
        &mut self.front
    }

    fn moved(&mut self) {
        self.double.hang_up();
        self.door = Door::Smtp(self.front.server.takes_mail("smtp"));
    }

    async fn settled(&self) {
        wait_until("mail to be read", PATIENCE, async || {
            let waiting = self.front.waiting_bodies().await;
            waiting.iter().all(|why| why != "busy").then_some(())
        })
        .await;
    }

    fn customer(&self) -> String {
        self.double.add_customer("山田 太郎")
    }

    fn message(&self, customer: &str, n: u32, text: &str) -> Bytes {
        mail(customer, n, text)
    }

    fn unknown(&self, customer: &str) -> Bytes {
        with_file(customer, 50, "application/x-waved", "7bit", "waved")
    }

    fn broken(&self) -> Bytes {
        Bytes::from_static(b"Subject: x\r\n\r\nfrom nobody\r\n")
    }

    async fn bring_picture(&self, customer: &str, bytes: Option<usize>) -> Answer {
        let mail = match bytes {
            Some(bytes) => with_file(customer, 90, "image/png", "quoted-printable", &quoted(&picture(bytes))),
            None => with_file(customer, 90, "image/png", "base64", "<<<<>>>>"),
        };
        self.bring(mail).await
    }

    fn media(line: &Value) -> Option<Media> {
        let mail = &line["content"];
        let file = &mail["attachments"][0];
        let is_offered = file["url"].is_string();
        match file["bytes"].as_u64()? {
            _ if !is_offered => Some(Media::TooLarge),
            // What is left is the mail itself, as it came.
            0 => mail["whole_url"].is_string().then_some(Media::Gone),
            bytes => Some(Media::Kept(bytes)),
        }
    }

    async fn bring(&self, body: Bytes) -> Answer {
        self.hand_over(TO, &body).await
    }

    async fn forge(&self, body: Bytes) -> Answer {
        self.hand_over("somebody@elsewhere.example", &body).await
    }

    fn next_send(&self, fault: SendFault) {
        self.double.relay().next(match fault {
            SendFault::Refused => Fault::Says("550 5.1.1 nobody here".to_owned()),
            SendFault::AnswerLost => Fault::DropAfter,
            SendFault::Hangs => Fault::HangAfter,
            SendFault::TooFast => Fault::Says("450 4.7.1 too fast".to_owned()),
        });
    }

    fn received(&self, customer: &str) -> Vec<String> {
        // Below stands the mail that is answered.
        let texts = self.double.texts(customer).into_iter();
        texts.map(|text| text.split("\n\n").next().unwrap_or_default().to_owned()).collect()
    }

    fn settings() -> InboxSettings {
        InboxSettings::Mail(MailSettings::default())
    }

    fn configure(config: &mut Config) {
        DOMAIN.clone_into(&mut config.mail_out.inbound_domain);
        DOMAIN.clone_into(&mut config.mail_out.bounce_domain);
        config.mail_out.resolvers = vec![([127, 0, 0, 1], 9).into()];
        config.mail_in.ask_dns = false;
    }

    fn offline_customer(n: u8) -> String {
        format!("c{n}@customers.example")
    }

    async fn bring_offline(engine: &Handle, customer: &str, n: u32, text: &str) {
        let listen =
            MailListen { smtp: Some("127.0.0.1:0".to_owned()), name: DOMAIN.to_owned(), ..MailListen::default() };
        let server = engine.serve_mail(listen).expect("a free port");
        let smtp = server.smtp.expect("it listens");
        let answer = post(smtp, customer, &[TO], &mail(customer, n, text)).await;
        assert!(answer.starts_with("250"), "{answer}");
        server.stop().await;
    }
}
