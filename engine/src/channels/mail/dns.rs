//! What the DNS says about the domains that our mails carry, and what a receiver would make of it (PRODUCT M3).
//!
//! Asks anew each time: an administrator who has just published a record wants to see it. What did not answer is unknown,
//! never missing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::proto::rr::RData;
use hickory_resolver::system_conf::read_system_conf;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{AuthenticatedMessage, DkimResult, DmarcResult, MessageAuthenticator, SpfResult};

use super::dkim;

/// Tries of one question.
const TRIES: usize = 3;
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// Records of one name that are shown.
const SHOWN: usize = 5;
/// Labels above a domain that are asked for a policy.
const WALK: usize = 8;

/// Asks the DNS.
#[derive(Clone)]
pub struct Dns {
    inner: MessageAuthenticator,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dns").finish_non_exhaustive()
    }
}

/// The resolvers cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the resolver of names: {0}")]
pub struct BadResolver(String);

/// What a name has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// These texts, each joined from its strings.
    Texts(Vec<String>),
    /// Nothing of the kind.
    Nothing,
    /// No answer.
    Unknown,
}

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// As it should be.
    Ok,
    /// There is none.
    Missing,
    /// It says something else.
    Mismatch,
    /// There are several, of which one is allowed.
    Several,
    /// It is no such record.
    Malformed,
    /// No answer.
    Unknown,
}

/// One record, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Whose name it is.
    pub name: String,
    /// How it stands.
    pub state: RecordState,
    /// What is there.
    pub found: Vec<String>,
}

/// How one of the five columns stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// As it should be.
    Pass,
    /// Not so, and no fault, since the other alignment is enough.
    Expected,
    /// Not as it should be.
    Fail,
    /// Not published.
    Missing,
    /// No answer.
    Unknown,
}

/// The five columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The envelope's sender may send from here.
    pub spf: Column,
    /// The envelope's sender belongs to the domain that readers see.
    pub spf_alignment: Column,
    /// The signature is good.
    pub dkim: Column,
    /// The signature belongs to the domain that readers see.
    pub dkim_alignment: Column,
    /// The domain has a policy, and it is met.
    pub dmarc: Column,
}

/// What a domain is held against.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The domain that readers see.
    pub domain: &'a str,
    /// The name of its key.
    pub selector: &'a str,
    /// The public key, as [`dkim::draw`] gave it.
    pub public: &'a str,
    /// The domain of envelope senders; ours.
    pub bounce_domain: &'a str,
    /// Where our mails leave from; empty where nobody said it.
    pub leaves_from: &'a [IpAddr],
}

/// What a look at a domain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its key.
    pub dkim: Looked,
    /// Its policy; the name is where one was found.
    pub dmarc: Looked,
    /// Who may send for the envelope's sender.
    pub spf: Looked,
    /// What a receiver would say.
    pub columns: Columns,
}

impl Dns {
    /// Over the machine's own resolvers.
    ///
    /// # Errors
    /// The machine names none that can be used.
    pub fn of_the_machine() -> Result<Self, BadResolver> {
        let (config, _) = read_system_conf().map_err(|error| BadResolver(error.to_string()))?;
        Self::new(config)
    }

