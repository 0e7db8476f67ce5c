//! The rules of a window as tables.

use super::*;
use crate::domain::id::FileId;
use crate::domain::rejected::Rejected;

const AYA: AgentId = AgentId(1);
const DAY_MS: i64 = 24 * 3_600_000;

fn tell(window: &mut Window, command: Command) -> Result<Vec<Event>, Rejected> {
    let events = decide(window, command)?;
    events.iter().for_each(|event| window.apply(event));
    Ok(events)
}

fn open(name: &str, places: u16) -> Command {
    Command::Open { name: name.to_owned(), places }
}

fn unborn() -> Window {
    Window::unborn(WindowId::new("sales").unwrap())
}

fn opened() -> Window {
    let mut window = unborn();
    tell(&mut window, open("Sales", 5)).unwrap();
    window
}

#[test]
fn an_address_is_1_to_20_lower_case_letters_and_digits() {
    for good in ["a", "0", "sales01", "abcdefghijklmnopqrst"] {
        assert_eq!(WindowId::new(good).unwrap().as_str(), good);
    }
    for bad in ["", "abcdefghijklmnopqrstu", "Sales", "sa-les", "sa les", "営業", "a/b", "a\n"] {
        let rule = Rejected::invalid("id", "1 to 20 lower-case letters and digits");
        assert_eq!(WindowId::new(bad), Err(rule), "{bad:?}");
    }
}

#[test]
fn a_window_opens_once_and_before_anything_else() {
    let mut window = unborn();
    let missing = Err(Rejected::not_found("window"));
    assert_eq!(tell(&mut window, Command::AddAgent { agent: AYA }), missing);
    assert_eq!(tell(&mut window, Command::ChangeSettings(Settings::default())), missing);
    tell(&mut window, open("Sales", 30)).unwrap();
    assert_eq!((window.name.as_str(), window.places), ("Sales", 30));
    assert_eq!(tell(&mut window, open("Sales", 30)), Err(Rejected::Exists { what: "window" }));
}

#[test]
fn a_name_and_a_product_keep_their_rules() {
    let name = Rejected::invalid("name", "1 to 20 characters");
    for (text, fits) in
        [("", false), (" \u{3000}", false), ("営", true), (&"👨‍👩‍👧‍👦".repeat(20), true), (&"👨‍👩‍👧‍👦".repeat(21), false)]
    {
        let answer = tell(&mut unborn(), open(text, 5));
        assert_eq!(answer.map(|events| events.len()), if fits { Ok(1) } else { Err(name.clone()) }, "{text}");
    }
    for (places, fits) in [(0, false), (4, false), (5, true), (6, false), (30, true), (100, true), (101, false)] {
        assert_eq!(tell(&mut unborn(), open("Sales", places)).is_ok(), fits, "{places}");
    }
}

#[test]
fn no_more_agents_than_places_and_a_place_is_free_again() {
    let mut window = opened();
    for n in 1..=5 {
        tell(&mut window, Command::AddAgent { agent: AgentId(n) }).unwrap();
    }
    assert_eq!(tell(&mut window, Command::AddAgent { agent: AYA }), Ok(vec![]), "a member is one already");
    let sixth = Command::AddAgent { agent: AgentId(6) };
    assert_eq!(tell(&mut window, sixth.clone()), Err(Rejected::LimitReached { what: "agents", limit: 5 }));
    let leave = Command::RemoveAgent { agent: AYA };
    assert_eq!(tell(&mut window, leave.clone()), Ok(vec![Event::AgentRemoved { agent: AYA }]));
    assert_eq!(tell(&mut window, leave), Err(Rejected::NotAMember));
    tell(&mut window, sixth).unwrap();
    assert_eq!(window.members.len(), 5);
}

#[test]
fn settings_keep_their_limits_on_both_sides() {
    type Set = fn(&mut Settings, i64);
    let table: [(&str, Set, i64, i64); 5] = [
        ("handover_timeout_ms", |s, v| s.handover_timeout_ms = v, 100, 3_600_000),
        ("seat_claimable_ms", |s, v| (s.seat_claimable_ms, s.seat_expiry_ms) = (v, 7 * DAY_MS), 100, DAY_MS),
        ("seat_expiry_ms", |s, v| s.seat_expiry_ms = v, 120_000, 7 * DAY_MS),
        ("auto_close_ms", |s, v| s.auto_close_ms = v, 0, 365 * DAY_MS),
        ("reply_budget_ms", |s, v| s.reply_budget_ms = v, 0, 60_000),
    ];
    for (name, set, least, most) in table {
        for (value, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false), (i64::MIN, false)] {
            let mut settings = Settings::default();
            set(&mut settings, value);
            match tell(&mut opened(), Command::ChangeSettings(settings.clone())) {
                Ok(events) => assert!(fits && events == [Event::SettingsChanged(settings)], "{name} {value}"),
                Err(Rejected::Invalid { field, .. }) => assert!(!fits && field == name, "{name} {value}: {field}"),
                Err(other) => panic!("{name} {value}: {other}"),
            }
        }
    }
}

