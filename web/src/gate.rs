//! The gate in front of every address: who comes, whether they may, and whether there is room; and what they do with more
//! than a desk's right is written down before it is done and before it is answered.
//!
//! Runs before a body is read. What it lets through carries its [`Identity`], which handlers take as an argument.

use std::future::{Ready, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use madoguchi_engine::content::Purpose;
use madoguchi_engine::domain::id::{AgentId, ConversationId, FileId};
use madoguchi_engine::domain::org::Role;
use madoguchi_protocol::{Code, Problem};

use crate::App;
use crate::admission::{Class, Place};
use crate::audit::{self, InHand};
use crate::auth::bots::identify_bot;
use crate::auth::{Identity, identify};
use crate::authorize::{Action, Object, authorize};
use crate::commands;
use crate::error::{Refusal, not_found, problem, respond};
use crate::extract::{part, remember, window};
use crate::observe::Template;
use crate::router::{Access, Entry};

/// Lets a request through to the handler of `entry`, or answers it.
///
/// # Errors
/// What the handler's own middleware could not answer.
pub async fn pass<B: MessageBody + 'static>(
    entry: &'static Entry,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    remember(&req, Template(entry.path));
    let checked = match entry.access {
        Access::Open => Ok(None),
        Access::Bot => check_bot(req.request()).map(|place| Some((None, place, None))),
        Access::Right(_) | Access::Command(_) => {
            check(entry, req.request()).await.map(|(who, place, act)| Some((Some(who), place, act)))
        }
    };
    match checked {
        Ok(passed) => {
            let (act, _place) = passed.map_or((None, None), |(who, place, act)| {
                if let Some(who) = who {
                    remember(&req, who);
                }
                (act, place)
            });
            let response = next.call(req).await?;
            if let Some(act) = act {
                act.end_response(&response).await;
            }
            Ok(response.map_into_left_body())
        }
        Err(refused) => Ok(req.into_response(respond(&refused)).map_into_right_body()),
    }
}

/// Lets a bot in, and remembers which.
fn check_bot(req: &HttpRequest) -> Result<Option<Place>, Problem> {
    let app = req.app_data::<web::Data<App>>().ok_or_else(|| problem(Code::Internal))?;
    if app.stopping.has_begun() {
        return Err(problem(Code::Stopping));
    }
    let who = identify_bot(app, req)?;
    let place = app.admit(Class::Command)?;
    remember(req, who);
    Ok(Some(place))
}

async fn check(entry: &Entry, req: &HttpRequest) -> Result<(Identity, Option<Place>, Option<InHand>), Problem> {
    let app = req.app_data::<web::Data<App>>().ok_or_else(|| problem(Code::Internal))?;
    let is_change = !req.method().is_safe();
    if is_change && app.stopping.has_begun() {
        return Err(problem(Code::Stopping));
    }
    let who = identify(app, req).await?;
    let place = Class::at_the_gate(entry, req.query_string()).map(|class| app.admit(class)).transpose()?;
    if let Access::Right(action) = entry.access {
        check_right(app, &who, action, req).await?;
    }
    let act = audit::begin(entry, req, &who).await?;
    Ok((who, place, act))
}

/// Checks the right on what the path names.
async fn check_right(app: &App, who: &Identity, action: Action, req: &HttpRequest) -> Result<(), Problem> {
    if let Some(conversation) = part(req, "conversation") {
        let conversation = conversation.parse().map_err(|_| not_found("conversation"))?;
        return commands::may(app, who, action, conversation).await.map(|_| ());
    }
    if let Some(file) = part(req, "file") {
        return check_file(app, who, action, file.parse().map_err(|_| not_found("file"))?).await;
    }
    let allowed = if part(req, "window").is_some() {
        let window = window(req)?;
        let allowed = authorize(who, action, Object::Window(&window), &app.engine);
        if allowed.is_ok() && app.engine.window(&window).is_none() {
            return Err(not_found("window"));
        }
        allowed
    } else if let (Action::ReadWindow, Some(inbox)) = (action, part(req, "inbox")) {
        // Of an inbox one reads what its window may know.
        let inbox = inbox.parse().map_err(|_| not_found("inbox"))?;
        let org = app.engine.org();
        let inbox = org.inboxes.get(&inbox).ok_or_else(|| not_found("inbox"))?;
        authorize(who, action, Object::Window(&inbox.window), &app.engine)
    } else if action == Action::ManageAgents {
        let role = role_named(app, req)?;
        authorize(who, action, Object::People(role), &app.engine)
    } else {
        authorize(who, action, Object::Organisation, &app.engine)
    };
    allowed.map_err(|_| problem(Code::Forbidden))
}

/// A file is for whoever may read the conversation that it belongs to; an upload, for who sent it.
async fn check_file(app: &App, who: &Identity, action: Action, file: FileId) -> Result<(), Problem> {
    let note = app.engine.file_note(file).await.map_err(|failure| commands::refused(app, failure))?;
    match note.purpose {
        // Of a window that was reset administrators go on reading.
        Purpose::Message { conversation, .. } | Purpose::Picture { conversation }
            if who.role >= Role::Administrator && is_former(app, conversation).await? =>
        {
            Ok(())
        }
        Purpose::Message { conversation, .. } | Purpose::Picture { conversation } => {
            commands::may(app, who, action, conversation).await.map(|_| ())
        }
        Purpose::Upload { agent } if agent == who.agent => Ok(()),
        // Nobody else learns that it exists.
        Purpose::Upload { .. } | Purpose::WindowPicture => Err(not_found("file")),
    }
}

async fn is_former(app: &App, conversation: ConversationId) -> Result<bool, Problem> {
    let former = app.engine.former_of(conversation).await;
    Ok(former.map_err(|failure| commands::refused(app, failure))?.is_some())
}

/// The role of the person in the path; of the humblest where the path names nobody and the body will.
fn role_named(app: &App, req: &HttpRequest) -> Result<Role, Problem> {
    let Some(text) = part(req, "agent") else {
        return Ok(Role::Agent);
    };
    let id: AgentId = text.parse().map_err(|_| not_found("agent"))?;
    let org = app.engine.org();
    org.agents.get(&id).map(|agent| agent.role).ok_or_else(|| not_found("agent"))
}

impl FromRequest for Identity {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Only an open address has none, and its handler must not ask.
        let who = req.extensions().get::<Self>().cloned();
        ready(who.ok_or_else(|| problem(Code::Internal).into()))
    }
}
