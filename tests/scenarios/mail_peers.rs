//! Mail goes wrong with the programs that really send it, or is lost when the server is killed while it comes in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use madoguchi_loadtest::mail::{Postman, post};
use madoguchi_tests::world::{Api, PATIENCE, Port, Server, SpawnOptions, wait_until};
use serde_json::Value;

const DOMAIN: &str = "in.desk.example";
const PASSWORD: &str = "correct horse battery staple";

/// A server that takes mail, with a window.
async fn desk() -> (Server, Api) {
    let set = |key: &str, value: &str| (format!("MADOGUCHI_{key}"), value.to_owned());
    let env = vec![
        set("PASSWORDS__WEAK_HASHES_FOR_TESTS", "true"),
        set("ENGINE__SEGMENT_BYTES", "4194304"),
        set("ENGINE__MIN_FREE_BYTES", "1048576"),
        set("MAIL__INBOUND_DOMAIN", DOMAIN),
        set("MAIL_IN__LISTEN_SMTP", "127.0.0.1:0"),
        set("MAIL_IN__LISTEN_LMTP", "127.0.0.1:0"),
        set("MAIL_IN__MAX_MAILS_PER_CONNECTION", "100000"),
        set("MAIL_IN__ASK_DNS", "false"),
    ];
    let server = Server::ready(SpawnOptions { env, ..SpawnOptions::default() }).await;
    server.add_user("owner", "owner", PASSWORD);
    let owner = server.api().login("owner", PASSWORD).await;
    owner.create_window("support", "サポート", 5).await.ok();
    (server, owner)
}

/// Where the server takes mail, by what it logged last.
fn listens(server: &Server, over: &str) -> SocketAddr {
    server.takes_mail(over)
}

/// The subjects of every mail of the window, sorted.
async fn subjects(api: &Api) -> Vec<String> {
    let mut subjects = Vec::new();
    let mut cursor = String::new();
    loop {
        let list = api.conversations("support", &format!("limit=100{cursor}")).await.ok();
        for row in list["items"].as_array().unwrap() {
            let messages = api.messages(row["id"].as_str().unwrap(), "limit=100").await.ok();
            let mails = messages["items"].as_array().unwrap().iter().filter(|it| it["content"]["type"] == "mail");
            subjects.extend(mails.map(|it| it["content"]["subject"].as_str().unwrap().to_owned()));
        }
        match list["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    subjects.sort();
    subjects
}

async fn raw_waiting(api: &Api) -> usize {
    api.get("/api/v1/windows/support/raw").await.ok()["items"].as_array().map_or(usize::MAX, Vec::len)
}

fn mail(n: usize) -> String {
    format!(
        "From: c{n}@example.jp\r\nTo: support@{DOMAIN}\r\nMessage-ID: <{n}@example.jp>\r\nDate: Sat, 21 Nov 2026 10:23:00 +0900\r\n\
         Subject: m{n:04}\r\n\r\n{}\r\n",
        "text ".repeat(2_000)
    )
}

#[actix_rt::test]
async fn a_kill_while_mail_comes_in_loses_none_that_was_accepted_and_doubles_none_that_comes_again() {
    let (mut server, _) = desk().await;
    let mut accepted = Vec::new();
    let mut next = 0;
    for round in 0..5_u64 {
        let smtp = listens(&server, "smtp");
        let killer = {
            let pid = server.pid().unwrap();
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(120 + 90 * round));
                let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            })
        };
        // What is not answered is handed over again, as every mail server does.
        let mut postman = Postman::connect(smtp).await;
        loop {
            let begun = postman.begin("EHLO", "c@example.jp", &[&format!("support@{DOMAIN}")]).await;
            if !begun.starts_with("354") || !postman.mail(mail(next).as_bytes()).await.starts_with("250") {
                break;
            }
            accepted.push(format!("m{next:04}"));
            next += 1;
        }
        killer.join().unwrap();
        server.kill9();
        server.restart(Port::Free);
        server.wait_ready().await;
        // The one whose answer was lost comes again.
        let smtp = listens(&server, "smtp");
        let answer = post(smtp, "c@example.jp", &[&format!("support@{DOMAIN}")], mail(next).as_bytes()).await;
        assert!(answer.starts_with("250"), "{answer}");
        accepted.push(format!("m{next:04}"));
        next += 1;
    }
    assert!(accepted.len() > 5, "some were accepted before each kill: {}", accepted.len());
    let api = server.api().login("owner", PASSWORD).await;
    let shown = wait_until("every mail to be shown", PATIENCE, async || {
        (raw_waiting(&api).await == 0).then_some(())?;
        let shown = subjects(&api).await;
        (shown.len() >= accepted.len()).then_some(shown)
    })
    .await;
    assert_eq!(shown, accepted, "each once");
    let ledger = server.run(&["ledger"]);
    assert!(!ledger.contains("fault"), "{ledger}");
}

