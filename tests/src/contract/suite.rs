//! The promises. Each is one test for every channel; the name says the fear.

use bytes::Bytes;
use futures_util::future::join_all;
use madoguchi_engine::Clock;
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use serde_json::Value;

use super::front::WINDOW;
use super::{Channel, SendFault};
use crate::inside::{A, INBOX, config, conversation_of, furnished_with, window};
use crate::world::{PATIENCE, wait_until};

/// The largest picture that the server keeps in these tests, in bytes.
const MOST: usize = 50_000;

/// A customer who has written once, and their conversation.
async fn begun<C: Channel>(channel: &C) -> (String, String) {
    let customer = channel.customer();
    assert_eq!(channel.bring(channel.message(&customer, 1, "first")).await, Some(200));
    let talk = channel.front().conversation(&customer).await;
    (customer, talk)
}

/// What the platform brings twice, at once or later, is there once.
pub async fn duplicate<C: Channel>() {
    let channel = C::open(&[]).await;
    let customer = channel.customer();
    let body = channel.message(&customer, 1, "once");
    let statuses = join_all((0..8).map(|_| channel.bring(body.clone()))).await;
    assert!(statuses.iter().all(|status| *status == Some(200)), "{statuses:?}");
    assert_eq!(channel.bring(body).await, Some(200));
    let talk = channel.front().conversation(&customer).await;
    assert_eq!(channel.front().texts(&talk).await, ["once"]);
}

/// What was written earlier and comes later is there, in the order in which it came, and says that it is late.
pub async fn out_of_order<C: Channel>() {
    let channel = C::open(&[]).await;
    let customer = channel.customer();
    for (n, text) in [(20, "written second"), (10, "written first")] {
        assert_eq!(channel.bring(channel.message(&customer, n, text)).await, Some(200));
    }
    let talk = channel.front().conversation(&customer).await;
    assert_eq!(channel.front().texts(&talk).await, ["written second", "written first"]);
    let lines = channel.front().lines(&talk).await;
    let late: Vec<bool> = lines.iter().map(|line| line["late"] == true).collect();
    assert_eq!(late, [false, true], "{lines:?}");
}

/// What nobody knows yet is answered with success, kept for the reader, and harms nothing.
pub async fn unknown_event<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    assert_eq!(channel.bring(channel.unknown(&customer)).await, Some(200));
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Some(200));
    assert_eq!(channel.front().texts(&talk).await, ["first", "second"]);
    let lines = channel.front().lines(&talk).await;
    let waits = channel.front().waiting_bodies().await;
    assert!(lines.len() == 3 || waits == 1, "it is a line or a body that waits: {lines:?}");
}

/// What cannot be read is answered with success and waits for a person with its bytes; a stranger's is refused.
pub async fn broken_event<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    assert_eq!(channel.bring(channel.broken()).await, Some(200));
    assert_eq!(channel.bring(channel.broken()).await, Some(200), "the same once more");
    assert_eq!(channel.front().waiting_bodies().await, 1);
    let list = channel.front().owner.get(&format!("/api/v1/windows/{WINDOW}/raw")).await.ok();
    assert_eq!(list["items"][0]["reason"], "unparsable", "{list}");
    let odd = Bytes::from_static(b"\xff\xfe not even text");
    assert_eq!(channel.bring(odd).await, Some(200), "a body that is none at all");
    assert_eq!(channel.front().waiting_bodies().await, 2);
    let forged = channel.message(&customer, 3, "forged");
    assert_eq!(channel.forge(forged).await, Some(401));
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Some(200));
    assert_eq!(channel.front().texts(&talk).await, ["first", "second"]);
}

async fn lost<C: Channel>(bytes: Option<usize>) -> Value {
    let most = MOST.to_string();
    let channel = C::open(&[("MADOGUCHI_MEDIA__IMAGE_BYTES", &most)]).await;
    let (customer, talk) = begun(&channel).await;
    assert_eq!(channel.bring_picture(&customer, bytes).await, Some(200));
    assert_eq!(channel.bring(channel.message(&customer, 91, "and words")).await, Some(200));
    let settled = |line: &Value| line["content"]["lost"].is_string() || line["content"]["file"].is_object();
    let line = channel.front().line(&talk, 2, settled).await;
    assert_eq!(channel.front().texts(&talk).await, ["first", "and words"], "words wait for no picture");
    line["content"].clone()
}

/// A file that is too large is said to be, and a smaller one is kept.
pub async fn media_too_large<C: Channel>() {
    assert_eq!(lost::<C>(Some(MOST + 1)).await["lost"], "too_large");
    let kept = lost::<C>(Some(MOST)).await;
    assert_eq!(kept["file"]["bytes"], MOST, "{kept}");
}

/// A file that the platform has no more is said to be gone, and keeps nothing back.
pub async fn media_gone<C: Channel>() {
    assert_eq!(lost::<C>(None).await["lost"], "gone");
}

