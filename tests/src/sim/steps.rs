//! What may happen next in a run, how often, and what it does. Every choice is the chooser's.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use madoguchi_engine::domain::content::Dress;
use madoguchi_engine::domain::conversation::{Command, Conversation, Status};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::{Content, Delivery};
use madoguchi_engine::domain::org::Role;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::seat::{Holder, ReleaseCause};
use madoguchi_engine::domain::window;

use super::calls::{Answer, Call, Wish};
use super::phones::{Event, Fate, body};
use super::run::{Life, World, inbox_of, note};
use super::socket::Socket;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// The life goes on.
    On,
    /// It crashed.
    Down,
    /// The run has come to rest.
    ToRest,
}

#[derive(Clone, Copy)]
enum Step {
    Write,
    TakeBack,
    Deliver,
    Wish,
    Members,
    Logout,
    Sync,
    Tell,
    Follow,
    Platform,
    Clock,
    Open,
    Close,
    Watch,
    Read,
    Carry,
    Second,
    PanicBefore,
    PanicAfter,
    PanicWindow,
    Struck,
    Crash,
    Befriend,
    Switch,
}

/// How often each step comes, beside the others.
const STEPS: &[(usize, Step)] = &[
    (50, Step::Write),
    (6, Step::TakeBack),
    (80, Step::Deliver),
    (220, Step::Wish),
    (8, Step::Members),
    (4, Step::Logout),
    (130, Step::Sync),
    (110, Step::Tell),
    (50, Step::Follow),
    (90, Step::Platform),
    (60, Step::Clock),
    (14, Step::Open),
    (6, Step::Close),
    (14, Step::Watch),
    (50, Step::Read),
    (60, Step::Carry),
    (14, Step::Second),
    (8, Step::PanicBefore),
    (8, Step::PanicAfter),
    (3, Step::PanicWindow),
    (8, Step::Struck),
    (8, Step::Crash),
    (6, Step::Befriend),
    (3, Step::Switch),
];

/// Does one step.
pub(super) fn take(world: &mut World, life: &mut Life) -> Went {
    match *world.chooser.weighted(STEPS) {
        Step::Write => write(world),
        Step::TakeBack => take_back(world),
        Step::Deliver => deliver(world, life),
        Step::Wish => wish(world, life),
        Step::Members => members(world, life),
        Step::Logout => logout(world, life),
        Step::Sync => sync(world, life),
        Step::Tell => tell(world, life),
        Step::Follow => life.engine.follow(1 + world.chooser.below(20)).expect("the read models"),
        Step::Platform => platform(world),
        Step::Clock => clock(world),
        Step::Open => open(world, life),
        Step::Close => close(world, life),
        Step::Watch => watch(world, life),
        Step::Read => read(world, life),
        Step::Carry => carry(world, life),
        Step::Second => second(world, life),
        Step::PanicBefore => {
            world.faults.panics_before_decide.store(1, Ordering::Release);
            world.say("the next actor that is asked panics");
        }
        Step::PanicAfter => {
            world.faults.panics_after_commit.store(1, Ordering::Release);
            world.say("the next actor that has committed panics");
        }
        Step::PanicWindow => {
            world.faults.panics_in_window.store(1, Ordering::Release);
            world.say("the next window that is asked panics");
        }
        Step::Struck => return struck(world, life),
        Step::Crash => return crash(world, life),
        Step::Befriend => befriend(world),
        Step::Switch => switch(world, life),
    }
    Went::On
}

fn write(world: &mut World) {
    let user = world.chooser.below(world.plan.users);
    let broken = world.chooser.chance(4);
    world.phones.write(user, broken);
    world.say(&format!("customer {user} writes{}", if broken { " what nobody can read" } else { "" }));
}

fn befriend(world: &mut World) {
    let user = world.chooser.below(world.plan.users);
    world.phones.befriend(user);
    world.say(&format!("customer {user} adds us as a friend"));
}

/// Somebody turns the switch of maintenance.
fn switch(world: &mut World, life: &Life) {
    let id = super::rules::window();
    let on = !world.truth.folds[&id].window.maintenance.is_on();
    let command = window::Command::SwitchMaintenance { on, text: None, now: world.clock.now() };
    let name = world.calls.begin(world.step, Call::Other);
    world.say(&format!("call {name}: maintenance of {id} is turned {}", if on { "on" } else { "off" }));
    let handle = life.handle.clone();
    let work = async move { handle.window_command(By::Operator, &id, command).await };
    note(life, name, work, |_| Answer::Other);
}

