//! That a window is opened, closed or made to speak by whom it should not be, beyond a limit, or without the desks knowing.

use reqwest::Method;
use serde_json::{Value, json};

use super::live::Live;
use super::server::{Caller, Server};
use super::spine::desk;

fn office() -> Value {
    let day = json!([{"from": "13:00", "to": "18:00"}, {"from": "09:00", "to": "12:00"}]);
    json!({
        "time_zone": "asia/tokyo",
        "week": {"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day},
        "holidays": {"calendar": "japan", "ranges": [{"from": "10:00", "to": "24:00"}]},
    })
}

async fn put(caller: &Caller<'_>, what: &str, body: Value) -> (u16, Value) {
    let (status, shown) = caller.ask(Method::PUT, &format!("/api/v1/windows/sales/{what}"), Some(body)).await;
    (status.as_u16(), shown)
}

async fn refused(caller: &Caller<'_>, what: &str, body: Value) -> (u16, String) {
    let (status, problem) = put(caller, what, body).await;
    (status, problem["field"].as_str().unwrap_or_default().to_owned())
}

#[actix_web::test]
async fn hours_are_read_back_as_they_mean_and_every_rule_names_its_field() {
    let server = Server::start().await;
    desk(&server).await;
    let owner = server.log_in("owner").await;
    let (_, fresh) = owner.get("/api/v1/windows/sales/hours").await;
    assert_eq!(fresh["time_zone"], "Asia/Tokyo");
    assert_eq!(fresh["week"]["sunday"], json!([{"from": "00:00", "to": "24:00"}]), "open all the time");
    let (status, set) = put(&owner, "hours", office()).await;
    assert_eq!(status, 200, "{set}");
    assert_eq!(set["time_zone"], "Asia/Tokyo");
    assert_eq!(set["week"]["monday"][0], json!({"from": "09:00", "to": "12:00"}), "in order");
    assert_eq!((&set["week"]["sunday"], &set["auto_close_in_business_days"]), (&json!([]), &json!(true)));
    assert_eq!(owner.get("/api/v1/windows/sales/hours").await.1, set);
    for (field, pointer, value) in [
        ("time_zone", "/time_zone", json!("Asia/Edo")),
        ("week.monday[0].to", "/week/monday/0/to", json!("24:30")),
        ("week.monday[1].from", "/week/monday/1/from", json!("9:00")),
        ("week.friday", "/week/friday/1/to", json!("13:01")),
        ("week.friday", "/week/friday/1/to", json!("09:00")),
        ("holidays.ranges", "/holidays/ranges/0/to", json!("09:00")),
        (
            "week.tuesday",
            "/week/tuesday",
            json!((0..6).map(|h| json!({"from": format!("0{h}:00"), "to": format!("0{h}:30")})).collect::<Vec<_>>()),
        ),
        ("holidays.calendar", "/holidays/calendar", json!("mars")),
    ] {
        let mut bad = office();
        *bad.pointer_mut(pointer).expect("a field") = value;
        assert_eq!(refused(&owner, "hours", bad).await, (422, field.to_owned()));
    }
    let five: Vec<_> = (0..5).map(|h| json!({"from": format!("0{h}:00"), "to": format!("0{h}:30")})).collect();
    let mut fits = office();
    fits["week"]["tuesday"] = json!(five);
    assert_eq!(put(&owner, "hours", fits).await.0, 200);
    assert_eq!(owner.get("/api/v1/windows/sales/hours").await.1["week"]["tuesday"].as_array().map(Vec::len), Some(5));
}

#[actix_web::test]
async fn each_text_has_five_hundred_characters_and_not_one_more() {
    let server = Server::start().await;
    desk(&server).await;
    let owner = server.log_in("owner").await;
    for (field, pointer) in [
        ("greeting", "/greeting"),
        ("absence", "/absence"),
        ("offline.text", "/offline/text"),
        ("end.notice", "/end/notice"),
    ] {
        for (chars, status) in [(499, 200), (500, 200), (501, 422)] {
            let mut answers = json!({"greeting": "", "absence": "", "offline": {"text": ""}, "end": {"notice": ""}});
            *answers.pointer_mut(pointer).expect("a field") = json!("👩‍👦".repeat(4) + &"が".repeat(chars - 4));
            let (got, problem) = put(&owner, "answers", answers).await;
            assert_eq!(got, status, "{field} with {chars}: {problem}");
            assert!(status == 200 || problem["field"] == field, "{problem}");
        }
    }
    let silence = |ms: i64| json!({"end": {"after_silence_ms": ms}});
    for (ms, status) in [(0, 200), (59_999, 422), (60_000, 200), (2_592_000_000, 200), (2_592_000_001, 422)] {
        assert_eq!(put(&owner, "answers", silence(ms)).await.0, status, "{ms}");
    }
    let text = |chars: usize| json!({"on": true, "text": "あ".repeat(chars)});
    assert_eq!(put(&owner, "maintenance", text(500)).await.0, 200);
    assert_eq!(refused(&owner, "maintenance", text(501)).await, (422, "text".to_owned()));
    let (_, off) = put(&owner, "maintenance", json!({"on": false})).await;
    assert_eq!((&off["on"], off["text"].as_str().map(str::len)), (&json!(false), Some(1_500)), "the text stays");
}

#[actix_web::test]
async fn closed_periods_lie_ahead_and_apart_and_can_be_taken_away() {
    let server = Server::start().await;
    desk(&server).await;
    let owner = server.log_in("owner").await;
    let path = "/api/v1/windows/sales/closed-periods";
    // By the window's calendar: nobody here knows whether it is tomorrow in Tokyo already.
    let tokyo = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date();
    let day = |ahead: i32| tokyo.saturating_add(jiff::Span::new().days(ahead)).to_string();
    let period = |from: i32, to: i32| json!({"from": day(from), "to": day(to), "text": "休業"});
    let (status, first) = owner.post(path, period(0, 2)).await;
    assert_eq!(status, 201, "{first}");
    let (_, window) = owner.get("/api/v1/windows/sales").await;
    assert_eq!(window["opening"]["state"], "closed_period");
    assert_eq!(window["opening"]["closed_period"], first["id"]);
    for (body, field) in [
        (period(-1, 4), "from"),
        (period(2, 4), "from"),
        (period(5, 4), "to"),
        (period(5, 5 + 366), "to"),
        (period(1_830, 1_831), "to"),
        (json!({"from": "2027-02-30", "to": day(3)}), "from"),
        (json!({"from": day(3), "to": "tomorrow"}), "to"),
    ] {
        let (status, problem) = owner.post(path, body.clone()).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!(field)), "{body}");
    }
    for n in 1..100 {
        assert_eq!(owner.post(path, period(3 * n, 3 * n + 1)).await.0, 201, "{n}");
    }
    let (status, problem) = owner.post(path, period(400, 400)).await;
    assert_eq!((status.as_u16(), &problem["code"], &problem["limit"]), (409, &json!("limit_reached"), &json!(100)));
    let id = first["id"].as_str().expect("an id");
    let one = format!("{path}/{id}");
    let gone = || owner.ask(Method::DELETE, &one, None);
    let ((first, _), (second, _)) = (gone().await, gone().await);
    assert_eq!((first.as_u16(), second.as_u16()), (204, 404));
    let (_, window) = owner.get("/api/v1/windows/sales").await;
    assert_eq!(window["opening"]["state"], "open", "at once");
    assert_eq!(owner.get(path).await.1["items"].as_array().map(Vec::len), Some(99));
}

