//! The whole platform: channels by id, channels by access token, channels by user.

use std::collections::HashMap;

use super::channel::{Channel, ChannelState};
use super::contact::{Contact, Relation};
use crate::double::ids::Ids;
use crate::double::options::Limits;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) ids: Ids,
    pub(crate) limits: Limits,
    channels: HashMap<String, ChannelState>,
    /// Channel and last moment of each access token.
    tokens: HashMap<String, (String, i64)>,
    /// The channels a user is in, in the order of joining.
    memberships: HashMap<String, Vec<String>>,
}

impl World {
    pub(crate) fn new(seed: u64, limits: Limits) -> Self {
        Self {
            ids: Ids::new(seed),
            limits,
            channels: HashMap::new(),
            tokens: HashMap::new(),
            memberships: HashMap::new(),
        }
    }

    pub(crate) fn add_channel(&mut self, name: String) -> Channel {
        let channel = Channel {
            id: self.ids.digits(10),
            secret: self.ids.hex(16),
            access_token: self.ids.access_token(),
            bot_user_id: self.ids.source('U'),
        };
        self.put_channel(channel.clone(), name);
        channel
    }

    /// A channel with given ids and secrets, so that a double that starts again is the same platform.
    pub(crate) fn put_channel(&mut self, channel: Channel, name: String) {
        self.tokens.insert(channel.access_token.clone(), (channel.id.clone(), i64::MAX));
        let state = ChannelState::new(channel, name, &self.limits);
        self.channels.insert(state.public.id.clone(), state);
    }

    pub(crate) fn channel(&self, id: &str) -> Option<&ChannelState> {
        self.channels.get(id)
    }

    pub(crate) fn channel_mut(&mut self, id: &str) -> Option<&mut ChannelState> {
        self.channels.get_mut(id)
    }

    /// The channel and the id source at once: most steps need both.
    pub(crate) fn parts(&mut self, id: &str) -> Option<(&mut ChannelState, &mut Ids, &Limits)> {
        let channel = self.channels.get_mut(id)?;
        Some((channel, &mut self.ids, &self.limits))
    }

    pub(crate) fn channels(&self) -> impl Iterator<Item = &ChannelState> {
        self.channels.values()
    }

    pub(crate) fn add_token(&mut self, channel: &str, until_ms: i64) -> Option<String> {
        self.channels.get(channel)?;
        let token = self.ids.access_token();
        self.tokens.insert(token.clone(), (channel.to_owned(), until_ms));
        Some(token)
    }

    pub(crate) fn revoke_token(&mut self, token: &str) -> bool {
        self.tokens.remove(token).is_some()
    }

    /// The channel that a token opens now.
    pub(crate) fn channel_of_token(&self, token: &str, now_ms: i64) -> Option<&str> {
        self.tokens.get(token).filter(|(_, until_ms)| now_ms < *until_ms).map(|(channel, _)| channel.as_str())
    }

    /// Adds a user, new to the platform or (with `user`) known to another channel of the same provider.
    pub(crate) fn add_user(
        &mut self,
        channel: &str,
        user: Option<&str>,
        name: &str,
        relation: Relation,
    ) -> Option<String> {
        let user = user.map_or_else(|| self.ids.source('U'), str::to_owned);
        let state = self.channels.get_mut(channel)?;
        state.contacts.entry(user.clone()).or_insert_with(|| Contact::new(name.to_owned(), relation));
        let joined = self.memberships.entry(user.clone()).or_default();
        if !joined.iter().any(|known| known == channel) {
            joined.push(channel.to_owned());
        }
        Some(user)
    }

    /// The first channel a user joined.
    pub(crate) fn home(&self, user: &str) -> Option<&str> {
        self.memberships.get(user)?.first().map(String::as_str)
    }

    pub(crate) fn contact(&self, channel: &str, user: &str) -> Option<&Contact> {
        self.channels.get(channel)?.contacts.get(user)
    }
}
