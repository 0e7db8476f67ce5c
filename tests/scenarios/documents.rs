//! A document says what is not so.

use std::path::Path;
use std::process::{Command, Stdio};

use madoguchi_tests::world::{Server, SpawnOptions};

const PASSWORD: &str = "correct horse 42";

/// The shell of a document, and what it says will be printed: the comments at the ends of lines.
fn script(text: &str) -> (String, Vec<String>) {
    let mut lines: Vec<&str> = Vec::new();
    let mut is_shell = false;
    for line in text.lines() {
        match line {
            "```sh" => is_shell = true,
            "```" => is_shell = false,
            _ if is_shell => lines.push(line),
            _ => {}
        }
    }
    let promised = lines.iter().filter_map(|line| line.split_once("  # ").map(|(_, said)| said.trim().to_owned()));
    (lines.join("\n"), promised.collect())
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok()
}

/// The interface by example, run as anybody would who reads it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_the_interface_print_what_they_say() {
    for program in ["bash", "curl", "jq", "openssl"] {
        if !is_there(program) {
            eprintln!("SKIP: the examples need {program}");
            return;
        }
    }
    let env = [("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true"), ("MADOGUCHI_ENGINE__MIN_FREE_BYTES", "1048576")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let server = Server::ready(SpawnOptions { env, ..SpawnOptions::default() }).await;
    server.add_user("owner", "owner", PASSWORD);
    let page = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md"));
    let (shell, promised) = script(&std::fs::read_to_string(page).unwrap());
    assert!(promised.len() > 10, "{promised:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("bash");
    // The last refusal is wanted, and says so itself.
    command.args(["-euo", "pipefail", "-c", &shell]).current_dir(folder.path());
    command.env("base", server.url()).env("password", PASSWORD);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines, promised, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{output:?}");
}
