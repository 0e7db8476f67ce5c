//! Reply tokens: good for one reply, within a minute of the webhook and twenty of the event.
//!
//! A redelivered webhook carries the same token and starts the minute again, unless it was used (Messaging API
//! reference, "Send reply message").

use std::collections::{HashMap, VecDeque};

const SINCE_WEBHOOK_MS: i64 = 60 * 1_000;
const SINCE_EVENT_MS: i64 = 20 * 60 * 1_000;

#[derive(Debug)]
struct Token {
    chat: String,
    event_ms: i64,
    webhook_ms: i64,
    used: bool,
}

#[derive(Debug)]
pub(crate) struct ReplyTokens {
    tokens: HashMap<String, Token>,
    order: VecDeque<String>,
    limit: usize,
}

impl ReplyTokens {
    pub(crate) fn new(limit: usize) -> Self {
        Self { tokens: HashMap::new(), order: VecDeque::new(), limit }
    }

    pub(crate) fn issue(&mut self, token: String, chat: String, event_ms: i64, now_ms: i64) {
        while let Some(oldest) = self.order.front() {
            let dead = self.tokens.get(oldest).is_none_or(|token| now_ms - token.event_ms > SINCE_EVENT_MS);
            if !dead && self.order.len() < self.limit {
                break;
            }
            if let Some(oldest) = self.order.pop_front() {
                self.tokens.remove(&oldest);
            }
        }
        self.order.push_back(token.clone());
        self.tokens.insert(token, Token { chat, event_ms, webhook_ms: now_ms, used: false });
    }

    /// The webhook with this token goes out once more.
    pub(crate) fn redelivered(&mut self, token: &str, now_ms: i64) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.webhook_ms = now_ms;
        }
    }

    /// Whose chat the token answers in, while it is good.
    pub(crate) fn chat(&self, token: &str, now_ms: i64) -> Option<String> {
        self.tokens.get(token).filter(|token| token.good(now_ms)).map(|token| token.chat.clone())
    }

    pub(crate) fn spend(&mut self, token: &str) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.used = true;
        }
    }
}

impl Token {
    fn good(&self, now_ms: i64) -> bool {
        !self.used && now_ms - self.webhook_ms <= SINCE_WEBHOOK_MS && now_ms - self.event_ms <= SINCE_EVENT_MS
    }
}

#[cfg(test)]
mod tests {
    use super::{ReplyTokens, SINCE_EVENT_MS};

    #[test]
    fn tokens_do_not_gather_over_their_limit_nor_over_their_time() {
        let mut tokens = ReplyTokens::new(3);
        for at in 0..5 {
            tokens.issue(at.to_string(), "U".to_owned(), 0, 0);
        }
        let good: Vec<bool> = (0..5).map(|at| tokens.chat(&at.to_string(), 0).is_some()).collect();
        assert_eq!(good, [false, false, true, true, true], "the oldest are forgotten");
        tokens.issue("new".to_owned(), "U".to_owned(), SINCE_EVENT_MS + 1, SINCE_EVENT_MS + 1);
        assert_eq!((tokens.tokens.len(), tokens.order.len()), (1, 1));
    }
}
