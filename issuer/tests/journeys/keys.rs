//! Keys at rest.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use matricula_issuer::keyring::{KeyName, KeyPurpose, Keyring, KeyringError, Passphrase, WorkFactor};

use crate::world::{passphrase, quick};

fn name() -> KeyName {
    KeyName::from(KeyPurpose::Issue)
}

#[test]
fn a_key_is_unlocked_with_its_passphrase_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path().join("keys"));
    let entry = keyring.create(&name(), KeyPurpose::Issue, &passphrase(), quick()).unwrap();
    assert_eq!(keyring.unlock(&name(), &passphrase()).unwrap().public(), entry.public);
    let wrong = keyring.unlock(&name(), &Passphrase::new("correct horse batterz".to_owned())).err().unwrap();
    assert!(matches!(wrong, KeyringError::WrongPassphrase { .. }));
    assert_eq!(wrong.code(), "wrong_passphrase");
}

#[test]
fn a_key_is_readable_by_its_owner_alone_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path().join("keys"));
    keyring.create(&name(), KeyPurpose::Issue, &passphrase(), quick()).unwrap();
    let path = folder.path().join("keys/issue.age");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&path).unwrap();
    let refused = keyring.create(&name(), KeyPurpose::Issue, &passphrase(), quick()).unwrap_err();
    assert!(matches!(refused, KeyringError::KeyExists { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn the_file_is_age_and_holds_no_seed_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path());
    keyring.create(&name(), KeyPurpose::Issue, &passphrase(), quick()).unwrap();
    let bytes = fs::read(folder.path().join("issue.age")).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    let seed = keyring.unlock(&name(), &passphrase()).unwrap().seed();
    assert!(!bytes.windows(32).any(|window| window == seed.as_slice()));
}

#[test]
fn a_damaged_or_exchanged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path());
    keyring.create(&name(), KeyPurpose::Issue, &passphrase(), quick()).unwrap();
    let other = KeyName::parse("issue-2").unwrap();
    keyring.create(&other, KeyPurpose::Issue, &passphrase(), quick()).unwrap();
    fs::copy(folder.path().join("issue-2.age"), folder.path().join("issue.age")).unwrap();
    let refused = keyring.unlock(&name(), &passphrase()).err().unwrap();
    assert!(matches!(refused, KeyringError::PublicKeyDiffers { .. }));
    fs::write(folder.path().join("issue.age"), b"age-encryption.org/v1\n").unwrap();
    assert!(matches!(keyring.unlock(&name(), &passphrase()).err().unwrap(), KeyringError::Damaged { .. }));
}

#[test]
fn short_passphrases_wrong_purposes_and_odd_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path());
    let short = Passphrase::new("señor".to_owned());
    let refused = keyring.create(&name(), KeyPurpose::Issue, &short, quick()).unwrap_err();
    assert!(matches!(refused, KeyringError::PassphraseTooShort { chars: 5, .. }));
    keyring.create(&name(), KeyPurpose::Issue, &passphrase(), quick()).unwrap();
    let refused = keyring.unlock_for(KeyPurpose::Approve, &name(), &passphrase()).err().unwrap();
    assert!(matches!(refused, KeyringError::WrongPurpose { .. }));
    for text in ["", "../issue", "a/b", "Issue", "-x", &"a".repeat(33)] {
        assert!(KeyName::parse(text).is_none(), "{text}");
    }
    assert!(WorkFactor::new(0).is_none() && WorkFactor::new(23).is_none() && WorkFactor::new(22).is_some());
}

#[test]
fn keys_are_listed_without_a_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::new(folder.path());
    for purpose in [KeyPurpose::Issue, KeyPurpose::Approve] {
        keyring.create(&purpose.into(), purpose, &passphrase(), quick()).unwrap();
    }
    // A public file without a secret is what an interrupted attempt leaves behind: no key.
    fs::copy(folder.path().join("issue.pub"), folder.path().join("bind.pub")).unwrap();
    let names: Vec<String> =
        keyring.entries().unwrap().iter().map(|entry| entry.name.as_str().to_owned()).collect();
    assert_eq!(names, ["approve", "issue"]);
    assert!(keyring.create(&KeyPurpose::Bind.into(), KeyPurpose::Bind, &passphrase(), quick()).is_ok());
}
