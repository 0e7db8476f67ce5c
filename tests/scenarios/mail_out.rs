//! An answer by mail does not arrive, arrives twice, arrives at a stranger, is not believed, or nobody hears that it came
//! back.

use std::path::Path;

use madoguchi_engine::channels::mail::dkim;
use madoguchi_engine::channels::mail::relay::{Patience, Protection, RelaySettings};
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, CopyOut, CopyState, Status};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::Delivery;
use madoguchi_engine::domain::org::{self, Agent, Forwarding, InboxSettings, Role};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::mail_server::{MailListen, MailServer};
use madoguchi_engine::rows::{ListQuery, MessageKind};
use madoguchi_engine::{Clock, Handle};
use madoguchi_loadtest::mail::{Handed, Relay, post};
use madoguchi_tests::inside::{A, config, let_time_pass, start, window};
use madoguchi_tests::peers::{Sink, SinkOptions, dkimpy_with};
use madoguchi_tests::world::{PATIENCE, wait_until};

const DOMAIN: &str = "in.desk.example";
const TO: &str = "support@in.desk.example";

/// An engine that takes mail and has a relay, with a case of a customer and a colleague in copy.
struct Desk {
    engine: Handle,
    server: MailServer,
    relay: Relay,
    id: ConversationId,
}

fn settings(dir: &Path, clock: &Clock, relay: u16) -> Config {
    let mut config = config(dir, clock);
    config.mail_out.inbound_domain = DOMAIN.to_owned();
    config.mail_out.bounce_domain = format!("bounce.{DOMAIN}");
    config.mail_out.resolvers = vec!["127.0.0.1:9".parse().unwrap()];
    config.mail_in.ask_dns = false;
    config.mail_out.relay = Some(RelaySettings {
        host: "127.0.0.1".to_owned(),
        port: relay,
        protection: Protection::None,
        login: None,
        hello: DOMAIN.to_owned(),
        roots_pem: None,
        connections: 5,
        per_minute: 0,
        patience: Patience::default(),
    });
    config
}

fn question(id: &str) -> String {
    format!(
        "From: =?UTF-8?B?5bGx55Sw?= <taro@example.jp>\r\nTo: {TO}\r\nCc: hanako@example.jp, support+x@{DOMAIN}\r\n\
         Message-ID: <{id}@example.jp>\r\nReferences: <0@example.jp>\r\nDate: Sat, 21 Nov 2026 10:23:00 +0900\r\n\
         Subject: =?UTF-8?B?UkU6IOi/lOWTgQ==?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n届きません。\r\n"
    )
}

impl Desk {
    async fn open(dir: &Path) -> Self {
        let relay = Relay::start().unwrap();
        let engine = start(settings(dir, &Clock::System, relay.port)).await;
        Self::furnish(engine, relay, &question("1")).await
    }

    /// A case of this question, with an agent at it.
    async fn furnish(engine: Handle, relay: Relay, question: &str) -> Self {
        let agent = Agent {
            id: A,
            login: "a".to_owned(),
            name: "a".to_owned(),
            role: Role::Agent,
            password_hash: String::new(),
            disabled: false,
            created_at: Timestamp(0),
            icon_url: None,
        };
        engine.org_command(By::Operator, org::Command::CreateAgent(agent)).await.unwrap();
        engine.create_window(By::Operator, window(), "サポート".to_owned(), 5).await.unwrap();
        engine.window_command(By::Operator, &window(), window::Command::AddAgent { agent: A }).await.unwrap();
        engine.provide_mail().await.unwrap();
        let mut desk = Self::served(engine, relay).await;
        assert!(
            post(desk.server.smtp.unwrap(), "taro@example.jp", &[TO], question.as_bytes()).await.starts_with("250")
        );
        desk.id = desk.case().await;
        desk.engine.command(By::Agent(A), desk.id, Command::Claim { agent: A }).await.unwrap();
        desk
    }

    async fn served(engine: Handle, relay: Relay) -> Self {
        let smtp = Some("127.0.0.1:0".to_owned());
        let server = engine.serve_mail(MailListen { smtp, name: DOMAIN.to_owned(), ..MailListen::default() }).unwrap();
        Self { engine, server, relay, id: ConversationId(0) }
    }

