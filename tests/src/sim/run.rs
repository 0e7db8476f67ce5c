//! One run: the world that lasts, and the lives of the engine in it, each ended by a crash or by rest.
//!
//! A life is an actix system of its own on this thread. Its driver is one task among the engine's: it does a step, lets
//! the others go on for a few rounds, and judges what can be seen. A crash drops the system with everything in it; what
//! was synced stays.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use madoguchi_engine::chance::Chance;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId, StreamId, WindowId};
use madoguchi_engine::domain::org::{self, Access, Agent, Inbox, InboxSettings, LineSettings, Role, SendMode};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::faults::Faults;
use madoguchi_engine::journal::codec;
use madoguchi_engine::journal::memory::MemoryJournal;
use madoguchi_engine::stepped::Stepped;
use madoguchi_engine::{Clock, Handle};
use madoguchi_web::auth::Identity;
use madoguchi_web::socket::{Readers, encode_update};
use tempfile::TempDir;

use super::calls::{Answers, Calls};
use super::phones::{Line, Phones};
use super::rest;
use super::socket::{Places, Socket};
use super::steps::{self, Went};
use super::truth::{Fold, Truth};
use super::{Chooser, Trace};

/// How large a run is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Steps before everything comes to rest.
    pub steps: u64,
    /// Customers.
    pub users: usize,
    /// Agents, with two tabs each; the last is a supervisor.
    pub agents: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { steps: 300, users: 4, agents: 4 }
    }
}

/// What lasts from life to life.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) chooser: Chooser,
    trace: Trace,
    pub(super) clock: Clock,
    chance: Chance,
    pub(super) faults: Arc<Faults>,
    pub(super) journal: Arc<MemoryJournal>,
    pub(super) phones: Arc<Phones>,
    pub(super) truth: Truth,
    /// Every window as of what was told.
    told: BTreeMap<WindowId, Fold>,
    pub(super) calls: Calls,
    pub(super) tabs: Vec<Tab>,
    pub(super) windows: Vec<WindowId>,
    dir: TempDir,
    /// Which folder the read models are in; another one is empty.
    pub(super) models: usize,
    pub(super) step: u64,
    pub(super) lives: u32,
}

/// One tab of an agent's browser.
pub(super) struct Tab {
    pub(super) agent: AgentId,
    pub(super) role: Role,
    pub(super) places: Places,
    /// The epochs it was last told.
    pub(super) epochs: BTreeMap<ConversationId, u64>,
    /// Its last answer, to be asked for again.
    pub(super) last_send: Option<(ConversationId, u64, String, String)>,
}

/// One life of the engine.
pub(super) struct Life {
    pub(super) engine: Stepped,
    pub(super) handle: Handle,
    pub(super) readers: Readers,
    /// A tab's socket, in the order of the tabs.
    pub(super) sockets: Vec<Option<Socket>>,
    pub(super) answers: Answers,
}

/// Runs one seed to its end.
///
/// # Panics
/// Something that must hold did not.
pub fn run(seed: u64, plan: Plan, trace: &Trace) {
    quiet_planned_panics();
    let mut world = World::new(seed, plan, trace.clone());
    loop {
        let system = actix::System::new();
        let life = async move { actix_rt::spawn(live(world)).await };
        let (next, went) = match system.block_on(life) {
            Ok(ended) => ended,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        };
        drop(system);
        world = next;
        if went == Went::ToRest {
            return;
        }
        world.phones.hang_up();
        world.journal = Arc::new(world.journal.reopened());
    }
}

async fn live(mut world: World) -> (World, Went) {
    let mut life = world.begin();
    if world.lives == 1 {
        furnish(&mut world, &mut life).await;
    }
    let went = loop {
        if world.step >= world.plan.steps {
            rest::come_to_rest(&mut world, &mut life).await;
            break Went::ToRest;
        }
        world.step += 1;
        let went = steps::take(&mut world, &mut life);
        if went == Went::Down {
            break went;
        }
        let rounds = *world.chooser.weighted(&[(3, 0), (4, 1), (3, 2), (2, 5), (2, 20)]);
        others(rounds).await;
        world.look(&mut life);
    };
    life.engine.kill();
    world.calls.lose();
    (world, went)
}

