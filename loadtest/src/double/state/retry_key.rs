//! Retry keys: for a day, a key that was accepted once is answered with what it was accepted with.
//!
//! Only accepted calls are remembered: after a refusal the same key may come again (LINE, "Retrying an API request").

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Debug)]
pub(crate) struct First {
    pub(crate) request_id: Uuid,
    /// What a push answered, as JSON text, which takes a tenth of the tree's memory; other calls answer nothing.
    sent: Option<Box<str>>,
    at_ms: i64,
}

#[derive(Debug)]
pub(crate) struct RetryKeys {
    keys: HashMap<Uuid, First>,
    order: VecDeque<(i64, Uuid)>,
    limit: usize,
}

impl First {
    /// `sentMessages` of a push.
    pub(crate) fn sent(&self) -> Option<Value> {
        self.sent.as_deref().and_then(|sent| serde_json::from_str(sent).ok())
    }
}

impl RetryKeys {
    pub(crate) fn new(limit: usize) -> Self {
        Self { keys: HashMap::new(), order: VecDeque::new(), limit }
    }

    pub(crate) fn first(&self, key: &Uuid, now_ms: i64) -> Option<&First> {
        self.keys.get(key).filter(|first| now_ms - first.at_ms < DAY_MS)
    }

    pub(crate) fn remember(&mut self, key: Uuid, request_id: Uuid, sent: Option<&Value>, now_ms: i64) {
        while let Some(&(at_ms, oldest)) = self.order.front() {
            if now_ms - at_ms < DAY_MS && self.order.len() < self.limit {
                break;
            }
            self.order.pop_front();
            // A key that was accepted again after its day has a younger entry of its own.
            if self.keys.get(&oldest).is_some_and(|first| first.at_ms == at_ms) {
                self.keys.remove(&oldest);
            }
        }
        self.order.push_back((now_ms, key));
        let sent = sent.map(|sent| sent.to_string().into_boxed_str());
        self.keys.insert(key, First { request_id, sent, at_ms: now_ms });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{DAY_MS, RetryKeys};

    #[test]
    fn keys_do_not_gather_over_their_limit_nor_over_their_day() {
        let mut keys = RetryKeys::new(3);
        let all: Vec<Uuid> = (0..5).map(Uuid::from_u128).collect();
        for key in &all {
            keys.remember(*key, Uuid::nil(), None, 0);
        }
        let known: Vec<bool> = all.iter().map(|key| keys.first(key, 0).is_some()).collect();
        assert_eq!(known, [false, false, true, true, true], "the oldest are forgotten");
        keys.remember(all[0], Uuid::nil(), None, DAY_MS);
        assert_eq!((keys.keys.len(), keys.order.len()), (1, 1));
    }

    #[test]
    fn a_key_accepted_again_after_its_day_lives_for_another_day() {
        let mut keys = RetryKeys::new(3);
        let key = Uuid::from_u128(1);
        keys.remember(key, Uuid::nil(), None, 0);
        keys.remember(Uuid::from_u128(2), Uuid::nil(), None, DAY_MS - 1);
        keys.remember(key, Uuid::max(), None, DAY_MS);
        assert_eq!(keys.first(&key, 2 * DAY_MS - 1).map(|first| first.request_id), Some(Uuid::max()));
        assert!(keys.first(&key, 2 * DAY_MS).is_none());
    }
}
