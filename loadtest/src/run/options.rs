//! What can be chosen for a run, and the bounds of each choice.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

use super::error::RunError;
use super::side::{Kind, Mix};

/// Commands that a socket may carry in a second, with room to spare below the server's 20.
const COMMANDS_PER_AGENT_S: f64 = 15.0;
/// Commands that an agent may have to give at once when every chat begins, below the server's 300.
const COMMANDS_AT_ONCE: f64 = 250.0;

/// Options of `loadtest run`. Either `server` or `address`.
#[derive(Clone, Debug, Serialize, clap::Args)]
pub struct Options {
    /// The program `madoguchi`: it is started on an empty temporary folder and ended with the run.
    #[arg(long, value_name = "FILE", required_unless_present = "address", conflicts_with = "address")]
    pub server: Option<PathBuf>,
    /// A running server on this machine, such as 127.0.0.1:8080. Windows, agents and inboxes are added to it and stay.
    #[arg(long, value_name = "IP:PORT", requires = "password")]
    pub address: Option<SocketAddr>,
    /// The owner's login on a running server.
    #[arg(long, default_value = "owner")]
    pub login: String,
    /// The owner's password on a running server.
    #[arg(long)]
    #[serde(skip)]
    pub password: Option<String>,
    /// Customers, each with one chat.
    #[arg(long, default_value_t = 1_000)]
    pub chats: u32,
    /// Agents, each with one socket.
    #[arg(long, default_value_t = 100)]
    pub agents: u32,
    /// The channels that customers come through, such as line=50,lineworks=15,mail=20,bot=15: line, lineworks, mail (which
    /// needs a server that is started by the run), bot (LINE with a bot in front), botchannel (a system's own customers).
    #[arg(long, default_value = "line=1", value_parser = str::parse::<Mix>)]
    pub mix: Mix,
    /// Seconds that a token of LINE WORKS lives; the engine uses none in the last ten of them.
    #[arg(long, default_value_t = 86_400)]
    pub lineworks_token_s: u32,
    /// Windows, each with one account of every channel.
    #[arg(long, default_value_t = 4)]
    pub windows: u32,
    /// Windows that each agent works in and watches.
    #[arg(long, default_value_t = 1)]
    pub watch: u32,
    /// Customer messages in a second, over all windows; one webhook each.
    #[arg(long, default_value_t = 100.0)]
    pub rate: f64,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 30.0)]
    pub duration_s: f64,
    /// Seconds before that, checked but not measured.
    #[arg(long, default_value_t = 5.0)]
    pub warm_up_s: f64,
    /// Agents who try to start the same conversation at the same moment.
    #[arg(long, default_value_t = 2)]
    pub racers: u32,
    /// Share of the customer messages in a held conversation that is answered.
    #[arg(long, default_value_t = 0.7)]
    pub answers: f64,
    /// Share of the answers after which the conversation is completed.
    #[arg(long, default_value_t = 0.3)]
    pub complete: f64,
    /// How long an agent thinks before each step: half to one and a half of this many milliseconds.
    #[arg(long, default_value_t = 2_000)]
    pub think_ms: u32,
    /// How often each agent's connection breaks in a minute, on average; it comes back with its place.
    #[arg(long, default_value_t = 0.5)]
    pub churn: f64,
    /// Webhooks on their way at once; further ones wait, and their waiting counts.
    #[arg(long, default_value_t = 64)]
    pub connections: u32,
    /// What every choice is drawn from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads of the simulated people; the LINE platform has one of its own.
    #[arg(long, default_value_t = 1)]
    pub threads: u32,
    /// Seconds that everything may take to come to rest at the end.
    #[arg(long, default_value_t = 60.0)]
    pub patience_s: f64,
    /// Where the report is written as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The process of a running server, to read its CPU time and memory.
    #[arg(long)]
    pub pid: Option<u32>,
    /// Cores for the started server, such as 0 or 0,1.
    #[arg(long, value_name = "CORES", value_delimiter = ',', requires = "server")]
    pub pin_server: Vec<usize>,
    /// Cores for the load itself.
    #[arg(long, value_name = "CORES", value_delimiter = ',')]
    pub pin_self: Vec<usize>,
}

