//! Limits of the wire. Each says what happens at it.

/// Longest JSON body in bytes. A longer one is refused with 413 before it is read whole.
pub const JSON_BODY_BYTES: usize = 256 * 1024;

/// Longest webhook body in bytes: LINE sends at most 2 MB. A longer one is refused with 413 while it is read.
pub const WEBHOOK_BODY_BYTES: usize = 2_621_440;

/// Rows of a page when the caller names no number.
pub const PAGE_DEFAULT: usize = 50;

/// Rows of a page at most. A larger number is refused with 422.
pub const PAGE_MAX: usize = 200;

/// Shortest password in characters. A shorter one is refused with 422.
pub const PASSWORD_MIN_CHARS: usize = 8;

/// Longest password in bytes. A longer one is refused with 422, so that hashing has a bound.
pub const PASSWORD_MAX_BYTES: usize = 256;

/// Longest name of an API token in characters. A longer one is refused with 422.
pub const TOKEN_NAME_CHARS: usize = 100;

/// Longest life of an API token in days. A longer one is refused with 422.
pub const TOKEN_MAX_DAYS: u32 = 366;

/// Longest cursor or search text in a query, in characters. A longer one is refused with 422.
pub const QUERY_TEXT_CHARS: usize = 200;

/// Longest name of a file in characters. A longer one is refused with 422.
pub const FILE_NAME_CHARS: usize = 200;

/// Longest message of a client over the socket, in bytes, over all its fragments. A longer one ends the socket with
/// [`Close::Protocol`](crate::Close::Protocol).
pub const SOCKET_MESSAGE_BYTES: usize = 64 * 1024;

/// Longest `ref` of a socket command in bytes. A longer one is refused with a `problem`.
pub const REF_BYTES: usize = 64;

/// Windows that one socket may watch. One more is refused with `unwatched` and `limit_reached`.
pub const SOCKET_WATCHES: usize = 150;

/// Bytes of a window's picture: fewer than this many. A longer one is refused with 413 before it is read whole.
pub const PICTURE_BYTES: u64 = 10_000_000;

/// Conversations of one act in bulk. More in a list are refused with 422; of a holder the first are taken.
pub const BULK_MAX: usize = 200;

/// Windows that an invitation, or one change of a person's windows, may name. More are refused with 422.
pub const WINDOWS_NAMED_MAX: usize = 150;

/// Longest life of an invitation in hours. A longer one is refused with 422.
pub const INVITATION_MAX_HOURS: u32 = 720;

/// Invitations that may be open at a time. One more is refused with `limit_reached`.
pub const INVITATIONS_MAX: usize = 500;

/// Longest description of a browser that is kept, in characters. The rest is cut off.
pub const BROWSER_CHARS: usize = 200;
