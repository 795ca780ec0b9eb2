//! Where a passphrase comes from: a file, the environment, or a prompt. Never an argument, never a log.

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The variable that holds the passphrase for scripts.
pub const VARIABLE: &str = "MATRICULA_PASSPHRASE";

/// A passphrase file is a line of text; anything longer is the wrong file.
const FILE_BYTES_MAX: u64 = 4096;

/// How a command is told the passphrase of the key it needs.
#[derive(Args, Clone, Debug, Default)]
pub struct PassphraseArgs {
    /// Read the key's passphrase from this file (its first line). Without it: $MATRICULA_PASSPHRASE, else a prompt
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase of an existing key; `what` names the key in the prompt.
    pub fn read(&self, what: &str) -> Result<Zeroizing<String>, Failure> {
        match self.without_prompt()? {
            Some(passphrase) => Ok(passphrase),
            None => prompt(&format!("Passphrase of {what}: ")),
        }
    }

    /// The passphrase for a new key: a prompt asks twice.
    pub fn choose(&self, what: &str) -> Result<Zeroizing<String>, Failure> {
        if let Some(passphrase) = self.without_prompt()? {
            return Ok(passphrase);
        }
        let first = prompt(&format!("New passphrase for {what}: "))?;
        if *first != *prompt("The same again: ")? {
            return Err(Failure::new("passphrases_differ", "the two passphrases differ")
                .remedy("run the command again"));
        }
        Ok(first)
    }

    fn without_prompt(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(path) = &self.passphrase_file {
            return from_file(path).map(Some);
        }
        match std::env::var(VARIABLE) {
            Ok(text) => non_empty(&Zeroizing::new(text), &format!("${VARIABLE}")).map(Some),
            Err(_) => Ok(None),
        }
    }
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let unusable = |error: std::io::Error| Failure::io("read", path, &error);
    if fs::metadata(path).map_err(unusable)?.len() > FILE_BYTES_MAX {
        return Err(Failure::usage(format_args!("{} is too large for a passphrase file", path.display())));
    }
    let bytes = Zeroizing::new(fs::read(path).map_err(unusable)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::new("file_not_text", format_args!("{} is not text in UTF-8", path.display()))
            .remedy("name the file whose first line is the passphrase")
    })?;
    non_empty(text.lines().next().unwrap_or_default(), &format!("the first line of {}", path.display()))
}

fn non_empty(text: &str, place: &str) -> Result<Zeroizing<String>, Failure> {
    if text.is_empty() {
        let failure = Failure::new("passphrase_empty", format_args!("{place} holds no passphrase"));
        return Err(failure.remedy("write the passphrase there, or leave it away to be asked"));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

fn prompt(text: &str) -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            "passphrase_missing",
            "a passphrase is needed, and there is no terminal to ask at",
        )
        .remedy(format!("give --passphrase-file FILE, or set {VARIABLE}")));
    }
    let typed = rpassword::prompt_password(text).map_err(|error| {
        Failure::new("passphrase_unreadable", format_args!("cannot read the passphrase: {error}"))
    })?;
    non_empty(&Zeroizing::new(typed), "what was typed")
}
