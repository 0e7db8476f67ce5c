use super::{office, range};
use crate::domain::hours::{Answers, ChatEnd, Day, Hours, Offline, Range, Wording, Zone, check_text, describe};
use crate::domain::rejected::Rejected;

fn field_of<T: std::fmt::Debug>(result: Result<T, Rejected>) -> String {
    match result.expect_err("it breaks a rule") {
        Rejected::Invalid { field, .. } => field.into_owned(),
        other => panic!("{other:?} names no field"),
    }
}

fn monday(ranges: &[&str]) -> Result<Hours, Rejected> {
    let mut hours = office("Asia/Tokyo");
    hours.week[0] = ranges.iter().map(|text| range(text)).collect();
    hours.checked()
}

#[test]
fn ranges_may_touch_and_come_in_any_order_and_may_not_overlap() {
    let hours = monday(&["13:00-24:00", "00:00-12:00", "12:00-13:00"]).unwrap();
    assert_eq!(hours.week[0], [range("00:00-12:00"), range("12:00-13:00"), range("13:00-24:00")]);
    for bad in [
        &["09:00-12:00", "11:59-13:00"][..],
        &["09:00-24:01"],
        &["12:00-12:00"],
        &["18:00-09:00"],
        &["00:00-01:00", "02:00-03:00", "04:00-05:00", "06:00-07:00", "08:00-09:00", "10:00-11:00"],
    ] {
        assert_eq!(field_of(monday(bad)), "week.monday", "{bad:?}");
    }
    assert!(monday(&["00:00-01:00", "02:00-03:00", "04:00-05:00", "06:00-07:00", "08:00-09:00"]).is_ok());
    let holidays = Hours { holidays: Some(vec![range("09:00-12:00"), range("10:00-11:00")]), ..office("Asia/Tokyo") };
    assert_eq!(field_of(holidays.checked()), "holidays.ranges");
}

#[test]
fn a_zone_that_nobody_knows_is_refused_and_keeps_its_name_where_it_was_kept() {
    assert_eq!(field_of(Hours { zone: Zone::named("Asia/Edo"), ..Hours::default() }.checked()), "time_zone");
    assert_eq!(field_of(Hours { zone: Zone::named(""), ..Hours::default() }.checked()), "time_zone");
    assert!(!Zone::named("Etc/Unknown").is_known() && Zone::named("Etc/UTC").is_known());
    assert_eq!(Zone::named("Asia/Edo").name(), "Asia/Edo");
    assert_eq!(Zone::named("europe/berlin").name(), "Europe/Berlin");
    let midnight = Zone::named("Asia/Edo").local(super::at("2026-01-01T00:00:00Z"));
    assert_eq!(midnight, (Day::of(2026, 1, 1).unwrap(), 0), "UTC's clock");
}

#[test]
fn whether_it_never_closes_is_seen_in_pieces_too() {
    assert!(Hours::default().is_always_open());
    let pieces = vec![range("00:00-12:00"), range("12:00-24:00")];
    let hours = Hours { week: std::array::from_fn(|_| pieces.clone()), ..Hours::default() };
    assert!(hours.is_always_open());
    assert!(!Hours { holidays: Some(Vec::new()), ..hours.clone() }.is_always_open());
    let gap = vec![range("00:00-12:00"), range("12:01-24:00")];
    assert!(!Hours { week: std::array::from_fn(|_| gap.clone()), ..hours }.is_always_open());
    assert!(Range::WHOLE_DAY.holds(0) && !Range::WHOLE_DAY.holds(86_400_000));
}

#[test]
fn five_hundred_characters_are_counted_as_a_person_counts_them() {
    let family = "👨‍👩‍👧‍👦";
    for (text, fits) in [
        ("あ".repeat(500), true),
        ("あ".repeat(501), false),
        ("が".repeat(500), true),
        (family.repeat(160), true),
        // 25 bytes each: too many for a record, though not for a reader.
        (family.repeat(164), false),
        ("\r\n".repeat(2) + "あ", true),
        (" \n ".to_owned(), false),
        ("bell \u{7}".to_owned(), false),
        (String::new(), true),
    ] {
        assert_eq!(check_text("greeting", &text, 500).is_ok(), fits, "{} bytes", text.len());
    }
}

