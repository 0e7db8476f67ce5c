//! A mail is lost, shown twice, shown in a stranger's case, or read otherwise than it came.

use std::net::SocketAddr;
use std::path::Path;

use madoguchi_engine::channels::mail::ids::{MailIds, OwnMail};
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, Status};
use madoguchi_engine::domain::id::{AgentId, ConversationId, WindowId};
use madoguchi_engine::domain::mail::{Mail, MailMark, PartPlace};
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::org::{self, CompanyAddress, Forwarding, InboxSettings};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::window::RawReason;
use madoguchi_engine::mail_server::{MailListen, MailServer};
use madoguchi_engine::rows::{ListQuery, MessagesQuery, Place};
use madoguchi_engine::{Clock, Handle};
use madoguchi_loadtest::mail::{Postman, post};
use madoguchi_tests::inside::{A, config, start, window};
use madoguchi_tests::world::{PATIENCE, wait_until};

const DOMAIN: &str = "in.desk.example";
const TO: &str = "support@in.desk.example";

/// An engine that takes mail, with two windows.
struct Desk {
    engine: Handle,
    server: MailServer,
    smtp: SocketAddr,
    ids: MailIds,
}

fn settings(dir: &Path) -> Config {
    let mut config = config(dir, &Clock::System);
    config.mail_out.inbound_domain = DOMAIN.to_owned();
    config.mail_out.resolvers = vec!["127.0.0.1:9".parse().unwrap()];
    config.mail_in.ask_dns = false;
    config
}

impl Desk {
    async fn open(dir: &Path) -> Self {
        let engine = start(settings(dir)).await;
        let by = By::Operator;
        if engine.window(&window()).is_none() {
            for (id, name) in [(window(), "サポート"), (sales(), "販売")] {
                engine.create_window(by, id, name.to_owned(), 5).await.unwrap();
            }
        }
        engine.provide_mail().await.unwrap();
        let here = Some("127.0.0.1:0".to_owned());
        let listen = MailListen { smtp: here.clone(), lmtp: here, name: DOMAIN.to_owned(), ..MailListen::default() };
        let server = engine.serve_mail(listen).unwrap();
        let smtp = server.smtp.unwrap();
        Self { engine, server, smtp, ids: MailIds::open(dir).unwrap() }
    }

    async fn close(self) {
        self.server.stop().await;
        self.engine.stop().await;
    }

    async fn conversations(&self, of: &WindowId) -> Vec<ConversationId> {
        let query = ListQuery { windows: vec![of.clone()], limit: 50, ..ListQuery::default() };
        let mut ids: Vec<_> =
            self.engine.conversations(query).await.unwrap().items.into_iter().map(|row| row.state.id).collect();
        ids.sort();
        ids
    }

    async fn mails(&self, of: ConversationId) -> Vec<Mail> {
        let query = MessagesQuery { place: Place::Newest, limit: 50 };
        let rows = self.engine.messages(of, query).await.unwrap().items;
        rows.into_iter()
            .map(|row| match row.content {
                Content::Mail(mail) => *mail,
                other => panic!("no mail: {other:?}"),
            })
            .collect()
    }

    /// Until nothing waits but what waits for a person.
    async fn settled(&self) -> Vec<RawReason> {
        wait_until("mail to be read", PATIENCE, async || {
            let mut waiting = self.engine.raw_bodies(&window()).await.ok()?;
            waiting.extend(self.engine.raw_bodies(&sales()).await.ok()?);
            let reasons: Vec<_> = waiting.into_iter().map(|row| row.why).collect();
            reasons.iter().all(|why| why.waits_for_a_person()).then_some(reasons)
        })
        .await
    }

    /// Hands a mail over and waits until it is read; answers with the window's only conversation.
    async fn only(&self, raw: &str) -> ConversationId {
        assert!(post(self.smtp, "taro@example.jp", &[TO], raw.as_bytes()).await.starts_with("250"));
        assert_eq!(self.settled().await, []);
        let all = self.conversations(&window()).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all[0]
    }
}

fn sales() -> WindowId {
    WindowId::new("sales").unwrap()
}

fn mail(id: &str, more: &str, text: &str) -> String {
    format!(
        "From: Taro <taro@example.jp>\r\nTo: {TO}, c@example.jp\r\nMessage-ID: <{id}@example.jp>\r\n\
         Date: Sat, 21 Nov 2026 10:23:00 +0900\r\nSubject: =?UTF-8?B?6L+U5ZOB?=\r\n{more}\r\n{text}\r\n"
    )
}

