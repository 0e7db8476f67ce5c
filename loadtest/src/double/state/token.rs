//! Access tokens of every kind: how many there may be, how long they live, which end others.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// A short-lived token, and the longest that one by assertion may live.
pub(crate) const MONTH_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// A stateless token.
pub(crate) const STATELESS_MS: i64 = 15 * 60 * 1_000;
/// Most short-lived tokens, and most by assertion, of one channel (LINE, "Channel access token").
const MAX_OF_A_KIND: usize = 30;
/// Most tokens remembered; LINE has no limit for stateless ones, so the oldest are forgotten here.
const MAX_TOKENS: usize = 1_000;

/// How a token was made, which decides how it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// From the console; no end by itself.
    LongLived,
    /// `POST /v2/oauth/accessToken`: 30 days; the 31st ends the oldest.
    ShortLived,
    /// `POST /oauth2/v2.1/token`: up to 30 days, as the assertion asks; the 31st is refused.
    Assertion,
    /// `POST /oauth2/v3/token`: 15 minutes; cannot be revoked.
    Stateless,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) channel: String,
    pub(crate) kind: TokenKind,
    pub(crate) until_ms: i64,
    /// Names a token by assertion in the list of them.
    pub(crate) key_id: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    tokens: HashMap<String, Token>,
    order: VecDeque<String>,
}

impl Tokens {
    /// Adds a token; `false` where the channel has its full number of this kind.
    pub(crate) fn issue(&mut self, text: String, token: Token, now_ms: i64) -> bool {
        let same: Vec<String> =
            self.of_kind(&token.channel, token.kind, now_ms).map(|(text, _)| text.clone()).collect();
        match token.kind {
            TokenKind::Assertion if same.len() >= MAX_OF_A_KIND => return false,
            TokenKind::ShortLived if same.len() >= MAX_OF_A_KIND => self.forget(&same[0]),
            _ => {}
        }
        if self.order.len() >= MAX_TOKENS {
            self.tokens.retain(|_, known| now_ms < known.until_ms);
            self.order.retain(|known| self.tokens.contains_key(known));
        }
        if self.order.len() >= MAX_TOKENS
            && let Some(oldest) = self.order.front().cloned()
        {
            self.forget(&oldest);
        }
        self.order.push_back(text.clone());
        self.tokens.insert(text, token);
        true
    }

    pub(crate) fn get(&self, text: &str, now_ms: i64) -> Option<&Token> {
        self.tokens.get(text).filter(|token| now_ms < token.until_ms)
    }

    /// The living tokens of one kind, oldest first.
    pub(crate) fn of_kind<'a>(
        &'a self,
        channel: &'a str,
        kind: TokenKind,
        now_ms: i64,
    ) -> impl Iterator<Item = (&'a String, &'a Token)> {
        let known = self.order.iter().filter_map(|text| Some((text, self.tokens.get(text)?)));
        known.filter(move |(_, token)| token.channel == channel && token.kind == kind && now_ms < token.until_ms)
    }

    /// Ends the long-lived tokens of a channel after `grace_ms`, as reissuing one in the console does.
    pub(crate) fn end_long_lived(&mut self, channel: &str, until_ms: i64) {
        for token in self.tokens.values_mut() {
            if token.channel == channel && token.kind == TokenKind::LongLived {
                token.until_ms = token.until_ms.min(until_ms);
            }
        }
    }

    pub(crate) fn revoke(&mut self, text: &str) -> bool {
        let known = self.tokens.contains_key(text);
        self.forget(text);
        known
    }

    fn forget(&mut self, text: &str) {
        self.tokens.remove(text);
        self.order.retain(|known| known != text);
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_OF_A_KIND, MAX_TOKENS, Token, TokenKind, Tokens};

    fn issue(tokens: &mut Tokens, kind: TokenKind, text: &str, now_ms: i64) -> bool {
        let token = Token { channel: "1".to_owned(), kind, until_ms: now_ms + 1_000, key_id: None };
        tokens.issue(text.to_owned(), token, now_ms)
    }

    #[test]
    fn the_thirty_first_ends_the_oldest_or_is_refused() {
        let mut tokens = Tokens::default();
        for at in 0..=MAX_OF_A_KIND {
            assert!(issue(&mut tokens, TokenKind::ShortLived, &format!("s{at}"), 0));
            assert_eq!(issue(&mut tokens, TokenKind::Assertion, &format!("a{at}"), 0), at < MAX_OF_A_KIND);
        }
        assert!(tokens.get("s0", 0).is_none() && tokens.get("s1", 0).is_some());
        assert!(tokens.get("a0", 0).is_some() && tokens.get("a30", 0).is_none());
        assert!(issue(&mut tokens, TokenKind::Assertion, "later", 1_000), "those that have ended make room");
    }

    #[test]
    fn stateless_tokens_do_not_gather_without_end() {
        let mut tokens = Tokens::default();
        for at in 0..=MAX_TOKENS {
            assert!(issue(&mut tokens, TokenKind::Stateless, &at.to_string(), 0));
        }
        assert_eq!((tokens.tokens.len(), tokens.order.len()), (MAX_TOKENS, MAX_TOKENS));
        assert!(tokens.get("0", 0).is_none());
    }
}
