//! The whole server on the lossy disk: it works, the power goes at one of its calls to the disk, and what it starts with
//! again is held against everything that it had acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use madoguchi_loadtest::double::{Endpoint, Fault, Times};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::Violation;
use crate::house::{House, WINDOW};
use crate::lossy::{Lossy, PowerCut};
use crate::promises::{Customers, Ends, Promises, compare, customers, work};
use crate::world::{Desk, Port};

/// Power cuts of one house; then the next begins, so that no journal and no phone grows without end.
const CUTS_OF_A_HOUSE: u64 = 50;
/// Customers of a house.
const CUSTOMERS: usize = 3;
/// A cut while working strikes at one of the next so many calls that change or sync something.
const CALLS_MAX: u64 = 160;
/// Likewise for a cut during the start: reading the journal back and making the read models anew.
const OPENING_CALLS_MAX: u64 = 90;
/// A round whose cut has not struck by then is cut here.
const ROUND: Duration = Duration::from_millis(250);
/// One start in so many is cut as well.
const OPENINGS_CUT: f64 = 0.25;
/// Short segments, so that many cuts fall on the change from one to the next.
const SEGMENT_BYTES: &str = "65536";

/// How much is done, and with which chance.
#[derive(Clone, Copy, Debug)]
pub struct ServerPlan {
    /// Power cuts in all.
    pub cuts: u64,
    /// The same seed makes the same choices; what the server is doing at a cut is not in its hands.
    pub seed: u64,
    /// The disk answers syncs and does not do them.
    pub ignore_syncs: bool,
}

/// What was done and found.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerReport {
    /// Power cuts.
    pub cuts: u64,
    /// Those of them that struck during a start.
    pub openings_cut: u64,
    /// Webhooks that were answered 200.
    pub said: u64,
    /// Answers that were accepted.
    pub sent: u64,
    /// What became of the answers.
    pub ends: Ends,
}

/// Runs the plan. `None`, after a line that says why, where this machine cannot mount a lossy disk.
///
/// # Errors
/// The first violation: the server does not start on what is left, something acknowledged is lost, something is there or
/// reached the platform twice, a position is missing.
pub async fn run_server(plan: ServerPlan) -> Result<Option<ServerReport>, Violation> {
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let mut report = ServerReport::default();
    while report.cuts < plan.cuts {
        let Some(lossy) = Lossy::mount() else { return Ok(None) };
        let mut site = Site::build(lossy).await;
        site.lossy.ignore_syncs(plan.ignore_syncs);
        let last = plan.cuts.min(report.cuts + CUTS_OF_A_HOUSE);
        while report.cuts < last {
            let (round, cut) = (report.cuts, choose(&mut rng));
            let violation = |why| Violation { round, seed: plan.seed, how: format!("{cut:?}"), why };
            site.round(cut, &mut report).await.map_err(violation)?;
        }
        let violation = |why| Violation { round: last, seed: plan.seed, how: "the end of a house".to_owned(), why };
        site.settle(&mut report).await.map_err(violation)?;
    }
    Ok(Some(report))
}

/// One power cut.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// After so many calls to the disk.
    calls: u64,
    how: PowerCut,
    /// One more in the start that follows.
    opening: Option<(u64, PowerCut)>,
}

fn choose(rng: &mut StdRng) -> Cut {
    let how = |rng: &mut StdRng| {
        let seed = rng.random();
        if rng.random_bool(0.3) { PowerCut::Clean } else { PowerCut::Torn { seed } }
    };
    let opening = rng.random_bool(OPENINGS_CUT).then(|| (rng.random_range(0..OPENING_CALLS_MAX), how(rng)));
    Cut { calls: rng.random_range(0..CALLS_MAX), how: how(rng), opening }
}

/// A house whose server keeps its data on the lossy disk.
struct Site {
    house: House,
    customers: Customers,
    promises: Promises,
    /// The newest number of each conversation whose lines were looked at.
    seen: Vec<u64>,
    desk: Desk,
    boots: u64,
    /// Dropped last: the server must be gone before its disk.
    lossy: Lossy,
}

