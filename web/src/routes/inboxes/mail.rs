//! The settings of a window's mail, from the wire.

use madoguchi_engine::channels::mail::address;
use madoguchi_engine::domain::org::{CompanyAddress, Forwarding, MailSettings};
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{MailSettingsPatch, NewMailSettings};

use crate::error::invalid;

/// The settings of a new account.
pub(super) fn settings(new: NewMailSettings) -> Result<MailSettings, Problem> {
    Ok(MailSettings {
        enabled: true,
        addresses: addresses(new.addresses, &[])?,
        sender: new.sender.map(|sender| normalised("settings.sender", &sender)).transpose()?,
        sender_name: new.sender_name,
        quote: new.quote.unwrap_or(true),
        signature: new.signature,
    })
}

/// The settings after a change. An address that stays keeps what is known of it.
pub(super) fn patched(now: &MailSettings, patch: MailSettingsPatch) -> Result<MailSettings, Problem> {
    let addresses = match patch.addresses {
        Some(given) => addresses(given, &now.addresses)?,
        None => now.addresses.clone(),
    };
    let given = |text: Option<String>, now: &Option<String>| match text {
        Some(text) => Some(text).filter(|text| !text.is_empty()),
        None => now.clone(),
    };
    let sender = given(patch.sender, &now.sender);
    Ok(MailSettings {
        enabled: patch.enabled.unwrap_or(now.enabled),
        addresses,
        sender: sender.map(|sender| normalised("settings.sender", &sender)).transpose()?,
        sender_name: given(patch.sender_name, &now.sender_name),
        quote: patch.quote.unwrap_or(now.quote),
        signature: patch.signature.unwrap_or_else(|| now.signature.clone()),
    })
}

fn normalised(field: &'static str, address: &str) -> Result<String, Problem> {
    address::normalise(address).ok_or_else(|| invalid(field, "a mail address"))
}

fn addresses(given: Vec<String>, known: &[CompanyAddress]) -> Result<Vec<CompanyAddress>, Problem> {
    let each = given.into_iter().map(|given| {
        let address = normalised("settings.addresses", &given)?;
        let known = known.iter().find(|one| one.address == address).cloned();
        Ok(known.unwrap_or(CompanyAddress { address, forwarding: Forwarding::Unconfirmed }))
    });
    each.collect()
}
