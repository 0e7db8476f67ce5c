//! One call with what goes wrong on purpose around it. The log says what was really done, whatever the caller is told.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;

use super::body::Body;
use super::respond::Answer;
use super::{Admitted, NoAnswer, call, settle};
use crate::double::calls::Call;
use crate::double::faults::Fault;
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;

/// How long a call hangs before its connection is closed all the same, so that forgotten ones do not gather for ever.
const HANG: Duration = Duration::from_secs(600);

pub(super) async fn run(
    platform: &Arc<Platform>,
    admitted: Admitted,
    mut call: Call,
) -> Result<Response<Body>, NoAnswer> {
    let request_id = admitted.request_id;
    call.fault = platform.faults.take(admitted.route.endpoint(), &admitted.channel);
    let refused = |refusal: &Refusal| Some(Answer::refused(refusal));
    // What the caller gets instead, where nothing is to be done.
    let instead = match call.fault {
        Some(Fault::ErrorBefore(status)) => Some(Answer::with_status(status, Refusal::internal().body())),
        Some(Fault::RateLimited) => refused(&Refusal::rate()),
        Some(Fault::QuotaReached) => refused(&Refusal::quota()),
        Some(Fault::Unauthorized) => refused(&Refusal::unauthorized()),
        Some(Fault::DropBefore) => {
            settle(platform, call);
            return Err(NoAnswer);
        }
        Some(Fault::HangBefore) => {
            settle(platform, call);
            return hang().await;
        }
        _ => None,
    };
    if let Some(answer) = instead {
        call.status = Some(answer.status);
        settle(platform, call);
        return Ok(answer.response(request_id));
    }
    if let Some(Fault::SlowBefore(delay_ms)) = call.fault {
        return late(platform, admitted, call, Duration::from_millis(delay_ms)).await;
    }
    let answer = call::run(platform, &admitted).await;
    after(platform, call, answer).await
}

/// Done after a delay, by a task of its own: a platform works on when its caller has given up.
async fn late(
    platform: &Arc<Platform>,
    admitted: Admitted,
    call: Call,
    delay: Duration,
) -> Result<Response<Body>, NoAnswer> {
    let platform = Arc::clone(platform);
    let work = tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        let answer = call::run(&platform, &admitted).await;
        after(&platform, call, answer).await
    });
    work.await.unwrap_or(Err(NoAnswer))
}

/// The call is done; the caller may still not be told so.
async fn after(platform: &Platform, mut call: Call, answer: Answer) -> Result<Response<Body>, NoAnswer> {
    let request_id = call.request_id;
    call.accepted = answer.status < 300;
    let (answer, wait) = match call.fault {
        Some(Fault::DropAfter) => (None, Duration::ZERO),
        Some(Fault::HangAfter) => (None, HANG),
        Some(Fault::ErrorAfter(status)) => {
            (Some(Answer::with_status(status, Refusal::internal().body())), Duration::ZERO)
        }
        Some(Fault::SlowAfter(delay_ms)) => (Some(answer), Duration::from_millis(delay_ms)),
        Some(Fault::CutAfter(bytes)) => (Some(answer.cut_after(bytes)), Duration::ZERO),
        _ => (Some(answer), Duration::ZERO),
    };
    call.status = answer.as_ref().map(|answer| answer.status);
    settle(platform, call);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    answer.map(|answer| answer.response(request_id)).ok_or(NoAnswer)
}

async fn hang() -> Result<Response<Body>, NoAnswer> {
    tokio::time::sleep(HANG).await;
    Err(NoAnswer)
}
