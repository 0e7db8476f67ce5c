//! Asking a conversation, which may be asleep or just falling asleep.

use std::sync::Arc;

use super::Done;
use crate::actors::reply::{Answered, Reply, answered};
use crate::actors::{Core, conversation, window as window_actor};
use crate::domain::conversation::Command;
use crate::domain::id::ConversationId;
use crate::domain::record::By;
use crate::failure::Failure;

/// Times that a command is offered to a conversation that was just falling asleep.
const TRIES: usize = 3;

/// Asks a conversation, waking it where it sleeps.
pub(crate) async fn ask(core: &Arc<Core>, by: By, id: ConversationId, command: Command) -> Result<Done, Failure> {
    for _ in 0..TRIES {
        let addr = match core.registry.get(id).filter(actix::Addr::connected) {
            Some(addr) => addr,
            None => wake(core, id).await?,
        };
        let (reply, wait) = Reply::new(&core.depths.conversations);
        match addr.try_send(conversation::Ask { by, command: command.clone(), reply }) {
            Ok(()) => {}
            Err(actix::prelude::SendError::Full(_)) => {
                return Err(Failure::Overloaded { what: "conversation", retry_after_ms: 200 });
            }
            Err(actix::prelude::SendError::Closed(_)) => continue,
        }
        match answered(wait).await {
            Answered::With(result) => return result,
            Answered::NotTaken => {}
        }
    }
    Err(Failure::Interrupted)
}

async fn wake(core: &Arc<Core>, id: ConversationId) -> Result<actix::Addr<conversation::ConversationActor>, Failure> {
    let window = match core.views.open_in(id) {
        Some(view) => view.id.clone(),
        None => core.stored(id).await?.ok_or(Failure::NotFound("conversation"))?.0,
    };
    let addr = core.windows.get(&window).map(|addr| addr.clone()).ok_or(Failure::NotFound("window"))?;
    let (reply, wait) = Reply::new(&core.depths.windows);
    if addr.try_send(window_actor::Wake { id, reply }).is_err() {
        return Err(window_actor::overloaded());
    }
    once(answered(wait).await)
}

fn once<T>(answered: Answered<T>) -> Result<T, Failure> {
    match answered {
        Answered::With(result) => result,
        Answered::NotTaken => Err(Failure::Interrupted),
    }
}
