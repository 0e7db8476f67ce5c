//! What an agent's answer must pass before the conversation decides about it: what its channel can carry, and under
//! which name it appears. The same for every way in, and decided again for nothing: what was accepted stays so.

use std::borrow::Cow;

use super::Core;
use crate::channels::{self, Adapter};
use crate::domain::content::SenderName;
use crate::domain::conversation::{Command, Conversation};
use crate::domain::id::AgentId;
use crate::domain::message::Content;
use crate::domain::org::Org;
use crate::domain::rejected::Rejected;

/// The command as the conversation gets it.
pub(super) fn prepare<'a>(
    core: &Core,
    state: &Conversation,
    command: &'a Command,
) -> Result<Cow<'a, Command>, Rejected> {
    let (agent, content, dress) = match command {
        Command::Send { agent, content, dress, .. } => (Some(*agent), content, dress),
        Command::BotSend { content, dress, .. } => (None, content, dress),
        _ => return Ok(Cow::Borrowed(command)),
    };
    let org = core.views.org();
    let Some(inbox) = org.inboxes.get(&state.inbox) else { return Ok(Cow::Borrowed(command)) };
    let channel = channels::of(inbox.settings.kind());
    channel.capabilities().check(content, dress)?;
    if channel.traits().fetches_files
        && let Some(field) = fetched(content)
        && !core.urls.can_be_fetched_by(inbox.settings.platform_url().unwrap_or_default())
    {
        let rule = "the platform fetches files from public_url, which must be an https address";
        return Err(Rejected::invalid(field, rule));
    }
    let shown = || match agent {
        Some(agent) => sender(channel, &org, agent),
        None => org.bots.get(&inbox.window).and_then(|bot| named(channel, &bot.rules.name, None)),
    };
    let sender = dress.sender.clone().or_else(|| inbox.settings.shows_agent_name().then(shown)?);
    if sender == dress.sender {
        return Ok(Cow::Borrowed(command));
    }
    let mut command = command.clone();
    if let Command::Send { dress, .. } | Command::BotSend { dress, .. } = &mut command {
        dress.sender = sender;
    }
    Ok(Cow::Owned(command))
}

/// The field of a content because of which the platform comes to fetch something.
fn fetched(content: &Content) -> Option<&'static str> {
    match content {
        Content::Media(_) => Some("content.file"),
        Content::Cards(cards) if cards.iter().any(|card| card.image.is_some()) => Some("content.cards"),
        _ => None,
    }
}

/// The agent's name as the channel takes one, and their picture beside it.
fn sender(channel: &dyn Adapter, org: &Org, agent: AgentId) -> Option<SenderName> {
    let agent = org.agents.get(&agent)?;
    named(channel, &agent.name, agent.icon_url.clone())
}

fn named(channel: &dyn Adapter, name: &str, icon_url: Option<String>) -> Option<SenderName> {
    Some(SenderName { name: channel.sender_name(name)?, icon_url })
}
