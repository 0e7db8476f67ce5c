//! Lists of conversations: open ones from memory, the longest waiting at the top, then done ones from the read models.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::actors::Core;
use crate::domain::conversation::Status;
use crate::domain::id::ConversationId;
use crate::domain::rejected::Rejected;
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::readmodel::{PageFault, ReadModels, matches};
use crate::rows::{ConversationRow, ListQuery, Page};
use crate::views::waiting_order;

/// Where a page ended.
enum Cursor {
    /// Among the open ones.
    Open(i64, i64, ConversationId),
    /// Among the done ones; `None` at their beginning.
    Done(Option<String>),
}

pub(super) async fn page(core: &Arc<Core>, mut query: ListQuery) -> Result<Page<ConversationRow>, Failure> {
    query.q = query.q.map(|q| q.to_lowercase());
    let limit = query.limit.clamp(1, 200);
    let cursor = query.cursor.as_deref().map(read_cursor).transpose()?;
    let mut items = Vec::new();
    let done_from = match cursor {
        Some(Cursor::Done(from)) => from,
        open => {
            let (rows, next) = open_rows(core, &query, open, limit);
            if let Some(next) = next {
                return Ok(Page { items: rows, next_cursor: Some(write_cursor(&next)) });
            }
            items = rows;
            None
        }
    };
    if query.status.is_some_and(|status| status != Status::Done) || query.holder.is_some() {
        return Ok(Page { items, next_cursor: None });
    }
    if items.len() == limit {
        return Ok(Page { items, next_cursor: Some(write_cursor(&Cursor::Done(None))) });
    }
    let (rows, next) = done_rows(core, query, done_from, limit - items.len()).await?;
    // Done since memory was read: the later word counts, and nobody is there twice.
    items.retain(|open| rows.iter().all(|done| done.state.id != open.state.id));
    items.extend(rows);
    Ok(Page { items, next_cursor: next.map(|next| write_cursor(&Cursor::Done(Some(next)))) })
}

fn open_rows(
    core: &Core,
    query: &ListQuery,
    cursor: Option<Cursor>,
    limit: usize,
) -> (Vec<ConversationRow>, Option<Cursor>) {
    let mut rows: Vec<ConversationRow> = query
        .windows
        .iter()
        .filter_map(|id| core.views.window(id))
        .flat_map(|view| view.all_live())
        // What is done and still has something to send, or to tell its bot, is found among the done.
        .filter(|row| row.state.status != Status::Done && matches(query, &row.state))
        .collect();
    rows.sort_by_key(waiting_order);
    if let Some(Cursor::Open(waiting, updated, id)) = cursor {
        rows.retain(|row| waiting_order(row) > (waiting, updated, id));
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| {
        let (waiting, updated, id) = waiting_order(row);
        Cursor::Open(waiting, updated, id)
    });
    (rows, next)
}

type DonePage = (Vec<ConversationRow>, Option<String>);

async fn done_rows(
    core: &Arc<Core>,
    query: ListQuery,
    from: Option<String>,
    limit: usize,
) -> Result<DonePage, Failure> {
    let views: Vec<_> = query.windows.iter().filter_map(|id| core.views.window(id)).collect();
    for view in &views {
        core.caught_up(view.stream).await?;
    }
    let streams: Vec<_> = views.iter().map(|view| view.stream).collect();
    let read = move |store: &ReadModels| store.done_page(&streams, &query, from.as_deref(), limit);
    match core.read(Lane::Ordinary, read).await? {
        Ok(page) => Ok((page.items, page.next_cursor)),
        Err(PageFault::Cursor) => Err(bad_cursor()),
        Err(PageFault::Read(error)) => Err(super::store_failed(&error)),
    }
}

fn bad_cursor() -> Failure {
    Failure::Rejected(Rejected::invalid("cursor", "the next_cursor of an earlier page"))
}

fn write_cursor(cursor: &Cursor) -> String {
    let text = match cursor {
        Cursor::Open(waiting, updated, id) => format!("o.{waiting}.{updated}.{id}").into_bytes(),
        Cursor::Done(None) => b"d".to_vec(),
        Cursor::Done(Some(place)) => format!("d.{place}").into_bytes(),
    };
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(text: &str) -> Result<Cursor, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad_cursor())?;
    let text = String::from_utf8(bytes).map_err(|_| bad_cursor())?;
    if text == "d" {
        return Ok(Cursor::Done(None));
    }
    if let Some(place) = text.strip_prefix("d.") {
        return Ok(Cursor::Done(Some(place.to_owned())));
    }
    let parts: Vec<&str> = text.split('.').collect();
    match parts[..] {
        ["o", waiting, updated, id] => Ok(Cursor::Open(
            waiting.parse().map_err(|_| bad_cursor())?,
            updated.parse().map_err(|_| bad_cursor())?,
            id.parse().map_err(|_| bad_cursor())?,
        )),
        _ => Err(bad_cursor()),
    }
}
