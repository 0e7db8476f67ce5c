//! Tokens for linking accounts: good once, for ten minutes, for the user they were made for.

use std::collections::VecDeque;

const GOOD_MS: i64 = 10 * 60 * 1_000;
/// Most tokens remembered; the oldest are forgotten, which is like having ended.
const MAX_TOKENS: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct LinkTokens(VecDeque<Token>);

#[derive(Debug)]
struct Token {
    text: String,
    channel: String,
    user: String,
    until_ms: i64,
}

impl LinkTokens {
    pub(crate) fn issue(&mut self, text: String, channel: &str, user: &str, now_ms: i64) {
        while self.0.len() >= MAX_TOKENS {
            self.0.pop_front();
        }
        let (channel, user) = (channel.to_owned(), user.to_owned());
        self.0.push_back(Token { text, channel, user, until_ms: now_ms + GOOD_MS });
    }

    /// Uses a token up; the channel it was issued by, where it is good.
    pub(crate) fn take(&mut self, text: &str, user: &str, now_ms: i64) -> Option<String> {
        let at = self.0.iter().position(|token| token.text == text && token.user == user)?;
        let token = self.0.remove(at)?;
        (now_ms < token.until_ms).then_some(token.channel)
    }
}