    /// The same house after a restart.
    async fn again(self, dir: &Path) -> Self {
        let Self { engine, server, relay, id } = self;
        server.stop().await;
        engine.stop().await;
        // The store is free when nobody holds the engine any more.
        drop(engine);
        let engine = start(settings(dir, &Clock::System, relay.port)).await;
        Self { id, ..Self::served(engine, relay).await }
    }

    async fn close(self) {
        self.server.stop().await;
        self.engine.stop().await;
    }

    async fn case(&self) -> ConversationId {
        wait_until("a case", PATIENCE, async || {
            let query = ListQuery { windows: vec![window()], limit: 5, ..ListQuery::default() };
            self.engine.conversations(query).await.ok()?.items.first().map(|row| row.state.id)
        })
        .await
    }

    async fn answer(&self, client_id: &str, text: &str) -> u32 {
        let content = self.engine.mail_answer(self.id, text, Vec::new(), None).await.unwrap();
        let seat_epoch = self.engine.conversation(self.id).await.unwrap().state.seat.epoch;
        let send = Command::Send {
            agent: A,
            seat_epoch,
            client_id: client_id.to_owned(),
            content,
            dress: Default::default(),
            retry_key: 1,
        };
        self.engine.command(By::Agent(A), self.id, send).await.unwrap().number.unwrap()
    }

    /// Until the copies of an answer stand like this; answers with them.
    async fn copies(&self, number: u32, states: &[CopyState]) -> (Delivery, Vec<CopyOut>) {
        wait_until("the copies", PATIENCE, async || {
            let row = self.engine.message(self.id, number).await.ok()?;
            let MessageKind::Outbound { delivery, copies, .. } = row.kind else { return None };
            (copies.iter().map(|copy| copy.state).eq(states.iter().copied())).then_some((delivery, copies))
        })
        .await
    }
}

fn text(mail: &Handed) -> String {
    String::from_utf8(mail.bytes.clone()).unwrap()
}

#[actix_rt::test]
async fn an_answer_goes_once_to_each_recipient_in_the_customers_thread() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let number = desk.answer("c1", "お調べします。").await;
    let (delivery, copies) = desk.copies(number, &[CopyState::Sent, CopyState::Sent]).await;
    assert_eq!(delivery, Delivery::Sent);
    assert_eq!(copies[0].detail, "2.0.0 Ok: queued as 4F1");
    let handed = desk.relay.handed();
    let to: Vec<&str> = handed.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["taro@example.jp", "hanako@example.jp"], "ours is nobody's copy");
    assert_eq!(handed[0].bytes, handed[1].bytes, "one mail");
    assert_ne!(handed[0].from, handed[1].from, "what comes back says whose it was");
    assert!(handed.iter().all(|mail| mail.from.starts_with("b.") && mail.from.ends_with("@bounce.in.desk.example")));
    let text = text(&handed[0]);
    for header in
        ["To: =?utf-8?B?5bGx55Sw?= <taro@example.jp>", "Cc: <hanako@example.jp>", "In-Reply-To: <1@example.jp>"]
    {
        assert!(text.contains(&format!("{header}\r\n")), "{header} in {text}");
    }
    assert!(text.contains("References: <0@example.jp>") && text.contains("Reply-To: "), "{text}");
    // What the customer answers finds its case again.
    let own = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    let reply = question("2").replace("<0@example.jp>", own);
    assert!(post(desk.server.smtp.unwrap(), "taro@example.jp", &[TO], reply.as_bytes()).await.starts_with("250"));
    wait_until("the answer to the answer", PATIENCE, async || {
        (desk.engine.conversation(desk.id).await.ok()?.state.last_number == 3).then_some(())
    })
    .await;
    desk.close().await;
}

