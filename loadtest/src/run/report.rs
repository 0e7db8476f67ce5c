//! What a run found: figures with everything needed to read them, and every fault. As JSON and as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::book::{Checked, Faults};
use super::figures::{Figures, Spread, Timed};
use super::hall::{Hall, Side};
use super::host::{Machine, Usage};
use super::metrics::{self, Metrics};
use super::options::Options;
use super::side::Kind;

/// Version of the JSON. It changes when a reader of before would misunderstand.
const SCHEMA: u32 = 1;

/// The server and the load at one moment.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) at_us: u64,
    pub(crate) usage: Option<Usage>,
    pub(crate) own: Option<Usage>,
    pub(crate) acknowledged: u64,
    pub(crate) tellings: u64,
    pub(crate) metrics: Metrics,
}

/// Both ends of the measuring.
#[derive(Debug)]
pub(crate) struct Sampled {
    pub(crate) before: Sample,
    pub(crate) after: Sample,
    pub(crate) most_lag: f64,
    pub(crate) most_queue: f64,
}

/// What happened in a second, between both ends of the measuring.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Rates {
    /// Seconds between the ends.
    pub seconds: f64,
    /// Webhooks answered 200, each second.
    pub webhooks: f64,
    /// Updates told to sockets, each second.
    pub deliveries: f64,
}

/// What it cost, between both ends of the measuring.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cost {
    /// CPU time of the server a second, in cores.
    pub server_cores: Option<f64>,
    /// All CPU time of the server by webhooks answered 200.
    pub cpu_us_per_webhook: Option<f64>,
    /// All CPU time of the server by updates told.
    pub cpu_us_per_delivery: Option<f64>,
    /// CPU time of the load itself a second, in cores.
    pub own_cores: Option<f64>,
    /// The server at the end of the measuring.
    pub server: Option<Usage>,
    /// Most records that the read models were behind, looked at every second.
    pub most_readmodel_lag: f64,
    /// The same at the end, when everything had come to rest.
    pub last_readmodel_lag: f64,
    /// Most records that waited for the journal, looked at every second.
    pub most_journal_queue: f64,
}

/// What came through one channel.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ChannelReport {
    /// Customers.
    pub chats: u64,
    /// Their messages that were answered 200, over the whole run.
    pub acknowledged: u64,
    /// Those that were not.
    pub refused: u64,
    /// Answers on their screens, over the whole run.
    pub arrived: u64,
    /// Answers that ended as sent, over the whole run.
    pub sent: u64,
    /// As refused.
    pub failed: u64,
    /// As nobody knows.
    pub unknown: u64,
    /// Message → 200; a mail's end → 250.
    pub webhook_to_200: Spread,
    /// Message → update at the last of all watching sockets. A mail is read in between.
    pub post_to_last_socket: Spread,
    /// Answer → screen.
    pub answer_to_phone: Spread,
    /// Message → the bot's answer on the screen.
    pub post_to_bot_answer: Spread,
}

fn channel(hall: &Hall, kind: Kind, side: &Side) -> ChannelReport {
    let chats = (0..hall.options.chats).filter(|chat| hall.kind_of(*chat) == kind).count();
    let ends: Vec<_> = hall.rooms.iter().map(|room| room.lock().book.ends(|chat| hall.kind_of(chat) == kind)).collect();
    ChannelReport {
        chats: chats as u64,
        acknowledged: side.acknowledged,
        refused: side.refused,
        arrived: side.arrived,
        sent: ends.iter().map(|ends| ends.sent).sum(),
        failed: ends.iter().map(|ends| ends.failed).sum(),
        unknown: ends.iter().map(|ends| ends.unknown).sum(),
        webhook_to_200: side.figures.spread(Timed::Webhook),
        post_to_last_socket: side.figures.spread(Timed::UpdateLast),
        post_to_bot_answer: side.figures.spread(Timed::Bot),
        answer_to_phone: side.figures.spread(Timed::Phone),
    }
}

