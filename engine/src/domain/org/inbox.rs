//! Accounts on outside channels, and what the engine asks of their settings whatever the channel is.
//!
//! A new channel adds a variant here, with settings in a file of its own, and says below how it differs. Nobody outside
//! of its own files looks into the variants.

use serde::{Deserialize, Serialize};

use super::{
    BotChannelSettings, FormerSecret, LineSettings, LineWorksSettings, MailSettings, SendMode, WhenQuotaEmpty,
};
use crate::domain::id::{InboxId, WindowId};
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// The kinds of channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChannelKind {
    /// A LINE Official Account.
    #[default]
    Line,
    /// A LINE WORKS bot for the members of one tenant.
    LineWorks,
    /// Mail.
    Mail,
    /// Another system, by signed webhooks.
    Bot,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Line, Self::LineWorks, Self::Mail, Self::Bot];

    /// Whether each recipient of an answer gets a copy of their own, with an end of its own.
    #[must_use]
    pub fn sends_copies(self) -> bool {
        match self {
            Self::Line | Self::LineWorks | Self::Bot => false,
            Self::Mail => true,
        }
    }

    /// A stable word: in addresses, counters and on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::LineWorks => "lineworks",
            Self::Mail => "mail",
            Self::Bot => "bot",
        }
    }

    /// Whether customers add an account of it as a friend, and are greeted for it (PRODUCT H2). Never by mail.
    #[must_use]
    pub fn greets(self) -> bool {
        match self {
            Self::Line | Self::LineWorks | Self::Bot => true,
            Self::Mail => false,
        }
    }

    /// Whether what is written over it is a chat, which ends by silence and with a notice (PRODUCT V6). Mail is none.
    #[must_use]
    pub fn is_chat(self) -> bool {
        match self {
            Self::Line | Self::LineWorks | Self::Bot => true,
            Self::Mail => false,
        }
    }
}

/// One configured account of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// Its id, part of its webhook's address.
    pub id: InboxId,
    /// The one window it feeds.
    pub window: WindowId,
    /// How it talks to its platform.
    pub settings: InboxSettings,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// The channel's own settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InboxSettings {
    /// A LINE Official Account.
    Line(LineSettings),
    /// A LINE WORKS bot. Boxed: a list of accounts is mostly of the smaller kinds.
    LineWorks(Box<LineWorksSettings>),
    /// The mail of a window.
    Mail(MailSettings),
    /// Another system.
    Bot(BotChannelSettings),
}

