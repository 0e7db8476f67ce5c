//! One conversation driven at random against a reference that is simpler than the rules: who holds the seat under which
//! epoch, what waits to go out and to be told to the bot, since when the customer waits. Three agents, in half of the
//! runs a bot, and a clock that the test moves.
//!
//! The reference never reads the state; it follows from the commands that were granted. See [`Check`] for what must hold.

mod known;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::{
    Around, Command, Conversation, DeadlineKind, Event, Inbound, InboundKind, Overseen, Plan, SendOutcome, Status,
    decide, limits,
};
use crate::domain::bot::{About, BotRules, DEAD, DEAD_FOR_MS, DeadWhy, LETTERS};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, WindowId};
use crate::domain::message::{Content, Delivery, FailureReason};
use crate::domain::org::{ChannelKind, SendMode};
use crate::domain::seat::{Holder, ReleaseCause};
use crate::domain::time::Timestamp;
use crate::domain::window::Window;

use self::known::{Known, heard_in};
use self::wishes::{bot_command, deadlines, heard, seat_command, written};

/// Something the test does.
#[expect(clippy::large_enum_variant, reason = "a few steps of a test")]
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Tell(Command),
}

const HANDOVER_MS: i64 = 60_000;
const CLAIMABLE_MS: i64 = 120_000;
const EXPIRY_MS: i64 = 900_000;
const AUTO_CLOSE_MS: i64 = 1_000_000;
const BUDGET_MS: i64 = 50_000;
const BOT_MS: i64 = 20_000;
/// Under which the bot's client ids are known here.
const BOT: AgentId = AgentId(0);

struct Model;

impl ReferenceStateMachine for Model {
    type State = Known;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Known> {
        any::<bool>().prop_map(|fronted| Known { now: 1_000_000, fronted, ..Known::default() }).boxed()
    }

    fn transitions(known: &Known) -> BoxedStrategy<Step> {
        let wait = proptest::sample::select(vec![
            1,
            BOT_MS,
            BUDGET_MS,
            HANDOVER_MS,
            CLAIMABLE_MS,
            EXPIRY_MS,
            AUTO_CLOSE_MS,
            DEAD_FOR_MS,
        ]);
        // Otherwise most of a run would be spent set aside.
        let aside = if known.set_aside { (6, Command::TakeBack { agent: AgentId(1) }) } else { (1, Command::SetAside) };
        let bot = if known.fronted { 12 } else { 1 };
        prop_oneof![
            4 => wait.prop_map(Step::Wait),
            5 => heard(known).prop_map(Step::Tell),
            12 => seat_command(known).prop_map(Step::Tell),
            12 => written(known).prop_map(Step::Tell),
            bot => bot_command(known).prop_map(Step::Tell),
            5 => deadlines().prop_map(Step::Tell),
            aside.0 => Just(Step::Tell(aside.1)),
        ]
        .boxed()
    }

    fn apply(mut known: Known, step: &Step) -> Known {
        match step {
            Step::Wait(ms) => known.now += ms,
            Step::Tell(command) if known.grants(command) => known.follow(command),
            Step::Tell(_) => {}
        }
        known
    }
}

/// The conversation under test, and everything that was ever recorded of it.
struct Check {
    window: Window,
    state: Conversation,
    now: Timestamp,
    log: Vec<(Timestamp, Vec<Event>)>,
    numbers: Vec<u32>,
    queued: BTreeSet<u32>,
    ended: BTreeSet<u32>,
}

impl Check {
    fn decide(&self, command: &Command) -> Result<Vec<Event>, crate::domain::rejected::Rejected> {
        decide(&self.state, command, Around::new(&self.window, self.now))
    }

    fn record(&mut self, events: Vec<Event>) {
        for event in &events {
            match event {
                Event::Received(received) => self.numbers.push(received.number),
                Event::NoteAdded { number, .. } | Event::BotNoteAdded { number, .. } => self.numbers.push(*number),
                Event::Queued(queued) => {
                    self.numbers.push(queued.number);
                    self.queued.insert(queued.number);
                }
                Event::Sent { number, .. }
                | Event::Failed { number, .. }
                | Event::Unknown { number }
                | Event::Cancelled { number, .. } => assert!(self.ended.insert(*number), "{number} ended twice"),
                _ => {}
            }
        }
        let before = self.state.seat.clone();
        self.state.apply_record(&events.iter().collect::<Vec<_>>(), self.now);
        let after = &self.state.seat;
        assert!(after.epoch >= before.epoch, "the epoch fell");
        let new_holder = after.holder != before.holder && after.holder != Holder::None;
        assert!(!new_holder || after.epoch > before.epoch, "a new holder under an old epoch");
        self.log.push((self.now, events));
    }

