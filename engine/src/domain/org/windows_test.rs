//! The rules of windows, products, trial and reset in the organisation, as tables.

use super::products::{Owned, PRODUCTS, WINDOWS_PER_PRODUCT};
use super::reset::Content;
use super::tests::{inbox, line, tell, window, with_window};
use super::trial::TRIAL_MS;
use super::*;
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::domain::window::Profile;

const NOW: Timestamp = Timestamp(1_000);

fn sales() -> WindowId {
    window(1, 5).id
}

fn describe(name: &str) -> Command {
    let profile = Profile { name: name.to_owned(), ..Profile::default() };
    Command::DescribeWindow { window: sales(), profile }
}

fn reset(id: &WindowId, erase: bool) -> Command {
    Command::ResetWindow { window: id.clone(), reset_at: NOW, by: None, erase }
}

#[test]
fn a_new_window_is_told_whole_in_one_record() {
    let more = More { description: "平日".to_owned(), picture: None, invite: Some(7), reserved: None };
    let entry = WindowEntry { name: " か\u{3099} ".to_owned(), more, ..window(1, 5) };
    let mut org = Org::default();
    let events = tell(&mut org, Command::CreateWindow(entry)).unwrap();
    assert!(matches!(
        &events[..],
        [Event::WindowCreated(_), Event::WindowInvited { code: 7, .. }, Event::WindowDescribed { .. }]
    ));
    let kept = &org.windows[&sales()];
    assert_eq!((kept.name.as_str(), kept.more.description.as_str(), kept.more.invite), ("が", "平日", Some(7)));
    assert_eq!(org.invited(7), Some(kept));
    assert_eq!(org.invited(8), None);
    let invite = Command::InviteTo { window: sales(), code: 9 };
    assert_eq!(tell(&mut org, invite), Ok(vec![]), "a link is for ever");
}

#[test]
fn no_two_windows_have_the_same_name_whoever_typed_it() {
    let mut org = with_window();
    let other = WindowEntry { name: "がく".to_owned(), ..window(2, 5) };
    tell(&mut org, Command::CreateWindow(other)).unwrap();
    let taken = Err(Rejected::Exists { what: "window name" });
    assert_eq!(tell(&mut org, describe("か\u{3099}く")), taken, "it looks the same");
    assert_eq!(tell(&mut org, describe(&window(1, 5).name)), Ok(vec![]), "its own name");
    assert_eq!(tell(&mut org, describe("別の窓口")).unwrap().len(), 1);
    let again = WindowEntry { name: window(1, 5).name, ..window(3, 5) };
    tell(&mut org, Command::CreateWindow(again)).unwrap();
    let nowhere = Command::DescribeWindow { window: window(9, 5).id, profile: Profile::default() };
    assert_eq!(tell(&mut org, nowhere), Err(Rejected::not_found("window")));
}

#[test]
fn a_fresh_house_owns_fifty_of_each_and_no_more_can_be_had() {
    let mut org = Org::default();
    assert_eq!(org.owned, Owned([50; 3]));
    assert_eq!(org.owned.contact_limit(), 50 * (10_000 + 30_000 + 50_000));
    let own = |product, owned| Command::OwnProducts(vec![(product, owned)]);
    for (product, owned, field) in [(5, 51, "owned"), (7, 1, "product"), (0, 0, "product")] {
        let refused = tell(&mut org, own(product, owned));
        assert!(matches!(refused, Err(Rejected::Invalid { field: ref found, .. }) if found == field), "{refused:?}");
    }
    assert_eq!(tell(&mut org, own(5, 50)), Ok(vec![]));
    assert_eq!(tell(&mut org, own(5, 49)).unwrap().len(), 1);
    let thirty_and_two_fives = Command::OwnProducts(vec![(5, 2), (30, 1), (100, 0)]);
    tell(&mut org, thirty_and_two_fives).unwrap();
    assert_eq!(org.owned.contact_limit(), 50_000);
}

#[test]
fn what_is_in_use_stays_owned_and_something_always_is() {
    let mut org = with_window();
    let own = |five, thirty, hundred| Command::OwnProducts(vec![(5, five), (30, thirty), (100, hundred)]);
    assert_eq!(tell(&mut org, own(0, 1, 1)), Err(Rejected::TooFew { what: "owned", least: 1 }));
    tell(&mut org, own(1, 0, 0)).unwrap();
    let full = Err(Rejected::LimitReached { what: "windows of this product", limit: 1 });
    assert_eq!(tell(&mut org, Command::CreateWindow(window(2, 5))), full);
    let mut empty = Org::default();
    assert_eq!(tell(&mut empty, own(0, 0, 0)), Err(Rejected::TooFew { what: "owned", least: 1 }));
    tell(&mut empty, own(0, 0, 1)).unwrap();
}

