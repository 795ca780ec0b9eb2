//! What a learner was enrolled in, and how it went.

use jiff::civil::Date;

use super::finding::Finding;
use super::isced::{IscedF, IscedLevel, IscedP};
use super::language::LanguageTag;
use super::text::Label;

/// A year has 366 days; a row sums up a whole stay of at most a few years in one school.
const DAYS_MAX: u16 = 1_000;

/// The promotion decision at the end of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// `promoted`.
    Promoted,
    /// `not_promoted`.
    NotPromoted,
    /// `conditional`.
    Conditional,
    /// `pending`.
    Pending,
}

impl Decision {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        let all = [Self::Promoted, Self::NotPromoted, Self::Conditional, Self::Pending];
        all.into_iter().find(|decision| decision.as_str() == text).ok_or(Finding::DecisionUnknown)
    }

    /// The code of the roster.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::NotPromoted => "not_promoted",
            Self::Conditional => "conditional",
            Self::Pending => "pending",
        }
    }
}

/// Days of school there were, and days the learner was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    possible_days: u16,
    present_days: u16,
}

impl Attendance {
    /// `None` when there are more days present than possible.
    pub fn new(possible_days: u16, present_days: u16) -> Option<Self> {
        (present_days <= possible_days).then_some(Self { possible_days, present_days })
    }

    /// Days of school there were.
    pub fn possible_days(self) -> u16 {
        self.possible_days
    }

    /// Days the learner was there; never more than the possible ones.
    pub fn present_days(self) -> u16 {
        self.present_days
    }
}

pub(super) fn parse_days(text: &str) -> Result<u16, Finding> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let days = digits.then(|| text.parse().ok()).flatten().filter(|days| *days <= DAYS_MAX);
    days.ok_or(Finding::DaysUnreadable)
}

/// The programme of study, with its international classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// The school's or the country's own code.
    pub code: Option<Label>,
    /// The title in the school's language.
    pub name: Label,
    /// ISCED 2011 level.
    pub isced_level: IscedLevel,
    /// ISCED-P, of the same level.
    pub isced_p: Option<IscedP>,
    /// ISCED-F 2013 detailed field.
    pub isced_f: IscedF,
}

/// A learner's time in a programme of this school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The number in the school's admission register.
    pub admission_no: Option<Label>,
    /// The day of the first admission, never before birth.
    pub first_admission: Option<Date>,
    /// What was studied.
    pub programme: Programme,
    /// The last grade, as the school calls it.
    pub last_grade: Option<Label>,
    /// Attendance in the last period.
    pub attendance: Option<Attendance>,
    /// The promotion decision.
    pub decision: Decision,
    /// The language of instruction and of the award's title.
    pub language: LanguageTag,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_bounded_numbers() {
        assert_eq!(parse_days("0"), Ok(0));
        assert_eq!(parse_days("1000"), Ok(1_000));
        for text in ["1001", "-1", "+1", "1.5", "99999999", "١", ""] {
            assert_eq!(parse_days(text), Err(Finding::DaysUnreadable), "{text}");
        }
    }

    #[test]
    fn nobody_is_present_more_often_than_possible() {
        assert!(Attendance::new(200, 200).is_some());
        assert_eq!(Attendance::new(200, 201), None);
    }

    #[test]
    fn decisions_round_trip() {
        for text in ["promoted", "not_promoted", "conditional", "pending"] {
            assert_eq!(Decision::parse(text).map(Decision::as_str), Ok(text));
        }
        assert_eq!(Decision::parse("Promoted"), Err(Finding::DecisionUnknown));
    }
}
