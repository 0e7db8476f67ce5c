//! The bot in front of a window on the wire: for administrators, for desks, and for the bot itself.

use madoguchi_engine::bots::{BotBodies, LogLine, Logged, Telling, Trouble, delivery_id};
use madoguchi_engine::channels::signed::Posted;
use madoguchi_engine::domain::bot::{
    About, BotRules, DEAD_FOR_MS, DeadLetter as Dead, DeadWhy, Leaving, Lost, Seating,
};
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId};
use madoguchi_engine::domain::org::Bot as DomainBot;
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::handle;
use madoguchi_engine::rows::ConversationRow;
use madoguchi_protocol::api::{
    Bot, BotConversation, BotDelivery, BotDeliveryType, BotHealth, BotLogLine, BotLogged, BotLost, BotTrouble,
    ContactPoint, DeadLetter, DeadLetterWhy, WindowBot,
};
use madoguchi_protocol::event::{BotLeaving, BotSeating};
use std::sync::Arc;

use super::{conversation as rows, message, time};

/// The form of everything that a bot is told.
#[must_use]
pub fn bodies() -> BotBodies {
    BotBodies(Arc::new(|telling| serde_json::to_vec(&delivery(telling)).expect("plain data always serialises")))
}

fn delivery(telling: &Telling<'_>) -> BotDelivery {
    let mut told = BotDelivery {
        kind: BotDeliveryType::Ping,
        id: telling.id.to_owned(),
        at: time(telling.at),
        conversation: None,
        seat_epoch: 0,
        message: None,
        number: None,
        note: None,
        reason: None,
    };
    let Some((row, letter)) = telling.what else { return told };
    told.kind = kind(&letter.about);
    told.conversation = Some(conversation(row));
    told.seat_epoch = letter.epoch;
    told.message = telling.message.map(message::message);
    match &letter.about {
        About::Started | About::Message(_) => {}
        About::TakenBack(number) => told.number = Some(*number),
        About::Returned { note } => told.note.clone_from(note),
        About::Left(why) => told.reason = lost(*why),
    }
    told
}

fn kind(about: &About) -> BotDeliveryType {
    match about {
        About::Started => BotDeliveryType::Started,
        About::Message(_) => BotDeliveryType::Message,
        About::TakenBack(_) => BotDeliveryType::TakenBack,
        About::Returned { .. } => BotDeliveryType::Returned,
        About::Left(_) => BotDeliveryType::Left,
    }
}

fn lost(lost: Lost) -> Option<BotLost> {
    Some(match lost {
        Lost::TakenOver => BotLost::TakenOver,
        Lost::Ended => BotLost::Ended,
        Lost::Left(Leaving::TimedOut) => BotLost::TimedOut,
        Lost::Left(Leaving::Failed) => BotLost::Failed,
        Lost::Left(Leaving::Behind) => BotLost::Behind,
        Lost::Left(Leaving::Detached) => BotLost::Detached,
        Lost::Left(Leaving::HandedOver) => return None,
    })
}

/// A conversation as its bot sees it. Where the customer's picture is stays behind: it is a desk's address.
#[must_use]
pub fn conversation(row: &ConversationRow) -> BotConversation {
    let state = &row.state;
    BotConversation {
        id: state.id.to_string(),
        window: row.window.to_string(),
        inbox: state.inbox.to_string(),
        channel: rows::conversation(row, 0).channel,
        contact_point: ContactPoint {
            id: state.contact_point.to_string(),
            name: state.name.clone(),
            picture_url: None,
            blocked: state.blocked,
        },
        status: rows::status(state.status),
        holds: state.seat.holder == Holder::Bot,
        seat_epoch: state.seat.epoch,
        last_number: state.last_number,
        answer_by: state.bot.answer_by.map(time),
    }
}

/// A bot as administrators see it.
#[must_use]
pub fn bot(bot: &DomainBot, health: &handle::BotHealth) -> Bot {
    Bot {
        window: bot.window.to_string(),
        name: bot.rules.name.clone(),
        endpoint_url: bot.endpoint_url.clone(),
        inboxes: bot.rules.inboxes.iter().map(InboxId::to_string).collect(),
        greets: bot.rules.greets,
        answer_within_ms: u32::try_from(bot.rules.answer_within_ms).unwrap_or(u32::MAX),
        enabled: bot.enabled,
        secret_set_at: time(bot.secret.set_at().unwrap_or(bot.changed_at)),
        former_secret_until: bot.former_secret.as_ref().map(|former| time(former.until)),
        token_set_at: time(bot.token_set_at),
        health: self::health(health),
    }
}

