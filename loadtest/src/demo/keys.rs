//! `demo.json` in the data folder: what a demo must remember so that the next one goes on where it was. Mode 0600.
//!
//! Its being there says that the store was made by a demo; on any other folder that has a journal the demo starts nothing.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rand::Rng;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};

use crate::run::RunError;

const NAME: &str = "demo.json";
/// Words that are read and typed easily.
const WORDS: [&str; 64] = [
    "aki", "ame", "asa", "azuki", "budo", "cha", "fuji", "fune", "fuyu", "goma", "hana", "haru", "hashi", "hato",
    "hikari", "hoshi", "ichigo", "ike", "inu", "iwa", "kaki", "kame", "kasa", "kawa", "kaze", "kiku", "kuri", "kumo",
    "kusa", "machi", "mado", "matsu", "midori", "mikan", "minato", "momiji", "momo", "mori", "mugi", "natsu", "neko",
    "nami", "niji", "niwa", "oka", "sakura", "sato", "sora", "suzu", "taki", "tako", "tama", "tera", "tori", "tsuki",
    "tsuru", "ume", "umi", "usagi", "yama", "yoru", "yuki", "yume", "yuzu",
];

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Keys {
    /// The owner's password, as it was at the first start.
    pub(super) owner: String,
    /// The agents' password.
    pub(super) agents: String,
}

impl Keys {
    /// New ones.
    pub(super) fn draw() -> Self {
        Self { owner: password(8), agents: password(2) }
    }

    /// Those of the store in `dir`, or new ones where there is no store yet; and whether they are new.
    pub(super) fn of(dir: &Path) -> Result<(Self, bool), RunError> {
        let path = path(dir);
        match fs::read(&path) {
            Ok(bytes) => {
                let unreadable = |_| RunError::Options(format!("{} is damaged", path.display()));
                Ok((serde_json::from_slice(&bytes).map_err(unreadable)?, false))
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !dir.join("journal").exists() => {
                Ok((Self::draw(), true))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(RunError::Options(format!(
                "{} holds a store that no demo made; give another --data-dir, or serve it with `make serve`",
                dir.display()
            ))),
            Err(source) => Err(RunError::Machine { what: "demo.json cannot be read", source }),
        }
    }

    /// Keeps them, for the next demo only.
    pub(super) fn keep(&self, dir: &Path) -> Result<(), RunError> {
        let failed = |source| RunError::Machine { what: "demo.json cannot be written", source };
        fs::create_dir_all(dir).map_err(failed)?;
        let text = serde_json::to_vec_pretty(self).expect("two texts are JSON");
        let part = path(dir).with_extension("part");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(part, path(dir)).map_err(failed)
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// So many words, six bits each, and a number of thirteen.
fn password(words: usize) -> String {
    let mut chance = rand::rng();
    let mut parts: Vec<String> =
        (0..words).map(|_| (*WORDS.choose(&mut chance).expect("there are some")).to_owned()).collect();
    parts.push(chance.random_range(1_000..10_000).to_string());
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_no_demo_made_is_never_filled_with_customers() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("journal")).expect("writable");
        assert!(matches!(Keys::of(dir.path()), Err(RunError::Options(_))));
    }

    #[test]
    fn the_next_demo_knows_the_keys_and_nobody_else_reads_them() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let (keys, is_new) = Keys::of(dir.path()).expect("an empty folder");
        assert!(is_new && keys.owner != keys.agents && keys.owner.len() > 2 * keys.agents.len());
        keys.keep(dir.path()).expect("writable");
        fs::create_dir(dir.path().join("journal")).expect("writable");
        let (again, is_new) = Keys::of(dir.path()).expect("a demo made it");
        assert!(!is_new && again.owner == keys.owner);
        let mode = fs::metadata(dir.path().join(NAME)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
