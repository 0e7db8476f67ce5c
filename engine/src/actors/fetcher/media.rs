//! One medium, one try: asked for, brought into the store, and told to its conversation.

use std::sync::Arc;

use super::intake::{self, NotKept};
use super::sweep;
use super::tried::{Again, Tried};
use crate::actors::Core;
use crate::channels::Account;
use crate::channels::media::{Opened, Preparation};
use crate::content::{Keep, Purpose};
use crate::domain::content::{Media, MediaKind, MediaLoss, MediaPlace, StoredFile};
use crate::domain::conversation::{AwaitedMedia, Command};
use crate::domain::id::ConversationId;
use crate::domain::message::Content;
use crate::domain::org::Inbox;
use crate::domain::record::By;
use crate::failure::Failure;
use crate::handle;

/// A conversation that did not answer is asked again after this, in milliseconds.
const AGAIN_MS: i64 = 200;

/// For whom and over what.
pub(super) struct Job<'a> {
    pub(super) core: &'a Arc<Core>,
    pub(super) inbox: &'a Inbox,
    pub(super) account: &'a dyn Account,
    pub(super) conversation: ConversationId,
}

impl Job<'_> {
    /// One try. `None` once the matter is settled, whichever way.
    pub(super) async fn run(&self, awaited: &AwaitedMedia, tried: Tried) -> Option<Again> {
        let outcome = match self.fetch(awaited).await {
            Ok(outcome) => outcome,
            Err(again) if tried.is_over(again, &self.core.config.media, self.core.now()) => Err(match again {
                Again::NotReady => MediaLoss::NeverReady,
                Again::Failed | Again::NoRoom => MediaLoss::Refused,
            }),
            Err(again) => return Some(again),
        };
        count(&outcome);
        self.tell(awaited.number, outcome).await;
        None
    }

    async fn fetch(&self, awaited: &AwaitedMedia) -> Result<Result<StoredFile, MediaLoss>, Again> {
        let limits = &self.core.config.media;
        let cap = if awaited.kind == MediaKind::Image { limits.image_bytes } else { limits.other_bytes };
        // Nobody waits for it any more: taken back, or settled meanwhile.
        let Some(media) = self.media_of(awaited.number).await? else { return Ok(Err(MediaLoss::Gone)) };
        let opened = match (&media.place, &awaited.external_id) {
            (MediaPlace::Url(address), _) => self.core.platform.outside(address, self.inbox.settings.is_local()).await,
            (_, Some(id)) => self.account.content(id).await,
            (_, None) => Opened::Gone,
        };
        let bytes = match opened {
            Opened::Bytes(bytes) => bytes,
            Opened::NotYet => return self.preparation(awaited).await,
            Opened::Gone => return Ok(Err(MediaLoss::Gone)),
            Opened::Refused => return Ok(Err(MediaLoss::Refused)),
            Opened::Unsafe => return Ok(Err(MediaLoss::UnsafeAddress)),
            Opened::Later => return Err(Again::Failed),
        };
        let keep = Keep {
            purpose: Purpose::Message { conversation: self.conversation, number: awaited.number },
            at: self.core.now(),
            name: media.name.clone(),
            source: None,
        };
        match intake::keep(self.core, bytes, cap, keep).await {
            Ok(file) => Ok(Ok(file)),
            Err(NotKept::TooLarge) => Ok(Err(MediaLoss::TooLarge)),
            Err(NotKept::Failed) => Err(Again::Failed),
            Err(NotKept::NoRoom) => Err(Again::NoRoom),
        }
    }

    /// What its message says of it, while it is awaited.
    async fn media_of(&self, number: u32) -> Result<Option<Box<Media>>, Again> {
        match handle::Handle::of(self.core.clone()).message(self.conversation, number).await {
            Ok(row) => match row.content {
                Content::Media(media) if media.is_awaited() => Ok(Some(media)),
                _ => Ok(None),
            },
            Err(Failure::NotFound(_)) => Ok(None),
            Err(_) => Err(Again::Failed),
        }
    }

    async fn preparation(&self, awaited: &AwaitedMedia) -> Result<Result<StoredFile, MediaLoss>, Again> {
        let Some(id) = &awaited.external_id else { return Ok(Err(MediaLoss::Gone)) };
        match self.account.preparation(id).await {
            Preparation::Failed => Ok(Err(MediaLoss::NeverReady)),
            Preparation::Gone => Ok(Err(MediaLoss::Gone)),
            Preparation::Ready | Preparation::UnderWay | Preparation::Unknown => Err(Again::NotReady),
        }
    }

    /// Tells the conversation until it has recorded it, and removes a file for which nobody waits any more: the message
    /// was taken back meanwhile.
    async fn tell(&self, number: u32, outcome: Result<StoredFile, MediaLoss>) {
        let core = self.core;
        while !core.is_stopping() {
            let command = Command::KeepMedia { number, outcome: outcome.clone() };
            match handle::ask(core, By::Engine, self.conversation, command).await {
                Ok(_) | Err(Failure::Rejected(_) | Failure::NotFound(_)) => break,
                Err(_) => core.config.clock.sleep_ms(AGAIN_MS).await,
            }
        }
        if let Ok(file) = outcome {
            sweep::settle(core, file.id).await;
        }
    }
}

fn count(outcome: &Result<StoredFile, MediaLoss>) {
    let outcome = match outcome {
        Ok(_) => "kept",
        Err(MediaLoss::TooLarge) => "too_large",
        Err(MediaLoss::Gone) => "gone",
        Err(MediaLoss::NeverReady) => "never_ready",
        Err(MediaLoss::Refused) => "refused",
        Err(MediaLoss::UnsafeAddress) => "unsafe_address",
    };
    metrics::counter!("madoguchi_media_total", "outcome" => outcome).increment(1);
}
