//! How a command ends when it does not end well: a stable code, a sentence, a remedy, an exit code.

mod remedy;

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use self::remedy::{Doing, remedy_for};

/// What somebody has to do elsewhere before the same command can end: as `EX_TEMPFAIL` of sysexits.
const WAITING_EXIT_CODE: u8 = 75;

/// A command's failure. Exit code 2 is for wrong usage, 75 when entries wait to be taken to the log, 1 for anything else;
/// verdicts have their own.
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
        let code = code.into();
        let exit_code = if code == "log_waiting" { WAITING_EXIT_CODE } else { 1 };
        Self { code, message: message.to_string(), remedy: None, exit_code }
    }

    /// A failure of the way the command was called.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { exit_code: 2, ..Self::new("usage", message) }
    }

    /// A failure to read or write a path; `doing` is what was tried: `read`, `write`, `make`.
    pub fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        let taken = error.kind() == io::ErrorKind::AlreadyExists;
        let code = if taken { "file_exists" } else { "file_unusable" };
        let doing = Doing { verb: doing, path };
        let failure = Self::new(code, format_args!("cannot {doing}: {}", doing.words(error)));
        match doing.remedy(error.kind()) {
            Some(remedy) => failure.remedy(remedy),
            None => failure,
        }
    }

    /// Says which file given on the command line the failure is about, where the words do not name a file already.
    pub fn about(mut self, path: &Path) -> Self {
        let path = path.display().to_string();
        let names_its_own = self.code.starts_with("file_") && self.code != "file_shape";
        if !names_its_own && !self.code.starts_with("home_") && !self.message.contains(&path) {
            self.message = format!("{path}: {}", self.message);
        }
        self
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

impl Error for Failure {}

/// What the operating system said, where an error began with it.
fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

/// Library errors carry their own stable codes.
macro_rules! coded {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let code = error.code().to_owned();
                let remedy = remedy_for(&code, io_kind(&error));
                Self { remedy: remedy.map(str::to_owned), ..Self::new(code, error) }
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
    matricula_issuer::authority::CardError,
    matricula_issuer::authority::PeerError,
    matricula_issuer::batch::BatchError,
    matricula_issuer::correction::CorrectionError,
    matricula_issuer::school::ApplicationError,
    matricula_issuer::school::SchoolError,
    matricula_issuer::status::StatusError,
    matricula_issuer::trust_export::TrustExportError,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_put_in_words_with_a_remedy() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        let told = Failure::io("read", Path::new("a/b.json"), &missing).to_string();
        assert_eq!(
            told,
            "error[file_unusable]: cannot read a/b.json: there is no such file or folder\n  \
             what to do: check the spelling, and the folder that you are in"
        );
        let told = Failure::io("write", Path::new("a/b.json"), &missing).to_string();
        assert!(told.contains("cannot write a/b.json: its folder does not exist"), "{told}");
        let taken = io::Error::from(io::ErrorKind::AlreadyExists);
        assert_eq!(Failure::io("make", Path::new("a"), &taken).code(), "file_exists");
    }

    #[test]
    fn a_file_is_named_once_and_not_beside_another_that_failed() {
        let path = Path::new("a.json");
        let about = |code, message| Failure::new(code, message).about(path).to_string();
        assert_eq!(about("json_unreadable", "line 1"), "error[json_unreadable]: a.json: line 1");
        assert_eq!(about("json_unreadable", "a.json: line 1"), "error[json_unreadable]: a.json: line 1");
        assert_eq!(
            about("file_unreadable", "cannot read b.json"),
            "error[file_unreadable]: cannot read b.json"
        );
    }

    #[test]
    fn a_library_error_brings_a_remedy_by_its_code_or_by_what_the_system_said() {
        let path = Path::new("home").to_owned();
        let busy = Failure::from(matricula_issuer::StorageError::Busy { path: path.clone() });
        assert!(busy.to_string().contains("what to do: wait until"), "{busy}");
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        let denied = Failure::from(matricula_issuer::StorageError::Unreadable { path, source });
        assert!(denied.to_string().contains("what to do: ask the owner"), "{denied}");
    }
}
