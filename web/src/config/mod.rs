//! The settings: defaults, then a TOML file, then `MADOGUCHI_*`, then the command line; checked as a whole.
//!
//! Every key stands in `config.sample.toml` with its unit, its default and what happens at the limit; a test holds the
//! two together. No secret of a channel is ever a setting. See [`load`](load::load) and [`validate`](validate::validate).

pub mod load;
pub mod mail;
pub mod mail_in;
pub mod validate;

use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use madoguchi_engine::uploads::Tools;

pub use load::{ConfigError, Overrides, load};

/// A program is looked for in the usual folders of the machine.
const AUTO: &str = "auto";
/// The credential of the service manager that holds the keys of secrets.
const CREDENTIAL: &str = "madoguchi.keys";

/// The commented sample; printed by `print-default-config`.
pub const SAMPLE: &str = include_str!("../../config.sample.toml");

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where HTTP is served; port 0 for a free one.
    pub listen: String,
    /// Under which address people and platforms reach this server; empty for the listen address.
    pub public_url: String,
    /// Further origins that may change things by cookie.
    pub allowed_origins: Vec<String>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// HTTP workers; 0 for one a core.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// From SIGTERM to the end of the process, in milliseconds.
    pub stop_deadline_ms: u64,
    /// What is written to standard error.
    pub log: Log,
    /// Limits on what comes in.
    pub limits: Limits,
    /// Cookie sessions.
    pub session: Session,
    /// Hashing and guessing of passwords.
    pub passwords: Passwords,
    /// What customers send besides words.
    pub media: Media,
    /// How secrets of channels are kept.
    pub secrets: Secrets,
    /// Mail.
    pub mail: mail::Mail,
    /// Mail that comes.
    pub mail_in: mail_in::MailIn,
    /// The engine behind it.
    pub engine: Engine,
    /// What the login page says below its form; everybody can read it.
    pub login_hint: String,
}

/// What is written to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or directives such as `info,madoguchi_engine=debug`.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Limits on what comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Longest JSON body in bytes.
    pub json_body_bytes: usize,
    /// Longest webhook body in bytes.
    pub webhook_body_bytes: usize,
    /// Until the headers of a request are there, in milliseconds.
    pub head_timeout_ms: u64,
    /// Until the body of a request is there, in milliseconds.
    pub body_timeout_ms: u64,
    /// Until an upload is there as a whole, in milliseconds; between two pieces of it `body_timeout_ms` may pass.
    pub upload_timeout_ms: u64,
    /// An idle connection is closed after this, in milliseconds.
    pub keep_alive_ms: u64,
    /// Open connections for each worker.
    pub connections_per_worker: usize,
    /// Open sockets of all agents.
    pub sockets: usize,
    /// Open sockets of one agent.
    pub sockets_per_agent: usize,
    /// What may wait for one socket, in bytes.
    pub socket_outbox_bytes: usize,
    /// Webhooks with a wrong signature from one address in a minute.
    pub wrong_signatures_per_minute: u32,
    /// Requests of one token in a second, in the long run.
    pub token_requests_per_second: u32,
}

/// Cookie sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// A session without a request ends after this, in seconds.
    pub idle_s: i64,
    /// A session ends after this in any case, in seconds.
    pub absolute_s: i64,
    /// Sessions of one agent.
    pub per_agent: usize,
}

/// Hashing and guessing of passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwords {
    /// Threads that hash; 0 for half the cores, at least one.
    pub threads: usize,
    /// Logins that may wait for a thread.
    pub queue: usize,
    /// Wrong passwords for one login in five minutes.
    pub failures_per_login: u32,
    /// Wrong passwords from one address in five minutes.
    pub failures_per_address: u32,
    /// Hash in a fraction of a millisecond. For tests only: such hashes are worth nothing.
    pub weak_hashes_for_tests: bool,
}

/// What customers send besides words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// The longest picture that is kept, in bytes.
    pub image_bytes: u64,
    /// The longest film, recording or file that is kept, in bytes.
    pub other_bytes: u64,
    /// How long a platform may prepare a film or recording, in milliseconds.
    pub ready_within_ms: i64,
    /// How long a platform that cannot be reached is tried again, in milliseconds.
    pub retry_for_ms: i64,
    /// Where pictures of LINE's stickers are; empty for nowhere.
    pub sticker_base_url: String,
}

/// How secrets of channels are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The file with their keys; empty for the service manager's credential, else beside the data folder.
    pub key_file: PathBuf,
}

/// The engine behind it; see `madoguchi_engine::Config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Threads that run windows; 0 for half the cores, at least one.
    pub arbiters: usize,
    /// Length of a journal segment in bytes.
    pub segment_bytes: u64,
    /// Below this much free space no new work is taken, in bytes.
    pub min_free_bytes: u64,
    /// How long a webhook waits for its window, in milliseconds.
    pub inbound_patience_ms: u64,
    /// An agent without a sign of life for this long counts as away, in milliseconds.
    pub presence_grace_ms: i64,
    /// A conversation without work for this long goes to sleep, in milliseconds.
    pub idle_ms: i64,
    /// Hold everything that would go out.
    pub hold_sending: bool,
    /// The program that converts HEIC pictures: a path, `auto` for the machine's, empty for none.
    pub heif_program: String,
    /// The program that takes pictures of films: a path, `auto` for the machine's, empty for none.
    pub ffmpeg_program: String,
    /// The name of the machine's present start; empty asks the kernel.
    pub boot_id: String,
}

