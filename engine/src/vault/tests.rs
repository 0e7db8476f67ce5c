//! What the vault promises: nothing opens elsewhere, nothing opens after its key is gone, nothing shows.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::domain::id::WindowId;
use crate::domain::org::{Access, InboxSettings, LineSettings, SendMode};

const NOW: Timestamp = Timestamp(1_000);

fn place(inbox: u128, field: &'static str) -> Place {
    Place { inbox: InboxId(inbox), field }
}

fn settled(path: &Path) -> Vault {
    let vault = Vault::open(path).unwrap();
    vault.settle(&Org::default()).unwrap();
    vault
}

fn holding(secret: Secret) -> Org {
    let line = LineSettings::new(secret, Access::Stateless, SendMode::Auto);
    let window = WindowId::new("w").unwrap();
    let inbox = Inbox { id: InboxId(1), window, settings: InboxSettings::Line(line), changed_at: NOW };
    let mut org = Org::default();
    org.inboxes.insert(inbox.id, inbox);
    org
}

#[test]
fn a_seal_opens_at_its_own_place_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let vault = settled(&dir.path().join("keys"));
    let sealed = vault.seal(place(1, "channel_secret"), "canary 窓口", NOW);
    assert_eq!((sealed.len(), sealed.set_at()), ("canary 窓口".len(), Some(NOW)));
    assert_eq!(vault.open_secret(place(1, "channel_secret"), &sealed).unwrap().as_str(), "canary 窓口");
    for elsewhere in [place(2, "channel_secret"), place(1, "channel_access_token")] {
        assert_eq!(vault.open_secret(elsewhere, &sealed), Err(Unreadable), "{elsewhere:?}");
    }
    let Secret::Sealed(whole) = &sealed else { panic!("sealed") };
    assert!(!whole.bytes.windows(6).any(|part| part == b"canary"));
    for index in 0..whole.bytes.len() {
        let mut damaged = whole.clone();
        damaged.bytes[index] ^= 1;
        assert_eq!(vault.open_secret(place(1, "channel_secret"), &Secret::Sealed(damaged)), Err(Unreadable));
    }
    assert_ne!(sealed, vault.seal(place(1, "channel_secret"), "canary 窓口", NOW), "equal secrets look different");
}

#[test]
fn the_key_is_made_once_for_its_owner_alone_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    let sealed = settled(&path).seal(place(1, "channel_secret"), "s", NOW);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Vault::open(&path).unwrap();
    again.settle(&holding(sealed.clone())).unwrap();
    assert_eq!(again.open_secret(place(1, "channel_secret"), &sealed).unwrap().as_str(), "s");
    assert!(matches!(Vault::make(&path), Err(VaultError::Exists { .. })), "no key is written over");
}

#[test]
fn a_store_whose_keys_are_missing_does_not_start_with_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    let sealed = settled(&path).seal(place(1, "channel_secret"), "s", NOW);
    std::fs::remove_file(&path).unwrap();
    let refused = Vault::open(&path).unwrap().settle(&holding(sealed.clone()));
    assert!(matches!(refused, Err(VaultError::Missing { .. })), "{refused:?}");
    assert!(!path.exists());
    // The operator says that they are lost.
    Vault::make(&path).unwrap();
    let vault = Vault::open(&path).unwrap();
    vault.settle(&holding(sealed.clone())).unwrap();
    assert_eq!(vault.open_secret(place(1, "channel_secret"), &sealed), Err(Unreadable));
}

#[test]
fn what_a_rotation_leaves_behind_is_closed_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    let vault = settled(&path);
    let there = place(1, "channel_secret");
    let (replaced, kept) = (vault.seal(there, "old", NOW), vault.seal(there, "new", NOW));
    assert_eq!(vault.resealed(there, &kept, Timestamp(5)), Ok(None), "nothing to do");
    vault.add_key().unwrap();
    assert_eq!(vault.open_secret(there, &kept).unwrap().as_str(), "new", "former keys still open");
    let kept = vault.resealed(there, &kept, Timestamp(5)).unwrap().expect("another key");
    assert_eq!(kept.set_at(), Some(NOW), "nobody gave it anew");
    vault.forget_former().unwrap();
    for vault in [vault, Vault::open(&path).unwrap()] {
        assert_eq!(vault.count(), 1);
        assert_eq!(vault.open_secret(there, &kept).unwrap().as_str(), "new");
        assert_eq!(vault.open_secret(there, &replaced), Err(Unreadable));
    }
}

#[test]
fn secrets_of_former_releases_open_and_are_sealed_when_they_are_touched() {
    let vault = Vault::known_to_all();
    let there = place(1, "channel_secret");
    let plain = Secret::from("s");
    assert_eq!(vault.open_secret(there, &plain).unwrap().as_str(), "s");
    let sealed = vault.resealed(there, &plain, NOW).unwrap().expect("it was open");
    assert!(matches!(sealed, Secret::Sealed(_)));
    assert_eq!(vault.open_secret(there, &sealed).unwrap().as_str(), "s");
}

#[test]
fn a_file_that_is_none_is_refused_with_its_line_and_without_its_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    let good = format!("{:016x} {}\n", 7, "A".repeat(43) + "=");
    for (text, line) in [
        ("".to_owned(), 1),
        ("# only words\n".to_owned(), 1),
        (format!("{good}canary\n"), 2),
        (format!("{good}zz canary\n"), 2),
        (format!("{good}8 Y2FuYXJ5\n"), 2),
        (format!("{good}{good}"), 2),
    ] {
        std::fs::write(&path, &text).unwrap();
        let Err(VaultError::NoKey { line: found, .. }) = Vault::open(&path) else { panic!("{text}") };
        assert_eq!(found, line, "{text}");
        assert!(!Vault::open(&path).unwrap_err().to_string().contains("canary"));
    }
    std::fs::write(&path, format!("# words\n\n{good}")).unwrap();
    assert_eq!(Vault::open(&path).unwrap().count(), 1);
    assert!(!format!("{:?}", Vault::open(&path).unwrap()).contains("AAAA"));
}
