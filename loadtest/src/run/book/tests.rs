//! A true story of one customer and two agents passes; each lie planted in it is named.

use std::collections::HashMap;
use std::sync::Arc;

use madoguchi_protocol::api::Message;
use serde_json::{Value, json};

use super::{Book, Faults, Kind, Manner, Place, Setting};
use crate::run::words::Word;

const STREAM: &str = "01S";

/// What two sockets, one customer, two agents and the platform saw, before anything is doctored.
struct Story {
    /// For each socket the frames in order.
    told: [Vec<Value>; 2],
    /// Texts whose webhook got 200.
    acknowledged: Vec<u32>,
    /// Replies to claims: agent and epoch.
    won: Vec<(u32, u64)>,
    /// Replies to answers: accepted or not.
    replies: Vec<Option<bool>>,
    /// Answers that arrived, in order.
    phone: Vec<String>,
    /// The timeline over REST.
    shown: Vec<Value>,
}

fn update(position: u64, events: Value) -> Value {
    json!({"type": "update", "window": "w", "stream": STREAM, "position": position, "at": "2026-11-21T05:00:50.000Z",
        "events": events})
}

fn line(number: u32, text: &str, direction: &str, state: &str) -> Value {
    let outbound = direction == "outbound";
    json!({"id": format!("m{number}"), "number": number, "direction": direction, "content": {"type": "text", "text": text},
        "state": state, "agent": outbound.then_some("A"), "client_id": outbound.then(|| text.to_owned()), "at": "2026-11-21T05:00:50.000Z"})
}

fn received(number: u32, text: &str) -> Value {
    json!({"type": "received", "conversation": "C", "message": line(number, text, "inbound", "received"),
        "received_at": "2026-11-21T05:00:50.000Z"})
}

fn queued(number: u32, text: &str) -> Value {
    json!({"type": "queued", "conversation": "C", "message": line(number, text, "outbound", "queued")})
}

/// The bot's answer as it was accepted.
fn said(number: u32, text: &str) -> Value {
    let mut message = line(number, text, "outbound", "queued");
    (message["agent"], message["bot"]) = (json!(null), json!(true));
    json!({"type": "queued", "conversation": "C", "message": message})
}

/// The bot's answer at last.
fn spoken(number: u32, text: &str) -> Value {
    let mut message = line(number, text, "outbound", "sent");
    (message["agent"], message["bot"]) = (json!(null), json!(true));
    message
}

fn claimed(agent: &str, epoch: u64) -> Value {
    json!({"type": "claimed", "conversation": "C", "agent": agent, "epoch": epoch, "how": {"type": "started"}})
}

fn sent(number: u32) -> Value {
    json!({"type": "sent", "conversation": "C", "number": number, "free": false})
}

impl Story {
    /// Three texts, a claim by A that B loses, two answers that arrive and one that is refused.
    fn new() -> Self {
        let opened = json!({"type": "opened", "conversation": "C", "inbox": "I", "channel": "line",
            "contact_point": {"id": "P", "name": null}});
        let told = vec![
            update(8, json!([opened, received(1, "c0.1")])),
            update(9, json!([received(2, "c0.2")])),
            update(10, json!([claimed("A", 1)])),
            update(11, json!([queued(3, "a0.1")])),
            update(12, json!([received(4, "c0.3")])),
            update(13, json!([sent(3)])),
            update(14, json!([queued(5, "a0.2")])),
            update(15, json!([sent(5)])),
            update(16, json!([{"type": "completed", "conversation": "C", "by": "A"}])),
        ];
        let shown = vec![
            line(1, "c0.1", "inbound", "received"),
            line(2, "c0.2", "inbound", "received"),
            line(3, "a0.1", "outbound", "sent"),
            line(4, "c0.3", "inbound", "received"),
            line(5, "a0.2", "outbound", "sent"),
        ];
        Self {
            told: [told.clone(), told],
            acknowledged: vec![1, 2, 3],
            won: vec![(0, 1)],
            replies: vec![Some(true), Some(true), Some(false)],
            phone: ["a0.1", "a0.2"].map(str::to_owned).to_vec(),
            shown,
        }
    }

