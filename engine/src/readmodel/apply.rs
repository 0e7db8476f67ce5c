//! What a record does to the rows. The same code serves the running engine, which hands the states over, and a
//! rebuild from the journal, which works them out: so both give the same rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::batch::{Batch, Heads};
use super::dedupe::day_of;
use super::due::{self, Due};
use super::key;
use super::row::{self, Line, LineValue, RawValue};
use super::{ReadFault, ReadModels};
use crate::accounts::month_of;
use crate::domain::conversation::Event as Talk;
use crate::domain::id::{ConversationId, Position, StreamId};
use crate::domain::message::{Author, Content, Delivery};
use crate::domain::record::Fact;
use crate::domain::time::Timestamp;
use crate::domain::window::{Event as Window, RawBody, Window as State};
use crate::journal::feed::Committed;

/// Records that are written as one. More would keep readers waiting at the gate.
const RECORDS: usize = 512;

impl ReadModels {
    /// Applies records in the order given, many at a time; each record's rows appear together with its position. What
    /// was applied before is passed over, so that handing a record over twice does no harm.
    ///
    /// # Errors
    /// The store failed, or records of a stream were left out. From then on nothing is applied any more, and the store is
    /// made anew at the next start.
    pub fn apply(&self, records: &[Committed]) -> Result<(), ReadFault> {
        let mut heads = self.writing.lock();
        for records in records.chunks(RECORDS) {
            if self.ended.load(Ordering::Acquire) {
                return Err(ReadFault::Closed);
            }
            // sled asserts where other stores answer with an error, and a broken store must not take the engine along.
            let applied = catch_unwind(AssertUnwindSafe(|| self.apply_as_one(records, &mut heads)));
            if let Err(fault) = applied.unwrap_or(Err(ReadFault::Panicked)) {
                self.distrust();
                self.end();
                return Err(fault);
            }
        }
        Ok(())
    }

    fn apply_as_one(&self, records: &[Committed], heads: &mut Heads) -> Result<(), ReadFault> {
        let mut batch = Batch::new(self, heads);
        for record in records {
            stage(&mut batch, record)?;
        }
        if batch.is_empty() {
            return Ok(());
        }
        let has_due = batch.has_due();
        batch.note_keys(&mut self.seen.write());
        let (rows, standings, written) = batch.finish()?;
        {
            let _gate = self.gate.write();
            self.db.apply_batch(rows)?;
            self.streams.write().extend(standings);
        }
        heads.learn(written);
        self.moved.notify_waiters();
        if has_due {
            self.removal_due.notify_one();
        }
        Ok(())
    }
}

fn stage(batch: &mut Batch<'_>, committed: &Committed) -> Result<(), ReadFault> {
    let Committed { stream, position, .. } = *committed;
    let mut standing = batch.standing(stream);
    if position <= standing.reached {
        return Ok(());
    }
    if position != standing.reached.next() {
        return Err(ReadFault::Gap { stream, reached: standing.reached, found: position });
    }
    standing.reached = position;
    if committed.window.is_some() {
        standing.window.clone_from(&committed.window);
    }
    for fact in &committed.record.events {
        match fact {
            Fact::Window(event) => {
                if let Window::Opened { id, .. } = event {
                    standing.window = Some(id.clone());
                }
                stage_window(batch, (stream, position), event)?;
            }
            Fact::Conversation(id, event) => {
                let at = (stream, position, committed.record.at);
                stage_talk(batch, *id, event, at)?;
            }
            Fact::Org(_) | Fact::Audit(_) => {}
        }
    }
    for id in touched(committed) {
        // However many answers a call carried, it is one for its recipient.
        if let Some(free) = sent_free(committed, id) {
            batch.count_sent(stream, month_of(committed.record.at), free)?;
        }
        let state = match committed.after.iter().find(|state| state.id == id) {
            Some(state) => state.clone(),
            None => worked_out(batch, committed, id)?,
        };
        if state.channel.sends_copies() && answers_by_itself(committed, id) {
            let key = key::answered(stream, state.inbox, &state.external_id);
            batch.put(key, committed.record.at.0.to_be_bytes().to_vec());
        }
        let window = standing.window.clone().ok_or(ReadFault::NoWindow { stream, position })?;
        batch.put_conversation((stream, window, position), state)?;
    }
    let day = day_of(committed.record.at);
    for key in &committed.dedupe {
        batch.put_key(day, *key, (stream, position));
    }
    batch.stand(stream, standing);
    Ok(())
}

