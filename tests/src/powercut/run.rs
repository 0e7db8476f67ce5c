//! The parent's side: rounds of append, kill or cut, and list.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::lossy::{Lossy, PowerCut};

/// A child that neither finishes nor dies within this is a finding of its own.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is done, and with which chance.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rounds in all.
    pub rounds: u64,
    /// The same seed makes the same choices.
    pub seed: u64,
    /// A child that is left alone ends after this many numbers.
    pub appends: u64,
    /// A cut strikes at one of the first so many changing calls of a child, opening and recovery included.
    pub calls_max: u64,
    /// Every so many rounds begin in an empty folder, so that the first start is cut as well.
    pub fresh_every: u64,
}

impl Plan {
    /// `TEST_FAULT_ROUNDS` rounds (100 by default) from `TEST_FAULT_SEED` (1 by default).
    ///
    /// # Panics
    /// A variable is set and holds no number.
    #[must_use]
    pub fn from_env() -> Self {
        let number = |name: &str, default| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
            Err(_) => default,
        };
        Self {
            rounds: number("TEST_FAULT_ROUNDS", 100),
            seed: number("TEST_FAULT_SEED", 1),
            appends: 200,
            calls_max: 120,
            fresh_every: 8,
        }
    }
}

/// What was done and found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Rounds that ended in a power cut, clean or torn.
    pub cuts: u64,
    /// Rounds that ended in a kill, with the page cache intact.
    pub kills: u64,
    /// Numbers that a writer printed.
    pub acknowledged: u64,
    /// Numbers that were there although nobody had been told; they are allowed to be.
    pub unasked: u64,
}

/// The first broken promise.
#[derive(Debug, thiserror::Error)]
#[error("round {round} of seed {seed} ({how}): {why}")]
pub struct Violation {
    /// The round, from 0.
    pub round: u64,
    /// The plan's seed.
    pub seed: u64,
    /// What was done to the writer.
    pub how: String,
    /// What was found.
    pub why: String,
}

/// How a round ends for its writer.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Killed after more than so many acknowledgements.
    Kill { after: usize },
    /// The disk stops at a call, then the power goes.
    Cut { calls: u64, how: PowerCut },
}

/// Runs the plan with children that `writer` makes for a folder; [`super::as_child`] is what they run.
///
/// # Errors
/// The first violation: something acknowledged or seen is gone, a number is missing, the store does not open, or a child
/// hangs.
pub fn run(lossy: &Lossy, plan: &Plan, writer: impl Fn(&Path) -> Command) -> Result<Report, Violation> {
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let mut report = Report::default();
    let mut dir = PathBuf::new();
    let mut promised = 0;
    for round in 0..plan.rounds {
        if round % plan.fresh_every == 0 {
            dir = fresh_folder(lossy.path(), &dir, round).expect("the disk is on and empty");
            promised = 0;
        }
        let end = choose(&mut rng, plan);
        let violation = |why| Violation { round, seed: plan.seed, how: format!("{end:?}"), why };
        let acknowledged = write(lossy, writer(&dir), plan.appends, end).map_err(violation)?;
        report.acknowledged += acknowledged.len() as u64;
        promised = acknowledged.last().copied().unwrap_or(0).max(promised);
        match end {
            End::Kill { .. } => report.kills += 1,
            End::Cut { how, .. } => {
                report.cuts += 1;
                lossy.power_cut(how);
            }
        }
        let found = list(writer(&dir)).map_err(violation)?;
        let newest = judge(&found, promised).map_err(violation)?;
        report.unasked += newest - promised;
        promised = newest;
    }
    Ok(report)
}

fn choose(rng: &mut StdRng, plan: &Plan) -> End {
    let calls = rng.random_range(0..plan.calls_max);
    let seed = rng.random();
    match rng.random_range(0..6) {
        0 => End::Kill { after: rng.random_range(0..50) },
        1 | 2 => End::Cut { calls, how: PowerCut::Clean },
        _ => End::Cut { calls, how: PowerCut::Torn { seed } },
    }
}

