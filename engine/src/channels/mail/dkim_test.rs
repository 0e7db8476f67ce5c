use super::*;

const MAIL: &[u8] =
    b"From: a@example.co.jp\r\nTo: b@example.jp\r\nSubject: =?utf-8?B?5Lu2?=\r\nMessage-ID: <x@y>\r\n\r\nhello\r\n";

#[test]
fn a_drawn_key_signs_and_its_record_is_a_key() {
    let drawn = draw().unwrap();
    let record = record(&drawn.public);
    assert!((350..420).contains(&record.len()), "{}", record.len());
    let signed = Signer::new("example.co.jp", "desk1", &drawn.private).unwrap().sign(MAIL).unwrap();
    let text = String::from_utf8(signed).unwrap();
    assert!(text.starts_with("DKIM-Signature: ") && text.ends_with("hello\r\n"));
    let header: String = text.split("\r\nFrom:").next().unwrap().split_whitespace().collect();
    for part in ["d=example.co.jp;", "s=desk1;", "c=relaxed/relaxed;", "a=rsa-sha256;"] {
        assert!(header.contains(part), "{part} in {header}");
    }
    assert!(!header.contains(";l="), "the length of what is signed is never said: {header}");
    let named = header.split("h=").nth(1).unwrap().split(';').next().unwrap();
    for guarded in GUARDED {
        assert_eq!(
            named.split(':').filter(|name| name.eq_ignore_ascii_case(guarded)).count(),
            2,
            "{guarded} in {named}"
        );
    }
}

#[test]
fn what_is_no_key_signs_nothing() {
    for bad in ["", "AAAA", "not base64!"] {
        assert!(Signer::new("a.jp", "desk1", bad).is_err(), "{bad:?}");
    }
}