/// The conversations of a record, each once, in the order of their first event.
fn touched(committed: &Committed) -> Vec<ConversationId> {
    let mut ids = Vec::new();
    for fact in &committed.record.events {
        if let Fact::Conversation(id, _) = fact
            && !ids.contains(id)
        {
            ids.push(*id);
        }
    }
    ids
}

/// Whether a record tells that a call with answers of this conversation was taken, and whether it was free.
fn sent_free(committed: &Committed, id: ConversationId) -> Option<bool> {
    committed.record.events.iter().find_map(|fact| match fact {
        Fact::Conversation(of, Talk::Sent { free, .. }) if *of == id => Some(*free),
        _ => None,
    })
}

/// Whether a record has an automatic answer in this conversation.
fn answers_by_itself(committed: &Committed, id: ConversationId) -> bool {
    committed.record.events.iter().any(|fact| matches!(fact, Fact::Conversation(of, Talk::AutoQueued(_)) if *of == id))
}

fn worked_out(
    batch: &mut Batch<'_>,
    committed: &Committed,
    id: ConversationId,
) -> Result<Arc<crate::domain::conversation::Conversation>, ReadFault> {
    let events: Vec<_> = committed
        .record
        .events
        .iter()
        .filter_map(|fact| match fact {
            Fact::Conversation(of, event) if *of == id => Some(event),
            _ => None,
        })
        .collect();
    let mut state = batch.conversation(id, (committed.stream, committed.position))?;
    Arc::make_mut(&mut state).apply_record(&events, committed.record.at);
    Ok(state)
}

