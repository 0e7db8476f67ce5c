//! What the organisation says of a window and what the window's own stream says of itself, brought together.
//!
//! Two streams cannot be moved by one record. Each fact has one stream that decides it, and the other follows: names,
//! pictures and products from the organisation to the window, a reset from the window to the organisation. Nothing is
//! remembered of what was told: both states are compared and the difference is offered, so that offering it again after
//! a stop, or twice, changes nothing. Whoever is here has the organisation's turn.

use std::sync::Arc;

use super::reply::{Answered, Reply, answered};
use super::{Core, start, window as window_actor};
use crate::channels::{Outcome, backoff};
use crate::domain::id::{InboxId, Position, WindowId};
use crate::domain::org::{self, WindowEntry};
use crate::domain::record::{By, Fact};
use crate::domain::window::{Command, Event, Window};
use crate::failure::Failure;
use crate::handle::Handle;
use crate::journal::DedupeKey;
use crate::journal::writer::Lane;

/// Times that a window is asked which fails under the wish, or has no room.
const TRIES: u32 = 5;
/// Times that a platform is asked to take away, or to rename, what was made there.
const PLATFORM_TRIES: u32 = 5;
/// A start finishes resets that are not older than this, in milliseconds; what no start comes to stays at the platform.
const FINISHED_WITHIN_MS: i64 = 24 * 3_600_000;
/// The pause before it is asked again, in milliseconds.
const AGAIN_MS: i64 = 50;

/// Makes a window that the organisation has recorded: its stream, its first record, its actor. Safe to repeat, so that a
/// stop between the two streams is finished by the next start.
pub(crate) async fn make(core: &Arc<Core>, entry: &WindowEntry) -> Result<(), Failure> {
    if core.views.window(&entry.id).is_none() {
        let (journal, stream) = (core.journal.clone(), entry.stream);
        let epoch = core.pool.run(Lane::Ordinary, move || journal.own(stream)).await?;
        let epoch = epoch.map_err(|_| Failure::Interrupted)?;
        core.owner_epochs.insert(entry.stream, epoch);
        let window = Window::unborn(entry.id.clone());
        core.views.restore_window(entry.id.clone(), entry.stream, Position(0), window, Vec::new());
    }
    let view = core.views.window(&entry.id).ok_or(Failure::NotFound("window"))?;
    if view.position() == Position(0) {
        let mut first = vec![Event::Opened { id: entry.id.clone(), name: entry.name.clone(), places: entry.product }];
        first.extend(entry.more.invite.map(|code| Event::Invited { code }));
        if entry.profile() != (crate::domain::window::Profile { name: entry.name.clone(), ..Default::default() }) {
            first.push(Event::Described(entry.profile()));
        }
        // The notice of the organisation's record: however often it is offered, it is taken once.
        let key = DedupeKey(entry.stream.0);
        let facts = first.into_iter().map(Fact::Window).collect();
        core.record(entry.stream, Some(entry.id.clone()), By::Engine, facts, vec![key]).await?;
    }
    if !core.windows.contains_key(&entry.id) && view.window().reset.is_none() {
        let (starter, id) = (core.clone(), entry.id.clone());
        core.pool.run(Lane::Ordinary, move || start::start_window(&starter, &id)).await?;
    }
    Ok(())
}

/// Finishes whatever a stop left between the two streams of a window.
pub(crate) async fn settle(core: &Arc<Core>, id: &WindowId) -> Result<(), Failure> {
    let Some(entry) = core.views.org().windows.get(id).cloned() else { return Ok(()) };
    make(core, &entry).await?;
    if core.views.window(id).is_some_and(|view| view.window().reset.is_some()) {
        return finish_reset(core, id).await;
    }
    if entry.more.invite.is_none() {
        // It is older than invite links.
        let code = core.config.chance.bits();
        decide(core, By::Engine, org::Command::InviteTo { window: id.clone(), code }).await?;
    }
    follow_profile(core, By::Engine, id).await?;
    match settle_product(core, By::Engine, id).await {
        Err(Failure::Rejected(_)) => Ok(()),
        done => done,
    }
}

/// Tells a window what the organisation calls it.
pub(crate) async fn follow_profile(core: &Arc<Core>, by: By, id: &WindowId) -> Result<(), Failure> {
    let Some(entry) = core.views.org().windows.get(id).cloned() else { return Err(Failure::NotFound("window")) };
    let view = core.views.window(id).ok_or(Failure::NotFound("window"))?;
    if view.window().profile() == entry.profile() {
        return Ok(());
    }
    offer(core, by, id, &Command::Describe(entry.profile())).await.map(drop)
}

/// Asks a window whether the product that is kept for it will do, and frees the other one.
///
/// # Errors
/// `Rejected` by the window: it stays with the product that it has.
pub(crate) async fn settle_product(core: &Arc<Core>, by: By, id: &WindowId) -> Result<(), Failure> {
    let Some(entry) = core.views.org().windows.get(id).cloned() else { return Err(Failure::NotFound("window")) };
    let Some(wanted) = entry.more.reserved else { return Ok(()) };
    let settle = |product| org::Command::SettleProduct { window: id.clone(), product };
    match offer(core, by, id, &Command::ChangePlaces { places: wanted }).await {
        Ok(_) => decide(core, by, settle(wanted)).await,
        Err(Failure::Rejected(rejected)) => {
            decide(core, by, settle(entry.product)).await?;
            Err(Failure::Rejected(rejected))
        }
        Err(failure) => Err(failure),
    }
}

