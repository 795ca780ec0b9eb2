//! Appending and flushing, as the operating system gives it: the limit for every acknowledgement.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use crate::error::BenchError;
use crate::measure::{Latencies, Pace};
use crate::report::{Report, Row};

/// The length of a typical statement on disk.
pub const ENTRY_BYTES: usize = 300;

/// Entries that share one flush when many clients submit at once.
pub const GROUP_ENTRIES: usize = 1024;

/// Appends of one entry and of a group of entries, each with `fdatasync`, in a file on the workspace's disk.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = throwaway()?;
    let single = appends(pace, folder.path(), 1)?;
    report.add(Row::raw("append 300 B + fdatasync, one after the other", single.rate_of(1)));
    report.add(Row::raw("the same, p50", single.quantile(0.5)));
    report.add(Row::raw("the same, p99", single.quantile(0.99)));
    let groups = appends(pace, folder.path(), GROUP_ENTRIES)?;
    let entries = groups.rate_of(GROUP_ENTRIES);
    report.add(Row::raw("entries in groups of 1,024, each group one append + fdatasync", entries));
    Ok(())
}

/// How long an append of so many entries and its `fdatasync` take.
pub fn appends(pace: &Pace, folder: &Path, entries: usize) -> Result<Latencies, BenchError> {
    let mut file = File::create(folder.join("raw"))?;
    let group = vec![7_u8; ENTRY_BYTES * entries];
    pace.latencies(|| {
        file.write_all(&group)?;
        Ok(file.sync_data()?)
    })
}

/// A folder that is gone after the measurement. It lies in the workspace's `target`: everything that is measured on a disk
/// is measured on that one.
pub fn throwaway() -> Result<TempDir, BenchError> {
    let target = crate::workspace_root().join("target");
    fs::create_dir_all(&target)?;
    Ok(tempfile::tempdir_in(target)?)
}
