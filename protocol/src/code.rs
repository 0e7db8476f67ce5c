//! The stable codes of refusals. A code never changes its meaning; new ones may be added.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $title:literal, $retry:literal;)*) => {
        /// Why something was refused. Clients decide by this word, never by the text beside it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The same short sentence for every refusal with this code.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Whether the same request may succeed a little later without anybody's doing.
            #[must_use]
            pub fn is_worth_retrying(self) -> bool {
                match self { $(Self::$name => $retry,)* }
            }
        }
    };
}

codes! {
    /// The body or query cannot be read as what it should be; `field` names the place where it is known.
    Malformed = "malformed", "The request cannot be read.", false;
    /// A field breaks its rule; `field` and `rule` name them.
    Invalid = "invalid", "A field breaks its rule.", false;
    /// The body is longer than `limit` bytes.
    TooLarge = "too_large", "The body is too long.", false;
    /// The body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", "The body must be application/json.", false;
    /// No valid session or token came with the request.
    Unauthenticated = "unauthenticated", "Log in first.", false;
    /// Login or password is wrong, or the person is disabled. Which one is not said.
    WrongCredentials = "wrong_credentials", "Login or password is wrong.", false;
    /// The webhook's signature is missing or wrong, or there is no such inbox. Which one is not said.
    WrongSignature = "wrong_signature", "The signature is missing or wrong.", false;
    /// A change by cookie came from another site.
    OriginRefused = "origin_refused", "The request came from another site.", false;
    /// The caller has no right to do this.
    Forbidden = "forbidden", "The right for this is missing.", false;
    /// The thing named is not there; `field` says what was looked for.
    NotFound = "not_found", "There is no such thing.", false;
    /// The address exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", "The method does not fit the address.", false;
    /// The conversation is in another window now; `window` names it.
    Moved = "moved", "The conversation went to another window.", false;
    /// Something of that name exists already.
    Exists = "exists", "It exists already.", false;
    /// A limit is reached; `limit` says how many there may be.
    LimitReached = "limit_reached", "A limit is reached.", false;
    /// Another holds the seat; `holder` and `epoch` say who.
    SeatTaken = "seat_taken", "Somebody else is answering.", false;
    /// The seat's epoch has moved on; `holder` and `epoch` say where it is.
    SeatStale = "seat_stale", "The seat has moved on.", false;
    /// The command needs the seat, and the caller does not hold it.
    SeatNotHeld = "seat_not_held", "The seat is not held.", false;
    /// A client id came again with other content.
    ClientIdReused = "client_id_reused", "The client id was used for other content.", false;
    /// The caller is not a member of the window.
    NotAMember = "not_a_member", "Only members of the window may do this.", false;
    /// The colleague is not a member of the window.
    ColleagueNotAMember = "colleague_not_a_member", "The colleague is not a member of the window.", false;
    /// No hand-over is offered to or by the caller.
    NoOffer = "no_offer", "No hand-over is offered.", false;
    /// Only a supervisor may take the seat from a holder who is present.
    NeedsSupervisor = "needs_supervisor", "A supervisor's right is needed.", false;
    /// Only its author may change a memo.
    NotTheAuthor = "not_the_author", "Only the author may change a memo.", false;
    /// The message is no longer waiting to go out.
    NotWaiting = "not_waiting", "The message is no longer waiting.", false;
    /// The conversation was set aside after repeated failures; only reading works.
    SetAside = "set_aside", "The conversation is set aside.", false;
    /// The trial has ended and no contract followed: reading works, acting does not.
    TrialOver = "trial_over", "The trial is over.", false;
    /// The link was used, taken back or has ended, or there never was one. Which one is not said.
    InvitationInvalid = "invitation_invalid", "The invitation is not valid any more.", false;
    /// The customer wrote something that the bot has not heard yet.
    Unheard = "unheard", "The customer wrote meanwhile.", false;
    /// Too many failed tries; `retry_after_ms` says when the next one is looked at.
    RateLimited = "rate_limited", "Too many tries.", true;
    /// Too much is waiting; worth another try after `retry_after_ms`.
    Overloaded = "overloaded", "Too much is waiting.", true;
    /// The disk is nearly full: no new work is taken, reading and completing go on.
    DiskFull = "disk_full", "The disk is nearly full.", true;
    /// Lists and timelines have not reached the newest state in time.
    CatchingUp = "catching_up", "Lists are catching up.", true;
    /// Nobody can say whether the command was recorded. The same client id tells.
    Interrupted = "interrupted", "The answer was lost.", true;
    /// The server is stopping.
    Stopping = "stopping", "The server is stopping.", true;
    /// The server made a mistake; its log has the request id.
    Internal = "internal", "The server made a mistake.", true;
}

// Written by hand: the derive does not see the words through the macro and would publish the names of the variants.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Why something was refused. Clients decide by this word, never by the text beside it."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Code")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_on_the_wire_is_the_word_in_the_documents() {
        for code in Code::ALL {
            let wire = serde_json::to_value(code).expect("a unit variant serialises");
            assert_eq!(wire, code.as_str());
            assert!(code.title().ends_with('.'), "{}", code.as_str());
        }
    }
}