    /// The same change for both sockets.
    fn everywhere(&mut self, change: impl Fn(&mut Vec<Value>)) {
        self.told.iter_mut().for_each(change);
    }

    /// Tells it to a book.
    fn judged(&self) -> Faults {
        let mut book = Book::new(Setting {
            window: 0,
            windows: 1,
            chats: 1,
            agents: Arc::new(HashMap::from([("A".to_owned(), 0), ("B".to_owned(), 1)])),
            members: vec![0, 1],
            manner: Manner { seed: 1, racers: 2, answers: 1.0, complete: 1.0, think_ms: 0 },
        });
        for turn in 1..=3 {
            assert_eq!(book.said(0, 0), Word { chat: 0, turn });
        }
        for turn in 1..=self.replies.len() as u32 {
            assert_eq!(book.answer(0, 0), Some(Word { chat: 0, turn }));
        }
        let mut places = [Place::new("socket 0".to_owned()), Place::new("socket 1".to_owned())];
        for (place, told) in places.iter_mut().zip(&self.told) {
            book.snapshot(place, STREAM, 7);
            for frame in told {
                if frame["type"] == "snapshot" {
                    book.snapshot(place, STREAM, frame["position"].as_u64().unwrap());
                    continue;
                }
                let position = frame["position"].as_u64().unwrap();
                book.update(place, frame["stream"].as_str().unwrap(), position, frame.to_string().as_bytes());
            }
        }
        for turn in &self.acknowledged {
            book.acknowledged(Word { chat: 0, turn: *turn });
        }
        for (agent, epoch) in &self.won {
            book.claimed(0, *agent, *epoch);
        }
        for (reply, turn) in self.replies.iter().zip(1..) {
            if let Some(accepted) = reply {
                book.answered(Word { chat: 0, turn }, *accepted);
            }
        }
        for text in &self.phone {
            book.arrived(0, &format!("{text} はい"));
        }
        let shown: Vec<Message> =
            self.shown.iter().map(|line| serde_json::from_value(line.clone()).expect("a line")).collect();
        book.timeline(0, &shown);
        for place in &places {
            book.stands(place, 16);
        }
        book.close();
        book.faults
    }

    /// The same customer before a bot: it answers the first two texts and calls a person, who answers the third.
    fn before_a_bot() -> Self {
        let seated = json!({"type": "bot_seated", "conversation": "C", "epoch": 1, "how": {"type": "started"}});
        let released = json!({"type": "bot_released", "conversation": "C", "cause": "handed_over"});
        let mut story = Self::new();
        story.everywhere(|told| {
            let opened = told[0]["events"][0].clone();
            *told = vec![
                update(8, json!([opened, received(1, "c0.1"), seated])),
                update(9, json!([said(2, "b0.1")])),
                update(10, json!([received(3, "c0.2")])),
                update(11, json!([said(4, "b0.2"), sent(2)])),
                update(12, json!([sent(4), released])),
                update(13, json!([received(5, "c0.3"), claimed("A", 2)])),
                update(14, json!([queued(6, "a0.1")])),
                update(15, json!([sent(6)])),
                update(16, json!([{"type": "completed", "conversation": "C", "by": "A"}])),
            ];
        });
        story.won = vec![(0, 2)];
        story.replies = vec![Some(true)];
        story.phone = ["b0.1", "b0.2", "a0.1"].map(str::to_owned).to_vec();
        story.shown = vec![
            line(1, "c0.1", "inbound", "received"),
            spoken(2, "b0.1"),
            line(3, "c0.2", "inbound", "received"),
            spoken(4, "b0.2"),
            line(5, "c0.3", "inbound", "received"),
            line(6, "a0.1", "outbound", "sent"),
        ];
        story
    }
}

/// The story with a lie in it must be found to have this fault.
#[track_caller]
fn lie(expected: Kind, plant: impl Fn(&mut Story)) {
    let mut story = Story::new();
    plant(&mut story);
    let faults = story.judged();
    assert!(faults.times(expected) > 0, "{expected:?} was not found, but {faults:#?}");
}

