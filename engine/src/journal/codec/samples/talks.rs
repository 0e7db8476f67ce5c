//! What happens in a conversation.

use super::contents::{actions, contents, file, losses, media_everywhere};
use super::{AGENT, COLLEAGUE, FILE, ICON, INBOX, POINT, T0, every};
use crate::domain::bot::{DeadWhy, Leaving, Seating};
use crate::domain::content::{Context, Dress, SenderName};
use crate::domain::conversation::{
    AutoQueued, ClaimHow, Claimed, Copies, CopyOut, CopyState, EndHow, Event as Talk, HandoverEnd, Opened, Queued,
    Received,
};
use crate::domain::hours::{Automatic, PeriodId};
use crate::domain::message::{Author, Content, FailureReason, Route};
use crate::domain::org::ChannelKind;
use crate::domain::seat::{Away, Offer, ReleaseCause};

pub(super) fn talks() -> Vec<Talk> {
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
