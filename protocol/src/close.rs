//! Why a socket was closed. The range alone says what to do: 4000–4499 come back with your position, 4500–4999 do not.

/// The server is going down or being replaced; come back after the delay that `going` named.
pub const GOING: u16 = 4000;
/// The reader was too slow; come back and get what was missed.
pub const SLOW: u16 = 4001;
/// Nothing was heard for a minute.
pub const SILENT: u16 = 4002;
/// The session ended: logout, another password, a role that changed, an account that was shut out.
pub const SESSION_ENDED: u16 = 4500;
/// A frame that is none, or longer than the limit.
pub const BAD_FRAME: u16 = 4501;

/// Whether a client should come back by itself.
#[must_use]
pub const fn come_back(code: u16) -> bool {
    code < 4500
}
