//! `loadtest line-double`: the LINE platform as a process.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use madoguchi_loadtest::double::{Double, Options};
use serde_json::json;

/// Where it listens.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address of the messaging API and of `/_double/`; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address of the content API.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen_data: SocketAddr,
    /// Address of pictures of profiles and of content that is not LINE's own.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen_files: SocketAddr,
    /// Refuse media addresses of plain http, as LINE does, even on this machine.
    #[arg(long)]
    https_only: bool,
    /// What ids and the variety of webhooks are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Send webhooks compact and plain instead of varied.
    #[arg(long)]
    plain: bool,
}

/// Prints one line of JSON with its addresses once they accept, and serves until the process gets SIGINT or SIGTERM.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    for address in [arguments.listen, arguments.listen_data, arguments.listen_files] {
        if !address.ip().is_loopback() {
            return Err(
                format!("{address} can be reached from other machines, and the control calls take no token").into()
            );
        }
    }
    let double = Double::start(Options {
        api_listen: arguments.listen,
        data_listen: arguments.listen_data,
        files_listen: arguments.listen_files,
        plain_http_media: !arguments.https_only,
        seed: arguments.seed,
        variety: !arguments.plain,
        ..Options::default()
    })?;
    let addresses = json!({ "api": double.api_url(), "data": double.data_url(), "files": double.files_url() });
    let mut out = std::io::stdout();
    writeln!(out, "{addresses}")?;
    out.flush()?;
    // Ended by its signal: a double keeps nothing that would have to be put away.
    loop {
        std::thread::park();
    }
}
