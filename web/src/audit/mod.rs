//! What goes into the audit log, and when: every change with an administrative or supervisory right, as it begins and as
//! it has ended, before its caller is answered.
//!
//! Which requests are acts follows from the right that they need, so that a new address cannot forget it. The address says
//! what was done and to what; a handler adds what it made and what changed, through [`Acts`]. Never a secret, a password, a
//! token or a message.

mod form;

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::{Payload, ServiceResponse};
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use madoguchi_engine::Handle;
use madoguchi_engine::domain::audit::{Act, Actor, Begun, Change, Outcome};
use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::domain::org::Role;
use madoguchi_protocol::api::Command;
use madoguchi_protocol::{Code, Problem};
use serde::Serialize;
use serde_json::Value;

use crate::App;
use crate::auth::{Identity, SessionKey};
use crate::authorize::{Action, Members};
use crate::commands::refused;
use crate::error::Refusal;
use crate::extract::{remember, window};
use crate::router::{Access, Entry};

/// What a handler knows of its act. Taken as an argument; what is noted where nothing is written down is forgotten.
#[derive(Clone, Default)]
pub(crate) struct Acts(Rc<RefCell<Noted>>);

#[derive(Default)]
struct Noted {
    objects: Vec<String>,
    changes: Vec<Change>,
}

impl Acts {
    /// The act is also done to this, or made it.
    pub(crate) fn about(&self, kind: &str, id: impl std::fmt::Display) {
        self.0.borrow_mut().objects.push(format!("{kind}:{id}"));
    }

    /// A field has another value.
    pub(crate) fn changed(&self, field: &str, before: Option<String>, after: Option<String>) {
        if before != after {
            self.0.borrow_mut().changes.push(Change { field: field.to_owned(), before, after });
        }
    }

    /// Everything in which two forms of the wire differ. Those hold no secret: only whether one is set.
    pub(crate) fn compare<T: Serialize>(&self, before: &T, after: &T) {
        let form = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
        compare("", &form(before), &form(after), &mut self.0.borrow_mut().changes);
    }

    fn take(&self) -> Noted {
        std::mem::take(&mut *self.0.borrow_mut())
    }
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    if let (Value::Object(before), Value::Object(after)) = (before, after) {
        let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
            let of = |form: &serde_json::Map<String, Value>| form.get(field).cloned().unwrap_or(Value::Null);
            compare(&path, &of(before), &of(after), changes);
        }
        return;
    }
    changes.push(Change { field: path.to_owned(), before: word(before), after: word(after) });
}

/// A value as a person reads it.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

impl FromRequest for Acts {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(req.extensions().get::<Self>().cloned().unwrap_or_default()))
    }
}

/// An act that has begun and not ended.
pub(crate) struct InHand {
    engine: Handle,
    begun: Option<Begun>,
    act: Act,
    noted: Acts,
    /// What it may change, as it was.
    before: Option<(Action, Option<WindowId>, Value)>,
}

/// Writes down that a request begins, if it is an act; nothing of it was done yet.
///
/// # Errors
/// Not now; then it must not be done.
pub(crate) async fn begin(entry: &Entry, req: &HttpRequest, who: &Identity) -> Result<Option<InHand>, Problem> {
    let Some(app) = req.app_data::<web::Data<App>>().filter(|app| is_act(app, entry, req, who)) else {
        return Ok(None);
    };
    let objects = req.match_info().iter().map(|(kind, id)| format!("{kind}:{id}")).collect();
    let mut in_hand = InHand::begin(app, who, format!("{} {}", entry.method, entry.path), objects).await?;
    if let Access::Right(action) = entry.access {
        let window = window(req).ok();
        in_hand.before = form::of(app, action, window.as_ref()).map(|form| (action, window, form));
    }
    remember(req, in_hand.noted.clone());
    Ok(Some(in_hand))
}

fn is_act(app: &App, entry: &Entry, req: &HttpRequest, who: &Identity) -> bool {
    let Access::Right(action) = entry.access else { return false };
    if entry.method == Method::GET {
        return entry.path.ends_with("/export");
    }
    is_administrative(action)
        || (is_desk_work(action) && window(req).is_ok_and(|window| is_from_outside(app, who, &window)))
}

/// Rights beyond one's own desk. What has no name in [`is_everyday`] is one.
pub(crate) fn is_administrative(action: Action) -> bool {
    !is_everyday(action)
}

fn is_everyday(action: Action) -> bool {
    is_desk_work(action)
        || matches!(action, Action::OwnSession | Action::ListOwn | Action::ReadAgents | Action::ReadWindow)
}

fn is_desk_work(action: Action) -> bool {
    matches!(action, Action::Work | Action::Oversee | Action::UseSeat | Action::SendFiles)
}

/// Whether somebody does desk work where they have no desk: by their role alone.
fn is_from_outside(app: &App, who: &Identity, window: &WindowId) -> bool {
    who.role >= Role::Supervisor && !app.engine.is_member(window, who.agent)
}

/// Writes down that a command to a conversation begins, if it is an act.
///
/// # Errors
/// Not now; then it must not be done.
pub(crate) async fn begin_command(
    app: &App,
    who: &Identity,
    window: &WindowId,
    conversation: impl std::fmt::Display,
    command: &Command,
) -> Result<Option<InHand>, Problem> {
    let action = crate::convert::command::action(command);
    if !is_administrative(action) && !is_from_outside(app, who, window) {
        return Ok(None);
    }
    let objects = vec![format!("conversation:{conversation}"), format!("window:{window}")];
    let in_hand = InHand::begin(app, who, format!("command {}", name(command)), objects).await?;
    if let Command::Takeover(takeover) = command {
        in_hand.noted.changed("reason", None, Some(takeover.reason.clone()));
    }
    Ok(Some(in_hand))
}

