//! What machines write is shown, and no machine of ours answers it: two that answer each other never end.

use super::*;
use crate::domain::bot::{BotRules, Leaving};
use crate::domain::conversation::Status;
use crate::domain::mail::{Mail, MailMark};
use crate::domain::seat::Holder;

const WITHIN_MS: i64 = 30_000;

/// A mail with this mark.
fn marked(desk: &Desk, id: &str, mark: Option<MailMark>) -> Command {
    let mut mail = Mail { message_id: id.to_owned(), text: "x".to_owned(), ..Mail::default() };
    mark.into_iter().for_each(|mark| mail.mark(mark));
    let content = Content::Mail(Box::new(mail));
    let what = InboundKind::Message {
        external_id: Some(id.to_owned()),
        content,
        reply_token: None,
        read_token: None,
        raw: None,
    };
    inbound(desk.now, what)
}

/// Nobody is ever there, and the window says so.
fn closed() -> Desk {
    let mut desk = Desk::unborn();
    desk.window.hours.week = Default::default();
    desk.window.answers.absence = "受付時間外です".to_owned();
    desk
}

fn behind_a_bot() -> Desk {
    let mut desk = closed();
    desk.window.bot = Some(BotRules {
        name: "案内ボット".to_owned(),
        inboxes: [].into(),
        greets: false,
        answer_within_ms: WITHIN_MS,
    });
    desk
}

fn answers(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::AutoQueued(_)))
}

const NEVER: [MailMark; 5] =
    [MailMark::Automatic, MailMark::AutoReply, MailMark::NoAutoReply, MailMark::List, MailMark::Stranger];

#[test]
fn nobody_absent_answers_what_a_machine_may_have_written() {
    assert!(answers(&{
        let mut desk = closed();
        desk.ok(marked(&desk, "1", None))
    }));
    for mark in NEVER {
        let mut desk = closed();
        assert!(!answers(&desk.ok(marked(&desk, "1", Some(mark)))), "{mark:?}");
    }
}

#[test]
fn a_bot_is_not_given_what_a_machine_may_have_written() {
    for mark in NEVER {
        let mut desk = behind_a_bot();
        desk.ok(marked(&desk, "1", Some(mark)));
        assert_eq!((desk.state.seat.holder, desk.state.bot.letters.len()), (Holder::None, 0), "{mark:?}");
        assert_eq!(desk.state.status, Status::New, "people see it");
        // A person's word after it is the bot's again only where the case begins anew.
        desk.ok(marked(&desk, "2", None));
        assert_eq!(desk.state.seat.holder, Holder::None);
    }
}

#[test]
fn in_a_bots_case_a_machines_word_is_not_told_to_it_and_a_persons_wish_for_none_comes_to_people() {
    let mut desk = behind_a_bot();
    desk.ok(marked(&desk, "1", None));
    assert_eq!((desk.state.seat.holder, desk.state.bot.letters.len()), (Holder::Bot, 1));
    let epoch = desk.state.seat.epoch;
    desk.ok(Command::BotTold { letter: 1 });
    let send = Command::BotSend {
        seat_epoch: epoch,
        client_id: "b1".to_owned(),
        content: Content::Text("はい".to_owned()),
        dress: Default::default(),
        retry_key: 1,
    };
    desk.ok(send);
    // Somebody absent: nobody waits, and nothing happens however long it takes.
    desk.ok(marked(&desk, "2", Some(MailMark::AutoReply)));
    assert_eq!((desk.state.seat.holder, desk.state.bot.letters.len()), (Holder::Bot, 0));
    assert!(!desk.due().iter().any(|(_, kind)| *kind == DeadlineKind::BotAnswer), "{:?}", desk.due());
    // Somebody waits whom no machine may answer: people get the case, and nothing is said automatically.
    desk.ok(marked(&desk, "3", Some(MailMark::NoAutoReply)));
    assert!(desk.state.bot.letters.is_empty());
    desk.wait_ms(WITHIN_MS);
    let events = desk.ok(Command::DeadlineReached { kind: DeadlineKind::BotAnswer });
    assert_eq!(events, [Event::BotReleased { cause: Leaving::TimedOut }]);
    assert_eq!((desk.state.status, desk.state.seat.holder), (Status::New, Holder::None));
    // Their next word may be answered again.
    assert!(answers(&desk.ok(marked(&desk, "4", None))));
}
