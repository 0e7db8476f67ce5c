//! LINE WORKS in the suite.

use bytes::Bytes;
use madoguchi_engine::Handle;
use madoguchi_engine::domain::org::{InboxSettings, LineWorksSettings, Maker};
use madoguchi_loadtest::lineworks::{Api, Bot, Fault, LineWorksDouble, Options};
use serde_json::{Value, json};

use super::{Answer, Channel, Front, SendFault, picture};
use crate::inside::{self, INBOX};

/// LINE WORKS with its double.
#[derive(Debug)]
pub struct LineWorksChannel {
    double: LineWorksDouble,
    bot: Bot,
    front: Front,
}

fn event(customer: &str, n: u32, content: &Value) -> Bytes {
    let issued = format!("2026-11-21T05:{:02}:{:02}.120Z", n / 60, n % 60);
    let source = json!({ "userId": customer, "domainId": 40_029_600 });
    Bytes::from(json!({ "type": "message", "source": source, "issuedTime": issued, "content": content }).to_string())
}

fn text(customer: &str, n: u32, text: &str) -> Bytes {
    event(customer, n, &json!({ "type": "text", "text": text }))
}

impl LineWorksChannel {
    /// The platform.
    #[must_use]
    pub fn double(&self) -> &LineWorksDouble {
        &self.double
    }

    /// The bot.
    #[must_use]
    pub fn bot(&self) -> &Bot {
        &self.bot
    }

    /// As [`Channel::open`], on a platform with these options.
    pub async fn open_on(options: Options, env: &[(&str, &str)]) -> Self {
        let double = LineWorksDouble::start(options).expect("free ports");
        let bot = double.add_bot("サポート");
        let front = Front::open("lineworks", Some(double.settings(&bot)), env).await;
        let mut channel = Self { double, bot, front };
        channel.moved();
        channel
    }
}

impl Channel for LineWorksChannel {
    const RECOGNISES_REPEATS: bool = false;

    async fn open(env: &[(&str, &str)]) -> Self {
        Self::open_on(Options::default(), env).await
    }

    fn front(&self) -> &Front {
        &self.front
    }

    fn front_mut(&mut self) -> &mut Front {
        &mut self.front
    }

    fn moved(&mut self) {
        self.double.set_callback(&self.bot.id, &self.front.hook());
        self.bot = self.double.bot(&self.bot.id).expect("it is there");
    }

    fn customer(&self) -> String {
        self.double.add_member("山田 太郎")
    }

    fn message(&self, customer: &str, n: u32, text: &str) -> Bytes {
        self::text(customer, n, text)
    }

    fn unknown(&self, customer: &str) -> Bytes {
        let source = json!({ "userId": customer, "domainId": 40_029_600 });
        Bytes::from(json!({ "type": "waved", "source": source, "issuedTime": "2026-11-21T05:00:00Z" }).to_string())
    }

    fn broken(&self) -> Bytes {
        Bytes::from_static(br#"{"type":"message","content":{"type":"text","text":"from nobody"}}"#)
    }

    async fn bring_picture(&self, customer: &str, bytes: Option<usize>) -> Answer {
        let id = match bytes {
            Some(bytes) => self.double.add_file("image/png", Bytes::from(picture(bytes))),
            None => "jp1.gone".to_owned(),
        };
        self.bring(event(customer, 90, &json!({ "type": "image", "fileId": id }))).await
    }

    async fn bring(&self, body: Bytes) -> Answer {
        Answer::of(self.double.post(&self.bot.id, body).await.status)
    }

    async fn forge(&self, body: Bytes) -> Answer {
        let signature = "bm90IGEgc2lnbmF0dXJlIGF0IGFsbCwgcmVhbGx5ISE=";
        Answer::of(self.double.post_signed(&self.bot, body, signature).await.status)
    }

    fn next_send(&self, fault: SendFault) {
        let fault = match fault {
            SendFault::Refused => Fault::ErrorBefore(400),
            SendFault::AnswerLost => Fault::DropAfter,
            SendFault::Hangs => Fault::HangAfter,
            SendFault::TooFast => Fault::RateLimited,
        };
        self.double.faults().once(Api::Send, fault);
    }

    fn received(&self, customer: &str) -> Vec<String> {
        self.double.texts(customer)
    }

    fn settings() -> InboxSettings {
        let app = LineWorksDouble::app_of_all();
        InboxSettings::LineWorks(Box::new(LineWorksSettings {
            client_id: app.client_id,
            client_secret: app.client_secret.as_str().into(),
            service_account: app.service_account,
            private_key: app.private_key.as_str().into(),
            bot_id: "2000001".to_owned(),
            bot_secret: "s".into(),
            former_secret: None,
            made_by: Maker::Customer,
            domain_id: String::new(),
            calls_a_minute: 240,
            api_base_url: inside::NOBODY.to_owned(),
            auth_base_url: inside::NOBODY.to_owned(),
        }))
    }

    fn offline_customer(n: u8) -> String {
        format!("U0123456789abcdef0123456789abcd{n:02x}")
    }

    async fn bring_offline(engine: &Handle, customer: &str, n: u32, text: &str) {
        engine.inbound(INBOX, self::text(customer, n, text)).await.expect("it is taken");
    }
}
