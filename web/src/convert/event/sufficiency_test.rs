//! The proof that the wire suffices: a desk that has a snapshot and applies the events after it knows what a later
//! snapshot and the timelines say. [`desk`] is written from `docs/socket-protocol.md` and sees nothing but the wire.

mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madoguchi_engine::domain::bot::{BotRules, DeadWhy};
use madoguchi_engine::domain::content::{Dress, Media, MediaKind, MediaLoss, MediaPlace, StoredFile};
use madoguchi_engine::domain::conversation::{
    Around, Command, Conversation as State, DeadlineKind, Inbound, InboundKind, Outgoing, Plan, SendOutcome, decide,
};
use madoguchi_engine::domain::id::{ContactPointId, FileId, InboxId};
use madoguchi_engine::domain::message::FailureReason;
use madoguchi_engine::domain::org::SendMode;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::window::Window;
use madoguchi_engine::journal::feed::Committed;
use madoguchi_engine::journal::memory::MemoryJournal;
use madoguchi_engine::journal::{Append, Journal, codec};
use madoguchi_engine::readmodel::{ReadModels, hydrate};
use madoguchi_engine::rows::{ConversationRow, Place};
use madoguchi_protocol::api::{Conversation, Message, Status};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use self::desk::Desk;
use super::*;

const STREAM: StreamId = StreamId(1);
/// The window's `reply_budget_ms`.
const BUDGET_MS: i64 = 50_000;

/// The engine's side: decisions, states, the journal and the read models of the real program.
struct Truth {
    window: Window,
    states: BTreeMap<ConversationId, (Position, State)>,
    /// Conversations whose newest record no desk sees: it moved them, and nobody else.
    quiet: BTreeSet<String>,
    journal: MemoryJournal,
    owner_epoch: u64,
    models: ReadModels,
    updates: Vec<Update>,
    now: i64,
    _dir: tempfile::TempDir,
}

impl Truth {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let journal = MemoryJournal::new(codec::redact);
        let mut window = Window::unborn(WindowId::new("w").expect("an id"));
        window.opened = true;
        window.settings.reply_budget_ms = BUDGET_MS;
        window.members.extend((1..=3).map(AgentId));
        // In front of two customers of three.
        let name = "案内ボット".to_owned();
        window.bot = Some(BotRules { name, inboxes: [InboxId(1)].into(), greets: true, answer_within_ms: 60_000 });
        // Never open, so that all that it can say by itself is said.
        window.hours.week = Default::default();
        window.answers.greeting = "ようこそ、{name}様".to_owned();
        window.answers.absence = "{name}様、時間外です".to_owned();
        window.answers.end.notice = "終了しました".to_owned();
        window.answers.end.words = vec!["終了".to_owned()];
        Self {
            window,
            states: BTreeMap::new(),
            quiet: BTreeSet::new(),
            owner_epoch: journal.own(STREAM).expect("memory does not fail"),
            journal,
            models: ReadModels::open(dir.path()).expect("a store").models,
            updates: Vec::new(),
            now: 1_000_000,
            _dir: dir,
        }
    }

    /// Decides, and records what follows.
    fn command(&mut self, id: ConversationId, command: &Command) {
        self.now += 1_000;
        let at = Timestamp(self.now);
        let (_, state) = self.states.get(&id).cloned().unwrap_or((Position(0), State::unborn(id)));
        let Ok(events) = decide(&state, command, Around::new(&self.window, at)) else { return };
        if events.is_empty() {
            return;
        }
        let mut after = state;
        after.apply_record(&events.iter().collect::<Vec<_>>(), at);
        let facts = events.into_iter().map(|event| record::Fact::Conversation(id, event)).collect();
        let record = Record { at, by: By::Engine, events: facts };
        let payload = codec::encode(&record).expect("it fits");
        let append =
            Append { stream: STREAM, owner_epoch: self.owner_epoch, touches: Vec::new(), dedupe: Vec::new(), payload };
        let position = self.journal.append(&[append]).expect("memory does not fail")[0].expect("nobody else writes");
        let told = update(&self.window.id, STREAM, position, &record);
        if told.events.is_empty() {
            self.quiet.insert(id.to_string());
        } else {
            self.quiet.remove(&id.to_string());
        }
        self.updates.push(told);
        let committed = Committed {
            stream: STREAM,
            position,
            window: Some(self.window.id.clone()),
            record: Arc::new(record),
            dedupe: Vec::new(),
            after: vec![Arc::new(after.clone())],
        };
        self.models.apply(&[committed]).expect("the store works");
        self.states.insert(id, (position, after));
    }

    fn row(&self, id: ConversationId) -> Conversation {
        let (position, state) = self.states[&id].clone();
        let row = ConversationRow { window: self.window.id.clone(), position, state: Arc::new(state) };
        seats::conversation(&row, BUDGET_MS)
    }

    /// Open conversations, as a snapshot has them.
    fn open(&self) -> Vec<Conversation> {
        let rows = self.states.keys().map(|id| self.row(*id));
        rows.filter(|row| row.status != Status::Done).collect()
    }

    /// Without the moment of what no desk is told.
    fn as_seen(&self, mut rows: Vec<Conversation>) -> Vec<Conversation> {
        for row in rows.iter_mut().filter(|row| self.quiet.contains(&row.id)) {
            (row.position, row.updated_at) = (0, String::new());
        }
        rows
    }

    /// Every line of every timeline, as REST serves it.
    fn messages(&self) -> BTreeMap<(String, u32), Message> {
        let mut messages = BTreeMap::new();
        for id in self.states.keys() {
            let lines = self.models.timeline(*id, Place::After(0), 10_000).expect("the store works").rows;
            for row in hydrate(&self.journal, *id, &lines).expect("the journal works") {
                messages.insert((id.to_string(), row.number), message::message(&row));
            }
        }
        messages
    }
}