#[actix_rt::test]
async fn a_mail_is_shown_as_it_came_with_all_that_hangs_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let raw = mail("1", "Content-Type: multipart/mixed; boundary=b\r\n", "").replace(
        "\r\n\r\n\r\n",
        "\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>返したい<img src=\"https://t.example/p.gif\">\
         <script>alert(1)</script></p>\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n.dot\r\n--b--\r\n",
    );
    let id = desk.only(&raw).await;
    let row = desk.engine.conversation(id).await.unwrap();
    assert_eq!(row.state.external_id, "taro@example.jp");
    assert_eq!(row.state.context.clone().unwrap().subject.as_deref(), Some("返品"));
    let mails = desk.mails(id).await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("返品", "返したい"));
    assert_eq!((mail.parts[0].name.as_str(), mail.parts[0].bytes), ("a.pdf", 10));
    let file = mail.file.as_ref().unwrap().id;
    let (note, mut bytes) = desk.engine.file(file).await.unwrap();
    let mut kept = String::new();
    std::io::Read::read_to_string(&mut bytes, &mut kept).unwrap();
    assert_eq!(kept, raw, "the original is what came, byte for byte");
    assert_eq!(note.purpose.conversation(), Some(id), "whoever may read the conversation may read it");
    let (_, (part, bytes)) = desk.engine.mail_part(file, mail.parts[0].place.clone()).await.unwrap();
    assert_eq!((part.name.as_str(), &bytes[..]), ("a.pdf", &b"%PDF\r\n.dot"[..]));
    assert!(desk.engine.mail_part(file, PartPlace::Inside(99)).await.is_err());
    let (_, document) = desk.engine.mail_document(file, false).await.unwrap();
    assert!(document.contains("返したい") && !document.contains("script") && !document.contains("t.example"));
    let (_, document) = desk.engine.mail_document(file, true).await.unwrap();
    assert!(document.contains("https://t.example/p.gif"), "asked for");
    desk.close().await;
}

#[actix_rt::test]
async fn the_same_mail_twice_is_shown_once_and_a_copied_id_hides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let raw = mail("1", "", "text");
    let id = desk.only(&raw).await;
    // As a sender does that has not heard the answer, and as a forwarder does that adds its line.
    assert_eq!(desk.only(&raw).await, id);
    assert_eq!(desk.only(&format!("Received: from x by y\r\n{raw}")).await, id);
    assert_eq!(desk.mails(id).await.len(), 1);
    let other = mail("1", "", "other").replace("10:23:00", "10:24:00");
    assert!(post(desk.smtp, "taro@example.jp", &[TO], other.as_bytes()).await.starts_with("250"));
    desk.settled().await;
    assert_eq!(desk.conversations(&window()).await.len(), 2, "another mail with a copied id");
    desk.close().await;
}

#[actix_rt::test]
async fn a_mail_to_two_windows_is_in_both_and_lmtp_hears_about_each() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let mut postman = Postman::connect(desk.server.lmtp.unwrap()).await;
    let to = [TO, "nobody@in.desk.example", "Sales+x@IN.desk.example", "a@elsewhere.example"];
    assert!(postman.begin("LHLO", "taro@example.jp", &to).await.starts_with("354"));
    let big = "0123456789\r\n".repeat(60_000);
    assert!(postman.mail(mail("1", "", &big).as_bytes()).await.starts_with("250"));
    assert!(postman.answer().await.starts_with("250"), "one answer for each that was accepted");
    assert!(postman.say("QUIT").await.starts_with("221"));
    desk.settled().await;
    for of in [window(), sales()] {
        let all = desk.conversations(&of).await;
        assert_eq!(all.len(), 1);
        let file = desk.mails(all[0]).await[0].file.clone().unwrap();
        let (_, whole) = desk.engine.whole_mail(file.id).await.unwrap();
        assert!(whole.text.len() > 600_000);
    }
    desk.close().await;
}

