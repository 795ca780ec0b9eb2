//! What a person can do about a failure.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What was tried with a path.
#[derive(Clone, Copy)]
pub struct Doing<'a> {
    /// `read`, `write` or `make`.
    pub verb: &'static str,
    /// The file or folder.
    pub path: &'a Path,
}

impl Doing<'_> {
    /// What stood in the way.
    pub fn words(self, error: &io::Error) -> String {
        match error.kind() {
            ErrorKind::NotFound if self.is_reading() => "there is no such file or folder".to_owned(),
            ErrorKind::NotFound => "its folder does not exist".to_owned(),
            ErrorKind::IsADirectory => "it is a folder".to_owned(),
            ErrorKind::NotADirectory => "a part of the path is a file, and not a folder".to_owned(),
            ErrorKind::PermissionDenied => "you have no permission".to_owned(),
            ErrorKind::AlreadyExists => "it is there already".to_owned(),
            ErrorKind::StorageFull => "the disk is full".to_owned(),
            _ => error.to_string(),
        }
    }

    /// What to do about it.
    pub fn remedy(self, kind: ErrorKind) -> Option<&'static str> {
        match kind {
            ErrorKind::NotFound if !self.is_reading() => {
                Some("make the folder first, or name a file in another one")
            }
            ErrorKind::IsADirectory if !self.is_reading() => Some("name a file, and not a folder"),
            ErrorKind::AlreadyExists => Some("give another name, or move what is there away first"),
            kind => remedy_for_io(kind),
        }
    }

    fn is_reading(self) -> bool {
        self.verb == "read"
    }
}

impl fmt::Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.path.display())
    }
}

/// What to do about an error of a library, by what the system said, else by its stable code.
pub fn remedy_for(code: &str, io: Option<ErrorKind>) -> Option<&'static str> {
    io.and_then(remedy_for_io).or_else(|| remedy_for_code(code))
}

fn remedy_for_io(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            "check the spelling, and the folder that you are in"
        }
        ErrorKind::IsADirectory => "name a file in it",
        ErrorKind::PermissionDenied => "ask the owner for the right to it, or run the command as the owner",
        ErrorKind::StorageFull => "make room on the disk, then run the command again",
        _ => return None,
    })
}

fn remedy_for_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "wrong_passphrase" => {
            "give the passphrase that the key was made with: --passphrase-file FILE, $MATRICULA_PASSPHRASE, or at the prompt"
        }
        "passphrase_too_short" => "choose a longer one: some words that only you put together",
        "home_busy" => "wait until the other command has ended, then run this one again",
        "json_unreadable" => "the file was cut off or changed on its way: get it again from whoever made it",
        "file_shape" | "signature_invalid" | "signature_kind" | "signature_count" => {
            "look whether it is the right file, as it was made; `--help` says which one the command takes"
        }
        "record_unreadable"
        | "record_status_unreadable"
        | "record_member_missing"
        | "record_not_as_signed"
        | "record_key_not_of_issuer" => "give the record's own file, as `matricula batch issue` wrote it",
        "authority_card" => "get the card again: it is the card.toml in the authority's folder",
        "no_school_home" => "name the school's folder with --home",
        "no_authority_home" => "name the authority's folder with --home",
        "file_damaged" => "bring the file back from a copy of the folder",
        "log_unreachable" => "check the address, and whether the node runs there",
        "log_not_acknowledged" => {
            "run this command again when the mirrors can be reached: what is in the log is not logged twice"
        }
        "log_busy" => "run this command again in a moment",
        "policy_lost" => {
            "bring it back from a copy of the folder, or say all of it anew: `matricula node policy set FILE --acknowledge WHEN`"
        }
        "log_waiting" => {
            "take the folder to the ministry, where `matricula ledger sync` hands the entries in; then bring it back and run this command again"
        }
        "no_such_key" => {
            "`matricula school key` makes a school's keys; they are in the folder keys of its home"
        }
        _ => return None,
    })
}
