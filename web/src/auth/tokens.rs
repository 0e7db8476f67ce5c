//! Bearer tokens: keys for programs that act as their maker, until they expire or are withdrawn.

use std::collections::HashMap;
use std::sync::Arc;

use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::time::Timestamp;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{Fingerprint, draw_secret, fingerprint};
use crate::desk::{NotWritten, Tree};

/// Tokens of the whole organisation. One more is refused.
pub const MAX_TOKENS: usize = 1_000;

/// The tokens that are alive. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    alive: Arc<RwLock<HashMap<Fingerprint, Token>>>,
    store: Tree,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its name for withdrawing it.
    pub id: Ulid,
    /// What it is for.
    pub name: String,
    agent: u128,
    created_at: i64,
    expires_at: i64,
}

impl Token {
    /// Whom it acts as.
    #[must_use]
    pub fn agent(&self) -> AgentId {
        AgentId(self.agent)
    }

    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        Timestamp(self.created_at)
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp(self.expires_at)
    }
}

/// Why there is no new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// There are [`MAX_TOKENS`].
    #[error("too many tokens")]
    TooMany,
    /// The store did not take it.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}

impl Tokens {
    /// The tokens of the store that are not over at `now`.
    #[must_use]
    pub fn load(store: Tree, now: Timestamp) -> Self {
        let rows = store.load().into_iter().filter_map(|(key, row)| {
            let print = Fingerprint::try_from(key).ok()?;
            Some((print, serde_json::from_slice(&row).ok()?))
        });
        let tokens = Self { alive: Arc::new(RwLock::new(rows.collect())), store };
        tokens.sweep(now);
        tokens
    }

    /// Makes a token. The secret is returned once and not kept.
    ///
    /// # Errors
    /// Too many, or the store did not take it.
    pub async fn make(
        &self,
        agent: AgentId,
        name: String,
        life_ms: i64,
        now: Timestamp,
    ) -> Result<(String, Token), NoToken> {
        if self.alive.read().len() >= MAX_TOKENS {
            return Err(NoToken::TooMany);
        }
        let secret = format!("mdg_{}", draw_secret());
        let print = fingerprint(&secret);
        let token =
            Token { id: Ulid::new(), name, agent: agent.0, created_at: now.0, expires_at: now.plus_ms(life_ms).0 };
        let row = serde_json::to_vec(&token).expect("plain data always serialises");
        self.store.change(vec![(print.to_vec(), Some(row))]).await?;
        self.alive.write().insert(print, token.clone());
        Ok((secret, token))
    }

    /// Whom the token acts as, if it is alive.
    #[must_use]
    pub fn find(&self, print: Fingerprint, now: Timestamp) -> Option<AgentId> {
        let alive = self.alive.read();
        let token = alive.get(&print)?;
        (now.0 < token.expires_at).then(|| token.agent())
    }

    /// Whether the token was neither withdrawn nor swept.
    #[must_use]
    pub fn is_alive(&self, print: Fingerprint) -> bool {
        self.alive.read().contains_key(&print)
    }

    /// Every token, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.alive.read().values().cloned().collect();
        tokens.sort_unstable_by_key(|token| token.id);
        tokens
    }

    /// Withdraws a token; false when there is none of this name.
    ///
    /// # Errors
    /// The store did not take it; the token is withdrawn until the next start all the same.
    pub async fn withdraw(&self, id: Ulid) -> Result<bool, NotWritten> {
        let gone = self.take(|token| token.id == id);
        if gone.is_empty() {
            return Ok(false);
        }
        self.store.change(gone).await.map(|()| true)
    }

    /// Withdraws every token of an agent.
    pub async fn end_all(&self, agent: AgentId) {
        let gone = self.take(|token| token.agent == agent.0);
        if self.store.change(gone).await.is_err() {
            tracing::error!("a withdrawn token may come back with a restart: the desk store did not take it");
        }
    }

    /// Forgets what is over.
    pub fn sweep(&self, now: Timestamp) {
        let gone = self.take(|token| now.0 >= token.expires_at);
        if !gone.is_empty() {
            self.store.change_soon(gone);
        }
    }

    fn take(&self, goes: impl Fn(&Token) -> bool) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let mut gone = Vec::new();
        self.alive.write().retain(|print, token| {
            let out = goes(token);
            if out {
                gone.push((print.to_vec(), None));
            }
            !out
        });
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Desk;

    #[actix_web::test]
    async fn a_token_ends_on_its_day_and_when_it_is_withdrawn() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let desk = Desk::open(dir.path()).expect("a store");
        let tokens = Tokens::load(desk.tree("tokens").expect("a tree"), Timestamp(0));
        let make = |name: &str| tokens.make(AgentId(1), name.to_owned(), 1_000, Timestamp(0));
        let (secret, token) = make("a").await.expect("room");
        let (other, _) = make("b").await.expect("room");
        let print = fingerprint(&secret);
        assert_eq!(tokens.find(print, Timestamp(999)), Some(AgentId(1)));
        assert_eq!(tokens.find(print, Timestamp(1_000)), None);
        assert_eq!(tokens.withdraw(token.id).await, Ok(true));
        assert_eq!(tokens.withdraw(token.id).await, Ok(false));
        assert!(!tokens.is_alive(print));
        assert!(tokens.is_alive(fingerprint(&other)));
        let stored = tokens.store.load();
        assert_eq!(stored.len(), 1);
        assert!(!String::from_utf8_lossy(&stored[0].1).contains(&other));
    }
}
