//! What a look at a bot tells about its connection. Whether callbacks arrive cannot be tried from here: the platform has no
//! such call, so that only a message shows it.

use super::bots::CALLBACKS;
use super::client::WorksClient;
use crate::channels::Outcome;
use crate::channels::examine::{Examination, Finding};

/// `public`: the platform is not on this machine, so that it needs an https address of ours.
pub(super) async fn examine(client: &WorksClient, webhook_url: &str, public: bool) -> Examination {
    let bot = match client.bot().await {
        Ok(bot) => bot,
        Err(outcome) => {
            let finding = match outcome {
                Outcome::Unauthorised { status: 403 } => Finding::RightMissing,
                Outcome::Unauthorised { .. } => Finding::TokenRefused,
                Outcome::Refused { .. } => Finding::BotUnknown,
                _ => Finding::PlatformUnreachable,
            };
            return Examination { name: None, findings: vec![finding] };
        }
    };
    let mut findings = Vec::new();
    if public && !webhook_url.starts_with("https://") {
        findings.push(Finding::PublicUrlNotHttps);
    }
    match bot.endpoint() {
        None => findings.push(Finding::NoEndpoint),
        Some(endpoint) => {
            if endpoint.url != webhook_url {
                findings.push(Finding::OtherEndpoint);
            }
            if !endpoint.active {
                findings.push(Finding::WebhookOff);
            }
        }
    }
    if CALLBACKS.iter().any(|wanted| bot.callback_events.iter().all(|event| event != wanted)) {
        findings.push(Finding::KindsSwitchedOff);
    }
    if bot.enable_group_join == Some(true) {
        findings.push(Finding::RoomsAllowed);
    }
    findings.push(Finding::CallbackUntried);
    Examination { name: bot.bot_name, findings }
}
