//! The platforms themselves, over the network: from an account's settings to its calls.
//!
//! What one channel keeps between calls, such as where its tokens come from, is in its own folder. A new channel is a
//! field here and an arm of `account`.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::account::{Account, Platform};
use super::http::{BadSettings, Timeouts, http_client};
use super::media::Opened as OpenedMedia;
use super::outside::Outside;
use super::signed::{Posted, Posting};
use super::{bot, line, lineworks, mail, public};
use crate::clock::Clock;
use crate::content::ContentStore;
use crate::domain::id::InboxId;
use crate::domain::org::{Inbox, InboxSettings};
use crate::domain::secret::Secret;
use crate::vault::{Opened, Place, Vault};

/// How long the bytes of one file may take.
const MEDIA_TOTAL: Duration = Duration::from_secs(900);

/// How long a bot, or the system behind a bot channel, may take for the answer to one delivery.
const SIGNED_TOTAL: Duration = Duration::from_secs(10);

/// What accounts of all channels are made with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Means {
    /// For calls.
    pub(crate) http: reqwest::Client,
    /// For what may take long.
    pub(crate) media: reqwest::Client,
    /// Where platforms fetch what is sent.
    pub(crate) urls: public::PublicUrls,
    /// Opens the accounts' secrets.
    pub(crate) vault: Vault,
    /// The time.
    pub(crate) clock: Clock,
    /// The files that are carried to platforms. Not to be asked on a thread that may not block.
    pub(crate) content: ContentStore,
}

/// The platforms themselves.
pub(crate) struct Network {
    means: Means,
    outside: Outside,
    /// For signed calls, which are short.
    signed: Outside,
    line: line::account::Accounts,
    lineworks: lineworks::account::Accounts,
    mail: Option<mail::out::MailOut>,
}

impl Means {
    /// The text of an account's secret, where a key opens it.
    pub(crate) fn open_secret(&self, inbox: InboxId, field: &'static str, secret: &Secret) -> Option<Opened> {
        self.vault.open_secret(Place { inbox, field }, secret).ok()
    }
}

impl Network {
    pub(crate) fn open(
        urls: public::PublicUrls,
        vault: Vault,
        clock: Clock,
        content: ContentStore,
        mail: Option<mail::out::MailOut>,
    ) -> Result<Self, BadSettings> {
        let http = http_client(Timeouts::default())?;
        let media = http_client(Timeouts { total: MEDIA_TOTAL, ..Timeouts::default() })?;
        Ok(Self {
            means: Means { http, media, urls, vault, clock, content },
            outside: Outside::new(MEDIA_TOTAL)?,
            signed: Outside::new(SIGNED_TOTAL)?,
            line: line::account::Accounts::default(),
            lineworks: lineworks::account::Accounts::default(),
            mail,
        })
    }
}

impl Platform for Network {
    fn account(&self, inbox: &Inbox) -> Option<Box<dyn Account>> {
        match &inbox.settings {
            InboxSettings::Line(line) => self.line.open(&self.means, inbox.id, line),
            InboxSettings::LineWorks(works) => self.lineworks.open(&self.means, inbox.id, works),
            InboxSettings::Mail(_) => mail::account::open(&self.means, self.mail.as_ref()?, inbox),
            InboxSettings::Bot(bot) => bot::account::open(&self.means, &self.signed, inbox.id, bot),
        }
    }

    fn outside<'a>(&'a self, address: &'a str, local: bool) -> LocalBoxFuture<'a, OpenedMedia> {
        Box::pin(self.outside.open(address, local))
    }

    fn post<'a>(&'a self, call: &'a Posting) -> LocalBoxFuture<'a, Posted> {
        Box::pin(self.signed.post(call))
    }
}
