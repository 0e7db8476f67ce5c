//! To whom the token is shown.

use std::sync::Arc;

use super::*;
use crate::channels::http::{Timeouts, http_client};
use crate::channels::lineworks::pace::Pace;
use crate::channels::tokens::{Credential, TokenSource};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

struct Nobody;

impl Credential for Nobody {
    fn address(&self, base: &Url) -> Option<Url> {
        Some(base.clone())
    }

    fn form(&self, _: Timestamp) -> String {
        String::new()
    }
}

fn client(base: &str) -> WorksClient {
    let (http, clock) = (http_client(Timeouts::default()).unwrap(), Clock::manual(Timestamp(0)));
    let tokens = TokenSource::new(http.clone(), base, Box::new(Nobody), clock.clone()).unwrap();
    WorksClient::new((http.clone(), http), base, "1", Arc::new(tokens), (Pace::new(clock), 1)).unwrap()
}

#[test]
fn the_token_is_shown_to_the_platform_and_to_nobody_that_looks_like_it() {
    let real = client("https://www.worksapis.com");
    for (url, is_theirs) in [
        ("https://worksmobile.com/f", true),
        ("https://apis-storage.worksmobile.com/f?token=1", true),
        ("https://a.b.worksapis.com/", true),
        ("http://storage.worksmobile.com/f", false),
        ("https://storage.worksmobile.com:8443/f", false),
        ("https://evilworksmobile.com/f", false),
        ("https://worksmobile.com.evil.example/f", false),
        ("https://.worksmobile.com/f", false),
        ("https://user@storage.worksmobile.com/f", false),
        ("https://127.0.0.1/f", false),
        ("http://127.0.0.1/f", false),
        ("ftp://worksmobile.com/f", false),
    ] {
        let found = Url::parse(url).is_ok_and(|url| real.may_have_token(&url));
        assert_eq!(found, is_theirs, "{url}");
    }
    let double = client("http://127.0.0.1:9");
    let may = |url: &str| double.may_have_token(&Url::parse(url).unwrap());
    assert!(may("http://127.0.0.1:10/f"), "another port of the double");
    assert!(!may("http://localhost:10/f") && !may("http://10.0.0.1/f"));
}

#[test]
fn a_name_from_a_customer_breaks_no_header_of_the_form() {
    assert_eq!(plain_name("a\"b\r\nX: y\\/z.pdf"), "abX: yz.pdf");
    assert_eq!(plain_name("\n"), "file.bin");
    assert_eq!(plain_name(&"長".repeat(300)).chars().count(), 200);
    let (kind, body) = form("見積.pdf", "text/html\r\nX: y", b"bytes");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let text = String::from_utf8(body).unwrap();
    let wanted = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"Filedata\"; filename=\"見積.pdf\"\r\n\
         Content-Type: application/octet-stream\r\n\r\nbytes\r\n--{boundary}--\r\n"
    );
    assert_eq!(text, wanted);
}
