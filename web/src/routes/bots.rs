//! The bot in front of a window, for administrators: settings, secrets, test, log, and what it could not be told.

use actix_web::{HttpResponse, web};
use madoguchi_engine::domain::bot::BotRules;
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::{ConversationId, InboxId, WindowId};
use madoguchi_engine::domain::org::{self, FormerSecret};
use madoguchi_engine::domain::record::By;
use madoguchi_protocol::api::{
    Bot, BotLogLine, BotMade, BotTest, Conversation, DeadLetter, Items, PutBot, ReturnToBot,
};
use madoguchi_protocol::{Code, Problem};

use super::{Answer, done, ok};
use crate::App;
use crate::auth::{Identity, draw_secret, fingerprint};
use crate::authorize::{Action, Object, authorize};
use crate::commands::{self, refused};
use crate::convert::bot as convert;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place};

/// How long an answer may take where nobody said it, in milliseconds.
const ANSWER_WITHIN_MS: u32 = 30_000;
/// How long a replaced secret signs along, in milliseconds.
const FORMER_SECRET_MS: i64 = 24 * 3_600_000;

/// The window's bot.
#[utoipa::path(get, path = "/api/v1/windows/{window}/bot", tag = "bots", responses((status = 200, description = "The bot.", body = Bot)))]
pub(crate) async fn get(app: web::Data<App>, place: Place) -> Answer {
    ok(&shown(&app, &of_window(&app, &place.window()?)?))
}

/// Puts a bot in front of a window, or changes the one that is there. Secret and token of a new one are in this answer and
/// nowhere else.
#[utoipa::path(put, path = "/api/v1/windows/{window}/bot", tag = "bots", request_body = PutBot,
    responses((status = 200, description = "It stands there.", body = BotMade)))]
pub(crate) async fn put(app: web::Data<App>, who: Identity, place: Place, Json(put): Json<PutBot>) -> Answer {
    let window = place.window()?;
    let before = app.engine.org().bots.get(&window).cloned();
    let endpoint_url = put.endpoint_url.trim().to_owned();
    may_name(&app, &who, &endpoint_url, before.as_ref())?;
    let inboxes: Result<_, Problem> = put
        .inboxes
        .iter()
        .map(|id| id.parse::<InboxId>().map_err(|_| invalid("inboxes", "ids of accounts of this window")))
        .collect();
    let rules = BotRules {
        name: put.name.trim().to_owned(),
        inboxes: inboxes?,
        greets: put.greets,
        answer_within_ms: i64::from(put.answer_within_ms.unwrap_or(ANSWER_WITHIN_MS)),
    };
    let (now, enabled) = (app.clock.now(), put.enabled.unwrap_or(true));
    let (bot, secret, token) = match before {
        Some(before) => (org::Bot { endpoint_url, enabled, rules, changed_at: now, ..before }, None, None),
        None => {
            let id = app.engine.new_bot_id();
            let (secret, shown) = app.engine.new_bot_secret(id);
            let token = new_token();
            let bot = org::Bot {
                id,
                window,
                endpoint_url,
                secret,
                former_secret: None,
                token_hash: fingerprint(&token),
                token_set_at: now,
                enabled,
                rules,
                changed_at: now,
            };
            (bot, Some(shown), Some(token))
        }
    };
    save(&app, &who, bot, secret, token).await
}

/// Takes the window's bot away. Its token opens nothing any more; what it held is open to people.
#[utoipa::path(delete, path = "/api/v1/windows/{window}/bot", tag = "bots", responses((status = 204, description = "It is gone.")))]
pub(crate) async fn remove(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let removed = app.engine.remove_bot(By::Agent(who.agent), &place.window()?).await;
    removed.map_err(|failure| refused(&app, failure))?;
    done()
}

/// Draws another secret. The former one signs along for a day, so that the bot can change over in its own time.
#[utoipa::path(post, path = "/api/v1/windows/{window}/bot/secret", tag = "bots", responses((status = 200, description = "The new secret signs.", body = BotMade)))]
pub(crate) async fn new_secret(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let before = of_window(&app, &place.window()?)?;
    let now = app.clock.now();
    let (secret, shown) = app.engine.new_bot_secret(before.id);
    let former = FormerSecret { secret: before.secret.clone(), until: now.plus_ms(FORMER_SECRET_MS) };
    let bot = org::Bot { secret, former_secret: Some(former), changed_at: now, ..before };
    save(&app, &who, bot, Some(shown), None).await
}

/// Draws another token. The former one opens nothing from now on.
#[utoipa::path(post, path = "/api/v1/windows/{window}/bot/token", tag = "bots", responses((status = 200, description = "The new token opens.", body = BotMade)))]
pub(crate) async fn change_token(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let before = of_window(&app, &place.window()?)?;
    let (now, token) = (app.clock.now(), new_token());
    let bot = org::Bot { token_hash: fingerprint(&token), token_set_at: now, changed_at: now, ..before };
    save(&app, &who, bot, None, Some(token)).await
}

