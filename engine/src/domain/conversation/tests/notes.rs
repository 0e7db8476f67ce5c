//! Memos between colleagues: only their author changes them.

use super::*;
use crate::domain::conversation::limits;

fn add(agent: AgentId, client_id: &str, text: &str) -> Command {
    Command::AddNote { agent, client_id: client_id.to_owned(), text: text.to_owned() }
}

fn edit(agent: AgentId, number: u32, text: &str) -> Command {
    Command::EditNote { agent, number, text: text.to_owned() }
}

#[test]
fn a_memo_takes_the_next_number_and_no_seat() {
    let mut desk = Desk::new();
    let waiting = desk.state.waiting_since;
    let (text, client_id) = ("memo".to_owned(), "n1".to_owned());
    assert_eq!(desk.ok(add(BEN, "n1", "memo")), [Event::NoteAdded { number: 2, author: BEN, text, client_id }]);
    assert_eq!(desk.state.waiting_since, waiting, "a memo is no answer");
    assert_eq!(desk.state.number_of(Author::Agent(BEN), "n1"), Some(2));
}

#[test]
fn a_supervisor_writes_memos_without_being_a_member() {
    let mut desk = Desk::held();
    desk.ok(add(OUTSIDER, "n1", "memo"));
}

#[test]
fn a_memo_told_twice_is_one_memo() {
    let mut desk = Desk::new();
    desk.ok(add(BEN, "n1", "memo"));
    desk.idle(add(BEN, "n1", "memo"));
    desk.no(add(BEN, "n1", "another"), &Rejected::ClientIdReused);
    desk.ok(add(CHO, "n1", "memo"));
    assert_eq!(desk.state.notes.len(), 2);
}

#[test]
fn only_the_author_rewrites_or_removes_a_memo() {
    let mut desk = Desk::new();
    desk.ok(add(BEN, "n1", "memo"));
    desk.no(edit(CHO, 2, "mine"), &Rejected::NotTheAuthor);
    desk.no(Command::DeleteNote { agent: CHO, number: 2 }, &Rejected::NotTheAuthor);
    let missing = Rejected::not_found("note");
    desk.no(edit(BEN, 1, "the customer's words"), &missing);
    desk.no(Command::DeleteNote { agent: BEN, number: 3 }, &missing);
    assert_eq!(desk.ok(edit(BEN, 2, "new")), [Event::NoteEdited { number: 2, text: "new".to_owned() }]);
    assert_eq!(desk.ok(Command::DeleteNote { agent: BEN, number: 2 }), [Event::NoteDeleted { number: 2 }]);
    desk.no(edit(BEN, 2, "again"), &missing);
    desk.no(Command::DeleteNote { agent: BEN, number: 2 }, &missing);
}

#[test]
fn a_memo_keeps_its_limits_when_written_and_when_rewritten() {
    let mut desk = Desk::new();
    let rule = Rejected::invalid("text", "1 to 5,000 characters, not only white space");
    let longest = "覚".repeat(limits::NOTE_CHARS);
    desk.ok(add(BEN, "n1", &longest));
    desk.ok(edit(BEN, 2, &longest));
    for bad in [String::new(), "\u{3000} \n".to_owned(), "覚".repeat(limits::NOTE_CHARS + 1)] {
        desk.no(add(BEN, "n2", &bad), &rule);
        desk.no(edit(BEN, 2, &bad), &rule);
    }
}

#[test]
fn beyond_the_limit_the_oldest_memo_can_only_be_read() {
    let mut desk = Desk::new();
    for n in 0..=limits::NOTES {
        desk.ok(add(BEN, &format!("n{n}"), "memo"));
    }
    assert_eq!(desk.state.notes.len(), limits::NOTES);
    desk.no(edit(BEN, 2, "new"), &Rejected::not_found("note"));
    desk.ok(edit(BEN, 3, "new"));
}
