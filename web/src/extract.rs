//! What handlers take from a request: JSON, queries, ids, all refused with a problem that names the field.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use madoguchi_engine::domain::id::WindowId;
use madoguchi_protocol::{Code, Problem};
use serde::de::DeserializeOwned;

use crate::error::{Refusal, not_found, problem};
use crate::{App, Config};

/// A JSON body; none at all counts as `{}`. Refused: another media type (415), too long (413), not JSON (400), a field wrong (422).
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let says_nothing = !req.headers().contains_key(CONTENT_TYPE);
            if !says_nothing && !is_json(&req) {
                return Err(problem(Code::UnsupportedMediaType).into());
            }
            let (limit, patience) = body_limits(&req);
            let body = read_body(&req, &mut payload, limit, patience).await?;
            if says_nothing && !body.is_empty() {
                return Err(problem(Code::UnsupportedMediaType).into());
            }
            Ok(Self(parse_json(&body)?))
        })
    }
}

fn body_limits(req: &HttpRequest) -> (usize, Duration) {
    let limits =
        req.app_data::<web::Data<App>>().map_or_else(|| Config::default().limits, |app| app.config.limits.clone());
    (limits.json_body_bytes, Duration::from_millis(limits.body_timeout_ms))
}

fn is_json(req: &HttpRequest) -> bool {
    req.headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads JSON, and names the field that is wrong where serde tells it. An empty body counts as `{}`.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        if !inner.is_data() {
            return problem(Code::Malformed).detail(format!("not JSON: {inner}"));
        }
        let text = inner.to_string();
        let rule = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let path = error.path().to_string();
        named(&path, &rule)
    })?;
    deserializer.end().map_err(|error| problem(Code::Malformed).detail(format!("not JSON: {error}")))?;
    Ok(value)
}

/// A part of a body that could be read only after the rest of it; `place` is its name there.
pub(crate) fn parse_part<T: DeserializeOwned>(place: &str, part: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(part).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { place.to_owned() } else { format!("{place}.{path}") };
        named(&path, &error.inner().to_string())
    })
}

/// A problem about the field at `path`; serde names a missing or unknown one in its text only.
fn named(path: &str, rule: &str) -> Problem {
    let told =
        ["missing field `", "unknown field `"].iter().find_map(|start| rule.strip_prefix(start)?.split('`').next());
    let path = path.trim_start_matches('.');
    let field = match (path, told) {
        ("", Some(field)) => field.to_owned(),
        (path, Some(field)) if path.rsplit('.').next() != Some(field) => format!("{path}.{field}"),
        (path, _) => path.to_owned(),
    };
    let refused = problem(Code::Invalid).rule(rule);
    if field.is_empty() {
        refused.detail(rule)
    } else {
        let detail = format!("{field}: {rule}");
        refused.field(field).detail(detail)
    }
}

/// Reads a body of at most `limit` bytes within `patience`; what is longer is refused without reading it whole.
pub(crate) async fn read_body(
    req: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Problem> {
    let too_large =
        || problem(Code::TooLarge).limit(limit as u64).detail(format!("the body is longer than {limit} bytes"));
    let announced = req.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| problem(Code::Malformed).detail("the body broke off"))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(patience, reading).await.unwrap_or_else(|_| {
        let mut slow = problem(Code::Malformed).detail("the body did not come in time");
        slow.status = 408;
        Err(slow)
    })
}

/// A query string. Unknown and malformed parameters are refused with their name.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Refusal;
    type Future = std::future::Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(
            web::Query::<T>::from_query(req.query_string()).map(|query| Self(query.into_inner())).map_err(|error| {
                let text = error.to_string();
                let rule = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
                Refusal(named("", rule))
            }),
        )
    }
}

/// Parts of the address.
pub(crate) struct Place(HttpRequest);

impl FromRequest for Place {
    type Error = Refusal;
    type Future = std::future::Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self(req.clone())))
    }
}

impl Place {
    /// The part of the address called `name`, as an id. What is no id names nothing: 404.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        part(&self.0, name).and_then(|text| text.parse().ok()).ok_or_else(|| not_found(name))
    }

    /// The window named in the address.
    pub(crate) fn window(&self) -> Result<WindowId, Problem> {
        window(&self.0)
    }
}

/// The part of the address called `name`.
pub(crate) fn part<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    req.match_info().get(name)
}