fn take_back(world: &mut World) {
    let written: Vec<Event> = world.phones.events().into_iter().filter(|event| event.text.is_some()).collect();
    if !written.is_empty() {
        let message = world.chooser.pick(&written).clone();
        world.phones.take_back(&message);
        world.say(&format!("customer {} takes {} back", message.user, message.message));
    }
}

/// The platform delivers some of what we have not acknowledged, perhaps with some that we have, perhaps out of order.
fn deliver(world: &mut World, life: &Life) {
    let window = world.chooser.below(world.windows.len());
    // Customers write to one window each.
    let here = world.phones.events().into_iter().filter(|event| event.user % 2 == window);
    let (known, open): (Vec<_>, Vec<_>) = here.partition(|event| event.acknowledged);
    let most = 1 + world.chooser.below(4);
    let mut events: Vec<Event> = if world.chooser.chance(85) {
        open.into_iter().take(most).collect()
    } else {
        let from = if world.chooser.chance(50) { known } else { open };
        (0..most.min(from.len())).map(|_| world.chooser.pick(&from).clone()).collect()
    };
    if world.chooser.chance(15) {
        world.chooser.shuffle(&mut events);
    }
    if !events.is_empty() {
        post(world, life, window, events);
    }
}

/// One webhook.
pub(super) fn post(world: &mut World, life: &Life, window: usize, events: Vec<Event>) {
    let again = world.chooser.chance(50);
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    let line = format!("webhook to {} with {}", world.windows[window], ids.join(" "));
    let (handle, bytes) = (life.handle.clone(), body(&events, again));
    let name = world.calls.begin(world.step, Call::Hook(events));
    world.say(&format!("call {name}: {line}"));
    note(life, name, async move { handle.inbound(inbox_of(window), bytes).await }, Answer::Hook);
}

fn wish(world: &mut World, life: &Life) {
    let all = world.truth.all();
    if all.is_empty() {
        return;
    }
    let state = Arc::clone(world.chooser.pick(&all));
    // The tab of whoever holds the seat is the busiest.
    let holders: Vec<usize> =
        (0..world.tabs.len()).filter(|tab| state.seat.holder == Holder::Agent(world.tabs[*tab].agent)).collect();
    let any: Vec<usize> = (0..world.tabs.len()).collect();
    let tab = *if !holders.is_empty() && world.chooser.chance(60) {
        world.chooser.pick(&holders)
    } else {
        world.chooser.pick(&any)
    };
    let (command, wish) = command(world, tab, &state);
    ask(world, life, tab, state.id, command, wish);
}

fn ask(world: &mut World, life: &Life, tab: usize, conversation: ConversationId, command: Command, wish: Wish) {
    let agent = world.tabs[tab].agent;
    let line = format!("agent {} in tab {tab} of {}: {}", agent.0, name_of(world, conversation), short(&command));
    let name = world.calls.begin(world.step, Call::Wish { conversation, agent, tab, wish });
    world.say(&format!("call {name}: {line}"));
    let handle = life.handle.clone();
    note(life, name, async move { handle.command(By::Agent(agent), conversation, command).await }, Answer::Wish);
}

/// What a tab wishes for, most of the time with the epoch that it was told last.
fn command(world: &mut World, tab: usize, state: &Conversation) -> (Command, Wish) {
    let agent = world.tabs[tab].agent;
    let told = world.tabs[tab].epochs.get(&state.id).copied().unwrap_or(state.seat.epoch);
    // Another tab of the same person may know better, or the page is old.
    let epoch = if world.chooser.chance(70) {
        told
    } else {
        (state.seat.epoch + 1).saturating_sub(world.chooser.below(3) as u64)
    };
    let wishes = [(8, 0), (9, 1), (2, 2), (3, 3), (2, 4), (2, 5), (1, 6), (2, 7), (1, 8), (1, 9), (2, 10), (1, 11)];
    match *world.chooser.weighted(&wishes) {
        0 => (Command::Claim { agent }, Wish::Seat),
        1 => send(world, tab, state.id, epoch),
        2 => (Command::Release { agent, seat_epoch: epoch }, Wish::End(epoch)),
        3 => (Command::Complete { agent, seat_epoch: epoch }, Wish::End(epoch)),
        4 => {
            let to = world.tabs[world.chooser.below(world.tabs.len())].agent;
            (Command::OfferHandover { agent, seat_epoch: epoch, to, note: None }, Wish::Else)
        }
        5 => (Command::AcceptHandover { agent }, Wish::Seat),
        6 => (Command::EndHandover { agent }, Wish::Else),
        7 => {
            let supervisor = world.tabs[tab].role >= Role::Supervisor;
            (Command::TakeOver { agent, supervisor, reason: "now".to_owned() }, Wish::Seat)
        }
        8 => {
            let number = 1 + world.chooser.below(state.last_number.max(1) as usize) as u32;
            (Command::Cancel { agent, seat_epoch: epoch, number }, Wish::Else)
        }
        9 => {
            let assignee = world.chooser.chance(70).then_some(agent);
            (Command::Assign { agent, assignee }, Wish::Else)
        }
        10 => match world.tabs[tab].last_send.clone() {
            Some((id, epoch, client_id, text)) if id == state.id => {
                (words(world, tab, epoch, &client_id, &text), Wish::Send { epoch, client_id, text, again: true })
            }
            _ => send(world, tab, state.id, epoch),
        },
        _ => {
            let client_id = format!("n{}", world.step);
            (Command::AddNote { agent, client_id, text: "memo".to_owned() }, Wish::Else)
        }
    }
}

