//! Bots themselves: what the platform says of one, where its callbacks go, and making and removing those of ours
//! (PRODUCT B1, W5). The platform wants these calls one after the other.

use serde::Deserialize;
use serde_json::json;

use super::client::WorksClient;
use crate::channels::Outcome;
use crate::channels::account::{Established, Wish};
use crate::channels::examine::Endpoint;

/// The kinds of message that people may send to a bot. What is not named is greyed out in their app.
pub(super) const CALLBACKS: [&str; 7] = ["text", "location", "sticker", "image", "file", "audio", "video"];

/// What the platform says of a bot.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bot {
    pub(super) bot_name: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) enable_callback: Option<bool>,
    #[serde(default)]
    pub(super) callback_events: Vec<String>,
    pub(super) enable_group_join: Option<bool>,
}

impl Bot {
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        let url = self.callback_url.clone().filter(|url| !url.is_empty())?;
        Some(Endpoint { url, active: self.enable_callback.unwrap_or(true) })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    bot_id: Number,
}

/// A number, whichever way it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
struct Secret {
    secret: String,
}

impl WorksClient {
    /// Asks what the platform knows of the bot.
    pub(super) async fn bot(&self) -> Result<Bot, Outcome> {
        let request = self.http.get(self.address(&["bots", &self.bot]));
        self.call(None, request).await?.read()
    }

    /// Has callbacks of every kind go to this address.
    pub(super) async fn call_back_to(&self, url: &str) -> Outcome {
        let body = json!({ "enableCallback": true, "callbackUrl": url, "callbackEvents": CALLBACKS });
        let request = self.http.patch(self.address(&["bots", &self.bot])).json(&body);
        self.call(None, request).await.map_or_else(|outcome| outcome, |told| told.outcome())
    }

    /// Makes a bot and lets the members of a domain see it. One that cannot be finished is removed again.
    pub(super) async fn make_bot(&self, wish: &Wish, domain_id: &str) -> Result<Established, Outcome> {
        let body = json!({
            "botName": wish.name, "photoUrl": wish.picture_url, "description": wish.description,
            "administrators": wish.keepers, "enableGroupJoin": false,
            "enableCallback": true, "callbackUrl": wish.webhook_url, "callbackEvents": CALLBACKS,
        });
        let told = self.call(None, self.http.post(self.address(&["bots"])).json(&body)).await?;
        let made: Made = told.read()?;
        let bot = match made.bot_id {
            Number::Number(number) => number.to_string(),
            Number::Text(text) => text,
        };
        match self.finish_bot(&bot, domain_id).await {
            Ok(secret) => Ok(Established { id: bot, secret }),
            Err(outcome) => {
                self.remove_bot(&bot).await;
                Err(outcome)
            }
        }
    }

    async fn finish_bot(&self, bot: &str, domain_id: &str) -> Result<String, Outcome> {
        let request = self.http.post(self.address(&["bots", bot, "secret"]));
        let secret: Secret = self.call(None, request).await?.read()?;
        let address = self.address(&["bots", bot, "domains", domain_id]);
        match self.call(None, self.http.post(address).json(&json!({ "visible": true }))).await?.outcome() {
            Outcome::Accepted { .. } => Ok(secret.secret),
            no => Err(no),
        }
    }

    /// Gives the bot another name.
    pub(super) async fn rename_bot(&self, name: &str) -> Outcome {
        let request = self.http.patch(self.address(&["bots", &self.bot])).json(&json!({ "botName": name }));
        self.call(None, request).await.map_or_else(|outcome| outcome, |told| told.outcome())
    }

    /// Removes a bot. One that is not there is removed.
    pub(super) async fn remove_bot(&self, bot: &str) -> Outcome {
        let request = self.http.delete(self.address(&["bots", bot]));
        match self.call(None, request).await {
            Ok(told) if told.status == 404 => Outcome::Accepted { external_ids: Vec::new(), request_id: None },
            Ok(told) => told.outcome(),
            Err(outcome) => outcome,
        }
    }
}
