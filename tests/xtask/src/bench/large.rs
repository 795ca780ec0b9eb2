//! A large log, of a million entries unless told otherwise: filled through the door, proved from, opened again, and weighed.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use matricula_ledger::{Node, NodeConfig};
use matricula_tlog::{LeafIndex, TreeSize};
use tempfile::TempDir;

use crate::disk;
use crate::error::{BenchError, During};
use crate::http::verifications_on_all_cores;
use crate::measure::Pace;
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;

/// The folder of the log in the folder that is kept.
pub const LOG: &str = "log";

/// The log that was filled, for the group that rebuilds it.
static KEPT: Mutex<Option<TempDir>> = Mutex::new(None);

/// Throws the log away when it is dropped.
pub struct ThrowAway;

impl Drop for ThrowAway {
    fn drop(&mut self) {
        drop(swap(None));
    }
}

/// Entries of one submission.
const BATCH_ENTRIES: u64 = 4000;

/// Proofs of one round.
const PROOFS: u64 = 64;

/// Filling, proving, opening, memory.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let entries = pace.log_entries();
    let folder = disk::throwaway()?;
    let log = folder.path().join(LOG);
    let author = Authorship::new()?;
    let node = create(&log, &author)?;

    let raw = verifications_on_all_cores(pace);
    let took = fill(&node, &author, entries)?;
    let rate = Quantity::PerSecond(entries as f64 / took.as_secs_f64());
    report.add(Row::new(
        format!("{entries} entries through the door; raw: verify_strict on all cores"),
        raw,
        rate,
    ));

    let mut failure = None;
    let proofs = pace.rate(PROOFS, || {
        for place in 0..PROOFS {
            let proof = node.proof(LeafIndex::new(place * (entries - 1) / PROOFS));
            failure = failure.take().or(proof.err());
        }
    });
    failure.map_or(Ok(()), Err).during("proving")?;
    report.add(Row::ours("proofs from the node's tiles", proofs));
    drop(node);

    let started = Instant::now();
    let memory = memory_of(&log)?;
    report.add(Row::ours("opening it again, every byte verified", Quantity::Took(started.elapsed())));
    report.add(Row::ours("resident memory of the node that opened it", Quantity::Bytes(memory)));
    report.add(Row::ours("the folder on disk", Quantity::Bytes(size_of(&log)?)));
    drop(swap(Some(folder)));
    Ok(())
}

/// The folder with the log that was filled last, or with a new one of as many entries.
pub fn kept_or_filled(pace: &Pace, author: &Authorship) -> Result<TempDir, BenchError> {
    if let Some(kept) = swap(None) {
        return Ok(kept);
    }
    let folder = disk::throwaway()?;
    let node = create(&folder.path().join(LOG), author)?;
    fill(&node, author, pace.log_entries())?;
    Ok(folder)
}

fn swap(folder: Option<TempDir>) -> Option<TempDir> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *kept, folder)
}

/// A new log in this folder.
pub fn create(log: &Path, author: &Authorship) -> Result<Node, BenchError> {
    Node::create(NodeConfig::new(log), author.node_keys()?, &author.genesis()?).during("creating the log")
}

/// Submits the entries, and returns how long submitting and publishing took; signing them does not count.
pub fn fill(node: &Node, author: &Authorship, entries: u64) -> Result<Duration, BenchError> {
    let mut took = Duration::ZERO;
    let mut next = 0;
    while next < entries {
        let end = (next + BATCH_ENTRIES).min(entries);
        let batch = author.entries(next..end)?;
        let started = Instant::now();
        node.submit(batch).during("submitting entries")?;
        took += started.elapsed();
        next = end;
    }
    let started = Instant::now();
    node.wait_published(TreeSize::new(entries + 1)).during("publishing")?;
    Ok(took + started.elapsed())
}

/// Asks another process, so that nothing but the node is in its memory.
fn memory_of(log: &Path) -> Result<u64, BenchError> {
    let output = Command::new(env::current_exe()?).arg("--memory-of").arg(log).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().during("weighing the node")
}

/// Opens the log, prints the resident memory of this process in bytes.
pub fn print_memory_of(log: &Path) -> Result<(), BenchError> {
    let node = Node::open(NodeConfig::new(log), Authorship::new()?.node_keys()?).during("opening the log")?;
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().during("reading the memory")?;
    println!("{}", kibibytes * 1024);
    drop(node);
    Ok(())
}

fn size_of(folder: &Path) -> Result<u64, BenchError> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size_of(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
