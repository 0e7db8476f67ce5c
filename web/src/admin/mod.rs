//! What the operator does at the command line.
//!
//! Over `DIR/admin.sock` while the server runs, else on the store itself; whoever types need not know which. See
//! [`socket`] for the server's end, [`wire`] for the lines between them, [`store`] for what needs no engine.

pub mod audit;
pub mod journal;
pub mod socket;
pub mod store;
pub mod wire;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use madoguchi_engine::domain::audit::{Act, Actor, Outcome};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::handle::{ResealError, Resealed};
use madoguchi_engine::vault::Vault;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{NewAgent, Role};
use madoguchi_protocol::limits::PASSWORD_MAX_BYTES;

use self::wire::{Request, Response};
use crate::admission::Class;
use crate::app::App;
use crate::args::{EXIT_UNAVAILABLE, EXIT_USAGE};
use crate::audit::InHand;
use crate::boot;
use crate::config::Config;
use crate::error::invalid;
use crate::routes::{agents, sending as sending_route};
use crate::telemetry;

/// `user add`: the password comes on standard input, its end of line does not belong to it.
#[must_use]
pub fn add_user(config: Config, login: String, name: Option<String>, role: Role) -> ExitCode {
    let Some(password) = read_password() else {
        say("the password is read from standard input: one line of UTF-8, 256 bytes at most");
        return ExitCode::from(EXIT_USAGE);
    };
    let name = name.unwrap_or_else(|| login.clone());
    run(config, Request::UserAdd(NewAgent { login, name, role, password }))
}

/// `compact`.
#[must_use]
pub fn compact(config: Config) -> ExitCode {
    run(config, Request::Compact)
}

/// `secrets rotate`.
#[must_use]
pub fn rotate_secrets(config: Config) -> ExitCode {
    run(config, Request::RotateSecrets)
}

/// `secrets reseal`.
#[must_use]
pub fn reseal_secrets(config: Config) -> ExitCode {
    run(config, Request::ResealSecrets)
}

/// `secrets new-key`.
#[must_use]
pub fn new_key(config: &Config) -> ExitCode {
    let path = config.secrets_key_file();
    report(&match Vault::make(&path) {
        Ok(()) => Response::Done { text: format!("made a key at {}", path.display()) },
        Err(error) => Response::Failed { text: boot::chain(&error) },
    })
}

