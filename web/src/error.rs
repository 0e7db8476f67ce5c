//! The only map from what went wrong inside to an HTTP status.
//!
//! A rejection is an answer and is not logged; a fault says when to try again; a bug is logged where it happened and
//! tells the caller nothing. The words are the protocol's, see `madoguchi_protocol::code`.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use madoguchi_engine::Failure;
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::org::Org;
use madoguchi_engine::domain::rejected::Rejected;
use madoguchi_protocol::problem::{Holder, MEDIA_TYPE};
use madoguchi_protocol::{Code, Problem};

/// A problem on its way out of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.as_str())
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        respond(&self.0)
    }
}

/// The problem as a response, with `Retry-After` where the problem says when to come back.
#[must_use]
pub fn respond(problem: &Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
    if let Some(ms) = problem.extra.retry_after_ms {
        response.insert_header((header::RETRY_AFTER, ms.div_ceil(1_000).max(1)));
    }
    if problem.status == 401 && problem.code == Code::Unauthenticated {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    response.body(serde_json::to_vec(problem).expect("plain data always serialises"))
}

/// A problem with this code, under the status that belongs to it.
#[must_use]
pub fn problem(code: Code) -> Problem {
    let status = match code {
        Code::Malformed => 400,
        Code::Unauthenticated | Code::WrongCredentials | Code::WrongSignature => 401,
        Code::OriginRefused
        | Code::Forbidden
        | Code::NotAMember
        | Code::NeedsSupervisor
        | Code::NotTheAuthor
        | Code::TrialOver => 403,
        Code::NotFound | Code::InvitationInvalid => 404,
        Code::MethodNotAllowed => 405,
        Code::Moved
        | Code::Exists
        | Code::LimitReached
        | Code::SeatTaken
        | Code::SeatStale
        | Code::SeatNotHeld
        | Code::ClientIdReused
        | Code::ColleagueNotAMember
        | Code::NoOffer
        | Code::NotWaiting
        | Code::Unheard
        | Code::SetAside => 409,
        Code::TooLarge => 413,
        Code::UnsupportedMediaType => 415,
        Code::Invalid => 422,
        Code::RateLimited => 429,
        Code::Internal => 500,
        Code::Overloaded | Code::DiskFull | Code::CatchingUp | Code::Interrupted | Code::Stopping => 503,
    };
    let problem = Problem::new(code, status);
    match code {
        Code::DiskFull => problem.retry_after_ms(30_000),
        Code::CatchingUp | Code::Interrupted => problem.retry_after_ms(1_000),
        Code::Stopping | Code::Overloaded => problem.retry_after_ms(5_000),
        _ => problem,
    }
}

/// Something that is not there.
#[must_use]
pub fn not_found(what: &str) -> Problem {
    problem(Code::NotFound).field(what).detail(format!("{what} not found"))
}

/// A field that breaks its rule.
#[must_use]
pub fn invalid(field: &str, rule: &str) -> Problem {
    problem(Code::Invalid).field(field).rule(rule).detail(format!("{field}: {rule}"))
}

/// What the caller is told of an engine's failure. `org` gives the holder of a seat a name.
#[must_use]
pub fn from_failure(failure: Failure, org: &Org) -> Problem {
    match failure {
        Failure::Rejected(rejected) => from_rejected(rejected, org),
        Failure::NotFound(what) => not_found(what),
        Failure::Moved { window } => {
            let mut moved = problem(Code::Moved);
            moved.extra.window = Some(window.to_string());
            moved
        }
        Failure::Overloaded { what, retry_after_ms } => {
            problem(Code::Overloaded).detail(format!("{what} is full")).retry_after_ms(retry_after_ms)
        }
        Failure::DiskFull => problem(Code::DiskFull),
        Failure::CatchingUp => problem(Code::CatchingUp),
        Failure::Interrupted => problem(Code::Interrupted),
        Failure::Stopping => problem(Code::Stopping),
    }
}

fn from_rejected(rejected: Rejected, org: &Org) -> Problem {
    match rejected {
        Rejected::SeatTaken { holder, epoch } => seat(Code::SeatTaken, holder, epoch, org),
        Rejected::SeatStale { holder, epoch } => seat(Code::SeatStale, holder, epoch, org),
        Rejected::SeatNotHeld => problem(Code::SeatNotHeld),
        Rejected::ClientIdReused => problem(Code::ClientIdReused).field("client_id"),
        Rejected::NotAMember => problem(Code::NotAMember),
        Rejected::ColleagueNotAMember => problem(Code::ColleagueNotAMember),
        Rejected::NoOffer => problem(Code::NoOffer),
        Rejected::NeedsSupervisor => problem(Code::NeedsSupervisor),
        Rejected::NotTheAuthor => problem(Code::NotTheAuthor),
        Rejected::NotFound { what } => not_found(what),
        Rejected::NotWaiting => problem(Code::NotWaiting),
        Rejected::Invalid { field, rule } => invalid(&field, &rule),
        Rejected::LimitReached { what, limit } => {
            problem(Code::LimitReached).field(what).limit(limit).detail(format!("{what}: at most {limit}"))
        }
        Rejected::TooFew { what, least } => {
            problem(Code::LimitReached).field(what).limit(least).detail(format!("{what}: at least {least}"))
        }
        Rejected::TrialOver => problem(Code::TrialOver),
        Rejected::SetAside => problem(Code::SetAside),
        Rejected::Unheard { number } => problem(Code::Unheard).detail(format!("message {number} was not heard yet")),
        Rejected::Exists { what } => problem(Code::Exists).field(what).detail(format!("{what} exists already")),
    }
}

fn seat(code: Code, holder: Option<AgentId>, epoch: u64, org: &Org) -> Problem {
    let mut refused = problem(code);
    refused.extra.epoch = Some(epoch);
    refused.extra.holder = holder.map(|id| Holder {
        id: id.to_string(),
        name: org.agents.get(&id).map_or_else(String::new, |agent| agent.name.clone()),
    });
    refused
}

#[cfg(test)]
mod tests {
    use madoguchi_engine::domain::id::WindowId;
    use madoguchi_engine::domain::org::{Agent, Role};
    use madoguchi_engine::domain::time::Timestamp;

    use super::*;

    fn org_with(id: AgentId, name: &str) -> Org {
        let mut org = Org::default();
        org.agents.insert(
            id,
            Agent {
                id,
                login: "hanako".to_owned(),
                name: name.to_owned(),
                role: Role::Agent,
                password_hash: String::new(),
                disabled: false,
                created_at: Timestamp(0),
                icon_url: None,
            },
        );
        org
    }

    #[test]
    fn the_loser_of_a_race_learns_who_won_and_under_which_epoch() {
        let holder = AgentId(7);
        let org = org_with(holder, "花子");
        let refused = from_failure(Failure::Rejected(Rejected::SeatTaken { holder: Some(holder), epoch: 3 }), &org);
        assert_eq!((refused.status, refused.code), (409, Code::SeatTaken));
        assert_eq!(refused.extra.epoch, Some(3));
        assert_eq!(refused.extra.holder, Some(Holder { id: holder.to_string(), name: "花子".to_owned() }));
    }

    #[test]
    fn whoever_may_come_back_is_told_when() {
        for failure in [
            Failure::Overloaded { what: "journal", retry_after_ms: 250 },
            Failure::DiskFull,
            Failure::CatchingUp,
            Failure::Interrupted,
            Failure::Stopping,
        ] {
            let refused = from_failure(failure.clone(), &Org::default());
            assert_eq!(refused.status, 503, "{failure:?}");
            assert!(refused.code.is_worth_retrying(), "{failure:?}");
            let response = respond(&refused);
            let seconds = response.headers().get(header::RETRY_AFTER).cloned();
            let seconds: u64 = seconds.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
            assert!(seconds >= 1, "{failure:?}");
        }
    }

    #[test]
    fn a_broken_rule_names_field_and_rule() {
        let refused = from_failure(Failure::Rejected(WindowId::new("Täler").expect_err("not an id")), &Org::default());
        assert_eq!(refused.status, 422);
        assert_eq!(refused.extra.field.as_deref(), Some("id"));
        assert_eq!(refused.extra.rule.as_deref(), Some("1 to 20 lower-case letters and digits"));
        let response = respond(&refused);
        assert_eq!(response.headers().get(header::CONTENT_TYPE).map(|v| v.as_bytes()), Some(MEDIA_TYPE.as_bytes()));
    }

    #[test]
    fn every_code_has_a_status_of_a_refusal() {
        for code in Code::ALL {
            let refused = problem(*code);
            assert!((400..=503).contains(&refused.status), "{}", code.as_str());
            assert_eq!(
                code.is_worth_retrying(),
                refused.status == 503 || refused.status == 429 || refused.status == 500,
                "{}",
                code.as_str()
            );
        }
    }
}
