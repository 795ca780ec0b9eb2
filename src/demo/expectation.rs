//! What the demo expects, beside what the verifier says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use matricula_verdict::{Code, Options, Overall, Trust};
use matricula_verifier::{Checked, Outcome};

use crate::command::verify;
use crate::failure::Failure;

/// Documents, and the verdict that each of them must get.
pub struct Expectation {
    what: String,
    path: PathBuf,
    overall: Overall,
    code: Option<Code>,
    options: Options,
    except: usize,
}

impl Expectation {
    /// Every document behind the path gets the verdict.
    pub fn all(
        what: impl Into<String>,
        path: impl Into<PathBuf>,
        overall: Overall,
        options: &Options,
    ) -> Self {
        Self {
            what: what.into(),
            path: path.into(),
            overall,
            code: None,
            options: options.clone(),
            except: 0,
        }
    }

    /// The verdict must carry this code.
    pub fn because(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// So many documents get another verdict, which is expected elsewhere.
    pub fn except(self, count: usize) -> Self {
        Self { except: count, ..self }
    }

    /// Verifies the documents and prints the line; whether all is as expected.
    pub fn check(&self, trust: &Trust) -> Result<bool, Failure> {
        let checked = verify::check(std::slice::from_ref(&self.path), trust, &self.options)?;
        let total = checked.len();
        let good = checked.iter().filter(|document| self.is_met(document)).count();
        let met = total > 0 && good + self.except == total;
        let expected = match self.code {
            Some(code) => format!("{} ({code})", self.overall.as_str()),
            None => self.overall.as_str().to_owned(),
        };
        let mark = if met { "as expected" } else { "DIFFERS" };
        println!("  {:<58} {:>3} × {:<44} {mark}", self.what, good, expected);
        if !met {
            println!("      got: {}", got(&checked));
        }
        Ok(met)
    }

    fn is_met(&self, document: &Checked) -> bool {
        let Outcome::Judged(verdicts) = &document.outcome else { return false };
        let as_asked = |code| verdicts.iter().any(|verdict| verdict.codes().contains(&code));
        verdicts.iter().all(|verdict| verdict.overall == self.overall) && self.code.is_none_or(as_asked)
    }
}

/// The verdicts that came instead, counted.
fn got(checked: &[Checked]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for document in checked {
        let answer = match &document.outcome {
            Outcome::Judged(verdicts) => verdicts
                .iter()
                .map(|verdict| {
                    let codes: Vec<&str> = verdict.codes().iter().map(|code| code.as_str()).collect();
                    format!("{} [{}]", verdict.overall.as_str(), codes.join(" "))
                })
                .collect::<Vec<_>>()
                .join(", "),
            Outcome::Unreadable(error) => error.to_string(),
        };
        *counts.entry(answer).or_default() += 1;
    }
    counts.into_iter().map(|(answer, count)| format!("{count} × {answer}")).collect::<Vec<_>>().join("; ")
}
