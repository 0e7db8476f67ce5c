//! What happens in a window.

use super::{AGENT, CODE, FILE, INBOX, POINT, T0, every};
use crate::domain::bot::BotRules;
use crate::domain::hours::{
    Answers, ChatEnd, ClosedPeriod, Day, Hours, Maintenance, Offline, OfflineShown, PeriodId, Range, Zone,
};
use crate::domain::id::WindowId;
use crate::domain::window::{Event as Window, Picture, Profile, RawAccepted, RawBody, RawEnd, RawReason, Settings};

pub(super) fn windows() -> Vec<Window> {
    let bodies = every!(RawBody:
        RawBody::Inline(_) => RawBody::Inline(b"{\"events\":[".to_vec()),
        RawBody::File { .. } => RawBody::File { sha256: [0xab; 32], len: 70_000 },
        RawBody::Redacted => RawBody::Redacted,
    );
    let reasons = every!(RawReason:
        RawReason::Busy => RawReason::Busy,
        RawReason::Unparsable => RawReason::Unparsable,
        RawReason::SetAside => RawReason::SetAside,
        RawReason::Loop => RawReason::Loop,
        RawReason::Forwarder => RawReason::Forwarder,
    );
    let ends = every!(RawEnd:
        RawEnd::Interpreted => RawEnd::Interpreted,
        RawEnd::Dismissed => RawEnd::Dismissed,
    );
    let mut all = vec![
        Window::Opened { id: WindowId::new("shop1").expect("a good id"), name: "通販窓口".into(), places: 30 },
        Window::AgentAdded { agent: AGENT },
        Window::AgentRemoved { agent: AGENT },
        Window::SettingsChanged(Settings::default()),
        Window::ContactPointSeen { contact_point: POINT, inbox: INBOX, external_id: "U4af4980629".into() },
    ];
    all.extend(
        reasons
            .into_iter()
            .zip(bodies.into_iter().cycle())
            .map(|(why, body)| Window::RawAccepted(RawAccepted { raw: 11, inbox: INBOX, received_at: T0, why, body })),
    );
    all.extend(ends.into_iter().map(|how| Window::RawSettled { raw: 11, how }));
    all.extend(open_and_closed());
    all
}

fn open_and_closed() -> Vec<Window> {
    let shown = every!(OfflineShown:
        OfflineShown::Message => OfflineShown::Message,
        OfflineShown::Bar => OfflineShown::Bar,
        OfflineShown::Card => OfflineShown::Card,
        OfflineShown::Balloon => OfflineShown::Balloon,
    );
    let mut hours = Hours { zone: Zone::named("Europe/Berlin"), holidays: Some(Vec::new()), ..Hours::default() };
    hours.week[0] = vec![Range { from: 540, to: 720 }, Range { from: 780, to: 1_440 }];
    hours.week[6] = Vec::new();
    let mut all = vec![Window::HoursChanged(hours), Window::HoursChanged(Hours::default())];
    all.extend(shown.into_iter().map(|shown| {
        Window::AnswersChanged(Answers {
            greeting: "ようこそ".into(),
            absence: "{name}様、ただいま受付時間外です。".into(),
            offline: Offline { text: "{hours}".into(), shown, when_nobody_is_here: true },
            end: ChatEnd {
                notice: "終了しました".into(), after_silence_ms: 600_000, words: vec!["終了".into()]
            },
        })
    }));
    let (from, to) = (Day(20_815), Day(20_821));
    all.push(Window::ClosedPeriodAdded(ClosedPeriod { id: PeriodId(12), from, to, text: "年末年始です".into() }));
    all.push(Window::ClosedPeriodRemoved { id: PeriodId(12) });
    all.extend(
        [Some(T0), None].map(|since| Window::MaintenanceChanged(Maintenance { since, text: "点検中です".into() })),
    );
    all.extend(profiles().map(Window::Described));
    all.extend([Window::PlacesChanged { places: 100 }, Window::Invited { code: CODE }]);
    for (by, erase) in [(Some(AGENT), false), (None, true)] {
        all.push(Window::Reset { reset_at: T0, by, erase });
    }
    all.extend([None, Some(bot_rules())].map(|bot| Window::BotChanged { bot }));
    all
}

pub(super) fn bot_rules() -> BotRules {
    BotRules { name: "案内ボット".into(), inboxes: [INBOX].into(), greets: true, answer_within_ms: 30_000 }
}

pub(super) fn profiles() -> impl Iterator<Item = Profile> {
    let picture = Some(Picture { file: FILE, name: "logo01.png".into() });
    [(String::new(), None), ("ご注文と配送".to_owned(), picture)].into_iter().map(|(description, picture)| Profile {
        name: "通販窓口".into(),
        description,
        picture,
    })
}
