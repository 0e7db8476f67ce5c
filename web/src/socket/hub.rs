//! The hub of one HTTP worker: an actor that carries the engine's updates, the other hubs' notes and the clock into the
//! worker's [`Fanout`].
//!
//! A fan-out crosses threads once for each worker. The channel from the engine is bounded: what finds it full is left out,
//! seen as a gap, and fetched. When the hub ends, by a panic or with its worker, every socket of it is told to come back.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, StreamHandler};
use futures_util::{Stream, stream};
use madoguchi_engine::rows::Update;
use tokio::sync::{mpsc, watch};

use super::fanout::Fanout;
use super::house::House;
use super::sockets::Note;

/// Updates of all windows that may wait for a hub.
const UPDATES: usize = 4_096;
/// What a hub takes at one time. What it pushes meanwhile leaves each socket in one write.
const BATCH: usize = 256;
/// Who writes and who looks is gathered for this long before it is told.
const HINTS_EVERY: Duration = Duration::from_millis(200);
const SECOND: Duration = Duration::from_secs(1);

/// See the head of this file.
pub(super) struct Hub<H: House> {
    house: H,
    fanout: Rc<RefCell<Fanout<H>>>,
}

/// Something to be carried into the fan-out.
enum Carried {
    Updates(Vec<Arc<Update>>),
    Notes(Vec<Note>),
    Going,
}

/// One worker's hub and the state that it drives. Made with the worker's first socket.
pub(super) struct Worker<H: House>(RefCell<Option<Running<H>>>);

struct Running<H: House> {
    hub: Addr<Hub<H>>,
    fanout: Rc<RefCell<Fanout<H>>>,
}

impl<H: House> Default for Worker<H> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<H: House> Worker<H> {
    /// The worker's fan-out; a new one where there was none, or where its hub has ended.
    pub(super) fn fanout(&self, house: &H) -> Rc<RefCell<Fanout<H>>> {
        let mut running = self.0.borrow_mut();
        if let Some(running) = running.as_ref().filter(|running| running.hub.connected()) {
            return Rc::clone(&running.fanout);
        }
        let fanout = Fanout::new(house.clone());
        let hub = Hub { house: house.clone(), fanout: Rc::clone(&fanout) }.start();
        *running = Some(Running { hub, fanout: Rc::clone(&fanout) });
        fanout
    }
}

impl<H: House> Actor for Hub<H> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (updates, arriving) = mpsc::channel(UPDATES);
        self.house.attach(updates);
        ctx.add_stream(batches(arriving, Carried::Updates));
        ctx.add_stream(batches(self.house.sockets().listen(), Carried::Notes));
        ctx.add_stream(stream::once(begun(self.house.stopping())));
        ctx.run_interval(SECOND, |hub, _| hub.fanout.borrow_mut().second());
    }
}

impl<H: House> StreamHandler<Carried> for Hub<H> {
    fn handle(&mut self, carried: Carried, ctx: &mut Self::Context) {
        match carried {
            Carried::Updates(updates) => self.fanout.borrow_mut().updates(&updates),
            Carried::Notes(notes) => self.take_notes(notes, ctx),
            Carried::Going => self.fanout.borrow_mut().going(),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        // The engine has ended, or the word to stop was given: sockets were told, and go one by one.
        if self.house.sockets().count() == 0 {
            ctx.stop();
        }
    }
}

impl<H: House> Hub<H> {
    fn take_notes(&mut self, notes: Vec<Note>, ctx: &mut Context<Self>) {
        let mut fanout = self.fanout.borrow_mut();
        let mut is_first = false;
        let mut must_recheck = false;
        for note in notes {
            match note {
                Note::Typing { window, conversation, agent } => {
                    is_first |= fanout.typing(&window, conversation, agent);
                }
                Note::Viewing { window, conversation, agent } => {
                    is_first |= fanout.viewing(&window, conversation, agent);
                }
                Note::Recheck => must_recheck = true,
            }
        }
        if must_recheck {
            fanout.recheck();
        }
        if is_first {
            ctx.run_later(HINTS_EVERY, |hub, _| hub.fanout.borrow_mut().tell_hints());
        }
    }
}

impl<H: House> Drop for Hub<H> {
    fn drop(&mut self) {
        // After a panic in the fan-out itself it may still be borrowed by nobody: the guard was unwound with the panic.
        if let Ok(mut fanout) = self.fanout.try_borrow_mut() {
            fanout.abandon();
        }
    }
}

/// Everything that waits, up to [`BATCH`], as one item.
fn batches<T: 'static>(
    arriving: mpsc::Receiver<T>,
    carry: impl Fn(Vec<T>) -> Carried + Copy + 'static,
) -> impl Stream<Item = Carried> {
    stream::unfold(arriving, move |mut arriving| async move {
        let mut batch = Vec::new();
        let count = arriving.recv_many(&mut batch, BATCH).await;
        (count > 0).then(|| (carry(batch), arriving))
    })
}

/// Ends when the program begins to stop.
async fn begun(mut stopping: watch::Receiver<bool>) -> Carried {
    // An error means that nobody can begin it any more: the program is gone.
    let _ = stopping.wait_for(|begun| *begun).await;
    Carried::Going
}
