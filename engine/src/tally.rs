//! The ledger (G5): what came in, what went out, and whether it adds up.
//!
//! Every record of the journal is read once more and counted by rules of their own, apart from those by which the engine
//! works. Received = shown + parked, where shown is what lists and timelines would say; accepted answers = sent + failed +
//! unknown + cancelled + waiting. What comes twice from a platform is kept out before the journal; it is counted in
//! `madoguchi_inbound_events_total`.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::conversation::{Event as Talk, Received};
use crate::domain::id::{ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::record::{Fact, Record};
use crate::domain::window::{Event as Window, RawEnd};

/// Faults that are written out; more are counted.
const WRITTEN: usize = 20;

/// The sums of one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Conversations.
    pub conversations: u64,
    /// Messages of customers in their conversations.
    pub received: u64,
    /// Memos.
    pub memos: u64,
    /// Bodies stored whole.
    pub stored_whole: u64,
    /// Of them interpreted since, put away, and waiting (要確認).
    pub interpreted: u64,
    /// See [`Sums::interpreted`].
    pub dismissed: u64,
    /// See [`Sums::interpreted`].
    pub parked: u64,
    /// Answers that were accepted.
    pub accepted: u64,
    /// Of them taken by the platform,
    pub sent: u64,
    /// refused by it,
    pub failed: u64,
    /// of unknown fate (不明),
    pub unknown: u64,
    /// withdrawn in time,
    pub cancelled: u64,
    /// and not yet gone.
    pub waiting: u64,
}

/// What a conversation has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    /// Its highest number.
    last_number: u32,
    inbox: Option<InboxId>,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Waiting,
    Sent,
    Failed,
    Unknown,
    Cancelled,
}

/// The sums of every window, and what does not add up.
#[derive(Debug, Default)]
pub struct Tally {
    windows: HashMap<StreamId, (Option<WindowId>, Sums)>,
    lines: HashMap<ConversationId, Line>,
    /// Answers that are not sent: most are, and are forgotten when they are.
    open: HashMap<(ConversationId, u32), Fate>,
    raw: HashSet<u128>,
    events: HashSet<u128>,
    positions: HashMap<StreamId, Position>,
    faults: Vec<String>,
    fault_count: u64,
}

impl Tally {
    /// Counts the next record of a stream.
    pub fn add(&mut self, stream: StreamId, position: Position, record: &Record) {
        let before = self.positions.insert(stream, position).unwrap_or_default();
        if position != before.next() {
            self.fault(|| format!("stream {stream}: position {position} follows {before}"));
        }
        for fact in &record.events {
            match fact {
                Fact::Conversation(id, event) => self.talk(stream, *id, event),
                Fact::Window(event) => self.window(stream, event),
                Fact::Org(_) | Fact::Audit(_) => {}
            }
        }
    }

    fn sums(&mut self, stream: StreamId) -> &mut Sums {
        &mut self.windows.entry(stream).or_default().1
    }

    fn window(&mut self, stream: StreamId, event: &Window) {
        match event {
            Window::Opened { id, .. } => self.windows.entry(stream).or_default().0 = Some(id.clone()),
            Window::RawAccepted(accepted) => {
                self.sums(stream).stored_whole += 1;
                if !self.raw.insert(accepted.raw) {
                    self.fault(|| format!("the stored body {:032x} was accepted twice", accepted.raw));
                }
            }
            Window::RawSettled { raw, how } => {
                if !self.raw.remove(raw) {
                    self.fault(|| format!("the stored body {raw:032x} was settled and does not wait"));
                    return;
                }
                match how {
                    RawEnd::Interpreted => self.sums(stream).interpreted += 1,
                    RawEnd::Dismissed => self.sums(stream).dismissed += 1,
                }
            }
            _ => {}
        }
    }