#[actix_rt::test]
async fn an_answer_finds_its_case_by_what_we_signed_and_by_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let first = desk.only(&mail("1", "", "one")).await;
    let ours = desk.ids.message_id(OwnMail { conversation: first, number: 7 }, DOMAIN);
    // By a mail of ours, however deep; by an id of their own.
    assert_eq!(desk.only(&mail("2", &format!("In-Reply-To: <{ours}>\r\n"), "two")).await, first);
    assert_eq!(
        desk.only(&mail("3", &format!("In-Reply-To: <x@y>\r\nReferences: <{ours}> <x@y>\r\n"), "three")).await,
        first
    );
    assert_eq!(desk.only(&mail("4", "References: <1@example.jp>\r\n", "four")).await, first);
    // Somebody who got the mail joins by its id.
    let colleague = mail("5", "In-Reply-To: <1@example.jp>\r\n", "five").replace("Taro <taro@", "C <c@");
    assert_eq!(desk.only(&colleague).await, first);
    let marks: Vec<_> = desk.mails(first).await.iter().map(|mail| mail.is(MailMark::Stranger)).collect();
    assert_eq!(marks, [false; 5]);
    // A stranger with the address of the case joins, and is told apart.
    let stranger = mail("6", "", "six").replace("Taro <taro@", "S <s@");
    let address = format!("support+{}@{DOMAIN}", desk.ids.reply_detail(first));
    assert!(post(desk.smtp, "s@example.jp", &[&address], stranger.as_bytes()).await.starts_with("250"));
    desk.settled().await;
    assert!(desk.mails(first).await.last().unwrap().is(MailMark::Stranger));
    // Who knows a stranger's id, guesses an address, or writes the same subject has a case of their own.
    for (id, more, to) in [
        ("7", "In-Reply-To: <1@example.jp>\r\n", TO),
        ("8", "", "support+caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@in.desk.example"),
        ("9", "In-Reply-To: <m.aaaa@in.desk.example>\r\n", TO),
    ] {
        let raw = mail(id, more, "x").replace("Taro <taro@", "T <t@");
        assert!(post(desk.smtp, "t@example.jp", &[to], raw.as_bytes()).await.starts_with("250"));
        desk.settled().await;
    }
    assert_eq!(desk.conversations(&window()).await.len(), 4);
    assert_eq!(desk.mails(first).await.len(), 6);
    // A case of another window is none here.
    let raw = mail("10", &format!("In-Reply-To: <{ours}>\r\n"), "x");
    assert!(post(desk.smtp, "taro@example.jp", &["sales@in.desk.example"], raw.as_bytes()).await.starts_with("250"));
    desk.settled().await;
    assert_eq!(desk.conversations(&sales()).await.len(), 1);
    desk.close().await;
}

#[actix_rt::test]
async fn somebody_absent_opens_no_case_and_makes_none_wait() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let absent = "Auto-Submitted: auto-replied\r\n";
    assert!(post(desk.smtp, "", &[TO], mail("0", absent, "away").as_bytes()).await.starts_with("250"));
    assert_eq!(desk.settled().await, []);
    assert_eq!(desk.conversations(&window()).await, []);
    let id = desk.only(&mail("1", "", "question")).await;
    let agent = agent(&desk).await;
    let epoch = desk.engine.command(By::Agent(agent), id, Command::Claim { agent }).await.unwrap().row.state.seat.epoch;
    desk.engine.command(By::Agent(agent), id, Command::Complete { agent, seat_epoch: epoch }).await.unwrap();
    let more = format!("{absent}In-Reply-To: <1@example.jp>\r\n");
    assert!(post(desk.smtp, "", &[TO], mail("2", &more, "away").as_bytes()).await.starts_with("250"));
    desk.settled().await;
    let row = desk.engine.conversation(id).await.unwrap();
    assert_eq!((row.state.status, row.state.last_number), (Status::Done, 2), "shown, and nobody has to do anything");
    assert_eq!(desk.only(&mail("3", "In-Reply-To: <1@example.jp>\r\n", "really")).await, id);
    assert_eq!(desk.engine.conversation(id).await.unwrap().state.status, Status::New);
    desk.close().await;
}

async fn agent(desk: &Desk) -> AgentId {
    let agent = org::Agent {
        id: A,
        login: "a".to_owned(),
        name: "a".to_owned(),
        role: org::Role::Agent,
        password_hash: String::new(),
        disabled: false,
        created_at: madoguchi_engine::domain::time::Timestamp(0),
        icon_url: None,
    };
    let by = By::Operator;
    desk.engine.org_command(by, org::Command::CreateAgent(agent)).await.unwrap();
    let add = madoguchi_engine::domain::window::Command::AddAgent { agent: A };
    desk.engine.window_command(by, &window(), add).await.unwrap();
    A
}

