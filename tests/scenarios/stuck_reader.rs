//! Consoles that stop reading hold up the others, or fill the server's memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Api, Heard, PATIENCE, Wire, wait_until};
use parking_lot::Mutex;

/// A message every so often, each of some 12 KB as a frame: a peer that does not read is full after a few seconds.
const EVERY: Duration = Duration::from_millis(20);
/// New peers that never read come this often, so that some are there all the time although they are cut.
const AGAIN: Duration = Duration::from_secs(2);
/// What the server may grow by, whatever a peer does, in KiB: 1 MiB waits for each of them at most, and what it keeps of
/// the load itself is among it.
const CAP_KIB: u64 = 64 * 1024;

/// For how long nobody reads; `make faults` asks for the sixty seconds.
fn time() -> Duration {
    let seconds = std::env::var("TEST_STUCK_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// First nobody is stuck, then one, then ten, while messages flow without a pause. A peer of before the load reads a little
/// and then nothing more for all that time; it is cut, comes back with its position and has missed nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_never_read_are_cut_and_disturb_nobody() {
    let house = House::open(3, &[("MADOGUCHI_LIMITS__SOCKETS_PER_AGENT", "1000")]).await;
    let [(reader, _), (lame, _), (stuck, _)] = &house.agents[..] else { panic!("three agents") };
    let heard = listen(reader).await;
    let mut flow =
        Flow { house: &house, user: house.double.add_user(&house.channel, "客").unwrap(), sent: Vec::new() };
    flow.run(Duration::from_millis(200), stuck, 0).await;
    let mut lamed = Wire::open(lame).await;
    lamed.watch(WINDOW, None).await;
    let snapshot = lamed.next().await.unwrap();
    let pid = house.server.pid().unwrap();
    let phases = [(time() / 3, 0), (time(), 1), (time(), 10)];
    let (mut figures, mut before) = (Vec::new(), 0);
    for (index, (time, peers)) in phases.into_iter().enumerate() {
        let from = flow.sent.len();
        flow.run(time, stuck, peers).await;
        figures.push(flow.slowest_of(&heard, from).await);
        if index == 0 {
            before = resident_kib(pid);
        }
    }
    let grown = resident_kib(pid).saturating_sub(before);
    let [alone, with_one, with_ten] = figures[..] else { panic!("three phases") };
    eprintln!("median and 99 of 100, alone {alone:?}, with one {with_one:?}, with ten {with_ten:?}; {grown} KiB more");
    for (with, peers) in [(with_one, 1), (with_ten, 10)] {
        assert!(with.0 <= alone.0 * 4 + Duration::from_millis(50), "{peers} stuck: {with:?} after {alone:?}");
        assert!(with.1 <= alone.1 * 4 + Duration::from_millis(500), "{peers} stuck: {with:?} after {alone:?}");
    }
    assert!(grown < CAP_KIB, "{grown} KiB more");
    wait_until("everybody stuck to be cut", PATIENCE, async || {
        let text = reqwest::get(format!("{}/metrics", house.server.url())).await.unwrap().text().await.unwrap();
        let line =
            text.lines().find(|line| line.starts_with("madoguchi_sockets_closed_total") && line.contains("slow"))?;
        (line.rsplit(' ').next()?.parse::<u64>().ok()? >= 12).then_some(())
    })
    .await;
    came_back(lamed, lame, snapshot, &heard).await;
}

/// What the kernel still had for it is read to the end, then the rest comes on a new connection.
async fn came_back(mut lamed: Wire, lame: &Api, snapshot: Heard, heard: &Arc<Mutex<Vec<(Instant, Heard)>>>) {
    let mut all: Vec<Heard> = Vec::new();
    while let Some(update) = lamed.next().await {
        all.push(update);
    }
    let at = all.last().map_or(snapshot.position, |last| last.position);
    let head = heard.lock().last().unwrap().1.position;
    assert!(at < head, "it was never behind");
    let mut wire = Wire::open(lame).await;
    wire.watch(WINDOW, Some((&snapshot.stream, at))).await;
    all.extend(wire.until(head).await);
    let expected: Vec<Heard> =
        heard.lock().iter().map(|(_, one)| one.clone()).filter(|one| one.position > snapshot.position).collect();
    assert_eq!(all.len(), expected.len());
    assert!(all == expected, "it heard something else than the one who always read");
}

/// Messages of one customer, one after the other.
struct Flow<'a> {
    house: &'a House,
    user: String,
    /// When each was begun, by its number.
    sent: Vec<Instant>,
}

impl Flow<'_> {
    /// Lets them flow for a time, beside so many peers at once that watch and never read.
    async fn run(&mut self, time: Duration, agent: &Api, peers: usize) {
        let end = Instant::now() + time;
        let (mut unread, mut next) = (Vec::new(), Instant::now());
        let long = "長".repeat(4_000);
        while Instant::now() < end {
            if Instant::now() >= next {
                for _ in 0..peers {
                    let mut wire = Wire::open(agent).await;
                    wire.watch(WINDOW, None).await;
                    unread.push(wire);
                }
                next += AGAIN;
            }
            let begun = Instant::now();
            let text = format!("{}:{long}", self.sent.len());
            self.sent.push(begun);
            let said = self.house.double.say(&self.user, &text).await.unwrap();
            assert!(said.acknowledged(), "{said:?}");
            tokio::time::sleep_until((begun + EVERY).into()).await;
        }
        // They stay connected until the phase is over.
        drop(unread);
    }

    /// From the beginning of a message until the reader has it: the median, and 99 of 100, of those since a number.
    async fn slowest_of(&self, heard: &Mutex<Vec<(Instant, Heard)>>, from: usize) -> (Duration, Duration) {
        let count = self.sent.len();
        let mut times = wait_until("every message to be heard", PATIENCE, async || {
            let heard = heard.lock();
            let times: Vec<Duration> = heard
                .iter()
                .filter_map(|(at, update)| {
                    let (_, text) = update.text.split_once("\"text\":\"")?;
                    let number: usize = text.split_once(':')?.0.parse().ok()?;
                    (number >= from).then(|| at.saturating_duration_since(self.sent[number]))
                })
                .collect();
            (times.len() >= count - from).then_some(times)
        })
        .await;
        times.sort_unstable();
        (times[times.len() / 2], times[times.len() * 99 / 100])
    }
}

/// Somebody who reads all the time, and when they had what; positions without a gap.
async fn listen(agent: &Api) -> Arc<Mutex<Vec<(Instant, Heard)>>> {
    let mut wire = Wire::open(agent).await;
    wire.watch(WINDOW, None).await;
    let mut last = wire.next().await.unwrap().position;
    let heard = Arc::<Mutex<Vec<(Instant, Heard)>>>::default();
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Some(update) = wire.next().await {
            assert_eq!((update.kind.as_str(), update.position), ("update", last + 1));
            last = update.position;
            kept.lock().push((Instant::now(), update));
        }
    });
    heard
}
