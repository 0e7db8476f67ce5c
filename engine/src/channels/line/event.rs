//! One event of a webhook, translated (line.md 1.3 and 1.4). Whatever stands in it, the outcome is one [`Parsed`].

use bytes::Bytes;
use serde::Deserialize;

use super::{event_id, message};
use crate::channels::json::{self, Lazy};
use crate::channels::media::Gathering;
use crate::channels::words;
use crate::channels::{Flaw, Parsed, ParsedEvent};
use crate::domain::conversation::InboundKind;
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

/// Most bytes that text and kept event of one message may have together, so that its record fits into the journal. An
/// event with more is parked.
const MAX_KEPT: usize = 48 * 1024;
/// An event that is kept must not be nested deeper than this; a deeper one is parked. LINE's own need six levels.
const MAX_DEPTH: usize = 32;
/// A time this much after the receipt, in milliseconds, cannot be true; the receipt's counts instead.
const MAX_AHEAD_MS: i64 = 86_400_000;

/// A token that comes again is dead when its event is older than this, in milliseconds (line.md 2.2).
const TOKEN_DIES_MS: i64 = 20 * 60_000;

/// Event types that are known, and that no conversation hears of in this release.
const HOUSEKEEPING: [&str; 13] = [
    "join",
    "leave",
    "memberJoined",
    "memberLeft",
    "videoPlayComplete",
    "beacon",
    "membership",
    "delivery",
    "module",
    "activated",
    "deactivated",
    "botSuspended",
    "botResumed",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    mode: Lazy<'a>,
    #[serde(borrow)]
    timestamp: Lazy<'a>,
    #[serde(borrow)]
    source: Lazy<'a>,
    #[serde(borrow)]
    webhook_event_id: Lazy<'a>,
    #[serde(borrow)]
    delivery_context: Lazy<'a>,
    #[serde(borrow)]
    reply_token: Lazy<'a>,
    #[serde(borrow)]
    message: Lazy<'a>,
    #[serde(borrow)]
    unsend: Lazy<'a>,
    #[serde(borrow)]
    postback: Lazy<'a>,
    #[serde(borrow)]
    follow: Lazy<'a>,
    #[serde(borrow)]
    link: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Follow<'a> {
    #[serde(borrow)]
    is_unblocked: Lazy<'a>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow)]
    result: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    user_id: Lazy<'a>,
    #[serde(borrow)]
    group_id: Lazy<'a>,
    #[serde(borrow)]
    room_id: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryContext<'a> {
    #[serde(borrow)]
    is_redelivery: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unsend<'a> {
    #[serde(borrow)]
    message_id: Lazy<'a>,
}

#[derive(Deserialize)]
struct Postback<'a> {
    #[serde(borrow)]
    data: Lazy<'a>,
    #[serde(borrow)]
    params: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostbackParams<'a> {
    #[serde(borrow)]
    new_rich_menu_alias_id: Lazy<'a>,
}

