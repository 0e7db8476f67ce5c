//! Programs of the machine, called on files from outside: in a folder of their own, without our environment, without
//! standard input, and not for long.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long one may run.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs `program` in `dir`. Whether it ended well and in time; it is gone in any case.
pub(super) fn run(program: &Path, arguments: &[&OsStr], dir: &Path) -> bool {
    run_within(program, arguments, dir, PATIENCE)
}

fn run_within(program: &Path, arguments: &[&OsStr], dir: &Path, patience: Duration) -> bool {
    use std::os::unix::process::CommandExt as _;
    let started = Command::new(program)
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TMPDIR", dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A group of its own, so that what it starts ends with it.
        .process_group(0)
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            tracing::warn!(program = %program.display(), %error, "a program could not be started");
            return false;
        }
    };
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if began.elapsed() < patience => std::thread::sleep(LOOK_EVERY),
            Ok(None) | Err(_) => {
                tracing::warn!(program = %program.display(), "a program took too long and was ended");
                if let Ok(group) = i32::try_from(child.id()) {
                    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), nix::sys::signal::SIGKILL);
                }
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// The first of these that the machine has.
pub(super) fn find(names: &[&str]) -> Option<PathBuf> {
    let folders = ["/usr/local/bin", "/usr/bin", "/bin"];
    let places = names.iter().flat_map(|name| folders.iter().map(move |folder| Path::new(folder).join(name)));
    places.into_iter().find(|place| place.is_file())
}

impl super::Tools {
    /// Those of the usual folders.
    #[must_use]
    pub fn of_the_machine() -> Self {
        Self { heif: find(&["heif-dec", "heif-convert"]), ffmpeg: find(&["ffmpeg"]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_never_ends_is_ended_with_all_that_it_started() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let shell = Path::new("/bin/sh");
        let script = OsStr::new("sleep 600 & sleep 600");
        assert!(!run_within(shell, &[OsStr::new("-c"), script], dir.path(), Duration::from_millis(50)));
    }

    #[test]
    fn a_program_learns_nothing_of_us_but_its_folder() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let script = OsStr::new("env > seen; pwd >> seen");
        assert!(run(Path::new("/bin/sh"), &[OsStr::new("-c"), script], dir.path()));
        let seen = std::fs::read_to_string(dir.path().join("seen")).expect("in its own folder");
        assert!(!seen.contains("HOME=") && !seen.contains("CARGO"), "{seen}");
        assert!(!run(Path::new("/no/such/program"), &[], dir.path()));
        assert!(!run(Path::new("/bin/false"), &[], dir.path()));
    }
}
