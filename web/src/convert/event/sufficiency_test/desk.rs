//! A desk that knows nothing but the wire: what it has of a window after every update.

use std::collections::BTreeMap;

use madoguchi_protocol::api::{Content as Shown, Conversation, Medium, Message, MessageState, Seat, Status};

use super::super::*;
use super::BUDGET_MS;

/// What an event does to a line.
type Change = Box<dyn Fn(&mut Message)>;

/// What a client keeps of a window.
#[derive(Clone, Default)]
pub(super) struct Desk {
    pub(super) rows: BTreeMap<String, Conversation>,
    pub(super) messages: BTreeMap<(String, u32), Message>,
}

impl Desk {
    /// Applies one update. A conversation that is not known is fetched, as it is by then.
    pub(super) fn take(&mut self, update: &Update, fetch: impl Fn(&str) -> Conversation) {
        let mut moved: Vec<String> = Vec::new();
        for event in &update.events {
            let Some(id) = event.conversation().map(str::to_owned) else { continue };
            self.take_message(&id, event);
            if let Event::Opened { inbox, channel, contact_point, .. } = event {
                self.rows.insert(id.clone(), born(&id, inbox, *channel, contact_point.clone(), update));
            }
            let row = self.rows.entry(id.clone()).or_insert_with(|| fetch(&id));
            if row.position < update.position {
                apply(row, event);
                moved.push(id);
            }
        }
        for id in moved {
            let row = self.rows.get_mut(&id).expect("it was moved");
            row.position = update.position;
            row.updated_at.clone_from(&update.at);
        }
    }

    fn take_message(&mut self, id: &str, event: &Event) {
        let (number, change): (u32, Change) = match event.clone() {
            Event::Received { message, .. } | Event::Queued { message, .. } | Event::NoteAdded { message, .. } => {
                self.messages.insert((id.to_owned(), message.number), message);
                return;
            }
            Event::SendStarted { number, .. } => (number, Box::new(|m| m.state = Some(MessageState::Sending))),
            Event::HeldBack { number, .. } => (number, Box::new(|m| m.state = Some(MessageState::Unsent))),
            Event::Edited { number, content, .. } => {
                (number, Box::new(move |m| (m.content, m.edited) = (content.clone(), true)))
            }
            Event::MediaStored { number, file, .. } => {
                (number, Box::new(move |m| medium(&mut m.content, |medium| medium.file = Some(file.clone()))))
            }
            Event::MediaLost { number, why, .. } => {
                (number, Box::new(move |m| medium(&mut m.content, |medium| medium.lost = Some(why))))
            }
            Event::CopiesChanged { number, copies, .. } => (number, Box::new(move |m| m.copies.clone_from(&copies))),
            Event::SendAbandoned { number, .. } => (number, Box::new(|m| m.state = Some(MessageState::Queued))),
            Event::Unknown { number, .. } => (number, Box::new(|m| m.state = Some(MessageState::Unknown))),
            Event::Cancelled { number, .. } | Event::Lapsed { number, .. } => {
                (number, Box::new(|m| m.state = Some(MessageState::Cancelled)))
            }
            Event::Sent { number, free, .. } => {
                (number, Box::new(move |m| (m.state, m.free) = (Some(MessageState::Sent), free)))
            }
            Event::Failed { number, failure, .. } => {
                (number, Box::new(move |m| (m.state, m.failure) = (Some(MessageState::Failed), Some(failure.clone()))))
            }
            Event::NoteEdited { number, content, .. } => {
                (number, Box::new(move |m| (m.content, m.edited) = (content.clone(), true)))
            }
            Event::NoteDeleted { number, .. } => {
                (number, Box::new(|m| (m.content, m.deleted) = (Shown::Redacted, true)))
            }
            Event::Unsent { number: Some(number), .. } => {
                (number, Box::new(|m| (m.content, m.taken_back) = (Shown::Redacted, true)))
            }
            _ => return,
        };
        if let Some(message) = self.messages.get_mut(&(id.to_owned(), number)) {
            change(message);
        }
    }

    pub(super) fn open(&self) -> Vec<Conversation> {
        self.rows.values().filter(|row| row.status != Status::Done).cloned().collect()
    }
}

