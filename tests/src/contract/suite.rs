//! The promises. Each is one test for every channel; the name says the fear.

use bytes::Bytes;
use futures_util::future::join_all;
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::{Clock, Handle};

use super::{Answer, Channel, Media, SendFault};
use crate::inside::{A, config, find_conversation, furnished_with, let_time_pass, window};
use crate::world::{PATIENCE, wait_until};

/// The largest picture that the server keeps in these tests, in bytes.
const MOST: usize = 50_000;

/// A customer who has written once, and their conversation.
async fn begun<C: Channel>(channel: &C) -> (String, String) {
    let customer = channel.customer();
    assert_eq!(channel.bring(channel.message(&customer, 1, "first")).await, Answer::Taken);
    let talk = channel.front().conversation(&customer).await;
    (customer, talk)
}

/// The customer's texts, once everything that was taken is where it belongs.
async fn texts<C: Channel>(channel: &C, talk: &str) -> Vec<String> {
    channel.settled().await;
    channel.front().texts(talk).await
}

/// Why bodies wait that are stored whole, once everything else is where it belongs.
async fn waiting<C: Channel>(channel: &C) -> Vec<String> {
    channel.settled().await;
    channel.front().waiting_bodies().await
}

/// What the platform brings twice, at once or later, is there once.
pub async fn duplicate<C: Channel>() {
    let channel = C::open(&[]).await;
    let customer = channel.customer();
    let body = channel.message(&customer, 1, "once");
    let answers = join_all((0..8).map(|_| channel.bring(body.clone()))).await;
    assert_eq!(answers, [Answer::Taken; 8]);
    assert_eq!(channel.bring(body).await, Answer::Taken);
    let talk = channel.front().conversation(&customer).await;
    assert_eq!(texts(&channel, &talk).await, ["once"]);
    assert_eq!(waiting(&channel).await, [""; 0]);
}

/// What was written earlier and comes later is there, in the order in which it came, and says that it is late.
pub async fn out_of_order<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    for (n, text) in [(20, "written third"), (10, "written second")] {
        assert_eq!(channel.bring(channel.message(&customer, n, text)).await, Answer::Taken);
    }
    assert_eq!(texts(&channel, &talk).await, ["first", "written third", "written second"]);
    let lines = channel.front().lines(&talk).await;
    let late: Vec<bool> = lines.iter().map(|line| line["late"] == true).collect();
    assert_eq!(late, [false, false, true], "{lines:?}");
}

/// What nobody knows yet is answered with success, kept for the reader, and harms nothing.
pub async fn unknown_event<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    assert_eq!(channel.bring(channel.unknown(&customer)).await, Answer::Taken);
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Answer::Taken);
    assert_eq!(texts(&channel, &talk).await, ["first", "second"]);
    let lines = channel.front().lines(&talk).await;
    let waits = waiting(&channel).await.len();
    assert!(lines.len() == 3 || waits == 1, "it is a line or a body that waits: {lines:?}");
}

/// What cannot be read is answered with success and waits for a person with its bytes; a stranger's is refused.
pub async fn broken_event<C: Channel>() {
    let channel = C::open(&[]).await;
    let (customer, talk) = begun(&channel).await;
    assert_eq!(channel.bring(channel.broken()).await, Answer::Taken);
    assert_eq!(channel.bring(channel.broken()).await, Answer::Taken, "the same once more");
    assert_eq!(waiting(&channel).await, ["unparsable"]);
    let odd = Bytes::from_static(b"\xff\xfe not even text");
    assert_eq!(channel.bring(odd).await, Answer::Taken, "a body that is none at all");
    assert_eq!(waiting(&channel).await, ["unparsable"; 2]);
    let forged = channel.forge(channel.message(&customer, 3, "forged")).await;
    assert!(matches!(forged, Answer::Refused(_)), "{forged:?}");
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Answer::Taken);
    assert_eq!(texts(&channel, &talk).await, ["first", "second"]);
}

