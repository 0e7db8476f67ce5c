//! The program `loadtest`, as another process starts it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Ends the program when a test is over, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn loadtest(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn the_addresses_it_prints_are_those_it_answers_at() {
    let mut child = Running(loadtest(&["line-double", "--listen", "127.0.0.1:0"]).spawn().expect("the program starts"));
    let mut line = String::new();
    BufReader::new(child.0.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
    let addresses: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
    for (host, path, expected) in [("api", "/_double/channels", "200 OK"), ("data", "/v2/bot/info", "404 Not Found")] {
        let address = addresses[host].as_str().expect("an address").trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{host}: {answer}");
    }
}

#[test]
fn it_does_not_offer_its_controls_to_other_machines() {
    let output = loadtest(&["line-double", "--listen", "0.0.0.0:0"]).output().expect("the program starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("other machines"), "{output:?}");
}
