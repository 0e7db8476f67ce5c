//! What a record costs without disk and threads: deciding, writing it as bytes, reading it back, and the frame that every
//! socket of a window shares.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use madoguchi_engine::domain::conversation::{Around, Command, Conversation, Inbound, InboundKind, decide};
use madoguchi_engine::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, Position, StreamId, WindowId};
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::record::{By, Fact, Record};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{Event as WindowEvent, Window};
use madoguchi_engine::journal::codec;
use madoguchi_web::socket::encode_update;

const AGENT: AgentId = AgentId(9);
const NOW: Timestamp = Timestamp(1_780_000_000_000);

fn window() -> Window {
    let mut window = Window::unborn(WindowId::new("support").expect("an id"));
    window.apply(&WindowEvent::AgentAdded { agent: AGENT });
    window
}

fn message(number: usize) -> Command {
    Command::Inbound(Inbound {
        channel: madoguchi_engine::domain::org::ChannelKind::Line,
        context: None,
        inbox: InboxId(7),
        contact_point: ContactPointId(8),
        external_id: format!("U{:032x}", 1),
        thread: format!("U{:032x}", 1),
        event_id: format!("01J{number:023}"),
        at: NOW,
        received_at: NOW,
        what: InboundKind::Message {
            external_id: Some(format!("{number:018}")),
            content: Content::Text("お世話になっております。注文番号 20394 の配送状況を教えてください。".to_owned()),
            reply_token: Some(format!("{number:032x}")),
            raw: None,
            read_token: None,
        },
    })
}

/// A conversation of 50 messages.
fn conversation(window: &Window) -> Conversation {
    let mut state = Conversation::unborn(ConversationId(1));
    for number in 0..50 {
        let events = decide(&state, &message(number), Around::new(window, NOW)).expect("never refused");
        state.apply_record(&events.iter().collect::<Vec<_>>(), NOW);
    }
    state
}

fn pure(criterion: &mut Criterion) {
    let window = window();
    let state = conversation(&window);
    let around = Around::new(&window, NOW);
    let (claim, said) = (Command::Claim { agent: AGENT }, message(50));
    let events = decide(&state, &said, around).expect("never refused");
    let events = events.into_iter().map(|event| Fact::Conversation(state.id, event)).collect();
    let record = Record { at: NOW, by: By::Customer, events };
    let bytes = codec::encode(&record).expect("short");
    let id = WindowId::new("support").expect("an id");
    let mut group = criterion.benchmark_group("pure");
    group.sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    group.bench_function("decide_claim", |bencher| bencher.iter(|| decide(black_box(&state), &claim, around)));
    group.bench_function("decide_inbound", |bencher| bencher.iter(|| decide(black_box(&state), &said, around)));
    group.bench_function("copy_conversation", |bencher| bencher.iter(|| black_box(&state).clone()));
    group.bench_function("encode_record", |bencher| bencher.iter(|| codec::encode(black_box(&record))));
    group.bench_function("decode_record", |bencher| bencher.iter(|| codec::decode(black_box(&bytes))));
    group.bench_function("encode_frame", |bencher| {
        bencher.iter(|| encode_update(&id, StreamId(1), Position(3), black_box(&record)));
    });
    group.finish();
}

criterion_group!(benches, pure);
criterion_main!(benches);