/// The window named in the address.
pub(crate) fn window(req: &HttpRequest) -> Result<WindowId, Problem> {
    part(req, "window").and_then(|text| WindowId::new(text).ok()).ok_or_else(|| not_found("window"))
}

/// Puts `value` where a later extractor finds it.
pub(crate) fn remember<T: 'static>(req: &impl HttpMessage, value: T) {
    req.extensions_mut().insert(value);
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use madoguchi_protocol::api::{Claim, NewLineSettings, Send};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_body_names_the_field() {
        for (body, code, field) in [
            (r#"{"client_id":"a","seat_epoch":1}"#, Code::Invalid, Some("content")),
            (
                r#"{"client_id":"a","seat_epoch":"1","content":{"type":"text","text":"x"}}"#,
                Code::Invalid,
                Some("seat_epoch"),
            ),
            (
                r#"{"client_id":"a","seat_epoch":1,"content":{"type":"text","text":"x"},"loud":true}"#,
                Code::Invalid,
                Some("loud"),
            ),
            (r#"{"client_id":"#, Code::Malformed, None),
            ("{}x", Code::Invalid, Some("client_id")),
            ("[", Code::Malformed, None),
        ] {
            let refused = parse_json::<Send>(body.as_bytes()).expect_err(body);
            assert_eq!(refused.code, code, "{body}");
            assert_eq!(refused.extra.field.as_deref(), field, "{body}");
        }
    }

    #[test]
    fn a_wrong_field_deep_inside_is_named_with_its_path() {
        let refused =
            |settings| parse_part::<NewLineSettings>("settings", settings).err().expect("a refusal").extra.field;
        let whole = |mode| json!({ "channel_secret": "s", "channel_access_token": "t", "mode": mode });
        assert_eq!(refused(whole("maybe")).as_deref(), Some("settings.mode"));
        assert_eq!(refused(json!({})).as_deref(), Some("settings.channel_secret"));
        assert_eq!(refused(json!({ "channel_secret": "s", "loud": 1 })).as_deref(), Some("settings.loud"));
        assert_eq!(refused(json!(7)).as_deref(), Some("settings"));
    }

    #[test]
    fn a_refusal_never_repeats_a_secret() {
        let given = json!({ "channel_secret": "hunter2", "channel_access_token": 7, "mode": "auto" });
        let refused = parse_part::<NewLineSettings>("settings", given).err().expect("the token is a number");
        assert!(!format!("{refused:?}").contains("hunter2"));
    }

    #[actix_web::test]
    async fn a_claim_needs_no_body_and_text_is_no_json() {
        use actix_web::http::header::ContentType;
        let take = async |req: TestRequest| {
            let (req, mut payload) = req.to_http_parts();
            let taken = Json::<Claim>::from_request(&req, &mut payload).await;
            taken.map(|_| ()).map_err(|refusal| refusal.0.code)
        };
        assert_eq!(take(TestRequest::post()).await, Ok(()));
        let json = TestRequest::post().insert_header(ContentType::json());
        assert_eq!(take(json.set_payload("{}")).await, Ok(()));
        let text = TestRequest::post().insert_header(ContentType::plaintext());
        for wrong in [text.set_payload("{}"), TestRequest::post().set_payload("{}")] {
            assert_eq!(take(wrong).await, Err(Code::UnsupportedMediaType));
        }
    }

    #[actix_web::test]
    async fn a_body_too_long_is_refused_announced_or_not() {
        let req = TestRequest::default().insert_header((CONTENT_LENGTH, "11")).to_http_request();
        let refused =
            read_body(&req, &mut Payload::None, 10, Duration::from_secs(5)).await.expect_err("11 bytes announced");
        assert_eq!((refused.status, refused.extra.limit), (413, Some(10)));

        let (_, mut payload) = TestRequest::default().set_payload(vec![b'x'; 11]).to_http_parts();
        let bare = TestRequest::default().to_http_request();
        let refused = read_body(&bare, &mut payload, 10, Duration::from_secs(5)).await.expect_err("11 bytes came");
        assert_eq!(refused.status, 413);
    }

    #[actix_web::test]
    async fn a_body_that_never_ends_is_given_up() {
        let mut payload: Payload = Payload::Stream { payload: Box::pin(futures_util::stream::pending()) as _ };
        let req = TestRequest::default().to_http_request();
        let refused =
            read_body(&req, &mut payload, 10, Duration::from_millis(1)).await.expect_err("nothing ever comes");
        assert_eq!(refused.status, 408);
    }
}
