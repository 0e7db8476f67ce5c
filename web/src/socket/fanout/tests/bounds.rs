//! What one reader may cost the others, and how long a right that ended may go unnoticed.

use super::*;

/// How rarely a peer on a poor line takes a piece, in seconds: often enough not to count as stuck.
const SIPS_EVERY_S: u32 = 15;

#[actix_web::test]
async fn a_right_that_ended_unheard_is_noticed_by_the_clock() {
    let desk = Desk::new();
    let (leaving, staying) = (desk.join(1, 1), desk.join(2, 2));
    for (key, outbox) in [(1, &leaving), (2, &staying)] {
        desk.watch(key, Some(0));
        desk.settle().await;
        desk.read(key, outbox);
    }
    desk.house.state().members.remove(&AgentId(1));
    for _ in 0..5 {
        desk.fanout.borrow_mut().second();
    }
    desk.tell(said(1));
    let told = desk.read(1, &leaving);
    assert_eq!(kinds(&told), ["unwatched"]);
    assert_eq!(told[0]["problem"]["code"], "not_a_member");
    assert_eq!(positions(&desk.read(2, &staying)), [1]);
}

#[actix_web::test]
async fn a_leaving_lost_in_a_gap_too_long_to_fill_shows_nobody_the_snapshot_after_it() {
    let desk = Desk::new();
    let (leaving, staying) = (desk.join(1, 1), desk.join(2, 2));
    for (key, outbox) in [(1, &leaving), (2, &staying)] {
        desk.watch(key, Some(0));
        desk.settle().await;
        desk.read(key, outbox);
    }
    desk.house.state().memory = 0;
    desk.house.state().members.remove(&AgentId(1));
    desk.house.commit_unheard(vec![Fact::Window(WindowEvent::AgentRemoved { agent: AgentId(1) })]);
    desk.tell(said(1));
    desk.settle().await;
    assert_eq!(kinds(&desk.read(1, &leaving)), ["unwatched", "me"]);
    assert_eq!(kinds(&desk.read(2, &staying)), ["snapshot", "me"]);
}

#[actix_web::test]
async fn readers_on_poor_lines_do_not_keep_everybody_else_from_catching_up() {
    let desk = Desk::new();
    for _ in 0..5_000 {
        desk.house.commit_unheard(said(4_000));
    }
    let poor = [desk.join(1, 1), desk.join(2, 1)];
    for key in [1, 2] {
        desk.watch(key, Some(0));
    }
    desk.settle().await;
    assert!(desk.fanout.borrow().backlog.get() > resume::BACKLOG_BYTES, "they hold all that there is");
    let waiting = desk.join(3, 2);
    desk.read(3, &waiting);
    desk.watch(3, None);
    let mut waited_s = 0;
    while !desk.read(3, &waiting).iter().any(|frame| frame["type"] == "snapshot") {
        waited_s += 1;
        assert!(waited_s <= 40, "nothing came for {waited_s} s");
        for (key, outbox) in [1, 2].into_iter().zip(&poor) {
            let mut outbox = outbox.borrow_mut();
            outbox.heard();
            if waited_s % SIPS_EVERY_S == 0 && outbox.take().is_some() {
                drop(outbox);
                desk.fanout.borrow_mut().feed(key);
            }
        }
        desk.fanout.borrow_mut().second();
        desk.settle().await;
    }
    assert_eq!(waiting.borrow().state(), State::Open);
    for outbox in &poor {
        assert_eq!(outbox.borrow().state(), State::Closing(Some(Close::Slow)), "they come back with their places");
    }
}

