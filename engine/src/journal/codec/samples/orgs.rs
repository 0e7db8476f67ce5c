//! What happens in the organisation.

use super::windows::{bot_rules, profiles};
use super::{AGENT, CODE, COLLEAGUE, ICON, INBOX, T0, every};
use crate::domain::id::{BotId, InvitationId, StreamId, WindowId};
use crate::domain::org::products::Owned;
use crate::domain::org::trial::{TRIAL_MS, Trial};
use crate::domain::org::{
    Access, Agent, Bot, BotChannelSettings, CompanyAddress, Event as Org, FormerSecret, Forwarding, Inbox,
    InboxSettings, Invitation, LineSettings, LineWorksSettings, MailDomain, MailKey, MailSettings, Maker, More, Role,
    SendMode, WindowEntry,
};
use crate::domain::secret::{Sealed, Secret};

fn mail_settings() -> InboxSettings {
    let addresses = every!(Forwarding:
        Forwarding::Unconfirmed => Forwarding::Unconfirmed,
        Forwarding::Confirmed { .. } => Forwarding::Confirmed { at: T0 },
        Forwarding::Stopped { .. } => Forwarding::Stopped { since: T0 },
    );
    let addresses = addresses.into_iter().zip(["a@example.jp", "b@example.jp", "c@example.jp"]);
    InboxSettings::Mail(MailSettings {
        enabled: true,
        addresses: addresses
            .map(|(forwarding, address)| CompanyAddress { address: address.into(), forwarding })
            .collect(),
        sender: Some("b@example.jp".into()),
        sender_name: Some("通販窓口".into()),
        quote: true,
        signature: "-- 通販窓口".into(),
    })
}

fn bot_settings(sealed: fn(u8) -> Secret) -> InboxSettings {
    InboxSettings::Bot(BotChannelSettings {
        name: "店舗アプリ".into(),
        endpoint_url: "https://chat.example.jp/hook".into(),
        secret: sealed(8),
        former_secret: Some(FormerSecret { secret: sealed(9), until: T0.plus_ms(60_000) }),
    })
}