/// A wish, with what depends on the state left to be filled in.
#[derive(Clone, Debug)]
struct Wish {
    conversation: u128,
    agent: u128,
    kind: u8,
    number: u32,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let wish = (1_u128..4, 1_u128..4, 0_u8..43, 1_u32..8).prop_map(|(conversation, agent, kind, number)| Wish {
        conversation,
        agent,
        kind,
        number,
    });
    proptest::collection::vec(wish, 1..120)
}

fn inbound(truth: &Truth, id: ConversationId, turn: usize, what: InboundKind) -> Command {
    Command::Inbound(Inbound {
        channel: madoguchi_engine::domain::org::ChannelKind::Line,
        context: None,
        inbox: InboxId(if id.0 == 3 { 2 } else { 1 }),
        contact_point: ContactPointId(id.0),
        external_id: format!("U{}", id.0),
        thread: format!("U{}", id.0),
        event_id: format!("e-{turn}"),
        // Some come late.
        at: Timestamp(truth.now - if turn.is_multiple_of(3) { 5_000 } else { 0 }),
        received_at: Timestamp(truth.now),
        what,
    })
}

fn command(truth: &Truth, turn: usize, wish: &Wish) -> (ConversationId, Command) {
    let id = ConversationId(wish.conversation);
    let wished_by = AgentId(wish.agent);
    let state = truth.states.get(&id).map(|(_, state)| state);
    let seat_epoch = state.map_or(0, |state| state.seat.epoch);
    let holder = state.and_then(|state| state.seat.holder.agent()).unwrap_or(wished_by);
    let other = AgentId(wish.agent % 3 + 1);
    let oldest = state.and_then(|state| state.outbox.front()).map_or(wish.number, |item| item.number);
    let number = wish.number;
    let awaited = state.and_then(|state| state.awaited.front()).map_or(number, |awaited| awaited.number);
    let letter = state.and_then(|state| state.bot.letters.front()).map_or(number, |letter| letter.number);
    let last = state.map_or(0, |state| state.last_number);
    let text = if turn.is_multiple_of(11) { "終了".to_owned() } else { format!("text {turn}") };
    let external_id = format!("m-{number}");
    let command = match wish.kind {
        0..5 => inbound(
            truth,
            id,
            turn,
            InboundKind::Message {
                external_id: Some(external_id),
                content: Content::Text(text),
                reply_token: Some(format!("t-{turn}")),
                raw: None,
                read_token: None,
            },
        ),
        5 => inbound(truth, id, turn, InboundKind::Unsend { external_id }),
        6..9 => Command::Claim { agent: wished_by },
        9 => Command::Release { agent: holder, seat_epoch },
        10 => Command::Complete { agent: holder, seat_epoch },
        11 => Command::TakeOver { agent: wished_by, supervisor: true, reason: "r".to_owned() },
        12 => Command::OfferHandover { agent: holder, seat_epoch, to: other, note: Some("n".to_owned()) },
        13 => Command::AcceptHandover { agent: other },
        14 => Command::EndHandover { agent: other },
        15 => Command::Assign { agent: wished_by, assignee: (number.is_multiple_of(2)).then_some(other) },
        16..19 => Command::Send {
            agent: holder,
            seat_epoch,
            client_id: format!("c-{turn}"),
            content: Content::Text(text),
            dress: Dress::default(),
            retry_key: turn as u128,
        },
        19 => Command::Cancel { agent: holder, seat_epoch, number: oldest },
        20 => Command::AddNote { agent: wished_by, client_id: format!("n-{turn}"), text },
        21 => Command::EditNote { agent: wished_by, number, text },
        22 => Command::DeleteNote { agent: wished_by, number },
        23 => Command::BeginSend(Plan {
            no_reply: number.is_multiple_of(2),
            ..Plan::alone(oldest, if turn.is_multiple_of(5) { SendMode::Reply } else { SendMode::Auto })
        }),
        24 => Command::FinishSend { lead: oldest, outcome: outcome(number) },
        25 => Command::DeadlineReached {
            kind: [DeadlineKind::Handover, DeadlineKind::Claimable, DeadlineKind::SeatExpiry, DeadlineKind::AutoClose]
                [number as usize % 4],
        },
        26 => Command::AgentAway { agent: holder, since: Timestamp(truth.now - i64::from(number) * 400_000) },
        27 => Command::AgentReturned { agent: holder },
        28 if number.is_multiple_of(2) => Command::SeePicture { picture: Some(FileId(u128::from(number))) },
        28 => Command::SeeName { name: format!("name {number}") },
        30 => inbound(truth, id, turn, photo(external_id)),
        31 => Command::KeepMedia { number: awaited, outcome: kept(turn) },
        32 => inbound(truth, id, turn, InboundKind::Edit { external_id, content: Content::Text(text) }),
        33 if number.is_multiple_of(2) => inbound(truth, id, turn, InboundKind::Unfollow),
        // Begun as a free answer, and then certainly not taken.
        34 if state.and_then(|state| state.outbox.front()).is_some_and(Outgoing::waits) => {
            Command::BeginSend(Plan::alone(oldest, SendMode::Reply))
        }
        34 => Command::FinishSend { lead: oldest, outcome: SendOutcome::Refused { culprits: Vec::new() } },
        33 => inbound(truth, id, turn, InboundKind::Follow { unblocked: true, reply_token: Some(format!("f-{turn}")) }),
        35 => Command::BotSend {
            seat_epoch,
            client_id: format!("b-{turn}"),
            content: Content::Text(text),
            dress: Dress::default(),
            retry_key: turn as u128,
        },
        36 => Command::BotHandOver { seat_epoch, summary: number.is_multiple_of(2).then_some(text) },
        37 => Command::BotComplete { seat_epoch, heard: last },
        38 => Command::ReturnToBot { agent: holder, seat_epoch, note: Some("n".to_owned()) },
        39 => Command::BotTold { letter },
        40 => Command::LetterFailed { letter, why: DeadWhy::Unreachable },
        41 if number.is_multiple_of(3) => Command::DropLetters { agent: wished_by },
        41 => Command::ReplayLetters { agent: wished_by },
        42 if number.is_multiple_of(2) => Command::DeadlineReached { kind: DeadlineKind::BotAnswer },
        42 => Command::DetachBot,
        _ if number == 1 => Command::SetAside,
        _ => Command::TakeBack { agent: wished_by },
    };
    (id, command)
}

