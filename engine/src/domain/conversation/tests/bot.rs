//! The bot in front of the window: it gets what begins, answers under its epoch, and never keeps a customer from people.

use super::*;
use crate::domain::bot::{About, BotRules, DEAD_FOR_MS, DeadWhy, LETTERS, Leaving, Lost, Seating};
use crate::domain::conversation::{ClaimHow, Claimed, HandoverEnd, Status};
use crate::domain::seat::Holder;

const WITHIN_MS: i64 = 30_000;

fn rules() -> BotRules {
    BotRules { name: "案内ボット".to_owned(), inboxes: [].into(), greets: false, answer_within_ms: WITHIN_MS }
}

impl Desk {
    /// A bot stands in front of the window, and nobody has written yet.
    fn behind(bot: BotRules) -> Self {
        let mut desk = Self::unborn();
        desk.window.bot = Some(bot);
        desk
    }

    /// The customer wrote message 1, and the bot holds the seat under epoch 1.
    fn with_bot() -> Self {
        let mut desk = Self::behind(rules());
        desk.hear("m1", None);
        desk
    }

    fn letters(&self) -> Vec<(u32, About)> {
        self.state.bot.letters.iter().map(|letter| (letter.number, letter.about.clone())).collect()
    }

    fn dead(&self) -> Vec<(u32, DeadWhy)> {
        self.state.bot.dead.iter().map(|dead| (dead.letter.number, dead.why)).collect()
    }

    fn stands(&self) -> (Status, Holder, u64) {
        (self.state.status, self.state.seat.holder, self.state.seat.epoch)
    }
}

fn says(seat_epoch: u64, client_id: &str, text: &str) -> Command {
    Command::BotSend {
        seat_epoch,
        client_id: client_id.to_owned(),
        content: Content::Text(text.to_owned()),
        dress: Default::default(),
        retry_key: 42,
    }
}

fn hands_over(seat_epoch: u64, summary: Option<&str>) -> Command {
    Command::BotHandOver { seat_epoch, summary: summary.map(str::to_owned) }
}

fn give_back(agent: AgentId, seat_epoch: u64) -> Command {
    Command::ReturnToBot { agent, seat_epoch, note: Some(" もう一度 ".to_owned()) }
}

fn follow() -> Command {
    inbound(START, InboundKind::Follow { unblocked: false, reply_token: None })
}

fn released(cause: Leaving) -> Event {
    Event::BotReleased { cause }
}

#[test]
fn a_new_conversation_and_its_first_message_are_one_record_and_the_bots() {
    let mut desk = Desk::behind(rules());
    let events = desk.hear("m1", None);
    assert!(matches!(
        events[..],
        [
            Event::Opened(_),
            Event::BotSeated { epoch: 1, how: Seating::Started { told: false }, .. },
            Event::Received(_)
        ]
    ));
    assert_eq!(desk.stands(), (Status::InProgress, Holder::Bot, 1));
    assert_eq!(desk.letters(), [(1, About::Message(1))]);
    assert_eq!(desk.due(), [(WITHIN_MS, DeadlineKind::BotAnswer)]);
    desk.hear("m2", None);
    assert_eq!(desk.letters(), [(1, About::Message(1)), (2, About::Message(2))]);
    assert_eq!(desk.due(), [(WITHIN_MS, DeadlineKind::BotAnswer)], "the oldest message counts");
}

#[test]
fn a_bot_that_greets_hears_of_friends_and_one_that_does_not_gets_them_when_they_write() {
    let mut desk = Desk::behind(BotRules { greets: true, ..rules() });
    desk.ok(follow());
    assert_eq!(desk.stands(), (Status::InProgress, Holder::Bot, 1));
    assert_eq!((desk.letters(), desk.due()), (vec![(1, About::Started)], vec![]));

    let mut desk = Desk::behind(rules());
    desk.ok(follow());
    assert_eq!(desk.stands(), (Status::New, Holder::None, 0));
    desk.hear("m1", None);
    assert_eq!((desk.stands().1, desk.letters()), (Holder::Bot, vec![(1, About::Message(1))]));
}

