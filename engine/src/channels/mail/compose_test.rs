use mail_parser::{MessageParser, MimeHeaders};

use super::*;

fn letter<'a>() -> Letter<'a> {
    Letter {
        from: Party { name: "サポート窓口", address: "support@example.co.jp" },
        to: vec![Party { name: "山田 太郎", address: "taro@example.jp" }],
        cc: vec![
            Party { name: "", address: "hanako@example.jp" },
            Party { name: "ALS, Inc.", address: "b@als.example" },
        ],
        reply_to: None,
        subject: "Re: ご注文番号①㈱の件について、配送が遅れておりますことを深くお詫び申し上げます（再送）",
        date: Timestamp(1_795_224_180_000),
        message_id: "m.abc@desk.example",
        references: &[],
        loop_mark: "instance",
        text: "お待たせしました。\n～髙橋\n",
        attachments: Vec::new(),
        automatic: false,
    }
}

fn built(letter: &Letter<'_>) -> Vec<u8> {
    build(letter).expect("nothing unsafe in it")
}

#[test]
fn what_was_written_is_read_by_another_parser_and_every_line_fits_the_wire() {
    let references: Vec<String> = vec!["a@b".into(), "c@d".into()];
    let letter = Letter { references: &references, ..letter() };
    let bytes = built(&letter);
    assert!(bytes.is_ascii(), "seven bits");
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 78), "{text}");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "no bare line ends");
    let read = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(read.subject(), Some(letter.subject));
    assert_eq!(read.from().unwrap().first().unwrap().name(), Some("サポート窓口"));
    assert_eq!(read.to().unwrap().first().unwrap().address(), Some("taro@example.jp"));
    let cc = read.cc().unwrap();
    assert_eq!(cc.as_list().unwrap().len(), 2);
    assert_eq!(cc.last().unwrap().name(), Some("ALS, Inc."), "a comma makes no third recipient");
    assert_eq!(read.message_id(), Some("m.abc@desk.example"));
    assert_eq!(read.in_reply_to().as_text(), Some("c@d"));
    assert_eq!(read.references().as_text_list().unwrap().len(), 2);
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), letter.text);
    assert!(text.contains("Date: Sat, 21 Nov 2026 01:23:00 +0000\r\n"), "{text}");
    assert!(!text.contains("Auto-Submitted"));
}

#[test]
fn files_arrive_byte_for_byte_whatever_they_are_called_or_claim_to_be() {
    let long = "令和八年度_見積書（株式会社窓口サービス御中）最終版_修正済み_ver12.pdf";
    let csv = b"a,b\r\n\x82\xa0,1\n\xff\r".to_vec();
    let files = [
        (long, "application/pdf", b"%PDF-1.7\n\x00\xff".to_vec()),
        ("顧客.csv", "text/csv", csv),
        ("forwarded.eml", "message/rfc822", b"From: a@b\r\n\r\nx\r\n.\r\n".to_vec()),
        ("quote\".txt", "no type", b".\r\n".to_vec()),
        ("empty.bin", "application/octet-stream", Vec::new()),
    ];
    let attachments =
        files.iter().map(|(name, mime, bytes)| Attachment { name, mime, bytes: bytes.as_slice().into() }).collect();
    let bytes = built(&Letter { attachments, ..letter() });
    let read = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(read.attachment_count(), files.len());
    for (place, (name, _, wanted)) in files.iter().enumerate() {
        let part = read.attachment(u32::try_from(place).unwrap()).unwrap();
        assert_eq!(part.attachment_name(), Some(*name));
        assert_eq!(part.contents(), wanted.as_slice(), "{name}");
    }
    assert!(String::from_utf8(bytes).unwrap().lines().all(|line| line.len() <= 78));
}