fn photo(external_id: String) -> InboundKind {
    let media = Media {
        kind: MediaKind::Image,
        name: None,
        bytes: None,
        duration_ms: None,
        set: None,
        place: MediaPlace::Platform,
    };
    let (external_id, content) = (Some(external_id), Content::Media(Box::new(media)));
    InboundKind::Message { external_id, content, reply_token: None, raw: None, read_token: None }
}

fn kept(turn: usize) -> Result<StoredFile, MediaLoss> {
    let id = FileId(turn as u128);
    let file = StoredFile { id, mime: "image/png".to_owned(), bytes: 5, size: Some((1, 1)), preview: None };
    if turn.is_multiple_of(3) { Err(MediaLoss::Gone) } else { Ok(file) }
}

fn outcome(number: u32) -> SendOutcome {
    match number % 4 {
        0 => SendOutcome::Sent { external_ids: vec![(number, "x".to_owned())], free: true },
        1 => SendOutcome::Failed(FailureReason::GaveUp),
        2 => SendOutcome::Unknown,
        _ => SendOutcome::Abandoned,
    }
}

/// A proof over events that never happen would prove nothing.
#[test]
fn the_wishes_lead_to_every_event_of_a_conversation() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..150 {
        let wishes = wishes().new_tree(&mut runner).expect("a strategy without filters").current();
        let mut truth = Truth::new();
        for (turn, wish) in wishes.iter().enumerate() {
            let (id, command) = command(&truth, turn, wish);
            truth.command(id, &command);
        }
        let events = truth.updates.iter().flat_map(|update| &update.events);
        let kind = |event| serde_json::to_value(event).expect("plain data")["type"].to_string();
        seen.extend(events.map(kind));
    }
    // All but those of the window itself, and what only mail knows.
    assert_eq!(seen.len(), 39, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_the_events_after_it_are_the_later_snapshot(wishes in wishes(), cut in 0.0..1.0_f64) {
        let mut truth = Truth::new();
        let cut = (wishes.len() as f64 * cut) as usize;
        let (mut early, mut told) = (Desk::default(), 0);
        // Two desks: one that was there from the beginning, one that came in the middle.
        let mut late = Desk::default();
        for (turn, wish) in wishes.iter().enumerate() {
            if turn == cut {
                late.rows = truth.open().into_iter().map(|row| (row.id.clone(), row)).collect();
                late.messages = truth.messages();
            }
            let (id, command) = command(&truth, turn, wish);
            let before = truth.updates.len();
            truth.command(id, &command);
            // Events may come a little after the fact, and a fetch then sees more than the event.
            if turn % 4 == 3 || turn + 1 == wishes.len() {
                for update in &truth.updates[told..] {
                    let fetch = |id: &str| truth.row(id.parse().expect("an id"));
                    early.take(update, fetch);
                }
                told = truth.updates.len();
            }
            for update in truth.updates[before..].iter().filter(|_| turn >= cut) {
                late.take(update, |id| truth.row(id.parse().expect("an id")));
            }
        }
        prop_assert_eq!(truth.as_seen(early.open()), truth.as_seen(truth.open()));
        prop_assert_eq!(&early.messages, &truth.messages());
        prop_assert_eq!(truth.as_seen(late.open()), truth.as_seen(truth.open()));
        prop_assert_eq!(&late.messages, &truth.messages());
    }
}