impl Options {
    /// Whether this can be run at all, and within bounded memory.
    ///
    /// # Errors
    /// [`RunError::Options`] says which choice is out of its bounds.
    pub fn check(&self) -> Result<(), RunError> {
        let whole = |name: &str, value: u32, most: u32| bound(name, f64::from(value), 1.0, f64::from(most));
        whole("chats", self.chats, 100_000)?;
        whole("agents", self.agents, 5_000)?;
        whole("windows", self.windows, 50)?;
        whole("watch", self.watch, self.windows)?;
        whole("racers", self.racers, 50)?;
        whole("connections", self.connections, 1_024)?;
        whole("threads", self.threads, 64)?;
        bound("rate", self.rate, 0.1, 100_000.0)?;
        bound("duration-s", self.duration_s, 0.1, 86_400.0)?;
        bound("warm-up-s", self.warm_up_s, 0.0, 3_600.0)?;
        bound("messages in all", self.messages(), 1.0, 20_000_000.0)?;
        bound("answers", self.answers, 0.0, 1.0)?;
        bound("complete", self.complete, 0.0, 1.0)?;
        bound("think-ms", f64::from(self.think_ms), 0.0, 600_000.0)?;
        bound("churn", self.churn, 0.0, 120.0)?;
        bound("patience-s", self.patience_s, 1.0, 3_600.0)?;
        bound("agents of a window", f64::from(self.places()), 1.0, 100.0)?;
        if self.mix.has(Kind::Mail) && self.server.is_none() {
            let why = "a mix with mail needs --server: a running server has another relay";
            return Err(RunError::Options(why.to_owned()));
        }
        bound("lineworks-token-s", f64::from(self.lineworks_token_s), 11.0, 86_400.0)?;
        self.check_pace()?;
        match self.address {
            Some(address) if !address.ip().is_loopback() => {
                Err(RunError::Options(format!("{address} is not on this machine, and nothing else is ever loaded")))
            }
            _ => Ok(()),
        }
    }

    /// An agent beyond the server's limits would measure those limits.
    fn check_pace(&self) -> Result<(), RunError> {
        let (agents, racers) = (f64::from(self.agents), f64::from(self.racers));
        let answers = self.rate * self.answers;
        let steady = (answers + answers * self.complete * (1.0 + racers)) / agents;
        bound("commands of an agent in a second", steady, 0.0, COMMANDS_PER_AGENT_S)?;
        bound("chats for an agent to start", f64::from(self.chats) * racers / agents, 0.0, COMMANDS_AT_ONCE)
    }

    /// Customer messages to be expected.
    pub(super) fn messages(&self) -> f64 {
        self.rate * (self.warm_up_s + self.duration_s)
    }

    /// Agents of the fullest window.
    pub(super) fn places(&self) -> u32 {
        (self.agents * self.watch).div_ceil(self.windows)
    }

    /// The windows of an agent, the same number for everybody and spread evenly.
    pub(super) fn windows_of(&self, agent: u32) -> impl Iterator<Item = u32> + use<> {
        let windows = self.windows;
        (0..self.watch).map(move |step| (agent + step) % windows)
    }
}

fn bound(name: &str, value: f64, least: f64, most: f64) -> Result<(), RunError> {
    if value >= least && value <= most {
        return Ok(());
    }
    Err(RunError::Options(format!("{name} is {value}, but must lie between {least} and {most}")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(line: &str) -> Result<(), String> {
        let options = Line::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?.options;
        options.check().map_err(|error| error.to_string())
    }

    #[test]
    fn no_load_ever_leaves_this_machine() {
        assert_eq!(parse("run --address 127.0.0.1:8080 --password x"), Ok(()));
        for address in ["10.0.0.1:80", "8.8.8.8:443", "[2001:db8::1]:80"] {
            let refused = parse(&format!("run --address {address} --password x")).expect_err(address);
            assert!(refused.contains("not on this machine"), "{refused}");
        }
    }

    #[test]
    fn a_run_that_could_not_be_honest_is_refused() {
        for wrong in [
            "",
            " --address 127.0.0.1:1",
            " --server m --address 127.0.0.1:1 --password x",
            " --server m --chats 0",
            " --server m --windows 2 --agents 500",
            " --server m --agents 2 --rate 500",
            " --server m --rate NaN",
            " --server m --watch 9",
            " --server m --complete 1.1",
            " --address 127.0.0.1:1 --password x --mix mail=1",
            " --server m --lineworks-token-s 10",
            " --server m --rate 100000 --duration-s 86400 --agents 5000",
        ] {
            assert!(parse(&format!("run{wrong}")).is_err(), "{wrong}");
        }
        assert_eq!(parse("run --server m --chats 3000 --agents 300 --windows 10 --pin-server 0 --pin-self 1"), Ok(()));
    }

    #[test]
    fn every_window_has_as_many_agents_as_it_has_places_for() {
        let line = "run --server m --agents 7 --windows 3 --watch 2";
        let options = Line::try_parse_from(line.split(' ')).expect("right").options;
        let mut agents = [0; 3];
        for agent in 0..7 {
            for window in options.windows_of(agent) {
                agents[window as usize] += 1;
            }
        }
        assert_eq!(agents.iter().sum::<u32>(), 14);
        assert!(agents.iter().all(|count| (1..=options.places()).contains(count)), "{agents:?}");
    }
}
