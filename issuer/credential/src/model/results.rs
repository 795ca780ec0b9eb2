//! Results: a grade is always carried with its scale, never converted.

use serde_json::{Value, json};

use super::achievement::{alignment, iri_segment, nfc};
use super::{Attendance, Leaving, ModelError};

/// How far a learner got. The closed list of Open Badges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultStatus {
    /// Done.
    Completed,
    /// Enrolled, not begun.
    Enrolled,
    /// Done without success.
    Failed,
    /// Under way.
    InProgress,
    /// Interrupted.
    OnHold,
    /// A grade that may still change.
    Provisional,
    /// Given up.
    Withdrew,
}

impl ResultStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Completed,
        Self::Enrolled,
        Self::Failed,
        Self::InProgress,
        Self::OnHold,
        Self::Provisional,
        Self::Withdrew,
    ];

    /// The term.
    pub const fn term(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Enrolled => "Enrolled",
            Self::Failed => "Failed",
            Self::InProgress => "InProgress",
            Self::OnHold => "OnHold",
            Self::Provisional => "Provisional",
            Self::Withdrew => "Withdrew",
        }
    }

    /// Reads the term.
    pub fn from_term(term: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.term() == term)
    }
}

/// A scale of grades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GradingScale {
    /// Numbers between two bounds, more being better.
    Numeric {
        /// Name of the scale, e.g. `SN-0-20`.
        name: String,
        /// Worst value, as written.
        min: String,
        /// Best value, as written.
        max: String,
        /// Least value to pass, as written.
        pass_mark: Option<String>,
    },
    /// Listed values. A German 1 is best: then `6` comes first here and `1` last.
    Listed {
        /// Name of the scale, e.g. `DE-1-6`.
        name: String,
        /// All values from worst to best.
        values_worst_first: Vec<String>,
        /// Worst value to pass.
        pass_mark: Option<String>,
    },
}

impl GradingScale {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. } | Self::Listed { name, .. } => name,
        }
    }

    /// Whether a grade is on the scale.
    pub fn contains(&self, grade: &str) -> bool {
        match self {
            Self::Numeric { min, max, .. } => match (decimal(min), decimal(grade), decimal(max)) {
                (Some(min), Some(grade), Some(max)) => min <= grade && grade <= max,
                _ => false,
            },
            Self::Listed { values_worst_first, .. } => values_worst_first.iter().any(|value| value == grade),
        }
    }
}

/// A grade as written in the register, with its scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// The grade, e.g. `14.6`.
    pub value: String,
    /// Its scale.
    pub scale: GradingScale,
}

/// What a learner achieved in one subject. Status and value belong together and are always disclosed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectResult {
    /// Code of the subject.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Term or year, e.g. `2025-2026/S1`.
    pub term: Option<String>,
    /// The grade, if there is one.
    pub grade: Option<Grade>,
    /// How far the learner got.
    pub status: ResultStatus,
    /// Hours taught, as written.
    pub hours: Option<String>,
}

/// A result and the description it points to.
pub(super) struct DescribedResult {
    pub description: Value,
    pub result: Value,
}

/// The descriptions and results of subjects, under an achievement.
pub(super) fn subject_results(
    achievement_id: &str,
    results: &[SubjectResult],
) -> Result<Vec<DescribedResult>, ModelError> {
    let mut described = Vec::new();
    for result in results {
        let mut path = iri_segment(&nfc(&result.code, "code")?);
        if let Some(term) = &result.term {
            path = format!("{path}/{}", iri_segment(&nfc(term, "term")?));
        }
        described.push(graded(achievement_id, &path, result)?);
        if let Some(hours) = &result.hours {
            let name = format!("{} (h)", nfc(&result.name, "name")?);
            described.push(plain(achievement_id, &format!("{path}/hours"), &name, &nfc(hours, "hours")?));
        }
    }
    Ok(described)
}

