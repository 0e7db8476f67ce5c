//! Delivering: every webhook request is recorded with its answer; events without a 2xx come again where the channel's
//! redelivery is on, later and in another order, and are lost where it is off.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::delivery::{Delivery, Placed, Redelivery};
use super::event::Event;
use super::place::{PlacedEvents, Sent};
use super::post::{Posted, Reason};
use super::{render, sign};
use crate::double::error::DoubleError;
use crate::double::platform::Platform;
use crate::double::state::World;

/// Everything one request needs, taken from the world under its lock.
struct Parcel {
    channel: String,
    url: Option<String>,
    secret: String,
    destination: String,
    values: Vec<Value>,
    placed: Vec<Placed>,
    redelivery: bool,
    /// Chooses the body's style and the case of its headers.
    seed: u64,
    at_ms: i64,
}

impl Platform {
    /// Lets events take place and sends them in one request.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        channel: &str,
        events: Vec<Event>,
    ) -> Result<Arc<Delivery>, DoubleError> {
        let now_ms = self.clock.now_ms();
        let (parcel, shown) = {
            let mut world = self.world.lock();
            let PlacedEvents { values, placed, shown } = world
                .place(channel, events, now_ms, self.variety, &self.files_url)
                .ok_or(DoubleError::UnknownChannel)?;
            (self.parcel(&mut world, channel, values, placed, false, now_ms)?, shown)
        };
        self.announce(shown);
        Ok(self.dispatch(parcel).await)
    }

    /// Sends known events once more.
    pub(crate) async fn repeat(
        self: &Arc<Self>,
        channel: &str,
        event_ids: &[String],
        redelivery: bool,
    ) -> Result<Arc<Delivery>, DoubleError> {
        let now_ms = self.clock.now_ms();
        let parcel = {
            let mut world = self.world.lock();
            let state = world.channel_mut(channel).ok_or(DoubleError::UnknownChannel)?;
            let mut sent = Vec::new();
            for id in event_ids {
                let known = state.recent.iter().rev().find(|sent| sent.event_id == *id);
                sent.push(known.ok_or(DoubleError::UnknownEvent)?.clone());
            }
            for token in sent.iter().filter_map(|sent| sent.reply_token.as_deref()) {
                state.reply_tokens.redelivered(token, now_ms);
            }
            let placed = sent.iter().map(placed).collect();
            let values = sent.into_iter().map(|sent| marked(sent.value, redelivery)).collect();
            self.parcel(&mut world, channel, values, placed, redelivery, now_ms)?
        };
        Ok(self.dispatch(parcel).await)
    }

    /// Redelivers all that wait, in a new order, a few events a request.
    pub(crate) async fn redeliver(self: &Arc<Self>, channel: &str) -> Result<Vec<Arc<Delivery>>, DoubleError> {
        let mut batches: Vec<Vec<String>> = Vec::new();
        {
            let mut world = self.world.lock();
            let (state, ids, _) = world.parts(channel).ok_or(DoubleError::UnknownChannel)?;
            let mut waiting: Vec<String> = state.unanswered.drain(..).collect();
            let known: HashSet<&str> = state.recent.iter().map(|sent| sent.event_id.as_str()).collect();
            waiting.retain(|id| known.contains(id.as_str()));
            let mut chance = StdRng::seed_from_u64(ids.any());
            waiting.shuffle(&mut chance);
            let mut waiting = waiting.into_iter();
            loop {
                let batch: Vec<String> = waiting.by_ref().take(chance.random_range(1..=3)).collect();
                if batch.is_empty() {
                    break;
                }
                batches.push(batch);
            }
        }
        let mut deliveries = Vec::new();
        for batch in batches {
            deliveries.push(self.repeat(channel, &batch, true).await?);
        }
        Ok(deliveries)
    }

    /// Posts bytes as they are, signed or not. Nothing takes place on the platform, and nothing is redelivered.
    pub(crate) async fn deliver_raw(
        self: &Arc<Self>,
        channel: &str,
        body: Bytes,
        signature: Option<&str>,
    ) -> Result<Arc<Delivery>, DoubleError> {
        let now_ms = self.clock.now_ms();
        let parcel = self.parcel(&mut self.world.lock(), channel, Vec::new(), Vec::new(), false, now_ms)?;
        let posted = self.post(&parcel, body, signature).await;
        Ok(self.record(parcel, posted))
    }

    /// The console's "Verify": a signed request without events, to any address.
    pub(crate) async fn check(self: &Arc<Self>, channel: &str, url: &str) -> Result<Posted, DoubleError> {
        let now_ms = self.clock.now_ms();
        let parcel = self.parcel(&mut self.world.lock(), channel, Vec::new(), Vec::new(), false, now_ms)?;
        let parcel = Parcel { url: Some(url.to_owned()), ..parcel };
        let body = Bytes::from(render::body(&parcel.destination, Vec::new(), self.variety.then_some(parcel.seed)));
        let signature = sign(&parcel.secret, &body);
        let posted = self.post(&parcel, body, Some(&signature)).await;
        self.record(parcel, posted);
        Ok(posted)
    }

    fn parcel(
        &self,
        world: &mut World,
        channel: &str,
        values: Vec<Value>,
        placed: Vec<Placed>,
        redelivery: bool,
        at_ms: i64,
    ) -> Result<Parcel, DoubleError> {
        let (state, ids, _) = world.parts(channel).ok_or(DoubleError::UnknownChannel)?;
        Ok(Parcel {
            channel: channel.to_owned(),
            url: state.webhook.clone().filter(|_| state.webhook_on),
            secret: state.public.secret.clone(),
            destination: state.public.bot_user_id.clone(),
            values,
            placed,
            redelivery,
            seed: ids.any(),
            at_ms,
        })
    }

    async fn dispatch(self: &Arc<Self>, mut parcel: Parcel) -> Arc<Delivery> {
        let values = std::mem::take(&mut parcel.values);
        let body = Bytes::from(render::body(&parcel.destination, values, self.variety.then_some(parcel.seed)));
        let signature = sign(&parcel.secret, &body);
        let posted = self.post(&parcel, body, Some(&signature)).await;
        if !matches!(posted.reason, Reason::Ok | Reason::NotSent) {
            self.keep_unanswered(&parcel);
        }
        self.record(parcel, posted)
    }

    async fn post(&self, parcel: &Parcel, body: Bytes, signature: Option<&str>) -> Posted {
        match &parcel.url {
            Some(url) => self.poster.post(url, body, signature, self.variety && parcel.seed & 1 == 1).await,
            None => Posted::NOT_SENT,
        }
    }

    fn record(&self, parcel: Parcel, posted: Posted) -> Arc<Delivery> {
        let delivery = self.deliveries.add(|number| Delivery {
            number,
            channel: parcel.channel,
            events: parcel.placed,
            redelivery: parcel.redelivery,
            at_ms: parcel.at_ms,
            status: posted.status,
            reason: posted.reason,
            took: posted.took,
        });
        self.changed();
        delivery
    }

    /// Remembers events without a 2xx, where the channel's switch is on. At the limit the oldest is lost: LINE promises
    /// no redelivery either.
    fn keep_unanswered(self: &Arc<Self>, parcel: &Parcel) {
        let mut world = self.world.lock();
        let Some((state, _, limits)) = world.parts(&parcel.channel) else { return };
        if state.redelivery == Redelivery::Off {
            return;
        }
        let first = state.unanswered.is_empty();
        state.unanswered.extend(parcel.placed.iter().filter_map(|placed| placed.event_id.clone()));
        while state.unanswered.len() > limits.recent_events {
            state.unanswered.pop_front();
        }
        // One timer a channel: it takes all that gathers until it fires.
        if let Redelivery::AfterMs(delay_ms) = state.redelivery
            && first
        {
            self.redeliver_after(&parcel.channel, Duration::from_millis(delay_ms));
        }
    }

    pub(crate) fn redeliver_after(self: &Arc<Self>, channel: &str, delay: Duration) {
        let (platform, channel) = (Arc::downgrade(self), channel.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            if let Some(platform) = platform.upgrade() {
                // Fails only for unknown channels and forgotten events; LINE loses those too.
                let _ = platform.redeliver(&channel).await;
            }
        });
    }
}

fn placed(sent: &Sent) -> Placed {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Placed {
        user: text(&sent.value["source"]["userId"]),
        event_id: Some(sent.event_id.clone()),
        message_id: text(&sent.value["message"]["id"]),
        reply_token: sent.reply_token.clone(),
    }
}

fn marked(mut value: Value, redelivery: bool) -> Value {
    if redelivery && value.is_object() {
        value["deliveryContext"] = json!({ "isRedelivery": true });
    }
    value
}
