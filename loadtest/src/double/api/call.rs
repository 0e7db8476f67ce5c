//! What each call does. Everything but the webhook test is one step under the world's lock.

use std::convert::identity;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::respond::Answer;
use super::route::Route;
use super::{Admitted, chat, people, token, webhook};
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::{ChannelState, Found, Part, Send};
use crate::double::validate::{self, Shape};

pub(super) async fn run(platform: &Arc<Platform>, admitted: &Admitted) -> Answer {
    let key = match retry_key(admitted) {
        Ok(key) => key,
        Err(refusal) => return Answer::refused(&refusal),
    };
    let now_ms = platform.clock.now_ms();
    let done = match &admitted.route {
        Route::Token(call) => return token::run(platform, *call, admitted),
        Route::Content(message, part) => return content(platform, admitted, message, *part),
        Route::Loading => {
            let done = chat::start_loading(platform, admitted);
            return done.map_or_else(|refusal| Answer::refused(&refusal), |()| Answer::with_status(202, json!({})));
        }
        Route::Send(shape) => send(platform, admitted, *shape, key),
        Route::Validate => {
            validate::body(Shape::Messages, &admitted.body, platform.plain_http_media).map(|_| json!({}))
        }
        Route::Info => of_channel(platform, admitted, |channel| people::info(channel, &platform.files_url)),
        Route::Profile(user) => {
            of_channel(platform, admitted, |channel| people::profile(channel, user, &platform.files_url))
                .and_then(identity)
        }
        Route::Followers => {
            of_channel(platform, admitted, |channel| people::followers(channel, &admitted.query)).and_then(identity)
        }
        Route::Group(group, call) => people::group(platform, admitted, group, call),
        Route::Quota => of_channel(platform, admitted, |channel| json!(channel.quota)),
        Route::Consumption => of_channel(platform, admitted, |channel| json!({ "totalUsage": channel.used(now_ms) })),
        Route::WebhookGet => of_channel(platform, admitted, webhook::get).and_then(identity),
        Route::WebhookPut => webhook::set(platform, admitted),
        Route::WebhookTest => webhook::test(platform, admitted).await,
        Route::MarkAsRead => chat::mark_as_read(platform, admitted),
        Route::LinkToken(user) => chat::link_token(platform, admitted, user),
    };
    done.map_or_else(|refusal| Answer::refused(&refusal), Answer::ok)
}

fn content(platform: &Platform, admitted: &Admitted, message: &str, part: Part) -> Answer {
    let now_ms = platform.clock.now_ms();
    match platform.world.lock().contents.find(&admitted.channel, message, part, now_ms) {
        Ok(Found::Media(media)) => Answer::media(media),
        Ok(Found::Preparing) => Answer::empty(202),
        Ok(Found::State(status)) => Answer::ok(json!({ "status": status })),
        Err(refusal) => Answer::refused(&refusal),
    }
}

/// The retry key: a UUID with dashes, and only where it means something (LINE, "Retrying an API request").
fn retry_key(admitted: &Admitted) -> Result<Option<Uuid>, Refusal> {
    let Some(key) = &admitted.retry_key else { return Ok(None) };
    if !admitted.route.takes_retry_key() {
        return Err(Refusal::new(400, "The retry key is not supported by this endpoint"));
    }
    let dashed = key.len() == 36;
    let key = Uuid::parse_str(key).ok().filter(|_| dashed);
    key.map(Some).ok_or_else(|| Refusal::new(400, "The retry key is invalid"))
}

fn send(
    platform: &Arc<Platform>,
    admitted: &Admitted,
    shape: Shape,
    retry_key: Option<Uuid>,
) -> Result<Value, Refusal> {
    let (target, messages) = validate::body(shape, &admitted.body, platform.plain_http_media)?;
    let target = target.ok_or_else(|| Refusal::property("to"))?;
    let send = Send { target, messages, request_id: admitted.request_id, retry_key };
    let accepted = platform.world.lock().send(&admitted.channel, &send, platform.clock.now_ms())?;
    platform.fetch_media(&accepted.arrived);
    platform.announce(accepted.arrived);
    Ok(accepted.answer)
}

pub(super) fn of_channel<T>(
    platform: &Platform,
    admitted: &Admitted,
    read: impl FnOnce(&ChannelState) -> T,
) -> Result<T, Refusal> {
    platform.world.lock().channel(&admitted.channel).map(read).ok_or_else(Refusal::unauthorized)
}