#[test]
fn the_truth_passes() {
    let faults = Story::new().judged();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_text_without_200_may_be_there_or_not() {
    let mut story = Story::new();
    story.acknowledged = vec![1, 2];
    assert!(story.judged().is_empty());
    story.everywhere(|told| told[4] = update(12, json!([])));
    story.everywhere(|told| told[6] = update(14, json!([queued(4, "a0.2")])));
    story.everywhere(|told| told[7] = update(15, json!([sent(4)])));
    story.shown.remove(3);
    story.shown[3]["number"] = json!(4);
    assert!(story.judged().is_empty(), "{:#?}", story.judged());
}

#[test]
fn an_answer_that_did_not_arrive_may_be_shown_as_such() {
    for end in ["failed", "unknown"] {
        let mut story = Story::new();
        let event = match end {
            "failed" => json!({"type": "failed", "conversation": "C", "number": 5, "failure": {"reason": "gave_up"}}),
            _ => json!({"type": "unknown", "conversation": "C", "number": 5}),
        };
        story.everywhere(|told| told[7] = update(15, json!([event])));
        story.shown[4]["state"] = json!(end);
        story.phone.pop();
        assert!(story.judged().is_empty(), "{:#?}", story.judged());
    }
}

#[test]
fn a_missing_message_is_found() {
    lie(Kind::Missing, |story| story.everywhere(|told| told[4] = update(12, json!([]))));
    lie(Kind::Missing, |story| {
        story.told[1].pop();
    });
    lie(Kind::TimelineDiffers, |story| {
        story.shown.remove(3);
    });
    lie(Kind::TimelineDiffers, |story| {
        story.shown.pop();
    });
}

#[test]
fn a_doubled_message_is_found() {
    lie(Kind::Doubled, |story| story.everywhere(|told| told[4] = update(12, json!([received(4, "c0.2")]))));
    lie(Kind::TimelineDiffers, |story| story.shown.push(line(6, "c0.3", "inbound", "received")));
}

#[test]
fn messages_out_of_order_are_found() {
    lie(Kind::OutOfOrder, |story| {
        story.everywhere(|told| {
            told[1] = update(9, json!([received(2, "c0.3")]));
            told[4] = update(12, json!([received(4, "c0.2")]));
        });
    });
    lie(Kind::TimelineDiffers, |story| story.shown.swap(1, 3));
    lie(Kind::NumberGap, |story| story.everywhere(|told| told[4] = update(12, json!([received(5, "c0.3")]))));
}

#[test]
fn a_gap_and_a_repetition_of_positions_are_found() {
    lie(Kind::PositionGap, |story| {
        story.told[1].remove(3);
    });
    lie(Kind::PositionGap, |story| {
        let again = story.told[0][3].clone();
        story.told[0].insert(4, again);
    });
    lie(Kind::PositionGap, |story| story.told[0].swap(3, 4));
    lie(Kind::PositionGap, |story| {
        story.everywhere(|told| {
            told.remove(8);
            told.push(update(17, json!([])));
        });
    });
    lie(Kind::PositionGap, |story| story.told[1][5]["stream"] = json!("01T"));
    lie(Kind::NeedlessSnapshot, |story| {
        story.told[1].truncate(4);
        story.told[1].push(json!({"type": "snapshot", "position": 16}));
    });
}

#[test]
fn one_socket_that_is_told_something_else_is_found() {
    lie(Kind::ToldDifferently, |story| story.told[1][1] = update(9, json!([])));
    lie(Kind::ToldDifferently, |story| story.told[1][2] = update(10, json!([claimed("B", 1)])));
}

#[test]
fn two_holders_are_found() {
    lie(Kind::TwoHolders, |story| story.won.push((1, 1)));
    lie(Kind::TwoHolders, |story| story.everywhere(|told| told[5] = update(13, json!([sent(3), claimed("B", 2)]))));
    lie(Kind::EpochDown, |story| {
        story.everywhere(|told| told.push(update(17, json!([claimed("B", 1)]))));
    });
    lie(Kind::ClaimUntold, |story| story.won.push((1, 2)));
    lie(Kind::NotTheHolder, |story| story.everywhere(|told| told[2] = update(10, json!([claimed("B", 1)]))));
    lie(Kind::NotTheHolder, |story| story.everywhere(|told| told[2] = update(10, json!([]))));
}

#[test]
fn an_answer_sent_twice_is_found() {
    lie(Kind::AnswerDoubled, |story| story.phone.push("a0.2".to_owned()));
    lie(Kind::Doubled, |story| story.everywhere(|told| told[6] = update(14, json!([queued(5, "a0.1")]))));
    lie(Kind::Doubled, |story| story.everywhere(|told| told[7] = update(15, json!([sent(3)]))));
}

#[test]
fn a_lost_answer_is_found() {
    lie(Kind::AnswerLost, |story| {
        story.phone.pop();
    });
    lie(Kind::AnswerLost, |story| story.replies[2] = Some(true));
    lie(Kind::AnswerUnsettled, |story| {
        story.everywhere(|told| told[7] = update(15, json!([])));
        story.shown[4]["state"] = json!("queued");
    });
    lie(Kind::TimelineDiffers, |story| story.shown[4]["state"] = json!("queued"));
    lie(Kind::Unanswered, |story| story.replies[1] = None);
}

#[test]
fn an_answer_that_should_not_have_arrived_is_found() {
    lie(Kind::AnswerUnasked, |story| story.phone.push("a0.3".to_owned()));
    lie(Kind::AnswerUnasked, |story| story.phone.push("a0.9".to_owned()));
    lie(Kind::AnswerUnasked, |story| story.replies[0] = Some(false));
    lie(Kind::AnswerOutOfOrder, |story| story.phone.reverse());
}

#[test]
fn what_cannot_be_read_is_a_fault_and_no_silence() {
    lie(Kind::Stray, |story| story.everywhere(|told| told[4] = update(12, json!([{"type": "fly"}]))));
    lie(Kind::Stray, |story| {
        story.everywhere(|told| told[4] = update(12, json!([{"type": "reopened", "conversation": "D"}])));
    });
    lie(Kind::SetAside, |story| {
        story.everywhere(|told| told[4] = update(12, json!([{"type": "set_aside", "conversation": "C"}])));
    });
}

#[test]
fn the_truth_about_a_bot_passes() {
    let faults = Story::before_a_bot().judged();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn lies_about_a_bot_are_found() {
    let lie = |expected: Kind, plant: &dyn Fn(&mut Story)| {
        let mut story = Story::before_a_bot();
        plant(&mut story);
        let faults = story.judged();
        assert!(faults.times(expected) > 0, "{expected:?} was not found, but {faults:#?}");
    };
    lie(Kind::AnswerLost, &|story| drop(story.phone.remove(1)));
    lie(Kind::AnswerDoubled, &|story| story.phone.push("b0.2".to_owned()));
    lie(Kind::AnswerOutOfOrder, &|story| story.phone.swap(0, 1));
    lie(Kind::AnswerUnasked, &|story| story.phone.push("b0.9".to_owned()));
    let change = |event: Value, at: usize| {
        move |story: &mut Story| {
            let event = event.clone();
            story.everywhere(move |told| told[at]["events"].as_array_mut().unwrap().push(event.clone()));
        }
    };
    lie(Kind::TwoHolders, &change(claimed("B", 2), 2));
    let again = json!({"type": "bot_seated", "conversation": "C", "epoch": 3, "how": {"type": "started"}});
    lie(Kind::TwoHolders, &change(again.clone(), 2));
    lie(Kind::TwoHolders, &change(again, 6));
    lie(
        Kind::EpochDown,
        &change(json!({"type": "bot_seated", "conversation": "C", "epoch": 1, "how": {"type": "started"}}), 4),
    );
    lie(Kind::NotTheHolder, &|story| {
        story.everywhere(|told| drop(told[0]["events"].as_array_mut().unwrap().pop()));
    });
    lie(Kind::BotLeft, &|story| {
        story.everywhere(|told| told[4]["events"][1]["cause"] = json!("timed_out"));
    });
}
