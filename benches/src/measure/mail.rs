//! Taking mail over SMTP, beside `smtp-sink` and Postfix's own server, with `smtp-source` as the client of all three.
//!
//! They do not do the same: the sink keeps nothing; Postfix has each mail in its queue, synced; ours has each in a file and in
//! the journal, both synced, and has begun to read it. Only one of them works at a time, in turns on the servers' core.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Size;
use crate::Outcome;
use crate::figure::{Line, Report, Verdict, median};
use crate::house::{House, WINDOW};
use crate::machine::cpu_time;
use crate::peers::free_port;
use crate::peers::postfix::{Batch, MailPeer, server, sink};

/// Connections; the server takes as many of one address.
const SESSIONS: usize = 20;
/// Bytes of a mail without its header, as an ordinary one has.
const BYTES: usize = 2_000;
const DOMAIN: &str = "in.bench.example";
/// How long everything that was taken may take until it is read.
const READING: Duration = Duration::from_secs(600);

/// Mails a second, round by round, and microseconds of the server's core for each where they are known.
#[derive(Default)]
struct Rates {
    per_second: Vec<f64>,
    cpu_us: Vec<f64>,
}

impl Rates {
    fn add(&mut self, mails: usize, took: Duration, cpu: Option<Duration>) {
        self.per_second.push(mails as f64 / took.as_secs_f64());
        self.cpu_us.extend(cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / mails as f64));
    }
}

/// Measures; `size.count` mails to each in every round.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let dir = tempfile::tempdir()?;
    let smtp = format!("127.0.0.1:{}", free_port()?);
    let house = House::furnish_with(
        dir.path(),
        &[
            ("MAIL__INBOUND_DOMAIN", DOMAIN),
            ("MAIL_IN__LISTEN_SMTP", &smtp),
            ("MAIL_IN__LISTEN_LMTP", ""),
            ("MAIL_IN__MAX_MAILS_PER_CONNECTION", "100000"),
            ("MAIL_IN__MAX_CONNECTIONS_PER_ADDRESS", "100"),
            ("MAIL_IN__ASK_DNS", "false"),
        ],
    )
    .await?;
    let (sink, queue) = (sink().await?, tempfile::tempdir()?);
    let postfix = server(queue.path(), DOMAIN).await?;
    let to = format!("{WINDOW}@{DOMAIN}");
    let batch = Batch { sessions: SESSIONS, mails: size.count, bytes: BYTES, to: &to };
    let pid = house.server.process.pid();
    let (mut ours, mut sunk, mut queued) = (Rates::default(), Rates::default(), Rates::default());
    // From the first mail to the last one read.
    let mut read = Rates::default();
    for _ in 0..size.rounds {
        let (begun, cpu) = (Instant::now(), cpu_time(pid)?);
        let Some(took) = batch.send(&smtp)? else { break };
        ours.add(size.count, took, Some(cpu_time(pid)?.saturating_sub(cpu)));
        until_read(&house).await?;
        read.add(size.count, begun.elapsed(), Some(cpu_time(pid)?.saturating_sub(cpu)));
        if let Some(MailPeer { process, address }) = &sink {
            let cpu = cpu_time(process.pid())?;
            if let Some(took) = batch.send(address)? {
                sunk.add(size.count, took, Some(cpu_time(process.pid())?.saturating_sub(cpu)));
            }
        }
        // What Postfix uses is its children's, which come and go.
        if let Some(MailPeer { address, .. }) = &postfix
            && let Some(took) = batch.send(address)?
        {
            queued.add(size.count, took, None);
        }
    }
    Ok(report(size, &ours, &read, &sunk, &queued))
}

async fn until_read(house: &House) -> Outcome<()> {
    let end = Instant::now() + READING;
    while Instant::now() < end {
        let answer = house.call("GET", &format!("/api/v1/windows/{WINDOW}"), &Value::Null).await?;
        let window: Value = serde_json::from_slice(&answer.body)?;
        if window["raw_waiting"] == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("mails that were taken are not read".into())
}

fn report(size: Size, ours: &Rates, read: &Rates, sunk: &Rates, queued: &Rates) -> Report {
    let beside = |what: &str, goal: &str, least: f64, peer: &Rates, missing: &str| {
        // A ratio a round, since neighbours in time had the same machine.
        let ratios: Vec<f64> = ours.per_second.iter().zip(&peer.per_second).map(|(a, b)| a / b).collect();
        let ratio = (!ratios.is_empty()).then(|| median(&ratios));
        let figure = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2} ({:.0}/s)", median(&ours.per_second)));
        let at = if ratios.is_empty() { missing.to_owned() } else { format!("{:.0}/s", median(&peer.per_second)) };
        Line::at_least(what, goal, ratio, least, figure, at)
    };
    let what = "mail taken, 20 SMTP sessions";
    let mut lines = vec![
        beside(what, ">= 0.2 x smtp-sink, which keeps nothing", 0.2, sunk, "smtp-sink or smtp-source is missing"),
        beside(what, ">= 1.0 x Postfix's smtpd, which syncs its queue", 1.0, queued, "postfix is missing, or not root"),
    ];
    let (rate, all) = (median(&ours.per_second), median(&read.per_second));
    lines.push(Line {
        what: "the same mail taken and read, from the first to the last".to_owned(),
        goal: "within twice the time of taking it".to_owned(),
        figure: format!("{all:.0}/s"),
        beside: format!("taken {rate:.0}/s"),
        verdict: match ours.per_second.is_empty() {
            true => Verdict::Open,
            false if all * 2.0 >= rate => Verdict::Ok,
            false => Verdict::Miss,
        },
    });
    Report {
        measure: "mail".to_owned(),
        method: format!(
            "{} rounds of {} mails of {BYTES} bytes to each in turns, {SESSIONS} kept sessions of smtp-source on one core, \
             the server on the other; {:.0} µs of CPU a mail taken, {:.0} with its reading, {:.0} in smtp-sink; medians of \
             ratios within a round",
            size.rounds,
            size.count,
            median(&ours.cpu_us),
            median(&read.cpu_us),
            median(&sunk.cpu_us),
        ),
        lines,
        raw: json!({
            "ours_per_s": ours.per_second, "read_per_s": read.per_second, "sink_per_s": sunk.per_second,
            "postfix_per_s": queued.per_second, "ours_cpu_us": ours.cpu_us, "read_cpu_us": read.cpu_us,
            "sink_cpu_us": sunk.cpu_us, "mails": size.count,
        }),
    }
}
