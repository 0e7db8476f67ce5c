//! The handlers, one file a thing. Each turns a request into one question to the engine and its answer into the wire's
//! words; who may ask was checked by the gate before.

pub(crate) mod about;
pub(crate) mod accounts;
pub(crate) mod agents;
pub(crate) mod audit;
pub(crate) mod bot_api;
pub(crate) mod bots;
pub(crate) mod channels;
pub(crate) mod conversations;
pub(crate) mod docs;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod hours;
pub(crate) mod inboxes;
pub(crate) mod invitations;
pub(crate) mod invite;
pub(crate) mod notes;
pub(crate) mod pictures;
pub(crate) mod products;
pub(crate) mod raw;
pub(crate) mod resets;
pub(crate) mod sending;
mod serving;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod stickers;
pub(crate) mod supervision;
pub(crate) mod tokens;
pub(crate) mod windows;

use actix_web::HttpResponse;
use serde::Serialize;

use crate::error::Refusal;

/// What every handler answers.
pub(crate) type Answer = Result<HttpResponse, Refusal>;

fn ok(body: &impl Serialize) -> Answer {
    Ok(HttpResponse::Ok().json(body))
}

fn created(body: &impl Serialize) -> Answer {
    Ok(HttpResponse::Created().json(body))
}

fn done() -> Answer {
    Ok(HttpResponse::NoContent().finish())
}
