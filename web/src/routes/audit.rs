//! The audit log for administrators.

use actix_web::{HttpResponse, web};
use futures_util::stream;
use madoguchi_engine::audit::{Query as Wanted, Row};
use madoguchi_engine::domain::audit::Actor;
use madoguchi_engine::domain::id::{AgentId, Position};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{AuditEntry, Items};
use madoguchi_protocol::limits::{PAGE_DEFAULT, PAGE_MAX, QUERY_TEXT_CHARS};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, ok};
use crate::App;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert;
use crate::error::invalid;
use crate::extract::Query;

/// Entries of an export that are read at a time.
const EXPORTED_AT_ONCE: usize = 500;

/// What is looked for. Everything that is said must be so.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// By this person; `operator` for the server's own command line, `invited` for who came by an invitation.
    actor: Option<String>,
    /// Actions that begin so, such as `POST /api/v1/agents` or `command`.
    action: Option<String>,
    /// To this, as `kind:id`, such as `window:sales`.
    object: Option<String>,
    /// Begun at this time (RFC 3339) or later.
    from: Option<String>,
    /// Begun before this time (RFC 3339).
    to: Option<String>,
    /// As `next_cursor` of the page before. A page may be empty and still have a next one.
    cursor: Option<String>,
    /// Rows at most; 1 to 200, 50 when left out.
    limit: Option<usize>,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// For spreadsheets: UTF-8 with its mark, a line an entry.
    #[default]
    Csv,
    /// A JSON object a line, as the list shows it.
    Jsonl,
}

/// What is exported.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    /// See the list.
    actor: Option<String>,
    /// See the list.
    action: Option<String>,
    /// See the list.
    object: Option<String>,
    /// See the list.
    from: Option<String>,
    /// See the list.
    to: Option<String>,
    /// `csv` when left out.
    #[param(inline)]
    format: Option<Format>,
}

/// What was done with administrative and supervisory rights, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Filter), responses((status = 200, description = "A page.", body = Items<AuditEntry>)))]
pub(crate) async fn list(app: web::Data<App>, _: Identity, Query(filter): Query<Filter>) -> Answer {
    let (rows, next) = app.engine.audit(wanted(&filter)?).await.map_err(|failure| refused(&app, failure))?;
    let org = app.engine.org();
    let items = rows.iter().map(|row| convert::audit::entry(row, &org)).collect();
    ok(&Items::<AuditEntry> { items, next_cursor: next.map(|position| position.to_string()) })
}

/// The same as a file, as long as it takes. That it was exported is an entry itself.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(Export), responses(
    (status = 200, description = "The entries, the newest first.", content_type = "text/csv", body = String)))]
pub(crate) async fn export(app: web::Data<App>, _: Identity, Query(export): Query<Export>) -> Answer {
    let Export { actor, action, object, from, to, format } = export;
    let format = format.unwrap_or_default();
    let filter = Filter { actor, action, object, from, to, cursor: None, limit: None };
    let first = Wanted { limit: EXPORTED_AT_ONCE, ..wanted(&filter)? };
    let (kind, name, head) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv", convert::audit::CSV_HEAD),
        Format::Jsonl => ("application/x-ndjson", "audit.jsonl", ""),
    };
    let head = stream::iter([Ok::<_, std::io::Error>(web::Bytes::from_static(head.as_bytes()))]);
    let pages = stream::try_unfold(Some(first), move |wanted| {
        let app = app.clone();
        async move {
            let Some(wanted) = wanted else { return Ok(None) };
            // What breaks off in the middle is seen: the last chunk never comes.
            let page = app.engine.audit(wanted.clone()).await.map_err(std::io::Error::other)?;
            let (rows, next) = page;
            let next = next.map(|position| Wanted { before: Some(position), ..wanted });
            Ok(Some((lines(&app, &rows, format), next)))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .streaming(futures_util::StreamExt::chain(head, pages)))
}

fn lines(app: &App, rows: &[Row], format: Format) -> web::Bytes {
    let org = app.engine.org();
    let mut text = String::new();
    for row in rows {
        let entry = convert::audit::entry(row, &org);
        match format {
            Format::Csv => text.push_str(&convert::audit::csv(&entry)),
            Format::Jsonl => {
                text.push_str(&serde_json::to_string(&entry).expect("plain data always serialises"));
                text.push('\n');
            }
        }
    }
    text.into()
}

fn wanted(filter: &Filter) -> Result<Wanted, Problem> {
    let limit = filter.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(invalid("limit", "1 to 200"));
    }
    let actor = match filter.actor.as_deref() {
        None => None,
        Some("operator") => Some(Actor::Operator),
        Some("invited") => Some(Actor::Invited),
        Some(id) => Some(Actor::Agent(id.parse::<AgentId>().map_err(|_| invalid("actor", "an agent's id"))?)),
    };
    let before = match filter.cursor.as_deref() {
        None => None,
        Some(text) => Some(Position(text.parse().map_err(|_| invalid("cursor", "as the page before named it"))?)),
    };
    for (field, text) in [("action", &filter.action), ("object", &filter.object)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > QUERY_TEXT_CHARS) {
            return Err(invalid(field, "at most 200 characters"));
        }
    }
    Ok(Wanted {
        actor,
        action: filter.action.clone(),
        object: filter.object.clone(),
        from: moment("from", filter.from.as_deref())?,
        to: moment("to", filter.to.as_deref())?,
        before,
        limit,
    })
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| convert::parse_time(text).ok_or_else(|| invalid(field, "an RFC 3339 time"))).transpose()
}