impl World {
    fn new(seed: u64, plan: Plan, trace: Trace) -> Self {
        let clock = Clock::manual(Timestamp(1_700_000_000_000));
        let window = |name| WindowId::new(name).expect("an id");
        let tab = |n: usize| {
            let last = n / 2 == plan.agents - 1;
            Tab {
                agent: agent(n / 2),
                role: if last { Role::Supervisor } else { Role::Agent },
                places: Places::new(),
                epochs: BTreeMap::new(),
                last_send: None,
            }
        };
        Self {
            plan,
            chooser: Chooser::new(seed),
            trace,
            chance: Chance::seeded(seed),
            faults: Arc::default(),
            journal: Arc::new(MemoryJournal::new(codec::redact)),
            phones: Phones::new(clock.clone()),
            clock,
            truth: Truth::new(&[]),
            told: BTreeMap::new(),
            calls: Calls::default(),
            tabs: (0..2 * plan.agents).map(tab).collect(),
            windows: vec![window("east"), window("west")],
            dir: tempfile::tempdir().expect("a folder for the read models"),
            models: 0,
            step: 0,
            lives: 0,
        }
    }

    /// Adds a line to the trace.
    pub(super) fn say(&self, line: &str) {
        let at = self.clock.now().0 - 1_700_000_000_000;
        self.trace.say(format!("{:>4}  {:>10} ms  {line}", self.step, at));
    }

    fn begin(&mut self) -> Life {
        self.lives += 1;
        let mut config = Config::new(self.dir.path().join(self.models.to_string()));
        config.clock = self.clock.clone();
        config.chance = self.chance.clone();
        config.faults = self.faults.clone();
        config.min_free_bytes = 0;
        std::fs::create_dir_all(&config.data_dir).expect("a folder");
        let platform = Arc::new(Line(Arc::clone(&self.phones)));
        let engine = Stepped::start(config, Arc::new(encode_update), self.journal.clone(), platform);
        let engine = engine.expect("it starts whatever happened before");
        let handle = engine.handle();
        // Small, so that gaps and slow readers are common.
        let readers = Readers::new(handle.clone(), self.clock.clone(), 8, 6_000);
        self.say(&format!("life {} begins", self.lives));
        Life { engine, handle, readers, sockets: self.tabs.iter().map(|_| None).collect(), answers: Answers::default() }
    }

    /// Judges what can be seen: the journal, the answers that came, the views.
    pub(super) fn look(&mut self, life: &mut Life) {
        self.truth.read_on(&self.journal);
        for (name, answer) in life.answers.take() {
            let Some((call, told)) = self.calls.end(self.step, name, &answer, &self.truth) else { continue };
            self.say(&format!("      answer {name}: {told}"));
            steps::learn(self, call, &answer);
        }
        for id in self.windows.clone() {
            self.look_at(&id, life);
        }
    }

    /// A window's view is the fold of what was told, and nothing was told that is not on disk.
    fn look_at(&mut self, id: &WindowId, life: &Life) {
        let Some(snapshot) = life.handle.snapshot(id) else { return };
        let fold = self.told.entry(id.clone()).or_insert_with(|| Fold::new(id.clone(), snapshot.stream));
        assert!(snapshot.position <= self.truth.folds[id].position, "{id} was told ahead of the disk");
        fold.read_on(&self.journal, snapshot.position);
        assert_eq!(*snapshot.window, fold.window, "the view of {id} is not what the journal says");
        let mut shown: Vec<_> = snapshot.open.iter().map(|row| (row.position, &row.state)).collect();
        shown.sort_by_key(|(_, state)| state.id);
        let open: Vec<_> = fold.open().map(|(position, state)| (*position, state)).collect();
        assert_eq!(shown, open, "the list of {id} at {} is not what the journal says", snapshot.position.0);
    }

    pub(super) fn identity(&self, tab: usize) -> Identity {
        Identity::of(self.tabs[tab].agent, self.tabs[tab].role)
    }

    /// Panics of actors that are still to come.
    pub(super) fn no_more_panics(&self) {
        self.faults.panics_after_commit.store(0, Ordering::Release);
        self.faults.panics_before_decide.store(0, Ordering::Release);
        self.faults.panics_in_window.store(0, Ordering::Release);
    }
}