fn send(world: &mut World, tab: usize, id: ConversationId, epoch: u64) -> (Command, Wish) {
    let (client_id, text) = (format!("c{}", world.step), format!("a{}", world.step));
    world.tabs[tab].last_send = Some((id, epoch, client_id.clone(), text.clone()));
    (words(world, tab, epoch, &client_id, &text), Wish::Send { epoch, client_id, text, again: false })
}

fn words(world: &mut World, tab: usize, seat_epoch: u64, client_id: &str, text: &str) -> Command {
    // The one that asks first decides the key; a repetition draws another, which is not used.
    let retry_key = (u128::from(world.step) << 64) | world.chooser.below(1 << 20) as u128;
    let content = Content::Text(text.to_owned());
    Command::Send {
        agent: world.tabs[tab].agent,
        seat_epoch,
        client_id: client_id.to_owned(),
        content,
        dress: Dress::default(),
        retry_key,
    }
}

/// Somebody leaves a window or comes to it.
fn members(world: &mut World, life: &Life) {
    let id = world.chooser.pick(&world.windows).clone();
    let agent = world.tabs[world.chooser.below(world.tabs.len())].agent;
    let is_member = world.truth.folds[&id].window.members.contains(&agent);
    let command = if is_member { window::Command::RemoveAgent { agent } } else { window::Command::AddAgent { agent } };
    let call = Call::Members { window: id.clone(), agent, member: !is_member };
    let name = world.calls.begin(world.step, call);
    world.say(&format!("call {name}: agent {} {} {id}", agent.0, if is_member { "leaves" } else { "comes to" }));
    let handle = life.handle.clone();
    let work = async move { handle.window_command(By::Operator, &id, command).await };
    note(life, name, work, Answer::Members);
}

fn logout(world: &mut World, life: &Life) {
    let agent = world.tabs[world.chooser.below(world.tabs.len())].agent;
    let name = world.calls.begin(world.step, Call::Other);
    world.say(&format!("call {name}: agent {} logs out", agent.0));
    let handle = life.handle.clone();
    let work = async move { handle.drop_agent(agent, ReleaseCause::LoggedOut).await };
    note(life, name, work, |()| Answer::Other);
}

fn sync(world: &mut World, life: &mut Life) {
    if life.engine.unwritten() == 0 {
        return;
    }
    let most = *world.chooser.weighted(&[(3, 1), (3, 3), (4, usize::MAX)]);
    life.engine.sync(most).expect("memory");
    world.say("sync");
}

fn tell(world: &mut World, life: &mut Life) {
    if life.engine.untold() > 0 {
        life.engine.tell();
        world.say("tell");
    }
}

fn platform(world: &mut World) {
    let calls = world.phones.calls();
    if calls.is_empty() {
        return;
    }
    let call = *world.chooser.pick(&calls);
    let fate = *world.chooser.weighted(&[
        (12, Fate::Answered),
        (3, Fate::TakenUnheard),
        (3, Fate::LostUnheard),
        (2, Fate::NotSent),
        (2, Fate::Limited),
        (1, Fate::Refused),
    ]);
    let said = world.phones.decide(call, fate);
    world.say(&format!("platform: {said}"));
}

fn clock(world: &mut World) {
    let (from, to) = *world.chooser.weighted(&[
        (40, (1, 900)),
        (40, (900, 6_000)),
        (8, (6_000, 70_000)),
        (6, (70_000, 1_000_000)),
        (1, (80_000_000, 95_000_000)),
    ]);
    let ms = from + world.chooser.below(to - from);
    world.clock.advance_ms(i64::try_from(ms).expect("small"));
    world.say(&format!("{ms} ms pass"));
}

fn open(world: &mut World, life: &mut Life) {
    let tab = world.chooser.below(world.tabs.len());
    if life.sockets[tab].is_some() {
        return;
    }
    world.say(&format!("tab {tab} opens its socket"));
    let mut socket = Socket::new(life.readers.join(world.identity(tab)));
    for window in &world.windows {
        socket.watch(window, &world.tabs[tab].places);
    }
    life.sockets[tab] = Some(socket);
}

