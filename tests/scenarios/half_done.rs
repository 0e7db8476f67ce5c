//! That a stop in the middle leaves a person without their windows, puts them back where they were taken out, or leaves an
//! administrator's act without its end in the audit log.

use std::collections::BTreeSet;

use madoguchi_engine::Clock;
use madoguchi_engine::Handle;
use madoguchi_engine::audit::{Query, Row};
use madoguchi_engine::domain::audit::{Act, Actor, Change, Outcome};
use madoguchi_engine::domain::id::{AgentId, InvitationId, WindowId};
use madoguchi_engine::domain::org::{self, Agent, Invitation, Role};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::handle::Membership;
use madoguchi_tests::inside::{A, config, furnished, let_time_pass, start, window};
use madoguchi_tests::world::{PATIENCE, wait_until};

const NEW: AgentId = AgentId(555);
const LINK: InvitationId = InvitationId(77);

fn second() -> WindowId {
    WindowId::new("sales").expect("a good name")
}

async fn invited(engine: &Handle, clock: &Clock) {
    engine.create_window(By::Operator, second(), "営業".to_owned(), 5).await.expect("a new window");
    let invitation = Invitation {
        id: LINK,
        secret_sha256: [7; 32],
        role: Role::Agent,
        windows: vec![window(), second()],
        login: None,
        by: A,
        created_at: clock.now(),
        expires_at: clock.now().plus_ms(3_600_000),
    };
    engine.org_command(By::Agent(A), org::Command::Invite(invitation)).await.expect("a link");
}

fn newcomer(clock: &Clock) -> Agent {
    Agent {
        id: NEW,
        login: "new".to_owned(),
        name: "新人".to_owned(),
        role: Role::Owner,
        password_hash: String::new(),
        disabled: false,
        created_at: clock.now(),
        icon_url: None,
    }
}

fn windows_of(engine: &Handle, agent: AgentId) -> BTreeSet<WindowId> {
    let org = engine.org();
    let of = |id: &&WindowId| engine.window(id).is_some_and(|window| window.members.contains(&agent));
    org.windows.keys().filter(of).cloned().collect()
}

#[actix_rt::test]
async fn who_came_by_an_invitation_has_their_windows_whenever_the_process_ended() {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_790_000_000_000));
    let _passing = let_time_pass(&clock);
    let engine = furnished(config(dir.path(), &clock)).await;
    invited(&engine, &clock).await;
    // As after an end between the organisation's record and the windows': only the first was written.
    let coming = org::Command::AcceptInvitation { id: LINK, agent: newcomer(&clock) };
    engine.org_command(By::Agent(NEW), coming).await.expect("they come in");
    assert!(windows_of(&engine, NEW).is_empty(), "nobody told the windows yet");
    assert_eq!(engine.org().agents[&NEW].role, Role::Agent, "as the link says, whatever they say");
    engine.stop().await;
    drop(engine);

    let engine = start(config(dir.path(), &clock)).await;
    let wanted = BTreeSet::from([window(), second()]);
    wait_until("both windows to know them", PATIENCE, async || {
        (windows_of(&engine, NEW) == wanted && engine.org().joining.is_empty()).then_some(())
    })
    .await;
    let out = window::Command::RemoveAgent { agent: NEW };
    engine.window_command(By::Agent(A), &window(), out).await.expect("taken out");
    engine.stop().await;
    drop(engine);

    let engine = start(config(dir.path(), &clock)).await;
    assert_eq!(windows_of(&engine, NEW), BTreeSet::from([second()]), "who was taken out is not put back");
    assert!(engine.org().joining.is_empty());
    engine.stop().await;
}

#[actix_rt::test]
async fn who_is_taken_out_while_their_invitation_is_carried_out_does_not_come_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_790_000_000_000));
    let _passing = let_time_pass(&clock);
    let engine = furnished(config(dir.path(), &clock)).await;
    invited(&engine, &clock).await;
    let coming = org::Command::AcceptInvitation { id: LINK, agent: newcomer(&clock) };
    engine.org_command(By::Agent(NEW), coming).await.expect("they come in");
    let out = window::Command::RemoveAgent { agent: NEW };
    engine.window_command(By::Agent(A), &window(), out).await.expect("taken out");
    assert_eq!(windows_of(&engine, NEW), BTreeSet::from([second()]), "the other window is theirs all the same");
    assert!(engine.org().joining.is_empty(), "nothing is owed that could put them back");
    engine.stop().await;
    drop(engine);
    let engine = start(config(dir.path(), &clock)).await;
    assert_eq!(windows_of(&engine, NEW), BTreeSet::from([second()]));
    engine.stop().await;
}