/// The inbox of a window.
pub(super) fn inbox_of(window: usize) -> InboxId {
    InboxId(1_000 + window as u128)
}

fn agent(n: usize) -> AgentId {
    AgentId(100 + n as u128)
}

/// Agents, two windows with an account each, and who works where: everybody in the first, half in the second.
async fn furnish(world: &mut World, life: &mut Life) {
    let by = By::Operator;
    let handle = life.handle.clone();
    for n in 0..world.plan.agents {
        let role = world.tabs[2 * n].role;
        let command = org::Command::CreateAgent(person(n, role));
        through(life, handle.org_command(by, command)).await.expect("a new agent");
    }
    for (n, id) in world.windows.clone().into_iter().enumerate() {
        let made = handle.create_window(by, id.clone(), id.to_string(), 30);
        through(life, made).await.expect("a new window");
        for member in (0..world.plan.agents).filter(|member| n == 0 || member % 2 == 1) {
            let command = window::Command::AddAgent { agent: agent(member) };
            through(life, handle.window_command(by, &id, command)).await.expect("a new member");
        }
        if id == super::rules::window() {
            for command in super::rules::settings(world.clock.now()) {
                through(life, handle.window_command(by, &id, command)).await.expect("good settings");
            }
        }
        let inbox = org::Command::CreateInbox(account(n, &id));
        through(life, handle.org_command(by, inbox)).await.expect("a new account");
    }
    let stream = |id: &WindowId| -> (WindowId, StreamId) { (id.clone(), handle.position(id).expect("it exists").0) };
    world.truth = Truth::new(&world.windows.iter().map(stream).collect::<Vec<_>>());
}

fn person(n: usize, role: Role) -> Agent {
    Agent {
        id: agent(n),
        login: format!("agent{n}"),
        name: format!("agent {n}"),
        role,
        password_hash: String::new(),
        disabled: false,
        created_at: Timestamp(0),
        icon_url: None,
    }
}

fn account(n: usize, window: &WindowId) -> Inbox {
    let settings = InboxSettings::Line(LineSettings {
        api_base_url: "http://127.0.0.1:9".to_owned(),
        api_data_base_url: "http://127.0.0.1:9".to_owned(),
        ..LineSettings::new("s".into(), Access::LongLived { token: "t".into() }, SendMode::Auto)
    });
    Inbox { id: inbox_of(n), window: window.clone(), settings, changed_at: Timestamp(0) }
}

/// Waits for `work` while everything inside goes on as fast as it can.
pub(super) async fn through<T: 'static>(life: &mut Life, work: impl Future<Output = T>) -> T {
    let mut work = Box::pin(work);
    for _ in 0..10_000 {
        if let Poll::Ready(done) = std::future::poll_fn(|task| Poll::Ready(work.as_mut().poll(task))).await {
            return done;
        }
        hurry(life);
        others(1).await;
    }
    panic!("something that was asked for never comes to an end");
}

/// Everything inside takes every step that it can.
pub(super) fn hurry(life: &mut Life) {
    life.engine.sync(usize::MAX).expect("memory");
    while life.engine.untold() > 0 {
        life.engine.tell();
    }
    life.engine.follow(usize::MAX).expect("the read models");
}

/// Lets every other task of the thread go on for so many rounds.
pub(super) async fn others(rounds: usize) {
    struct Round(bool);
    impl Future for Round {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            task.waker().wake_by_ref();
            Poll::Pending
        }
    }
    for _ in 0..rounds {
        Round(false).await;
    }
}

/// Panics that a run plans are part of it and need no lines on the screen.
fn quiet_planned_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let planned = panic.payload().downcast_ref::<&str>().is_some_and(|text| text.starts_with("planned panic"));
            if !planned {
                loud(panic);
            }
        }));
    });
}

/// Puts an answer down when it comes.
pub(super) fn note<T: 'static>(
    life: &Life,
    name: u64,
    work: impl Future<Output = T> + 'static,
    as_answer: impl FnOnce(T) -> super::calls::Answer + 'static,
) {
    let answers = Rc::clone(&life.answers);
    actix_rt::spawn(async move {
        let done = work.await;
        answers.borrow_mut().push((name, as_answer(done)));
    });
}
