//! A run from beginning to end: set the scene, let people come, measure, come to rest, look at everything once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use hyper::Method;
use madoguchi_protocol::api::{BotChannelMessage, Items, Message, Window};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::agent::{self, Agent};
use super::book::{Book, Kind, Place};
use super::chance::Schedule;
use super::clockwork::Clock;
use super::customers;
use super::error::RunError;
use super::hall::Hall;
use super::host::{self, Started};
use super::metrics;
use super::options::Options;
use super::report::{Report, Sample, Sampled};
use super::robot;
use super::scene::{Counter, Post, Scene};
use super::side::Kind as Side;
use crate::bot::Bot;
use crate::double::Author;

/// Between two looks at something that must come about.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at the server's figures.
const SAMPLE: Duration = Duration::from_secs(1);
/// From the last agent's watch to the first customer.
const BREATH_US: u64 = 200_000;
/// Looks in a row at which everything is at rest, before it is believed.
const QUIET: usize = 4;
/// Timelines read at once at the end.
const TIMELINES: usize = 8;
const PAGE: usize = 200;

/// Runs and judges. Blocks until everything has come to rest, at most warm-up, duration and twice the patience.
///
/// # Errors
/// [`RunError`]: it could not be measured. What the server did wrong is in the report.
pub fn run(options: &Options) -> Result<Report, RunError> {
    options.check()?;
    // Before the first thread, so that all are where this one is.
    host::pin(&options.pin_self)?;
    let post = options.mix.has(Side::Mail).then(Post::open).transpose()?;
    let mut server = match &options.server {
        Some(program) => {
            let settings = post.as_ref().map(Post::settings).unwrap_or_default();
            Some(Started::new(program, &options.login, &options.pin_server, &settings)?)
        }
        None => None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads as usize)
        .thread_name("load")
        .enable_all()
        .build()
        .map_err(|source| RunError::Machine { what: "threads", source })?;
    let (base, password, pid) = match (&server, options.address) {
        (Some(server), _) => (server.url.clone(), server.password.clone(), Some(server.pid())),
        (None, Some(address)) => {
            (format!("http://{address}"), options.password.clone().unwrap_or_default(), options.pid)
        }
        (None, None) => return Err(RunError::Options("a server or an address is needed".to_owned())),
    };
    let played = runtime.block_on(async {
        tokio::select! {
            report = play((&base, &password), post, pid, options) => report,
            error = told_to_stop() => Err(error),
        }
    });
    let mut report = played?;
    runtime.shutdown_timeout(Duration::from_secs(5));
    if !report.is_sound() {
        report.kept_data = server.as_mut().and_then(Started::keep_folder);
    }
    Ok(report)
}