fn born(
    id: &str,
    inbox: &str,
    channel: madoguchi_protocol::api::Channel,
    contact_point: ContactPoint,
    update: &Update,
) -> Conversation {
    Conversation {
        id: id.to_owned(),
        window: update.window.clone(),
        inbox: inbox.to_owned(),
        channel,
        contact_point,
        contact: None,
        status: Status::New,
        assignee: None,
        seat: None,
        former_holder: None,
        last_number: 0,
        waiting_to_send: 0,
        waiting_since: None,
        free_answer_until: None,
        subject: None,
        set_aside: false,
        position: 0,
        opened_at: update.at.clone(),
        updated_at: update.at.clone(),
    }
}

/// How each event moves a row.
fn apply(row: &mut Conversation, event: &Event) {
    match event.clone() {
        Event::Received { message, received_at, free_answer, .. } => {
            row.last_number = message.number;
            if free_answer {
                row.free_answer_until = Some(until(&received_at));
            }
            row.waiting_since.get_or_insert(received_at);
        }
        Event::SendStarted { free: true, .. } => row.free_answer_until = None,
        Event::FreeAnswerBack { received_at, .. } => {
            row.free_answer_until.get_or_insert(until(&received_at));
        }
        Event::Reopened { .. } => free(row, Status::New, None),
        Event::Claimed { agent, epoch, .. } => {
            free(row, Status::InProgress, None);
            row.seat = Some(Seat { agent: Some(agent), epoch, offer: None, away: None, claimable: false });
        }
        Event::Released { agent, cause, .. } => {
            free(row, Status::New, (cause != ReleaseCause::Returned).then_some(agent));
        }
        Event::BotSeated { epoch, .. } => {
            free(row, Status::InProgress, None);
            row.seat = Some(Seat { agent: None, epoch, offer: None, away: None, claimable: false });
        }
        Event::BotReleased { .. } => free(row, Status::New, None),
        Event::Completed { .. } | Event::Ended { .. } | Event::BotCompleted { .. } => {
            free(row, Status::Done, None);
            row.waiting_since = None;
        }
        Event::HandoverOffered { offer, .. } => seat(row).offer = Some(offer),
        Event::HandoverEnded { .. } => {
            if let Some(seat) = &mut row.seat {
                seat.offer = None;
            }
        }
        Event::Assigned { assignee, .. } => row.assignee = assignee,
        Event::Queued { message, .. } => {
            row.last_number = message.number;
            row.waiting_to_send += 1;
            if message.agent.is_some() {
                row.waiting_since = None;
            }
        }
        Event::Sent { .. }
        | Event::Failed { .. }
        | Event::Unknown { .. }
        | Event::Cancelled { .. }
        | Event::Lapsed { .. } => {
            row.waiting_to_send -= 1;
        }
        Event::NoteAdded { message, .. } => row.last_number = message.number,
        Event::HolderAway { away, .. } => seat(row).away = Some(away),
        Event::HolderReturned { .. } => (seat(row).away, seat(row).claimable) = (None, false),
        Event::SeatClaimable { .. } => seat(row).claimable = true,
        Event::NameSeen { name, .. } => row.contact_point.name = Some(name),
        Event::PictureSeen { picture_url, .. } => row.contact_point.picture_url = picture_url,
        Event::Followed { received_at, free_answer, .. } => {
            row.contact_point.blocked = false;
            if free_answer {
                row.free_answer_until = Some(until(&received_at));
            }
        }
        Event::Unfollowed { .. } => row.contact_point.blocked = true,
        Event::SetAside { .. } => row.set_aside = true,
        Event::TakenBack { .. } => row.set_aside = false,
        Event::SubjectSeen { subject, .. } => row.subject = subject,
        _ => {}
    }
}

/// What the right to a free answer lives to, by the window's settings.
fn until(received_at: &str) -> String {
    time(super::super::super::parse_time(received_at).expect("a moment").plus_ms(BUDGET_MS))
}

/// The medium that a message still is; a rewritten one may be none any more.
fn medium(content: &mut Shown, change: impl FnOnce(&mut Medium)) {
    if let Shown::Image(medium) | Shown::Video(medium) | Shown::Audio(medium) | Shown::File(medium) = content {
        change(medium);
    }
}

fn free(row: &mut Conversation, status: Status, former: Option<String>) {
    row.status = status;
    row.seat = None;
    row.former_holder = former;
}

fn seat(row: &mut Conversation) -> &mut Seat {
    row.seat.as_mut().expect("somebody holds it")
}
