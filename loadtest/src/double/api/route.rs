//! Which call a path is. Paths must match to the letter; each belongs to one of the two hosts.

use hyper::Method;

use super::Host;
use crate::double::faults::Endpoint;
use crate::double::refusal::Refusal;
use crate::double::state::Part;
use crate::double::validate::Shape;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Send(Shape),
    Validate,
    Info,
    Profile(String),
    Followers,
    /// A group or a room by its id, and what is asked about it.
    Group(String, InGroup),
    Quota,
    Consumption,
    WebhookGet,
    WebhookPut,
    WebhookTest,
    Loading,
    MarkAsRead,
    LinkToken(String),
    Content(String, Part),
    Token(TokenCall),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InGroup {
    Summary,
    Count,
    Ids,
    Member(String),
    Leave,
}

/// Calls about access tokens; they bear none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenCall {
    IssueShortLived,
    IssueByAssertion,
    IssueStateless,
    Verify,
    VerifyByAssertion,
    Revoke,
    RevokeByAssertion,
    KeyIds,
}

impl Route {
    pub(super) fn of(host: Host, method: &Method, path: &str) -> Result<Self, Refusal> {
        if host != Host::Api {
            return Self::content(method, path).ok_or_else(|| Refusal::new(404, "not found"));
        }
        let (expected, route) = match path {
            "/v2/bot/message/reply" => (Method::POST, Self::Send(Shape::Reply)),
            "/v2/bot/message/push" => (Method::POST, Self::Send(Shape::Push)),
            "/v2/bot/message/multicast" => (Method::POST, Self::Send(Shape::Multicast)),
            "/v2/bot/message/broadcast" => (Method::POST, Self::Send(Shape::Broadcast)),
            "/v2/bot/info" => (Method::GET, Self::Info),
            "/v2/bot/followers/ids" => (Method::GET, Self::Followers),
            "/v2/bot/message/quota" => (Method::GET, Self::Quota),
            "/v2/bot/message/quota/consumption" => (Method::GET, Self::Consumption),
            "/v2/bot/channel/webhook/endpoint" if method == Method::GET => (Method::GET, Self::WebhookGet),
            "/v2/bot/channel/webhook/endpoint" => (Method::PUT, Self::WebhookPut),
            "/v2/bot/channel/webhook/test" => (Method::POST, Self::WebhookTest),
            "/v2/bot/chat/loading/start" => (Method::POST, Self::Loading),
            "/v2/bot/chat/markAsRead" => (Method::POST, Self::MarkAsRead),
            "/v2/oauth/accessToken" => (Method::POST, Self::Token(TokenCall::IssueShortLived)),
            "/v2/oauth/verify" => (Method::POST, Self::Token(TokenCall::Verify)),
            "/v2/oauth/revoke" => (Method::POST, Self::Token(TokenCall::Revoke)),
            "/oauth2/v2.1/token" => (Method::POST, Self::Token(TokenCall::IssueByAssertion)),
            "/oauth2/v2.1/verify" => (Method::GET, Self::Token(TokenCall::VerifyByAssertion)),
            "/oauth2/v2.1/revoke" => (Method::POST, Self::Token(TokenCall::RevokeByAssertion)),
            "/oauth2/v2.1/tokens/kid" => (Method::GET, Self::Token(TokenCall::KeyIds)),
            "/oauth2/v3/token" => (Method::POST, Self::Token(TokenCall::IssueStateless)),
            _ => Self::longer(path).ok_or_else(Refusal::not_found)?,
        };
        if *method == expected { Ok(route) } else { Err(Refusal::new(405, "Method not allowed")) }
    }

    fn longer(path: &str) -> Option<(Method, Self)> {
        let parts: Vec<&str> = path.strip_prefix("/v2/bot/")?.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let in_group = |id: &str, what| Self::Group(id.to_owned(), what);
        Some(match parts.as_slice() {
            ["message", "validate", "reply" | "push" | "multicast" | "narrowcast" | "broadcast"] => {
                (Method::POST, Self::Validate)
            }
            ["profile", user] => (Method::GET, Self::Profile((*user).to_owned())),
            ["user", user, "linkToken"] => (Method::POST, Self::LinkToken((*user).to_owned())),
            ["group", id, "summary"] => (Method::GET, in_group(id, InGroup::Summary)),
            ["group" | "room", id, "members", "count"] => (Method::GET, in_group(id, InGroup::Count)),
            ["group" | "room", id, "members", "ids"] => (Method::GET, in_group(id, InGroup::Ids)),
            ["group" | "room", id, "member", user] => (Method::GET, in_group(id, InGroup::Member((*user).to_owned()))),
            ["group" | "room", id, "leave"] => (Method::POST, in_group(id, InGroup::Leave)),
            _ => return None,
        })
    }

    fn content(method: &Method, path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/v2/bot/message/").filter(|_| method == Method::GET)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (id, part) = match parts.as_slice() {
            [id, "content"] => (id, Part::Whole),
            [id, "content", "preview"] => (id, Part::Preview),
            [id, "content", "transcoding"] => (id, Part::Transcoding),
            _ => return None,
        };
        Some(Self::Content((*id).to_owned(), part))
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Send(Shape::Reply) => Endpoint::Reply,
            Self::Send(Shape::Push) => Endpoint::Push,
            Self::Send(Shape::Multicast) => Endpoint::Multicast,
            Self::Send(Shape::Broadcast) => Endpoint::Broadcast,
            Self::Send(Shape::Messages) | Self::Validate => Endpoint::Validate,
            Self::Info => Endpoint::Info,
            Self::Profile(_) => Endpoint::Profile,
            Self::Followers => Endpoint::Followers,
            Self::Group(..) => Endpoint::Group,
            Self::Quota | Self::Consumption => Endpoint::Quota,
            Self::WebhookGet | Self::WebhookPut | Self::WebhookTest => Endpoint::Webhook,
            Self::Loading => Endpoint::Loading,
            Self::MarkAsRead => Endpoint::MarkAsRead,
            Self::LinkToken(_) => Endpoint::LinkToken,
            Self::Content(_, Part::Whole) => Endpoint::Content,
            Self::Content(_, Part::Preview) => Endpoint::Preview,
            Self::Content(_, Part::Transcoding) => Endpoint::Transcoding,
            Self::Token(_) => Endpoint::Token,
        }
    }

    /// Whether a repeated call can be recognised by its retry key.
    pub(super) fn takes_retry_key(&self) -> bool {
        matches!(self, Self::Send(Shape::Push | Shape::Multicast | Shape::Broadcast))
    }

    /// Whether its body says something: leaving and linking need none.
    pub(super) fn has_body(&self) -> bool {
        !matches!(self, Self::Group(..) | Self::LinkToken(_))
    }
}
