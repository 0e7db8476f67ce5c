//! The program `loadtest`: what stands outside the engine, started by hand or by other programs.
//!
//! Each subcommand is a file under `command/` with its arguments and a `run`. Standard output carries what other
//! programs read; everything else goes to standard error.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Simulated customers and agents, and doubles of the platforms they come through.
#[derive(Parser)]
#[command(name = "loadtest", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a double of the LINE platform until the process is ended.
    LineDouble(command::line_double::Arguments),
    /// Serve a double of the LINE WORKS platform until the process is ended.
    LineworksDouble(command::lineworks_double::Arguments),
    /// Play a window with lively customers, to try the product out.
    Demo(Box<madoguchi_loadtest::demo::Options>),
    /// Put simulated customers and agents on a server, measure it, and check everything it says.
    Run(Box<madoguchi_loadtest::run::Options>),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::LineDouble(arguments) => command::line_double::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::LineworksDouble(arguments) => command::lineworks_double::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Demo(options) => command::demo::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Run(options) => command::run::run(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, in one line.
fn report(error: &dyn std::error::Error) {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    eprintln!("loadtest: {line}");
}
