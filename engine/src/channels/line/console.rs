//! What an account's owner sets and sees in LINE's consoles, as far as the interface shows it: the webhook's address, the
//! month's quota. And what is wrong with it, in words of ours.

use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::answer::Call;
use super::client::{BotInfo, LineClient};
use crate::channels::Outcome;
use crate::channels::examine::{Endpoint, Finding};
use crate::domain::org::LineSettings;

/// How LINE's own try of the webhook went.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointTest {
    /// It was answered with 200.
    pub success: bool,
    /// The status it was answered with; 0 or less without one.
    #[serde(default)]
    pub status_code: i64,
    /// LINE's word for it.
    #[serde(default)]
    pub reason: String,
    /// LINE's words for it.
    #[serde(default)]
    pub detail: String,
}

/// What LINE says about an account.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Whose token this is.
    pub bot: Result<BotInfo, Outcome>,
    /// Where webhooks go; `Ok(None)` where nobody said it.
    pub endpoint: Result<Option<Endpoint>, Outcome>,
    /// Whether they arrive.
    pub test: Result<EndpointTest, Outcome>,
}

/// What is wrong. `webhook_url` is ours; `destination` is what the last webhook named, where one came.
#[must_use]
pub fn findings(
    line: &LineSettings,
    webhook_url: &str,
    destination: Option<&str>,
    examined: &Examined,
) -> Vec<Finding> {
    let mut found = Vec::new();
    match &examined.bot {
        Err(Outcome::Unauthorised { .. } | Outcome::Refused { .. }) => return vec![Finding::TokenRefused],
        Err(_) => return vec![Finding::LineUnreachable],
        Ok(bot) => {
            if destination.is_some_and(|destination| destination != bot.user_id) {
                found.push(Finding::WrongDestination);
            }
            let by_hand = bot.mark_as_read_mode.as_deref() != Some("auto");
            if line.mark_as_read && !by_hand {
                found.push(Finding::ChatOff);
            }
            if bot.chat_mode.as_deref() == Some("chat") {
                found.push(Finding::ChatOn);
            }
        }
    }
    let is_local = line.api_base_url.starts_with("http://");
    if !webhook_url.starts_with("https://") && !is_local {
        found.push(Finding::PublicUrlNotHttps);
    }
    match &examined.endpoint {
        Ok(None) => found.push(Finding::NoEndpoint),
        Ok(Some(endpoint)) => {
            if endpoint.url != webhook_url {
                found.push(Finding::OtherEndpoint);
            }
            if !endpoint.active {
                found.push(Finding::WebhookOff);
            }
        }
        Err(_) => found.push(Finding::WebhookUntested),
    }
    let test = match &examined.test {
        Ok(EndpointTest { success: true, .. }) => None,
        Ok(test) => Some(match (test.reason.as_str(), test.status_code) {
            ("COULD_NOT_CONNECT", _) => Finding::CannotConnect,
            ("REQUEST_TIMEOUT", _) => Finding::WebhookTimesOut,
            ("ERROR_STATUS_CODE", 401) => Finding::WrongSecret,
            ("ERROR_STATUS_CODE", _) => Finding::WebhookFails,
            _ => Finding::WebhookUntested,
        }),
        Err(_) => Some(Finding::WebhookUntested),
    };
    found.extend(test);
    found.extend([Finding::AutoReplyUnknown, Finding::RedeliveryUnknown]);
    found.sort_unstable();
    found.dedup();
    found
}

#[derive(Deserialize)]
struct Limit {
    #[serde(rename = "type")]
    kind: String,
    value: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consumption {
    total_usage: u64,
}

impl LineClient {
    /// Asks for the month's limit (`None` without one) and how much of it is used.
    ///
    /// # Errors
    /// The outcome of the call that failed; `Refused` with 200 where the answer is not LINE's.
    pub async fn quota(&self) -> Result<(Option<u64>, u64), Outcome> {
        let limit: Limit = self.asked("/v2/bot/message/quota").await?;
        let used: Consumption = self.asked("/v2/bot/message/quota/consumption").await?;
        let limit = match limit.kind.as_str() {
            "none" => None,
            _ => Some(limit.value.ok_or_else(odd)?),
        };
        Ok((limit, used.total_usage))
    }

    /// Asks where webhooks go; `None` where nobody said it.
    ///
    /// # Errors
    /// As [`LineClient::quota`].
    pub async fn endpoint(&self) -> Result<Option<Endpoint>, Outcome> {
        match self.asked("/v2/bot/channel/webhook/endpoint").await {
            Ok(endpoint) => Ok(Some(endpoint)),
            Err(Outcome::Refused { status: 404, .. }) => Ok(None),
            Err(outcome) => Err(outcome),
        }
    }

    /// Says where webhooks are to go. LINE may take a minute to follow.
    pub async fn set_endpoint(&self, url: &str) -> Outcome {
        let request = self.http.put(self.below("/v2/bot/channel/webhook/endpoint"));
        self.call(Call::Ask, request.json(&json!({ "endpoint": url }))).await.1
    }

