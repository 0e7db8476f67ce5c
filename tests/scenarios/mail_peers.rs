//! Mail goes wrong with the programs that really send it, or is lost when the server is killed while it comes in.

use std::time::Duration;

use madoguchi_loadtest::mail::{Postman, post, stuffed};
use madoguchi_tests::mailhouse::{DOMAIN, MailHouse, TO};
use madoguchi_tests::peers::{Postfix, swaks};
use madoguchi_tests::world::{PATIENCE, wait_until};

fn mail(n: usize) -> String {
    format!(
        "From: c{n}@example.jp\r\nTo: support@{DOMAIN}\r\nMessage-ID: <{n}@example.jp>\r\nDate: Sat, 21 Nov 2026 10:23:00 +0900\r\n\
         Subject: m{n:04}\r\n\r\n{}\r\n",
        "text ".repeat(2_000)
    )
}

#[actix_rt::test]
async fn a_kill_while_mail_comes_in_loses_none_that_was_accepted_and_doubles_none_that_comes_again() {
    let mut house = MailHouse::open(&[]).await;
    let mut accepted = Vec::new();
    let mut next = 0;
    for round in 0..8_u64 {
        let smtp = house.listens("smtp");
        // What is not answered is handed over again, as every mail server does.
        let mut postman = Postman::connect(smtp).await;
        for _ in 0..3 {
            assert!(postman.begin("EHLO", "c@example.jp", &[TO]).await.starts_with("354"));
            assert!(postman.mail(mail(next).as_bytes()).await.starts_with("250"));
            accepted.push(format!("m{next:04}"));
            next += 1;
        }
        // The end of the next one is said, and its answer not waited for: the end comes while it is stored, a little
        // later in each round.
        assert!(postman.begin("EHLO", "c@example.jp", &[TO]).await.starts_with("354"));
        postman.write(&stuffed(mail(next).as_bytes())).await;
        tokio::time::sleep(Duration::from_micros(400 * round)).await;
        house.server.kill9();
        house.back().await;
        // It comes again.
        let answer = post(house.listens("smtp"), "c@example.jp", &[TO], mail(next).as_bytes()).await;
        assert!(answer.starts_with("250"), "{answer}");
        accepted.push(format!("m{next:04}"));
        next += 1;
    }
    let shown = wait_until("every mail to be shown", PATIENCE, async || {
        (house.waiting().await == 0).then_some(())?;
        let shown = house.subjects().await;
        (shown.len() >= accepted.len()).then_some(shown)
    })
    .await;
    assert_eq!(shown, accepted, "each once");
    let ledger = house.server.run(&["ledger"]);
    assert!(!ledger.contains("fault"), "{ledger}");
}

#[actix_rt::test]
async fn postfix_hands_over_and_swaks_gets_the_right_answers() {
    let mut house = MailHouse::open(&[]).await;
    let lmtp = house.listens("lmtp");
    let front = Postfix::start(&[DOMAIN], lmtp);
    let pdf = house.server.data_dir().join("見積.pdf");
    std::fs::write(&pdf, vec![b'x'; 9 << 20]).unwrap();
    let attach = format!("@{}", pdf.display());
    let first = ["--from", "taro@example.jp", "--to", TO, "--header", "Subject: first", "--body", "hello"];
    let first: Vec<&str> = first.into_iter().chain(["--attach", &attach]).collect();
    // Postfix answers 450 while it is still asking us, as it does to every sender's first try. Then nine megabytes go
    // through it.
    taken(&front, &first).await;
    shown(&house, &["first"]).await;
    let case = house.case().await;
    let message = house.message(&case, 1).await;
    assert_eq!(message["content"]["attachments"][0]["bytes"], 9 << 20, "{message}");
    let part = message["content"]["attachments"][0]["url"].as_str().unwrap();
    assert_eq!(house.owner.get(part).await.status, Some(200));
    let whole = house.owner.get(message["content"]["whole_url"].as_str().unwrap()).await.ok();
    assert_eq!(whole["text"].as_str().unwrap().trim(), "hello");
    // Unknown windows are refused at the recipient, by Postfix and by us; nothing is relayed by either.
    let nobody = format!("nobody@{DOMAIN}");
    for (to, code) in [(nobody.as_str(), "550"), ("x@elsewhere.example", "554")] {
        let mut answers = String::new();
        for _ in 0..10 {
            let (taken, said) = swaks(front.port, &["--from", "a@example.jp", "--to", to]);
            assert!(!taken, "{said}");
            answers = said;
            if answers.contains(&format!("<** {code}")) {
                break;
            }
        }
        assert!(answers.contains(&format!("<** {code}")), "{answers}\n{}", front.log());
    }
    let direct = house.listens("smtp").port();
    for (to, code) in [(nobody.as_str(), "550 5.1.1"), ("x@elsewhere.example", "550 5.7.1")] {
        let (taken, said) = swaks(direct, &["--from", "a@example.jp", "--to", to]);
        assert!(!taken && said.contains(&format!("<** {code}")), "{said}");
    }
    // While we are down Postfix keeps what it takes of known windows; afterwards it is delivered, once.
    let second = ["--from", "a@example.jp", "--to", TO, "--header", "Subject: second"];
    taken(&front, &second).await;
    shown(&house, &["first", "second"]).await;
    house.server.kill9();
    let third = ["--from", "a@example.jp", "--to", TO, "--header", "Subject: third"];
    taken(&front, &third).await;
    wait_until("Postfix to try in vain", PATIENCE, async || front.log().contains("status=deferred").then_some(()))
        .await;
    house.server.set_env("MADOGUCHI_MAIL_IN__LISTEN_LMTP", &lmtp.to_string());
    house.back().await;
    shown(&house, &["first", "second", "third"]).await;
    assert_eq!(house.waiting().await, 0);
}

/// Hands a mail to Postfix until it is taken.
async fn taken(front: &Postfix, args: &[&str]) {
    let mut said = String::new();
    for _ in 0..60 {
        let answer = swaks(front.port, args);
        if answer.0 {
            return;
        }
        said = answer.1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("Postfix does not take it: {said}\n{}", front.log());
}

async fn shown(house: &MailHouse, wanted: &[&str]) {
    wait_until("the mails to be shown", PATIENCE, async || {
        let subjects = house.subjects().await;
        assert!(subjects.len() <= wanted.len(), "{subjects:?}");
        (subjects == wanted).then_some(())
    })
    .await;
}