/// Whom an event comes from, if this channel serves them.
enum From {
    User(String),
    Several(&'static str),
}

/// What an event means.
enum Meaning {
    Happened(InboundKind),
    Nothing(&'static str),
}

/// Translates the event that stands at `json`, the same bytes as `raw`.
pub(super) fn parse(json: Lazy<'_>, raw: &Bytes, received_at: Timestamp) -> Parsed {
    let Some(fields) = json::object::<Fields<'_>>(json) else {
        return broken(raw, None, Flaw::NotAnEvent);
    };
    let given_id = json::id(fields.webhook_event_id);
    match meaning(&fields, raw) {
        Ok((_, Meaning::Nothing(kind))) => Parsed::Ignored { kind, among: among(&fields, kind) },
        Ok((external_id, Meaning::Happened(mut what))) => {
            let (at, redelivery) = (time(&fields, received_at), is_redelivery(&fields));
            if redelivery && received_at.since_ms(at) >= TOKEN_DIES_MS {
                drop_token(&mut what);
            }
            Parsed::Event(ParsedEvent {
                context: None,
                who: None,
                event_id: given_id.unwrap_or_else(|| event_id::derive(raw)),
                thread: external_id.clone(),
                external_id,
                at,
                redelivery,
                what,
            })
        }
        Err(why) => broken(raw, given_id, why),
    }
}

/// A dead right to answer must not take the place of a living one.
fn drop_token(what: &mut InboundKind) {
    match what {
        InboundKind::Message { reply_token, .. } | InboundKind::Follow { reply_token, .. } => *reply_token = None,
        InboundKind::Edit { .. }
        | InboundKind::Unfollow
        | InboundKind::Unsend { .. }
        | InboundKind::CopyTold { .. } => {}
    }
}

/// An event that is kept as it came.
pub(super) fn broken(raw: &Bytes, given_id: Option<String>, why: Flaw) -> Parsed {
    Parsed::Broken { event_id: given_id.unwrap_or_else(|| event_id::derive(raw)), raw: raw.clone(), why }
}

fn meaning(fields: &Fields<'_>, raw: &Bytes) -> Result<(String, Meaning), Flaw> {
    let kind = json::text(fields.kind).ok_or(Flaw::NoType)?;
    if let Some(known) = HOUSEKEEPING.iter().find(|known| **known == kind) {
        return Ok((String::new(), Meaning::Nothing(known)));
    }
    // Of a link that failed LINE does not say whose it was.
    if kind == "accountLink" && fields.source.is_none() {
        return Ok((String::new(), Meaning::Nothing("accountLink")));
    }
    let user = match from(fields)? {
        From::User(user) => user,
        From::Several(place) => return Ok((String::new(), Meaning::Nothing(place))),
    };
    let meaning = match kind.as_str() {
        "message" => {
            let message = message::read(fields.message)?;
            said(fields, raw, message)?
        }
        "unsend" => Meaning::Happened(InboundKind::Unsend {
            external_id: json::object::<Unsend<'_>>(fields.unsend)
                .and_then(|unsend| json::id(unsend.message_id))
                .ok_or(Flaw::NoMessage)?,
        }),
        "messageEdited" => edited(fields)?,
        "follow" => Meaning::Happened(InboundKind::Follow {
            unblocked: json::object::<Follow<'_>>(fields.follow)
                .and_then(|follow| json::plain(follow.is_unblocked))
                .unwrap_or(false),
            reply_token: reply_token(fields),
        }),
        "unfollow" => Meaning::Happened(InboundKind::Unfollow),
        "postback" => postback(fields, raw)?,
        "accountLink" => linked(fields, raw)?,
        _ => line(fields, raw, words::other(&kind, &words::unknown(&kind)))?,
    };
    Ok((user, meaning))
}

/// Where the account is among several people, as this event shows.
fn among(fields: &Fields<'_>, kind: &str) -> Option<Gathering> {
    let source: Source<'_> = json::object(fields.source)?;
    if kind == "leave" {
        return None;
    }
    let group = json::id(source.group_id).map(Gathering::Group);
    group.or_else(|| json::id(source.room_id).map(Gathering::Room))
}

fn from(fields: &Fields<'_>) -> Result<From, Flaw> {
    let source: Source<'_> = json::object(fields.source).ok_or(Flaw::NoUser)?;
    let kind = json::text(source.kind);
    match kind.as_deref() {
        Some("group") => return Ok(From::Several("group")),
        Some("room") => return Ok(From::Several("room")),
        Some("user") => {}
        None if source.group_id.is_some() => return Ok(From::Several("group")),
        None if source.room_id.is_some() => return Ok(From::Several("room")),
        None => {}
        Some(_) => return Err(Flaw::UnknownSource),
    }
    json::id(source.user_id).map(From::User).ok_or(Flaw::NoUser)
}

/// A message that was rewritten keeps its id.
fn edited(fields: &Fields<'_>) -> Result<Meaning, Flaw> {
    let message = message::read(fields.message)?;
    if message.content.weight() > MAX_KEPT {
        return Err(Flaw::TooLong);
    }
    let external_id = message.id.ok_or(Flaw::NoMessage)?;
    Ok(Meaning::Happened(InboundKind::Edit { external_id, content: message.content }))
}

/// A postback is the customer pressing a button, and waits for an answer like a message; moving about in a rich menu is
/// none.
fn postback(fields: &Fields<'_>, raw: &Bytes) -> Result<Meaning, Flaw> {
    let postback = json::object::<Postback<'_>>(fields.postback);
    let params = postback.as_ref().and_then(|postback| postback.params);
    if json::object::<PostbackParams<'_>>(params).is_some_and(|params| params.new_rich_menu_alias_id.is_some()) {
        return Ok(Meaning::Nothing("rich_menu"));
    }
    let data = postback.and_then(|postback| json::text(postback.data));
    let summary = format!("ボタンの選択（{}）", data.unwrap_or_default());
    line(fields, raw, words::other("postback", &summary))
}

/// The customer has linked an account with ours: something that they did, and that can be answered.
fn linked(fields: &Fields<'_>, raw: &Bytes) -> Result<Meaning, Flaw> {
    let result = json::object::<Link<'_>>(fields.link).and_then(|link| json::text(link.result));
    let how = if result.as_deref() == Some("ok") { "完了" } else { "失敗" };
    line(fields, raw, words::other("accountLink", &format!("アカウント連携（{how}）")))
}

/// Something without a message id that is shown as a line.
fn line(fields: &Fields<'_>, raw: &Bytes, content: Content) -> Result<Meaning, Flaw> {
    let message = message::Message { id: None, content, keep_raw: true, read_token: None };
    said(fields, raw, message)
}

fn said(fields: &Fields<'_>, raw: &Bytes, message: message::Message) -> Result<Meaning, Flaw> {
    let kept = if message.keep_raw {
        // Events of a body that is not UTF-8 as a whole never come here with such bytes of their own.
        let text = std::str::from_utf8(raw).map_err(|_| Flaw::NotUtf8)?;
        if json::depth(text) > MAX_DEPTH {
            return Err(Flaw::TooDeep);
        }
        Some(text.to_owned())
    } else {
        None
    };
    if message.content.weight() + kept.as_ref().map_or(0, String::len) > MAX_KEPT {
        return Err(Flaw::TooLong);
    }
    Ok(Meaning::Happened(InboundKind::Message {
        external_id: message.id,
        content: message.content,
        reply_token: reply_token(fields),
        read_token: message.read_token,
        raw: kept,
    }))
}

/// The right to answer free. While another program holds the chat (`standby`, or a mode to come) nothing may be sent.
fn reply_token(fields: &Fields<'_>) -> Option<String> {
    let ours = match fields.mode {
        None => true,
        mode => json::text(mode).as_deref() == Some("active"),
    };
    if ours { json::id(fields.reply_token) } else { None }
}

fn is_redelivery(fields: &Fields<'_>) -> bool {
    json::object::<DeliveryContext<'_>>(fields.delivery_context)
        .and_then(|context| json::plain(context.is_redelivery))
        .unwrap_or(false)
}

fn time(fields: &Fields<'_>, received_at: Timestamp) -> Timestamp {
    let latest = received_at.plus_ms(MAX_AHEAD_MS);
    json::plain(fields.timestamp)
        .map(Timestamp)
        .filter(|at| (Timestamp(1)..=latest).contains(at))
        .unwrap_or(received_at)
}
