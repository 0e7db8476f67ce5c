//! The rules of one conversation as tables: what was wished, and what follows.
//!
//! [`Desk`] is one conversation in a window of three members. The themes: `seat` and `handover` (who may answer), `waiting`
//! (deadlines), `bot` (the bot in front), `machines` (what machines write), `outgoing` and `notes` (what is written here), `incoming` (what the customer does).

mod automatic;
mod bot;
mod copies;
mod handover;
mod incoming;
mod machines;
mod modes;
mod notes;
mod outgoing;
mod platform;
mod seat;
mod supervise;
mod waiting;

use super::{Around, Command, Conversation, DeadlineKind, Event, Inbound, InboundKind, Plan, Queued, decide};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, WindowId};
use crate::domain::message::{Author, Content};
use crate::domain::org::{ChannelKind, SendMode};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::domain::window::Window;

const AYA: AgentId = AgentId(1);
const BEN: AgentId = AgentId(2);
const CHO: AgentId = AgentId(3);
/// Not a member of the window.
const OUTSIDER: AgentId = AgentId(9);
const START: Timestamp = Timestamp(1_000_000);

type Answer = Result<Vec<Event>, Rejected>;

/// A conversation, its window and a clock that stands until it is moved.
struct Desk {
    window: Window,
    state: Conversation,
    now: Timestamp,
}

impl Desk {
    /// Nobody has written yet.
    fn unborn() -> Self {
        let mut window = Window::unborn(WindowId::new("sales").unwrap());
        window.members = [AYA, BEN, CHO].into();
        Self { window, state: Conversation::unborn(ConversationId(7)), now: START }
    }

    /// The customer wrote once; number 1.
    fn new() -> Self {
        let mut desk = Self::unborn();
        desk.hear("m1", Some("token-1"));
        desk
    }

    /// Aya holds the seat under epoch 1.
    fn held() -> Self {
        let mut desk = Self::new();
        desk.ok(Command::Claim { agent: AYA });
        desk
    }

    /// Aya holds the seat and `text` waits to go out as number 2.
    fn answered(text: &str) -> Self {
        let mut desk = Self::held();
        desk.ok(send(AYA, 1, "c1", text));
        desk
    }

    fn ask(&self, command: &Command) -> Answer {
        decide(&self.state, command, Around::new(&self.window, self.now))
    }

    /// Decides and, where something follows, applies it as one record.
    fn tell(&mut self, command: Command) -> Answer {
        let events = self.ask(&command)?;
        if !events.is_empty() {
            self.state.apply_record(&events.iter().collect::<Vec<_>>(), self.now);
        }
        Ok(events)
    }

    /// As [`Desk::tell`], for a wish that must come true.
    fn ok(&mut self, command: Command) -> Vec<Event> {
        let shown = format!("{command:?}");
        let events = self.tell(command).unwrap_or_else(|no| panic!("{shown}: {no}"));
        assert!(!events.is_empty(), "{shown} changed nothing");
        events
    }

    /// A wish that is granted and changes nothing.
    fn idle(&mut self, command: Command) {
        let before = self.state.clone();
        assert_eq!(self.tell(command.clone()), Ok(vec![]), "{command:?}");
        assert_eq!(self.state, before);
    }

    /// A wish that is refused and changes nothing.
    fn no(&mut self, command: Command, why: &Rejected) {
        let before = self.state.clone();
        assert_eq!(self.tell(command.clone()).as_ref(), Err(why), "{command:?}");
        assert_eq!(self.state, before);
    }

    fn hear(&mut self, external_id: &str, token: Option<&str>) -> Vec<Event> {
        self.ok(message(external_id, self.now, token))
    }

