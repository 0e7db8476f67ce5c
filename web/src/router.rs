//! Every address in one table: method, path, who may come, and who answers.
//!
//! The server, the document at `/api/openapi.json` and the test of rights are all made from this table, so an address
//! that is missing in one of them does not exist. Addresses are kept for ever; new ones are added at the end of their group.

use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, Resource, Route, web};
use madoguchi_protocol::Code;

use crate::authorize::Action;
use crate::error::{problem, respond};
use crate::gate;
use crate::routes::{
    about, accounts, agents, audit, bot_api, bots, channels, conversations, docs, files, health, hooks, hours, inboxes,
    invitations, invite, mail, mail_in, notes, pictures, products, raw, resets, sending, session, sessions, stickers,
    supervision, tokens, windows,
};

/// Who may come to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; the handler decides what they get.
    Open,
    /// Who has this right on what the path names; checked before the handler runs.
    Right(Action),
    /// The bot in front of a window, with its token.
    Bot,
    /// Who has this right on the conversation that the path names; checked by `commands::run`, as for sockets.
    Command(Action),
}

/// One address.
pub struct Entry {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// Who may come.
    pub access: Access,
    /// Who answers.
    pub answer: fn() -> Route,
}

macro_rules! table {
    ($($method:ident $path:literal $access:expr => $handler:path;)*) => {
        /// Every address.
        pub static ENTRIES: &[Entry] = &[$(Entry {
            method: Method::$method,
            path: $path,
            access: $access,
            answer: || web::method(Method::$method).to($handler),
        },)*];
    };
}

use Access::{Bot, Command, Open, Right};
use Action::{
    ActInBulk, ListOwn, ManageAgents, ManageInboxes, ManageProducts, ManageSending, ManageTokens, ManageWindows,
    Oversee, OwnAccount, OwnSession, ReadAgents, ReadAudit, ReadWindow, SendFiles, TakeBack, TakeOver, UseSeat, Work,
};