/// A folder that is empty and durable, in place of the last one.
fn fresh_folder(root: &Path, last: &Path, round: u64) -> std::io::Result<PathBuf> {
    if last.starts_with(root) {
        fs::remove_dir_all(last)?;
    }
    let dir = root.join(format!("round-{round}"));
    fs::create_dir(&dir)?;
    File::open(&dir)?.sync_all()?;
    File::open(root)?.sync_all()?;
    Ok(dir)
}

/// Lets a writer work until its end, and returns what it acknowledged.
fn write(lossy: &Lossy, mut command: Command, appends: u64, end: End) -> Result<Vec<u64>, String> {
    let kill_after = match end {
        End::Kill { after } => after,
        End::Cut { calls, .. } => {
            lossy.die_after(calls);
            usize::MAX
        }
    };
    command.args(["append", &appends.to_string()]);
    let mut child = start(command)?;
    let out = child.stdout.take().expect("it is piped");
    let (reached, due) = mpsc::channel();
    let reader = std::thread::spawn(move || acknowledged(out, kill_after, &reached));
    let ended_by_itself = supervise(lossy, &mut child, &due)?;
    let complaint = complaint(&mut child);
    let numbers = reader.join().expect("reading lines does not panic")?;
    // A writer that notices that the disk has died is right to end with an error.
    let struck = lossy.wait_dead(Duration::ZERO);
    match ended_by_itself {
        Some(status) if !status.success() && !struck => Err(format!("the writer failed: {complaint}")),
        _ => Ok(numbers),
    }
}

/// Reads acknowledgements until the writer ends; says when it is time to kill it.
fn acknowledged(out: impl Read, kill_after: usize, reached: &mpsc::Sender<()>) -> Result<Vec<u64>, String> {
    let mut numbers = Vec::new();
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        let number = line.parse().map_err(|_| format!("the writer printed {line:?}"))?;
        numbers.push(number);
        if numbers.len() > kill_after {
            // Nobody listens any more once the first message arrived.
            let _ = reached.send(());
        }
    }
    Ok(numbers)
}

/// Waits until the disk dies or the kill is due, and kills; the status where the writer ended by itself.
fn supervise(lossy: &Lossy, child: &mut Child, due: &mpsc::Receiver<()>) -> Result<Option<ExitStatus>, String> {
    let started = Instant::now();
    loop {
        let hangs = started.elapsed() > PATIENCE;
        if hangs || due.try_recv().is_ok() || lossy.wait_dead(Duration::from_millis(1)) {
            // A child that has ended meanwhile needs no kill.
            let _ = child.kill();
            child.wait().map_err(|error| error.to_string())?;
            return if hangs { Err("the writer hangs".to_owned()) } else { Ok(None) };
        }
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Some(status));
        }
    }
}

/// What a second child finds.
fn list(mut command: Command) -> Result<Vec<u64>, String> {
    command.arg("list");
    let output = start(command)?.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("the store does not open: {complaint}"));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.parse().map_err(|_| format!("the list holds {line:?}")))
        .collect()
}

/// Checks 1, 2, 3… up to what was promised at least; returns the newest.
fn judge(found: &[u64], promised: u64) -> Result<u64, String> {
    for (expected, number) in (1..).zip(found) {
        if *number != expected {
            return Err(format!("{number} stands where {expected} belongs"));
        }
    }
    let newest = found.len() as u64;
    if newest < promised {
        return Err(format!("{promised} was acknowledged and the newest is {newest}"));
    }
    Ok(newest)
}

fn start(mut command: Command) -> Result<Child, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the writer does not start: {error}"))
}

fn complaint(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        // Half a complaint is better than none.
        let _ = stderr.read_to_string(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn a_hole_a_double_a_swap_and_a_loss_are_all_seen() {
        assert_eq!(judge(&[], 0), Ok(0));
        assert_eq!(judge(&[1, 2, 3], 2), Ok(3));
        for (found, promised) in [(&[1, 3][..], 0), (&[1, 1], 0), (&[2, 1], 0), (&[2, 3], 0), (&[1, 2], 3)] {
            assert!(judge(found, promised).is_err(), "{found:?} against {promised}");
        }
    }
}
