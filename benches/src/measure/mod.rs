//! The measurements, one a file. Each gives a [`Report`]: the figures beside their goals, and every number behind them.

pub mod claim;
pub mod delivery;
pub mod fanout;
pub mod inbound;
pub mod mail;
pub mod ready;
pub mod single;
pub mod sleeping;
pub mod sockets;

use crate::Outcome;
use crate::figure::Report;
use crate::machine::{CLIENT_CORE, pin_self};
use crate::sockets::on_this_thread;

/// How long and how much. Which of them a measurement uses stands in its method.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Seconds of load, over all rounds.
    pub seconds: f64,
    /// Interleaved rounds.
    pub rounds: usize,
    /// Sockets.
    pub sockets: usize,
    /// Conversations, messages, attempts.
    pub count: usize,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Measure {
    /// Durable intake of webhooks beside a no-op POST and Redis.
    Inbound,
    /// One webhook alone beside one sync.
    Single,
    /// A customer's POST to the last of 100 sockets, beside a bare loop.
    Fanout,
    /// Server CPU and latency of a delivery to 1,000 sockets, beside NATS and uWebSockets.
    Delivery,
    /// Memory of an idle socket.
    Sockets,
    /// A claim under 100 contenders.
    Claim,
    /// Memory of sleeping conversations, and waking one.
    Sleeping,
    /// From a kill to ready.
    Ready,
    /// Taking mail beside Postfix's sink and its server.
    Mail,
}

impl Measure {
    /// Every measurement, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Inbound,
        Self::Single,
        Self::Fanout,
        Self::Delivery,
        Self::Sockets,
        Self::Claim,
        Self::Sleeping,
        Self::Ready,
        Self::Mail,
    ];

    /// The size of the goal (`is_long`), or one that takes seconds and keeps the shape.
    #[must_use]
    pub fn size(self, is_long: bool) -> Size {
        let of = |seconds, rounds, sockets, count| Size { seconds, rounds, sockets, count };
        match (self, is_long) {
            (Self::Inbound, true) => of(60.0, 30, 0, 2_000),
            (Self::Inbound, false) => of(10.0, 10, 0, 2_000),
            (Self::Single, true) => of(0.0, 1, 0, 20_000),
            (Self::Single, false) => of(0.0, 1, 0, 4_000),
            (Self::Fanout, true) => of(60.0, 6, 100, 0),
            (Self::Fanout, false) => of(12.0, 3, 100, 0),
            (Self::Delivery, true) => of(60.0, 6, 1_000, 20),
            (Self::Delivery, false) => of(12.0, 3, 1_000, 20),
            (Self::Sockets, true) => of(0.0, 3, 3_000, 0),
            (Self::Sockets, false) => of(0.0, 1, 3_000, 0),
            (Self::Claim, true) => of(0.0, 1_000, 0, 100),
            (Self::Claim, false) => of(0.0, 200, 0, 100),
            (Self::Sleeping, true) => of(0.0, 1_000, 0, 1_000_000),
            (Self::Sleeping, false) => of(0.0, 300, 0, 100_000),
            (Self::Ready, true) => of(0.0, 7, 0, 1_000_000),
            (Self::Ready, false) => of(0.0, 3, 0, 100_000),
            (Self::Mail, true) => of(0.0, 7, 0, 8_000),
            (Self::Mail, false) => of(0.0, 3, 0, 2_000),
        }
    }

    /// Its name, as on the command line.
    #[must_use]
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Measures, in this process and on this thread. Generators take their core first.
    ///
    /// # Errors
    /// Something did not start, refused, or gave a wrong count.
    pub fn run(self, size: Size) -> Outcome<Report> {
        if self == Self::Claim {
            return claim::run(size);
        }
        pin_self(CLIENT_CORE)?;
        match self {
            Self::Inbound => on_this_thread(inbound::run(size)),
            Self::Single => on_this_thread(single::run(size)),
            Self::Fanout => on_this_thread(fanout::run(size)),
            Self::Delivery => on_this_thread(delivery::run(size)),
            Self::Sockets => on_this_thread(sockets::run(size)),
            Self::Sleeping => on_this_thread(sleeping::run(size)),
            Self::Ready => on_this_thread(ready::run(size)),
            Self::Mail => on_this_thread(mail::run(size)),
            Self::Claim => unreachable!("claims run with every core"),
        }
    }
}
