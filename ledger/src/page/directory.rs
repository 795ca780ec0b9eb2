//! The institutions of the registry as the pages search them: a copy, so that no entry waits for a search.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use matricula_registry::{Institution, InstitutionId};
use matricula_tlog::{LeafIndex, UnixSeconds};

use super::words::{Standing, folded};
use crate::node::{Node, ReadError};

/// How long a copy is good enough although the registry has changed.
const AGE_MAX: Duration = Duration::from_secs(5);

/// How long a copy is good enough at all: what holds today may end at midnight.
const UNCHANGED_AGE_MAX: Duration = Duration::from_secs(60);

/// Institutions that are copied under one lock. Entries wait meanwhile: some tens of microseconds.
const LOCKED_MAX: usize = 128;

/// Institutions in a copy at most, some 300 bytes each: ten times the schools of the largest country that runs one log.
/// Beyond, an institution has a page, and is not found by searching.
const INSTITUTIONS_MAX: usize = 200_000;

/// The copy, made anew when it has become too old.
#[derive(Debug, Default)]
pub(super) struct Directory(Mutex<Option<Copy>>);

#[derive(Debug)]
struct Copy {
    snapshot: Arc<Snapshot>,
    made: Instant,
    next: LeafIndex,
}

/// All institutions, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    rows: Vec<Row>,
}

/// One institution.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: InstitutionId,
    /// Its latest name; its identifier, when it has none.
    pub(super) name: String,
    /// Where it may certify, by its latest scope.
    pub(super) place: Option<String>,
    pub(super) standing: Standing,
    /// What a search looks at.
    folded: String,
}

impl Directory {
    /// The institutions as they were some seconds ago at most.
    pub(super) fn current(&self, node: &Node) -> Result<Arc<Snapshot>, ReadError> {
        // Whoever finds it too old makes it anew, while others wait: they would do the same.
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = node.read_registry(matricula_registry::Registry::next_index)?;
        if let Some(copy) = latest.as_ref() {
            let age = copy.made.elapsed();
            if age < AGE_MAX || copy.next == next && age < UNCHANGED_AGE_MAX {
                return Ok(copy.snapshot.clone());
            }
        }
        let snapshot = Arc::new(Snapshot::of(node)?);
        *latest = Some(Copy { snapshot: snapshot.clone(), made: Instant::now(), next });
        Ok(snapshot)
    }
}

impl Snapshot {
    fn of(node: &Node) -> Result<Self, ReadError> {
        let now = node.now();
        let mut rows: Vec<Row> = Vec::new();
        while rows.len() < INSTITUTIONS_MAX {
            let after = rows.last().map(|row| row.id.clone());
            let before = rows.len();
            node.read_registry(|registry| {
                let institutions = registry.institutions_after(after.as_ref()).take(LOCKED_MAX);
                rows.extend(institutions.map(|(id, institution)| Row::of(id, institution, now)));
            })?;
            if rows.len() - before < LOCKED_MAX {
                break;
            }
        }
        for row in &mut rows {
            row.folded =
                folded(&format!("{} {} {}", row.name, row.id, row.place.as_deref().unwrap_or_default()));
        }
        rows.sort_by(|one, other| one.folded.cmp(&other.folded));
        Ok(Self { rows })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Those of which name, identifier or place have every word of the text; all of them for an empty one.
    pub(super) fn search(&self, text: &str) -> Vec<&Row> {
        let text = folded(text);
        let words: Vec<&str> = text.split_whitespace().collect();
        self.rows.iter().filter(|row| words.iter().all(|word| row.folded.contains(word))).collect()
    }
}

impl Row {
    /// What is copied under the lock; the text for searches is made after it.
    fn of(id: &InstitutionId, institution: &Institution, now: UnixSeconds) -> Self {
        let history = institution.history();
        let scope = history.iter().rev().find_map(|event| event.value.event.scope());
        Self {
            id: id.clone(),
            name: history.last().map_or_else(|| id.to_string(), |event| event.value.name.to_string()),
            place: scope.map(|scope| scope.jurisdiction().to_string()),
            standing: Standing::of(history, now),
            folded: String::new(),
        }
    }
}
