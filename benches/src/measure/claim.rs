//! A claim under 100 contenders: how long a decision takes, how long an answer, and that one of them wins.
//!
//! The engine runs in this process with every core; each round, 100 agents claim the same new conversation at once.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use madoguchi_engine::domain::conversation::{Around, Command, Conversation, Event, decide};
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId, WindowId};
use madoguchi_engine::domain::org::{self, Access, Agent, Inbox, InboxSettings, LineSettings, Role, SendMode};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::rejected::Rejected;
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{self, Window};
use madoguchi_engine::{Config, Failure, Handle};
use serde_json::json;

use super::Size;
use crate::Outcome;
use crate::disk::Disk;
use crate::figure::{Line, Report};
use crate::machine::Latencies;
use crate::webhook::Webhooks;

const INBOX: InboxId = InboxId(7);
/// About what a claim takes on the disk, in bytes.
const RECORD: [u8; 128] = [b'c'; 128];

/// Measures `size.rounds` claims of `size.count` contenders each.
pub(super) fn run(size: Size) -> Outcome<Report> {
    actix_rt::System::new().block_on(async move {
        let dir = tempfile::tempdir()?;
        let mut disk = Disk::new(dir.path())?;
        let config = Config { min_free_bytes: 1, ..Config::new(dir.path()) };
        let engine = Handle::start(config, Arc::new(|_, _, _, _| Bytes::new())).await?;
        let agents: Vec<AgentId> = (1..=size.count as u128).map(AgentId).collect();
        let window = furnish(&engine, &agents).await?;
        let conversation = customer(&engine, &window).await?;
        let (mut answers, mut syncs) = (Latencies::default(), Latencies::default());
        let mut winners = 0;
        for round in 0..size.rounds + size.rounds / 10 {
            let claims = agents.iter().map(|agent| async {
                let begun = Instant::now();
                let done = engine.command(By::Agent(*agent), conversation, Command::Claim { agent: *agent }).await;
                (*agent, done, begun.elapsed())
            });
            let claims = futures_util::future::join_all(claims).await;
            let won: Vec<_> =
                claims.iter().filter_map(|(agent, done, _)| Some((*agent, done.as_ref().ok()?))).collect();
            let lost = |failure: &Failure| matches!(failure, Failure::Rejected(Rejected::SeatTaken { .. }));
            let losers = claims.iter().filter(|(_, done, _)| done.as_ref().is_err_and(lost)).count();
            if won.len() != 1 || losers != agents.len() - 1 {
                return Err(format!("{} winners and {losers} losers of {}", won.len(), agents.len()).into());
            }
            let (agent, seat_epoch) = (won[0].0, won[0].1.row.state.seat.epoch);
            engine.command(By::Agent(agent), conversation, Command::Release { agent, seat_epoch }).await?;
            let sync = disk.append(&RECORD)?;
            if round >= size.rounds / 10 {
                winners += 1;
                syncs.add(sync);
                claims.iter().for_each(|(_, _, took)| answers.add(*took));
            }
        }
        let state = engine.conversation(conversation).await?.state;
        let around = engine.window(&window).ok_or("the window is gone")?;
        let decisions = decisions(&state, &around, &agents, size.rounds)?;
        engine.stop().await;
        Ok(report(size, winners, &answers, &syncs, &decisions))
    })
}

/// Decides alone, as the actor does: the first claim is granted and applied, the others are refused.
fn decisions(state: &Conversation, window: &Window, agents: &[AgentId], rounds: usize) -> Outcome<Latencies> {
    let mut latencies = Latencies::default();
    for round in 0..rounds {
        let mut state = state.clone();
        let now = Timestamp(round as i64);
        let mut granted = 0;
        for agent in agents {
            let begun = Instant::now();
            let decided = decide(&state, &Command::Claim { agent: *agent }, Around::new(window, now));
            if let Ok(events) = &decided {
                state.apply_record(&events.iter().collect::<Vec<&Event>>(), now);
            }
            latencies.add(begun.elapsed());
            granted += usize::from(decided.is_ok());
        }
        if granted != 1 || state.seat.holder == Holder::None {
            return Err(format!("{granted} claims were granted").into());
        }
    }
    Ok(latencies)
}

fn report(size: Size, winners: usize, answers: &Latencies, syncs: &Latencies, decisions: &Latencies) -> Report {
    let (answer, sync) = (answers.us(0.99), syncs.us(0.99));
    Report {
        measure: "claim".to_owned(),
        method: format!(
            "{} rounds of {} contenders at once, through the engine; a sync between rounds",
            size.rounds, size.count
        ),
        lines: vec![
            Line::at_least(
                &format!("claim under {} contenders", size.count),
                "one winner",
                Some(winners as f64),
                size.rounds as f64,
                format!("one in {winners} of {} rounds", size.rounds),
                "-".to_owned(),
            ),
            Line::at_most(
                "decision, p99",
                "<= 50 us",
                Some(decisions.us(0.99)),
                50.0,
                format!("{:.2} us", decisions.us(0.99)),
                "-".to_owned(),
            ),
            Line::at_most(
                "answer, p99",
                "<= one sync + 1 ms",
                Some(answer),
                sync + 1_000.0,
                format!("{:.2} ms", answer / 1_000.0),
                format!("sync p99 {:.2} ms, p50 {:.2} ms", sync / 1_000.0, syncs.us(0.5) / 1_000.0),
            ),
        ],
        raw: json!({ "answers": answers.json(), "syncs": syncs.json(), "decisions": decisions.json() }),
    }
}

async fn furnish(engine: &Handle, agents: &[AgentId]) -> Outcome<WindowId> {
    let (by, window) = (By::Operator, WindowId::new("support")?);
    engine.create_window(by, window.clone(), "窓口".to_owned(), 100).await?;
    for id in agents {
        let agent = Agent {
            id: *id,
            login: format!("agent{}", id.0),
            name: format!("agent{}", id.0),
            role: Role::Agent,
            password_hash: String::new(),
            disabled: false,
            created_at: Timestamp(0),
            icon_url: None,
        };
        engine.org_command(by, org::Command::CreateAgent(agent)).await?;
        engine.window_command(by, &window, window::Command::AddAgent { agent: *id }).await?;
    }
    // Nobody listens there, and nothing is sent here.
    let settings = InboxSettings::Line(LineSettings {
        api_base_url: "http://127.0.0.1:9".to_owned(),
        api_data_base_url: "http://127.0.0.1:9".to_owned(),
        ..LineSettings::new("s".into(), Access::LongLived { token: "t".into() }, SendMode::Auto)
    });
    let inbox = Inbox { id: INBOX, window: window.clone(), settings, changed_at: Timestamp(0) };
    engine.org_command(by, org::Command::CreateInbox(inbox)).await?;
    Ok(window)
}

async fn customer(engine: &Handle, window: &WindowId) -> Outcome<ConversationId> {
    let body = Webhooks::new("s", "").body(0, "はじめまして。");
    engine.inbound(INBOX, body.into()).await?;
    let open = engine.snapshot(window).ok_or("no window")?.open;
    Ok(open.first().ok_or("no conversation")?.state.id)
}
