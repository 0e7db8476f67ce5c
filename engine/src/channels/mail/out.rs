//! What everything that sends mail shares: names of this installation, the relay, the keys of domains, the DNS.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::dkim::Signer;
use super::dns::{BadResolver, Dns};
use super::ids::MailIds;
use super::relay::{BadRelay, Relay, RelaySettings};
use crate::clock::Clock;
use crate::domain::id::WindowId;
use crate::domain::mail::MailAddress;
use crate::domain::org::{Forwarding, MailSettings, Org};
use crate::vault::{Place, Vault};

/// How mail leaves this installation. Without an inbound domain there is no mail.
#[derive(Clone, Debug, Default)]
pub struct MailOutConfig {
    /// The domain of the windows' default addresses, in lower case.
    pub inbound_domain: String,
    /// The domain of envelope senders, to which bounces come.
    pub bounce_domain: String,
    /// The relay; without one nothing goes.
    pub relay: Option<RelaySettings>,
    /// Whom names are asked of; the machine's own resolvers where there are none.
    pub resolvers: Vec<SocketAddr>,
    /// Where our mail leaves from, for the check of SPF.
    pub leaves_from: Vec<IpAddr>,
}

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BadMailOut {
    /// The relay.
    #[error(transparent)]
    Relay(#[from] BadRelay),
    /// The resolvers.
    #[error(transparent)]
    Resolver(#[from] BadResolver),
}

/// It. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MailOut {
    /// How mail leaves.
    pub config: Arc<MailOutConfig>,
    /// Names that only this installation can give.
    pub ids: MailIds,
    /// The relay, where there is one.
    pub relay: Option<Arc<Relay>>,
    /// The DNS.
    pub dns: Dns,
    signers: Arc<ArcSwap<HashMap<String, Arc<Signer>>>>,
}

impl MailOut {
    /// From the settings; `None` where there is no mail.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn open(config: &MailOutConfig, ids: MailIds, clock: &Clock) -> Result<Option<Self>, BadMailOut> {
        if config.inbound_domain.is_empty() {
            return Ok(None);
        }
        let relay = config.relay.clone().map(|relay| Relay::new(relay, clock.clone())).transpose()?;
        let dns = if config.resolvers.is_empty() { Dns::of_the_machine()? } else { Dns::at(&config.resolvers)? };
        Ok(Some(Self { config: Arc::new(config.clone()), ids, relay, dns, signers: Arc::default() }))
    }

    /// Takes over the keys that the organisation has. What does not open signs nothing.
    pub(crate) fn learn(&self, org: &Org, vault: &Vault) {
        let signers = org.carried().filter_map(|domain| {
            let field = domain.key.field();
            let private = vault.open_secret(Place::organisation(&field), &domain.key.private).ok()?;
            let signer = Signer::new(&domain.name, &domain.key.selector, &private).ok()?;
            Some((domain.name.clone(), Arc::new(signer)))
        });
        self.signers.store(Arc::new(signers.collect()));
    }

    /// Signs for this domain, where there is a key.
    #[must_use]
    pub fn signer(&self, domain: &str) -> Option<Arc<Signer>> {
        self.signers.load().get(domain).cloned()
    }

    /// The address of a window that works without any set-up.
    #[must_use]
    pub fn default_address(&self, window: &WindowId) -> String {
        format!("{window}@{}", self.config.inbound_domain)
    }

    /// Whom the answers of a window are from: the chosen company address once its set-up is done, else the default one.
    #[must_use]
    pub fn sender(&self, org: &Org, window: &WindowId, mail: &MailSettings) -> MailAddress {
        let name = mail.sender_name.clone().or_else(|| org.windows.get(window).map(|entry| entry.name.clone()));
        let chosen = mail.sender.as_ref().filter(|sender| self.may_carry(org, mail, sender));
        let address = chosen.cloned().unwrap_or_else(|| self.default_address(window));
        MailAddress { name: name.unwrap_or_default(), address }
    }

    /// Whether the set-up of a company address is done: it forwards, or did, and the key of its domain was published.
    #[must_use]
    pub fn may_carry(&self, org: &Org, mail: &MailSettings, address: &str) -> bool {
        let forwards = mail
            .addresses
            .iter()
            .any(|one| one.address == address && !matches!(one.forwarding, Forwarding::Unconfirmed));
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        forwards && org.mail_domains.get(domain).is_some_and(|domain| domain.published_at.is_some())
    }

    /// Whether an address is one of ours: no answer goes there.
    #[must_use]
    pub fn is_own(&self, mail: &MailSettings, address: &str) -> bool {
        let plain = |address: &str| {
            let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
            format!("{}@{domain}", local.split_once('+').map_or(local, |(base, _)| base))
        };
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let ours = [&self.config.inbound_domain, &self.config.bounce_domain].iter().any(|own| own.as_str() == domain);
        ours || mail.addresses.iter().any(|one| plain(&one.address) == plain(address))
    }
}
