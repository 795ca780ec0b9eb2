//! How a command ends when it does not end well: a stable code, a sentence, a remedy, an exit code.

use std::fmt;
use std::path::Path;

/// A command's failure. Exit code 2 is for wrong usage, 1 for anything else; verdicts have their own.
#[derive(Debug)]
pub struct Failure {
    code: String,
    message: String,
    remedy: Option<String>,
    exit_code: u8,
}

impl Failure {
    /// A failure with a stable code and a sentence.
    pub fn new(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { code: code.into(), message: message.to_string(), remedy: None, exit_code: 1 }
    }

    /// A failure of the way the command was called.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { exit_code: 2, ..Self::new("usage", message) }
    }

    /// A failure to read or write a path.
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new("file_unusable", format_args!("cannot {doing} {}: {error}", path.display()))
    }

    /// Adds what the person can do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  what to do: {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Library errors carry their own stable codes.
macro_rules! coded {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let code = error.code().to_owned();
                Self::new(code, error)
            }
        })*
    };
}

coded!(
    matricula_issuer::LogPortError,
    matricula_issuer::RecordStatusError,
    matricula_issuer::RegistryViewError,
    matricula_issuer::SignedDocumentError,
    matricula_issuer::StorageError,
    matricula_issuer::authority::AuthorityError,
    matricula_issuer::batch::BatchError,
    matricula_issuer::correction::CorrectionError,
    matricula_issuer::school::ApplicationError,
    matricula_issuer::school::SchoolError,
    matricula_issuer::status::StatusError,
    matricula_issuer::trust_export::TrustExportError,
);
