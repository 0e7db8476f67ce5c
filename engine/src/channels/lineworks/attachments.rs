//! Files on their way up and down (other-channels.md 1.5). The token goes to hosts of the platform only, whatever address
//! an answer names.

use std::io::Read as _;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde::Deserialize;
use serde_json::json;

use super::client::{Told, WorksClient, odd, unsent};
use super::content::Carried;
use super::pace::Api;
use crate::channels::Outcome;
use crate::channels::media::{Download, Opened};
use crate::content::ContentStore;
use crate::domain::id::FileId;

/// The platforms' domains: hosts that are one of these or below.
const HOSTS: [&str; 2] = ["worksmobile.com", "worksapis.com"];
/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// What the part with the bytes is called.
const PART: &str = "Filedata";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    file_id: String,
    upload_url: String,
}

impl WorksClient {
    /// Carries a file up; answers with the platform's id of it, good for a day. Whatever goes wrong, no message was sent.
    pub(super) async fn upload(&self, store: &ContentStore, file: &Carried) -> Result<String, Outcome> {
        let Some(bytes) = bytes_of(store.clone(), file).await else {
            return Err(Outcome::Refused { status: 0, detail: "the file is not there any more".to_owned() });
        };
        let name = plain_name(&file.name);
        let address = self.address(&["bots", &self.bot, "attachments"]);
        let request = self.http.post(address).json(&json!({ "fileName": name }));
        let told = self.call(Some(Api::Upload), request).await.map_err(surely_not)?;
        let place: Place = told.read().map_err(surely_not)?;
        let url = Url::parse(&place.upload_url).ok().filter(|url| self.may_have_token(url)).ok_or_else(odd)?;
        let (kind, body) = form(&name, &file.mime, &bytes);
        let request = self.media.post(url).header(CONTENT_TYPE, kind).body(body);
        let told: Told = self.call(None, request).await.map_err(surely_not)?;
        match told.outcome() {
            Outcome::Accepted { .. } => Ok(place.file_id),
            no => Err(surely_not(no)),
        }
    }

    /// Asks for the bytes that a message named.
    pub(super) async fn download(&self, file_id: &str) -> Opened {
        if self.pace.take(Api::Download, self.a_minute).is_err() {
            return Opened::Later;
        }
        let mut address = self.address(&["bots", &self.bot, "attachments", file_id]);
        for hop in 0..=REDIRECTS {
            let response = match self.authorization.send(self.media.get(address.clone())).await.map_err(unsent) {
                Ok(response) => response,
                Err(Outcome::Unauthorised { .. }) => return Opened::Later,
                Err(_) => return Opened::Later,
            };
            let status = response.status().as_u16();
            if hop == 0 {
                self.pace.heard(Api::Download, status, response.headers());
            }
            match status {
                200 => return Opened::Bytes(Download::of_response(response)),
                301 | 302 | 303 | 307 | 308 => {}
                404 | 410 => return Opened::Gone,
                401 | 403 | 408 | 429 | 500.. => return Opened::Later,
                _ => return Opened::Refused,
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(next) = to.and_then(|to| address.join(to).ok()) else { return Opened::Refused };
            if !self.may_have_token(&next) {
                return Opened::Unsafe;
            }
            address = next;
        }
        Opened::Refused
    }

    /// Whether the token may be shown there.
    fn may_have_token(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        let Some(host) = url.host_str() else { return false };
        let is_theirs = HOSTS.iter().any(|known| {
            host == *known || host.strip_suffix(known).is_some_and(|below| below.ends_with('.') && below.len() > 1)
        });
        // A double stands on this machine, under the port that was entered or another.
        let is_double = self.base.scheme() == "http" && self.base.host_str() == Some(host);
        (is_theirs && url.scheme() == "https" && url.port().is_none()) || (is_double && url.scheme() == "http")
    }
}

/// The message was not sent, whatever became of its file.
fn surely_not(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Ambiguous => Outcome::NotSent,
        outcome => outcome,
    }
}

async fn bytes_of(store: ContentStore, file: &Carried) -> Option<Vec<u8>> {
    let id: FileId = file.file.parse().ok()?;
    let read = move || -> Option<Vec<u8>> {
        let (_, mut file) = store.read(id).ok()??;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    };
    tokio::task::spawn_blocking(read).await.ok()?
}

/// A name that breaks no header.
fn plain_name(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\' | '/')).take(200).collect();
    if name.trim().is_empty() { "file.bin".to_owned() } else { name }
}

/// A form of one part, and its media type.
fn form(name: &str, mime: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let boundary = format!("madoguchi-{:032x}", rand::random::<u128>());
    let mime = if mime.bytes().all(|byte| byte.is_ascii_graphic()) { mime } else { "application/octet-stream" };
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{PART}\"; filename=\"{name}\"\r\n\
         Content-Type: {mime}\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    (format!("multipart/form-data; boundary={boundary}"), [head.as_bytes(), bytes, tail.as_bytes()].concat())
}

#[cfg(test)]
#[path = "attachments_test.rs"]
mod tests;