fn health(health: &handle::BotHealth) -> BotHealth {
    let standing = &health.standing;
    BotHealth {
        last_taken_at: standing.last_taken_at.map(time),
        last_failed_at: standing.last_failed.map(|(at, _)| time(at)),
        last_failure: standing.last_failed.map(|(_, why)| trouble(why)),
        failures_in_a_row: standing.failures_in_a_row,
        last_called_at: standing.last_called_at.map(time),
        holds: health.holds,
        waiting: health.waiting,
        dead: health.dead,
    }
}

/// Why something was not told.
#[must_use]
pub fn trouble(trouble: Trouble) -> BotTrouble {
    match trouble {
        Trouble::Call(Posted::Answered(status)) => BotTrouble::Answered { status },
        Trouble::Call(Posted::Unreachable | Posted::BrokeOff) => BotTrouble::Unreachable,
        Trouble::Call(Posted::TooSlow) => BotTrouble::TooSlow,
        Trouble::Call(Posted::Unsafe) => BotTrouble::UnsafeAddress,
        Trouble::NoSecret => BotTrouble::NoSecret,
    }
}

/// A line of a bot's log.
#[must_use]
pub fn log_line(line: &LogLine) -> BotLogLine {
    let what = match &line.what {
        Logged::Taken { delivery, attempt, took_ms } => {
            BotLogged::Taken { delivery: delivery.clone(), attempt: *attempt, took_ms: *took_ms }
        }
        Logged::Failed { delivery, attempt, trouble: why } => {
            BotLogged::Failed { delivery: delivery.clone(), attempt: *attempt, trouble: trouble(*why) }
        }
        Logged::Died { delivery } => BotLogged::Died { delivery: delivery.clone() },
        Logged::Refused { call, code } => BotLogged::Refused { call: (*call).to_owned(), code: (*code).to_owned() },
    };
    BotLogLine { at: time(line.at), conversation: line.conversation.as_ref().map(ConversationId::to_string), what }
}

/// A delivery that was given up.
#[must_use]
pub fn dead_letter(conversation: ConversationId, dead: &Dead) -> DeadLetter {
    DeadLetter {
        delivery: delivery_id(conversation, dead.letter.number),
        conversation: conversation.to_string(),
        kind: kind(&dead.letter.about),
        number: match dead.letter.about {
            About::Message(number) | About::TakenBack(number) => Some(number),
            About::Started | About::Returned { .. } | About::Left(_) => None,
        },
        queued_at: time(dead.letter.at),
        died_at: time(dead.died_at),
        why: match dead.why {
            DeadWhy::TooLate => DeadLetterWhy::TooLate,
            DeadWhy::Refused { status } => DeadLetterWhy::Refused { status },
            DeadWhy::Unreachable => DeadLetterWhy::Unreachable,
        },
        forgotten_at: time(Timestamp(dead.died_at.0.saturating_add(DEAD_FOR_MS))),
    }
}

/// A window's bot as desks know it.
#[must_use]
pub fn of_window(bot: Option<&BotRules>) -> Option<WindowBot> {
    let bot = bot?;
    Some(WindowBot { name: bot.name.clone(), inboxes: bot.inboxes.iter().map(InboxId::to_string).collect() })
}

/// How the bot came by a seat, for desks.
#[must_use]
pub fn seating(how: &Seating) -> BotSeating {
    match how {
        Seating::Started { .. } => BotSeating::Started,
        Seating::Returned { from, note } => BotSeating::Returned { from: AgentId::to_string(from), note: note.clone() },
        Seating::Replayed { by } => BotSeating::Replayed { by: by.to_string() },
    }
}

/// Why the bot left a conversation to people, for desks.
#[must_use]
pub fn leaving(cause: Leaving) -> BotLeaving {
    match cause {
        Leaving::HandedOver => BotLeaving::HandedOver,
        Leaving::TimedOut => BotLeaving::TimedOut,
        Leaving::Failed => BotLeaving::Failed,
        Leaving::Behind => BotLeaving::Behind,
        Leaving::Detached => BotLeaving::Detached,
    }
}
