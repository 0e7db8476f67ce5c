//! Conversations: lists, timelines, and every command that concerns the seat.

use actix_web::{HttpResponse, web};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_protocol::api::{
    Assign, Claim, Command, CommandDone, Conversation, Handover, Items, Message, Read, SeatEpoch, Send, TakeBack,
    Takeover,
};

use super::{Answer, ok};
use crate::App;
use crate::auth::Identity;
use crate::commands::{self, refused};
use crate::convert;
use crate::extract::{Json, Place, Query};
use crate::routes::windows::visible;

use filter::{Conversations, Messages};

pub(crate) mod filter;

/// Conversations over all windows that the caller sees; with `holder=me` the ones in their hands.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(Conversations),
    responses((status = 200, description = "Open ones first, the longest waiting at the top.", body = Items<Conversation>)))]
pub(crate) async fn list(app: web::Data<App>, who: Identity, Query(query): Query<Conversations>) -> Answer {
    page(&app, query.over(visible(&app, &who), &who)?).await
}

/// Conversations of one window. Without a filter everything is shown: no default hides waiting work.
#[utoipa::path(get, path = "/api/v1/windows/{window}/conversations", tag = "conversations", params(Conversations),
    responses((status = 200, description = "Open ones first, the longest waiting at the top.", body = Items<Conversation>)))]
pub(crate) async fn list_of_window(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Query(query): Query<Conversations>,
) -> Answer {
    page(&app, query.over(vec![place.window()?], &who)?).await
}

async fn page(app: &App, query: madoguchi_engine::rows::ListQuery) -> Answer {
    let page = app.engine.conversations(query).await.map_err(|failure| refused(app, failure))?;
    ok(&Items {
        items: page.items.iter().map(|row| commands::shown(app, row)).collect(),
        next_cursor: page.next_cursor,
    })
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}", tag = "conversations", responses((status = 200, description = "The conversation.", body = Conversation)))]
pub(crate) async fn get(app: web::Data<App>, place: Place) -> Answer {
    let row = app.engine.conversation(place.id("conversation")?).await.map_err(|failure| refused(&app, failure))?;
    ok(&commands::shown(&app, &row))
}

/// Messages and memos in order. Without a place in it: the newest.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}/messages", tag = "messages", params(Messages),
    responses((status = 200, description = "In ascending order.", body = Items<Message>)))]
pub(crate) async fn messages(app: web::Data<App>, place: Place, Query(query): Query<Messages>) -> Answer {
    let page = app
        .engine
        .messages(place.id("conversation")?, query.place()?)
        .await
        .map_err(|failure| refused(&app, failure))?;
    ok(&Items { items: page.items.iter().map(convert::message::message).collect(), next_cursor: page.next_cursor })
}

/// 対応開始: takes the free seat, or resumes a done conversation. Claiming what one holds changes nothing.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/claim", tag = "seat", request_body = Claim,
    responses((status = 200, description = "The caller holds the seat.", body = CommandDone)))]
pub(crate) async fn claim(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<Claim>) -> Answer {
    run(&app, &who, &place, Command::Claim(body)).await
}

/// 未対応に戻す.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/release", tag = "seat", request_body = SeatEpoch,
    responses((status = 200, description = "The seat is free.", body = CommandDone)))]
pub(crate) async fn release(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<SeatEpoch>) -> Answer {
    run(&app, &who, &place, Command::Release(body)).await
}

/// 対応完了. What was accepted before still goes out.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/complete", tag = "seat", request_body = SeatEpoch,
    responses((status = 200, description = "The case is closed.", body = CommandDone)))]
pub(crate) async fn complete(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<SeatEpoch>) -> Answer {
    run(&app, &who, &place, Command::Complete(body)).await
}

/// Takes the seat from a holder who is present. Supervisors only.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/takeover", tag = "seat", request_body = Takeover,
    responses((status = 200, description = "The caller holds the seat.", body = CommandDone)))]
pub(crate) async fn take_over(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<Takeover>) -> Answer {
    run(&app, &who, &place, Command::Takeover(body)).await
}

/// Asks a colleague to take the seat. Until they accept it stays with the caller.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/handover", tag = "seat", request_body = Handover,
    responses((status = 200, description = "The colleague is asked.", body = CommandDone)))]
pub(crate) async fn hand_over(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<Handover>) -> Answer {
    run(&app, &who, &place, Command::Handover(body)).await
}

/// The colleague says yes.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/handover/accept", tag = "seat", request_body = Claim,
    responses((status = 200, description = "The caller holds the seat.", body = CommandDone)))]
pub(crate) async fn accept_handover(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(body): Json<Claim>,
) -> Answer {
    run(&app, &who, &place, Command::AcceptHandover(body)).await
}

/// The colleague says no, or the giver takes the offer back.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/handover/decline", tag = "seat", request_body = Claim,
    responses((status = 200, description = "The seat stays with the giver.", body = CommandDone)))]
pub(crate) async fn decline_handover(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(body): Json<Claim>,
) -> Answer {
    run(&app, &who, &place, Command::DeclineHandover(body)).await
}

/// Names the person responsible, or nobody. The right to send stays where it is.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/assign", tag = "conversations", request_body = Assign,
    responses((status = 200, description = "Named.", body = CommandDone)))]
pub(crate) async fn assign(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<Assign>) -> Answer {
    run(&app, &who, &place, Command::Assign(body)).await
}

/// Puts a conversation back to work that was set aside after repeated failures. What its customer wrote meanwhile follows,
/// what waited to go out goes out. Administrators only.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/takeback", tag = "conversations", request_body = TakeBack,
    responses((status = 200, description = "It works again; one that was not set aside stays as it is.", body = CommandDone)))]
pub(crate) async fn take_back(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<TakeBack>) -> Answer {
    run(&app, &who, &place, Command::TakeBack(body)).await
}

/// An answer to the customer. 202: it is on disk and goes out in order; what becomes of it is told as updates.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/messages", tag = "messages", request_body = Send,
    responses((status = 202, description = "Accepted. The same client id with the same content is the same message.", body = CommandDone)))]
pub(crate) async fn send(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<Send>) -> Answer {
    let conversation: ConversationId = place.id("conversation")?;
    let done = commands::run(&app, &who, conversation, Command::Send(body)).await?;
    Ok(HttpResponse::Accepted().json(done))
}

/// Says that the caller has seen the messages up to one. Where the caller holds the seat and the account shows it, the
/// customer sees that they were read.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/read", tag = "messages", request_body = Read,
    responses((status = 204, description = "Heard.")))]
pub(crate) async fn read(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<Read>) -> Answer {
    app.engine.read(who.agent, place.id("conversation")?, body.number);
    super::done()
}

/// Withdraws an answer that has not gone out.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/messages/{number}/cancel", tag = "messages", request_body = SeatEpoch,
    responses((status = 200, description = "Withdrawn.", body = CommandDone)))]
pub(crate) async fn cancel(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<SeatEpoch>) -> Answer {
    let cancel = madoguchi_protocol::api::Cancel { number: place.id("number")?, seat_epoch: body.seat_epoch };
    run(&app, &who, &place, Command::Cancel(cancel)).await
}

/// Runs a command on the conversation in the address and answers 200 with what it did.
pub(crate) async fn run(app: &App, who: &Identity, place: &Place, command: Command) -> Answer {
    let conversation: ConversationId = place.id("conversation")?;
    ok(&commands::run(app, who, conversation, command).await?)
}
