//! That an act with an administrator's or a supervisor's right is done unseen, or its trace is changed afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_web::router::{Access, ENTRIES};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::live::Live;
use super::rights::{RIGHTS, body_for};
use super::server::{Caller, Server, madoguchi};
use super::spine::desk;

/// The newest entry.
async fn newest(owner: &Caller<'_>) -> Value {
    owner.get("/api/v1/audit?limit=1").await.1["items"][0].clone()
}

/// The least role that an address needs where its caller is no member.
fn least_role(what: &str) -> Option<&'static str> {
    let row = RIGHTS.lines().find_map(|line| line.strip_prefix(&format!("| `{what}` |")))?;
    row.split('|').next().map(str::trim)
}

#[actix_web::test]
async fn every_address_with_more_than_a_desks_right_leaves_one_entry() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let admin = owner.add_agent("spare", "agent").await;
    let mut acts = 0;
    for (number, entry) in ENTRIES.iter().enumerate() {
        let what = format!("{} {}", entry.method, entry.path);
        let Access::Right(_) = entry.access else { continue };
        let is_more = ["supervisor", "administrator", "owner"].contains(&least_role(&what).unwrap_or("missing"));
        let changes = entry.method != Method::GET.as_str() || entry.path.ends_with("/export");
        // Uploads belong to who uploads; marks of what was read, and looks ahead, say nothing of what was done.
        let is_hint =
            entry.path == "/api/v1/files" || ["/read", "/preview"].iter().any(|end| entry.path.ends_with(end));
        // What names a conversation that is not there ends before anybody could act on it.
        let is_about_nothing = entry.path.contains("{conversation}");
        if !(is_more && changes) || is_hint || is_about_nothing {
            continue;
        }
        // Each on a window, an account and a person of its own, so that no act stands in the way of the next.
        let window = format!("w{number}");
        owner.add_window(&window).await;
        let inbox = owner.add_inbox(&window, "s").await;
        let agent = owner.add_agent(&format!("agent{number}"), "agent").await;
        owner.ask(Method::PUT, &format!("/api/v1/windows/{window}/agents/{admin}"), None).await;
        let (_, made) = owner.post("/api/v1/invitations", json!({"role": "agent"})).await;
        let path = entry
            .path
            .replace("{window}", &window)
            .replace("{agent}", &agent)
            .replace("{inbox}", &inbox)
            .replace("{invitation}", made["invitation"]["id"].as_str().expect("an id"));
        let path = path.split('/').map(|part| if part.starts_with('{') { "01ARZ3NDEKTSV4RRFFQ69G5FAV" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let before = newest(&owner).await["id"].clone();
        let method = Method::from_bytes(entry.method.as_str().as_bytes()).expect("a method");
        let request = owner.request(method.clone(), &path);
        let request = match body_for(&what) {
            Some(body) => request.json(&body),
            None => request,
        };
        let status = request.send().await.expect("an answer").status();
        let entry = newest(&owner).await;
        assert_ne!(entry["id"], before, "{what} left no entry: {status}");
        assert_eq!(entry["action"], json!(what), "{status}");
        let wanted = if status.is_success() { "done" } else { "refused" };
        assert_eq!(entry["outcome"], json!(wanted), "{what}: {status} {entry}");
        assert_eq!((&entry["actor"]["name"], &entry["from"]), (&json!("owner"), &json!("127.0.0.1")), "{what}");
        let (_, two) = owner.get("/api/v1/audit?limit=2").await;
        assert_eq!(two["items"][1]["id"], before, "{what} left more than one entry");
        if what.contains("{window}") {
            assert!(entry["objects"].to_string().contains(&format!("window:{window}")), "{what}: {entry}");
        }
        acts += 1;
    }
    assert!(acts >= 20, "{acts}");
    assert!(verify(&server.data_dir(), &[]).status.success());
}

#[actix_web::test]
async fn a_supervisors_act_leaves_an_entry_and_an_agents_own_work_does_not() {
    let server = Server::start().await;
    let (hanako, _, conversation) = desk(&server).await;
    let owner = server.log_in("owner").await;
    owner.add_agent("chief", "supervisor").await;
    let chief = server.log_in("chief").await;
    let before = newest(&owner).await;
    let path = |verb: &str| format!("/api/v1/conversations/{conversation}/{verb}");
    assert_eq!(hanako.post(&path("claim"), json!({})).await.0, 200);
    assert_eq!(hanako.post(&path("notes"), json!({"client_id": "n", "text": "秘密のメモ"})).await.0, StatusCode::OK);
    assert_eq!(newest(&owner).await, before, "a desk's own work is no act");

    let mut socket = Live::open(&chief).await;
    let taken = socket.command(&conversation, json!({"type": "takeover", "reason": "急ぎ"})).await;
    assert!(taken["ok"].is_object(), "{taken}");
    let entry = newest(&owner).await;
    assert_eq!((&entry["action"], &entry["outcome"]), (&json!("command takeover"), &json!("done")));
    assert_eq!(entry["objects"], json!([format!("conversation:{conversation}"), "window:sales"]));
    assert_eq!((&entry["actor"]["name"], &entry["from"]), (&json!("chief"), &json!("127.0.0.1")), "{entry}");
    assert_eq!(chief.post(&path("notes"), json!({"client_id": "n", "text": "秘密のメモ"})).await.0, StatusCode::OK);
    let entry = newest(&owner).await;
    assert_eq!(entry["action"], "command add_note", "by the role alone, in a window that is not theirs");
    assert!(!entry.to_string().contains("秘密"), "never what was said: {entry}");
    let refused = chief.post(&path("release"), json!({"seat_epoch": 99})).await;
    assert_eq!(refused.0, 409);
    let entry = newest(&owner).await;
    assert_eq!((&entry["outcome"], &entry["code"]), (&json!("refused"), &json!("seat_stale")));
}

#[actix_web::test]
async fn administrators_find_what_they_look_for_page_by_page_and_as_a_file() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    let id = owner.add_agent("hanako", "administrator").await;
    let hanako = server.log_in("hanako").await;
    for name in ["花子", "=1+1", "花子2"] {
        let patch = json!({"name": name});
        assert_eq!(owner.ask(Method::PATCH, &format!("/api/v1/agents/{id}"), Some(patch)).await.0, 200);
    }
    let (_, made) = hanako.post("/api/v1/tokens", json!({"name": "t", "scopes": ["windows"]})).await;
    let token = made["token"]["id"].as_str().expect("an id").to_owned();
    let bearer = format!("Bearer {}", made["secret"].as_str().expect("shown once"));
    let patch = server.request(Method::PATCH, "/api/v1/windows/sales/settings").header("authorization", bearer);
    assert_eq!(super::server::answer(patch.json(&json!({"auto_close_ms": 0}))).await.0, 200);

    let find = async |query: &str| {
        let (status, found) = owner.get(&format!("/api/v1/audit?{query}")).await;
        assert_eq!(status, 200, "{query}: {found}");
        found["items"].as_array().cloned().expect("a list")
    };
    let renamed = find(&format!("action=PATCH%20/api/v1/agents&object=agent:{id}")).await;
    assert_eq!(renamed.len(), 3);
    assert_eq!(renamed[2]["changes"], json!([{"field": "name", "before": "hanako", "after": "花子"}]));
    let by_hanako = find(&format!("actor={id}")).await;
    assert_eq!(by_hanako.len(), 2);
    assert_eq!(by_hanako[0]["actor"]["token"], json!(token));
    let changes = json!([{"field": "settings.auto_close_ms", "before": "1209600000", "after": "0"}]);
    assert_eq!(by_hanako[0]["changes"], changes, "what changed, and nothing else");
    let greeting = json!({"greeting": "ようこそ"});
    let (_, mut answers) = owner.get("/api/v1/windows/sales/answers").await;
    answers["greeting"] = greeting["greeting"].clone();
    assert_eq!(owner.ask(Method::PUT, "/api/v1/windows/sales/answers", Some(answers)).await.0, 200);
    assert_eq!(newest(&owner).await["changes"][0]["after"], "ようこそ", "whatever page of a window it is");
    assert_eq!(find("actor=operator").await[0]["action"], "operator user add");
    let at = |entry: &Value| entry["at"].as_str().expect("a time").to_owned();
    let (first, last) = (at(&renamed[2]), at(&by_hanako[0]));
    let between = find(&format!("from={first}&to={last}")).await;
    assert!(between.contains(&renamed[0]) && !between.contains(&by_hanako[0]), "{between:?}");
    assert!(find("to=2020-01-01T00:00:00Z").await.is_empty() && find("from=2999-01-01T00:00:00Z").await.is_empty());

    let all = find("limit=200").await;
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = owner.get(&format!("/api/v1/audit?limit=2{cursor}")).await;
        paged.extend(page["items"].as_array().cloned().expect("a list"));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, all, "no entry twice, none left out");
    for wrong in ["limit=0", "limit=201", "actor=x", "from=yesterday", "cursor=x", "colour=red"] {
        assert_eq!(owner.get(&format!("/api/v1/audit?{wrong}")).await.0, 422, "{wrong}");
    }

    let file = async |query: &str| {
        let response =
            owner.request(Method::GET, &format!("/api/v1/audit/export{query}")).send().await.expect("an answer");
        let disposition = response.headers()["content-disposition"].to_str().expect("text").to_owned();
        (disposition, response.text().await.expect("a file"))
    };
    let (_, lines) = file("?format=jsonl").await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[1..], all, "the file is the list");
    assert_eq!(lines[0]["action"], "GET /api/v1/audit/export", "and that it was taken is an entry");
    assert_eq!(newest(&owner).await, lines[0]);
    let (disposition, csv) = file(&format!("?object=agent:{id}")).await;
    assert_eq!(disposition, "attachment; filename=\"audit.csv\"");
    assert!(csv.starts_with('\u{feff}') && csv.contains("name: 花子 → =1+1"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 4);
}

