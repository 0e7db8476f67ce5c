//! The platform's answer to a send gets lost, and the customer hears us twice, not at all, or in the wrong order.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::{Content, Delivery, FailureReason};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::rows::{MessageKind, MessagesQuery, Place};
use madoguchi_engine::{Clock, Handle};
use madoguchi_loadtest::double::{Channel, Double, Endpoint, Fault, Options, Times};
use madoguchi_tests::inside::{A, INBOX, config, conversation_of, furnished_for, start};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::json;

/// A customer in a chat that agent A has claimed.
pub(crate) struct Chat {
    pub(crate) engine: Handle,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) double: Double,
    pub(crate) channel: Channel,
    pub(crate) user: String,
    pub(crate) id: ConversationId,
    seat_epoch: u64,
    _folder: tempfile::TempDir,
}

impl Chat {
    /// The customer has written; `with_token` says whether that may be answered free.
    pub(crate) async fn open(with_token: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp(1_000_000));
        let double = Double::start(Options::default()).unwrap();
        let channel = double.add_channel("サポート");
        let config = config(folder.path(), &clock);
        let engine = furnished_for(config.clone(), &double.api_url(), &channel.access_token).await;
        let user = double.add_user(&channel, "客").unwrap();
        let token = said(&engine, &double, &channel, &user, with_token).await;
        assert_eq!(token.is_some(), with_token);
        let id = conversation_of(&engine, &user).await;
        let claimed = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap();
        let seat_epoch = claimed.row.state.seat.epoch;
        Self { engine, config, clock, double, channel, user, id, seat_epoch, _folder: folder }
    }

    /// The same after a stop and a start.
    pub(crate) async fn restarted(self) -> Self {
        let Self { engine, config, clock, double, channel, user, id, seat_epoch, _folder } = self;
        engine.stop().await;
        drop(engine);
        let engine = start(config.clone()).await;
        Self { engine, config, clock, double, channel, user, id, seat_epoch, _folder }
    }

    pub(crate) async fn send(&self, text: &str) -> u32 {
        let command = Command::Send {
            agent: A,
            seat_epoch: self.seat_epoch,
            client_id: text.to_owned(),
            dress: Default::default(),
            content: Content::Text(text.to_owned()),
            retry_key: u128::from_be_bytes(std::array::from_fn(|at| text.as_bytes()[at % text.len()])),
        };
        self.engine.command(By::Agent(A), self.id, command).await.unwrap().number.unwrap()
    }

    /// Lets the waits between tries pass, until the message has an end.
    pub(crate) async fn end_of(&self, number: u32) -> Delivery {
        wait_until("the answer to have an end", PATIENCE, async || {
            self.clock.advance_ms(1_000);
            let delivery = self.delivery_of(number).await;
            (!matches!(delivery, Delivery::Queued | Delivery::Sending)).then_some(delivery)
        })
        .await
    }

    /// Where the message stands.
    pub(crate) async fn delivery_of(&self, number: u32) -> Delivery {
        self.state_of(number).await.0
    }

    /// Where the message stands, and why it failed.
    pub(crate) async fn state_of(&self, number: u32) -> (Delivery, Option<FailureReason>) {
        let page = self.engine.messages(self.id, MessagesQuery { place: Place::Newest, limit: 50 }).await.unwrap();
        let line = page.items.into_iter().find(|line| line.number == number).unwrap();
        let MessageKind::Outbound { delivery, failure, .. } = line.kind else { panic!("not ours: {line:?}") };
        (delivery, failure)
    }

    /// What the customer's phone shows of ours.
    pub(crate) fn shown(&self) -> Vec<String> {
        let shown = self.double.conversation(&self.user).unwrap();
        shown.iter().filter(|bubble| bubble.via.is_some()).filter_map(|bubble| bubble.text.clone()).collect()
    }
}

/// The customer says something on their phone, and the engine is given it as LINE would.
pub(crate) async fn said(
    engine: &Handle,
    double: &Double,
    channel: &Channel,
    user: &str,
    with_token: bool,
) -> Option<String> {
    let said = double.say(user, "もしもし").await.unwrap();
    let token = with_token.then_some(said.reply_token);
    let event = json!({
        "type": "message", "timestamp": 1_000_000, "source": {"type": "user", "userId": user}, "replyToken": token,
        "webhookEventId": said.event_id, "message": {"type": "text", "id": said.message_id, "text": "もしもし"},
    });
    let body = Bytes::from(json!({"destination": channel.bot_user_id, "events": [event]}).to_string());
    assert_eq!(engine.inbound(INBOX, body).await.unwrap().recorded, 1);
    token
}

#[actix_rt::test]
async fn a_push_whose_answers_were_lost_arrives_once() {
    let chat = Chat::open(false).await;
    chat.double.faults().set(Endpoint::Push, Fault::DropAfter, Times::Next(2));
    let number = chat.send("お待たせしました").await;
    assert_eq!(chat.end_of(number).await, Delivery::Sent, "the third try is told that the first was taken");
    assert_eq!(chat.shown(), ["お待たせしました"]);
    assert_eq!(chat.double.sends().len(), 3);
    chat.engine.stop().await;
}

#[actix_rt::test]
async fn a_free_answer_of_which_nobody_knows_is_shown_as_unknown_and_not_sent_again() {
    let chat = Chat::open(true).await;
    chat.double.faults().set(Endpoint::Reply, Fault::DropAfter, Times::Next(1));
    let number = chat.send("お待たせしました").await;
    assert_eq!(chat.end_of(number).await, Delivery::Unknown);
    assert_eq!(chat.shown(), ["お待たせしました"], "no push goes after it");
    chat.engine.stop().await;
}

/// The first has to be tried again, and behind it wait more than one call takes: no call may overtake another.
#[actix_rt::test]
async fn answers_arrive_in_the_order_in_which_they_were_given() {
    let chat = Chat::open(false).await;
    chat.double.faults().set(Endpoint::Push, Fault::ErrorBefore(500), Times::Next(1));
    let given = ["一", "二", "三", "四", "五", "六", "七", "八"];
    chat.send(given[0]).await;
    let tried = chat.double.wait_for_sends(PATIENCE, |calls| !calls.is_empty()).await;
    assert!(tried.is_ok(), "the first try, which fails");
    let mut last = 0;
    for text in &given[1..] {
        last = chat.send(text).await;
    }
    assert_eq!(chat.end_of(last).await, Delivery::Sent);
    wait_until("all of them", PATIENCE, async || (chat.shown().len() == given.len()).then_some(())).await;
    assert_eq!(chat.shown(), given);
    chat.engine.stop().await;
}

/// Else a crash between the call and the mark would send a free answer twice.
#[actix_rt::test]
async fn nothing_leaves_before_its_start_is_on_the_disk() {
    for with_token in [true, false] {
        let chat = Chat::open(with_token).await;
        let endpoint = if with_token { Endpoint::Reply } else { Endpoint::Push };
        chat.double.faults().set(endpoint, Fault::DropBefore, Times::Always);
        chat.config.faults.slow_sync_ms.store(200, Ordering::Release);
        let number = chat.send("お待たせしました").await;
        let called = chat.double.wait_for_sends(PATIENCE, |calls| !calls.is_empty()).await;
        assert!(called.is_ok());
        let committed = chat.engine.conversation(chat.id).await.unwrap().state;
        assert_eq!(committed.outgoing(number).unwrap().delivery, Delivery::Sending, "called before it was marked");
        chat.config.faults.slow_sync_ms.store(0, Ordering::Release);
        chat.engine.stop().await;
    }
}
