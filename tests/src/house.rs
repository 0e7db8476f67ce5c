//! A house to test in: a real server, the LINE double as its platform, a window 「サポート」 with its agents at their desks.

use std::path::PathBuf;

use madoguchi_loadtest::double::{Channel, Double, Options};
use serde_json::{Value, json};

use crate::world::{Api, PATIENCE, Server, SpawnOptions, wait_until};

/// The window's id.
pub const WINDOW: &str = "support";
const PASSWORD: &str = "correct horse 窓口 42";
/// Messages that a phone remembers: more than any test sends, so that none of them is forgotten before it is counted.
const PHONE: usize = 100_000;

/// The house.
#[derive(Debug)]
pub struct House {
    /// The server, a process of its own.
    pub server: Server,
    /// The platform.
    pub double: Double,
    /// The account that feeds the window.
    pub channel: Channel,
    /// The owner, logged in.
    pub owner: Api,
    /// The agents, logged in, with their ids.
    pub agents: Vec<(Api, String)>,
    /// The account's id on our side.
    pub inbox: String,
}

impl House {
    /// Starts everything, with so many agents (at most 100) and these settings of the server.
    ///
    /// # Panics
    /// Something does not start.
    pub async fn open(agents: usize, env: &[(&str, &str)]) -> Self {
        Self::open_in(None, agents, env).await
    }

    /// As [`House::open`], with the data folder where the test wants it.
    ///
    /// # Panics
    /// As [`House::open`].
    pub async fn open_in(data_dir: Option<PathBuf>, agents: usize, env: &[(&str, &str)]) -> Self {
        let mut settings = vec![
            ("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS".to_owned(), "true".to_owned()),
            ("MADOGUCHI_ENGINE__SEGMENT_BYTES".to_owned(), "4194304".to_owned()),
            ("MADOGUCHI_ENGINE__MIN_FREE_BYTES".to_owned(), "1048576".to_owned()),
        ];
        settings.extend(env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let server = Server::ready(SpawnOptions { data_dir, env: settings, ..SpawnOptions::default() }).await;
        server.add_user("owner", "owner", PASSWORD);
        let owner = server.api().login("owner", PASSWORD).await;
        let mut options = Options::default();
        options.limits.shown = PHONE;
        let double = Double::start(options).expect("free ports for the double");
        let channel = double.add_channel("サポート");
        owner.create_window(WINDOW, "サポート", 100).await.ok();
        let settings = json!({
            "mode": "auto", "channel_secret": channel.secret, "channel_access_token": channel.access_token,
            "api_base_url": double.api_url(), "api_data_base_url": double.data_url(),
        });
        let inbox = owner.create_inbox(WINDOW, "line", settings).await.ok();
        let inbox = inbox["id"].as_str().expect("an id").to_owned();
        double.set_webhook(&channel, &format!("{}/hooks/line/{inbox}", server.url())).expect("a webhook");
        let mut house = Self { server, double, channel, owner, agents: Vec::new(), inbox };
        for index in 0..agents {
            let login = format!("agent{index}");
            let id = house.owner.create_agent(&login, "agent", PASSWORD).await.ok()["id"].clone();
            let id = id.as_str().expect("an id").to_owned();
            house.owner.add_member(WINDOW, &id).await.ok();
            house.agents.push((house.server.api().login(&login, PASSWORD).await, id));
        }
        house
    }

    /// Logs everybody in again: sessions are cheap to lose, and a power cut may take them.
    ///
    /// # Panics
    /// A login is refused.
    pub async fn log_in_again(&mut self) {
        let api = self.server.api();
        self.owner = api.login("owner", PASSWORD).await;
        for (index, (agent, _)) in self.agents.iter_mut().enumerate() {
            *agent = api.login(&format!("agent{index}"), PASSWORD).await;
        }
    }

    /// A new customer who has written once; answers with their user id and the conversation.
    ///
    /// # Panics
    /// The message was not taken.
    pub async fn customer(&self, text: &str) -> (String, String) {
        let user = self.double.add_user(&self.channel, "客").expect("a user");
        let said = self.double.say(&user, text).await.expect("a channel with a webhook");
        assert!(said.acknowledged(), "{said:?}");
        let conversation = self.conversation_of(&user).await;
        (user, conversation)
    }

    /// The conversation with this customer.
    ///
    /// # Panics
    /// There is none.
    pub async fn conversation_of(&self, user: &str) -> String {
        let query = format!("q={user}&limit=1");
        let list = self.owner.conversations(WINDOW, &query).await.ok();
        list["items"][0]["id"].as_str().unwrap_or_else(|| panic!("no conversation with {user}: {list}")).to_owned()
    }

    /// What the customer's phone shows of ours, in order.
    ///
    /// # Panics
    /// No such customer.
    #[must_use]
    pub fn received(&self, user: &str) -> Vec<String> {
        let shown = self.double.conversation(user).expect("a user");
        shown.iter().filter(|bubble| bubble.via.is_some()).filter_map(|bubble| bubble.text.clone()).collect()
    }

    /// Every line of a conversation.
    ///
    /// # Panics
    /// It cannot be read.
    pub async fn timeline(&self, conversation: &str) -> Vec<Value> {
        self.timeline_after(conversation, 0).await
    }

    /// Every line of a conversation behind a number.
    ///
    /// # Panics
    /// It cannot be read.
    pub async fn timeline_after(&self, conversation: &str, number: u64) -> Vec<Value> {
        let mut lines: Vec<Value> = Vec::new();
        loop {
            let after = lines.last().and_then(|line| line["number"].as_u64()).unwrap_or(number);
            let page = self.owner.messages(conversation, &format!("after={after}&limit=200")).await.ok();
            let items = page["items"].as_array().expect("a page").clone();
            if items.is_empty() {
                return lines;
            }
            lines.extend(items);
        }
    }

    /// Waits until no answer of a conversation is on its way any more, and returns its timeline.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn settled(&self, conversation: &str) -> Vec<Value> {
        wait_until("every answer to have an end", PATIENCE, async || {
            let lines = self.timeline(conversation).await;
            let waits = |line: &Value| line["state"] == "queued" || line["state"] == "sending";
            (!lines.iter().any(waits)).then_some(lines)
        })
        .await
    }
}