/// SIGINT and SIGTERM end the run in the ordinary way, so that a started server ends with it.
async fn told_to_stop() -> RunError {
    let signals = signal(SignalKind::interrupt()).and_then(|int| Ok((int, signal(SignalKind::terminate())?)));
    match signals {
        Ok((mut interrupt, mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            RunError::Interrupted
        }
        Err(source) => RunError::Machine { what: "signals", source },
    }
}

async fn play(
    (base, password): (&str, &str),
    post: Option<Post>,
    pid: Option<u32>,
    options: &Options,
) -> Result<Report, RunError> {
    let scene = Scene::set(base, password, post, options).await?;
    let hall = Hall::new(options, scene);
    let screens = watch_screens(&hall);
    let (stop, stopped) = watch::channel(false);
    let (agents, lines) = open_desks(&hall, &stopped);
    await_watches(&hall).await?;

    let begin_us = hall.clock.now_us() + BREATH_US;
    let from_us = begin_us + (options.warm_up_s * 1e6) as u64;
    let end_us = from_us + (options.duration_s * 1e6) as u64;
    hall.measure_from(from_us);
    let schedule = Schedule::new(options.seed, options.chats, options.rate, options.warm_up_s + options.duration_s);
    let (ring, rung) = mpsc::channel(customers::MOST_WAITING);
    let ringing = hall.alarm.run(hall.clock, begin_us, schedule, ring, lines);
    let writing = tokio::spawn(customers::write(Arc::clone(&hall), rung));

    let sampled = sample(&hall, pid, from_us, end_us).await?;
    hall.is_calm.store(true, Ordering::Relaxed);
    let _ = writing.await;
    // What was taken and not read yet would make more work.
    all_read(&hall).await?;
    rest(&hall).await;
    let heads = heads(&hall).await?;
    let places = leave(&hall, agents, &heads, &stop).await;
    hall.alarm.stop();
    let turned_away = tokio::task::spawn_blocking(|| ringing.join().unwrap_or(0)).await.unwrap_or(0);
    if turned_away > 0 {
        hall.fault(Kind::Unchecked, || format!("{turned_away} messages were never written: the load is too slow"));
    }
    judge(&hall, &places, &heads).await?;
    let last = look(&hall, pid).await?;
    for screen in screens {
        screen.abort();
    }
    Ok(Report::new(&hall, &sampled, &last))
}

/// Watches everything that customers look at.
fn watch_screens(hall: &Arc<Hall>) -> Vec<JoinHandle<()>> {
    let scene = &hall.scene;
    let watching = || Arc::clone(hall);
    let phones = customers::watch(watching(), scene.double.stream(), |shown| {
        (shown.author == Author::Account).then(|| (shown.user.as_str(), shown.text.as_deref().unwrap_or_default()))
    });
    let mut screens = vec![tokio::spawn(phones)];
    if let Some(works) = &scene.works {
        screens.push(tokio::spawn(customers::watch(watching(), works.stream(), |shown| {
            Some((&shown.user, shown.content["text"].as_str().unwrap_or_default()))
        })));
    }
    if let Some(post) = &scene.post {
        let letters = post.double.stream();
        screens.push(tokio::spawn(customers::watch(watching(), letters, |shown| Some((&shown.to, &shown.text)))));
    }
    for system in scene.windows.iter().filter_map(|counter| counter.system.as_ref()) {
        screens.push(tokio::spawn(customers::watch(watching(), system.stream(), |(user, message)| match message {
            BotChannelMessage::Text { text } => Some((user, text)),
            _ => None,
        })));
    }
    screens
}

type Desk = JoinHandle<Vec<(u32, Place)>>;

/// Sends every agent to work; they hear the alarm through the lines.
fn open_desks(
    hall: &Arc<Hall>,
    stopped: &watch::Receiver<bool>,
) -> (Vec<Desk>, Vec<mpsc::UnboundedSender<super::clockwork::Due>>) {
    (0..hall.options.agents)
        .map(|number| {
            let (line, due) = mpsc::unbounded_channel();
            let agent = Agent::new(number, Arc::clone(hall));
            (tokio::spawn(agent.work(due, stopped.clone())), line)
        })
        .unzip()
}

/// Everybody watches before anybody writes.
async fn await_watches(hall: &Hall) -> Result<(), RunError> {
    let wanted = (hall.options.agents * hall.options.watch) as usize;
    let is_there = || hall.watching.load(Ordering::Relaxed) >= wanted;
    if come_about(hall, is_there).await {
        return Ok(());
    }
    let there = hall.watching.load(Ordering::Relaxed);
    Err(RunError::Server(format!("{there} of {wanted} watches began: {:?}", hall.faults())))
}

/// Looks until it is so, or the patience is at its end.
async fn come_about(hall: &Hall, is_so: impl Fn() -> bool) -> bool {
    let end_us = hall.clock.now_us() + (hall.options.patience_s * 1e6) as u64;
    while hall.clock.now_us() < end_us {
        if is_so() {
            return true;
        }
        tokio::time::sleep(LOOK).await;
    }
    is_so()
}

/// The server at the beginning and the end of the measuring, and the worst of its read models in between.
async fn sample(hall: &Hall, pid: Option<u32>, from_us: u64, end_us: u64) -> Result<Sampled, RunError> {
    hall.clock.wait_until(from_us).await;
    let before = look(hall, pid).await?;
    let (mut most_lag, mut most_queue) = (0.0_f64, 0.0_f64);
    let seconds = ((end_us - from_us) as f64 / SAMPLE.as_micros() as f64).ceil() as u64;
    for second in 1..=seconds {
        let at_us = from_us + second * SAMPLE.as_micros() as u64;
        hall.clock.wait_until(at_us.min(end_us)).await;
        let now = figures(hall).await?;
        most_lag = most_lag.max(metrics::sum(&now, "madoguchi_readmodel_lag_records"));
        most_queue = most_queue.max(metrics::sum(&now, "madoguchi_journal_queue_depth"));
    }
    Ok(Sampled { before, after: look(hall, pid).await?, most_lag, most_queue })
}

async fn figures(hall: &Hall) -> Result<metrics::Metrics, RunError> {
    Ok(metrics::read(&hall.scene.owner.text(Method::GET, "/metrics", None).await?))
}

async fn look(hall: &Hall, pid: Option<u32>) -> Result<Sample, RunError> {
    Ok(Sample {
        at_us: hall.clock.now_us(),
        usage: pid.and_then(host::Usage::of),
        own: host::Usage::of(std::process::id()),
        acknowledged: hall.sum(|book| book.checked.acknowledged),
        tellings: hall.sum(|book| book.checked.tellings),
        metrics: figures(hall).await?,
    })
}

/// Until agents have done what they wanted and every answer has an end. What does not is found by the judge.
async fn rest(hall: &Hall) {
    let rested = AtomicUsize::new(0);
    // What a bot did is told a moment later, and may give agents something to do.
    let is_at_rest = || {
        let open = hall.sum(|book| book.open_acts + book.open_answers + book.bot_owes());
        let busy = hall.scene.robots().map(Bot::busy).sum::<usize>();
        if open > 0 || busy > 0 {
            rested.store(0, Ordering::Relaxed);
        }
        rested.fetch_add(1, Ordering::Relaxed) >= QUIET
    };
    if !come_about(hall, is_at_rest).await {
        let (acts, answers) = (hall.sum(|book| book.open_acts), hall.sum(|book| book.open_answers));
        let owed = hall.sum(Book::bot_owes);
        hall.fault(Kind::Unanswered, || {
            format!("{acts} commands and {answers} answers came to no end, {owed} texts wait for a bot")
        });
    }
}

/// Until nothing that was stored whole waits any more.
async fn all_read(hall: &Hall) -> Result<(), RunError> {
    for Counter { id, .. } in &hall.scene.windows {
        let clock = Clock::start();
        loop {
            let window: Window = hall.scene.owner.get(&format!("/api/v1/windows/{id}")).await?;
            if window.raw_waiting == 0 {
                break;
            }
            if clock.now_us() > (hall.options.patience_s * 1e6) as u64 {
                hall.fault(Kind::Missing, || format!("{} bodies of {id} still wait", window.raw_waiting));
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(())
}

/// The end of each window's stream.
async fn heads(hall: &Hall) -> Result<Vec<u64>, RunError> {
    let mut heads = Vec::new();
    for Counter { id, .. } in &hall.scene.windows {
        heads.push(agent::head(hall.scene.server, &hall.scene.owner, id).await?);
    }
    Ok(heads)
}

/// Lets every socket come to the end of its windows, then sends everybody home.
async fn leave(hall: &Hall, agents: Vec<Desk>, heads: &[u64], stop: &watch::Sender<bool>) -> Vec<(u32, Place)> {
    let is_told = || hall.rooms.iter().zip(heads).all(|(room, head)| room.lock().book.told_all(*head));
    // Whoever is not told everything in this time is named by the judge.
    let _ = come_about(hall, is_told).await;
    stop.send_replace(true);
    let mut places = Vec::new();
    for agent in agents {
        places.extend(agent.await.unwrap_or_default());
    }
    places
}

async fn judge(hall: &Arc<Hall>, places: &[(u32, Place)], heads: &[u64]) -> Result<(), RunError> {
    for (window, place) in places {
        for _ in 0..place.snapshots {
            hall.count("snapshots on coming back");
        }
        let mut room = hall.rooms[*window as usize].lock();
        room.book.stands(place, heads[*window as usize]);
    }
    let chats: Vec<_> = hall.rooms.iter().flat_map(|room| room.lock().book.chats()).collect();
    let mut timelines = stream::iter(chats)
        .map(|(chat, conversation)| {
            let hall = Arc::clone(hall);
            async move { (chat, timeline(&hall, &conversation).await) }
        })
        .buffer_unordered(TIMELINES);
    while let Some((chat, shown)) = timelines.next().await {
        hall.room_of(chat).lock().book.timeline(chat, &shown?);
    }
    for room in &hall.rooms {
        room.lock().book.close();
    }
    let treatments: Vec<_> = hall.scene.robots().map(Bot::treatment).collect();
    for wrong in robot::wrongs(&treatments, hall.sum(|book| book.checked.bot_answers)) {
        hall.fault(Kind::BotLeft, || wrong);
    }
    if let Some(post) = hall.scene.post.as_ref().filter(|post| post.double.unreadable() > 0) {
        hall.fault(Kind::AnswerUnasked, || {
            format!("{} mails were for nobody or not readable", post.double.unreadable())
        });
    }
    if let Some(works) = &hall.scene.works {
        hall.outcomes.lock().insert("lineworks tokens given".to_owned(), works.tokens_given());
    }
    Ok(())
}

async fn timeline(hall: &Hall, conversation: &str) -> Result<Vec<Message>, RunError> {
    let mut lines: Vec<Message> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.number);
        let path = format!("/api/v1/conversations/{conversation}/messages?after={after}&limit={PAGE}");
        let page: Items<Message> = hall.scene.owner.get(&path).await?;
        let is_last = page.items.len() < PAGE;
        lines.extend(page.items);
        if is_last {
            return Ok(lines);
        }
    }
}
