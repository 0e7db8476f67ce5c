//! Building the engine from its journal: open, own, catch up, then windows, inboxes and senders. The ordinary path of
//! every start, after a crash as after a stop; a window that failed is rebuilt by the same steps.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;

use super::bots::BotsActor;
use super::feeder::Feeder;
use super::fetcher::{FetcherActor, Fetchers};
use super::inbox::InboxActor;
use super::pool::Pool;
use super::sender::SenderActor;
use super::space::Space;
use super::stickers::Stickers;
use super::streams::Streams;
use super::window::{WindowActor, thread_key};
use super::{Core, Depths};
use crate::accounts::Accounts;
use crate::bots::Bots;
use crate::channels::mail::ids::MailIds;
use crate::channels::mail::out::MailOut;
use crate::channels::public::PublicUrls;
use crate::channels::{Network, Platform};
use crate::config::Config;
use crate::content::ContentStore;
use crate::domain::id::{ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::org::{Inbox, Org, WindowEntry};
use crate::domain::record::{By, Fact};
use crate::domain::window::Window;
use crate::fatal;
use crate::handle::{Encoder, StartError};
use crate::journal::segment::{Options, SegmentJournal};
use crate::journal::writer::{Counts, Lane};
use crate::journal::{Fault, Journal, codec, writer};
use crate::presence::Presence;
use crate::pulse::Pulses;
use crate::readmodel::{ReadFault, ReadModels, Writer as ReadModelWriter};
use crate::sending::Gate;
use crate::uploads::Uploads;
use crate::vault::Vault;
use crate::views::{Views, WindowView};

/// Records read at a time while replaying.
const CHUNK: usize = 4_096;
const CHUNK_BYTES: usize = 8 << 20;
/// How long a window that is rebuilt waits for the read models before it looks again, in milliseconds.
const CATCH_UP_MS: i64 = 1_000;

/// Opens the store and starts everything.
pub(crate) async fn start(config: Config, encoder: Encoder) -> Result<Arc<Core>, StartError> {
    // Arbiters belong to a system, and a thread of the pool knows of none by itself.
    let system = actix::System::current();
    let opening = move || {
        actix::System::set_current(system);
        open(config, encoder)
    };
    let core = tokio::task::spawn_blocking(opening).await.map_err(|_| StartError::Interrupted)??;
    let core = begin(core);
    super::windows::retire_again(&core);
    // What a stop cut off between the organisation's stream and a window's is finished now.
    for id in core.views.org().windows.keys() {
        let _turn = core.org_turn.lock().await;
        super::windows::settle(&core, id).await.map_err(|_| StartError::Interrupted)?;
        // So is what its bot was to be. A full disk leaves it to the next change or start.
        if let Err(failure) = super::bots::settle(&core, By::Engine, id).await {
            tracing::warn!(window.id = %id, %failure, "a window does not know its bot yet");
        }
    }
    super::audit::end_cut_off(&core).await.map_err(|_| StartError::Interrupted)?;
    core.sender_arbiter.spawn(core.pulses.beat("sender".to_owned()));
    for (index, arbiter) in core.window_arbiters.iter().enumerate() {
        arbiter.spawn(core.pulses.beat(format!("window-{index}")));
    }
    Ok(core)
}

/// Starts every actor of what was opened.
pub(crate) fn begin(core: Core) -> Arc<Core> {
    let core = Arc::new(core);
    core.sender_arbiter.spawn(super::upkeep::run(core.clone()));
    core.sender_arbiter.spawn(super::removal::run(core.clone()));
    core.sender_arbiter.spawn(super::fetcher::sweep::run(core.clone()));
    core.sender_arbiter.spawn(super::upkeep::recollect(core.clone()));
    core.sender_arbiter.spawn(super::erasure::run(core.clone()));
    let caretaker = core.clone();
    core.sender_arbiter.spawn_fn(move || drop(actix_rt::spawn(super::mail::caretaker::run(caretaker))));
    let runs = |view: &Arc<WindowView>| view.position() > Position(0) && view.window().reset.is_none();
    for view in core.views.windows().iter().filter(|view| runs(view)) {
        start_window(&core, &view.id);
    }
    for inbox in core.views.org().inboxes.values() {
        start_inbox(&core, inbox);
    }
    let bots = BotsActor::start_on(&core.sender_arbiter, core.clone());
    // The feed finds it from here on; what was told before is found by its first round.
    let _ = core.bots_actor.set(bots);
    core
}

/// What an engine is made of besides what its journal says.
pub(crate) struct Parts {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) store: Arc<ReadModels>,
    pub(crate) store_writer: Arc<ReadModelWriter>,
    pub(crate) writer: writer::Writer,
    pub(crate) senders: Arc<DashMap<InboxId, actix::Addr<SenderActor>>>,
    pub(crate) fetchers: Arc<Fetchers>,
    pub(crate) bots: Arc<OnceLock<actix::Addr<BotsActor>>>,
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) content: ContentStore,
    pub(crate) urls: PublicUrls,
    pub(crate) vault: Vault,
    pub(crate) mail: Option<MailOut>,
    pub(crate) pool: Pool,
    pub(crate) counts: Arc<Counts>,
    pub(crate) window_arbiters: Vec<actix::ArbiterHandle>,
    pub(crate) sender_arbiter: actix::ArbiterHandle,
    pub(crate) threads: Vec<std::thread::JoinHandle<()>>,
}

