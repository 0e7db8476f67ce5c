//! One hub a worker thread: an update crosses threads once, and goes to each watching socket of the thread as the same
//! bytes. It also looks after the sockets, which cannot look after themselves while their peer does not read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use actix_web::web;
use madoguchi_engine::domain::id::{AgentId, Position, StreamId, WindowId};
use madoguchi_engine::domain::org::Role;
use madoguchi_engine::domain::record::Fact;
use madoguchi_engine::domain::window::Event as WindowEvent;
use madoguchi_engine::rows::Update;
use madoguchi_protocol::close;
use madoguchi_protocol::server::ServerFrame;
use tokio::sync::{broadcast, mpsc};

use super::outbox::Outbox;
use super::watch::{Verdict, Watch};
use super::{catch_up, frame};
use crate::App;
use crate::auth::Identity;

/// Updates that may wait for a hub; one that finds it full is fetched later.
const QUEUE: usize = 8_192;
/// How often the hub looks around.
const ROUND: Duration = Duration::from_secs(1);
/// How often a silent socket is asked for a sign of life, and how long it may stay silent.
const PING_EVERY: Duration = Duration::from_secs(25);
const SILENCE: Duration = Duration::from_secs(60);
/// Passing remarks that may wait for a hub; older ones are forgotten.
const REMARKS: usize = 1_024;

/// What is told to colleagues and kept nowhere: typing, presence.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    /// Whose watchers hear it; `None` for everybody.
    pub(crate) window: Option<WindowId>,
    pub(crate) about: AgentId,
    pub(crate) frame: bytes::Bytes,
}

/// What the hubs of all threads share.
pub(crate) struct Remarks(pub(crate) broadcast::Sender<Remark>);

pub(crate) static REMARKS_OF_ALL: std::sync::LazyLock<Remarks> =
    std::sync::LazyLock::new(|| Remarks(broadcast::Sender::new(REMARKS)));

/// Open sockets of the process.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// One socket, as its hub knows it.
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) who: Identity,
    pub(crate) outbox: RefCell<Outbox>,
    pub(crate) watches: RefCell<HashMap<WindowId, Watch>>,
    pub(crate) heard: Cell<Instant>,
    pinged: Cell<Instant>,
    fd: Option<RawFd>,
}

/// The hub of one thread.
pub(crate) struct Hub {
    pub(crate) app: web::Data<App>,
    members: RefCell<HashMap<u64, Rc<Member>>>,
    watchers: RefCell<HashMap<WindowId, Vec<u64>>>,
    next_id: Cell<u64>,
}

thread_local! {
    static HUBS: RefCell<Vec<Rc<Hub>>> = const { RefCell::new(Vec::new()) };
}

/// The hub of this thread for this server, started on first use.
pub(crate) fn of_thread(app: &web::Data<App>) -> Rc<Hub> {
    HUBS.with_borrow_mut(|hubs| {
        let known = hubs.iter().find(|hub| Arc::ptr_eq(&hub.app.clone().into_inner(), &app.clone().into_inner()));
        if let Some(hub) = known {
            return Rc::clone(hub);
        }
        let hub = Rc::new(Hub {
            app: app.clone(),
            members: RefCell::default(),
            watchers: RefCell::default(),
            next_id: Cell::new(1),
        });
        HubActor { hub: Rc::clone(&hub) }.start();
        hubs.push(Rc::clone(&hub));
        hub
    })
}

