//! Every kind of fact: its number for ever, and the version of its shape today.
//!
//! A number is never given twice. A shape that changes gets the next version here, and its former reading moves to
//! `schema`. A new event does not compile until it has a line here, and has no test that passes until it has a golden file.

use super::CodecError;
use crate::domain::id::ConversationId;
use crate::domain::record::Fact;

/// One kind of fact.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its number, for ever.
    pub(super) number: u16,
    /// The version of its shape in this release, from 1.
    pub(super) version: u16,
    /// Its name in errors and golden files.
    pub(super) name: &'static str,
}

/// One family of events: number, version and fields of each. The body of a fact is the tuple of its fields.
macro_rules! family {
    (
        $family:ident of $event:path {
            $( $number:literal v $version:literal $variant:ident
               $( ( $inner:ident ) )? $( { $( $field:ident ),* } )? ; )*
        }
    ) => {
        pub(super) mod $family {
            use bincode::Options;
            use $event as Event;

            use super::super::{CodecError, layout, read_whole};
            use super::Kind;

            pub(in super::super) const KINDS: &[Kind] = &[
                $( Kind {
                    number: $number,
                    version: $version,
                    name: concat!(stringify!($family), ".", stringify!($variant)),
                } ),*
            ];

            /// Appends the body and answers with the kind's number.
            pub(super) fn write(event: &Event, out: &mut Vec<u8>) -> bincode::Result<u16> {
                match event {
                    $( Event::$variant $( ( $inner ) )? $( { $( $field ),* } )? => {
                        layout().serialize_into(out, &( $( $inner, )? $( $( $field, )* )? ))?;
                        Ok($number)
                    } )*
                }
            }

            /// Reads a body in today's shape.
            pub(super) fn read(number: u16, body: &[u8]) -> Result<Event, CodecError> {
                match number {
                    $( $number => {
                        let ( $( $inner, )? $( $( $field, )* )? ) = read_whole(body)?;
                        Ok(Event::$variant $( ( $inner ) )? $( { $( $field ),* } )?)
                    } )*
                    _ => Err(CodecError::UnknownType { number }),
                }
            }
        }
    };
}

family! {
    window of crate::domain::window::Event {
        1 v 1 Opened { id, name, places };
        2 v 1 AgentAdded { agent };
        3 v 1 AgentRemoved { agent };
        4 v 1 SettingsChanged(settings);
        5 v 1 ContactPointSeen { contact_point, inbox, external_id };
        6 v 2 RawAccepted(accepted);
        7 v 1 RawSettled { raw, how };
        8 v 1 HoursChanged(hours);
        9 v 1 AnswersChanged(answers);
        10 v 1 ClosedPeriodAdded(period);
        11 v 1 ClosedPeriodRemoved { id };
        12 v 1 MaintenanceChanged(maintenance);
        13 v 1 Described(profile);
        14 v 1 PlacesChanged { places };
        15 v 1 Invited { code };
        16 v 1 Reset { reset_at, by, erase };
        17 v 1 BotChanged { bot };
    }
}

family! {
    conversation of crate::domain::conversation::Event {
        100 v 2 Opened(opened);
        101 v 3 Received(received);
        102 v 1 Reopened;
        103 v 1 Claimed(claimed);
        104 v 1 Released { agent, cause };
        105 v 1 Completed { by };
        106 v 1 HandoverOffered(offer);
        107 v 1 HandoverEnded { how };
        108 v 1 Assigned { assignee, by };
        109 v 4 Queued(queued);
        110 v 3 SendStarted { number, route, lead, joined };
        111 v 1 Sent { number, external_ids, free };
        112 v 1 Failed { number, reason };
        113 v 1 Unknown { number };
        114 v 1 Cancelled { number, by };
        115 v 1 SendAbandoned { number };
        116 v 1 NoteAdded { number, author, text, client_id };
        117 v 1 NoteEdited { number, text };
        118 v 1 NoteDeleted { number };
        119 v 1 HolderAway(away);
        120 v 1 HolderReturned;
        121 v 1 SeatClaimable;
        122 v 1 Unsent { external_id, number };
        123 v 1 NameSeen { name };
        124 v 1 SetAside;
        125 v 1 TakenBack { by };
        126 v 1 HeldBack { number };
        127 v 1 TokenReturned { token, received_at };
        128 v 1 PictureSeen { picture };
        129 v 1 MediaStored { number, file };
        130 v 1 MediaLost { number, why };
        131 v 1 Edited { number, content, edited_at };
        132 v 1 Followed { unblocked, reply_token, received_at };
        133 v 1 Unfollowed;
        134 v 1 ContextSeen { context };
        135 v 1 AutoQueued(queued);
        136 v 1 Lapsed { number };
        137 v 1 Ended { how };
        138 v 1 BotSeated { epoch, how, answer_within_ms };
        139 v 1 BotReleased { cause };
        140 v 1 BotCompleted;
        141 v 1 BotNoteAdded { number, text };
        142 v 1 BotTold { letter };
        143 v 1 LetterDied { letter, why };
        144 v 1 LettersReplayed { by };
        145 v 1 LettersDropped { by, until };
        146 v 1 CopiesChanged(copies);
    }
}

