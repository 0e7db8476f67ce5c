//! A LINE Official Account as the sender sees one: its bubbles, and the calls that carry them.

use futures_util::future::LocalBoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::client::LineClient;
use super::console::{Endpoint, Examined};
use super::tokens::TokenState;
use super::{render, text};
use crate::channels::media::{Gathering, Known, Opened, Preparation};
use crate::channels::public::PublicUrls;
use crate::channels::{Account, Bubble, Outcome, TYPING_MS};
use crate::domain::conversation::Outgoing;

/// One account.
#[derive(Debug)]
pub(crate) struct LineAccount {
    /// Makes its calls.
    pub(crate) client: LineClient,
    /// Where LINE fetches pictures, films and recordings.
    pub(crate) urls: PublicUrls,
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

    fn push<'a>(&'a self, to: &'a str, bubbles: &'a [Bubble], retry_key: u128) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.push(to, bubbles, Uuid::from_u128(retry_key)))
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

    fn examine<'a>(&'a self, webhook_url: &'a str) -> LocalBoxFuture<'a, Option<Examined>> {
        Box::pin(async move { Some(self.client.examine(webhook_url).await) })
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
