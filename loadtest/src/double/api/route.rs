//! Which call a path is. Paths must match to the letter; the content host serves none of these.

use hyper::Method;

use super::Host;
use crate::double::faults::Endpoint;
use crate::double::refusal::Refusal;
use crate::double::validate::Shape;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Send(Shape),
    Validate,
    Info,
    Profile(String),
    Quota,
    Consumption,
    WebhookGet,
    WebhookPut,
    WebhookTest,
}

impl Route {
    pub(super) fn of(host: Host, method: &Method, path: &str) -> Result<Self, Refusal> {
        if host == Host::Data {
            return Err(Refusal::new(404, "not found"));
        }
        let (expected, route) = match path {
            "/v2/bot/message/reply" => (Method::POST, Self::Send(Shape::Reply)),
            "/v2/bot/message/push" => (Method::POST, Self::Send(Shape::Push)),
            "/v2/bot/message/multicast" => (Method::POST, Self::Send(Shape::Multicast)),
            "/v2/bot/info" => (Method::GET, Self::Info),
            "/v2/bot/message/quota" => (Method::GET, Self::Quota),
            "/v2/bot/message/quota/consumption" => (Method::GET, Self::Consumption),
            "/v2/bot/channel/webhook/endpoint" if method == Method::GET => (Method::GET, Self::WebhookGet),
            "/v2/bot/channel/webhook/endpoint" => (Method::PUT, Self::WebhookPut),
            "/v2/bot/channel/webhook/test" => (Method::POST, Self::WebhookTest),
            _ => Self::longer(path).ok_or_else(Refusal::not_found)?,
        };
        if *method == expected { Ok(route) } else { Err(Refusal::new(405, "Method not allowed")) }
    }

    fn longer(path: &str) -> Option<(Method, Self)> {
        if let Some(kind) = path.strip_prefix("/v2/bot/message/validate/") {
            let known = matches!(kind, "reply" | "push" | "multicast" | "narrowcast" | "broadcast");
            return known.then_some((Method::POST, Self::Validate));
        }
        let user = path.strip_prefix("/v2/bot/profile/")?;
        (!user.is_empty() && !user.contains('/')).then(|| (Method::GET, Self::Profile(user.to_owned())))
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Send(Shape::Reply) => Endpoint::Reply,
            Self::Send(Shape::Push) => Endpoint::Push,
            Self::Send(Shape::Multicast) => Endpoint::Multicast,
            Self::Send(Shape::Messages) | Self::Validate => Endpoint::Validate,
            Self::Info => Endpoint::Info,
            Self::Profile(_) => Endpoint::Profile,
            Self::Quota | Self::Consumption => Endpoint::Quota,
            Self::WebhookGet | Self::WebhookPut | Self::WebhookTest => Endpoint::Webhook,
        }
    }

    /// Whether a repeated call can be recognised by its retry key.
    pub(super) fn takes_retry_key(&self) -> bool {
        matches!(self, Self::Send(Shape::Push | Shape::Multicast))
    }
}
