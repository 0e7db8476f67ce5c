//! Bot channels in the suite.

use bytes::Bytes;
use madoguchi_engine::Handle;
use madoguchi_engine::domain::org::{BotChannelSettings, InboxSettings};
use madoguchi_loadtest::bot::{System, SystemFault};
use serde_json::{Value, json};

use super::{Answer, Channel, Front, SendFault, picture};
use crate::inside::{self, INBOX};

/// A bot channel with the system behind it.
#[derive(Debug)]
pub struct BotChannel {
    system: System,
    front: Front,
}

impl BotChannel {
    /// The system.
    #[must_use]
    pub fn system(&self) -> &System {
        &self.system
    }
}

fn event(customer: &str, n: u32, kind: &str, more: Value) -> Bytes {
    let at = format!("2026-11-21T05:{:02}:{:02}.120Z", n / 60, n % 60);
    let contact = json!({ "id": customer, "name": customer });
    let mut event = json!({ "id": format!("{customer}-{n}"), "type": kind, "at": at, "contact": contact });
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    Bytes::from(event.to_string())
}

fn text(customer: &str, n: u32, text: &str) -> Bytes {
    event(customer, n, "message", json!({ "message": { "type": "text", "text": text } }))
}

impl Channel for BotChannel {
    const RECOGNISES_REPEATS: bool = true;

    async fn open(env: &[(&str, &str)]) -> Self {
        let system = System::start().expect("a free port");
        let front = Front::open("bot", Some(system.settings()), env).await;
        let mut channel = Self { system, front };
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
        self.system.set_hook(&self.front.hook());
    }

    fn customer(&self) -> String {
        self.system.add_customer()
    }

    fn message(&self, customer: &str, n: u32, text: &str) -> Bytes {
        self::text(customer, n, text)
    }

    fn unknown(&self, customer: &str) -> Bytes {
        event(customer, 80, "waved", json!({}))
    }

    fn broken(&self) -> Bytes {
        Bytes::from_static(br#"{"id":"broken-1","type":"message","message":{"type":"text","text":"from nobody"}}"#)
    }

    async fn bring_picture(&self, customer: &str, bytes: Option<usize>) -> Answer {
        let url = match bytes {
            Some(bytes) => self.system.add_file("image/png", Bytes::from(picture(bytes))),
            None => format!("{}/nothing.png", self.system.endpoint_url()),
        };
        self.bring(event(customer, 90, "message", json!({ "message": { "type": "image", "url": url } }))).await
    }

    async fn bring(&self, body: Bytes) -> Answer {
        Answer::of(self.system.bring(body).await)
    }

    async fn forge(&self, body: Bytes) -> Answer {
        Answer::of(self.system.bring_as(body, "whsec_bm90IHRoZSBzZWNyZXQgYXQgYWxsLCByZWFsbHk=", 0).await)
    }

    fn next_send(&self, fault: SendFault) {
        self.system.fail_next(match fault {
            SendFault::Refused => SystemFault::Answers(400),
            SendFault::AnswerLost => SystemFault::DropsAfter,
            SendFault::Hangs => SystemFault::HangsAfter,
            SendFault::TooFast => SystemFault::Answers(429),
        });
    }

    fn received(&self, customer: &str) -> Vec<String> {
        self.system.texts(customer)
    }

    fn settings() -> InboxSettings {
        InboxSettings::Bot(BotChannelSettings {
            name: "x".to_owned(),
            endpoint_url: inside::NOBODY.to_owned(),
            secret: "whsec_c2VjcmV0IHRoYXQgaXMgbm9uZSBvZiBhbnlib2R5".into(),
            former_secret: None,
        })
    }

    fn offline_customer(n: u8) -> String {
        format!("member-{n}")
    }

    async fn bring_offline(engine: &Handle, customer: &str, n: u32, text: &str) {
        engine.inbound(INBOX, self::text(customer, n, text)).await.expect("it is taken");
    }
}