    fn talk(&mut self, stream: StreamId, id: ConversationId, event: &Talk) {
        match event {
            Talk::Opened(opened) => {
                self.sums(stream).conversations += 1;
                if self.lines.insert(id, Line { last_number: 0, inbox: Some(opened.inbox) }).is_some() {
                    self.fault(|| format!("conversation {id} was opened twice"));
                }
            }
            Talk::Received(received) => {
                self.sums(stream).received += 1;
                self.number(id, received.number);
                self.once(id, received);
            }
            Talk::NoteAdded { number, .. } => {
                self.sums(stream).memos += 1;
                self.number(id, *number);
            }
            Talk::Queued(queued) => {
                self.sums(stream).accepted += 1;
                self.number(id, queued.number);
                self.open.insert((id, queued.number), Fate::Waiting);
            }
            Talk::AutoQueued(queued) => {
                self.sums(stream).accepted += 1;
                self.number(id, queued.number);
                self.open.insert((id, queued.number), Fate::Waiting);
            }
            Talk::Lapsed { number } => self.ended(stream, id, *number, Fate::Cancelled),
            Talk::Sent { number, .. } => self.ended(stream, id, *number, Fate::Sent),
            Talk::Failed { number, .. } => self.ended(stream, id, *number, Fate::Failed),
            Talk::Unknown { number } => self.ended(stream, id, *number, Fate::Unknown),
            Talk::Cancelled { number, .. } => self.ended(stream, id, *number, Fate::Cancelled),
            _ => {}
        }
    }

    /// Numbers of a conversation are 1, 2, 3…
    fn number(&mut self, id: ConversationId, number: u32) {
        let line = self.lines.entry(id).or_default();
        let before = std::mem::replace(&mut line.last_number, number);
        if number != before + 1 {
            self.fault(|| format!("conversation {id}: number {number} follows {before}"));
        }
    }

    /// No event of a platform is shown twice.
    fn once(&mut self, id: ConversationId, received: &Received) {
        let inbox = self.lines.get(&id).and_then(|line| line.inbox).map_or(0, |inbox| inbox.0);
        let mut hash = Sha256::new();
        hash.update(inbox.to_be_bytes());
        hash.update(received.event_id.as_bytes());
        let key = hash.finalize().iter().take(16).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        if !self.events.insert(key) {
            self.fault(|| format!("conversation {id}: message {} is shown a second time", received.number));
        }
    }

    fn ended(&mut self, stream: StreamId, id: ConversationId, number: u32, fate: Fate) {
        match self.open.get(&(id, number)) {
            Some(Fate::Waiting) => {}
            Some(other) => {
                let other = *other;
                self.fault(|| format!("conversation {id}: answer {number} is {other:?} and {fate:?}"));
                return;
            }
            None => {
                self.fault(|| {
                    format!("conversation {id}: answer {number} is {fate:?}, and was not accepted or is over")
                });
                return;
            }
        }
        if fate == Fate::Sent {
            self.open.remove(&(id, number));
        } else {
            self.open.insert((id, number), fate);
        }
        let sums = self.sums(stream);
        match fate {
            Fate::Sent => sums.sent += 1,
            Fate::Failed => sums.failed += 1,
            Fate::Unknown => sums.unknown += 1,
            Fate::Cancelled => sums.cancelled += 1,
            Fate::Waiting => {}
        }
    }

    fn fault(&mut self, text: impl FnOnce() -> String) {
        self.fault_count += 1;
        if self.faults.len() < WRITTEN {
            self.faults.push(text());
        }
    }

    /// Every conversation, to be held against what is shown.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (ConversationId, u32)> {
        self.lines.iter().map(|(id, line)| (*id, line.last_number))
    }

    /// What is shown is not what was received.
    pub(crate) fn shows(&mut self, id: ConversationId, recorded: u32, shown: Option<u32>) {
        // While the engine runs, more may have come meanwhile.
        if shown.is_none_or(|shown| shown < recorded) {
            self.fault(|| format!("conversation {id}: {recorded} lines are recorded and {shown:?} shown"));
        }
    }

    /// The result.
    #[must_use]
    pub fn close(self) -> Ledger {
        let mut windows = BTreeMap::new();
        for (stream, (id, mut sums)) in self.windows {
            sums.waiting = sums.accepted - (sums.sent + sums.failed + sums.unknown + sums.cancelled);
            sums.parked = sums.stored_whole - (sums.interpreted + sums.dismissed);
            windows.insert(id.map_or_else(|| stream.to_string(), |id| id.as_str().to_owned()), sums);
        }
        Ledger { windows, faults: self.faults, fault_count: self.fault_count }
    }
}

/// The sums of every window, and what does not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// By window.
    pub windows: BTreeMap<String, Sums>,
    /// What does not add up, at most 20 of them.
    pub faults: Vec<String>,
    /// How many there are.
    pub fault_count: u64,
}

