//! Under load, something is lost, doubled or out of order that one customer and one agent never show.

use std::process::{Command, Stdio};

use madoguchi_tests::world::built_program;
use serde_json::Value;

/// The program itself, as anybody runs it: it starts the server, loads it, checks everything and says so by its exit code.
#[test]
fn two_hundred_chats_and_twenty_desks_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("report.json");
    let mut command = Command::new(built_program("loadtest"));
    command.arg("run").arg("--server").arg(built_program("madoguchi")).arg("--json").arg(&json);
    command.args("--chats 200 --agents 20 --windows 2 --watch 2 --rate 60 --duration-s 5 --warm-up-s 1".split(' '));
    command.args("--racers 3 --think-ms 300 --churn 10 --seed 7".split(' '));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);

    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["faults"], serde_json::json!({}));
    let checked = |name: &str| report["checked"][name].as_u64().unwrap();
    // What passes because nothing happened has shown nothing.
    assert!(checked("acknowledged") >= 200 && checked("messages") >= checked("acknowledged"), "{said}");
    assert!(checked("seats") >= 100 && checked("answers") >= 100 && checked("arrived") >= 100, "{said}");
    assert!(checked("completed") > 0, "nobody completed anything: {said}");
    // Every desk watches both windows.
    assert_eq!(checked("tellings"), checked("records") * 20, "{said}");
    assert!(checked("lines") >= checked("messages") + checked("answers"), "{said}");
    let outcome = |name: &str| report["outcomes"][name].as_u64().unwrap_or(0);
    assert!(outcome("claims: seat_taken") > 0, "nobody raced: {said}");
    assert!(outcome("connections broken on purpose") > 0, "no connection broke: {said}");
    for name in ["webhook_to_200", "post_to_each_socket", "claim_to_reply", "answer_to_reply", "answer_to_phone"] {
        assert!(report["times"][name]["count"].as_u64().unwrap() > 50, "{name}: {said}");
        assert!(report["times"][name]["p50_us"].as_u64().unwrap() > 0, "{name}: {said}");
    }
    assert!(report["cost"]["server"]["rss_kib"].as_u64().unwrap() > 0, "{said}");
}

#[test]
fn no_other_machine_is_ever_loaded() {
    let mut command = Command::new(built_program("loadtest"));
    command.args("run --address 192.0.2.1:80 --password x".split(' '));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("not on this machine"), "{output:?}");
}