#[actix_web::test]
async fn a_preview_says_what_a_customer_sees_at_that_time_also_before_it_is_saved() {
    let server = Server::start().await;
    desk(&server).await;
    let owner = server.log_in("owner").await;
    let answers = json!({
        "greeting": "ようこそ、{name}様", "absence": "{window}は休みです\n{hours}",
        "offline": {"text": "席を外しています", "shown": "bar", "when_nobody_is_here": true},
        "end": {"notice": "終了しました"},
    });
    let ask = |at: &str, situation: &str, here: bool| {
        json!({
            "at": at, "situation": situation, "anybody_here": here, "name": "佐藤", "hours": office(), "answers": answers,
        })
    };
    let path = "/api/v1/windows/sales/preview";
    for (at, situation, here, state, answer, banner) in [
        ("2026-11-20T11:59", "message", true, "open", Value::Null, Value::Null),
        ("2026-11-20T02:59:59Z", "message", true, "open", Value::Null, Value::Null),
        ("2026-11-20T11:59", "visit", false, "open", Value::Null, json!("席を外しています")),
        ("2026-11-20T12:00", "friend_add", true, "closed", json!("ようこそ、佐藤様"), json!("席を外しています")),
        ("2026-11-23T10:00", "message", true, "open", Value::Null, Value::Null),
        ("2026-11-23T09:59", "end", true, "closed", json!("終了しました"), json!("席を外しています")),
    ] {
        let (status, seen) = owner.post(path, ask(at, situation, here)).await;
        assert_eq!(status, 200, "{seen}");
        assert_eq!(seen["opening"]["state"], state, "{at}: {seen}");
        assert_eq!(seen["answer"]["text"], answer, "{at}: {seen}");
        assert_eq!(seen["banner"]["text"], banner, "{at}: {seen}");
    }
    let (_, seen) = owner.post(path, ask("2026-11-21T09:00", "message", true)).await;
    let text = seen["answer"]["text"].as_str().expect("an answer");
    assert!(text.ends_with("は休みです\n月〜金 09:00〜12:00、13:00〜18:00\n土〜日 休み\n祝日 10:00〜24:00"), "{text}");
    assert_eq!(seen["answer"]["kind"], "absence");
    assert_eq!(seen["opening"]["opens_at"], "2026-11-23T01:00:00.000Z", "Monday is 勤労感謝の日");
    let (_, seen) = owner.post(path, json!({"situation": "message"})).await;
    assert_eq!((&seen["answer"], &seen["opening"]["state"]), (&Value::Null, &json!("open")), "nothing of it is saved");
    for bad in ["tomorrow", "2026-11-20", "2026-02-30T10:00"] {
        let (status, problem) = owner.post(path, ask(bad, "message", true)).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("at")), "{bad}");
    }
    let (_, days) = owner.get("/api/v1/holidays?year=2026").await;
    assert_eq!(days["items"].as_array().map(Vec::len), Some(18));
    assert!(days["items"].as_array().expect("a list").contains(&json!({"date": "2026-09-22", "name": "国民の休日"})));
    assert_eq!(owner.get("/api/v1/holidays?year=2019").await.0, 422);
}

