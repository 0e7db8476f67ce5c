//! Resetting a window (初期化), and reading what is left of windows that were reset.

use actix_web::web;
use madoguchi_engine::domain::id::{ConversationId, StreamId};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::rows::{MessagesQuery, Place as Where};
use madoguchi_protocol::api::{Conversation, FormerWindow, Items, Message, Reset, ResetPreview};
use madoguchi_protocol::limits::{PAGE_DEFAULT, PAGE_MAX, QUERY_TEXT_CHARS};
use madoguchi_protocol::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, problem};
use crate::extract::{Json, Place, Query};

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Pages {
    /// `next_cursor` of the page before. For messages, pages go backwards.
    #[serde(default)]
    cursor: Option<String>,
    /// Rows, 1 to 200.
    #[serde(default)]
    limit: Option<usize>,
}

impl Pages {
    fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(invalid("limit", "1 to 200"));
        }
        if self.cursor.as_ref().is_some_and(|cursor| cursor.len() > QUERY_TEXT_CHARS) {
            return Err(invalid("cursor", "the next_cursor of an earlier page"));
        }
        Ok(limit)
    }
}

/// What a reset of this window would end, and what it would leave.
#[utoipa::path(get, path = "/api/v1/windows/{window}/reset", tag = "resets", responses((status = 200, description = "Nothing is done yet.", body = ResetPreview)))]
pub(crate) async fn preview(app: web::Data<App>, place: Place) -> Answer {
    let window = place.window()?;
    let found = app.engine.reset_preview(&window).await.map_err(|failure| refused(&app, failure))?;
    ok(&convert::window::reset_preview(&window, &found, &app.engine.org()))
}

/// Resets a window: it stops serving, leaves the list, its agents lose access, its product is free. It cannot be undone.
/// With the last window everything that customers wrote is erased for good.
#[utoipa::path(post, path = "/api/v1/windows/{window}/reset", tag = "resets", request_body = Reset,
    responses((status = 200, description = "It was reset.", body = FormerWindow)))]
pub(crate) async fn reset(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    acts: Acts,
    Json(wish): Json<Reset>,
) -> Answer {
    let window = place.window()?;
    acts.changed("erase_everything", None, wish.erase_everything.then(|| "true".to_owned()));
    let done = app.engine.reset_window(By::Agent(who.agent), &window, &wish.name, wish.erase_everything).await;
    done.map_err(|failure| refused(&app, failure))?;
    app.sockets.recheck();
    let former = app.engine.former_windows().into_iter().find(|former| former.entry.id == window);
    let former = former.ok_or_else(|| problem(Code::Internal))?;
    acts.about("reset", former.entry.stream);
    ok(&convert::window::former(&former))
}

/// Every window that was reset, the newest first.
#[utoipa::path(get, path = "/api/v1/resets", tag = "resets", responses((status = 200, description = "Windows that were.", body = Items<FormerWindow>)))]
pub(crate) async fn list(app: web::Data<App>) -> Answer {
    let items = app.engine.former_windows().iter().map(convert::window::former).collect();
    ok(&Items::<FormerWindow> { items, next_cursor: None })
}

/// Conversations of a window that was reset, as they stood: first those that were open then. All are done now.
#[utoipa::path(get, path = "/api/v1/resets/{reset}/conversations", tag = "resets", params(Pages),
    responses((status = 200, description = "A page.", body = Items<Conversation>)))]
pub(crate) async fn conversations(app: web::Data<App>, place: Place, Query(pages): Query<Pages>) -> Answer {
    let (former, limit): (StreamId, usize) = (place.id("reset")?, pages.limit()?);
    let page = app.engine.former_conversations(former, pages.cursor, limit).await;
    let page = page.map_err(|failure| refused(&app, failure))?;
    let items = page.items.iter().map(|row| convert::conversation::conversation(row, 0)).collect();
    ok(&Items::<Conversation> { items, next_cursor: page.next_cursor })
}

/// Messages of one of them in order; without a cursor the newest.
#[utoipa::path(get, path = "/api/v1/resets/{reset}/conversations/{case}/messages", tag = "resets", params(Pages),
    responses((status = 200, description = "A page.", body = Items<Message>)))]
pub(crate) async fn messages(app: web::Data<App>, place: Place, Query(pages): Query<Pages>) -> Answer {
    let (former, case): (StreamId, ConversationId) = (place.id("reset")?, place.id("case")?);
    let limit = pages.limit()?;
    let wrong = |_| invalid("cursor", "the next_cursor of an earlier page");
    let place = pages.cursor.map_or(Ok(Where::Newest), |text| text.parse().map(Where::Before).map_err(wrong))?;
    let page = app.engine.former_messages(former, case, MessagesQuery { place, limit }).await;
    let page = page.map_err(|failure| refused(&app, failure))?;
    ok(&Items { items: page.items.iter().map(convert::message::message).collect(), next_cursor: page.next_cursor })
}
