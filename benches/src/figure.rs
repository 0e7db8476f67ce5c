//! A figure and its goal: as a line of the table, and as JSON for whoever wants to plot it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Outcome;

/// Whether a goal was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was.
    Ok,
    /// It was not.
    Miss,
    /// Nothing can be said: a peer is missing, or the product has no such thing yet.
    Open,
}

/// One goal and what was measured against it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The goal in words.
    pub goal: String,
    /// The figure that is held against it.
    pub figure: String,
    /// What it was measured beside, in the same run.
    pub beside: String,
    /// The judgement.
    pub verdict: Verdict,
}

/// The result of one measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The measurement's name, also the file's.
    pub measure: String,
    /// How long, how many, on which cores.
    pub method: String,
    /// What it says about the goals.
    pub lines: Vec<Line>,
    /// Every number behind it.
    pub raw: Value,
}

impl Line {
    /// `value` must not be above `limit`; what cannot be compared stays open.
    #[must_use]
    pub fn at_most(what: &str, goal: &str, value: Option<f64>, limit: f64, figure: String, beside: String) -> Self {
        Self::judged(what, goal, value.map(|value| value <= limit), figure, beside)
    }

    /// `value` must not be below `limit`; what cannot be compared stays open.
    #[must_use]
    pub fn at_least(what: &str, goal: &str, value: Option<f64>, limit: f64, figure: String, beside: String) -> Self {
        Self::judged(what, goal, value.map(|value| value >= limit), figure, beside)
    }

    fn judged(what: &str, goal: &str, reached: Option<bool>, figure: String, beside: String) -> Self {
        let verdict = match reached {
            Some(true) => Verdict::Ok,
            Some(false) => Verdict::Miss,
            None => Verdict::Open,
        };
        Self { what: what.to_owned(), goal: goal.to_owned(), figure, beside, verdict }
    }
}

impl Report {
    /// Writes `NAME.json` into `folder`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save(&self, folder: &Path) -> Outcome<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.json", self.measure));
        std::fs::write(&path, serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }

    /// Every report in `folder`, by name.
    ///
    /// # Errors
    /// A file there is no report.
    pub fn load_all(folder: &Path) -> Outcome<Vec<Self>> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        paths.iter().map(|path| Ok(serde_json::from_slice(&std::fs::read(path)?)?)).collect()
    }

    /// The report as lines for people: the verdict first, then goal, figure, and what stood beside it.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{} ({})\n", self.measure, self.method);
        for line in &self.lines {
            let verdict = match line.verdict {
                Verdict::Ok => "ok  ",
                Verdict::Miss => "MISS",
                Verdict::Open => "open",
            };
            text.push_str(&format!("  {verdict} {}\n", line.what));
            text.push_str(&format!("       goal {}; figure {}; beside {}\n", line.goal, line.figure, line.beside));
        }
        text
    }
}

/// The middle of an odd number of values, the upper middle of an even one; 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_that_is_just_reached_is_reached_and_what_has_no_peer_is_not() {
        let verdict = |value| Line::at_most("w", "g", value, 2.0, String::new(), String::new()).verdict;
        assert_eq!([Some(2.0), Some(2.1), None].map(verdict), [Verdict::Ok, Verdict::Miss, Verdict::Open]);
        let verdict = |value| Line::at_least("w", "g", value, 2.0, String::new(), String::new()).verdict;
        assert_eq!([Some(2.0), Some(1.9), None].map(verdict), [Verdict::Ok, Verdict::Miss, Verdict::Open]);
    }

    #[test]
    fn what_was_saved_is_what_the_table_shows() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = Line::at_most("waking", "1 ms", Some(2.0), 1.0, "2 ms".to_owned(), "a sync".to_owned());
        let report = Report { measure: "m".to_owned(), method: "once".to_owned(), lines: vec![line], raw: Value::Null };
        report.save(folder.path()).expect("written");
        let loaded = Report::load_all(folder.path()).expect("read");
        assert_eq!(loaded.len(), 1);
        assert!(loaded[0].table().contains("MISS waking"), "{}", loaded[0].table());
    }

    #[test]
    fn the_median_does_not_ask_for_order() {
        assert_eq!([median(&[3.0, 1.0, 2.0]), median(&[2.0, 1.0]), median(&[])], [2.0, 2.0, 0.0]);
    }
}
