//! What the owner of the platform does to it by hand, shared by the library and the control API.

use std::sync::Arc;
use std::time::Duration;

use super::error::DoubleError;
use super::hook::Redelivery;
use super::platform::Platform;
use super::state::{ChannelState, Quota, Relation, Shown};

impl Platform {
    fn on_channel<T>(&self, channel: &str, change: impl FnOnce(&mut ChannelState) -> T) -> Result<T, DoubleError> {
        self.world.lock().channel_mut(channel).map(change).ok_or(DoubleError::UnknownChannel)
    }

    pub(crate) fn add_user(
        &self,
        channel: &str,
        user: Option<&str>,
        name: &str,
        relation: Relation,
    ) -> Result<String, DoubleError> {
        self.world.lock().add_user(channel, user, name, relation).ok_or(DoubleError::UnknownChannel)
    }

    pub(crate) fn set_relation(&self, channel: &str, user: &str, relation: Relation) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| {
            let contact = state.contacts.get_mut(user).ok_or(DoubleError::UnknownUser)?;
            contact.relation = relation;
            Ok(())
        })?
    }

    pub(crate) fn set_webhook(&self, channel: &str, url: Option<String>, on: bool) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| {
            state.webhook = url;
            state.webhook_on = on;
        })
    }

    pub(crate) fn use_webhook(&self, channel: &str, on: bool) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| state.webhook_on = on)
    }

    pub(crate) fn set_quota(&self, channel: &str, quota: Quota, used: u64) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| {
            state.quota = quota;
            state.used = used;
        })
    }

    /// Switching off loses what waits; switching to a delay starts it for what waits already.
    pub(crate) fn set_redelivery(self: &Arc<Self>, channel: &str, redelivery: Redelivery) -> Result<(), DoubleError> {
        let waiting = self.on_channel(channel, |state| {
            state.redelivery = redelivery;
            if redelivery == Redelivery::Off {
                state.unanswered.clear();
            }
            !state.unanswered.is_empty()
        })?;
        if let Redelivery::AfterMs(delay_ms) = redelivery
            && waiting
        {
            self.redeliver_after(channel, Duration::from_millis(delay_ms));
        }
        Ok(())
    }

    pub(crate) fn home(&self, user: &str) -> Result<String, DoubleError> {
        self.world.lock().home(user).map(str::to_owned).ok_or(DoubleError::UnknownUser)
    }

    pub(crate) fn conversation(&self, channel: &str, user: &str) -> Result<Vec<Arc<Shown>>, DoubleError> {
        let world = self.world.lock();
        let contact = world.contact(channel, user).ok_or(DoubleError::UnknownUser)?;
        Ok(contact.shown.iter().cloned().collect())
    }
}
