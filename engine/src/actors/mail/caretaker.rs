//! What is looked at by the clock so that mail goes on: whether keys are still published, and whether company addresses
//! still forward.
//!
//! What nobody answered is no news: a name server that is away, or a relay that takes nothing, changes no state.

use std::collections::HashMap;
use std::sync::Arc;

use crate::actors::Core;
use crate::domain::id::InboxId;
use crate::domain::org::{Forwarding, InboxSettings, MailDomain};
use crate::domain::time::Timestamp;
use crate::handle::Handle;

/// Between two looks at what is due, in milliseconds.
const ROUND_MS: i64 = 5_000;
/// After a key was drawn its record is looked for at these minutes: somebody publishes it just now.
const FIRST_MIN: [i64; 4] = [1, 5, 15, 60];
/// How often everything else is looked at, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;
/// How often a key is looked for that was published and is not any more, in milliseconds.
const HOUR_MS: i64 = 3_600_000;
/// A mail to a company address that has not come round after this has not come, in milliseconds.
const LOST_MS: i64 = 2 * HOUR_MS;
/// Mails one after another that did not come round, after which forwarding has stopped.
const LOST: u32 = 2;

/// Runs until the engine stops.
pub(crate) async fn run(core: Arc<Core>) {
    let Some(out) = core.mail.clone() else { return };
    let engine = Handle::of(core.clone());
    let mut rounds = Forwarders::default();
    while !core.is_stopping() {
        let org = core.views.org();
        for domain in org.carried() {
            let next = org.next_mail_key(domain);
            let at = core.mail_setup.check_of(&domain.name).map(|(_, at)| at);
            if is_due(domain, at, core.now()) || next.is_some_and(|next| is_due(next, at, core.now())) {
                // What the DNS did not say is looked for again in its turn.
                let _ = engine.check_mail_domain(&domain.name).await;
            }
        }
        count(&core);
        if out.relay.is_some() && !core.sending.is_held() {
            rounds.look(&core, &engine).await;
        }
        core.config.clock.sleep_ms(ROUND_MS).await;
    }
}

/// Whether the record of a key is to be looked for. `looked_at`: when it was last, in this life of the process.
fn is_due(domain: &MailDomain, looked_at: Option<Timestamp>, now: Timestamp) -> bool {
    let drawn_at = domain.key.drawn_at;
    let first = FIRST_MIN.iter().map(|minutes| drawn_at.plus_ms(minutes * 60_000));
    let newest = first.filter(|at| *at <= now).max();
    let Some(looked_at) = looked_at else {
        // A start asks once, but no earlier than somebody can have published anything.
        return newest.is_some();
    };
    let every_ms = if domain.missing_since.is_some() { HOUR_MS } else { DAY_MS };
    newest.is_some_and(|at| at > looked_at) || now.since_ms(looked_at) >= every_ms
}

#[expect(clippy::cast_precision_loss, reason = "gauges")]
fn count(core: &Core) {
    let org = core.views.org();
    let state = |domain: &MailDomain| match (domain.published_at, domain.missing_since) {
        (_, Some(_)) => "missing",
        (Some(_), None) => "published",
        (None, None) => "waiting",
    };
    for word in ["published", "waiting", "missing"] {
        let domains = org.carried().filter(|domain| state(domain) == word).count();
        metrics::gauge!("madoguchi_mail_domains", "state" => word).set(domains as f64);
    }
}

/// What is known of the mails that go round each day. A restart forgets it, and sends anew.
#[derive(Default)]
struct Forwarders {
    asked: HashMap<(InboxId, String), Asked>,
}

/// The last mail to one company address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    at: Timestamp,
    lost: u32,
    /// It was counted as lost.
    is_counted: bool,
}

/// What follows for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    Ask,
    Stopped,
}

impl Forwarders {
    async fn look(&mut self, core: &Arc<Core>, engine: &Handle) {
        let org = core.views.org();
        for inbox in org.inboxes.values() {
            let InboxSettings::Mail(mail) = &inbox.settings else { continue };
            for one in mail.addresses.iter().filter(|_| mail.enabled) {
                let key = (inbox.id, one.address.clone());
                match judge(self.asked.get_mut(&key), one.forwarding, core.now()) {
                    Next::Nothing => {}
                    Next::Ask => {
                        let lost = self.asked.get(&key).map_or(0, |asked| asked.lost);
                        // A relay that takes nothing says nothing about who forwards.
                        let lost = if engine.challenge_mail(inbox.id, &one.address).await.is_ok() { lost } else { 0 };
                        self.asked.insert(key, Asked { at: core.now(), lost, is_counted: false });
                    }
                    Next::Stopped => engine.forwarding_stopped(inbox.id, &one.address).await,
                }
            }
        }
        self.asked.retain(|(id, _), _| org.inboxes.contains_key(id));
    }
}

