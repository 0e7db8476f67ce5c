//! The process lives on when it must not, or ends badly when it is asked to.
//!
//! What ends the process runs in a process of its own: this test program again, with one ignored test of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madoguchi_engine::Clock;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::journal::segment;
use madoguchi_engine::rows::{MessagesQuery, Place};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::lossy::{Lossy, Options, PowerCut};
use madoguchi_tests::world::{Desk, PATIENCE, Port, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use madoguchi_tests::inside::{INBOX, config, conversation, furnished, said, start};

const FOLDER: &str = "MADOGUCHI_TEST_FOLDER";
const FAULT: &str = "MADOGUCHI_TEST_FAULT";
/// The end comes at once; this much is for a machine that does a hundred other things.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The other process.
struct Doomed {
    child: Child,
    log: std::io::Lines<BufReader<ChildStderr>>,
    said: Vec<String>,
}

impl Doomed {
    fn start(folder: &Path, fault: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "ends::an_engine_that_is_to_end", "--ignored", "--nocapture"]);
        command.env(FOLDER, folder).env(FAULT, fault).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log, said: Vec::new() }
    }

    /// Reads on until a line contains `word`.
    fn until(&mut self, word: &str) {
        for line in self.log.by_ref().map_while(Result::ok) {
            self.said.push(line);
            if self.said.last().is_some_and(|line| line.contains(word)) {
                return;
            }
        }
        panic!("it never said {word}:\n{}", self.said.join("\n"));
    }

    /// Its exit code and everything it said.
    fn end(mut self) -> (ExitStatus, Vec<String>) {
        self.said.extend(self.log.by_ref().map_while(Result::ok));
        (self.child.wait().unwrap(), self.said)
    }
}

/// Not a test by itself; the ones below start it as a process of its own.
#[actix_rt::test]
#[ignore = "ends its process; the other tests of this file start it"]
async fn an_engine_that_is_to_end() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let fault = std::env::var(FAULT).unwrap_or_default();
    madoguchi_web::telemetry::start_logging(&madoguchi_web::Config::default().log);
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = Config { min_free_bytes: 0, ..config(Path::new(&folder), &clock) };
    let faults = config.faults.clone();
    let engine = furnished(config).await;
    engine.inbound(INBOX, said(0, 0, "やあ")).await.unwrap();
    eprintln!("ready");
    match fault.as_str() {
        "writer" => faults.panics_in_writer.store(1, Ordering::Release),
        "feed" => faults.panics_in_feed.store(1, Ordering::Release),
        _ => {}
    }
    let text = "長".repeat(1_000);
    for event in 1.. {
        let all = join_all((0..16).map(|user| engine.inbound(INBOX, said(user, event, &text)))).await;
        for (user, _) in all.iter().enumerate().filter(|(_, taken)| taken.is_ok()) {
            eprintln!("acknowledged {user}");
        }
    }
}

#[test]
fn a_panic_of_the_writer_or_the_feed_ends_the_process_and_is_named() {
    for (fault, thread) in [("writer", "journal-writer"), ("feed", "feed")] {
        let folder = tempfile::tempdir().unwrap();
        let mut doomed = Doomed::start(folder.path(), fault);
        doomed.until("ready");
        let begun = Instant::now();
        let (status, log) = doomed.end();
        assert!(begun.elapsed() < AT_ONCE, "{fault}: {:?}", begun.elapsed());
        let log = log.join("\n");
        assert_eq!(status.code(), Some(70), "{fault}: {log}");
        assert!(log.contains("the process ends") && log.contains(thread), "{fault}: {log}");
    }
}

fn acknowledged(log: &[String]) -> Vec<usize> {
    log.iter().filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).collect()
}

/// The journal lies on a disk of its own, so that nothing else can be the cause.
fn on_a_disk(options: Options) -> Option<(Lossy, tempfile::TempDir)> {
    let lossy = Lossy::mount_with(options)?;
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(lossy.path(), folder.path().join("journal")).unwrap();
    Some((lossy, folder))
}

