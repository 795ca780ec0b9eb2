//! What one `apply` asks for.

use std::collections::HashSet;

use crate::store::{StateError, Version};
use crate::table::{APPLY_BYTES_MAX, APPLY_OPS_MAX, KEY_BYTES_MAX, Table, VALUE_BYTES_MAX};

/// The condition under which an operation may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// The key must not exist.
    Absent,
    /// The key must exist in exactly this version.
    Exactly(Version),
}

impl Expected {
    /// Whether the condition holds for what was found.
    pub fn holds(self, found: Option<Version>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::Exactly(version) => found == Some(version),
        }
    }
}

/// One operation of an `apply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes the value under the key.
    Put {
        /// Where.
        table: Table,
        /// 1 to [`KEY_BYTES_MAX`] bytes.
        key: Vec<u8>,
        /// At most [`VALUE_BYTES_MAX`] bytes.
        value: Vec<u8>,
        /// The condition.
        expected: Expected,
    },
    /// Removes the key. Removing what is not there is no error under [`Expected::Any`].
    Delete {
        /// Where.
        table: Table,
        /// 1 to [`KEY_BYTES_MAX`] bytes.
        key: Vec<u8>,
        /// The condition.
        expected: Expected,
    },
}

impl Op {
    /// A put under a condition.
    pub fn put(table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>, expected: Expected) -> Self {
        Self::Put { table, key: key.into(), value: value.into(), expected }
    }

    /// A delete under a condition.
    pub fn delete(table: Table, key: impl Into<Vec<u8>>, expected: Expected) -> Self {
        Self::Delete { table, key: key.into(), expected }
    }

    /// The table.
    pub fn table(&self) -> Table {
        match self {
            Self::Put { table, .. } | Self::Delete { table, .. } => *table,
        }
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
        }
    }

    /// The condition.
    pub fn expected(&self) -> Expected {
        match self {
            Self::Put { expected, .. } | Self::Delete { expected, .. } => *expected,
        }
    }

    fn value_bytes(&self) -> usize {
        match self {
            Self::Put { value, .. } => value.len(),
            Self::Delete { .. } => 0,
        }
    }

    /// The refusal when the condition does not hold for what was found.
    pub(crate) fn check(&self, found: Option<Version>) -> Result<(), StateError> {
        if self.expected().holds(found) {
            return Ok(());
        }
        Err(StateError::Conflict {
            table: self.table(),
            key: self.key().to_vec(),
            expected: self.expected(),
            found,
        })
    }
}

/// Refuses what no adapter may see: too much, or one key twice.
pub(crate) fn check_limits(ops: &[Op]) -> Result<(), StateError> {
    if ops.len() > APPLY_OPS_MAX {
        return Err(StateError::TooManyOps { got: ops.len(), max: APPLY_OPS_MAX });
    }
    let mut bytes = 0;
    let mut seen = HashSet::with_capacity(ops.len());
    for op in ops {
        check_key(op.key())?;
        if op.value_bytes() > VALUE_BYTES_MAX {
            return Err(StateError::ValueTooLong { got: op.value_bytes(), max: VALUE_BYTES_MAX });
        }
        bytes += op.key().len() + op.value_bytes();
        if !seen.insert((op.table().name(), op.key())) {
            return Err(StateError::DuplicateKey { table: op.table(), key: op.key().to_vec() });
        }
    }
    if bytes > APPLY_BYTES_MAX {
        return Err(StateError::TooManyBytes { got: bytes, max: APPLY_BYTES_MAX });
    }
    Ok(())
}

/// Refuses an empty or overlong key.
pub(crate) fn check_key(key: &[u8]) -> Result<(), StateError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(StateError::KeyLength { got: key.len(), max: KEY_BYTES_MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Table = Table::new("t");

    #[test]
    fn refuses_an_empty_and_an_overlong_key() {
        for got in [0, KEY_BYTES_MAX + 1] {
            let ops = [Op::put(T, vec![7; got], "", Expected::Any)];
            assert!(matches!(check_limits(&ops), Err(StateError::KeyLength { got: g, .. }) if g == got));
        }
        assert!(check_limits(&[Op::put(T, vec![7; KEY_BYTES_MAX], "", Expected::Any)]).is_ok());
    }

    #[test]
    fn refuses_an_overlong_value() {
        let ops = [Op::put(T, "k", vec![0; VALUE_BYTES_MAX + 1], Expected::Any)];
        assert!(matches!(check_limits(&ops), Err(StateError::ValueTooLong { .. })));
        assert!(check_limits(&[Op::put(T, "k", vec![0; VALUE_BYTES_MAX], Expected::Any)]).is_ok());
    }

    #[test]
    fn refuses_one_key_twice_but_not_in_two_tables() {
        let twice = [Op::put(T, "k", "1", Expected::Any), Op::delete(T, "k", Expected::Any)];
        assert!(matches!(check_limits(&twice), Err(StateError::DuplicateKey { .. })));
        let other = [Op::put(T, "k", "1", Expected::Any), Op::delete(Table::new("u"), "k", Expected::Any)];
        assert!(check_limits(&other).is_ok());
    }

    #[test]
    fn refuses_too_many_operations_and_too_many_bytes() {
        let many: Vec<_> =
            (0..=APPLY_OPS_MAX).map(|i| Op::delete(T, i.to_be_bytes(), Expected::Any)).collect();
        assert!(matches!(check_limits(&many), Err(StateError::TooManyOps { .. })));
        let large: Vec<_> =
            (0..17u8).map(|i| Op::put(T, [i], vec![0; VALUE_BYTES_MAX], Expected::Any)).collect();
        assert!(matches!(check_limits(&large), Err(StateError::TooManyBytes { .. })));
    }
}
