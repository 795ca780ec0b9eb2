//! Policy files: one line a log, witness, group, and exactly one quorum.

use core::fmt::Write;

use super::{Policy, PolicyBuilder, PolicyRuleError, Quorum, Threshold};
use crate::key::{VerifierKey, VerifierKeyError};
use crate::position::parse_decimal;

/// Longest policy file taken in: 256 logs and 256 witnesses with post-quantum keys of 1.8 kB each, and as much again.
pub const POLICY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The quorum that asks for no cosignature.
pub(super) const NONE: &str = "none";

/// Why bytes are not a policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The file is longer than any honest one.
    #[error("the policy has {got} bytes, more than {POLICY_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the policy is not UTF-8")]
    NotUtf8,
    /// The last line does not end in a newline.
    #[error("the last line of the policy does not end in a newline")]
    NoFinalNewline,
    /// A line has a control character other than tab.
    #[error("line {line} has a control character")]
    ControlCharacter {
        /// One-based number of the line.
        line: usize,
    },
    /// A line is none of `log`, `witness`, `group`, `quorum`, or has too few or too many words.
    #[error("line {line} is no log, witness, group or quorum line")]
    UnknownLine {
        /// One-based number of the line.
        line: usize,
    },
    /// A key is malformed.
    #[error("line {line}: {reason}")]
    Key {
        /// One-based number of the line.
        line: usize,
        /// What is wrong with the key.
        reason: VerifierKeyError,
    },
    /// A group's threshold is not `all`, `any` or a number.
    #[error("line {line}: the threshold is not all, any or a number")]
    Threshold {
        /// One-based number of the line.
        line: usize,
    },
    /// The line contradicts the lines before it.
    #[error("line {line}: {reason}")]
    Rule {
        /// One-based number of the line.
        line: usize,
        /// Which rule it breaks.
        reason: PolicyRuleError,
    },
    /// A second quorum line.
    #[error("line {line} is a second quorum line")]
    SecondQuorum {
        /// One-based number of the line.
        line: usize,
    },
    /// There is no quorum line. A policy that asks for no cosignature says `quorum none`.
    #[error("the policy has no quorum line")]
    NoQuorum,
}

impl Policy {
    /// Reads a policy file. Comments and blank lines are allowed, and dropped.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong { got: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| PolicyError::NotUtf8)?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(PolicyError::NoFinalNewline);
        }
        let mut builder = PolicyBuilder::default();
        let mut quorum = None;
        for (position, line) in text.split_terminator('\n').enumerate() {
            add_line(&mut builder, &mut quorum, position + 1, line)?;
        }
        Ok(builder.finish(quorum.ok_or(PolicyError::NoQuorum)?))
    }

    /// The policy file: logs, witnesses, groups, quorum, in this order, one space between words.
    pub fn encode(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for log in &self.logs {
            lines.push(with_url(format!("log {}", log.key), log.url()));
        }
        for witness in &self.witnesses {
            let line = format!("witness {} {}", witness.name, witness.key);
            lines.push(with_url(line, witness.url()));
        }
        for group in &self.groups {
            let threshold = match group.threshold {
                Threshold::All => "all".to_owned(),
                Threshold::Any => "any".to_owned(),
                Threshold::AtLeast(count) => count.to_string(),
            };
            let mut line = format!("group {} {threshold}", group.name);
            for member in &group.members {
                line.push(' ');
                line.push_str(self.member_name(*member));
            }
            lines.push(line);
        }
        lines.push(format!("quorum {}", self.quorum_name()));
        lines.iter().fold(String::new(), |mut file, line| {
            writeln!(file, "{line}").expect("invariant: writing to a String never fails");
            file
        })
    }
}

fn add_line(
    builder: &mut PolicyBuilder,
    quorum: &mut Option<Quorum>,
    line: usize,
    text: &str,
) -> Result<(), PolicyError> {
    let forbidden = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    if text.bytes().any(forbidden) {
        return Err(PolicyError::ControlCharacter { line });
    }
    // Whitespace is space and tab only; other Unicode spaces may be part of names.
    let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    let rule = |reason| PolicyError::Rule { line, reason };
    let parse_key = |key| VerifierKey::parse(key).map_err(|reason| PolicyError::Key { line, reason });
    match words.as_slice() {
        [] => Ok(()),
        [first, ..] if first.starts_with('#') => Ok(()),
        ["log", key] => builder.log(parse_key(key)?, None).map_err(rule),
        ["log", key, url] => builder.log(parse_key(key)?, Some(url)).map_err(rule),
        ["witness", name, key] => builder.witness(name, parse_key(key)?, None).map_err(rule),
        ["witness", name, key, url] => builder.witness(name, parse_key(key)?, Some(url)).map_err(rule),
        ["group", name, threshold, members @ ..] => {
            let threshold = parse_threshold(threshold).ok_or(PolicyError::Threshold { line })?;
            builder.group(name, threshold, members).map_err(rule)
        }
        ["quorum", _] if quorum.is_some() => Err(PolicyError::SecondQuorum { line }),
        ["quorum", name] => {
            *quorum = Some(builder.find_quorum(name).map_err(rule)?);
            Ok(())
        }
        _ => Err(PolicyError::UnknownLine { line }),
    }
}

fn parse_threshold(word: &str) -> Option<Threshold> {
    match word {
        "all" => Some(Threshold::All),
        "any" => Some(Threshold::Any),
        _ => {
            let count = parse_decimal(word).ok()?;
            usize::try_from(count).ok().map(Threshold::AtLeast)
        }
    }
}

fn with_url(line: String, url: Option<&str>) -> String {
    match url {
        Some(url) => format!("{line} {url}"),
        None => line,
    }
}
