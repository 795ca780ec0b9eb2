//! File names made from learner numbers.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// File systems allow 255 bytes; 120 leave room for an ending and a temporary name.
const NAME_BYTES_MAX: usize = 120;

/// Gives every learner number a file name of its own: ASCII letters, digits and `-` as they are, any
/// other byte as `_` and two hex digits. Names that differ only in case get a number, for file
/// systems that do not tell them apart.
#[derive(Default)]
pub(super) struct FileNames {
    taken: BTreeSet<String>,
}

impl FileNames {
    pub(super) fn of(&mut self, learner_no: &str) -> String {
        let plain = bounded(encode(learner_no));
        let mut name = plain.clone();
        let mut number = 2;
        while !self.taken.insert(name.to_ascii_lowercase()) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        format!("{name}.json")
    }
}

/// Whether the text can have come from [`FileNames::of`], and so names no other folder.
pub(super) fn is_file_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.strip_suffix(".json")
        .is_some_and(|stem| !stem.is_empty() && stem.len() <= 160 && stem.bytes().all(plain))
}

fn encode(learner_no: &str) -> String {
    let mut name = String::with_capacity(learner_no.len());
    for byte in learner_no.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("_{byte:02x}"));
        }
    }
    name
}

fn bounded(name: String) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    let digest = HEXLOWER.encode(&Sha256::digest(&name)[..16]);
    format!("{}_{digest}", &name[..NAME_BYTES_MAX - 40])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_learner_number_leaves_the_folder() {
        let mut names = FileNames::default();
        for number in ["../../etc/passwd", "a/b", ".hidden", "٤٢", "EG-00001", "CON", "", "a\0b"] {
            let name = names.of(number);
            assert!(is_file_name(&name) || number.is_empty(), "{name}");
        }
        assert_eq!(FileNames::default().of("0801-2007-10000"), "0801-2007-10000.json");
    }

    #[test]
    fn different_numbers_get_different_names() {
        let mut names = FileNames::default();
        let long = "٤".repeat(64);
        let numbers = ["a/b", "a_b", "a_2fb", "A-1", "a-1", &long, &format!("{long}x")];
        let made: BTreeSet<String> =
            numbers.iter().map(|number| names.of(number).to_ascii_lowercase()).collect();
        assert_eq!(made.len(), numbers.len());
        assert!(made.iter().all(|name| name.len() < 200));
    }

    #[test]
    fn refuses_names_it_never_makes() {
        for name in ["../x.json", "a/b.json", ".json", "x.txt", "x.json.json"] {
            assert!(!is_file_name(name), "{name}");
        }
    }
}
