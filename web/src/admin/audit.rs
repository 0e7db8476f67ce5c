//! `audit verify`: whether the audit log is whole. Without a server it reads the files alone.

use std::process::ExitCode;

use madoguchi_engine::audit::{self, Mark, Report};
use madoguchi_engine::domain::audit::Head;
use madoguchi_engine::journal::Fault;
use madoguchi_protocol::Problem;

use super::run_or;
use super::wire::{Request, Response};
use crate::boot::chain;
use crate::config::Config;
use crate::error::invalid;

/// `audit verify`; `heads` are places that were noted elsewhere.
#[must_use]
pub fn verify(config: Config, heads: Vec<String>) -> ExitCode {
    run_or(config, Request::AuditVerify { noted: heads.clone() }, |config, _| match noted(&heads) {
        Ok(noted) => told(audit::verify_files(&config.data_dir, &noted)),
        Err(problem) => super::refused(problem),
    })
}

/// The places that were noted, as the engine has them.
pub(super) fn noted(texts: &[String]) -> Result<Vec<Head>, Problem> {
    let head = |text: &String| match text.parse::<Mark>() {
        Ok(Mark(head)) => Ok(head),
        Err(why) => Err(invalid("head", &why.to_string())),
    };
    texts.iter().map(head).collect()
}

/// What a check found, for the operator.
pub(super) fn told(report: Result<Report, Fault>) -> Response {
    match report {
        Ok(Report { broken: Some(broken), .. }) => {
            Response::Wrong { text: format!("the audit log is damaged: {broken}") }
        }
        Ok(Report { head, erased, broken: None }) => Response::Done {
            text: format!(
                "{} entries of the audit log are whole, the words of {erased} were erased; note the newest elsewhere: {}",
                head.position,
                Mark(head)
            ),
        },
        Err(fault) => Response::Failed { text: chain(&fault) },
    }
}
