//! Postfix: its own sink and source of mail (`smtp-sink`, `smtp-source`), and its server, which has every mail in its queue,
//! synced, before it says 250.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{free_port, installed, listening};
use crate::Outcome;
use crate::machine::on_server_core;
use crate::server::Process;

/// Something that takes mail.
pub struct MailPeer {
    /// Its process; of Postfix the master, whose children do the work.
    pub process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

/// One run of `smtp-source`: mails over connections that are kept, each sending its next mail when the last was answered.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Connections.
    pub sessions: usize,
    /// Mails, over all connections.
    pub mails: usize,
    /// Bytes of each, without its header.
    pub bytes: usize,
    /// Who gets them.
    pub to: &'a str,
}

impl Batch<'_> {
    /// Hands all of it over; how long it took. `None` where `smtp-source` is not installed.
    ///
    /// # Errors
    /// A mail was not taken.
    pub fn send(&self, address: &str) -> Outcome<Option<Duration>> {
        let Some(program) = installed("smtp-source") else { return Ok(None) };
        let mut command = Command::new(program);
        command.args(["-d", "-f", "taro@example.jp", "-M", "mx.example.jp", "-S", "bench"]);
        command.args(["-s", &self.sessions.to_string(), "-m", &self.mails.to_string(), "-l", &self.bytes.to_string()]);
        command.args(["-t", self.to, address]);
        let begun = Instant::now();
        let done = command.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
        let took = begun.elapsed();
        if done.status.success() {
            return Ok(Some(took));
        }
        Err(format!("smtp-source: {}", String::from_utf8_lossy(&done.stderr).trim()).into())
    }
}

/// `smtp-sink`, which throws away what it takes; `None` where it is not installed.
///
/// # Errors
/// It does not start.
pub async fn sink() -> Outcome<Option<MailPeer>> {
    let Some(program) = installed("smtp-sink") else { return Ok(None) };
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut command = on_server_core(&program);
    // Started by root it wants to be somebody else.
    if nix::unistd::geteuid().is_root() {
        command.args(["-u", "nobody"]);
    }
    command.args([&format!("inet:{address}"), "1000"]);
    let process = Process::new(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    listening(&address).await?;
    Ok(Some(MailPeer { process, address }))
}

/// Postfix's server in `dir`, where its queue is; what it has taken it delivers to nobody. `None` where it is not installed,
/// or this is not root, as whom alone it starts.
///
/// # Errors
/// It does not start.
pub async fn server(dir: &Path, domain: &str) -> Outcome<Option<MailPeer>> {
    use std::os::unix::fs::PermissionsExt as _;
    let (Some(program), true) = (installed("postfix"), nix::unistd::geteuid().is_root()) else { return Ok(None) };
    let Some(user) = nix::unistd::User::from_name("postfix")? else { return Ok(None) };
    let port = free_port()?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))?;
    let folder = |name: &str| {
        let path = dir.join(name);
        std::fs::create_dir_all(&path).map(|()| path)
    };
    let (config, queue, data) = (folder("config")?, folder("queue")?, folder("data")?);
    nix::unistd::chown(&data, Some(user.uid), None)?;
    let main = format!(
        "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmail_owner = postfix\n\
         maillog_file = {}/log\nmaillog_file_prefixes = {}\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
         myhostname = mx.bench.example\nmydestination =\nmynetworks = 127.0.0.1/32\nalias_maps =\nalias_database =\n\
         relay_domains = {domain}\nrelay_recipient_maps =\nrelay_transport = discard:\nin_flow_delay = 0\n",
        queue.display(),
        data.display(),
        data.display(),
        data.display(),
    );
    let master = format!(
        "127.0.0.1:{port} inet n - n - 100 smtpd\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n\
         rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\ndiscard unix - - n - - discard\nerror unix - - n - - error\n\
         retry unix - - n - - error\nproxymap unix - - n - - proxymap\nanvil unix - - n - 1 anvil\n\
         postlog unix-dgram n - n - 1 postlogd\n"
    );
    std::fs::write(config.join("main.cf"), main)?;
    std::fs::write(config.join("master.cf"), master)?;
    let mut command = on_server_core(&program);
    command.arg("-c").arg(&config).arg("start-fg");
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let address = format!("127.0.0.1:{port}");
    let process = Process::new(child);
    listening(&address).await?;
    Ok(Some(MailPeer { process, address }))
}
