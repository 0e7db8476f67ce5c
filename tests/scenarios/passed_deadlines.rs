//! A deadline passes while the process is down, and is forgotten, or is met again after every start.
//!
//! One outage after the other; what followed from a deadline must stand in the journal once.

use std::time::Duration;

use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, Event, HandoverEnd, Status};
use madoguchi_engine::domain::id::ConversationId;
use madoguchi_engine::domain::message::Delivery;
use madoguchi_engine::domain::record::{By, Fact};
use madoguchi_engine::domain::seat::ReleaseCause;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::{Clock, Handle};
use madoguchi_loadtest::double::{Double, Endpoint, Fault, Options};
use madoguchi_tests::inside::{
    A, B, INBOX, body, config, conversation, facts, furnished, furnished_for, start, window,
};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::json;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Down for a time, and up again.
async fn outage(engine: Handle, config: &Config, ms: i64) -> Handle {
    engine.stop().await;
    drop(engine);
    config.clock.advance_ms(ms);
    start(config.clone()).await
}

async fn claimed(engine: &Handle, user: usize) -> (ConversationId, u64) {
    engine.inbound(INBOX, body(user, 0)).await.unwrap();
    let id = conversation(engine, user).await;
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    (id, seat)
}

/// Lets the clock run, a second at a time, until something is so.
async fn until(engine: &Handle, clock: &Clock, what: &str, so: impl AsyncFn(&Handle) -> bool) {
    wait_until(what, PATIENCE, async || {
        clock.advance_ms(1_000);
        so(engine).await.then_some(())
    })
    .await;
}

/// How often this followed, after two more starts with time to do it again.
async fn times(engine: Handle, config: &Config, is_it: impl Fn(&Event) -> bool) -> (Handle, usize) {
    let mut engine = engine;
    for _ in 0..2 {
        engine = outage(engine, config, MINUTE_MS).await;
        // A decision about another conversation comes after whatever this start had to do.
        engine.inbound(INBOX, body(900, usize::try_from(config.clock.now().0).unwrap())).await.unwrap();
    }
    let count =
        facts(&engine).await.iter().filter(|fact| matches!(fact, Fact::Conversation(_, event) if is_it(event))).count();
    (engine, count)
}

#[actix_rt::test]
async fn an_offer_that_ran_out_during_an_outage_goes_back_once() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &Clock::manual(Timestamp(1_000_000)));
    let engine = furnished(config.clone()).await;
    let (id, seat_epoch) = claimed(&engine, 1).await;
    let offer = Command::OfferHandover { agent: A, seat_epoch, to: B, note: None };
    engine.command(By::Agent(A), id, offer).await.unwrap();
    let engine = outage(engine, &config, 2 * MINUTE_MS).await;
    wait_until("the offer to end", PATIENCE, async || {
        engine.conversation(id).await.unwrap().state.seat.offer.is_none().then_some(())
    })
    .await;
    assert_eq!(engine.conversation(id).await.unwrap().state.seat.holder.agent(), Some(A), "the giver has it still");
    let timed_out = |event: &Event| matches!(event, Event::HandoverEnded { how: HandoverEnd::TimedOut });
    let (engine, count) = times(engine, &config, timed_out).await;
    assert_eq!(count, 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn a_conversation_nobody_starts_closes_once_however_long_the_outage() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &Clock::manual(Timestamp(1_000_000)));
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    let engine = outage(engine, &config, 15 * DAY_MS).await;
    wait_until("it to close", PATIENCE, async || {
        (engine.conversation(id).await.unwrap().state.status == Status::Done).then_some(())
    })
    .await;
    let (engine, count) = times(engine, &config, |event| matches!(event, Event::Completed { by: None })).await;
    assert_eq!(count, 1);
    engine.stop().await;
}

/// The seat of somebody who left is first anybody's and then nobody's, each across an outage of its own.
#[actix_rt::test]
async fn an_absent_holders_seat_is_shared_once_and_lost_once_over_two_outages() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = Config { presence_grace_ms: 20_000, ..config(dir.path(), &clock) };
    let engine = furnished(config.clone()).await;
    let (id, _) = claimed(&engine, 1).await;
    until(&engine, &clock, "the holder to be away", async |engine| {
        engine.conversation(id).await.unwrap().state.seat.away.is_some()
    })
    .await;
    let engine = outage(engine, &config, 3 * MINUTE_MS).await;
    until(&engine, &clock, "the seat to be claimable", async |engine| {
        engine.conversation(id).await.unwrap().state.seat.claimable
    })
    .await;
    assert_eq!(engine.conversation(id).await.unwrap().state.seat.holder.agent(), Some(A), "it is not lost yet");
    let engine = outage(engine, &config, 20 * MINUTE_MS).await;
    until(&engine, &clock, "the seat to be lost", async |engine| {
        engine.conversation(id).await.unwrap().state.status == Status::New
    })
    .await;
    let state = engine.conversation(id).await.unwrap().state;
    assert_eq!((state.seat.holder.agent(), state.seat.former), (None, Some(A)));
    let (engine, shared) = times(engine, &config, |event| matches!(event, Event::SeatClaimable)).await;
    let lost = |event: &Event| matches!(event, Event::Released { cause: ReleaseCause::Away, .. });
    let (engine, lost) = times(engine, &config, lost).await;
    assert_eq!((shared, lost), (1, 1));
    engine.stop().await;
}

