//! That the operator is told too little, or too late.

use reqwest::Method;
use serde_json::json;

use super::server::{PASSWORD, Server, answer, madoguchi, user_add};

#[test]
fn every_wrong_setting_is_named_before_anything_is_opened() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("m.toml");
    std::fs::write(&file, "lisen = \"x\"\n[limits]\nsockets = \"many\"\n").expect("writable");
    for command in ["check-config", "serve"] {
        let output = madoguchi(&[command, "--config"])
            .arg(&file)
            .arg("--data-dir")
            .arg(dir.path().join("data"))
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(64), "{command}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("lisen: unknown key"), "{said}");
        assert!(said.contains("limits.sockets: expected a number"), "{said}");
        assert!(!dir.path().join("data").exists());
    }
    let output = madoguchi(&["serve", "--nonsense"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn the_printed_sample_is_a_valid_file() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("m.toml");
    let printed = madoguchi(&["print-default-config"]).output().expect("it runs");
    std::fs::write(&file, printed.stdout).expect("writable");
    let checked = madoguchi(&["check-config", "--config"]).arg(&file).output().expect("it runs");
    assert_eq!(checked.status.code(), Some(0));
}

#[actix_web::test]
async fn a_person_can_be_added_before_the_first_start() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = dir.path().join("data");
    assert!(user_add(&data, "owner", "owner", PASSWORD).success());
    assert_eq!(user_add(&data, "owner", "owner", PASSWORD).code(), Some(1));
    let server = Server::start_in(dir, &[]);
    server.log_in("owner").await;
}

#[actix_web::test]
async fn a_person_can_be_added_while_it_runs_and_a_weak_password_cannot() {
    let server = Server::start().await;
    let data = server.data_dir();
    assert_eq!(user_add(&data, "taro", "agent", "password").code(), Some(1));
    assert!(user_add(&data, "taro", "agent", PASSWORD).success());
    assert_eq!(user_add(&data, "taro", "agent", PASSWORD).code(), Some(1));
    server.log_in("taro").await;
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        let socket = data.join("admin.sock");
        std::fs::metadata(socket).expect("there").permissions().mode()
    };
    assert_eq!(mode & 0o777, 0o600);
}

#[actix_web::test]
async fn figures_count_by_pattern_and_never_by_id() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    owner.get("/api/v1/windows/secretid").await;
    let request = server.request(Method::from_bytes(b"BREW").expect("a method"), "/api/v1/windows");
    assert_eq!(answer(request).await.0, 405);
    let text = server.request(Method::GET, "/metrics").send().await.expect("an answer").text().await.expect("text");
    assert!(
        text.contains(r#"madoguchi_http_requests_total{method="GET",route="/api/v1/windows/{window}",status="404"} 1"#),
        "{text}"
    );
    assert!(!text.contains("secretid") && !text.contains("BREW"), "{text}");
    let (status, ready) = answer(server.request(Method::GET, "/readyz")).await;
    assert_eq!((status.as_u16(), &ready["ready"]), (200, &json!(true)));
}

#[actix_web::test]
async fn the_log_can_be_made_to_say_more_while_it_runs() {
    let server = Server::start().await;
    let data = server.data_dir();
    let level = |args: &[&str]| {
        let output = madoguchi(&["log-level", "--data-dir"]).arg(&data).args(args).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    assert_eq!(level(&[]), (Some(0), "info".to_owned()));
    answer(server.request(Method::GET, "/api/v1/before")).await;
    assert_eq!(level(&["madoguchi_web=nonsense"]).0, Some(1));
    assert_eq!(level(&[]), (Some(0), "info".to_owned()), "a wrong one changes nothing");
    assert_eq!(level(&["info,madoguchi_web=debug"]), (Some(0), "info,madoguchi_web=debug".to_owned()));
    answer(server.request(Method::GET, "/api/v1/windows")).await;
    assert_eq!(level(&["warn"]).0, Some(0));
    answer(server.request(Method::GET, "/api/v1/windows")).await;
    server.signal(nix::sys::signal::Signal::SIGTERM);
    let (status, log, _dir) = server.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(log.matches("answered").count(), 1, "{log}");
    let output = madoguchi(&["log-level", "--data-dir"]).arg(&data).output().expect("it runs");
    assert_eq!(output.status.code(), Some(69), "nobody there");
}

#[actix_web::test]
async fn a_program_that_runs_wild_is_slowed_and_no_desk_with_it() {
    let server = Server::start_with(&[("MADOGUCHI_LIMITS__TOKEN_REQUESTS_PER_SECOND", "1")]).await;
    let owner = server.log_in("owner").await;
    let (status, token) = owner.post("/api/v1/tokens", json!({"name": "export", "expires_in_days": 1})).await;
    assert_eq!(status, 201, "{token}");
    let secret = token["secret"].as_str().expect("told once");
    let ask = || server.request(Method::GET, "/api/v1/windows").bearer_auth(secret);
    let mut refused = None;
    for turn in 0..20 {
        let response = ask().send().await.expect("an answer");
        if response.status() == 429 {
            assert!(turn >= 10, "ten seconds' worth may come at once");
            refused = Some(response);
            break;
        }
        assert_eq!(response.status(), 200);
    }
    let refused = refused.expect("twenty at once are too many");
    assert!(refused.headers().contains_key("retry-after"));
    for _ in 0..30 {
        assert_eq!(owner.get("/api/v1/windows").await.0, 200);
    }
}
