//! Mail on the wire.

use madoguchi_engine::channels::mail::calendar;
use madoguchi_engine::domain::conversation::{CopyOut, CopyState as DomainCopyState};
use madoguchi_engine::domain::mail::{self as domain, PartPlace, SenderProof};
use madoguchi_protocol::api::{Copy, CopyState, Mail, MailAttachment, MailInvitation, MailMark, MailParty, MailProof};

use super::media;

/// A mail in a conversation.
#[must_use]
pub fn content(mail: &domain::Mail) -> Mail {
    let file = mail.file.as_ref().map(|file| media::url(file.id));
    Mail {
        subject: mail.subject.clone(),
        from: party(&mail.from),
        reply_to: mail.reply_to.iter().map(party).collect(),
        to: mail.to.iter().map(party).collect(),
        cc: mail.cc.iter().map(party).collect(),
        text: mail.text.clone(),
        cut: mail.is_cut,
        attachments: mail.parts.iter().map(|part| attachment(part, file.as_deref())).collect(),
        proof: match mail.sender {
            SenderProof::None => MailProof::None,
            SenderProof::Forwarded => MailProof::Forwarded,
            SenderProof::Proven => MailProof::Proven,
        },
        marks: mail.marks.iter().copied().map(mark).collect(),
        whole_url: file.map(|file| format!("{file}/mail")),
    }
}

/// One recipient's copy.
#[must_use]
pub fn copy(copy: &CopyOut) -> Copy {
    Copy {
        to: copy.to.clone(),
        state: match copy.state {
            DomainCopyState::Queued => CopyState::Queued,
            DomainCopyState::Begun => CopyState::Sending,
            DomainCopyState::Delayed => CopyState::Delayed,
            DomainCopyState::Sent => CopyState::Sent,
            DomainCopyState::Delivered => CopyState::Delivered,
            DomainCopyState::Failed => CopyState::Failed,
            DomainCopyState::Unknown => CopyState::Unknown,
        },
        code: copy.code,
        detail: copy.detail.clone(),
        tries: copy.tries,
        next_at: copy.next_at.map(super::time),
    }
}

pub(super) fn party(one: &domain::MailAddress) -> MailParty {
    MailParty { name: one.name.clone(), address: one.address.clone() }
}

fn attachment(part: &domain::MailPart, file: Option<&str>) -> MailAttachment {
    let url = match &part.place {
        PartPlace::Inside(index) => file.map(|file| format!("{file}/parts/{index}")),
        PartPlace::Packed(index, inner) => file.map(|file| format!("{file}/parts/{index}.{inner}")),
        PartPlace::Stored(file) => Some(media::url(file.id)),
        PartPlace::TooLarge => None,
    };
    MailAttachment {
        name: part.name.clone(),
        mime: part.mime.clone(),
        bytes: part.bytes,
        inline: part.content_id.is_some(),
        url,
    }
}

fn mark(mark: domain::MailMark) -> MailMark {
    match mark {
        domain::MailMark::Automatic => MailMark::Automatic,
        domain::MailMark::AutoReply => MailMark::AutoReply,
        domain::MailMark::NoAutoReply => MailMark::NoAutoReply,
        domain::MailMark::List => MailMark::List,
        domain::MailMark::Signed => MailMark::Signed,
        domain::MailMark::Encrypted => MailMark::Encrypted,
        domain::MailMark::Partial => MailMark::Partial,
        domain::MailMark::Oversize => MailMark::Oversize,
        domain::MailMark::Html => MailMark::Html,
        domain::MailMark::Stranger => MailMark::Stranger,
        domain::MailMark::Quote => MailMark::Quote,
        domain::MailMark::Forwarded => MailMark::Forwarded,
    }
}

/// An invitation.
#[must_use]
pub fn invitation(card: calendar::Invitation) -> MailInvitation {
    MailInvitation {
        title: card.title,
        starts: card.starts,
        ends: card.ends,
        zone: card.zone,
        place: card.place,
        organiser: card.organiser,
        cancelled: card.is_cancelled,
    }
}

/// The part that an address names: `3`, or `3.1` for what lies in a container.
#[must_use]
pub fn place(text: &str) -> Option<PartPlace> {
    match text.split_once('.') {
        Some((index, inner)) => Some(PartPlace::Packed(index.parse().ok()?, inner.parse().ok()?)),
        None => Some(PartPlace::Inside(text.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_attachment_is_called_leads_back_to_it() {
        for known in [PartPlace::Inside(3), PartPlace::Packed(3, 1)] {
            let part = domain::MailPart {
                name: "a".to_owned(),
                mime: "b/c".to_owned(),
                bytes: 1,
                content_id: None,
                place: known.clone(),
            };
            let url = attachment(&part, Some("/api/v1/files/1")).url.unwrap();
            assert_eq!(place(url.rsplit('/').next().unwrap()), Some(known));
        }
        for bad in ["", "x", "1.", ".1", "-1", "1.2.3", "99999999999"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
