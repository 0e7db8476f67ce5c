//! `loadtest lineworks-double`: the LINE WORKS platform as a process.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use madoguchi_loadtest::lineworks::{LineWorksDouble, Options};
use serde_json::json;

/// Where it listens.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address of the interface, the token server and `/_double/`; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address of files.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen_storage: SocketAddr,
    /// Seconds that a token lives.
    #[arg(long, default_value_t = 86_400)]
    token_s: i64,
    /// Calls of one kind in a minute; unlimited when left out. The real platform allows 60 or 240.
    #[arg(long)]
    calls_a_minute: Option<usize>,
}

/// Prints one line of JSON with its addresses once they accept, and serves until the process gets SIGINT or SIGTERM.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    for address in [arguments.listen, arguments.listen_storage] {
        if !address.ip().is_loopback() {
            return Err(
                format!("{address} can be reached from other machines, and the control calls take no token").into()
            );
        }
    }
    let double = LineWorksDouble::start(Options {
        listen: arguments.listen,
        listen_storage: arguments.listen_storage,
        token_s: arguments.token_s,
        calls_a_minute: arguments.calls_a_minute,
        ..Options::default()
    })?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{}",
        json!({ "api": double.api_url(), "storage": double.storage_url(), "app": LineWorksDouble::app_of_all() })
    )?;
    out.flush()?;
    // Ended by its signal: a double keeps nothing that would have to be put away.
    loop {
        std::thread::park();
    }
}
