//! One bot channel as the engine calls it: signed deliveries to its endpoint.

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::answer;
use crate::channels::examine::{Examination, Finding};
use crate::channels::network::Means;
use crate::channels::outside::Outside;
use crate::channels::public::PublicUrls;
use crate::channels::signed::{Posted, Posting};
use crate::channels::{Account, Bubble, Outcome, Parcel};
use crate::clock::Clock;
use crate::domain::conversation::Outgoing;
use crate::domain::id::InboxId;
use crate::domain::org::BotChannelSettings;
use crate::vault::Opened;

/// One account.
pub(crate) struct BotAccount {
    pub(super) outside: Outside,
    pub(super) urls: PublicUrls,
    pub(super) clock: Clock,
    pub(super) name: String,
    pub(super) endpoint_url: String,
    /// Every one signs, the newest first.
    pub(super) secrets: Vec<Opened>,
}

/// The account with these settings; `None` where they allow no call. `outside` makes the calls.
pub(crate) fn open(
    means: &Means,
    outside: &Outside,
    inbox: InboxId,
    bot: &BotChannelSettings,
) -> Option<Box<dyn Account>> {
    let now = means.clock.now();
    let mut secrets = vec![means.open_secret(inbox, "secret", &bot.secret)?];
    let former = bot.former_secret.as_ref().filter(|former| now < former.until);
    secrets.extend(former.and_then(|former| means.open_secret(inbox, "secret", &former.secret)));
    Some(Box::new(BotAccount {
        outside: outside.clone(),
        urls: means.urls.clone(),
        clock: means.clock.clone(),
        name: bot.name.clone(),
        endpoint_url: bot.endpoint_url.clone(),
        secrets,
    }))
}

impl BotAccount {
    /// Whether the other system is on this machine.
    fn is_local(&self) -> bool {
        self.endpoint_url.starts_with("http://")
    }

    async fn deliver(&self, id: String, mut body: Value) -> Posted {
        body["id"] = id.as_str().into();
        let secrets: Vec<&str> = self.secrets.iter().map(|secret| secret.as_str()).collect();
        let body = Bytes::from(body.to_string());
        let posting = Posting::signed(&self.endpoint_url, self.is_local(), id, body, &secrets, self.clock.now());
        self.outside.post(&posting).await
    }

    async fn answer(&self, parcel: Parcel<'_>) -> Outcome {
        let [bubble] = parcel.bubbles else {
            return Outcome::Refused { status: 0, detail: "one message at a time".to_owned() };
        };
        let mut body = bubble.body.clone();
        body["contact"] = json!({ "id": parcel.to });
        answer::outcome(self.deliver(answer::delivery_id(parcel.retry_key), body).await)
    }

    async fn look(&self, webhook_url: &str) -> Examination {
        let now = self.clock.now();
        let ping = json!({ "type": "ping", "at": answer::text_of(now) });
        let posted = self.deliver(format!("ping_{}", now.0), ping).await;
        let mut findings: Vec<Finding> = match posted {
            Posted::Answered(200..300) => None,
            Posted::Answered(401 | 403) => Some(Finding::EndpointRefusesSignature),
            Posted::Answered(_) => Some(Finding::EndpointFails),
            Posted::Unreachable | Posted::BrokeOff => Some(Finding::PlatformUnreachable),
            Posted::TooSlow => Some(Finding::EndpointTooSlow),
            Posted::Unsafe => Some(Finding::EndpointUnsafe),
        }
        .into_iter()
        .collect();
        if !self.is_local() && !webhook_url.starts_with("https://") {
            findings.push(Finding::PublicUrlNotHttps);
        }
        findings.push(Finding::CallbackUntried);
        Examination { name: Some(self.name.clone()), findings }
    }
}

impl Account for BotAccount {
    fn bubbles(&self, items: &[Outgoing], _joined: bool) -> Vec<Bubble> {
        answer::bubbles(items, &self.urls)
    }

    fn bubbles_a_call(&self) -> usize {
        1
    }

    fn push<'a>(&'a self, parcel: Parcel<'a>) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.answer(parcel))
    }

    fn examine<'a>(&'a self, webhook_url: &'a str, _destination: Option<&'a str>) -> LocalBoxFuture<'a, Examination> {
        Box::pin(self.look(webhook_url))
    }
}
