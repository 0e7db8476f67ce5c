//! A password or a mail goes over a way that somebody else reads, or a relay that does not let us in loses what waits for
//! it.

use std::path::{Path, PathBuf};

use madoguchi_loadtest::mail::post;
use madoguchi_tests::mailhouse::{MailHouse, TO};
use madoguchi_tests::peers::{Sink, SinkOptions, swaks};
use madoguchi_tests::world::{PATIENCE, wait_until};

const CUSTOMER: &str = "taro@far.example";

/// A certificate for these names, signed by an authority of its own; files of chain, key and the authority.
fn certificate(folder: &Path, names: &[&str]) -> (PathBuf, PathBuf, PathBuf) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    // By its own name: one that is called like its issuer counts as its own.
    authority.distinguished_name.push(rcgen::DnType::CommonName, "An authority");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, &authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let chain = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    (write("chain.pem", chain.pem()), write("key.pem", key.serialize_pem()), write("root.pem", root.pem()))
}

/// Settings of a relay that wants TLS and a login.
fn relay(port: u16, folder: &Path, root: Option<&Path>, password: &str) -> Vec<(&'static str, String)> {
    let file = folder.join("password");
    std::fs::write(&file, format!("{password}\n")).unwrap();
    let mut settings = MailHouse::relay(port);
    settings.retain(|(name, _)| *name != "MAIL__RELAY__TLS");
    settings.push(("MAIL__RELAY__TLS", "required".to_owned()));
    settings.push(("MAIL__RELAY__LOGIN", "desk".to_owned()));
    settings.push(("MAIL__RELAY__PASSWORD_FILE", file.display().to_string()));
    settings.extend(root.map(|root| ("MAIL__RELAY__ROOTS_FILE", root.display().to_string())));
    settings
}

async fn asked(house: &MailHouse) -> (String, u64) {
    let question =
        format!("From: {CUSTOMER}\r\nTo: {TO}\r\nMessage-ID: <1@far.example>\r\nSubject: help\r\n\r\nhello\r\n");
    assert!(post(house.listens("smtp"), CUSTOMER, &[TO], question.as_bytes()).await.starts_with("250"));
    let case = house.case().await;
    let epoch = house.sit(&case).await;
    let answer = house.answer(&case, epoch, "c1", "hello").await;
    (case, answer)
}

async fn guarded(folder: &Path, names: &[&str]) -> (Sink, PathBuf) {
    let (chain, key, root) = certificate(folder, names);
    let login = Some(("desk".to_owned(), "right 窓口".to_owned()));
    let sink = Sink::open(SinkOptions { certificate: Some((chain, key)), login, port: 0 }).await;
    (sink, root)
}

#[actix_rt::test]
async fn a_relay_that_wants_tls_and_a_login_gets_both() {
    let folder = tempfile::tempdir().unwrap();
    let (far, root) = guarded(folder.path(), &["127.0.0.1"]).await;
    let house = MailHouse::open(&relay(far.port, folder.path(), Some(&root), "right 窓口")).await;
    let (case, answer) = asked(&house).await;
    house.copies_stand(&case, answer, &["sent"]).await;
    let kept = far.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].tls, kept[0].login.as_str()), (true, "desk"));
}

