//! All entries, from the first to the last: signatures, door, tree.

use std::collections::BTreeMap;

use matricula_registry::{
    Body, DoorError, LogOrigin, LogTime, OutOfOrder, Registry, Statement, VerifiedStatement,
};
use matricula_state::StateStore;
use matricula_tlog::{Hash, LeafIndex, TilePath, TreeSize, leaf_hash};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::Finding;
use super::beside::Beside;
use crate::dedup;
use crate::edge::Edge;
use crate::sequence::{Head, Inspected, SequenceStore, SequencedEntry, origin_hash};

const CHUNK_ENTRIES: usize = 4096;

/// What the entries give.
pub(super) struct Survey {
    pub(super) head: Head,
    /// Every full tile, by the hash of its bytes: all tiles of a long log do not fit in memory.
    pub(super) tiles: BTreeMap<TilePath, Hash>,
    /// The roots at the sizes that somebody remembers.
    pub(super) roots: BTreeMap<TreeSize, Hash>,
}

struct Run<'a> {
    beside: &'a Beside<'a>,
    registry: Option<Registry>,
    edge: Edge,
    survey: Survey,
    findings: &'a mut Vec<Finding>,
}

impl Survey {
    pub(super) fn run(inspected: &Inspected, beside: &Beside<'_>, findings: &mut Vec<Finding>) -> Self {
        let survey = Self { head: Head::empty(), tiles: BTreeMap::new(), roots: BTreeMap::new() };
        let mut run = Run { beside, registry: None, edge: Edge::new(), survey, findings };
        run.note_root();
        let end = run.read_all(inspected);
        let computed = run.edge.head();
        if end.is_some_and(|stored| stored != computed) {
            run.findings.extend(end.map(|stored| Finding::RootMismatch { computed, stored }));
        }
        Self { head: computed, ..run.survey }
    }
}

impl Run<'_> {
    /// Reads to the end, and returns the head that the store names; `None` when the end was not reached.
    fn read_all(&mut self, inspected: &Inspected) -> Option<Head> {
        let head = inspected.sequence.head();
        let head = head.map_err(|error| self.findings.push(Finding::Entries(error))).ok()?;
        while self.edge.size() < head.size {
            let next = LeafIndex::new(self.edge.size().get());
            let entries = inspected.sequence.entries(next, CHUNK_ENTRIES);
            let entries = entries.map_err(|error| self.findings.push(Finding::Entries(error))).ok()?;
            if entries.first().is_none_or(|entry| entry.index != next) {
                self.findings.push(Finding::MissingEntry { index: next });
                return None;
            }
            if next.get() == 0 {
                self.start(inspected, &entries[0]);
            }
            self.take_in(&entries);
        }
        Some(head)
    }

    /// The first entry says which log it is, and starts its registry.
    fn start(&mut self, inspected: &Inspected, genesis: &SequencedEntry) {
        let Ok(genesis) = Statement::parse(&genesis.bytes) else { return };
        let header = genesis.header();
        if inspected.origin != Some(origin_hash(header.origin.as_str())) {
            self.findings.push(Finding::OtherLog { origin: header.origin.to_string() });
        }
        self.check_log_key(&genesis, &header.origin);
        self.registry = Some(Registry::new(header.origin.clone(), [header.signer]));
    }

    /// The policy beside the log must name the log's own key.
    fn check_log_key(&mut self, genesis: &Statement, origin: &LogOrigin) {
        let Body::Authority(authority) = genesis.body() else { return };
        let named = self.beside.log_key();
        let differs = named.as_ref().is_some_and(|key| {
            key.name().as_str() != origin.as_str() || key.encode() != authority.log_key.as_str()
        });
        if differs {
            self.findings.push(Finding::Damaged { path: crate::signer::POLICY.to_owned() });
        }
    }

    fn take_in(&mut self, entries: &[SequencedEntry]) {
        let verified: Vec<_> = entries.par_iter().with_min_len(8).map(verify).collect();
        let mut full = Vec::new();
        for (entry, verified) in entries.iter().zip(verified) {
            let leaf = leaf_hash(&entry.bytes);
            self.edge.push(leaf, &mut full);
            self.note_root();
            let admitted = verified.and_then(|statement| self.admit(entry, statement));
            if let Err(error) = admitted {
                self.findings.push(Finding::Refused { index: entry.index, error: Box::new(error) });
            }
            self.check_index(&leaf, entry.index);
        }
        let of_tile = |tile: &matricula_tlog::Tile| (tile.path(), leaf_hash(&tile.encode()));
        self.survey.tiles.extend(full.iter().map(of_tile));
    }

    fn admit(&mut self, entry: &SequencedEntry, statement: VerifiedStatement) -> Result<(), DoorError> {
        let Some(registry) = &mut self.registry else { return Ok(()) };
        let admitted = registry.admit_verified(entry.index, LogTime::at(entry.accepted_at), statement)?;
        let applied = registry.apply(admitted);
        applied.map(drop).map_err(|OutOfOrder { index, next }| DoorError::NotNextLeaf { index, next })
    }

    fn note_root(&mut self) {
        let head = self.edge.head();
        if self.beside.remembers(head.size) {
            self.survey.roots.insert(head.size, head.root);
        }
    }

    fn check_index(&mut self, leaf: &Hash, index: LeafIndex) {
        let Some(state) = self.beside.indexing(index) else { return };
        match lookup(state, leaf) {
            Ok(found) if found == Some(index) => {}
            Ok(found) => self.findings.push(Finding::WrongIndexRow { index, found }),
            Err(finding) => self.findings.push(finding),
        }
    }
}

fn lookup(state: &dyn StateStore, leaf: &Hash) -> Result<Option<LeafIndex>, Finding> {
    dedup::lookup(state, leaf).map_err(Finding::State)
}

fn verify(entry: &SequencedEntry) -> Result<VerifiedStatement, DoorError> {
    Ok(Statement::parse(&entry.bytes)?.verify_signatures()?)
}
