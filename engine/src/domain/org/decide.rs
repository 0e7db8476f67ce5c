//! What follows from a wish to the organisation: each kind of wish is decided beside what it is about.

use super::{Command, Event, Org, agent, bot, invitation, mail_domain, products, reset, trial, window};
use crate::domain::rejected::Rejected;

/// What follows from a wish.
///
/// # Errors
/// The rule that the wish breaks.
pub fn decide(org: &Org, command: Command) -> Result<Vec<Event>, Rejected> {
    match command {
        Command::CreateAgent(agent) => agent::create(org, agent),
        Command::ChangePassword { agent, .. }
        | Command::DisableAgent { agent, .. }
        | Command::ChangeAgent { agent, .. }
            if !org.agents.contains_key(&agent) =>
        {
            Err(Rejected::not_found("agent"))
        }
        Command::ChangePassword { agent, password_hash } => Ok(vec![Event::PasswordChanged { agent, password_hash }]),
        Command::DisableAgent { agent, disabled } if org.agents[&agent].disabled == disabled => Ok(Vec::new()),
        Command::DisableAgent { agent, disabled: true } if org.is_last_owner(agent) => Err(agent::last_owner()),
        Command::ChangeAgent { agent, name, role, icon_url } => agent::change(org, agent, name, role, icon_url),
        Command::DisableAgent { agent, disabled } => Ok(vec![Event::AgentDisabled { agent, disabled }]),
        Command::CreateWindow(window) => window::create(org, window),
        Command::CreateInbox(inbox) if org.inboxes.contains_key(&inbox.id) => Err(Rejected::Exists { what: "inbox" }),
        Command::CreateInbox(inbox) if !org.windows.contains_key(&inbox.window) => Err(Rejected::not_found("window")),
        Command::CreateInbox(inbox) => inbox.settings.check().map(|()| vec![Event::InboxCreated(inbox)]),
        Command::ChangeInbox(inbox) if org.retired.contains_key(&inbox.id) => Ok(vec![Event::InboxChanged(inbox)]),
        Command::ChangeInbox(inbox) if !org.inboxes.contains_key(&inbox.id) => Err(Rejected::not_found("inbox")),
        Command::ChangeInbox(inbox) if !org.windows.contains_key(&inbox.window) => Err(Rejected::not_found("window")),
        Command::ChangeInbox(inbox) if org.inboxes[&inbox.id].settings.kind() != inbox.settings.kind() => {
            Err(Rejected::invalid("kind", "an account stays on its channel"))
        }
        Command::ChangeInbox(inbox) => inbox.settings.check().map(|()| vec![Event::InboxChanged(inbox)]),
        Command::SetBot(bot) => bot::check(org, &bot).map(|()| vec![Event::BotSet(bot)]),
        Command::RemoveBot { window } if org.bots.contains_key(&window) => Ok(vec![Event::BotRemoved { window }]),
        Command::RemoveBot { .. } => Err(Rejected::not_found("bot")),
        Command::Invite(wanted) => invitation::invite(org, wanted),
        Command::TakeInvitationBack { id } => invitation::take_back(org, id),
        Command::AcceptInvitation { id, agent } => invitation::accept(org, id, agent),
        Command::SettleInvitation { id } if org.joining.contains_key(&id) => Ok(vec![Event::InvitationSettled { id }]),
        Command::SettleInvitation { .. } => Ok(Vec::new()),
        Command::AddMailDomain(domain) => mail_domain::add(org, domain),
        Command::ChangeMailDomain(domain) => mail_domain::change(org, domain),
        Command::RemoveMailDomain { name } => mail_domain::remove(org, name),
        Command::DrawMailKey { domain, key } => mail_domain::draw_next(org, &domain, *key),
        Command::TakeMailKey { domain, seen_at } => mail_domain::take_next(org, &domain, seen_at),
        Command::DropMailKey { domain } => mail_domain::drop_next(org, &domain),
        other => decide_window(org, other),
    }
}

/// Wishes about windows that exist, and about what windows need.
fn decide_window(org: &Org, command: Command) -> Result<Vec<Event>, Rejected> {
    match command {
        Command::InviteTo { window, code } => match org.windows.get(&window) {
            None => Err(Rejected::not_found("window")),
            Some(entry) if entry.more.invite.is_some() => Ok(Vec::new()),
            Some(_) => Ok(vec![Event::WindowInvited { window, code }]),
        },
        Command::DescribeWindow { window, profile } => window::describe(org, window, profile),
        Command::ReserveProduct { window, product } => products::reserve(org, &window, product),
        Command::SettleProduct { window, product } => products::settle(org, &window, product),
        Command::OwnProducts(wishes) => products::own(org, &wishes),
        Command::StartTrial { now } => trial::start(org, now),
        Command::EndTrial => trial::end(org),
        Command::ResetWindow { window, reset_at, by, erase } => reset::decide(org, &window, (reset_at, by), erase),
        Command::NoteErased { code } => Ok(vec![Event::WindowErased { code }]),
        other => unreachable!("{other:?} is decided with the others"),
    }
}