async fn picture<C: Channel>(bytes: Option<usize>) -> Media {
    let most = MOST.to_string();
    let channel = C::open(&[(C::MEDIA_LIMIT, &most)]).await;
    let (customer, talk) = begun(&channel).await;
    assert_eq!(channel.bring_picture(&customer, bytes).await, Answer::Taken);
    assert_eq!(channel.bring(channel.message(&customer, 91, "and words")).await, Answer::Taken);
    let line = channel.front().line(&talk, 2, |line| C::media(line).is_some()).await;
    assert_eq!(texts(&channel, &talk).await, ["first", "and words"], "words wait for no picture");
    C::media(&line).expect("it was waited for")
}

/// A file that is too large is said to be, and a smaller one is kept.
pub async fn media_too_large<C: Channel>() {
    assert_eq!(picture::<C>(Some(MOST + 1)).await, Media::TooLarge);
    assert_eq!(picture::<C>(Some(MOST)).await, Media::Kept(MOST as u64));
}

/// A file that the platform has no more is said to be gone, and keeps nothing back.
pub async fn media_gone<C: Channel>() {
    assert_eq!(picture::<C>(None).await, Media::Gone);
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
    let mut received = channel.received(&customer);
    if !C::KEEPS_ORDER_IN_TROUBLE {
        assert_eq!(received, ["two", "three", "one"], "what came too fast keeps nothing back");
        received.rotate_right(1);
    }
    assert_eq!(received, ["one", "two", "three"]);
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
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Answer::Taken);
    channel.front_mut().kill_and_restart().await;
    channel.moved();
    let wanted = if C::RECOGNISES_REPEATS { "sent" } else { "unknown" };
    assert_eq!(channel.front().end(&talk, sent).await, wanted);
    assert_eq!(texts(&channel, &talk).await, ["first", "second"]);
    assert_eq!(channel.bring(channel.message(&customer, 2, "second")).await, Answer::Taken, "it comes again");
    assert_eq!(channel.bring(channel.message(&customer, 3, "third")).await, Answer::Taken);
    assert_eq!(texts(&channel, &talk).await, ["first", "second", "third"]);
    assert_eq!(channel.received(&customer), ["once"]);
}

/// What comes for a conversation that was set aside is kept whole, keeps nobody else waiting, and is there when it is
/// taken back.
pub async fn set_aside<C: Channel>() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_795_237_300_000));
    let mut config = config(folder.path(), &clock);
    C::configure(&mut config);
    let engine = furnished_with(config, C::settings()).await;
    let _passing = let_time_pass(&clock);
    let (customer, other) = (C::offline_customer(1), C::offline_customer(2));
    C::bring_offline(&engine, &customer, 1, "first").await;
    let talk = begun_offline(&engine, &customer).await;
    engine.command(By::Engine, talk, Command::SetAside).await.expect("it can be set aside");
    C::bring_offline(&engine, &customer, 2, "second").await;
    C::bring_offline(&engine, &other, 1, "somebody else").await;
    begun_offline(&engine, &other).await;
    wait_until("all that can be told to be told", PATIENCE, async || {
        (engine.raw_bodies(&window()).await.ok()?.len() == 1).then_some(())
    })
    .await;
    let row = engine.conversation(talk).await.expect("it is there");
    assert_eq!(row.state.last_number, 1, "nothing comes to what is set aside");
    engine.command(By::Agent(A), talk, Command::TakeBack { agent: A }).await.expect("it can be taken back");
    wait_until("the body to be interpreted", PATIENCE, async || {
        let bodies = engine.raw_bodies(&window()).await.ok()?;
        let row = engine.conversation(talk).await.ok()?;
        (bodies.is_empty() && row.state.last_number == 2).then_some(())
    })
    .await;
    engine.stop().await;
}

async fn begun_offline(engine: &Handle, customer: &str) -> ConversationId {
    wait_until("a conversation", PATIENCE, async || find_conversation(engine, customer).await).await
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
