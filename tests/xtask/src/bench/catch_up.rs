//! A mirror that has nothing of a log yet, and is sent all of it over HTTP.

use std::path::Path;
use std::time::{Duration, Instant};

use matricula_ledger::{Node, NodeConfig, Promise, Role};

use crate::error::{BenchError, During};
use crate::http::verifications_on_all_cores;
use crate::measure::Pace;
use crate::neighbours::{Neighbour, cosigned_by};
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;
use crate::{disk, large, machine};

/// Entries of the log that is copied here; the large log is copied where it is rebuilt.
const ENTRIES_MAX: u64 = 200_000;

/// Longer than a mirror on this machine needs for the large log.
const PATIENCE: Duration = Duration::from_secs(600);

const STEP: &str = "copying the log to a mirror";

/// A log of 200,000 entries.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = disk::throwaway()?;
    let author = Authorship::new()?;
    let log = folder.path().join(large::LOG);
    let node = large::create(&log, &author)?;
    large::fill(&node, &author, pace.log_entries().min(ENTRIES_MAX))?;
    drop(node);
    let mirror = Neighbour::start(1, &folder.path().join("mirror"))?;
    measure(pace, &log, &author, &mirror, report)
}

/// Sends all of a log to an empty mirror, and reports it beside what bounds it.
pub fn measure(
    pace: &Pace,
    log: &Path,
    author: &Authorship,
    mirror: &Neighbour,
    report: &mut Report,
) -> Result<(), BenchError> {
    let signatures = verifications_on_all_cores(pace);
    let appended = disk::appends(pace, log.parent().unwrap_or(log), disk::GROUP_ENTRIES)?;
    let appended = appended.rate_of(disk::GROUP_ENTRIES * disk::ENTRY_BYTES).in_bytes();

    let replication = cosigned_by(std::slice::from_ref(mirror), Role::Mirror, 1, author)?;
    let config = NodeConfig { replication, ..NodeConfig::new(log) };
    // Opening reads the whole log; the mirror is called when that is done.
    let node = Node::open(config, author.node_keys()?).during("opening the log")?;
    let (started, ours, theirs) = (Instant::now(), machine::processor_time(), mirror.processor_time());
    let size = node.accepted().size;
    let held = node.wait_for(Promise::Mirrored, size, PATIENCE).during(STEP)?;
    let took = started.elapsed();
    if held != Promise::Mirrored {
        return Err(format!("it is {held:?} only: {:?}", node.peers())).during(STEP);
    }
    let ours = machine::processor_time().saturating_sub(ours);
    let theirs = mirror.processor_time().saturating_sub(theirs);

    let entries = size.get();
    let bytes = entries as f64 * author.entry(0)?.len() as f64;
    let what = format!("a mirror copies {entries} entries over HTTP");
    let a_second = 1.0 / took.as_secs_f64();
    let rate = Quantity::PerSecond(entries as f64 * a_second);
    report.add(Row::new(format!("{what}; raw: verify_strict on all cores"), signatures, rate));
    let rate = Quantity::BytesPerSecond(bytes * a_second);
    report.add(Row::new(format!("{what}; raw: append + fdatasync in groups"), appended, rate));
    let share = |time: Duration| Quantity::Share(time.as_secs_f64() * a_second / machine::cores() as f64);
    report.add(Row::ours(format!("{what}, share of all processors: the mirror"), share(theirs)));
    report.add(Row::ours(format!("{what}, share of all processors: the writer"), share(ours)));
    Ok(())
}
