//! State stores that fail, or die, at a chosen step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use matricula_state::{Change, MemoryStore, Op, Row, StateError, StateStore, Table, Version, Versioned};

/// What happens to the chosen `apply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done, and the caller hears of a failure.
    FailsUndone,
    /// It is done, and the caller hears of a failure.
    FailsDone,
}

/// A store that dies at its `n`th `apply` and answers nothing from then on, over memory that a restart finds again.
#[derive(Debug)]
pub struct Mortal {
    memory: Arc<MemoryStore>,
    applies_left: AtomicU32,
    fault: Fault,
}

impl Mortal {
    pub fn new(memory: Arc<MemoryStore>, dies_at: u32, fault: Fault) -> Self {
        Self { memory, applies_left: AtomicU32::new(dies_at), fault }
    }

    fn alive(&self) -> Result<(), StateError> {
        if self.applies_left.load(Ordering::SeqCst) == 0 { Err(StateError::Stopped) } else { Ok(()) }
    }
}

impl StateStore for Mortal {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        self.alive()?;
        self.memory.get(table, key)
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        self.alive()?;
        if self.applies_left.fetch_sub(1, Ordering::SeqCst) > 1 {
            return self.memory.apply(ops);
        }
        if self.fault == Fault::FailsDone {
            self.memory.apply(ops)?;
        }
        Err(StateError::Stopped)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        self.alive()?;
        self.memory.scan(table, prefix, after, limit)
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        self.alive()?;
        self.memory.changes_since(after, limit)
    }
}
