//! An answer has no way out of the house, and the agent is not told, or the house tries without an end.

use std::time::Duration;

use madoguchi_engine::domain::message::{Delivery, FailureReason};
use madoguchi_engine::domain::org::{self, Access, InboxSettings, LineSettings};
use madoguchi_engine::domain::record::By;
use madoguchi_loadtest::double::{Endpoint, Fault, Quota, Times};
use madoguchi_tests::inside::INBOX;
use madoguchi_tests::world::{PATIENCE, wait_until};

use super::lost_answers::{Chat, said};

/// The longest wait between two looks at an empty quota, in seconds, and one round each of keeper and sender.
const LOOK_AGAIN_S: u64 = 60 + 4;

/// Changes the account's settings.
async fn change(chat: &Chat, change: impl FnOnce(&mut LineSettings)) {
    let mut inbox = chat.engine.org().inboxes[&INBOX].clone();
    let InboxSettings::Line(line) = &mut inbox.settings else { panic!("an account of LINE") };
    change(line);
    chat.engine.org_command(By::Operator, org::Command::ChangeInbox(inbox)).await.unwrap();
}

/// Makes the account unusable: no request can be written with such a token.
async fn break_account(chat: &Chat) {
    change(chat, |line| line.access = Access::LongLived { token: "line\nbreak".into() }).await;
}

/// Lets so many seconds pass, each with time for whoever waits for it.
async fn pass(chat: &Chat, seconds: u64) {
    for _ in 0..seconds {
        chat.clock.advance_ms(1_000);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[actix_rt::test]
async fn an_answer_whose_account_cannot_be_used_fails_and_says_so() {
    let chat = Chat::open(false).await;
    break_account(&chat).await;
    for text in ["一", "二"] {
        let number = chat.send(text).await;
        assert_eq!(chat.end_of(number).await, Delivery::Failed);
        assert_eq!(chat.state_of(number).await.1, Some(FailureReason::InboxGone));
    }
    assert_eq!(chat.double.sends().len(), 0);
    assert!(chat.engine.conversation(chat.id).await.unwrap().state.outbox.is_empty(), "nothing waits for ever");
    chat.engine.stop().await;
}

/// The customer may have it: who is told that it failed writes it again.
#[actix_rt::test]
async fn an_answer_that_may_have_arrived_is_unknown_when_its_account_cannot_be_used_any_more() {
    let chat = Chat::open(false).await;
    chat.double.faults().set(Endpoint::Push, Fault::DropAfter, Times::Always);
    let number = chat.send("お待たせしました").await;
    assert!(chat.double.wait_for_sends(PATIENCE, |calls| !calls.is_empty()).await.is_ok());
    break_account(&chat).await;
    let chat = chat.restarted().await;
    assert_eq!(chat.end_of(number).await, Delivery::Unknown);
    assert_eq!(chat.shown(), ["お待たせしました"]);
    chat.engine.stop().await;
}

#[actix_rt::test]
async fn an_empty_quota_is_not_tried_again_every_two_seconds() {
    let chat = Chat::open(false).await;
    chat.double.set_quota(&chat.channel, Quota::Limited(1), 1).unwrap();
    let first = chat.send("一").await;
    wait_until("the answer to be held back", PATIENCE, async || {
        (chat.delivery_of(first).await == Delivery::Unsent).then_some(())
    })
    .await;
    let second = chat.send("二").await;
    pass(&chat, 1_800).await;
    let tried = chat.double.sends().len();
    assert!((1..=2).contains(&tried), "{tried} tries in half an hour");
    for number in [first, second] {
        assert_eq!(chat.delivery_of(number).await, Delivery::Unsent);
    }
    let records = chat.engine.conversation(chat.id).await.unwrap().state.version;
    assert!(records < 80, "{records} changes of the conversation");

    // The customer writes: that costs nothing, and waits for nobody.
    assert!(said(&chat.engine, &chat.double, &chat.channel, &chat.user, true).await.is_some());
    wait_until("both as a free answer", PATIENCE, async || (chat.shown() == ["一", "二"]).then_some(())).await;

    let third = chat.send("三").await;
    assert_eq!(chat.end_of(third).await, Delivery::Unsent);
    chat.double.set_quota(&chat.channel, Quota::Limited(100), 1).unwrap();
    pass(&chat, LOOK_AGAIN_S).await;
    wait_until("the last one", PATIENCE, async || (chat.shown() == ["一", "二", "三"]).then_some(())).await;
    chat.engine.stop().await;
}
