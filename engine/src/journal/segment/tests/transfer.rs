//! Export and import.

use super::*;
use crate::journal::transfer::{ImportError, export, import};

fn exported(journal: &dyn Journal) -> String {
    let mut text = Vec::new();
    export(journal, &mut text, Path::new("text")).unwrap();
    String::from_utf8(text).unwrap()
}

fn fresh() -> SegmentJournal {
    open(&SimDisk::default()).unwrap()
}

fn imported(text: &str) -> Result<SegmentJournal, ImportError> {
    let journal = fresh();
    import(&journal, &mut text.as_bytes(), &mut |old| old).map(|_| journal)
}

/// Two streams, three owners, keys, a redacted record, one of the greatest length.
fn varied() -> SegmentJournal {
    let journal = fresh();
    for (n, stream) in [A, B, A, A].into_iter().enumerate() {
        let epoch = journal.own(stream).unwrap();
        for i in 0..200u128 {
            let key = DedupeKey(n as u128 * 1000 + i);
            let one = Append {
                dedupe: if i % 3 == 0 { vec![key, DedupeKey(key.0 << 99 | 1)] } else { vec![] },
                ..append(stream, epoch, &payload(i as usize))
            };
            journal.append(&[one]).unwrap();
        }
    }
    let long = vec![0xff; crate::journal::MAX_RECORD];
    journal.append(&[append(B, 1, &long)]).unwrap();
    journal.redact(A, Position(7)).unwrap();
    journal
}

#[test]
fn a_journal_goes_out_as_text_and_comes_back_under_new_ids() {
    let journal = varied();
    let text = exported(&journal);
    assert_eq!(text.lines().count(), 801);
    assert_eq!(exported(&imported(&text).unwrap()), text, "line for line");

    let there = fresh();
    let mut drawn = 50;
    let ids = import(&there, &mut text.as_bytes(), &mut |_| {
        drawn += 1;
        StreamId(drawn)
    });
    assert_eq!(ids.unwrap(), [(A, StreamId(51)), (B, StreamId(52))]);
    assert_eq!(all(&there, StreamId(51)), all(&journal, A));
    assert_eq!(all(&there, StreamId(52)), all(&journal, B));
    assert_eq!(all(&there, StreamId(51))[6], b"gone", "redacted content does not travel");
    assert_eq!(there.own(StreamId(51)).unwrap(), journal.own(A).unwrap());
}

#[test]
fn a_text_that_is_not_an_export_is_refused_with_its_line() {
    let text = exported(&varied());
    let lines: Vec<&str> = text.lines().collect();
    let line = |n: usize, from: &str, to: &str| {
        let mut lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert!(lines[n].contains(from));
        lines[n] = lines[n].replace(from, to);
        lines.join("\n")
    };
    let wrong = [
        line(3, "\"position\":4", "\"position\":5"),
        line(3, "\"position\":4", "\"position\":3"),
        line(3, "\"position\":4", "\"position\":-4"),
        line(3, "\"owner_epoch\":1", "\"owner_epoch\":0"),
        line(3, "\"payload\":\"", "\"payload\":\"*"),
        line(3, "\"dedupe\":[\"", "\"dedupe\":[\"z"),
        line(3, "\"stream\":\"0", "\"stream\":\"~"),
        line(3, "{", "{\"more\":1,"),
        line(3, "}", ""),
        line(3, "\"position\":4", &format!("\"position\":4{}", " ".repeat(600_000))),
    ];
    for text in wrong {
        match imported(&text).map(drop) {
            Err(ImportError::Line { line: 4, .. }) => {}
            other => panic!("{other:?} for {}", text.lines().nth(3).unwrap()),
        }
    }
    let back = line(399, "\"owner_epoch\":2", "\"owner_epoch\":1");
    assert!(matches!(imported(&back), Err(ImportError::Line { line: 400, .. })));
    let long = line(0, "\"payload\":\"", &format!("\"payload\":\"{}", "AAAA".repeat(30_000)));
    assert!(matches!(imported(&long), Err(ImportError::Refused { line: 1, .. })));
}

#[test]
fn an_import_takes_only_an_empty_journal_and_different_ids() {
    let journal = varied();
    let text = exported(&journal);
    let again = import(&journal, &mut text.as_bytes(), &mut |old| old);
    assert!(matches!(again, Err(ImportError::NotEmpty)));
    let same = import(&fresh(), &mut text.as_bytes(), &mut |_| StreamId(9));
    assert!(matches!(same, Err(ImportError::Line { .. })), "{same:?}");
}