#[actix_web::test]
async fn a_reader_on_a_poor_line_is_left_alone_while_nobody_waits() {
    let desk = Desk::new();
    for _ in 0..1_000 {
        desk.house.commit_unheard(said(4_000));
    }
    let poor = desk.join(1, 1);
    desk.watch(1, Some(0));
    desk.settle().await;
    for second in 1..=300 {
        poor.borrow_mut().heard();
        if second % SIPS_EVERY_S == 0 {
            assert!(poor.borrow_mut().take().is_some());
            desk.fanout.borrow_mut().feed(1);
        }
        desk.fanout.borrow_mut().second();
    }
    assert_eq!(poor.borrow().state(), State::Open);
    assert!(desk.fanout.borrow().backlog.get() > 0, "it was behind all the time");
}

#[actix_web::test]
async fn asking_again_and_again_takes_one_place_in_the_line() {
    let desk = Desk::new();
    let outbox = desk.join(1, 1);
    desk.fanout.borrow_mut().fetching = usize::MAX;
    for _ in 0..1_000 {
        desk.watch(1, None);
    }
    assert_eq!(desk.fanout.borrow().waiting.len(), 1);
    desk.fanout.borrow_mut().fetching = 0;
    desk.fanout.borrow_mut().fetch_waiting();
    desk.settle().await;
    assert_eq!(desk.house.state().fetches, 1);
    assert_eq!(positions(&desk.read(1, &outbox)), [0], "and it is served");
}

/// Otherwise a console that was away while long messages came would be ended as slow for ever, each time it came back.
#[actix_web::test]
async fn a_reader_who_missed_more_than_memory_allows_is_given_it_in_parts() {
    let desk = Desk::new();
    for _ in 0..2_500 {
        desk.house.commit_unheard(said(20_000));
    }
    desk.house.state().part = 200;
    let outbox = desk.join(1, 1);
    desk.read(1, &outbox);
    desk.watch(1, Some(0));
    let mut told = Vec::new();
    for turn in 0..1_000 {
        desk.settle().await;
        assert!(desk.fanout.borrow().backlog.get() <= 210 * 20_200, "more than a part waits");
        told.extend(positions(&desk.read(1, &outbox)));
        if turn < 10 {
            desk.tell(said(100));
        } else if told.len() == 2_510 {
            break;
        }
    }
    assert_eq!(outbox.borrow().state(), State::Open);
    assert_eq!(told, (1..=2_510).collect::<Vec<u64>>());
    desk.tell(said(100));
    assert_eq!(positions(&desk.read(1, &outbox)), [2_511], "and it is live from there");
}

/// Otherwise a worker that was busy for a moment sends everybody away who cannot take at once what it missed.
#[actix_web::test]
async fn what_the_whole_worker_missed_is_catching_up_for_its_readers() {
    let desk = Desk::new();
    let outboxes: Vec<Shared> = (0..20).map(|key| desk.join(key, 1)).collect();
    for (key, outbox) in outboxes.iter().enumerate() {
        desk.watch(key as u64, Some(0));
        desk.settle().await;
        desk.read(key as u64, outbox);
    }
    for _ in 0..3_000 {
        desk.house.commit_unheard(said(1_000));
    }
    desk.tell(said(1_000));
    desk.settle().await;
    let waiting = desk.fanout.borrow().backlog.get();
    assert!(waiting > resume::BACKLOG_BYTES / 2, "the slow ones have still to be given {waiting} bytes");
    assert!(waiting < resume::BACKLOG_BYTES + 6 * 3_500_000, "{waiting} of 60 MB: some have to wait for their turn");
    desk.tell(said(1_000));
    let mut told = vec![Vec::new(); outboxes.len()];
    for _ in 0..20 {
        for (key, outbox) in outboxes.iter().enumerate() {
            told[key].extend(positions(&desk.read(key as u64, outbox)));
        }
        desk.settle().await;
    }
    for (told, outbox) in told.iter().zip(&outboxes) {
        assert_eq!(outbox.borrow().state(), State::Open, "nobody has to come back");
        assert_eq!(*told, (1..=3_002).collect::<Vec<u64>>());
    }
    assert_eq!(desk.fanout.borrow().backlog.get(), 0);
}