    fn wait_ms(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    fn due(&self) -> Vec<(i64, DeadlineKind)> {
        let all = self.state.deadlines(&self.window, self.now);
        all.into_iter().map(|(at, kind)| (at.since_ms(START), kind)).collect()
    }
}

fn inbound(at: Timestamp, what: InboundKind) -> Command {
    Command::Inbound(Inbound {
        channel: ChannelKind::Line,
        context: None,
        inbox: InboxId(5),
        contact_point: ContactPointId(6),
        external_id: "U1".to_owned(),
        thread: "user:U1".to_owned(),
        event_id: "event".to_owned(),
        at,
        received_at: at.plus_ms(10),
        what,
    })
}

fn message(external_id: &str, at: Timestamp, token: Option<&str>) -> Command {
    inbound(
        at,
        InboundKind::Message {
            external_id: Some(external_id.to_owned()),
            content: Content::Text(format!("text of {external_id}")),
            reply_token: token.map(str::to_owned),
            raw: Some("{}".to_owned()),
            read_token: None,
        },
    )
}

fn unsend(external_id: &str) -> Command {
    inbound(START, InboundKind::Unsend { external_id: external_id.to_owned() })
}

fn send(agent: AgentId, seat_epoch: u64, client_id: &str, text: &str) -> Command {
    let content = Content::Text(text.to_owned());
    Command::Send {
        agent,
        seat_epoch,
        client_id: client_id.to_owned(),
        content,
        dress: Default::default(),
        retry_key: 42,
    }
}

fn deadline(kind: DeadlineKind) -> Command {
    Command::DeadlineReached { kind }
}

fn stale(epoch: u64, holder: Option<AgentId>) -> Rejected {
    Rejected::SeatStale { epoch, holder }
}

#[test]
fn nothing_but_the_customer_can_begin_a_conversation() {
    let mut desk = Desk::unborn();
    let nobody = Rejected::not_found("conversation");
    for command in [
        Command::Claim { agent: AYA },
        Command::TakeOver { agent: AYA, supervisor: true, reason: "why".to_owned() },
        Command::AddNote { agent: AYA, client_id: "n".to_owned(), text: "t".to_owned() },
        Command::Assign { agent: AYA, assignee: None },
        Command::SeeName { name: "Hana".to_owned() },
        Command::SetAside,
        send(AYA, 0, "c", "t"),
        deadline(DeadlineKind::AutoClose),
    ] {
        desk.no(command, &nobody);
    }
    let events = desk.hear("m1", None);
    assert!(matches!(events[..], [Event::Opened(_), Event::Received(_)]));
    assert!(desk.state.is_born());
}

#[test]
fn a_conversation_set_aside_takes_facts_and_refuses_work() {
    let mut desk = Desk::answered("hello");
    desk.ok(Command::BeginSend(Plan { no_reply: true, ..Plan::alone(2, SendMode::Auto) }));
    desk.ok(Command::SetAside);
    desk.idle(Command::SetAside);
    for work in [
        Command::Claim { agent: AYA },
        Command::Release { agent: AYA, seat_epoch: 1 },
        Command::Complete { agent: AYA, seat_epoch: 1 },
        Command::TakeOver { agent: BEN, supervisor: true, reason: "why".to_owned() },
        Command::OfferHandover { agent: AYA, seat_epoch: 1, to: BEN, note: None },
        Command::AcceptHandover { agent: BEN },
        Command::EndHandover { agent: BEN },
        Command::Assign { agent: AYA, assignee: Some(BEN) },
        send(AYA, 1, "c2", "more"),
        Command::Cancel { agent: AYA, seat_epoch: 1, number: 2 },
        Command::AddNote { agent: AYA, client_id: "n".to_owned(), text: "t".to_owned() },
        Command::EditNote { agent: AYA, number: 3, text: "t".to_owned() },
        Command::DeleteNote { agent: AYA, number: 3 },
        Command::BeginSend(Plan { no_reply: true, ..Plan::alone(2, SendMode::Auto) }),
        Command::SeeName { name: "Hana".to_owned() },
    ] {
        desk.no(work, &Rejected::SetAside);
    }
    desk.hear("m2", None);
    desk.ok(Command::FinishSend { lead: 2, outcome: super::SendOutcome::Unknown });
    desk.ok(Command::AgentAway { agent: AYA, since: desk.now });
    desk.ok(Command::AgentReturned { agent: AYA });
    desk.ok(Command::DropAgent { agent: AYA, cause: crate::domain::seat::ReleaseCause::LoggedOut });

    assert_eq!(desk.ok(Command::TakeBack { agent: BEN }), [Event::TakenBack { by: BEN }]);
    desk.idle(Command::TakeBack { agent: BEN });
    desk.ok(Command::Claim { agent: AYA });
}

#[test]
fn a_name_is_kept_once_and_cut_at_its_limit() {
    let mut desk = Desk::new();
    desk.idle(Command::SeeName { name: String::new() });
    desk.ok(Command::SeeName { name: "Hana".to_owned() });
    desk.idle(Command::SeeName { name: "Hana".to_owned() });
    desk.ok(Command::SeeName { name: "花".repeat(201) });
    assert_eq!(desk.state.name, Some("花".repeat(200)));
}

#[test]
fn a_name_longer_than_its_limit_is_not_recorded_again_and_again() {
    let mut desk = Desk::new();
    desk.ok(Command::SeeName { name: "花".repeat(201) });
    desk.idle(Command::SeeName { name: "花".repeat(201) });
}
