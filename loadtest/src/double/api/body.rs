//! Bodies of answers: made piece by piece, and broken off where a fault says so.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use hyper::body::{Frame, SizeHint};

use tokio::time::Sleep;

use super::NoAnswer;
use crate::double::media::Media;

/// How long a connection stays open after its last byte before it breaks.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// A body that is known to its end, or one that goes on until its reader leaves.
pub(crate) enum Body {
    Known {
        media: Media,
        sent: u64,
        cut_after: Option<u64>,
        /// Runs before the break, so that what was sent leaves this machine.
        pause: Option<Pin<Box<Sleep>>>,
    },
    Live(BoxStream<'static, Bytes>),
}

impl Body {
    pub(super) fn of(media: Media, cut_after: Option<u64>) -> Self {
        Self::Known { media, sent: 0, cut_after, pause: None }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = NoAnswer;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NoAnswer>>> {
        match self.get_mut() {
            Self::Live(stream) => {
                stream.poll_next_unpin(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
            Self::Known { media, sent, cut_after, pause } => {
                let left = cut_after.map(|cut| cut.saturating_sub(*sent));
                if left == Some(0) {
                    let pause = pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(BEFORE_CUT)));
                    return pause.as_mut().poll(context).map(|()| Some(Err(NoAnswer)));
                }
                let Some(mut piece) = media.piece(*sent) else { return Poll::Ready(None) };
                if let Some(left) = left.and_then(|left| usize::try_from(left).ok()) {
                    piece.truncate(left);
                }
                *sent += piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Known { media, sent, cut_after: None, .. } if *sent == media.size())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Known { media, sent, .. } => SizeHint::with_exact(media.size() - sent),
            Self::Live(_) => SizeHint::default(),
        }
    }
}
