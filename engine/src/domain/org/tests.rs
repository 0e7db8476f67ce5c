//! The rules of the organisation as tables.

use super::*;
use crate::domain::id::StreamId;
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

pub(super) fn tell(org: &mut Org, command: Command) -> Result<Vec<Event>, Rejected> {
    let events = decide(org, command)?;
    events.iter().for_each(|event| org.apply(event));
    Ok(events)
}

fn agent(id: u128, login: &str) -> Agent {
    Agent {
        id: AgentId(id),
        login: login.to_owned(),
        name: "Aya".to_owned(),
        role: Role::Agent,
        password_hash: "$secret$".to_owned(),
        disabled: false,
        created_at: Timestamp(1),
        icon_url: None,
    }
}

pub(super) fn window(n: usize, product: u16) -> WindowEntry {
    WindowEntry {
        id: WindowId::new(&format!("w{product}x{n}")).unwrap(),
        stream: StreamId(n as u128),
        name: format!("Sales {product}-{n}"),
        product,
        created_at: Timestamp(1),
        more: More::default(),
    }
}

pub(super) fn line() -> LineSettings {
    LineSettings::new("s".into(), with_token("t"), SendMode::Auto)
}

fn with_token(token: &str) -> Access {
    Access::LongLived { token: token.into() }
}

pub(super) fn inbox(line: LineSettings) -> Inbox {
    Inbox { id: InboxId(1), window: window(1, 5).id, settings: InboxSettings::Line(line), changed_at: Timestamp(1) }
}

pub(super) fn with_window() -> Org {
    let mut org = Org::default();
    tell(&mut org, Command::CreateWindow(window(1, 5))).unwrap();
    org
}