#[test]
fn settings_that_are_so_already_change_nothing() {
    let mut window = opened();
    let before = window.clone();
    assert_eq!(tell(&mut window, Command::ChangeSettings(Settings::default())), Ok(vec![]));
    assert_eq!(window, before);
}

#[test]
fn a_stored_body_waits_until_it_is_settled() {
    let mut window = opened();
    for raw in [7, 8] {
        window.apply(&Event::RawAccepted(RawAccepted {
            raw,
            inbox: InboxId(1),
            received_at: Timestamp(1),
            why: RawReason::Busy,
            body: RawBody::Inline(vec![1]),
        }));
    }
    assert_eq!(window.raw, [7, 8]);
    // Twice: two may have replayed the same body at once.
    for _ in 0..2 {
        window.apply(&Event::RawSettled { raw: 7, how: RawEnd::Interpreted });
        assert_eq!(window.raw, [8]);
    }
}

#[test]
fn a_window_with_agents_never_loses_the_last_one() {
    let mut window = opened();
    let (ben, few) = (AgentId(7), Err(Rejected::TooFew { what: "agents", least: 1 }));
    tell(&mut window, Command::AddAgent { agent: AYA }).unwrap();
    assert_eq!(tell(&mut window, Command::RemoveAgent { agent: AYA }), few);
    assert_eq!(tell(&mut window, Command::RemoveAgent { agent: ben }), Err(Rejected::NotAMember));
    tell(&mut window, Command::AddAgent { agent: ben }).unwrap();
    tell(&mut window, Command::RemoveAgent { agent: AYA }).unwrap();
    assert_eq!(tell(&mut window, Command::RemoveAgent { agent: ben }), few);
    assert_eq!(window.members.len(), 1);
}

#[test]
fn a_window_never_gets_fewer_places_than_it_has_agents() {
    let mut window = unborn();
    tell(&mut window, open("Sales", 30)).unwrap();
    for n in 1..=6 {
        tell(&mut window, Command::AddAgent { agent: AgentId(n) }).unwrap();
    }
    let five = Command::ChangePlaces { places: 5 };
    assert_eq!(tell(&mut window, five.clone()), Err(Rejected::LimitReached { what: "agents", limit: 5 }));
    assert_eq!(window.places, 30);
    tell(&mut window, Command::RemoveAgent { agent: AgentId(6) }).unwrap();
    assert_eq!(tell(&mut window, five.clone()), Ok(vec![Event::PlacesChanged { places: 5 }]));
    assert_eq!(tell(&mut window, five), Ok(vec![]), "offered again");
    let sixth = Command::AddAgent { agent: AgentId(6) };
    assert_eq!(tell(&mut window, sixth), Err(Rejected::LimitReached { what: "agents", limit: 5 }));
    assert!(tell(&mut window, Command::ChangePlaces { places: 6 }).is_err(), "there is no such product");
}

#[test]
fn a_window_is_described_anew_and_only_when_something_changes() {
    let mut window = opened();
    let picture = Some(Picture { file: FileId(1), name: "a.png".to_owned() });
    let profile = Profile { name: "受付".to_owned(), description: "平日".to_owned(), picture };
    let wish = Command::Describe(profile.clone());
    assert_eq!(tell(&mut window, wish.clone()), Ok(vec![Event::Described(profile.clone())]));
    assert_eq!((window.profile(), window.name.as_str()), (profile.clone(), "受付"));
    assert_eq!(tell(&mut window, wish), Ok(vec![]));
    let nameless = Profile { name: String::new(), ..profile };
    assert_eq!(tell(&mut window, Command::Describe(nameless)), Err(Rejected::invalid("name", "1 to 20 characters")));
}

#[test]
fn after_a_reset_nothing_happens_any_more() {
    let mut window = opened();
    tell(&mut window, Command::AddAgent { agent: AYA }).unwrap();
    let reset = Command::Reset { reset_at: Timestamp(9), by: Some(AYA), erase: false };
    tell(&mut window, reset.clone()).unwrap();
    assert_eq!(window.reset, Some(WasReset { at: Timestamp(9), by: Some(AYA), erase: false }));
    assert!(window.members.is_empty(), "its agents lose access with the same record");
    let gone = Err(Rejected::not_found("window"));
    let before = window.clone();
    for command in [
        reset,
        open("Sales", 5),
        Command::AddAgent { agent: AYA },
        Command::ChangeSettings(Settings { auto_close_ms: 0, ..Settings::default() }),
        Command::Describe(Profile { name: "x".to_owned(), ..Profile::default() }),
        Command::ChangePlaces { places: 30 },
    ] {
        assert_eq!(tell(&mut window, command), gone);
    }
    // What was on its way comes to nothing.
    window.apply(&Event::AgentAdded { agent: AYA });
    window.apply(&Event::RawAccepted(RawAccepted {
        raw: 1,
        inbox: InboxId(1),
        received_at: Timestamp(1),
        why: RawReason::Busy,
        body: RawBody::Inline(vec![1]),
    }));
    assert_eq!(window, before);
}
