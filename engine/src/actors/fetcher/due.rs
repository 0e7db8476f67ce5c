//! When each customer's profile is to be looked at again. Kept in memory only: after a start everybody who writes is
//! looked at once.

use dashmap::DashMap;

use crate::domain::id::ConversationId;
use crate::domain::time::Timestamp;

/// How long a profile counts as fresh, in milliseconds.
const FRESH_MS: i64 = 24 * 3_600_000;
/// When one that could not be had is tried again at the earliest, in milliseconds.
const AGAIN_MS: i64 = 300_000;
/// Customers that are remembered; above that everybody is due again.
const REMEMBERED: usize = 200_000;

/// Who is due. Cheap to ask, for the feed asks at every message.
#[derive(Default)]
pub(crate) struct ProfilesDue {
    next: DashMap<ConversationId, Timestamp>,
}

impl ProfilesDue {
    pub(crate) fn is_due(&self, id: ConversationId, now: Timestamp) -> bool {
        self.next.get(&id).is_none_or(|next| *next <= now)
    }

    pub(super) fn looked_at(&self, id: ConversationId, now: Timestamp, learnt: bool) {
        if self.next.len() >= REMEMBERED {
            self.next.retain(|_, next| *next > now);
            if self.next.len() >= REMEMBERED {
                self.next.clear();
            }
        }
        self.next.insert(id, now.plus_ms(if learnt { FRESH_MS } else { AGAIN_MS }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_looked_at_once_a_day_and_sooner_where_it_could_not_be_had() {
        let (due, id) = (ProfilesDue::default(), ConversationId(1));
        let at = |ms| Timestamp(1_000_000 + ms);
        assert!(due.is_due(id, at(0)), "nobody knows them");
        due.looked_at(id, at(0), true);
        assert!(!due.is_due(id, at(FRESH_MS - 1)));
        assert!(due.is_due(id, at(FRESH_MS)));
        due.looked_at(id, at(FRESH_MS), false);
        assert!(!due.is_due(id, at(FRESH_MS + AGAIN_MS - 1)));
        assert!(due.is_due(id, at(FRESH_MS + AGAIN_MS)));
    }

    #[test]
    fn a_city_full_of_customers_does_not_fill_the_memory() {
        let due = ProfilesDue::default();
        for id in 0..=REMEMBERED as u128 {
            due.looked_at(ConversationId(id), Timestamp(0), true);
        }
        assert!(due.next.len() <= REMEMBERED);
    }
}