/// The field that an inbox with these settings is refused for.
fn refused(line: LineSettings) -> Option<String> {
    match tell(&mut with_window(), Command::CreateInbox(inbox(line))) {
        Ok(_) => None,
        Err(Rejected::Invalid { field, .. }) => Some(field.into_owned()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    for (url, fits) in [
        ("https://api.line.me", true),
        ("https://api.line.me:8443", true),
        ("http://127.0.0.1", true),
        ("http://127.0.0.1:9000", true),
        ("http://localhost:9000", true),
        ("http://[::1]:9000", true),
        ("http://[::1]", true),
        ("http://api.line.me", false),
        ("http://10.0.0.1:9000", false),
        ("http://127.0.0.1.evil.example", false),
        ("http://localhost.evil.example:80", false),
        ("http://127.0.0.1:80@evil.example", false),
        ("http://localhost:99999", false),
        ("http://localhost:", false),
        ("http://localhost:9000/path", false),
        ("https://", false),
        ("https://api.line.me/v2", false),
        ("https://user@api.line.me", false),
        ("https://api.line.me?x", false),
        ("https://api line me", false),
        ("ftp://api.line.me", false),
        ("HTTP://localhost", false),
        ("", false),
    ] {
        let (api, data) = (LineSettings { api_base_url: url.to_owned(), ..line() }, url.to_owned());
        assert_eq!(refused(api).as_deref(), (!fits).then_some("api_base_url"), "{url}");
        let data = LineSettings { api_data_base_url: data, ..line() };
        assert_eq!(refused(data).as_deref(), (!fits).then_some("api_data_base_url"), "{url}");
    }
}

#[test]
fn secrets_keep_their_lengths_and_are_not_shown() {
    for (len, fits) in [(0, false), (1, true), (200, true), (201, false)] {
        let settings = LineSettings { channel_secret: Secret::Plain("s".repeat(len)), ..line() };
        assert_eq!(refused(settings).as_deref(), (!fits).then_some("channel_secret"), "{len}");
    }
    for (len, fits) in [(0, false), (4_000, true), (4_001, false)] {
        let settings = LineSettings { access: with_token(&"t".repeat(len)), ..line() };
        assert_eq!(refused(settings).as_deref(), (!fits).then_some("channel_access_token"), "{len}");
    }
    let settings = LineSettings { channel_secret: "canary".into(), access: with_token("canary"), ..line() };
    assert!(!format!("{:?}", Command::CreateInbox(inbox(settings))).contains("canary"));
    let person = Agent { password_hash: "canary".to_owned(), ..agent(1, "canary") };
    assert!(!format!("{:?}", Command::CreateAgent(person)).contains("canary"));
}

#[test]
fn tokens_that_we_ask_for_need_what_they_are_asked_with() {
    let by_key = |kid: &str, key: &str| Access::Assertion { kid: kid.to_owned(), key: key.into() };
    for (channel_id, access, field) in [
        ("", Access::Stateless, Some("channel_id")),
        ("12a", Access::Stateless, Some("channel_id")),
        (&"1".repeat(21), Access::Stateless, Some("channel_id")),
        ("1234567890", Access::Stateless, None),
        ("", by_key("k", "p"), Some("channel_id")),
        ("1", by_key("", "p"), Some("assertion_kid")),
        ("1", by_key("k k", "p"), Some("assertion_kid")),
        ("1", by_key("k", ""), Some("assertion_key")),
        ("1", by_key("k", &"p".repeat(10_001)), Some("assertion_key")),
        ("1", by_key("k", &"p".repeat(10_000)), None),
        ("", with_token("t"), None),
    ] {
        let settings = LineSettings { channel_id: channel_id.to_owned(), access, ..line() };
        assert_eq!(refused(settings.clone()).as_deref(), field, "{settings:?}");
    }
}

#[test]
fn a_login_is_unique_visible_and_without_capitals() {
    for (login, fits) in [
        ("a", true),
        ("aya@example.com", true),
        (&"a".repeat(254), true),
        (&"a".repeat(255), false),
        ("", false),
        ("Aya", false),
        ("a b", false),
        ("彩", false),
    ] {
        assert_eq!(tell(&mut Org::default(), Command::CreateAgent(agent(1, login))).is_ok(), fits, "{login}");
    }
    let mut org = Org::default();
    tell(&mut org, Command::CreateAgent(agent(1, "aya"))).unwrap();
    let exists = Err(Rejected::Exists { what: "login" });
    assert_eq!(tell(&mut org, Command::CreateAgent(agent(2, "aya"))), exists);
    assert_eq!(tell(&mut org, Command::CreateAgent(agent(1, "ben"))), exists);
    for (name, fits) in [("", false), (" ", false), (&"彩".repeat(100), true), (&"彩".repeat(101), false)] {
        let person = Agent { name: name.to_owned(), ..agent(1, "aya") };
        assert_eq!(tell(&mut Org::default(), Command::CreateAgent(person)).is_ok(), fits, "{name}");
    }
}

#[test]
fn shutting_out_and_a_new_password_need_a_person() {
    let mut org = Org::default();
    let (out, other) = (AgentId(1), "$new$".to_owned());
    let disable = |disabled| Command::DisableAgent { agent: out, disabled };
    let change = Command::ChangePassword { agent: out, password_hash: other };
    for command in [disable(true), change.clone()] {
        assert_eq!(tell(&mut org, command), Err(Rejected::not_found("agent")));
    }
    tell(&mut org, Command::CreateAgent(agent(1, "aya"))).unwrap();
    assert_eq!(tell(&mut org, disable(false)), Ok(vec![]));
    tell(&mut org, disable(true)).unwrap();
    assert_eq!(tell(&mut org, disable(true)), Ok(vec![]));
    tell(&mut org, change).unwrap();
    let person = org.by_login("aya").unwrap();
    assert_eq!((person.disabled, person.password_hash.as_str()), (true, "$new$"));
}

#[test]
fn fifty_windows_of_each_product_and_not_one_more() {
    let mut org = Org::default();
    for n in 0..products::WINDOWS_PER_PRODUCT {
        tell(&mut org, Command::CreateWindow(window(n.into(), 5))).unwrap();
    }
    let full = Rejected::LimitReached { what: "windows of this product", limit: 50 };
    assert_eq!(tell(&mut org, Command::CreateWindow(window(50, 5))), Err(full));
    tell(&mut org, Command::CreateWindow(window(50, 30))).unwrap();
}

#[test]
fn a_window_is_named_once_and_bought_in_three_sizes() {
    let mut org = with_window();
    let same_id = WindowEntry { name: "Other".to_owned(), ..window(1, 5) };
    assert_eq!(tell(&mut org, Command::CreateWindow(same_id)), Err(Rejected::Exists { what: "window id" }));
    let same_name = WindowEntry { name: window(1, 5).name, ..window(2, 5) };
    assert_eq!(tell(&mut org, Command::CreateWindow(same_name)), Err(Rejected::Exists { what: "window name" }));
    for product in [0, 6, 101] {
        let rule = Rejected::invalid("product", "5, 30 or 100");
        assert_eq!(tell(&mut org, Command::CreateWindow(window(2, product))), Err(rule));
    }
    for (name, fits) in [("", false), ("\u{3000}", false), (&"営".repeat(20), true), (&"営".repeat(21), false)] {
        let entry = WindowEntry { name: name.to_owned(), ..window(2, 5) };
        assert_eq!(tell(&mut with_window(), Command::CreateWindow(entry)).is_ok(), fits, "{name}");
    }
}

#[test]
fn an_inbox_feeds_a_window_that_exists() {
    let mut org = Org::default();
    assert_eq!(tell(&mut org, Command::CreateInbox(inbox(line()))), Err(Rejected::not_found("window")));
    let mut org = with_window();
    assert_eq!(tell(&mut org, Command::ChangeInbox(inbox(line()))), Err(Rejected::not_found("inbox")));
    tell(&mut org, Command::CreateInbox(inbox(line()))).unwrap();
    assert_eq!(tell(&mut org, Command::CreateInbox(inbox(line()))), Err(Rejected::Exists { what: "inbox" }));
    let moved = Inbox { window: WindowId::new("nowhere").unwrap(), ..inbox(line()) };
    assert_eq!(tell(&mut org, Command::ChangeInbox(moved)), Err(Rejected::not_found("window")));
    let changed = LineSettings { channel_secret: "new".into(), ..line() };
    tell(&mut org, Command::ChangeInbox(inbox(changed.clone()))).unwrap();
    assert_eq!(org.inboxes[&InboxId(1)].settings, InboxSettings::Line(changed));
}

#[test]
fn the_last_owner_stays_one_and_who_changes_keeps_the_rest() {
    let mut org = Org::default();
    let owner = |n, login| Command::CreateAgent(Agent { role: Role::Owner, ..agent(n, login) });
    tell(&mut org, owner(1, "aya")).unwrap();
    let change = |n, name: Option<&str>, role| Command::ChangeAgent {
        agent: AgentId(n),
        name: name.map(str::to_owned),
        role,
        icon_url: None,
    };
    assert_eq!(tell(&mut org, change(9, None, None)), Err(Rejected::not_found("agent")));
    let last = Err(Rejected::invalid("agent", "somebody other than the last owner"));
    assert_eq!(tell(&mut org, change(1, None, Some(Role::Agent))), last);
    assert_eq!(tell(&mut org, Command::DisableAgent { agent: AgentId(1), disabled: true }), last);
    assert_eq!(tell(&mut org, change(1, None, Some(Role::Owner))), Ok(vec![]));
    tell(&mut org, owner(2, "ben")).unwrap();
    tell(&mut org, change(1, Some("彩"), None)).unwrap();
    assert_eq!((org.agents[&AgentId(1)].name.as_str(), org.agents[&AgentId(1)].role), ("彩", Role::Owner));
    tell(&mut org, change(1, None, Some(Role::Supervisor))).unwrap();
    assert_eq!((org.agents[&AgentId(1)].name.as_str(), org.agents[&AgentId(1)].role), ("彩", Role::Supervisor));
    assert_eq!(
        tell(&mut org, Command::DisableAgent { agent: AgentId(2), disabled: true }),
        last,
        "ben is the last now"
    );
    for (name, fits) in [("", false), (" ", false), (&"彩".repeat(100), true), (&"彩".repeat(101), false)] {
        assert_eq!(tell(&mut org, change(1, Some(name), None)).is_ok(), fits, "{name}");
    }
}

#[test]
fn a_picture_is_an_https_address_that_a_platform_takes() {
    let mut org = Org::default();
    tell(&mut org, Command::CreateAgent(agent(1, "aya"))).unwrap();
    let change =
        |url: &str| Command::ChangeAgent { agent: AgentId(1), name: None, role: None, icon_url: Some(url.to_owned()) };
    let long = |chars: usize| format!("https://a.example/{}", "x".repeat(chars - 18));
    let rule = "an https address of at most 2000 characters, percent-encoded, or empty";
    for bad in [
        "x",
        "http://a.example/i.png",
        "https://",
        "https:///i.png",
        "https://:443/i.png",
        "https://user:word@a.example/i.png",
        "https://a.example/山田.png",
        "https://a.example/a b.png",
        "https://a.example/\"",
        "javascript:alert(1)",
        &long(2_001),
    ] {
        assert_eq!(tell(&mut org, change(bad)), Err(Rejected::invalid("icon_url", rule)), "{bad}");
    }
    assert_eq!(tell(&mut org, change("")), Ok(vec![]), "there was none");
    for good in ["https://a.example/i.png", "https://a.example:8443/%E5%B1%B1.png?v=2", &long(2_000)] {
        assert_eq!(tell(&mut org, change(good)).unwrap().len(), 1, "{good}");
        assert_eq!(org.agents[&AgentId(1)].icon_url.as_deref(), Some(good));
        assert_eq!(tell(&mut org, change(good)), Ok(vec![]), "it is that already");
    }
    let renamed = Command::ChangeAgent { agent: AgentId(1), name: Some("彩".to_owned()), role: None, icon_url: None };
    tell(&mut org, renamed).unwrap();
    assert_eq!(org.agents[&AgentId(1)].icon_url, Some(long(2_000)), "another name keeps the picture");
    tell(&mut org, change("")).unwrap();
    assert_eq!((org.agents[&AgentId(1)].icon_url.as_deref(), &*org.agents[&AgentId(1)].name), (None, "彩"));
}

fn invitation(id: u128) -> Invitation {
    Invitation {
        id: InvitationId(id),
        secret_sha256: [u8::try_from(id % 251).unwrap(); 32],
        role: Role::Supervisor,
        windows: vec![window(1, 5).id],
        login: None,
        by: AgentId(1),
        created_at: Timestamp(1_000),
        expires_at: Timestamp(2_000),
    }
}

fn coming(id: u128, login: &str, at: i64) -> Command {
    let agent = Agent { created_at: Timestamp(at), role: Role::Owner, ..agent(77, login) };
    Command::AcceptInvitation { id: InvitationId(id), agent }
}

#[test]
fn a_link_lets_one_person_in_once_and_as_what_it_says() {
    let mut org = with_window();
    tell(&mut org, Command::Invite(invitation(1))).unwrap();
    let events = tell(&mut org, coming(1, "hanako", 1_500)).unwrap();
    assert!(
        matches!(&events[..], [Event::AgentCreated(made), Event::InvitationAccepted { .. }] if made.role == Role::Supervisor)
    );
    assert_eq!(tell(&mut org, coming(1, "taro", 1_500)), Err(Rejected::not_found("invitation")));
    assert_eq!(org.joining[&InvitationId(1)].windows, [window(1, 5).id], "their windows are still to be told");
    assert_eq!(tell(&mut org, Command::SettleInvitation { id: InvitationId(1) }).unwrap().len(), 1);
    assert_eq!(tell(&mut org, Command::SettleInvitation { id: InvitationId(1) }).unwrap(), []);
    assert!(org.joining.is_empty() && org.invitations.is_empty());
}

#[test]
fn a_link_that_ended_or_was_taken_back_lets_nobody_in() {
    let mut org = with_window();
    tell(&mut org, Command::Invite(invitation(1))).unwrap();
    let digest = invitation(1).secret_sha256;
    assert!(org.invited_by_secret(&digest, Timestamp(1_999)).is_some());
    assert!(org.invited_by_secret(&digest, Timestamp(2_000)).is_none());
    assert!(org.invited_by_secret(&[0xee; 32], Timestamp(1_000)).is_none());
    assert_eq!(tell(&mut org, coming(1, "hanako", 2_000)), Err(Rejected::not_found("invitation")));
    tell(&mut org, coming(1, "hanako", 1_999)).unwrap();

    tell(&mut org, Command::Invite(invitation(2))).unwrap();
    let back = || Command::TakeInvitationBack { id: InvitationId(2) };
    tell(&mut org, back()).unwrap();
    assert_eq!(tell(&mut org, coming(2, "taro", 1_500)), Err(Rejected::not_found("invitation")));
    assert_eq!(tell(&mut org, back()), Err(Rejected::not_found("invitation")));
}

#[test]
fn an_invitation_that_names_a_login_is_for_nobody_else() {
    let mut org = with_window();
    let named = Invitation { login: Some("hanako@shop.example".into()), ..invitation(1) };
    tell(&mut org, Command::Invite(named.clone())).unwrap();
    assert!(
        matches!(tell(&mut org, coming(1, "mallory", 1_500)), Err(Rejected::Invalid { field, .. }) if field == "login")
    );
    tell(&mut org, coming(1, "hanako@shop.example", 1_500)).unwrap();
    let again = Invitation { id: InvitationId(2), ..named };
    assert_eq!(tell(&mut org, Command::Invite(again)), Err(Rejected::Exists { what: "login" }));
    let odd = Invitation { login: Some("花子".into()), ..invitation(3) };
    assert!(matches!(tell(&mut org, Command::Invite(odd)), Err(Rejected::Invalid { field, .. }) if field == "login"));
}

#[test]
fn a_taken_login_spends_no_link() {
    let mut org = with_window();
    tell(&mut org, Command::CreateAgent(agent(5, "hanako"))).unwrap();
    tell(&mut org, Command::Invite(invitation(1))).unwrap();
    assert_eq!(tell(&mut org, coming(1, "hanako", 1_500)), Err(Rejected::Exists { what: "login" }));
    tell(&mut org, coming(1, "hanako2", 1_500)).unwrap();
}

#[test]
fn invitations_at_their_limits() {
    let mut org = with_window();
    for id in 0..500 {
        tell(&mut org, Command::Invite(invitation(id))).unwrap();
    }
    let full = Err(Rejected::LimitReached { what: "invitations", limit: 500 });
    assert_eq!(tell(&mut org, Command::Invite(invitation(500))), full);
    let later = Invitation { created_at: Timestamp(2_000), expires_at: Timestamp(3_000), ..invitation(501) };
    tell(&mut org, Command::Invite(later)).unwrap();
    assert_eq!(org.invitations.len(), 1, "those that have ended are forgotten");
    let nowhere = Invitation { windows: vec![window(9, 5).id], ..invitation(502) };
    assert!(
        matches!(tell(&mut org, Command::Invite(nowhere)), Err(Rejected::Invalid { field, .. }) if field == "windows")
    );
    let many = Invitation { windows: vec![window(1, 5).id; 151], ..invitation(503) };
    assert!(
        matches!(tell(&mut org, Command::Invite(many)), Err(Rejected::Invalid { field, .. }) if field == "windows")
    );
    let twice = Invitation { windows: vec![window(1, 5).id; 150], ..invitation(504) };
    let events = tell(&mut org, Command::Invite(twice)).unwrap();
    assert!(matches!(&events[..], [Event::Invited(made)] if made.windows.len() == 1));
}
