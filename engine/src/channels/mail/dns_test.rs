use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::TXT;
use hickory_resolver::proto::rr::{Name, Record, RecordType};
use parking_lot::Mutex;
use tokio::net::UdpSocket;

use super::*;

/// A zone in memory: name → texts. A name with the text `!` is not answered.
type Zone = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// Serves the zone on a free port.
async fn serve(zone: Zone) -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4_096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            let query = asked.queries[0].clone();
            let mut answer = Message::new(asked.id, MessageType::Response, OpCode::Query);
            answer.metadata.recursion_available = true;
            answer.metadata.authoritative = true;
            answer.add_query(query.clone());
            let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
            match zone.lock().get(&name) {
                Some(texts) if texts == &["!"] => answer.metadata.response_code = ResponseCode::ServFail,
                Some(texts) if query.query_type() == RecordType::TXT => {
                    for text in texts {
                        let parts = text
                            .as_bytes()
                            .chunks(255)
                            .map(|part| String::from_utf8_lossy(part).into_owned())
                            .collect();
                        let data = RData::TXT(TXT::new(parts));
                        answer.add_answer(Record::from_rdata(Name::from_ascii(&name).unwrap(), 60, data));
                    }
                }
                Some(_) => {}
                None => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), peer).await;
        }
    });
    address
}

struct House {
    zone: Zone,
    dns: Dns,
    drawn: dkim::Drawn,
}

impl House {
    async fn open() -> Self {
        let zone = Zone::default();
        let dns = Dns::at(&[serve(zone.clone()).await]).unwrap();
        let house = Self { zone, dns, drawn: dkim::draw().unwrap() };
        house.publish("desk1._domainkey.example.co.jp", &[&dkim::record(&house.drawn.public)]);
        house.publish("_dmarc.example.co.jp", &["v=DMARC1; p=none"]);
        house.publish("bounce.desk.example", &["v=spf1 ip4:192.0.2.7 -all"]);
        house
    }

    fn publish(&self, name: &str, texts: &[&str]) {
        self.zone.lock().insert(name.to_owned(), texts.iter().map(|text| (*text).to_owned()).collect());
    }

    async fn check(&self, domain: &str) -> Checked {
        let leaves_from = [IpAddr::from([192, 0, 2, 7])];
        let wanted = Wanted {
            domain,
            selector: "desk1",
            public: &self.drawn.public,
            bounce_domain: "bounce.desk.example",
            leaves_from: &leaves_from,
        };
        self.dns.check(&wanted).await
    }
}

#[tokio::test]
async fn with_everything_published_only_the_expected_alignment_is_missing() {
    let house = House::open().await;
    let checked = house.check("example.co.jp").await;
    let all = Columns {
        spf: Column::Pass,
        spf_alignment: Column::Expected,
        dkim: Column::Pass,
        dkim_alignment: Column::Pass,
        dmarc: Column::Pass,
    };
    assert_eq!(checked.columns, all);
}

#[tokio::test]
async fn each_way_in_which_a_key_is_wrong_has_its_own_name() {
    let house = House::open().await;
    let right = dkim::record(&house.drawn.public);
    let spaced = format!("k=rsa ; p={} {}", &house.drawn.public[..100], &house.drawn.public[100..]);
    let other = dkim::record(&dkim::draw().unwrap().public);
    for (texts, state, column) in [
        (vec![right.as_str()], RecordState::Ok, Column::Pass),
        (vec![&spaced], RecordState::Ok, Column::Pass),
        (vec![&other], RecordState::Mismatch, Column::Fail),
        (vec!["v=DKIM1; k=rsa; p="], RecordState::Mismatch, Column::Fail),
        (vec!["v=spf1 -all"], RecordState::Malformed, Column::Fail),
        (vec![&right, &other], RecordState::Several, Column::Fail),
        (vec!["!"], RecordState::Unknown, Column::Unknown),
        (vec![], RecordState::Missing, Column::Missing),
    ] {
        house.publish("desk1._domainkey.example.co.jp", &texts);
        let checked = house.check("example.co.jp").await;
        assert_eq!(
            (checked.dkim.state, checked.columns.dkim, checked.columns.dkim_alignment),
            (state, column, column),
            "{texts:?}"
        );
        let dmarc = match column {
            Column::Pass | Column::Unknown => column,
            _ => Column::Fail,
        };
        assert_eq!(checked.columns.dmarc, dmarc, "{texts:?}");
    }
}

