//! LINE in the suite.

use bytes::Bytes;
use madoguchi_engine::Handle;
use madoguchi_engine::channels::line::signature;
use madoguchi_engine::domain::org::{Access, InboxSettings, LineSettings, SendMode};
use madoguchi_loadtest::double::{
    Channel as Account, Double, Endpoint, Event, Fault, Media, Options, Readiness, Times,
};
use serde_json::{Value, json};

use super::{Answer, Channel, Front, SendFault, picture};
use crate::inside::{self, INBOX};

/// LINE with its double.
#[derive(Debug)]
pub struct LineChannel {
    double: Double,
    account: Account,
    front: Front,
    http: reqwest::Client,
}

impl LineChannel {
    async fn post(&self, body: Bytes, signature: String) -> Answer {
        let request = self.http.post(self.front.hook()).header("x-line-signature", signature).body(body);
        Answer::of(request.send().await.ok().map(|answer| answer.status().as_u16()))
    }
}

fn event(customer: &str, n: u32, message: &Value) -> Bytes {
    let event = json!({
        "type": "message", "timestamp": 1_795_237_245_000_i64 + i64::from(n) * 1_000,
        "source": { "type": "user", "userId": customer }, "webhookEventId": format!("E{customer}-{n}"),
        "message": message,
    });
    Bytes::from(json!({ "destination": "U", "events": [event] }).to_string())
}

fn text(customer: &str, n: u32, text: &str) -> Bytes {
    event(customer, n, &json!({ "type": "text", "id": format!("{customer}-{n}"), "text": text }))
}

impl Channel for LineChannel {
    const RECOGNISES_REPEATS: bool = true;

    async fn open(env: &[(&str, &str)]) -> Self {
        let double = Double::start(Options::default()).expect("free ports");
        let account = double.add_channel("サポート");
        let settings = json!({
            "mode": "push", "channel_secret": account.secret, "channel_access_token": account.access_token,
            "api_base_url": double.api_url(), "api_data_base_url": double.data_url(),
        });
        let front = Front::open("line", Some(settings), env).await;
        let mut channel = Self { double, account, front, http: reqwest::Client::new() };
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
        self.double.set_webhook(&self.account, &self.front.hook()).expect("a channel");
    }

    fn customer(&self) -> String {
        self.double.add_user(&self.account, "客").expect("a user")
    }

    fn message(&self, customer: &str, n: u32, text: &str) -> Bytes {
        self::text(customer, n, text)
    }

    fn unknown(&self, customer: &str) -> Bytes {
        let event = json!({
            "type": "waved", "timestamp": 1_795_237_245_000_i64, "webhookEventId": format!("E{customer}-w"),
            "source": { "type": "user", "userId": customer },
        });
        Bytes::from(json!({ "destination": "U", "events": [event] }).to_string())
    }

    fn broken(&self) -> Bytes {
        Bytes::from_static(br#"{"destination":"U","events":[{"type":"message","source":{"type":"user"}}]}"#)
    }

    async fn bring_picture(&self, customer: &str, bytes: Option<usize>) -> Answer {
        let event = Event::image(customer);
        let event = match bytes {
            Some(bytes) => event.with_content(Media::new("image/png", picture(bytes))),
            None => event.ready(Readiness::Expired),
        };
        Answer::of(self.double.send(event).await.expect("a user").status)
    }

    async fn bring(&self, body: Bytes) -> Answer {
        let signature = signature::sign(&self.account.secret, &body);
        self.post(body, signature).await
    }

    async fn forge(&self, body: Bytes) -> Answer {
        let signature = signature::sign("another secret", &body);
        self.post(body, signature).await
    }

    fn next_send(&self, fault: SendFault) {
        let fault = match fault {
            SendFault::Refused => Fault::ErrorBefore(400),
            SendFault::AnswerLost => Fault::DropAfter,
            SendFault::Hangs => Fault::HangAfter,
            SendFault::TooFast => Fault::RateLimited,
        };
        self.double.faults().set(Endpoint::Push, fault, Times::Next(1));
    }

    fn received(&self, customer: &str) -> Vec<String> {
        let shown = self.double.conversation(customer).expect("a user");
        shown.iter().filter(|bubble| bubble.via.is_some()).filter_map(|bubble| bubble.text.clone()).collect()
    }

    fn settings() -> InboxSettings {
        InboxSettings::Line(LineSettings {
            api_base_url: inside::NOBODY.to_owned(),
            api_data_base_url: inside::NOBODY.to_owned(),
            ..LineSettings::new("s".into(), Access::LongLived { token: "t".into() }, SendMode::Push)
        })
    }

    fn offline_customer(n: u8) -> String {
        format!("U0123456789abcdef0123456789abcd{n:02x}")
    }

    async fn bring_offline(engine: &Handle, customer: &str, n: u32, text: &str) {
        engine.inbound(INBOX, self::text(customer, n, text)).await.expect("it is taken");
    }
}
