//! A bot as the engine sees one: its objects, and the calls that carry them.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::client::WorksClient;
use super::content::{self, Object};
use super::credential::Credential;
use super::examine;
use super::pace::Pace;
use crate::channels::account::{Established, Wish};
use crate::channels::examine::{Endpoint, Examination};
use crate::channels::media::{Gathering, Known, Opened};
use crate::channels::network::Means;
use crate::channels::signing::SigningKey;
use crate::channels::tokens::{TokenSource, TokenState};
use crate::channels::{Account, Bubble, Outcome, Parcel};
use crate::content::ContentStore;
use crate::domain::conversation::Outgoing;
use crate::domain::id::InboxId;
use crate::domain::org::{LineWorksSettings, Maker};

/// Files that all bots carry up at a time; each is in memory meanwhile.
const UPLOADS_AT_ONCE: usize = 4;

/// One bot.
pub(crate) struct LineWorksAccount {
    client: WorksClient,
    content: ContentStore,
    uploads: Arc<Semaphore>,
    made_by: Maker,
    domain_id: String,
    public: bool,
}

/// Every bot: where their tokens come from, and how fast their tenants may call.
pub(crate) struct Accounts {
    tokens: Mutex<HashMap<InboxId, (LineWorksSettings, Arc<TokenSource>)>>,
    paces: Mutex<HashMap<(String, String), Arc<Pace>>>,
    uploads: Arc<Semaphore>,
}

impl Default for Accounts {
    fn default() -> Self {
        let uploads = Arc::new(Semaphore::new(UPLOADS_AT_ONCE));
        Self { tokens: Mutex::default(), paces: Mutex::default(), uploads }
    }
}

impl Accounts {
    /// The bot with these settings; `None` where they allow no call.
    pub(crate) fn open(&self, means: &Means, inbox: InboxId, works: &LineWorksSettings) -> Option<Box<dyn Account>> {
        let client = self.client(means, inbox, works)?;
        let (content, uploads) = (means.content.clone(), self.uploads.clone());
        let public = works.api_base_url.starts_with("https://");
        Some(Box::new(LineWorksAccount {
            client,
            content,
            uploads,
            made_by: works.made_by,
            domain_id: works.domain_id.clone(),
            public,
        }))
    }

    /// Its calls.
    pub(crate) fn client(&self, means: &Means, inbox: InboxId, works: &LineWorksSettings) -> Option<WorksClient> {
        let tokens = self.tokens(means, inbox, works)?;
        let tenant = (works.api_base_url.clone(), works.client_id.clone());
        let pace = self.paces.lock().entry(tenant).or_insert_with(|| Pace::new(means.clock.clone())).clone();
        let clients = (means.http.clone(), means.media.clone());
        WorksClient::new(clients, &works.api_base_url, &works.bot_id, tokens, (pace, works.calls_a_minute)).ok()
    }

    /// Where the account's tokens come from: the same as long as what they are asked with is the same.
    fn tokens(&self, means: &Means, inbox: InboxId, works: &LineWorksSettings) -> Option<Arc<TokenSource>> {
        let mut known = self.tokens.lock();
        if let Some((made_of, tokens)) = known.get(&inbox)
            && asks_alike(made_of, works)
        {
            return Some(tokens.clone());
        }
        let credential = Credential {
            client_id: works.client_id.clone(),
            client_secret: means.open_secret(inbox, "client_secret", &works.client_secret)?,
            service_account: works.service_account.clone(),
            key: SigningKey::read(&means.open_secret(inbox, "private_key", &works.private_key)?).ok()?,
        };
        let (http, clock) = (means.http.clone(), means.clock.clone());
        let tokens = Arc::new(TokenSource::new(http, &works.auth_base_url, Box::new(credential), clock).ok()?);
        known.insert(inbox, (works.clone(), tokens.clone()));
        Some(tokens)
    }
}

fn asks_alike(one: &LineWorksSettings, other: &LineWorksSettings) -> bool {
    one.client_id == other.client_id
        && one.client_secret == other.client_secret
        && one.service_account == other.service_account
        && one.private_key == other.private_key
        && one.auth_base_url == other.auth_base_url
}

impl LineWorksAccount {
    async fn deliver(&self, parcel: Parcel<'_>) -> Outcome {
        let [bubble] = parcel.bubbles else {
            return Outcome::Refused { status: 0, detail: "one message at a time".to_owned() };
        };
        let Ok(mut object) = serde_json::from_value::<Object>(bubble.body.clone()) else {
            return Outcome::Refused { status: 0, detail: "nothing that can be sent".to_owned() };
        };
        for file in &object.files {
            let Ok(_place) = self.uploads.acquire().await else { return Outcome::NotSent };
            match self.client.upload(&self.content, file).await {
                Ok(id) => {
                    if let Some(place) = object.content.pointer_mut(&file.place) {
                        place[&file.field] = id.into();
                    }
                }
                Err(outcome) => return outcome,
            }
        }
        self.client.send(parcel.to, &object.content).await
    }
}

impl Account for LineWorksAccount {
    fn bubbles(&self, items: &[Outgoing], _joined: bool) -> Vec<Bubble> {
        content::bubbles(items)
    }

    fn bubbles_a_call(&self) -> usize {
        1
    }

    fn push<'a>(&'a self, parcel: Parcel<'a>) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.deliver(parcel))
    }

    fn content<'a>(&'a self, message_id: &'a str) -> LocalBoxFuture<'a, Opened> {
        Box::pin(self.client.download(message_id))
    }

    fn profile<'a>(&'a self, external_id: &'a str) -> LocalBoxFuture<'a, Known> {
        Box::pin(self.client.profile(external_id))
    }

    fn examine<'a>(&'a self, webhook_url: &'a str, _destination: Option<&'a str>) -> LocalBoxFuture<'a, Examination> {
        Box::pin(examine::examine(&self.client, webhook_url, self.public))
    }

    fn endpoint(&self) -> LocalBoxFuture<'_, Result<Option<Endpoint>, Outcome>> {
        Box::pin(async { self.client.bot().await.map(|bot| bot.endpoint()) })
    }

    fn set_endpoint<'a>(&'a self, url: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(self.client.call_back_to(url))
    }

    fn token_state(&self) -> TokenState {
        self.client.tokens.state()
    }

    fn keep_token(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(self.client.tokens.keep())
    }

    fn leave<'a>(&'a self, gathering: &'a Gathering) -> LocalBoxFuture<'a, bool> {
        let (Gathering::Room(room) | Gathering::Group(room)) = gathering;
        Box::pin(self.client.leave(room))
    }

    fn establish<'a>(&'a self, wish: &'a Wish) -> LocalBoxFuture<'a, Result<Established, Outcome>> {
        Box::pin(self.client.make_bot(wish, &self.domain_id))
    }

    fn rename<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(async {
            match self.made_by {
                Maker::Product => self.client.rename_bot(name).await,
                Maker::Customer => nothing_of_ours(),
            }
        })
    }

    fn retire(&self) -> LocalBoxFuture<'_, Outcome> {
        Box::pin(async {
            match self.made_by {
                Maker::Product => self.client.remove_bot(&self.client.bot).await,
                Maker::Customer => nothing_of_ours(),
            }
        })
    }
}

/// There is nothing to be done at the platform.
fn nothing_of_ours() -> Outcome {
    Outcome::Accepted { external_ids: Vec::new(), request_id: None }
}
