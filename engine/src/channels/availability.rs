//! What can be reached over which channel, said plainly: also of what people ask for and no platform offers.

use crate::domain::org::ChannelKind;

/// What one way of reaching people can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Its word: a kind of account, or one that there cannot be.
    pub channel: &'static str,
    /// What people write arrives here.
    pub receives: bool,
    /// Answers reach them.
    pub sends: bool,
    /// Where it ends, for people who decide.
    pub statement: &'static str,
}

/// Everything that can be asked for.
pub static CHANNELS: &[Availability] = &[
    Availability {
        channel: "line",
        receives: true,
        sends: true,
        statement: "One-to-one talks of a LINE Official Account. No groups, calls, reactions or forwarding.",
    },
    Availability {
        channel: "lineworks",
        receives: true,
        sends: true,
        statement: "Members of the tenant that owns the bot. No rooms of several people, calls, reactions, quoted replies or receipts. A callback is sent once: what comes while this server is down is lost.",
    },
    Availability {
        channel: "mail",
        receives: true,
        sends: true,
        statement: "Mail to every window's own address, and to company addresses that forward there. Nobody is told that a mail was read unless the recipient says so.",
    },
    Availability {
        channel: "bot",
        receives: true,
        sends: true,
        statement: "Another system that speaks the contract of docs/bots.md by signed webhooks: text, files, places; LINE's stickers inbound only. No receipts, no taking back, no buttons. What it does with a delivery is its own matter.",
    },
    Availability {
        channel: "lineworks_external",
        receives: false,
        sends: false,
        statement: "Not available: the platform lets no bot into rooms with people of LINE or of another tenant, and offers no interface that reads or sends their messages. Such talks are between persons; use LINE for people outside.",
    },
];

/// What is said of the accounts of a kind.
#[must_use]
pub fn of(kind: ChannelKind) -> Option<&'static Availability> {
    CHANNELS.iter().find(|known| known.channel == kind.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_account_is_told_of_and_works() {
        for kind in ChannelKind::ALL {
            let said = of(kind).unwrap_or_else(|| panic!("nothing is said of {}", kind.word()));
            assert!(said.receives && said.sends, "{}", kind.word());
        }
        let outside = CHANNELS.iter().find(|known| known.channel == "lineworks_external").unwrap();
        assert!(!outside.receives && !outside.sends && outside.statement.starts_with("Not available"));
    }
}
