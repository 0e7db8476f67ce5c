//! A LINE Official Account as the sender sees one: its bubbles, and the calls that carry them.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use parking_lot::Mutex;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::client::LineClient;
use super::console;
use super::credential::Credential;
use super::{render, text};
use crate::channels::examine::{Endpoint, Examination};
use crate::channels::media::{Gathering, Known, Opened, Preparation};
use crate::channels::network::Means;
use crate::channels::public::PublicUrls;
use crate::channels::signing::SigningKey;
use crate::channels::tokens::{TokenSource, TokenState};
use crate::channels::{Account, Bubble, Outcome, Parcel, TYPING_MS};
use crate::domain::conversation::Outgoing;
use crate::domain::id::InboxId;
use crate::domain::org::{Access, LineSettings};

/// One account.
pub(crate) struct LineAccount {
    /// Makes its calls.
    pub(crate) client: LineClient,
    /// Where LINE fetches pictures, films and recordings.
    pub(crate) urls: PublicUrls,
    /// How it is set up.
    pub(crate) settings: LineSettings,
}

/// Every account of LINE: where their tokens come from, and the settings that this was made of.
#[derive(Default)]
pub(crate) struct Accounts {
    tokens: Mutex<HashMap<InboxId, (LineSettings, Arc<TokenSource>)>>,
}

impl Accounts {
    /// The account with these settings; `None` where they allow no call.
    pub(crate) fn open(&self, means: &Means, inbox: InboxId, line: &LineSettings) -> Option<Box<dyn Account>> {
        let client = match &line.access {
            Access::LongLived { token } => {
                let token = means.open_secret(inbox, "channel_access_token", token)?;
                LineClient::new(means.http.clone(), &line.api_base_url, &token).ok()?
            }
            Access::Stateless | Access::Assertion { .. } => {
                let tokens = self.tokens(means, inbox, line)?;
                LineClient::asking(means.http.clone(), &line.api_base_url, tokens).ok()?
            }
        };
        let client = client.with_data(means.media.clone(), &line.api_data_base_url).ok()?;
        Some(Box::new(LineAccount { client, urls: means.urls.clone(), settings: line.clone() }))
    }

    /// Where the account's tokens come from: the same as long as what they are asked with is the same.
    fn tokens(&self, means: &Means, inbox: InboxId, line: &LineSettings) -> Option<Arc<TokenSource>> {
        let mut known = self.tokens.lock();
        if let Some((made_of, tokens)) = known.get(&inbox)
            && asks_alike(made_of, line)
        {
            return Some(tokens.clone());
        }
        let channel_id = line.channel_id.clone();
        let credential = match &line.access {
            Access::LongLived { .. } => return None,
            Access::Stateless => Credential::Secret {
                channel_id,
                secret: means.open_secret(inbox, "channel_secret", &line.channel_secret)?,
            },
            Access::Assertion { kid, key } => {
                let key = Box::new(SigningKey::read(&means.open_secret(inbox, "assertion_key", key)?).ok()?);
                Credential::Assertion { channel_id, kid: kid.clone(), key }
            }
        };
        let (http, clock) = (means.http.clone(), means.clock.clone());
        let tokens = Arc::new(TokenSource::new(http, &line.api_base_url, Box::new(credential), clock).ok()?);
        known.insert(inbox, (line.clone(), tokens.clone()));
        Some(tokens)
    }
}

/// Whether tokens are asked for with the same, at the same place.
fn asks_alike(one: &LineSettings, other: &LineSettings) -> bool {
    let by_secret = matches!(one.access, Access::Stateless);
    one.access == other.access
        && one.channel_id == other.channel_id
        && one.api_base_url == other.api_base_url
        && (!by_secret || one.channel_secret == other.channel_secret)
}

impl Account for LineAccount {
    fn bubbles(&self, items: &[Outgoing], joined: bool) -> Vec<Bubble> {
        render::bubbles(items, joined, &self.urls)
    }

    fn bubbles_a_call(&self) -> usize {
        text::BUBBLES
    }

    fn reply<'a>(&'a self, token: &'a str, bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.reply(token, bubbles))
    }

    fn push<'a>(&'a self, parcel: Parcel<'a>) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.push(parcel.to, parcel.bubbles, Uuid::from_u128(parcel.retry_key)))
    }

    fn check<'a>(&'a self, bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.validate(bubbles))
    }

    fn show_typing<'a>(&'a self, to: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.show_loading(to, (TYPING_MS / 1_000).try_into().unwrap_or(60)))
    }

    fn mark_read<'a>(&'a self, token: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.mark_as_read(token))
    }

    fn content<'a>(&'a self, message_id: &'a str) -> LocalBoxFuture<'a, Opened> {
        Box::pin(self.client.content(message_id))
    }

    fn preparation<'a>(&'a self, message_id: &'a str) -> LocalBoxFuture<'a, Preparation> {
        Box::pin(self.client.preparation(message_id))
    }

    fn profile<'a>(&'a self, external_id: &'a str) -> LocalBoxFuture<'a, Known> {
        Box::pin(self.client.profile(external_id))
    }

    fn quota(&self) -> LocalBoxFuture<'_, Result<(Option<u64>, u64), Outcome>> {
        Box::pin(self.client.quota())
    }

    fn examine<'a>(&'a self, webhook_url: &'a str, destination: Option<&'a str>) -> LocalBoxFuture<'a, Examination> {
        Box::pin(async move {
            let examined = self.client.examine(webhook_url).await;
            let findings = console::findings(&self.settings, webhook_url, destination, &examined);
            Examination { name: examined.bot.ok().map(|bot| bot.display_name), findings }
        })
    }

    fn endpoint(&self) -> LocalBoxFuture<'_, Result<Option<Endpoint>, Outcome>> {
        Box::pin(self.client.endpoint())
    }

    fn set_endpoint<'a>(&'a self, url: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.set_endpoint(url))
    }

    /// LINE's own address for adding an account as a friend (LINE URL scheme, "Adding LINE Official Accounts as friends").
    fn door(&self) -> LocalBoxFuture<'_, Result<Option<String>, Outcome>> {
        Box::pin(async move {
            let bot = self.client.bot_info().await?;
            let encode = |id: String| utf8_percent_encode(&id, NON_ALPHANUMERIC).to_string();
            Ok(bot.basic_id.map(|id| format!("https://line.me/R/ti/p/{}", encode(id))))
        })
    }

    fn token_state(&self) -> TokenState {
        self.client.tokens().map(|tokens| tokens.state()).unwrap_or_default()
    }

    fn keep_token(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(tokens) = self.client.tokens() {
                tokens.keep().await;
            }
        })
    }

    fn leave<'a>(&'a self, gathering: &'a Gathering) -> LocalBoxFuture<'a, bool> {
        Box::pin(self.client.leave(gathering))
    }
}