#[test]
fn nothing_typed_by_anybody_ends_a_header() {
    let evil = "x\r\nBcc: all@example.jp";
    let party = Party { name: evil, address: "a@b.jp" };
    let ids = vec![evil.to_owned()];
    let cases: Vec<(Letter<'_>, &str)> = vec![
        (Letter { from: party, ..letter() }, "from"),
        (Letter { to: vec![party], ..letter() }, "to"),
        (Letter { cc: vec![party], ..letter() }, "cc"),
        (Letter { to: vec![Party { name: "", address: "a@b.jp>\r\nBcc: <c@d.jp" }], ..letter() }, "to"),
        (Letter { to: vec![Party { name: "", address: "a@b.jp, c@d.jp" }], ..letter() }, "to"),
        (Letter { to: vec![], ..letter() }, "to"),
        (Letter { reply_to: Some("a@b.jp\nX: y"), ..letter() }, "reply_to"),
        (Letter { subject: evil, ..letter() }, "subject"),
        (Letter { subject: "a\u{0}b", ..letter() }, "subject"),
        (Letter { subject: "a\u{85}b", ..letter() }, "subject"),
        (Letter { message_id: evil, ..letter() }, "message_id"),
        (Letter { references: &ids, ..letter() }, "references"),
        (Letter { loop_mark: evil, ..letter() }, "loop_mark"),
    ];
    for (letter, field) in cases {
        assert_eq!(build(&letter), Err(Unsafe { field }), "{field}");
    }
    let file = Attachment { name: evil, mime: "text/plain", bytes: b"".as_slice().into() };
    assert_eq!(build(&Letter { attachments: vec![file], ..letter() }), Err(Unsafe { field: "attachment" }));
    let mime = Attachment { name: "a", mime: "image/png\r\nX: y", bytes: b"".as_slice().into() };
    let bytes = built(&Letter { attachments: vec![mime], ..letter() });
    assert!(!String::from_utf8(bytes).unwrap().contains("\r\nX: y"));
}

/// A text cannot end its own part, whatever lines it has.
#[test]
fn text_that_looks_like_the_end_of_its_part_stays_text() {
    let first = built(&letter());
    let file = || vec![Attachment { name: "a", mime: "image/png", bytes: b"x".as_slice().into() }];
    let once = built(&Letter { text: "x\n", attachments: file(), ..letter() });
    let once = String::from_utf8(once).unwrap();
    let line = once.lines().find(|line| line.starts_with("--=_")).unwrap();
    let text = &format!("{line}\n{line}--\n.\nFrom x\n");
    let bytes = built(&Letter { text, attachments: file(), ..letter() });
    let read = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), *text);
    assert_eq!(read.attachment_count(), 1);
    assert_eq!(first, built(&letter()), "the same letter, the same bytes");
}

#[test]
fn an_automatic_answer_says_so_in_every_dialect() {
    let text = String::from_utf8(built(&Letter { automatic: true, ..letter() })).unwrap();
    for header in ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: auto_reply"] {
        assert!(text.contains(&format!("\r\n{header}\r\n")), "{text}");
    }
}

#[test]
fn a_long_thread_keeps_its_beginning_and_its_end() {
    let ids: Vec<String> = (0..200).map(|n| format!("id{n:03}@example.jp")).collect();
    let kept = shortened(&ids);
    assert_eq!((kept[0], kept[kept.len() - 1]), ("id000@example.jp", "id199@example.jp"));
    assert!(kept.len() <= REFERENCES && kept.iter().map(|id| id.len() + 3).sum::<usize>() <= REFERENCES_BYTES);
    assert!(kept[1..].is_sorted());
    let huge = vec![format!("{}@x", "a".repeat(2_000)), "b@x".to_owned()];
    assert_eq!(shortened(&huge), ["b@x"]);
    assert_eq!(shortened(&ids[..3]).len(), 3);
}

#[test]
fn addresses_that_carriers_gave_out_can_be_told_and_others_not() {
    for good in ["a@b.jp", "\"a..b.\"@docomo.ne.jp", "a+b@xn--eckwd4c7c.xn--zckzah"] {
        assert!(address(good), "{good}");
    }
    for bad in ["", "a", "a b@c.jp", "a@b.jp\r\n", "あ@b.jp", "a@b.jp>", &format!("{}@b.jp", "a".repeat(300))] {
        assert!(!address(bad), "{bad:?}");
    }
}
