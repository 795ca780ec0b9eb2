//! Who a row is about.

use std::fmt;

use jiff::civil::Date;

use super::finding::Finding;
use super::text::PersonName;

/// Learner numbers of national registers have 8 to 24 characters.
const LEARNER_NO_CHARACTERS_MAX: usize = 64;

/// The number of a learner in the register of the school or country. Compared exactly as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LearnerNo(String);

impl LearnerNo {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        let characters = text.chars().count();
        if characters > LEARNER_NO_CHARACTERS_MAX {
            return Err(Finding::TextTooLong { characters, characters_max: LEARNER_NO_CHARACTERS_MAX });
        }
        let allowed =
            |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/');
        if text.chars().all(allowed) && text.chars().any(char::is_alphanumeric) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Finding::LearnerNoUnreadable)
        }
    }

    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LearnerNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Sex as the register has it.
///
/// SPEC: ISO/IEC 5218:2022 for the numbers; `X` is the third letter of ICAO 9303 travel documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// `0`: not known.
    NotKnown,
    /// `1` or `M`.
    Male,
    /// `2` or `F`.
    Female,
    /// `9`: not applicable.
    NotApplicable,
    /// `X`: neither male nor female, or not told.
    Unspecified,
}

impl Sex {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        Ok(match text {
            "0" => Self::NotKnown,
            "1" | "M" | "m" => Self::Male,
            "2" | "F" | "f" => Self::Female,
            "9" => Self::NotApplicable,
            "X" | "x" => Self::Unspecified,
            _ => return Err(Finding::SexUnknown),
        })
    }

    /// One character: `M`, `F`, `X`, or the ISO 5218 numbers `0` and `9` that have no letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotKnown => "0",
            Self::Male => "M",
            Self::Female => "F",
            Self::NotApplicable => "9",
            Self::Unspecified => "X",
        }
    }
}

/// The learner of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// The number in the register.
    pub learner_no: LearnerNo,
    /// Given names; absent for a learner with one name only.
    pub given_names: Option<PersonName>,
    /// Family names, or the one name.
    pub family_names: PersonName,
    /// Date of birth.
    pub date_of_birth: Date,
    /// Sex as the register has it.
    pub sex: Sex,
}

impl Learner {
    /// Given names and family names with a space between them.
    pub fn full_name(&self) -> String {
        match &self.given_names {
            Some(given) => format!("{given} {}", self.family_names),
            None => self.family_names.as_str().to_owned(),
        }
    }

    /// A key for finding likely duplicates only. Never signed.
    pub(super) fn folded(&self) -> (String, String, Date) {
        let given = self.given_names.as_ref().map(PersonName::folded).unwrap_or_default();
        (given, self.family_names.folded(), self.date_of_birth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_register_numbers_and_refuses_sentences() {
        for text in ["0801-2007-10000", "EG-00001", "٤٢", "12/345.A_6"] {
            assert!(LearnerNo::parse(text).is_ok(), "{text}");
        }
        for text in ["08 01", "---", "a,b", "=1+1"] {
            assert_eq!(LearnerNo::parse(text), Err(Finding::LearnerNoUnreadable), "{text}");
        }
        assert_eq!(
            LearnerNo::parse(&"1".repeat(65)),
            Err(Finding::TextTooLong { characters: 65, characters_max: 64 })
        );
    }

    #[test]
    fn reads_letters_and_iso_5218_numbers() {
        assert_eq!(Sex::parse("2"), Ok(Sex::Female));
        assert_eq!(Sex::parse("x"), Ok(Sex::Unspecified));
        assert_eq!(Sex::parse("9").map(Sex::as_str), Ok("9"));
        for text in ["3", "Mujer", "FM", "H"] {
            assert_eq!(Sex::parse(text), Err(Finding::SexUnknown), "{text}");
        }
    }
}
