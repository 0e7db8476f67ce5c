//! Accounts on the wire. Secrets never are.

mod bot;
mod line;
mod lineworks;
mod mail;

use madoguchi_engine::domain::org::{ChannelKind, Inbox as DomainInbox, InboxSettings};
use madoguchi_engine::domain::secret::Secret as DomainSecret;
use madoguchi_protocol::api::{Channel, ChannelSettings, Inbox, Secret};

use super::time;

/// The channel on the wire.
#[must_use]
pub fn channel(kind: ChannelKind) -> Channel {
    match kind {
        ChannelKind::Line => Channel::Line,
        ChannelKind::LineWorks => Channel::Lineworks,
        ChannelKind::Mail => Channel::Mail,
        ChannelKind::Bot => Channel::Bot,
    }
}

/// The channel in the domain.
#[must_use]
pub fn to_channel(channel: Channel) -> ChannelKind {
    match channel {
        Channel::Line => ChannelKind::Line,
        Channel::Lineworks => ChannelKind::LineWorks,
        Channel::Mail => ChannelKind::Mail,
        Channel::Bot => ChannelKind::Bot,
    }
}

/// An account on the wire.
#[must_use]
pub fn inbox(inbox: &DomainInbox, webhook_url: String) -> Inbox {
    Inbox {
        id: inbox.id.to_string(),
        window: inbox.window.to_string(),
        webhook_url,
        settings: match &inbox.settings {
            InboxSettings::Line(line) => ChannelSettings::Line(line::settings(line)),
            InboxSettings::LineWorks(works) => ChannelSettings::Lineworks(lineworks::settings(works)),
            InboxSettings::Mail(mail) => ChannelSettings::Mail(mail::settings(mail)),
            InboxSettings::Bot(bot) => ChannelSettings::Bot(bot::settings(bot)),
        },
        changed_at: time(inbox.changed_at),
    }
}

fn secret(kept: Option<&DomainSecret>) -> Secret {
    if kept.is_none_or(DomainSecret::is_empty) { Secret::NotSet } else { Secret::Set }
}

#[cfg(test)]
mod tests {
    use madoguchi_engine::domain::id::{InboxId, WindowId};
    use madoguchi_engine::domain::org::{Access, BotChannelSettings, LineSettings, LineWorksSettings, Maker, SendMode};
    use madoguchi_engine::domain::time::Timestamp;

    use super::*;

    #[test]
    fn secrets_never_leave_and_the_kind_stands_beside_the_settings() {
        let line = LineSettings::new("hunter2".into(), Access::LongLived { token: "hunter3".into() }, SendMode::Auto);
        let key = Access::Assertion { kid: "k".to_owned(), key: "hunter4".into() };
        let keyed = LineSettings::new("hunter2".into(), key, SendMode::Auto);
        let works = LineWorksSettings {
            client_id: "c".to_owned(),
            client_secret: "hunter5".into(),
            service_account: "s".to_owned(),
            private_key: "hunter6".into(),
            bot_id: "1".to_owned(),
            bot_secret: "hunter7".into(),
            former_secret: None,
            made_by: Maker::Customer,
            domain_id: String::new(),
            calls_a_minute: 240,
            api_base_url: String::new(),
            auth_base_url: String::new(),
        };
        let works = InboxSettings::LineWorks(Box::new(works));
        let bot = InboxSettings::Bot(BotChannelSettings {
            name: "chat".to_owned(),
            endpoint_url: "https://chat.example.com/".to_owned(),
            secret: "hunter8".into(),
            former_secret: None,
        });
        for settings in [InboxSettings::Line(line), InboxSettings::Line(keyed), works, bot] {
            let kind = settings.kind();
            let window = WindowId::new("w").expect("an id");
            let entry = DomainInbox { id: InboxId(1), window, settings, changed_at: Timestamp(0) };
            let shown = serde_json::to_value(inbox(&entry, "https://x/hooks/1".to_owned())).expect("plain data");
            assert!(!shown.to_string().contains("hunter"), "{shown}");
            assert_eq!(shown["kind"], kind.word());
            assert!(shown["settings"].to_string().contains("\"set\""), "{shown}");
        }
    }

    #[test]
    fn every_channel_has_the_same_word_everywhere() {
        for kind in ChannelKind::ALL {
            let there = channel(kind);
            assert_eq!(to_channel(there), kind);
            assert_eq!(serde_json::to_value(there).expect("a word"), kind.word());
        }
    }
}
