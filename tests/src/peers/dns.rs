//! A name server of our own (dnsmasq): the names that a test gives it, and no others.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use super::{free_port, program};

/// The name server, or where it will be. Stopped when dropped.
#[derive(Debug)]
pub struct Zone {
    /// Where it listens, on the loopback address.
    pub port: u16,
    server: Option<Child>,
    folder: tempfile::TempDir,
}

impl Zone {
    /// A place for one. Nobody answers there before [`Zone::publish`].
    ///
    /// # Panics
    /// There is no free port, or no folder.
    #[must_use]
    pub fn reserve() -> Self {
        Self { port: free_port(), server: None, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Knows these texts from now on, and nothing else.
    ///
    /// # Panics
    /// dnsmasq is not installed, or does not start.
    pub fn publish(&mut self, texts: &[(&str, &str)]) {
        self.stop();
        let mut settings = String::from(
            "no-resolv\nno-hosts\nbind-interfaces\nlisten-address=127.0.0.1\nlocal=/example/\nlocal=/jp/\nlocal-ttl=0\n",
        );
        for (name, text) in texts {
            // A string of a record has at most 255 bytes.
            let strings: Vec<&str> =
                text.as_bytes().chunks(250).map(|part| str::from_utf8(part).expect("ASCII")).collect();
            let _ = writeln!(settings, "txt-record={name},\"{}\"", strings.join("\",\""));
        }
        let file = self.folder.path().join("dnsmasq.conf");
        std::fs::write(&file, settings).expect("a file");
        let server = Command::new(program("dnsmasq"))
            .arg(format!("--conf-file={}", file.display()))
            .arg(format!("--port={}", self.port))
            .args(["--keep-in-foreground", "--pid-file=", "--user="])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.server = Some(server.expect("dnsmasq runs"));
        // It listens by TCP when it listens at all.
        for _ in 0..500 {
            if std::net::TcpStream::connect(self.address()).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("dnsmasq does not listen");
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Drop for Zone {
    fn drop(&mut self) {
        self.stop();
    }
}
