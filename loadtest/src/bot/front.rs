//! Putting a bot in front of a window, as its administrator would, and judging afterwards how it was treated.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hyper::Method;
use madoguchi_protocol::api::{BotDeliveryType, BotMade};
use serde_json::{Value, json};

use super::{Act, Bot, Brain};
use crate::run::RunError;
use crate::run::api::Api;

impl Bot {
    /// Starts a bot and puts it in front of a window of the server at `base`; one that stood there goes. Whoever asks, as
    /// an owner: its address is on this machine.
    ///
    /// # Errors
    /// No port, or the server says no.
    pub(crate) async fn in_front(
        base: &str,
        owner: &Api,
        window: &str,
        settings: &Value,
        brain: Brain,
    ) -> Result<Self, RunError> {
        let failed = |source| RunError::Machine { what: "a port for the bot", source };
        let bot = Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), brain).map_err(failed)?;
        let path = format!("/api/v1/windows/{window}/bot");
        let mut body = json!({"name": "案内ボット", "endpoint_url": bot.url()});
        if let (Some(body), Some(more)) = (body.as_object_mut(), settings.as_object()) {
            body.extend(more.clone());
        }
        let made: BotMade = owner.call(Method::PUT, &path, Some(&body)).await?;
        // One that stood there has secrets that nobody here knows.
        let empty = json!({});
        let secret = match made.secret {
            Some(secret) => secret,
            None => {
                let made: BotMade = owner.call(Method::POST, &format!("{path}/secret"), Some(&empty)).await?;
                made.secret.unwrap_or_default()
            }
        };
        let token = match made.token {
            Some(token) => token,
            None => {
                let made: BotMade = owner.call(Method::POST, &format!("{path}/token"), Some(&empty)).await?;
                made.token.unwrap_or_default()
            }
        };
        bot.meet(base, &secret, &token);
        Ok(bot)
    }

    /// How the bot was treated so far.
    #[must_use]
    pub fn treatment(&self) -> Treatment {
        let mut treatment = Treatment::default();
        let mut newest: BTreeMap<String, u64> = BTreeMap::new();
        let mut known: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for heard in self.heard() {
            treatment.unsigned += usize::from(!heard.signed);
            let Some((conversation, number)) = heard.id.strip_prefix("dlv_").and_then(|id| id.rsplit_once('_')) else {
                continue;
            };
            let number: u64 = number.parse().unwrap_or_default();
            if known.insert(heard.id.clone(), heard.body).is_some() {
                treatment.again += 1;
                continue;
            }
            treatment.told += 1;
            treatment.messages += usize::from(heard.delivery.kind == BotDeliveryType::Message);
            let before = newest.insert(conversation.to_owned(), number).unwrap_or_default();
            treatment.out_of_order += usize::from(number <= before);
        }
        treatment.conversations = newest.len();
        for answered in self.answers() {
            match answered.status {
                200..=299 if matches!(answered.act, Act::Say(_)) => treatment.said += 1,
                200..=299 => treatment.let_go += 1,
                409 => treatment.too_late += 1,
                _ => treatment.failed += 1,
            }
        }
        treatment
    }
}

/// What a bot was told and what became of what it said. Nothing unsigned and nothing out of order is what must hold; who
/// was told as often as customers wrote to it is for the caller to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Treatment {
    /// Deliveries, each counted once.
    pub told: usize,
    /// Of these, messages of customers.
    pub messages: usize,
    /// Conversations that it heard of.
    pub conversations: usize,
    /// Deliveries that came more than once.
    pub again: usize,
    /// Deliveries without a right signature.
    pub unsigned: usize,
    /// Deliveries that came after a later one of their conversation.
    pub out_of_order: usize,
    /// Answers that were accepted.
    pub said: usize,
    /// Hand-overs and completions that were accepted.
    pub let_go: usize,
    /// Calls that came after the seat had moved on.
    pub too_late: usize,
    /// Calls that failed otherwise.
    pub failed: usize,
}
