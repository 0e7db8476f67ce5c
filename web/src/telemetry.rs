//! Logs to standard error, metrics in memory for `/metrics`.

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::figures;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
static LEVEL: OnceLock<Level> = OnceLock::new();

/// What is logged, and how to change it.
struct Level {
    now: Mutex<String>,
    set: Box<dyn Fn(EnvFilter) -> Result<(), NoLevel> + Send + Sync>,
}

/// Why the log's level stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum NoLevel {
    /// The text is none.
    #[error("a level, or directives such as info,madoguchi_engine=debug")]
    Wrong,
    /// Nothing is logged in this process.
    #[error("nothing is logged here")]
    NoLog,
}

/// Begins to log. A second call in one process is nothing: the first one's settings stay.
pub fn start_logging(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // The two forms are two types, hence twice the same.
    let set: Box<dyn Fn(EnvFilter) -> Result<(), NoLevel> + Send + Sync> = match log.format {
        LogFormat::Text => {
            let subscriber = subscriber.with_filter_reloading();
            let handle = subscriber.reload_handle();
            if subscriber.try_init().is_err() {
                return;
            }
            Box::new(move |filter| handle.reload(filter).map_err(|_| NoLevel::NoLog))
        }
        LogFormat::Json => {
            let subscriber = subscriber.json().flatten_event(true).with_filter_reloading();
            let handle = subscriber.reload_handle();
            if subscriber.try_init().is_err() {
                return;
            }
            Box::new(move |filter| handle.reload(filter).map_err(|_| NoLevel::NoLog))
        }
    };
    let _ = LEVEL.set(Level { now: Mutex::new(log.level.clone()), set });
}

/// What is logged now; empty where nothing is.
#[must_use]
pub fn log_level() -> String {
    LEVEL.get().map_or_else(String::new, |level| level.now.lock().clone())
}

/// Changes what is logged, until the end of the process.
///
/// # Errors
/// The text is no level, or nothing is logged.
pub fn set_log_level(text: &str) -> Result<(), NoLevel> {
    let filter = EnvFilter::try_new(text).map_err(|_| NoLevel::Wrong)?;
    let level = LEVEL.get().ok_or(NoLevel::NoLog)?;
    let mut now = level.now.lock();
    (level.set)(filter)?;
    text.clone_into(&mut now);
    tracing::info!(level = text, "the log's level was changed");
    Ok(())
}

/// Begins to collect metrics; again is nothing.
///
/// # Errors
/// A scale of a histogram is empty, which none is.
pub fn start_metrics() -> Result<(), BuildError> {
    if METRICS.get().is_some() {
        return Ok(());
    }
    let recorder = figures::builder()?.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = METRICS.set(handle);
        figures::describe();
    }
    Ok(())
}

/// All metrics as Prometheus reads them.
#[must_use]
pub fn render() -> String {
    METRICS.get().map_or_else(String::new, PrometheusHandle::render)
}

/// Keeps the memory of histograms bounded. To be called every few seconds.
pub fn upkeep() {
    if let Some(metrics) = METRICS.get() {
        metrics.run_upkeep();
    }
}
