//! Commands of one socket on their way: in order within a conversation, side by side across conversations.
//!
//! They run apart from the socket's actor, so that neither a peer that never reads nor the end of the socket stops what
//! was begun.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use madoguchi_engine::domain::id::ConversationId;
use madoguchi_protocol::api::Command;
use madoguchi_protocol::server::Reply;
use madoguchi_protocol::{Code, Problem, ServerFrame};

use super::frame;
use super::house::House;
use super::outbox::Shared;
use crate::auth::Identity;
use crate::error::problem;

/// Commands of one socket that may be on their way. A further one is refused as `overloaded`.
const IN_HAND: usize = 32;

/// Commands of one socket. Cheap to clone.
#[derive(Clone)]
pub(super) struct Wishes<H> {
    house: H,
    outbox: Shared,
    in_hand: Rc<RefCell<InHand>>,
}

#[derive(Default)]
struct InHand {
    count: usize,
    /// What waits behind the one that runs.
    lines: HashMap<ConversationId, VecDeque<Wish>>,
}

struct Wish {
    who: Identity,
    reference: String,
    command: Command,
}

impl<H: House> Wishes<H> {
    pub(super) fn new(house: H, outbox: Shared) -> Self {
        Self { house, outbox, in_hand: Rc::default() }
    }

    /// Does what `who` wishes, after what they wished of the same conversation before, and replies.
    pub(super) fn submit(&self, who: Identity, reference: String, conversation: ConversationId, command: Command) {
        let wish = Wish { who, reference, command };
        let mut in_hand = self.in_hand.borrow_mut();
        if in_hand.count >= IN_HAND {
            let limit = u64::try_from(IN_HAND).unwrap_or(u64::MAX);
            drop(in_hand);
            return self.refuse(wish.reference, problem(Code::Overloaded).limit(limit).retry_after_ms(1_000));
        }
        in_hand.count += 1;
        if let Some(line) = in_hand.lines.get_mut(&conversation) {
            return line.push_back(wish);
        }
        in_hand.lines.insert(conversation, VecDeque::new());
        drop(in_hand);
        let wishes = self.clone();
        actix_web::rt::spawn(async move { wishes.run(conversation, wish).await });
    }

    /// Says why a command was not even begun.
    pub(super) fn refuse(&self, reference: String, why: Problem) {
        self.reply(Reply { reference, ok: None, problem: Some(why) });
    }

    async fn run(self, conversation: ConversationId, first: Wish) {
        let mut next = Some(first);
        while let Some(Wish { who, reference, command }) = next {
            let done = self.house.command(who, conversation, command).await;
            let (ok, problem) = match done {
                Ok(done) => (Some(Box::new(done)), None),
                Err(problem) => (None, Some(problem)),
            };
            self.reply(Reply { reference, ok, problem });
            let mut in_hand = self.in_hand.borrow_mut();
            in_hand.count -= 1;
            next = in_hand.lines.get_mut(&conversation).and_then(VecDeque::pop_front);
            if next.is_none() {
                in_hand.lines.remove(&conversation);
            }
        }
    }

    fn reply(&self, reply: Reply) {
        self.outbox.borrow_mut().push(frame::text(&ServerFrame::Reply(reply)));
    }
}