#[actix_rt::test]
async fn one_who_refuses_and_one_who_is_late_are_told_apart_and_a_restart_forgets_neither() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    desk.relay.answer("taro@example.jp", "450 4.7.1 greylisted");
    desk.relay.answer("hanako@example.jp", "550 5.1.1 nobody here");
    let number = desk.answer("c1", "x").await;
    let (_, before) = desk.copies(number, &[CopyState::Delayed, CopyState::Failed]).await;
    assert_eq!((before[0].code, before[1].code), (450, 550));
    assert!(before[0].next_at.is_some());
    // Another answer does not wait for the late one.
    let second = desk.answer("c2", "y").await;
    desk.copies(second, &[CopyState::Sent, CopyState::Sent]).await;
    let desk = desk.again(dir.path()).await;
    let (_, after) = desk.copies(number, &[CopyState::Delayed, CopyState::Failed]).await;
    assert_eq!(after, before);
    assert_eq!(desk.relay.handed().len(), 2);
    desk.close().await;
}

/// aiosmtpd is our relay: what it says of one recipient, at RCPT or at the end, is what the line says.
#[actix_rt::test]
async fn what_a_real_server_says_at_each_step_decides_about_another_try() {
    let dir = tempfile::tempdir().unwrap();
    let mut far = Sink::open(SinkOptions::default()).await;
    far.at_recipient("gone@example.jp", "550 5.1.1 nobody of that name", -1).await;
    far.at_recipient("late@example.jp", "450 4.7.1 greylisted", 2).await;
    far.at_end("busy@example.jp", "451 4.3.0 come again", 1).await;
    far.at_end("never@example.jp", "554 5.7.1 we do not like it", -1).await;
    let clock = Clock::manual(Timestamp(1_795_000_000_000));
    let question = question("1").replace(
        "Cc: hanako@example.jp, ",
        "Cc: gone@example.jp, late@example.jp, busy@example.jp, never@example.jp, ",
    );
    let engine = start(settings(dir.path(), &clock, far.port)).await;
    let passing = let_time_pass(&clock);
    let desk = Desk::furnish(engine, Relay::start().unwrap(), &question).await;
    let number = desk.answer("c1", "x").await;
    let (sent, failed, delayed) = (CopyState::Sent, CopyState::Failed, CopyState::Delayed);
    let (_, copies) = desk.copies(number, &[sent, failed, delayed, delayed, failed]).await;
    let codes: Vec<u16> = copies.iter().map(|copy| copy.code).collect();
    assert_eq!(codes, [0, 550, 450, 451, 554]);
    assert_eq!(copies[1].detail, "5.1.1 nobody of that name");
    let waits = |copy: &CopyOut| copy.next_at.unwrap().since_ms(clock.now()) / 1_000;
    assert!((50..=72).contains(&waits(&copies[2])) && (50..=72).contains(&waits(&copies[3])), "{copies:?}");
    assert_eq!(far.kept().len(), 1);
    // A minute later one is taken; five minutes later the other.
    clock.advance_ms(75_000);
    let (_, copies) = desk.copies(number, &[sent, failed, delayed, sent, failed]).await;
    assert!((280..=360).contains(&waits(&copies[2])), "{copies:?}");
    clock.advance_ms(370_000);
    let (delivery, _) = desk.copies(number, &[sent, failed, sent, sent, failed]).await;
    assert_eq!(delivery, Delivery::Failed, "as the worst of them");
    let kept = far.kept();
    let to: Vec<&str> = kept.iter().map(|one| one.to[0].as_str()).collect();
    assert_eq!(to, ["taro@example.jp", "busy@example.jp", "late@example.jp"], "each once, and nobody who said no");
    assert!(kept.iter().all(|one| one.mail == kept[0].mail), "one mail, whenever it goes");
    drop(passing);
    desk.close().await;
}

/// The relay took it, and the process ended before anybody wrote that down.
#[actix_rt::test]
async fn what_was_taken_and_not_recorded_is_unknown_and_never_goes_again() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    desk.relay.fall_mute(true);
    let number = desk.answer("c1", "x").await;
    desk.copies(number, &[CopyState::Begun, CopyState::Queued]).await;
    wait_until("the mail at the relay", PATIENCE, async || (desk.relay.handed().len() == 1).then_some(())).await;
    desk.relay.fall_mute(false);
    let desk = desk.again(dir.path()).await;
    let (delivery, _) = desk.copies(number, &[CopyState::Unknown, CopyState::Sent]).await;
    assert_eq!(delivery, Delivery::Unknown);
    let to: Vec<String> = desk.relay.handed().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["taro@example.jp", "hanako@example.jp"], "once each");
    desk.close().await;
}

