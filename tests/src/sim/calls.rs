//! What was asked of the engine in a run, and what was answered. An answer is held against the journal at the moment it
//! comes; at the end all of them together must be explained by some order of the seat's holders ([`crate::history`]).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use madoguchi_engine::Failure;
use madoguchi_engine::domain::id::{AgentId, ConversationId, WindowId};
use madoguchi_engine::domain::rejected::Rejected;
use madoguchi_engine::domain::window::Window;
use madoguchi_engine::handle::{Done, Taken};

use super::phones::Event;
use super::truth::Truth;
use crate::history::{Call as Told, Entry, check};

/// A call that was made.
#[derive(Clone, Debug)]
pub enum Call {
    /// An agent's wish.
    Wish {
        /// Where.
        conversation: ConversationId,
        /// Who.
        agent: AgentId,
        /// From which of the tabs.
        tab: usize,
        /// What.
        wish: Wish,
    },
    /// A webhook with these events.
    Hook(Vec<Event>),
    /// A window's member comes or goes.
    Members {
        /// The window.
        window: WindowId,
        /// Who.
        agent: AgentId,
        /// Whether they are to be a member.
        member: bool,
    },
    /// Anything else.
    Other,
}

/// What an agent wished for, as far as the answer can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To have the seat, in one of several ways.
    Seat,
    /// To give it up, held under this epoch.
    End(u64),
    /// To answer under this epoch.
    Send {
        /// The epoch.
        epoch: u64,
        /// The agent's own id of it.
        client_id: String,
        /// The words.
        text: String,
        /// It was asked for before.
        again: bool,
    },
    /// Something for which the seat does not count.
    Else,
}

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// To a wish.
    Wish(Result<Done, Failure>),
    /// To a webhook.
    Hook(Result<Taken, Failure>),
    /// To a change of members.
    Members(Result<Arc<Window>, Failure>),
    /// To anything else.
    Other,
}

/// Where answers are put down as they come.
pub type Answers = Rc<RefCell<Vec<(u64, Answer)>>>;

/// Every call of a run.
#[derive(Debug, Default)]
pub struct Calls {
    open: BTreeMap<u64, (u64, Call)>,
    next: u64,
    history: Vec<Entry<ConversationId>>,
    /// When the first answer named an epoch as won.
    won: BTreeMap<(ConversationId, u64), u64>,
    /// When the first answer said that an epoch was given up.
    ended: BTreeMap<(ConversationId, u64), u64>,
}

impl Calls {
    /// A call is made; returns its name.
    pub fn begin(&mut self, step: u64, call: Call) -> u64 {
        self.next += 1;
        self.open.insert(self.next, (step, call));
        self.next
    }

    /// How many wait for an answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// The process died: nobody is answered any more.
    pub fn lose(&mut self) {
        self.open.clear();
    }

    /// An answer came; says what it was about. Judges it against the journal as it is now.
    ///
    /// # Panics
    /// What was answered is not on disk.
    pub fn end(&mut self, step: u64, name: u64, answer: &Answer, truth: &Truth) -> Option<(Call, String)> {
        let (start, call) = self.open.remove(&name)?;
        let told = match (&call, answer) {
            (Call::Wish { conversation, agent, wish, .. }, Answer::Wish(result)) => {
                let by = Asked { conversation: *conversation, agent: *agent, start, end: step };
                self.wish(&by, wish, result, truth)
            }
            (Call::Hook(events), Answer::Hook(result)) => {
                judge_hook(events, result, truth);
                result.as_ref().map_or_else(|failure| format!("{failure:?}"), |_| "200".to_owned())
            }
            (Call::Members { window, agent, member }, Answer::Members(result)) => {
                let told =
                    result.as_ref().map(|told| judge_members(told, *agent, *member, &truth.folds[window].windows));
                told.map_or_else(|failure| format!("{failure:?}"), |()| "ok".to_owned())
            }
            _ => "done".to_owned(),
        };
        Some((call, told))
    }

