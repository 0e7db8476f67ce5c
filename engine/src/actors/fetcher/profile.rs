//! A customer's name and picture, fetched again once a day when they write (L4). What cannot be had stays as it was.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::intake;
use crate::actors::Core;
use crate::channels::Account;
use crate::channels::media::{Known, Opened, Profile};
use crate::content::{Keep, Purpose, is_plain_picture};
use crate::domain::conversation::{Command, Conversation};
use crate::domain::id::{ConversationId, FileId};
use crate::domain::org::Inbox;
use crate::domain::record::By;
use crate::handle;
use crate::journal::writer::Lane;

/// The longest picture of a customer, in bytes; LINE's have under 200,000.
const PICTURE_BYTES: u64 = 4 << 20;

pub(super) async fn refresh(core: &Arc<Core>, inbox: &Inbox, account: &dyn Account, id: ConversationId) {
    let Ok(Some(row)) = core.row(id).await else { return };
    let told = core.fetchers.told.news(inbox.id, &row.state.external_id);
    let is_told = told.is_some();
    let known = match told {
        Some(profile) => Known::As(profile),
        None => account.profile(&row.state.external_id).await,
    };
    core.fetchers.due.looked_at(id, core.now(), known != Known::Later);
    let Known::As(profile) = known else { return };
    // What is said to a conversation that is busy, asleep under load or set aside is said again another day, or with the
    // next event that says it.
    let mut is_seen = true;
    if row.state.name.as_ref() != Some(&profile.name) {
        let name = profile.name.clone();
        is_seen = handle::ask(core, By::Engine, id, Command::SeeName { name }).await.is_ok();
    }
    // One who only says what they are called takes no picture back.
    if !is_told || profile.picture_url.is_some() {
        see_picture(core, inbox, &row.state, &profile).await;
    }
    if is_told && is_seen {
        core.fetchers.told.settle(inbox.id, &row.state.external_id, &profile);
    }
}

async fn see_picture(core: &Arc<Core>, inbox: &Inbox, state: &Conversation, profile: &Profile) {
    let source = profile.picture_url.as_deref().map(fingerprint);
    let Some((url, source)) = profile.picture_url.as_ref().zip(source) else {
        if state.picture.is_some() {
            change(core, state, None).await;
        }
        return;
    };
    if source_of(core, state.picture).await.as_ref() == Some(&source) {
        return;
    }
    let Opened::Bytes(bytes) = core.platform.outside(url, inbox.settings.is_local()).await else { return };
    let keep =
        Keep { purpose: Purpose::Picture { conversation: state.id }, at: core.now(), name: None, source: Some(source) };
    let Ok(file) = intake::keep(core, bytes, PICTURE_BYTES, keep).await else { return };
    if is_plain_picture(&file.mime) {
        change(core, state, Some(file.id)).await;
    } else {
        super::sweep::remove(core, file.id).await;
    }
}

/// Tells the conversation, then removes whichever picture it does not name.
async fn change(core: &Arc<Core>, state: &Conversation, picture: Option<FileId>) {
    let told = handle::ask(core, By::Engine, state.id, Command::SeePicture { picture }).await;
    if told.is_ok() {
        if let Some(old) = state.picture {
            super::sweep::remove(core, old).await;
        }
    } else if let Some(new) = picture {
        super::sweep::settle(core, new).await;
    }
}

/// Where the picture that we have came from.
async fn source_of(core: &Arc<Core>, picture: Option<FileId>) -> Option<String> {
    let (store, picture) = (core.content.clone(), picture?);
    core.pool.run(Lane::Ordinary, move || store.note(picture)).await.ok()?.ok()??.source
}

fn fingerprint(url: &str) -> String {
    Sha256::digest(url.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