#[tokio::test]
async fn a_policy_is_found_where_receivers_find_it_and_an_existing_one_is_good_enough() {
    let house = House::open().await;
    for (domain, texts, state, column) in [
        ("example.co.jp", vec!["v=DMARC1;p=reject; rua=mailto:a@b.jp"], RecordState::Ok, Column::Pass),
        ("example.co.jp", vec!["unrelated", "v=DMARC1; p=quarantine"], RecordState::Ok, Column::Pass),
        ("example.co.jp", vec!["v=DMARC1; p=nonsense"], RecordState::Malformed, Column::Fail),
        ("example.co.jp", vec!["v=DMARC1; p=none", "v=DMARC1; p=reject"], RecordState::Several, Column::Fail),
        ("example.co.jp", vec!["v=spf1 -all"], RecordState::Missing, Column::Missing),
        ("example.co.jp", vec!["!"], RecordState::Unknown, Column::Unknown),
    ] {
        house.publish("_dmarc.example.co.jp", &texts);
        let checked = house.check(domain).await;
        assert_eq!((checked.dmarc.state, checked.columns.dmarc), (state, column), "{texts:?}");
    }
    house.publish("_dmarc.example.co.jp", &["v=DMARC1; p=none"]);
    let below = house.check("mail.shop.example.co.jp").await;
    assert_eq!((below.dmarc.state, below.dmarc.name.as_str()), (RecordState::Ok, "_dmarc.example.co.jp"));
}

#[tokio::test]
async fn our_own_rule_for_senders_is_held_against_where_mail_leaves_from() {
    let house = House::open().await;
    for (texts, column) in [
        (vec!["v=spf1 ip4:192.0.2.7 -all"], Column::Pass),
        (vec!["v=spf1 ip4:198.51.100.1 -all"], Column::Fail),
        (vec!["v=spf1 ip4:192.0.2.7 -all", "v=spf1 -all"], Column::Fail),
        (vec!["something else"], Column::Missing),
        (vec!["!"], Column::Unknown),
    ] {
        house.publish("bounce.desk.example", &texts);
        assert_eq!(house.check("example.co.jp").await.columns.spf, column, "{texts:?}");
    }
    house.publish("bounce.desk.example", &["v=spf1 ip4:192.0.2.7 -all"]);
    house.publish("_dmarc.desk.example", &["v=DMARC1; p=none"]);
    let own = house.check("in.desk.example").await;
    assert_eq!(
        (own.columns.spf_alignment, own.columns.dmarc),
        (Column::Pass, Column::Pass),
        "one owner: aligned without a key"
    );
}

fn mail(house: &House) -> Vec<u8> {
    let plain = b"From: =?utf-8?B?56qT5Y+j?= <support@example.co.jp>\r\nTo: taro@example.jp\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 01:23:00 +0000\r\nMessage-ID: <a@b>\r\n\r\nhello\r\n";
    dkim::Signer::new("example.co.jp", "desk1", &house.drawn.private).unwrap().sign(plain).unwrap()
}

#[tokio::test]
async fn a_mail_of_ours_passes_and_one_that_was_touched_does_not() {
    let house = House::open().await;
    let ip = Some(IpAddr::from([192, 0, 2, 7]));
    let prove = async |bytes: &[u8]| house.dns.prove(bytes, "b.x@bounce.desk.example", ip).await.unwrap();
    let good = mail(&house);
    let columns = prove(&good).await;
    let all = Columns {
        spf: Column::Pass,
        spf_alignment: Column::Expected,
        dkim: Column::Pass,
        dkim_alignment: Column::Pass,
        dmarc: Column::Pass,
    };
    assert_eq!(columns, all);
    let text = String::from_utf8(good).unwrap();
    for touched in [
        text.replace("To: taro@", "To: jiro@"),
        text.replace("hello", "hallo"),
        text.replacen("\r\nTo:", "\r\nSubject: another\r\nTo:", 1),
        text.replacen("\r\nTo:", "\r\nCc: c@d.jp\r\nTo:", 1),
    ] {
        let columns = prove(touched.as_bytes()).await;
        assert_eq!((columns.dkim, columns.dmarc), (Column::Fail, Column::Fail), "{touched}");
    }
}
