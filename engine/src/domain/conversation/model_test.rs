//! One conversation driven at random against a reference that is simpler than the rules: who holds the seat under which
//! epoch, what waits to go out and to be told to the bot, since when the customer waits. Three agents, in half of the
//! runs a bot, and a clock that the test moves.
//!
//! The reference never reads the state; it follows from the commands that were granted. See [`Check`] for what must hold.

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
    /// The bot holds the seat, and until when it must answer.
    bot: bool,
    answer_by: Option<i64>,
    /// What waits to be told to the bot: which, whether it is a message, and whether it is the word of a loss.
    letters: Vec<(u32, Option<u32>, bool)>,
    last_letter: u32,
    /// A bot stands in front of the window.
    fronted: bool,
    /// The customer's messages that came, and those that were taken back.
    known: BTreeSet<String>,
    gone: BTreeSet<String>,
    dead: Vec<(u32, Option<u32>, i64)>,
    epoch: u64,
    offered: Option<(AgentId, i64)>,
    /// Since when the holder is away, and whether the seat was opened to others.
    away: Option<(i64, bool)>,
    waiting_since: Option<i64>,
    new_since: i64,
    last_number: u32,
    /// What has not gone out: whether it was begun, and whether as a free answer.
    outbox: BTreeMap<u32, Option<bool>>,
    /// When each message and memo was written.
    written_at: BTreeMap<u32, i64>,
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
const BOT_MS: i64 = 20_000;
/// Under which the bot's client ids are known here.
const BOT: AgentId = AgentId(0);

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

fn bot_command(known: &Known) -> BoxedStrategy<Command> {
    let epoch = prop_oneof![6 => Just(known.epoch), 1 => Just(known.epoch + 1)].boxed();
    let who = prop_oneof![2 => Just(known.holder.unwrap_or(AgentId(1))), 1 => agent()];
    let letters = known.letters.iter().map(|(letter, ..)| *letter).chain([known.last_letter + 1]);
    let letter = proptest::sample::select(letters.collect::<Vec<_>>()).boxed();
    let heard = prop_oneof![3 => Just(known.last_number), 1 => 0..=known.last_number];
    prop_oneof![
        4 => (epoch.clone(), "[a-f]", "[xy]").prop_map(|(seat_epoch, client_id, text)| Command::BotSend {
            seat_epoch, client_id, content: Content::Text(text), dress: Default::default(), retry_key: 1
        }),
        1 => (epoch.clone(), any::<bool>()).prop_map(|(seat_epoch, says)| Command::BotHandOver {
            seat_epoch, summary: says.then(|| "summary".to_owned())
        }),
        1 => (epoch.clone(), heard).prop_map(|(seat_epoch, heard)| Command::BotComplete { seat_epoch, heard }),
        4 => (who, epoch).prop_map(|(agent, seat_epoch)| Command::ReturnToBot { agent, seat_epoch, note: None }),
        6 => letter.clone().prop_map(|letter| Command::BotTold { letter }),
        1 => letter.prop_map(|letter| Command::LetterFailed { letter, why: DeadWhy::Unreachable }),
        1 => agent().prop_map(|agent| Command::ReplayLetters { agent }),
        1 => agent().prop_map(|agent| Command::DropLetters { agent }),
        1 => Just(Command::DetachBot),
    ]
    .boxed()
}

fn deadlines() -> impl Strategy<Value = Command> {
    use DeadlineKind::{AutoClose, BotAnswer, Claimable, DeadLetters, Handover, SeatExpiry};
    proptest::sample::select(vec![Handover, Claimable, SeatExpiry, AutoClose, BotAnswer, DeadLetters])
        .prop_map(|kind| Command::DeadlineReached { kind })
}

