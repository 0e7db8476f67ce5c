//! What platforms call. Bytes first, signature over the bytes, then the engine; 200 only when it is on disk.
//!
//! An unknown inbox takes the same path and time as a wrong signature. Only wrong signatures are counted against the
//! caller: a platform may not repeat what it was refused.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use madoguchi_engine::channels::line::signature;
use madoguchi_engine::domain::id::InboxId;
use madoguchi_engine::domain::org::{InboxSettings, Org};
use madoguchi_engine::handle::Taken;
use madoguchi_protocol::api::HookAccepted;
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
    let answer = take(&app, &req, &place, body).await;
    let outcome = match &answer {
        Ok(taken) if taken.stored_whole || taken.parked > 0 => "stored_whole",
        Ok(_) => "recorded",
        Err(refused) => refused.code.as_str(),
    };
    metrics::counter!("madoguchi_webhooks_total", "outcome" => outcome).increment(1);
    let taken = answer?;
    for (outcome, events) in [("recorded", taken.recorded), ("duplicate", taken.duplicates)] {
        metrics::counter!("madoguchi_inbound_events_total", "outcome" => outcome).increment(events as u64);
    }
    Ok(HttpResponse::Ok().json(HookAccepted { recorded: taken.recorded, duplicates: taken.duplicates }))
}

async fn take(app: &App, req: &HttpRequest, place: &Place, body: Bytes) -> Result<Taken, Problem> {
    if app.stopping.has_begun() {
        return Err(problem(Code::Stopping));
    }
    let header = req.headers().get("x-line-signature").and_then(|value| value.to_str().ok());
    let inbox = place.id::<InboxId>("inbox").ok();
    let Some(inbox) = signed_inbox(&app.engine.org(), inbox, &body, header) else {
        return Err(wrong_signature(app, req));
    };
    // Only now: who is not a platform of ours must not be able to take a platform's place.
    let _place = app.admit(Class::Webhook)?;
    app.engine.inbound(inbox, body).await.map_err(|failure| refused(app, failure))
}

/// The inbox, if it exists and its secret signed the body. Without an inbox the same work is done.
fn signed_inbox(org: &Org, inbox: Option<InboxId>, body: &[u8], header: Option<&str>) -> Option<InboxId> {
    let known = inbox.and_then(|id| org.inboxes.get(&id));
    let secrets: &[&str] = match known.map(|inbox| &inbox.settings) {
        Some(InboxSettings::Line(line)) => &[line.channel_secret.as_str()],
        None => &[],
    };
    let is_signed = signature::verify(secrets, body, header);
    known.filter(|_| is_signed).map(|inbox| inbox.id)
}

fn wrong_signature(app: &App, req: &HttpRequest) -> Problem {
    let from = caller(req, &app.config.trusted_proxies);
    match app.auth.guessing.signature_failed(from) {
        None => problem(Code::WrongSignature),
        Some(wait) => problem(Code::RateLimited).retry_after_ms(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_engine::domain::id::WindowId;
    use madoguchi_engine::domain::org::{Inbox, LineSettings, SendMode};
    use madoguchi_engine::domain::time::Timestamp;

    use super::*;

    fn org_with_two() -> Org {
        let mut org = Org::default();
        for (id, secret) in [(1, "one"), (2, "two")] {
            org.inboxes.insert(
                InboxId(id),
                Inbox {
                    id: InboxId(id),
                    window: WindowId::new("w").expect("an id"),
                    settings: InboxSettings::Line(LineSettings {
                        channel_secret: secret.to_owned(),
                        channel_access_token: "t".to_owned(),
                        mode: SendMode::Auto,
                        when_quota_empty: Default::default(),
                        api_base_url: "https://api.line.me".to_owned(),
                        api_data_base_url: "https://api-data.line.me".to_owned(),
                    }),
                    changed_at: Timestamp(0),
                },
            );
        }
        org
    }

    /// A body that is no UTF-8, or is written otherwise than a serializer would, is signed as it stands.
    #[test]
    fn the_bytes_count_as_they_came() {
        let org = org_with_two();
        let bodies: [&[u8]; 3] = [b"{ \"events\" : [] }\n", b"{\"b\":1,\"a\":1.0,\"b\":2}", b"{\"events\":[\"\xff\"]}"];
        for body in bodies {
            let signed = signature::sign("one", body);
            assert_eq!(signed_inbox(&org, Some(InboxId(1)), body, Some(&signed)), Some(InboxId(1)), "{body:?}");
        }
        let signed = signature::sign("one", bodies[0]);
        let written_anew = signed_inbox(&org, Some(InboxId(1)), br#"{"events":[]}"#, Some(&signed));
        assert_eq!(written_anew, None, "other bytes that say the same");
    }

    #[test]
    fn one_accounts_secret_opens_no_other_account() {
        let org = org_with_two();
        let body = br#"{"events":[]}"#;
        let signed = signature::sign("one", body);
        let try_on = |inbox: Option<u128>, header: Option<&str>| signed_inbox(&org, inbox.map(InboxId), body, header);
        assert_eq!(try_on(Some(1), Some(&signed)), Some(InboxId(1)));
        assert_eq!(try_on(Some(2), Some(&signed)), None);
        assert_eq!(try_on(Some(3), Some(&signed)), None);
        assert_eq!(try_on(None, Some(&signed)), None);
        assert_eq!(try_on(Some(1), None), None);
    }
}
