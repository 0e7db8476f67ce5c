//! Two desks that answer by themselves answer each other for ever.

use madoguchi_loadtest::mail::post;
use madoguchi_loadtest::mail::{Handed, Relay};
use madoguchi_tests::mailhouse::MailHouse;
use madoguchi_tests::peers::{Postfix, free_port};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::json;

const ONE: &str = "one.example";
const OTHER: &str = "other.example";

/// A desk at this domain where nobody is ever there, and which says so.
async fn absent(domain: &str, relay: u16) -> MailHouse {
    let mut settings = MailHouse::relay(relay);
    settings.push(("MAIL__INBOUND_DOMAIN", domain.to_owned()));
    settings.push(("MAIL__BOUNCE_DOMAIN", format!("bounce.{domain}")));
    let house = MailHouse::open(&settings).await;
    let hours = json!({ "time_zone": "Asia/Tokyo", "week": {} });
    house.owner.put("/api/v1/windows/support/hours", hours).await.ok();
    let mut answers = house.owner.get("/api/v1/windows/support/answers").await.ok();
    answers["absence"] = json!("ただいま受付時間外です。");
    house.owner.put("/api/v1/windows/support/answers", answers).await.ok();
    house
}

fn question(from: &str, to: &str, id: &str) -> String {
    format!("From: {from}\r\nTo: {to}\r\nMessage-ID: <{id}@somewhere.example>\r\nSubject: {id}\r\n\r\nhello\r\n")
}

/// How many messages a desk has: what came, and what it said by itself.
async fn messages(house: &MailHouse) -> (usize, usize) {
    let list = house.owner.conversations("support", "limit=100").await.ok();
    let (mut came, mut said) = (0, 0);
    for row in list["items"].as_array().unwrap() {
        let all = house.owner.messages(row["id"].as_str().unwrap(), "limit=100").await.ok();
        for one in all["items"].as_array().unwrap() {
            if one["direction"] == "inbound" { came += 1 } else { said += 1 }
        }
    }
    (came, said)
}

/// Nothing is on its way any more at either desk.
async fn quiet(houses: [&MailHouse; 2]) {
    for house in houses {
        wait_until("every mail to be read", PATIENCE, async || (house.waiting().await == 0).then_some(())).await;
    }
}

/// Over a real Postfix between the two: a stranger writes to one in the other's name.
#[actix_rt::test]
async fn two_desks_where_nobody_is_there_end_after_one_mail_each() {
    let hub = free_port();
    let one = absent(ONE, hub).await;
    let other = absent(OTHER, hub).await;
    let bounce = (format!("bounce.{ONE}"), format!("bounce.{OTHER}"));
    let (to_one, to_other) = (one.listens("lmtp").port(), other.listens("lmtp").port());
    let ways = [(ONE, to_one), (bounce.0.as_str(), to_one), (OTHER, to_other), (bounce.1.as_str(), to_other)];
    let postfix = Postfix::hub(hub, &ways);
    let (a, b) = (format!("support@{ONE}"), format!("support@{OTHER}"));
    for (house, from, to, id) in [(&one, &b, &a, "first"), (&other, &a, &b, "second")] {
        let said = post(house.listens("smtp"), from, &[to], question(from, to, id).as_bytes()).await;
        assert!(said.starts_with("250"), "{said}");
    }
    let sent = |log: &str| log.matches("status=sent").count();
    wait_until("both answers to arrive", PATIENCE, async || (sent(&postfix.log()) >= 2).then_some(())).await;
    wait_until("Postfix to be empty", PATIENCE, async || postfix.is_empty().then_some(())).await;
    quiet([&one, &other]).await;
    for house in [&one, &other] {
        assert_eq!(messages(house).await, (1, 1));
    }
    wait_until("Postfix to stay empty", PATIENCE, async || postfix.is_empty().then_some(())).await;
    assert_eq!(sent(&postfix.log()), 2, "{}", postfix.log());
}

/// What stands between takes everything away by which a machine is known, and gives each mail a sender.
fn unmarked(mail: &Handed) -> Vec<u8> {
    let text = String::from_utf8(mail.bytes.clone()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let marks = ["auto-submitted:", "precedence:", "x-auto-response-suppress:", "x-madoguchi-loop:"];
    let kept: Vec<&str> = head
        .split("\r\n")
        .filter(|line| !marks.iter().any(|mark| line.to_ascii_lowercase().starts_with(mark)))
        .collect();
    format!("{}\r\n\r\n{body}", kept.join("\r\n")).into_bytes()
}

#[actix_rt::test]
async fn a_way_that_hides_that_they_are_machines_carries_two_mails_and_no_more_also_over_a_restart() {
    let (out_of_one, out_of_other) = (Relay::start().unwrap(), Relay::start().unwrap());
    let mut one = absent(ONE, out_of_one.port).await;
    let other = absent(OTHER, out_of_other.port).await;
    let (a, b) = (format!("support@{ONE}"), format!("support@{OTHER}"));
    assert!(post(one.listens("smtp"), &b, &[&a], question(&b, &a, "first").as_bytes()).await.starts_with("250"));
    wait_until("the first answer", PATIENCE, async || (out_of_one.handed().len() == 1).then_some(())).await;
    // What was said once is known to the next life.
    one.server.kill9();
    one.back().await;
    let first = out_of_one.handed().remove(0);
    let text = String::from_utf8(first.bytes.clone()).unwrap();
    for header in ["Auto-Submitted: auto-replied", "In-Reply-To: <first@somewhere.example>", "Precedence: auto_reply"] {
        assert!(text.contains(&format!("{header}\r\n")), "{header} in {text}");
    }
    assert_eq!((first.from.as_str(), first.to.as_str()), ("", b.as_str()));
    assert!(post(other.listens("smtp"), &a, &[&b], &unmarked(&first)).await.starts_with("250"));
    wait_until("the second answer", PATIENCE, async || (out_of_other.handed().len() == 1).then_some(())).await;
    let second = out_of_other.handed().remove(0);
    assert!(post(one.listens("smtp"), &b, &[&a], &unmarked(&second)).await.starts_with("250"));
    // Also what opens a case of its own is not answered again that day.
    let more = question(&b, &a, "second");
    assert!(post(one.listens("smtp"), &b, &[&a], more.as_bytes()).await.starts_with("250"));
    wait_until("all to be shown", PATIENCE, async || (messages(&one).await.0 == 3).then_some(())).await;
    quiet([&one, &other]).await;
    // A stranger's mail after them is answered: what would have been is before it.
    let last = question("new@customer.example", &a, "third");
    assert!(post(one.listens("smtp"), "new@customer.example", &[&a], last.as_bytes()).await.starts_with("250"));
    wait_until("the stranger's answer", PATIENCE, async || {
        out_of_one.handed().iter().any(|mail| mail.to == "new@customer.example").then_some(())
    })
    .await;
    assert_eq!((out_of_one.handed().len(), out_of_other.handed().len()), (2, 1));
    assert_eq!(messages(&one).await, (4, 2));
}
