//! One customer: writes first, waits, answers what they are told, loses patience, thanks, goes, and comes back.
//!
//! A state machine without clock and without network: told what was heard and what time it is (milliseconds of the
//! demo's own time, which `pace` stretches), it says what to do and when to look again. The same seed and the same
//! words at the same times make the same customer.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::people::{CUSTOMERS, Person};
use super::talk::{self, Say};
use super::topics::{IMPATIENCE, TOPICS, Topic};

/// Milliseconds between two first letters at the beginning; the first comes at once.
const ARRIVALS_MS: u64 = 11_000;
/// Reading and writing take so long.
const THINKS_MS: std::ops::Range<u64> = 4_000..16_000;
/// Bubbles of one turn are so far apart.
const BUBBLES_MS: u64 = 1_800;
/// Nobody answered for so long: the customer asks again.
const PATIENCE_MS: std::ops::Range<u64> = 90_000..180_000;
/// After the end of a talk the customer comes back with something new.
const BREAK_MS: std::ops::Range<u64> = 150_000..480_000;
/// Who was never answered stays away for this, twice as long each time.
const SULKS_MS: u64 = 600_000;
/// And never longer than this.
const LONGEST_SULK_MS: u64 = 6 * 3_600_000;
/// A talk that has gone on for so many turns is ended by the customer.
const MOST_TURNS: u32 = 12;

/// What they are at.
#[derive(Debug)]
enum Mood {
    /// Has nothing to say until then.
    Away { until_ms: u64 },
    /// Says these, the next one then; ends the talk after the last where `is_end`.
    Saying { says: Vec<Say>, at_ms: u64, is_end: bool },
    /// Waits for an answer; asks again then. `asked` times already.
    Waiting { until_ms: u64, asked: usize },
    /// Has heard something and thinks about it.
    Reading { heard: String, until_ms: u64 },
}

/// A customer.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) who: &'static Person,
    chance: StdRng,
    topic: &'static Topic,
    next_line: usize,
    turns: u32,
    ignored: u32,
    mood: Mood,
}

