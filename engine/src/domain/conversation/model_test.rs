//! One conversation driven at random against a reference that is simpler than the rules: who holds the seat under which
//! epoch, what waits to go out, since when the customer waits. Three agents, and a clock that the test moves.
//!
//! The reference never reads the state; it follows from the commands that were granted. See [`Check`] for what must hold.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::{
    Around, Command, Conversation, DeadlineKind, Event, Inbound, InboundKind, Overseen, Plan, SendOutcome, Status,
    decide,
};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, WindowId};
use crate::domain::message::{Content, Delivery, FailureReason};
use crate::domain::org::{ChannelKind, SendMode};
use crate::domain::seat::ReleaseCause;
use crate::domain::time::Timestamp;
use crate::domain::window::Window;

/// Something the test does.
#[expect(clippy::large_enum_variant, reason = "a few steps of a test")]
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Tell(Command),
}

/// What the reference knows.
#[derive(Clone, Debug, Default)]
struct Known {
    now: i64,
    born: bool,
    set_aside: bool,
    done: bool,
    holder: Option<AgentId>,
    epoch: u64,
    offered: Option<(AgentId, i64)>,
    /// Since when the holder is away, and whether the seat was opened to others.
    away: Option<(i64, bool)>,
    waiting_since: Option<i64>,
    new_since: i64,
    last_number: u32,
    /// What has not gone out: whether it was begun, and whether as a free answer.
    outbox: BTreeMap<u32, Option<bool>>,
    token_since: Option<i64>,
    /// Who wrote which memo.
    notes: BTreeMap<u32, AgentId>,
    client_ids: BTreeMap<(AgentId, String), (u32, String)>,
}

const HANDOVER_MS: i64 = 60_000;
const CLAIMABLE_MS: i64 = 120_000;
const EXPIRY_MS: i64 = 900_000;
const AUTO_CLOSE_MS: i64 = 1_000_000;
const BUDGET_MS: i64 = 50_000;

fn agent() -> impl Strategy<Value = AgentId> {
    (1u128..=3).prop_map(AgentId)
}

fn inbound(known: &Known, what: InboundKind) -> Command {
    Command::Inbound(Inbound {
        channel: ChannelKind::Line,
        context: None,
        inbox: InboxId(1),
        contact_point: ContactPointId(1),
        external_id: "U".to_owned(),
        thread: "user:U".to_owned(),
        event_id: "e".to_owned(),
        at: Timestamp(known.now),
        received_at: Timestamp(known.now),
        what,
    })
}

fn heard(known: &Known) -> BoxedStrategy<Command> {
    let known = known.clone();
    let id = (0u8..6).prop_map(|n| format!("m{n}"));
    (id, any::<bool>(), 0u8..5)
        .prop_map(move |(external_id, token, kind)| {
            let what = if kind == 0 {
                InboundKind::Unsend { external_id }
            } else {
                InboundKind::Message {
                    external_id: Some(external_id),
                    content: Content::Text("hello".to_owned()),
                    reply_token: token.then(|| format!("token of {}", known.last_number)),
                    raw: None,
                    read_token: None,
                }
            };
            inbound(&known, what)
        })
        .boxed()
}

fn seat_command(known: &Known) -> BoxedStrategy<Command> {
    let epoch =
        prop_oneof![4 => Just(known.epoch), 1 => Just(known.epoch.saturating_sub(1)), 1 => Just(known.epoch + 1)];
    let cause = prop_oneof![Just(ReleaseCause::LoggedOut), Just(ReleaseCause::LeftWindow)];
    let act = prop_oneof![
        Just(Overseen::Complete),
        Just(Overseen::Release),
        agent().prop_map(|to| Overseen::HandOver { to }),
    ];
    let now = Timestamp(known.now);
    // The holder is told of more often than others, or most commands would be refused.
    let who = prop_oneof![2 => Just(known.holder.unwrap_or(AgentId(1))), 1 => agent()].boxed();
    let held = (who, epoch).boxed();
    prop_oneof![
        4 => agent().prop_map(|agent| Command::Claim { agent }),
        1 => held.clone().prop_map(|(agent, seat_epoch)| Command::Release { agent, seat_epoch }),
        2 => held.clone().prop_map(|(agent, seat_epoch)| Command::Complete { agent, seat_epoch }),
        2 => (agent(), any::<bool>())
            .prop_map(|(agent, supervisor)| Command::TakeOver { agent, supervisor, reason: "why".to_owned() }),
        3 => (held, agent())
            .prop_map(|((agent, seat_epoch), to)| Command::OfferHandover { agent, seat_epoch, to, note: None }),
        3 => agent().prop_map(|agent| Command::AcceptHandover { agent }),
        1 => agent().prop_map(|agent| Command::EndHandover { agent }),
        1 => (agent(), proptest::option::of(agent())).prop_map(|(agent, assignee)| Command::Assign { agent, assignee }),
        2 => agent().prop_map(move |agent| Command::AgentAway { agent, since: now }),
        1 => agent().prop_map(|agent| Command::AgentReturned { agent }),
        1 => (agent(), cause).prop_map(|(agent, cause)| Command::DropAgent { agent, cause }),
        2 => (agent(), act).prop_map(|(agent, act)| Command::Supervise { agent, act, reason: "why".to_owned() }),
    ]
    .boxed()
}

