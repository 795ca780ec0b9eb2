//! Appending and flushing, as the operating system gives it: the limit for every acknowledgement.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use crate::error::BenchError;
use crate::measure::Pace;
use crate::quantity::Quantity;
use crate::report::{Report, Row};

/// The length of a typical statement on disk.
const ENTRY_BYTES: usize = 300;

/// Entries that share one flush when many clients submit at once.
const GROUP_ENTRIES: usize = 1024;

/// Appends of one entry and of a group of entries, each with `fdatasync`, in a file on the workspace's disk.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = tempfile::tempdir_in(target())?;
    let mut file = File::create_new(folder.path().join("single"))?;
    let entry = vec![7_u8; ENTRY_BYTES];
    let single = pace.latencies(|| append(&mut file, &entry))?;
    report.add(Row::raw("append 300 B + fdatasync, one after the other", single.rate()));
    report.add(Row::raw("the same, p50", single.quantile(0.5)));
    report.add(Row::raw("the same, p99", single.quantile(0.99)));

    let mut file = File::create_new(folder.path().join("group"))?;
    let group = vec![7_u8; ENTRY_BYTES * GROUP_ENTRIES];
    let groups = pace.latencies(|| append(&mut file, &group))?;
    if let Quantity::PerSecond(rate) = groups.rate() {
        let entries = Quantity::PerSecond(rate * GROUP_ENTRIES as f64);
        report.add(Row::raw("entries in groups of 1,024, each group one append + fdatasync", entries));
    }
    Ok(())
}

fn append(file: &mut File, bytes: &[u8]) -> Result<(), std::io::Error> {
    file.write_all(bytes)?;
    file.sync_data()
}

/// The build folder: there the product's own benchmarks keep their files too.
fn target() -> PathBuf {
    crate::workspace_root().join("target")
}