#[test]
fn only_what_begins_goes_to_the_bot_and_only_on_its_accounts() {
    let mut other = Desk::behind(BotRules { inboxes: [InboxId(6)].into(), ..rules() });
    other.hear("m1", None);
    assert_eq!(other.stands(), (Status::New, Holder::None, 0));

    // A bot that comes later takes nothing that waits for people, and nothing that people have.
    let mut waiting = Desk::new();
    waiting.window.bot = Some(rules());
    waiting.hear("m2", None);
    assert_eq!(waiting.stands(), (Status::New, Holder::None, 0));
    waiting.ok(Command::Claim { agent: AYA });
    waiting.hear("m3", None);
    assert_eq!(waiting.stands().1, Holder::Agent(AYA));
    waiting.ok(Command::Release { agent: AYA, seat_epoch: 1 });
    waiting.hear("m4", None);
    assert_eq!(waiting.stands(), (Status::New, Holder::None, 1), "put back to people, not to the bot");

    waiting.ok(Command::Claim { agent: AYA });
    waiting.ok(Command::Complete { agent: AYA, seat_epoch: 2 });
    let events = waiting.hear("m5", None);
    assert!(matches!(events[..], [Event::Reopened, Event::BotSeated { epoch: 3, .. }, Event::Received(_)]));
}

#[test]
fn the_bot_answers_under_its_epoch_and_never_twice() {
    let mut desk = Desk::with_bot();
    for (command, why) in [
        (says(0, "a", "はい"), stale(1, None)),
        (says(2, "a", "はい"), stale(1, None)),
        (send(AYA, 1, "a", "はい"), Rejected::SeatNotHeld),
        (give_back(AYA, 1), Rejected::SeatNotHeld),
        (Command::Complete { agent: AYA, seat_epoch: 1 }, Rejected::SeatNotHeld),
    ] {
        desk.no(command, &why);
    }
    desk.ok(says(1, "a", "はい"));
    assert_eq!(desk.state.outbox[0].author, Author::Bot);
    assert_eq!(desk.state.number_of(Author::Bot, "a"), Some(2));
    assert_eq!(desk.due(), [], "it has answered");
    assert!(desk.state.waiting_since.is_some(), "no person has");
    desk.idle(says(1, "a", "はい"));
    desk.no(says(1, "a", "いいえ"), &Rejected::ClientIdReused);

    desk.ok(Command::Claim { agent: AYA });
    desk.idle(says(1, "a", "はい"));
    desk.no(says(1, "b", "まだ"), &stale(2, Some(AYA)));
    desk.ok(send(AYA, 2, "a", "an agent's ids are their own"));
}

#[test]
fn an_answer_counts_for_what_was_being_told_and_not_for_what_waits_behind() {
    let mut desk = Desk::with_bot();
    desk.hear("m2", None);
    desk.wait_ms(10_000);
    desk.ok(says(1, "a", "はい"));
    assert_eq!(desk.due(), [(10_000 + WITHIN_MS, DeadlineKind::BotAnswer)]);
}

#[test]
fn a_person_takes_it_at_any_time_without_asking() {
    for take in
        [Command::Claim { agent: BEN }, Command::TakeOver { agent: BEN, supervisor: false, reason: "急ぎ".to_owned() }]
    {
        let mut desk = Desk::with_bot();
        let events = desk.ok(take);
        assert!(matches!(
            &events[0],
            Event::Claimed(Claimed { agent: BEN, epoch: 2, how: ClaimHow::TakenOver { from: None, .. } })
        ));
        assert_eq!(desk.letters(), [(2, About::Left(Lost::TakenOver))], "what waited is the person's now");
        assert_eq!((desk.dead(), desk.due()), (vec![], vec![]));
        desk.hear("m2", None);
        assert_eq!(desk.letters().len(), 1, "the bot hears no more");
    }
}