/// A command's name on the wire.
fn name(command: &Command) -> String {
    let form = serde_json::to_value(command).unwrap_or(Value::Null);
    form["type"].as_str().unwrap_or("unknown").to_owned()
}

impl InHand {
    async fn begin(app: &App, who: &Identity, action: String, objects: Vec<String>) -> Result<Self, Problem> {
        let token = match who.session {
            Some(SessionKey::Token(print)) => app.auth.tokens.id_of(print).map(|id| id.0),
            Some(SessionKey::Cookie(_)) | None => None,
        };
        let actor = Actor::Agent(who.agent);
        let from = who.from.map(|from| from.to_string());
        Self::begin_act(app, Act { actor, token, from, action, objects, changes: Vec::new() }).await
    }

    /// Writes down that an act begins.
    ///
    /// # Errors
    /// Not now; then it must not be done.
    pub(crate) async fn begin_act(app: &App, act: Act) -> Result<Self, Problem> {
        let begun = app.engine.audit_begin(act.clone()).await.map_err(|failure| refused(app, failure))?;
        Ok(Self { engine: app.engine.clone(), begun: Some(begun), act, noted: Acts::default(), before: None })
    }

    /// Where to note what was made and what changed.
    pub(crate) fn acts(&self) -> &Acts {
        &self.noted
    }

    /// Writes down how it ended. Should that fail, the log says that nobody knows.
    pub(crate) async fn end(mut self, outcome: Outcome) {
        let Some((begun, mut act)) = self.told() else { return };
        if matches!(outcome, Outcome::Refused(_)) {
            act.changes.clear();
        }
        if let Err(failure) = self.engine.audit_end(begun, act, outcome).await {
            tracing::error!(%failure, position = %begun.position, "the end of an act is missing in the audit log");
        }
    }

    /// As [`InHand::end`], with what became of a wish.
    pub(crate) async fn end_with<T>(self, result: &Result<T, Problem>) {
        let outcome = match result {
            Ok(_) => Outcome::Done,
            Err(problem) => of_problem(problem),
        };
        self.end(outcome).await;
    }

    /// As [`InHand::end`], with what a handler answered.
    pub(crate) async fn end_response<B>(mut self, response: &ServiceResponse<B>) {
        let app = response.request().app_data::<web::Data<App>>();
        if let (Some((action, window, before)), Some(app)) = (self.before.take(), app)
            && let Some(after) = form::of(app, action, window.as_ref())
        {
            self.noted.compare(&before, &after);
        }
        let outcome = match response.response().error().and_then(|error| error.as_error::<Refusal>()) {
            Some(Refusal(problem)) => of_problem(problem),
            None if response.status().is_success() => Outcome::Done,
            None => Outcome::Refused(response.status().as_str().to_owned()),
        };
        self.end(outcome).await;
    }

    fn told(&mut self) -> Option<(Begun, Act)> {
        let begun = self.begun.take()?;
        let mut act = self.act.clone();
        let Noted { objects, changes } = self.noted.take();
        act.objects.extend(objects.into_iter().filter(|object| !self.act.objects.contains(object)));
        act.changes.extend(changes);
        Some((begun, act))
    }
}

impl Drop for InHand {
    /// The caller hung up, or a handler panicked: what was begun may have been done.
    fn drop(&mut self) {
        if let Some((begun, act)) = self.told() {
            // Without a runtime the program is gone, and the next start says it.
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
            let engine = self.engine.clone();
            runtime.spawn(async move {
                if let Err(failure) = engine.audit_end(begun, act, Outcome::Unknown).await {
                    tracing::warn!(%failure, "the end of an act is written down by the next start");
                }
            });
        }
    }
}

fn of_problem(problem: &Problem) -> Outcome {
    match problem.code {
        Code::Interrupted | Code::Internal => Outcome::Unknown,
        code => Outcome::Refused(code.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::router::ENTRIES;

    #[test]
    fn every_change_with_more_than_a_desks_right_is_an_act() {
        let mut acts = 0;
        for entry in ENTRIES.iter().filter(|entry| entry.method != Method::GET) {
            match entry.access {
                Access::Right(action) if !is_everyday(action) => acts += 1,
                Access::Right(Action::OwnSession) => assert_eq!(entry.path, "/api/v1/session", "{}", entry.path),
                Access::Right(action) => assert!(is_desk_work(action) || action == Action::ReadWindow, "{action:?}"),
                Access::Open | Access::Command(_) | Access::Bot => {}
            }
        }
        assert!(acts > 15, "{acts}");
    }

    #[test]
    fn what_differs_is_told_with_its_path_and_what_does_not_is_not() {
        let acts = Acts::default();
        acts.compare(
            &json!({"name": "a", "settings": {"x": 1, "y": true, "list": [1]}, "gone": "g", "same": {"s": 1}}),
            &json!({"name": "b", "settings": {"x": 2, "y": true, "list": []}, "same": {"s": 1}}),
        );
        let Noted { changes, .. } = acts.take();
        let told: Vec<_> =
            changes.iter().map(|c| (c.field.as_str(), c.before.as_deref(), c.after.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("gone", Some("g"), None),
                ("name", Some("a"), Some("b")),
                ("settings.list", Some("[1]"), Some("[]")),
                ("settings.x", Some("1"), Some("2")),
            ]
        );
    }
}
