//! Memos between colleagues.

use actix_web::web;
use madoguchi_protocol::api::{AddNote, Command, CommandDone, DeleteNote, EditNote, EditNoteBody};

use super::Answer;
use super::conversations::run;
use crate::App;
use crate::auth::Identity;
use crate::extract::{Json, Place};

/// Adds a memo. The customer never sees it.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/notes", tag = "notes", request_body = AddNote,
    responses((status = 200, description = "Added. The same client id with the same text is the same memo.", body = CommandDone)))]
pub(crate) async fn add(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<AddNote>) -> Answer {
    run(&app, &who, &place, Command::AddNote(body)).await
}

/// Rewrites one's own memo.
#[utoipa::path(put, path = "/api/v1/conversations/{conversation}/notes/{number}", tag = "notes", request_body = EditNoteBody,
    responses((status = 200, description = "Rewritten.", body = CommandDone)))]
pub(crate) async fn edit(app: web::Data<App>, who: Identity, place: Place, Json(body): Json<EditNoteBody>) -> Answer {
    let edit = EditNote { number: place.id("number")?, text: body.text };
    run(&app, &who, &place, Command::EditNote(edit)).await
}

/// Removes one's own memo. Its place in the order stays.
#[utoipa::path(delete, path = "/api/v1/conversations/{conversation}/notes/{number}", tag = "notes",
    responses((status = 200, description = "Removed.", body = CommandDone)))]
pub(crate) async fn delete(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let delete = DeleteNote { number: place.id("number")? };
    run(&app, &who, &place, Command::DeleteNote(delete)).await
}
