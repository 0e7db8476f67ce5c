//! Tokens for programs.

use actix_web::web;
use madoguchi_protocol::Code;
use madoguchi_protocol::api::{Items, NewToken, Token, TokenCreated};
use madoguchi_protocol::limits::{TOKEN_MAX_DAYS, TOKEN_NAME_CHARS};

use super::{Answer, created, done, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::auth::scopes::Scopes;
use crate::auth::tokens::{self, MAX_TOKENS, NoToken};
use crate::convert::time;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place};

const DAY_MS: i64 = 24 * 3_600_000;
const DEFAULT_DAYS: u32 = 90;

/// Every token, the oldest first. The keys themselves are not kept.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", responses((status = 200, description = "The tokens.", body = Items<Token>)))]
pub(crate) async fn list(app: web::Data<App>, _: Identity) -> Answer {
    ok(&Items { items: app.auth.tokens.list().iter().map(shown).collect(), next_cursor: None })
}

/// Makes a token that acts as the caller. Its key is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken, responses((status = 201, description = "Made.", body = TokenCreated)))]
pub(crate) async fn create(app: web::Data<App>, who: Identity, acts: Acts, Json(new): Json<NewToken>) -> Answer {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > TOKEN_NAME_CHARS {
        return Err(invalid("name", "1 to 100 characters").into());
    }
    let days = new.expires_in_days.unwrap_or(DEFAULT_DAYS);
    if !(1..=TOKEN_MAX_DAYS).contains(&days) {
        return Err(invalid("expires_in_days", "1 to 366").into());
    }
    let scopes = new.scopes.map(|mut scopes| {
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    });
    if scopes.as_ref().is_some_and(Vec::is_empty) {
        return Err(invalid("scopes", "one at least, or left out").into());
    }
    if !Scopes::of(scopes.as_deref()).are_within(who.scopes) {
        return Err(problem(Code::Forbidden).field("scopes").into());
    }
    let life_ms = i64::from(days) * DAY_MS;
    let made = app.auth.tokens.make(who.agent, name.to_owned(), life_ms, scopes, app.clock.now()).await;
    let (secret, token) = made.map_err(|error| match error {
        NoToken::TooMany => problem(Code::LimitReached).field("tokens").limit(MAX_TOKENS as u64),
        NoToken::NotWritten(_) => problem(Code::Overloaded).detail("the desk store is busy"),
    })?;
    let token = shown(&token);
    acts.about("token", &token.id);
    acts.changed("name", None, Some(token.name.clone()));
    acts.changed(
        "scopes",
        None,
        Some(token.scopes.as_ref().map_or("all".to_owned(), |all| format!("{all:?}").to_lowercase())),
    );
    acts.changed("expires_at", None, Some(token.expires_at.clone()));
    created(&TokenCreated { secret, token })
}

/// Withdraws a token at once; what it holds open is closed.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "tokens", responses((status = 204, description = "Withdrawn.")))]
pub(crate) async fn withdraw(app: web::Data<App>, _: Identity, place: Place) -> Answer {
    let was_there = app.auth.tokens.withdraw(place.id("token")?).await?;
    app.sockets.recheck();
    if was_there { done() } else { Err(not_found("token").into()) }
}

fn shown(token: &tokens::Token) -> Token {
    Token {
        id: token.id.to_string(),
        name: token.name.clone(),
        agent: token.agent().to_string(),
        created_at: time(token.created_at()),
        expires_at: time(token.expires_at()),
        scopes: token.scopes().map(<[_]>::to_vec),
        last_used_at: token.last_used_at().map(time),
    }
}
