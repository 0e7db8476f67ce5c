//! What a window says by itself: once, at the right moment, in the record of its cause.

use super::*;
use crate::domain::conversation::{AutoQueued, EndHow, Said, SendOutcome};
use crate::domain::hours::{
    Answers, Automatic, ChatEnd, ClosedPeriod, Day, Hours, Maintenance, Offline, OfflineShown, PeriodId, Range, Zone,
};
use crate::domain::message::{Author, Delivery};

const HOUR_MS: i64 = 3_600_000;
/// A Monday, 2026-11-16, at nine in Tokyo.
const MONDAY_9: Timestamp = Timestamp(1_794_787_200_000);
const HOLIDAYS: PeriodId = PeriodId(77);

/// Open from nine to eighteen on weekdays, with every text set, at Monday nine.
fn office() -> Desk {
    let mut desk = Desk::unborn();
    let day = vec![Range { from: 540, to: 1_080 }];
    desk.window.name = "サポート".to_owned();
    desk.window.hours = Hours {
        zone: Zone::tokyo(),
        week: std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() }),
        holidays: None,
        close_in_business_days: true,
    };
    desk.window.answers = Answers {
        greeting: "ようこそ、{name}。{window}です。".to_owned(),
        absence: "{name}、時間外です。\n{hours}".to_owned(),
        offline: Offline::default(),
        end: ChatEnd {
            notice: "終了しました".to_owned(), after_silence_ms: HOUR_MS, words: vec!["終了".to_owned()]
        },
    };
    desk.now = MONDAY_9;
    desk
}

/// So many hours after Monday nine.
fn at(desk: &mut Desk, hours: i64) {
    desk.now = MONDAY_9.plus_ms(hours * HOUR_MS);
}

fn follow() -> Command {
    inbound(MONDAY_9, InboundKind::Follow { unblocked: false, reply_token: Some("f".to_owned()) })
}

/// What the window said of itself in these events.
fn said(events: &[Event]) -> Vec<(Automatic, String)> {
    let one = |event: &Event| match event {
        Event::AutoQueued(queued) => match queued.content() {
            Content::Text(text) => Some((queued.what, text)),
            other => panic!("{other:?}"),
        },
        _ => None,
    };
    events.iter().filter_map(one).collect()
}

fn kinds(events: &[Event]) -> Vec<Automatic> {
    said(events).into_iter().map(|(what, _)| what).collect()
}

fn says(desk: &mut Desk, text: &str) -> Vec<Event> {
    let content = Content::Text(text.to_owned());
    let what = InboundKind::Message { external_id: None, content, reply_token: None, raw: None, read_token: None };
    desk.ok(inbound(desk.now, what))
}

/// The next message of the customer, and what the window answers.
fn answers(desk: &mut Desk) -> Vec<Automatic> {
    kinds(&says(desk, "もしもし"))
}

/// Everything that waits goes out.
fn send_all(desk: &mut Desk) {
    while let Some(first) = desk.state.outbox.front() {
        let lead = first.number;
        desk.ok(Command::BeginSend(Plan::alone(lead, SendMode::Push)));
        desk.ok(Command::FinishSend { lead, outcome: SendOutcome::Sent { external_ids: Vec::new(), free: false } });
    }
}

#[test]
fn a_friend_is_greeted_once_however_often_they_come_back() {
    let mut desk = office();
    let events = desk.ok(follow());
    assert!(matches!(events[..], [Event::Opened(_), Event::Followed { .. }, Event::AutoQueued(_)]), "{events:?}");
    assert_eq!(said(&events), [(Automatic::Greeting, "ようこそ、お客様。サポートです。".to_owned())]);
    assert_eq!(desk.state.waiting_since, None, "a friend is no waiting work");
    desk.ok(inbound(desk.now, InboundKind::Unfollow));
    let again = desk.ok(inbound(desk.now, InboundKind::Follow { unblocked: true, reply_token: None }));
    assert_eq!(said(&again), []);
    desk.window.answers.greeting.clear();
    let mut silent = Desk { state: Conversation::unborn(ConversationId(8)), ..desk };
    assert_eq!(said(&silent.ok(follow())), []);
}

