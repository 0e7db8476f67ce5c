//! Which ways of reaching people there are, and which there cannot be.

use madoguchi_engine::channels::availability::CHANNELS;
use madoguchi_protocol::api::{ChannelAvailability, Items};

use super::{Answer, ok};

/// Every channel, with what it can do; also those that platforms do not offer, with the reason.
#[utoipa::path(get, path = "/api/v1/channels", tag = "inboxes", responses((status = 200, description = "The channels.", body = Items<ChannelAvailability>)))]
pub(crate) async fn list() -> Answer {
    let items = CHANNELS
        .iter()
        .map(|known| ChannelAvailability {
            channel: known.channel.to_owned(),
            receives: known.receives,
            sends: known.sends,
            statement: known.statement.to_owned(),
        })
        .collect();
    ok(&Items::<ChannelAvailability> { items, next_cursor: None })
}
