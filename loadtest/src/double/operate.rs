//! What the owner of the platform does to it by hand, shared by the library and the control API.

use std::sync::Arc;
use std::time::Duration;

use super::assertion::AssertionKey;
use super::error::DoubleError;
use super::hook::{Event, Redelivery};
use super::platform::Platform;
use super::state::{Account, ChannelState, Profile, Quota, Readiness, Relation, Shown, TokenKind};

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

    pub(crate) fn set_profile(&self, channel: &str, user: &str, profile: Profile) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| {
            let contact = state.contacts.get_mut(user).ok_or(DoubleError::UnknownUser)?;
            contact.profile = profile;
            Ok(())
        })?
    }

    pub(crate) fn set_account(&self, channel: &str, account: Account) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| state.account = account)
    }

    pub(crate) fn add_group(
        &self,
        channel: &str,
        kind: char,
        name: &str,
        members: &[String],
    ) -> Result<String, DoubleError> {
        self.world.lock().add_group(channel, kind, name, members).ok_or(DoubleError::UnknownChannel)
    }

    pub(crate) fn add_token(&self, channel: &str, kind: TokenKind, until_ms: i64) -> Result<String, DoubleError> {
        let now_ms = self.clock.now_ms();
        let mut world = self.world.lock();
        world.channel(channel).ok_or(DoubleError::UnknownChannel)?;
        world.issue_token(channel, kind, until_ms, now_ms).map(|(token, _)| token).ok_or(DoubleError::Full)
    }

    pub(crate) fn reissue_token(&self, channel: &str, grace_ms: i64) -> Result<String, DoubleError> {
        self.world.lock().tokens.end_long_lived(channel, self.clock.now_ms().saturating_add(grace_ms));
        let token = self.add_token(channel, TokenKind::LongLived, i64::MAX)?;
        self.on_channel(channel, |state| state.public.access_token.clone_from(&token))?;
        Ok(token)
    }

    pub(crate) fn reissue_secret(&self, channel: &str) -> Result<String, DoubleError> {
        let mut world = self.world.lock();
        let (state, ids, _) = world.parts(channel).ok_or(DoubleError::UnknownChannel)?;
        state.public.secret = ids.hex(16);
        Ok(state.public.secret.clone())
    }

    pub(crate) fn add_assertion_key(&self, channel: &str, key: AssertionKey) -> Result<(), DoubleError> {
        self.on_channel(channel, |state| {
            state.keys.retain(|known| known.kid != key.kid);
            state.keys.push(key);
        })
    }

    pub(crate) fn set_content(&self, message: &str, readiness: Readiness) -> Result<(), DoubleError> {
        let mut world = self.world.lock();
        world.contents.get_mut(message).ok_or(DoubleError::UnknownContent)?.readiness = readiness;
        Ok(())
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
        let now_ms = self.clock.now_ms();
        self.on_channel(channel, |state| {
            state.quota = quota;
            state.set_used(used, now_ms);
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

    /// Uses a token for linking up; the channel it concerns, and the event that comes of it.
    pub(crate) fn linked(&self, user: &str, link_token: &str, nonce: &str) -> Result<(String, Event), DoubleError> {
        let home = self.home(user)?;
        let channel = self.world.lock().link_tokens.take(link_token, user, self.clock.now_ms());
        let event = Event::account_link(user, nonce, channel.is_some());
        Ok((channel.unwrap_or(home), event))
    }

    pub(crate) fn home(&self, chat: &str) -> Result<String, DoubleError> {
        self.world.lock().home(chat).map(str::to_owned).ok_or(DoubleError::UnknownUser)
    }

    pub(crate) fn conversation(&self, channel: &str, chat: &str) -> Result<Vec<Arc<Shown>>, DoubleError> {
        let world = self.world.lock();
        let chat = world.channel(channel).and_then(|state| state.chat(chat)).ok_or(DoubleError::UnknownUser)?;
        Ok(chat.shown.iter().cloned().collect())
    }
}
