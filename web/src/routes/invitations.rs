//! Invitations: how people come in without anybody else knowing their password.

use actix_web::{HttpRequest, web};
use madoguchi_engine::domain::audit::{Act, Actor};
use madoguchi_engine::domain::id::{AgentId, InvitationId, WindowId};
use madoguchi_engine::domain::org::{self, Invitation as Domain, Org};
use madoguchi_engine::domain::record::By;
use madoguchi_protocol::api::{
    AcceptInvitation, Invitation, InvitationAccepted, InvitationCreated, InvitationSecret, InvitationShown, Items,
    NewInvitation,
};
use madoguchi_protocol::limits::{INVITATION_MAX_HOURS, WINDOWS_NAMED_MAX};
use madoguchi_protocol::{Code, Problem};

use super::{Answer, agents, created, done, ok};
use crate::App;
use crate::audit::{Acts, InHand};
use crate::auth::{Identity, draw_secret, fingerprint, rate_limited};
use crate::authorize::{Action, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::convert::time;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place};
use crate::peer::caller;

const HOUR_MS: i64 = 3_600_000;
const DEFAULT_HOURS: u32 = 72;

/// Invitations that are open, the newest first. The links themselves are not kept.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "agents", responses((status = 200, description = "The open invitations.", body = Items<Invitation>)))]
pub(crate) async fn list(app: web::Data<App>, _: Identity) -> Answer {
    let now = app.clock.now();
    let org = app.engine.org();
    let mut open: Vec<&Domain> = org.invitations.values().filter(|one| now < one.expires_at).collect();
    open.sort_unstable_by_key(|one| (std::cmp::Reverse(one.created_at), one.id));
    ok(&Items { items: open.into_iter().map(shown).collect(), next_cursor: None })
}

/// Makes a link for one person. It is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "agents", request_body = NewInvitation, responses((status = 201, description = "Made.", body = InvitationCreated)))]
pub(crate) async fn create(app: web::Data<App>, who: Identity, acts: Acts, Json(new): Json<NewInvitation>) -> Answer {
    let role = convert::org::to_role(new.role);
    authorize(&who, Action::ManageAgents, Object::People(role), &app.engine)
        .map_err(|_| problem(Code::Forbidden).field("role"))?;
    let hours = new.expires_in_hours.unwrap_or(DEFAULT_HOURS);
    if !(1..=INVITATION_MAX_HOURS).contains(&hours) {
        return Err(invalid("expires_in_hours", "1 to 720").into());
    }
    let now = app.clock.now();
    let secret = draw_secret();
    let invitation = Domain {
        id: InvitationId(ulid::Ulid::new().0),
        secret_sha256: fingerprint(&secret),
        role,
        windows: window_ids(&new.windows)?,
        login: new.login.map(|login| login.trim().to_lowercase()),
        by: who.agent,
        created_at: now,
        expires_at: now.plus_ms(i64::from(hours) * HOUR_MS),
    };
    let made = shown(&invitation);
    acts.about("invitation", invitation.id);
    acts.changed("role", None, Some(format!("{role:?}").to_lowercase()));
    acts.changed("windows", None, Some(made.windows.join(" ")));
    acts.changed("login", None, made.login.clone());
    acts.changed("expires_at", None, Some(made.expires_at.clone()));
    app.engine
        .org_command(By::Agent(who.agent), org::Command::Invite(invitation))
        .await
        .map_err(|failure| refused(&app, failure))?;
    created(&InvitationCreated { url: format!("{}/invite#{secret}", app.public_url), invitation: made })
}

/// Takes a link back at once.
#[utoipa::path(delete, path = "/api/v1/invitations/{invitation}", tag = "agents", responses((status = 204, description = "Taken back.")))]
pub(crate) async fn take_back(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let id: InvitationId = place.id("invitation")?;
    let role = app.engine.org().invitations.get(&id).map(|one| one.role).ok_or_else(|| not_found("invitation"))?;
    authorize(&who, Action::ManageAgents, Object::People(role), &app.engine).map_err(|_| problem(Code::Forbidden))?;
    let command = org::Command::TakeInvitationBack { id };
    app.engine.org_command(By::Agent(who.agent), command).await.map_err(|failure| refused(&app, failure))?;
    done()
}

/// What a link is for. Asked by the invited person's page, with nothing but the link; changes nothing.
#[utoipa::path(post, path = "/api/v1/invitation/look", tag = "invitation", request_body = InvitationSecret, responses((status = 200, description = "The link is valid.", body = InvitationShown)))]
pub(crate) async fn look(app: web::Data<App>, req: HttpRequest, Json(asked): Json<InvitationSecret>) -> Answer {
    let org = app.engine.org();
    let invitation = find(&app, &req, &org, &asked.secret)?;
    let name = |id: &WindowId| org.windows.get(id).map(|window| window.name.clone());
    ok(&InvitationShown {
        role: convert::org::role(invitation.role),
        windows: invitation.windows.iter().filter_map(name).collect(),
        login: invitation.login.clone(),
        invited_by: org.agents.get(&invitation.by).map(|agent| agent.name.clone()).unwrap_or_default(),
        expires_at: time(invitation.expires_at),
    })
}