    /// Over these.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn at(servers: &[SocketAddr]) -> Result<Self, BadResolver> {
        let server = |address: &SocketAddr| {
            let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
            (udp.port, tcp.port) = (address.port(), address.port());
            NameServerConfig::new(address.ip(), true, vec![udp, tcp])
        };
        Self::new(ResolverConfig::from_name_servers(servers.iter().map(server).collect()))
    }

    fn new(config: ResolverConfig) -> Result<Self, BadResolver> {
        let mut options = ResolverOpts::default();
        options.cache_size = 0;
        options.attempts = TRIES;
        options.timeout = PATIENCE;
        options.try_tcp_on_error = true;
        let inner = MessageAuthenticator::new(config, options).map_err(|error| BadResolver(error.to_string()))?;
        Ok(Self { inner })
    }

    /// The texts of a name.
    pub async fn texts(&self, name: &str) -> Found {
        // With the dot at the end: no search list of the machine makes another name of it.
        match self.inner.resolver().txt_lookup(format!("{}.", name.trim_end_matches('.'))).await {
            Ok(lookup) => {
                let texts: Vec<String> = lookup
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::TXT(text) => {
                            Some(text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect())
                        }
                        _ => None,
                    })
                    .collect();
                if texts.is_empty() { Found::Nothing } else { Found::Texts(texts) }
            }
            Err(error) if error.is_no_records_found() => Found::Nothing,
            Err(_) => Found::Unknown,
        }
    }

    /// Looks at everything that a receiver of mail from this domain would.
    pub async fn check(&self, wanted: &Wanted<'_>) -> Checked {
        let dkim = self.key(wanted).await;
        let dmarc = self.policy(wanted.domain).await;
        let (spf, spf_column) = self.senders(wanted).await;
        let aligned = belongs(wanted.bounce_domain, wanted.domain, &dmarc);
        let dkim_column = column(dkim.state);
        let by_dkim = dkim_column == Column::Pass;
        let by_spf = aligned && spf_column == Column::Pass;
        let dmarc_column = match dmarc.state {
            RecordState::Ok if by_dkim || by_spf => Column::Pass,
            RecordState::Ok if dkim_column == Column::Unknown => Column::Unknown,
            RecordState::Ok => Column::Fail,
            state => column(state),
        };
        let columns = Columns {
            spf: spf_column,
            spf_alignment: if aligned { Column::Pass } else { Column::Expected },
            dkim: dkim_column,
            // Our signatures name the domain that readers see, so that a good one is aligned.
            dkim_alignment: dkim_column,
            dmarc: dmarc_column,
        };
        Checked { dkim, dmarc, spf, columns }
    }

    async fn key(&self, wanted: &Wanted<'_>) -> Looked {
        let name = dkim::record_name(wanted.selector, wanted.domain);
        let found = self.texts(&name).await;
        looked(name, found, |texts| match texts {
            [one] => match tag(one, "p") {
                Some(key) if key == wanted.public && tag(one, "v").is_none_or(|v| v == "DKIM1") => RecordState::Ok,
                Some(_) => RecordState::Mismatch,
                None => RecordState::Malformed,
            },
            _ => RecordState::Several,
        })
    }

    /// The policy of the domain, or of the next one above that has one.
    async fn policy(&self, domain: &str) -> Looked {
        let first = format!("_dmarc.{domain}");
        let mut at = domain;
        for _ in 0..WALK {
            let name = format!("_dmarc.{at}");
            match self.texts(&name).await {
                Found::Unknown => return Looked { name, state: RecordState::Unknown, found: Vec::new() },
                Found::Texts(texts) => {
                    let policies: Vec<String> = texts.into_iter().filter(|text| is_policy(text)).collect();
                    if !policies.is_empty() {
                        return looked(name, Found::Texts(policies), |texts| match texts {
                            [one] if tag(one, "p").is_none_or(|p| ["none", "quarantine", "reject"].contains(&&*p)) => {
                                RecordState::Ok
                            }
                            [_] => RecordState::Malformed,
                            _ => RecordState::Several,
                        });
                    }
                }
                Found::Nothing => {}
            }
            match at.split_once('.') {
                Some((_, above)) if above.contains('.') => at = above,
                _ => break,
            }
        }
        Looked { name: first, state: RecordState::Missing, found: Vec::new() }
    }

    /// Who may send for our envelope senders, and whether we may.
    async fn senders(&self, wanted: &Wanted<'_>) -> (Looked, Column) {
        let name = wanted.bounce_domain.to_owned();
        let found = match self.texts(&name).await {
            Found::Texts(texts) => {
                let rules: Vec<String> = texts.into_iter().filter(|text| is_sender_rule(text)).collect();
                if rules.is_empty() { Found::Nothing } else { Found::Texts(rules) }
            }
            other => other,
        };
        let looked = looked(name, found, |texts| if texts.len() == 1 { RecordState::Ok } else { RecordState::Several });
        if looked.state != RecordState::Ok {
            let column = column(looked.state);
            return (looked, column);
        }
        let mut column = Column::Pass;
        for ip in wanted.leaves_from {
            let sender = format!("b@{}", wanted.bounce_domain);
            let asked = SpfParameters::verify_mail_from(*ip, wanted.bounce_domain, wanted.bounce_domain, &sender);
            match self.inner.verify_spf(asked).await.result() {
                SpfResult::Pass => {}
                SpfResult::TempError => column = Column::Unknown,
                _ => return (looked, Column::Fail),
            }
        }
        (looked, column)
    }

    /// What a receiver makes of a mail that came: `sender` is its envelope sender, `from_ip` where it came from, `None`
    /// where a server of our own stands between.
    pub async fn prove(&self, mail: &[u8], sender: &str, from_ip: Option<IpAddr>) -> Option<Columns> {
        let message = AuthenticatedMessage::parse(mail)?;
        let from_domain = message.from.first()?.rsplit_once('@')?.1.to_ascii_lowercase();
        let signatures = self.inner.verify_dkim(&message).await;
        let sender_domain = sender.rsplit_once('@').map_or("", |(_, domain)| domain);
        let ip = from_ip.unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let spf =
            self.inner.verify_spf(SpfParameters::verify_mail_from(ip, sender_domain, sender_domain, sender)).await;
        let dmarc = self.inner.verify_dmarc(DmarcParameters::new(&message, &signatures, sender_domain, &spf)).await;
        let spf_column = match spf.result() {
            _ if from_ip.is_none() => Column::Unknown,
            SpfResult::Pass => Column::Pass,
            SpfResult::None => Column::Missing,
            SpfResult::TempError => Column::Unknown,
            _ => Column::Fail,
        };
        let good = signatures.iter().find(|signature| *signature.result() == DkimResult::Pass);
        let dkim = match (good, signatures.first().map(mail_auth::DkimOutput::result)) {
            (Some(_), _) => Column::Pass,
            (None, None) => Column::Missing,
            (None, Some(DkimResult::TempError(_))) => Column::Unknown,
            (None, Some(_)) => Column::Fail,
        };
        let aligned = |result: &DmarcResult| *result == DmarcResult::Pass;
        let dkim_aligned = aligned(dmarc.dkim_result())
            || good
                .is_some_and(|one| one.signature().is_some_and(|s| is_within(&from_domain, &s.d.to_ascii_lowercase())));
        let spf_aligned = aligned(dmarc.spf_result()) || is_within(&from_domain, &sender_domain.to_ascii_lowercase());
        Some(Columns {
            spf: spf_column,
            spf_alignment: if spf_aligned { Column::Pass } else { Column::Expected },
            dkim,
            dkim_alignment: match dkim {
                Column::Pass if !dkim_aligned => Column::Fail,
                other => other,
            },
            dmarc: match dmarc.result() {
                _ if aligned(dmarc.dkim_result()) || aligned(dmarc.spf_result()) => Column::Pass,
                DmarcResult::Pass => Column::Pass,
                DmarcResult::TempError(_) => Column::Unknown,
                DmarcResult::None => Column::Missing,
                DmarcResult::Fail(_) | DmarcResult::PermError(_) => Column::Fail,
            },
        })
    }

    /// For proving mail that came from strangers.
    #[must_use]
    pub fn authenticator(&self) -> &MessageAuthenticator {
        &self.inner
    }
}

