//! The verdict: six answers, and one word that follows from them.

use matricula_tlog::{LeafIndex, UnixSeconds};
use serde::Serialize;
use serde::ser::Serializer;

use crate::code::Code;
use crate::date::rfc3339;

/// What one axis answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AxisResult {
    /// Checked, and good.
    Pass,
    /// Checked, and good with something a person should know.
    Warn,
    /// Checked, and refused.
    Fail,
    /// Could not be checked.
    Unknown,
    /// The question does not arise.
    NotApplicable,
}

/// One axis: its answer, the stable codes behind it, and a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// The answer.
    pub result: AxisResult,
    /// The stable codes that led to it; empty where there is nothing to say beyond the answer.
    pub codes: Vec<Code>,
    /// One or two sentences for a secretary, in English.
    pub text: String,
}

impl Axis {
    /// An axis with one code or none.
    pub(crate) fn new(result: AxisResult, code: Option<Code>, text: impl Into<String>) -> Self {
        Self { result, codes: code.into_iter().collect(), text: text.into() }
    }

    pub(crate) fn pass(text: impl Into<String>) -> Self {
        Self::new(AxisResult::Pass, None, text)
    }

    pub(crate) fn warn(code: Code, text: impl Into<String>) -> Self {
        Self::new(AxisResult::Warn, Some(code), text)
    }

    pub(crate) fn fail(code: Code, text: impl Into<String>) -> Self {
        Self::new(AxisResult::Fail, Some(code), text)
    }

    pub(crate) fn unknown(code: Code, text: impl Into<String>) -> Self {
        Self::new(AxisResult::Unknown, Some(code), text)
    }

    pub(crate) fn not_applicable(code: Code, text: impl Into<String>) -> Self {
        Self::new(AxisResult::NotApplicable, Some(code), text)
    }

    /// Whether the axis carries the code.
    pub fn has(&self, code: Code) -> bool {
        self.codes.contains(&code)
    }

    /// Adds a remark that makes a pass a warning and leaves every graver answer as it is.
    pub(crate) fn remark(&mut self, code: Code, text: &str) {
        if self.result == AxisResult::Pass {
            self.result = AxisResult::Warn;
        }
        self.codes.push(code);
        self.text.push(' ');
        self.text.push_str(text);
    }
}

/// The six axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Axes {
    /// Was this signed by that key, and not changed since?
    pub integrity: Axis,
    /// Was that issuer accredited, for this kind and level, on the date of issue?
    pub authority: Axis,
    /// Was it in the log, when, and did independent nodes see the same log?
    pub ledger: Axis,
    /// Has it been revoked, suspended, superseded?
    pub status: Axis,
    /// Is the one who shows it the one it was given to?
    pub holder: Axis,
    /// Does it say what its schema allows, about one learner?
    pub content: Axis,
}

/// Longest text of an axis. Ours have a few hundred characters; what they quote of a document may be longer than any name.
const TEXT_CHARS_MAX: usize = 1_500;

impl Axes {
    fn bound_texts(&mut self) {
        for axis in [
            &mut self.integrity,
            &mut self.authority,
            &mut self.ledger,
            &mut self.status,
            &mut self.holder,
            &mut self.content,
        ] {
            if let Some((end, _)) = axis.text.char_indices().nth(TEXT_CHARS_MAX) {
                axis.text.truncate(end);
                axis.text.push('…');
            }
        }
    }

    /// The axes with their names, in the order they are always shown.
    pub fn named(&self) -> [(&'static str, &Axis); 6] {
        [
            ("integrity", &self.integrity),
            ("authority", &self.authority),
            ("ledger", &self.ledger),
            ("status", &self.status),
            ("holder", &self.holder),
            ("content", &self.content),
        ]
    }
}

/// The one word that follows from the axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Every axis is good.
    Verified,
    /// Good, with something to know.
    VerifiedWithWarnings,
    /// No trusted authority vouches for the issuer.
    UnknownIssuer,
    /// Something that decides could not be checked.
    CouldNotCheck,
    /// Checked, and refused.
    Refused,
}

