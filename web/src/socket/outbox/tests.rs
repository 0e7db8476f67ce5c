use madoguchi_protocol::server::{Going, PresenceNow};
use madoguchi_protocol::{Close, ServerFrame};
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::socket::testing::decode;

fn bytes(len: usize) -> Bytes {
    Bytes::from(vec![b'x'; len])
}

fn drain(outbox: &mut Outbox) -> Vec<Bytes> {
    std::iter::from_fn(|| outbox.take()).collect()
}

/// A frame whose text is about `len` bytes.
fn message(len: usize) -> Bytes {
    frame::text(&ServerFrame::Presence(PresenceNow { window: "w".repeat(len), agents: Vec::new() }))
}

#[test]
fn what_waits_goes_out_in_one_piece() {
    let mut outbox = Outbox::new(1 << 20, None);
    for _ in 0..100 {
        outbox.push(bytes(100));
    }
    let pieces = drain(&mut outbox);
    assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [10_000]);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn a_single_frame_is_shared_and_not_copied() {
    let frame = bytes(500);
    let mut outbox = Outbox::new(1 << 20, None);
    outbox.push(frame.clone());
    assert_eq!(outbox.take().expect("one piece").as_ptr(), frame.as_ptr());
}

#[test]
fn no_piece_is_longer_than_a_chunk() {
    let mut outbox = Outbox::new(8 << 20, None);
    for len in [10, 70_000, 200_000, 65_536, 65_535, 1, 1] {
        outbox.push(bytes(len));
    }
    let pieces = drain(&mut outbox);
    assert!(pieces.iter().all(|piece| piece.len() <= CHUNK_BYTES));
    assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), 10 + 70_000 + 200_000 + 65_536 + 65_535 + 2);
}

#[test]
fn a_peer_that_falls_behind_costs_no_more_than_the_limit() {
    let mut outbox = Outbox::new(10_000, None);
    for _ in 0..1_000 {
        outbox.push(bytes(100));
        assert!(outbox.bytes() <= 10_000);
    }
    assert_eq!(outbox.state(), State::Closing(Some(Close::Slow)));
    let pieces = drain(&mut outbox);
    let told = decode(&pieces.concat());
    let [Message::Close(Some(close))] = &told[..] else { panic!("only the end is told: {told:?}") };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (4001, "slow"));
}

#[test]
fn bulk_does_not_count_as_falling_behind_and_waits_for_room() {
    let mut outbox = Outbox::new(10_000, None);
    outbox.push_bulk(bytes(2 << 20));
    assert!(!outbox.wants_bulk());
    outbox.push(bytes(9_000));
    assert_eq!(outbox.state(), State::Open);
    while !outbox.wants_bulk() {
        outbox.take().expect("something waits");
    }
    assert!(outbox.bytes() < BULK_BELOW_BYTES);
}

#[test]
fn the_end_never_falls_into_the_middle_of_a_frame() {
    let long = message(300_000);
    let mut outbox = Outbox::new(1 << 20, None);
    outbox.push_bulk(long.clone());
    outbox.push(message(10));
    let mut out = outbox.take().expect("a piece").to_vec();
    outbox.push_control(frame::ping());
    outbox.close_at_once(Close::Slow);
    out.extend(drain(&mut outbox).concat());
    let told = decode(&out);
    assert!(matches!(&told[..], [Message::Text(text), Message::Close(_)] if text.len() > 300_000), "{}", told.len());
}

#[test]
fn a_control_frame_overtakes_what_waits_and_nothing_that_is_half_out() {
    let mut outbox = Outbox::new(1 << 20, None);
    outbox.push(message(200_000));
    outbox.push(message(10));
    let mut out = outbox.take().expect("a piece").to_vec();
    outbox.push_control(frame::ping());
    out.extend(drain(&mut outbox).concat());
    assert!(matches!(&decode(&out)[..], [Message::Text(_), Message::Ping(_), Message::Text(_)]));
}

#[test]
fn after_the_end_nothing_more_is_taken() {
    let mut outbox = Outbox::new(1 << 20, None);
    outbox.push(frame::text(&ServerFrame::Going(Going { retry_after_ms: 3 })));
    outbox.close(Close::Going);
    outbox.push(message(10));
    outbox.push_bulk(message(10));
    outbox.push_control(frame::ping());
    outbox.close(Close::Slow);
    outbox.farewell();
    let told = decode(&drain(&mut outbox).concat());
    let [Message::Text(going), Message::Close(Some(close))] = &told[..] else { panic!("{told:?}") };
    assert_eq!(going.as_str(), r#"{"type":"going","retry_after_ms":3}"#);
    assert_eq!(u16::from(close.code), 4000);
    outbox.gone();
    assert_eq!((outbox.bytes(), outbox.take()), (0, None));
}

proptest! {
    #[test]
    fn whatever_is_pushed_is_what_another_implementation_reads(lens in proptest::collection::vec(0_usize..90_000, 1..12)) {
        let mut outbox = Outbox::new(8 << 20, None);
        let mut wanted = Vec::new();
        let mut out = Vec::new();
        for (turn, len) in lens.iter().enumerate() {
            let text = frame::text(&ServerFrame::Presence(PresenceNow { window: "窓".repeat(*len / 3), agents: Vec::new() }));
            if turn % 3 == 0 { outbox.push_bulk(text) } else { outbox.push(text) }
            wanted.push(*len / 3);
            if turn % 4 == 1 {
                out.extend(outbox.take().expect("something waits"));
            }
        }
        out.extend(drain(&mut outbox).concat());
        prop_assert_eq!((outbox.bytes(), outbox.live_bytes), (0, 0));
        let mut read = Vec::new();
        for message in decode(&out) {
            let text = message.into_text().expect("text");
            let Ok(ServerFrame::Presence(now)) = serde_json::from_str(&text) else { panic!("not what was sent") };
            read.push(now.window.chars().count());
        }
        prop_assert_eq!(read, wanted);
    }
}
