//! Accounts as people see to them, on the wire.

use madoguchi_engine::accounts::{
    Health, Quota as DomainQuota, SendTrouble as DomainSendTrouble, Sums, Trouble as DomainTrouble,
};
use madoguchi_engine::channels::examine::{Examination, Finding as Found, Weight};
use madoguchi_engine::domain::org::Inbox;
use madoguchi_protocol::api::{
    AccountHealth, ConnectionTest, Finding, FindingCode, FindingWeight, Meter, Quota, SendTrouble, Trouble,
};

use super::time;

/// How an account stands, on the wire.
#[must_use]
pub fn health(inbox: &Inbox, health: &Health) -> AccountHealth {
    AccountHealth {
        inbox: inbox.id.to_string(),
        window: inbox.window.to_string(),
        troubles: health.troubles().into_iter().map(trouble).collect(),
        since: time(health.since),
        webhook_at: health.webhook_at.map(time),
        wrong_signature_at: health.wrong_signature_at.map(time),
        sent_at: health.sent_at.map(time),
        send_failed_at: health.send_failed.map(|(_, at)| time(at)),
        send_failed: health.send_failed.map(|(why, _)| send_trouble(why)),
        token_until: health.token.until.map(time),
        token_failed_at: health.token.failed.map(|(_, at)| time(at)),
        quota: health.quota.as_ref().map(quota),
    }
}

fn quota(quota: &DomainQuota) -> Quota {
    Quota { limit: quota.limit, used: quota.used, remaining: quota.remaining(), asked_at: time(quota.asked_at) }
}

/// A trouble on the wire.
#[must_use]
pub fn trouble(trouble: DomainTrouble) -> Trouble {
    match trouble {
        DomainTrouble::SecretUnreadable => Trouble::SecretUnreadable,
        DomainTrouble::TokenRefused => Trouble::TokenRefused,
        DomainTrouble::Unreachable => Trouble::Unreachable,
        DomainTrouble::WrongSignature => Trouble::WrongSignature,
        DomainTrouble::QuotaEmpty => Trouble::QuotaEmpty,
        DomainTrouble::SendFailed => Trouble::SendFailed,
        DomainTrouble::QuotaLow => Trouble::QuotaLow,
    }
}

fn send_trouble(why: DomainSendTrouble) -> SendTrouble {
    match why {
        DomainSendTrouble::Refused => SendTrouble::Refused,
        DomainSendTrouble::Unauthorised => SendTrouble::Unauthorised,
        DomainSendTrouble::QuotaEmpty => SendTrouble::QuotaEmpty,
        DomainSendTrouble::RateLimited => SendTrouble::RateLimited,
        DomainSendTrouble::Ambiguous => SendTrouble::Ambiguous,
        DomainSendTrouble::NotSent => SendTrouble::NotSent,
    }
}

/// The sums of a month on the wire. `month` as by `month_of`.
#[must_use]
pub fn meter(window: &str, month: u32, sums: Sums, remaining: Option<u64>) -> Meter {
    let month = format!("{:04}-{:02}", month / 100, month % 100);
    Meter { window: window.to_owned(), month, free: sums.free, paid: sums.paid, remaining }
}

/// What a test says, on the wire.
#[must_use]
pub fn test(report: Examination) -> ConnectionTest {
    let mut findings = report.findings;
    findings.sort_by_key(|finding| match finding.weight() {
        Weight::Error => 0,
        Weight::Warning => 1,
        Weight::Note => 2,
    });
    ConnectionTest {
        ok: findings.iter().all(|finding| finding.weight() == Weight::Note),
        account_name: report.name,
        findings: findings.into_iter().map(finding).collect(),
    }
}

fn finding(found: Found) -> Finding {
    let code = finding_code(found);
    let weight = match found.weight() {
        Weight::Error => FindingWeight::Error,
        Weight::Warning => FindingWeight::Warning,
        Weight::Note => FindingWeight::Note,
    };
    Finding { code, weight, text: code.text().to_owned() }
}

/// A finding on the wire.
#[must_use]
pub fn finding_code(found: Found) -> FindingCode {
    match found {
        Found::SecretUnreadable => FindingCode::SecretUnreadable,
        Found::TokenRefused => FindingCode::TokenRefused,
        Found::LineUnreachable => FindingCode::LineUnreachable,
        Found::WrongDestination => FindingCode::WrongDestination,
        Found::NoEndpoint => FindingCode::NoEndpoint,
        Found::OtherEndpoint => FindingCode::OtherEndpoint,
        Found::WebhookOff => FindingCode::WebhookOff,
        Found::PublicUrlNotHttps => FindingCode::PublicUrlNotHttps,
        Found::CannotConnect => FindingCode::CannotConnect,
        Found::WebhookTimesOut => FindingCode::WebhookTimesOut,
        Found::WrongSecret => FindingCode::WrongSecret,
        Found::WebhookFails => FindingCode::WebhookFails,
        Found::WebhookUntested => FindingCode::WebhookUntested,
        Found::ChatOff => FindingCode::ChatOff,
        Found::ChatOn => FindingCode::ChatOn,
        Found::AutoReplyUnknown => FindingCode::AutoReplyUnknown,
        Found::RedeliveryUnknown => FindingCode::RedeliveryUnknown,
        Found::PlatformUnreachable => FindingCode::PlatformUnreachable,
        Found::RightMissing => FindingCode::RightMissing,
        Found::BotUnknown => FindingCode::BotUnknown,
        Found::KindsSwitchedOff => FindingCode::KindsSwitchedOff,
        Found::RoomsAllowed => FindingCode::RoomsAllowed,
        Found::CallbackUntried => FindingCode::CallbackUntried,
        Found::EndpointRefusesSignature => FindingCode::EndpointRefusesSignature,
        Found::EndpointFails => FindingCode::EndpointFails,
        Found::EndpointTooSlow => FindingCode::EndpointTooSlow,
        Found::EndpointUnsafe => FindingCode::EndpointUnsafe,
    }
}