/// Makes the invited person's login, and spends the link. They log in with it next.
#[utoipa::path(post, path = "/api/v1/invitation/accept", tag = "invitation", request_body = AcceptInvitation, responses((status = 201, description = "The person exists.", body = InvitationAccepted)))]
pub(crate) async fn accept(app: web::Data<App>, req: HttpRequest, Json(coming): Json<AcceptInvitation>) -> Answer {
    let org = app.engine.org();
    let invitation = find(&app, &req, &org, &coming.secret)?.clone();
    let login = match (coming.login, &invitation.login) {
        (Some(login), _) => login.trim().to_lowercase(),
        (None, Some(login)) => login.clone(),
        (None, None) => return Err(invalid("login", "1 to 254 visible ASCII characters, no capitals").into()),
    };
    if org.by_login(&login).is_some() {
        return Err(problem(Code::Exists).field("login").into());
    }
    let name = coming.name.trim().to_owned();
    let password_hash = agents::hash(&app, "password", coming.password, vec![login.clone(), name.clone()]).await?;
    let agent = org::Agent {
        id: AgentId(ulid::Ulid::new().0),
        login,
        name,
        role: invitation.role,
        password_hash,
        disabled: false,
        created_at: app.clock.now(),
        icon_url: None,
    };
    let act = Act {
        actor: Actor::Invited,
        token: None,
        from: Some(caller(&req, &app.config.trusted_proxies).to_string()),
        action: "POST /api/v1/invitation/accept".to_owned(),
        objects: vec![format!("invitation:{}", invitation.id), format!("agent:{}", agent.id)],
        changes: Vec::new(),
    };
    let in_hand = InHand::begin_act(&app, act).await?;
    let made = convert::org::agent(&agent);
    in_hand.acts().changed("login", None, Some(made.login.clone()));
    in_hand.acts().changed("name", None, Some(made.name.clone()));
    let joined = app.engine.accept_invitation(invitation.id, agent).await.map_err(|failure| match failure {
        // Spent, taken back or ended since it was found.
        madoguchi_engine::Failure::Rejected(madoguchi_engine::domain::rejected::Rejected::NotFound { .. }) => {
            problem(Code::InvitationInvalid)
        }
        failure => refused(&app, failure),
    });
    in_hand.end_with(&joined).await;
    let windows = convert::people::memberships(joined?, &app.engine.org());
    created(&InvitationAccepted { agent: made, windows })
}

/// The open invitation of a link. Whoever invited must still be somebody who may. Why a link is worth nothing is not said;
/// whoever tries many is told to wait.
fn find<'a>(app: &App, req: &HttpRequest, org: &'a Org, secret: &str) -> Result<&'a Domain, Problem> {
    if app.stopping.has_begun() {
        return Err(problem(Code::Stopping));
    }
    let has_origin = req.headers().contains_key("origin") || req.headers().contains_key("sec-fetch-site");
    if has_origin && !app.origins.allow(req.headers()) {
        return Err(problem(Code::OriginRefused));
    }
    let from = caller(req, &app.config.trusted_proxies);
    if let Some(wait) = app.auth.guessing.invitation_must_wait(from) {
        return Err(rate_limited(wait));
    }
    let found = org.invited_by_secret(&fingerprint(secret), app.clock.now()).filter(|one| may_still(app, org, one));
    found.ok_or_else(|| {
        app.auth.guessing.invitation_failed(from);
        problem(Code::InvitationInvalid)
    })
}

fn may_still(app: &App, org: &Org, invitation: &Domain) -> bool {
    org.agents.get(&invitation.by).is_some_and(|by| {
        let now = Identity::of(by.id, by.role);
        !by.disabled && authorize(&now, Action::ManageAgents, Object::People(invitation.role), &app.engine).is_ok()
    })
}

/// Addresses of windows.
pub(super) fn window_ids(texts: &[String]) -> Result<Vec<WindowId>, Problem> {
    if texts.len() > WINDOWS_NAMED_MAX {
        return Err(invalid("windows", "at most 150").limit(WINDOWS_NAMED_MAX as u64));
    }
    let id = |text: &String| WindowId::new(text).map_err(|_| invalid("windows", "addresses of windows"));
    texts.iter().map(id).collect()
}

fn shown(invitation: &Domain) -> Invitation {
    Invitation {
        id: invitation.id.to_string(),
        role: convert::org::role(invitation.role),
        windows: invitation.windows.iter().map(ToString::to_string).collect(),
        login: invitation.login.clone(),
        invited_by: invitation.by.to_string(),
        created_at: time(invitation.created_at),
        expires_at: time(invitation.expires_at),
    }
}