/// Ends what the organisation knows of a window whose stream says that it was reset.
pub(crate) async fn finish_reset(core: &Arc<Core>, id: &WindowId) -> Result<(), Failure> {
    let view = core.views.window(id).ok_or(Failure::NotFound("window"))?;
    let was = view.window().reset.ok_or(Failure::NotFound("reset"))?;
    let gone: Vec<_> =
        core.views.org().inboxes.values().filter(|inbox| inbox.window == *id).map(|one| one.id).collect();
    let by = was.by.map_or(By::Engine, By::Agent);
    let reset = org::Command::ResetWindow { window: id.clone(), reset_at: was.at, by: was.by, erase: was.erase };
    decide(core, by, reset).await?;
    core.windows.remove(id);
    core.views.forget_window(id, view.stream);
    for inbox in gone {
        core.inboxes.remove(&inbox);
        core.senders.remove(&inbox);
        core.fetchers.actors.remove(&inbox);
        retire_soon(core, inbox);
    }
    if was.erase {
        core.erasing.notify_one();
    }
    Ok(())
}

/// Has a platform take away what this product made there for an account. Nobody waits for it; what a stop cuts off is done
/// by the next start, if that is within [`FINISHED_WITHIN_MS`].
async fn retire(core: Arc<Core>, inbox: InboxId) {
    let done = at_platform(&core, || {
        let account = core.views.org().retired.get(&inbox).and_then(|entry| core.platform.account(entry))?;
        Some(async move { account.retire().await })
    });
    if !done.await {
        tracing::warn!(inbox.id = %inbox, "what was made at the platform could not be taken away");
    }
}

/// Finishes what a stop may have cut off: nothing is taken away twice.
pub(crate) fn retire_again(core: &Arc<Core>) {
    let (org, now) = (core.views.org(), core.now());
    let is_fresh = |window: &WindowId, former: &org::reset::Former| {
        former.entry.id == *window && now.since_ms(former.reset_at) < FINISHED_WITHIN_MS
    };
    for (id, inbox) in &org.retired {
        if org.former.iter().any(|former| is_fresh(&inbox.window, former)) {
            retire_soon(core, *id);
        }
    }
}

fn retire_soon(core: &Arc<Core>, inbox: InboxId) {
    let task = core.clone();
    core.sender_arbiter.clone().spawn_fn(move || drop(actix_rt::spawn(retire(task, inbox))));
}

/// Has platforms call what this product made for a window as the window is called now. Nobody waits for it, and the newest
/// name counts; one that the platform refuses stays as it was.
pub(crate) fn rename_at_platforms(core: &Arc<Core>, window: &WindowId) {
    let org = core.views.org();
    for inbox in org.inboxes.values().filter(|inbox| inbox.window == *window) {
        let (core, id) = (core.clone(), inbox.id);
        core.sender_arbiter.clone().spawn_fn(move || drop(actix_rt::spawn(rename(core, id))));
    }
}

async fn rename(core: Arc<Core>, inbox: InboxId) {
    let done = at_platform(&core, || {
        let org = core.views.org();
        let entry = org.inboxes.get(&inbox)?;
        let (account, name) = (core.platform.account(entry)?, org.windows.get(&entry.window)?.name.clone());
        Some(async move { account.rename(&name).await })
    });
    if !done.await {
        tracing::warn!(inbox.id = %inbox, "what was made at the platform is still called as before");
    }
}

/// Does something at a platform until it is done or refused for good; looks anew at what is to be done before each try.
/// Answers whether it has an end.
async fn at_platform<Call: Future<Output = Outcome>>(core: &Core, call: impl Fn() -> Option<Call>) -> bool {
    for failed in 1..=PLATFORM_TRIES {
        let Some(call) = call().filter(|_| !core.is_stopping()) else { return true };
        if matches!(call.await, Outcome::Accepted { .. } | Outcome::Refused { .. }) {
            return true;
        }
        core.config.clock.sleep_ms(backoff::delay_ms(failed, core.config.chance.share())).await;
    }
    false
}

/// Asks a window; again where it failed under the wish, which changes nothing where it was done before.
pub(crate) async fn offer(core: &Arc<Core>, by: By, id: &WindowId, command: &Command) -> Result<Arc<Window>, Failure> {
    let mut failure = Failure::Interrupted;
    for _ in 0..TRIES {
        failure = match ask(core, by, id, command.clone()).await {
            Err(again @ (Failure::Interrupted | Failure::Overloaded { .. })) => again,
            done => return done,
        };
        core.barrier().await?;
        core.config.clock.sleep_ms(AGAIN_MS).await;
    }
    Err(failure)
}

/// Asks a window once.
pub(crate) async fn ask(core: &Arc<Core>, by: By, id: &WindowId, command: Command) -> Result<Arc<Window>, Failure> {
    let addr = core.windows.get(id).map(|addr| addr.clone()).ok_or(Failure::NotFound("window"))?;
    let (reply, wait) = Reply::new(&core.depths.windows);
    if addr.try_send(window_actor::WindowAsk { by, command, reply }).is_err() {
        return Err(window_actor::overloaded());
    }
    match answered(wait).await {
        Answered::With(result) => result,
        Answered::NotTaken => Err(Failure::Interrupted),
    }
}

async fn decide(core: &Arc<Core>, by: By, command: org::Command) -> Result<(), Failure> {
    Handle::of(core.clone()).decide_org(by, command).await
}
