//! What an update means: each event moves the conversation's case as the protocol's table says, and is refused where the
//! case cannot be there.

use std::sync::Arc;

use madoguchi_protocol::Event;
use madoguchi_protocol::api::Message;
use madoguchi_protocol::event::{BotLeaving, BotSeating};
use madoguchi_protocol::server::Update;

use super::case::{End, Line, line_of};
use super::{Act, Book, Heard, Kind};

impl Book {
    /// Takes in one record: the customers' messages in it, and what agents make of it.
    pub(super) fn happened(&mut self, update: &Update) -> (Vec<Heard>, Vec<Act>) {
        let (mut heard, mut acts) = (Vec::new(), Vec::new());
        // `opened` stands before the message that says whose conversation it is.
        for event in &update.events {
            if let Event::Received { conversation, message, .. } = event {
                self.bind(conversation, message);
            }
        }
        for event in &update.events {
            if let Event::BotSeated { conversation, .. } = event
                && let Some(at) = self.conversations.get(conversation.as_str()).and_then(|chat| self.at(*chat))
            {
                self.cases[at].bot_comes = true;
            }
        }
        for event in &update.events {
            self.event(event, update.position, &mut heard, &mut acts);
        }
        self.open_acts += acts.len() as u64;
        (heard, acts)
    }

    /// One conversation belongs to one chat, for ever.
    fn bind(&mut self, conversation: &str, message: &Message) {
        let Some(word) = line_of(message).map(|(_, word)| word) else { return };
        let Some(at) = self.at(word.chat) else { return };
        let case = &mut self.cases[at];
        match &case.conversation {
            None => {
                let id: Arc<str> = conversation.into();
                case.conversation = Some(Arc::clone(&id));
                if let Some(other) = self.conversations.insert(id, word.chat) {
                    self.faults.add(Kind::Stray, || format!("chats {other} and {} are one conversation", word.chat));
                }
            }
            Some(known) if **known != *conversation => {
                let known = Arc::clone(known);
                self.faults.add(Kind::Stray, || {
                    format!("chat {} is in two conversations, {known} and {conversation}", word.chat)
                });
            }
            Some(_) => {}
        }
    }

    fn event(&mut self, event: &Event, position: u64, heard: &mut Vec<Heard>, acts: &mut Vec<Act>) {
        if let Event::RawAccepted { .. } = event {
            self.checked.stored_whole += 1;
        }
        let Some(conversation) = event.conversation() else { return };
        let Some(at) = self.conversations.get(conversation).and_then(|chat| self.at(*chat)) else {
            self.faults.add(Kind::Stray, || format!("position {position}: {event:?} of an unknown conversation"));
            return;
        };
        match event {
            Event::Received { message, .. } => self.received(at, message, heard, acts),
            Event::Claimed { agent, epoch, how, .. } => match self.setting.agents.get(agent) {
                Some(agent) => {
                    self.checked.seats += 1;
                    self.cases[at].claimed(*agent, *epoch, how, &mut self.faults);
                    self.consider_answer(at, true, acts);
                }
                None => self.faults.add(Kind::Stray, || format!("position {position}: a seat for {agent}, unknown")),
            },
            Event::Released { agent, .. } => {
                let of = self.setting.agents.get(agent).copied();
                self.cases[at].freed(of, &mut self.faults);
                self.race(at, acts);
            }
            Event::Completed { by, .. } => {
                self.checked.completed += 1;
                let of = by.as_ref().and_then(|by| self.setting.agents.get(by)).copied();
                self.cases[at].freed(of, &mut self.faults);
            }
            Event::BotSeated { epoch, how, .. } => {
                let returned = matches!(how, BotSeating::Returned { .. });
                self.cases[at].bot_seated(*epoch, returned, &mut self.faults);
            }
            Event::BotReleased { cause, .. } => {
                self.cases[at].bot_left(&mut self.faults);
                if *cause != BotLeaving::HandedOver {
                    let chat = self.cases[at].chat;
                    self.faults.add(Kind::BotLeft, || format!("chat {chat}: the bot is said to have left: {cause:?}"));
                }
                self.race(at, acts);
            }
            Event::BotCompleted { .. } => {
                self.checked.completed += 1;
                self.cases[at].bot_left(&mut self.faults);
            }
            Event::Queued { message, .. } => self.queued(at, message, acts),
            Event::NoteAdded { message, .. } => self.cases[at].line(message.number, Line::Other, &mut self.faults),
            Event::Sent { number, .. } => self.ended(at, *number, End::Sent),
            Event::Failed { number, .. } => self.ended(at, *number, End::Failed),
            Event::Unknown { number, .. } => self.ended(at, *number, End::Unknown),
            Event::Cancelled { number, .. } => self.ended(at, *number, End::Cancelled),
            Event::SetAside { .. } => {
                self.faults.add(Kind::SetAside, || format!("position {position}: {conversation} was set aside"));
            }
            _ => {}
        }
    }

