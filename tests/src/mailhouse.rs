//! A house that mail comes to and leaves from: a real server with a window 「サポート」 and its owner at the desk.

use std::net::SocketAddr;

use serde_json::Value;

use crate::world::{Api, PATIENCE, Port, Server, SpawnOptions, wait_until};

/// The domain of default addresses.
pub const DOMAIN: &str = "in.desk.example";
/// The domain of envelope senders.
pub const BOUNCES: &str = "bounce.in.desk.example";
/// The window's address.
pub const TO: &str = "support@in.desk.example";
const PASSWORD: &str = "correct horse battery staple";

/// The house.
#[derive(Debug)]
pub struct MailHouse {
    /// The server, a process of its own.
    pub server: Server,
    /// The owner, logged in, who is a member of the window.
    pub owner: Api,
}

impl MailHouse {
    /// Starts a server with these settings more, their names without `MADOGUCHI_`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn open(more: &[(&str, String)]) -> Self {
        let fixed = [
            ("PASSWORDS__WEAK_HASHES_FOR_TESTS", "true"),
            ("ENGINE__SEGMENT_BYTES", "4194304"),
            ("ENGINE__MIN_FREE_BYTES", "1048576"),
            ("MAIL__INBOUND_DOMAIN", DOMAIN),
            ("MAIL__BOUNCE_DOMAIN", BOUNCES),
            // Nobody answers there: no test asks the names of the world.
            ("MAIL__RESOLVERS", "[\"127.0.0.1:9\"]"),
            ("MAIL_IN__LISTEN_SMTP", "127.0.0.1:0"),
            ("MAIL_IN__LISTEN_LMTP", "127.0.0.1:0"),
            ("MAIL_IN__MAX_MAILS_PER_CONNECTION", "100000"),
            ("MAIL_IN__ASK_DNS", "false"),
        ];
        let fixed = fixed.iter().filter(|(key, _)| more.iter().all(|(other, _)| other != key));
        let mut env: Vec<_> = fixed.map(|(key, value)| (format!("MADOGUCHI_{key}"), (*value).to_owned())).collect();
        env.extend(more.iter().map(|(key, value)| (format!("MADOGUCHI_{key}"), value.clone())));
        let server = Server::ready(SpawnOptions { env, ..SpawnOptions::default() }).await;
        server.add_user("owner", "owner", PASSWORD);
        let owner = server.api().login("owner", PASSWORD).await;
        owner.create_window("support", "サポート", 5).await.ok();
        let me = owner.get("/api/v1/session").await.ok()["agent"]["id"].as_str().expect("who is logged in").to_owned();
        owner.add_member("support", &me).await.ok();
        Self { server, owner }
    }

    /// Settings of a relay on this machine, for [`MailHouse::open`].
    #[must_use]
    pub fn relay(port: u16) -> Vec<(&'static str, String)> {
        vec![
            ("MAIL__RELAY__HOST", "127.0.0.1".to_owned()),
            ("MAIL__RELAY__PORT", port.to_string()),
            ("MAIL__RELAY__TLS", "none".to_owned()),
        ]
    }

    /// Where the server takes mail, `smtp` or `lmtp`, by what it logged last.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn listens(&self, over: &str) -> SocketAddr {
        let log = self.server.log();
        let line = log.lines().rev().find(|line| line.contains("listening for mail")).expect("it listens for mail");
        let (_, rest) = line.split_once(&format!("{over}=Some(")).expect("an address");
        rest.split(')').next().expect("one").parse().expect("an address")
    }

    /// The server comes back after its end; where it takes mail and API calls may be elsewhere then.
    ///
    /// # Panics
    /// It does not.
    pub async fn back(&mut self) {
        self.server.restart(Port::Free);
        self.server.wait_ready().await;
        self.owner = self.server.api().login("owner", PASSWORD).await;
    }

    /// The window's only conversation, once there is one.
    ///
    /// # Panics
    /// There is none, or several.
    pub async fn case(&self) -> String {
        wait_until("a case", PATIENCE, async || {
            let list = self.owner.conversations("support", "limit=10").await.ok();
            let items = list["items"].as_array().expect("a list").clone();
            assert!(items.len() <= 1, "{items:?}");
            items.first().map(|row| row["id"].as_str().expect("an id").to_owned())
        })
        .await
    }

    /// The owner's seat in a conversation.
    ///
    /// # Panics
    /// It cannot be had.
    pub async fn sit(&self, case: &str) -> u64 {
        self.owner.claim(case).await.ok()["seat"]["epoch"].as_u64().expect("an epoch")
    }

    /// Answers, and says under which number.
    ///
    /// # Panics
    /// The answer is refused.
    pub async fn answer(&self, case: &str, epoch: u64, client_id: &str, text: &str) -> u64 {
        self.owner.send(case, client_id, epoch, text).await.ok()["message"]["number"].as_u64().expect("a number")
    }

    /// A message.
    ///
    /// # Panics
    /// There is no such one.
    pub async fn message(&self, case: &str, number: u64) -> Value {
        let all = self.owner.messages(case, "limit=100").await.ok();
        let all = all["items"].as_array().expect("a list");
        all.iter().find(|one| one["number"] == number).unwrap_or_else(|| panic!("no {number}: {all:?}")).clone()
    }

    /// How the copies of an answer stand: recipient, state, code.
    ///
    /// # Panics
    /// There is no such answer.
    pub async fn copies(&self, case: &str, number: u64) -> Vec<(String, String, u64)> {
        let message = self.message(case, number).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let copies = message["copies"].as_array().cloned().unwrap_or_default();
        copies.iter().map(|one| (text(&one["to"]), text(&one["state"]), one["code"].as_u64().unwrap_or(0))).collect()
    }

    /// Waits until the copies of an answer stand like this, in order.
    ///
    /// # Panics
    /// They do not come to.
    pub async fn copies_stand(&self, case: &str, number: u64, states: &[&str]) -> Vec<(String, String, u64)> {
        let mut last = Vec::new();
        for _ in 0..PATIENCE.as_millis() / 50 {
            last = self.copies(case, number).await;
            if last.iter().map(|(_, state, _)| state.as_str()).eq(states.iter().copied()) {
                return last;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("copies should stand at {states:?}: {last:?}\n{}", self.server.log())
    }

    /// The subjects of every mail of the window, sorted.
    ///
    /// # Panics
    /// The server does not say.
    pub async fn subjects(&self) -> Vec<String> {
        let mut subjects = Vec::new();
        let mut cursor = String::new();
        loop {
            let list = self.owner.conversations("support", &format!("limit=100{cursor}")).await.ok();
            for row in list["items"].as_array().expect("a list") {
                let messages = self.owner.messages(row["id"].as_str().expect("an id"), "limit=100").await.ok();
                let mails = messages["items"].as_array().expect("a list").iter();
                let mails = mails.filter(|one| one["content"]["type"] == "mail" && one["direction"] == "inbound");
                subjects.extend(mails.map(|one| one["content"]["subject"].as_str().expect("a text").to_owned()));
            }
            match list["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        subjects.sort();
        subjects
    }

    /// How many stored bodies are not settled.
    pub async fn waiting(&self) -> usize {
        self.owner.get("/api/v1/windows/support/raw").await.ok()["items"].as_array().map_or(usize::MAX, Vec::len)
    }
}
