use std::cell::RefCell;
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use super::*;
use crate::socket::outbox::{Outbox, State};

fn first(text: &str) -> Item {
    Item::FirstText(Bytes::copy_from_slice(text.as_bytes()))
}

fn last(bytes: &[u8]) -> Item {
    Item::Last(Bytes::copy_from_slice(bytes))
}

#[test]
fn fragments_make_one_message() {
    let mut assembly = Assembly::default();
    assert_eq!(assembly.add(first("{\"a\"")), Ok(None));
    assert_eq!(assembly.add(Item::Continue(Bytes::from_static(b":"))), Ok(None));
    assert_eq!(assembly.whole(), Err(Violation), "a whole message between fragments");
    assert_eq!(assembly.add(last(b"1}")), Ok(Some("{\"a\":1}".to_owned())));
    assert_eq!(assembly.whole(), Ok(()));
}

#[test]
fn a_message_in_many_fragments_is_no_way_around_the_limit() {
    let mut assembly = Assembly::default();
    let fragment = "x".repeat(1_000);
    assert_eq!(assembly.add(first(&fragment)), Ok(None));
    let refused = (0..100).position(|_| assembly.add(Item::Continue(Bytes::from(fragment.clone()))).is_err());
    assert_eq!(refused, Some(SOCKET_MESSAGE_BYTES / 1_000 - 1));
}

#[test]
fn fragments_out_of_turn_or_without_meaning_are_refused() {
    assert_eq!(Assembly::default().add(last(b"x")), Err(Violation));
    assert_eq!(Assembly::default().add(Item::Continue(Bytes::new())), Err(Violation));
    assert_eq!(Assembly::default().add(Item::FirstBinary(Bytes::new())), Err(Violation));
    let mut assembly = Assembly::default();
    assert_eq!(assembly.add(first("a")), Ok(None));
    assert_eq!(assembly.add(first("b")), Err(Violation));
    let mut assembly = Assembly::default();
    assert_eq!(assembly.add(first("a")), Ok(None));
    assert_eq!(assembly.add(last(&[0xff])), Err(Violation), "not UTF-8");
}

#[actix_web::test]
async fn a_flood_ends_before_it_fills_the_memory() {
    let outbox = Rc::new(RefCell::new(Outbox::new(1 << 20, None)));
    let flood = stream::repeat_with(|| Ok(Bytes::from(vec![0; 8 * 1024])));
    let intake = Intake::new(Box::pin(flood), Rc::clone(&outbox));
    let taken: usize =
        intake.map(|bytes| bytes.map_or(0, |bytes| bytes.len())).fold(0, |sum, len| async move { sum + len }).await;
    assert!(taken >= BURST_BYTES.get() as usize, "{taken}");
    // A machine that stands still in the middle may let a little more through.
    assert!(taken < 2 * BURST_BYTES.get() as usize, "{taken}");
    assert_eq!(outbox.borrow().state(), State::Closing(Some(Close::Flooding)));
}

#[test]
fn messages_are_allowed_in_a_burst_and_then_by_the_second() {
    let messages = Messages::new();
    let allowed = (0..10_000).take_while(|_| messages.allow()).count();
    assert!((300..400).contains(&allowed), "{allowed}");
}
