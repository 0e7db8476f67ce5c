//! One record's worth of every kind of fact, for tests: each kind with every variant of what it holds.
//!
//! The golden files are made of these values; a value that changes here does not match its file any more.

use crate::domain::audit::{Act, Actor, Begun, Change, Event as Audit, Head, Outcome};
use crate::domain::bot::{BotRules, DeadWhy, Leaving, Seating};
use crate::domain::content::{
    Action, Card, Context, Does, Dress, ImageSet, Location, Media, MediaKind, MediaLoss, MediaPlace, Native,
    SenderName, Sticker, StoredFile,
};
use crate::domain::conversation::{
    AutoQueued, ClaimHow, Claimed, Copies, CopyOut, CopyState, EndHow, Event as Talk, HandoverEnd, Opened, Queued,
    Received,
};
use crate::domain::hours::{
    Answers, Automatic, ChatEnd, ClosedPeriod, Day, Hours, Maintenance, Offline, OfflineShown, PeriodId, Range, Zone,
};
use crate::domain::id::{
    AgentId, BotId, ContactPointId, ConversationId, FileId, InboxId, InvitationId, Position, StreamId, WindowId,
};
use crate::domain::mail::{Mail, MailAddress, MailMark, MailPart, PartPlace, SenderProof};
use crate::domain::message::{Author, Content, FailureReason, Route};
use crate::domain::org::products::Owned;
use crate::domain::org::trial::{TRIAL_MS, Trial};
use crate::domain::org::{
    Access, Agent, Bot, BotChannelSettings, ChannelKind, CompanyAddress, Event as Org, FormerSecret, Forwarding, Inbox,
    InboxSettings, Invitation, LineSettings, LineWorksSettings, MailDomain, MailKey, MailSettings, Maker, More, Role,
    SendMode, WindowEntry,
};
use crate::domain::record::Fact;
use crate::domain::seat::{Away, Offer, ReleaseCause};
use crate::domain::secret::{Sealed, Secret};
use crate::domain::time::Timestamp;
use crate::domain::window::{Event as Window, Picture, Profile, RawAccepted, RawBody, RawEnd, RawReason, Settings};

/// A list of every variant of an enum; a new variant does not compile until it is in the list.
macro_rules! every {
    ($of:ty: $( $pattern:pat => $value:expr ),* $(,)?) => {{
        let _ = |value: &$of| match value { $( $pattern => () ),* };
        vec![ $( $value ),* ]
    }};
}

const T0: Timestamp = Timestamp(1_790_000_000_123);
const AGENT: AgentId = AgentId(0x0199_5a3c_1111_2222_3333_4444_5555_6666);
const COLLEAGUE: AgentId = AgentId(0x0199_5a3c_aaaa_bbbb_cccc_dddd_eeee_ffff);
const INBOX: InboxId = InboxId(0x0199_5a3c_0000_0000_0000_0000_0000_0001);
const POINT: ContactPointId = ContactPointId(0x0199_5a3c_0000_0000_0000_0000_0000_0002);
const ICON: &str = "https://files.example.com/i/sato.png";
const FILE: FileId = FileId(0x71c2_5a3c_0000_0000_0000_0000_0000_0004);
const CODE: u128 = 0x4242_0000_1111_2222_3333_4444_5555_6666;
pub(super) const TALK: ConversationId = ConversationId(0x0199_5a3c_0000_0000_0000_0000_0000_0003);

/// Every kind of fact, the same kind side by side.
pub(crate) fn facts() -> Vec<Fact> {
    let talk = talks().into_iter().map(|event| Fact::Conversation(TALK, event));
    let window = windows().into_iter().map(Fact::Window);
    let org = orgs().into_iter().map(Fact::Org);
    let audit = audits().into_iter().map(Fact::Audit);
    window.chain(talk).chain(org).chain(audit).collect()
}

