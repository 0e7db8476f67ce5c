//! A measurement that does not run, or counts what was not there. No figure is judged here.

use std::path::Path;
use std::process::Command;

use madoguchi_benches::figure::{Report, Verdict};

/// Runs one measurement in a size that takes a second or two, and gives its report.
fn measured(measure: &str, size: &[&str]) -> Report {
    let figures = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_budgets"));
    command.args(["one", measure, "--figures"]).arg(figures.path()).args(size);
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{measure}: {said}");
    one_report(figures.path(), measure)
}

fn one_report(figures: &Path, measure: &str) -> Report {
    let mut reports = Report::load_all(figures).expect("figures");
    assert_eq!(reports.len(), 1);
    let report = reports.remove(0);
    assert_eq!(report.measure, measure);
    assert!(!report.lines.is_empty());
    report
}

fn number(report: &Report, pointer: &str) -> f64 {
    report.raw.pointer(pointer).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("no {pointer}"))
}

#[test]
fn intake_is_counted_for_every_kind_of_request() {
    let report = measured("inbound", &["--seconds", "0.6", "--rounds", "2", "--count", "20"]);
    for kind in ["noop", "durable"] {
        assert!(number(&report, &format!("/{kind}_latency/count")) >= 64.0, "{:?}", report.raw);
    }
}

#[test]
fn one_webhook_takes_as_many_turns_as_were_asked_for() {
    let report = measured("single", &["--count", "20"]);
    for kind in ["webhook", "sync", "noop"] {
        assert_eq!(number(&report, &format!("/{kind}/count")), 20.0);
    }
}

#[test]
fn every_watching_socket_gets_every_message_of_ours_and_of_the_bare_loop() {
    let report = measured("fanout", &["--seconds", "0.4", "--rounds", "1", "--sockets", "5"]);
    let sent = number(&report, "/ours/count");
    assert!(sent >= 1.0);
    assert_eq!(sent, number(&report, "/bare/count"));
}

#[test]
fn deliveries_are_messages_times_sockets_at_every_peer_that_is_there() {
    let report = measured("delivery", &["--seconds", "1", "--rounds", "1", "--sockets", "7", "--count", "10"]);
    for peer in ["ours", "nats", "uws", "bare"] {
        let count = number(&report, &format!("/{peer}/latency/count"));
        let is_missing = count == 0.0 && (peer == "nats" || peer == "uws");
        assert!(is_missing || count == 70.0, "{peer}: {count}");
    }
}

#[test]
fn sockets_that_do_not_exist_yet_are_not_called_light() {
    let report = measured("sockets", &["--rounds", "1", "--sockets", "100"]);
    assert_eq!(report.lines[1].verdict, Verdict::Open);
    assert!(number(&report, "/bytes_a_socket/0") > 100.0, "{:?}", report.raw);
}

#[test]
fn a_claim_has_one_winner_among_all_who_asked() {
    let report = measured("claim", &["--rounds", "10", "--count", "20"]);
    assert_eq!(number(&report, "/answers/count"), 200.0);
    assert_eq!(report.lines[0].verdict, Verdict::Ok);
}

#[test]
fn sleepers_are_in_the_store_and_can_be_woken() {
    let report = measured("sleeping", &["--rounds", "10", "--count", "300"]);
    assert_eq!(number(&report, "/waking/count"), 10.0);
}

#[test]
fn the_past_survives_the_kill_it_is_measured_with() {
    let report = measured("ready", &["--rounds", "1", "--count", "400"]);
    assert!(number(&report, "/messages_of_one") >= 20.0);
    assert!(number(&report, "/taken") >= 1.0);
}

#[test]
fn every_mail_that_was_taken_is_read_and_peers_that_are_missing_are_said_to_be() {
    let report = measured("mail", &["--rounds", "1", "--count", "40"]);
    if madoguchi_benches::peers::installed("smtp-source").is_none() {
        assert_eq!(report.lines[0].verdict, Verdict::Open);
        return;
    }
    assert!(number(&report, "/ours_per_s/0") > 0.0 && number(&report, "/read_per_s/0") > 0.0, "{:?}", report.raw);
    assert!(number(&report, "/sink_per_s/0") > 0.0, "{:?}", report.raw);
}
