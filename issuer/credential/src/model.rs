//! Credentials of schools as Open Badges 3.0 and CLR 2.0: made, classified, described.
//!
//! Builders give unsigned JSON with the bundled contexts, ready for [`crate::proof`]. Texts are put in Unicode
//! normal form C; nothing else about a name is changed.
//!
//! SPEC: Open Badges 3.0 (1EdTech), Comprehensive Learner Record 2.0 (1EdTech).

mod achievement;
mod builder;
mod classification;
mod results;

use jiff::civil::Date;
use matricula_tlog::UnixSeconds;

use crate::date_time::DateTimeError;
use crate::status::StatusEntry;

pub use builder::{course, diploma, primary_completion, transcript, transfer_certificate};
pub use classification::{COURSE, Classification, Facts, classify, classify_course, facts};
pub use results::{Grade, GradingScale, ResultStatus, SubjectResult};

/// Most nested credentials of one transcript, and most results of one credential.
pub const RESULTS_MAX: usize = 256;

/// Longest text in a credential: a name may have 100 characters of 4 bytes, a narrative a page.
pub const TEXT_BYTES_MAX: usize = 4_096;

/// The kinds of credential that batches declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialKind {
    /// The leaving diploma of a school.
    Diploma,
    /// A CLR transcript.
    Transcript,
    /// The record of a learner who leaves for another school.
    Transfer,
    /// The completion of primary school.
    PrimaryCompletion,
}

impl CredentialKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Diploma, Self::Transcript, Self::Transfer, Self::PrimaryCompletion];

    /// The name in batch statements, scopes and summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Diploma => "diploma",
            Self::Transcript => "transcript",
            Self::Transfer => "transfer",
            Self::PrimaryCompletion => "primary_completion",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The `achievementType` of the credential's achievement.
    pub const fn achievement_type(self) -> &'static str {
        match self {
            Self::Diploma => "Diploma",
            Self::Transcript => "LearningProgram",
            Self::Transfer => "ext:TransferCertificate",
            Self::PrimaryCompletion => "ext:PrimaryCompletion",
        }
    }
}

/// Who issues: a school, or its custodian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// A DID, e.g. `did:web:hn.example:schools:lempira`.
    pub id: String,
    /// Its name on the date of issue.
    pub name: String,
}

/// Whom the credential is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learner {
    /// The learner number of the school's register.
    pub number: String,
    /// Given names.
    pub given_names: String,
    /// Family names; empty where people have one name.
    pub family_names: String,
    /// Date of birth, when known.
    pub date_of_birth: Option<Date>,
}

/// What was studied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programme {
    /// The school's or country's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// ISCED 2011 level, 0 to 8.
    pub isced_level: u8,
    /// ISCED 2011 programme orientation code of three digits, as given.
    pub isced_p: Option<String>,
    /// ISCED-F 2013 field of four digits.
    pub isced_f: String,
    /// Language of instruction, BCP 47.
    pub language: Option<String>,
}

/// What every credential has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `urn:uuid:…`; a correction keeps it.
    pub id: String,
    /// The issuer.
    pub issuer: Institution,
    /// The subject.
    pub learner: Learner,
    /// From when on the credential holds; a correction has a later one.
    pub valid_from: UnixSeconds,
    /// Until when it holds, if it ends at all.
    pub valid_until: Option<UnixSeconds>,
    /// When it was earned; kept by corrections.
    pub awarded: Date,
    /// Where revocation and suspension are found.
    pub status: Vec<StatusEntry>,
}

/// Whether a leaver moves up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromotionDecision {
    /// Moves up.
    Promoted,
    /// Repeats.
    NotPromoted,
    /// Moves up under conditions.
    Conditional,
    /// Not decided yet.
    Pending,
}

impl PromotionDecision {
    /// The code of the roster and of the credential.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::NotPromoted => "not_promoted",
            Self::Conditional => "conditional",
            Self::Pending => "pending",
        }
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Promoted, Self::NotPromoted, Self::Conditional, Self::Pending]
            .into_iter()
            .find(|decision| decision.code() == code)
    }
}

/// How a learner left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The school's admission number.
    pub admission_no: Option<String>,
    /// First day at the school.
    pub first_admission: Option<Date>,
    /// Last day attended.
    pub last_attended: Option<Date>,
    /// Last grade or year.
    pub last_grade: Option<String>,
    /// School days so far this year, and days present.
    pub attendance: Option<Attendance>,
    /// Promotion decision.
    pub decision: PromotionDecision,
    /// Reason code, e.g. `family-moved`.
    pub reason: Option<String>,
    /// Destination code: `known`, `unknown`, `abroad`, `home`, `work`.
    pub destination: Option<String>,
}

/// Days at school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// Days the school was open to the learner.
    pub possible_days: u16,
    /// Days present.
    pub present_days: u16,
}

/// Why a credential was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// A text is empty where one is needed, too long, or has control characters.
    #[error("`{field}` is empty, longer than {TEXT_BYTES_MAX} bytes, or has control characters")]
    Text {
        /// Name of the field.
        field: &'static str,
    },
    /// No absolute address where one is needed.
    #[error("`{field}` is not an absolute address")]
    Address {
        /// Name of the field.
        field: &'static str,
    },
    /// Not an ISCED 2011 level.
    #[error("{level} is not an ISCED 2011 level (0 to 8)")]
    IscedLevel {
        /// The level.
        level: u8,
    },
    /// Not an ISCED code of the right number of digits.
    #[error("`{code}` is not an ISCED code of {digits} digits")]
    IscedCode {
        /// The code.
        code: String,
        /// How many digits it should have.
        digits: usize,
    },
    /// A grade that its scale does not have.
    #[error("the grade `{grade}` is not on the scale `{scale}`")]
    Grade {
        /// The grade.
        grade: String,
        /// Name of the scale.
        scale: String,
    },
    /// More results or nested credentials than [`RESULTS_MAX`].
    #[error("{count} results, at most {RESULTS_MAX} fit")]
    TooManyResults {
        /// How many there are.
        count: usize,
    },
    /// Two results of one credential have the same subject code and term.
    #[error("the subject `{code}` occurs twice")]
    DuplicateSubject {
        /// The code.
        code: String,
    },
    /// More days present than days possible.
    #[error("{present} days present of {possible}")]
    Attendance {
        /// Days present.
        present: u16,
        /// Days possible.
        possible: u16,
    },
    /// A transcript without nested credentials.
    #[error("a transcript without credentials")]
    EmptyTranscript,
    /// A nested credential without proof, or about somebody else, or of no achievement.
    #[error("nested credential {position} is unsigned, about another learner, or of no achievement")]
    Nested {
        /// Its position.
        position: usize,
    },
    /// A date is out of range.
    #[error(transparent)]
    Date(#[from] DateTimeError),
}
