//! The OpenAPI document, made from the handlers' own annotations.
//!
//! What every address has in common (path parameters, the problem document, how to log in) is added here, so that no
//! annotation can forget it. `docs/openapi.json` is the same text, kept in the repository and compared by a test.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, ObjectBuilder, PathItem, Ref, Required, ResponseBuilder, SecurityRequirement, Type};
use utoipa::{Modify, OpenApi};

use crate::router::{Access, ENTRIES};
use crate::routes::{
    about, accounts, agents, audit, bot_api, bots, channels, conversations, docs, files, health, hooks, hours, inboxes,
    invitations, invite, mail, mail_in, notes, pictures, products, raw, resets, sending, session, sessions, stickers,
    supervision, tokens, windows,
};

/// The document's annotations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Madoguchi",
        description = "The interface of the contact centre engine. Times are RFC 3339 in UTC, ids are opaque, lists are \
                       `{items, next_cursor}`. Every refusal is a problem document (RFC 9457) with a stable `code`; \
                       see /api/problems. A change by cookie needs the right Origin."
    ),
    paths(
        session::log_in, session::me, session::log_out, session::change_password,
        tokens::list, tokens::create, tokens::withdraw,
        agents::list, agents::create, agents::disable, agents::enable, agents::change, agents::reset_password,
        windows::list, windows::create, windows::get, windows::change_settings,
        windows::members, windows::add_member, windows::remove_member,
        hours::get, hours::put, hours::get_answers, hours::put_answers,
        hours::list_periods, hours::add_period, hours::remove_period,
        hours::get_maintenance, hours::put_maintenance, hours::preview, hours::holidays,
        conversations::list_of_window,
        raw::list, raw::bytes, raw::replay, raw::dismiss,
        channels::list,
        inboxes::list, inboxes::create, inboxes::get, inboxes::change, inboxes::capabilities,
        accounts::health, accounts::test, accounts::webhook, accounts::set_webhook, accounts::meter,
        mail::setup, mail::challenge, mail::test, mail::domains, mail::add_domain, mail::check_domain, mail::turn_key, mail::drop_key,
        mail::remove_domain, mail::head,
        files::upload, files::get, files::public, mail_in::whole, mail_in::document, mail_in::part, stickers::line,
        conversations::list, conversations::get, conversations::claim, conversations::release,
        conversations::complete, conversations::take_over, conversations::hand_over,
        conversations::accept_handover, conversations::decline_handover, conversations::assign, conversations::take_back,
        conversations::messages, conversations::send, conversations::read,
        conversations::cancel,
        notes::add, notes::edit, notes::delete,
        bots::get, bots::put, bots::remove, bots::new_secret, bots::change_token, bots::test, bots::log,
        bots::dead_letters, bots::replay, bots::dismiss, bots::give_back,
        bot_api::get, bot_api::messages, bot_api::answer, bot_api::hand_over, bot_api::complete,
        bot_api::file, bot_api::upload,
        sending::get, sending::put,
        windows::change, windows::change_product, pictures::upload,
        invite::page, invite::picture, invite::picture_of_window, invite::qr_svg, invite::qr_png,
        products::get, products::change, products::start_trial, products::end_trial,
        resets::preview, resets::reset, resets::list, resets::conversations, resets::messages,
        sessions::own, sessions::end_others, sessions::end_own,
        sessions::of_agent, sessions::end_all, sessions::end_one, agents::set_windows,
        invitations::list, invitations::create, invitations::take_back, invitations::look, invitations::accept,
        supervision::bulk, supervision::counters,
        audit::list, audit::export,
        crate::socket::open,
        hooks::line, hooks::lineworks, hooks::bot,
        health::alive, health::ready, health::metrics,
        docs::document, docs::problems,
        about::about,
    ),
    components(schemas(
        madoguchi_protocol::Problem, madoguchi_protocol::api::Command, madoguchi_protocol::api::BotDelivery,
        madoguchi_protocol::api::BotChannelDelivery
    )),
    modifiers(&Common),
)]
struct Document;

struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components
            .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("madoguchi"))));
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("bot", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                add_common(path, method, operation);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PUT", item.put.as_mut()),
        ("PATCH", item.patch.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn add_common(path: &str, method: &str, operation: &mut Operation) {
    let named = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameters = operation.parameters.get_or_insert_default();
    for (place, name) in named.enumerate() {
        parameters.insert(place, path_parameter(name));
    }
    operation.responses.responses.insert(
        "default".to_owned(),
        ResponseBuilder::new()
            .description("Refused; `code` says why.")
            .content(madoguchi_protocol::problem::MEDIA_TYPE, Content::new(Some(Ref::from_schema_name("Problem"))))
            .build()
            .into(),
    );
    let is_open = ENTRIES.iter().any(|e| e.path == path && e.method == *method && e.access == Access::Open);
    let is_bots = ENTRIES.iter().any(|e| e.path == path && e.method == *method && e.access == Access::Bot);
    if is_bots {
        operation.security = Some(vec![SecurityRequirement::new("bot", Vec::<String>::new())]);
    } else if !is_open {
        operation.security = Some(vec![
            SecurityRequirement::new("session", Vec::<String>::new()),
            SecurityRequirement::new("token", Vec::<String>::new()),
        ]);
    }
}

fn path_parameter(name: &str) -> Parameter {
    let kind = if name == "number" { Type::Integer } else { Type::String };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .build()
}

/// The document as text.
#[must_use]
pub fn json() -> String {
    let mut text = Document::openapi().to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_address_is_in_the_document_and_nothing_else_is() {
        let mut document = Document::openapi();
        let documented: BTreeSet<(String, String)> = document
            .paths
            .paths
            .iter_mut()
            .flat_map(|(path, item)| {
                let path = path.clone();
                operations(item).map(move |(method, _)| (path.clone(), method.to_owned())).collect::<Vec<_>>()
            })
            .collect();
        let served: BTreeSet<(String, String)> =
            ENTRIES.iter().map(|entry| (entry.path.to_owned(), entry.method.to_string())).collect();
        assert_eq!(documented, served);
    }

    #[test]
    fn every_address_says_what_it_does_and_how_it_refuses() {
        let mut document = Document::openapi();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let summary = operation.summary.as_deref().unwrap_or_default();
                assert!(!summary.is_empty(), "{method} {path}");
                assert!(operation.responses.responses.contains_key("default"), "{method} {path}");
            }
        }
    }

    /// To take a change over: `UPDATE_DOCS=1 cargo test -p madoguchi-web openapi`.
    #[test]
    fn nobody_changes_the_interface_unseen() {
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let now = json();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(kept, &now).expect("docs/ is writable");
        }
        let kept = std::fs::read_to_string(kept).expect("docs/openapi.json is in the repository");
        assert!(kept == now, "docs/openapi.json is not what the server serves");
    }
}
