//! How an event moves the state. Total: what was recorded is true.

use std::collections::VecDeque;

use super::copies::{Copies, CopyOut};
use super::outgoing::{content_hash, external_key, fingerprint, known_key};
use super::{
    AwaitedMedia, Conversation, Event, KnownClientId, KnownExternalId, NoteRef, Outgoing, Queued, Received, ReplyRight,
    Status, limits,
};
use crate::domain::bot::{About, Lost};
use crate::domain::hours::Automatic;
use crate::domain::message::{Author, Content, Delivery, Route};
use crate::domain::seat::{Holder, ReleaseCause};
use crate::domain::time::Timestamp;

impl Conversation {
    /// Moves the state by one event. A record's version is counted by [`Conversation::apply_record`].
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(opened) => {
                self.inbox = opened.inbox;
                self.channel = opened.channel;
                self.contact_point = opened.contact_point;
                self.external_id.clone_from(&opened.external_id);
                self.thread.clone_from(&opened.thread);
                self.opened_at = at;
                self.new_since = at;
            }
            Event::Received(received) => {
                self.take_in(received);
                if self.seat.holder == Holder::Bot && !self.hushed {
                    self.bot.hear(received.number, at, self.seat.epoch);
                } else if self.seat.holder == Holder::Bot && received.content.awaits_answer() {
                    self.bot.pass_over(at);
                }
            }
            Event::Reopened => self.free_seat(Status::New, at),
            Event::Claimed(claimed) => {
                if self.seat.holder == Holder::Bot {
                    self.bot.lose(Lost::TakenOver, at, self.seat.epoch);
                }
                self.free_seat(Status::InProgress, at);
                self.seat.epoch = claimed.epoch;
                self.seat.holder = Holder::Agent(claimed.agent);
                self.may_say_again(Automatic::End);
            }
            Event::Released { agent, cause } => {
                self.free_seat(Status::New, at);
                self.seat.former = (*cause != ReleaseCause::Returned).then_some(*agent);
            }
            Event::Completed { .. } | Event::Ended { .. } => {
                if self.seat.holder == Holder::Bot {
                    self.bot.lose(Lost::Ended, at, self.seat.epoch);
                }
                self.free_seat(Status::Done, at);
                self.waiting_since = None;
                self.silent_since = None;
                self.may_say_again(Automatic::Offline);
            }
            Event::HandoverOffered(offer) => self.seat.offer = Some(offer.clone()),
            Event::HandoverEnded { .. } => self.seat.offer = None,
            Event::Assigned { assignee, .. } => self.assignee = *assignee,
            Event::HolderAway(away) => self.seat.away = Some(*away),
            Event::SeatClaimable => self.seat.claimable = true,
            Event::HolderReturned => {
                self.seat.away = None;
                self.seat.claimable = false;
            }
            Event::Queued(queued) => self.queue(queued, at),
            Event::AutoQueued(queued) => self.queue_automatic(queued, at),
            Event::SendStarted { number, route, lead, joined } => self.start(*number, route, *lead, *joined),
            Event::SendAbandoned { number } => {
                if let Some(item) = self.outbox.iter_mut().find(|item| item.number == *number) {
                    item.delivery = Delivery::Queued;
                    item.route = None;
                }
            }
            Event::HeldBack { number } => {
                if let Some(item) = self.outbox.iter_mut().find(|item| item.number == *number) {
                    item.delivery = Delivery::Unsent;
                    item.route = None;
                }
            }
            Event::TokenReturned { token, received_at } => {
                self.reply.get_or_insert_with(|| ReplyRight { token: token.clone(), received_at: *received_at });
            }
            Event::Sent { number, .. } => {
                let answers = self.outgoing(*number).is_some_and(|item| item.author != Author::Window);
                self.silent_since = self.silent_since.map(|since| if answers { at } else { since });
                self.outbox.retain(|item| item.number != *number);
            }
            Event::Failed { number, .. }
            | Event::Unknown { number }
            | Event::Lapsed { number }
            | Event::Cancelled { number, .. } => self.outbox.retain(|item| item.number != *number),
            Event::NoteAdded { number, author, client_id, text } => {
                self.last_number = *number;
                // A memo is never empty but where its text was removed.
                let content = if text.is_empty() { 0 } else { content_hash(text.as_bytes()) };
                self.remember(known_key(Author::Agent(*author), client_id), content, *number);
                self.notes.push(NoteRef { number: *number, author: *author });
                if self.notes.len() > limits::NOTES {
                    self.notes.remove(0);
                }
            }
            Event::NoteEdited { .. } => {}
            Event::NoteDeleted { number } => self.notes.retain(|note| note.number != *number),
            Event::Unsent { external_id, number } => {
                self.take_back(external_id, *number);
                if let (Holder::Bot, Some(number)) = (self.seat.holder, *number) {
                    self.bot.tell(About::TakenBack(number), at, self.seat.epoch);
                }
            }
            Event::NameSeen { name } => self.name = Some(name.clone()),
            Event::PictureSeen { picture } => self.picture = *picture,
            Event::MediaStored { number, .. } | Event::MediaLost { number, .. } => {
                self.awaited.retain(|awaited| awaited.number != *number);
            }
            Event::Edited { number, edited_at, .. } => {
                self.edits.retain(|(known, _)| known != number);
                push_bounded(&mut self.edits, (*number, *edited_at), limits::EDITS);
            }
            Event::Followed { reply_token, received_at, .. } => {
                self.blocked = false;
                self.may_answer_free(reply_token.as_ref(), *received_at);
            }
            Event::Unfollowed => self.blocked = true,
            Event::SetAside => self.set_aside = true,
            Event::TakenBack { .. } => self.set_aside = false,
            Event::ContextSeen { context } => self.context = Some(context.clone()),
            Event::BotSeated { .. }
            | Event::BotReleased { .. }
            | Event::BotCompleted
            | Event::BotNoteAdded { .. }
            | Event::BotTold { .. }
            | Event::LetterDied { .. }
            | Event::LettersReplayed { .. }
            | Event::LettersDropped { .. } => self.apply_bot(event, at),
            Event::CopiesChanged(copies) => self.keep_copies(copies.clone()),
        }
    }

    /// Status and seat move together (DESIGN 5): whatever changes one clears the other.
    pub(super) fn free_seat(&mut self, status: Status, at: Timestamp) {
        if status == Status::New {
            self.new_since = at;
        }
        self.status = status;
        self.seat.holder = Holder::None;
        self.seat.offer = None;
        self.seat.away = None;
        self.seat.claimable = false;
        self.seat.former = None;
        self.bot.answer_by = None;
    }

    fn take_in(&mut self, received: &Received) {
        self.last_number = received.number;
        self.hushed = !received.content.may_be_answered_by_machine();
        self.newest_sent_at = self.newest_sent_at.max(received.sent_at);
        if received.content.awaits_answer() {
            self.waiting_since.get_or_insert(received.received_at);
        }
        self.silent_since = None;
        self.may_answer_free(received.reply_token.as_ref(), received.received_at);
        if let Content::Media(media) = &received.content
            && media.is_awaited()
        {
            let awaited =
                AwaitedMedia { number: received.number, external_id: received.external_id.clone(), kind: media.kind };
            push_bounded(&mut self.awaited, awaited, limits::AWAITED_MEDIA);
        }
        if let Some(token) = &received.read_token {
            self.read = Some((received.number, token.clone()));
        }
        if let Some(external_id) = &received.external_id {
            let known = KnownExternalId { key: external_key(external_id), number: received.number, unsent: false };
            push_bounded(&mut self.external_ids, known, limits::EXTERNAL_IDS);
        }
    }

    fn may_answer_free(&mut self, token: Option<&String>, received_at: Timestamp) {
        if let Some(token) = token {
            self.reply = Some(ReplyRight { token: token.clone(), received_at });
        }
    }

    fn queue(&mut self, queued: &Queued, at: Timestamp) {
        self.last_number = queued.number;
        self.outbox.push_back(Outgoing {
            dress: queued.dress.clone(),
            ..Outgoing::new(queued.number, queued.author, queued.content.clone(), queued.retry_key, at)
        });
        self.await_copies(queued.number, &queued.content);
        match queued.author {
            Author::Agent(_) => {
                self.waiting_since = None;
                self.silent_since = Some(at);
                self.may_say_again(Automatic::Offline);
            }
            Author::Bot => {
                self.silent_since = Some(at);
                self.bot.answered(at);
            }
            Author::Window => return,
        }
        let content = fingerprint(&queued.content, &queued.dress);
        self.remember(known_key(queued.author, &queued.client_id), content, queued.number);
    }

    /// Where each recipient gets a copy, they wait from now on.
    pub(super) fn await_copies(&mut self, number: u32, content: &Content) {
        let mut each: Vec<_> = content.recipients().into_iter().map(CopyOut::waiting).collect();
        if each.is_empty() && self.channel.sends_copies() {
            each.push(CopyOut::waiting(&self.external_id));
        }
        if !each.is_empty() {
            self.keep_copies(Copies { number, each });
        }
    }

    fn start(&mut self, number: u32, route: &Route, lead: u32, joined: bool) {
        if let Some(item) = self.outbox.iter_mut().find(|item| item.number == number) {
            item.delivery = Delivery::Sending;
            item.route = Some(route.clone());
            item.lead = lead;
            item.joined = joined;
        }
        // Whatever its token: a reply is begun with the right that stands here, and a redacted record names none. The
        // answers of one call take one right.
        if let Route::Reply { .. } = route
            && number == lead
        {
            self.spent = self.reply.take();
        }
    }

    fn take_back(&mut self, external_id: &str, number: Option<u32>) {
        self.awaited.retain(|awaited| Some(awaited.number) != number);
        if number.is_some() {
            self.tombstones.retain(|known| known != external_id);
            let key = external_key(external_id);
            for known in self.external_ids.iter_mut().filter(|known| known.key == key) {
                known.unsent = true;
            }
        } else {
            push_bounded(&mut self.tombstones, external_id.to_owned(), limits::TOMBSTONES);
        }
    }

    fn remember(&mut self, key: u64, content: u64, number: u32) {
        push_bounded(&mut self.client_ids, KnownClientId { key, content, number }, limits::CLIENT_IDS);
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    queue.push_back(item);
    if queue.len() > limit {
        queue.pop_front();
    }
}
