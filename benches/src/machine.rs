//! What the kernel says about a process: memory and time on the processor; and who runs on which core.

use std::process::Command;
use std::time::Duration;

use hdrhistogram::Histogram;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::Outcome;

/// The core of servers.
pub const SERVER_CORE: usize = 0;
/// The core of generators.
pub const CLIENT_CORE: usize = 1;

/// Keeps this process, and every thread it starts from now on, on one core. With one core only there is nothing to choose.
///
/// # Errors
/// The kernel refuses.
pub fn pin_self(core: usize) -> Outcome<()> {
    if std::thread::available_parallelism()?.get() > core {
        let mut set = CpuSet::new();
        set.set(core)?;
        sched_setaffinity(Pid::from_raw(0), &set)?;
    }
    Ok(())
}

/// A command whose process stays on the servers' core.
#[must_use]
pub fn on_server_core(program: &std::path::Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(SERVER_CORE.to_string()).arg(program);
    command
}

/// Resident memory of a process in bytes.
///
/// # Errors
/// The process is gone.
pub fn rss_bytes(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Time that all living threads of a process have had on a core.
///
/// # Errors
/// The process is gone, or the kernel keeps no schedstat.
pub fn cpu_time(pid: u32) -> Outcome<Duration> {
    let mut total = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end between the two calls; its time is lost, as that of any other that ended.
        let Ok(stat) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += stat.split(' ').next().ok_or("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(total))
}

/// Latencies of one kind, in microseconds up to a minute.
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are right"))
    }
}

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// A quantile in microseconds.
    #[must_use]
    pub fn us(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// For the JSON: count, p50, p99, p99.9 and the largest, in microseconds.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "count": self.count(), "p50_us": self.us(0.5), "p99_us": self.us(0.99), "p999_us": self.us(0.999),
            "max_us": self.0.max() as f64 / 1_000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_is_seen_to_work() {
        let before = cpu_time(std::process::id()).expect("this process");
        let end = std::time::Instant::now() + Duration::from_millis(30);
        while std::time::Instant::now() < end {
            std::hint::spin_loop();
        }
        let used = cpu_time(std::process::id()).expect("this process").saturating_sub(before);
        assert!(used > Duration::from_millis(1), "{used:?}");
        assert!(rss_bytes(std::process::id()).expect("this process") > 1 << 20);
    }
}
