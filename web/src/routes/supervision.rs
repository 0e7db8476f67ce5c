//! What supervisors do to many conversations at once, and the figures that they look at.

use actix_web::web;
use futures_util::stream::{self, StreamExt};
use madoguchi_engine::domain::conversation::{Command, Overseen};
use madoguchi_engine::domain::id::{AgentId, ConversationId, WindowId};
use madoguchi_engine::domain::record::By;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{Assign, Bulk, BulkAct, BulkDone, BulkHandover, BulkItem, Items, WindowCounters};
use madoguchi_protocol::limits::BULK_MAX;

use super::{Answer, ok, windows};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, not_found};
use crate::extract::Json;

/// Conversations of one call that are asked side by side.
const SIDE_BY_SIDE: usize = 16;
/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

/// Does one thing to many conversations. Each decides for itself; one that refuses stops no other.
#[utoipa::path(post, path = "/api/v1/bulk", tag = "supervision", request_body = Bulk, responses((status = 200, description = "What became of each.", body = BulkDone)))]
pub(crate) async fn bulk(app: web::Data<App>, who: Identity, acts: Acts, Json(bulk): Json<Bulk>) -> Answer {
    let reason = bulk.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS {
        return Err(invalid("reason", "1 to 500 characters").into());
    }
    let command = command(&who, &bulk.act, reason.clone())?;
    acts.changed("act", None, Some(word(&bulk.act)));
    acts.changed("reason", None, Some(reason));
    if let Some(holder) = &bulk.holder {
        acts.about("agent", holder);
    }
    let (conversations, left) = named(&app, &bulk)?;
    conversations.iter().for_each(|id| acts.about("conversation", id));
    let items: Vec<BulkItem> = stream::iter(conversations)
        .map(|id| one(&app, &who, id, command.clone()))
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let done = items.iter().filter(|item| item.problem.is_none()).count();
    acts.changed("done", None, Some(done.to_string()));
    acts.changed("refused", None, Some((items.len() - done).to_string()));
    ok(&BulkDone { items, done, left })
}

/// The figures of every window that the caller may read.
#[utoipa::path(get, path = "/api/v1/counters", tag = "supervision", responses((status = 200, description = "The figures.", body = Items<WindowCounters>)))]
pub(crate) async fn counters(app: web::Data<App>, who: Identity) -> Answer {
    let now = app.clock.now();
    let visible = windows::visible(&app, &who);
    let items = visible.iter().filter_map(|id| convert::counters::counters(&app.engine, now, id)).collect();
    ok(&Items::<WindowCounters> { items, next_cursor: None })
}

fn command(who: &Identity, act: &BulkAct, reason: String) -> Result<Command, Problem> {
    let agent = who.agent;
    let id = |field: &str, text: &str| text.parse::<AgentId>().map_err(|_| invalid(field, "an agent's id"));
    let act = match act {
        BulkAct::Assign(Assign { assignee }) => {
            let assignee = assignee.as_ref().map(|text| id("act.assignee", text)).transpose()?;
            return Ok(Command::Assign { agent, assignee });
        }
        BulkAct::Handover(BulkHandover { to }) => Overseen::HandOver { to: id("act.to", to)? },
        BulkAct::Complete(_) => Overseen::Complete,
        BulkAct::Release(_) => Overseen::Release,
    };
    Ok(Command::Supervise { agent, act, reason })
}

fn word(act: &BulkAct) -> String {
    match act {
        BulkAct::Assign(Assign { assignee }) => format!("assign {}", assignee.as_deref().unwrap_or("nobody")),
        BulkAct::Handover(BulkHandover { to }) => format!("handover {to}"),
        BulkAct::Complete(_) => "complete".to_owned(),
        BulkAct::Release(_) => "release".to_owned(),
    }
}

/// The conversations that are meant, each once, and how many more there are.
fn named(app: &App, bulk: &Bulk) -> Result<(Vec<ConversationId>, usize), Problem> {
    match (&bulk.conversations, &bulk.holder) {
        (Some(list), None) if bulk.window.is_none() => {
            if list.is_empty() || list.len() > BULK_MAX {
                return Err(invalid("conversations", "1 to 200").limit(BULK_MAX as u64));
            }
            let mut ids: Vec<ConversationId> = Vec::with_capacity(list.len());
            for text in list {
                let id = text.parse().map_err(|_| invalid("conversations", "ids of conversations"))?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            Ok((ids, 0))
        }
        (None, Some(holder)) => {
            let holder: AgentId = holder.parse().map_err(|_| invalid("holder", "an agent's id"))?;
            let window = bulk.window.as_ref().map(|text| WindowId::new(text).map_err(|_| not_found("window")));
            let mut held = app.engine.held_by(holder, window.transpose()?.as_ref());
            let left = held.len().saturating_sub(BULK_MAX);
            held.truncate(BULK_MAX);
            Ok((held, left))
        }
        _ => Err(invalid("conversations", "either a list, or holder, with or without window")),
    }
}

async fn one(app: &App, who: &Identity, id: ConversationId, command: Command) -> BulkItem {
    let done = decide(app, who, id, command).await;
    BulkItem { conversation: id.to_string(), problem: done.err() }
}

async fn decide(app: &App, who: &Identity, id: ConversationId, command: Command) -> Result<(), Problem> {
    let window = app.engine.window_of(id).await.map_err(|failure| refused(app, failure))?;
    let window = window.ok_or_else(|| not_found("conversation"))?;
    // As for a take-over of this one alone.
    authorize(who, Action::TakeOver, Object::Window(&window), &app.engine).map_err(|_| not_found("conversation"))?;
    app.engine.command(By::Agent(who.agent), id, command).await.map(|_| ()).map_err(|failure| refused(app, failure))
}
