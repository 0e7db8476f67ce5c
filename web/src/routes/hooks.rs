//! What platforms call. Bytes first, signature over the bytes, then the engine; 200 only when it is on disk.
//!
//! An unknown inbox takes the same path and time as a wrong signature. Only wrong signatures are counted against the
//! caller: a platform may not repeat what it was refused.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use madoguchi_engine::domain::id::InboxId;
use madoguchi_engine::domain::org::ChannelKind;
use madoguchi_engine::handle::Taken;
use madoguchi_protocol::api::{BotChannelEvent, HookAccepted};
use madoguchi_protocol::{Code, Problem};

use super::Answer;
use crate::App;
use crate::admission::Class;
use crate::commands::refused;
use crate::error::{Refusal, problem};
use crate::extract::{Place, read_body};
use crate::peer::caller;

/// The body as it came, of at most the webhook's length.
pub(crate) struct HookBody(Bytes);

impl FromRequest for HookBody {
    type Error = Refusal;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let limits = &req.app_data::<web::Data<App>>().ok_or_else(|| problem(Code::Internal))?.config.limits;
            let patience = std::time::Duration::from_millis(limits.body_timeout_ms);
            let body = read_body(&req, &mut payload, limits.webhook_body_bytes, patience).await?;
            Ok(Self(body))
        })
    }
}

/// A webhook of LINE.
#[utoipa::path(post, path = "/hooks/line/{inbox}", tag = "hooks",
    params(("x-line-signature" = String, Header, description = "HMAC-SHA256 of the body under the channel secret, in base64.")),
    request_body(content = Vec<u8>, content_type = "application/json"),
    responses((status = 200, description = "Every event of it is on disk.", body = HookAccepted)))]
pub(crate) async fn line(app: web::Data<App>, req: HttpRequest, place: Place, HookBody(body): HookBody) -> Answer {
    answer(&app, &req, &place, ChannelKind::Line, body).await
}

/// A callback of LINE WORKS, which is sent once: whatever is wrong with us, it is kept if anything can be.
#[utoipa::path(post, path = "/hooks/lineworks/{inbox}", tag = "hooks",
    params(("x-works-signature" = String, Header, description = "HMAC-SHA256 of the body under the bot secret, in base64.")),
    request_body(content = Vec<u8>, content_type = "application/json"),
    responses((status = 200, description = "It is on disk.", body = HookAccepted)))]
pub(crate) async fn lineworks(app: web::Data<App>, req: HttpRequest, place: Place, HookBody(body): HookBody) -> Answer {
    answer(&app, &req, &place, ChannelKind::LineWorks, body).await
}

/// An event of another system that speaks the contract of bot channels (docs/bots.md): a signed webhook after Standard
/// Webhooks, to be sent again until it is answered with 200.
#[utoipa::path(post, path = "/hooks/bot/{inbox}", tag = "hooks",
    params(
        ("webhook-id" = String, Header, description = "Names the delivery; the same at every try."),
        ("webhook-timestamp" = String, Header, description = "When this try was signed, in seconds; at most five minutes from now."),
        ("webhook-signature" = String, Header, description = "`v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}` under the account's secret; several, apart by a space."),
    ),
    request_body = BotChannelEvent,
    responses((status = 200, description = "It is on disk.", body = HookAccepted)))]
pub(crate) async fn bot(app: web::Data<App>, req: HttpRequest, place: Place, HookBody(body): HookBody) -> Answer {
    answer(&app, &req, &place, ChannelKind::Bot, body).await
}

/// What every platform is told: 200 when everything of the body is on disk.
async fn answer(app: &App, req: &HttpRequest, place: &Place, kind: ChannelKind, body: Bytes) -> Answer {
    let answer = take(app, req, place, kind, body).await;
    let outcome = match &answer {
        Ok(taken) if taken.stored_whole || taken.parked > 0 => "stored_whole",
        Ok(_) => "recorded",
        Err(refused) => refused.code.as_str(),
    };
    metrics::counter!("madoguchi_webhooks_total", "channel" => kind.word(), "outcome" => outcome).increment(1);
    let taken = answer?;
    for (outcome, events) in [("recorded", taken.recorded), ("duplicate", taken.duplicates)] {
        metrics::counter!("madoguchi_inbound_events_total", "outcome" => outcome).increment(events as u64);
    }
    Ok(HttpResponse::Ok().json(HookAccepted { recorded: taken.recorded, duplicates: taken.duplicates }))
}

async fn take(app: &App, req: &HttpRequest, place: &Place, kind: ChannelKind, body: Bytes) -> Result<Taken, Problem> {
    if app.stopping.has_begun() {
        return Err(problem(Code::Stopping));
    }
    let header = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    let inbox = place.id::<InboxId>("inbox").ok();
    // Asked first, and for no inbox too: an unknown one must take as long.
    let is_signed = app.engine.is_signed(kind, inbox, &body, &header);
    let Some(inbox) = inbox.filter(|_| is_signed) else {
        return Err(wrong_signature(app, req));
    };
    // Only now: who is not a platform of ours must not be able to take a platform's place.
    let _place = app.admit(Class::Webhook)?;
    app.engine.inbound(inbox, body).await.map_err(|failure| refused(app, failure))
}

fn wrong_signature(app: &App, req: &HttpRequest) -> Problem {
    let from = caller(req, &app.config.trusted_proxies);
    match app.auth.guessing.signature_failed(from) {
        None => problem(Code::WrongSignature),
        Some(wait) => problem(Code::RateLimited).retry_after_ms(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
    }
}
