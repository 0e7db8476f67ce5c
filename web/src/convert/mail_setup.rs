//! Setting mail up, on the wire.

use madoguchi_engine::channels::mail::dkim;
use madoguchi_engine::channels::mail::dns::{Column, Columns, Looked, RecordState};
use madoguchi_engine::channels::mail::setup::{Confirmation, Test};
use madoguchi_engine::domain::id::InboxId;
use madoguchi_engine::domain::org::Forwarding;
use madoguchi_engine::handle::mail::{MAIL_FILE_BYTES, MAIL_FILES, MailHead as Head};
use madoguchi_engine::handle::mail_setup::{DomainStanding, MailStanding, code_and_link};
use madoguchi_protocol::api::{
    MailAddressSetup, MailCheck, MailColumns, MailConfirmation, MailDomain, MailForwarding, MailHead, MailRecord,
    MailRecordPurpose, MailRecordState, MailSetup, MailTest,
};

use super::{mail, time};

/// What an answer carries whatever its author writes.
#[must_use]
pub fn head(head: &Head) -> MailHead {
    MailHead {
        from: mail::party(&head.from),
        to: head.to.iter().map(mail::party).collect(),
        cc: head.cc.iter().map(mail::party).collect(),
        subject: head.subject.clone(),
        signature: head.signature.clone(),
        quote: head.quote,
        quoted: head.answered.as_ref().map(|(_, mail)| mail.text.clone()).unwrap_or_default(),
        max_file: MAIL_FILE_BYTES,
        max_files: MAIL_FILES,
    }
}

/// How the mail of a window stands.
#[must_use]
pub fn setup(inbox: InboxId, standing: &MailStanding) -> MailSetup {
    let settings = &standing.settings;
    let addresses = settings.addresses.iter().zip(standing.challenged.iter().zip(&standing.ready));
    let addresses = addresses.map(|(one, (challenged_at, ready))| {
        let (forwarding, at) = match one.forwarding {
            Forwarding::Unconfirmed => (MailForwarding::Unconfirmed, None),
            Forwarding::Confirmed { at } => (MailForwarding::Confirmed, Some(at)),
            Forwarding::Stopped { since } => (MailForwarding::Stopped, Some(since)),
        };
        MailAddressSetup {
            address: one.address.clone(),
            sender: settings.sender.as_ref() == Some(&one.address),
            forwarding,
            forwarding_at: at.map(time),
            challenged_at: challenged_at.map(time),
            domain_ready: *ready,
        }
    });
    MailSetup {
        inbox: inbox.to_string(),
        default_address: standing.default_address.clone(),
        sends_as: standing.sends_as.clone(),
        relay: standing.relay,
        addresses: addresses.collect(),
        confirmations: standing.confirmations.iter().map(confirmation).collect(),
        test: standing.test.as_ref().map(test),
    }
}

fn confirmation(one: &Confirmation) -> MailConfirmation {
    let (code, link) = code_and_link(one);
    MailConfirmation {
        at: time(one.at),
        from: one.from.clone(),
        subject: one.subject.clone(),
        code,
        link,
        text: one.text.clone(),
    }
}

fn test(test: &Test) -> MailTest {
    MailTest {
        sent_at: time(test.sent_at),
        from: test.from.clone(),
        came_at: test.came_at.map(time),
        failure: test.failure.clone(),
        columns: test.columns.map(columns),
    }
}

/// A domain with its records.
#[must_use]
pub fn domain(standing: &DomainStanding) -> MailDomain {
    let (domain, checked) = (&standing.domain, standing.checked.as_ref().map(|(checked, _)| checked));
    let record = |purpose, name: String, value: String, looked: Option<&Looked>| MailRecord {
        purpose,
        name,
        kind: "TXT".to_owned(),
        value,
        state: looked.map_or(MailRecordState::Unchecked, |looked| state(looked.state)),
        found: looked.map(|looked| looked.found.clone()).unwrap_or_default(),
    };
    let key = (dkim::record_name(&domain.key.selector, &domain.name), dkim::record(&domain.key.public));
    // A policy that is there already stays as it is, wherever it stands.
    let policy = checked.map(|checked| &checked.dmarc);
    let policy_name = policy.map_or_else(|| format!("_dmarc.{}", domain.name), |looked| looked.name.clone());
    let policy_value = match policy {
        Some(looked) if looked.state == RecordState::Ok => looked.found.first().cloned().unwrap_or_default(),
        _ => "v=DMARC1; p=none".to_owned(),
    };
    let next = standing.next.as_ref().map(|(key, looked)| {
        let name = dkim::record_name(&key.selector, &domain.name);
        record(MailRecordPurpose::Dkim, name, dkim::record(&key.public), looked.as_ref())
    });
    let spf = (standing.bounce_domain.clone(), standing.sender_rule.clone());
    MailDomain {
        domain: domain.name.clone(),
        ready: domain.published_at.is_some() && domain.missing_since.is_none(),
        ready_since: domain.published_at.map(time),
        records: vec![
            record(MailRecordPurpose::Dkim, key.0, key.1, checked.map(|checked| &checked.dkim)),
            record(MailRecordPurpose::Dmarc, policy_name, policy_value, policy),
            record(MailRecordPurpose::Spf, spf.0, spf.1, checked.map(|checked| &checked.spf)),
        ]
        .into_iter()
        .chain(next)
        .collect(),
        columns: checked.map(|checked| columns(checked.columns)),
        checked_at: standing.checked.as_ref().map(|(_, at)| time(*at)),
    }
}

fn columns(columns: Columns) -> MailColumns {
    MailColumns {
        spf: column(columns.spf),
        spf_alignment: column(columns.spf_alignment),
        dkim: column(columns.dkim),
        dkim_alignment: column(columns.dkim_alignment),
        dmarc: column(columns.dmarc),
    }
}

fn column(column: Column) -> MailCheck {
    match column {
        Column::Pass => MailCheck::Pass,
        Column::Expected => MailCheck::Expected,
        Column::Fail => MailCheck::Fail,
        Column::Missing => MailCheck::Missing,
        Column::Unknown => MailCheck::Unknown,
    }
}

fn state(state: RecordState) -> MailRecordState {
    match state {
        RecordState::Ok => MailRecordState::Ok,
        RecordState::Missing => MailRecordState::Missing,
        RecordState::Mismatch => MailRecordState::Mismatch,
        RecordState::Several => MailRecordState::Several,
        RecordState::Malformed => MailRecordState::Malformed,
        RecordState::Unknown => MailRecordState::Unknown,
    }
}
