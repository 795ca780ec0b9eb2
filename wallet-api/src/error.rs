//! Why the wallet refuses.

use matricula_credential::presentation::PresentationError;
use matricula_credential::record::RecordError;
use matricula_state::StateError;

use crate::limiter::Limited;
use crate::password::{CostUnusable, CredentialsError};
use crate::ports::BindingPortError;
use crate::seal::NotOpened;

/// Why something was not done. Each has a stable [`code`](WalletError::code).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The name or the password cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Somebody else has the name.
    #[error("this name is taken")]
    NameTaken,
    /// No such name, or another password; which of the two is not told.
    #[error("the name or the password is wrong")]
    WrongNameOrPassword,
    /// No session, or one that has ended.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// Too many wrong passwords or codes.
    #[error("too many attempts; the next one in {retry_after_seconds} seconds")]
    TooManyAttempts {
        /// Seconds until the next attempt.
        retry_after_seconds: u64,
    },
    /// No offer under this code: mistyped, used or withdrawn.
    #[error("no record waits under this code")]
    CodeUnknown,
    /// The offer's time is over.
    #[error("the code has expired")]
    CodeExpired,
    /// The learner has no such record.
    #[error("there is no such record")]
    RecordNotFound,
    /// A record that cannot be kept.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A record without an id of its credential, or one longer than any real id.
    #[error("the credential has no usable id")]
    RecordWithoutId,
    /// A record of too many bytes.
    #[error("{bytes} bytes; at most {bytes_max} are kept")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        bytes_max: usize,
    },
    /// More of something than an account may have.
    #[error("an account has at most {max} {what}")]
    TooMany {
        /// What there would be too many of.
        what: &'static str,
        /// How many are allowed.
        max: usize,
    },
    /// A presentation or a share of nothing.
    #[error("no record was chosen")]
    NothingChosen,
    /// A challenge or a domain that is empty, too long, or has control characters.
    #[error("the {what} is empty, longer than {bytes_max} bytes, or has control characters")]
    RequestText {
        /// Challenge or domain.
        what: &'static str,
        /// Bytes allowed.
        bytes_max: usize,
    },
    /// A time to live outside what is allowed.
    #[error("it can be valid for 1 to {seconds_max} seconds")]
    Lifetime {
        /// Seconds allowed.
        seconds_max: u64,
    },
    /// No such share: mistyped, revoked or deleted.
    #[error("there is nothing under this link")]
    ShareNotFound,
    /// The share's time is over.
    #[error("the link has expired")]
    ShareExpired,
    /// This wallet has no connection to an issuer.
    #[error("no issuer is connected to this wallet")]
    NoBindingPort,
    /// The issuer gave no binding.
    #[error(transparent)]
    Binding(#[from] BindingPortError),
    /// The issuer's binding is not one of this credential to this holder.
    #[error("the issuer's binding is not for this record and holder")]
    BindingMismatch,
    /// The presentation cannot be made.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// A row of the store cannot be read: damaged, or written by somebody else.
    #[error("a row of the table {table} cannot be read")]
    Damaged {
        /// The table.
        table: &'static str,
    },
    /// The public address of the wallet is so long that no QR code holds its links.
    #[error("the link is too long for a code")]
    LinkTooLong,
    /// Others kept changing the same rows; nothing was written.
    #[error("others are changing the same account; try again")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl WalletError {
    /// The stable machine code, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credentials(CredentialsError::NameLength) => "name_length",
            Self::Credentials(CredentialsError::NameCharacter) => "name_character",
            Self::Credentials(CredentialsError::PasswordLength) => "password_length",
            Self::Credentials(CredentialsError::PasswordGuessable) => "password_guessable",
            Self::NameTaken => "name_taken",
            Self::WrongNameOrPassword => "wrong_name_or_password",
            Self::NotSignedIn => "not_signed_in",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::CodeUnknown => "code_unknown",
            Self::CodeExpired => "code_expired",
            Self::RecordNotFound => "record_not_found",
            Self::Record(_) => "record_malformed",
            Self::RecordWithoutId => "record_without_id",
            Self::TooLarge { .. } => "too_large",
            Self::TooMany { .. } => "too_many",
            Self::NothingChosen => "nothing_chosen",
            Self::RequestText { .. } => "challenge_or_domain_unusable",
            Self::Lifetime { .. } => "lifetime_out_of_range",
            Self::ShareNotFound => "share_not_found",
            Self::ShareExpired => "share_expired",
            Self::NoBindingPort => "binding_not_offered",
            Self::Binding(BindingPortError::Unavailable) => "issuer_unavailable",
            Self::Binding(BindingPortError::Refused { .. }) => "binding_refused",
            Self::BindingMismatch => "binding_mismatch",
            Self::Presentation(_) => "presentation_not_made",
            Self::LinkTooLong => "link_too_long",
            Self::Busy => "busy",
            Self::Damaged { .. } | Self::State(_) => "storage_failed",
        }
    }
}

impl From<Limited> for WalletError {
    fn from(limited: Limited) -> Self {
        Self::TooManyAttempts { retry_after_seconds: limited.retry_after_seconds }
    }
}

impl From<CostUnusable> for WalletError {
    fn from(_: CostUnusable) -> Self {
        Self::Damaged { table: crate::rows::ACCOUNTS.name() }
    }
}

/// A sealed value that does not open, as an error about its table.
pub(crate) fn damaged(table: matricula_state::Table) -> impl FnOnce(NotOpened) -> WalletError {
    move |NotOpened| WalletError::Damaged { table: table.name() }
}
