//! Grading scales. A score is never converted: it is carried with its scale.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::decimal::Decimal;
use super::finding::Finding;
use super::row::RowReader;
use super::text::Label;

/// Grades of an ordered scale, or steps of a numeric one. The finest scales in use have about 100.
const VALUES_MAX: usize = 200;

/// Which end of a numeric scale is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A higher number is better.
    Ascending,
    /// A lower number is better: a German 1 is the best grade, a 6 the worst.
    Descending,
}

/// What a scale is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScaleKind {
    /// Numbers between two bounds, both included.
    Numeric {
        /// The lowest number.
        min: Decimal,
        /// The highest number.
        max: Decimal,
        /// The number that just passes.
        pass_mark: Option<Decimal>,
        /// Which end is the best.
        direction: Direction,
        /// The only numbers given, if not all between the bounds are.
        steps: Vec<Decimal>,
    },
    /// Grades in words or letters, from the worst to the best.
    Ordered {
        /// The grades; at least two, each once.
        values: Vec<String>,
        /// The position of the grade that just passes.
        pass_position: Option<usize>,
    },
}

/// A grading scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradingScale {
    name: Label,
    kind: ScaleKind,
}

/// A score that lies on the scale it names. The text is kept as the school wrote it and signed so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    text: String,
    scale: Label,
}

