//! Fetching what a reader misses: from memory, from the journal, or the window anew. Given out no faster than it is read.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::rows::{CatchUp, Snapshot};
use madoguchi_protocol::server::ServerFrame;

use super::frame;
use super::hub::{Hub, Member};
use super::watch::Watch;
use crate::convert;

/// How long to wait after a fetch that the engine could not answer.
const AGAIN: Duration = Duration::from_millis(200);

/// Starts fetching for one watch; live updates are dropped until it is done.
pub(crate) fn start(hub: &Rc<Hub>, member: &Rc<Member>, window: &WindowId) {
    if let Some(watch) = member.watches.borrow_mut().get_mut(window) {
        watch.catching_up = true;
    }
    let (hub, member, window) = (Rc::clone(hub), Rc::clone(member), window.clone());
    actix_web::rt::spawn(async move { run(&hub, &member, &window).await });
}

async fn run(hub: &Hub, member: &Member, window: &WindowId) {
    loop {
        let Some(watch) = member.watches.borrow().get(window).copied() else { return };
        room(member).await;
        match hub.app.engine.catch_up(window, watch.stream, watch.last).await {
            Ok(CatchUp::Updates(updates)) if updates.is_empty() => {
                // Nothing is awaited between this look and the end, so no live update slips through.
                if let Some(watch) = member.watches.borrow_mut().get_mut(window) {
                    watch.catching_up = false;
                }
                return;
            }
            Ok(CatchUp::Updates(updates)) => {
                for update in updates {
                    room(member).await;
                    let is_next =
                        member.watches.borrow_mut().get_mut(window).is_some_and(|w| w.fetched(update.position));
                    if is_next {
                        hub.give(member, update.frame.clone());
                    }
                }
            }
            Ok(CatchUp::Snapshot(snapshot)) => {
                if let Some(watch) = member.watches.borrow_mut().get_mut(window) {
                    *watch = Watch { stream: snapshot.stream, last: snapshot.position, catching_up: true };
                }
                hub.give(member, frame::text(&shown(window, &snapshot)));
            }
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
        if member.outbox.borrow().is_finished() {
            return;
        }
    }
}

/// Waits until the socket has taken most of what waits for it.
async fn room(member: &Member) {
    poll_fn(|cx| {
        let mut outbox = member.outbox.borrow_mut();
        if outbox.has_room() {
            return Poll::Ready(());
        }
        outbox.wake_when_roomy(cx.waker());
        Poll::Pending
    })
    .await;
}

fn shown(window: &WindowId, snapshot: &Snapshot) -> ServerFrame {
    ServerFrame::Snapshot {
        window: window.to_string(),
        stream: snapshot.stream.to_string(),
        position: snapshot.position.0,
        members: snapshot.window.members.iter().map(ToString::to_string).collect(),
        open: snapshot.open.iter().map(convert::conversation::conversation).collect(),
        open_total: snapshot.open_total,
    }
}