impl ChannelReport {
    fn write(&self, name: &str, out: &mut String) -> std::fmt::Result {
        let ms =
            |spread: &Spread| format!("{:.2}/{:.2}", spread.p50_us as f64 / 1_000.0, spread.p99_us as f64 / 1_000.0);
        write!(
            out,
            "{name}: {} chats, {} messages taken ({} not), {} answers on screens ({} sent, {} failed, {} unknown); ms \
             p50/p99: {} taken, {} last socket, {} answer → screen",
            self.chats,
            self.acknowledged,
            self.refused,
            self.arrived,
            self.sent,
            self.failed,
            self.unknown,
            ms(&self.webhook_to_200),
            ms(&self.post_to_last_socket),
            ms(&self.answer_to_phone),
        )?;
        if self.post_to_bot_answer.count > 0 {
            write!(out, ", {} bot's answer", ms(&self.post_to_bot_answer))?;
        }
        writeln!(out)
    }
}

/// The result of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this form.
    pub schema: u32,
    /// How it was run.
    pub options: Options,
    /// On what.
    pub machine: Machine,
    /// Times by name.
    pub times: BTreeMap<&'static str, Spread>,
    /// Rates.
    pub rates: Rates,
    /// Cost.
    pub cost: Cost,
    /// What came through each channel.
    pub channels: BTreeMap<&'static str, ChannelReport>,
    /// What came of commands, webhooks and connections, by words.
    pub outcomes: BTreeMap<String, u64>,
    /// How much was looked at, over the whole run.
    pub checked: Checked,
    /// Every promise that was broken.
    pub faults: Faults,
    /// The server's own counters: how much they grew while measuring.
    pub grown: BTreeMap<String, f64>,
    /// The data folder of a started server, kept because something was wrong.
    pub kept_data: Option<PathBuf>,
}

impl Report {
    pub(crate) fn new(hall: &Hall, sampled: &Sampled, last: &Sample) -> Self {
        let mut figures = Figures::new(0);
        let mut checked = Checked::default();
        for room in &hall.rooms {
            let room = room.lock();
            figures.merge(&room.figures);
            checked.add(room.book.checked);
        }
        Self {
            schema: SCHEMA,
            options: hall.options.clone(),
            machine: Machine::here(),
            times: Timed::ALL.iter().map(|(what, name, _)| (*name, figures.spread(*what))).collect(),
            rates: rates(sampled),
            cost: cost(sampled, last),
            channels: hall.sides.iter().map(|(kind, side)| (kind.word(), channel(hall, *kind, &side.lock()))).collect(),
            outcomes: hall.outcomes.lock().clone(),
            checked,
            faults: hall.faults(),
            grown: grown(&sampled.before.metrics, &sampled.after.metrics),
            kept_data: None,
        }
    }