fn audits() -> Vec<Audit> {
    let actors = every!(Actor:
        Actor::Agent(_) => Actor::Agent(AGENT),
        Actor::Operator => Actor::Operator,
        Actor::Invited => Actor::Invited,
    );
    let outcomes = every!(Outcome:
        Outcome::Begun => Outcome::Begun,
        Outcome::Done => Outcome::Done,
        Outcome::Refused(_) => Outcome::Refused("limit_reached".into()),
        Outcome::Unknown => Outcome::Unknown,
    );
    let act = |actor| Act {
        actor,
        token: Some(0x0199_5a3c_0000_0000_0000_0000_0000_000a),
        from: Some("203.0.113.7".into()),
        action: "PATCH /api/v1/agents/{agent}".into(),
        objects: vec![format!("agent:{COLLEAGUE}")],
        changes: vec![Change {
            field: "name".into(), before: Some("佐藤".into()), after: Some("佐藤 花子".into())
        }],
    };
    let begun = Some(Begun { position: Position(3), at: T0 });
    let mut links: Vec<_> = actors
        .into_iter()
        .map(|actor| (None, act(actor), Outcome::Begun))
        .chain(outcomes.into_iter().map(|outcome| (begun, act(Actor::Agent(AGENT)), outcome)))
        .map(|(begun, act, outcome)| Head::default().link(T0, begun, act, outcome, [7; 16]).0)
        .collect();
    let (mut erased, _) = Head::default().link(T0, begun, act(Actor::Operator), Outcome::Done, [7; 16]);
    erased.erase();
    links.push(erased);
    let links = links.into_iter().map(Audit::Entry).collect();
    let _ = every!(Audit: Audit::Entry(_) => ());
    links
}

fn contents() -> Vec<Content> {
    every!(Content:
        Content::Text(_) => Content::Text("返品したいです 😀".into()),
        Content::Other { .. } => Content::Other { kind: "sticker".into(), summary: "スタンプ".into() },
        Content::Redacted => Content::Redacted,
        Content::Sticker(_) => Content::Sticker(Sticker {
            package_id: "11537".into(),
            sticker_id: "52002734".into(),
            text: Some("おはよう".into()),
        }),
        Content::Media(_) => Content::Media(Box::new(media(MediaKind::Image, MediaPlace::Platform))),
        Content::Location(_) => Content::Location(Location {
            title: Some("受取場所".into()),
            address: Some("東京都千代田区1-1".into()),
            latitude_e6: 35_681_236,
            longitude_e6: 139_767_125,
        }),
        Content::Cards(_) => Content::Cards(vec![Card {
            title: Some("ご予約".into()),
            text: "どちらにしますか".into(),
            image: Some(file()),
            actions: actions(),
        }]),
        Content::Native(_) => Content::Native(Native {
            alt_text: "ご注文の確認".into(),
            json: "{\"type\":\"flex\"}".into(),
        }),
        Content::Mail(_) => Content::Mail(Box::new(mail())),
    )
}

/// A mail with every kind of part, and every mark.
fn mail() -> Mail {
    let address = |name: &str, address: &str| MailAddress { name: name.into(), address: address.into() };
    let places = every!(PartPlace:
        PartPlace::Inside(_) => PartPlace::Inside(2),
        PartPlace::Packed(..) => PartPlace::Packed(3, 1),
        PartPlace::Stored(_) => PartPlace::Stored(file()),
        PartPlace::TooLarge => PartPlace::TooLarge,
    );
    let marks = every!(MailMark:
        MailMark::Automatic => MailMark::Automatic,
        MailMark::AutoReply => MailMark::AutoReply,
        MailMark::NoAutoReply => MailMark::NoAutoReply,
        MailMark::List => MailMark::List,
        MailMark::Signed => MailMark::Signed,
        MailMark::Encrypted => MailMark::Encrypted,
        MailMark::Partial => MailMark::Partial,
        MailMark::Oversize => MailMark::Oversize,
        MailMark::Html => MailMark::Html,
        MailMark::Stranger => MailMark::Stranger,
        MailMark::Quote => MailMark::Quote,
        MailMark::Forwarded => MailMark::Forwarded,
    );
    let part = |place| MailPart {
        name: "見積.pdf".into(),
        mime: "application/pdf".into(),
        bytes: 204_800,
        content_id: Some("logo@example.jp".into()),
        place,
    };
    Mail {
        message_id: "a1@example.jp".into(),
        subject: "返品について".into(),
        from: address("山田", "taro@example.jp"),
        reply_to: vec![address("", "order@example.jp")],
        to: vec![address("窓口", "support@in.desk.example")],
        cc: vec![address("", "hanako@example.jp")],
        references: vec!["a0@example.jp".into()],
        text: "返品したいです".into(),
        is_cut: true,
        parts: places.into_iter().map(part).collect(),
        file: Some(StoredFile { mime: "message/rfc822".into(), size: None, preview: None, ..file() }),
        sender: SenderProof::Proven,
        marks,
    }
}

fn file() -> StoredFile {
    StoredFile {
        id: FILE,
        mime: "image/jpeg".into(),
        bytes: 204_800,
        size: Some((1_280, 960)),
        preview: Some(FileId(FILE.0 + 1)),
    }
}