#[test]
fn handing_over_leaves_a_memo_and_a_conversation_for_people() {
    let mut desk = Desk::with_bot();
    desk.no(hands_over(0, None), &stale(1, None));
    let long = "長".repeat(5_001);
    desk.no(hands_over(1, Some(&long)), &Rejected::invalid("summary", "at most 5,000 characters"));
    let events = desk.ok(hands_over(1, Some(" 返品の相談 ")));
    let memo = Event::BotNoteAdded { number: 2, text: "返品の相談".to_owned() };
    assert_eq!(events, [memo, released(Leaving::HandedOver)]);
    assert_eq!(desk.stands(), (Status::New, Holder::None, 1));
    assert_eq!((desk.letters(), desk.dead()), (vec![], vec![]), "its own wish is no news to it");
    desk.no(says(1, "late", "まだあります"), &Rejected::SeatNotHeld);
    desk.no(hands_over(1, None), &Rejected::SeatNotHeld);
    desk.no(Command::EditNote { agent: AYA, number: 2, text: "x".to_owned() }, &Rejected::not_found("note"));
    desk.hear("m2", None);
    assert_eq!(desk.stands(), (Status::New, Holder::None, 1));

    let mut desk = Desk::with_bot();
    assert_eq!(desk.ok(hands_over(1, Some("  "))), [released(Leaving::HandedOver)]);
}

#[test]
fn what_the_customer_wrote_meanwhile_is_not_put_away_unread() {
    let mut desk = Desk::with_bot();
    desk.hear("m2", None);
    let done = |heard| Command::BotComplete { seat_epoch: 1, heard };
    desk.no(done(1), &Rejected::Unheard { number: 2 });
    desk.ok(Command::BotTold { letter: 1 });
    desk.no(done(1), &Rejected::Unheard { number: 2 });
    assert_eq!(desk.ok(done(2)), [Event::BotCompleted]);
    assert_eq!(desk.stands(), (Status::Done, Holder::None, 1));
    assert_eq!((desk.letters(), desk.due(), desk.state.waiting_since), (vec![], vec![], None));
    desk.no(done(2), &Rejected::SeatNotHeld);
}

#[test]
fn silence_opens_the_conversation_and_what_was_not_heard_is_kept() {
    let mut desk = Desk::with_bot();
    desk.ok(Command::BotTold { letter: 1 });
    desk.hear("m2", None);
    desk.wait_ms(WITHIN_MS - 1);
    desk.idle(deadline(DeadlineKind::BotAnswer));
    desk.wait_ms(1);
    assert_eq!(desk.ok(deadline(DeadlineKind::BotAnswer)), [released(Leaving::TimedOut)]);
    assert_eq!(desk.stands(), (Status::New, Holder::None, 1));
    assert_eq!(desk.dead(), [(2, DeadWhy::TooLate)]);
    assert_eq!(desk.letters(), [(3, About::Left(Lost::Left(Leaving::TimedOut)))]);
    desk.idle(deadline(DeadlineKind::BotAnswer));
    assert!(desk.state.waiting_since.is_some(), "the wait counts from the first message");
}

#[test]
fn a_bot_that_cannot_be_told_loses_the_conversation_and_its_words_of_loss_bury_nothing() {
    for why in [DeadWhy::Refused { status: 410 }, DeadWhy::Unreachable] {
        let mut desk = Desk::with_bot();
        desk.hear("m2", None);
        let events = desk.ok(Command::LetterFailed { letter: 1, why });
        assert_eq!(events, [Event::LetterDied { letter: 1, why }, released(Leaving::Failed)]);
        assert_eq!(desk.dead(), [(1, why), (2, DeadWhy::TooLate)]);
        assert_eq!(desk.ok(Command::LetterFailed { letter: 3, why }), [Event::LetterDied { letter: 3, why }]);
        assert_eq!((desk.letters(), desk.dead().len()), (vec![], 2));
        for told_again in [Command::LetterFailed { letter: 1, why }, Command::BotTold { letter: 1 }] {
            desk.idle(told_again);
        }
    }
}

#[test]
fn too_much_for_the_bot_is_peoples_and_nothing_is_lost() {
    let mut desk = Desk::with_bot();
    for n in 2..=LETTERS {
        desk.hear(&format!("m{n}"), None);
    }
    assert_eq!(desk.letters().len(), LETTERS);
    let events = desk.hear("one more", None);
    assert!(matches!(events[..], [Event::BotReleased { cause: Leaving::Behind }, Event::Received(_)]));
    assert_eq!(desk.stands(), (Status::New, Holder::None, 1));
    assert_eq!((desk.dead().len(), desk.letters().len()), (LETTERS, 1));
}