family! {
    org of crate::domain::org::Event {
        200 v 1 AgentCreated(agent);
        201 v 1 PasswordChanged { agent, password_hash };
        202 v 1 AgentDisabled { agent, disabled };
        203 v 1 WindowCreated(window);
        204 v 6 InboxCreated(inbox);
        205 v 6 InboxChanged(inbox);
        206 v 2 AgentChanged { agent, name, role, icon_url };
        207 v 1 WindowInvited { window, code };
        208 v 1 WindowDescribed { window, profile };
        209 v 1 ProductReserved { window, product };
        210 v 1 ProductSettled { window, product };
        211 v 1 ProductsOwned(owned);
        212 v 1 TrialStarted(trial);
        213 v 1 TrialEnded;
        214 v 1 WindowReset { window, reset_at, by, erase };
        215 v 1 WindowErased { code };
        216 v 1 Invited(invitation);
        217 v 1 InvitationTakenBack { id };
        218 v 1 InvitationAccepted { id, agent };
        219 v 1 InvitationSettled { id };
        220 v 1 BotSet(bot);
        221 v 1 BotRemoved { window };
        222 v 1 MailDomainSet(domain);
        223 v 1 MailDomainRemoved { name };
    }
}

family! {
    audit of crate::domain::audit::Event {
        300 v 1 Entry(entry);
    }
}

/// Every kind of every family, for the golden files.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    [window::KINDS, conversation::KINDS, org::KINDS, audit::KINDS].into_iter().flatten()
}

/// The kind with this number. Constant time: the numbers of a family run without a gap.
pub(super) fn kind(number: u16) -> Option<&'static Kind> {
    [conversation::KINDS, window::KINDS, org::KINDS, audit::KINDS].into_iter().find_map(|family| {
        let place = number.checked_sub(family.first()?.number)?;
        family.get(usize::from(place))
    })
}

/// Appends the body of a fact; answers with its kind and the conversation that it belongs to, if it is one's.
pub(super) fn write(fact: &Fact, out: &mut Vec<u8>) -> bincode::Result<(&'static Kind, Option<ConversationId>)> {
    let (number, conversation) = match fact {
        Fact::Conversation(id, event) => (conversation::write(event, out)?, Some(*id)),
        Fact::Window(event) => (window::write(event, out)?, None),
        Fact::Org(event) => (org::write(event, out)?, None),
        Fact::Audit(event) => (audit::write(event, out)?, None),
    };
    Ok((kind(number).expect("the number comes from the same table"), conversation))
}

/// Reads a body in today's shape.
pub(super) fn read(kind: &Kind, conversation: Option<ConversationId>, body: &[u8]) -> Result<Fact, CodecError> {
    match (kind.number, conversation) {
        (..100, None) => window::read(kind.number, body).map(Fact::Window),
        (100..200, Some(id)) => conversation::read(kind.number, body).map(|event| Fact::Conversation(id, event)),
        (200..300, None) => org::read(kind.number, body).map(Fact::Org),
        (300.., None) => audit::read(kind.number, body).map(Fact::Audit),
        _ => Err(CodecError::damaged("the owner of a fact")),
    }
}
