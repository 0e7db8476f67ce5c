//! Who customers are on channels whose events say so themselves. Kept in memory only: it is said again with the next event.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::channels::media::Profile;
use crate::domain::id::InboxId;

/// Customers that are remembered; above that everybody's next event is news.
const REMEMBERED: usize = 20_000;

/// What was said of customers, by account and id there.
#[derive(Default)]
pub(crate) struct Told {
    known: Mutex<HashMap<(InboxId, String), Entry>>,
}

struct Entry {
    profile: Profile,
    /// The conversation knows it.
    settled: bool,
}

impl Told {
    /// An event said who its customer is.
    pub(crate) fn tell(&self, inbox: InboxId, external_id: &str, profile: Profile) {
        let mut known = self.known.lock();
        if known.len() >= REMEMBERED {
            known.retain(|_, entry| !entry.settled);
            if known.len() >= REMEMBERED {
                known.clear();
            }
        }
        let key = (inbox, external_id.to_owned());
        if known.get(&key).is_none_or(|entry| entry.profile != profile) {
            known.insert(key, Entry { profile, settled: false });
        }
    }

    /// What was said of this customer and their conversation does not know yet.
    pub(super) fn news(&self, inbox: InboxId, external_id: &str) -> Option<Profile> {
        let known = self.known.lock();
        // Asked at every message of every channel; most say nothing of the kind.
        if known.is_empty() {
            return None;
        }
        let entry = known.get(&(inbox, external_id.to_owned())).filter(|entry| !entry.settled)?;
        Some(entry.profile.clone())
    }

    /// Their conversation knows this now.
    pub(super) fn settle(&self, inbox: InboxId, external_id: &str, profile: &Profile) {
        if let Some(entry) = self.known.lock().get_mut(&(inbox, external_id.to_owned()))
            && entry.profile == *profile
        {
            entry.settled = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INBOX: InboxId = InboxId(1);

    fn named(name: &str) -> Profile {
        Profile { name: name.to_owned(), picture_url: None }
    }

    #[test]
    fn a_name_is_news_until_the_conversation_knows_it_and_again_when_it_changes() {
        let told = Told::default();
        assert_eq!(told.news(INBOX, "a"), None);
        told.tell(INBOX, "a", named("佐藤"));
        assert_eq!(told.news(INBOX, "a"), Some(named("佐藤")));
        assert_eq!(told.news(InboxId(2), "a"), None, "another account's customer");
        told.settle(INBOX, "a", &named("佐藤"));
        told.tell(INBOX, "a", named("佐藤"));
        assert_eq!(told.news(INBOX, "a"), None);
        told.tell(INBOX, "a", named("鈴木"));
        told.settle(INBOX, "a", &named("佐藤"));
        assert_eq!(told.news(INBOX, "a"), Some(named("鈴木")), "what changed meanwhile is not lost");
    }

    #[test]
    fn a_city_full_of_customers_does_not_fill_the_memory() {
        let told = Told::default();
        for id in 0..=REMEMBERED {
            told.tell(INBOX, &id.to_string(), named("x"));
        }
        assert!(told.known.lock().len() <= REMEMBERED);
        assert!(told.news(INBOX, &REMEMBERED.to_string()).is_some(), "the newest is known");
    }
}
