//! Every figure at `/metrics`: its name, kind and meaning. `docs/operations.md` has the same list, and a test holds the
//! code, this list and that document together.
//!
//! Labels come from small sets known beforehand: patterns of addresses, words of ours, event loops. Never an id or a name.

use metrics::Unit;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

/// Upper ends of the histograms of times, in seconds.
const SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Upper ends of the histogram of records that shared a sync.
const RECORDS: [f64; 8] = [1.0, 2.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0];
const BATCH_RECORDS: &str = "madoguchi_journal_batch_records";

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// One figure: name, kind, labels, meaning.
struct Figure(&'static str, Kind, &'static [&'static str], &'static str);

const ALL: &[Figure] = &[
    Figure("madoguchi_access_tokens_total", Counter, &["outcome"], "access tokens that accounts asked for"),
    Figure("madoguchi_accounts_in_trouble", Gauge, &["trouble"], "accounts that somebody must see to"),
    Figure("madoguchi_answers_oldest_seconds", Gauge, &["channel"], "age of the oldest answer that has not gone out"),
    Figure("madoguchi_answers_waiting", Gauge, &["channel"], "answers that have not gone out"),
    Figure("madoguchi_arbiter_lag_seconds", Gauge, &["arbiter"], "how late an event loop is"),
    Figure("madoguchi_bot_deliveries_total", Counter, &["outcome"], "deliveries to bots, by what became of each try"),
    Figure("madoguchi_conversation_failures_total", Counter, &[], "conversations that failed and were rebuilt"),
    Figure("madoguchi_conversations_awake", Gauge, &[], "conversations in memory with an actor"),
    Figure("madoguchi_conversations_open", Gauge, &[], "conversations that are not done"),
    Figure("madoguchi_conversations_set_aside", Gauge, &[], "open conversations set aside after repeated failures"),
    Figure("madoguchi_feed_lag_records", Gauge, &[], "records on disk that nobody was told of yet"),
    Figure("madoguchi_free_bytes", Gauge, &[], "free space of the data folder's disk"),
    Figure("madoguchi_http_request_seconds", Histogram, &["route"], "time to answer a request"),
    Figure("madoguchi_http_requests_total", Counter, &["method", "route", "status"], "requests answered"),
    Figure("madoguchi_in_hand", Gauge, &["class"], "requests and commands in hand, by class"),
    Figure("madoguchi_inbound_after_reset_total", Counter, &[], "webhooks of windows that were reset, thrown away"),
    Figure("madoguchi_inbound_events_total", Counter, &["outcome"], "webhook events, new or come again"),
    Figure("madoguchi_inbound_ignored_total", Counter, &["kind"], "webhook events that mean nothing to us"),
    Figure("madoguchi_inbound_parked_total", Counter, &["why"], "webhook events that could not be read"),
    Figure(BATCH_RECORDS, Histogram, &[], "records that shared one sync"),
    Figure("madoguchi_journal_commit_seconds", Histogram, &[], "write and sync of one batch"),
    Figure("madoguchi_journal_queue_depth", Gauge, &[], "decisions that wait for the disk"),
    Figure("madoguchi_mail_accepted_total", Counter, &["over"], "mails that were stored and answered 250"),
    Figure("madoguchi_mail_authentication_total", Counter, &["method", "result"], "results of checking senders"),
    Figure("madoguchi_mail_connections", Gauge, &[], "open connections of servers that hand mail over"),
    Figure("madoguchi_mail_domains", Gauge, &["state"], "domains that answers carry, by how their key stands"),
    Figure("madoguchi_mail_proofs_total", Counter, &["proof"], "mails by how far their sender is known"),
    Figure("madoguchi_mail_read_seconds", Histogram, &["outcome"], "time to read one mail"),
    Figure("madoguchi_mail_received_total", Counter, &["outcome"], "stored mails, by what became of them"),
    Figure("madoguchi_mail_refused_total", Counter, &["why"], "mails and recipients that were refused"),
    Figure("madoguchi_mail_reports_total", Counter, &["fate"], "reports about mails that we sent"),
    Figure("madoguchi_mail_store_seconds", Histogram, &["over"], "time from the end of a mail to its answer"),
    Figure("madoguchi_mailbox_depth", Gauge, &["actor"], "asks not yet taken up, by kind of actor"),
    Figure("madoguchi_media_total", Counter, &["outcome"], "files that customers sent, by what became of them"),
    Figure("madoguchi_not_now_total", Counter, &["why"], "requests that the engine could not serve for now"),
    Figure("madoguchi_pressure_percent", Gauge, &[], "the fullest part of the engine"),
    Figure("madoguchi_raw_bodies_waiting", Gauge, &[], "stored webhook bodies that wait (要確認)"),
    Figure("madoguchi_readmodel_distrusted", Gauge, &[], "1 while read models wait to be made anew at the next start"),
    Figure("madoguchi_readmodel_faults_total", Counter, &[], "read models found damaged"),
    Figure("madoguchi_readmodel_lag_bytes", Gauge, &[], "memory of records not yet in the read models"),
    Figure("madoguchi_readmodel_lag_records", Gauge, &[], "records not yet in the read models"),
    Figure("madoguchi_refused_total", Counter, &["class", "why"], "refused for overload, by class"),
    Figure("madoguchi_sending_held", Gauge, &[], "1 while nothing goes out"),
    Figure("madoguchi_sends_total", Counter, &["call", "outcome"], "calls to platforms"),
    Figure("madoguchi_socket_gaps_total", Counter, &[], "updates a worker lost and fetched"),
    Figure("madoguchi_socket_outbox_bytes", Gauge, &[], "what waits for all live sockets"),
    Figure("madoguchi_sockets_closed_total", Counter, &["reason"], "live sockets ended by the server"),
    Figure("madoguchi_sockets_open", Gauge, &[], "live sockets"),
    Figure("madoguchi_store_reads_waiting", Gauge, &[], "reads that wait for a thread"),
    Figure("madoguchi_tokens_limited_total", Counter, &[], "requests refused because their token made too many"),
    Figure("madoguchi_webhooks_total", Counter, &["channel", "outcome"], "webhooks, by what became of them"),
    Figure("madoguchi_window_failures_total", Counter, &[], "windows that failed and were rebuilt"),
    Figure("madoguchi_windows", Gauge, &[], "windows"),
];

/// A collector with the right scales.
///
/// # Errors
/// A scale is empty, which none is.
pub(crate) fn builder() -> Result<PrometheusBuilder, BuildError> {
    let batches = Matcher::Full(BATCH_RECORDS.to_owned());
    PrometheusBuilder::new().set_buckets(&SECONDS)?.set_buckets_for_metric(batches, &RECORDS)
}

/// Names every figure to the collector. Those without labels show from the first moment, so that a rate has a beginning.
pub(crate) fn describe() {
    for Figure(name, kind, labels, meaning) in ALL {
        match kind {
            Counter => metrics::describe_counter!(*name, Unit::Count, *meaning),
            Gauge => metrics::describe_gauge!(*name, *meaning),
            Histogram => metrics::describe_histogram!(*name, *meaning),
        }
        match kind {
            Counter if labels.is_empty() => metrics::counter!(*name).absolute(0),
            Gauge if labels.is_empty() => metrics::gauge!(*name).increment(0.0),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    /// Every name in quotation marks in the sources, but for this file.
    fn used() -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut folders = vec![root().join("engine/src"), root().join("web/src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the sources lie here") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("web/src/figures.rs") {
                    let text = std::fs::read_to_string(path).expect("readable");
                    let parts = text.split('"').filter(|part| part.starts_with("madoguchi_"));
                    let named = parts.filter(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
                    names.extend(named.map(str::to_owned));
                }
            }
        }
        // Crates, as they stand in directives of the log.
        names.retain(|name| name != "madoguchi_engine" && name != "madoguchi_web");
        names
    }

    #[test]
    fn every_figure_is_collected_and_every_collected_one_is_explained() {
        let known: BTreeSet<String> = ALL.iter().map(|figure| figure.0.to_owned()).collect();
        assert_eq!(known.len(), ALL.len(), "one line a figure");
        assert_eq!(used(), known);
    }

    #[test]
    fn the_operators_document_has_every_figure_and_no_other() {
        let document = std::fs::read_to_string(root().join("docs/operations.md")).expect("it is in the repository");
        let rows = document.lines().filter(|line| line.starts_with("| `madoguchi_"));
        let rows: BTreeSet<&str> = rows.filter_map(|line| line.split('`').nth(1)).collect();
        let wanted: BTreeSet<String> = ALL
            .iter()
            .map(
                |Figure(name, _, labels, _)| {
                    if labels.is_empty() { (*name).to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
                },
            )
            .collect();
        assert_eq!(rows, wanted.iter().map(String::as_str).collect());
    }
}