#[test]
fn a_change_of_product_needs_both_and_frees_one() {
    let mut org = with_window();
    let own = Command::OwnProducts(vec![(5, 1), (30, 1), (100, 0)]);
    tell(&mut org, own).unwrap();
    let reserve = |product| Command::ReserveProduct { window: sales(), product };
    let full = Err(Rejected::LimitReached { what: "windows of this product", limit: 0 });
    assert_eq!(tell(&mut org, reserve(100)), full);
    assert_eq!(tell(&mut org, reserve(5)), Ok(vec![]), "it has that one");
    assert!(tell(&mut org, reserve(6)).is_err());
    tell(&mut org, reserve(30)).unwrap();
    assert_eq!(PRODUCTS.map(|product| org.used(product)), [1, 1, 0], "both are its own until it has decided");
    assert!(tell(&mut org, Command::CreateWindow(window(2, 30))).is_err());
    let settle = |product| Command::SettleProduct { window: sales(), product };
    tell(&mut org, settle(30)).unwrap();
    assert_eq!(tell(&mut org, settle(5)), Ok(vec![]), "offered again");
    assert_eq!(PRODUCTS.map(|product| org.used(product)), [0, 1, 0]);
    assert_eq!(org.windows[&sales()].product, 30);
    tell(&mut org, reserve(5)).unwrap();
    tell(&mut org, settle(30)).unwrap();
    assert_eq!(PRODUCTS.map(|product| org.used(product)), [0, 1, 0], "the window would not");
}

#[test]
fn a_reset_frees_name_address_and_product_and_keeps_what_was() {
    let mut org = with_window();
    tell(&mut org, Command::CreateInbox(inbox(line()))).unwrap();
    tell(&mut org, Command::InviteTo { window: sales(), code: 7 }).unwrap();
    tell(&mut org, Command::CreateWindow(window(2, 5))).unwrap();
    assert!(!org.is_last_window(&sales()));
    tell(&mut org, reset(&sales(), false)).unwrap();
    assert_eq!(tell(&mut org, reset(&sales(), false)), Err(Rejected::not_found("window")));
    assert_eq!((org.used(5), org.inboxes.len(), org.invited(7)), (1, 0, None));
    let former = &org.former[0];
    assert_eq!((&former.entry.id, former.reset_at, former.content), (&sales(), NOW, Content::Kept));
    let account = org.account(InboxId(1)).cloned().unwrap();
    assert_eq!(account.window, sales(), "its platform still calls");
    let sealed = Inbox { changed_at: NOW, ..account };
    tell(&mut org, Command::ChangeInbox(sealed)).unwrap();
    assert_eq!((org.inboxes.len(), org.retired[&InboxId(1)].changed_at), (0, NOW), "it stays out of use");
    tell(&mut org, Command::CreateWindow(window(1, 5))).unwrap();
    tell(&mut org, Command::InviteTo { window: sales(), code: 8 }).unwrap();
    assert_eq!((org.invited(7), org.invited(8).map(|entry| &entry.id)), (None, Some(&sales())));
    assert_eq!(org.former(window(1, 5).stream).map(|former| former.content), Some(Content::Kept));
}

#[test]
fn with_the_last_window_everything_goes_and_what_comes_later_stays() {
    let mut org = with_window();
    tell(&mut org, Command::InviteTo { window: sales(), code: 7 }).unwrap();
    tell(&mut org, Command::CreateWindow(window(2, 5))).unwrap();
    tell(&mut org, Command::InviteTo { window: window(2, 5).id, code: 8 }).unwrap();
    tell(&mut org, reset(&sales(), false)).unwrap();
    assert!(org.is_last_window(&window(2, 5).id));
    tell(&mut org, reset(&window(2, 5).id, true)).unwrap();
    assert!(org.former.iter().all(|former| former.content == Content::Erasing));
    tell(&mut org, Command::NoteErased { code: 7 }).unwrap();
    let contents: Vec<_> = org.former.iter().map(|former| former.content).collect();
    assert_eq!(contents, [Content::Erased, Content::Erasing]);
    tell(&mut org, Command::CreateWindow(window(3, 5))).unwrap();
    tell(&mut org, Command::CreateWindow(window(4, 5))).unwrap();
    tell(&mut org, reset(&window(3, 5).id, false)).unwrap();
    assert_eq!(org.former[2].content, Content::Kept);
}

#[test]
fn a_trial_is_for_who_has_used_nothing_and_only_once() {
    let mut org = Org::default();
    let start = || Command::StartTrial { now: NOW };
    assert!(org.may_try());
    tell(&mut org, start()).unwrap();
    let refused = Err(Rejected::Exists { what: "organisation in use" });
    assert_eq!(tell(&mut org, start()), refused);
    assert_eq!(org.owned, Owned([WINDOWS_PER_PRODUCT, 0, 0]), "only the smallest");
    assert!(tell(&mut org, Command::CreateWindow(window(1, 30))).is_err());
    let own = |product, owned| Command::OwnProducts(vec![(product, owned)]);
    assert!(matches!(tell(&mut org, own(30, 1)), Err(Rejected::Invalid { ref field, .. }) if field == "product"));
    tell(&mut org, own(5, 50)).unwrap();
    tell(&mut org, Command::CreateWindow(window(1, 5))).unwrap();
    let last = Timestamp(NOW.0 + TRIAL_MS - 1);
    assert_eq!(
        (org.is_trial_over(NOW), org.is_trial_over(last), org.is_trial_over(last.plus_ms(1))),
        (false, false, true)
    );
    tell(&mut org, Command::EndTrial).unwrap();
    assert!(!org.is_trial_over(last.plus_ms(1)), "a contract followed");
    tell(&mut org, own(30, 1)).unwrap();
    assert_eq!(tell(&mut org, Command::EndTrial), Err(Rejected::not_found("trial")));
    assert_eq!(tell(&mut org, start()), refused, "not a second one");
    assert_eq!(tell(&mut with_window(), start()), refused, "an organisation in regular use");
    let mut reset_once = with_window();
    tell(&mut reset_once, reset(&sales(), true)).unwrap();
    assert_eq!(tell(&mut reset_once, start()), refused, "nor one that was");
}