fn media(kind: MediaKind, place: MediaPlace) -> Media {
    let set = Some(ImageSet { id: "E005D41A".into(), index: 1, total: 3 });
    Media { kind, name: Some("写真.jpg".into()), bytes: Some(204_800), duration_ms: Some(5_200), set, place }
}

/// Every kind of medium, and every place where one can be.
fn media_everywhere() -> Vec<Content> {
    let losses = losses().into_iter().map(MediaPlace::Lost);
    let places = every!(MediaPlace:
        MediaPlace::Platform => MediaPlace::Platform,
        MediaPlace::Url(_) => MediaPlace::Url("https://example.com/o.mp4".into()),
        MediaPlace::Stored(_) => MediaPlace::Stored(file()),
        MediaPlace::Lost(_) => MediaPlace::Lost(MediaLoss::Gone),
    );
    let kinds = every!(MediaKind:
        MediaKind::Image => MediaKind::Image,
        MediaKind::Video => MediaKind::Video,
        MediaKind::Audio => MediaKind::Audio,
        MediaKind::File => MediaKind::File,
    );
    let places: Vec<_> = places.into_iter().chain(losses).collect();
    kinds.into_iter().cycle().zip(places).map(|(kind, place)| Content::Media(Box::new(media(kind, place)))).collect()
}

fn losses() -> Vec<MediaLoss> {
    every!(MediaLoss:
        MediaLoss::TooLarge => MediaLoss::TooLarge,
        MediaLoss::Gone => MediaLoss::Gone,
        MediaLoss::NeverReady => MediaLoss::NeverReady,
        MediaLoss::Refused => MediaLoss::Refused,
        MediaLoss::UnsafeAddress => MediaLoss::UnsafeAddress,
    )
}

fn actions() -> Vec<Action> {
    every!(Does:
        Does::Say(_) => Does::Say("はい".into()),
        Does::Postback { .. } => Does::Postback { data: "csat=1".into(), display: Some("解決した".into()) },
        Does::Open(_) => Does::Open("https://example.com/".into()),
    )
    .into_iter()
    .map(|does| Action { label: "選ぶ".into(), does })
    .collect()
}

fn talks() -> Vec<Talk> {
    let mut all = vec![Talk::Opened(Opened {
        channel: ChannelKind::Line,
        inbox: INBOX,
        contact_point: POINT,
        external_id: "U4af4980629".into(),
        thread: "U4af4980629".into(),
    })];
    all.extend(contents().into_iter().chain(media_everywhere()).map(|content| {
        Talk::Received(Received {
            number: 7,
            event_id: "01FZ74A0TDDPYRVKNK77XKC3ZR".into(),
            external_id: Some("444573844083572737".into()),
            content,
            sent_at: T0,
            received_at: T0.plus_ms(250),
            reply_token: Some("38ef843bde154d9b91c21320ffd17a0f".into()),
            late: true,
            raw: Some("{\"type\":\"message\"}".into()),
            read_token: Some("mr-30yhdy232".into()),
        })
    }));
    all.push(Talk::Reopened);
    all.extend(claims());
    all.extend(
        every!(ReleaseCause:
            ReleaseCause::Returned => ReleaseCause::Returned,
            ReleaseCause::Away => ReleaseCause::Away,
            ReleaseCause::LoggedOut => ReleaseCause::LoggedOut,
            ReleaseCause::LeftWindow => ReleaseCause::LeftWindow,
        )
        .into_iter()
        .map(|cause| Talk::Released { agent: AGENT, cause }),
    );
    all.extend([Some(AGENT), None].map(|by| Talk::Completed { by }));
    all.push(Talk::HandoverOffered(Offer {
        from: AGENT,
        to: COLLEAGUE,
        expires_at: T0.plus_ms(60_000),
        note: Some("英語のお客様です".into()),
    }));
    all.extend(
        every!(HandoverEnd:
            HandoverEnd::Declined => HandoverEnd::Declined,
            HandoverEnd::TimedOut => HandoverEnd::TimedOut,
            HandoverEnd::Withdrawn => HandoverEnd::Withdrawn,
            HandoverEnd::Overtaken => HandoverEnd::Overtaken,
        )
        .into_iter()
        .map(|how| Talk::HandoverEnded { how }),
    );
    all.push(Talk::Assigned { assignee: Some(COLLEAGUE), by: Some(AGENT) });
    all.push(Talk::Assigned { assignee: None, by: None });
    all.extend(sends());
    all.extend(notes());
    all.push(Talk::HolderAway(Away { since: T0, claimable_at: T0.plus_ms(120_000), expires_at: T0.plus_ms(900_000) }));
    all.extend([Talk::HolderReturned, Talk::SeatClaimable]);
    all.extend([Some(7), None].map(|number| Talk::Unsent { external_id: "444573844083572737".into(), number }));
    all.push(Talk::NameSeen { name: "佐藤 花子".into() });
    all.extend([Talk::SetAside, Talk::TakenBack { by: AGENT }]);
    all.extend(from_the_platform());
    all.extend(automatic());
    all
}