    /// Whether nothing was wrong, and something was looked at.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty() && self.checked.messages > 0
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let (options, rates, cost) = (&self.options, &self.rates, &self.cost);
        writeln!(
            out,
            "{} chats, {} agents, {} windows, {}/s asked for, {:.1} s after {:.1} s, seed {}; {} cores, {}{}",
            options.chats,
            options.agents,
            options.windows,
            options.rate,
            rates.seconds,
            options.warm_up_s,
            options.seed,
            self.machine.cores,
            self.machine.kernel,
            if self.machine.optimised { "" } else { ", load built without optimisation" },
        )?;
        writeln!(
            out,
            "\n{:<38}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "ms", "count", "p50", "p90", "p99", "p99.9", "max"
        )?;
        for (_, name, title) in Timed::ALL {
            let spread = self.times[name];
            let ms = |us: u64| format!("{:.2}", us as f64 / 1_000.0);
            writeln!(
                out,
                "{title}{}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}",
                " ".repeat(38_usize.saturating_sub(title.chars().count())),
                spread.count,
                ms(spread.p50_us),
                ms(spread.p90_us),
                ms(spread.p99_us),
                ms(spread.p999_us),
                ms(spread.max_us)
            )?;
        }
        writeln!(out, "\n{:.1} webhooks/s, {:.0} deliveries/s", rates.webhooks, rates.deliveries)?;
        if let (Some(cores), Some(webhook), Some(delivery)) =
            (cost.server_cores, cost.cpu_us_per_webhook, cost.cpu_us_per_delivery)
        {
            writeln!(out, "server: {cores:.2} cores, {webhook:.0} µs CPU a webhook, {delivery:.1} µs CPU a delivery")?;
        }
        if let Some(usage) = cost.server {
            writeln!(out, "server: {} MiB, {} MiB at most", usage.rss_kib / 1_024, usage.peak_rss_kib / 1_024)?;
        }
        writeln!(
            out,
            "read models behind: {} records at most, {} at the end; journal queue: {} at most; load: {:.2} cores",
            cost.most_readmodel_lag,
            cost.last_readmodel_lag,
            cost.most_journal_queue,
            cost.own_cores.unwrap_or_default()
        )?;
        for (name, channel) in &self.channels {
            channel.write(name, out)?;
        }
        for (outcome, times) in &self.outcomes {
            writeln!(out, "  {outcome}: {times}")?;
        }
        self.write_verdict(out)
    }

    fn write_verdict(&self, out: &mut String) -> std::fmt::Result {
        let checked = &self.checked;
        writeln!(
            out,
            "\nchecked: {} messages, {} records in {} tellings, {} seats, {} answers, {} of bots, {} on phones, {} lines of timelines",
            checked.messages,
            checked.records,
            checked.tellings,
            checked.seats,
            checked.answers,
            checked.bot_answers,
            checked.arrived,
            checked.lines
        )?;
        if self.is_sound() {
            return writeln!(out, "nothing lost, nothing double, order kept, one holder");
        }
        for (kind, found) in self.faults.iter() {
            writeln!(out, "WRONG {kind:?}, {} times (seed {}):", found.times, self.options.seed)?;
            for first in &found.first {
                writeln!(out, "  {first}")?;
            }
        }
        if let Some(folder) = &self.kept_data {
            writeln!(out, "the server's data is kept in {}", folder.display())?;
        }
        Ok(())
    }
}

impl Checked {
    fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.records += other.records;
        self.tellings += other.tellings;
        self.messages += other.messages;
        self.late += other.late;
        self.stored_whole += other.stored_whole;
        self.seats += other.seats;
        self.completed += other.completed;
        self.answers += other.answers;
        self.bot_answers += other.bot_answers;
        self.arrived += other.arrived;
        self.lines += other.lines;
    }
}

fn rates(sampled: &Sampled) -> Rates {
    let (before, after) = (&sampled.before, &sampled.after);
    let seconds = (after.at_us - before.at_us) as f64 / 1e6;
    let each = |count: u64| count as f64 / seconds;
    Rates {
        seconds,
        webhooks: each(after.acknowledged - before.acknowledged),
        deliveries: each(after.tellings - before.tellings),
    }
}

fn cost(sampled: &Sampled, last: &Sample) -> Cost {
    let (before, after) = (&sampled.before, &sampled.after);
    let used = |usage: fn(&Sample) -> Option<Usage>| {
        let (before, after) = (usage(before)?, usage(after)?);
        Some(after.cpu_us.saturating_sub(before.cpu_us) as f64)
    };
    let cpu_us = used(|sample| sample.usage);
    let wall_us = (after.at_us - before.at_us) as f64;
    let by = |count: u64| cpu_us.filter(|_| count > 0).map(|cpu_us| cpu_us / count as f64);
    Cost {
        server_cores: cpu_us.map(|cpu_us| cpu_us / wall_us),
        cpu_us_per_webhook: by(after.acknowledged - before.acknowledged),
        cpu_us_per_delivery: by(after.tellings - before.tellings),
        own_cores: used(|sample| sample.own).map(|cpu_us| cpu_us / wall_us),
        server: after.usage,
        most_readmodel_lag: sampled.most_lag,
        last_readmodel_lag: metrics::sum(&last.metrics, "madoguchi_readmodel_lag_records"),
        most_journal_queue: sampled.most_queue,
    }
}

/// Counters that grew.
fn grown(before: &Metrics, after: &Metrics) -> BTreeMap<String, f64> {
    let is_counter = |name: &str| name.split('{').next().is_some_and(|name| name.ends_with("_total"));
    let grew = after.iter().filter(|(name, _)| is_counter(name));
    grew.map(|(name, value)| (name.clone(), value - before.get(name).unwrap_or(&0.0)))
        .filter(|(_, growth)| *growth != 0.0)
        .collect()
}
