//! Lists of conversations: open ones from memory, the longest waiting at the top, then done ones from the read models.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::actors::Core;
use crate::domain::conversation::{Conversation, Status};
use crate::domain::id::ConversationId;
use crate::domain::rejected::Rejected;
use crate::failure::Failure;
use crate::rows::{ConversationRow, ListQuery, Page};
use crate::views::waiting_order;

/// Where a page ended.
enum Cursor {
    /// Among the open ones.
    Open(i64, i64, ConversationId),
    /// Among the done ones; `None` at their beginning.
    Done(Option<Vec<u8>>),
}

pub(super) async fn page(core: &Arc<Core>, query: ListQuery) -> Result<Page<ConversationRow>, Failure> {
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
        .filter(|row| row.state.status != Status::Done && fits(query, &row.state))
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

type DonePage = (Vec<ConversationRow>, Option<Vec<u8>>);

async fn done_rows(
    core: &Arc<Core>,
    query: ListQuery,
    from: Option<Vec<u8>>,
    limit: usize,
) -> Result<DonePage, Failure> {
    let views: Vec<_> = query.windows.iter().filter_map(|id| core.views.window(id)).collect();
    for view in &views {
        core.caught_up(view.stream).await?;
    }
    let streams: Vec<_> = views.iter().map(|view| view.stream).collect();
    let store = core.store.clone();
    let read = move || store.done_page(&streams, &|state| fits(&query, state), from.as_deref(), limit);
    let (found, next) = core.pool.run(read).await?.map_err(|error| super::store_failed(&error))?;
    let rows = found.into_iter().filter_map(|stored| {
        let window = core.views.window_of_stream(stored.stream)?.id.clone();
        Some(ConversationRow { window, position: stored.position, state: Arc::new(stored.state) })
    });
    Ok((rows.collect(), next))
}

fn fits(query: &ListQuery, state: &Conversation) -> bool {
    query.status.is_none_or(|status| state.status == status)
        && query.assignee.is_none_or(|assignee| state.assignee == assignee)
        && query.holder.is_none_or(|holder| state.seat.holder.agent() == Some(holder))
        && query.inbox.is_none_or(|inbox| state.inbox == inbox)
        && query.from.is_none_or(|from| state.updated_at >= from)
        && query.to.is_none_or(|to| state.updated_at < to)
        && query.q.as_deref().is_none_or(|q| names(state, q))
}

fn names(state: &Conversation, q: &str) -> bool {
    let q = q.to_lowercase();
    let name = state.name.as_deref().unwrap_or_default().to_lowercase();
    name.contains(&q) || state.id.to_string().to_lowercase() == q || state.external_id.to_lowercase() == q
}

fn write_cursor(cursor: &Cursor) -> String {
    let text = match cursor {
        Cursor::Open(waiting, updated, id) => format!("o.{waiting}.{updated}.{id}").into_bytes(),
        Cursor::Done(None) => b"d".to_vec(),
        Cursor::Done(Some(key)) => [b"d.".as_slice(), key].concat(),
    };
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(text: &str) -> Result<Cursor, Failure> {
    let bad = || Failure::Rejected(Rejected::invalid("cursor", "the next_cursor of an earlier page"));
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    if bytes == b"d" {
        return Ok(Cursor::Done(None));
    }
    if let Some(key) = bytes.strip_prefix(b"d.") {
        return Ok(Cursor::Done(Some(key.to_vec())));
    }
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let parts: Vec<&str> = text.split('.').collect();
    match parts[..] {
        ["o", waiting, updated, id] => Ok(Cursor::Open(
            waiting.parse().map_err(|_| bad())?,
            updated.parse().map_err(|_| bad())?,
            id.parse().map_err(|_| bad())?,
        )),
        _ => Err(bad()),
    }
}