#[test]
fn a_colleague_gives_back_to_the_bot_and_an_open_offer_ends() {
    let mut desk = Desk::with_bot();
    desk.ok(Command::BotTold { letter: 1 });
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(Command::OfferHandover { agent: AYA, seat_epoch: 2, to: BEN, note: None });
    desk.no(give_back(BEN, 2), &Rejected::SeatNotHeld);
    let long = Command::ReturnToBot { agent: AYA, seat_epoch: 2, note: Some("長".repeat(501)) };
    desk.no(long, &Rejected::invalid("note", "at most 500 characters"));
    let events = desk.ok(give_back(AYA, 2));
    let how = Seating::Returned { from: AYA, note: Some("もう一度".to_owned()) };
    assert_eq!(events[0], Event::HandoverEnded { how: HandoverEnd::Withdrawn });
    assert_eq!(events[1], Event::BotSeated { epoch: 3, how, answer_within_ms: WITHIN_MS });
    assert_eq!(desk.stands(), (Status::InProgress, Holder::Bot, 3));
    assert_eq!(desk.letters()[1].1, About::Returned { note: Some("もう一度".to_owned()) });
    assert_eq!(desk.due(), [(WITHIN_MS, DeadlineKind::BotAnswer)], "the customer still waits");
    desk.no(send(AYA, 2, "c", "もう"), &stale(3, None));

    let mut desk = Desk::held();
    desk.no(give_back(AYA, 1), &Rejected::not_found("bot"));
}

#[test]
fn a_bot_that_is_taken_out_leaves_what_it_held_to_people() {
    let mut desk = Desk::with_bot();
    desk.idle(Command::DetachBot);
    desk.window.bot = Some(BotRules { inboxes: [InboxId(6)].into(), ..rules() });
    assert_eq!(desk.ok(Command::DetachBot), [released(Leaving::Detached)]);
    desk.idle(Command::DetachBot);
    let mut desk = Desk::held();
    desk.idle(Command::DetachBot);
}

#[test]
fn what_died_is_told_again_under_its_old_number_and_the_free_conversation_goes_along() {
    let mut desk = Desk::with_bot();
    desk.ok(Command::LetterFailed { letter: 1, why: DeadWhy::Unreachable });
    desk.wait_ms(5_000);
    let events = desk.ok(Command::ReplayLetters { agent: CHO });
    let how = Seating::Replayed { by: CHO };
    assert_eq!(
        events,
        [Event::LettersReplayed { by: CHO }, Event::BotSeated { epoch: 2, how, answer_within_ms: WITHIN_MS }]
    );
    let (letters, epochs): (Vec<_>, Vec<_>) = desk.state.bot.letters.iter().map(|l| (l.number, l.epoch)).unzip();
    assert_eq!((letters, epochs), (vec![1, 2], vec![2, 1]), "a word of loss speaks of its own time");
    assert_eq!(desk.due(), [(5_000 + WITHIN_MS, DeadlineKind::BotAnswer)]);
    desk.idle(Command::ReplayLetters { agent: CHO });

    let mut desk = Desk::with_bot();
    desk.ok(Command::LetterFailed { letter: 1, why: DeadWhy::Unreachable });
    desk.ok(Command::Claim { agent: AYA });
    assert_eq!(desk.ok(Command::ReplayLetters { agent: CHO }).len(), 1);
    assert_eq!(desk.stands().1, Holder::Agent(AYA), "a person's conversation stays theirs");
}

#[test]
fn what_died_is_put_away_by_a_person_or_after_a_week() {
    let mut desk = Desk::with_bot();
    desk.ok(Command::LetterFailed { letter: 1, why: DeadWhy::Unreachable });
    desk.ok(Command::Claim { agent: AYA });
    desk.ok(Command::Complete { agent: AYA, seat_epoch: 2 });
    for letter in [2, 3] {
        let _ = desk.tell(Command::BotTold { letter });
    }
    assert!(desk.state.is_at_work(), "a done conversation stays in sight while something dead waits");
    assert_eq!(desk.due(), [(DEAD_FOR_MS, DeadlineKind::DeadLetters)]);
    let mut later = Desk { window: desk.window.clone(), state: desk.state.clone(), now: desk.now };
    later.wait_ms(DEAD_FOR_MS - 1);
    later.idle(deadline(DeadlineKind::DeadLetters));
    later.wait_ms(1);
    later.ok(deadline(DeadlineKind::DeadLetters));
    assert_eq!((later.dead(), later.state.is_at_work()), (vec![], false));

    desk.ok(Command::DropLetters { agent: CHO });
    assert_eq!((desk.dead(), desk.due()), (vec![], vec![]));
    desk.idle(Command::DropLetters { agent: CHO });
}