fn written(known: &Known) -> BoxedStrategy<Command> {
    let (epoch, top) = (known.epoch, known.last_number + 1);
    let who = prop_oneof![3 => Just(known.holder.unwrap_or(AgentId(1))), 1 => agent()].boxed();
    let (client_id, text) = ("[a-f]", "[xy]");
    let outcome = prop_oneof![
        3 => any::<bool>().prop_map(|free| SendOutcome::Sent { external_ids: vec![], free }),
        1 => Just(SendOutcome::Failed(FailureReason::QuotaEmpty)),
        1 => Just(SendOutcome::Unknown),
        2 => Just(SendOutcome::Abandoned),
    ];
    let number = prop_oneof![
        3 => proptest::sample::select(known.outbox.keys().copied().chain([top]).collect::<Vec<_>>()),
        1 => 0..=top,
    ]
    .boxed();
    prop_oneof![
        4 => (who.clone(), client_id, text).prop_map(move |(agent, client_id, text)| {
            Command::Send { agent, seat_epoch: epoch, client_id, content: Content::Text(text), dress: Default::default(), retry_key: 1 }
        }),
        1 => (who, number.clone())
            .prop_map(move |(agent, number)| Command::Cancel { agent, seat_epoch: epoch, number }),
        3 => (number.clone(), any::<bool>())
            .prop_map(|(number, push_only)| begin_alone(number, push_only)),
        3 => (number, outcome).prop_map(|(number, outcome)| Command::FinishSend { lead: number, outcome }),
        2 => (agent(), client_id, text)
            .prop_map(|(agent, client_id, text)| Command::AddNote { agent, client_id, text }),
        1 => (agent(), 0..=top, text).prop_map(|(agent, number, text)| Command::EditNote { agent, number, text }),
        1 => (agent(), 0..=top).prop_map(|(agent, number)| Command::DeleteNote { agent, number }),
        1 => "[A-C]?".prop_map(|name| Command::SeeName { name }),
    ]
    .boxed()
}

/// Calls of several answers have tables of their own.
fn begin_alone(number: u32, no_reply: bool) -> Command {
    Command::BeginSend(Plan { no_reply, ..Plan::alone(number, SendMode::Auto) })
}

fn deadlines() -> impl Strategy<Value = Command> {
    use DeadlineKind::{AutoClose, Claimable, Handover, SeatExpiry};
    proptest::sample::select(vec![Handover, Claimable, SeatExpiry, AutoClose])
        .prop_map(|kind| Command::DeadlineReached { kind })
}

