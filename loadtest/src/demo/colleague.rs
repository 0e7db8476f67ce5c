//! The agent that the demo plays: takes a customer who has waited a while, answers a few times, completes.
//!
//! So that a newcomer sees seats taken and cases closed by somebody else, and customers come back when nobody is there.
//! It never has more than two customers at once, and leaves everybody to others first.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hyper::Method;
use madoguchi_protocol::api::{Content, Conversation, Direction, Items, Me, Message};
use serde_json::{Value, json};

use super::stage::WINDOW;
use super::talk;
use crate::run::RunError;
use crate::run::api::Api;

/// Between two looks at the desk, in seconds of the demo.
const LOOKS_S: f64 = 2.0;
/// A new customer is left to others for so long.
const LEAVES_S: f64 = 75.0;
/// Reading and writing take so long.
const THINKS_S: f64 = 7.0;
/// A customer who says nothing after the last answer is waited for so long.
const WAITS_S: f64 = 60.0;
/// Customers at once.
const AT_ONCE: usize = 2;

/// The colleague at work.
pub(super) struct Colleague {
    api: Api,
    id: String,
    pace: f64,
    /// New conversations, and since when they are seen; answered ones, and since when nothing happened.
    seen: HashMap<String, (u32, Instant)>,
    /// Answers given in the case of each conversation that is held.
    given: HashMap<String, u32>,
}

impl Colleague {
    /// Logs in.
    pub(super) async fn log_in(nobody: &Api, login: &str, password: &str, pace: f64) -> Result<Self, RunError> {
        let api = nobody.login(login, password).await?;
        let me: Me = api.get("/api/v1/session").await?;
        Ok(Self { api, id: me.agent.id, pace, seen: HashMap::new(), given: HashMap::new() })
    }

    /// Works until dropped. What is refused, because somebody else was quicker or the server is away, is tried anew.
    pub(super) async fn work(mut self) {
        loop {
            tokio::time::sleep(self.real(LOOKS_S)).await;
            // The next look is another try.
            let _ = self.look().await;
        }
    }

    fn real(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds / self.pace)
    }

    async fn look(&mut self) -> Result<(), RunError> {
        let path = format!("/api/v1/windows/{WINDOW}/conversations?limit=50");
        let open = |status| format!("{path}&status={status}");
        let taken: Items<Conversation> = self.api.get(&open("in_progress")).await?;
        let new: Items<Conversation> = self.api.get(&open("new")).await?;
        let held = |row: &&Conversation| row.seat.as_ref().is_some_and(|seat| seat.agent.as_ref() == Some(&self.id));
        let mine: Vec<Conversation> = taken.items.iter().filter(held).cloned().collect();
        let known = |id: &String| mine.iter().chain(&new.items).any(|row| row.id == *id);
        self.seen.retain(|id, _| known(id));
        self.given.retain(|id, _| mine.iter().any(|row| row.id == *id));
        for row in &mine {
            self.serve(row).await?;
        }
        if mine.len() < AT_ONCE {
            self.take_one(&new.items).await?;
        }
        Ok(())
    }

    /// Since when this conversation has stood at this message.
    fn stands(&mut self, row: &Conversation) -> Duration {
        let seen = self.seen.entry(row.id.clone()).or_insert((row.last_number, Instant::now()));
        if seen.0 != row.last_number {
            *seen = (row.last_number, Instant::now());
        }
        seen.1.elapsed()
    }

    async fn take_one(&mut self, new: &[Conversation]) -> Result<(), RunError> {
        let leaves = self.real(LEAVES_S);
        for row in new.iter().filter(|row| row.waiting_since.is_some() && !row.set_aside) {
            // From the first sight on, whatever the customer adds.
            let since = self.seen.entry(row.id.clone()).or_insert((row.last_number, Instant::now())).1;
            if since.elapsed() >= leaves {
                let path = format!("/api/v1/conversations/{}/claim", row.id);
                let _: Value = self.api.call(Method::POST, &path, Some(&json!({}))).await?;
                self.seen.remove(&row.id);
                self.given.insert(row.id.clone(), 0);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn serve(&mut self, row: &Conversation) -> Result<(), RunError> {
        let stands = self.stands(row);
        if stands < self.real(THINKS_S) {
            return Ok(());
        }
        let Some(seat) = &row.seat else { return Ok(()) };
        let base = format!("/api/v1/conversations/{}", row.id);
        let page: Items<Message> = self.api.get(&format!("{base}/messages?limit=40")).await?;
        let customers = |message: &&Message| message.direction == Direction::Inbound;
        // A case that an earlier demo began goes on where it was.
        let given = self.given.get(&row.id).copied().unwrap_or_else(|| given(&page.items, &self.id));
        let theirs = page.items.iter().rposition(|message| customers(&message));
        let mine = page.items.iter().rposition(|message| message.agent.as_ref() == Some(&self.id));
        let answer = match (theirs, mine) {
            (Some(theirs), mine) if mine.is_none_or(|mine| mine < theirs) => {
                talk::answer(text(&page.items[theirs].content), given)
            }
            _ if stands < self.real(WAITS_S) => return Ok(()),
            _ => None,
        };
        let (path, body) = match answer {
            Some(text) => {
                self.given.insert(row.id.clone(), given + 1);
                let client_id = format!("demo-{}", ulid::Ulid::new());
                let content = json!({"type": "text", "text": text});
                let body = json!({"client_id": client_id, "seat_epoch": seat.epoch, "content": content});
                (format!("{base}/messages"), body)
            }
            None => (format!("{base}/complete"), json!({"seat_epoch": seat.epoch})),
        };
        self.api.text(Method::POST, &path, Some(&body)).await.map(drop)
    }
}

/// How many answers this agent has given in their last case: since their last greeting.
fn given(messages: &[Message], agent: &str) -> u32 {
    let mine = messages.iter().filter(|message| message.agent.as_deref() == Some(agent));
    mine.fold(0, |given, answer| if talk::is_greeting(text(&answer.content)) { 1 } else { given + 1 })
}

fn text(content: &Content) -> &str {
    match content {
        Content::Text { text } => text,
        _ => "",
    }
}
