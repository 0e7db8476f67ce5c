//! What the platform tells besides messages: friends and blocks, media that arrive as a name, rewritten messages.

use super::*;
use crate::domain::content::{Media, MediaKind, MediaLoss, MediaPlace, StoredFile};
use crate::domain::conversation::{Status, limits};
use crate::domain::id::FileId;

fn follow(unblocked: bool, token: Option<&str>) -> Command {
    inbound(START, InboundKind::Follow { unblocked, reply_token: token.map(str::to_owned) })
}

fn edit(external_id: &str, at: Timestamp, text: &str) -> Command {
    inbound(at, InboundKind::Edit { external_id: external_id.to_owned(), content: Content::Text(text.to_owned()) })
}

fn photo(external_id: &str) -> Command {
    let place = MediaPlace::Platform;
    let media = Media { kind: MediaKind::Image, name: None, bytes: None, duration_ms: None, set: None, place };
    let (external_id, content) = (Some(external_id.to_owned()), Content::Media(Box::new(media)));
    inbound(START, InboundKind::Message { external_id, content, reply_token: None, raw: None, read_token: None })
}

fn file() -> StoredFile {
    StoredFile { id: FileId(9), mime: "image/png".to_owned(), bytes: 5, size: Some((2, 1)), preview: None }
}

fn keep(number: u32, outcome: Result<StoredFile, MediaLoss>) -> Command {
    Command::KeepMedia { number, outcome }
}

fn awaited(desk: &Desk) -> Vec<u32> {
    desk.state.awaited.iter().map(|awaited| awaited.number).collect()
}

#[test]
fn a_new_friend_is_in_the_list_and_is_no_waiting_work() {
    let mut desk = Desk::unborn();
    let events = desk.ok(follow(false, Some("t")));
    assert!(matches!(events[..], [Event::Opened(_), Event::Followed { unblocked: false, .. }]));
    assert_eq!((desk.state.status, desk.state.waiting_since, desk.state.last_number), (Status::New, None, 0));
    assert_eq!(desk.state.reply.as_ref().map(|right| right.token.as_str()), Some("t"));
}

#[test]
fn a_block_is_shown_until_the_customer_takes_it_back() {
    let mut desk = Desk::held();
    desk.ok(inbound(START, InboundKind::Unfollow));
    desk.idle(inbound(START, InboundKind::Unfollow));
    assert!(desk.state.blocked);
    assert_eq!(desk.state.status, Status::InProgress, "who holds it still decides what to do");
    desk.ok(follow(true, None));
    assert!(!desk.state.blocked);
}

#[test]
fn media_are_awaited_until_they_are_kept_or_lost() {
    let mut desk = Desk::unborn();
    desk.ok(photo("m1"));
    desk.ok(photo("m2"));
    assert_eq!(awaited(&desk), [1, 2]);
    assert_eq!(desk.ok(keep(2, Ok(file()))), [Event::MediaStored { number: 2, file: file() }]);
    assert_eq!(desk.ok(keep(1, Err(MediaLoss::Gone))), [Event::MediaLost { number: 1, why: MediaLoss::Gone }]);
    assert_eq!(awaited(&desk), [0_u32; 0]);
    desk.idle(keep(1, Ok(file())));
}

#[test]
fn a_photo_taken_back_while_it_was_fetched_is_not_kept() {
    let mut desk = Desk::unborn();
    desk.ok(photo("m1"));
    desk.ok(unsend("m1"));
    desk.idle(keep(1, Ok(file())));
}

#[test]
fn media_that_are_known_to_be_elsewhere_are_kept_by_a_conversation_set_aside_too() {
    let mut desk = Desk::unborn();
    desk.ok(photo("m1"));
    desk.ok(Command::SetAside);
    desk.ok(keep(1, Ok(file())));
}

#[test]
fn one_photo_more_than_may_be_awaited_gives_the_oldest_up() {
    let mut desk = Desk::unborn();
    for n in 0..=limits::AWAITED_MEDIA {
        desk.ok(photo(&format!("m{n}")));
    }
    assert_eq!((awaited(&desk).len(), awaited(&desk)[0]), (limits::AWAITED_MEDIA, 2));
}

#[test]
fn of_changes_in_any_order_the_newest_counts() {
    let mut desk = Desk::unborn();
    desk.hear("m1", None);
    desk.ok(edit("m1", START.plus_ms(20), "second"));
    desk.idle(edit("m1", START.plus_ms(10), "first"));
    let third = desk.ok(edit("m1", START.plus_ms(30), "third"));
    assert!(matches!(&third[..], [Event::Edited { number: 1, content: Content::Text(text), .. }] if text == "third"));
    desk.idle(edit("unheard", START, "x"));
    desk.ok(unsend("m1"));
    desk.idle(edit("m1", START.plus_ms(40), "too late"));
}

#[test]
fn a_picture_is_told_once() {
    let mut desk = Desk::new();
    desk.ok(Command::SeePicture { picture: Some(FileId(3)) });
    desk.idle(Command::SeePicture { picture: Some(FileId(3)) });
    desk.ok(Command::SeePicture { picture: None });
    assert_eq!(desk.state.picture, None);
}

#[test]
fn a_medium_that_makes_room_for_newer_ones_says_that_it_is_lost() {
    let mut desk = Desk::unborn();
    for n in 1..=limits::AWAITED_MEDIA {
        desk.ok(photo(&format!("m{n}")));
    }
    let events = desk.ok(photo("one more"));
    assert!(matches!(events[..], [Event::MediaLost { number: 1, why: MediaLoss::Refused }, Event::Received(_)]));
    assert_eq!((desk.state.awaited.len(), awaited(&desk)[0]), (limits::AWAITED_MEDIA, 2));
    assert_eq!(desk.hear("words", None).len(), 1, "words need no such room");
}