#[test]
fn who_writes_outside_the_hours_is_told_once_until_the_window_has_opened() {
    let mut desk = office();
    at(&mut desk, 0);
    assert_eq!(answers(&mut desk), [], "open");
    at(&mut desk, 9);
    desk.ok(Command::SeeName { name: "佐藤".to_owned() });
    let events = says(&mut desk, "もしもし");
    assert_eq!(
        said(&events),
        [(Automatic::Absence, "佐藤、時間外です。\n月〜金 09:00〜18:00\n土〜日 休み".to_owned())]
    );
    assert!(matches!(events.last(), Some(Event::AutoQueued(queued)) if queued.number == desk.state.last_number));
    assert!(desk.state.waiting_since.is_some(), "an automatic answer answers nobody");
    for hours in [9, 10, 23] {
        at(&mut desk, hours);
        assert_eq!(answers(&mut desk), [], "once in a night");
    }
    // Nobody wrote while it was open; the next night is another.
    at(&mut desk, 24 + 10);
    assert_eq!(answers(&mut desk), [Automatic::Absence]);
    at(&mut desk, 4 * 24 + 9);
    assert_eq!(answers(&mut desk), [Automatic::Absence], "Friday night");
    at(&mut desk, 6 * 24 + 20);
    assert_eq!(answers(&mut desk), [], "Sunday is still the same weekend");
    at(&mut desk, 7 * 24);
    assert_eq!(answers(&mut desk), []);
}

#[test]
fn a_closed_period_answers_in_its_own_words_and_without_words_as_any_night() {
    let mut desk = office();
    let (from, to) = (Day::of(2026, 11, 18).unwrap(), Day::of(2026, 11, 19).unwrap());
    desk.window.closed_periods = vec![ClosedPeriod { id: HOLIDAYS, from, to, text: "棚卸しです".to_owned() }];
    at(&mut desk, 24 + 10);
    assert_eq!(answers(&mut desk), [Automatic::Absence], "Tuesday night");
    at(&mut desk, 2 * 24);
    assert_eq!(said(&says(&mut desk, "もしもし")), [(Automatic::ClosedPeriod(HOLIDAYS), "棚卸しです".to_owned())]);
    at(&mut desk, 3 * 24);
    assert_eq!(answers(&mut desk), [], "the second day");
    at(&mut desk, 3 * 24 + 16);
    assert_eq!(answers(&mut desk), [], "Friday before nine: told on Tuesday, and not open since");
    at(&mut desk, 4 * 24 + 10);
    assert_eq!(answers(&mut desk), [Automatic::Absence]);
    let mut silent = office();
    silent.window.closed_periods = vec![ClosedPeriod { id: HOLIDAYS, from, to, text: String::new() }];
    at(&mut silent, 2 * 24);
    assert_eq!(answers(&mut silent), [Automatic::Absence]);
    assert_eq!(answers(&mut silent), []);
}

#[test]
fn maintenance_answers_whatever_the_hours_once_each_time_the_switch_is_on() {
    let mut desk = office();
    let text = "点検中です".to_owned();
    desk.window.maintenance = Maintenance { since: Some(desk.now), text: text.clone() };
    assert_eq!(said(&says(&mut desk, "もしもし")), [(Automatic::Maintenance, text.clone())]);
    at(&mut desk, 10);
    assert_eq!(answers(&mut desk), [], "closed too, and told already");
    desk.window.maintenance.since = None;
    assert_eq!(answers(&mut desk), [Automatic::Absence]);
    desk.window.maintenance.since = Some(desk.now.plus_ms(1));
    at(&mut desk, 11);
    assert_eq!(answers(&mut desk), [Automatic::Maintenance]);
}

