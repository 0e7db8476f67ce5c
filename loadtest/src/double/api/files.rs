//! What needs no token: pictures of profiles, content whose provider is not LINE, and what the phone itself has sent.

use super::respond::Answer;
use crate::double::media::Media;
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::is_source;

pub(super) fn answer(platform: &Platform, path: &str) -> Answer {
    let parts: Vec<&str> = path.split('/').collect();
    let media = match parts.as_slice() {
        ["", "pictures", id] if is_source(id, "UCR") => Some(Media::drawing(120, 120, id)),
        ["", "outside", message] => platform.world.lock().outside.get(message).map(|content| content.media.clone()),
        // The phone shows what its owner sent, ready for the account or not.
        ["", "sent", message] => platform.world.lock().contents.get(message).map(|content| content.media.clone()),
        ["", "outside", message, "preview"] => {
            let known = platform.world.lock().outside.get(message).is_some();
            known.then(|| Media::thumbnail(message))
        }
        _ => None,
    };
    media.map_or_else(|| Answer::refused(&Refusal::not_found()), Answer::media)
}