/// An answer accepted while its free token lived: after an outage longer than the token, it must not be tried on it.
#[actix_rt::test]
async fn an_answer_whose_free_token_ran_out_during_an_outage_goes_as_one_push() {
    for (down_ms, by) in [(10_000, Endpoint::Reply), (2 * MINUTE_MS, Endpoint::Push)] {
        let (_dir, clock, double, user, config, engine) = at_the_double().await;
        let (id, seat_epoch) = written_to(&engine, &double, &user).await;
        answer(&engine, id, seat_epoch, "お答えします").await;
        let open = Config { hold_sending: false, ..config };
        let engine = outage(engine, &open, down_ms).await;
        let phone =
            double.wait_for_conversation(&user, PATIENCE, |shown| shown.iter().any(|one| one.via.is_some())).await;
        phone.unwrap();
        wait_until("the record of it", PATIENCE, async || {
            engine.conversation(id).await.unwrap().state.outbox.is_empty().then_some(())
        })
        .await;
        let engine = outage(engine, &open, MINUTE_MS).await;
        let calls: Vec<_> = double.sends().iter().filter_map(|call| call.endpoint).collect();
        assert_eq!(calls, [by], "down for {down_ms} ms");
        engine.stop().await;
        drop(clock);
    }
}

/// A push that was begun, and an outage after which the platform no longer knows its key: sent again it would arrive
/// twice.
#[actix_rt::test]
async fn a_push_whose_key_the_platform_forgot_during_an_outage_is_unknown_and_not_sent_again() {
    for (down_ms, arrives) in [(22 * DAY_MS / 24, 1), (26 * DAY_MS / 24, 1)] {
        let (_dir, clock, double, user, config, engine) = at_the_double().await;
        let (id, seat_epoch) = written_to(&engine, &double, &user).await;
        // Too late for the token: a push.
        clock.advance_ms(MINUTE_MS);
        double.faults().once(Endpoint::Push, Fault::HangAfter);
        answer(&engine, id, seat_epoch, "お答えします").await;
        let open = Config { hold_sending: false, ..config };
        let engine = outage(engine, &open, 0).await;
        double.wait_for_sends(PATIENCE, |calls| calls.iter().any(|call| call.accepted)).await.unwrap();
        assert_eq!(engine.conversation(id).await.unwrap().state.outbox[0].delivery, Delivery::Sending);
        double.clock().advance(Duration::from_millis(down_ms.unsigned_abs()));
        let engine = outage(engine, &open, down_ms).await;
        wait_until("an end of it", PATIENCE, async || {
            engine.conversation(id).await.unwrap().state.outbox.is_empty().then_some(())
        })
        .await;
        let told = facts(&engine).await;
        let unknown = told.iter().any(|fact| matches!(fact, Fact::Conversation(_, Event::Unknown { .. })));
        assert_eq!(unknown, down_ms > 23 * DAY_MS / 24, "down for {down_ms} ms");
        let shown = double.conversation(&user).unwrap();
        assert_eq!(shown.iter().filter(|one| one.via.is_some()).count(), arrives, "down for {down_ms} ms");
        engine.stop().await;
    }
}

type AtTheDouble = (tempfile::TempDir, Clock, Double, String, Config, Handle);

/// An engine whose account is one of the double's, with everything that would go out held.
async fn at_the_double() -> AtTheDouble {
    let dir = tempfile::tempdir().unwrap();
    let double = Double::start(Options::default()).unwrap();
    let channel = double.add_channel("サポート");
    let user = double.add_user(&channel, "客").unwrap();
    let clock = Clock::manual(Timestamp(double.clock().now_ms()));
    let config = Config { hold_sending: true, ..config(dir.path(), &clock) };
    let engine = furnished_for(config.clone(), &double.api_url(), &channel.access_token).await;
    double.set_webhook(&channel, "http://127.0.0.1:9/nobody").unwrap();
    (dir, clock, double, user, config, engine)
}

/// The user writes; the test carries the webhook, which nobody else listens for.
async fn written_to(engine: &Handle, double: &Double, user: &str) -> (ConversationId, u64) {
    double.say(user, "もしもし").await.unwrap();
    let placed = double.deliveries().last().unwrap().events[0].clone();
    let event = json!({
        "type": "message", "timestamp": double.clock().now_ms(), "source": {"type": "user", "userId": user},
        "webhookEventId": placed.event_id, "replyToken": placed.reply_token,
        "message": {"type": "text", "id": placed.message_id, "text": "もしもし"},
    });
    let body = json!({"destination": "U", "events": [event]}).to_string();
    engine.inbound(INBOX, body.into()).await.unwrap();
    let query = madoguchi_engine::rows::ListQuery { windows: vec![window()], limit: 1, ..Default::default() };
    let id = engine.conversations(query).await.unwrap().items[0].state.id;
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    (id, seat)
}

async fn answer(engine: &Handle, id: ConversationId, seat_epoch: u64, text: &str) {
    let content = madoguchi_engine::domain::message::Content::Text(text.to_owned());
    let send = Command::Send {
        agent: A,
        seat_epoch,
        client_id: "c".to_owned(),
        content,
        dress: Default::default(),
        retry_key: 42,
    };
    engine.command(By::Agent(A), id, send).await.unwrap();
}
