use madoguchi_engine::domain::content::Context;
use madoguchi_engine::domain::content::Dress;
use madoguchi_engine::domain::conversation::{ClaimHow as How, Claimed, Opened, Queued, Received};
use madoguchi_engine::domain::id::{ContactPointId, InboxId};
use madoguchi_engine::domain::message::{Author, Route};
use madoguchi_engine::domain::org;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::window::{RawAccepted, RawBody, RawReason as Why};
use madoguchi_engine::journal::codec;

use super::*;

fn record(events: Vec<record::Fact>) -> Record {
    Record { at: Timestamp(1_795_237_245_120), by: By::Engine, events }
}

fn of(fact: Fact) -> record::Fact {
    record::Fact::Conversation(ConversationId(1), fact)
}

fn window() -> WindowId {
    WindowId::new("w").expect("an id")
}

fn shown(record: &Record) -> String {
    serde_json::to_string(&update(&window(), StreamId(1), Position(3), record)).expect("plain data")
}

/// Everything that a record may hold and nobody at a desk may see is marked with this word.
const SECRET: &str = "not-for-desks";

fn secrets() -> Record {
    let secret = || SECRET.to_owned();
    record(vec![
        of(Fact::Opened(Opened {
            channel: org::ChannelKind::Line,
            inbox: InboxId(2),
            contact_point: ContactPointId(3),
            external_id: secret(),
            thread: secret(),
        })),
        of(Fact::Received(Received {
            number: 1,
            event_id: secret(),
            external_id: Some(secret()),
            content: Content::Text("hello".to_owned()),
            sent_at: Timestamp(5),
            received_at: Timestamp(6),
            reply_token: Some(secret()),
            late: false,
            raw: Some(secret()),
            read_token: Some(secret()),
        })),
        of(Fact::SendStarted { number: 2, route: Route::Reply { token: secret() }, lead: 2, joined: false }),
        of(Fact::Sent { number: 2, external_ids: vec![secret()], free: true }),
        of(Fact::TokenReturned { token: secret(), received_at: Timestamp(6) }),
        of(Fact::Followed { unblocked: false, reply_token: Some(secret()), received_at: Timestamp(6) }),
        of(Fact::Unsent { external_id: secret(), number: None }),
        of(Fact::ContextSeen { context: Context { subject: None, data: secret() } }),
        record::Fact::Window(window::Event::ContactPointSeen {
            contact_point: ContactPointId(3),
            inbox: InboxId(2),
            external_id: secret(),
        }),
        record::Fact::Window(window::Event::RawAccepted(RawAccepted {
            raw: 9,
            inbox: InboxId(2),
            received_at: Timestamp(6),
            why: Why::Busy,
            body: RawBody::Inline(SECRET.as_bytes().to_vec()),
        })),
        record::Fact::Org(org::Event::PasswordChanged { agent: AgentId(1), password_hash: secret() }),
    ])
}

#[test]
fn what_is_nobodys_business_at_a_desk_stays_behind() {
    let text = shown(&secrets());
    assert!(!text.contains(SECRET), "{text}");
    assert!(!text.contains(&format!("{:?}", SECRET.as_bytes())), "{text}");
    assert!(text.contains("hello"));
}

#[test]
fn the_key_under_which_a_platform_knows_a_repetition_is_not_told() {
    let retry_key = 0x1234_5678_9abc_def0_1122_3344_5566_7788;
    let text = shown(&record(vec![of(Fact::Queued(Queued {
        number: 1,
        author: Author::Agent(AgentId(1)),
        client_id: "c-1".to_owned(),
        content: Content::Text("はい".to_owned()),
        retry_key,
        dress: Dress::default(),
    }))]));
    for form in [retry_key.to_string(), format!("{retry_key:x}"), ulid::Ulid(retry_key).to_string()] {
        assert!(!text.contains(&form), "{text}");
    }
    assert!(text.contains("c-1"));
}

#[test]
fn a_record_with_nothing_to_see_is_told_all_the_same() {
    let hidden = record(vec![record::Fact::Org(org::Event::AgentDisabled { agent: AgentId(1), disabled: true })]);
    for record in [record(Vec::new()), hidden] {
        let told = update(&window(), StreamId(1), Position(3), &record);
        assert_eq!((told.position, told.events), (3, Vec::new()));
    }
}

#[test]
fn a_resume_from_the_disk_gives_the_bytes_of_the_live_frame() {
    let claimed = Claimed { agent: AgentId(1), epoch: 2, how: How::TakenOver { from: None, reason: None } };
    let mut record = secrets();
    record.events.truncate(10);
    record.events.push(of(Fact::Claimed(claimed)));
    let bytes = codec::encode(&record).expect("it fits");
    let read = codec::decode(&bytes).expect("it was just written");
    let encode = |record| crate::socket::encode_update(&window(), StreamId(1), Position(3), record);
    assert_eq!(encode(&record), encode(&read));
}

#[test]
fn what_was_redacted_is_told_as_redacted() {
    let noted = |text: &str| Fact::NoteAdded {
        number: 1,
        author: AgentId(1),
        text: text.to_owned(),
        client_id: "n".to_owned(),
    };
    let whole =
        record(vec![of(noted("番号は 0120")), of(Fact::NoteEdited { number: 1, text: "番号は 0570".to_owned() })]);
    let emptied = codec::redact(&codec::encode(&whole).expect("it fits"));
    let text = shown(&codec::decode(&emptied).expect("a record all the same"));
    assert!(!text.contains("番号"), "{text}");
    assert_eq!(text.matches(r#""type":"redacted""#).count(), 2, "{text}");
}
