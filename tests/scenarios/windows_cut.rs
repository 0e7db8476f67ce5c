//! The process ends in the middle of something that two streams, or several conversations, have a part in, and a window is
//! left half gone, an agent half out, a product taken twice or by nobody.
//!
//! Each test does the thing once, then starts an engine on every prefix of what was written.

use std::path::Path;
use std::sync::atomic::Ordering;

use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, Status};
use madoguchi_engine::domain::id::{ConversationId, WindowId};
use madoguchi_engine::domain::org;
use madoguchi_engine::domain::org::reset::Content;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{self, Profile};
use madoguchi_engine::handle::Change;
use madoguchi_engine::rows::{MessagesQuery, Place};
use madoguchi_engine::{Clock, Failure, Handle};
use madoguchi_tests::inside::{A, B, INBOX, config, conversation, furnished, said, start, window};
use madoguchi_tests::prefix::Written;
use madoguchi_tests::world::{PATIENCE, wait_until};

/// The window whose agents, conversations and account the tests look at.
struct Before {
    clock: Clock,
    dir: tempfile::TempDir,
    engine: Handle,
}

/// A window with two agents; A holds one conversation, is offered a second by B, and is responsible for a third.
async fn busy() -> (Before, [ConversationId; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    for user in 0..3 {
        engine.inbound(INBOX, said(user, 0, "もしもし")).await.unwrap();
    }
    let mut ids = [ConversationId(0); 3];
    for (user, id) in ids.iter_mut().enumerate() {
        *id = conversation(&engine, user).await;
    }
    engine.command(By::Agent(A), ids[0], Command::Claim { agent: A }).await.unwrap();
    let held = engine.command(By::Agent(B), ids[1], Command::Claim { agent: B }).await.unwrap();
    let seat_epoch = held.row.state.seat.epoch;
    let offer = Command::OfferHandover { agent: B, seat_epoch, to: A, note: None };
    engine.command(By::Agent(B), ids[1], offer).await.unwrap();
    let assign = Command::Assign { agent: B, assignee: Some(A) };
    engine.command(By::Agent(B), ids[2], assign).await.unwrap();
    (Before { clock, dir, engine }, ids)
}

impl Before {
    /// Ends the engine and starts one on each prefix from `from` records on; `look` says what must be true of it, twice,
    /// as what a start finishes must stay finished.
    async fn every_end(self, from: usize, look: impl AsyncFn(&Handle, usize)) -> usize {
        let Self { clock, dir, engine } = self;
        engine.stop().await;
        drop(engine);
        let written = Written::read(dir.path());
        assert!(written.len() > from, "nothing was written");
        for count in from..=written.len() {
            let cut = written.first(count, dir.path());
            for _ in 0..2 {
                let engine = start(settings(cut.path(), &clock)).await;
                look(&engine, count).await;
                engine.stop().await;
            }
        }
        written.len()
    }
}

fn settings(dir: &Path, clock: &Clock) -> Config {
    config(dir, clock)
}

fn written(before: &Before) -> usize {
    // What is acknowledged is on disk, and nothing else goes on in a quiet engine.
    Written::read(before.dir.path()).len()
}

#[actix_rt::test]
async fn an_agent_is_out_with_everything_or_in_with_everything() {
    let (before, ids) = busy().await;
    let from = written(&before);
    before.engine.window_command(By::Operator, &window(), window::Command::RemoveAgent { agent: A }).await.unwrap();
    let last = before
        .every_end(from, async |engine, count| {
            let is_member = engine.window(&window()).unwrap().members.contains(&A);
            let mut rows = Vec::new();
            for id in ids {
                rows.push(engine.conversation(id).await.unwrap().state);
            }
            let holds = rows[0].seat.holder == Holder::Agent(A);
            let is_offered = rows[1].seat.offer.as_ref().is_some_and(|offer| offer.to == A);
            let is_responsible = rows[2].assignee == Some(A);
            assert_eq!([holds, is_offered, is_responsible], [is_member; 3], "after {count} records");
            assert_eq!(rows[1].seat.holder, Holder::Agent(B), "after {count} records");
        })
        .await;
    assert_eq!(last, from + 1, "one record, and so nothing between");
}

/// All of a window, or nothing of it.
async fn whole_or_gone(engine: &Handle, ids: [ConversationId; 3], count: usize) -> bool {
    let id = window();
    let org = engine.org();
    let is_there = org.windows.contains_key(&id);
    assert_eq!(engine.window(&id).is_some(), is_there, "after {count} records: one of the two streams was not told");
    assert_eq!(org.inboxes.contains_key(&INBOX), is_there, "after {count} records");
    assert_eq!(org.retired.contains_key(&INBOX), !is_there, "after {count} records");
    assert_eq!(org.used(5) > 1, is_there, "after {count} records: the product");
    assert_eq!(org.former.len(), usize::from(!is_there), "after {count} records");
    let taken = engine.inbound(INBOX, said(0, 1 + count, "まだいますか")).await.unwrap();
    // The second look finds what the first one left.
    assert_eq!(
        taken.recorded + taken.duplicates,
        usize::from(is_there),
        "after {count} records: it is answered in any case"
    );
    for talk in ids {
        let found = engine.conversation(talk).await;
        if is_there {
            assert!(found.unwrap().state.status != Status::Done, "after {count} records: nothing of it has ended");
        } else {
            assert_eq!(found, Err(Failure::NotFound("conversation")), "after {count} records");
        }
    }
    if is_there {
        let row = engine.conversation(ids[0]).await.unwrap();
        assert_eq!(row.state.seat.holder, Holder::Agent(A), "after {count} records");
        assert_eq!(engine.window(&id).unwrap().members.len(), 2, "after {count} records");
        return true;
    }
    let former = engine.former_windows().remove(0);
    assert_eq!((former.content, former.by), (Content::Kept, Some(B)), "after {count} records");
    let stream = former.entry.stream;
    let kept = engine.former_conversations(stream, None, 50).await.unwrap();
    assert_eq!(kept.items.len(), 3, "after {count} records");
    for row in kept.items {
        assert_eq!((row.state.status, row.state.seat.holder), (Status::Done, Holder::None));
        let newest = MessagesQuery { place: Place::Newest, limit: 50 };
        assert!(!engine.former_messages(stream, row.state.id, newest).await.unwrap().items.is_empty());
    }
    false
}

#[actix_rt::test]
async fn a_reset_window_is_gone_from_everywhere_or_from_nowhere() {
    let (before, ids) = busy().await;
    before.engine.create_window(By::Operator, WindowId::new("other").unwrap(), "別".to_owned(), 5).await.unwrap();
    let from = written(&before);
    before.engine.reset_window(By::Agent(B), &window(), "サポート", false).await.unwrap();
    let (there, gone) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let last = before
        .every_end(from, async |engine, count| {
            let seen = if whole_or_gone(engine, ids, count).await { &there } else { &gone };
            seen.set(seen.get() + 1);
        })
        .await;
    assert_eq!(
        (last - from, there.get(), gone.get()),
        (2, 2, 4),
        "the window's record decides, the organisation's follows"
    );
}

#[actix_rt::test]
async fn a_product_is_bound_to_one_window_whenever_the_process_ends() {
    for (agents, wanted) in [(2_u16, 30_u16), (6, 5)] {
        let (before, _) = busy().await;
        if agents == 6 {
            // Six agents do not fit into five places, so that the window will say no.
            before.engine.change_product(By::Operator, &window(), 30).await.unwrap();
            for n in 1..=4 {
                let agent = madoguchi_engine::domain::id::AgentId(200 + n);
                let add = window::Command::AddAgent { agent };
                before.engine.window_command(By::Operator, &window(), add).await.unwrap();
            }
        }
        let from = written(&before);
        let done = before.engine.change_product(By::Operator, &window(), wanted).await;
        assert_eq!(done.is_ok(), agents == 2, "{done:?}");
        before
            .every_end(from, async |engine, count| {
                let org = engine.org();
                let (entry, state) = (&org.windows[&window()], engine.window(&window()).unwrap());
                assert_eq!(entry.more.reserved, None, "after {count} records");
                assert_eq!(entry.product, state.places, "after {count} records");
                assert!(state.members.len() <= usize::from(state.places), "after {count} records");
                assert_eq!(org.used(5) + org.used(30), 1, "after {count} records");
            })
            .await;
    }
}

#[actix_rt::test]
async fn what_a_window_is_called_is_the_same_everywhere_whenever_the_process_ends() {
    let (before, _) = busy().await;
    let from = written(&before);
    let change = Change { name: Some("受付".to_owned()), description: Some("平日".to_owned()), picture: None };
    before.engine.change_window(By::Agent(B), &window(), change).await.unwrap();
    let last = before
        .every_end(from, async |engine, count| {
            let entry = engine.org().windows[&window()].profile();
            assert_eq!(engine.window(&window()).unwrap().profile(), entry, "after {count} records");
            let name = if count > from { "受付" } else { "サポート" };
            assert_eq!(entry.name, name, "after {count} records");
        })
        .await;
    assert_eq!(last, from + 2);
}

#[actix_rt::test]
async fn a_new_window_is_whole_or_not_there_and_its_link_is_for_ever() {
    let (before, _) = busy().await;
    let from = written(&before);
    let id = WindowId::new("new").unwrap();
    let new = madoguchi_engine::handle::NewWindow {
        id: id.clone(),
        product: 5,
        name: "新しい窓口".to_owned(),
        description: "平日".to_owned(),
        picture: None,
    };
    let made = before.engine.add_window(By::Operator, new).await.unwrap();
    let invite = made.more.invite;
    assert!(invite.is_some());
    before
        .every_end(from, async |engine, count| {
            let org = engine.org();
            let Some(entry) = org.windows.get(&id) else {
                assert_eq!((count, engine.window(&id)), (from, None));
                return;
            };
            assert_eq!(entry.more.invite, invite, "after {count} records");
            let state = engine.window(&id).unwrap();
            assert_eq!((state.profile(), state.places), (entry.profile(), 5), "after {count} records");
            let add = window::Command::AddAgent { agent: A };
            engine.window_command(By::Operator, &id, add).await.unwrap();
        })
        .await;
}

/// A window whose stream is not known by its link, as those of former releases are not.
#[actix_rt::test]
async fn a_window_that_is_older_than_links_gets_one_and_is_told_from_the_next_of_its_address() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    let id = WindowId::new("old").unwrap();
    // As a former release wrote it: no link in either stream.
    let entry = org::WindowEntry {
        id: id.clone(),
        stream: madoguchi_engine::domain::id::StreamId(77),
        name: "古い窓口".to_owned(),
        product: 5,
        created_at: Timestamp(0),
        more: org::More::default(),
    };
    engine.org_command(By::Operator, org::Command::CreateWindow(entry)).await.unwrap();
    engine.stop().await;
    drop(engine);
    let engine = start(config(dir.path(), &clock)).await;
    let link = engine.org().windows[&id].more.invite;
    assert!(link.is_some());
    engine.stop().await;
    drop(engine);
    let engine = start(config(dir.path(), &clock)).await;
    assert_eq!(engine.org().windows[&id].more.invite, link, "one link, for ever");
    engine.reset_window(By::Operator, &id, "古い窓口", false).await.unwrap();
    let again = engine.create_window(By::Operator, id.clone(), "新しい窓口".to_owned(), 30).await.unwrap();
    assert_ne!(again.more.invite, link);
    engine.window_command(By::Operator, &id, window::Command::AddAgent { agent: A }).await.unwrap();
    engine.stop().await;
    drop(engine);
    let engine = start(config(dir.path(), &clock)).await;
    let state = engine.window(&id).unwrap();
    assert_eq!((state.name.as_str(), state.places, state.members.len()), ("新しい窓口", 30, 1));
    assert_eq!(engine.former_windows()[0].entry.stream, madoguchi_engine::domain::id::StreamId(77));
    engine.stop().await;
}

