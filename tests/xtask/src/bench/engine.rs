//! The engine below the door: entries hashed into the tree and committed to the segment files, in groups.

use std::sync::Arc;

use matricula_ledger::{Commit, FileSequence, Head, RealDisk, SequenceStore};
use matricula_tlog::{Frontier, UnixSeconds, leaf_hash};

use crate::disk::{self, ENTRY_BYTES, GROUP_ENTRIES};
use crate::error::{BenchError, During};
use crate::measure::Pace;
use crate::report::{Report, Row};

/// Groups of entries through the sequence store, beside a bare append and `fdatasync` of the same bytes.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = disk::throwaway()?;
    let disk = RealDisk::new(&folder.path().join("log")).during("opening the disk")?;
    let store = FileSequence::open(Arc::new(disk), "ledger.example/engine").during("opening the log")?;
    let lease = store.acquire().during("acquiring the log")?;
    let mut engine = Engine { store: &store, frontier: Frontier::default(), head: lease.head, number: 0 };
    for (what, group) in [("groups of 1,024 entries of 300 B", GROUP_ENTRIES), ("single entries of 300 B", 1)]
    {
        let raw = disk::appends(pace, folder.path(), group)?;
        let ours = pace.latencies(|| {
            let commit = engine.next_group(group);
            engine.commit(lease.epoch, &commit)
        })?;
        report.add(Row::new(format!("{what}, entries"), raw.rate_of(group), ours.rate_of(group)));
        report.add(Row::new(format!("{what}, p50 of a commit"), raw.quantile(0.5), ours.quantile(0.5)));
        report.add(Row::new(format!("{what}, p99 of a commit"), raw.quantile(0.99), ours.quantile(0.99)));
    }
    Ok(())
}

struct Engine<'a> {
    store: &'a FileSequence,
    frontier: Frontier,
    head: Head,
    number: u64,
}

impl Engine<'_> {
    fn next_group(&mut self, entries: usize) -> Vec<[u8; ENTRY_BYTES]> {
        let mut group = vec![[7; ENTRY_BYTES]; entries];
        for entry in &mut group {
            entry[..8].copy_from_slice(&self.number.to_be_bytes());
            self.number += 1;
        }
        group
    }

    fn commit(
        &mut self,
        epoch: matricula_ledger::Epoch,
        group: &[[u8; ENTRY_BYTES]],
    ) -> Result<(), BenchError> {
        let entries: Vec<&[u8]> = group.iter().map(<[u8; ENTRY_BYTES]>::as_slice).collect();
        for entry in &entries {
            self.frontier.push(leaf_hash(entry));
        }
        let next = Head { size: self.frontier.size(), root: self.frontier.root() };
        let accepted_at = UnixSeconds::new(1_795_305_600);
        let commit = Commit { epoch, expected: self.head, next, accepted_at, entries: &entries };
        self.store.commit(&commit).during("committing a group")?;
        self.head = next;
        Ok(())
    }
}