impl Score {
    /// The score exactly as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the scale.
    pub fn scale(&self) -> &Label {
        &self.scale
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl GradingScale {
    /// The name by which results refer to the scale.
    pub fn name(&self) -> &Label {
        &self.name
    }

    /// What it is made of.
    pub fn kind(&self) -> &ScaleKind {
        &self.kind
    }

    /// The pass mark as written.
    pub fn pass_mark(&self) -> Option<&str> {
        match &self.kind {
            ScaleKind::Numeric { pass_mark, .. } => pass_mark.as_ref().map(Decimal::as_str),
            ScaleKind::Ordered { values, pass_position } => {
                pass_position.and_then(|position| values.get(position)).map(String::as_str)
            }
        }
    }

    /// Reads a score and checks that it lies on this scale.
    ///
    /// # Errors
    /// [`Finding::ScoreUnreadable`] or [`Finding::ScoreOutsideScale`].
    pub fn score(&self, text: &str) -> Result<Score, Finding> {
        let on_scale = match &self.kind {
            ScaleKind::Numeric { .. } => self.has_number(&number(text)?),
            ScaleKind::Ordered { values, .. } => values.iter().any(|value| value == text),
        };
        if on_scale {
            Ok(Score { text: text.to_owned(), scale: self.name.clone() })
        } else {
            Err(Finding::ScoreOutsideScale { allowed: self.allowed() })
        }
    }

    /// Whether a score passes; `None` for a scale without pass mark and for a score of another scale.
    pub fn passes(&self, score: &Score) -> Option<bool> {
        if score.scale != self.name {
            return None;
        }
        match &self.kind {
            ScaleKind::Numeric { pass_mark, direction, .. } => {
                let (score, mark) = (Decimal::parse(&score.text)?.value(), pass_mark.as_ref()?.value());
                Some(match direction {
                    Direction::Ascending => score >= mark,
                    Direction::Descending => score <= mark,
                })
            }
            ScaleKind::Ordered { values, pass_position } => {
                Some(values.iter().position(|value| *value == score.text)? >= (*pass_position)?)
            }
        }
    }

    fn has_number(&self, number: &Decimal) -> bool {
        let ScaleKind::Numeric { min, max, steps, .. } = &self.kind else { return false };
        let between = (min.value()..=max.value()).contains(&number.value());
        between && (steps.is_empty() || steps.iter().any(|step| step.value() == number.value()))
    }

    fn allowed(&self) -> String {
        match &self.kind {
            ScaleKind::Numeric { min, max, steps, .. } if steps.is_empty() => format!("{min} to {max}"),
            ScaleKind::Numeric { steps, .. } => {
                steps.iter().map(Decimal::as_str).collect::<Vec<_>>().join(", ")
            }
            ScaleKind::Ordered { values, .. } => values.join(", "),
        }
    }
}

fn number(text: &str) -> Result<Decimal, Finding> {
    Decimal::parse(text).ok_or_else(|| {
        let with_point = text.replacen(',', ".", 1);
        Finding::ScoreUnreadable { meant: Decimal::parse(&with_point).map(|_| with_point) }
    })
}

/// Scales by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GradingScales(BTreeMap<String, GradingScale>);

impl GradingScales {
    /// The scale of this exact name.
    pub fn find(&self, name: &str) -> Option<&GradingScale> {
        self.0.get(name)
    }

    /// All scales in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &GradingScale> {
        self.0.values()
    }

    /// Adds a scale; one of the same name is replaced, so that a school's own file goes before the built-in ones.
    pub(super) fn put(&mut self, scale: GradingScale) {
        self.0.insert(scale.name.as_str().to_owned(), scale);
    }
}

/// Reads a row of a file with grading scales. `None`: the row has an error.
pub(super) fn read(row: &mut RowReader<'_>) -> Option<GradingScale> {
    let name = row.required("scale", Label::parse);
    let direction = row.required("direction", |text| match text {
        "ascending" => Ok(Some(Direction::Ascending)),
        "descending" => Ok(Some(Direction::Descending)),
        "ordered" => Ok(None),
        _ => Err(Finding::DirectionUnknown),
    })?;
    let kind = match direction {
        Some(direction) => read_numeric(row, direction),
        None => read_ordered(row),
    };
    Some(GradingScale { name: name?, kind: kind? })
}

fn read_numeric(row: &mut RowReader<'_>, direction: Direction) -> Option<ScaleKind> {
    let bound = |text: &str| Decimal::parse(text).ok_or(Finding::ScaleBoundsWrong);
    let (min, max) = (row.required("min", bound), row.required("max", bound));
    let pass_mark = row.optional("pass_mark", bound).ok()?;
    let (min, max) = (min?, max?);
    let outside = |number: &Decimal| !(min.value()..=max.value()).contains(&number.value());
    if min.value() >= max.value() {
        row.report("max", Finding::ScaleBoundsWrong);
        return None;
    }
    if pass_mark.as_ref().is_some_and(outside) {
        row.report("pass_mark", Finding::ScaleBoundsWrong);
        return None;
    }
    let steps = row.optional("values", |text| {
        let steps: Option<Vec<Decimal>> =
            split_values(text)?.iter().map(|value| Decimal::parse(value)).collect();
        steps.filter(|steps| !steps.iter().any(outside)).ok_or(Finding::ScaleValuesWrong)
    });
    Some(ScaleKind::Numeric { steps: steps.ok()?.unwrap_or_default(), min, max, pass_mark, direction })
}

fn read_ordered(row: &mut RowReader<'_>) -> Option<ScaleKind> {
    for bound in ["min", "max"] {
        if !row.is_empty(bound) {
            row.report(bound, Finding::ScaleBoundsWrong);
        }
    }
    let values = row.required("values", split_values)?;
    let pass_position = row.optional("pass_mark", |text| {
        values.iter().position(|value| value == text).ok_or(Finding::ScaleBoundsWrong)
    });
    Some(ScaleKind::Ordered { pass_position: pass_position.ok()?, values })
}

fn split_values(text: &str) -> Result<Vec<String>, Finding> {
    let values: Vec<String> = text.split(';').map(|value| value.trim().to_owned()).collect();
    let distinct: HashSet<&String> = values.iter().collect();
    let sound = (2..=VALUES_MAX).contains(&values.len())
        && distinct.len() == values.len()
        && values.iter().all(|value| !value.is_empty());
    if sound { Ok(values) } else { Err(Finding::ScaleValuesWrong) }
}