    /// A deadline of the state, told at its time, moves it; told again, or of a kind it does not wait for, it is nothing.
    fn deadlines_hold(&self) {
        let due = self.state.deadlines(&self.window, self.now);
        for kind in [
            DeadlineKind::Handover,
            DeadlineKind::Claimable,
            DeadlineKind::SeatExpiry,
            DeadlineKind::AutoClose,
            DeadlineKind::Silence,
            DeadlineKind::BotAnswer,
            DeadlineKind::DeadLetters,
        ] {
            let told = self.decide(&Command::DeadlineReached { kind });
            if !self.state.is_born() {
                continue;
            }
            let events = told.expect("a deadline is never refused");
            let waits = due.iter().any(|(at, which)| *which == kind && *at <= self.now);
            assert_eq!(!events.is_empty(), waits, "{kind:?}");
            let mut later = self.state.clone();
            later.apply_record(&events.iter().collect::<Vec<_>>(), self.now);
            let around = Around::new(&self.window, self.now);
            let again = decide(&later, &Command::DeadlineReached { kind }, around);
            assert_eq!(again, Ok(vec![]), "{kind:?} fired twice");
        }
    }
}

impl StateMachineTest for Check {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(known: &Known) -> Self {
        let bot =
            BotRules { name: "bot".to_owned(), inboxes: BTreeSet::new(), greets: false, answer_within_ms: BOT_MS };
        let mut window = Window::unborn(WindowId::new("w").expect("fits"));
        window.members = (1..=3).map(AgentId).collect();
        window.settings.auto_close_ms = AUTO_CLOSE_MS;
        window.bot = known.fronted.then_some(bot);
        Self {
            window,
            state: Conversation::unborn(ConversationId(1)),
            now: Timestamp(known.now),
            log: Vec::new(),
            numbers: Vec::new(),
            queued: BTreeSet::new(),
            ended: BTreeSet::new(),
        }
    }

    fn apply(mut check: Self, known: &Known, step: Step) -> Self {
        check.now = Timestamp(known.now);
        if let Step::Tell(command) = step
            && let Ok(events) = check.decide(&command)
            && !events.is_empty()
        {
            check.record(events);
        }
        check
    }

    fn check_invariants(check: &Self, known: &Known) {
        let (state, seat) = (&check.state, &check.state.seat);
        let status = match (known.holder, known.done) {
            (Some(_), _) => Status::InProgress,
            (None, _) if known.bot => Status::InProgress,
            (None, true) => Status::Done,
            (None, false) => Status::New,
        };
        assert_eq!((state.status, seat.holder.agent(), seat.epoch), (status, known.holder, known.epoch));
        assert_eq!(seat.holder == Holder::Bot, known.bot);
        assert_eq!(state.bot.answer_by.map(|at| at.0), known.answer_by);
        assert!(known.bot || known.answer_by.is_none(), "only who holds the seat must answer");
        let letters = state.bot.letters.iter().map(|letter| (letter.number, heard_in(&letter.about)));
        assert!(letters.eq(known.letters.iter().map(|(number, message, _)| (*number, *message))));
        let dead = state.bot.dead.iter().map(|dead| (dead.letter.number, dead.died_at.0));
        assert!(dead.eq(known.dead.iter().map(|(number, _, died)| (*number, *died))));
        assert_eq!(state.is_born(), known.born);
        assert_eq!(state.set_aside, known.set_aside);
        let offered = seat.offer.as_ref().map(|offer| (offer.to, offer.expires_at.0));
        assert_eq!(offered, known.offered);
        assert_eq!(seat.offer.as_ref().map(|offer| offer.from), known.offered.and(known.holder));
        assert_eq!(seat.away.map(|away| (away.since.0, seat.claimable)), known.away);
        assert_eq!(state.waiting_since.map(|at| at.0), known.waiting_since);
        assert_eq!(state.reply.as_ref().map(|right| right.received_at.0), known.token_since);

        assert_eq!(state.last_number, known.last_number);
        assert!(check.numbers.iter().copied().eq(1..=known.last_number), "numbers have a gap: {:?}", check.numbers);
        let outbox: Vec<u32> = state.outbox.iter().map(|item| item.number).collect();
        assert!(outbox.iter().eq(check.queued.difference(&check.ended)), "the outbox is what was queued and not ended");
        assert!(outbox.iter().eq(known.outbox.keys()), "waits {outbox:?}, known {:?}", known.outbox);
        for item in &state.outbox {
            assert_eq!(item.delivery == Delivery::Sending, known.outbox[&item.number].is_some());
        }
        let notes = state.notes.iter().map(|note| (note.number, note.author));
        assert!(notes.eq(known.notes.iter().map(|(number, author)| (*number, *author))));

        let mut replayed = Conversation::unborn(state.id);
        for (at, events) in &check.log {
            replayed.apply_record(&events.iter().collect::<Vec<_>>(), *at);
        }
        assert_eq!(&replayed, state, "the log does not give the state");
        check.deadlines_hold();
    }
}

prop_state_machine! {
    #![proptest_config(Config { cases: 256, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_history_of_a_conversation_keeps_its_rules(sequential 1..80 => Check);
}
