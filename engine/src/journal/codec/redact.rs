//! What is left of a record whose content was removed on request (DESIGN 4).
//!
//! Times, kinds, numbers and ids stay, so that a replay gives the same order and the same seats. Texts, names, raw
//! bytes and secrets go. Every event is named here, so that a new one has to answer the question.

use super::{Header, decode, read_header, write};
use crate::domain::audit::Event as Audit;
use crate::domain::bot::Seating;
use crate::domain::content::Context;
use crate::domain::content::Dress;
use crate::domain::conversation::{ClaimHow, Event as Talk};
use crate::domain::message::{Content, FailureReason};
use crate::domain::org::{Event as Org, Inbox};
use crate::domain::record::{By, Fact, Record};
use crate::domain::time::Timestamp;
use crate::domain::window::{Event as Window, RawBody};

/// A payload without its content. Emptying it again changes nothing. Of bytes that are no record of this release only
/// time and author stay, where they can be read: content that cannot be told from the rest goes with it.
#[must_use]
pub fn redact(payload: &[u8]) -> Vec<u8> {
    let record = match decode(payload) {
        Ok(record) => emptied(record),
        Err(_) => shell(read_header(payload).ok().map(|(header, _)| header)),
    };
    write(&record).expect("what was read, or an empty record, can be written")
}

/// A record as it reads once its content was removed.
#[must_use]
pub fn emptied(mut record: Record) -> Record {
    record.events.iter_mut().for_each(empty);
    record
}

fn shell(header: Option<Header>) -> Record {
    let (at, by) = header.map_or((Timestamp(0), By::Engine), |header| (header.at, header.by));
    Record { at, by, events: Vec::new() }
}

fn empty(fact: &mut Fact) {
    match fact {
        Fact::Conversation(_, event) => empty_talk(event),
        Fact::Window(event) => empty_window(event),
        Fact::Org(event) => empty_org(event),
        // The chain stays whole without the words.
        Fact::Audit(Audit::Entry(entry)) => entry.erase(),
    }
}

fn empty_talk(event: &mut Talk) {
    match event {
        Talk::Received(received) => {
            received.content = Content::Redacted;
            received.raw = None;
        }
        Talk::Queued(queued) => {
            queued.content = Content::Redacted;
            queued.dress = Dress::default();
        }
        Talk::Edited { content, .. } => *content = Content::Redacted,
        Talk::PictureSeen { picture } => *picture = None,
        // The file's bytes go with the content store; its name alone tells nothing.
        Talk::MediaStored { .. } | Talk::MediaLost { .. } | Talk::HeldBack { .. } | Talk::Unfollowed => {}
        Talk::NoteAdded { text, .. } | Talk::NoteEdited { text, .. } => text.clear(),
        Talk::NameSeen { name } => name.clear(),
        Talk::ContextSeen { context } => *context = Context::default(),
        Talk::HandoverOffered(offer) => offer.note = None,
        Talk::Claimed(claimed) => match &mut claimed.how {
            ClaimHow::TakenOver { reason, .. } => *reason = None,
            ClaimHow::Started | ClaimHow::Resumed | ClaimHow::HandedOver { .. } => {}
        },
        Talk::Failed { reason, .. } => match reason {
            FailureReason::Refused { detail, .. } => detail.clear(),
            FailureReason::Unauthorised { .. }
            | FailureReason::QuotaEmpty
            | FailureReason::GaveUp
            | FailureReason::InboxGone => {}
        },
        // Ids on the platform stay: without them no answer finds its way, and no repetition is recognised.
        Talk::Opened(_) | Talk::Sent { .. } | Talk::Unsent { .. } => {}
        // Single-use rights say nothing of anybody, expire in minutes, and a replay must spend them as they were spent.
        Talk::SendStarted { .. } | Talk::TokenReturned { .. } | Talk::Followed { .. } => {}
        Talk::BotNoteAdded { text, .. } => text.clear(),
        Talk::BotSeated { how, .. } => {
            if let Seating::Returned { note, .. } = how {
                *note = None;
            }
        }
        Talk::BotReleased { .. }
        | Talk::BotCompleted
        | Talk::BotTold { .. }
        | Talk::LetterDied { .. }
        | Talk::LettersReplayed { .. }
        | Talk::LettersDropped { .. } => {}
        Talk::Reopened
        | Talk::Released { .. }
        | Talk::Completed { .. }
        | Talk::HandoverEnded { .. }
        | Talk::Assigned { .. }
        | Talk::Unknown { .. }
        | Talk::Cancelled { .. }
        | Talk::SendAbandoned { .. }
        | Talk::NoteDeleted { .. }
        | Talk::HolderAway(_)
        | Talk::HolderReturned
        | Talk::SeatClaimable
        | Talk::SetAside
        | Talk::Lapsed { .. }
        | Talk::Ended { .. }
        | Talk::TakenBack { .. } => {}
        // What the window says to everybody is nobody's, and may still have to go out.
        Talk::AutoQueued(queued) => queued.name = None,
    }
}

fn empty_window(event: &mut Window) {
    match event {
        Window::RawAccepted(accepted) => accepted.body = RawBody::Redacted,
        // A window's name belongs to no person.
        Window::Opened { .. }
        | Window::AgentAdded { .. }
        | Window::AgentRemoved { .. }
        | Window::SettingsChanged(_)
        | Window::ContactPointSeen { .. }
        | Window::RawSettled { .. }
        | Window::HoursChanged(_)
        | Window::AnswersChanged(_)
        | Window::ClosedPeriodAdded(_)
        | Window::ClosedPeriodRemoved { .. }
        | Window::MaintenanceChanged(_)
        | Window::Described(_)
        | Window::PlacesChanged { .. }
        | Window::Invited { .. }
        | Window::Reset { .. }
        | Window::BotChanged { .. } => {}
    }
}

fn empty_org(event: &mut Org) {
    match event {
        // The login stays: it is what keeps two people apart.
        Org::AgentCreated(agent) => {
            agent.name.clear();
            agent.password_hash.clear();
        }
        Org::AgentChanged { name, icon_url, .. } => {
            name.clear();
            *icon_url = None;
        }
        Org::PasswordChanged { password_hash, .. } => password_hash.clear(),
        Org::InboxCreated(inbox) | Org::InboxChanged(inbox) => empty_inbox(inbox),
        Org::BotSet(bot) => bot.secrets_mut().for_each(|(_, secret)| secret.clear()),
        Org::Invited(invitation) => {
            invitation.login = None;
            invitation.secret_sha256 = [0; 32];
        }
        Org::AgentDisabled { .. }
        | Org::WindowCreated(_)
        | Org::InvitationTakenBack { .. }
        | Org::InvitationAccepted { .. }
        | Org::InvitationSettled { .. }
        | Org::WindowInvited { .. }
        | Org::WindowDescribed { .. }
        | Org::ProductReserved { .. }
        | Org::ProductSettled { .. }
        | Org::ProductsOwned(_)
        | Org::TrialStarted(_)
        | Org::TrialEnded
        | Org::WindowReset { .. }
        | Org::WindowErased { .. }
        | Org::BotRemoved { .. } => {}
    }
}

fn empty_inbox(inbox: &mut Inbox) {
    inbox.settings.secrets_mut().for_each(|(_, secret)| secret.clear());
}
