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
    /// What a push answered; other calls answer nothing.
    pub(crate) sent: Option<Value>,
    at_ms: i64,
}

#[derive(Debug)]
pub(crate) struct RetryKeys {
    keys: HashMap<Uuid, First>,
    order: VecDeque<(i64, Uuid)>,
    limit: usize,
}

impl RetryKeys {
    pub(crate) fn new(limit: usize) -> Self {
        Self { keys: HashMap::new(), order: VecDeque::new(), limit }
    }

    pub(crate) fn first(&self, key: &Uuid, now_ms: i64) -> Option<&First> {
        self.keys.get(key).filter(|first| now_ms - first.at_ms < DAY_MS)
    }

    pub(crate) fn remember(&mut self, key: Uuid, request_id: Uuid, sent: Option<Value>, now_ms: i64) {
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
        self.keys.insert(key, First { request_id, sent, at_ms: now_ms });
    }
}
