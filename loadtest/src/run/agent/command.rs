//! What an agent asks for, what is answered, and what is asked again: a command whose reply was lost with its connection is
//! repeated as it was; one that was told to come later comes later. Each has exactly one end in the book.

use std::time::Duration;

use madoguchi_protocol::api::{Claim, Command, NewContent, SeatEpoch, Send};
use madoguchi_protocol::client::{ClientFrame, Watch, Wish as Frame};
use madoguchi_protocol::{Code, ServerFrame};

use super::Agent;
use super::socket::{self, Broken, Socket};
use crate::run::book::{Deed, Kind};
use crate::run::clockwork::{Due, Wish};
use crate::run::figures::Timed;
use crate::run::frame::Reply;

/// How often one thing is asked for, while the server says "later".
const TRIES: u32 = 50;
/// How much later, where the server does not say.
const LATER: Duration = Duration::from_millis(200);

/// What waits for its reply.
#[derive(Debug)]
pub(super) struct Asked {
    due_us: u64,
    wish: Wish,
    /// The connection broke since: its time says nothing about the server.
    is_repeated: bool,
}

impl Agent {
    /// The time for something has come.
    pub(super) async fn act(&mut self, socket: &mut Socket, due: Due) -> Result<(), Broken> {
        let Due { due_us, mut wish } = due;
        let now_us = self.hall.clock.now_us();
        let due_us = if due_us < self.here_since_us { now_us } else { due_us };
        {
            let mut room = self.hall.room_of(wish.act.chat).lock();
            room.figures.took(Timed::Own, due_us, now_us);
            if matches!(wish.act.deed, Deed::Answer(_)) && wish.word.is_none() {
                wish.word = room.book.answer(wish.act.chat, due_us);
            }
        }
        self.next_ref += 1;
        let frame = self.frame(self.next_ref, &wish);
        self.asked.insert(self.next_ref, Asked { due_us, wish, is_repeated: false });
        socket::say(socket, &frame).await
    }

    /// Asks again for everything that got no reply before the connection broke, in the same order.
    pub(super) async fn repeat(&mut self, socket: &mut Socket) -> Result<(), Broken> {
        let mut references: Vec<u64> = self.asked.keys().copied().collect();
        references.sort_unstable();
        for reference in references {
            let Some(asked) = self.asked.get_mut(&reference) else { continue };
            asked.is_repeated = true;
            let wish = asked.wish.clone();
            socket::say(socket, &self.frame(reference, &wish)).await?;
        }
        Ok(())
    }

    fn frame(&self, reference: u64, wish: &Wish) -> ClientFrame {
        let command = match wish.act.deed {
            Deed::Claim => Command::Claim(Claim {}),
            Deed::Complete(seat_epoch) => Command::Complete(SeatEpoch { seat_epoch }),
            Deed::Answer(seat_epoch) => {
                let word = wish.word.expect("an answer got its words before it was asked for");
                let text = word.answer(self.hall.options.seed);
                Command::Send(Send {
                    client_id: word.client_id(),
                    seat_epoch,
                    content: NewContent::Text { text },
                    quick_replies: Vec::new(),
                })
            }
        };
        let conversation = wish.act.conversation.to_string();
        ClientFrame::Command(Frame { reference: reference.to_string(), conversation, command })
    }

    /// A reply came.
    pub(super) fn replied(&mut self, reply: Reply) {
        let asked = reply.reference.parse().ok().and_then(|reference| self.asked.remove(&reference));
        let Some(asked) = asked else {
            self.room_fault(|| format!("a reply that nobody waits for: {reply:?}"));
            return;
        };
        let code = reply.problem.as_ref().map(|problem| problem.code);
        if let Some(code) = code.filter(|code| code.is_worth_retrying() && asked.wish.tries < TRIES) {
            self.hall.count(&format!("{} told to come later: {}", kind(asked.wish.act.deed), code.as_str()));
            let later = reply.problem.and_then(|problem| problem.extra.retry_after_ms);
            let later_us = later.map_or(LATER.as_micros() as u64, |ms| ms * 1_000);
            let wish = Wish { tries: asked.wish.tries + 1, ..asked.wish };
            self.hall.alarm.set(self.number, self.hall.clock.now_us() + later_us, wish);
            return;
        }
        self.settle(&asked, &reply, code);
    }