#[actix_rt::test]
async fn a_disk_that_fails_ends_the_process_and_what_was_acknowledged_is_there_afterwards() {
    let Some((lossy, folder)) = on_a_disk(Options::default()) else { return };
    let mut doomed = Doomed::start(folder.path(), "disk");
    for _ in 0..100 {
        doomed.until("acknowledged");
    }
    lossy.die_after(2);
    assert!(lossy.wait_dead(PATIENCE));
    let begun = Instant::now();
    let (status, log) = doomed.end();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(74), "{}", log.join("\n"));
    assert!(log.iter().any(|line| line.contains("the journal failed; the process ends")), "{}", log.join("\n"));

    lossy.power_cut(PowerCut::Clean);
    let clock = Clock::manual(Timestamp(2_000_000));
    let engine = start(config(folder.path(), &clock)).await;
    let told = acknowledged(&log);
    for user in 0..16 {
        let id = conversation(&engine, user).await;
        let wanted = told.iter().filter(|one| **one == user).count();
        let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 200 }).await.unwrap();
        assert!(page.items.len() >= wanted.min(200), "customer {user}: {} of {wanted}", page.items.len());
    }
    engine.stop().await;
}

#[test]
fn a_disk_that_is_really_full_ends_the_process_and_loses_nothing() {
    let options = Options { size_limit: Some(8 << 20), ..Options::default() };
    let Some((lossy, folder)) = on_a_disk(options) else { return };
    let mut doomed = Doomed::start(folder.path(), "disk");
    doomed.until("ready");
    let (status, log) = doomed.end();
    assert_eq!(status.code(), Some(74), "{}", log.join("\n"));
    let named = log.iter().any(|line| line.contains("the journal failed") && line.contains("No space left"));
    assert!(named, "{}", log.join("\n"));
    let report = segment::verify(lossy.path()).unwrap();
    let told = acknowledged(&log).len() as u64;
    assert!(told > 100 && report.records >= told, "{} records for {told} acknowledged", report.records);
}

/// Customers write, an agent writes memos and a desk watches when SIGTERM comes, twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_is_clean_and_everybody_knows_where_they_are() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let mut users = Vec::new();
    for index in 0..8 {
        users.push(house.customer(&format!("start {index}")).await);
    }
    let mut desk = Desk::open(&agent).await;
    desk.watch(WINDOW).await;
    let (over, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let House { server, double, .. } = &mut house;
    let customers = join_all(users.iter().map(async |(user, conversation)| {
        let mut said = Vec::new();
        for index in 0.. {
            if over.load(Ordering::Acquire) {
                break;
            }
            let text = format!("m{index}");
            if double.say(user, &text).await.unwrap().acknowledged() {
                said.push(text);
                acknowledged.fetch_add(1, Ordering::AcqRel);
            }
            let memo = format!("n{index}");
            let body = json!({"client_id": memo, "text": memo});
            if agent.command(conversation, "notes", body).await.status == Some(200) {
                said.push(memo);
            }
        }
        said
    }));
    let stop = async {
        wait_until("the load", PATIENCE, async || (acknowledged.load(Ordering::Acquire) > 100).then_some(())).await;
        let pid = Pid::from_raw(i32::try_from(server.pid().unwrap()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        // The second one must change nothing; the default deadline is 20 s.
        let status = tokio::task::block_in_place(|| server.sigterm(Duration::from_secs(20)));
        let close = desk.wait_closed(PATIENCE).await;
        over.store(true, Ordering::Release);
        (status, close)
    };
    let (said, (status, close)) = tokio::join!(customers, stop);
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!(close, 4000, "come back with your position");

    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    for ((_, conversation), said) in users.iter().zip(said) {
        let lines = house.timeline(conversation).await;
        for text in said {
            let count = lines.iter().filter(|line| line["content"]["text"] == text.as_str()).count();
            assert_eq!(count, 1, "{text} in {conversation}");
        }
    }
}
