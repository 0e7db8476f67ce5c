//! How far it is known that a mail is from whom it says: what a server of our own found, what DNS says, and what a forwarder
//! that is trusted sealed. Never a reason to refuse: forwarding breaks some of it.

use std::net::IpAddr;
use std::time::Duration;

use mail_auth::{ArcOutput, AuthenticatedMessage, DkimResult};

use super::config::MailConfig;
use super::dns::{Column, Dns};
use super::header;
use super::parts::Opened;
use crate::domain::mail::SenderProof;

/// How long DNS may take for one mail.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a server of ours wrote into the mail (RFC 8601). Only the topmost fields with its name count, since everybody can
/// write one further down.
#[must_use]
pub fn by_our_server(mail: &Opened<'_>, from: &str, trusted: &[String]) -> Option<SenderProof> {
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let field = mail.first("authentication-results")?;
    let text = header::text(field).to_ascii_lowercase();
    let (server, results) = text.split_once(';')?;
    let server = server.split_whitespace().next().unwrap_or_default();
    if !trusted.iter().any(|name| name.eq_ignore_ascii_case(server)) {
        return None;
    }
    let proves = results.split(';').any(|result| {
        let result = result.trim();
        let signed = |result: &str| {
            let by = result.split_whitespace().find_map(|word| word.strip_prefix("header.d="));
            by.is_some_and(|by| is_within(domain, by.trim_matches('"')))
        };
        result.starts_with("dmarc=pass") || (result.starts_with("dkim=pass") && signed(result))
    });
    Some(if proves { SenderProof::Proven } else { SenderProof::None })
}

/// What was found of one mail by each method, for counters.
fn count(method: &'static str, result: &'static str) {
    metrics::counter!("madoguchi_mail_authentication_total", "method" => method, "result" => result).increment(1);
}

/// The words of RFC 8601 that are counted; any other counts as `other`.
const RESULTS: [&str; 7] = ["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"];

/// What a server of ours found, by method.
fn found_by_our_server(mail: &Opened<'_>, trusted: &[String]) -> Vec<(&'static str, &'static str)> {
    let Some(field) = mail.first("authentication-results") else { return Vec::new() };
    let text = header::text(field).to_ascii_lowercase();
    let Some((server, results)) = text.split_once(';') else { return Vec::new() };
    let server = server.split_whitespace().next().unwrap_or_default();
    if !trusted.iter().any(|name| name.eq_ignore_ascii_case(server)) {
        return Vec::new();
    }
    let one = |result: &str| {
        let (method, rest) = result.trim().split_once('=')?;
        let method = ["spf", "dkim", "dmarc", "arc"].into_iter().find(|known| *known == method.trim())?;
        let word = rest.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        Some((method, RESULTS.into_iter().find(|known| *known == word).unwrap_or("other")))
    };
    results.split(';').filter_map(one).collect()
}

/// What DNS said, in the words of RFC 8601.
fn word(column: Column) -> &'static str {
    match column {
        Column::Pass | Column::Expected => "pass",
        Column::Fail => "fail",
        Column::Missing => "none",
        Column::Unknown => "temperror",
    }
}

/// Whether a domain is the other, or a part of it.
fn is_within(domain: &str, other: &str) -> bool {
    domain == other || domain.strip_suffix(other).is_some_and(|rest| rest.ends_with('.') && other.contains('.'))
}