/// A program of Debian's, where it is installed.
fn program(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().map(|dir| Path::new(dir).join(name)).find(|path| path.exists())
}

/// Postfix with settings of its own, in front of the server. Stopped when dropped.
struct Postfix {
    folder: tempfile::TempDir,
    master: Child,
    port: u16,
}

impl Postfix {
    fn start(program: &Path, lmtp: SocketAddr) -> Self {
        let folder = tempfile::Builder::new().prefix("madoguchi-postfix-").tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let (config, queue, data) = (at("config"), at("queue"), at("data"));
        open_to_all(folder.path());
        open_to_all(&config);
        let chown = |path: &Path| {
            let user = nix::unistd::User::from_name("postfix").unwrap().expect("the user of Postfix");
            nix::unistd::chown(path, Some(user.uid), None).unwrap();
        };
        chown(&data);
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmail_owner = postfix\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = mx.desk.example\nmydestination =\n\
             mynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\nlocal_recipient_maps =\n\
             maillog_file = {}/log\nmaillog_file_prefixes = {}\n\
             relay_domains = {DOMAIN}\ntransport_maps = inline:{{{DOMAIN}=lmtp:inet:127.0.0.1:{}}}\n\
             relay_recipient_maps =\nrecipient_delimiter = +\nmessage_size_limit = 41943040\n\
             smtpd_recipient_restrictions = reject_unauth_destination, reject_unverified_recipient\n\
             unverified_recipient_reject_code = 550\naddress_verify_negative_expire_time = 20s\naddress_verify_negative_refresh_time = 10s\n\
             local_header_rewrite_clients =\nminimal_backoff_time = 2s\nmaximal_backoff_time = 4s\nqueue_run_delay = 2s\n",
            queue.display(),
            data.display(),
            data.display(),
            folder.path().display(),
            lmtp.port(),
        );
        std::fs::write(config.join("main.cf"), main).unwrap();
        let service = "/usr/share/postfix/master.cf.dist";
        let master = std::fs::read_to_string(service).unwrap();
        let master: String = master
            .lines()
            .map(|line| {
                if line.starts_with("smtp      inet") {
                    format!("{port} inet n - n - - smtpd\n")
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        std::fs::write(config.join("master.cf"), master).unwrap();
        let run = |args: &[&str]| {
            let mut command = Command::new(program);
            command.arg("-c").arg(&config).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let _ = run(&["check"]).status();
        let master = run(&["start-fg"]).spawn().unwrap();
        Self { folder, master, port }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/log")).unwrap_or_default()
    }
}

/// Postfix's own users must be able to pass.
fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if let Some(program) = program("postfix") {
            let config = self.folder.path().join("config");
            let _ = Command::new(program)
                .arg("-c")
                .arg(config)
                .arg("stop")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

/// Runs swaks; whether the mail was taken, and the whole conversation.
fn swaks(program: &Path, port: u16, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(["--server", "127.0.0.1", "--port", &port.to_string(), "--timeout", "30"]).args(args);
    let out = command.output().unwrap();
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[actix_rt::test]
async fn postfix_hands_over_and_swaks_gets_the_right_answers() {
    let (Some(postfix), Some(client)) = (program("postfix"), program("swaks")) else {
        return eprintln!("SKIPPED: no Postfix or no swaks here; scripts/mail-peers.sh installs them");
    };
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("SKIPPED: Postfix starts as root only");
    }
    let (mut server, api) = desk().await;
    let front = Postfix::start(&postfix, listens(&server, "lmtp"));
    let to = format!("support@{DOMAIN}");
    let pdf = server.data_dir().join("見積.pdf");
    std::fs::write(&pdf, vec![b'x'; 9 << 20]).unwrap();
    let attach = format!("@{}", pdf.display());
    // Postfix needs a moment; then nine megabytes go through it.
    let args = [
        "--from",
        "taro@example.jp",
        "--to",
        &to,
        "--header",
        "Subject: first",
        "--body",
        "hello",
        "--attach",
        &attach,
    ];
    wait_until("Postfix to take a mail", PATIENCE, async || swaks(&client, front.port, &args).0.then_some(())).await;
    wait_until("the mail to be shown", PATIENCE, async || (subjects(&api).await == ["first"]).then_some(())).await;
    let list = api.conversations("support", "limit=1").await.ok();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let message = api.messages(&id, "limit=10").await.ok()["items"][0].clone();
    assert_eq!(message["content"]["attachments"][0]["bytes"], 9 << 20, "{message}");
    let part = message["content"]["attachments"][0]["url"].as_str().unwrap();
    assert_eq!(api.get(part).await.status, Some(200));
    let whole = api.get(message["content"]["whole_url"].as_str().unwrap()).await.ok();
    assert_eq!(whole["text"].as_str().unwrap().trim(), "hello");
    // Unknown windows are refused at the recipient, by Postfix and by us; nothing is relayed by either.
    for (to, code) in [(format!("nobody@{DOMAIN}"), "550"), ("x@elsewhere.example".to_owned(), "554")] {
        // Postfix answers 450 while it is still asking us, as it does to every sender's first try.
        wait_until("Postfix to have asked", PATIENCE, async || {
            let (taken, said) = swaks(&client, front.port, &["--from", "a@example.jp", "--to", &to]);
            assert!(!taken, "{said}");
            said.contains(&format!("<** {code}")).then_some(())
        })
        .await;
    }
    let direct = listens(&server, "smtp").port();
    for (to, code) in [(format!("nobody@{DOMAIN}"), "550 5.1.1"), ("x@elsewhere.example".to_owned(), "550 5.7.1")] {
        let (taken, said) = swaks(&client, direct, &["--from", "a@example.jp", "--to", &to]);
        assert!(!taken && said.contains(&format!("<** {code}")), "{said}");
    }
    // While we are down Postfix keeps what it takes; afterwards it is delivered, once.
    let (taken, said) =
        swaks(&client, front.port, &["--from", "a@example.jp", "--to", &to, "--header", "Subject: second"]);
    assert!(taken, "{said}");
    wait_until("the second", PATIENCE, async || (subjects(&api).await.len() == 2).then_some(())).await;
    server.kill9();
    let lmtp_port = front_port(&front);
    let (taken, said) =
        swaks(&client, front.port, &["--from", "a@example.jp", "--to", &to, "--header", "Subject: third"]);
    server.set_env("MADOGUCHI_MAIL_IN__LISTEN_LMTP", &format!("127.0.0.1:{lmtp_port}"));
    server.restart(Port::Free);
    server.wait_ready().await;
    let api = server.api().login("owner", PASSWORD).await;
    if taken {
        wait_until("the third", PATIENCE, async || (subjects(&api).await.len() == 3).then_some(())).await;
    } else {
        // The recipient could not be asked about: the sender keeps it.
        assert!(said.contains("<** 4"), "{said}\n{}", front.log());
        let args = ["--from", "a@example.jp", "--to", &to, "--header", "Subject: third"];
        wait_until("Postfix to take it", PATIENCE, async || swaks(&client, front.port, &args).0.then_some(())).await;
        wait_until("the third", PATIENCE, async || (subjects(&api).await.len() == 3).then_some(())).await;
    }
    assert_eq!(subjects(&api).await, ["first", "second", "third"], "{}", front.log());
    let mail: Value = api.get("/api/v1/windows/support/raw").await.ok();
    assert_eq!(mail["items"].as_array().unwrap().len(), 0);
}

/// Where Postfix hands over to.
fn front_port(front: &Postfix) -> u16 {
    let main = std::fs::read_to_string(front.folder.path().join("config/main.cf")).unwrap();
    let (_, rest) = main.split_once("lmtp:inet:127.0.0.1:").unwrap();
    rest.split('}').next().unwrap().parse().unwrap()
}
