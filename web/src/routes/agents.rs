//! People.

use std::collections::BTreeSet;

use actix_web::web;
use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_engine::domain::org;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::seat::ReleaseCause;
use madoguchi_engine::handle::Membership;
use madoguchi_protocol::Code;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{Agent, AgentPatch, AgentWindows, Items, MembershipDone, NewAgent, NewPassword};

use super::{Answer, created, done, invitations, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::auth::passwords::NotTaken;
use crate::authorize::{Action, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place};

/// Everybody who works here or did.
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents", responses((status = 200, description = "The people.", body = Items<Agent>)))]
pub(crate) async fn list(app: web::Data<App>, _: Identity) -> Answer {
    let org = app.engine.org();
    ok(&Items { items: org.agents.values().map(convert::org::agent).collect(), next_cursor: None })
}

/// Lets a person log in. Their role is at most the caller's own.
#[utoipa::path(post, path = "/api/v1/agents", tag = "agents", request_body = NewAgent, responses((status = 201, description = "Added.", body = Agent)))]
pub(crate) async fn create(app: web::Data<App>, who: Identity, acts: Acts, Json(new): Json<NewAgent>) -> Answer {
    let role = convert::org::to_role(new.role);
    authorize(&who, Action::ManageAgents, Object::People(role), &app.engine)
        .map_err(|_| problem(Code::Forbidden).field("role"))?;
    let agent = add(&app, By::Agent(who.agent), new).await?;
    acts.about("agent", &agent.id);
    for (field, value) in [("login", &agent.login), ("name", &agent.name)] {
        acts.changed(field, None, Some(value.clone()));
    }
    acts.changed("role", None, Some(format!("{role:?}").to_lowercase()));
    created(&agent)
}

/// Adds a person for whoever may; also for the operator at the command line.
pub(crate) async fn add(app: &App, by: By, new: NewAgent) -> Result<Agent, Problem> {
    let login = new.login.trim().to_lowercase();
    if app.engine.org().by_login(&login).is_some() {
        return Err(problem(Code::Exists).field("login"));
    }
    let about = vec![login.clone(), new.name.clone()];
    let password_hash = hash(app, "password", new.password, about).await?;
    let agent = org::Agent {
        id: AgentId(ulid::Ulid::new().0),
        login,
        name: new.name.trim().to_owned(),
        role: convert::org::to_role(new.role),
        password_hash,
        disabled: false,
        created_at: app.clock.now(),
        icon_url: None,
    };
    let shown = convert::org::agent(&agent);
    app.engine.org_command(by, org::Command::CreateAgent(agent)).await.map_err(|failure| refused(app, failure))?;
    Ok(shown)
}

/// What is stored of a new password. `about` is what it must not be made of.
pub(crate) async fn hash(app: &App, field: &str, password: String, about: Vec<String>) -> Result<String, Problem> {
    app.auth.passwords.hash(password, about).await.map_err(|error| match error {
        NotTaken::Weak(rule) => invalid(field, rule),
        NotTaken::Busy(_) => problem(Code::Overloaded).detail("too many passwords wait to be hashed"),
    })
}

/// Shuts a person out: every session, token and socket of theirs ends at once, and so does what they hold.
#[utoipa::path(post, path = "/api/v1/agents/{agent}/disable", tag = "agents", responses((status = 200, description = "Shut out.", body = Agent)))]
pub(crate) async fn disable(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let agent: AgentId = place.id("agent")?;
    set_disabled(&app, &who, agent, true).await?;
    ok(&described(&app, agent)?)
}

/// Lets a person in again.
#[utoipa::path(post, path = "/api/v1/agents/{agent}/enable", tag = "agents", responses((status = 200, description = "Let in again.", body = Agent)))]
pub(crate) async fn enable(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let agent: AgentId = place.id("agent")?;
    set_disabled(&app, &who, agent, false).await?;
    ok(&described(&app, agent)?)
}

/// Changes a person. What is left out stays as it was. With another role their sockets begin anew; who is shut out loses
/// every session, token and socket at once, and what they hold.
#[utoipa::path(patch, path = "/api/v1/agents/{agent}", tag = "agents", request_body = AgentPatch, responses((status = 200, description = "Changed.", body = Agent)))]
pub(crate) async fn change(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    acts: Acts,
    Json(patch): Json<AgentPatch>,
) -> Answer {
    let agent: AgentId = place.id("agent")?;
    let before = described(&app, agent)?;
    let role = patch.role.map(convert::org::to_role);
    if let Some(role) = role {
        authorize(&who, Action::ManageAgents, Object::People(role), &app.engine)
            .map_err(|_| problem(Code::Forbidden).field("role"))?;
    }
    let name = patch.name.map(|name| name.trim().to_owned());
    let icon_url = patch.icon_url.map(|url| url.trim().to_owned());
    command(&app, &who, org::Command::ChangeAgent { agent, name, role, icon_url }).await?;
    app.sockets.recheck();
    if let Some(disabled) = patch.disabled {
        set_disabled(&app, &who, agent, disabled).await?;
    }
    let after = described(&app, agent)?;
    acts.compare(&before, &after);
    ok(&after)
}

/// Gives a person another password. Every session, token and socket of theirs ends at once: whoever knew the old one is out.
#[utoipa::path(put, path = "/api/v1/agents/{agent}/password", tag = "agents", request_body = NewPassword, responses((status = 204, description = "Changed.")))]
pub(crate) async fn reset_password(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(new): Json<NewPassword>,
) -> Answer {
    let agent: AgentId = place.id("agent")?;
    let shown = described(&app, agent)?;
    let password_hash = hash(&app, "password", new.password, vec![shown.login, shown.name]).await?;
    command(&app, &who, org::Command::ChangePassword { agent, password_hash }).await?;
    app.auth.shut_out(agent).await;
    app.sockets.recheck();
    done()
}

/// Sets the windows that a person works in: these, and no others. Each window decides for itself.
#[utoipa::path(put, path = "/api/v1/agents/{agent}/windows", tag = "agents", request_body = AgentWindows, responses((status = 200, description = "What became of each.", body = Items<MembershipDone>)))]
pub(crate) async fn set_windows(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    acts: Acts,
    Json(wish): Json<AgentWindows>,
) -> Answer {
    let agent: AgentId = place.id("agent")?;
    let org = app.engine.org();
    if !org.agents.contains_key(&agent) {
        return Err(not_found("agent").into());
    }
    let wanted: BTreeSet<WindowId> = invitations::window_ids(&wish.windows)?.into_iter().collect();
    if let Some(missing) = wanted.iter().find(|id| !org.windows.contains_key(*id)) {
        return Err(invalid("windows", &format!("windows that exist; {missing} is none")).into());
    }
    let done = app.engine.set_windows(By::Agent(who.agent), agent, &wanted).await;
    for (window, became) in &done {
        match became {
            Membership::Added => acts.changed("window", None, Some(window.to_string())),
            Membership::Removed => acts.changed("window", Some(window.to_string()), None),
            Membership::Kept | Membership::Refused(_) => {}
        }
    }
    ok(&Items { items: convert::people::memberships(done, &org), next_cursor: None })
}

async fn set_disabled(app: &App, who: &Identity, agent: AgentId, disabled: bool) -> Result<(), Problem> {
    command(app, who, org::Command::DisableAgent { agent, disabled }).await?;
    if disabled {
        app.auth.shut_out(agent).await;
        app.sockets.recheck();
        app.engine.drop_agent(agent, ReleaseCause::LoggedOut).await;
    }
    Ok(())
}

async fn command(app: &App, who: &Identity, command: org::Command) -> Result<(), Problem> {
    app.engine.org_command(By::Agent(who.agent), command).await.map_err(|failure| refused(app, failure))
}

fn described(app: &App, agent: AgentId) -> Result<Agent, Problem> {
    app.engine.org().agents.get(&agent).map(convert::org::agent).ok_or_else(|| not_found("agent"))
}
