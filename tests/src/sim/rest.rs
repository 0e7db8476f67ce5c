//! The end of a run: faults cease, everything that waits is done, and then the whole is judged. What was accepted is there
//! once, at every reader and in every list, and nothing is left lying.

use std::collections::BTreeMap;

use madoguchi_engine::domain::conversation::{Command, Conversation, DeadlineKind};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::{Content, Delivery};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::window::RawReason;
use madoguchi_engine::rows::{ListQuery, MessageKind, MessageRow, MessagesQuery, Place};

use super::phones::{Event, Fate, user_id};
use super::run::{Life, World, hurry, others, through};
use super::socket::Socket;
use super::steps;
use super::truth::Line;

/// Rounds after which what still moves will never rest.
const ROUNDS: usize = 600;

/// Brings everything to rest and judges it.
///
/// # Panics
/// It does not rest, or is not what it must be.
pub(super) async fn come_to_rest(world: &mut World, life: &mut Life) {
    world.say("faults cease");
    world.no_more_panics();
    let mut waits = String::new();
    for round in 0..ROUNDS {
        world.step += 1;
        go_on(world, life, round).await;
        waits = what_waits(world);
        if waits.is_empty() {
            judge(world, life).await;
            return;
        }
    }
    panic!("it never comes to rest: {waits}");
}

async fn go_on(world: &mut World, life: &mut Life, round: usize) {
    for window in 0..world.windows.len() {
        let open: Vec<Event> = world
            .phones
            .events()
            .into_iter()
            .filter(|event| !event.acknowledged && event.user % 2 == window)
            .take(10)
            .collect();
        if !open.is_empty() && world.calls.waiting() < 4 {
            steps::post(world, life, window, open);
        }
    }
    for _ in 0..4 {
        hurry(life);
        others(10).await;
        life.readers.carry(usize::MAX);
        world.look(life);
    }
    for call in world.phones.calls() {
        let said = world.phones.decide(call, Fate::Answered);
        world.say(&format!("platform: {said}"));
    }
    mend(world, life).await;
    // The longest back-off is five minutes; what waits for a person's absence is not waited for.
    let pause_ms = if round.is_multiple_of(8) { 60_000 } else { 700 };
    world.clock.advance_ms(pause_ms);
}

/// A person puts set-aside conversations back to work and has their bodies read again.
async fn mend(world: &mut World, life: &mut Life) {
    let supervisor = world.tabs.last().expect("there are tabs").agent;
    for state in world.truth.all() {
        if state.set_aside {
            let handle = life.handle.clone();
            let back = handle.command(By::Agent(supervisor), state.id, Command::TakeBack { agent: supervisor });
            // Refused where an earlier one is still on its way; then the next round.
            let _ = through(life, back).await;
            world.say("a set-aside conversation is put back to work");
        }
    }
    for id in world.windows.clone() {
        let handle = life.handle.clone();
        let Ok(bodies) = through(life, handle.raw_bodies(&id)).await else { continue };
        for raw in bodies.into_iter().filter(|raw| raw.why == RawReason::SetAside) {
            let _ = through(life, handle.replay_raw(By::Agent(supervisor), &id, raw.raw)).await;
        }
    }
    world.look(life);
}

/// What is still under way, in words; empty when nothing is.
fn what_waits(world: &World) -> String {
    let mut waits = Vec::new();
    for event in world.phones.events() {
        let missing = event.text.is_some() && !world.truth.received.contains_key(&event.id);
        if !event.acknowledged || missing {
            waits.push(format!("{} of customer {}", event.id, event.user));
        }
    }
    let now = world.clock.now();
    for fold in world.truth.folds.values() {
        for (_, state) in fold.conversations.values() {
            let due = state.deadlines(&fold.window, now);
            if due.iter().any(|(at, kind)| *at <= now && *kind == DeadlineKind::Silence) {
                waits.push(format!("the end of {}", state.id));
            }
        }
    }
    for state in world.truth.all() {
        for item in &state.outbox {
            waits.push(format!("answer {} ({:?})", item.number, item.delivery));
        }
    }
    let broken: Vec<Event> = world.phones.events().into_iter().filter(|event| event.broken).collect();
    for body in world.truth.bodies.iter().filter(|body| body.why == RawReason::Busy) {
        // One that holds what nobody can read stays, for a person to look at.
        if broken.iter().any(|event| super::truth::mentions(body, &format!("\"{}\"", event.id))) {
            continue;
        }
        if world.truth.folds.values().any(|fold| fold.window.raw.contains(&body.raw)) {
            waits.push(format!("a body stored whole at {}", body.received_at.0));
        }
    }
    if world.calls.waiting() > 0 {
        waits.push(format!("{} calls without an answer", world.calls.waiting()));
    }
    waits.join(", ")
}

async fn judge(world: &mut World, life: &mut Life) {
    judge_customers(world);
    judge_answers(world);
    world.calls.judge(&world.truth);
    judge_readers(world, life).await;
    judge_lists(world, life).await;
    world.say("at rest");
}

