//! A log that takes entries as fast as it can while mirrors copy it, beside the same log alone.
//!
//! In life a mirror has a machine of its own. Here all share one, and each checks every signature: with three mirrors a machine
//! does four times the work. What the mirrors cost the *writer* is the ratio of its processor times.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use matricula_ledger::{Node, NodeConfig, Promise, Replication, Role, router};

use crate::client::saturate;
use crate::error::{BenchError, During};
use crate::http::{self, BATCH_ENTRIES, Server};
use crate::measure::Pace;
use crate::neighbours::{self, Neighbour, cosigned_by};
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;
use crate::{disk, machine};

/// Mirrors attached.
const MIRRORS: u8 = 3;

/// Longer than mirrors on this machine need for what a measurement submits.
const PATIENCE: Duration = Duration::from_secs(600);

/// Batches from a few clients, as fast as they can, without mirrors and with.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let author = Authorship::new()?;
    let batches = http::batches_for(&author, pace)?;
    let folder = disk::throwaway()?;
    let alone = pour(pace, &folder.path().join("alone"), &author, Replication::default(), &batches)?;
    let mirrors = Neighbour::several(MIRRORS, folder.path())?;
    let replication = cosigned_by(&mirrors, Role::Mirror, usize::from(MIRRORS), &author)?;
    let before = neighbours::processor_time(&mirrors);
    let mirrored = pour(pace, &folder.path().join("mirrored"), &author, replication, &batches)?;
    let theirs = neighbours::processor_time(&mirrors).saturating_sub(before) / u32::from(MIRRORS);

    let load =
        format!("batches of 1,024, {MIRRORS} mirrors that check every signature again on the same cores");
    let raw = "raw: without mirrors";
    report.add(Row::new(format!("{load}, entries accepted; {raw}"), alone.accepted, mirrored.accepted));
    report.add(Row::new(
        format!("{load}, entries until every mirror holds the last; {raw}, until the last is published"),
        alone.held,
        mirrored.held,
    ));
    report.add(Row::new(
        format!("{load}, processor time of the writer and its clients for an entry; {raw}"),
        alone.for_each(alone.processor_time),
        mirrored.for_each(mirrored.processor_time),
    ));
    report.add(Row::ours(
        format!("{load}, processor time of a mirror for an entry"),
        mirrored.for_each(theirs),
    ));
    Ok(())
}

/// What came of a load.
struct Poured {
    entries: u64,
    /// How many were accepted in a second while clients submitted.
    accepted: Quantity,
    /// How many a second, counted until all that is promised of the last one holds.
    held: Quantity,
    processor_time: Duration,
}

impl Poured {
    fn for_each(&self, whole: Duration) -> Quantity {
        Quantity::Took(whole.div_f64(self.entries.max(1) as f64))
    }
}

fn pour(
    pace: &Pace,
    log: &Path,
    author: &Authorship,
    replication: Replication,
    batches: &[Vec<Vec<u8>>],
) -> Result<Poured, BenchError> {
    let promise = if replication.peers.is_empty() { Promise::Published } else { Promise::Mirrored };
    let config = NodeConfig { replication, ..NodeConfig::new(log) };
    let node = Node::create(config, author.node_keys()?, &author.genesis()?);
    let node = Arc::new(node.during("creating the log")?);
    node.wait_for(promise, node.accepted().size, PATIENCE).during("copying the first entry")?;
    let server = Server::start(router(node.clone()))?;
    let (started, before) = (Instant::now(), machine::processor_time());
    let outcome = saturate(server.address, batches.to_vec(), pace.time())?;
    let size = node.accepted().size;
    let held = node.wait_for(promise, size, PATIENCE).during("waiting for the mirrors")?;
    if held != promise {
        return Err(format!("it is {held:?} only: {:?}", node.peers())).during("waiting for the mirrors");
    }
    let entries = size.get() - 1;
    Ok(Poured {
        entries,
        accepted: outcome.rate_of(BATCH_ENTRIES),
        held: Quantity::PerSecond(entries as f64 / started.elapsed().as_secs_f64()),
        processor_time: machine::processor_time().saturating_sub(before),
    })
}
