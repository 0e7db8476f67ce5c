//! Answers by mail: what is fixed by the mail that is answered, and the whole answer out of what an agent wrote.

use super::Handle;
use crate::channels::mail::compose::is_id;
use crate::channels::mail::out::MailOut;
use crate::channels::mail::text::{Quoted, answer_subject, whole};
use crate::channels::mail::{adapter, address};
use crate::domain::conversation::limits;
use crate::domain::id::ConversationId;
use crate::domain::mail::{Mail, MailAddress, MailMark, MailPart};
use crate::domain::message::Content;
use crate::domain::org::{InboxSettings, MailSettings};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::failure::Failure;
use crate::rows::{ConversationRow, MessageKind, MessageRow, MessagesQuery, Place};

/// Messages among which the mail to answer is looked for.
const LOOKED_AT: usize = 100;
/// Seconds by which Japan's clocks are ahead; a quote says when its mail was written.
const JAPAN_S: i32 = 9 * 3_600;

/// What an answer carries whatever its author writes (M1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHead {
    /// Who it is from.
    pub from: MailAddress,
    /// Whom it is to.
    pub to: Vec<MailAddress>,
    /// Who gets copies.
    pub cc: Vec<MailAddress>,
    /// What it is about.
    pub subject: String,
    /// The ids that it answers, the oldest first.
    pub references: Vec<String>,
    /// Stands below the text.
    pub signature: String,
    /// Whether the answered mail is quoted without a choice.
    pub quote: bool,
    /// The answered mail: when it was written, and what it says.
    pub answered: Option<(Timestamp, Mail)>,
}

/// Longest attachment, in bytes.
pub const MAIL_FILE_BYTES: u64 = adapter::ATTACHMENT_BYTES;
/// Most attachments of one answer.
pub const MAIL_FILES: usize = adapter::ATTACHMENTS;

impl Handle {
    /// What an answer in this conversation carries.
    ///
    /// # Errors
    /// Not found, no mail here, or catching up.
    pub async fn mail_head(&self, conversation: ConversationId) -> Result<MailHead, Failure> {
        let out = self.core.mail.as_ref().ok_or(Failure::NotFound("mail"))?;
        let row = self.core.row(conversation).await?.ok_or(Failure::NotFound("conversation"))?;
        let org = self.org();
        let settings = org.inboxes.get(&row.state.inbox).map(|inbox| &inbox.settings);
        let Some(InboxSettings::Mail(settings)) = settings else { return Err(Failure::NotFound("mail")) };
        let query = MessagesQuery { place: Place::Newest, limit: LOOKED_AT };
        let newest = self.messages(conversation, query).await?;
        let answered = newest.items.into_iter().rev().find_map(answerable);
        let from = out.sender(&org, &row.window, settings);
        Ok(head(out, settings, from, &row, answered))
    }

    /// A whole answer out of what an agent wrote: with everything that is fixed, the signature and the quote.
    ///
    /// # Errors
    /// As [`Handle::mail_head`]; or there is no relay, or too much goes along.
    pub async fn mail_answer(
        &self,
        conversation: ConversationId,
        written: &str,
        parts: Vec<MailPart>,
        quote: Option<bool>,
    ) -> Result<Content, Failure> {
        if self.core.mail.as_ref().is_none_or(|out| out.relay.is_none()) {
            return Err(Rejected::invalid("content", "a relay that mail can leave by; see the operator").into());
        }
        let head = self.mail_head(conversation).await?;
        fits(&parts)?;
        let quoted = head.answered.as_ref().filter(|_| quote.unwrap_or(head.quote));
        let room = limits::TEXT_BYTES.saturating_sub(written.len() + head.signature.len() + 1_024);
        let beginning = quoted.map(|(_, mail)| cut(&mail.text, room)).unwrap_or_default();
        let quoted = quoted.map(|(at, mail)| Quoted {
            who: &mail.from.name,
            address: &mail.from.address,
            at: *at,
            text: beginning,
        });
        let mut mail = Mail {
            subject: head.subject,
            from: head.from,
            to: head.to,
            cc: head.cc,
            references: head.references,
            text: if written.trim().is_empty() {
                String::new()
            } else {
                whole(written, &head.signature, quoted, JAPAN_S)
            },
            parts,
            ..Mail::default()
        };
        if quoted.is_some() {
            mail.mark(MailMark::Quote);
        }
        Ok(Content::Mail(Box::new(mail)))
    }
}

/// As many bytes of the text as there is room for when every line gets a mark.
fn cut(text: &str, room: usize) -> &str {
    let room = room / 2;
    if text.len() <= room {
        return text;
    }
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

fn fits(parts: &[MailPart]) -> Result<(), Rejected> {
    if parts.len() > adapter::ATTACHMENTS {
        return Err(Rejected::LimitReached { what: "files of one answer", limit: adapter::ATTACHMENTS as u64 });
    }
    if parts.iter().any(|part| part.bytes > adapter::ATTACHMENT_BYTES) {
        return Err(Rejected::invalid("content.files", "at most 10,485,760 bytes each"));
    }
    // 57 bytes are a line of 78.
    let wire: u64 = parts.iter().map(|part| part.bytes.div_ceil(57) * 78 + 1_024).sum();
    if wire + 131_072 > adapter::WIRE_BYTES {
        return Err(Rejected::LimitReached { what: "bytes of one mail as it is sent", limit: adapter::WIRE_BYTES });
    }
    Ok(())
}

/// The mail of a customer that an answer may answer.
fn answerable(row: MessageRow) -> Option<(Timestamp, Mail)> {
    let (MessageKind::Inbound { .. }, Content::Mail(mail)) = (row.kind, row.content) else { return None };
    let is_one = !mail.is(MailMark::Stranger) && !mail.is(MailMark::AutoReply) && !mail.from.address.is_empty();
    is_one.then_some((row.at, *mail))
}

fn head(
    out: &MailOut,
    settings: &MailSettings,
    from: MailAddress,
    row: &ConversationRow,
    answered: Option<(Timestamp, Mail)>,
) -> MailHead {
    let customer =
        || MailAddress { name: row.state.name.clone().unwrap_or_default(), address: row.state.external_id.clone() };
    let own = |one: &MailAddress| out.is_own(settings, &one.address);
    let wanted = answered.as_ref().map(|(_, mail)| mail.answers_to().clone());
    // A mail that names ourselves as its sender is answered to whose case it is.
    let to = wanted.filter(|to| !own(to) && address::normalise(&to.address).is_some()).unwrap_or_else(customer);
    let mut cc: Vec<MailAddress> = Vec::new();
    let others = answered.iter().flat_map(|(_, mail)| mail.to.iter().chain(&mail.cc));
    for one in others.filter(|one| !own(one) && one.address != to.address) {
        if cc.iter().all(|known| known.address != one.address) && address::normalise(&one.address).is_some() {
            cc.push(one.clone());
        }
    }
    let subject = answered.as_ref().map_or("", |(_, mail)| mail.subject.as_str());
    let references = answered.iter().flat_map(|(_, mail)| mail.references.iter().chain([&mail.message_id]));
    MailHead {
        from,
        to: vec![to],
        cc,
        subject: answer_subject(subject),
        references: references.filter(|id| is_id(id)).cloned().collect(),
        signature: settings.signature.clone(),
        quote: settings.quote,
        answered,
    }
}