#[actix_rt::test]
async fn a_wrong_password_is_shown_and_what_waits_is_kept_until_it_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (far, root) = guarded(folder.path(), &["127.0.0.1"]).await;
    let mut house = MailHouse::open(&relay(far.port, folder.path(), Some(&root), "wrong")).await;
    let (case, answer) = asked(&house).await;
    house.copies_stand(&case, answer, &["delayed"]).await;
    let (knocks, good) = far.knocks();
    assert!(knocks > 0 && good == 0 && far.kept().is_empty());
    let figures = reqwest::get(format!("{}/metrics", house.server.url())).await.unwrap().text().await.unwrap();
    assert!(figures.contains(r#"madoguchi_sends_total{call="copy",outcome="shut"} 1"#), "{figures}");
    // The administrator sees which account it is; nobody sees the password.
    let inboxes = house.owner.get("/api/v1/inboxes").await.ok();
    let inbox = inboxes["items"][0]["id"].as_str().unwrap();
    let health = house.owner.get(&format!("/api/v1/inboxes/{inbox}/health")).await.ok();
    assert_eq!(health["troubles"], serde_json::json!(["token_refused"]), "{health}");
    assert!(!house.server.log().contains("wrong"), "a password in the log");
    // Set right, it goes by itself when it is due.
    std::fs::write(folder.path().join("password"), "right 窓口\n").unwrap();
    house.server.kill9();
    house.back().await;
    let (_, state, _) = house.copies(&case, answer).await.remove(0);
    assert_eq!(state, "delayed", "it is kept");
    let next = house.answer(&case, house.sit(&case).await, "c2", "again").await;
    house.copies_stand(&case, next, &["sent"]).await;
}

#[actix_rt::test]
async fn a_certificate_of_somebody_else_gets_neither_password_nor_mail() {
    let folder = tempfile::tempdir().unwrap();
    // Of another name; of nobody whom we know.
    for (names, known) in [(["relay.elsewhere.example"].as_slice(), true), (["127.0.0.1"].as_slice(), false)] {
        let (far, root) = guarded(folder.path(), names).await;
        let root = known.then_some(root);
        let house = MailHouse::open(&relay(far.port, folder.path(), root.as_deref(), "right 窓口")).await;
        let (case, answer) = asked(&house).await;
        let copies = house.copies_stand(&case, answer, &["delayed"]).await;
        assert_eq!(copies[0].2, 0, "no server said it");
        let message = house.message(&case, answer).await;
        assert!(message["copies"][0]["detail"].as_str().unwrap().contains("certificate"), "{message}");
        assert_eq!(far.knocks().0, 0, "no password was said");
        assert!(far.kept().is_empty());
    }
}

#[actix_rt::test]
async fn a_relay_whose_offer_of_tls_was_taken_away_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let login = Some(("desk".to_owned(), "right".to_owned()));
    let far = Sink::open(SinkOptions { certificate: None, login, port: 0 }).await;
    let house = MailHouse::open(&relay(far.port, folder.path(), None, "right")).await;
    let (case, answer) = asked(&house).await;
    house.copies_stand(&case, answer, &["delayed"]).await;
    assert_eq!((far.knocks().0, far.kept().len()), (0, 0));
}

#[actix_rt::test]
async fn a_client_of_others_hands_over_by_starttls_and_sees_a_good_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key, root) = certificate(folder.path(), &["mx.desk.example"]);
    let settings = [
        ("MAIL_IN__TLS_CERT", chain.display().to_string()),
        ("MAIL_IN__TLS_KEY", key.display().to_string()),
        ("MAIL_IN__NAME", "mx.desk.example".to_owned()),
    ];
    let house = MailHouse::open(&settings).await;
    let port = house.listens("smtp").port();
    let root = root.display().to_string();
    for (version, subject) in [("tlsv1_2", "one"), ("tlsv1_3", "two")] {
        let subject = format!("Subject: {subject}");
        let args = ["--from", CUSTOMER, "--to", TO, "--header", &subject, "--body", "hello", "--tls"];
        let checks = ["--tls-protocol", version, "--tls-verify", "--tls-ca-path", &root];
        let args: Vec<&str> = args.into_iter().chain(checks).collect();
        let (taken, said) = swaks(port, &args);
        assert!(taken && said.contains("TLS started"), "{said}");
    }
    wait_until("both mails", PATIENCE, async || (house.subjects().await == ["one", "two"]).then_some(())).await;
    // What is older than TLS 1.2 is not spoken.
    let (taken, said) = swaks(port, &["--from", CUSTOMER, "--to", TO, "--tls", "--tls-protocol", "tlsv1_1"]);
    assert!(!taken, "{said}");
}
