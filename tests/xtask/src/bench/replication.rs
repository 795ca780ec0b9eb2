//! What it costs that others hold and cosign a log.

use crate::error::BenchError;
use crate::measure::Pace;
use crate::report::Report;
use crate::{catch_up, mirrored, proof_sizes, witnessed};

/// Until entries are witnessed; with mirrors attached; a mirror that catches up; what proofs of a large log weigh.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    witnessed::run(pace, report)?;
    mirrored::run(pace, report)?;
    catch_up::run(pace, report)?;
    proof_sizes::run(report)
}
