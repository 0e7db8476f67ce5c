//! The program `budgets`: measures the product against the goals of its design and prints goal, figure and verdict.
//!
//! `budgets all` runs every measurement in a process of its own, so that none inherits another's core or memory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command as Child, ExitCode};

use clap::{Parser, Subcommand};
use madoguchi_benches::figure::Report;
use madoguchi_benches::measure::{Measure, Size};
use madoguchi_benches::{Outcome, own_program, peers, target_folder};

/// Figures beside the machine's limit or a peer.
#[derive(Parser)]
#[command(name = "budgets", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure one thing.
    One(One),
    /// Measure everything, one after the other, and print the table.
    All {
        /// At the size of the goals: half an hour instead of minutes.
        #[arg(long)]
        long: bool,
        /// Where the figures go as JSON.
        #[arg(long)]
        figures: Option<PathBuf>,
    },
    /// Print the table of what was measured last.
    Table {
        /// Where the figures are.
        #[arg(long)]
        figures: Option<PathBuf>,
    },
    /// The bare loop that some measurements stand beside.
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        sockets: usize,
        #[arg(long)]
        durable: bool,
    },
}

#[derive(clap::Args)]
struct One {
    #[arg(value_enum)]
    measure: Measure,
    /// At the size of the goal.
    #[arg(long)]
    long: bool,
    /// Where the figures go as JSON.
    #[arg(long)]
    figures: Option<PathBuf>,
    /// Seconds of load over all rounds, where it is not the usual.
    #[arg(long)]
    seconds: Option<f64>,
    /// Rounds, where it is not the usual number.
    #[arg(long)]
    rounds: Option<usize>,
    /// Sockets, where it is not the usual number.
    #[arg(long)]
    sockets: Option<usize>,
    /// Conversations, messages or attempts, where it is not the usual number.
    #[arg(long)]
    count: Option<usize>,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("budgets: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome<()> {
    match command {
        Command::One(one) => measure(&one),
        Command::All { long, figures } => all(long, &folder(figures)),
        Command::Table { figures } => table(&folder(figures)),
        Command::Bare { dir, sockets, durable } => peers::bare::serve(&dir, sockets, durable),
    }
}

fn folder(given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| target_folder().join("figures"))
}

fn measure(one: &One) -> Outcome<()> {
    let usual = one.measure.size(one.long);
    let size = Size {
        seconds: one.seconds.unwrap_or(usual.seconds),
        rounds: one.rounds.unwrap_or(usual.rounds).max(1),
        sockets: one.sockets.unwrap_or(usual.sockets),
        count: one.count.unwrap_or(usual.count),
    };
    let report = one.measure.run(size)?;
    report.save(&folder(one.figures.clone()))?;
    say(&report.table())
}

/// A measurement that fails is named and does not keep the others from running.
fn all(long: bool, figures: &Path) -> Outcome<()> {
    let program = own_program()?;
    let mut failed = Vec::new();
    for measure in Measure::ALL {
        let mut child = Child::new(&program);
        child.args(["one", &measure.name(), "--figures"]).arg(figures);
        if long {
            child.arg("--long");
        }
        if !child.status()?.success() {
            failed.push(measure.name());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not measured: {}", failed.join(", ")).into()) }
}

fn table(figures: &Path) -> Outcome<()> {
    Report::load_all(figures)?.iter().try_for_each(|report| say(&report.table()))
}

fn say(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout();
    Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush())?)
}
