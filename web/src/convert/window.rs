//! Windows, products and what is left of windows, on the wire.

use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::domain::org::Org;
use madoguchi_engine::domain::org::WindowEntry;
use madoguchi_engine::domain::org::products::{PRODUCTS, contacts_of};
use madoguchi_engine::domain::org::reset::{Content, Former};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::Picture;
use madoguchi_engine::handle::ResetPreview as Found;
use madoguchi_protocol::api::{
    FormerContent, FormerWindow, Product, Products, ResetInbox, ResetItem, ResetPreview, ResetWhat, Trial,
    WindowPicture,
};

use super::inbox::channel;
use super::time;

/// The picture of a window. Another picture has another address, so that a browser may keep each.
#[must_use]
pub fn picture(window: &WindowId, picture: &Picture) -> WindowPicture {
    WindowPicture { name: picture.name.clone(), url: format!("/api/v1/windows/{window}/picture?v={}", picture.file) }
}

/// The code of an invite link as it stands in the link.
#[must_use]
pub fn invite_code(code: u128) -> String {
    ulid::Ulid(code).to_string().to_lowercase()
}

/// The code in a link; `None` for what is none.
#[must_use]
pub fn parse_invite_code(text: &str) -> Option<u128> {
    // In one way of writing only: what overflows, or has letters that are read as others, is no link of ours.
    ulid::Ulid::from_string(&text.to_uppercase()).ok().map(|code| code.0).filter(|code| invite_code(*code) == text)
}

/// A window's invite link; empty until it has one, a moment after it was made.
#[must_use]
pub fn invite_url(public_url: &str, entry: &WindowEntry) -> String {
    entry.more.invite.map(|code| format!("{public_url}/i/{}", invite_code(code))).unwrap_or_default()
}

/// What is under contract.
#[must_use]
pub fn products(org: &Org, now: Timestamp) -> Products {
    let items = PRODUCTS.map(|product| {
        let (owned, used) = (org.owned.of(product), org.used(product));
        Product { product, owned, used, free: owned.saturating_sub(used), contacts: contacts_of(product) }
    });
    Products {
        items: items.into(),
        contact_limit: org.owned.contact_limit(),
        trial: org.trial.map(|trial| Trial {
            started_at: time(trial.started_at),
            ends_at: time(trial.ends_at),
            over: trial.is_over(now),
        }),
        trial_possible: org.may_try(),
    }
}

/// What a reset would do.
#[must_use]
pub fn reset_preview(window: &WindowId, found: &Found, org: &Org) -> ResetPreview {
    let item = |what, count: usize| ResetItem { what, count: count as u64 };
    let mut goes = vec![
        item(ResetWhat::Agents, found.agents),
        item(ResetWhat::InProgress, found.held),
        item(ResetWhat::OpenConversations, found.open),
        item(ResetWhat::WaitingAnswers, found.waiting_answers),
        item(ResetWhat::Inboxes, found.inboxes.len()),
        item(ResetWhat::Invite, 1),
        item(ResetWhat::Product, 1),
    ];
    let history = [
        item(ResetWhat::Conversations, found.conversations),
        item(ResetWhat::ContactPoints, found.contact_points),
        item(ResetWhat::FormerWindows, found.former),
    ];
    let mut stays = Vec::new();
    if found.is_last { &mut goes } else { &mut stays }.extend(history);
    let kind = |id| org.inboxes.get(id).map(|inbox| channel(inbox.settings.kind()));
    let inboxes = found.inboxes.iter().filter_map(|id| Some(ResetInbox { id: id.to_string(), kind: kind(id)? }));
    ResetPreview {
        window: window.to_string(),
        confirm: found.name.clone(),
        inboxes: inboxes.collect(),
        erases_everything: found.is_last,
        goes,
        stays,
    }
}

/// A window that was reset.
#[must_use]
pub fn former(former: &Former) -> FormerWindow {
    FormerWindow {
        id: former.entry.stream.to_string(),
        window: former.entry.id.to_string(),
        name: former.entry.name.clone(),
        product: former.entry.product,
        created_at: time(former.entry.created_at),
        reset_at: time(former.reset_at),
        by: former.by.map(|agent| agent.to_string()),
        content: match former.content {
            Content::Kept => FormerContent::Kept,
            Content::Erasing => FormerContent::Erasing,
            Content::Erased => FormerContent::Erased,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_its_link_and_nothing_else_is_a_code() {
        for code in [0, 1, u128::MAX, 0x4242_0000_1111_2222_3333_4444_5555_6666] {
            assert_eq!(parse_invite_code(&invite_code(code)), Some(code));
        }
        for text in ["", "x", "../etc", "zzzzzzzzzzzzzzzzzzzzzzzzzz", &"0".repeat(27), "窓口"] {
            assert_eq!(parse_invite_code(text), None, "{text}");
        }
    }
}
