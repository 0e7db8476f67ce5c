//! The demo does not start, nobody lives in it, or a second one spoils what the first one left.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use madoguchi_tests::world::{Api, built_program, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// A demo lives fast here; this is for a machine that does a hundred other things.
const PATIENCE: Duration = Duration::from_secs(90);

struct Demo {
    child: Child,
    out: BufReader<ChildStdout>,
    screen: String,
}

impl Demo {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(built_program("loadtest"));
        command.arg("demo").arg("--server").arg(built_program("madoguchi")).arg("--data-dir").arg(data);
        command.args("--listen 127.0.0.1:0 --phones 127.0.0.1:0 --pace 60 --seed 3".split(' '));
        command.env("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true");
        command.env("MADOGUCHI_ENGINE__MIN_FREE_BYTES", "1048576");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut demo = Self { child, out, screen: String::new() };
        while demo.screen.matches("────").count() < 2
            || !demo.screen.contains("Ctrl-C")
            || !demo.screen.ends_with("─\n")
        {
            let read = demo.out.read_line(&mut demo.screen).unwrap();
            assert!(read > 0, "it ended: {}", demo.screen);
        }
        demo
    }

    /// The word behind `label` on the first screen.
    fn word(&self, label: &str) -> String {
        let line = self.screen.lines().find(|line| line.contains(label)).unwrap_or_else(|| panic!("{}", self.screen));
        line.split(label).nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    }

    async fn agent(&self, login: &str) -> Api {
        Api::new(&self.word("Desk")).login(login, &self.word("password")).await
    }

    /// As Ctrl-C does.
    fn end(mut self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}", self.screen);
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Conversations by their customers' names.
async fn talks(agent: &Api) -> BTreeMap<String, Value> {
    let mut talks = BTreeMap::new();
    for status in ["new", "in_progress", "done"] {
        let page = agent.conversations("support", &format!("limit=100&status={status}")).await.ok();
        for row in page["items"].as_array().unwrap() {
            talks.insert(row["id"].as_str().unwrap().to_owned(), row.clone());
        }
    }
    talks
}

/// Who wrote the lines of a conversation: c for the customer, a for an answer.
async fn turns(agent: &Api, conversation: &str) -> String {
    let page = agent.messages(conversation, "limit=200").await.ok();
    let lines = page["items"].as_array().unwrap().iter();
    lines.map(|line| if line["direction"] == "inbound" { 'c' } else { 'a' }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_write_are_answered_answer_back_and_come_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Demo::start(&data);
    assert!(demo.screen.contains("owner") && demo.screen.contains("shown this once"), "{}", demo.screen);
    let hanako = demo.agent("hanako").await;
    wait_until("a dozen customers", PATIENCE, async || (talks(&hanako).await.len() == 12).then_some(())).await;
    // The colleague answers, the customer writes again, and comes back with a second matter, which is answered too.
    wait_until("a talk that goes to and fro", PATIENCE, async || {
        for id in talks(&hanako).await.keys() {
            let turns = turns(&hanako, id).await;
            if turns.contains("ca") && turns.matches("ac").count() >= 4 {
                return Some(());
            }
        }
        None
    })
    .await;
    // So does a newcomer, whom the customer answers.
    let mine = wait_until("a customer to take", PATIENCE, async || {
        for row in talks(&hanako).await.values().filter(|row| row["status"] == "new" && !row["waiting_since"].is_null())
        {
            let id = row["id"].as_str().unwrap();
            let claim = hanako.claim(id).await;
            if let Some(epoch) = claim.body["seat"]["epoch"].as_u64() {
                return Some((id.to_owned(), epoch, row["last_number"].as_u64().unwrap()));
            }
        }
        None
    })
    .await;
    hanako.send(&mine.0, "mine", mine.1, "お名前をお伺いできますでしょうか。").await.ok();
    wait_until("the customer's answer", PATIENCE, async || {
        let page = hanako.messages(&mine.0, &format!("after={}&limit=50", mine.2)).await.ok();
        let lines = page["items"].as_array().unwrap().clone();
        let asked = lines.iter().position(|line| line["client_id"] == "mine")?;
        lines[asked..].iter().any(|line| line["direction"] == "inbound").then_some(())
    })
    .await;
    let phones = Api::new(demo.word("Phones").trim_end_matches("/phone"));
    assert_eq!(phones.get("/phone").await.status, Some(200));
    let before = talks(&hanako).await.len();
    demo.end();

    let demo = Demo::start(&data);
    assert!(!demo.screen.contains("shown this once"), "{}", demo.screen);
    let hanako = demo.agent("hanako").await;
    let last = |talks: &BTreeMap<String, Value>| -> u64 {
        talks.values().map(|row| row["last_number"].as_u64().unwrap()).sum()
    };
    let then = last(&talks(&hanako).await);
    wait_until("the same customers to write on", PATIENCE, async || (last(&talks(&hanako).await) > then).then_some(()))
        .await;
    assert_eq!(talks(&hanako).await.len(), before, "the same customers, in the same conversations");
    let agents = hanako.get("/api/v1/agents").await.ok()["items"].as_array().unwrap().len();
    assert_eq!(agents, 4, "nobody is hired twice");
    demo.end();
}