impl Customer {
    /// The customer of this place, who writes first after those before them.
    pub(super) fn new(place: usize, seed: u64) -> Self {
        let chance = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(place as u64));
        let until_ms = place as u64 * ARRIVALS_MS;
        // Different people come with different matters first.
        let topic = &TOPICS[(place + seed as usize % TOPICS.len()) % TOPICS.len()];
        let mood = Mood::Away { until_ms };
        Self { who: &CUSTOMERS[place], chance, topic, next_line: 0, turns: 0, ignored: 0, mood }
    }

    /// When to be woken.
    pub(super) fn due_ms(&self) -> u64 {
        match &self.mood {
            Mood::Away { until_ms } | Mood::Waiting { until_ms, .. } | Mood::Reading { until_ms, .. } => *until_ms,
            Mood::Saying { at_ms, .. } => *at_ms,
        }
    }

    /// The time has come. What is said now, if anything.
    pub(super) fn wake(&mut self, now_ms: u64) -> Option<Say> {
        if now_ms < self.due_ms() {
            return None;
        }
        match std::mem::replace(&mut self.mood, Mood::Away { until_ms: u64::MAX }) {
            Mood::Away { .. } => {
                self.next_line = 0;
                self.turns = 0;
                let says = self.topic.opening.iter().map(|line| Say::Text((*line).to_owned())).collect();
                self.say(says, now_ms, false)
            }
            Mood::Saying { says, is_end, .. } => self.say(says, now_ms, is_end),
            Mood::Waiting { asked, .. } => self.ask_again(asked, now_ms),
            Mood::Reading { heard, .. } => {
                self.turns += 1;
                let reaction = talk::react(self.who, self.topic, &heard, &mut self.next_line, &mut self.chance);
                let is_end = reaction.is_end || self.turns >= MOST_TURNS;
                self.say(reaction.says, now_ms, is_end)
            }
        }
    }

    /// The account wrote. Several bubbles in a row are read together; the last words count.
    pub(super) fn hear(&mut self, text: &str, now_ms: u64) {
        self.ignored = 0;
        let until_ms = now_ms + self.chance.random_range(THINKS_MS);
        match &mut self.mood {
            // Somebody wrote out of the blue, or after the end: that is read, and nothing is said.
            Mood::Away { .. } => {}
            // Whoever is saying goodbye goes on with that; any other is interrupted.
            Mood::Saying { is_end: true, .. } => {}
            Mood::Reading { heard, until_ms: until } => {
                text.clone_into(heard);
                *until = until_ms;
            }
            Mood::Saying { .. } | Mood::Waiting { .. } => {
                self.mood = Mood::Reading { heard: text.to_owned(), until_ms };
            }
        }
    }

    /// Nothing can be sent now: try again a little later.
    pub(super) fn put_off(&mut self, say: Say, now_ms: u64) {
        let at_ms = now_ms + self.chance.random_range(THINKS_MS);
        match &mut self.mood {
            Mood::Saying { says, at_ms: at, .. } => {
                says.insert(0, say);
                *at = at_ms;
            }
            mood => {
                let is_end = matches!(mood, Mood::Away { .. });
                self.mood = Mood::Saying { says: vec![say], at_ms, is_end };
            }
        }
    }

    fn say(&mut self, mut says: Vec<Say>, now_ms: u64, is_end: bool) -> Option<Say> {
        let first = (!says.is_empty()).then(|| says.remove(0));
        self.mood = if !says.is_empty() {
            Mood::Saying { says, at_ms: now_ms + BUBBLES_MS, is_end }
        } else if is_end {
            self.go(now_ms)
        } else {
            Mood::Waiting { until_ms: now_ms + self.chance.random_range(PATIENCE_MS), asked: 0 }
        };
        first
    }

    fn ask_again(&mut self, asked: usize, now_ms: u64) -> Option<Say> {
        let words = talk::pick(IMPATIENCE.get(asked)?, &mut self.chance);
        self.mood = if asked + 1 < IMPATIENCE.len() {
            Mood::Waiting { until_ms: now_ms + 2 * self.chance.random_range(PATIENCE_MS), asked: asked + 1 }
        } else {
            self.ignored += 1;
            self.go(now_ms)
        };
        Some(Say::Text(words.to_owned()))
    }

    /// Leaves, and comes back with another matter.
    fn go(&mut self, now_ms: u64) -> Mood {
        self.topic = TOPICS.choose(&mut self.chance).expect("there are some");
        let away_ms = match self.ignored {
            0 => self.chance.random_range(BREAK_MS),
            times => (SULKS_MS << times.min(16)).min(LONGEST_SULK_MS) + self.chance.random_range(BREAK_MS),
        };
        Mood::Away { until_ms: now_ms + away_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lives through `until_ms` with an agent who answers each message with `answer` after 5 s.
    fn day(seed: u64, until_ms: u64, answer: Option<&str>) -> Vec<(u64, Say)> {
        let mut customer = Customer::new(2, seed);
        let (mut said, mut now_ms) = (Vec::new(), 0);
        let mut answer_at = None;
        while now_ms <= until_ms {
            if answer_at.is_some_and(|at| at <= now_ms) {
                customer.hear(answer.expect("only then"), now_ms);
                answer_at = None;
            }
            if let Some(say) = customer.wake(now_ms) {
                said.push((now_ms, say));
                answer_at = answer.map(|_| now_ms + 5_000);
            }
            now_ms = customer.due_ms().min(answer_at.unwrap_or(u64::MAX));
        }
        said
    }

    #[test]
    fn the_same_seed_makes_the_same_customer() {
        assert_eq!(day(5, 3_600_000, Some("はい。")), day(5, 3_600_000, Some("はい。")));
        assert_ne!(day(5, 3_600_000, Some("はい。")), day(6, 3_600_000, Some("はい。")));
    }

    #[test]
    fn who_is_answered_thanks_goes_and_comes_back_with_another_matter() {
        let said = day(1, 4 * 3_600_000, Some("はい。"));
        let opens = |say: &Say| TOPICS.iter().any(|topic| *say == Say::Text(topic.opening[0].to_owned()));
        assert!(said.iter().filter(|(_, say)| opens(say)).count() >= 5, "{said:?}");
    }

    #[test]
    fn who_is_ignored_asks_twice_and_then_writes_less_and_less() {
        let said = day(1, 24 * 3_600_000, None);
        assert!(said.len() < 60, "{} messages in a day nobody answered", said.len());
        let asks = |say: &Say| matches!(say, Say::Text(text) if IMPATIENCE.concat().contains(&text.as_str()));
        assert!(asks(&said[1].1) || asks(&said[2].1), "{said:?}");
    }

    #[test]
    fn what_could_not_be_sent_is_said_later_and_not_forgotten() {
        let mut customer = Customer::new(0, 1);
        let say = customer.wake(0).expect("the first comes at once");
        customer.put_off(say.clone(), 0);
        let at = customer.due_ms();
        assert!(at > 0);
        assert_eq!(customer.wake(at), Some(say));
    }
}