#[test]
fn an_empty_office_says_so_once_in_a_case_and_a_page_shows_it_instead() {
    let mut desk = office();
    desk.window.answers.offline = Offline {
        text: "ただいま席を外しています".to_owned(),
        shown: OfflineShown::Message,
        when_nobody_is_here: true,
    };
    let hear = |desk: &mut Desk, anybody_here| {
        let around = Around { anybody_here, ..Around::new(&desk.window, desk.now) };
        let events = decide(&desk.state, &message("m", desk.now, None), around).unwrap();
        desk.state.apply_record(&events.iter().collect::<Vec<_>>(), desk.now);
        kinds(&events)
    };
    assert_eq!(hear(&mut desk, true), []);
    assert_eq!(hear(&mut desk, false), [Automatic::Offline]);
    assert_eq!(hear(&mut desk, false), []);
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(send(AYA, 1, "c", "お待たせしました"));
    assert_eq!(hear(&mut desk, false), [Automatic::Offline], "answered, and left again");
    desk.window.answers.absence.clear();
    at(&mut desk, 10);
    assert_eq!(hear(&mut desk, true), [Automatic::Offline], "outside the hours there is no other text");
    assert_eq!(hear(&mut desk, true), []);
    desk.window.answers.offline.shown = OfflineShown::Bar;
    at(&mut desk, 24 + 10);
    assert_eq!(hear(&mut desk, false), []);
    assert_eq!(desk.window.banner(desk.now, true), Some((OfflineShown::Bar, "ただいま席を外しています")));
    at(&mut desk, 48);
    assert_eq!(desk.window.banner(desk.now, true), None);
    assert!(desk.window.banner(desk.now, false).is_some());
}

/// Another robot answers each of our answers at once, for a week.
#[test]
fn two_robots_that_answer_each_other_stop() {
    let mut desk = office();
    let mut ours = 0;
    for hour in 9..7 * 24 {
        at(&mut desk, hour);
        for _ in 0..10 {
            let events = says(&mut desk, "自動返信: ただいま不在です");
            ours += kinds(&events).len();
            send_all(&mut desk);
            if kinds(&events).is_empty() {
                break;
            }
        }
    }
    assert_eq!(ours, 5, "one in each of four nights and one at the weekend");
    // Chats that end are no way around it: the robot's thanks for the notice reopen what nobody has answered.
    at(&mut desk, 7 * 24);
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(send(AYA, 1, "c", "ご用件は"));
    send_all(&mut desk);
    desk.wait_ms(HOUR_MS);
    assert_eq!(kinds(&desk.ok(deadline(DeadlineKind::Silence))), [Automatic::End]);
    assert_eq!(answers(&mut desk), []);
    assert!(desk.state.deadlines(&desk.window, desk.now).iter().all(|(_, kind)| *kind != DeadlineKind::Silence));
}

#[test]
fn an_agent_who_completes_tells_the_customer_each_time_and_an_empty_text_tells_nothing() {
    let mut desk = office();
    answers(&mut desk);
    for epoch in 1..=2 {
        desk.ok(Command::Claim { agent: AYA });
        let events = desk.ok(Command::Complete { agent: AYA, seat_epoch: epoch });
        assert!(matches!(events[..], [Event::Completed { by: Some(AYA) }, Event::AutoQueued(_)]), "{events:?}");
        assert_eq!(kinds(&events), [Automatic::End]);
        send_all(&mut desk);
    }
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(inbound(desk.now, InboundKind::Unfollow));
    assert_eq!(desk.ok(Command::Complete { agent: AYA, seat_epoch: 3 }).len(), 1, "who has blocked us hears nothing");
    desk.window.answers.end.notice.clear();
    desk.ok(Command::Claim { agent: AYA });
    assert_eq!(desk.ok(Command::Complete { agent: AYA, seat_epoch: 4 }).len(), 1);
}