fn open(config: Config, encoder: Encoder) -> Result<Core, StartError> {
    if crate::backup::is_unfinished(&config.data_dir) {
        return Err(StartError::RestoreUnfinished);
    }
    let options = Options { segment_bytes: config.segment_bytes, redactor: codec::redact };
    let log = SegmentJournal::open(config.data_dir.join("journal"), options)?;
    let rows = config.data_dir.join("readmodel");
    let started = match &config.boot_id {
        Some(boot) => ReadModels::start_since(&rows, boot, &log),
        None => ReadModels::start(&rows, &log),
    }?;
    tracing::info!(records = started.caught_up.records, made_anew = ?started.made_anew, "read models have caught up");
    let store = Arc::new(started.models);
    // The read models answer for every outside event up to the head; the journal remembers from here on.
    log.load_dedupe_after(&log.streams())?;
    let journal: Arc<dyn Journal> = Arc::new(log);
    let views = Arc::new(Views::new(encoder));
    let store_faults = config.faults.clone();
    // The journal is whole; a new start makes the read models anew, which is better than a desk without lists.
    let on_fault = Box::new(|fault| fatal::disk("the read models cannot be written", &fault));
    let store_writer = ReadModelWriter::start(store.clone(), store_faults, on_fault);
    let store_writer = Arc::new(store_writer.map_err(|_| StartError::Interrupted)?);
    let fatal = |fault: Fault| fatal::disk("the journal failed", &fault);
    let faults = config.faults.clone();
    let (writer, told, counts, writer_thread) = writer::start(journal.clone(), faults.clone(), fatal);
    let senders = Arc::new(DashMap::new());
    let fetchers = Arc::new(Fetchers::default());
    let bots = Arc::new(OnceLock::new());
    let feeder = Feeder {
        views: views.clone(),
        store: store_writer.clone(),
        senders: senders.clone(),
        fetchers: fetchers.clone(),
        bots: bots.clone(),
        counts: counts.clone(),
        faults: faults.clone(),
    };
    let feed = feeder.start(told);
    let urls = PublicUrls::open(&config.public_url, &config.data_dir).map_err(StartError::MediaKey)?;
    let vault = Vault::open(&config.secrets_key_file)?;
    let content = ContentStore::open(&config.data_dir).map_err(StartError::Content)?;
    let ids = MailIds::open(&config.data_dir).map_err(StartError::MediaKey)?;
    let mail = MailOut::open(&config.mail_out, ids, &config.clock)?;
    let arbiters = if config.arbiters > 0 { config.arbiters } else { (cores() / 2).max(1) };
    let parts = Parts {
        journal,
        store,
        store_writer,
        writer,
        senders,
        fetchers,
        bots,
        platform: Arc::new(
            Network::open(urls.clone(), vault.clone(), config.clock.clone(), content.clone(), mail.clone())
                .map_err(|_| StartError::HttpClient)?,
        ),
        content,
        urls,
        vault,
        mail,
        pool: Pool::new(),
        counts,
        window_arbiters: (0..arbiters).map(|_| actix::Arbiter::new().handle()).collect(),
        sender_arbiter: actix::Arbiter::new().handle(),
        threads: vec![writer_thread, feed],
    };
    assemble(config, views, parts)
}

