//! Too much mail from one address at once: then only automatic answers stop, and no mail is lost.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;

use crate::domain::id::InboxId;
use crate::domain::time::Timestamp;

/// More mails than this from one address to one account within [`WITHIN_MS`] are a rush.
const MANY: usize = 20;
const WITHIN_MS: i64 = 10 * 60_000;
/// Addresses that are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 10_000;

/// What came lately.
#[derive(Default)]
pub(crate) struct Rush {
    lately: Mutex<HashMap<(InboxId, String), VecDeque<Timestamp>>>,
}

impl Rush {
    /// Notes a mail, and answers whether it is one too many.
    pub(crate) fn note(&self, inbox: InboxId, address: &str, now: Timestamp) -> bool {
        let mut lately = self.lately.lock();
        if lately.len() >= REMEMBERED {
            lately.clear();
        }
        let times = lately.entry((inbox, address.to_owned())).or_default();
        while times.front().is_some_and(|first| now.since_ms(*first) >= WITHIN_MS) || times.len() > MANY {
            times.pop_front();
        }
        times.push_back(now);
        times.len() > MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_mail_in_ten_minutes_is_one_too_many_and_the_next_day_is_another_day() {
        let rush = Rush::default();
        let at = |n: i64| Timestamp(n * 1_000);
        assert!((0..20).all(|n| !rush.note(InboxId(1), "a@x.jp", at(n))));
        assert!(rush.note(InboxId(1), "a@x.jp", at(20)));
        assert!(rush.note(InboxId(1), "a@x.jp", at(21)));
        assert!(!rush.note(InboxId(1), "b@x.jp", at(21)) && !rush.note(InboxId(2), "a@x.jp", at(21)));
        assert!(!rush.note(InboxId(1), "a@x.jp", at(86_400)));
    }
}
