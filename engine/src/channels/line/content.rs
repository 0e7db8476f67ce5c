//! Calls to LINE that fetch something: bytes of messages, profiles (line.md 3.1 and 3.2). And leaving groups.
//!
//! One call is one try. Must never write a token, a name or an address of a picture into a log.

use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{BadSettings, LineClient};
use crate::channels::http::{Unsent, checked_base, read_body};
use crate::channels::json::{self, Lazy};
use crate::channels::media::{Download, Gathering, Known, Opened, Preparation, Profile};

/// LINE's own address of media; the default.
pub const DATA_BASE_URL: &str = "https://api-data.line.me";

/// Where LINE's media are, and the client that fetches them: its calls may take long.
#[derive(Clone)]
pub(super) struct Data {
    http: Client,
    base: Url,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileFields<'a> {
    #[serde(borrow)]
    display_name: Lazy<'a>,
    #[serde(borrow)]
    picture_url: Lazy<'a>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    status: Lazy<'a>,
}

impl LineClient {
    /// The same account, with the way to its media. `base_url` is [`DATA_BASE_URL`], or where a double listens.
    ///
    /// # Errors
    /// The address could show the token to others.
    pub fn with_data(mut self, http: Client, base_url: &str) -> Result<Self, BadSettings> {
        self.data = Some(Data { http, base: checked_base(base_url)? });
        Ok(self)
    }

    /// Asks for the bytes of a message.
    pub async fn content(&self, message_id: &str) -> Opened {
        let Some(response) = self.data_call(&["v2", "bot", "message", message_id, "content"]).await else {
            return Opened::Later;
        };
        opened(response)
    }

    /// Asks how far the preparation of a film or recording is.
    pub async fn preparation(&self, message_id: &str) -> Preparation {
        let parts = ["v2", "bot", "message", message_id, "content", "transcoding"];
        let Some(response) = self.data_call(&parts).await else { return Preparation::Unknown };
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Preparation::Gone,
            // Nothing that needs preparing: what `content` says counts.
            400 => return Preparation::Ready,
            _ => return Preparation::Unknown,
        }
        let body = read_body(response).await;
        let raw: Option<&RawValue> = serde_json::from_slice(&body).ok();
        let status = json::object::<Status<'_>>(raw).and_then(|fields| json::text(fields.status));
        match status.as_deref() {
            Some("succeeded") => Preparation::Ready,
            Some("failed") => Preparation::Failed,
            Some("processing") => Preparation::UnderWay,
            _ => Preparation::Unknown,
        }
    }

    /// Asks who a customer is.
    pub async fn profile(&self, user_id: &str) -> Known {
        let address = address(&self.base, &["v2", "bot", "profile", user_id]);
        let Ok(response) = self.send(self.http.get(address)).await else { return Known::Later };
        match response.status().as_u16() {
            200 => {}
            400 | 404 => return Known::Nobody,
            _ => return Known::Later,
        }
        let body = read_body(response).await;
        let raw: Option<&RawValue> = serde_json::from_slice(&body).ok();
        let Some(fields) = json::object::<ProfileFields<'_>>(raw) else { return Known::Later };
        let Some(name) = json::text(fields.display_name) else { return Known::Later };
        Known::As(Profile { name, picture_url: json::text(fields.picture_url).filter(|url| !url.is_empty()) })
    }

    /// Leaves a group or room. Answers whether the account is out.
    pub async fn leave(&self, gathering: &Gathering) -> bool {
        let (kind, id) = match gathering {
            Gathering::Group(id) => ("group", id),
            Gathering::Room(id) => ("room", id),
        };
        let address = address(&self.base, &["v2", "bot", kind, id, "leave"]);
        match self.send(self.http.post(address)).await {
            // Of one that the account is not in LINE says that there is none.
            Ok(response) => response.status().is_success() || matches!(response.status().as_u16(), 400 | 404),
            Err(_) => false,
        }
    }

    async fn data_call(&self, parts: &[&str]) -> Option<reqwest::Response> {
        let data = self.data.as_ref()?;
        match self.send(data.http.get(address(&data.base, parts))).await {
            Ok(response) => Some(response),
            Err(Unsent::NoToken(_)) => None,
            Err(Unsent::Http(error)) => {
                let error = error.without_url();
                tracing::debug!(%error, "no answer from LINE's media");
                None
            }
        }
    }
}

/// An address below `base`; each part stays one part, whatever is in it.
fn address(base: &Url, parts: &[&str]) -> Url {
    let mut address = base.clone();
    if let Ok(mut path) = address.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    address
}

fn opened(response: reqwest::Response) -> Opened {
    match response.status().as_u16() {
        200 => Opened::Bytes(Download::of_response(response)),
        202 => Opened::NotYet,
        404 | 410 => Opened::Gone,
        // The token may be changed by a person at any moment; the message stays.
        401 | 403 | 408 | 429 | 500.. => Opened::Later,
        _ => Opened::Refused,
    }
}