    /// Has LINE try an address with an empty webhook.
    ///
    /// # Errors
    /// As [`LineClient::quota`].
    pub async fn test_endpoint(&self, url: &str) -> Result<EndpointTest, Outcome> {
        let request = self.http.post(self.below("/v2/bot/channel/webhook/test"));
        read(self.call(Call::Ask, request.json(&json!({ "endpoint": url }))).await)
    }

    /// Everything that LINE says about the account.
    pub async fn examine(&self, url: &str) -> Examined {
        let bot = self.bot_info().await;
        if let Err(outcome) = &bot {
            return Examined { endpoint: Err(outcome.clone()), test: Err(outcome.clone()), bot };
        }
        Examined { endpoint: self.endpoint().await, test: self.test_endpoint(url).await, bot }
    }

    async fn asked<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Outcome> {
        read(self.call(Call::Ask, self.http.get(self.below(path))).await)
    }

    fn below(&self, path: &str) -> Url {
        self.base.join(path).expect("a path of ours below an address that was checked")
    }
}

fn read<T: serde::de::DeserializeOwned>((body, outcome): (Vec<u8>, Outcome)) -> Result<T, Outcome> {
    match outcome {
        Outcome::Accepted { .. } => serde_json::from_slice(&body).map_err(|_| odd()),
        outcome => Err(outcome),
    }
}

fn odd() -> Outcome {
    Outcome::Refused { status: 200, detail: "the answer is not LINE's".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::{Access, SendMode};

    const URL: &str = "https://desk.example/hooks/line/1";

    fn good() -> Examined {
        let bot = BotInfo {
            user_id: "U1".into(),
            display_name: "店".into(),
            basic_id: None,
            chat_mode: Some("bot".into()),
            mark_as_read_mode: Some("manual".into()),
        };
        let test = EndpointTest { success: true, status_code: 200, reason: "OK".into(), detail: "200".into() };
        Examined { bot: Ok(bot), endpoint: Ok(Some(Endpoint { url: URL.into(), active: true })), test: Ok(test) }
    }

    fn found(url: &str, destination: Option<&str>, change: impl FnOnce(&mut Examined)) -> Vec<Finding> {
        let line = LineSettings::new("s".into(), Access::LongLived { token: "t".into() }, SendMode::Auto);
        let mut examined = good();
        change(&mut examined);
        let mut found = findings(&line, url, destination, &examined);
        let unknown = found.split_off(found.len().saturating_sub(2));
        if unknown == [Finding::AutoReplyUnknown, Finding::RedeliveryUnknown] {
            found
        } else {
            [found, unknown].concat()
        }
    }

    fn failing(reason: &str, status_code: i64) -> Result<EndpointTest, Outcome> {
        Ok(EndpointTest { success: false, status_code, reason: reason.into(), detail: String::new() })
    }

    #[test]
    fn each_fault_of_a_connection_has_its_own_name() {
        use Finding::*;
        let bot = |examined: &mut Examined, change: fn(&mut BotInfo)| change(examined.bot.as_mut().unwrap());
        assert_eq!(found(URL, Some("U1"), |_| ()), []);
        assert_eq!(found(URL, None, |_| ()), [], "nothing came yet, and nothing is known of it");
        assert_eq!(found(URL, Some("U2"), |_| ()), [WrongDestination]);
        assert_eq!(found(URL, None, |e| e.bot = Err(Outcome::Unauthorised { status: 401 })), [TokenRefused]);
        assert_eq!(found(URL, None, |e| e.bot = Err(Outcome::NotSent)), [LineUnreachable]);
        assert_eq!(found(URL, None, |e| e.endpoint = Ok(None)), [NoEndpoint]);
        let (elsewhere, off) = (|url: &str, active| Ok(Some(Endpoint { url: url.into(), active })), URL);
        assert_eq!(found(URL, None, |e| e.endpoint = elsewhere("https://old.example/", true)), [OtherEndpoint]);
        assert_eq!(found(URL, None, |e| e.endpoint = elsewhere(off, false)), [WebhookOff]);
        assert_eq!(found("http://desk.example/x", None, |e| e.endpoint = Ok(None)), [NoEndpoint, PublicUrlNotHttps]);
        for (reason, status, finding) in [
            ("COULD_NOT_CONNECT", 0, CannotConnect),
            ("REQUEST_TIMEOUT", 0, WebhookTimesOut),
            ("ERROR_STATUS_CODE", 401, WrongSecret),
            ("ERROR_STATUS_CODE", 503, WebhookFails),
            ("UNCLASSIFIED", 0, WebhookUntested),
            ("something new", 0, WebhookUntested),
        ] {
            assert_eq!(found(URL, None, |e| e.test = failing(reason, status)), [finding], "{reason} {status}");
        }
        assert_eq!(found(URL, None, |e| e.test = Err(Outcome::RateLimited)), [WebhookUntested]);
        assert_eq!(found(URL, None, |e| bot(e, |b| b.mark_as_read_mode = Some("auto".into()))), [ChatOff]);
        assert_eq!(found(URL, None, |e| bot(e, |b| b.chat_mode = Some("chat".into()))), [ChatOn]);
    }
}