/// `journal export`.
#[must_use]
pub fn export(config: Config, to: PathBuf) -> ExitCode {
    let to = match std::path::absolute(&to) {
        Ok(to) if !to.exists() => to,
        Ok(to) => {
            say(&format!("{} exists already", to.display()));
            return ExitCode::from(EXIT_USAGE);
        }
        Err(error) => {
            say(&format!("{}: {error}", to.display()));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    run(config, Request::JournalExport { to })
}

/// `log-level`: only the running server has one.
#[must_use]
pub fn log_level(config: &Config, level: Option<String>) -> ExitCode {
    let path = socket::path(&config.data_dir);
    report(&match socket::ask(&path, &Request::LogLevel { level }) {
        Ok(answer) => answer,
        Err(error) if socket::nobody_listens(&error) => {
            Response::Failed { text: "no server runs on this store".to_owned() }
        }
        Err(error) => Response::Failed { text: format!("{}: {error}", path.display()) },
    })
}

pub use journal::{import, verify};
pub use store::{backup, ledger, restore, sending};

/// Asks the running server, or does it itself.
fn run(config: Config, request: Request) -> ExitCode {
    run_or(config, request, offline)
}

/// Asks the running server; where none runs, `instead`.
fn run_or(config: Config, request: Request, instead: impl FnOnce(Config, Request) -> Response) -> ExitCode {
    let path = socket::path(&config.data_dir);
    let answer = match socket::ask(&path, &request) {
        Ok(answer) => answer,
        Err(error) if socket::nobody_listens(&error) => instead(config, request),
        Err(error) => Response::Failed { text: format!("{}: {error}", path.display()) },
    };
    report(&answer)
}

/// Starts the engine without a server, does it, and stops the engine.
fn offline(config: Config, request: Request) -> Response {
    let config = Arc::new(config);
    actix_web::rt::System::new().block_on(async move {
        let app = match boot::open(config, "offline").await {
            Ok(app) => app,
            Err(error) => {
                return Response::Failed { text: boot::chain(&error) };
            }
        };
        let answer = perform(&app, request).await;
        app.engine.stop().await;
        answer
    })
}

/// Does what the operator asked; on the server as at the command line. What is an act is written down before and after.
pub(crate) async fn perform(app: &App, request: Request) -> Response {
    let Some(action) = act_of(&request) else { return answer(app, request).await };
    let act = Act {
        actor: Actor::Operator,
        token: None,
        from: None,
        action: format!("operator {action}"),
        objects: Vec::new(),
        changes: Vec::new(),
    };
    let in_hand = match InHand::begin_act(app, act).await {
        Ok(in_hand) => in_hand,
        Err(problem) => return refused(problem),
    };
    if let Request::UserAdd(new) = &request {
        in_hand.acts().changed("login", None, Some(new.login.clone()));
        in_hand.acts().changed("role", None, Some(format!("{:?}", new.role).to_lowercase()));
    }
    let answer = answer(app, request).await;
    in_hand
        .end(match &answer {
            Response::Done { .. } => Outcome::Done,
            Response::Refused { problem, .. } => Outcome::Refused(problem.code.as_str().to_owned()),
            Response::Wrong { .. } | Response::Failed { .. } => Outcome::Refused("failed".to_owned()),
        })
        .await;
    answer
}

/// What a request is called in the audit log, if it is an act: what changes something, or takes the store's content out.
fn act_of(request: &Request) -> Option<&'static str> {
    match request {
        Request::UserAdd(_) => Some("user add"),
        Request::Compact => Some("compact"),
        Request::RotateSecrets => Some("secrets rotate"),
        Request::ResealSecrets => Some("secrets reseal"),
        Request::JournalExport { .. } => Some("journal export"),
        Request::Backup { .. } => Some("backup"),
        Request::Sending { change: Some(wish) } if wish.held => Some("sending hold"),
        Request::Sending { change: Some(_) } => Some("sending release"),
        Request::LogLevel { level: Some(_) } => Some("log-level"),
        Request::Sending { change: None }
        | Request::Ledger { .. }
        | Request::LogLevel { level: None }
        | Request::AuditVerify { .. } => None,
    }
}

async fn answer(app: &App, request: Request) -> Response {
    match request {
        Request::AuditVerify { noted } => {
            let _place = match app.admit(Class::Search) {
                Ok(place) => place,
                Err(problem) => return refused(problem),
            };
            match audit::noted(&noted) {
                Ok(noted) => audit::told(app.engine.audit_verify(noted).await),
                Err(problem) => refused(problem),
            }
        }
        Request::UserAdd(new) => match agents::add(app, By::Operator, new).await {
            Ok(agent) => Response::Done { text: format!("added {} with the id {}", agent.login, agent.id) },
            Err(problem) => refused(problem),
        },
        Request::Compact => match app.engine.compact().await {
            Ok(records) => Response::Done { text: format!("emptied {records} records for good") },
            Err(fault) => Response::Failed { text: boot::chain(&fault) },
        },
        Request::RotateSecrets => resealed(app.engine.rotate_secrets().await),
        Request::ResealSecrets => resealed(app.engine.reseal_secrets().await),
        Request::JournalExport { to } => {
            let _place = match app.admit(Class::Search) {
                Ok(place) => place,
                Err(problem) => return refused(problem),
            };
            match app.engine.export(&to).await {
                Ok(records) => Response::Done { text: format!("wrote {records} records to {}", to.display()) },
                Err(fault) => Response::Failed { text: boot::chain(&fault) },
            }
        }
        Request::Backup { to } => match app.engine.backup(&to).await {
            Ok(manifest) => Response::Done { text: store::written(&to, &manifest) },
            Err(error) => Response::Failed { text: boot::chain(&error) },
        },
        Request::Ledger { json } => {
            let _place = match app.admit(Class::Search) {
                Ok(place) => place,
                Err(problem) => return refused(problem),
            };
            match app.engine.ledger().await {
                Ok(ledger) => store::balance(&ledger, json),
                Err(fault) => Response::Failed { text: boot::chain(&fault) },
            }
        }
        Request::Sending { change: None } => {
            Response::Done { text: store::stands(&sending_route::shown(app.engine.sending())) }
        }
        Request::Sending { change: Some(wish) } => match sending_route::change(app, wish).await {
            Ok(now) => Response::Done { text: store::stands(&now) },
            Err(problem) => refused(problem),
        },
        Request::LogLevel { level: None } => Response::Done { text: telemetry::log_level() },
        Request::LogLevel { level: Some(level) } => match telemetry::set_log_level(&level) {
            Ok(()) => Response::Done { text: telemetry::log_level() },
            Err(why) => refused(invalid("level", &why.to_string())),
        },
    }
}

fn resealed(done: Result<Resealed, ResealError>) -> Response {
    match done {
        Ok(Resealed { sealed, unreadable: 0 }) => Response::Done { text: format!("sealed {sealed} secrets anew") },
        Ok(Resealed { sealed, unreadable }) => {
            Response::Done { text: format!("sealed {sealed} secrets anew; {unreadable} must be entered again") }
        }
        Err(error) => Response::Failed { text: boot::chain(&error) },
    }
}

fn refused(problem: Problem) -> Response {
    Response::Refused { text: problem.detail.clone().unwrap_or(problem.title.clone()), problem: Box::new(problem) }
}

fn report(answer: &Response) -> ExitCode {
    match answer {
        Response::Done { text } => {
            // Whoever closed standard output does not want the line.
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Response::Wrong { text } => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::FAILURE
        }
        Response::Refused { text, .. } => {
            say(text);
            ExitCode::FAILURE
        }
        Response::Failed { text } => {
            say(text);
            ExitCode::from(EXIT_UNAVAILABLE)
        }
    }
}

/// Tells whoever typed the command.
pub(crate) fn say(text: &str) {
    // Whoever closed standard error does not want the line.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn read_password() -> Option<String> {
    let mut text = String::new();
    let longest = PASSWORD_MAX_BYTES as u64 + 2;
    std::io::stdin().take(longest + 1).read_to_string(&mut text).ok()?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    (!password.contains('\n') && password.len() <= PASSWORD_MAX_BYTES).then(|| password.to_owned())
}