impl std::fmt::Display for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (window, sums) in &self.windows {
            let Sums { conversations, received, memos, stored_whole, interpreted, dismissed, parked, .. } = sums;
            let Sums { accepted, sent, failed, unknown, cancelled, waiting, .. } = sums;
            writeln!(
                f,
                "{window}: {conversations} conversations, {received} messages received and shown, {memos} memos"
            )?;
            writeln!(
                f,
                "  stored whole {stored_whole} = interpreted {interpreted} + put away {dismissed} + waiting {parked}"
            )?;
            writeln!(
                f,
                "  answers {accepted} = sent {sent} + failed {failed} + unknown {unknown} + cancelled {cancelled} \
                 + waiting {waiting}"
            )?;
        }
        for fault in &self.faults {
            writeln!(f, "WRONG: {fault}")?;
        }
        match self.fault_count {
            0 => write!(f, "it adds up"),
            1 => write!(f, "it does not add up: one thing is wrong"),
            count => write!(f, "it does not add up: {count} things are wrong"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::content::Dress;
    use crate::domain::conversation::Opened;
    use crate::domain::conversation::Queued;
    use crate::domain::id::{AgentId, ContactPointId};
    use crate::domain::message::{Author, Content};
    use crate::domain::record::By;
    use crate::domain::time::Timestamp;

    const TALK: ConversationId = ConversationId(7);

    fn received(number: u32, event: &str) -> Talk {
        Talk::Received(Received {
            number,
            event_id: event.to_owned(),
            external_id: None,
            content: Content::Text("x".to_owned()),
            sent_at: Timestamp(0),
            received_at: Timestamp(0),
            reply_token: None,
            late: false,
            raw: None,
            read_token: None,
        })
    }

    fn queued(number: u32) -> Talk {
        Talk::Queued(Queued {
            number,
            author: Author::Agent(AgentId(1)),
            client_id: "c".to_owned(),
            content: Content::Text("x".to_owned()),
            retry_key: 1,
            dress: Dress::default(),
        })
    }

    fn sent(number: u32) -> Talk {
        Talk::Sent { number, external_ids: Vec::new(), free: false }
    }

    fn ledger(talks: &[Talk]) -> Ledger {
        let opened = Talk::Opened(Opened {
            channel: crate::domain::org::ChannelKind::Line,
            inbox: InboxId(1),
            contact_point: ContactPointId(1),
            external_id: "U".to_owned(),
            thread: String::new(),
        });
        let mut tally = Tally::default();
        for (event, position) in std::iter::once(&opened).chain(talks).zip(1..) {
            let events = vec![Fact::Conversation(TALK, event.clone())];
            let record = Record { at: Timestamp(0), by: By::Engine, events };
            tally.add(StreamId(1), Position(position), &record);
        }
        tally.close()
    }

    #[test]
    fn what_was_received_and_sent_is_counted_and_adds_up() {
        let ledger = ledger(&[received(1, "a"), queued(2), received(3, "b"), sent(2), queued(4)]);
        let sums = ledger.windows.values().next().expect("one window");
        assert_eq!((sums.received, sums.accepted, sums.sent, sums.waiting), (2, 2, 1, 1));
        assert_eq!(ledger.fault_count, 0, "{ledger}");
    }

    #[test]
    fn each_way_of_losing_or_doubling_is_found() {
        for (what, talks) in [
            ("a message twice", vec![received(1, "a"), received(2, "a")]),
            ("a lost line", vec![received(1, "a"), received(3, "b")]),
            ("a number twice", vec![received(1, "a"), received(1, "b")]),
            ("sent twice", vec![queued(1), sent(1), sent(1)]),
            ("sent without being accepted", vec![sent(1)]),
            ("cancelled and sent", vec![queued(1), Talk::Cancelled { number: 1, by: AgentId(1) }, sent(1)]),
        ] {
            assert!(ledger(&talks).fault_count > 0, "{what}");
        }
    }

    #[test]
    fn a_gap_of_positions_is_found() {
        let mut tally = Tally::default();
        let record = Record { at: Timestamp(0), by: By::Engine, events: Vec::new() };
        tally.add(StreamId(1), Position(1), &record);
        tally.add(StreamId(1), Position(3), &record);
        assert_eq!(tally.close().fault_count, 1);
    }

    #[test]
    fn what_is_recorded_and_not_shown_is_found() {
        let mut tally = Tally::default();
        tally.shows(TALK, 3, Some(3));
        tally.shows(TALK, 3, Some(4));
        assert_eq!(tally.fault_count, 0);
        tally.shows(TALK, 3, Some(2));
        tally.shows(TALK, 3, None);
        assert_eq!(tally.fault_count, 2);
    }
}