/// What follows for an address that was last asked then.
fn judge(asked: Option<&mut Asked>, forwarding: Forwarding, now: Timestamp) -> Next {
    let heard_at = match forwarding {
        Forwarding::Unconfirmed => return Next::Nothing,
        Forwarding::Confirmed { at } => Some(at),
        Forwarding::Stopped { .. } => None,
    };
    let Some(asked) = asked else {
        let is_fresh = heard_at.is_some_and(|at| now.since_ms(at) < DAY_MS);
        return if is_fresh { Next::Nothing } else { Next::Ask };
    };
    if heard_at.is_some_and(|at| at >= asked.at) {
        (asked.lost, asked.is_counted) = (0, true);
    } else if !asked.is_counted && now.since_ms(asked.at) >= LOST_MS {
        (asked.lost, asked.is_counted) = (asked.lost + 1, true);
        if asked.lost >= LOST && heard_at.is_some() {
            return Next::Stopped;
        }
    }
    if now.since_ms(asked.at) >= DAY_MS { Next::Ask } else { Next::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::MailKey;

    fn domain(drawn_min: i64, missing: bool) -> MailDomain {
        let drawn_at = Timestamp(drawn_min * 60_000);
        let key = MailKey { selector: "desk1".into(), private: "k".into(), public: "p".into(), drawn_at };
        let missing_since = missing.then_some(drawn_at);
        MailDomain { name: "example.jp".into(), key, published_at: None, missing_since }
    }

    #[test]
    fn a_new_record_is_looked_for_soon_and_often_and_an_old_one_daily() {
        let mut looks = Vec::new();
        let mut looked_at = None;
        for minute in 0..=4_000 {
            let now = Timestamp(minute * 60_000);
            if is_due(&domain(0, false), looked_at, now) {
                looked_at = Some(now);
                looks.push(minute);
            }
        }
        assert_eq!(looks, [1, 5, 15, 60, 1_500, 2_940]);
        // A start looks at once at what is old, and one that disappeared is looked for by the hour.
        let now = Timestamp(100_000 * 60_000);
        assert!(is_due(&domain(0, false), None, now));
        let an_hour_ago = Some(now.plus_ms(-HOUR_MS));
        assert!(is_due(&domain(0, true), an_hour_ago, now) && !is_due(&domain(0, false), an_hour_ago, now));
    }

    #[test]
    fn two_mails_that_do_not_come_round_stop_a_forwarder_and_one_does_not() {
        let day = |days: i64| Timestamp(days * DAY_MS);
        let confirmed = Forwarding::Confirmed { at: day(1) };
        assert_eq!(judge(None, Forwarding::Unconfirmed, day(9)), Next::Nothing, "a person asks first");
        assert_eq!(judge(None, confirmed, day(1)), Next::Nothing);
        assert_eq!(judge(None, confirmed, day(2)), Next::Ask);
        // It comes round: asked again a day later.
        let mut asked = Asked { at: day(2), lost: 1, is_counted: false };
        let came = Forwarding::Confirmed { at: day(2).plus_ms(5) };
        assert_eq!(judge(Some(&mut asked), came, day(2).plus_ms(LOST_MS)), Next::Nothing);
        assert_eq!(asked.lost, 0);
        assert_eq!(judge(Some(&mut asked), came, day(3)), Next::Ask);
        // It does not: the first time nothing, the second time it has stopped.
        let mut asked = Asked { at: day(2), lost: 0, is_counted: false };
        assert_eq!(judge(Some(&mut asked), confirmed, day(2).plus_ms(LOST_MS)), Next::Nothing);
        assert_eq!(judge(Some(&mut asked), confirmed, day(2).plus_ms(LOST_MS + 1)), Next::Nothing, "counted once");
        assert_eq!(asked.lost, 1);
        assert_eq!(judge(Some(&mut asked), confirmed, day(3)), Next::Ask);
        let mut asked = Asked { at: day(3), lost: asked.lost, is_counted: false };
        assert_eq!(judge(Some(&mut asked), confirmed, day(3).plus_ms(LOST_MS)), Next::Stopped);
        // One that has stopped is still asked each day, and may come back.
        let stopped = Forwarding::Stopped { since: day(3) };
        assert_eq!(judge(Some(&mut asked), stopped, day(4)), Next::Ask);
        assert_eq!(judge(None, stopped, day(4)), Next::Ask);
    }
}