fn automatic() -> Vec<Talk> {
    let kinds = every!(Automatic:
        Automatic::Greeting => Automatic::Greeting,
        Automatic::Absence => Automatic::Absence,
        Automatic::ClosedPeriod(_) => Automatic::ClosedPeriod(PeriodId(12)),
        Automatic::Maintenance => Automatic::Maintenance,
        Automatic::Offline => Automatic::Offline,
        Automatic::End => Automatic::End,
    );
    let names = [Some("佐藤 花子".to_owned()), None];
    let mut all: Vec<Talk> = kinds
        .into_iter()
        .zip(names.into_iter().cycle())
        .map(|(what, name)| {
            let text = "{name}様、ただいま受付時間外です。".to_owned();
            let retry_key = 0x1234_5678_9abc_4def_8123_4567_89ab_cdef;
            Talk::AutoQueued(AutoQueued { number: 8, what, text, name, retry_key })
        })
        .collect();
    all.push(Talk::Lapsed { number: 8 });
    all.extend(
        every!(EndHow:
            EndHow::Silence => EndHow::Silence,
            EndHow::Customer => EndHow::Customer,
        )
        .into_iter()
        .map(|how| Talk::Ended { how }),
    );
    all
}

fn from_the_platform() -> Vec<Talk> {
    let mut all = vec![Talk::MediaStored { number: 7, file: file() }];
    all.extend([Some(FILE), None].map(|picture| Talk::PictureSeen { picture }));
    all.extend(losses().into_iter().map(|why| Talk::MediaLost { number: 7, why }));
    all.push(Talk::Edited { number: 7, content: Content::Text("やはり交換で".into()), edited_at: T0 });
    let reply_token = Some("38ef843bde154d9b91c21320ffd17a0f".to_owned());
    all.push(Talk::Followed { unblocked: true, reply_token, received_at: T0 });
    all.push(Talk::Unfollowed);
    let context = Context { subject: Some("返品について".into()), data: "{\"cc\":[\"b@example.com\"]}".into() };
    all.extend([context, Context::default()].map(|context| Talk::ContextSeen { context }));
    all.extend(bots());
    all
}

fn bots() -> Vec<Talk> {
    let seatings = every!(Seating:
        Seating::Started { .. } => Seating::Started { told: true },
        Seating::Returned { .. } => Seating::Returned { from: AGENT, note: Some("配送の件です".into()) },
        Seating::Replayed { .. } => Seating::Replayed { by: AGENT },
    );
    let leavings = every!(Leaving:
        Leaving::HandedOver => Leaving::HandedOver,
        Leaving::TimedOut => Leaving::TimedOut,
        Leaving::Failed => Leaving::Failed,
        Leaving::Behind => Leaving::Behind,
        Leaving::Detached => Leaving::Detached,
    );
    let whys = every!(DeadWhy:
        DeadWhy::TooLate => DeadWhy::TooLate,
        DeadWhy::Refused { .. } => DeadWhy::Refused { status: 410 },
        DeadWhy::Unreachable => DeadWhy::Unreachable,
    );
    let mut all = Vec::new();
    all.extend(seatings.into_iter().map(|how| Talk::BotSeated { epoch: 4, how, answer_within_ms: 30_000 }));
    all.extend(leavings.into_iter().map(|cause| Talk::BotReleased { cause }));
    all.push(Talk::BotCompleted);
    all.push(Talk::BotNoteAdded { number: 10, text: "返品のご相談。注文番号は1234".into() });
    all.push(Talk::BotTold { letter: 3 });
    all.extend(whys.into_iter().map(|why| Talk::LetterDied { letter: 3, why }));
    all.push(Talk::LettersReplayed { by: AGENT });
    all.push(Talk::LettersDropped { by: Some(AGENT), until: None });
    all.push(Talk::LettersDropped { by: None, until: Some(T0) });
    all
}

