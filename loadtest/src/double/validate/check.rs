//! Gathers everything that is wrong with one body, as LINE tells all faults at once.

use std::borrow::Cow;

use serde_json::{Map, Value};

use unicode_segmentation::UnicodeSegmentation;

use super::detail;
use crate::double::hook::local;
use crate::double::refusal::{Detail, Refusal};

/// Most faults that are told of one body.
const MAX_DETAILS: usize = 50;
/// Longest URL in a message object.
const MAX_URL: usize = 2_000;

#[derive(Debug, Default)]
pub(super) struct Check {
    details: Vec<Detail>,
    /// The first property of a wrong JSON type: LINE then stops reading and names only that.
    broken: Option<String>,
    /// Whether addresses may be plain http on this machine.
    plain_http: bool,
}

impl Check {
    pub(super) fn new(plain_http: bool) -> Self {
        Self { plain_http, ..Self::default() }
    }

    pub(super) fn fault(&mut self, property: &str, message: impl Into<Cow<'static, str>>) {
        if self.details.len() < MAX_DETAILS {
            self.details.push(detail(property, message));
        }
    }

    pub(super) fn broken(&mut self, property: &str) {
        self.broken.get_or_insert_with(|| property.to_owned());
    }

    pub(super) fn finish(self) -> Result<(), Refusal> {
        if let Some(property) = self.broken {
            return Err(Refusal::property(&property));
        }
        if self.details.is_empty() { Ok(()) } else { Err(Refusal::details(self.details)) }
    }

    /// A text that must be there and not empty.
    pub(super) fn required_text(&mut self, object: &Map<String, Value>, at: &str, key: &str) -> Option<String> {
        let path = join(at, key);
        match object.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            None | Some(Value::Null | Value::String(_)) => {
                self.fault(&path, "May not be empty");
                None
            }
            Some(_) => {
                self.broken(&path);
                None
            }
        }
    }

    /// A required text of at most `max` UTF-16 units.
    pub(super) fn text(&mut self, object: &Map<String, Value>, at: &str, key: &str, max: usize) {
        if let Some(text) = self.required_text(object, at, key) {
            self.length(&text, &join(at, key), max);
        }
    }

    pub(super) fn length(&mut self, text: &str, path: &str, max: usize) {
        if text.encode_utf16().count() > max {
            self.fault(path, format!("Length must be between 0 and {max}"));
        }
    }

    /// A text that may be missing.
    pub(super) fn optional_text(&mut self, object: &Map<String, Value>, at: &str, key: &str, max: usize) {
        match object.get(key) {
            None => {}
            Some(Value::String(text)) => self.length(text, &join(at, key), max),
            Some(_) => self.broken(&join(at, key)),
        }
    }

    pub(super) fn number(&mut self, object: &Map<String, Value>, at: &str, key: &str) {
        match object.get(key) {
            Some(Value::Number(_)) => {}
            None | Some(Value::Null) => self.fault(&join(at, key), "May not be empty"),
            Some(_) => self.broken(&join(at, key)),
        }
    }

    /// An https address of ASCII characters, required or where it is given.
    pub(super) fn url(&mut self, object: &Map<String, Value>, at: &str, key: &str, required: bool) {
        if !required && !object.contains_key(key) {
            return;
        }
        let Some(url) = self.required_text(object, at, key) else { return };
        let path = join(at, key);
        if url.len() > MAX_URL {
            self.fault(&path, format!("Length must be between 0 and {MAX_URL}"));
        }
        let allowed = match url.parse::<hyper::Uri>() {
            Ok(uri) if uri.scheme_str() == Some("http") => self.plain_http && local(&url).is_some(),
            Ok(uri) => uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty()),
            Err(_) => url.starts_with("https://") && url.len() > "https://".len(),
        };
        if !allowed {
            self.fault(&path, "Invalid URI scheme");
        } else if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.fault(&path, "Must be a valid HTTPS URL");
        }
    }

    /// A required text of at most `max` characters as people count them (LINE, "Character counting in a text").
    pub(super) fn clusters(&mut self, object: &Map<String, Value>, at: &str, key: &str, max: usize) {
        if let Some(text) = self.required_text(object, at, key) {
            self.cluster_length(&text, &join(at, key), max);
        }
    }

    /// Such a text that may be missing.
    pub(super) fn optional_clusters(&mut self, object: &Map<String, Value>, at: &str, key: &str, max: usize) {
        match object.get(key) {
            None => {}
            Some(Value::String(text)) => self.cluster_length(text, &join(at, key), max),
            Some(_) => self.broken(&join(at, key)),
        }
    }

    fn cluster_length(&mut self, text: &str, path: &str, max: usize) {
        if text.graphemes(true).count() > max {
            self.fault(path, format!("Length must be between 0 and {max}"));
        }
    }

    /// An object that must be there.
    pub(super) fn object<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        at: &str,
        key: &str,
    ) -> Option<(&'a Map<String, Value>, String)> {
        let path = join(at, key);
        match object.get(key) {
            Some(Value::Object(inner)) => return Some((inner, path)),
            None | Some(Value::Null) => self.fault(&path, "May not be empty"),
            Some(_) => self.broken(&path),
        }
        None
    }

    /// A text out of a closed set, where it is given.
    pub(super) fn one_of(&mut self, object: &Map<String, Value>, at: &str, key: &str, known: &[&str]) {
        match object.get(key) {
            None => {}
            Some(Value::String(text)) if known.contains(&text.as_str()) => {}
            Some(Value::String(_)) => {
                self.fault(&join(at, key), format!("Must be one of the following values: [{}]", known.join(", ")));
            }
            Some(_) => self.broken(&join(at, key)),
        }
    }

    /// A list of `least..=most` entries.
    pub(super) fn list<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        at: &str,
        key: &str,
        least: usize,
        most: usize,
    ) -> &'a [Value] {
        match object.get(key) {
            Some(Value::Array(list)) if (least..=most).contains(&list.len()) => list,
            Some(Value::Array(_)) => {
                self.fault(&join(at, key), format!("Size must be between {least} and {most}"));
                &[]
            }
            None if least == 0 => &[],
            None => {
                self.fault(&join(at, key), "May not be empty");
                &[]
            }
            Some(_) => {
                self.broken(&join(at, key));
                &[]
            }
        }
    }
}

/// The path of a property inside the object at `at`.
pub(super) fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}