fn looked(name: String, found: Found, judge: impl FnOnce(&[String]) -> RecordState) -> Looked {
    match found {
        Found::Unknown => Looked { name, state: RecordState::Unknown, found: Vec::new() },
        Found::Nothing => Looked { name, state: RecordState::Missing, found: Vec::new() },
        Found::Texts(texts) => {
            let state = judge(&texts);
            Looked {
                name,
                state,
                found: texts.into_iter().take(SHOWN).map(|text| text.chars().take(1_000).collect()).collect(),
            }
        }
    }
}

fn column(state: RecordState) -> Column {
    match state {
        RecordState::Ok => Column::Pass,
        RecordState::Missing => Column::Missing,
        RecordState::Mismatch | RecordState::Several | RecordState::Malformed => Column::Fail,
        RecordState::Unknown => Column::Unknown,
    }
}

/// The value of a tag in a list of tags (RFC 6376, 3.2), without white space.
fn tag(record: &str, name: &str) -> Option<String> {
    let pair = |part: &str| part.split_once('=').map(|(tag, value)| (tag.trim().to_owned(), value.to_owned()));
    let (_, value) = record.split(';').filter_map(pair).find(|(tag, _)| tag == name)?;
    Some(value.chars().filter(|c| !c.is_whitespace()).collect())
}

fn is_policy(text: &str) -> bool {
    let head: String = text.split(';').next().unwrap_or("").chars().filter(|c| !c.is_whitespace()).collect();
    head == "v=DMARC1"
}

fn is_sender_rule(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("v=spf1"))
}

/// Whether one of the two domains lies in the other.
fn is_within(one: &str, other: &str) -> bool {
    let inside =
        |inner: &str, outer: &str| inner == outer || inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
    !one.is_empty() && !other.is_empty() && (inside(one, other) || inside(other, one))
}

/// Whether the domain of envelope senders and the one that readers see belong to one owner, as far as the place of the
/// policy tells.
fn belongs(bounce: &str, from: &str, policy: &Looked) -> bool {
    let owner = policy.name.strip_prefix("_dmarc.").filter(|_| policy.state == RecordState::Ok).unwrap_or(from);
    is_within(from, bounce) || bounce.strip_suffix(owner).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
#[path = "dns_test.rs"]
mod tests;
