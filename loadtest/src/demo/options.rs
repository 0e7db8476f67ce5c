//! What a demo may be told.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::run::RunError;

/// How fast the demo may be played at most.
const MOST_PACE: f64 = 1_000.0;

/// A window with three agents and a dozen customers who write, wait, answer and come back.
///
/// With `--server` the program starts the server itself, on a folder that is empty or was made by an earlier demo; with
/// `--address` it uses one that runs, and reads the owner's password from standard input. Ends with Ctrl-C or SIGTERM,
/// and the server that it started with it.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The program to start: target/release/madoguchi.
    #[arg(long, value_name = "PROGRAM", required_unless_present = "address", conflicts_with = "address")]
    pub server: Option<PathBuf>,
    /// The folder of the server that is started, and of `demo.json` with what this program must remember.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Where the server that is started listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A server that runs on this machine.
    #[arg(long, value_name = "ADDR")]
    pub address: Option<SocketAddr>,
    /// Its owner's login.
    #[arg(long, default_value = "owner")]
    pub login: String,
    /// Where the customers' phones are; a free port where this one is taken.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7001")]
    pub phones: SocketAddr,
    /// How many customers there are: 1 to 24.
    #[arg(long, default_value_t = 12)]
    pub customers: usize,
    /// What everybody's choices are drawn from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How fast people are: 2 is twice as fast as people.
    #[arg(long, default_value_t = 1.0)]
    pub pace: f64,
    /// Leave all customers to you: without it a colleague, played by the demo, answers some of them.
    #[arg(long)]
    pub alone: bool,
    /// End after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub duration_s: Option<u64>,
}

impl Options {
    /// Refuses what makes no sense.
    pub(crate) fn check(&self) -> Result<(), RunError> {
        let wrong = |text: &str| Err(RunError::Options(text.to_owned()));
        if !(1..=super::people::CUSTOMERS.len()).contains(&self.customers) {
            return wrong("--customers takes 1 to 24");
        }
        if !(self.pace.is_finite() && self.pace > 0.0 && self.pace <= MOST_PACE) {
            return wrong("--pace takes a number above 0, at most 1000");
        }
        if self.address.is_some_and(|address| !address.ip().is_loopback()) || !self.phones.ip().is_loopback() {
            return wrong("the demo plays on this machine only");
        }
        Ok(())
    }
}
