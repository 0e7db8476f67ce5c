//! Bots: who calls with the token of a bot in front of a window. A bot is no person, so it has no [`super::Identity`], and
//! its token opens nothing but the addresses made for it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use madoguchi_engine::domain::id::{AgentId, BotId, WindowId};
use madoguchi_protocol::{Code, Problem};

use super::{Fingerprint, fingerprint};
use crate::App;
use crate::error::{Refusal, problem};

/// The bot that calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotCaller {
    /// The window that it stands in front of.
    pub window: WindowId,
    /// Its id.
    pub bot: BotId,
}

impl BotCaller {
    /// As whom it sends files. Ids of bots and people are drawn from one set, so that nobody else has this one.
    #[must_use]
    pub fn sender(&self) -> AgentId {
        AgentId(self.bot.0)
    }
}

/// Which bot made this request.
///
/// # Errors
/// `unauthenticated` without the token of a bot that is in use; `rate_limited` for one that asks too much.
pub fn identify_bot(app: &App, req: &HttpRequest) -> Result<BotCaller, Problem> {
    let header = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = header.and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(|| problem(Code::Unauthenticated))?;
    let print: Fingerprint = fingerprint(secret.trim());
    let org = app.engine.org();
    let bot = org.bots.values().find(|bot| bot.token_hash == print && bot.enabled);
    let bot = bot.ok_or_else(|| problem(Code::Unauthenticated))?;
    app.auth.keep_pace(print)?;
    Ok(BotCaller { window: bot.window.clone(), bot: bot.id })
}

impl FromRequest for BotCaller {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = req.extensions().get::<Self>().cloned();
        ready(who.ok_or_else(|| problem(Code::Internal).into()))
    }
}
