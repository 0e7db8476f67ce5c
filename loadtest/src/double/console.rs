//! What the owner of the account does in LINE's consoles, and what the test decides about people and groups.

use super::Double;
use super::assertion::AssertionKey;
use super::error::DoubleError;
use super::hook::Redelivery;
use super::state::{Account, Channel, Profile, Quota, Readiness, Relation, TokenKind};

impl Double {
    /// A new channel with ids and secrets of its own, without webhook, without quota.
    #[must_use]
    pub fn add_channel(&self, name: &str) -> Channel {
        self.platform.world.lock().add_channel(name.to_owned())
    }

    /// A channel with ids and secrets given: the same platform after a restart, or known values.
    pub fn put_channel(&self, channel: Channel, name: &str) {
        self.platform.world.lock().put_channel(channel, name.to_owned());
    }

    /// A further access token of any kind, good until `until_ms` on the double's clock whatever its kind says.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`]; [`DoubleError::Full`] where the channel has its full number by assertion.
    pub fn add_token(&self, channel: &Channel, kind: TokenKind, until_ms: i64) -> Result<String, DoubleError> {
        self.platform.add_token(&channel.id, kind, until_ms)
    }

    /// Ends an access token; `false` where there was none.
    pub fn revoke_token(&self, token: &str) -> bool {
        self.platform.world.lock().tokens.revoke(token)
    }

    /// The console's "Reissue" of the long-lived token: the old ones end after `grace_ms`.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn reissue_token(&self, channel: &Channel, grace_ms: i64) -> Result<String, DoubleError> {
        self.platform.reissue_token(&channel.id, grace_ms)
    }

    /// The console's "Reissue" of the channel secret: webhooks are signed with the new one from now on.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn reissue_secret(&self, channel: &Channel) -> Result<String, DoubleError> {
        self.platform.reissue_secret(&channel.id)
    }

    /// Registers a public key for assertions.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn add_assertion_key(&self, channel: &Channel, key: AssertionKey) -> Result<(), DoubleError> {
        self.platform.add_assertion_key(&channel.id, key)
    }

    /// The account's switches: Chat, and whether it is verified.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn set_account(&self, channel: &Channel, account: Account) -> Result<(), DoubleError> {
        self.platform.set_account(&channel.id, account)
    }

    /// What a user tells about themselves from now on, without an event.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::UnknownUser`].
    pub fn set_profile(&self, channel: &Channel, user: &str, profile: Profile) -> Result<(), DoubleError> {
        self.platform.set_profile(&channel.id, user, profile)
    }

    /// A new group with these people and the account in it. No `join` is delivered.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn add_group(&self, channel: &Channel, name: &str, members: &[String]) -> Result<String, DoubleError> {
        self.platform.add_group(&channel.id, 'C', name, members)
    }

    /// A new multi-person chat ("room"), which has no name.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn add_room(&self, channel: &Channel, members: &[String]) -> Result<String, DoubleError> {
        self.platform.add_group(&channel.id, 'R', "", members)
    }

    /// Whether the account is in the group; `None` for an unknown one.
    #[must_use]
    pub fn account_in(&self, channel: &Channel, group: &str) -> Option<bool> {
        let world = self.platform.world.lock();
        world.channel(&channel.id)?.groups.get(group).map(|group| group.account_in)
    }

    /// When the content of a message can be fetched from now on.
    ///
    /// # Errors
    /// [`DoubleError::UnknownContent`].
    pub fn set_content(&self, message: &str, readiness: Readiness) -> Result<(), DoubleError> {
        self.platform.set_content(message, readiness)
    }

    /// A new friend of the channel. No `follow` is delivered.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn add_user(&self, channel: &Channel, name: &str) -> Result<String, DoubleError> {
        self.platform.add_user(&channel.id, None, name, Relation::Friend)
    }

    /// Lets a known user join another channel of the same provider, with the same user id.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn join(&self, channel: &Channel, user: &str, name: &str) -> Result<(), DoubleError> {
        self.platform.add_user(&channel.id, Some(user), name, Relation::Friend).map(drop)
    }

    /// Changes how a user stands to a channel, without an event.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::UnknownUser`].
    pub fn set_relation(&self, channel: &Channel, user: &str, relation: Relation) -> Result<(), DoubleError> {
        self.platform.set_relation(&channel.id, user, relation)
    }

    /// Where the channel's webhooks go: plain http on this machine; anything else "could not connect".
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn set_webhook(&self, channel: &Channel, url: &str) -> Result<(), DoubleError> {
        self.platform.set_webhook(&channel.id, Some(url.to_owned()), true)
    }

    /// The console's switch "Use webhook".
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn use_webhook(&self, channel: &Channel, on: bool) -> Result<(), DoubleError> {
        self.platform.use_webhook(&channel.id, on)
    }

    /// The console's switch "Webhook redelivery".
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub async fn set_redelivery(&self, channel: &Channel, redelivery: Redelivery) -> Result<(), DoubleError> {
        let id = channel.id.clone();
        self.run(move |platform| async move { platform.set_redelivery(&id, redelivery) }).await
    }

    /// The month's limit, and how much of it is used.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn set_quota(&self, channel: &Channel, quota: Quota, used: u64) -> Result<(), DoubleError> {
        self.platform.set_quota(&channel.id, quota, used)
    }
}