impl Default for Config {
    fn default() -> Self {
        let engine = madoguchi_engine::Config::new("data");
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            allowed_origins: Vec::new(),
            data_dir: engine.data_dir,
            workers: 0,
            trusted_proxies: Vec::new(),
            stop_deadline_ms: 20_000,
            log: Log { level: "info".to_owned(), format: LogFormat::Text },
            limits: Limits {
                json_body_bytes: madoguchi_protocol::limits::JSON_BODY_BYTES,
                webhook_body_bytes: madoguchi_protocol::limits::WEBHOOK_BODY_BYTES,
                head_timeout_ms: 10_000,
                body_timeout_ms: 30_000,
                upload_timeout_ms: 900_000,
                keep_alive_ms: 75_000,
                connections_per_worker: 20_000,
                sockets: 20_000,
                sockets_per_agent: 32,
                socket_outbox_bytes: 1_048_576,
                wrong_signatures_per_minute: 30,
                token_requests_per_second: 200,
            },
            session: Session { idle_s: 12 * 3_600, absolute_s: 7 * 24 * 3_600, per_agent: 50 },
            passwords: Passwords {
                threads: 0,
                queue: 64,
                failures_per_login: 10,
                failures_per_address: 50,
                weak_hashes_for_tests: false,
            },
            media: Media {
                image_bytes: engine.media.image_bytes,
                other_bytes: engine.media.other_bytes,
                ready_within_ms: engine.media.ready_within_ms,
                retry_for_ms: engine.media.retry_for_ms,
                sticker_base_url: engine.media.sticker_base_url,
            },
            secrets: Secrets { key_file: PathBuf::new() },
            mail: mail::Mail::default(),
            mail_in: mail_in::MailIn::default(),
            engine: Engine {
                arbiters: engine.arbiters,
                segment_bytes: engine.segment_bytes,
                min_free_bytes: engine.min_free_bytes,
                inbound_patience_ms: engine.inbound_patience_ms,
                presence_grace_ms: engine.presence_grace_ms,
                idle_ms: engine.idle_ms,
                hold_sending: engine.hold_sending,
                heif_program: AUTO.to_owned(),
                ffmpeg_program: AUTO.to_owned(),
                boot_id: String::new(),
            },
            login_hint: String::new(),
        }
    }
}

impl Config {
    /// The engine's part, with the system's clock.
    #[must_use]
    pub fn engine(&self) -> madoguchi_engine::Config {
        madoguchi_engine::Config {
            arbiters: self.engine.arbiters,
            segment_bytes: self.engine.segment_bytes,
            min_free_bytes: self.engine.min_free_bytes,
            inbound_patience_ms: self.engine.inbound_patience_ms,
            presence_grace_ms: self.engine.presence_grace_ms,
            idle_ms: self.engine.idle_ms,
            hold_sending: self.engine.hold_sending,
            tools: self.tools(),
            mail_out: self.mail.out(),
            mail_in: self.mail_in.read(),
            media: madoguchi_engine::config::MediaLimits {
                image_bytes: self.media.image_bytes,
                other_bytes: self.media.other_bytes,
                ready_within_ms: self.media.ready_within_ms,
                retry_for_ms: self.media.retry_for_ms,
                sticker_base_url: self.media.sticker_base_url.clone(),
            },
            secrets_key_file: self.secrets_key_file(),
            boot_id: (!self.engine.boot_id.is_empty()).then(|| self.engine.boot_id.clone()),
            ..madoguchi_engine::Config::new(&self.data_dir)
        }
    }

    /// Where the keys of channel secrets lie: as set, else where the service manager put them (systemd's
    /// `LoadCredential=madoguchi.keys`), else beside the data folder.
    #[must_use]
    pub fn secrets_key_file(&self) -> PathBuf {
        if !self.secrets.key_file.as_os_str().is_empty() {
            return self.secrets.key_file.clone();
        }
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| PathBuf::from(dir).join(CREDENTIAL));
        let credential = credential.filter(|file| file.exists());
        credential.unwrap_or_else(|| madoguchi_engine::config::beside(&self.data_dir))
    }

    fn tools(&self) -> Tools {
        let machine = Tools::of_the_machine();
        let chosen = |setting: &str, found: Option<PathBuf>| match setting {
            AUTO => found,
            "" => None,
            path => Some(PathBuf::from(path)),
        };
        Tools {
            heif: chosen(&self.engine.heif_program, machine.heif),
            ffmpeg: chosen(&self.engine.ffmpeg_program, machine.ffmpeg),
        }
    }

    /// HTTP workers, with 0 resolved.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => cores(),
            chosen => chosen,
        }
    }

    /// Threads that hash, with 0 resolved.
    #[must_use]
    pub fn hashing_threads(&self) -> usize {
        match self.passwords.threads {
            0 => (cores() / 2).max(1),
            chosen => chosen,
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_lists_every_key_with_its_default() {
        let sample: toml::Value = toml::from_str(SAMPLE).expect("the sample is TOML");
        let defaults = toml::Value::try_from(Config::default()).expect("plain data");
        assert_eq!(sample, defaults);
    }

    #[test]
    fn every_key_of_the_sample_is_explained_above_it() {
        let mut explained = false;
        for line in SAMPLE.lines() {
            match line.trim() {
                "" => explained = false,
                comment if comment.starts_with('#') => explained = true,
                header if header.starts_with('[') => explained = false,
                key => assert!(explained, "no comment above {key}"),
            }
        }
    }
}
