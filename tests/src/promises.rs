//! What a server has acknowledged under load, and whether it is all there, once, afterwards.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::house::House;
use crate::world::Api;

/// Customers and their conversations.
pub type Customers = BTreeMap<String, String>;

/// Acknowledged texts by customer. No text is used twice for one customer.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    /// Texts of customers whose webhook was answered 200.
    said: HashMap<String, Vec<String>>,
    /// Texts of agents that were answered 202.
    sent: HashMap<String, Vec<String>>,
}

/// What became of the answers of one conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Taken by the platform for certain.
    pub sent: u64,
    /// Nobody can know.
    pub unknown: u64,
    /// Not taken for certain.
    pub failed: u64,
}

impl Ends {
    /// Adds those of another conversation.
    pub fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.unknown += other.unknown;
        self.failed += other.failed;
    }
}

/// Some customers, each with a conversation.
///
/// # Panics
/// A message was not taken.
pub async fn customers(house: &House, count: usize) -> Customers {
    let mut customers = Customers::new();
    for index in 0..count {
        let (user, conversation) = house.customer(&format!("start {index}")).await;
        customers.insert(user, conversation);
    }
    customers
}

/// Customers write and an agent answers until `stop`; `mark` makes their texts unlike those of other calls.
pub async fn work(house: &House, agent: &Api, customers: &Customers, mark: &str, stop: &AtomicBool) -> Promises {
    let writing = async {
        let mut said: HashMap<String, Vec<String>> = HashMap::new();
        let mut index = 0;
        while !stop.load(Ordering::Acquire) {
            for user in customers.keys() {
                let text = format!("c{mark}-{index}");
                if house.double.say(user, &text).await.is_ok_and(|said| said.acknowledged()) {
                    said.entry(user.clone()).or_default().push(text);
                }
            }
            index += 1;
        }
        said
    };
    let answering = async {
        let mut sent: HashMap<String, Vec<String>> = HashMap::new();
        let mut index = 0;
        while !stop.load(Ordering::Acquire) {
            for (user, conversation) in customers {
                let claim = agent.claim(conversation).await;
                let Some(epoch) = claim.body["seat"]["epoch"].as_u64() else { continue };
                let text = format!("a{mark}-{index}");
                if agent.send(conversation, &text, epoch, &text).await.status == Some(202) {
                    sent.entry(user.clone()).or_default().push(text);
                }
            }
            index += 1;
        }
        sent
    };
    let (said, sent) = tokio::join!(writing, answering);
    Promises { said, sent }
}

impl Promises {
    /// Adds those of another time.
    pub fn extend(&mut self, other: Self) {
        for (mine, others) in [(&mut self.said, other.said), (&mut self.sent, other.sent)] {
            for (user, texts) in others {
                mine.entry(user).or_default().extend(texts);
            }
        }
    }

    /// How many there are: of customers, of agents.
    #[must_use]
    pub fn count(&self) -> (u64, u64) {
        let count = |texts: &HashMap<String, Vec<String>>| texts.values().map(|texts| texts.len() as u64).sum();
        (count(&self.said), count(&self.sent))
    }

    fn of<'a>(&'a self, user: &str) -> impl Iterator<Item = &'a String> {
        let said = self.said.get(user).into_iter().flatten();
        said.chain(self.sent.get(user).into_iter().flatten())
    }

    /// Whether each promise to this customer is among the lines, once, and nothing else is there twice.
    ///
    /// # Errors
    /// The first that is lost or doubled, or a gap in the numbers.
    pub fn kept(&self, user: &str, lines: &[Value]) -> Result<(), String> {
        let shown = counted(lines.iter().map(text_of));
        for text in self.of(user) {
            if !shown.contains_key(text.as_str()) {
                return Err(format!("{text} of {user} was acknowledged and is lost"));
            }
        }
        if let Some((text, times)) = shown.iter().find(|(_, times)| **times > 1) {
            return Err(format!("{text} of {user} is there {times} times"));
        }
        let numbers: Vec<u64> = lines.iter().filter_map(|line| line["number"].as_u64()).collect();
        match numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            Some(pair) => Err(format!("number {} follows {} of {user}", pair[1], pair[0])),
            None => Ok(()),
        }
    }
}

/// Holds the settled lines of a conversation against the customer's phone: each answer there at most once, and as the
/// line says.
///
/// # Errors
/// The first contradiction.
pub fn compare(user: &str, lines: &[Value], phone: &[String]) -> Result<Ends, String> {
    let arrived = counted(phone.iter().map(String::as_str));
    if let Some((text, times)) = arrived.iter().find(|(_, times)| **times > 1) {
        return Err(format!("the phone of {user} shows {text} {times} times"));
    }
    let mut ends = Ends::default();
    let mut known = 0;
    for line in lines.iter().filter(|line| line["direction"] == "outbound") {
        let text = text_of(line);
        let on_phone = arrived.contains_key(text);
        known += u64::from(on_phone);
        match (line["state"].as_str().unwrap_or_default(), on_phone) {
            ("sent", true) => ends.sent += 1,
            ("unknown", _) => ends.unknown += 1,
            ("failed", false) => ends.failed += 1,
            (state, _) => return Err(format!("{text} to {user} is {state}, on the phone: {on_phone}")),
        }
    }
    if known != arrived.len() as u64 {
        return Err(format!("the phone of {user} shows what we do not know: {arrived:?}"));
    }
    Ok(ends)
}

fn text_of(line: &Value) -> &str {
    line["content"]["text"].as_str().unwrap_or_default()
}

fn counted<'a>(texts: impl Iterator<Item = &'a str>) -> HashMap<&'a str, u64> {
    let mut counts = HashMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(number: u64, direction: &str, text: &str, state: &str) -> Value {
        json!({"number": number, "direction": direction, "state": state, "content": {"text": text}})
    }

    #[test]
    fn a_loss_a_double_and_a_gap_are_all_seen() {
        let mut promises = Promises::default();
        promises.extend(Promises { said: [("u".to_owned(), vec!["a".to_owned()])].into(), sent: HashMap::new() });
        assert_eq!(promises.count(), (1, 0));
        let there = |lines: &[Value]| promises.kept("u", lines);
        assert_eq!(there(&[line(4, "inbound", "a", "received"), line(5, "inbound", "b", "received")]), Ok(()));
        assert!(there(&[line(1, "inbound", "b", "received")]).is_err(), "a loss");
        assert!(
            there(&[line(1, "inbound", "a", "received"), line(2, "inbound", "a", "received")]).is_err(),
            "a double"
        );
        assert!(there(&[line(1, "inbound", "a", "received"), line(3, "inbound", "b", "received")]).is_err(), "a gap");
    }

    #[test]
    fn a_phone_that_contradicts_the_desk_is_seen() {
        let phone = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let judge = |state: &str, texts: &[&str]| compare("u", &[line(1, "outbound", "a", state)], &phone(texts));
        assert_eq!(judge("sent", &["a"]), Ok(Ends { sent: 1, ..Ends::default() }));
        assert_eq!(judge("unknown", &["a"]), Ok(Ends { unknown: 1, ..Ends::default() }));
        assert_eq!(judge("unknown", &[]), Ok(Ends { unknown: 1, ..Ends::default() }));
        assert_eq!(judge("failed", &[]), Ok(Ends { failed: 1, ..Ends::default() }));
        for (state, texts) in
            [("sent", &["a", "a"][..]), ("sent", &[]), ("failed", &["a"]), ("queued", &["a"]), ("sent", &["a", "b"])]
        {
            assert!(judge(state, texts).is_err(), "{state} with {texts:?}");
        }
    }
}
