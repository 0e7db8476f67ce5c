//! What may happen between a conversation and the bot in front of its window (PRODUCT B3).
//!
//! The bot gets new conversations, answers under its epoch, and lets go; whatever keeps it from answering opens the
//! conversation to people. A person may take the seat at any time (see `decide::claim`).

use super::decide::{Around, holds};
use super::{Command, Conversation, Event, HandoverEnd, Status, automatic, limits, outgoing};
use crate::domain::bot::{About, BotRules, DEAD_FOR_MS, DeadWhy, LETTERS, Leaving, Lost, Seating};
use crate::domain::hours::Automatic;
use crate::domain::id::{AgentId, InboxId};
use crate::domain::message::Author;
use crate::domain::rejected::Rejected;
use crate::domain::seat::Holder;
use crate::domain::time::Timestamp;

/// The rules under which the window's bot stands in front of this conversation.
fn rules<'a>(state: &Conversation, around: Around<'a>) -> Option<&'a BotRules> {
    around.window.bot.as_ref().filter(|bot| bot.fronts(state.inbox))
}

/// The bot gets a conversation that begins, or that was done and begins anew. `inbox` is said because one that is not
/// born has none; `writes`: with a message, and not only as a friend.
pub(super) fn gets(state: &Conversation, inbox: InboxId, writes: bool, around: Around<'_>) -> Option<Event> {
    let bot = around.window.bot.as_ref().filter(|bot| bot.fronts(inbox))?;
    let begins = state.status == Status::Done || (state.seat.epoch == 0 && state.last_number == 0);
    let is_free = state.seat.holder == Holder::None && !state.set_aside;
    let comes = if writes { true } else { bot.greets && state.status == Status::New };
    (begins && is_free && comes).then(|| seated(state, bot, Seating::Started { told: bot.greets }))
}

/// Before one more message: where too much waits already, the conversation is people's.
pub(super) fn falls_behind(state: &Conversation) -> Option<Event> {
    let full = state.seat.holder == Holder::Bot && state.bot.letters.len() >= LETTERS;
    full.then_some(Event::BotReleased { cause: Leaving::Behind })
}

fn seated(state: &Conversation, bot: &BotRules, how: Seating) -> Event {
    Event::BotSeated { epoch: state.seat.epoch + 1, how, answer_within_ms: bot.answer_within_ms }
}

/// The one check of the bot's seat; see [`holds`].
fn holds_as_bot(state: &Conversation, seat_epoch: u64) -> Result<(), Rejected> {
    if seat_epoch != state.seat.epoch {
        return Err(Rejected::SeatStale { epoch: state.seat.epoch, holder: state.seat.holder.agent() });
    }
    if state.seat.holder != Holder::Bot {
        return Err(Rejected::SeatNotHeld);
    }
    Ok(())
}

/// Decides the commands that concern the bot; `None` for every other.
pub(super) fn decide(
    state: &Conversation,
    command: &Command,
    around: Around<'_>,
) -> Option<Result<Vec<Event>, Rejected>> {
    Some(match command {
        Command::BotSend { seat_epoch, client_id, content, dress, retry_key } => {
            let draft = outgoing::Draft { client_id, content, dress, retry_key: *retry_key };
            outgoing::send(state, Author::Bot, &draft, |state| holds_as_bot(state, *seat_epoch))
        }
        Command::BotHandOver { seat_epoch, summary } => hand_over(state, *seat_epoch, summary.as_deref(), around),
        Command::BotComplete { seat_epoch, heard } => complete(state, *seat_epoch, *heard),
        Command::BotTold { letter } => Ok(told(state, *letter)),
        Command::LetterFailed { letter, why } => Ok(failed(state, *letter, *why, around)),
        Command::DetachBot => Ok(detach(state, around)),
        Command::ReturnToBot { agent, seat_epoch, note } => {
            give_back(state, *agent, *seat_epoch, note.as_deref(), around)
        }
        Command::ReplayLetters { agent } => Ok(replay(state, *agent, around)),
        Command::DropLetters { .. } if state.bot.dead.is_empty() => Ok(Vec::new()),
        Command::DropLetters { agent } => Ok(vec![Event::LettersDropped { by: Some(*agent), until: None }]),
        _ => return None,
    })
}

/// The bot leaves the conversation to people. A customer who finds nobody there is told so now, as if they had written.
fn leave(state: &Conversation, cause: Leaving, next_number: u32, around: Around<'_>) -> Vec<Event> {
    let waits = state.waiting_since.is_some() && !state.hushed;
    let told = waits.then(|| automatic::to_message(state, next_number, around)).flatten();
    [Event::BotReleased { cause }].into_iter().chain(told).collect()
}

fn hand_over(
    state: &Conversation,
    seat_epoch: u64,
    summary: Option<&str>,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    holds_as_bot(state, seat_epoch)?;
    let mut events = Vec::new();
    if let Some(text) = summary.map(str::trim).filter(|text| !text.is_empty()) {
        if text.chars().count() > limits::NOTE_CHARS {
            return Err(Rejected::invalid("summary", "at most 5,000 characters"));
        }
        events.push(Event::BotNoteAdded { number: state.next_number(), text: text.to_owned() });
    }
    let number = state.next_number() + u32::try_from(events.len()).unwrap_or_default();
    events.extend(leave(state, Leaving::HandedOver, number, around));
    Ok(events)
}

/// Closing a case would put a message away that nobody has read: the bot says up to where it knows.
fn complete(state: &Conversation, seat_epoch: u64, heard: u32) -> Result<Vec<Event>, Rejected> {
    holds_as_bot(state, seat_epoch)?;
    let unheard = state.bot.letters.iter().find_map(|letter| match letter.about {
        About::Message(number) if number > heard => Some(number),
        _ => None,
    });
    match unheard {
        Some(number) => Err(Rejected::Unheard { number }),
        None => Ok(vec![Event::BotCompleted]),
    }
}

