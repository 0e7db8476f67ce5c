//! The double's own calls under `/_double/`, for programs that have it as a process. No token: it listens on this machine.

use std::sync::Arc;

use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::faults::Api;
use super::serve::{Answer, Asked};
use super::world::World;
use super::{Fault, Times, app, hook};

#[derive(Deserialize)]
struct Rule {
    api: Api,
    fault: Fault,
    times: Times,
}

pub(super) async fn answer(world: &Arc<World>, asked: &Asked) -> Answer {
    let path: Vec<&str> = asked.path.iter().skip(1).map(String::as_str).collect();
    let body = asked.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    match (&asked.method, path.as_slice()) {
        (&Method::GET, ["app"]) => Answer::json(200, &json!(app())),
        (&Method::POST, ["bots"]) => {
            let bot = world.add_bot(&text("name"));
            if let Some(known) = world.state.lock().bots.get_mut(&bot.id) {
                known.callback_url = text("callback_url");
            }
            Answer::json(201, &json!(bot))
        }
        (&Method::POST, ["members"]) => Answer::json(201, &json!({ "id": world.add_member(&text("name")) })),
        (&Method::POST, ["say"]) => {
            let bot = world.state.lock().bots.get(&text("bot")).cloned();
            let Some(bot) = bot else { return Answer::refused(404, "NOT_FOUND", "no such bot") };
            let content = if body["content"].is_object() {
                body["content"].clone()
            } else {
                json!({ "type": "text", "text": text("text") })
            };
            let posted = hook::post(world, &bot, world.event(&text("user"), content), None).await;
            Answer::json(200, &json!({ "status": posted.status }))
        }
        (&Method::POST, ["faults"]) => match serde_json::from_value::<Rule>(body) {
            Ok(rule) => {
                world.faults.set(rule.api, rule.fault, rule.times);
                Answer::empty(204)
            }
            Err(error) => Answer::refused(400, "INVALID_PARAMETER", &error.to_string()),
        },
        (&Method::DELETE, ["faults"]) => {
            world.faults.clear();
            Answer::empty(204)
        }
        (&Method::GET, ["phones", user]) => {
            let state = world.state.lock();
            let shown: Vec<_> = state.shown.iter().filter(|shown| shown.user == *user).collect();
            Answer::json(200, &json!({ "shown": shown }))
        }
        (&Method::GET, ["calls"]) => Answer::json(200, &json!({ "calls": world.state.lock().calls })),
        _ => Answer::refused(404, "NOT_FOUND", "no such control"),
    }
}