#[actix_web::test]
async fn every_desk_hears_at_once_that_a_window_closes_and_opens() {
    let server = Server::start().await;
    desk(&server).await;
    let owner = server.log_in("owner").await;
    let mut live = Live::open(&owner).await;
    live.say(json!({"type": "watch", "window": "sales"})).await;
    let snapshot = live.next(&["snapshot"]).await;
    assert_eq!(snapshot["opening"]["state"], "open");
    assert_eq!(live.next(&["opening"]).await["opening"]["state"], "open");
    put(&owner, "maintenance", json!({"on": true, "text": "点検中"})).await;
    let heard = both(&mut live, "maintenance").await;
    assert_eq!(heard[0]["maintenance"]["text"], "点検中");
    put(&owner, "maintenance", json!({"on": false})).await;
    let heard = both(&mut live, "open").await;
    assert_eq!(heard[0]["maintenance"]["on"], false);
    put(&owner, "hours", json!({"time_zone": "UTC", "week": {}})).await;
    let heard = both(&mut live, "closed").await;
    assert_eq!(heard[0]["hours"]["time_zone"], "UTC");
}

/// The events of the next update, once the opening is told to be this too; either may come first.
async fn both(live: &mut Live, state: &str) -> Value {
    let (mut events, mut is_told) = (None, false);
    loop {
        if let Some(events) = events.take_if(|_| is_told) {
            return events;
        }
        let frame = live.next(&["update", "opening"]).await;
        if frame["type"] == "update" {
            events = Some(frame["events"].clone());
        } else {
            is_told |= frame["opening"]["state"] == state;
        }
    }
}