fn close(world: &mut World, life: &mut Life) {
    let tab = world.chooser.below(world.tabs.len());
    if life.sockets[tab].take().is_some() {
        world.say(&format!("tab {tab} loses its socket"));
    }
}

/// A tab asks again for a window that it does not watch, or for one that it does.
fn watch(world: &mut World, life: &mut Life) {
    let tab = world.chooser.below(world.tabs.len());
    let window = world.chooser.pick(&world.windows).clone();
    let often = world.chooser.chance(20);
    let Some(socket) = &mut life.sockets[tab] else { return };
    // Everything before must be read first: what is still under way belongs to the old watch.
    if socket.read(usize::MAX, &world.journal, &mut world.tabs[tab].places) && (often || !socket.watches(&window)) {
        socket.watch(&window, &world.tabs[tab].places);
        world.say(&format!("tab {tab} watches {window}"));
    }
}

fn read(world: &mut World, life: &mut Life) {
    let tab = world.chooser.below(world.tabs.len());
    let pieces = 1 + world.chooser.below(3);
    let Some(socket) = &mut life.sockets[tab] else { return };
    let empty = socket.read(pieces, &world.journal, &mut world.tabs[tab].places);
    if empty && !socket.is_open() {
        life.sockets[tab] = None;
        world.say(&format!("tab {tab} was cut off"));
    }
}

fn carry(world: &mut World, life: &mut Life) {
    life.readers.carry(1 + world.chooser.below(8));
}

fn second(world: &mut World, life: &Life) {
    life.readers.second();
    world.say("the sockets' clock ticks");
}

/// The platform takes a call, and the process dies before it hears of it.
fn struck(world: &mut World, life: &mut Life) -> Went {
    let calls = world.phones.calls();
    if calls.is_empty() {
        return Went::On;
    }
    let call = *world.chooser.pick(&calls);
    let said = world.phones.decide(call, Fate::TakenUnheard);
    world.say(&format!("platform, unheard: {said}"));
    crash(world, life)
}

/// The process dies: perhaps in the middle of a batch, perhaps between the platform's answer and ours.
fn crash(world: &mut World, life: &mut Life) -> Went {
    if world.chooser.chance(40) {
        let most = 1 + world.chooser.below(4);
        life.engine.sync(most).expect("memory");
    }
    for call in world.phones.calls() {
        if world.chooser.chance(50) {
            let said = world.phones.decide(call, Fate::TakenUnheard);
            world.say(&format!("platform, unheard: {said}"));
        }
    }
    if world.chooser.chance(30) {
        world.models += 1;
    }
    world.truth.read_on(&world.journal);
    world.say("crash");
    Went::Down
}

/// What a tab or the platform makes of an answer.
pub(super) fn learn(world: &mut World, call: Call, answer: &Answer) {
    match (call, answer) {
        (Call::Wish { conversation, tab, wish: Wish::Seat, .. }, Answer::Wish(Ok(done))) => {
            world.tabs[tab].epochs.insert(conversation, done.row.state.seat.epoch);
        }
        (Call::Hook(events), Answer::Hook(Ok(_))) => {
            let ids: Vec<String> = events.into_iter().map(|event| event.id).collect();
            world.phones.acknowledge(&ids);
        }
        _ => {}
    }
}

fn name_of(world: &World, conversation: ConversationId) -> String {
    let Some((fold, state)) = world.truth.conversation(conversation) else { return "?".to_owned() };
    let user = state.external_id.trim_start_matches(['U', '0']);
    let waiting = state.outbox.iter().filter(|item| item.delivery == Delivery::Queued).count();
    let status = match state.status {
        Status::New => "new",
        Status::InProgress => "held",
        Status::Done => "done",
    };
    format!("{}/{user} ({status}, epoch {}, {waiting} waiting)", fold.window.id, state.seat.epoch)
}

fn short(command: &Command) -> String {
    let whole = format!("{command:?}");
    whole.split_once(" {").map_or(whole.clone(), |(name, _)| match command {
        Command::Send { seat_epoch, content: Content::Text(text), .. } => format!("{name} {text:?} under {seat_epoch}"),
        Command::Release { seat_epoch, .. } | Command::Complete { seat_epoch, .. } => {
            format!("{name} under {seat_epoch}")
        }
        Command::Cancel { number, .. } => format!("{name} {number}"),
        Command::OfferHandover { to, .. } => format!("{name} to {}", to.0),
        _ => name.to_owned(),
    })
}
