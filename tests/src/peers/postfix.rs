//! Postfix with settings of its own, as `docs/mail.md` describes them: in front of the server, and its relay.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{free_port, program};

/// Postfix. Stopped when dropped.
#[derive(Debug)]
pub struct Postfix {
    /// Where it listens, on the loopback address.
    pub port: u16,
    folder: tempfile::TempDir,
    master: Child,
}

impl Postfix {
    /// Takes mail of these domains and hands it over by LMTP.
    ///
    /// # Panics
    /// As [`Postfix::start_at`].
    #[must_use]
    pub fn start(domains: &[&str], lmtp: SocketAddr) -> Self {
        Self::start_at(free_port(), domains, lmtp, &[])
    }

    /// As [`Postfix::start`], at a port that is known before. What comes from this machine's own address may go by these
    /// ways too: a domain, and the port on the loopback address where its mail is taken by SMTP.
    ///
    /// # Panics
    /// It is not installed, or the test does not run as root, without which it does not start.
    #[must_use]
    pub fn start_at(port: u16, domains: &[&str], lmtp: SocketAddr, ways: &[(&str, u16)]) -> Self {
        let ours = domains.iter().map(|domain| format!("{{{domain}=lmtp:inet:127.0.0.1:{}}}", lmtp.port()));
        let theirs = ways.iter().map(|(domain, port)| format!("{{{domain}=smtp:[127.0.0.1]:{port}}}"));
        Self::run(port, &domains.join(", "), &ours.chain(theirs).collect::<Vec<_>>().join(", "))
    }

    /// A hub at a port that is known before: takes mail of these domains and hands each over by LMTP at its own port.
    ///
    /// # Panics
    /// As [`Postfix::start_at`].
    #[must_use]
    pub fn hub(port: u16, ways: &[(&str, u16)]) -> Self {
        let domains: Vec<&str> = ways.iter().map(|(domain, _)| *domain).collect();
        let each = ways.iter().map(|(domain, port)| format!("{{{domain}=lmtp:inet:127.0.0.1:{port}}}"));
        Self::run(port, &domains.join(", "), &each.collect::<Vec<_>>().join(", "))
    }

    fn run(port: u16, domains: &str, ways: &str) -> Self {
        assert!(nix::unistd::geteuid().is_root(), "Postfix starts as root only");
        let folder = tempfile::Builder::new().prefix("madoguchi-postfix-").tempdir().expect("a temporary folder");
        let at = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            path
        };
        let (config, queue, data) = (at("config"), at("queue"), at("data"));
        open_to_all(folder.path());
        open_to_all(&config);
        let user = nix::unistd::User::from_name("postfix").expect("users").expect("the user of Postfix");
        nix::unistd::chown(&data, Some(user.uid), None).expect("root may");
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmail_owner = postfix\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = mx.desk.example\nmydestination =\n\
             mynetworks = 127.0.0.1/32\nalias_maps =\nalias_database =\nlocal_recipient_maps =\n\
             maillog_file = {}/log\nmaillog_file_prefixes = {}\n\
             relay_domains = {}\ntransport_maps = inline:{{{}}}\n\
             relay_recipient_maps =\nrecipient_delimiter = +\nmessage_size_limit = 41943040\n\
             smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n\
             smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination, reject_unverified_recipient\n\
             unverified_recipient_reject_code = 550\naddress_verify_negative_expire_time = 20s\n\
             address_verify_negative_refresh_time = 10s\nsmtpd_forbid_bare_newline = normalize\n\
             local_header_rewrite_clients =\n\
             minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\n\
             delay_warning_time = 4s\nmaximal_queue_lifetime = 8s\nbounce_queue_lifetime = 8s\n",
            queue.display(),
            data.display(),
            data.display(),
            folder.path().display(),
            domains,
            ways,
        );
        std::fs::write(config.join("main.cf"), main).expect("a file");
        let services = std::fs::read_to_string("/usr/share/postfix/master.cf.dist").expect("Debian's services");
        let services: String = services
            .lines()
            .map(|line| match line.starts_with("smtp      inet") {
                true => format!("{port} inet n - n - - smtpd\n"),
                false => format!("{line}\n"),
            })
            .collect();
        std::fs::write(config.join("master.cf"), services).expect("a file");
        let run = |what: &str| {
            let mut command = Command::new(program("postfix"));
            command.arg("-c").arg(&config).arg(what);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let _ = run("check").status();
        let master = run("start-fg").spawn().expect("Postfix runs");
        let postfix = Self { port, folder, master };
        for _ in 0..1_000 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return postfix;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("Postfix does not listen: {}", postfix.log());
    }

    /// Whether nothing waits in it.
    ///
    /// # Panics
    /// It is not installed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let queue =
            Command::new(program("postqueue")).arg("-c").arg(self.folder.path().join("config")).arg("-j").output();
        queue.expect("postqueue runs").stdout.is_empty()
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/log")).unwrap_or_default()
    }
}

/// Postfix's own users must be able to pass.
fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("our own folder");
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let stop = Command::new(program("postfix"))
            .arg("-c")
            .arg(self.folder.path().join("config"))
            .arg("stop")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let _ = (stop, self.master.kill(), self.master.wait());
    }
}