fn claims() -> Vec<Talk> {
    every!(ClaimHow:
        ClaimHow::Started => ClaimHow::Started,
        ClaimHow::Resumed => ClaimHow::Resumed,
        ClaimHow::HandedOver { .. } => ClaimHow::HandedOver { from: COLLEAGUE },
        ClaimHow::TakenOver { .. } => ClaimHow::TakenOver {
            from: Some(COLLEAGUE),
            reason: Some("休憩中のため".into()),
        },
    )
    .into_iter()
    .map(|how| Talk::Claimed(Claimed { agent: AGENT, epoch: 3, how }))
    .collect()
}

fn sends() -> Vec<Talk> {
    let authors = every!(Author:
        Author::Agent(_) => Author::Agent(AGENT),
        Author::Window => Author::Window,
        Author::Bot => Author::Bot,
    );
    let routes = every!(Route:
        Route::Reply { .. } => Route::Reply { token: "38ef843bde154d9b".into() },
        Route::Push => Route::Push,
        Route::Once => Route::Once,
    );
    let reasons = every!(FailureReason:
        FailureReason::Refused { .. } => FailureReason::Refused {
            status: 400,
            detail: "The request body has 1 error(s)".into(),
        },
        FailureReason::Unauthorised { .. } => FailureReason::Unauthorised { status: 401 },
        FailureReason::QuotaEmpty => FailureReason::QuotaEmpty,
        FailureReason::GaveUp => FailureReason::GaveUp,
        FailureReason::InboxGone => FailureReason::InboxGone,
    );
    let mut all = Vec::new();
    let sender = SenderName { name: "山田".into(), icon_url: Some(ICON.into()) };
    all.extend(authors.into_iter().cycle().zip(contents()).map(|(author, content)| {
        Talk::Queued(Queued {
            number: 8,
            author,
            client_id: "tab-1:42".into(),
            content,
            retry_key: 0x1234_5678_9abc_4def_8123_4567_89ab_cdef,
            dress: Dress { quick_replies: actions(), sender: Some(sender.clone()) },
        })
    }));
    all.extend(routes.into_iter().map(|route| Talk::SendStarted { number: 8, route, lead: 7, joined: true }));
    all.push(Talk::HeldBack { number: 8 });
    all.push(Talk::TokenReturned { token: "38ef843bde154d9b".into(), received_at: T0 });
    all.push(Talk::Sent {
        number: 8,
        external_ids: vec!["461230966842064897".into(), "461230966842064898".into()],
        free: true,
    });
    all.extend(reasons.into_iter().map(|reason| Talk::Failed { number: 8, reason }));
    all.push(Talk::Unknown { number: 8 });
    all.push(Talk::Cancelled { number: 8, by: AGENT });
    all.push(Talk::SendAbandoned { number: 8 });
    let states = every!(CopyState:
        CopyState::Queued => CopyState::Queued,
        CopyState::Begun => CopyState::Begun,
        CopyState::Delayed => CopyState::Delayed,
        CopyState::Sent => CopyState::Sent,
        CopyState::Delivered => CopyState::Delivered,
        CopyState::Failed => CopyState::Failed,
        CopyState::Unknown => CopyState::Unknown,
    );
    let copy = |state| CopyOut {
        to: "taro@example.jp".into(),
        state,
        code: 450,
        detail: "4.7.1 greylisted".into(),
        tries: 2,
        next_at: Some(T0),
    };
    all.push(Talk::CopiesChanged(Copies { number: 8, each: states.into_iter().map(copy).collect() }));
    all
}

fn notes() -> Vec<Talk> {
    vec![
        Talk::NoteAdded { number: 9, author: AGENT, text: "在庫を確認中".into(), client_id: "tab-1:43".into() },
        Talk::NoteEdited { number: 9, text: "在庫あり".into() },
        Talk::NoteDeleted { number: 9 },
    ]
}

fn windows() -> Vec<Window> {
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

fn bot_rules() -> BotRules {
    BotRules { name: "案内ボット".into(), inboxes: [INBOX].into(), greets: true, answer_within_ms: 30_000 }
}

fn orgs() -> Vec<Org> {
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

fn profiles() -> impl Iterator<Item = Profile> {
    let picture = Some(Picture { file: FILE, name: "logo01.png".into() });
    [(String::new(), None), ("ご注文と配送".to_owned(), picture)].into_iter().map(|(description, picture)| Profile {
        name: "通販窓口".into(),
        description,
        picture,
    })
}
