//! The whole platform: channels by id, channels by access token, channels by user.

use std::collections::HashMap;

use super::channel::{Channel, ChannelState};
use super::contact::{Contact, Relation};
use super::content::Contents;
use super::group::Group;
use super::link_token::LinkTokens;
use super::token::{Token, TokenKind, Tokens};
use crate::double::ids::Ids;
use crate::double::options::Limits;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) ids: Ids,
    pub(crate) limits: Limits,
    channels: HashMap<String, ChannelState>,
    pub(crate) tokens: Tokens,
    pub(crate) contents: Contents,
    /// Content whose provider is not LINE.
    pub(crate) outside: Contents,
    pub(crate) link_tokens: LinkTokens,
    /// The channels a user is in, in the order of joining.
    memberships: HashMap<String, Vec<String>>,
}

impl World {
    pub(crate) fn new(seed: u64, limits: Limits) -> Self {
        Self {
            ids: Ids::new(seed),
            limits,
            channels: HashMap::new(),
            tokens: Tokens::default(),
            contents: Contents::new(limits.contents, limits.content_bytes),
            outside: Contents::new(limits.contents, limits.content_bytes),
            link_tokens: LinkTokens::default(),
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
        let token = Token { channel: channel.id.clone(), kind: TokenKind::LongLived, until_ms: i64::MAX, key_id: None };
        self.tokens.issue(channel.access_token.clone(), token, i64::MIN);
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

    /// A new token of a channel; none where the channel is unknown or has its full number of them.
    pub(crate) fn issue_token(
        &mut self,
        channel: &str,
        kind: TokenKind,
        until_ms: i64,
        now_ms: i64,
    ) -> Option<(String, Option<String>)> {
        self.channels.get(channel)?;
        let text = self.ids.access_token();
        let key_id = (kind == TokenKind::Assertion).then(|| self.ids.hex(16));
        let token = Token { channel: channel.to_owned(), kind, until_ms, key_id: key_id.clone() };
        self.tokens.issue(text.clone(), token, now_ms).then_some((text, key_id))
    }

    /// The channel that a token opens now.
    pub(crate) fn channel_of_token(&self, token: &str, now_ms: i64) -> Option<&str> {
        self.tokens.get(token, now_ms).map(|token| token.channel.as_str())
    }

    /// A group (`C`) or a room (`R`) that the account is in.
    pub(crate) fn add_group(&mut self, channel: &str, kind: char, name: &str, members: &[String]) -> Option<String> {
        let id = self.ids.source(kind);
        let state = self.channels.get_mut(channel)?;
        state.groups.insert(id.clone(), Group::new(name, members.to_vec()));
        Some(id)
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
        state.contacts.entry(user.clone()).or_insert_with(|| Contact::new(name, relation));
        let joined = self.memberships.entry(user.clone()).or_default();
        if !joined.iter().any(|known| known == channel) {
            joined.push(channel.to_owned());
        }
        Some(user)
    }

    /// The first channel a user joined, or the one whose group it is.
    pub(crate) fn home(&self, chat: &str) -> Option<&str> {
        let joined = self.memberships.get(chat).and_then(|joined| joined.first()).map(String::as_str);
        let group = || self.channels.values().find(|state| state.groups.contains_key(chat));
        joined.or_else(|| group().map(|state| state.public.id.as_str()))
    }
}