table! {
    POST "/api/v1/session" Open => session::log_in;
    GET "/api/v1/session" Right(OwnSession) => session::me;
    DELETE "/api/v1/session" Right(OwnSession) => session::log_out;
    PUT "/api/v1/session/password" Right(OwnAccount) => session::change_password;

    GET "/api/v1/tokens" Right(ManageTokens) => tokens::list;
    POST "/api/v1/tokens" Right(ManageTokens) => tokens::create;
    DELETE "/api/v1/tokens/{token}" Right(ManageTokens) => tokens::withdraw;

    GET "/api/v1/agents" Right(ReadAgents) => agents::list;
    POST "/api/v1/agents" Right(ManageAgents) => agents::create;
    POST "/api/v1/agents/{agent}/disable" Right(ManageAgents) => agents::disable;
    POST "/api/v1/agents/{agent}/enable" Right(ManageAgents) => agents::enable;
    PATCH "/api/v1/agents/{agent}" Right(ManageAgents) => agents::change;
    PUT "/api/v1/agents/{agent}/password" Right(ManageAgents) => agents::reset_password;

    GET "/api/v1/windows" Right(ListOwn) => windows::list;
    POST "/api/v1/windows" Right(ManageWindows) => windows::create;
    GET "/api/v1/windows/{window}" Right(ReadWindow) => windows::get;
    PATCH "/api/v1/windows/{window}/settings" Right(ManageWindows) => windows::change_settings;
    GET "/api/v1/windows/{window}/agents" Right(ReadWindow) => windows::members;
    PUT "/api/v1/windows/{window}/agents/{agent}" Right(ManageWindows) => windows::add_member;
    DELETE "/api/v1/windows/{window}/agents/{agent}" Right(ManageWindows) => windows::remove_member;
    GET "/api/v1/windows/{window}/conversations" Right(ReadWindow) => conversations::list_of_window;
    GET "/api/v1/windows/{window}/meter" Right(ReadWindow) => accounts::meter;
    GET "/api/v1/windows/{window}/raw" Right(ReadWindow) => raw::list;
    GET "/api/v1/windows/{window}/raw/{raw}" Right(ReadWindow) => raw::bytes;
    DELETE "/api/v1/windows/{window}/raw/{raw}" Right(Oversee) => raw::dismiss;
    POST "/api/v1/windows/{window}/raw/{raw}/replay" Right(Oversee) => raw::replay;

    GET "/api/v1/windows/{window}/hours" Right(ReadWindow) => hours::get;
    PUT "/api/v1/windows/{window}/hours" Right(ManageWindows) => hours::put;
    GET "/api/v1/windows/{window}/answers" Right(ReadWindow) => hours::get_answers;
    PUT "/api/v1/windows/{window}/answers" Right(ManageWindows) => hours::put_answers;
    GET "/api/v1/windows/{window}/closed-periods" Right(ReadWindow) => hours::list_periods;
    POST "/api/v1/windows/{window}/closed-periods" Right(ManageWindows) => hours::add_period;
    DELETE "/api/v1/windows/{window}/closed-periods/{period}" Right(ManageWindows) => hours::remove_period;
    GET "/api/v1/windows/{window}/maintenance" Right(ReadWindow) => hours::get_maintenance;
    PUT "/api/v1/windows/{window}/maintenance" Right(ManageWindows) => hours::put_maintenance;
    POST "/api/v1/windows/{window}/preview" Right(ReadWindow) => hours::preview;
    GET "/api/v1/holidays" Right(ListOwn) => hours::holidays;
    GET "/api/v1/windows/{window}/bot" Right(ManageWindows) => bots::get;
    PUT "/api/v1/windows/{window}/bot" Right(ManageWindows) => bots::put;
    DELETE "/api/v1/windows/{window}/bot" Right(ManageWindows) => bots::remove;
    POST "/api/v1/windows/{window}/bot/secret" Right(ManageWindows) => bots::new_secret;
    POST "/api/v1/windows/{window}/bot/token" Right(ManageWindows) => bots::change_token;
    POST "/api/v1/windows/{window}/bot/test" Right(ManageWindows) => bots::test;
    GET "/api/v1/windows/{window}/bot/log" Right(ManageWindows) => bots::log;
    GET "/api/v1/windows/{window}/bot/dead-letters" Right(ManageWindows) => bots::dead_letters;

    GET "/api/v1/channels" Right(ListOwn) => channels::list;
    GET "/api/v1/inboxes" Right(ManageInboxes) => inboxes::list;
    POST "/api/v1/inboxes" Right(ManageInboxes) => inboxes::create;
    GET "/api/v1/inboxes/{inbox}" Right(ManageInboxes) => inboxes::get;
    PATCH "/api/v1/inboxes/{inbox}" Right(ManageInboxes) => inboxes::change;
    GET "/api/v1/inboxes/{inbox}/capabilities" Right(ReadWindow) => inboxes::capabilities;
    GET "/api/v1/inboxes/{inbox}/health" Right(ReadWindow) => accounts::health;
    POST "/api/v1/inboxes/{inbox}/test" Right(ManageInboxes) => accounts::test;
    GET "/api/v1/inboxes/{inbox}/webhook" Right(ManageInboxes) => accounts::webhook;
    PUT "/api/v1/inboxes/{inbox}/webhook" Right(ManageInboxes) => accounts::set_webhook;

    GET "/api/v1/inboxes/{inbox}/mail" Right(ManageInboxes) => mail::setup;
    POST "/api/v1/inboxes/{inbox}/mail/challenge" Right(ManageInboxes) => mail::challenge;
    POST "/api/v1/inboxes/{inbox}/mail/test" Right(ManageInboxes) => mail::test;
    GET "/api/v1/mail/domains" Right(ManageInboxes) => mail::domains;
    POST "/api/v1/mail/domains" Right(ManageInboxes) => mail::add_domain;
    POST "/api/v1/mail/domains/{domain}/check" Right(ManageInboxes) => mail::check_domain;
    DELETE "/api/v1/mail/domains/{domain}" Right(ManageInboxes) => mail::remove_domain;
    POST "/api/v1/mail/domains/{domain}/key" Right(ManageInboxes) => mail::turn_key;
    DELETE "/api/v1/mail/domains/{domain}/key" Right(ManageInboxes) => mail::drop_key;
    GET "/api/v1/conversations/{conversation}/mail" Right(ReadWindow) => mail::head;

    POST "/api/v1/files" Right(SendFiles) => files::upload;
    GET "/api/v1/files/{file}" Right(ReadWindow) => files::get;
    GET "/api/v1/files/{file}/mail" Right(ReadWindow) => mail_in::whole;
    GET "/api/v1/files/{file}/mail.html" Right(ReadWindow) => mail_in::document;
    GET "/api/v1/files/{file}/parts/{part}" Right(ReadWindow) => mail_in::part;
    GET "/media/{token}/{name}" Open => files::public;
    GET "/api/v1/stickers/line/{sticker}" Right(ListOwn) => stickers::line;

    GET "/api/v1/conversations" Right(ListOwn) => conversations::list;
    GET "/api/v1/conversations/{conversation}" Right(ReadWindow) => conversations::get;
    POST "/api/v1/conversations/{conversation}/claim" Command(Work) => conversations::claim;
    POST "/api/v1/conversations/{conversation}/release" Command(UseSeat) => conversations::release;
    POST "/api/v1/conversations/{conversation}/complete" Command(UseSeat) => conversations::complete;
    POST "/api/v1/conversations/{conversation}/takeover" Command(TakeOver) => conversations::take_over;
    POST "/api/v1/conversations/{conversation}/handover" Command(UseSeat) => conversations::hand_over;
    POST "/api/v1/conversations/{conversation}/handover/accept" Command(Work) => conversations::accept_handover;
    POST "/api/v1/conversations/{conversation}/handover/decline" Command(UseSeat) => conversations::decline_handover;
    POST "/api/v1/conversations/{conversation}/assign" Command(Oversee) => conversations::assign;
    POST "/api/v1/conversations/{conversation}/takeback" Command(TakeBack) => conversations::take_back;
    POST "/api/v1/conversations/{conversation}/return-to-bot" Command(UseSeat) => bots::give_back;
    POST "/api/v1/conversations/{conversation}/dead-letters/replay" Right(ManageWindows) => bots::replay;
    DELETE "/api/v1/conversations/{conversation}/dead-letters" Right(ManageWindows) => bots::dismiss;
    GET "/api/v1/conversations/{conversation}/messages" Right(ReadWindow) => conversations::messages;
    POST "/api/v1/conversations/{conversation}/messages" Command(UseSeat) => conversations::send;
    POST "/api/v1/conversations/{conversation}/messages/{number}/cancel" Command(UseSeat) => conversations::cancel;
    POST "/api/v1/conversations/{conversation}/read" Right(ReadWindow) => conversations::read;
    POST "/api/v1/conversations/{conversation}/notes" Command(Oversee) => notes::add;
    PUT "/api/v1/conversations/{conversation}/notes/{number}" Command(Oversee) => notes::edit;
    DELETE "/api/v1/conversations/{conversation}/notes/{number}" Command(Oversee) => notes::delete;

    GET "/api/v1/sending" Right(ManageSending) => sending::get;
    PUT "/api/v1/sending" Right(ManageSending) => sending::put;

    GET "/api/v1/socket" Right(ListOwn) => crate::socket::open;

    PATCH "/api/v1/windows/{window}" Right(ManageWindows) => windows::change;
    PUT "/api/v1/windows/{window}/product" Right(ManageWindows) => windows::change_product;
    GET "/api/v1/windows/{window}/picture" Right(ReadWindow) => invite::picture_of_window;
    GET "/api/v1/windows/{window}/invite.svg" Right(ReadWindow) => invite::qr_svg;
    GET "/api/v1/windows/{window}/invite.png" Right(ReadWindow) => invite::qr_png;
    GET "/api/v1/windows/{window}/reset" Right(ManageWindows) => resets::preview;
    POST "/api/v1/windows/{window}/reset" Right(ManageWindows) => resets::reset;
    POST "/api/v1/pictures" Right(ManageWindows) => pictures::upload;
    GET "/api/v1/products" Right(ManageWindows) => products::get;
    PATCH "/api/v1/products" Right(ManageProducts) => products::change;
    POST "/api/v1/trial" Right(ManageProducts) => products::start_trial;
    DELETE "/api/v1/trial" Right(ManageProducts) => products::end_trial;
    GET "/api/v1/resets" Right(ManageWindows) => resets::list;
    GET "/api/v1/resets/{reset}/conversations" Right(ManageWindows) => resets::conversations;
    GET "/api/v1/resets/{reset}/conversations/{case}/messages" Right(ManageWindows) => resets::messages;

    GET "/i/{code}" Open => invite::page;
    GET "/i/{code}/picture" Open => invite::picture;
    GET "/api/v1/bot/conversations/{conversation}" Bot => bot_api::get;
    GET "/api/v1/bot/conversations/{conversation}/messages" Bot => bot_api::messages;
    POST "/api/v1/bot/conversations/{conversation}/messages" Bot => bot_api::answer;
    POST "/api/v1/bot/conversations/{conversation}/handover" Bot => bot_api::hand_over;
    POST "/api/v1/bot/conversations/{conversation}/complete" Bot => bot_api::complete;
    GET "/api/v1/bot/conversations/{conversation}/files/{file}" Bot => bot_api::file;
    POST "/api/v1/bot/files" Bot => bot_api::upload;

    POST "/hooks/line/{inbox}" Open => hooks::line;
    POST "/hooks/lineworks/{inbox}" Open => hooks::lineworks;
    POST "/hooks/bot/{inbox}" Open => hooks::bot;

    GET "/api/v1/sessions" Right(OwnSession) => sessions::own;
    DELETE "/api/v1/sessions" Right(OwnAccount) => sessions::end_others;
    DELETE "/api/v1/sessions/{session}" Right(OwnAccount) => sessions::end_own;
    GET "/api/v1/agents/{agent}/sessions" Right(ManageAgents) => sessions::of_agent;
    DELETE "/api/v1/agents/{agent}/sessions" Right(ManageAgents) => sessions::end_all;
    DELETE "/api/v1/agents/{agent}/sessions/{session}" Right(ManageAgents) => sessions::end_one;
    PUT "/api/v1/agents/{agent}/windows" Right(ManageWindows) => agents::set_windows;

    GET "/api/v1/invitations" Right(ManageAgents) => invitations::list;
    POST "/api/v1/invitations" Right(ManageAgents) => invitations::create;
    DELETE "/api/v1/invitations/{invitation}" Right(ManageAgents) => invitations::take_back;
    POST "/api/v1/invitation/look" Open => invitations::look;
    POST "/api/v1/invitation/accept" Open => invitations::accept;

    POST "/api/v1/bulk" Right(ActInBulk) => supervision::bulk;
    GET "/api/v1/counters" Right(ListOwn) => supervision::counters;

    GET "/api/v1/audit" Right(ReadAudit) => audit::list;
    GET "/api/v1/audit/export" Right(ReadAudit) => audit::export;

    GET "/healthz" Open => health::alive;
    GET "/readyz" Open => health::ready;
    GET "/metrics" Open => health::metrics;
    GET "/api/openapi.json" Open => docs::document;
    GET "/api/problems" Open => docs::problems;
    GET "/api/v1/about" Open => about::about;
}

