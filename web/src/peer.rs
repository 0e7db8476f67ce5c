//! Whose address a request counts for. `X-Forwarded-For` is believed only from configured proxies.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The caller's address: the rightmost hop that is not a trusted proxy; an IPv6 address counts as its /64, because one
/// caller has all of it.
pub(crate) fn caller(req: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    let peer = req.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |addr| addr.ip());
    let forwarded = req
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    counted_as(rightmost_untrusted(peer, forwarded, trusted))
}

fn rightmost_untrusted<'a>(peer: IpAddr, forwarded: impl Iterator<Item = &'a str>, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut caller = peer.to_canonical();
    if !is_trusted(&caller) {
        return caller;
    }
    let hops: Vec<&str> = forwarded.collect();
    for hop in hops.iter().rev() {
        // What a proxy did not write as an address ends the chain: further left anything may stand.
        let Ok(ip) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        caller = ip.to_canonical();
        if !is_trusted(&caller) {
            break;
        }
    }
    caller
}

fn counted_as(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let mut segments = v6.segments();
            segments[4..].fill(0);
            IpAddr::V6(Ipv6Addr::from(segments))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn nobody_chooses_their_own_address() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
        for (peer, header, wanted) in [
            ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "1.2.3.4, rubbish", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ] {
            assert_eq!(rightmost_untrusted(ip(peer), header.split(','), &proxies), ip(wanted), "{peer} {header}");
        }
    }

    #[test]
    fn one_ipv6_line_is_one_caller() {
        assert_eq!(counted_as(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(counted_as(ip("203.0.113.9")), ip("203.0.113.9"));
    }
}