fn verify(data: &Path, heads: &[&str]) -> Output {
    let mut command = madoguchi(&["audit", "verify", "--data-dir"]);
    command.arg(data);
    heads.iter().for_each(|head| {
        command.args(["--head", head]);
    });
    command.output().expect("it runs")
}

/// The lines of an export, those of the audit log by their positions and the others as they are.
struct Lines {
    others: Vec<Value>,
    log: BTreeMap<u64, Value>,
}

impl Lines {
    fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("an export");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let payload = |line: &Value| STANDARD.decode(line["payload"].as_str().expect("text")).expect("base64");
        let is_log = |line: &Value| {
            payload(line).windows(8).any(|part| part == b"/api/v1/")
                || payload(line).windows(9).any(|part| part == b"operator ")
        };
        let stream = lines.iter().find(|line| is_log(line)).expect("a log")["stream"].clone();
        let (log, others) = lines.into_iter().partition::<Vec<_>, _>(|line| line["stream"] == stream);
        let log = log.into_iter().map(|line| (line["position"].as_u64().expect("a number"), line)).collect();
        Self { others, log }
    }

    /// Brings them into a new store, numbered without a gap, and checks its log there.
    fn verify(&self, heads: &[&str]) -> Output {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("export.jsonl");
        let mut lines = self.others.clone();
        for (number, line) in self.log.values().enumerate() {
            let mut line = line.clone();
            line["position"] = json!(number + 1);
            lines.push(line);
        }
        let text: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&file, text.concat()).expect("writable");
        let data = dir.path().join("data");
        let imported = madoguchi(&["journal", "import", "--data-dir"]).arg(&data).arg("--from").arg(&file).output();
        let imported = imported.expect("it runs");
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        verify(&data, heads)
    }
}

