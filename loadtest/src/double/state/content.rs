//! What stands behind the ids of pictures, videos, sound and files: ready, being prepared, gone or forgotten.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::double::media::Media;
use crate::double::refusal::Refusal;

/// When content can be fetched. LINE prepares videos and sound; everything else is ready at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// At once.
    Ready,
    /// After so many calls were answered with 202; of the content, not of its state.
    AfterCalls(u32),
    /// From this moment on the double's clock.
    AtMs(i64),
    /// Never: 202 for ever.
    Never,
    /// Preparing failed: its state says so, the content itself is not found.
    Failed,
    /// LINE has deleted it, as it does after some time: not found.
    Expired,
}

#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) channel: String,
    /// The type of its message.
    pub(crate) kind: String,
    pub(crate) media: Media,
    pub(crate) readiness: Readiness,
    /// Its message was taken back.
    pub(crate) gone: bool,
}

/// One of the three calls about content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Preview,
    Transcoding,
}

/// What such a call finds.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Media(Media),
    Preparing,
    State(&'static str),
}

#[derive(Debug)]
pub(crate) struct Contents {
    contents: HashMap<String, Content>,
    order: VecDeque<String>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Contents {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { contents: HashMap::new(), order: VecDeque::new(), bytes: 0, most, most_bytes }
    }

    /// Keeps content; over the limits the oldest is forgotten, and then answered like deleted content.
    pub(crate) fn keep(&mut self, message: String, content: Content) {
        self.bytes += content.media.held();
        self.order.push_back(message.clone());
        self.contents.insert(message, content);
        while self.order.len() > self.most || self.bytes > self.most_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(content) = self.contents.remove(&oldest) {
                self.bytes -= content.media.held();
            }
        }
    }

    pub(crate) fn get(&self, message: &str) -> Option<&Content> {
        self.contents.get(message)
    }

    pub(crate) fn get_mut(&mut self, message: &str) -> Option<&mut Content> {
        self.contents.get_mut(message)
    }

    /// Answers a call of a channel (Messaging API reference, "Get content").
    pub(crate) fn find(&mut self, channel: &str, message: &str, part: Part, now_ms: i64) -> Result<Found, Refusal> {
        let not_found = || Refusal::new(404, "not found");
        let content = self.contents.get_mut(message).filter(|content| content.channel == channel);
        let content = content.ok_or_else(not_found)?;
        if content.gone {
            return Err(Refusal::new(410, "The content is gone"));
        }
        if content.readiness == Readiness::Expired {
            return Err(not_found());
        }
        match part {
            Part::Preview if !matches!(content.kind.as_str(), "image" | "video") => {
                return Err(Refusal::new(400, "The content can not be previewed"));
            }
            Part::Transcoding if !matches!(content.kind.as_str(), "video" | "audio") => {
                return Err(Refusal::new(400, "The content can not be transcoded"));
            }
            _ => {}
        }
        let ready = match &mut content.readiness {
            Readiness::Ready => true,
            Readiness::AfterCalls(0) => true,
            Readiness::AfterCalls(left) => {
                if part == Part::Whole {
                    *left -= 1;
                }
                false
            }
            Readiness::AtMs(at_ms) => now_ms >= *at_ms,
            Readiness::Never => false,
            Readiness::Failed if part == Part::Transcoding => return Ok(Found::State("failed")),
            Readiness::Failed | Readiness::Expired => return Err(not_found()),
        };
        Ok(match part {
            Part::Transcoding => Found::State(if ready { "succeeded" } else { "processing" }),
            Part::Whole if ready => Found::Media(content.media.clone()),
            Part::Preview if ready => Found::Media(Media::thumbnail(message)),
            Part::Whole | Part::Preview => Found::Preparing,
        })
    }
}
