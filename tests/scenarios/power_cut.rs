//! The power goes, at any call, and takes everything unsynced with it, or a random part of it.
//!
//! The first test is what every store must pass. The others take one virtue away each and are the proof that the harness
//! would notice. Rounds: `TEST_FAULT_ROUNDS`; a violation names the `TEST_FAULT_SEED` to repeat it with.

use std::path::Path;
use std::process::Command;

use madoguchi_tests::house::House;
use madoguchi_tests::lossy::{Lossy, Options, PowerCut};
use madoguchi_tests::powercut::{Plan, Report, ServerPlan, Violation, run, run_server};
use madoguchi_tests::world::Port;
use serde_json::json;

/// The plan of a store that breaks a promise: it ends at the first violation, and chance gets enough tries to find one.
fn long_plan() -> Plan {
    Plan { rounds: 1_000, ..Plan::from_env() }
}

fn rounds_on(lossy: &Lossy, plan: &Plan, store: &str) -> Result<Report, Violation> {
    run(lossy, plan, |dir| writer(store, dir))
}

fn writer(store: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journal_writer"));
    command.arg(store).arg(dir);
    command
}

#[test]
fn the_journal_keeps_what_it_acknowledged_through_kills_and_power_cuts() {
    let Some(lossy) = Lossy::mount() else { return };
    let report = rounds_on(&lossy, &Plan::from_env(), "journal").unwrap_or_else(|violation| panic!("{violation}"));
    eprintln!("{report:?}");
    assert!(report.acknowledged > 0 && report.cuts > 0, "{report:?} tested nothing");
}

#[test]
fn the_journal_on_a_disk_that_ignores_syncs_is_found_out() {
    let Some(lossy) = Lossy::mount() else { return };
    let plan = Plan { fresh_every: u64::MAX, ..long_plan() };
    let violation = run(&lossy, &plan, |dir| {
        lossy.ignore_syncs(true);
        writer("journal", dir)
    })
    .unwrap_err();
    eprintln!("{violation}");
}

#[test]
fn what_was_acknowledged_outlives_kills_and_power_cuts() {
    let Some(lossy) = Lossy::mount() else { return };
    let report = rounds_on(&lossy, &Plan::from_env(), "reference").unwrap_or_else(|violation| panic!("{violation}"));
    eprintln!("{report:?}");
    assert!(report.acknowledged > 0 && report.cuts > 0, "{report:?} tested nothing");
}

#[test]
fn a_disk_that_ignores_syncs_is_found_out() {
    let Some(lossy) = Lossy::mount() else { return };
    let plan = Plan { fresh_every: u64::MAX, ..long_plan() };
    let violation = run(&lossy, &plan, |dir| {
        // Only now, so that the folder itself stays.
        lossy.ignore_syncs(true);
        writer("reference", dir)
    })
    .unwrap_err();
    eprintln!("{violation}");
}

#[test]
fn a_writer_that_forgets_a_sync_is_found_out() {
    for store in ["no-sync", "no-directory-sync", "no-check"] {
        let Some(lossy) = Lossy::mount() else { return };
        match rounds_on(&lossy, &long_plan(), store) {
            Ok(report) => panic!("{store} was believed: {report:?}"),
            Err(violation) => eprintln!("{store}: {violation}"),
        }
    }
}

#[test]
fn plain_sled_loses_what_it_flushed() {
    let options = Options { names_follow_files: true, ..Options::default() };
    let Some(lossy) = Lossy::mount_with(options) else {
        return;
    };
    let violation = rounds_on(&lossy, &long_plan(), "sled").unwrap_err();
    eprintln!("{violation}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_server_keeps_what_it_acknowledged_through_power_cuts() {
    let Plan { rounds, seed, .. } = Plan::from_env();
    let outcome = run_server(ServerPlan { cuts: rounds, seed, ignore_syncs: false }).await;
    let Some(report) = outcome.unwrap_or_else(|violation| panic!("{violation}")) else { return };
    eprintln!("{report:?}");
    assert!(report.said > 0 && report.sent > 0 && report.ends.sent > 0, "{report:?} tested nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_server_on_a_disk_that_ignores_syncs_is_found_out() {
    match run_server(ServerPlan { cuts: 20, ignore_syncs: true, seed: 1 }).await {
        Ok(None) => {}
        Ok(Some(report)) => panic!("it was believed: {report:?}"),
        Err(violation) => eprintln!("{violation}"),
    }
}

/// What the kernel had written back long ago must not come back to life when the power goes right after the withdrawal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_token_and_an_ended_session_stay_so_through_a_power_cut() {
    let Some(lossy) = Lossy::mount() else { return };
    let data = lossy.path().join("data");
    let env = [("MADOGUCHI_ENGINE__BOOT_ID", "before")];
    let mut house = House::open_in(Some(data.clone()), 1, &env).await;
    let made = house.owner.post("/api/v1/tokens", json!({"name": "integration"})).await.ok();
    let program = house.owner.with_token(made["secret"].as_str().unwrap());
    program.get("/api/v1/session").await.ok();
    write_back(&data);
    let agent = house.agents[0].0.clone();
    let id = program.get("/api/v1/tokens").await.ok()["items"][0]["id"].clone();
    let id = id.as_str().unwrap();
    house.owner.delete(&format!("/api/v1/tokens/{id}")).await.ok();
    agent.delete("/api/v1/session").await.ok();
    house.server.kill9();
    lossy.power_cut(PowerCut::Clean);
    house.server.set_env("MADOGUCHI_ENGINE__BOOT_ID", "after");
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    for client in [program, agent] {
        assert_eq!(client.get("/api/v1/session").await.status, Some(401), "{client:?} came back with the power");
    }
    house.owner.get("/api/v1/session").await.ok();
}

/// What the kernel does by itself after half a minute.
fn write_back(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => write_back(&entry.path()),
            kind if kind.is_file() => std::fs::File::open(entry.path()).unwrap().sync_all().unwrap(),
            _ => {}
        }
    }
    std::fs::File::open(dir).unwrap().sync_all().unwrap();
}
