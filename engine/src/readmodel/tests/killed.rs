//! A process that dies in the middle of its batches, for real: the child is killed, and the parent reads what is left.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::script::{Script, Store, completed, opened, queued, received};
use crate::domain::conversation::Event as Talk;
use crate::readmodel::ReadModels;

const FOLDER: &str = "MADOGUCHI_TEST_KILLED_FOLDER";
const CHILD: &str = "readmodel::tests::killed::the_child_that_is_killed";

/// The same history in both processes.
fn history() -> Script {
    let mut rng = StdRng::seed_from_u64(7);
    let mut script = Script::new();
    for id in 0..40 {
        script.talk(id, [opened(&format!("U{id}"))]);
    }
    for number in 1..4_000_u32 {
        let id = rng.random_range(0..40);
        let event = match rng.random_range(0..4) {
            0 => queued(number, &"長".repeat(rng.random_range(0..2_000))),
            1 => completed(),
            2 => Talk::Reopened,
            _ => received(number, "a"),
        };
        script.talk(id, [event, Talk::Unknown { number: number.saturating_sub(50) }]);
    }
    script
}

#[test]
#[ignore = "it is the child of the test below"]
fn the_child_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let script = history();
    let models = ReadModels::open(folder.as_ref()).unwrap().models;
    let reached = usize::try_from(models.reached(script.stream).0).unwrap();
    for few in script.written[reached..].chunks(7) {
        models.apply(few).unwrap();
        println!("applied {}", few.last().unwrap().position);
    }
    println!("all");
}

#[test]
fn a_kill_between_or_within_batches_loses_nothing_that_the_journal_cannot_give() {
    let dir = tempfile::tempdir().unwrap();
    let script = history();
    let mut rng = StdRng::seed_from_u64(11);
    let mut kept = 0;
    for _ in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([CHILD, "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let stop_after = rng.random_range(1..120);
        let applied = lines.map_while(Result::ok).filter(|line| line.starts_with("applied")).take(stop_after).count();
        assert!(applied > 0 || kept > 3_900, "the child did nothing");
        child.kill().unwrap();
        child.wait().unwrap();
        let opened = ReadModels::open(dir.path()).unwrap();
        assert_eq!(opened.made_anew, None);
        let reached = opened.models.reached(script.stream).0;
        assert!(reached >= kept, "what was flushed is not lost: {reached} after {kept}");
        let until_there = Store::new();
        until_there.models.apply(&script.written[..usize::try_from(reached).unwrap()]).unwrap();
        assert!(opened.models.dump() == until_there.models.dump(), "rows and position fit together at {reached}");
        opened.models.db.flush().unwrap();
        kept = reached;
    }
    let opened = ReadModels::open(dir.path()).unwrap();
    opened.models.catch_up(&*script.journal).unwrap();
    assert!(opened.models.dump() == script.followed().models.dump());
}