impl Known {
    /// Whether the rules grant the command: what a reader of PRODUCT V1–V5 would say.
    fn grants(&self, command: &Command) -> bool {
        let holds = |agent: &AgentId, epoch: &u64| self.holder == Some(*agent) && self.epoch == *epoch;
        let open = self.away.is_some_and(|(_, open)| open);
        let repeated = |agent: &AgentId, client_id: &String| self.client_ids.get(&(*agent, client_id.clone()));
        match command {
            Command::Inbound(_) => true,
            _ if !self.born => false,
            Command::FinishSend { .. }
            | Command::KeepMedia { .. }
            | Command::AgentAway { .. }
            | Command::AgentReturned { .. }
            | Command::DropAgent { .. }
            | Command::DeadlineReached { .. }
            | Command::SettleUnsend { .. }
            | Command::SetAside
            | Command::TakeBack { .. } => true,
            _ if self.set_aside => false,
            Command::Claim { agent } => self.holder.is_none_or(|holder| holder == *agent || open),
            Command::TakeOver { agent, supervisor, .. } => {
                self.holder.is_none_or(|holder| holder == *agent || open || *supervisor)
            }
            Command::Release { agent, seat_epoch } | Command::Complete { agent, seat_epoch } => {
                holds(agent, seat_epoch)
            }
            Command::OfferHandover { agent, seat_epoch, to, .. } => holds(agent, seat_epoch) && agent != to,
            Command::AcceptHandover { agent } => self.offered.is_some_and(|(to, _)| to == *agent),
            Command::EndHandover { agent } => {
                self.offered.is_some_and(|(to, _)| to == *agent || self.holder == Some(*agent))
            }
            Command::Send { agent, seat_epoch, client_id, content: Content::Text(text), .. } => {
                repeated(agent, client_id).map_or(holds(agent, seat_epoch), |(_, before)| before == text)
            }
            Command::AddNote { agent, client_id, text } => {
                repeated(agent, client_id).is_none_or(|(_, before)| before == text)
            }
            Command::Cancel { agent, seat_epoch, number } => {
                holds(agent, seat_epoch) && self.outbox.get(number) == Some(&None)
            }
            Command::BeginSend(plan) => self.outbox.contains_key(&plan.numbers[0]),
            Command::EditNote { agent, number, .. } | Command::DeleteNote { agent, number } => {
                self.notes.get(number) == Some(agent)
            }
            Command::Assign { .. } | Command::SeeName { .. } | Command::SeePicture { .. } => true,
            Command::Send { .. } => false,
            Command::Supervise { act: Overseen::Complete | Overseen::Release, .. } => true,
            Command::Supervise { act: Overseen::HandOver { to }, .. } => {
                self.holder.is_some_and(|holder| holder != *to)
            }
        }
    }

    fn free(&mut self, done: bool) {
        (self.holder, self.offered, self.away, self.done) = (None, None, None, done);
        if done {
            self.waiting_since = None;
        } else {
            self.new_since = self.now;
        }
    }

    fn seat(&mut self, agent: AgentId) {
        (self.holder, self.offered, self.away, self.done) = (Some(agent), None, None, false);
        self.epoch += 1;
    }

    fn hear(&mut self, inbound: &Inbound) {
        if !self.born {
            (self.born, self.new_since) = (true, self.now);
        }
        let InboundKind::Message { reply_token, .. } = &inbound.what else { return };
        if self.done {
            self.free(false);
        }
        self.last_number += 1;
        self.waiting_since.get_or_insert(self.now);
        if reply_token.is_some() {
            self.token_since = Some(self.now);
        }
    }

    fn write(&mut self, agent: AgentId, client_id: &str, text: &str) -> Option<u32> {
        let key = (agent, client_id.to_owned());
        if self.client_ids.contains_key(&key) {
            return None;
        }
        self.last_number += 1;
        self.client_ids.insert(key, (self.last_number, text.to_owned()));
        Some(self.last_number)
    }

    fn begin(&mut self, number: u32, push_only: bool) {
        match self.outbox[&number] {
            Some(true) => {
                self.outbox.remove(&number);
            }
            Some(false) => {}
            None => {
                let alive = !push_only && self.token_since.is_some_and(|since| self.now - since < BUDGET_MS);
                if alive {
                    self.token_since = None;
                }
                self.outbox.insert(number, Some(alive));
            }
        }
    }

    fn pass(&mut self, kind: DeadlineKind) {
        let away_for = self.away.map(|(since, _)| self.now - since);
        match kind {
            DeadlineKind::Handover if self.offered.is_some_and(|(_, at)| at <= self.now) => self.offered = None,
            DeadlineKind::Claimable if away_for.is_some_and(|ms| ms >= CLAIMABLE_MS) => {
                self.away = self.away.map(|(since, _)| (since, true));
            }
            DeadlineKind::SeatExpiry if away_for.is_some_and(|ms| ms >= EXPIRY_MS) => self.free(false),
            DeadlineKind::AutoClose
                if self.born && !self.done && self.holder.is_none() && self.now - self.new_since >= AUTO_CLOSE_MS =>
            {
                self.free(true);
            }
            _ => {}
        }
    }