pub(super) fn orgs() -> Vec<Org> {
    let roles = every!(Role:
        Role::Agent => Role::Agent,
        Role::Supervisor => Role::Supervisor,
        Role::Administrator => Role::Administrator,
        Role::Owner => Role::Owner,
    );
    let sealed: fn(u8) -> Secret =
        |bytes: u8| Secret::Sealed(Sealed { key: 0xfeed, nonce: [9; 12], bytes: vec![bytes; 20], set_at: T0 });
    let plain = InboxSettings::Line(LineSettings::new(
        Secret::Plain("c0ffee".into()),
        Access::LongLived { token: Secret::Plain("t0ken".into()) },
        SendMode::Auto,
    ));
    let access = every!(Access:
        Access::LongLived { .. } => Access::LongLived { token: sealed(2) },
        Access::Stateless => Access::Stateless,
        Access::Assertion { .. } => Access::Assertion { kid: "k-1".into(), key: sealed(3) },
    );
    let settings = access.into_iter().flat_map(|access| {
        every!(InboxSettings:
            InboxSettings::Mail(_) => mail_settings(),
            InboxSettings::Bot(_) => bot_settings(sealed),
            InboxSettings::Line(_) => InboxSettings::Line(LineSettings {
                channel_id: "1234567890".into(),
                former_secret: Some(FormerSecret { secret: sealed(1), until: T0.plus_ms(60_000) }),
                show_agent_name: true,
                ..LineSettings::new(sealed(0), access.clone(), SendMode::Reply)
            }),
            InboxSettings::LineWorks(_) => InboxSettings::LineWorks(Box::new(LineWorksSettings {
                client_id: "cl1ent".into(),
                client_secret: sealed(4),
                service_account: "abcde.serviceaccount@example.com".into(),
                private_key: sealed(5),
                bot_id: "2000001".into(),
                bot_secret: sealed(6),
                former_secret: Some(FormerSecret { secret: sealed(7), until: T0.plus_ms(60_000) }),
                made_by: if access == Access::Stateless { Maker::Product } else { Maker::Customer },
                domain_id: "40029600".into(),
                calls_a_minute: 240,
                api_base_url: "https://www.worksapis.com".into(),
                auth_base_url: "https://auth.worksmobile.com".into(),
            })),
        )
    });
    let settings: Vec<_> = [plain].into_iter().chain(settings).collect();
    let _ = every!(SendMode:
        SendMode::Auto => SendMode::Auto,
        SendMode::Reply => SendMode::Reply,
        SendMode::Push => SendMode::Push,
    );
    let inbox =
        |settings| Inbox { id: INBOX, window: WindowId::new("shop1").expect("a good id"), settings, changed_at: T0 };
    let mut all: Vec<_> = roles
        .into_iter()
        .map(|role| {
            Org::AgentCreated(Agent {
                id: AGENT,
                login: "sato".into(),
                name: "佐藤".into(),
                role,
                password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
                disabled: false,
                created_at: T0,
                icon_url: None,
            })
        })
        .collect();
    all.extend([
        Org::PasswordChanged { agent: AGENT, password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into() },
        Org::AgentDisabled { agent: AGENT, disabled: true },
        Org::WindowCreated(WindowEntry {
            id: WindowId::new("shop1").expect("a good id"),
            stream: StreamId(0x0199_5a3c_0000_0000_0000_0000_0000_0009),
            name: "通販窓口".into(),
            product: 30,
            created_at: T0,
            more: More::default(),
        }),
    ]);
    all.extend(settings.iter().cloned().map(|s| Org::InboxCreated(inbox(s))));
    all.extend(settings.into_iter().map(|s| Org::InboxChanged(inbox(s))));
    let changed =
        |icon_url| Org::AgentChanged { agent: AGENT, name: "佐藤".into(), role: Role::Supervisor, icon_url };
    all.extend([changed(None), changed(Some(ICON.into()))]);
    all.extend(of_windows());
    let id = InvitationId(0x0199_5a3c_0000_0000_0000_0000_0000_000b);
    let invited = |login: Option<&str>, windows: &[&str]| {
        Org::Invited(Invitation {
            id,
            secret_sha256: [0xab; 32],
            role: Role::Supervisor,
            windows: windows.iter().map(|id| WindowId::new(id).expect("a good id")).collect(),
            login: login.map(str::to_owned),
            by: AGENT,
            created_at: T0,
            expires_at: T0.plus_ms(3_600_000),
        })
    };
    all.extend([invited(None, &[]), invited(Some("hanako@shop.example"), &["shop1", "shop2"])]);
    all.extend([
        Org::InvitationTakenBack { id },
        Org::InvitationAccepted { id, agent: COLLEAGUE },
        Org::InvitationSettled { id },
    ]);
    let window = WindowId::new("shop1").expect("a good id");
    all.push(Org::BotSet(Box::new(Bot {
        id: BotId(0x0199_5a3c_0000_0000_0000_0000_0000_0007),
        window: window.clone(),
        endpoint_url: "https://bot.example.com/hook".into(),
        secret: sealed(0),
        former_secret: Some(FormerSecret { secret: sealed(1), until: T0 }),
        token_hash: [0xcd; 32],
        token_set_at: T0,
        enabled: true,
        rules: bot_rules(),
        changed_at: T0,
    })));
    all.push(Org::BotRemoved { window });
    all.push(Org::MailDomainSet(MailDomain {
        name: "example.co.jp".into(),
        key: MailKey { selector: "desk1".into(), private: sealed(4), public: "MIIB".into(), drawn_at: T0 },
        published_at: Some(T0),
        missing_since: Some(T0.plus_ms(1)),
    }));
    all.push(Org::MailDomainRemoved { name: "example.co.jp".into() });
    all
}

/// What the organisation says of windows and their products.
fn of_windows() -> Vec<Org> {
    let window = || WindowId::new("shop1").expect("a good id");
    let mut all = vec![Org::WindowInvited { window: window(), code: CODE }];
    all.extend(profiles().map(|profile| Org::WindowDescribed { window: window(), profile }));
    all.extend([
        Org::ProductReserved { window: window(), product: 100 },
        Org::ProductSettled { window: window(), product: 100 },
        Org::ProductsOwned(Owned([50, 3, 0])),
        Org::TrialStarted(Trial { started_at: T0, ends_at: T0.plus_ms(TRIAL_MS) }),
        Org::TrialEnded,
    ]);
    for (by, erase) in [(Some(AGENT), false), (None, true)] {
        all.push(Org::WindowReset { window: window(), reset_at: T0, by, erase });
    }
    all.push(Org::WindowErased { code: CODE });
    all
}