/// Registers every address. Every other is the console's.
pub fn configure(service: &mut web::ServiceConfig) {
    let mut paths: Vec<&'static str> = Vec::new();
    for entry in ENTRIES {
        if !paths.contains(&entry.path) {
            paths.push(entry.path);
        }
    }
    // They are tried in turn, mostly each as a pattern. What platforms call comes most often by far.
    paths.sort_by_key(|path| !path.starts_with("/hooks/"));
    for path in paths {
        service.service(resource(path));
    }
    service.app_data(crate::socket::Worker::default());
    service.service(docs::pages());
    service.default_service(web::to(crate::console::page));
}

/// One path with all its methods; any other method gets 405 with the list of those there are.
fn resource(path: &'static str) -> Resource {
    let mut resource = Resource::new(path);
    let mut allowed = Vec::new();
    for entry in ENTRIES.iter().filter(|entry| entry.path == path) {
        allowed.push(entry.method.as_str());
        resource = resource.route((entry.answer)().wrap(from_fn(move |req, next| gate::pass(entry, req, next))));
    }
    let allowed = allowed.join(", ");
    resource.default_service(web::to(move |req: HttpRequest| {
        let allowed = allowed.clone();
        async move {
            let mut response =
                respond(&problem(Code::MethodNotAllowed).detail(format!("{} is not among {allowed}", req.method())));
            response.headers_mut().insert(header::ALLOW, allowed.parse().expect("method names fit a header"));
            response
        }
    }))
}