impl InboxSettings {
    /// Which channel.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Line(_) => ChannelKind::Line,
            Self::LineWorks(_) => ChannelKind::LineWorks,
            Self::Mail(_) => ChannelKind::Mail,
            Self::Bot(_) => ChannelKind::Bot,
        }
    }

    /// Whether these settings can be true.
    ///
    /// # Errors
    /// Names the field that cannot.
    pub fn check(&self) -> Result<(), Rejected> {
        match self {
            Self::Line(line) => line.check(),
            Self::LineWorks(works) => works.check(),
            Self::Mail(mail) => mail.check(),
            Self::Bot(bot) => bot.check(),
        }
    }

    /// Every secret with the name that its seal is bound to.
    pub fn secrets_mut(&mut self) -> Box<dyn Iterator<Item = (&'static str, &mut Secret)> + '_> {
        match self {
            Self::Line(line) => Box::new(line.secrets_mut()),
            Self::LineWorks(works) => Box::new(works.secrets_mut()),
            Self::Bot(bot) => Box::new(bot.secrets_mut()),
            Self::Mail(_) => Box::new(std::iter::empty()),
        }
    }

    /// Every secret.
    pub fn secrets(&self) -> Box<dyn Iterator<Item = &Secret> + '_> {
        match self {
            Self::Line(line) => Box::new(line.secrets()),
            Self::LineWorks(works) => Box::new(works.secrets()),
            Self::Bot(bot) => Box::new(bot.secrets()),
            Self::Mail(_) => Box::new(std::iter::empty()),
        }
    }

    /// The secrets that may sign what the platform sends now, with the name that their seal is bound to. None where
    /// nothing is signed.
    #[must_use]
    pub fn signing_secrets(&self, now: Timestamp) -> Vec<(&'static str, &Secret)> {
        match self {
            Self::Line(line) => with_former("channel_secret", &line.channel_secret, line.former_secret.as_ref(), now),
            Self::LineWorks(works) => with_former("bot_secret", &works.bot_secret, works.former_secret.as_ref(), now),
            Self::Mail(_) => Vec::new(),
            Self::Bot(bot) => with_former("secret", &bot.secret, bot.former_secret.as_ref(), now),
        }
    }

    /// How answers go out. A channel without free answers pushes.
    #[must_use]
    pub fn mode(&self) -> SendMode {
        match self {
            Self::Line(line) => line.mode,
            Self::LineWorks(_) => SendMode::Push,
            Self::Mail(_) => SendMode::Push,
            Self::Bot(_) => SendMode::Push,
        }
    }

    /// What becomes of answers that would cost when nothing is left; `None` where nothing costs.
    #[must_use]
    pub fn when_quota_empty(&self) -> Option<WhenQuotaEmpty> {
        match self {
            Self::Line(line) => Some(line.when_quota_empty),
            Self::LineWorks(_) => None,
            Self::Mail(_) => None,
            Self::Bot(_) => None,
        }
    }

    /// Whether the platform counts answers of this account and may run out of them.
    #[must_use]
    pub fn may_cost(&self) -> bool {
        self.when_quota_empty().is_some() && self.mode() != SendMode::Reply
    }

    /// Where the platform is, for a channel that has one address.
    #[must_use]
    pub fn platform_url(&self) -> Option<&str> {
        match self {
            Self::Line(line) => Some(&line.api_base_url),
            Self::LineWorks(works) => Some(&works.api_base_url),
            Self::Bot(bot) => Some(&bot.endpoint_url),
            Self::Mail(_) => None,
        }
    }

    /// Whether the account's platform is on this machine, as in tests: then what it names may be too.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.platform_url().is_some_and(|url| url.starts_with("http://"))
    }

    /// A place of several people that takes the account in is left at once.
    #[must_use]
    pub fn leaves_gatherings(&self) -> bool {
        match self {
            Self::Line(line) => line.leave_groups,
            Self::LineWorks(_) => true,
            Self::Mail(_) => false,
            Self::Bot(_) => false,
        }
    }

    /// Answers appear under the name of the agent who wrote them.
    #[must_use]
    pub fn shows_agent_name(&self) -> bool {
        match self {
            Self::Line(line) => line.show_agent_name,
            Self::LineWorks(_) => false,
            Self::Mail(_) => false,
            Self::Bot(_) => false,
        }
    }

    /// Customers see that their messages were read.
    #[must_use]
    pub fn marks_read(&self) -> bool {
        match self {
            Self::Line(line) => line.mark_as_read,
            Self::LineWorks(_) => false,
            Self::Mail(_) => false,
            Self::Bot(_) => false,
        }
    }

    /// Customers see that somebody is writing.
    #[must_use]
    pub fn shows_typing(&self) -> bool {
        match self {
            Self::Line(line) => line.loading,
            Self::LineWorks(_) => false,
            Self::Mail(_) => false,
            Self::Bot(_) => false,
        }
    }
}

fn with_former<'a>(
    field: &'static str,
    secret: &'a Secret,
    former: Option<&'a FormerSecret>,
    now: Timestamp,
) -> Vec<(&'static str, &'a Secret)> {
    let former = former.filter(|former| now < former.until).map(|former| (field, &former.secret));
    [(field, secret)].into_iter().chain(former).collect()
}