/// Why a socket is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Hub {
    /// Takes a socket in.
    pub(crate) fn join(self: &Rc<Self>, who: Identity, fd: Option<RawFd>) -> Result<Rc<Member>, TooMany> {
        let limits = &self.app.config.limits;
        let mine = self.members.borrow().values().filter(|member| member.who.agent == who.agent).count();
        if mine >= limits.sockets_per_agent || OPEN.load(Ordering::Relaxed) >= limits.sockets {
            return Err(TooMany);
        }
        let id = self.next_id.replace(self.next_id.get() + 1);
        let now = Instant::now();
        let member = Rc::new(Member {
            id,
            who,
            outbox: RefCell::new(Outbox::new(limits.socket_outbox_bytes)),
            watches: RefCell::default(),
            heard: Cell::new(now),
            pinged: Cell::new(now),
            fd,
        });
        self.members.borrow_mut().insert(id, Rc::clone(&member));
        let open = OPEN.fetch_add(1, Ordering::Relaxed) + 1;
        metrics::gauge!("madoguchi_sockets").set(u32::try_from(open).unwrap_or(u32::MAX));
        self.app.engine.presence().opened(member.who.agent, self.app.clock.now());
        Ok(member)
    }

    /// The socket is gone.
    pub(crate) fn left(&self, member: &Member) {
        if self.members.borrow_mut().remove(&member.id).is_none() {
            return;
        }
        for window in member.watches.borrow().keys() {
            self.forget(window, member.id);
        }
        member.outbox.borrow_mut().cut();
        let open = OPEN.fetch_sub(1, Ordering::Relaxed) - 1;
        metrics::gauge!("madoguchi_sockets").set(u32::try_from(open).unwrap_or(u32::MAX));
        self.app.engine.presence().closed(member.who.agent, self.app.clock.now());
    }

    /// Begins a watch where the reader stopped, or with a snapshot.
    pub(crate) fn watch(self: &Rc<Self>, member: &Rc<Member>, window: &WindowId, from: Option<(StreamId, Position)>) {
        self.unwatch(member, window);
        // No stream has the id 0, so without a place the fetch answers with a snapshot.
        let (stream, last) = from.unwrap_or((StreamId(0), Position(0)));
        member.watches.borrow_mut().insert(window.clone(), Watch { stream, last, catching_up: true });
        self.watchers.borrow_mut().entry(window.clone()).or_default().push(member.id);
        catch_up::start(self, member, window);
    }

    pub(crate) fn unwatch(&self, member: &Member, window: &WindowId) {
        if member.watches.borrow_mut().remove(window).is_some() {
            self.forget(window, member.id);
        }
    }

    fn forget(&self, window: &WindowId, id: u64) {
        if let Some(ids) = self.watchers.borrow_mut().get_mut(window) {
            ids.retain(|other| *other != id);
        }
    }

    /// Gives a frame to a socket; one that reads too slowly is cut, and comes back with its position.
    pub(crate) fn give(&self, member: &Member, frame: bytes::Bytes) {
        if member.outbox.borrow_mut().push(frame).is_err() {
            metrics::counter!("madoguchi_sockets_cut_total", "why" => "slow").increment(1);
            self.cut(member);
        }
    }

    /// Ends a socket whose peer does not read: its actor stands still, so the connection itself is shut.
    fn cut(&self, member: &Member) {
        member.outbox.borrow_mut().cut();
        if let Some(fd) = member.fd {
            // Fails only when the peer was faster.
            let _ = nix::sys::socket::shutdown(fd, nix::sys::socket::Shutdown::Both);
        }
        self.left(member);
    }

    /// Ends a socket with a code, after what waits for it.
    pub(crate) fn close(&self, member: &Member, code: u16) {
        member.outbox.borrow_mut().end(Some(frame::close(code)));
    }

    fn all(&self) -> Vec<Rc<Member>> {
        self.members.borrow().values().cloned().collect()
    }

    fn watching(&self, window: &WindowId) -> Vec<Rc<Member>> {
        let watchers = self.watchers.borrow();
        let members = self.members.borrow();
        watchers.get(window).into_iter().flatten().filter_map(|id| members.get(id).cloned()).collect()
    }

    fn tell(self: &Rc<Self>, update: &Update) {
        let removed = update.record.events.iter().find_map(|fact| match fact {
            Fact::Window(WindowEvent::AgentRemoved { agent }) => Some(*agent),
            _ => None,
        });
        for member in self.watching(&update.window) {
            if removed == Some(member.who.agent) && member.who.role < Role::Supervisor {
                self.unwatch(&member, &update.window);
                self.give(&member, frame::text(&ServerFrame::Unwatched { window: update.window.to_string() }));
                continue;
            }
            let verdict = match member.watches.borrow_mut().get_mut(&update.window) {
                Some(watch) => watch.live(update.stream, update.position),
                None => Verdict::Drop,
            };
            match verdict {
                Verdict::Forward => self.give(&member, update.frame.clone()),
                Verdict::Drop => {}
                Verdict::Gap => catch_up::start(self, &member, &update.window),
            }
        }
    }

    fn remark(&self, remark: &Remark) {
        let hears = match &remark.window {
            Some(window) => self.watching(window),
            None => self.all(),
        };
        for member in hears {
            if member.who.agent != remark.about {
                self.give(&member, remark.frame.clone());
            }
        }
    }

    /// Signs of life, sessions that ended, and updates that got lost on the way here.
    fn look_around(self: &Rc<Self>) {
        let now = Instant::now();
        for member in self.all() {
            if !self.app.auth.still_valid(&member.who) {
                self.close(&member, close::SESSION_ENDED);
            } else if now.duration_since(member.heard.get()) > SILENCE {
                metrics::counter!("madoguchi_sockets_cut_total", "why" => "silent").increment(1);
                self.cut(&member);
            } else if now.duration_since(member.pinged.get()) > PING_EVERY {
                member.pinged.set(now);
                self.give(&member, frame::ping());
            }
        }
        let windows: Vec<WindowId> = self.watchers.borrow().keys().cloned().collect();
        for window in windows {
            let Some((stream, told)) = self.app.engine.position(&window) else { continue };
            for member in self.watching(&window) {
                let behind = member
                    .watches
                    .borrow()
                    .get(&window)
                    .is_some_and(|watch| !watch.catching_up && (watch.stream != stream || watch.last < told));
                if behind {
                    catch_up::start(self, &member, &window);
                }
            }
        }
    }

    /// The process stops: everybody is told when to come back, spread out, and closed.
    fn go(&self) {
        for (index, member) in self.all().iter().enumerate() {
            let retry_after_ms = 500 + (index as u64 * 7) % 2_000;
            self.give(member, frame::text(&ServerFrame::Going { retry_after_ms }));
            self.close(member, close::GOING);
        }
    }
}