/// Somebody with the store in their hands changes the log, makes every checksum right and numbers it anew.
#[actix_web::test]
async fn who_alters_removes_or_moves_an_entry_is_found_out() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    for number in 0..2 {
        owner.add_window(&format!("w{number}")).await;
    }
    let running = verify(&server.data_dir(), &[]);
    assert!(running.status.success(), "while it runs");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let (_, _, dir) = server.wait();
    let data = dir.path().join("data");
    let sound = verify(&data, &[]);
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert!(sound.status.success() && said == String::from_utf8_lossy(&running.stdout), "{said}");
    let head = said.trim().rsplit(' ').next().expect("the newest entry").to_owned();

    let export = dir.path().join("export.jsonl");
    let exported = madoguchi(&["journal", "export", "--data-dir"]).arg(&data).arg("--to").arg(&export).output();
    assert!(exported.expect("it runs").status.success());
    let lines = Lines::read(&export);
    let entries: u64 = head.split(':').next().and_then(|text| text.parse().ok()).expect("a place");
    assert_eq!(entries, 6, "begun and ended: one person, two windows");
    assert!(lines.verify(&[&head]).status.success(), "untouched, it is sound in another store too");

    let tampered = |change: &dyn Fn(&mut BTreeMap<u64, Value>)| {
        let mut log = lines.log.clone();
        change(&mut log);
        Lines { others: lines.others.clone(), log }
    };
    let mut found = 0;
    for at in 1..=entries {
        for (what, tampered) in [
            ("removed", tampered(&|log| drop(log.remove(&at)))),
            (
                "moved",
                tampered(&|log| {
                    let other = if at == 1 { 2 } else { at - 1 };
                    let (a, b) = (log[&at].clone(), log[&other].clone());
                    log.insert(at, b);
                    log.insert(other, a);
                }),
            ),
            (
                "altered",
                tampered(&|log| {
                    let line = log.get_mut(&at).expect("there");
                    let mut payload = STANDARD.decode(line["payload"].as_str().expect("text")).expect("base64");
                    let place = payload
                        .windows(3)
                        .position(|part| [b"127", b"own", b"ope"].iter().any(|word| part == *word))
                        .expect("a word");
                    payload[place] ^= 1;
                    line["payload"] = json!(STANDARD.encode(payload));
                }),
            ),
        ] {
            let output = tampered.verify(&[&head]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(1), "entry {at} {what}: {said}");
            assert!(said.starts_with("the audit log is damaged: "), "{said}");
            found += 1;
        }
    }
    assert_eq!(found, 3 * entries);
    let cut = tampered(&|log| log.retain(|position, _| *position < entries));
    assert!(String::from_utf8_lossy(&cut.verify(&[&head]).stdout).contains("was written once"), "a cut end is named");
}

/// The mark beside the journal tells of an end that was cut off with the file system's own means.
#[actix_web::test]
async fn a_log_that_lost_its_end_is_found_out_by_the_mark_beside_it() {
    let server = Server::start().await;
    let data = server.data_dir();
    let mark = std::fs::read_to_string(data.join("audit.mark")).expect("written with the first act");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let (_, _, dir) = server.wait();
    let data = dir.path().join("data");
    let (position, hash) = mark.split_once(':').expect("a place");
    let ahead = position.parse::<u64>().expect("a number") + 2;
    std::fs::write(data.join("audit.mark"), format!("{ahead}:{hash}")).expect("writable");
    let output = verify(&data, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::write(data.join("audit.mark"), mark).expect("writable");
    assert!(verify(&data, &[]).status.success());
    let wrong = verify(&data, &["1:00"]);
    assert!(!wrong.status.success(), "what is no place is refused");
}