/// A send that is refused is shown as failed, and the next one goes.
pub async fn send_refused<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    let epoch = channel.front().claim(&talk).await;
    channel.next_send(SendFault::Refused);
    let refused = channel.front().answer(&talk, epoch, "refused").await;
    assert_eq!(channel.front().end(&talk, refused).await, "failed");
    let taken = channel.front().answer(&talk, epoch, "taken").await;
    assert_eq!(channel.front().end(&talk, taken).await, "sent");
    assert_eq!(channel.received(&customer), ["taken"]);
}

/// A send whose answer is lost is never a second message: known again where the platform can, shown as unknown where not.
pub async fn send_unknown<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    let epoch = channel.front().claim(&talk).await;
    channel.next_send(SendFault::AnswerLost);
    let lost = channel.front().answer(&talk, epoch, "once").await;
    let wanted = if C::RECOGNISES_REPEATS { "sent" } else { "unknown" };
    assert_eq!(channel.front().end(&talk, lost).await, wanted);
    let next = channel.front().answer(&talk, epoch, "next").await;
    assert_eq!(channel.front().end(&talk, next).await, "sent", "what is behind it goes");
    assert_eq!(channel.received(&customer), ["once", "next"]);
}

/// A send that came too fast goes later, once, and in its order.
pub async fn rate_limited<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    let epoch = channel.front().claim(&talk).await;
    channel.next_send(SendFault::TooFast);
    let mut numbers = Vec::new();
    for text in ["one", "two", "three"] {
        numbers.push(channel.front().answer(&talk, epoch, text).await);
    }
    for number in numbers {
        assert_eq!(channel.front().end(&talk, number).await, "sent");
    }
    assert_eq!(channel.received(&customer), ["one", "two", "three"]);
}

/// A kill between the send and its answer loses nothing that was taken from customers, and sends nothing twice.
pub async fn restart_in_the_middle<C: Channel>() {
    let mut channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    let epoch = channel.front().claim(&talk).await;
    channel.next_send(SendFault::Hangs);
    let sent = channel.front().answer(&talk, epoch, "once").await;
    wait_until("the message to be on the customer's screen", PATIENCE, async || {
        (channel.received(&customer) == ["once"]).then_some(())
    })
    .await;
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Some(200));
    channel.front_mut().kill_and_restart().await;
    channel.moved();
    let wanted = if C::RECOGNISES_REPEATS { "sent" } else { "unknown" };
    assert_eq!(channel.front().end(&talk, sent).await, wanted);
    assert_eq!(channel.front().texts(&talk).await, ["first", "second"]);
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Some(200), "it comes again");
    assert_eq!(channel.bring(channel.message(&customer, 3, "third")).await, Some(200));
    assert_eq!(channel.front().texts(&talk).await, ["first", "second", "third"]);
    assert_eq!(channel.received(&customer), ["once"]);
}

/// What comes for a conversation that was set aside is kept whole, and is there when it is taken back.
pub async fn set_aside<C: Channel>() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_795_237_300_000));
    let engine = furnished_with(config(folder.path(), &clock), C::settings()).await;
    let customer = "U0123456789abcdef0123456789abcdef";
    let bring = async |n, text: &str| engine.inbound(INBOX, C::offline_message(customer, n, text)).await;
    bring(1, "first").await.expect("it is taken");
    let talk = conversation_of(&engine, customer).await;
    engine.command(By::Engine, talk, Command::SetAside).await.expect("it can be set aside");
    let taken = bring(2, "second").await.expect("it is answered with success");
    assert!(taken.stored_whole, "{taken:?}");
    assert_eq!(engine.raw_bodies(&window()).await.expect("a list").len(), 1);
    engine.command(By::Agent(A), talk, Command::TakeBack { agent: A }).await.expect("it can be taken back");
    wait_until("the body to be interpreted", PATIENCE, async || {
        clock.advance_ms(100);
        let bodies = engine.raw_bodies(&window()).await.ok()?;
        let row = engine.conversation(talk).await.ok()?;
        (bodies.is_empty() && row.state.last_number == 2).then_some(())
    })
    .await;
    engine.stop().await;
}

/// One test a promise and channel.
#[macro_export]
macro_rules! channel_contract {
    ($name:ident, $channel:ty) => {
        mod $name {
            use super::*;

            $crate::channel_contract!(@each $channel: duplicate, out_of_order, unknown_event, broken_event,
                media_too_large, media_gone, send_refused, send_unknown, rate_limited, restart_in_the_middle, set_aside);
        }
    };
    (@each $channel:ty: $($promise:ident),*) => {
        $(
            #[actix_rt::test]
            async fn $promise() {
                $crate::contract::suite::$promise::<$channel>().await;
            }
        )*
    };
}
