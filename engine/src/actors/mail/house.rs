//! Whose an address is. Asked at every recipient, before anything is stored: what is not ours is refused, and nothing is
//! ever passed on.

use std::sync::Arc;

use crate::actors::Core;
use crate::channels::mail::address;
use crate::channels::mail::smtp::{Answer, House, Mailbox};
use crate::domain::org::{Inbox, InboxSettings, Org};

/// Addresses that every domain has (RFC 5321, 4.5.1; RFC 2142).
const ALWAYS: &[&str] = &["postmaster", "abuse"];

/// The addresses of a running engine.
pub(crate) struct Addresses {
    pub(crate) core: Arc<Core>,
}

impl House for Addresses {
    fn recipient(&self, recipient: &str) -> Answer {
        let Some(mail) = &self.core.mail_in else { return Answer::Foreign };
        let Some((local, detail, domain)) = address::split(recipient) else { return Answer::Unknown };
        if domain == mail.bounces
            && let Some(copy) = mail.ids.copy(local)
        {
            return Answer::Ours(Mailbox::Copy(copy));
        }
        if domain != mail.domain {
            return if domain == mail.bounces { Answer::Unknown } else { Answer::Foreign };
        }
        let org = self.core.views.org();
        if ALWAYS.contains(&local) {
            let inbox = self.postmaster(&org);
            return inbox.map_or(Answer::Unknown, |inbox| {
                Answer::Ours(Mailbox::Window { inbox: inbox.id, conversation: None })
            });
        }
        let Some(inbox) = mails(&org).find(|inbox| inbox.window.as_str() == local) else { return Answer::Unknown };
        if !is_on(inbox) {
            return Answer::Off;
        }
        let conversation = detail.and_then(|detail| mail.ids.conversation(detail));
        Answer::Ours(Mailbox::Window { inbox: inbox.id, conversation })
    }

    fn is_open(&self) -> bool {
        !self.core.is_stopping() && self.core.work_allowed().is_ok()
    }
}

impl Addresses {
    /// Whoever gets what is for the postmaster: the window that the settings name, else the oldest with mail.
    fn postmaster<'a>(&self, org: &'a Org) -> Option<&'a Inbox> {
        let named = self.core.mail_in.as_ref().and_then(|mail| mail.config.postmaster.as_ref());
        let wanted = named.and_then(|window| mails(org).find(|inbox| inbox.window == *window && is_on(inbox)));
        let oldest = || {
            mails(org).filter(|inbox| is_on(inbox)).min_by_key(|inbox| {
                org.windows.get(&inbox.window).map_or((i64::MAX, inbox.id), |window| (window.created_at.0, inbox.id))
            })
        };
        wanted.or_else(oldest)
    }
}

/// Every account that is a window's mail.
pub(crate) fn mails(org: &Org) -> impl Iterator<Item = &Inbox> {
    org.inboxes.values().filter(|inbox| matches!(inbox.settings, InboxSettings::Mail(_)))
}

fn is_on(inbox: &Inbox) -> bool {
    matches!(&inbox.settings, InboxSettings::Mail(mail) if mail.enabled)
}