#[test]
fn silence_ends_a_chat_only_after_our_word_has_gone_out_and_only_within_the_hours() {
    let mut desk = office();
    answers(&mut desk);
    let waits = |desk: &Desk| {
        let all = desk.state.deadlines(&desk.window, desk.now);
        all.into_iter().find(|(_, kind)| *kind == DeadlineKind::Silence).map(|(at, _)| at.since_ms(MONDAY_9))
    };
    assert_eq!(waits(&desk), None, "the customer waits for us");
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(send(AYA, 1, "c1", "ご用件は"));
    assert_eq!(waits(&desk), None, "it has not gone out");
    desk.wait_ms(60_000);
    send_all(&mut desk);
    assert_eq!(waits(&desk), Some(60_000 + HOUR_MS));
    desk.idle(deadline(DeadlineKind::Silence));
    answers(&mut desk);
    assert_eq!(waits(&desk), None, "they answered");
    // At 17:30: the hour is over at 18:30, when nobody is there.
    desk.now = MONDAY_9.plus_ms(8 * HOUR_MS + HOUR_MS / 2);
    desk.ok(send(AYA, 1, "c2", "いかがでしょう"));
    send_all(&mut desk);
    assert_eq!(waits(&desk), Some(24 * HOUR_MS));
    at(&mut desk, 23);
    desk.idle(deadline(DeadlineKind::Silence));
    desk.window.answers.end.after_silence_ms = 15 * 60_000;
    assert_eq!(waits(&desk), Some(24 * HOUR_MS), "passed within the hours; those are over");
    // The whole of Tuesday nobody looked: it does not fire in Tuesday's night.
    at(&mut desk, 24 + 12);
    assert_eq!(waits(&desk), Some(48 * HOUR_MS));
    desk.window.maintenance.since = Some(desk.now);
    assert_eq!(waits(&desk), None);
    desk.window.maintenance.since = None;
    at(&mut desk, 48);
    let events = desk.ok(deadline(DeadlineKind::Silence));
    assert!(matches!(events[..], [Event::Ended { how: EndHow::Silence }, Event::AutoQueued(_)]), "{events:?}");
    assert_eq!((desk.state.status, desk.state.seat.holder.agent()), (super::super::Status::Done, None));
    desk.idle(deadline(DeadlineKind::Silence));
}

#[test]
fn a_customer_may_end_the_chat_with_a_word_and_their_next_word_begins_another() {
    let mut desk = office();
    answers(&mut desk);
    desk.ok(Command::Claim { agent: AYA });
    let events = says(&mut desk, " 終了 ");
    assert!(
        matches!(events[..], [Event::Received(_), Event::Ended { how: EndHow::Customer }, Event::AutoQueued(_)]),
        "{events:?}"
    );
    assert_eq!(desk.state.outbox.back().unwrap().number, desk.state.last_number);
    desk.no(send(AYA, 1, "c", "まだあります"), &Rejected::SeatNotHeld);
    // Said once more it makes no work for anybody, and is not answered again.
    let again = says(&mut desk, "終了");
    assert_eq!(kinds(&again), []);
    assert_eq!(desk.state.status, super::super::Status::Done);
    answers(&mut desk);
    assert_eq!(desk.state.status, super::super::Status::New);
    // Nobody took part since: a customer cannot order notices, which may cost.
    assert_eq!(kinds(&says(&mut desk, "終了")), []);
    answers(&mut desk);
    desk.ok(Command::Claim { agent: BEN });
    assert_eq!(kinds(&says(&mut desk, "終了")), [Automatic::End]);
}

