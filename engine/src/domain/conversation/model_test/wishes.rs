//! What is wished of the conversation: mostly what the reference would grant.

use super::*;

pub(super) fn agent() -> impl Strategy<Value = AgentId> {
    (1u128..=3).prop_map(AgentId)
}

pub(super) fn inbound(known: &Known, what: InboundKind) -> Command {
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

pub(super) fn heard(known: &Known) -> BoxedStrategy<Command> {
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

pub(super) fn seat_command(known: &Known) -> BoxedStrategy<Command> {
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

pub(super) fn written(known: &Known) -> BoxedStrategy<Command> {
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
pub(super) fn begin_alone(number: u32, no_reply: bool) -> Command {
    Command::BeginSend(Plan { no_reply, ..Plan::alone(number, SendMode::Auto) })
}

pub(super) fn bot_command(known: &Known) -> BoxedStrategy<Command> {
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

pub(super) fn deadlines() -> impl Strategy<Value = Command> {
    use DeadlineKind::{AutoClose, BotAnswer, Claimable, DeadLetters, Handover, SeatExpiry};
    proptest::sample::select(vec![Handover, Claimable, SeatExpiry, AutoClose, BotAnswer, DeadLetters])
        .prop_map(|kind| Command::DeadlineReached { kind })
}