/// The hub as an actor: it hears updates, remarks, the clock and the end.
struct HubActor {
    hub: Rc<Hub>,
}

struct Stop;

impl Actor for HubActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (updates, told) = mpsc::channel(QUEUE);
        self.hub.app.engine.attach(updates);
        ctx.add_stream(futures_util::stream::unfold(told, |mut told| async move {
            let update: Arc<Update> = told.recv().await?;
            Some((update, told))
        }));
        let remarks = REMARKS_OF_ALL.0.subscribe();
        ctx.add_stream(futures_util::stream::unfold(remarks, |mut remarks| async move {
            loop {
                match remarks.recv().await {
                    Ok(remark) => return Some((remark, remarks)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        }));
        let mut stopping = self.hub.app.stopping.subscribe();
        ctx.add_stream(futures_util::stream::once(async move {
            // The sender lives in the app, which the hub holds.
            let _ = stopping.wait_for(|begun| *begun).await;
            Stop
        }));
        ctx.run_interval(ROUND, |actor, _| actor.hub.look_around());
    }
}

impl StreamHandler<Arc<Update>> for HubActor {
    fn handle(&mut self, update: Arc<Update>, _: &mut Context<Self>) {
        self.hub.tell(&update);
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}

impl StreamHandler<Remark> for HubActor {
    fn handle(&mut self, remark: Remark, _: &mut Context<Self>) {
        self.hub.remark(&remark);
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}

impl StreamHandler<Stop> for HubActor {
    fn handle(&mut self, _: Stop, _: &mut Context<Self>) {
        self.hub.go();
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}