/// Takes the journal's streams into ownership, brings the views to where it stands, and puts everything together.
pub(crate) fn assemble(config: Config, views: Arc<Views>, parts: Parts) -> Result<Core, StartError> {
    let owner_epochs = DashMap::new();
    let journal = &*parts.journal;
    let streams = Streams::find(journal, || StreamId(super::drawn_id(&config)))?;
    own(journal, streams.org, &owner_epochs)?;
    let mut org = replay_org(journal, streams.org)?;
    streams.put_into(&mut org);
    parts.vault.settle(&org)?;
    if let Some(out) = &parts.mail {
        out.learn(&org, &parts.vault);
    }
    for entry in org.windows.values() {
        own(journal, entry.stream, &owner_epochs)?;
        restore_window(&views, journal, &parts.store, entry)?;
    }
    views.restore_org(org, journal.head(streams.org));
    let content = parts.content;
    let coming_in = config.data_dir.join("uploads");
    let uploads = Uploads::open(content.clone(), &coming_in, config.tools.clone()).map_err(StartError::Uploads)?;
    Ok(Core {
        journal: parts.journal,
        writer: parking_lot::Mutex::new(Some(parts.writer)),
        views,
        store: parts.store,
        store_writer: parts.store_writer,
        registry: super::registry::Registry::default(),
        presence: Presence::new(config.clock.now(), config.presence_grace_ms),
        pool: parts.pool,
        space: Space::new(config.data_dir.clone(), config.min_free_bytes, config.faults.clone()),
        platform: parts.platform,
        looking: tokio::sync::Mutex::new(()),
        fetchers: parts.fetchers,
        bots_actor: parts.bots,
        accounts: Accounts::default(),
        urls: parts.urls,
        vault: parts.vault,
        mail_in: parts.mail.as_ref().map(|out| super::mail::MailIn::new(&config.mail_in, out)),
        mail: parts.mail,
        mail_setup: crate::channels::mail::setup::Setup::default(),
        uploads,
        content,
        stickers: Stickers::default(),
        bots: Bots::default(),
        sending: Gate::open(&config.data_dir, config.hold_sending).map_err(StartError::Sending)?,
        pulses: Pulses::default(),
        depths: Depths::default(),
        counts: parts.counts,
        windows: DashMap::new(),
        inboxes: DashMap::new(),
        senders: parts.senders,
        owner_epochs,
        org_stream: streams.org,
        audit: super::audit::Log::new(streams.audit.unwrap_or_else(|| StreamId(super::drawn_id(&config)))),
        org_turn: tokio::sync::Mutex::new(()),
        joining_turn: tokio::sync::Mutex::new(()),
        removing: tokio::sync::Mutex::new(()),
        erasing: tokio::sync::Notify::new(),
        window_arbiters: parts.window_arbiters,
        sender_arbiter: parts.sender_arbiter,
        stopping: false.into(),
        incarnations: 1.into(),
        threads: parking_lot::Mutex::new(parts.threads),
        config,
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn own(journal: &dyn Journal, stream: StreamId, epochs: &DashMap<StreamId, u64>) -> Result<(), Fault> {
    epochs.insert(stream, journal.own(stream)?);
    Ok(())
}

fn replay_org(journal: &dyn Journal, stream: StreamId) -> Result<Org, StartError> {
    let mut org = Org::default();
    replay(journal, stream, |fact| {
        if let Fact::Org(event) = fact {
            org.apply(event);
        }
    })?;
    Ok(org)
}

/// Reads a whole stream and shows each fact.
fn replay(journal: &dyn Journal, stream: StreamId, mut show: impl FnMut(&Fact)) -> Result<(), StartError> {
    let mut from = Position(1);
    loop {
        let chunk = journal.read(stream, from, CHUNK, CHUNK_BYTES)?;
        let Some(last) = chunk.last() else { return Ok(()) };
        from = last.position.next();
        for stored in &chunk {
            let record = codec::decode(&stored.payload)?;
            record.events.iter().for_each(&mut show);
        }
    }
}

/// A window's own state and its open conversations, as the read models know them at the head.
fn restore_window(
    views: &Views,
    journal: &dyn Journal,
    store: &ReadModels,
    entry: &WindowEntry,
) -> Result<(), StartError> {
    // Where a row does not read back, this start fails and the next one makes the read models anew.
    let (window, live) = store.reading(|store| {
        let live = store.open_conversations(entry.stream).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, ReadFault>((store.window(entry.stream)?, live))
    })?;
    // Of a window that was reset nothing goes on.
    let live = if window.as_ref().is_some_and(|window| window.reset.is_some()) { Vec::new() } else { live };
    let window = window.unwrap_or_else(|| Window::unborn(entry.id.clone()));
    views.restore_window(entry.id.clone(), entry.stream, journal.head(entry.stream), window, live);
    Ok(())
}

/// Starts a window's actor from its view.
pub(crate) fn start_window(core: &Arc<Core>, id: &WindowId) {
    let Some(view) = core.views.window(id) else { return };
    let threads = core.store.threads(view.stream);
    let threads = threads.map(|row| row.map(|row| (thread_key(row.inbox, &row.thread), row.conversation)));
    let threads: HashMap<u128, ConversationId> = match threads.collect::<Result<_, _>>() {
        Ok(threads) => threads,
        Err(error) => {
            core.store.distrust();
            fatal::disk("the read models cannot be read", &error);
        }
    };
    let place = id.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    let arbiter = core.window_arbiters[place % core.window_arbiters.len()].clone();
    let addr = WindowActor::start_on(&arbiter, core.clone(), view, threads);
    core.windows.insert(id.clone(), addr);
}

/// Rebuilds a window whose actor failed, after all that it had submitted is told and followed.
pub(crate) fn rebuild_window(core: &Arc<Core>, id: &WindowId) {
    let (core, id) = (core.clone(), id.clone());
    tracing::error!(window.id = %id, "a window failed; it is rebuilt from the journal");
    metrics::counter!("madoguchi_window_failures_total").increment(1);
    core.sender_arbiter.spawn({
        let core = core.clone();
        async move {
            if core.barrier().await.is_err() {
                return;
            }
            let Some(view) = core.views.window(&id) else { return };
            while core.caught_up_within(view.stream, CATCH_UP_MS).await.is_err() {
                if core.is_stopping() {
                    return;
                }
            }
            let starter = core.clone();
            let _ = core.pool.run(Lane::Ordinary, move || start_window(&starter, &id)).await;
        }
    });
}

/// Starts the actors of an account.
pub(crate) fn start_inbox(core: &Arc<Core>, inbox: &Inbox) {
    if core.inboxes.contains_key(&inbox.id) {
        return;
    }
    let place =
        inbox.window.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    let arbiter = core.window_arbiters[place % core.window_arbiters.len()].clone();
    let actor = InboxActor::start_on(&arbiter, core.clone(), inbox.id, inbox.window.clone());
    core.inboxes.insert(inbox.id, actor);
    let sender = SenderActor::start_on(&core.sender_arbiter, core.clone(), inbox.id);
    core.senders.insert(inbox.id, sender);
    let fetcher = FetcherActor::start_on(&core.sender_arbiter, core.clone(), inbox.id);
    core.fetchers.actors.insert(inbox.id, fetcher);
    core.accounts.begin(inbox.id, core.now());
    let (keeper, id) = (core.clone(), inbox.id);
    core.sender_arbiter.spawn_fn(move || drop(actix_rt::spawn(super::keeper::run(keeper, id))));
}

/// A new window's stream.
pub(crate) fn new_stream(core: &Core) -> StreamId {
    StreamId(core.new_id())
}

/// Finishes what is in hand: no new work, everything submitted is committed and told, read models are flushed, threads end.
pub(crate) async fn stop(core: &Arc<Core>) {
    if core.stopping.swap(true, Ordering::AcqRel) {
        return;
    }
    let _ = core.barrier().await;
    core.writer.lock().take();
    let threads: Vec<_> = std::mem::take(&mut *core.threads.lock());
    let finishing = core.clone();
    let _ = tokio::task::spawn_blocking(move || {
        for arbiter in finishing.window_arbiters.iter().chain([&finishing.sender_arbiter]) {
            arbiter.stop();
        }
        for thread in threads {
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
        finishing.store_writer.stop();
    })
    .await;
}