    /// To complete or release is to take the seat, unless one has it, and to use it.
    fn supervised(&mut self, agent: AgentId, act: Overseen) {
        let is_done = match act {
            Overseen::Complete if self.done => return,
            Overseen::Release if self.holder.is_none() => return,
            Overseen::HandOver { to } => {
                if self.offered.is_none_or(|(asked, _)| asked != to) {
                    self.offered = Some((to, self.now + HANDOVER_MS));
                }
                return;
            }
            Overseen::Complete => true,
            Overseen::Release => false,
        };
        if self.holder != Some(agent) {
            self.epoch += 1;
        }
        self.free(is_done);
    }

    /// What a granted command changes.
    fn follow(&mut self, command: &Command) {
        match command {
            Command::Inbound(inbound) => self.hear(inbound),
            Command::Claim { agent } if self.holder == Some(*agent) => self.away = None,
            Command::TakeOver { agent, .. } if self.holder == Some(*agent) => {}
            Command::Claim { agent } | Command::TakeOver { agent, .. } | Command::AcceptHandover { agent } => {
                self.seat(*agent);
            }
            Command::Supervise { agent, act, .. } => self.supervised(*agent, *act),
            Command::Release { .. } => self.free(false),
            Command::Complete { .. } => self.free(true),
            Command::OfferHandover { to, .. } => self.offered = Some((*to, self.now + HANDOVER_MS)),
            Command::EndHandover { .. } => self.offered = None,
            Command::Send { agent, client_id, content: Content::Text(text), .. } => {
                if let Some(number) = self.write(*agent, client_id, text) {
                    self.outbox.insert(number, None);
                    self.waiting_since = None;
                }
            }
            Command::AddNote { agent, client_id, text } => {
                if let Some(number) = self.write(*agent, client_id, text) {
                    self.notes.insert(number, *agent);
                }
            }
            Command::DeleteNote { number, .. } => {
                self.notes.remove(number);
            }
            Command::Cancel { number, .. } => {
                self.outbox.remove(number);
            }
            Command::BeginSend(plan) => self.begin(plan.numbers[0], plan.no_reply),
            Command::FinishSend { lead, outcome } => match self.outbox.get_mut(lead) {
                Some(begun @ Some(_)) if *outcome == SendOutcome::Abandoned => *begun = None,
                Some(Some(_)) => {
                    self.outbox.remove(lead);
                }
                _ => {}
            },
            Command::AgentAway { agent, since } if self.holder == Some(*agent) => {
                self.away.get_or_insert((since.0, false));
            }
            Command::AgentReturned { agent } if self.holder == Some(*agent) => self.away = None,
            Command::DropAgent { agent, .. } if self.holder == Some(*agent) => self.free(false),
            Command::DropAgent { agent, .. } if self.offered.is_some_and(|(to, _)| to == *agent) => self.offered = None,
            Command::DeadlineReached { kind } => self.pass(*kind),
            Command::SetAside => self.set_aside = true,
            Command::TakeBack { .. } => self.set_aside = false,
            _ => {}
        }
    }
}

struct Model;

impl ReferenceStateMachine for Model {
    type State = Known;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Known> {
        Just(Known { now: 1_000_000, ..Known::default() }).boxed()
    }

    fn transitions(known: &Known) -> BoxedStrategy<Step> {
        let wait = proptest::sample::select(vec![1, BUDGET_MS, HANDOVER_MS, CLAIMABLE_MS, EXPIRY_MS, AUTO_CLOSE_MS]);
        // Otherwise most of a run would be spent set aside.
        let aside = if known.set_aside { (6, Command::TakeBack { agent: AgentId(1) }) } else { (1, Command::SetAside) };
        prop_oneof![
            4 => wait.prop_map(Step::Wait),
            5 => heard(known).prop_map(Step::Tell),
            12 => seat_command(known).prop_map(Step::Tell),
            12 => written(known).prop_map(Step::Tell),
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
                Event::NoteAdded { number, .. } => self.numbers.push(*number),
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
        let new_holder = after.holder != before.holder && after.holder.agent().is_some();
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
        let mut window = Window::unborn(WindowId::new("w").expect("fits"));
        window.members = (1..=3).map(AgentId).collect();
        window.settings.auto_close_ms = AUTO_CLOSE_MS;
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
            (None, true) => Status::Done,
            (None, false) => Status::New,
        };
        assert_eq!((state.status, seat.holder.agent(), seat.epoch), (status, known.holder, known.epoch));
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
        assert!(outbox.iter().eq(known.outbox.keys()));
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
