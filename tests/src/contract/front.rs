//! A real server with a window, an agent and an account of some channel.

use serde_json::Value;

use crate::world::{Api, PATIENCE, Port, Server, SpawnOptions, wait_until};

/// The window's id.
pub(super) const WINDOW: &str = "support";
const PASSWORD: &str = "correct horse 窓口 42";

/// The server and who works at it.
#[derive(Debug)]
pub struct Front {
    /// A process of its own.
    pub server: Server,
    /// The owner, logged in.
    pub owner: Api,
    /// An agent of the window, logged in.
    pub agent: Api,
    /// The account's id on our side.
    pub inbox: String,
    kind: &'static str,
}

impl Front {
    /// Starts everything. The account is of this kind and has these settings, or is the one that every window has.
    pub(super) async fn open(kind: &'static str, settings: Option<Value>, env: &[(&str, &str)]) -> Self {
        let mut all = vec![
            ("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS".to_owned(), "true".to_owned()),
            ("MADOGUCHI_ENGINE__MIN_FREE_BYTES".to_owned(), "1048576".to_owned()),
        ];
        all.extend(env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let server = Server::ready(SpawnOptions { env: all, ..SpawnOptions::default() }).await;
        server.add_user("owner", "owner", PASSWORD);
        let owner = server.api().login("owner", PASSWORD).await;
        owner.create_window(WINDOW, "サポート", 5).await.ok();
        let inbox = match settings {
            Some(settings) => owner.create_inbox(WINDOW, kind, settings).await.ok(),
            // The window came with one.
            None => owner.get("/api/v1/inboxes").await.ok()["items"][0].clone(),
        };
        assert_eq!(inbox["kind"], kind, "{inbox}");
        let id = owner.create_agent("aya", "agent", PASSWORD).await.ok()["id"].clone();
        owner.add_member(WINDOW, id.as_str().expect("an id")).await.ok();
        let agent = server.api().login("aya", PASSWORD).await;
        Self { server, owner, agent, inbox: inbox["id"].as_str().expect("an id").to_owned(), kind }
    }

    /// Where the platform brings what customers write.
    #[must_use]
    pub fn hook(&self) -> String {
        format!("{}/hooks/{}/{}", self.server.url(), self.kind, self.inbox)
    }

    /// Ends the server in the middle of whatever it does, and starts it again.
    pub async fn kill_and_restart(&mut self) {
        self.server.kill9();
        self.server.restart(Port::Free);
        self.server.wait_ready().await;
        self.owner = self.server.api().login("owner", PASSWORD).await;
        self.agent = self.server.api().login("aya", PASSWORD).await;
    }

    /// The conversation with this customer.
    pub async fn conversation(&self, customer: &str) -> String {
        wait_until("a conversation", PATIENCE, async || {
            let list = self.owner.conversations(WINDOW, &format!("q={customer}&limit=1")).await.ok();
            list["items"][0]["id"].as_str().map(str::to_owned)
        })
        .await
    }

    /// Every line of a conversation.
    pub async fn lines(&self, conversation: &str) -> Vec<Value> {
        let page = self.owner.messages(conversation, "after=0&limit=200").await.ok();
        page["items"].as_array().expect("a page").clone()
    }

    /// The customer's texts in a conversation, in order; what came without words is left out.
    pub async fn texts(&self, conversation: &str) -> Vec<String> {
        let lines = self.lines(conversation).await;
        let inbound = lines.iter().filter(|line| line["direction"] == "inbound");
        let texts = inbound.filter_map(|line| line["content"]["text"].as_str().map(str::to_owned));
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// Waits until this line is as wished, and returns it.
    pub async fn line(&self, conversation: &str, number: u64, wished: impl Fn(&Value) -> bool) -> Value {
        wait_until("a line to be as wished", PATIENCE, async || {
            let lines = self.lines(conversation).await;
            lines.into_iter().find(|line| line["number"] == number).filter(|line| wished(line))
        })
        .await
    }

    /// Waits until the answer with this number has an end, and returns its state.
    pub async fn end(&self, conversation: &str, number: u64) -> String {
        let ended = |line: &Value| line["state"] != "queued" && line["state"] != "sending";
        let line = self.line(conversation, number, ended).await;
        line["state"].as_str().expect("a state").to_owned()
    }

    /// The agent starts the conversation; answers with the seat's epoch.
    pub async fn claim(&self, conversation: &str) -> u64 {
        self.agent.claim(conversation).await.ok()["seat"]["epoch"].as_u64().expect("an epoch")
    }

    /// The agent answers; the number of the answer.
    pub async fn answer(&self, conversation: &str, epoch: u64, text: &str) -> u64 {
        let sent = self.agent.send(conversation, text, epoch, text).await.ok();
        sent["message"]["number"].as_u64().unwrap_or_else(|| panic!("no number in {sent}"))
    }

    /// Why each body that is stored whole waits.
    pub async fn waiting_bodies(&self) -> Vec<String> {
        let list = self.owner.get(&format!("/api/v1/windows/{WINDOW}/raw")).await.ok();
        let items = list["items"].as_array().expect("a list");
        items.iter().map(|it| it["reason"].as_str().expect("a reason").to_owned()).collect()
    }
}
