//! The end of a run: what must be true of the whole, once nothing is on its way any more.

use madoguchi_protocol::api::Message;

use super::case::{Answer, Case, End, Line, Told, line_of};
use super::{Book, Faults, Kind, Place};

impl Book {
    /// A socket that should have been told everything up to `head`.
    pub(crate) fn stands(&mut self, place: &Place, head: u64) {
        let position = place.at().map(|(_, position)| position);
        if position.is_none_or(|position| position < head) {
            let who = place.who();
            self.faults.add(Kind::Missing, || format!("{who} was told up to {position:?} of {head}"));
        }
    }

    /// Whether every socket was told everything up to `head`.
    pub(crate) fn told_all(&self, head: u64) -> bool {
        self.log.told_all(head)
    }

    /// The timeline of a chat as REST shows it at last.
    pub(crate) fn timeline(&mut self, chat: u32, shown: &[Message]) {
        let Some(at) = self.at(chat) else { return };
        let case = &mut self.cases[at];
        self.checked.lines += shown.len() as u64;
        if shown.len() != case.lines.len() {
            let (shown, told) = (shown.len(), case.lines.len());
            self.faults
                .add(Kind::TimelineDiffers, || format!("chat {chat}: {shown} lines are shown, {told} were told"));
        }
        for (at, message) in shown.iter().enumerate() {
            let told = case.lines.get(at).copied();
            let known = line_of(message).filter(|(_, word)| word.chat == chat).map_or(Line::Other, |(line, _)| line);
            if message.number as usize != at + 1 || told.is_some_and(|told| told != known) {
                self.faults.add(Kind::TimelineDiffers, || {
                    format!("chat {chat}: line {} is {message:?}, told was {told:?}", at + 1)
                });
            } else if let Some(answer) = case.answer_of(known) {
                answer.shown = Some(End::of(message.state));
            }
        }
    }

    /// Judges the whole. Nothing may be told afterwards.
    pub(crate) fn close(&mut self) {
        if self.log.dropped > 0 {
            let dropped = self.log.dropped;
            self.faults
                .add(Kind::Unchecked, || format!("{dropped} records were not compared: a socket is too far behind"));
        }
        for case in &self.cases {
            customers(case, &mut self.faults);
            for (answer, turn) in case.answers.iter().zip(1..) {
                settle(case, answer, ("answer", turn), &mut self.faults);
            }
            for (turn, answer) in &case.bot_answers {
                settle(case, answer, ("the bot's answer", *turn), &mut self.faults);
            }
            phone(case, &mut self.faults);
            for won in case.seats.iter().filter(|won| !won.told) {
                self.faults.add(Kind::ClaimUntold, || {
                    format!("chat {}: agent {} won epoch {}, which no update tells", case.chat, won.agent, won.epoch)
                });
            }
        }
    }
}

/// Every acknowledged text is there once, and they stand in the order in which they were written. One without 200 may be
/// there once, wherever it fell.
fn customers(case: &Case, faults: &mut Faults) {
    let chat = case.chat;
    for (said, turn) in case.said.iter().zip(1..) {
        if said.acknowledged && said.told == 0 {
            faults.add(Kind::Missing, || format!("chat {chat}: text {turn} got 200 and was never told"));
        }
        if said.told > 1 {
            faults.add(Kind::Doubled, || format!("chat {chat}: text {turn} was told {} times", said.told));
        }
    }
    let mut last = 0;
    for (line, number) in case.lines.iter().zip(1..) {
        let Line::Customer { turn, late: false } = *line else { continue };
        if !case.said.get(turn as usize - 1).is_some_and(|said| said.acknowledged) {
            continue;
        }
        if turn < last {
            faults.add(Kind::OutOfOrder, || format!("chat {chat}: number {number} is text {turn}, after text {last}"));
        }
        last = last.max(turn);
    }
}

/// Every accepted answer arrived once, or is shown as one that did not or may not have.
fn settle(case: &Case, answer: &Answer, (what, turn): (&str, u32), faults: &mut Faults) {
    let place = || format!("chat {}: {what} {turn} (number {}, {:?})", case.chat, answer.number, answer.told);
    let end = answer.shown.unwrap_or(answer.end);
    if answer.shown.is_some_and(|shown| shown != answer.end && (shown, answer.end) != (End::Unsent, End::Open)) {
        faults.add(Kind::TimelineDiffers, || format!("{} is shown {end:?}, told was {:?}", place(), answer.end));
    }
    if answer.arrived > 1 {
        faults.add(Kind::AnswerDoubled, || format!("{} arrived {} times", place(), answer.arrived));
    }
    match answer.told {
        Told::Nothing => faults.add(Kind::Unanswered, || format!("{} got no reply", place())),
        Told::Refused if answer.queued > 0 || answer.arrived > 0 => {
            faults.add(Kind::AnswerUnasked, || {
                format!("{} was refused, queued {} times, arrived {} times", place(), answer.queued, answer.arrived)
            });
        }
        Told::Refused => {}
        Told::Accepted if answer.queued == 0 => {
            faults.add(Kind::AnswerLost, || format!("{} was accepted, and no update tells it", place()));
        }
        Told::Accepted => match (answer.arrived > 0, end) {
            (_, End::Open) => faults.add(Kind::AnswerUnsettled, || format!("{} has no end", place())),
            (false, End::Sent) => {
                faults.add(Kind::AnswerLost, || format!("{} is shown as sent, never arrived", place()))
            }
            (true, End::Failed | End::Unsent | End::Cancelled) => {
                faults.add(Kind::AnswerUnasked, || format!("{} is shown as {end:?}, and arrived", place()));
            }
            (true, End::Sent | End::Unknown) | (false, End::Failed | End::Unknown | End::Unsent | End::Cancelled) => {}
        },
    }
}

/// Answers arrived in the order of their numbers.
fn phone(case: &Case, faults: &mut Faults) {
    let mut last = 0;
    for line in &case.phone {
        let answer = match line {
            Line::Bot { turn } => case.bot_answers.get(turn),
            Line::Answer { turn } => case.answers.get(*turn as usize - 1),
            Line::Customer { .. } | Line::Other => None,
        };
        let number = answer.map_or(0, |answer| answer.number);
        if number < last {
            faults.add(Kind::AnswerOutOfOrder, || {
                format!("chat {}: number {number} arrived after number {last}", case.chat)
            });
        }
        last = last.max(number);
    }
}
