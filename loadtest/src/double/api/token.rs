//! Access tokens by API: issued, verified, revoked, listed. Forms in, JSON out, errors in the shape of OAuth.

use std::sync::Arc;

use serde_json::json;

use super::respond::Answer;
use super::route::TokenCall;
use super::{Admitted, parameter};
use crate::double::assertion;
use crate::double::platform::Platform;
use crate::double::state::{MONTH_MS, STATELESS_MS, TokenKind, World};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) fn run(platform: &Arc<Platform>, call: TokenCall, admitted: &Admitted) -> Answer {
    let now_ms = platform.clock.now_ms();
    let form = if matches!(call, TokenCall::VerifyByAssertion | TokenCall::KeyIds) {
        admitted.query.as_bytes()
    } else {
        &admitted.body
    };
    let form = Form(form);
    let mut world = platform.world.lock();
    let done = match call {
        TokenCall::IssueShortLived => grant(&form)
            .and_then(|()| by_secret(&world, &form))
            .and_then(|channel| issue(&mut world, &channel, TokenKind::ShortLived, MONTH_MS, now_ms)),
        TokenCall::IssueByAssertion => {
            grant(&form).and_then(|()| by_assertion(&world, &form, now_ms)).and_then(|(channel, life_s)| {
                let life_ms = life_s.map_or(MONTH_MS, |life_s| life_s * 1_000);
                issue(&mut world, &channel, TokenKind::Assertion, life_ms, now_ms)
            })
        }
        TokenCall::IssueStateless => grant(&form)
            .and_then(|()| match form.get("client_assertion") {
                Some(_) => by_assertion(&world, &form, now_ms).map(|(channel, _)| channel),
                None => by_secret(&world, &form),
            })
            .and_then(|channel| issue(&mut world, &channel, TokenKind::Stateless, STATELESS_MS, now_ms)),
        TokenCall::Verify => verify(&world, &form, &[TokenKind::LongLived, TokenKind::ShortLived], now_ms),
        TokenCall::VerifyByAssertion => verify(&world, &form, &[TokenKind::Assertion], now_ms),
        TokenCall::Revoke => revoke(&mut world, &form, None, now_ms),
        TokenCall::RevokeByAssertion => {
            by_secret(&world, &form).and_then(|channel| revoke(&mut world, &form, Some(&channel), now_ms))
        }
        TokenCall::KeyIds => by_assertion(&world, &form, now_ms).map(|(channel, _)| {
            let tokens = world.tokens.of_kind(&channel, TokenKind::Assertion, now_ms);
            let ids: Vec<&String> = tokens.filter_map(|(_, token)| token.key_id.as_ref()).collect();
            Answer::ok(json!({ "kids": ids }))
        }),
    };
    done.unwrap_or_else(|(error, description)| {
        Answer::with_status(400, json!({ "error": error, "error_description": description }))
    })
}

/// OAuth's `error` and `error_description`.
type Refused = (&'static str, &'static str);

struct Form<'a>(&'a [u8]);

impl Form<'_> {
    fn get(&self, name: &str) -> Option<String> {
        parameter(self.0, name).filter(|value| !value.is_empty())
    }
}

fn grant(form: &Form<'_>) -> Result<(), Refused> {
    if form.get("grant_type").as_deref() == Some("client_credentials") {
        Ok(())
    } else {
        Err(("unsupported_grant_type", "unsupported grant_type"))
    }
}

/// The channel whose id and secret the form names.
fn by_secret(world: &World, form: &Form<'_>) -> Result<String, Refused> {
    let (id, secret) = (form.get("client_id").unwrap_or_default(), form.get("client_secret").unwrap_or_default());
    let known = world.channel(&id).is_some_and(|channel| channel.public.secret == secret);
    if known { Ok(id) } else { Err(("invalid_client", "invalid client_id or client_secret")) }
}

/// The channel that signed the form's assertion, and how long its token is to live.
fn by_assertion(world: &World, form: &Form<'_>, now_ms: i64) -> Result<(String, Option<i64>), Refused> {
    if form.get("client_assertion_type").as_deref() != Some(ASSERTION_TYPE) {
        return Err(("invalid_request", "Invalid client_assertion_type"));
    }
    let text = form.get("client_assertion").unwrap_or_default();
    let key = |channel: &str, kid: &str| world.channel(channel)?.keys.iter().find(|key| key.kid == kid).cloned();
    let asserted = assertion::read(&text, key, now_ms).map_err(|why| ("invalid_client", why))?;
    Ok((asserted.channel, asserted.token_s))
}

fn issue(world: &mut World, channel: &str, kind: TokenKind, life_ms: i64, now_ms: i64) -> Result<Answer, Refused> {
    let issued = world.issue_token(channel, kind, now_ms + life_ms, now_ms);
    let (token, key_id) = issued.ok_or(("invalid_request", "too many access tokens"))?;
    let mut answer = json!({ "access_token": token, "expires_in": life_ms / 1_000, "token_type": "Bearer" });
    if let Some(key_id) = key_id {
        answer["key_id"] = json!(key_id);
    }
    Ok(Answer::ok(answer))
}

fn verify(world: &World, form: &Form<'_>, kinds: &[TokenKind], now_ms: i64) -> Result<Answer, Refused> {
    let text = form.get("access_token").ok_or(("invalid_request", "access_token is missing"))?;
    let token = world.tokens.get(&text, now_ms).filter(|token| kinds.contains(&token.kind));
    let token = token.ok_or(("invalid_request", "The access token expired"))?;
    let left_s = token.until_ms.saturating_sub(now_ms) / 1_000;
    // A long-lived token has no end; what LINE says then is not documented.
    let left_s = left_s.min(i64::from(u32::MAX));
    Ok(Answer::ok(json!({ "client_id": token.channel, "expires_in": left_s, "scope": "P CM" })))
}

/// Revoking answers 200 whatever the token was; stateless ones live on.
fn revoke(world: &mut World, form: &Form<'_>, channel: Option<&str>, now_ms: i64) -> Result<Answer, Refused> {
    let text = form.get("access_token").ok_or(("invalid_request", "access_token is missing"))?;
    let theirs = world.tokens.get(&text, now_ms).is_some_and(|token| match channel {
        Some(channel) => token.channel == channel && token.kind == TokenKind::Assertion,
        None => matches!(token.kind, TokenKind::LongLived | TokenKind::ShortLived),
    });
    if theirs {
        world.tokens.revoke(&text);
    }
    Ok(Answer::empty(200))
}
