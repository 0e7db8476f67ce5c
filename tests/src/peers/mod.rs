//! Mail programs that we did not write, as tests meet them: Postfix, dnsmasq, swaks, aiosmtpd, dkimpy.
//!
//! `scripts/mail-peers.sh` installs them. A test whose peer is missing fails and says so: one that passes without its
//! second opinion would say nothing.

mod dns;
mod postfix;
mod sink;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use dns::Zone;
pub use postfix::Postfix;
pub use sink::{Kept, Sink, SinkOptions};

/// A program of Debian's.
///
/// # Panics
/// It is not installed.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let found = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().map(|dir| Path::new(dir).join(name));
    found.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no {name}: run scripts/mail-peers.sh"))
}

/// Python with the packages of `tests/peers/requirements.txt`.
fn python() -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let python = root.join("target/mail-peers/venv/bin/python");
    assert!(python.exists(), "no Python with dkimpy and aiosmtpd: run scripts/mail-peers.sh");
    Command::new(python)
}

/// A script of `tests/peers`.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// A port of the loopback address that nobody has, for both of IP's ways.
///
/// # Panics
/// There is none.
#[must_use]
pub fn free_port() -> u16 {
    std::iter::repeat_with(|| {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = tcp.local_addr().expect("an address").port();
        std::net::UdpSocket::bind(("127.0.0.1", port)).ok().map(|_| port)
    })
    .flatten()
    .next()
    .expect("without end")
}

/// Hands a mail over with swaks, as a stranger of another address than ours. Whether it was taken, and all that was said.
///
/// # Panics
/// swaks is not installed.
#[must_use]
pub fn swaks(port: u16, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(program("swaks"));
    command.args(["--server", "127.0.0.1", "--local-interface", "127.0.0.9", "--port", &port.to_string()]);
    let out = command.args(["--timeout", "30"]).args(args).output().expect("swaks runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.success(), said)
}

/// What dkimpy says of a mail's signature: `True`, or `False` and why. Keys come from the zone.
///
/// # Panics
/// dkimpy is not installed.
#[must_use]
pub fn dkimpy(mail: &[u8], zone: &Zone) -> String {
    judged(mail, &zone.port.to_string())
}

/// As [`dkimpy`], with the key's record in hand.
///
/// # Panics
/// dkimpy is not installed.
#[must_use]
pub fn dkimpy_with(mail: &[u8], record: &str) -> String {
    judged(mail, record)
}

fn judged(mail: &[u8], key: &str) -> String {
    let mut judge = python()
        .arg(script("judge.py"))
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python runs");
    judge.stdin.take().expect("piped").write_all(mail).expect("it reads");
    let said = judge.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