    fn received(&mut self, at: usize, message: &Message, heard: &mut Vec<Heard>, acts: &mut Vec<Act>) {
        let case = &mut self.cases[at];
        let chat = case.chat;
        let known = line_of(message).filter(|(line, word)| word.chat == chat && matches!(line, Line::Customer { .. }));
        let Some((line, word)) = known else {
            self.faults.add(Kind::Stray, || format!("chat {chat} wrote {:?}", message.content));
            return;
        };
        case.line(message.number, line, &mut self.faults);
        self.checked.messages += 1;
        self.checked.late += u64::from(message.late);
        match case.said_mut(word.turn) {
            Some(said) => {
                said.told += 1;
                heard.push(Heard { word, due_us: said.due_us });
            }
            None => self.faults.add(Kind::Stray, || format!("chat {chat} never wrote its text {}", word.turn)),
        }
        if self.cases[at].holder.is_some() {
            self.consider_answer(at, false, acts);
        } else {
            self.race(at, acts);
        }
    }

    fn queued(&mut self, at: usize, message: &Message, acts: &mut Vec<Act>) {
        let case = &mut self.cases[at];
        let (chat, holder, number, bot) = (case.chat, case.holder, message.number, case.bot);
        let by_bot = |line| matches!((line, message.bot), (Line::Answer { .. }, false) | (Line::Bot { .. }, true));
        let known = line_of(message).filter(|(line, word)| word.chat == chat && by_bot(*line));
        case.line(number, known.map_or(Line::Other, |(line, _)| line), &mut self.faults);
        let Some(answer) = known.and_then(|(line, _)| case.answer_of(line)) else {
            self.faults.add(Kind::AnswerUnasked, || format!("chat {chat}: an answer that nobody gave: {message:?}"));
            return;
        };
        answer.queued += 1;
        if answer.queued > 1 {
            self.faults.add(Kind::Doubled, || format!("chat {chat}: an answer was taken twice: {message:?}"));
            return;
        }
        answer.number = number;
        self.open_answers += 1;
        if message.bot {
            self.checked.bot_answers += 1;
            if !bot {
                self.faults.add(Kind::NotTheHolder, || {
                    format!("chat {chat}: number {number} is from the bot, which holds no seat")
                });
            }
            return;
        }
        let author = message.agent.as_ref().and_then(|agent| self.setting.agents.get(agent)).copied();
        if author.is_none() || author != holder {
            self.faults.add(Kind::NotTheHolder, || {
                format!("chat {chat}: number {number} is from agent {author:?} while {holder:?} holds the seat")
            });
        }
        self.consider_complete(at, acts);
    }

    fn ended(&mut self, at: usize, number: u32, end: End) {
        let case = &mut self.cases[at];
        let chat = case.chat;
        let Some(answer) = case.answer_at(number) else {
            self.faults.add(Kind::Stray, || format!("chat {chat}: number {number} is {end:?} but no answer"));
            return;
        };
        if answer.end == End::Open {
            answer.end = end;
            self.open_answers = self.open_answers.saturating_sub(1);
        } else {
            let before = answer.end;
            self.faults.add(Kind::Doubled, || format!("chat {chat}: number {number} is {before:?}, then {end:?}"));
        }
    }
}
