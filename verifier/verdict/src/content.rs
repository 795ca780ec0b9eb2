//! Does it say what its schema allows, about one learner, with no dangling links?

use matricula_credential::content::{ContentProblem, check};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::code::Code;
use crate::date::{day, parse_rfc3339};
use crate::verdict::Axis;

/// How many problems a person is shown; the first is usually the cause of the others.
const PROBLEMS_SHOWN: usize = 3;

/// Judges the content and the credential's own validity period.
pub(crate) fn examine(credential: &Value, as_of: UnixSeconds) -> Axis {
    judge(credential, &check(credential), as_of)
}

/// The same, with the problems found already.
pub(crate) fn judge(credential: &Value, problems: &[ContentProblem], as_of: UnixSeconds) -> Axis {
    if !problems.is_empty() {
        let shown: Vec<String> = problems
            .iter()
            .take(PROBLEMS_SHOWN)
            .map(|problem| format!("{} at {}", problem.code.as_str(), problem.pointer))
            .collect();
        let more = problems.len().saturating_sub(PROBLEMS_SHOWN);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        return Axis::fail(
            Code::ContentInvalid,
            format!("It breaks the rules for such records: {}{more}.", shown.join("; ")),
        );
    }
    let at = |member| credential.get(member).and_then(Value::as_str).and_then(parse_rfc3339);
    match (at("validFrom").or_else(|| at("issuanceDate")), at("validUntil").or_else(|| at("expirationDate")))
    {
        (Some(from), _) if from > as_of => {
            Axis::fail(Code::NotYetValid, format!("It is valid only from {}.", day(from)))
        }
        (_, Some(until)) if until <= as_of => {
            Axis::fail(Code::Expired, format!("It was valid until {}.", day(until)))
        }
        _ => Axis::pass("It says what such a record must say, about one learner."),
    }
}