impl Known {
    /// Whether the rules grant the command: what a reader of PRODUCT V1–V5 would say.
    fn grants(&self, command: &Command) -> bool {
        let holds = |agent: &AgentId, epoch: &u64| self.holder == Some(*agent) && self.epoch == *epoch;
        let as_bot = |epoch: &u64| self.bot && self.epoch == *epoch;
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
            | Command::BotTold { .. }
            | Command::LetterFailed { .. }
            | Command::DropLetters { .. }
            | Command::DetachBot
            | Command::TakeBack { .. } => true,
            _ if self.set_aside => false,
            Command::BotSend { seat_epoch, client_id, content: Content::Text(text), .. } => {
                repeated(&BOT, client_id).map_or(as_bot(seat_epoch), |(_, before)| before == text)
            }
            Command::BotHandOver { seat_epoch, .. } => as_bot(seat_epoch),
            Command::BotComplete { seat_epoch, heard } => {
                as_bot(seat_epoch) && self.letters.iter().all(|(_, message, _)| message.is_none_or(|n| n <= *heard))
            }
            Command::ReturnToBot { agent, seat_epoch, .. } => holds(agent, seat_epoch) && self.fronted,
            Command::ReplayLetters { .. } => true,
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
            Command::Send { .. } | Command::BotSend { .. } => false,
            Command::Supervise { act: Overseen::Complete | Overseen::Release, .. } => true,
            Command::Supervise { act: Overseen::HandOver { to }, .. } => {
                self.holder.is_some_and(|holder| holder != *to)
            }
        }
    }

    fn free(&mut self, done: bool) {
        (self.holder, self.offered, self.away, self.done) = (None, None, None, done);
        (self.bot, self.answer_by) = (false, None);
        if done {
            self.waiting_since = None;
        } else {
            self.new_since = self.now;
        }
    }

    fn seat(&mut self, agent: AgentId) {
        if self.bot {
            self.letters.clear();
            self.tell(None, true);
        }
        (self.bot, self.answer_by) = (false, None);
        (self.holder, self.offered, self.away, self.done) = (Some(agent), None, None, false);
        self.epoch += 1;
    }

    fn seat_bot(&mut self) {
        (self.holder, self.offered, self.away, self.done, self.bot) = (None, None, None, false, true);
        self.epoch += 1;
        self.answer_by = self.waiting_since.map(|_| self.now + BOT_MS);
    }

    fn tell(&mut self, message: Option<u32>, loss: bool) {
        self.last_letter += 1;
        self.letters.push((self.last_letter, message, loss));
    }

    fn bury(&mut self, (letter, message, loss): (u32, Option<u32>, bool)) {
        if !loss {
            self.dead.push((letter, message, self.now));
            if self.dead.len() > DEAD {
                self.dead.remove(0);
            }
        }
    }

    /// The bot loses the seat in another way than to a person or by its own wish.
    fn lose_bot(&mut self) {
        self.free(false);
        for letter in std::mem::take(&mut self.letters) {
            self.bury(letter);
        }
        self.tell(None, true);
    }

    fn hear(&mut self, inbound: &Inbound) {
        let begins = !self.born || self.done || (self.epoch == 0 && self.last_number == 0);
        if !self.born {
            (self.born, self.new_since) = (true, self.now);
        }
        let (id, taken_back, reply_token) = match &inbound.what {
            InboundKind::Message { external_id, reply_token, .. } => {
                let id = external_id.clone().expect("the test names every message");
                let taken_back = self.gone.contains(&id);
                (id, taken_back, reply_token)
            }
            InboundKind::Unsend { external_id } => {
                let known = self.known.contains(external_id);
                if self.gone.insert(external_id.clone()) && known && self.bot {
                    self.tell(None, false);
                }
                return;
            }
            _ => return,
        };
        if self.done {
            self.free(false);
        }
        if self.bot && self.letters.len() >= LETTERS {
            self.lose_bot();
        } else if begins && !self.set_aside && self.fronted {
            self.seat_bot();
        }
        self.last_number += 1;
        self.waiting_since.get_or_insert(self.now);
        if reply_token.is_some() {
            self.token_since = Some(self.now);
        }
        self.known.insert(id);
        if self.bot {
            self.answer_by.get_or_insert(self.now + BOT_MS);
            self.tell(Some(self.last_number), false);
            if taken_back {
                self.tell(None, false);
            }
        }
    }

    fn write(&mut self, agent: AgentId, client_id: &str, text: &str) -> Option<u32> {
        let key = (agent, client_id.to_owned());
        if self.client_ids.contains_key(&key) {
            return None;
        }
        self.last_number += 1;
        self.written_at.insert(self.last_number, self.now);
        self.client_ids.insert(key, (self.last_number, text.to_owned()));
        Some(self.last_number)
    }

    fn begin(&mut self, number: u32, push_only: bool) {
        match self.outbox[&number] {
            Some(true) => {
                self.outbox.remove(&number);
            }
            // The platform has forgotten its key.
            Some(false) if self.now - self.written_at[&number] >= limits::REPEATABLE_MS => {
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
                if self.born
                    && !self.done
                    && self.holder.is_none()
                    && !self.bot
                    && self.now - self.new_since >= AUTO_CLOSE_MS =>
            {
                self.free(true);
            }
            DeadlineKind::BotAnswer if self.answer_by.is_some_and(|at| at <= self.now) => self.lose_bot(),
            DeadlineKind::DeadLetters => self.dead.retain(|(_, _, died)| self.now - died < DEAD_FOR_MS),
            _ => {}
        }
    }

    /// What a granted command of the bot, or about it, changes.
    fn follow_bot(&mut self, command: &Command) {
        match command {
            Command::BotSend { client_id, content: Content::Text(text), .. } => {
                if let Some(number) = self.write(BOT, client_id, text) {
                    self.outbox.insert(number, None);
                    let more = self.letters.iter().skip(1).any(|(_, message, _)| message.is_some());
                    self.answer_by = more.then_some(self.now + BOT_MS);
                }
            }
            Command::BotHandOver { summary, .. } => {
                self.last_number += u32::from(summary.is_some());
                self.letters.clear();
                self.free(false);
            }
            Command::BotComplete { .. } => {
                self.letters.clear();
                self.free(true);
            }
            Command::BotTold { letter } => self.letters.retain(|(number, ..)| number != letter),
            Command::LetterFailed { letter, .. } => {
                let Some(place) = self.letters.iter().position(|(number, ..)| number == letter) else { return };
                let dead = self.letters.remove(place);
                self.bury(dead);
                if self.bot && !dead.2 {
                    self.lose_bot();
                }
            }
            Command::ReplayLetters { .. } if !self.dead.is_empty() => {
                let dead = std::mem::take(&mut self.dead);
                self.letters.extend(dead.into_iter().map(|(letter, message, _)| (letter, message, false)));
                self.letters.sort_unstable();
                if self.fronted && self.holder.is_none() && !self.bot && !self.done {
                    self.seat_bot();
                }
            }
            Command::DropLetters { .. } => self.dead.clear(),
            Command::ReturnToBot { .. } => {
                self.seat_bot();
                self.tell(None, false);
            }
            _ => {}
        }
    }

    /// To complete or release is to take the seat, unless one has it, and to use it.
    fn supervised(&mut self, agent: AgentId, act: Overseen) {
        let is_done = match act {
            Overseen::Complete if self.done => return,
            Overseen::Release if self.holder.is_none() && !self.bot => return,
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
            self.seat(agent);
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
            other => self.follow_bot(other),
        }
    }
}

fn heard_in(about: &About) -> Option<u32> {
    match about {
        About::Message(number) => Some(*number),
        _ => None,
    }
}

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