/// Tells the bot nothing (`ping`), to see whether it hears.
#[utoipa::path(post, path = "/api/v1/windows/{window}/bot/test", tag = "bots", responses((status = 200, description = "What became of it.", body = BotTest)))]
pub(crate) async fn test(app: web::Data<App>, place: Place) -> Answer {
    let (trouble, took_ms) = app.engine.test_bot(&place.window()?).await.map_err(|failure| refused(&app, failure))?;
    ok(&BotTest { taken: trouble.is_none(), trouble: trouble.map(convert::trouble), took_ms })
}

/// What the bot was told and how it took it, and which of its calls were refused: the newest first.
#[utoipa::path(get, path = "/api/v1/windows/{window}/bot/log", tag = "bots", responses((status = 200, description = "At most 500 lines since the last start.", body = Items<BotLogLine>)))]
pub(crate) async fn log(app: web::Data<App>, place: Place) -> Answer {
    let items = app.engine.bot_log(&place.window()?).iter().map(convert::log_line).collect();
    ok(&Items::<BotLogLine> { items, next_cursor: None })
}

/// What the bot could not be told, the oldest first. Kept for seven days.
#[utoipa::path(get, path = "/api/v1/windows/{window}/bot/dead-letters", tag = "bots", responses((status = 200, description = "The dead letters.", body = Items<DeadLetter>)))]
pub(crate) async fn dead_letters(app: web::Data<App>, place: Place) -> Answer {
    let dead = app.engine.dead_letters(&place.window()?);
    let items = dead.iter().map(|(conversation, dead)| convert::dead_letter(*conversation, dead)).collect();
    ok(&Items::<DeadLetter> { items, next_cursor: None })
}

/// Tells the bot again what it could not be told of a conversation, under the same ids. Where nobody has taken the
/// conversation meanwhile, the bot holds it again.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/dead-letters/replay", tag = "bots", responses((status = 200, description = "It waits for the bot.", body = Conversation)))]
pub(crate) async fn replay(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    run(&app, &who, &place, Command::ReplayLetters { agent: who.agent }).await
}

/// Puts away what the bot could not be told of a conversation.
#[utoipa::path(delete, path = "/api/v1/conversations/{conversation}/dead-letters", tag = "bots", responses((status = 200, description = "It is put away.", body = Conversation)))]
pub(crate) async fn dismiss(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    run(&app, &who, &place, Command::DropLetters { agent: who.agent }).await
}

/// Gives a conversation back to the window's bot. From then on the caller does not hold it.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/return-to-bot", tag = "seat", request_body = ReturnToBot,
    responses((status = 200, description = "The bot holds the seat.", body = madoguchi_protocol::api::CommandDone)))]
pub(crate) async fn give_back(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(body): Json<ReturnToBot>,
) -> Answer {
    super::conversations::run(&app, &who, &place, madoguchi_protocol::api::Command::ReturnToBot(body)).await
}

async fn run(app: &App, who: &Identity, place: &Place, command: Command) -> Answer {
    let conversation: ConversationId = place.id("conversation")?;
    let told = app.engine.command(By::Agent(who.agent), conversation, command).await;
    ok(&commands::shown(app, &told.map_err(|failure| refused(app, failure))?.row))
}

async fn save(app: &App, who: &Identity, bot: org::Bot, secret: Option<String>, token: Option<String>) -> Answer {
    let window = bot.window.clone();
    app.engine.set_bot(By::Agent(who.agent), bot).await.map_err(|failure| refused(app, failure))?;
    let body = BotMade { bot: shown(app, &of_window(app, &window)?), secret, token };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(body))
}

fn of_window(app: &App, window: &WindowId) -> Result<org::Bot, Problem> {
    app.engine.org().bots.get(window).cloned().ok_or_else(|| not_found("bot"))
}

fn shown(app: &App, bot: &org::Bot) -> Bot {
    convert::bot(bot, &app.engine.bot_health(&bot.window))
}

/// An address on this machine may be named by owners only: what customers write goes there, and it may lead to services
/// that trust whoever is on the machine.
fn may_name(app: &App, who: &Identity, url: &str, before: Option<&org::Bot>) -> Result<(), Problem> {
    let is_new = before.is_none_or(|before| before.endpoint_url != url);
    let is_owner = authorize(who, Action::SetBaseUrls, Object::Organisation, &app.engine).is_ok();
    if is_new && url.starts_with("http://") && !is_owner {
        let detail = "only an owner may name an address on this machine";
        return Err(problem(Code::Forbidden).field("endpoint_url").detail(detail));
    }
    Ok(())
}

fn new_token() -> String {
    format!("mdb_{}", draw_secret())
}