    fn settle(&self, asked: &Asked, reply: &Reply, code: Option<Code>) {
        let act = &asked.wish.act;
        let now_us = self.hall.clock.now_us();
        let is_ok = reply.ok.is_some();
        self.hall.count(&format!("{}: {}", kind(act.deed), code.map_or("ok", Code::as_str)));
        let mut room = self.hall.room_of(act.chat).lock();
        room.book.open_acts = room.book.open_acts.saturating_sub(1);
        let is_first = !asked.is_repeated && asked.wish.tries == 0;
        match act.deed {
            Deed::Claim => {
                if is_first {
                    room.figures.took(Timed::Claim, asked.due_us, now_us);
                }
                let me = &self.hall.scene.agents[self.number as usize].id;
                let seat = reply.ok.as_ref().and_then(|done| done.seat.as_ref());
                match seat {
                    Some(seat) if seat.agent.as_ref() == Some(me) => {
                        room.book.claimed(act.chat, self.number, seat.epoch);
                    }
                    _ if is_ok => room.book.faults.add(Kind::TwoHolders, || {
                        format!("chat {}: agent {} won, and is told {seat:?}", act.chat, self.number)
                    }),
                    _ => {}
                }
            }
            Deed::Answer(_) => {
                if is_first {
                    room.figures.took(Timed::Answer, asked.due_us, now_us);
                }
                // Whoever was told "later" to the end knows nothing, and the book calls that unanswered.
                if let Some(word) = asked.wish.word
                    && code.is_none_or(|code| !code.is_worth_retrying())
                {
                    room.book.answered(word, is_ok);
                }
            }
            Deed::Complete(_) => {}
        }
        if !is_ok && !is_expected(act.deed, code) {
            room.book.unanswered(|| format!("chat {}: {:?} was refused: {:?}", act.chat, act.deed, reply.problem));
        }
    }

    /// Frames that seldom come.
    pub(super) async fn other(&mut self, socket: &mut Socket, frame: ServerFrame) -> Result<(), Broken> {
        match frame {
            ServerFrame::Unwatched(ended) => {
                let code = ended.problem.as_ref().map(|problem| problem.code);
                if code.is_some_and(Code::is_worth_retrying) {
                    self.hall.count("watches told to come later");
                    let Some(at) = self.place_of(&ended.window) else { return Ok(()) };
                    let place = self.places[at].1.at().map(|(stream, at)| (stream.to_owned(), at));
                    let (stream, position) = place.unzip();
                    let watch = Watch { window: ended.window, stream, position };
                    return socket::say(socket, &ClientFrame::Watch(watch)).await;
                }
                self.room_fault(|| format!("a watch ended: {ended:?}"));
            }
            ServerFrame::Problem(problem) => self.room_fault(|| format!("a frame was not taken: {problem:?}")),
            ServerFrame::Going(_) => self.hall.count("told that the server goes"),
            _ => {}
        }
        Ok(())
    }
}

fn kind(deed: Deed) -> &'static str {
    match deed {
        Deed::Claim => "claims",
        Deed::Answer(_) => "answers",
        Deed::Complete(_) => "completions",
    }
}

/// Refusals that belong to the play: somebody else was first, or the seat moved on meanwhile.
fn is_expected(deed: Deed, code: Option<Code>) -> bool {
    match deed {
        Deed::Claim => code == Some(Code::SeatTaken),
        Deed::Answer(_) | Deed::Complete(_) => matches!(code, Some(Code::SeatNotHeld | Code::SeatStale)),
    }
}
