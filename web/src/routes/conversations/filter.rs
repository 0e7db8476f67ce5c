//! The questions that lists and timelines answer.

use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::rows::{self, ListQuery, MessagesQuery};
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{Channel, Status};
use madoguchi_protocol::limits::{PAGE_DEFAULT, PAGE_MAX, QUERY_TEXT_CHARS};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Identity;
use crate::convert;
use crate::error::invalid;

/// Which conversations. Every parameter narrows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Conversations {
    /// Only with this status.
    status: Option<Status>,
    /// Only with this person responsible: an id, `me`, or `none`.
    assignee: Option<String>,
    /// Only in this person's hands: an id, `me`, or `bot` for the bot in front of the window.
    holder: Option<String>,
    /// Only over this channel.
    channel: Option<Channel>,
    /// Only over this inbox.
    inbox: Option<String>,
    /// Only those set aside after repeated failures (true), or only the others (false).
    set_aside: Option<bool>,
    /// Name or id contains this; at most 200 characters.
    q: Option<String>,
    /// Changed at or after this moment.
    from: Option<String>,
    /// Changed before this moment.
    to: Option<String>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// Rows a page, 1 to 200; 50 when left out.
    limit: Option<usize>,
}

impl Conversations {
    /// The question over these windows, asked by `who`.
    pub(super) fn over(self, windows: Vec<WindowId>, who: &Identity) -> Result<ListQuery, Problem> {
        let assignee = match self.assignee.as_deref() {
            None => None,
            Some("none") => Some(None),
            Some(text) => Some(Some(person("assignee", text, who)?)),
        };
        Ok(ListQuery {
            windows,
            status: self.status.map(convert::conversation::to_status),
            assignee,
            holder: self.holder.map(|text| holder(&text, who)).transpose()?,
            channel: self.channel.map(convert::inbox::to_channel),
            inbox: self.inbox.map(|text| text.parse().map_err(|_| invalid("inbox", "an inbox's id"))).transpose()?,
            set_aside: self.set_aside,
            q: short("q", self.q)?.map(|text| text.to_lowercase()),
            from: moment("from", self.from)?,
            to: moment("to", self.to)?,
            cursor: short("cursor", self.cursor)?,
            limit: limit(self.limit)?,
        })
    }
}

/// Which messages of a conversation. At most one of `before`, `after` and `around`.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Messages {
    /// The ones before this number.
    before: Option<u32>,
    /// The ones after this number.
    after: Option<u32>,
    /// Half before and half after this number.
    around: Option<u32>,
    /// Rows a page, 1 to 200; 50 when left out.
    limit: Option<usize>,
}

impl Messages {
    /// The question in the engine's words.
    pub(crate) fn place(self) -> Result<MessagesQuery, Problem> {
        let place = match (self.before, self.after, self.around) {
            (None, None, None) => rows::Place::Newest,
            (Some(number), None, None) => rows::Place::Before(number),
            (None, Some(number), None) => rows::Place::After(number),
            (None, None, Some(number)) => rows::Place::Around(number),
            _ => return Err(invalid("before", "one of before, after and around")),
        };
        Ok(MessagesQuery { place, limit: limit(self.limit)? })
    }
}

fn person(field: &str, text: &str, who: &Identity) -> Result<AgentId, Problem> {
    if text == "me" {
        return Ok(who.agent);
    }
    text.parse().map_err(|_| invalid(field, "an agent's id, or me"))
}

fn holder(text: &str, who: &Identity) -> Result<Holder, Problem> {
    if text == "bot" { Ok(Holder::Bot) } else { person("holder", text, who).map(Holder::Agent) }
}

fn moment(field: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| convert::parse_time(&text).ok_or_else(|| invalid(field, "a moment such as 2026-01-31T09:00:00Z")))
        .transpose()
}

fn short(field: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > QUERY_TEXT_CHARS) {
        return Err(invalid(field, "at most 200 characters"));
    }
    Ok(text)
}

fn limit(given: Option<usize>) -> Result<usize, Problem> {
    let limit = given.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) { Ok(limit) } else { Err(invalid("limit", "1 to 200")) }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Query;
    use madoguchi_engine::domain::org::Role;

    use super::*;

    fn me() -> Identity {
        Identity::of(AgentId(7), Role::Agent)
    }

    fn ask(query: &str) -> Result<ListQuery, Problem> {
        let window = WindowId::new("w").expect("an id");
        Query::<Conversations>::from_query(query).expect("readable").into_inner().over(vec![window], &me())
    }

    #[test]
    fn nothing_asked_hides_nothing() {
        let all = ask("").expect("right");
        assert_eq!(
            all,
            ListQuery { windows: vec![WindowId::new("w").expect("an id")], limit: 50, ..ListQuery::default() }
        );
    }

    #[test]
    fn me_nobody_and_somebody_are_three_things() {
        assert_eq!(ask("assignee=me").expect("right").assignee, Some(Some(AgentId(7))));
        assert_eq!(ask("assignee=none").expect("right").assignee, Some(None));
        assert_eq!(ask("holder=me").expect("right").holder, Some(Holder::Agent(AgentId(7))));
        assert_eq!(ask("holder=bot").expect("right").holder, Some(Holder::Bot));
        for wrong in ["assignee=taro", "holder=none", "limit=0", "limit=201", "from=today", "inbox=x"] {
            let refused = ask(wrong).expect_err(wrong);
            assert_eq!(refused.extra.field.as_deref(), wrong.split('=').next());
        }
    }

    #[test]
    fn a_timeline_is_asked_from_one_place_only() {
        let ask = |query: &str| Query::<Messages>::from_query(query).expect("readable").into_inner().place();
        assert_eq!(ask("around=5").expect("right").place, rows::Place::Around(5));
        assert_eq!(ask("").expect("right").place, rows::Place::Newest);
        assert!(ask("before=5&after=1").is_err());
    }
}
