//! Reading the settings. Every wrong key is named in one go, and where it came from.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};

use super::Config;
use super::validate::validate;

/// What stands before every environment variable; `__` goes one table deeper.
pub const ENV_PREFIX: &str = "MADOGUCHI_";

/// What the command line says; it beats everything else.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The file.
    pub file: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
}

/// Settings that cannot be used: every reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// Reads defaults, file, environment and command line, and checks the result.
///
/// # Errors
/// Names every unknown key, every value of the wrong kind, or else every value that breaks its rule.
pub fn load(overrides: &Overrides) -> Result<Config, ConfigError> {
    load_from(overrides, Env::prefixed(ENV_PREFIX).split("__"))
}

fn load_from(overrides: &Overrides, env: Env) -> Result<Config, ConfigError> {
    let mut given = Figment::new();
    if let Some(file) = &overrides.file {
        require_file(file)?;
        given = given.merge(Toml::file_exact(file));
    }
    given = given.merge(env);
    if let Some(data_dir) = &overrides.data_dir {
        given = given.merge(Serialized::default("data_dir", data_dir));
    }
    if let Some(listen) = &overrides.listen {
        given = given.merge(Serialized::default("listen", listen));
    }
    let merged = Figment::from(Serialized::defaults(Config::default()));
    let known = dict(&merged)?;
    let mut problems = Vec::new();
    compare("", &known, &dict(&given)?, &given, &mut problems);
    if !problems.is_empty() {
        return Err(ConfigError(problems));
    }
    let config: Config = merged
        .merge(given)
        .extract()
        .map_err(|error| ConfigError(error.into_iter().map(|e| e.to_string()).collect()))?;
    validate(&config)?;
    Ok(config)
}

fn require_file(file: &Path) -> Result<(), ConfigError> {
    std::fs::metadata(file).map(|_| ()).map_err(|error| ConfigError(vec![format!("{}: {error}", file.display())]))
}

fn dict(figment: &Figment) -> Result<Dict, ConfigError> {
    figment.extract().map_err(|error| ConfigError(error.into_iter().map(|e| e.to_string()).collect()))
}

/// Names what is given and not known, or given as another kind of value than it is.
fn compare(path: &str, known: &Dict, given: &Dict, source: &Figment, problems: &mut Vec<String>) {
    for (key, value) in given {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let from = source.find_metadata(&path).map_or_else(String::new, |meta| format!(" (in {})", place(meta)));
        match (known.get(key), value) {
            (None, _) => problems.push(format!("{path}: unknown key{from}")),
            (Some(Value::Dict(_, known)), Value::Dict(_, given)) => {
                compare(&path, known, given, source, problems);
            }
            (Some(wanted), found) if kind(wanted) != kind(found) => {
                problems.push(format!("{path}: expected {}, found {}{from}", kind(wanted), kind(found)))
            }
            (Some(_), _) => {}
        }
    }
}

fn place(meta: &figment::Metadata) -> String {
    match &meta.source {
        Some(source) => source.to_string(),
        None => meta.name.to_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "text",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "a number",
        Value::Dict(..) => "a table",
        Value::Array(..) => "a list",
        Value::Empty(..) => "nothing",
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "the closure's error type is the jail's own")]
mod tests {
    use figment::Jail;

    use super::*;

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("madoguchi.toml");
        std::fs::write(&file, text).expect("writable");
        load(&Overrides { file: Some(file), ..Overrides::default() })
    }

    #[test]
    fn nothing_given_means_the_defaults() {
        Jail::expect_with(|_| {
            assert_eq!(load(&Overrides::default()), Ok(Config::default()));
            Ok(())
        });
    }

    #[test]
    fn the_environment_beats_the_file_and_the_command_line_beats_both() {
        Jail::expect_with(|jail| {
            jail.create_file("m.toml", "listen = \"127.0.0.1:1\"\nworkers = 3\n[engine]\nidle_ms = 5000\n")?;
            jail.set_env("MADOGUCHI_WORKERS", "4");
            jail.set_env("MADOGUCHI_ENGINE__IDLE_MS", "7000");
            jail.set_env("MADOGUCHI_LISTEN", "127.0.0.1:2");
            let config = load(&Overrides {
                file: Some("m.toml".into()),
                listen: Some("127.0.0.1:3".to_owned()),
                data_dir: None,
            })
            .expect("all of it is right");
            assert_eq!(config.workers, 4);
            assert_eq!(config.engine.idle_ms, 7_000);
            assert_eq!(config.listen, "127.0.0.1:3");
            Ok(())
        });
    }

    #[test]
    fn every_misspelt_key_is_named_at_once_and_where_it_stands() {
        Jail::expect_with(|jail| {
            jail.set_env("MADOGUCHI_WORKRES", "4");
            let ConfigError(problems) =
                with_file("lisen = \"x\"\nworkers = \"many\"\n[limits]\nsockets = true\nsocket = 1\n")
                    .expect_err("five mistakes");
            assert_eq!(problems.len(), 5, "{problems:?}");
            for (key, what) in [
                ("lisen", "unknown key"),
                ("workres", "unknown key"),
                ("workers", "expected a number, found text"),
                ("limits.sockets", "expected a number, found true or false"),
                ("limits.socket", "unknown key"),
            ] {
                assert!(
                    problems.iter().any(|p| p.starts_with(&format!("{key}: {what}")) && p.contains("(in ")),
                    "{key}: {problems:?}"
                );
            }
            Ok(())
        });
    }

    #[test]
    fn every_value_out_of_its_range_is_named_at_once() {
        Jail::expect_with(|_| {
            let ConfigError(problems) = with_file(
                "listen = \"here\"\npublic_url = \"ftp://x/y\"\nstop_deadline_ms = 1\n[session]\nidle_s = 0\n",
            )
            .expect_err("four mistakes");
            for key in ["listen", "public_url", "stop_deadline_ms", "session.idle_s"] {
                assert!(problems.iter().any(|p| p.starts_with(&format!("{key}: "))), "{key}: {problems:?}");
            }
            Ok(())
        });
    }

    #[test]
    fn a_file_that_is_not_there_is_no_empty_file() {
        Jail::expect_with(|_| {
            let missing = load(&Overrides { file: Some("nowhere.toml".into()), ..Overrides::default() });
            assert!(missing.is_err());
            Ok(())
        });
    }
}
