//! What happened to the organisation. New facts stand at the end: their number is how the journal knows them.

use serde::{Deserialize, Serialize};

use super::products::Owned;
use super::trial::Trial;
use super::{Agent, Bot, Inbox, Invitation, MailDomain, Role, WindowEntry};
use crate::domain::id::{AgentId, InvitationId, WindowId};
use crate::domain::time::Timestamp;
use crate::domain::window::Profile;

/// Facts of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A person can log in.
    AgentCreated(Agent),
    /// A person's password changed.
    PasswordChanged {
        /// Who.
        agent: AgentId,
        /// PHC string of the new one.
        password_hash: String,
    },
    /// A person may not log in any more, or may again.
    AgentDisabled {
        /// Who.
        agent: AgentId,
        /// Whether they are out.
        disabled: bool,
    },
    /// A person is called otherwise, may do other things, or has another picture.
    AgentChanged {
        /// Who.
        agent: AgentId,
        /// What colleagues see now.
        name: String,
        /// What they may do now.
        role: Role,
        /// Where their picture is now.
        icon_url: Option<String>,
    },
    /// A window exists.
    WindowCreated(WindowEntry),
    /// An account feeds a window.
    InboxCreated(Inbox),
    /// An account's settings changed.
    InboxChanged(Inbox),
    /// A window has its invite link.
    WindowInvited {
        /// Which one.
        window: WindowId,
        /// The link's code.
        code: u128,
    },
    /// A window is called or described otherwise, or has another picture.
    WindowDescribed {
        /// Which one.
        window: WindowId,
        /// All of it as it is now.
        profile: Profile,
    },
    /// A window is about to change to another product, which nobody else can have.
    ProductReserved {
        /// Which one.
        window: WindowId,
        /// The other product.
        product: u16,
    },
    /// A window is bound to this product; of the two that it had, the other is free.
    ProductSettled {
        /// Which one.
        window: WindowId,
        /// Its product.
        product: u16,
    },
    /// Another number of products is under contract.
    ProductsOwned(Owned),
    /// A trial began.
    TrialStarted(Trial),
    /// A contract follows the trial.
    TrialEnded,
    /// A window was reset: it is no more.
    WindowReset {
        /// Which one.
        window: WindowId,
        /// When its own stream said so.
        reset_at: Timestamp,
        /// Who did it.
        by: Option<AgentId>,
        /// It was the last one: everything is erased.
        erase: bool,
    },
    /// Nothing is left of what was said in a window that was reset.
    WindowErased {
        /// The code of its invite link.
        code: u128,
    },
    /// A link was given out, with which one person makes their own login.
    Invited(Invitation),
    /// The link was taken back.
    InvitationTakenBack {
        /// Which one.
        id: InvitationId,
    },
    /// Somebody came with the link; they were created in the same record.
    InvitationAccepted {
        /// Which one.
        id: InvitationId,
        /// Who they are.
        agent: AgentId,
    },
    /// The windows of the invitation have been told.
    InvitationSettled {
        /// Which one.
        id: InvitationId,
    },
    /// A bot stands in front of a window, or stands there otherwise.
    BotSet(Box<Bot>),
    /// No bot stands in front of a window any more.
    BotRemoved {
        /// Which.
        window: WindowId,
    },
    /// A domain that mail carries, or how it stands.
    MailDomainSet(MailDomain),
    /// A domain is not carried any more.
    MailDomainRemoved {
        /// Its name.
        name: String,
    },
}
