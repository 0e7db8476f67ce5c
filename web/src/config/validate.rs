//! The rules of the settings, all checked in one go.

use actix_web::http::Uri;

use super::{Config, ConfigError};

/// Checks every rule.
///
/// # Errors
/// Every rule that is broken, each with its key.
pub fn validate(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Vec::new();
    let mut rule = |holds: bool, text: &str| {
        if !holds {
            problems.push(text.to_owned());
        }
    };
    rule(
        config.listen.parse::<std::net::SocketAddr>().is_ok(),
        "listen: an address and a port, such as 127.0.0.1:8080",
    );
    rule(
        config.public_url.is_empty() || origin(&config.public_url).is_some(),
        "public_url: empty, or http:// or https:// with a host and no path",
    );
    rule(
        config.allowed_origins.iter().all(|o| origin(o).is_some()),
        "allowed_origins: each http:// or https:// with a host and no path",
    );
    rule(!config.data_dir.as_os_str().is_empty(), "data_dir: a folder");
    rule(config.login_hint.chars().count() <= 500, "login_hint: at most 500 characters");
    rule(config.workers <= 1_024, "workers: 0 to 1,024");
    rule((1_000..=600_000).contains(&config.stop_deadline_ms), "stop_deadline_ms: 1,000 to 600,000");
    rule(
        tracing_subscriber::EnvFilter::try_new(&config.log.level).is_ok(),
        "log.level: a level, or directives such as info,madoguchi_engine=debug",
    );
    check_limits(&config.limits, &mut rule);
    check_sessions(&config.session, &mut rule);
    check_passwords(&config.passwords, &mut rule);
    check_media(&config.media, &mut rule);
    check_engine(&config.engine, &mut rule);
    config.mail.check(&mut rule);
    config.mail_in.check(&mut rule);
    if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
}

fn check_limits(limits: &super::Limits, rule: &mut impl FnMut(bool, &str)) {
    rule((1_024..=16 << 20).contains(&limits.json_body_bytes), "limits.json_body_bytes: 1,024 to 16,777,216");
    rule((1_024..=16 << 20).contains(&limits.webhook_body_bytes), "limits.webhook_body_bytes: 1,024 to 16,777,216");
    for (name, value) in [
        ("head_timeout_ms", limits.head_timeout_ms),
        ("body_timeout_ms", limits.body_timeout_ms),
        ("upload_timeout_ms", limits.upload_timeout_ms),
        ("keep_alive_ms", limits.keep_alive_ms),
    ] {
        rule((100..=3_600_000).contains(&value), &format!("limits.{name}: 100 to 3,600,000"));
    }
    rule(
        (65_536..=67_108_864).contains(&limits.socket_outbox_bytes),
        "limits.socket_outbox_bytes: 65,536 to 67,108,864",
    );
    for (name, value) in [
        ("connections_per_worker", limits.connections_per_worker),
        ("sockets", limits.sockets),
        ("sockets_per_agent", limits.sockets_per_agent),
    ] {
        rule((1..=1_000_000).contains(&value), &format!("limits.{name}: 1 to 1,000,000"));
    }
    rule(
        (1..=100_000).contains(&limits.wrong_signatures_per_minute),
        "limits.wrong_signatures_per_minute: 1 to 100,000",
    );
    rule((1..=100_000).contains(&limits.token_requests_per_second), "limits.token_requests_per_second: 1 to 100,000");
}

fn check_sessions(session: &super::Session, rule: &mut impl FnMut(bool, &str)) {
    let longest = 366 * 24 * 3_600;
    rule((1..=longest).contains(&session.absolute_s), "session.absolute_s: 1 to 31,622,400");
    rule((1..=session.absolute_s.max(1)).contains(&session.idle_s), "session.idle_s: 1 to session.absolute_s");
    rule((1..=1_000).contains(&session.per_agent), "session.per_agent: 1 to 1,000");
}

fn check_passwords(passwords: &super::Passwords, rule: &mut impl FnMut(bool, &str)) {
    rule(passwords.threads <= 64, "passwords.threads: 0 to 64");
    rule((1..=10_000).contains(&passwords.queue), "passwords.queue: 1 to 10,000");
    for (name, value) in
        [("failures_per_login", passwords.failures_per_login), ("failures_per_address", passwords.failures_per_address)]
    {
        rule((1..=100_000).contains(&value), &format!("passwords.{name}: 1 to 100,000"));
    }
}

fn check_media(media: &super::Media, rule: &mut impl FnMut(bool, &str)) {
    for (name, value) in [("image_bytes", media.image_bytes), ("other_bytes", media.other_bytes)] {
        rule((1_024..=2_000_000_000).contains(&value), &format!("media.{name}: 1,024 to 2,000,000,000"));
    }
    for (name, value) in [("ready_within_ms", media.ready_within_ms), ("retry_for_ms", media.retry_for_ms)] {
        rule((100..=604_800_000).contains(&value), &format!("media.{name}: 100 to 604,800,000"));
    }
    let base = &media.sticker_base_url;
    let is_safe = origin(base).is_some_and(|origin| {
        origin.starts_with("https://")
            || ["http://127.0.0.1", "http://[::1]", "http://localhost"].iter().any(|here| origin.starts_with(here))
    });
    rule(base.is_empty() || is_safe, "media.sticker_base_url: empty, or https:// with a host and no path");
}

fn check_engine(engine: &super::Engine, rule: &mut impl FnMut(bool, &str)) {
    rule(engine.arbiters <= 256, "engine.arbiters: 0 to 256");
    rule((8_192..=1 << 30).contains(&engine.segment_bytes), "engine.segment_bytes: 8,192 to 1,073,741,824");
    rule((1..=60_000).contains(&engine.inbound_patience_ms), "engine.inbound_patience_ms: 1 to 60,000");
    rule(
        engine.boot_id.len() <= 64 && engine.boot_id.bytes().all(|byte| byte.is_ascii_graphic()),
        "engine.boot_id: empty, or up to 64 visible ASCII characters without a space",
    );
    for (name, value) in [("presence_grace_ms", engine.presence_grace_ms), ("idle_ms", engine.idle_ms)] {
        rule((1..=86_400_000).contains(&value), &format!("engine.{name}: 1 to 86,400,000"));
    }
}

/// Scheme, host and port of an address that has no path; `None` for anything else.
#[must_use]
pub fn origin(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str().filter(|s| ["http", "https"].contains(s))?;
    let authority = uri.authority()?;
    if uri.path() != "/" || uri.query().is_some() || authority.as_str().contains('@') {
        return None;
    }
    if text.ends_with('/') || text.contains('#') {
        return None;
    }
    let host = authority.host().to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    match authority.port_u16() {
        Some(port) if port != usual => Some(format!("{scheme}://{host}:{port}")),
        _ => Some(format!("{scheme}://{host}")),
    }
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, wanted) in [
            ("https://Talk.Example", Some("https://talk.example")),
            ("https://talk.example:443/", Some("https://talk.example")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://a:80", Some("http://a")),
            ("https://talk.example/path", None),
            ("https://user@talk.example", None),
            ("https://talk.example?x", None),
            ("talk.example", None),
            ("ftp://talk.example", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(origin(text).as_deref(), wanted, "{text}");
        }
    }
}
