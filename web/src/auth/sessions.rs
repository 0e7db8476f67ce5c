//! Cookie sessions: found in memory, kept in the desk store, ended by idleness, age, logout or being shut out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::time::Timestamp;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{Fingerprint, draw_secret, fingerprint};
use crate::config;
use crate::desk::{NotWritten, Tree};

/// A sign of life is written down at most this often, in milliseconds; a crash forgets no more.
const TOUCH_EVERY_MS: i64 = 60_000;

/// The sessions that are alive. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    alive: Arc<RwLock<HashMap<Fingerprint, Session>>>,
    store: Tree,
    idle_ms: i64,
    absolute_ms: i64,
    per_agent: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    agent: u128,
    created_at: i64,
    seen_at: i64,
    #[serde(default = "Ulid::new")]
    id: Ulid,
    #[serde(default)]
    origin: Origin,
}

/// Where a session began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// From which address; an IPv6 address counts as its /64.
    pub address: Option<IpAddr>,
    /// What the browser said of itself.
    pub browser: Option<String>,
}

/// A session as its owner and administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name, for ending it.
    pub id: Ulid,
    /// What it is found by.
    pub print: Fingerprint,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// Where it began.
    pub origin: Origin,
}

impl Sessions {
    /// The sessions of the store that are not over at `now`.
    #[must_use]
    pub fn load(store: Tree, settings: &config::Session, now: Timestamp) -> Self {
        let sessions = Self {
            alive: Arc::default(),
            idle_ms: settings.idle_s.saturating_mul(1_000),
            absolute_ms: settings.absolute_s.saturating_mul(1_000),
            per_agent: settings.per_agent,
            store,
        };
        let rows = sessions.store.load().into_iter().filter_map(|(key, row)| {
            let print = Fingerprint::try_from(key).ok()?;
            Some((print, serde_json::from_slice(&row).ok()?))
        });
        *sessions.alive.write() = rows.collect();
        sessions.sweep(now);
        sessions
    }

    /// Begins a session and returns its secret. Beyond the limit of sessions the agent's oldest end.
    ///
    /// # Errors
    /// The store did not take it; then there is no session.
    pub async fn begin(&self, agent: AgentId, origin: Origin, now: Timestamp) -> Result<String, NotWritten> {
        let secret = draw_secret();
        let print = fingerprint(&secret);
        let session = Session { agent: agent.0, created_at: now.0, seen_at: now.0, id: Ulid::new(), origin };
        let mut changes = vec![(print.to_vec(), Some(encode(&session)))];
        {
            let mut alive = self.alive.write();
            let mut own: Vec<(i64, Fingerprint)> =
                alive.iter().filter(|(_, s)| s.agent == agent.0).map(|(print, s)| (s.created_at, *print)).collect();
            own.sort_unstable();
            let too_many = (own.len() + 1).saturating_sub(self.per_agent);
            for (_, oldest) in own.into_iter().take(too_many) {
                alive.remove(&oldest);
                changes.push((oldest.to_vec(), None));
            }
        }
        self.store.change(changes).await?;
        self.alive.write().insert(print, session);
        Ok(secret)
    }

    /// Whose session this is, if it is alive; it was used now.
    #[must_use]
    pub fn touch(&self, print: Fingerprint, now: Timestamp) -> Option<AgentId> {
        let session = self.alive.read().get(&print).cloned()?;
        if self.is_over(&session, now) {
            return None;
        }
        if now.0 - session.seen_at >= TOUCH_EVERY_MS {
            let mut alive = self.alive.write();
            // Somebody may have ended it between the two looks.
            let session = alive.get_mut(&print)?;
            session.seen_at = now.0;
            self.store.change_soon(vec![(print.to_vec(), Some(encode(session)))]);
        }
        Some(AgentId(session.agent))
    }

    /// Whether the session was neither ended nor swept.
    #[must_use]
    pub fn is_alive(&self, print: Fingerprint) -> bool {
        self.alive.read().contains_key(&print)
    }

    /// Ends a session at once; durable on return where the store takes it. Returns whether its agent has another.
    pub async fn end(&self, print: Fingerprint) -> bool {
        let others = {
            let mut alive = self.alive.write();
            let ended = alive.remove(&print);
            ended.is_some_and(|ended| alive.values().any(|s| s.agent == ended.agent))
        };
        self.forget(vec![print]).await;
        others
    }

    /// The sessions of an agent, the newest first.
    #[must_use]
    pub fn of(&self, agent: AgentId, now: Timestamp) -> Vec<Shown> {
        let alive = self.alive.read();
        let own = alive.iter().filter(|(_, s)| s.agent == agent.0 && !self.is_over(s, now));
        let mut shown: Vec<Shown> = own
            .map(|(print, s)| Shown {
                id: s.id,
                print: *print,
                created_at: Timestamp(s.created_at),
                seen_at: Timestamp(s.seen_at),
                origin: s.origin.clone(),
            })
            .collect();
        shown.sort_unstable_by_key(|s| (std::cmp::Reverse(s.created_at), s.id));
        shown
    }

