//! Request bodies of the sending calls: read, checked, and refused with LINE's texts and paths.
//!
//! Checks every type of message to its leaves, but for imagemaps, whose areas are only counted, and for the looks of flex
//! (sizes, colours, margins). Never looks at the state of a channel.

mod action;
mod check;
mod flex;
mod message;
mod template;
mod text;

use serde_json::{Map, Value};

use super::refusal::{Detail, Refusal};
use super::state::Target;
use check::Check;

/// Most recipients of one multicast.
const MAX_RECIPIENTS: usize = 500;
/// Most messages of one call.
const MAX_MESSAGES: usize = 5;

/// Which call a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Reply,
    Push,
    Multicast,
    Broadcast,
    /// `validate/*`: messages alone.
    Messages,
}

type Messages = Vec<Map<String, Value>>;

/// Reads and checks the body of a sending call. There is no target for [`Shape::Messages`].
pub(crate) fn body(shape: Shape, bytes: &[u8], plain_http: bool) -> Result<(Option<Target>, Messages), Refusal> {
    let body: Value = serde_json::from_slice(bytes).map_err(|error| Refusal::not_json(&error))?;
    let Value::Object(mut body) = body else { return Err(Refusal::property("-")) };
    let mut check = Check::new(plain_http);
    let target = target(shape, &mut body, &mut check);
    let messages = messages(&mut body, &mut check);
    if body.get("notificationDisabled").is_some_and(|value| !value.is_boolean()) {
        check.broken("notificationDisabled");
    }
    units(&body, &mut check);
    check.finish()?;
    Ok((target, messages))
}

fn target(shape: Shape, body: &mut Map<String, Value>, check: &mut Check) -> Option<Target> {
    match shape {
        Shape::Messages => None,
        Shape::Broadcast => Some(Target::Broadcast),
        Shape::Reply => check.required_text(body, "", "replyToken").map(|token| Target::Reply { token }),
        Shape::Push => check.required_text(body, "", "to").map(|to| Target::Push { to }),
        Shape::Multicast => {
            let Some(Value::Array(to)) = body.remove("to") else {
                check.fault("to", "May not be empty");
                return None;
            };
            if to.is_empty() || to.len() > MAX_RECIPIENTS {
                check.fault("to", format!("Size must be between 1 and {MAX_RECIPIENTS}"));
            }
            let users = to.iter().map(|user| user.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
            if users.is_none() {
                check.broken("to");
            }
            users.map(|to| Target::Multicast { to })
        }
    }
}

fn messages(body: &mut Map<String, Value>, check: &mut Check) -> Messages {
    let list = match body.remove("messages") {
        Some(Value::Array(list)) => list,
        None | Some(Value::Null) => {
            check.fault("messages", "May not be empty");
            return Vec::new();
        }
        Some(_) => {
            check.broken("messages");
            return Vec::new();
        }
    };
    if list.is_empty() || list.len() > MAX_MESSAGES {
        check.fault("messages", format!("Size must be between 1 and {MAX_MESSAGES}"));
        return Vec::new();
    }
    let mut messages = Vec::new();
    for (at, message) in list.into_iter().enumerate() {
        let path = format!("messages[{at}]");
        match message {
            Value::Object(message) => {
                message::check(&message, &path, check);
                messages.push(message);
            }
            _ => check.broken(&path),
        }
    }
    messages
}

fn units(body: &Map<String, Value>, check: &mut Check) {
    let Some(units) = body.get("customAggregationUnits") else { return };
    let Some(units) = units.as_array() else { return check.broken("customAggregationUnits") };
    if units.len() > 1 {
        check.fault("customAggregationUnits", "Size must be between 0 and 1");
    }
    let well_formed = |unit: &Value| {
        unit.as_str().is_some_and(|unit| {
            (1..=30).contains(&unit.len()) && unit.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    if !units.iter().all(well_formed) {
        check.fault("customAggregationUnits[0]", "Invalid custom aggregation unit");
    }
}

/// A detail with its place; kept here so that the rest names one type.
fn detail(property: &str, message: impl Into<std::borrow::Cow<'static, str>>) -> Detail {
    Detail { message: message.into(), property: property.to_owned() }
}

#[cfg(test)]
mod tests;
