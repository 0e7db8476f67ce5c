//! One record's worth of every kind of fact, for tests: each kind with every variant of what it holds.
//!
//! The golden files are made of these values; a value that changes here does not match its file any more.

mod contents;
mod orgs;
mod talks;
mod windows;

use crate::domain::audit::{Act, Actor, Begun, Change, Event as Audit, Head, Outcome};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, FileId, InboxId, Position};
use crate::domain::record::Fact;
use crate::domain::time::Timestamp;

/// A list of every variant of an enum; a new variant does not compile until it is in the list.
macro_rules! every {
    ($of:ty: $( $pattern:pat => $value:expr ),* $(,)?) => {{
        let _ = |value: &$of| match value { $( $pattern => () ),* };
        vec![ $( $value ),* ]
    }};
}
use every;

const T0: Timestamp = Timestamp(1_790_000_000_123);
const AGENT: AgentId = AgentId(0x0199_5a3c_1111_2222_3333_4444_5555_6666);
const COLLEAGUE: AgentId = AgentId(0x0199_5a3c_aaaa_bbbb_cccc_dddd_eeee_ffff);
const INBOX: InboxId = InboxId(0x0199_5a3c_0000_0000_0000_0000_0000_0001);
const POINT: ContactPointId = ContactPointId(0x0199_5a3c_0000_0000_0000_0000_0000_0002);
const ICON: &str = "https://files.example.com/i/sato.png";
const FILE: FileId = FileId(0x71c2_5a3c_0000_0000_0000_0000_0000_0004);
const CODE: u128 = 0x4242_0000_1111_2222_3333_4444_5555_6666;
pub(super) const TALK: ConversationId = ConversationId(0x0199_5a3c_0000_0000_0000_0000_0000_0003);

/// Every kind of fact, the same kind side by side.
pub(crate) fn facts() -> Vec<Fact> {
    let talk = talks::talks().into_iter().map(|event| Fact::Conversation(TALK, event));
    let window = windows::windows().into_iter().map(Fact::Window);
    let org = orgs::orgs().into_iter().map(Fact::Org);
    let audit = audits().into_iter().map(Fact::Audit);
    window.chain(talk).chain(org).chain(audit).collect()
}

fn audits() -> Vec<Audit> {
    let actors = every!(Actor:
        Actor::Agent(_) => Actor::Agent(AGENT),
        Actor::Operator => Actor::Operator,
        Actor::Invited => Actor::Invited,
    );
    let outcomes = every!(Outcome:
        Outcome::Begun => Outcome::Begun,
        Outcome::Done => Outcome::Done,
        Outcome::Refused(_) => Outcome::Refused("limit_reached".into()),
        Outcome::Unknown => Outcome::Unknown,
    );
    let act = |actor| Act {
        actor,
        token: Some(0x0199_5a3c_0000_0000_0000_0000_0000_000a),
        from: Some("203.0.113.7".into()),
        action: "PATCH /api/v1/agents/{agent}".into(),
        objects: vec![format!("agent:{COLLEAGUE}")],
        changes: vec![Change {
            field: "name".into(), before: Some("佐藤".into()), after: Some("佐藤 花子".into())
        }],
    };
    let begun = Some(Begun { position: Position(3), at: T0 });
    let mut links: Vec<_> = actors
        .into_iter()
        .map(|actor| (None, act(actor), Outcome::Begun))
        .chain(outcomes.into_iter().map(|outcome| (begun, act(Actor::Agent(AGENT)), outcome)))
        .map(|(begun, act, outcome)| Head::default().link(T0, begun, act, outcome, [7; 16]).0)
        .collect();
    let (mut erased, _) = Head::default().link(T0, begun, act(Actor::Operator), Outcome::Done, [7; 16]);
    erased.erase();
    links.push(erased);
    let links = links.into_iter().map(Audit::Entry).collect();
    let _ = every!(Audit: Audit::Entry(_) => ());
    links
}
