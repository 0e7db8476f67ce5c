//! Fetching from addresses that strangers name.
//!
//! Only https, and only to addresses that are public after the name was looked up; the connection goes to the very
//! addresses that were checked. Redirects are followed by hand, each checked like the first. Carries no token, no cookie
//! and no referer. This machine itself may be called only where the account's own platform is on it, as in tests.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Url};

use super::http::{BadSettings, client_builder};
use super::media::{Download, Opened};
use super::signed::{Posted, Posting};

/// Until the connection stands, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// Longest address, in bytes.
const ADDRESS_BYTES: usize = 2_048;

/// Looks a name up.
pub(crate) type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The way to strangers' addresses. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outside {
    public: Client,
    local: Client,
}

struct PublicOnly(LookUp);

/// A name that leads to an address that may not be called.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a public address")
    }
}

impl std::error::Error for NotPublic {}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.0)(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?;
            // One that is not public among others is how a name is turned against us.
            if found.is_empty() || !found.iter().copied().all(is_public) {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

impl Outside {
    /// With the machine's own way of looking names up. `total`: how long one fetch may take to its last byte.
    pub(crate) fn new(total: Duration) -> Result<Self, BadSettings> {
        Self::with(total, Arc::new(|name| Box::pin(look_up(name))))
    }

    pub(crate) fn with(total: Duration, look_up: LookUp) -> Result<Self, BadSettings> {
        // A connection belongs to the thread that made it; who comes here seldom makes a new one.
        let builder = || client_builder(CONNECT, total).pool_max_idle_per_host(0);
        let make = |resolver: Option<PublicOnly>| {
            let builder = || match &resolver {
                Some(PublicOnly(look_up)) => {
                    builder().https_only(true).dns_resolver(Arc::new(PublicOnly(look_up.clone())))
                }
                None => builder(),
            };
            super::http::built(builder)
        };
        Ok(Self { public: make(Some(PublicOnly(look_up)))?, local: make(None)? })
    }

    /// Asks for the bytes at an address. `local`: this machine may be called.
    pub(crate) async fn open(&self, address: &str, local: bool) -> Opened {
        if address.len() > ADDRESS_BYTES {
            return Opened::Unsafe;
        }
        let Ok(mut url) = Url::parse(address) else { return Opened::Unsafe };
        for _ in 0..=REDIRECTS {
            let Some(client) = self.client_for(&url, local) else { return Opened::Unsafe };
            let response = match client.get(url.clone()).send().await {
                Ok(response) => response,
                Err(error) if is_caused_by_address(&error) => return Opened::Unsafe,
                Err(_) => return Opened::Later,
            };
            let status = response.status();
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return match status.as_u16() {
                    200 => Opened::Bytes(Download::of_response(response)),
                    404 | 410 => Opened::Gone,
                    408 | 429 | 500.. => Opened::Later,
                    _ => Opened::Refused,
                };
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(next) = to.and_then(|to| url.join(to).ok()) else { return Opened::Refused };
            url = next;
        }
        Opened::Refused
    }

    /// Sends a body to an address that people named. A redirect is an answer like any other, and is not followed.
    pub(crate) async fn post(&self, call: &Posting) -> Posted {
        if call.url.len() > ADDRESS_BYTES {
            return Posted::Unsafe;
        }
        let Ok(url) = Url::parse(&call.url) else { return Posted::Unsafe };
        let Some(client) = self.client_for(&url, call.local) else { return Posted::Unsafe };
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", call.timestamp)
            .header("webhook-signature", &call.signature)
            .body(call.body.clone());
        match request.send().await {
            Ok(response) => Posted::Answered(response.status().as_u16()),
            Err(error) if is_caused_by_address(&error) => Posted::Unsafe,
            Err(error) if error.is_timeout() && !error.is_connect() => Posted::TooSlow,
            Err(error) if error.is_connect() => Posted::Unreachable,
            Err(_) => Posted::BrokeOff,
        }
    }

    /// Who may call this address; nobody where it is not safe.
    fn client_for(&self, url: &Url, local: bool) -> Option<&Client> {
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?;
        // A host that is an address is never looked up, so it is checked here. Other spellings (hex, octal, one number)
        // were made into the usual one by the parser.
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let is_here = host == "localhost" || literal.is_some_and(|ip| ip.is_loopback());
        match url.scheme() {
            "http" | "https" if local && is_here => Some(&self.local),
            "https" if literal.is_none_or(is_public) && !is_here => Some(&self.public),
            _ => None,
        }
    }
}

async fn look_up(name: String) -> io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect())
}

fn is_caused_by_address(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether an address belongs to the public network: none of this machine, of a house, of a provider's inside, of
/// documentation or of many at once.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation();
    let shared = a == 100 && (64..128).contains(&b);
    let assigned = matches!((a, b, c), (192, 0, 0) | (192, 88, 99)) || (a == 198 && (18..20).contains(&b));
    !(special || shared || assigned || a == 0 || a >= 224)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = ip.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let parts = ip.segments();
    if parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., a, b, c, d] = ip.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Of the global part without tunnels, which lead anywhere, and documentation.
    let tunnel = parts[0] == 0x2002 || (parts[0] == 0x2001 && parts[1] < 0x200);
    let documentation = (parts[0] == 0x2001 && parts[1] == 0xdb8) || (parts[0] == 0x3fff && parts[1] < 0x1000);
    parts[0] & 0xe000 == 0x2000 && !tunnel && !documentation
}

#[cfg(test)]
#[path = "outside_test.rs"]
mod tests;
