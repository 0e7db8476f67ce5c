//! Bearer tokens: keys for programs that act as their maker, until they expire or are withdrawn.

use std::collections::HashMap;
use std::sync::Arc;

use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_protocol::api::Scope;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::scopes::Scopes;
use super::{Fingerprint, draw_secret, fingerprint};
use crate::desk::{NotWritten, Tree};

/// A use is written down at most this often, in milliseconds; a crash forgets no more.
const USE_EVERY_MS: i64 = 60_000;
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
    /// What it may be used for; none for everything.
    #[serde(default)]
    scopes: Option<Vec<Scope>>,
    #[serde(default)]
    last_used_at: Option<i64>,
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

    /// What it may be used for; none for everything.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Scope]> {
        self.scopes.as_deref()
    }

    /// When it was last used, to the minute.
    #[must_use]
    pub fn last_used_at(&self) -> Option<Timestamp> {
        self.last_used_at.map(Timestamp)
    }

    fn row(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data always serialises")
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
        scopes: Option<Vec<Scope>>,
        now: Timestamp,
    ) -> Result<(String, Token), NoToken> {
        if self.alive.read().len() >= MAX_TOKENS {
            return Err(NoToken::TooMany);
        }
        let secret = format!("mdg_{}", draw_secret());
        let print = fingerprint(&secret);
        let token = Token {
            id: Ulid::new(),
            name,
            agent: agent.0,
            created_at: now.0,
            expires_at: now.plus_ms(life_ms).0,
            scopes,
            last_used_at: None,
        };
        self.store.change(vec![(print.to_vec(), Some(token.row()))]).await?;
        self.alive.write().insert(print, token.clone());
        Ok((secret, token))
    }

    /// Whom the token acts as and what it may be used for, if it is alive; it was used now.
    #[must_use]
    pub fn touch(&self, print: Fingerprint, now: Timestamp) -> Option<(AgentId, Scopes)> {
        let (found, is_noted) = {
            let alive = self.alive.read();
            let token = alive.get(&print).filter(|token| now.0 < token.expires_at)?;
            let is_noted = token.last_used_at.is_some_and(|last| now.0 - last < USE_EVERY_MS);
            ((token.agent(), Scopes::of(token.scopes())), is_noted)
        };
        if !is_noted {
            let mut alive = self.alive.write();
            // Somebody may have withdrawn it between the two looks.
            let token = alive.get_mut(&print)?;
            token.last_used_at = Some(now.0);
            self.store.change_soon(vec![(print.to_vec(), Some(token.row()))]);
        }
        Some(found)
    }

    /// The name of a token.
    #[must_use]
    pub fn id_of(&self, print: Fingerprint) -> Option<Ulid> {
        self.alive.read().get(&print).map(|token| token.id)
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
        let make = |name: &str| tokens.make(AgentId(1), name.to_owned(), 1_000, None, Timestamp(0));
        let (secret, token) = make("a").await.expect("room");
        let (other, _) = make("b").await.expect("room");
        let print = fingerprint(&secret);
        assert_eq!(tokens.touch(print, Timestamp(999)), Some((AgentId(1), Scopes::ALL)));
        assert_eq!(tokens.touch(print, Timestamp(1_000)), None);
        assert_eq!(tokens.withdraw(token.id).await, Ok(true));
        assert_eq!(tokens.withdraw(token.id).await, Ok(false));
        assert!(!tokens.is_alive(print));
        assert!(tokens.is_alive(fingerprint(&other)));
        let stored = tokens.store.load();
        assert_eq!(stored.len(), 1);
        assert!(!String::from_utf8_lossy(&stored[0].1).contains(&other));
    }

    #[actix_web::test]
    async fn what_a_token_may_and_when_it_was_used_outlives_a_restart() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let desk = Desk::open(dir.path()).expect("a store");
        let tokens = Tokens::load(desk.tree("tokens").expect("a tree"), Timestamp(0));
        let scopes = Some(vec![Scope::Read, Scope::Audit]);
        let life_ms = 10 * USE_EVERY_MS;
        let made = tokens.make(AgentId(1), "a".to_owned(), life_ms, scopes.clone(), Timestamp(0)).await;
        let (secret, token) = made.expect("room");
        assert_eq!(token.last_used_at(), None);
        let print = fingerprint(&secret);
        for at in [5, 6, USE_EVERY_MS + 4, USE_EVERY_MS + 5] {
            assert!(tokens.touch(print, Timestamp(at)).is_some());
        }
        assert_eq!(tokens.list()[0].last_used_at(), Some(Timestamp(USE_EVERY_MS + 5)), "to the minute");
        // Written behind: a write that is waited for comes after it.
        tokens.store.change(Vec::new()).await.expect("written");
        let again = Tokens::load(desk.tree("tokens").expect("a tree"), Timestamp(USE_EVERY_MS + 6));
        assert_eq!(again.list()[0].last_used_at(), Some(Timestamp(USE_EVERY_MS + 5)));
        assert_eq!(again.list()[0].scopes(), scopes.as_deref());
    }
}