#[test]
fn what_the_customer_takes_back_is_taken_back_from_the_bot() {
    let mut desk = Desk::with_bot();
    desk.ok(unsend("m1"));
    assert_eq!(desk.letters(), [(1, About::Message(1)), (2, About::TakenBack(1))]);
    desk.ok(Command::Claim { agent: AYA });
    desk.hear("m2", None);
    desk.ok(unsend("m2"));
    assert_eq!(desk.letters().len(), 1, "it has no part in what comes later");
}

#[test]
fn a_conversation_set_aside_hears_what_became_of_letters_and_does_no_work_for_the_bot() {
    let mut desk = Desk::with_bot();
    desk.ok(Command::SetAside);
    for work in [says(1, "a", "はい"), hands_over(1, None), Command::BotComplete { seat_epoch: 1, heard: 1 }] {
        desk.no(work, &Rejected::SetAside);
    }
    desk.ok(Command::BotTold { letter: 1 });
    desk.wait_ms(WITHIN_MS);
    desk.ok(deadline(DeadlineKind::BotAnswer));
}

#[test]
fn that_nobody_is_there_is_said_when_the_bot_leaves_and_not_while_it_answers() {
    let says = |events: &[Event]| events.iter().any(|event| matches!(event, Event::AutoQueued(_)));
    for (leaves, wait_ms) in [
        (hands_over(1, Some("要約")), 0),
        (deadline(DeadlineKind::BotAnswer), WITHIN_MS),
        (Command::LetterFailed { letter: 1, why: DeadWhy::Unreachable }, 0),
    ] {
        let mut desk = Desk::behind(rules());
        desk.window.hours.week = Default::default();
        desk.window.answers.absence = "受付時間外です".to_owned();
        assert!(!says(&desk.hear("m1", None)));
        desk.wait_ms(wait_ms);
        let events = desk.ok(leaves);
        assert!(says(&events), "{events:?}");
        let numbers: Vec<u32> = events
            .iter()
            .filter_map(|event| match event {
                Event::BotNoteAdded { number, .. } => Some(*number),
                Event::AutoQueued(queued) => Some(queued.number),
                _ => None,
            })
            .collect();
        assert!(numbers.iter().copied().eq(2..2 + numbers.len() as u32), "{numbers:?}");
    }
}

#[test]
fn a_chat_that_ends_takes_it_from_the_bot_and_tells_it() {
    let mut desk = Desk::with_bot();
    desk.window.answers.end.words = vec!["終了".to_owned()];
    let what = InboundKind::Message {
        external_id: Some("m2".to_owned()),
        content: Content::Text("終了".to_owned()),
        reply_token: None,
        raw: None,
        read_token: None,
    };
    desk.ok(inbound(desk.now, what));
    assert_eq!(desk.stands(), (Status::Done, Holder::None, 1));
    assert_eq!(desk.letters(), [(3, About::Left(Lost::Ended))]);

    // A customer who is silent after the bot's answer has gone; one who waits for a person has not.
    let mut desk = Desk::with_bot();
    desk.window.answers.end.after_silence_ms = 600_000;
    desk.ok(says(1, "a", "はい"));
    desk.ok(Command::BeginSend(Plan::alone(2, SendMode::Push)));
    let sent = crate::domain::conversation::SendOutcome::Sent { external_ids: vec![], free: false };
    desk.ok(Command::FinishSend { lead: 2, outcome: sent });
    assert_eq!(desk.due(), [(600_000, DeadlineKind::Silence)]);
    desk.ok(hands_over(1, None));
    assert!(desk.due().iter().all(|(_, kind)| *kind != DeadlineKind::Silence), "{:?}", desk.due());
}