async fn is_erased(engine: &Handle) {
    wait_until("the erasure", PATIENCE, async || (engine.former_windows()[0].content == Content::Erased).then_some(()))
        .await;
    let stream = engine.former_windows()[0].entry.stream;
    let gone = engine.former_conversations(stream, None, 50).await;
    assert_eq!(gone, Err(Failure::NotFound("former window")));
}

#[actix_rt::test]
async fn what_was_to_be_erased_is_erased_by_whoever_starts_next() {
    let (before, _) = busy().await;
    let from = written(&before);
    before.engine.faults().hold_removals.store(true, Ordering::Release);
    before.engine.reset_window(By::Agent(B), &window(), "サポート", true).await.unwrap();
    let last = before
        .every_end(from, async |engine, count| {
            if count == from {
                assert!(engine.window(&window()).is_some());
            } else {
                is_erased(engine).await;
            }
        })
        .await;
    assert_eq!(last, from + 2);
}

#[actix_rt::test]
async fn an_erasure_that_nobody_heard_the_end_of_is_done_again_without_harm() {
    let (before, _) = busy().await;
    before.engine.reset_window(By::Agent(B), &window(), "サポート", true).await.unwrap();
    is_erased(&before.engine).await;
    // All of it but its last word.
    let from = written(&before) - 1;
    before
        .every_end(from, async |engine, _| {
            is_erased(engine).await;
            let new = WindowId::new("new").unwrap();
            if engine.window(&new).is_none() {
                engine.create_window(By::Operator, new, "新しい窓口".to_owned(), 5).await.unwrap();
            }
        })
        .await;
}

#[actix_rt::test]
async fn a_profile_that_is_told_by_hand_reaches_the_window_at_the_next_start() {
    let (before, _) = busy().await;
    // As after a kill between the two records.
    let profile = Profile { name: "受付".to_owned(), ..Profile::default() };
    let told = org::Command::DescribeWindow { window: window(), profile };
    before.engine.org_command(By::Operator, told).await.unwrap();
    assert_eq!(before.engine.window(&window()).unwrap().name, "サポート");
    let Before { clock, dir, engine } = before;
    engine.stop().await;
    drop(engine);
    let engine = start(config(dir.path(), &clock)).await;
    assert_eq!(engine.window(&window()).unwrap().name, "受付");
    engine.stop().await;
}
