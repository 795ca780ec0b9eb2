//! Kinds of rosters and their columns.

use std::fmt;

/// What a file is, recognised by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterKind {
    /// Learners who complete: `award_name`, `completion_date`.
    Leavers,
    /// Learners who leave in the middle: `last_attended`, `leaving_reason`, `destination`.
    Transfers,
    /// Results by subject: `subject_code`, `score`, `scale`.
    Results,
    /// Grading scales: `pass_mark`, `direction`, `values`.
    Scales,
}

/// A column of a roster.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) need: Need,
}

/// What a column is for its kind of roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Must be there, and no other kind has it: the kind is recognised by it.
    Signature,
    /// Must be there.
    Required,
    /// May be absent.
    Optional,
}

const fn signature(name: &'static str) -> Column {
    Column { name, need: Need::Signature }
}

const fn required(name: &'static str) -> Column {
    Column { name, need: Need::Required }
}

const fn optional(name: &'static str) -> Column {
    Column { name, need: Need::Optional }
}

static LEAVERS: [Column; 19] = [
    required("learner_no"),
    required("given_names"),
    required("family_names"),
    required("date_of_birth"),
    required("sex"),
    optional("admission_no"),
    optional("first_admission_date"),
    optional("programme_code"),
    required("programme_name"),
    required("isced_level"),
    optional("isced_p"),
    required("isced_f"),
    optional("last_grade"),
    optional("attendance_possible_days"),
    optional("attendance_present_days"),
    required("decision"),
    signature("award_name"),
    signature("completion_date"),
    required("language"),
];

static TRANSFERS: [Column; 20] = [
    required("learner_no"),
    required("given_names"),
    required("family_names"),
    required("date_of_birth"),
    required("sex"),
    optional("admission_no"),
    optional("first_admission_date"),
    optional("programme_code"),
    required("programme_name"),
    required("isced_level"),
    optional("isced_p"),
    required("isced_f"),
    optional("last_grade"),
    signature("last_attended"),
    optional("attendance_possible_days"),
    optional("attendance_present_days"),
    required("decision"),
    signature("leaving_reason"),
    signature("destination"),
    required("language"),
];

static RESULTS: [Column; 8] = [
    required("learner_no"),
    signature("subject_code"),
    signature("subject_name"),
    required("term"),
    signature("score"),
    required("scale"),
    required("status"),
    optional("hours"),
];

static SCALES: [Column; 6] = [
    required("scale"),
    optional("min"),
    optional("max"),
    signature("pass_mark"),
    signature("direction"),
    signature("values"),
];

impl RosterKind {
    pub(super) const ALL: [Self; 4] = [Self::Leavers, Self::Transfers, Self::Results, Self::Scales];

    /// `leavers`, `transfers`, `results` or `scales`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leavers => "leavers",
            Self::Transfers => "transfers",
            Self::Results => "results",
            Self::Scales => "scales",
        }
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Leavers => &LEAVERS,
            Self::Transfers => &TRANSFERS,
            Self::Results => &RESULTS,
            Self::Scales => &SCALES,
        }
    }

    pub(super) fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.name == name)
    }

    /// The place of a column in the documentation; columns that are not used come after all others.
    pub(super) fn rank(self, name: &str) -> usize {
        self.columns().iter().position(|column| column.name == name).unwrap_or(self.columns().len())
    }

    /// How well a header fits: the number of known columns, or `None` when no column tells this kind.
    pub(super) fn fit(self, names: &[String]) -> Option<usize> {
        let known: Vec<&Column> = names.iter().filter_map(|name| self.column(name)).collect();
        known.iter().any(|column| column.need == Need::Signature).then_some(known.len())
    }
}

impl fmt::Display for RosterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Parts of column names, in the five languages, that tell of something no shareable record may carry.
const SENSITIVE_PARTS: [&str; 21] = [
    "health",
    "disab",
    "medical",
    "religi",
    "ethnic",
    "race",
    "caste",
    "disciplin",
    "sanction",
    "salud",
    "discapac",
    "etnia",
    "raza",
    "sante",
    "santé",
    "handicap",
    "ethnie",
    "saude",
    "saúde",
    "deficien",
    "conducta",
];

pub(super) fn is_sensitive(column: &str) -> bool {
    SENSITIVE_PARTS.iter().any(|part| column.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kind: RosterKind) -> Vec<String> {
        kind.columns().iter().map(|column| column.name.to_owned()).collect()
    }

    #[test]
    fn every_full_header_fits_its_own_kind_best() {
        for kind in RosterKind::ALL {
            let header = names(kind);
            let best = RosterKind::ALL.into_iter().max_by_key(|other| other.fit(&header));
            assert_eq!(best, Some(kind));
        }
    }

    #[test]
    fn shared_columns_alone_tell_no_kind() {
        let header = ["learner_no", "family_names", "scale"].map(str::to_owned);
        assert!(RosterKind::ALL.into_iter().all(|kind| kind.fit(&header).is_none()));
    }

    #[test]
    fn sensitive_columns_are_recognised_and_ordinary_ones_are_not() {
        assert!(
            is_sensitive("religión_o_religion")
                && is_sensitive("estado_de_salud")
                && is_sensitive("ethnicity")
        );
        assert!(RosterKind::ALL.into_iter().flat_map(names).all(|name| !is_sensitive(&name)));
    }
}