#[actix_rt::test]
async fn of_many_who_come_with_one_link_one_gets_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_790_000_000_000));
    let _passing = let_time_pass(&clock);
    let engine = furnished(config(dir.path(), &clock)).await;
    invited(&engine, &clock).await;
    let people = (0..20_u128).map(|number| {
        let agent = Agent { id: AgentId(1_000 + number), login: format!("new{number}"), ..newcomer(&clock) };
        engine.accept_invitation(LINK, agent)
    });
    let came = futures_util::future::join_all(people).await;
    let got_in: Vec<_> = came.into_iter().flatten().collect();
    assert_eq!(got_in.len(), 1);
    assert!(got_in[0].iter().all(|(_, became)| *became == Membership::Added), "{got_in:?}");
    assert_eq!(engine.org().agents.values().filter(|agent| agent.login.starts_with("new")).count(), 1);
    engine.stop().await;
}

fn act(number: usize) -> Act {
    Act {
        actor: Actor::Agent(A),
        token: None,
        from: Some("203.0.113.7".to_owned()),
        action: format!("test {number}"),
        objects: vec![format!("thing:{number}")],
        changes: vec![Change { field: "name".to_owned(), before: None, after: Some("花子".to_owned()) }],
    }
}

async fn log(engine: &Handle) -> Vec<Row> {
    engine.audit(Query { limit: 1_000, ..Query::default() }).await.expect("a page").0
}

#[actix_rt::test]
async fn an_act_that_was_cut_off_gets_an_end_that_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_790_000_000_000));
    let _passing = let_time_pass(&clock);
    let engine = furnished(config(dir.path(), &clock)).await;
    let done = engine.audit_begin(act(1)).await.expect("written");
    let cut_off = engine.audit_begin(act(2)).await.expect("written");
    engine.audit_end(done, act(1), Outcome::Done).await.expect("written");
    assert_eq!(log(&engine).await.len(), 1, "what is under way is not told yet");
    engine.stop().await;
    drop(engine);
    for _ in 0..2 {
        let engine = start(config(dir.path(), &clock)).await;
        let rows = log(&engine).await;
        assert_eq!(rows.len(), 2, "each act once, however often it starts");
        let entry = &rows[0].entry;
        assert_eq!((entry.action.as_str(), &entry.outcome), ("test 2", &Outcome::Unknown));
        assert_eq!(entry.begun, Some(cut_off));
        assert_eq!(entry.words.as_ref().and_then(|words| words.from.as_deref()), Some("203.0.113.7"));
        let report = engine.audit_verify(Vec::new()).await.expect("readable");
        assert_eq!((report.broken, report.head.position.0), (None, 4));
        engine.stop().await;
    }
}

#[actix_rt::test]
async fn acts_side_by_side_make_one_chain() {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(Timestamp(1_790_000_000_000));
    let _passing = let_time_pass(&clock);
    let engine = furnished(config(dir.path(), &clock)).await;
    let each = (0..60).map(|number| {
        let engine = engine.clone();
        async move {
            let begun = engine.audit_begin(act(number)).await.expect("written");
            engine.audit_end(begun, act(number), Outcome::Done).await.expect("written");
        }
    });
    futures_util::future::join_all(each).await;
    let report = engine.audit_verify(Vec::new()).await.expect("readable");
    assert_eq!((report.broken, report.head.position.0, report.erased), (None, 120, 0));
    assert_eq!(log(&engine).await.len(), 60);
    let noted = report.head;
    engine.stop().await;
    drop(engine);
    let engine = start(config(dir.path(), &clock)).await;
    let begun = engine.audit_begin(act(99)).await.expect("the chain goes on where it stood");
    assert_eq!(begun.position.0, 121);
    assert_eq!(engine.audit_verify(vec![noted]).await.expect("readable").broken, None);
    let mut forged = noted;
    forged.hash[0] ^= 1;
    assert!(engine.audit_verify(vec![forged]).await.expect("readable").broken.is_some());
    engine.stop().await;
}