#[actix_rt::test]
async fn a_copy_that_comes_back_is_seen_at_its_recipient_and_brings_the_case_back() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let number = desk.answer("c1", "x").await;
    desk.copies(number, &[CopyState::Sent, CopyState::Sent]).await;
    let seat_epoch = desk.engine.conversation(desk.id).await.unwrap().state.seat.epoch;
    desk.engine.command(By::Agent(A), desk.id, Command::Complete { agent: A, seat_epoch }).await.unwrap();
    let bounce = desk.relay.handed()[1].from.clone();
    let report = format!(
        "From: MAILER-DAEMON@mx.example.jp\r\nTo: {bounce}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.jp\r\n\r\n\
         Final-Recipient: rfc822; hanako@example.jp\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 nobody here\r\n\r\n--b--\r\n"
    );
    assert!(post(desk.server.smtp.unwrap(), "", &[&bounce], report.as_bytes()).await.starts_with("250"));
    let (delivery, copies) = desk.copies(number, &[CopyState::Sent, CopyState::Failed]).await;
    assert_eq!((delivery, copies[1].to.as_str()), (Delivery::Failed, "hanako@example.jp"));
    assert_eq!(desk.engine.conversation(desk.id).await.unwrap().state.status, Status::New);
    desk.close().await;
}

/// A mail to a company address comes round over its forwarder: it forwards, and nobody's list shows it.
#[actix_rt::test]
async fn a_challenge_that_comes_round_confirms_its_address_once() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let org = desk.engine.org();
    let mut inbox = org.inboxes.values().next().unwrap().clone();
    let InboxSettings::Mail(mail) = &mut inbox.settings else { panic!() };
    let address = "support@example.co.jp".to_owned();
    mail.addresses.push(org::CompanyAddress { address: address.clone(), forwarding: Forwarding::Unconfirmed });
    mail.sender = Some(address.clone());
    let id = inbox.id;
    desk.engine.org_command(By::Operator, org::Command::ChangeInbox(inbox)).await.unwrap();
    assert!(desk.engine.challenge_mail(id, "other@example.co.jp").await.is_err());
    desk.engine.challenge_mail(id, &address).await.unwrap();
    let sent = desk.relay.handed().pop().unwrap();
    assert_eq!(sent.to, address);
    assert!(post(desk.server.smtp.unwrap(), "forwarder@example.co.jp", &[TO], &sent.bytes).await.starts_with("250"));
    wait_until("the confirmation", PATIENCE, async || {
        let standing = desk.engine.mail_standing(id).ok()?;
        let confirmed = matches!(standing.settings.addresses[0].forwarding, Forwarding::Confirmed { .. });
        (confirmed && standing.challenged == [None]).then_some(())
    })
    .await;
    let standing = desk.engine.mail_standing(id).unwrap();
    assert_eq!(standing.sends_as, TO, "its domain has no key that is published");
    assert_eq!(desk.engine.conversation(desk.id).await.unwrap().state.last_number, 1);
    desk.close().await;
}

/// dkimpy holds the signature good, and not good any more when anything that readers see is touched.
#[actix_rt::test]
async fn another_implementation_believes_our_signature_and_no_touched_mail() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path()).await;
    let standing = desk.engine.add_mail_domain(By::Operator, DOMAIN).await.unwrap();
    let number = desk.answer("c1", "お調べします。髙橋①㈱").await;
    desk.copies(number, &[CopyState::Sent, CopyState::Sent]).await;
    let mail = text(&desk.relay.handed()[0]);
    let record = dkim::record(&standing.domain.key.public);
    let added = |header: &str| mail.replacen("\r\nFrom:", &format!("\r\n{header}\r\nFrom:"), 1);
    for (mail, good) in [
        (mail.clone(), true),
        (mail.replace("To: =?utf-8?B?5bGx55Sw?= <taro@", "To: <jiro@"), false),
        (added("From: Evil <evil@example.com>"), false),
        (added("Subject: another"), false),
        (added("Cc: x@example.com"), false),
        (format!("{mail}more\r\n"), false),
    ] {
        let said = dkimpy_with(mail.as_bytes(), &record);
        assert_eq!(said == "True", good, "{said}: {mail}");
    }
    desk.close().await;
}
