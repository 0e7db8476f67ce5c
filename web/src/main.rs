//! The program `madoguchi`: arguments, settings, then one of the commands. What each does stands in the library.

use std::process::ExitCode;

use madoguchi_protocol::api::ChangeSending;
use madoguchi_web::args::{self, Audit, Command, EXIT_USAGE, Journal, Secrets, Sending, Settings, User};
use madoguchi_web::{Config, admin, boot, config};

/// What a message is made of is taken on one thread and given back on another; the C library's allocator spends a fifth of
/// the processor on that and keeps more memory (docs/performance.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match args::parse() {
        Ok(args) => run(args.command),
        Err(code) => code,
    }
}

fn run(command: Command) -> ExitCode {
    match command {
        Command::PrintDefaultConfig => {
            #[expect(clippy::print_stdout, reason = "the sample is what was asked for")]
            {
                print!("{}", config::SAMPLE);
            }
            ExitCode::SUCCESS
        }
        Command::CheckConfig(settings) => with(&settings, |_| ExitCode::SUCCESS),
        Command::Serve(settings) => with(&settings, boot::serve),
        Command::User(User::Add { settings, login, name, role }) => {
            with(&settings, |config| admin::add_user(config, login, name, role.into()))
        }
        Command::Audit(Audit::Verify { settings, head }) => {
            with(&settings, |config| admin::audit::verify(config, head))
        }
        Command::Journal(Journal::Verify(settings)) => with(&settings, admin::verify),
        Command::Journal(Journal::Export { settings, to }) => with(&settings, |config| admin::export(config, to)),
        Command::Journal(Journal::Import { settings, from }) => with(&settings, |config| admin::import(&config, &from)),
        Command::Backup { settings, to } => with(&settings, |config| admin::backup(config, &to)),
        Command::Restore { settings, from } => with(&settings, |config| admin::restore(&config, &from)),
        Command::Sending(wish) => {
            let (settings, change) = match wish {
                Sending::Status(settings) => (settings, None),
                Sending::Hold(settings) => (settings, Some(ChangeSending { held: true, send_waiting: false })),
                Sending::Release { settings, send_waiting } => {
                    (settings, Some(ChangeSending { held: false, send_waiting }))
                }
            };
            with(&settings, |config| admin::sending(config, change))
        }
        Command::Ledger { settings, json } => with(&settings, |config| admin::ledger(config, json)),
        Command::Secrets(Secrets::Rotate(settings)) => with(&settings, admin::rotate_secrets),
        Command::Secrets(Secrets::Reseal(settings)) => with(&settings, admin::reseal_secrets),
        Command::Secrets(Secrets::NewKey(settings)) => with(&settings, |config| admin::new_key(&config)),
        Command::Compact(settings) => with(&settings, admin::compact),
        Command::LogLevel { settings, level } => with(&settings, |config| admin::log_level(&config, level)),
    }
}

/// Settings first: nothing is opened before all of them are right.
fn with(settings: &Settings, command: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match config::load(&settings.overrides()) {
        Ok(config) => command(config),
        Err(problems) => {
            #[expect(clippy::print_stderr, reason = "whoever typed it must see it")]
            {
                eprintln!("{problems}");
            }
            ExitCode::from(EXIT_USAGE)
        }
    }
}
