//! Why the server ends a socket. The number alone tells a client what to do.
//!
//! 4000–4499: come back with your positions, after a spread-out delay. 4500–4999: do not come back by yourself.
//! Any other code, or none, is an accident of the network: come back.

macro_rules! closes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        /// Why a socket ends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Close {
            $($(#[$doc])* $name,)*
        }

        impl Close {
            /// Every reason, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code of the close frame.
            #[must_use]
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// The word in the close frame, for people and logs.
            #[must_use]
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }
        }
    };
}

closes! {
    /// The server is stopping. A `going` frame before it says how long to wait.
    Going = 4000, "going";
    /// The client did not take what was sent: more than its outbox holds was waiting, or nothing was taken for too long.
    Slow = 4001, "slow";
    /// Not even a pong came for too long.
    Silent = 4002, "silent";
    /// The server lost its place and cannot go on without a gap.
    Interrupted = 4003, "interrupted";
    /// The session or token ended, or the person was shut out. Log in first.
    SessionEnded = 4500, "session_ended";
    /// The client broke the protocol: a binary or over-long message, or text that is not UTF-8.
    Protocol = 4501, "protocol";
    /// The client sent more than any person does.
    Flooding = 4502, "flooding";
}

impl Close {
    /// Whether a client may come back by itself.
    #[must_use]
    pub fn may_return(self) -> bool {
        may_return(self.code())
    }
}

/// Whether a client whose socket ended with this code may come back by itself.
#[must_use]
pub fn may_return(code: u16) -> bool {
    !(4500..5000).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_alone_says_whether_to_come_back() {
        let returning: Vec<Close> = Close::ALL.iter().copied().filter(|close| close.may_return()).collect();
        assert_eq!(returning, [Close::Going, Close::Slow, Close::Silent, Close::Interrupted]);
        for accident in [1000, 1001, 1006, 1011] {
            assert!(may_return(accident), "{accident}");
        }
        for close in Close::ALL {
            assert!((4000..5000).contains(&close.code()), "{close:?} is no application code");
            assert!(close.reason().len() <= 123, "RFC 6455 5.5 leaves 123 bytes");
        }
    }
}
