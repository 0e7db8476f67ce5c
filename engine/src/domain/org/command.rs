//! What is wished of the organisation.

use super::{Agent, Bot, Inbox, Invitation, MailDomain, MailKey, Role, WindowEntry};
use crate::domain::id::{AgentId, InvitationId, WindowId};
use crate::domain::time::Timestamp;
use crate::domain::window::Profile;

/// A wish to the organisation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Let a person log in.
    CreateAgent(Agent),
    /// Give a person another password.
    ChangePassword {
        /// Who.
        agent: AgentId,
        /// PHC string.
        password_hash: String,
    },
    /// Shut a person out, or let them in again.
    DisableAgent {
        /// Who.
        agent: AgentId,
        /// Whether they are out.
        disabled: bool,
    },
    /// Call a person otherwise, let them do other things, or give them another picture. What is left out stays.
    ChangeAgent {
        /// Who.
        agent: AgentId,
        /// What colleagues are to see.
        name: Option<String>,
        /// What they may do.
        role: Option<Role>,
        /// Where their picture is; empty for none.
        icon_url: Option<String>,
    },
    /// Add a window.
    CreateWindow(WindowEntry),
    /// Add an account.
    CreateInbox(Inbox),
    /// Change an account.
    ChangeInbox(Inbox),
    /// Give a window its invite link, where it has none.
    InviteTo {
        /// Which one.
        window: WindowId,
        /// The link's code.
        code: u128,
    },
    /// Call or describe a window otherwise, or give it another picture.
    DescribeWindow {
        /// Which one.
        window: WindowId,
        /// All of it as it is to be.
        profile: Profile,
    },
    /// Keep a product for a window that is to change to it.
    ReserveProduct {
        /// Which one.
        window: WindowId,
        /// The product.
        product: u16,
    },
    /// The window has decided which of its two products it is bound to.
    SettleProduct {
        /// Which one.
        window: WindowId,
        /// Its product.
        product: u16,
    },
    /// Put other numbers of products under contract.
    OwnProducts(Vec<(u16, u16)>),
    /// Begin a trial.
    StartTrial {
        /// Now.
        now: Timestamp,
    },
    /// Put a contract after the trial.
    EndTrial,
    /// A window's stream has said that it was reset.
    ResetWindow {
        /// Which one.
        window: WindowId,
        /// When.
        reset_at: Timestamp,
        /// Who did it.
        by: Option<AgentId>,
        /// It was the last one.
        erase: bool,
    },
    /// What was said in a window that was reset is gone.
    NoteErased {
        /// The code of its invite link.
        code: u128,
    },
    /// Give a link out.
    Invite(Invitation),
    /// Take it back.
    TakeInvitationBack {
        /// Which one.
        id: InvitationId,
    },
    /// Come with the link.
    AcceptInvitation {
        /// Which one.
        id: InvitationId,
        /// Who they will be; role and, where it was named, login are the invitation's.
        agent: Agent,
    },
    /// Its windows have been told.
    SettleInvitation {
        /// Which one.
        id: InvitationId,
    },
    /// Put a bot in front of a window, or change it.
    SetBot(Box<Bot>),
    /// Take a window's bot away.
    RemoveBot {
        /// The window.
        window: WindowId,
    },
    /// Add a domain that mail carries.
    AddMailDomain(MailDomain),
    /// Keep how such a domain stands.
    ChangeMailDomain(MailDomain),
    /// Carry a domain no more.
    RemoveMailDomain {
        /// Its name.
        name: String,
    },
    /// Have a new key wait for a domain until it was seen published.
    DrawMailKey {
        /// The domain.
        domain: String,
        /// The key.
        key: Box<MailKey>,
    },
    /// Sign with the new key from now on.
    TakeMailKey {
        /// The domain.
        domain: String,
        /// When it was seen published.
        seen_at: Timestamp,
    },
    /// Forget the new key.
    DropMailKey {
        /// The domain.
        domain: String,
    },
}