fn waits(state: &Conversation, letter: u32) -> bool {
    state.bot.letters.iter().any(|waiting| waiting.number == letter)
}

fn told(state: &Conversation, letter: u32) -> Vec<Event> {
    if waits(state, letter) { vec![Event::BotTold { letter }] } else { Vec::new() }
}

/// A bot that cannot be told something does not keep the customer: the conversation is people's. Words about a loss
/// are told once, and have no consequence.
fn failed(state: &Conversation, letter: u32, why: DeadWhy, around: Around<'_>) -> Vec<Event> {
    if !waits(state, letter) {
        return Vec::new();
    }
    let mut events = vec![Event::LetterDied { letter, why }];
    let is_word_of_loss = state.bot.letters.iter().any(|l| l.number == letter && matches!(l.about, About::Left(_)));
    if state.seat.holder == Holder::Bot && !is_word_of_loss {
        events.extend(leave(state, Leaving::Failed, state.next_number(), around));
    }
    events
}

/// Where the bot holds a conversation in front of which it does not stand any more.
fn detach(state: &Conversation, around: Around<'_>) -> Vec<Event> {
    let is_stray = state.seat.holder == Holder::Bot && rules(state, around).is_none();
    if is_stray { leave(state, Leaving::Detached, state.next_number(), around) } else { Vec::new() }
}

fn give_back(
    state: &Conversation,
    agent: AgentId,
    seat_epoch: u64,
    note: Option<&str>,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    holds(state, agent, seat_epoch)?;
    let bot = rules(state, around).ok_or(Rejected::not_found("bot"))?;
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > limits::REASON_CHARS) {
        return Err(Rejected::invalid("note", "at most 500 characters"));
    }
    let mut events = super::decide::end_offer(state, HandoverEnd::Withdrawn);
    events.push(seated(state, bot, Seating::Returned { from: agent, note: note.map(str::to_owned) }));
    Ok(events)
}

/// What the bot missed waits for it again; and where nobody took the conversation meanwhile, so does the conversation.
fn replay(state: &Conversation, by: AgentId, around: Around<'_>) -> Vec<Event> {
    if state.bot.dead.is_empty() {
        return Vec::new();
    }
    let mut events = vec![Event::LettersReplayed { by }];
    let is_free = state.status == Status::New && state.seat.holder == Holder::None;
    if let Some(bot) = rules(state, around).filter(|_| is_free) {
        events.push(seated(state, bot, Seating::Replayed { by }));
    }
    events
}

/// What follows when the bot has not answered in time.
pub(super) fn too_late(state: &Conversation, around: Around<'_>) -> Vec<Event> {
    match state.seat.holder {
        Holder::Bot => leave(state, Leaving::TimedOut, state.next_number(), around),
        Holder::None | Holder::Agent(_) => Vec::new(),
    }
}

/// Dead letters that are old enough are forgotten.
pub(super) fn forget(now: Timestamp) -> Vec<Event> {
    vec![Event::LettersDropped { by: None, until: Some(now.plus_ms(-DEAD_FOR_MS)) }]
}

impl Conversation {
    /// Moves the state by an event that concerns the bot.
    pub(super) fn apply_bot(&mut self, event: &Event, at: Timestamp) {
        let epoch = self.seat.epoch;
        match event {
            Event::BotSeated { epoch, how, answer_within_ms } => {
                let waits = self.waiting_since.is_some();
                self.free_seat(Status::InProgress, at);
                self.seat.epoch = *epoch;
                self.seat.holder = Holder::Bot;
                self.bot.answer_within_ms = *answer_within_ms;
                self.bot.answer_by = waits.then(|| at.plus_ms(*answer_within_ms));
                match how {
                    Seating::Started { told: true } => self.bot.tell(About::Started, at, *epoch),
                    Seating::Started { told: false } | Seating::Replayed { .. } => {}
                    Seating::Returned { note, .. } => {
                        self.bot.tell(About::Returned { note: note.clone() }, at, *epoch);
                    }
                }
                // What it missed in an earlier turn is answered under this one.
                let missed = self.bot.letters.iter_mut().filter(|letter| !matches!(letter.about, About::Left(_)));
                missed.for_each(|letter| letter.epoch = *epoch);
            }
            Event::BotReleased { cause } => {
                self.free_seat(Status::New, at);
                // From here on the customer waits for people, and is not the one who is silent.
                self.silent_since = None;
                match cause {
                    Leaving::HandedOver => self.bot.leave(),
                    cause => self.bot.lose(Lost::Left(*cause), at, epoch),
                }
            }
            Event::BotCompleted => {
                self.free_seat(Status::Done, at);
                self.waiting_since = None;
                self.silent_since = None;
                self.may_say_again(Automatic::Offline);
                self.bot.leave();
            }
            Event::BotNoteAdded { number, .. } => self.last_number = *number,
            Event::BotTold { letter } => {
                self.bot.take(*letter);
            }
            Event::LetterDied { letter, why } => {
                if let Some(letter) = self.bot.take(*letter) {
                    self.bot.bury(letter, *why, at);
                }
            }
            Event::LettersReplayed { .. } => self.bot.revive(),
            Event::LettersDropped { until: None, .. } => self.bot.dead.clear(),
            Event::LettersDropped { until: Some(until), .. } => self.bot.dead.retain(|dead| dead.died_at > *until),
            _ => {}
        }
    }
}
