//! Frames of the socket as cheaply as a load can read them: an update is most of what comes, and of most updates only
//! the place is needed, since the bytes were read before (see [`super::book`]).

use madoguchi_protocol::ServerFrame;
use serde::Deserialize;

/// What a frame is, without copying it.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    Update {
        window: &'a str,
        stream: &'a str,
        position: u64,
    },
    /// A snapshot: its conversations are not needed, the load begins before there are any.
    Snapshot {
        window: String,
        stream: String,
        position: u64,
    },
    Reply(Reply),
    /// Anything else, read whole.
    Other(Box<ServerFrame>),
    Unreadable,
}

/// The answer to a command.
#[derive(Debug, Deserialize)]
pub(crate) struct Reply {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) ok: Option<Done>,
    pub(crate) problem: Option<madoguchi_protocol::Problem>,
}

/// As much of a success as agents use.
#[derive(Debug, Deserialize)]
pub(crate) struct Done {
    pub(crate) seat: Option<Seat>,
}

/// A seat.
#[derive(Debug, Deserialize)]
pub(crate) struct Seat {
    pub(crate) agent: Option<String>,
    pub(crate) epoch: u64,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Deserialize)]
struct Head<'a> {
    window: &'a str,
    stream: &'a str,
    position: u64,
}

/// Reads one.
pub(crate) fn read(text: &str) -> Frame<'_> {
    if let Some(update) = quick_update(text) {
        return update;
    }
    let Ok(Kind { kind }) = serde_json::from_str(text) else { return Frame::Unreadable };
    let frame = match kind {
        "update" => serde_json::from_str(text).map(|Head { window, stream, position }| Frame::Update {
            window,
            stream,
            position,
        }),
        "snapshot" => serde_json::from_str(text).map(|Head { window, stream, position }| Frame::Snapshot {
            window: window.to_owned(),
            stream: stream.to_owned(),
            position,
        }),
        "reply" => serde_json::from_str(text).map(Frame::Reply),
        _ => serde_json::from_str(text).map(Frame::Other),
    };
    frame.unwrap_or(Frame::Unreadable)
}

/// The order in which the server writes the fields today; any other order is read all the same, only slower.
fn quick_update(text: &str) -> Option<Frame<'_>> {
    let rest = text.strip_prefix(r#"{"type":"update","window":""#)?;
    let (window, rest) = rest.split_once('"')?;
    let (stream, rest) = rest.strip_prefix(r#","stream":""#)?.split_once('"')?;
    let rest = rest.strip_prefix(r#","position":"#)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let position = rest[..digits].parse().ok()?;
    let plain = |id: &str| !id.contains('\\');
    (plain(window) && plain(stream)).then_some(Frame::Update { window, stream, position })
}

#[cfg(test)]
mod tests {
    use super::{Frame, read};

    #[test]
    fn the_quick_way_and_the_slow_way_read_the_same() {
        let quick = r#"{"type":"update","window":"w1","stream":"01S","position":43,"at":"x","events":[]}"#;
        let slow = r#"{ "position":43, "stream":"01S", "type":"update", "events":[], "window":"w1", "at":"x"}"#;
        for text in [quick, slow] {
            let Frame::Update { window, stream, position } = read(text) else { panic!("{text}") };
            assert_eq!((window, stream, position), ("w1", "01S", 43));
        }
    }

    #[test]
    fn every_documented_frame_is_known() {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/fixtures");
        let mut seen = 0;
        for entry in std::fs::read_dir(fixtures).expect("the fixtures") {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let Some(kind) = name.strip_prefix("server.") else { continue };
            let text = std::fs::read_to_string(&path).expect("readable");
            let frame = read(&text);
            let right = match kind.split(['.', '-']).next() {
                Some("update") => matches!(frame, Frame::Update { .. }),
                Some("snapshot") => matches!(frame, Frame::Snapshot { .. }),
                Some("reply") => matches!(frame, Frame::Reply(_)),
                _ => matches!(frame, Frame::Other(_)),
            };
            assert!(right, "{name}: {frame:?}");
            seen += 1;
        }
        assert!(seen > 5, "only {seen} fixtures");
        assert!(matches!(read("{"), Frame::Unreadable));
    }
}