#[test]
fn a_placeholder_that_is_misspelt_is_refused_and_a_smile_is_not() {
    for (text, fits) in [
        ("{name}様、{window}です。{hours}", true),
        ("{nama}様", false),
        ("{name", true),
        ("{^_^} {} {Name} {1}", true),
        ("{name}{name}{name}{name}{name}", true),
        ("{name}{name}{name}{name}{name}{hours}", false),
    ] {
        assert_eq!(check_text("absence", text, 500).is_ok(), fits, "{text}");
    }
    let wording = Wording { window: "{hours}窓口", hours: &["月〜金 09:00〜18:00".to_owned()] };
    let said = wording.fill("{name}様、{window}です。\n{hours}{^_^}");
    assert_eq!(Wording::address(&said, Some("佐藤")), "佐藤様、{hours}窓口です。\n月〜金 09:00〜18:00{^_^}");
    assert_eq!(Wording::address("{name}へ、{name}様、{name}さん", None), "お客様へ、お客様、お客様");
    assert_eq!(Wording::address("{name}様", Some("")), "お客様");
    assert!(Wording::names_the_customer("{name}へ") && !Wording::names_the_customer("name"));
}

#[test]
fn hours_read_as_on_a_door() {
    assert_eq!(describe(&office("Asia/Tokyo")), ["月〜金 09:00〜12:00、13:00〜18:00", "土〜日 休み", "祝日 休み"]);
    assert_eq!(describe(&Hours::default()), ["毎日 24時間"]);
    let mut odd = office("Asia/Tokyo");
    odd.week[2] = vec![range("09:00-24:00")];
    odd.holidays = None;
    let weekday = "09:00〜12:00、13:00〜18:00";
    assert_eq!(
        describe(&odd),
        [
            format!("月〜火 {weekday}"),
            "水 09:00〜24:00".to_owned(),
            format!("木〜金 {weekday}"),
            "土〜日 休み".to_owned()
        ]
    );
}

#[test]
fn each_limit_of_the_answers_names_its_field() {
    let long = "あ".repeat(501);
    let words =
        |words: &[&str]| ChatEnd { words: words.iter().map(|word| (*word).to_owned()).collect(), ..ChatEnd::default() };
    let silence = |after_silence_ms| ChatEnd { after_silence_ms, ..ChatEnd::default() };
    let end = |end| Answers { end, ..Answers::default() };
    let rows = [
        ("greeting", Answers { greeting: long.clone(), ..Answers::default() }),
        ("absence", Answers { absence: long.clone(), ..Answers::default() }),
        (
            "offline.text",
            Answers { offline: Offline { text: long.clone(), ..Offline::default() }, ..Answers::default() },
        ),
        ("end.notice", end(ChatEnd { notice: long, ..ChatEnd::default() })),
        ("end.after_silence_ms", end(silence(-1))),
        ("end.after_silence_ms", end(silence(59_999))),
        ("end.after_silence_ms", end(silence(2_592_000_001))),
        ("end.words", end(words(&["1", "2", "3", "4", "5", "6"]))),
        ("end.words", end(words(&["  "]))),
        ("end.words", end(words(&["あいうえおかきくけこさしすせそたちつてとな"]))),
    ];
    for (field, answers) in rows {
        assert_eq!(field_of(answers.checked()), field);
    }
    for fits in
        [silence(0), silence(60_000), silence(2_592_000_000), words(&["あいうえおかきくけこさしすせそたちつてと"])]
    {
        assert!(end(fits).checked().is_ok());
    }
    let checked = end(words(&[" 終了 ", "終了"])).checked().unwrap();
    assert_eq!(checked.end.words, ["終了"]);
    assert!(checked.end.is_said_by(" 終了\n") && !checked.end.is_said_by("終了してください"));
}