impl Site {
    async fn build(lossy: Lossy) -> Self {
        let env = [("MADOGUCHI_ENGINE__SEGMENT_BYTES", SEGMENT_BYTES), ("MADOGUCHI_ENGINE__BOOT_ID", "boot-0")];
        let house = House::open_in(Some(lossy.path().join("data")), 1, &env).await;
        for call in [Endpoint::Push, Endpoint::Reply] {
            house.double.faults().set(call, Fault::SlowAfter(5), Times::Always);
        }
        let customers = customers(&house, CUSTOMERS).await;
        let mut desk = Desk::open(&house.agents[0].0).await;
        desk.watch(WINDOW).await;
        desk.wait_for("the window", |frame| frame["type"] == "snapshot").await;
        Self { house, customers, promises: Promises::default(), seen: vec![0; CUSTOMERS], desk, boots: 0, lossy }
    }

    /// Work until the power goes, a start, a look.
    async fn round(&mut self, cut: Cut, report: &mut ServerReport) -> Result<(), String> {
        let mark = report.cuts.to_string();
        self.lossy.die_after(cut.calls);
        let made = self.work_until_dead(&mark).await;
        self.power_goes(cut.how, report);
        if let Some((calls, how)) = cut.opening {
            self.lossy.die_after(calls);
            // Whether it comes up before the power goes or not: the next start counts.
            let _ = self.house.server.try_restart(Port::Same);
            report.openings_cut += 1;
            self.power_goes(how, report);
        }
        self.house.server.try_restart(Port::Same)?;
        self.house.server.wait_ready().await;
        self.house.log_in_again().await;
        for ((user, conversation), seen) in self.customers.iter().zip(&mut self.seen) {
            let lines = self.house.timeline_after(conversation, *seen).await;
            made.kept(user, &lines)?;
            *seen = lines.last().and_then(|line| line["number"].as_u64()).unwrap_or(*seen);
        }
        self.promises.extend(made);
        self.desk.reconnect_as(&self.house.agents[0].0).await;
        Ok(())
    }

    async fn work_until_dead(&self, mark: &str) -> Promises {
        let stop = AtomicBool::new(false);
        let pid = i32::try_from(self.house.server.pid().expect("it runs")).expect("process numbers are small");
        let power = async {
            let end = Instant::now() + ROUND;
            while !self.lossy.wait_dead(Duration::ZERO) && Instant::now() < end {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            stop.store(true, Ordering::Release);
        };
        let agent = &self.house.agents[0].0;
        let (made, ()) = tokio::join!(work(&self.house, agent, &self.customers, mark, &stop), power);
        made
    }

    fn power_goes(&mut self, how: PowerCut, report: &mut ServerReport) {
        self.house.server.kill9();
        self.lossy.power_cut(how);
        self.boots += 1;
        self.house.server.set_env("MADOGUCHI_ENGINE__BOOT_ID", &format!("boot-{}", self.boots));
        report.cuts += 1;
    }

    /// When every answer has an end: the whole timelines, the phones and the desk.
    async fn settle(&mut self, report: &mut ServerReport) -> Result<(), String> {
        self.house.double.faults().clear();
        let mut head = 0;
        for (user, conversation) in &self.customers {
            let lines = self.house.settled(conversation).await;
            self.promises.kept(user, &lines)?;
            report.ends.add(compare(user, &lines, &self.house.received(user))?);
            let row = self.house.owner.conversation(conversation).await.ok();
            head = head.max(row["position"].as_u64().unwrap_or(0));
        }
        self.desk.wait_position(WINDOW, head).await;
        if let Some(violation) = self.desk.violation() {
            return Err(violation);
        }
        if self.desk.frames_of("snapshot", WINDOW).len() != 1 {
            return Err("the desk was told to begin anew: its position was lost".to_owned());
        }
        let (said, sent) = self.promises.count();
        report.said += said;
        report.sent += sent;
        Ok(())
    }
}