fn stage_window(batch: &mut Batch<'_>, at: (StreamId, Position), event: &Window) -> Result<(), ReadFault> {
    let (stream, position) = at;
    batch.change_window(at, |state| {
        if let Window::Opened { id, .. } = event {
            state.get_or_insert_with(|| State::unborn(id.clone()));
        }
        // Every stream of a window begins with `Opened`; facts before it have nothing to move.
        if let Some(state) = state {
            state.apply(event);
        }
    })?;
    match event {
        Window::ContactPointSeen { contact_point, inbox, external_id } => {
            batch.put(key::point(stream, *inbox, external_id), contact_point.0.to_be_bytes().to_vec());
        }
        Window::RawAccepted(accepted) => {
            let len = match &accepted.body {
                RawBody::Inline(bytes) => bytes.len() as u64,
                RawBody::File { len, .. } => *len,
                RawBody::Redacted => 0,
            };
            let value =
                RawValue { position, inbox: accepted.inbox, received_at: accepted.received_at, why: accepted.why, len };
            batch.put(key::raw(stream, accepted.raw), row::write(&value));
        }
        Window::RawSettled { raw, .. } => {
            // Nobody reads a settled body again, and its words may be taken back where they went.
            if let Some(value) = batch.raw(stream, *raw)? {
                due::stage(batch, stream, value.position, &Due::Record);
            }
            batch.remove(key::raw(stream, *raw));
        }
        Window::Opened { .. }
        | Window::AgentAdded { .. }
        | Window::AgentRemoved { .. }
        | Window::SettingsChanged(_)
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
    Ok(())
}

fn stage_talk(
    batch: &mut Batch<'_>,
    id: ConversationId,
    event: &Talk,
    (stream, position, now): (StreamId, Position, Timestamp),
) -> Result<(), ReadFault> {
    let line = |at, line| LineValue { stream, origin: position, text: position, at, line };
    match event {
        Talk::Opened(opened) => {
            batch.put(key::thread(stream, opened.inbox, &opened.thread), id.0.to_be_bytes().to_vec());
        }
        Talk::Received(received) => {
            let kind = Line::Inbound { late: received.late, unsent: false, edited: false, media_at: None };
            batch.put_line(id, received.number, line(received.sent_at, kind));
            if let Content::Mail(mail) = &received.content {
                batch.put_letter(stream, &mail.message_id, (id, received.number))?;
            }
        }
        Talk::Unsent { number: Some(number), .. } => {
            if let Some(value) = batch.line(id, *number)?
                && let Line::Inbound { unsent, media_at, .. } = &mut value.line
            {
                *unsent = true;
                let media_at = *media_at;
                let (stream, origin, text) = (value.stream, value.origin, value.text);
                due::stage(batch, stream, origin, &Due::Record);
                if text != origin {
                    due::stage(batch, stream, text, &Due::Record);
                }
                if let Some(media_at) = media_at {
                    due::stage(batch, stream, media_at, &Due::Files);
                }
            }
        }
        Talk::Unsent { external_id, number: None } => {
            due::stage(batch, stream, position, &Due::Search { conversation: id, external_id: external_id.clone() });
        }
        Talk::Edited { number, .. } => {
            if let Some(value) = batch.line(id, *number)?
                && let Line::Inbound { edited, .. } = &mut value.line
            {
                *edited = true;
                let (stream, former) = (value.stream, std::mem::replace(&mut value.text, position));
                // The first words stay until the message is taken back; words between first and last are nobody's.
                if former != value.origin {
                    due::stage(batch, stream, former, &Due::Record);
                }
            }
        }
        Talk::MediaStored { number, .. } | Talk::MediaLost { number, .. } => {
            batch.change_line(id, *number, |value| {
                if let Line::Inbound { media_at, .. } = &mut value.line {
                    *media_at = Some(position);
                }
            })?;
        }
        Talk::Queued(queued) => {
            let kind = Line::Outbound {
                author: queued.author,
                delivery: Delivery::Queued,
                failed_at: None,
                free: false,
                copies_at: None,
            };
            batch.put_line(id, queued.number, line(now, kind));
        }
        Talk::AutoQueued(queued) => {
            let kind = Line::Outbound {
                author: Author::Window,
                delivery: Delivery::Queued,
                failed_at: None,
                free: false,
                copies_at: None,
            };
            batch.put_line(id, queued.number, line(now, kind));
        }
        Talk::Lapsed { number } => deliver(batch, id, *number, Delivery::Cancelled)?,
        Talk::SendStarted { number, .. } => deliver(batch, id, *number, Delivery::Sending)?,
        Talk::SendAbandoned { number } => deliver(batch, id, *number, Delivery::Queued)?,
        Talk::HeldBack { number } => deliver(batch, id, *number, Delivery::Unsent)?,
        Talk::Unknown { number } => deliver(batch, id, *number, Delivery::Unknown)?,
        Talk::Cancelled { number, .. } => deliver(batch, id, *number, Delivery::Cancelled)?,
        Talk::Sent { number, free: went_free, .. } => batch.change_line(id, *number, |value| {
            if let Line::Outbound { delivery, free, .. } = &mut value.line {
                (*delivery, *free) = (Delivery::Sent, *went_free);
            }
        })?,
        Talk::CopiesChanged(copies) => batch.change_line(id, copies.number, |value| {
            if let Line::Outbound { copies_at, .. } = &mut value.line {
                *copies_at = Some(position);
            }
        })?,
        Talk::Failed { number, .. } => batch.change_line(id, *number, |value| {
            if let Line::Outbound { delivery, failed_at, .. } = &mut value.line {
                (*delivery, *failed_at) = (Delivery::Failed, Some(position));
            }
        })?,
        Talk::NoteAdded { number, .. } | Talk::BotNoteAdded { number, .. } => {
            batch.put_line(id, *number, line(now, Line::Note { edited: false, deleted: false }));
        }
        Talk::NoteEdited { number, .. } => batch.change_line(id, *number, |value| {
            if let Line::Note { edited, .. } = &mut value.line {
                (*edited, value.text) = (true, position);
            }
        })?,
        Talk::NoteDeleted { number } => {
            if let Some(value) = batch.line(id, *number)?
                && let Line::Note { deleted, .. } = &mut value.line
            {
                *deleted = true;
                let (stream, origin, last) = (value.stream, value.origin, value.text);
                due::stage(batch, stream, origin, &Due::Note { conversation: id, number: *number, last });
            }
        }
        Talk::Reopened
        | Talk::Claimed(_)
        | Talk::Released { .. }
        | Talk::Completed { .. }
        | Talk::Ended { .. }
        | Talk::HandoverOffered(_)
        | Talk::HandoverEnded { .. }
        | Talk::Assigned { .. }
        | Talk::HolderAway(_)
        | Talk::HolderReturned
        | Talk::SeatClaimable
        | Talk::NameSeen { .. }
        | Talk::PictureSeen { .. }
        | Talk::TokenReturned { .. }
        | Talk::Followed { .. }
        | Talk::Unfollowed
        | Talk::SetAside
        | Talk::TakenBack { .. }
        | Talk::ContextSeen { .. }
        | Talk::BotSeated { .. }
        | Talk::BotReleased { .. }
        | Talk::BotCompleted
        | Talk::BotTold { .. }
        | Talk::LetterDied { .. }
        | Talk::LettersReplayed { .. }
        | Talk::LettersDropped { .. } => {}
    }
    Ok(())
}

fn deliver(batch: &mut Batch<'_>, id: ConversationId, number: u32, now: Delivery) -> Result<(), ReadFault> {
    batch.change_line(id, number, |value| {
        if let Line::Outbound { delivery, .. } = &mut value.line {
            *delivery = now;
        }
    })
}
