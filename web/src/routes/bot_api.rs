//! What a bot may say and read: only about conversations of its window, and only while it holds them. What it is refused
//! stands in its log.

use std::fs::File;

use actix_web::{HttpRequest, HttpResponse, web};
use madoguchi_engine::content::{Note, Purpose};
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::Author;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::handle::Done;
use madoguchi_engine::rows::{ConversationRow, MessageKind, MessageRow};
use madoguchi_protocol::api::{
    BotAnswer, BotComplete, BotConversation, BotDone, BotHandover, Items, Message, NewContent, Upload,
};
use madoguchi_protocol::{Code, Problem};

use super::files::{self, Named};
use super::{Answer, ok, serving};
use crate::App;
use crate::auth::bots::BotCaller;
use crate::commands::{self, refused};
use crate::convert;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place, Query};
use crate::routes::conversations::filter::Messages;

/// A conversation that the bot holds.
#[utoipa::path(get, path = "/api/v1/bot/conversations/{conversation}", tag = "bot",
    responses((status = 200, description = "The conversation.", body = BotConversation)))]
pub(crate) async fn get(app: web::Data<App>, who: BotCaller, place: Place) -> Answer {
    let read = held(&app, &who, &place).await;
    ok(&convert::bot::conversation(&noted(&app, &who, &place, "conversation", read)?))
}

/// What was said in a conversation that the bot holds. Memos of people are between people, and left out.
#[utoipa::path(get, path = "/api/v1/bot/conversations/{conversation}/messages", tag = "bot", params(Messages),
    responses((status = 200, description = "In ascending order.", body = Items<Message>)))]
pub(crate) async fn messages(
    app: web::Data<App>,
    who: BotCaller,
    place: Place,
    Query(query): Query<Messages>,
) -> Answer {
    let read = held(&app, &who, &place).await;
    let row = noted(&app, &who, &place, "conversation", read)?;
    let page = app.engine.messages(row.state.id, query.place()?).await.map_err(|failure| refused(&app, failure))?;
    let items = page.items.iter().filter(|row| is_for_bots(row)).map(convert::message::message).collect();
    ok(&Items::<Message> { items, next_cursor: page.next_cursor })
}

/// An answer to the customer. 202: it is on disk and goes out in order.
#[utoipa::path(post, path = "/api/v1/bot/conversations/{conversation}/messages", tag = "bot", request_body = BotAnswer,
    responses((status = 202, description = "Accepted. The same client id with the same content is the same message.", body = BotDone)))]
pub(crate) async fn answer(app: web::Data<App>, who: BotCaller, place: Place, Json(body): Json<BotAnswer>) -> Answer {
    let done = say(&app, &who, &place, body).await;
    Ok(HttpResponse::Accepted().json(noted(&app, &who, &place, "messages", done)?))
}

async fn say(app: &App, who: &BotCaller, place: &Place, body: BotAnswer) -> Result<BotDone, Problem> {
    let conversation = of_window(app, who, place).await?;
    let uploads = commands::uploads_of(app, who.sender(), conversation, &body.content).await?;
    let row = app.engine.conversation(conversation).await.map_err(|failure| refused(app, failure))?;
    if row.state.channel.sends_copies() && !matches!(body.content, NewContent::Text { .. }) {
        return Err(invalid("content.type", "text, over mail"));
    }
    let command = Command::BotSend {
        seat_epoch: body.seat_epoch,
        client_id: body.client_id,
        content: convert::answer::content(body.content, &uploads)?,
        dress: convert::answer::dress(body.quick_replies),
        retry_key: rand::random(),
    };
    let done = run(app, who, place, command).await?;
    if let (Some(message), false) = (&done.message, uploads.is_empty()) {
        app.engine.files_sent(uploads.into_keys().collect(), conversation, message.number).await;
    }
    Ok(done)
}

/// Takes a file as the body, to be named in an answer; as people send theirs.
#[utoipa::path(post, path = "/api/v1/bot/files", tag = "bot", params(Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "It can be named in answers.", body = Upload)))]
pub(crate) async fn upload(
    app: web::Data<App>,
    req: HttpRequest,
    who: BotCaller,
    Query(named): Query<Named>,
    body: web::Payload,
) -> Answer {
    files::take_in(&app, &req, who.sender(), named, body).await
}