#[cfg(test)]
mod tests {
    use madoguchi_engine::domain::id::{AgentId, WindowId};
    use madoguchi_engine::domain::org::Role;

    use super::*;
    use crate::auth::Identity;
    use crate::authorize::{Members, Object, authorize};

    struct Member(bool);

    impl Members for Member {
        fn is_member(&self, _: &WindowId, _: AgentId) -> bool {
            self.0
        }

        fn is_anywhere(&self, _: AgentId) -> bool {
            self.0
        }
    }

    /// The table that people read: what, then from which role on without and with membership.
    const RIGHTS: &str = include_str!("../../docs/rights.md");

    /// Every row, with the words of its two columns.
    fn rights() -> Vec<(&'static str, [&'static str; 2])> {
        let rows = RIGHTS.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
            let what = cells.next()?.strip_suffix('`')?;
            Some((what, [cells.next()?, cells.next()?]))
        });
        rows.collect()
    }

    fn least(word: &str) -> Option<Role> {
        match word {
            "agent" => Some(Role::Agent),
            "supervisor" => Some(Role::Supervisor),
            "administrator" => Some(Role::Administrator),
            "owner" => Some(Role::Owner),
            "nobody" => None,
            other => panic!("{other} is no word of the table"),
        }
    }

    /// That `action` is given to exactly whom the row names.
    fn agrees(what: &str, action: Action, object: Object<'_>, columns: [&str; 2]) {
        for (member, word) in [false, true].into_iter().zip(columns) {
            for role in [Role::Agent, Role::Supervisor, Role::Administrator, Role::Owner] {
                let who = Identity::of(AgentId(1), role);
                let given = authorize(&who, action, object, &Member(member)).is_ok();
                let wanted = least(word).is_some_and(|least| role >= least);
                assert_eq!(given, wanted, "{what} for {role:?}, member: {member}");
            }
        }
    }

    #[test]
    fn every_address_and_command_is_open_to_exactly_whom_the_table_names() {
        let rights = rights();
        let row = |what: &str| {
            let found: Vec<_> = rights.iter().filter(|(name, _)| *name == what).collect();
            assert_eq!(found.len(), 1, "{what} in docs/rights.md");
            found[0].1
        };
        let window = WindowId::new("w").expect("an id");
        for entry in ENTRIES {
            let what = format!("{} {}", entry.method, entry.path);
            let columns = row(&what);
            let action = match entry.access {
                Access::Right(action) | Access::Command(action) => action,
                Access::Open | Access::Bot => {
                    let who = if entry.access == Access::Open { "everybody" } else { "bot" };
                    assert_eq!(columns, [who; 2], "{what}");
                    continue;
                }
            };
            let object = match action {
                Action::ManageAgents => Object::People(Role::Agent),
                _ if ["{window}", "{conversation}", "{file}", "/capabilities", "{inbox}/health"]
                    .iter()
                    .any(|p| entry.path.contains(p)) =>
                {
                    Object::Window(&window)
                }
                _ => Object::Organisation,
            };
            agrees(&what, action, object, columns);
        }
        let commands = commands();
        for (name, action) in &commands {
            agrees(name, *action, Object::Window(&window), row(&format!("command {name}")));
        }
        let frames = frames();
        for frame in &frames {
            agrees(frame, ReadWindow, Object::Window(&window), row(&format!("frame {frame}")));
        }
        let known = ENTRIES.len() + commands.len() + frames.len();
        assert_eq!(rights.len(), known, "a row for something that does not exist");
    }

    /// Every frame of a client that needs a right of its own, by its name on the wire.
    fn frames() -> Vec<String> {
        let Err(error) = serde_json::from_str::<madoguchi_protocol::ClientFrame>(r#"{"type":"no such kind"}"#) else {
            panic!("an unknown kind is refused");
        };
        let named = error.to_string();
        let kinds = named.split('`').skip(3).step_by(2).map(str::to_owned);
        // Commands have rows of their own; how one is, and that one leaves, is one's own affair.
        kinds.filter(|kind| !["command", "presence", "unwatch"].contains(&kind.as_str())).collect()
    }

    /// Every command as a socket sends it, by its name on the wire.
    fn commands() -> Vec<(String, Action)> {
        let bodies = [
            r#"{"type":"claim"}"#,
            r#"{"type":"release","seat_epoch":1}"#,
            r#"{"type":"complete","seat_epoch":1}"#,
            r#"{"type":"takeover","reason":"r"}"#,
            r#"{"type":"handover","seat_epoch":1,"to":"a"}"#,
            r#"{"type":"accept_handover"}"#,
            r#"{"type":"decline_handover"}"#,
            r#"{"type":"assign","assignee":null}"#,
            r#"{"type":"take_back"}"#,
            r#"{"type":"send","client_id":"c","seat_epoch":1,"content":{"type":"text","text":"t"}}"#,
            r#"{"type":"cancel","seat_epoch":1,"number":1}"#,
            r#"{"type":"add_note","client_id":"c","text":"t"}"#,
            r#"{"type":"edit_note","number":1,"text":"t"}"#,
            r#"{"type":"delete_note","number":1}"#,
            r#"{"type":"return_to_bot","seat_epoch":1}"#,
        ];
        let document: serde_json::Value = serde_json::from_str(&crate::openapi::json()).expect("a document");
        let known = document["components"]["schemas"]["Command"]["oneOf"].as_array().map(Vec::len);
        assert_eq!(known, Some(bodies.len()), "a command that no row of this test names");
        let commands = bodies.map(|body| {
            let command: madoguchi_protocol::api::Command = serde_json::from_str(body).expect(body);
            let name = body.split('"').nth(3).expect("a name");
            (name.to_owned(), crate::convert::command::action(&command))
        });
        commands.into()
    }

    #[test]
    fn a_change_is_never_made_by_a_get() {
        for entry in ENTRIES.iter().filter(|entry| entry.method == Method::GET) {
            let reads = match entry.access {
                Access::Open | Access::Bot => true,
                Access::Command(_) => false,
                Access::Right(action) => !matches!(action, Action::Work | Action::Oversee | Action::UseSeat),
            };
            assert!(reads, "{}", entry.path);
        }
    }
}