#[actix_rt::test]
async fn what_goes_in_circles_or_cannot_be_read_waits_for_a_person_and_is_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let looped = mail("1", &format!("X-Madoguchi-Loop: {}\r\n", desk.ids.instance()), "x");
    let ours = mail("2", "", "x").replace("taro@example.jp>", "sales@in.desk.example>");
    let hops = mail("3", &"Received: from a by b\r\n".repeat(51), "x");
    let nobody = "Subject: x\r\n\r\nfrom nobody\r\n";
    for raw in [looped.as_str(), &ours, &hops, nobody] {
        assert!(post(desk.smtp, "", &[TO], raw.as_bytes()).await.starts_with("250"));
    }
    let mut reasons = desk.settled().await;
    reasons.sort_by_key(|why| format!("{why:?}"));
    assert_eq!(reasons, [RawReason::Loop, RawReason::Loop, RawReason::Loop, RawReason::Unparsable]);
    assert_eq!(desk.conversations(&window()).await, []);
    // Looking again changes nothing, and loses nothing.
    for row in desk.engine.raw_bodies(&window()).await.unwrap() {
        assert!(desk.engine.replay_raw(By::Operator, &window(), row.raw).await.unwrap().stored_whole);
    }
    assert_eq!(desk.settled().await.len(), 4);
    desk.close().await;
}

#[actix_rt::test]
async fn a_forwarder_that_makes_a_new_mail_does_not_become_the_customer() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let inbox = desk.engine.org().inboxes.values().find(|inbox| inbox.window == window()).cloned().unwrap();
    let InboxSettings::Mail(mut settings) = inbox.settings.clone() else { panic!("mail") };
    settings
        .addresses
        .push(CompanyAddress { address: "help@example.co.jp".to_owned(), forwarding: Forwarding::Unconfirmed });
    let changed = org::Inbox { settings: InboxSettings::Mail(settings), ..inbox };
    desk.engine.org_command(By::Operator, org::Command::ChangeInbox(changed)).await.unwrap();
    let forwarded = mail("1", "", "x").replace("Taro <taro@example.jp>", "help@example.co.jp");
    assert!(post(desk.smtp, "help@example.co.jp", &[TO], forwarded.as_bytes()).await.starts_with("250"));
    assert_eq!(desk.settled().await, [RawReason::Forwarder]);
    let named = mail("2", "X-Original-From: Hanako <hanako@example.jp>\r\n", "x")
        .replace("Taro <taro@example.jp>", "help@example.co.jp");
    assert!(post(desk.smtp, "help@example.co.jp", &[TO], named.as_bytes()).await.starts_with("250"));
    desk.settled().await;
    let all = desk.conversations(&window()).await;
    assert_eq!(desk.engine.conversation(all[0]).await.unwrap().state.external_id, "hanako@example.jp");
    assert!(desk.mails(all[0]).await[0].is(MailMark::Forwarded));
    desk.close().await;
}

#[actix_rt::test]
async fn what_is_stored_is_read_after_a_restart_and_no_file_is_left_over() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let first = desk.only(&mail("1", "", "one")).await;
    desk.close().await;
    let desk = Desk::open(dir.path()).await;
    assert_eq!(desk.only(&mail("2", "In-Reply-To: <1@example.jp>\r\n", "two")).await, first);
    assert_eq!(desk.only(&mail("1", "", "one")).await, first, "the repetition is known after a restart");
    assert_eq!(desk.mails(first).await.len(), 2);
    let files = std::fs::read_dir(dir.path().join("content/files")).unwrap();
    let names: Vec<_> = files.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "two mails, a note beside each: {names:?}");
    desk.close().await;
}

#[actix_rt::test]
async fn a_full_disk_leaves_mail_with_its_sender() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    desk.close().await;
    let mut full = settings(dir.path());
    full.min_free_bytes = u64::MAX / 2;
    let engine = start(full).await;
    let here = Some("127.0.0.1:0".to_owned());
    let server = engine.serve_mail(MailListen { smtp: here, ..MailListen::default() }).unwrap();
    let mut postman = Postman::connect(server.smtp.unwrap()).await;
    postman.say("EHLO x").await;
    assert!(postman.say("MAIL FROM:<a@b.jp>").await.starts_with("451"));
    // And who is stopped says so instead of leaving a mail in the air.
    let stopping = tokio::task::spawn_local(async move { server.stop().await });
    assert!(postman.answer().await.starts_with("421"));
    stopping.await.unwrap();
    engine.stop().await;
}
