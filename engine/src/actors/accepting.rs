//! What an agent's answer must pass before the conversation decides about it: what its channel can carry, and under
//! which name it appears. The same for every way in, and decided again for nothing: what was accepted stays so.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::Core;
use crate::channels;
use crate::channels::line::capabilities::SENDER_UTF16;
use crate::domain::content::SenderName;
use crate::domain::conversation::{Command, Conversation};
use crate::domain::id::AgentId;
use crate::domain::message::Content;
use crate::domain::org::{InboxSettings, Org};
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
    channels::capabilities(&inbox.settings).check(content, dress)?;
    let InboxSettings::Line(line) = &inbox.settings;
    if let Some(field) = fetched(content)
        && !core.urls.can_be_fetched_by(&line.api_base_url)
    {
        let rule = "the platform fetches files from public_url, which must be an https address";
        return Err(Rejected::invalid(field, rule));
    }
    let shown = || match agent {
        Some(agent) => sender(&org, agent),
        None => org.bots.get(&inbox.window).and_then(|bot| named(&bot.rules.name, None)),
    };
    let sender = dress.sender.clone().or_else(|| line.show_agent_name.then(shown)?);
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

/// The agent's name, and their picture beside it.
fn sender(org: &Org, agent: AgentId) -> Option<SenderName> {
    let agent = org.agents.get(&agent)?;
    named(&agent.name, agent.icon_url.clone())
}

/// A name as LINE takes one, short and not pretending to be LINE.
fn named(full: &str, icon_url: Option<String>) -> Option<SenderName> {
    let full = full.trim();
    if full.to_ascii_lowercase().contains("line") {
        return None;
    }
    let mut name = String::new();
    for character in full.graphemes(true) {
        if name.encode_utf16().count() + character.encode_utf16().count() > SENDER_UTF16 {
            break;
        }
        name.push_str(character);
    }
    (!name.is_empty()).then(|| SenderName { name, icon_url })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::{Agent, Role};
    use crate::domain::time::Timestamp;

    fn shown(name: &str) -> Option<String> {
        let id = AgentId(1);
        let agent = Agent {
            id,
            login: "a".to_owned(),
            name: name.to_owned(),
            role: Role::Agent,
            password_hash: String::new(),
            disabled: false,
            created_at: Timestamp(0),
            icon_url: None,
        };
        let mut org = Org::default();
        org.agents.insert(id, agent);
        assert_eq!(sender(&org, AgentId(2)), None, "nobody has no name");
        sender(&org, id).map(|sender| sender.name)
    }

    #[test]
    fn a_name_is_cut_between_characters_and_never_claims_to_be_line() {
        assert_eq!(shown(" 山田 ").as_deref(), Some("山田"));
        assert_eq!(shown(&"あ".repeat(21)), Some("あ".repeat(20)));
        let family = "👨\u{200D}👩\u{200D}👧";
        assert_eq!(shown(&family.repeat(3)), Some(family.repeat(2)), "eight units each");
        for taken in ["LINE公式", "Line サポート", "online"] {
            assert_eq!(shown(taken), None, "{taken}");
        }
    }
}