fn graded(achievement_id: &str, path: &str, result: &SubjectResult) -> Result<DescribedResult, ModelError> {
    let id = format!("{achievement_id}/results/{path}");
    let mut description =
        json!({ "id": id, "type": ["ResultDescription"], "name": nfc(&result.name, "name")? });
    let mut outcome = json!({ "type": ["Result"], "resultDescription": id, "status": result.status.term() });
    match &result.grade {
        Some(grade) => {
            describe_scale(&mut description, grade)?;
            outcome["value"] = json!(grade.value);
        }
        None => description["resultType"] = json!("Status"),
    }
    Ok(DescribedResult { description, result: outcome })
}

fn describe_scale(description: &mut Value, grade: &Grade) -> Result<(), ModelError> {
    let scale = nfc(grade.scale.name(), "scale")?;
    if !grade.scale.contains(&grade.value) {
        return Err(ModelError::Grade { grade: grade.value.clone(), scale });
    }
    let url = format!("urn:matricula:grading-scale:{}", iri_segment(&scale));
    description["alignment"] = json!([alignment("Grading scale", &scale, &scale, &url, "ext:GradingScale")]);
    let pass_mark = match &grade.scale {
        GradingScale::Numeric { min, max, pass_mark, .. } => {
            description["resultType"] = json!("RawScore");
            description["valueMin"] = json!(min);
            description["valueMax"] = json!(max);
            pass_mark
        }
        GradingScale::Listed { values_worst_first, pass_mark, .. } => {
            description["resultType"] = json!("LetterGrade");
            description["allowedValue"] = json!(values_worst_first);
            pass_mark
        }
    };
    if let Some(pass_mark) = pass_mark {
        description["requiredValue"] = json!(pass_mark);
    }
    Ok(())
}

/// What a transfer certificate says besides grades, each as a result of its own.
pub(super) fn leaving_results(
    achievement_id: &str,
    leaving: &Leaving,
) -> Result<Vec<DescribedResult>, ModelError> {
    let mut described =
        vec![plain(achievement_id, "decision", "Promotion decision", leaving.decision.code())];
    let texts = [
        ("last-grade", "Last grade", &leaving.last_grade),
        ("leaving-reason", "Reason for leaving", &leaving.reason),
        ("destination", "Destination", &leaving.destination),
    ];
    for (path, name, text) in texts {
        if let Some(text) = text {
            described.push(plain(achievement_id, path, name, &nfc(text, path)?));
        }
    }
    if let Some(attendance) = leaving.attendance {
        described.push(attended(achievement_id, attendance)?);
    }
    Ok(described)
}

fn attended(achievement_id: &str, attendance: Attendance) -> Result<DescribedResult, ModelError> {
    let Attendance { possible_days, present_days } = attendance;
    if present_days > possible_days {
        return Err(ModelError::Attendance { present: present_days, possible: possible_days });
    }
    let mut described = plain(achievement_id, "attendance", "Days present", &present_days.to_string());
    described.description["resultType"] = json!("RawScore");
    described.description["valueMin"] = json!("0");
    described.description["valueMax"] = json!(possible_days.to_string());
    Ok(described)
}

fn plain(achievement_id: &str, path: &str, name: &str, value: &str) -> DescribedResult {
    let id = format!("{achievement_id}/results/{path}");
    DescribedResult {
        description: json!({
            "id": id, "type": ["ResultDescription"], "name": name, "resultType": "Result",
        }),
        result: json!({ "type": ["Result"], "resultDescription": id, "value": value }),
    }
}

/// Grades are compared exactly: `14.6` is 146 tenths. At most 6 digits before and after the point.
fn decimal(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senegal() -> GradingScale {
        let text = |text: &str| text.to_owned();
        GradingScale::Numeric {
            name: text("SN-0-20"),
            min: text("0"),
            max: text("20"),
            pass_mark: Some(text("10")),
        }
    }

    #[test]
    fn grades_are_compared_as_decimals() {
        for good in ["0", "14.6", "20", "20.0", "09"] {
            assert!(senegal().contains(good), "{good}");
        }
        for bad in ["20.1", "-1", "", "14,6", "1e1", "14.", "A", "100"] {
            assert!(!senegal().contains(bad), "{bad}");
        }
    }
}
