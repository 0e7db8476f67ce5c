//! Every wish to a conversation, whichever way it came: authorise, ask the engine, say what became of it.
//!
//! REST handlers and sockets both come through [`run`], so that neither can do more than the other, nor when less is taken.

use std::sync::Arc;

use madoguchi_engine::domain::conversation::Command as Wish;
use madoguchi_engine::domain::id::{AgentId, ConversationId, WindowId};
use madoguchi_engine::domain::message::Author;
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::rows::ConversationRow;
use madoguchi_engine::{Failure, handle::Done};
use madoguchi_protocol::api::{Command, CommandDone, Conversation, Message, NewContent};
use madoguchi_protocol::{Code, Problem};

use crate::App;
use crate::admission::Class;
use crate::audit;
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::convert;
use crate::error::{from_failure, not_found, problem};

/// Does what `who` wishes and answers when it is on disk.
///
/// # Errors
/// The right is missing, the domain says no, or not now; see `madoguchi_protocol::code`.
pub async fn run(
    app: &App,
    who: &Identity,
    conversation: ConversationId,
    command: Command,
) -> Result<CommandDone, Problem> {
    if app.stopping.has_begun() {
        return Err(problem(Code::Stopping));
    }
    let _place = app.admit(Class::Command)?;
    let window = may(app, who, convert::command::action(&command), conversation).await?;
    match audit::begin_command(app, who, &window, conversation, &command).await? {
        None => act(app, who, conversation, command).await,
        Some(in_hand) => {
            let done = act(app, who, conversation, command).await;
            in_hand.end_with(&done).await;
            done
        }
    }
}

async fn act(
    app: &App,
    who: &Identity,
    conversation: ConversationId,
    command: Command,
) -> Result<CommandDone, Problem> {
    let changed = changed_number(&command);
    let uploads = uploads(app, who, conversation, &command).await?;
    let letter = letter(app, who, conversation, &command, &uploads).await?;
    let mut wish = convert::command::command(who, command, &uploads, rand::random())?;
    if let (Some(letter), Wish::Send { content, .. }) = (letter, &mut wish) {
        *content = letter;
    }
    let Done { row, number } =
        app.engine.command(By::Agent(who.agent), conversation, wish).await.map_err(|failure| refused(app, failure))?;
    if let (Some(number), false) = (number, uploads.is_empty()) {
        app.engine.files_sent(uploads.into_keys().collect(), conversation, number).await;
    }
    let message = match number.or(changed) {
        Some(number) => read_back(app, conversation, number).await,
        None => None,
    };
    let conversation = shown(app, &row);
    Ok(CommandDone { seat: conversation.seat.clone(), conversation, message })
}

/// The uploads that a command names. Those that are not there, or not the caller's, are left out.
async fn uploads(
    app: &App,
    who: &Identity,
    conversation: ConversationId,
    command: &Command,
) -> Result<convert::answer::Uploads, Problem> {
    match command {
        Command::Send(send) => uploads_of(app, who.agent, conversation, &send.content).await,
        _ => Ok(convert::answer::Uploads::new()),
    }
}

/// The uploads of this sender that a content names.
pub async fn uploads_of(
    app: &App,
    sender: AgentId,
    conversation: ConversationId,
    content: &NewContent,
) -> Result<convert::answer::Uploads, Problem> {
    let mut uploads = convert::answer::Uploads::new();
    let ids = convert::answer::named(content);
    if ids.is_empty() {
        return Ok(uploads);
    }
    let row = app.engine.conversation(conversation).await.map_err(|failure| refused(app, failure))?;
    for id in ids {
        let named = app.engine.upload_named(id, sender, conversation, row.state.next_number()).await;
        if let Some(upload) = named.map_err(|failure| refused(app, failure))? {
            uploads.insert(id, upload);
        }
    }
    Ok(uploads)
}

/// The whole mail out of what an agent wrote, where the conversation runs over mail.
async fn letter(
    app: &App,
    who: &Identity,
    conversation: ConversationId,
    command: &Command,
    uploads: &convert::answer::Uploads,
) -> Result<Option<Content>, Problem> {
    let Command::Send(send) = command else { return Ok(None) };
    let (text, files, quote) = match &send.content {
        NewContent::Text { text } => (text, [].as_slice(), None),
        NewContent::Mail(mail) => (&mail.text, mail.files.as_slice(), mail.quote),
        _ => return Ok(None),
    };
    let row = app.engine.conversation(conversation).await.map_err(|failure| refused(app, failure))?;
    if !row.state.channel.sends_copies() {
        return Ok(None);
    }
    // Told again, it is what it was: another mail may have come since, and would be quoted now.
    if let Some(number) = row.state.number_of(Author::Agent(who.agent), &send.client_id)
        && let Ok(known) = app.engine.message(conversation, number).await
        && let Content::Mail(mail) = &known.content
        && mail.text.starts_with(text.trim_end())
        && mail.parts.len() == files.len()
    {
        return Ok(Some(known.content));
    }
    let parts = convert::answer::parts(files, uploads)?;
    let whole = app.engine.mail_answer(conversation, text, parts, quote).await;
    whole.map(Some).map_err(|failure| refused(app, failure))
}

/// Whether `who` may do this to the conversation; answers with its window.
///
/// # Errors
/// There is no such conversation, or the right is missing.
pub async fn may(app: &App, who: &Identity, action: Action, conversation: ConversationId) -> Result<WindowId, Problem> {
    let window = app
        .engine
        .window_of(conversation)
        .await
        .map_err(|failure| refused(app, failure))?
        .ok_or_else(|| not_found("conversation"))?;
    authorize(who, action, Object::Window(&window), &app.engine).map_err(|_| problem(Code::Forbidden))?;
    Ok(window)
}

/// The conversation as lists and desks show it.
#[must_use]
pub fn shown(app: &App, row: &ConversationRow) -> Conversation {
    let budget_ms = app.engine.window(&row.window).map_or(0, |window| window.settings.reply_budget_ms);
    convert::conversation::conversation(row, budget_ms)
}

/// The engine's failure in the words of the wire.
#[must_use]
pub fn refused(app: &App, failure: Failure) -> Problem {
    count(&failure);
    let org: Arc<_> = app.engine.org();
    from_failure(failure, &org)
}

/// What the engine could not do for now, by why.
fn count(failure: &Failure) {
    let why = match failure {
        Failure::Rejected(_) | Failure::NotFound(_) | Failure::Moved { .. } => return,
        Failure::Overloaded { what, .. } => what,
        Failure::DiskFull => "disk full",
        Failure::CatchingUp => "catching up",
        Failure::Interrupted => "interrupted",
        Failure::Stopping => "stopping",
    };
    metrics::counter!("madoguchi_not_now_total", "why" => why).increment(1);
}

/// The line of the timeline that a command changes without making a new one.
fn changed_number(command: &Command) -> Option<u32> {
    match command {
        Command::Cancel(cancel) => Some(cancel.number),
        Command::EditNote(note) => Some(note.number),
        Command::DeleteNote(note) => Some(note.number),
        _ => None,
    }
}

/// The message as it stands now. The command is done whatever becomes of this look, so a look that fails leaves it out.
pub async fn read_back(app: &App, conversation: ConversationId, number: u32) -> Option<Message> {
    match app.engine.message(conversation, number).await {
        Ok(row) => Some(convert::message::message(&row)),
        Err(failure) => {
            tracing::warn!(conversation.id = %conversation, number, %failure, "a message could not be read back");
            None
        }
    }
}