/// What everything together says. `peer`: who handed it over, where that was a stranger.
pub async fn prove(
    raw: &[u8],
    sender: Option<&str>,
    peer: Option<IpAddr>,
    config: &MailConfig,
    dns: &Dns,
) -> SenderProof {
    let Some(opened) = Opened::new(raw) else { return SenderProof::None };
    let from = opened.first("from").map(header::addresses).and_then(|all| all.into_iter().next());
    let from = from.map(|one| one.address).unwrap_or_default();
    found_by_our_server(&opened, &config.trusted_authserv)
        .into_iter()
        .for_each(|(method, result)| count(method, result));
    let told = by_our_server(&opened, &from, &config.trusted_authserv);
    if told == Some(SenderProof::Proven) {
        return SenderProof::Proven;
    }
    if !config.ask_dns {
        return SenderProof::None;
    }
    let asked = async {
        let columns = dns.prove(raw, sender.unwrap_or_default(), peer).await;
        if let Some(columns) = columns {
            // Behind a server of ours nobody knows here where it came from.
            if peer.is_some() {
                count("spf", word(columns.spf));
            }
            count("dkim", word(columns.dkim));
            count("dmarc", word(columns.dmarc));
        }
        let proven = columns.is_some_and(|columns| {
            columns.dmarc == Column::Pass || (columns.dkim == Column::Pass && columns.dkim_alignment == Column::Pass)
        });
        if proven {
            return SenderProof::Proven;
        }
        let Some(message) = AuthenticatedMessage::parse(raw) else { return SenderProof::None };
        let arc = dns.authenticator().verify_arc(&message).await;
        if is_sealed(&opened, &arc, config) { SenderProof::Forwarded } else { SenderProof::None }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_default()
}

/// Whether the chain holds, and one that is trusted was the last to seal it.
fn is_sealed(mail: &Opened<'_>, arc: &ArcOutput<'_>, config: &MailConfig) -> bool {
    let seals = mail.fields("arc-seal").map(|raw| {
        let text = header::text(raw);
        let tag = |name: &str| {
            text.split(';')
                .find_map(|tag| tag.split_once('=').filter(|(key, _)| key.trim() == name))
                .map(|(_, value)| value.trim().to_ascii_lowercase())
        };
        (tag("i").and_then(|i| i.parse::<u32>().ok()).unwrap_or_default(), tag("d").unwrap_or_default())
    });
    let sealer = seals.max_by_key(|(instance, _)| *instance).map(|(_, domain)| domain);
    *arc.result() == DkimResult::Pass
        && sealer.is_some_and(|sealer| config.trusted_sealers.iter().any(|known| is_within(&sealer, known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fields: &str) -> Option<SenderProof> {
        let raw = format!("{fields}From: a@mail.example.jp\r\n\r\nx");
        by_our_server(&Opened::new(raw.as_bytes()).unwrap(), "a@mail.example.jp", &["mx.desk.example".to_owned()])
    }

    #[test]
    fn only_what_our_own_server_wrote_on_top_counts() {
        let proven = Some(SenderProof::Proven);
        assert_eq!(told("Authentication-Results: mx.desk.example; spf=fail; dmarc=pass header.from=x\r\n"), proven);
        assert_eq!(told("Authentication-Results: mx.desk.example 1; dkim=pass header.d=example.jp\r\n"), proven);
        let none = Some(SenderProof::None);
        assert_eq!(told("Authentication-Results: mx.desk.example; dkim=pass header.d=evil.example\r\n"), none);
        assert_eq!(told("Authentication-Results: mx.desk.example; dkim=fail header.d=example.jp\r\n"), none);
        assert_eq!(told("Authentication-Results: mx.desk.example; dkim=pass header.d=jp\r\n"), none);
        assert_eq!(told("Authentication-Results: mx.evil.example; dmarc=pass\r\n"), None);
        assert_eq!(
            told(
                "Authentication-Results: mx.evil.example; x\r\nAuthentication-Results: mx.desk.example; dmarc=pass\r\n"
            ),
            None,
            "a sender can write one below"
        );
        assert_eq!(told(""), None);
    }

    #[test]
    fn what_our_server_found_is_counted_in_known_words() {
        let found = |fields: &str| {
            let raw = format!("{fields}From: a@example.jp\r\n\r\nx");
            found_by_our_server(&Opened::new(raw.as_bytes()).unwrap(), &["mx.desk.example".to_owned()])
        };
        let field = "Authentication-Results: mx.desk.example 1; spf=softfail smtp.mailfrom=x; dkim=pass (good)\r\n \
                     header.d=example.jp; DMARC=bestguesspass; iprev=pass\r\n";
        assert_eq!(found(field), [("spf", "softfail"), ("dkim", "pass"), ("dmarc", "other")]);
        assert_eq!(found("Authentication-Results: mx.evil.example; spf=pass\r\n"), []);
        assert_eq!(found("Authentication-Results: mx.desk.example; none\r\n"), []);
        assert_eq!(found(""), []);
    }
}