/// Every message of a customer is there once, in one conversation of theirs.
fn judge_customers(world: &World) {
    for event in world.phones.events().iter().filter(|event| event.text.is_some()) {
        assert_eq!(world.truth.received.get(&event.id), Some(&1), "{event:?}");
    }
    let mut users = BTreeMap::new();
    for state in world.truth.all() {
        let other = users.insert(state.external_id.clone(), state.id);
        assert_eq!(other, None, "two conversations with {}", state.external_id);
    }
}

/// What the customers see is what the timelines say: sent ones once, in order; the rest not, or perhaps.
fn judge_answers(world: &World) {
    let mut numbers = BTreeMap::new();
    for (id, lines) in &world.truth.lines {
        for (number, line) in lines {
            let Line::Outbound { text, delivery } = line else { continue };
            numbers.insert(text.clone(), (*id, *number));
            let times = world.phones.times_shown(text);
            let right = match delivery {
                Delivery::Sent => times == 1,
                Delivery::Failed | Delivery::Cancelled => times == 0,
                Delivery::Unknown => times <= 1,
                // Auto mode always has a way.
                Delivery::Queued | Delivery::Sending | Delivery::Unsent => false,
            };
            assert!(right, "{text:?} is {delivery:?} and was shown {times} times");
        }
    }
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for shown in world.phones.shown() {
        let (id, number) = numbers[&shown.text];
        let (_, state) = world.truth.conversation(id).expect("it has lines");
        assert_eq!(shown.user, state.external_id, "{:?} went to somebody else", shown.text);
        let before = last.insert(shown.user.clone(), number);
        assert!(before < Some(number), "{:?} overtook number {before:?}", shown.text);
    }
}

/// Every tab that may see a window has all of it.
async fn judge_readers(world: &mut World, life: &mut Life) {
    for tab in 0..world.tabs.len() {
        let mut socket = Socket::new(life.readers.join(world.identity(tab)));
        for window in &world.windows {
            socket.watch(window, &world.tabs[tab].places);
        }
        life.sockets[tab] = Some(socket);
    }
    for _ in 0..12 {
        others(20).await;
        life.readers.carry(usize::MAX);
        life.readers.second();
        for (socket, tab) in life.sockets.iter_mut().zip(&mut world.tabs) {
            socket.as_mut().expect("just opened").read(usize::MAX, &world.journal, &mut tab.places);
        }
    }
    for (tab, socket) in world.tabs.iter().zip(&life.sockets) {
        let socket = socket.as_ref().expect("just opened");
        for (window, fold) in &world.truth.folds {
            if fold.window.members.contains(&tab.agent) {
                assert!(socket.watches(window) && socket.is_open(), "agent {} may watch {window}", tab.agent.0);
                let place = tab.places.get(window).map(|(_, position)| *position);
                assert_eq!(place, Some(fold.position), "agent {} misses the end of {window}", tab.agent.0);
            }
        }
    }
}

/// Lists and timelines say what the journal says.
async fn judge_lists(world: &mut World, life: &mut Life) {
    let handle = life.handle.clone();
    let query = ListQuery { windows: world.windows.clone(), limit: 200, ..ListQuery::default() };
    let page = through(life, handle.conversations(query)).await.expect("the read models have caught up");
    let mut listed: Vec<Conversation> = page.items.iter().map(|row| Conversation::clone(&row.state)).collect();
    listed.sort_by_key(|state| state.id);
    let all: Vec<Conversation> = world.truth.all().iter().map(|state| Conversation::clone(state)).collect();
    assert_eq!(listed, all, "the list is not what the journal says");
    for (id, lines) in world.truth.lines.clone() {
        let query = MessagesQuery { place: Place::Newest, limit: 200 };
        let page = through(life, handle.messages(id, query)).await.expect("the read models have caught up");
        let wanted: Vec<u32> = lines.keys().copied().rev().take(200).collect();
        let mut numbers: Vec<u32> = page.items.iter().map(|row| row.number).collect();
        numbers.reverse();
        assert_eq!(numbers, wanted, "the timeline of {}", user_of(world, id));
        for row in &page.items {
            judge_row(row, &lines[&row.number], world);
        }
    }
}

fn judge_row(row: &MessageRow, line: &Line, world: &World) {
    let right = match (&row.kind, line) {
        (MessageKind::Inbound { unsent, .. }, Line::Inbound { event, gone }) => {
            let text = world.phones.events().into_iter().find(|known| known.id == *event).and_then(|known| known.text);
            unsent == gone && (row.content == Content::Redacted) == *gone && (*gone || text == text_of(&row.content))
        }
        (MessageKind::Outbound { delivery, .. }, Line::Outbound { text, delivery: recorded }) => {
            let words = text.split('\u{0}').next();
            delivery == recorded && text_of(&row.content).as_deref() == words
        }
        (MessageKind::Note { deleted, .. }, Line::Note(text)) => {
            *deleted == text.is_none() && (*deleted || text_of(&row.content) == *text)
        }
        _ => false,
    };
    assert!(right, "the timeline shows {row:?} where the journal says {line:?}");
}

fn text_of(content: &Content) -> Option<String> {
    match content {
        Content::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn user_of(world: &World, id: ConversationId) -> String {
    world.truth.conversation(id).map_or_else(|| user_id(0), |(_, state)| state.external_id.clone())
}
