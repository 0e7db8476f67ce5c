//! A wish of the wire as a wish of the domain.

use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::org::Role;
use madoguchi_protocol::{Problem, api};

use super::answer;
use crate::auth::Identity;
use crate::authorize::Action;
use crate::error::invalid;

/// The right that a command needs.
#[must_use]
pub fn action(command: &api::Command) -> Action {
    use api::Command as C;
    match command {
        C::Claim(_) | C::AcceptHandover(_) => Action::Work,
        C::Assign(_) | C::AddNote(_) | C::EditNote(_) | C::DeleteNote(_) => Action::Oversee,
        C::Release(_)
        | C::Complete(_)
        | C::Handover(_)
        | C::DeclineHandover(_)
        | C::Send(_)
        | C::Cancel(_)
        | C::ReturnToBot(_) => Action::UseSeat,
        C::Takeover(_) => Action::TakeOver,
        C::TakeBack(_) => Action::TakeBack,
    }
}

/// The command as the domain takes it. `uploads` are those that it names; `retry_key` is drawn by the caller.
///
/// # Errors
/// An id in it is none.
pub fn command(
    who: &Identity,
    command: api::Command,
    uploads: &answer::Uploads,
    retry_key: u128,
) -> Result<Command, Problem> {
    use api::Command as C;
    let agent = who.agent;
    Ok(match command {
        C::Claim(_) => Command::Claim { agent },
        C::Release(api::SeatEpoch { seat_epoch }) => Command::Release { agent, seat_epoch },
        C::Complete(api::SeatEpoch { seat_epoch }) => Command::Complete { agent, seat_epoch },
        C::Takeover(api::Takeover { reason }) => {
            Command::TakeOver { agent, supervisor: who.role >= Role::Supervisor, reason }
        }
        C::Handover(handover) => Command::OfferHandover {
            agent,
            seat_epoch: handover.seat_epoch,
            to: agent_id("to", &handover.to)?,
            note: handover.note,
        },
        C::AcceptHandover(_) => Command::AcceptHandover { agent },
        C::DeclineHandover(_) => Command::EndHandover { agent },
        C::Assign(api::Assign { assignee }) => {
            Command::Assign { agent, assignee: assignee.map(|id| agent_id("assignee", &id)).transpose()? }
        }
        C::Send(send) => Command::Send {
            agent,
            seat_epoch: send.seat_epoch,
            client_id: send.client_id,
            content: answer::content(send.content, uploads)?,
            dress: answer::dress(send.quick_replies),
            retry_key,
        },
        C::Cancel(cancel) => Command::Cancel { agent, seat_epoch: cancel.seat_epoch, number: cancel.number },
        C::AddNote(note) => Command::AddNote { agent, client_id: note.client_id, text: note.text },
        C::EditNote(note) => Command::EditNote { agent, number: note.number, text: note.text },
        C::TakeBack(_) => Command::TakeBack { agent },
        C::ReturnToBot(back) => Command::ReturnToBot { agent, seat_epoch: back.seat_epoch, note: back.note },
        C::DeleteNote(note) => Command::DeleteNote { agent, number: note.number },
    })
}

fn agent_id(field: &str, text: &str) -> Result<AgentId, Problem> {
    text.parse().map_err(|_| invalid(field, "an agent's id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(role: Role) -> Identity {
        Identity::of(AgentId(1), role)
    }

    #[test]
    fn nobody_says_of_themselves_that_they_are_a_supervisor() {
        let wish = api::Command::Takeover(api::Takeover { reason: "r".to_owned() });
        for (role, wanted) in [(Role::Agent, false), (Role::Supervisor, true), (Role::Owner, true)] {
            let Ok(Command::TakeOver { supervisor, .. }) =
                command(&who(role), wish.clone(), &answer::Uploads::new(), 0)
            else {
                panic!("a take-over stays one");
            };
            assert_eq!(supervisor, wanted);
        }
    }

    #[test]
    fn an_id_that_is_none_is_named() {
        let wish = api::Command::Handover(api::Handover { seat_epoch: 1, to: "taro".to_owned(), note: None });
        let refused = command(&who(Role::Agent), wish, &answer::Uploads::new(), 0).expect_err("no id");
        assert_eq!(refused.extra.field.as_deref(), Some("to"));
    }
}