    fn wish(&mut self, by: &Asked, wish: &Wish, result: &Result<Done, Failure>, truth: &Truth) -> String {
        let done = match result {
            Ok(done) => done,
            Err(Failure::Rejected(rejected)) => {
                self.refused(by, wish, rejected, truth);
                return format!("{rejected:?}");
            }
            // Perhaps it was done and perhaps not; the journal tells at the end.
            Err(failure) => return format!("{failure:?}"),
        };
        let (fold, _) = truth.conversation(by.conversation).expect("who was answered is recorded");
        assert!(done.row.position <= fold.position, "{wish:?} was answered before it was on disk");
        match wish {
            Wish::Seat => {
                let epoch = done.row.state.seat.epoch;
                let claim = truth.claims.get(&(by.conversation, epoch)).copied();
                let claim = claim.unwrap_or_else(|| panic!("epoch {epoch} was told and is not on disk"));
                assert_eq!(claim.agent, by.agent, "epoch {epoch} was told to another than it was given to");
                let first = self.won.entry((by.conversation, epoch)).or_insert(by.end);
                *first = by.end.min(*first);
                self.tell(by, Told::Claimed(epoch));
            }
            Wish::End(epoch) => {
                let ended = truth.ends.get(&(by.conversation, *epoch));
                assert_eq!(ended, Some(&by.agent), "the end of epoch {epoch} was told and is not on disk");
                let first = self.ended.entry((by.conversation, *epoch)).or_insert(by.end);
                *first = by.end.min(*first);
            }
            Wish::Send { epoch, client_id, text, again } => {
                let made = truth.queued.get(&(by.conversation, by.agent, client_id.clone()));
                let (number, said) = made.unwrap_or_else(|| panic!("answer {text:?} was told and is not on disk"));
                assert_eq!((done.number, said), (Some(*number), text), "another answer than the one asked for");
                if !again {
                    self.tell(by, Told::Sent(*epoch));
                }
            }
            Wish::Else => {}
        }
        format!("ok at {}", done.row.position.0)
    }

    fn refused(&mut self, by: &Asked, wish: &Wish, rejected: &Rejected, truth: &Truth) {
        match (wish, rejected) {
            (Wish::Seat, Rejected::SeatTaken { holder: Some(holder), epoch }) => {
                let claim = truth.claims.get(&(by.conversation, *epoch)).map(|claim| claim.agent);
                assert_eq!(claim, Some(*holder), "{by:?} was told of a holder who is not on disk");
                self.tell(by, Told::Taken(number(*holder)));
            }
            (Wish::End(epoch) | Wish::Send { epoch, .. }, Rejected::SeatStale { .. } | Rejected::SeatNotHeld) => {
                self.tell(by, Told::Refused(*epoch));
            }
            _ => {}
        }
    }

    fn tell(&mut self, by: &Asked, call: Told) {
        let (conversation, agent) = (by.conversation, number(by.agent));
        self.history.push(Entry { conversation, agent, start: by.start, end: by.end, call });
    }

    /// Judges all answers together. What moved the seat stands in the journal; when it did must fit what was told.
    ///
    /// # Panics
    /// No order of the seat's holders explains the answers.
    pub fn judge(&self, truth: &Truth) {
        let mut history = self.history.clone();
        for ((conversation, epoch), claim) in &truth.claims {
            // The call that won it may have been lost in a crash: it may have been any time before the first answer.
            let end = self.won.get(&(*conversation, *epoch)).copied().unwrap_or(u64::MAX);
            let call = if claim.taken { Told::TookOver(*epoch) } else { Told::Claimed(*epoch) };
            history.push(Entry { conversation: *conversation, agent: number(claim.agent), start: 0, end, call });
        }
        for ((conversation, epoch), agent) in &truth.ends {
            let end = self.ended.get(&(*conversation, *epoch)).copied().unwrap_or(u64::MAX);
            let call = Told::Released(*epoch);
            history.push(Entry { conversation: *conversation, agent: number(*agent), start: 0, end, call });
        }
        if let Err(unsound) = check(&history) {
            panic!("{unsound}");
        }
    }
}

#[derive(Debug)]
struct Asked {
    conversation: ConversationId,
    agent: AgentId,
    start: u64,
    end: u64,
}

fn judge_hook(events: &[Event], result: &Result<Taken, Failure>, truth: &Truth) {
    let Ok(taken) = result else { return };
    for event in events.iter().filter(|event| event.text.is_some()) {
        let recorded = truth.received.contains_key(&event.id);
        let safe = recorded || ((taken.stored_whole || taken.parked > 0) && truth.has(&event.id));
        // A repetition may rest on a body that was stored whole before.
        let earlier = taken.duplicates > 0 && truth.has(&event.id);
        assert!(safe || earlier, "{event:?} was answered 200 and is not on disk");
    }
}

fn judge_members(told: &Window, agent: AgentId, member: bool, recorded: &[Window]) {
    assert_eq!(told.members.contains(&agent), member, "another answer than was asked for");
    // Bodies stored whole come and go beside the window's own decisions.
    let same = |was: &Window| (&was.members, &was.settings) == (&told.members, &told.settings);
    assert!(recorded.iter().any(same), "a window was told that never was, or is not on disk");
}

fn number(agent: AgentId) -> u32 {
    u32::try_from(agent.0).expect("agents of a run have small ids")
}