/// The bytes of a file of a conversation, while the bot holds it.
#[utoipa::path(get, path = "/api/v1/bot/conversations/{conversation}/files/{file}", tag = "bot",
    responses((status = 200, description = "The bytes; ranges are served.", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(crate) async fn file(app: web::Data<App>, req: HttpRequest, who: BotCaller, place: Place) -> Answer {
    let read = file_of(&app, &who, &place).await;
    let (note, file) = noted(&app, &who, &place, "file", read)?;
    serving::file(&req, &note, file, serving::ASKED_EACH_TIME)
}

async fn file_of(app: &App, who: &BotCaller, place: &Place) -> Result<(Note, File), Problem> {
    let row = held(app, who, place).await?;
    let found = app.engine.file(place.id("file")?).await.map_err(|failure| refused(app, failure))?;
    match found.0.purpose {
        Purpose::Message { conversation, .. } if conversation == row.state.id => Ok(found),
        _ => Err(not_found("file")),
    }
}

/// Asks for people. The conversation is new and waits for them; the summary is a memo.
#[utoipa::path(post, path = "/api/v1/bot/conversations/{conversation}/handover", tag = "bot", request_body = BotHandover,
    responses((status = 200, description = "The bot does not hold it any more.", body = BotDone)))]
pub(crate) async fn hand_over(
    app: web::Data<App>,
    who: BotCaller,
    place: Place,
    Json(body): Json<BotHandover>,
) -> Answer {
    let command = Command::BotHandOver { seat_epoch: body.seat_epoch, summary: body.summary };
    let done = run(&app, &who, &place, command).await;
    ok(&noted(&app, &who, &place, "handover", done)?)
}

/// Closes the case. Refused with `unheard` where the customer wrote something that the bot has not heard.
#[utoipa::path(post, path = "/api/v1/bot/conversations/{conversation}/complete", tag = "bot", request_body = BotComplete,
    responses((status = 200, description = "The case is closed.", body = BotDone)))]
pub(crate) async fn complete(
    app: web::Data<App>,
    who: BotCaller,
    place: Place,
    Json(body): Json<BotComplete>,
) -> Answer {
    let command = Command::BotComplete { seat_epoch: body.seat_epoch, heard: body.heard };
    let done = run(&app, &who, &place, command).await;
    ok(&noted(&app, &who, &place, "complete", done)?)
}

async fn run(app: &App, who: &BotCaller, place: &Place, command: Command) -> Result<BotDone, Problem> {
    let conversation = of_window(app, who, place).await?;
    let Done { row, number } =
        app.engine.command(By::Bot, conversation, command).await.map_err(|failure| nameless(refused(app, failure)))?;
    let message = match number {
        Some(number) => commands::read_back(app, conversation, number).await,
        None => None,
    };
    Ok(BotDone { conversation: convert::bot::conversation(&row), message })
}

/// The conversation in the address, where it is in the bot's window. Of others it learns nothing.
async fn of_window(app: &App, who: &BotCaller, place: &Place) -> Result<ConversationId, Problem> {
    let id: ConversationId = place.id("conversation")?;
    let window = app.engine.window_of(id).await.map_err(|failure| refused(app, failure))?;
    if window.as_ref() == Some(&who.window) { Ok(id) } else { Err(not_found("conversation")) }
}

/// The conversation in the address, while the bot holds it.
async fn held(app: &App, who: &BotCaller, place: &Place) -> Result<ConversationRow, Problem> {
    let id = of_window(app, who, place).await?;
    let row = app.engine.conversation(id).await.map_err(|failure| refused(app, failure))?;
    if row.state.seat.holder == Holder::Bot { Ok(row) } else { Err(problem(Code::SeatNotHeld)) }
}

/// Writes a call down, and a refusal with its code.
fn noted<T>(
    app: &App,
    who: &BotCaller,
    place: &Place,
    call: &'static str,
    result: Result<T, Problem>,
) -> Result<T, Problem> {
    if let Ok(conversation) = place.id("conversation") {
        let code = result.as_ref().err().map(|problem| (call, problem.code.as_str()));
        app.engine.bot_called(&who.window, conversation, code);
    }
    result
}

/// Who took a conversation is nobody's business outside the house.
fn nameless(mut problem: Problem) -> Problem {
    problem.extra.holder = None;
    problem
}

fn is_for_bots(row: &MessageRow) -> bool {
    !matches!(row.kind, MessageKind::Note { author: Author::Agent(_), .. })
}
