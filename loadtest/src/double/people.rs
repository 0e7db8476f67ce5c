//! What people do: events of theirs delivered, repeated and redelivered.

use std::sync::Arc;

use bytes::Bytes;

use super::Double;
use super::error::DoubleError;
use super::hook::{Delivered, Delivery, Event};
use super::state::Channel;

impl Double {
    /// A user writes a text; returns when the engine has answered the webhook or its time is up.
    ///
    /// # Errors
    /// [`DoubleError::UnknownUser`], [`DoubleError::Stopped`].
    pub async fn say(&self, user: &str, text: &str) -> Result<Delivered, DoubleError> {
        let channel = self.platform.home(user)?;
        self.act(channel, Event::text(user, text)).await
    }

    /// [`Double::say`] in one of the user's channels.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn say_in(&self, channel: &Channel, user: &str, text: &str) -> Result<Delivered, DoubleError> {
        self.act(channel.id.clone(), Event::text(user, text)).await
    }

    /// Lets one thing happen in the user's first channel: any [`Event`]. For groups and events without a user see
    /// [`Double::deliver`].
    ///
    /// # Errors
    /// [`DoubleError::UnknownUser`], [`DoubleError::Stopped`].
    pub async fn send(&self, event: Event) -> Result<Delivered, DoubleError> {
        let channel = self.platform.home(event.user().unwrap_or_default())?;
        self.act(channel, event).await
    }

    /// The user follows a link with `linkToken`, logs in over there, and comes back with `nonce`: `accountLink` with `ok`
    /// where the token is theirs and still good, else `failed`.
    ///
    /// # Errors
    /// [`DoubleError::UnknownUser`], [`DoubleError::Stopped`].
    pub async fn link(&self, user: &str, link_token: &str, nonce: &str) -> Result<Delivered, DoubleError> {
        let (channel, event) = self.platform.linked(user, link_token, nonce)?;
        self.act(channel, event).await
    }

    async fn act(&self, channel: String, event: Event) -> Result<Delivered, DoubleError> {
        let delivery = self.run(move |platform| async move { platform.deliver(&channel, vec![event]).await }).await?;
        Ok(Delivered::of(&delivery))
    }

    /// Delivers events, of one user or many, in one request. None make a connection check.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn deliver(&self, channel: &Channel, events: Vec<Event>) -> Result<Arc<Delivery>, DoubleError> {
        let id = channel.id.clone();
        self.run(move |platform| async move { platform.deliver(&id, events).await }).await
    }

    /// Posts bytes as they are, with this `x-line-signature` or without. For a right one see [`sign`].
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn deliver_raw(
        &self,
        channel: &Channel,
        body: impl Into<Bytes>,
        signature: Option<&str>,
    ) -> Result<Arc<Delivery>, DoubleError> {
        let (id, body, signature) = (channel.id.clone(), body.into(), signature.map(str::to_owned));
        self.run(move |platform| async move { platform.deliver_raw(&id, body, signature.as_deref()).await }).await
    }

    /// Delivers known events once more as if for the first time (`isRedelivery: false`), as happens for network reasons.
    ///
    /// # Errors
    /// [`DoubleError::UnknownEvent`] also for events that are no longer remembered.
    pub async fn duplicate(&self, channel: &Channel, event_ids: &[String]) -> Result<Arc<Delivery>, DoubleError> {
        let (id, events) = (channel.id.clone(), event_ids.to_vec());
        self.run(move |platform| async move { platform.repeat(&id, &events, false).await }).await
    }

    /// Delivers known events once more with `isRedelivery: true`, whatever the switch and the first answer.
    ///
    /// # Errors
    /// [`DoubleError::UnknownEvent`] also for events that are no longer remembered.
    pub async fn redeliver_events(
        &self,
        channel: &Channel,
        event_ids: &[String],
    ) -> Result<Arc<Delivery>, DoubleError> {
        let (id, events) = (channel.id.clone(), event_ids.to_vec());
        self.run(move |platform| async move { platform.repeat(&id, &events, true).await }).await
    }

    /// Redelivers all events without a 2xx that wait, in another order; those that fail again wait again.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn redeliver(&self, channel: &Channel) -> Result<Vec<Arc<Delivery>>, DoubleError> {
        let id = channel.id.clone();
        self.run(move |platform| async move { platform.redeliver(&id).await }).await
    }
}