#[test]
fn an_automatic_answer_that_has_lost_its_moment_is_withdrawn_and_not_kept_for_later() {
    // No way now: an agent's answer waits for the customer, an automatic one does not.
    let mut desk = office();
    answers(&mut desk);
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(send(AYA, 1, "c", "お答えします"));
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 });
    let events = desk.ok(Command::BeginSend(Plan::alone(2, SendMode::Reply)));
    assert_eq!(events, [Event::HeldBack { number: 2 }, Event::Lapsed { number: 3 }]);
    // The customer writes on before the notice is gone.
    let mut desk = office();
    answers(&mut desk);
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 1 });
    let events = says(&mut desk, "もう一つ");
    assert!(matches!(events[..], [Event::Reopened, Event::Lapsed { number: 2 }, Event::Received(_)]), "{events:?}");
    // The platform was away for an hour.
    let mut desk = office();
    at(&mut desk, 9);
    answers(&mut desk);
    desk.wait_ms(HOUR_MS - 1);
    assert!(matches!(
        desk.ask(&Command::BeginSend(Plan::alone(2, SendMode::Push))).unwrap()[..],
        [Event::SendStarted { .. }]
    ));
    desk.wait_ms(1);
    assert_eq!(desk.ok(Command::BeginSend(Plan::alone(2, SendMode::Push))), [Event::Lapsed { number: 2 }]);
    assert!(desk.state.outbox.is_empty());
    // Behind an answer of a person it is left out of the call, and the answer goes.
    let mut desk = office();
    at(&mut desk, 9);
    desk.ok(message("m", desk.now, None));
    desk.ok(Command::Claim { agent: AYA });
    desk.wait_ms(HOUR_MS);
    desk.ok(send(AYA, 1, "c", "お答えします"));
    desk.state.outbox.rotate_left(1);
    let call = Plan { numbers: vec![3, 2], ..Plan::alone(3, SendMode::Push) };
    let events = desk.ok(Command::BeginSend(call));
    assert!(matches!(events[..], [Event::Lapsed { number: 2 }, Event::SendStarted { number: 3, .. }]), "{events:?}");
}

#[test]
fn a_message_that_was_taken_back_before_it_came_is_not_answered_and_a_full_outbox_takes_no_robot() {
    let mut desk = office();
    at(&mut desk, 0);
    answers(&mut desk);
    at(&mut desk, 9);
    desk.ok(unsend("m9"));
    assert_eq!(kinds(&desk.hear("m9", None)), []);
    desk.ok(Command::Claim { agent: AYA });
    for n in 0..super::super::limits::OUTBOX {
        desk.ok(send(AYA, 1, &format!("c{n}"), "答え"));
    }
    assert_eq!(answers(&mut desk), []);
}

#[test]
fn what_was_said_outlives_the_removal_of_who_it_was_said_to() {
    let queued = |name: Option<&str>| AutoQueued {
        number: 2,
        what: Automatic::Absence,
        text: "{name}様、時間外です".to_owned(),
        name: name.map(str::to_owned),
        retry_key: 1,
    };
    assert_eq!(queued(Some("佐藤")).content(), Content::Text("佐藤様、時間外です".to_owned()));
    assert_eq!(queued(None).content(), Content::Text("お客様、時間外です".to_owned()));
    let mut state = Desk::new().state;
    state.apply(&Event::AutoQueued(queued(None)), START);
    let waiting = state.outbox.back().unwrap();
    assert_eq!(
        (waiting.author, waiting.delivery, waiting.automatic),
        (Author::Window, Delivery::Queued, Some(Automatic::Absence))
    );
    assert_eq!(state.said, [Said { what: Automatic::Absence, at: START }]);
}

#[test]
fn what_nobody_starts_closes_by_business_days_without_a_word_to_the_customer() {
    let mut desk = office();
    desk.window.settings.auto_close_ms = 5 * 24 * HOUR_MS + HOUR_MS;
    answers(&mut desk);
    let due = |desk: &Desk| desk.state.deadlines(&desk.window, desk.now)[0].0.since_ms(MONDAY_9);
    assert_eq!(due(&desk), (7 * 24 + 1) * HOUR_MS, "Monday to Monday, and an hour");
    desk.window.hours.close_in_business_days = false;
    assert_eq!(due(&desk), (5 * 24 + 1) * HOUR_MS);
    at(&mut desk, 5 * 24 + 1);
    assert_eq!(desk.ok(deadline(DeadlineKind::AutoClose)), [Event::Completed { by: None }]);
}