    /// Ends the agent's session of this name at once. Returns whether they have another; `None` where there is none such.
    pub async fn end_named(&self, agent: AgentId, id: Ulid) -> Option<bool> {
        let print = {
            let alive = self.alive.read();
            let mut own = alive.iter().filter(|(_, s)| s.agent == agent.0);
            own.find_map(|(print, s)| (s.id == id).then_some(*print))?
        };
        Some(self.end(print).await)
    }

    /// Ends every session of an agent at once.
    pub async fn end_all(&self, agent: AgentId) {
        self.end_others(agent, None).await;
    }

    /// Ends every session of an agent at once but the one that is kept.
    pub async fn end_others(&self, agent: AgentId, kept: Option<Fingerprint>) {
        let mut ended = Vec::new();
        self.alive.write().retain(|print, session| {
            let goes = session.agent == agent.0 && kept != Some(*print);
            if goes {
                ended.push(*print);
            }
            !goes
        });
        self.forget(ended).await;
    }

    /// Forgets what is over.
    pub fn sweep(&self, now: Timestamp) {
        let mut over = Vec::new();
        self.alive.write().retain(|print, session| {
            let goes = self.is_over(session, now);
            if goes {
                over.push((print.to_vec(), None));
            }
            !goes
        });
        if !over.is_empty() {
            self.store.change_soon(over);
        }
    }

    async fn forget(&self, prints: Vec<Fingerprint>) {
        let changes = prints.iter().map(|p| (p.to_vec(), None)).collect();
        if self.store.change(changes).await.is_err() {
            tracing::error!("a session that ended may come back with a restart: the desk store did not take it");
        }
    }

    fn is_over(&self, session: &Session, now: Timestamp) -> bool {
        now.0 - session.seen_at >= self.idle_ms || now.0 - session.created_at >= self.absolute_ms
    }
}

fn encode(session: &Session) -> Vec<u8> {
    serde_json::to_vec(session).expect("plain data always serialises")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::desk::Desk;

    const HOUR: i64 = 3_600_000;

    fn open(path: &std::path::Path) -> (Desk, Sessions) {
        let desk = Desk::open(path).expect("a store");
        let tree = desk.tree("sessions").expect("a tree");
        let sessions = Sessions::load(tree, &Config::default().session, Timestamp(0));
        (desk, sessions)
    }

    #[actix_web::test]
    async fn a_session_ends_after_twelve_idle_hours_and_after_seven_days_in_any_case() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (_desk, sessions) = open(dir.path());
        let secret = sessions.begin(AgentId(1), Origin::default(), Timestamp(0)).await.expect("taken");
        let print = fingerprint(&secret);
        assert_eq!(sessions.touch(print, Timestamp(12 * HOUR)), None);
        let mut now = 0;
        while now < 7 * 24 * HOUR {
            assert_eq!(sessions.touch(print, Timestamp(now)), Some(AgentId(1)), "{now}");
            now += 11 * HOUR;
        }
        assert_eq!(sessions.touch(print, Timestamp(7 * 24 * HOUR)), None);
        sessions.sweep(Timestamp(7 * 24 * HOUR));
        assert!(!sessions.is_alive(print));
    }

    #[actix_web::test]
    async fn who_is_shut_out_has_no_session_left_anywhere() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (_desk, sessions) = open(dir.path());
        let mut prints = Vec::new();
        for _ in 0..3 {
            let secret = sessions.begin(AgentId(1), Origin::default(), Timestamp(0)).await.expect("taken");
            prints.push(fingerprint(&secret));
        }
        let other = sessions.begin(AgentId(2), Origin::default(), Timestamp(0)).await.expect("taken");
        assert!(sessions.end(prints[0]).await, "two others are left");
        sessions.end_all(AgentId(1)).await;
        assert!(prints.iter().all(|print| !sessions.is_alive(*print)));
        assert!(sessions.is_alive(fingerprint(&other)));
        assert_eq!(sessions.store.load().len(), 1);
    }

    #[actix_web::test]
    async fn logins_without_end_do_not_fill_memory() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (_desk, sessions) = open(dir.path());
        let mut first = None;
        for at in 0..60 {
            let secret = sessions.begin(AgentId(1), Origin::default(), Timestamp(at)).await.expect("taken");
            first.get_or_insert(fingerprint(&secret));
        }
        assert_eq!(sessions.alive.read().len(), 50);
        assert_eq!(sessions.store.load().len(), 50);
        assert!(!sessions.is_alive(first.expect("at least one")));
    }

    #[actix_web::test]
    async fn the_secret_itself_is_nowhere_in_the_store() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (_desk, sessions) = open(dir.path());
        let secret = sessions.begin(AgentId(1), Origin::default(), Timestamp(0)).await.expect("taken");
        assert_eq!(secret.len(), 43, "256 bits");
        for (key, row) in sessions.store.load() {
            assert_eq!(key, fingerprint(&secret));
            assert!(!String::from_utf8_lossy(&row).contains(&secret));
        }
    }
}
