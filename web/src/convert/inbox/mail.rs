//! The settings of a window's mail on the wire.

use madoguchi_engine::domain::org::MailSettings as DomainMailSettings;
use madoguchi_protocol::api::MailSettings;

pub(super) fn settings(mail: &DomainMailSettings) -> MailSettings {
    MailSettings {
        enabled: mail.enabled,
        addresses: mail.addresses.iter().map(|one| one.address.clone()).collect(),
        sender: mail.sender.clone(),
        sender_name: mail.sender_name.clone(),
        quote: mail.quote,
        signature: mail.signature.clone(),
    }
}