impl Overall {
    /// The rule that turns six answers into one: the first that matches wins.
    pub fn of(axes: &Axes) -> Self {
        let is = |axis: &Axis, result| axis.result == result;
        if axes.named().iter().any(|(_, axis)| is(axis, AxisResult::Fail)) {
            return Overall::Refused;
        }
        if axes.authority.has(Code::IssuerUnknown) {
            return Overall::UnknownIssuer;
        }
        if [&axes.integrity, &axes.authority, &axes.status].iter().any(|axis| is(axis, AxisResult::Unknown)) {
            return Overall::CouldNotCheck;
        }
        if axes.named().iter().any(|(_, axis)| is(axis, AxisResult::Warn))
            || !is(&axes.ledger, AxisResult::Pass)
        {
            return Overall::VerifiedWithWarnings;
        }
        Overall::Verified
    }

    /// The stable name, as it stands in JSON and CSV.
    pub const fn as_str(self) -> &'static str {
        match self {
            Overall::Verified => "verified",
            Overall::VerifiedWithWarnings => "verified_with_warnings",
            Overall::UnknownIssuer => "unknown_issuer",
            Overall::CouldNotCheck => "could_not_check",
            Overall::Refused => "refused",
        }
    }

    /// The exit code of a command that verified this one document.
    pub const fn exit_code(self) -> u8 {
        match self {
            Overall::Verified | Overall::VerifiedWithWarnings => 0,
            Overall::Refused => 3,
            Overall::UnknownIssuer => 4,
            Overall::CouldNotCheck => 5,
        }
    }
}

/// What the credential says of itself, for a person to compare by eye. Signed text only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CredentialSummary {
    /// The credential's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its kind: `diploma`, `transcript`, `transfer`, `primary_completion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The learner's name as signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learner: Option<String>,
    /// The learner's date of birth as signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born: Option<String>,
    /// The issuer's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The issuer's name as the credential gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<String>,
    /// The authority that accredited the issuer, where one is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The date the credential claims: `awardedDate`, else `validFrom`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_date")]
    pub claimed: Option<UnixSeconds>,
    /// The date of the log: the earliest cosignature over the leaf.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_date")]
    pub logged: Option<UnixSeconds>,
    /// The place in the log.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_index")]
    pub log_index: Option<LeafIndex>,
}

/// The answer about one credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The one word.
    pub overall: Overall,
    /// The six answers it follows from.
    pub axes: Axes,
    /// What the credential says.
    pub credential: CredentialSummary,
    /// The moment the verdict is for.
    #[serde(serialize_with = "date")]
    pub as_of: UnixSeconds,
    /// The verdicts on credentials inside that have a right of their own and came with evidence for it, in their order. The
    /// worst of them counts on the authority axis.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<NestedVerdict>,
}

/// The answer about a credential inside another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NestedVerdict {
    /// Its place among the credentials inside, from 1.
    pub position: usize,
    /// Its verdict, as if it had been shown alone.
    pub verdict: Verdict,
}

impl Verdict {
    /// Draws the conclusion from the axes.
    pub(crate) fn conclude(mut axes: Axes, credential: CredentialSummary, as_of: UnixSeconds) -> Self {
        axes.bound_texts();
        Self { overall: Overall::of(&axes), axes, credential, as_of, nested: Vec::new() }
    }

    /// The sentence of the first axis that refuses.
    pub(crate) fn first_failure(&self) -> Option<&str> {
        let named = self.axes.named();
        named
            .into_iter()
            .find(|(_, axis)| axis.result == AxisResult::Fail)
            .map(|(_, axis)| axis.text.as_str())
    }

    /// Every code of every axis, in the order of the axes.
    pub fn codes(&self) -> Vec<Code> {
        self.axes.named().iter().flat_map(|(_, axis)| axis.codes.iter().copied()).collect()
    }
}

fn date<S: Serializer>(at: &UnixSeconds, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

fn some_date<S: Serializer>(at: &Option<UnixSeconds>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => date(at, serializer),
        None => serializer.serialize_none(),
    }
}

fn some_index<S: Serializer>(index: &Option<LeafIndex>, serializer: S) -> Result<S::Ok, S::Error> {
    match index {
        Some(index) => serializer.serialize_u64(index.get()),
        None => serializer.serialize_none(),
    }
}
