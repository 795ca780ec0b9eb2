//! What a batch declares in clear of its records' fields and dates: exactly what they say.

use matricula_credential::commitment::BatchTreeError;
use matricula_credential::model::classify;
use matricula_registry::{ClaimedRange, FieldList, IscedField};

use super::BatchError;
use super::prepared::PreparedRecord;

/// The fields of study of some records, and the earliest and latest date that they claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) fields: FieldList,
    pub(super) claimed: ClaimedRange,
}

impl Declared {
    /// Reads it from the records.
    pub(super) fn of(records: &[PreparedRecord]) -> Result<Self, BatchError> {
        let mut fields = Vec::with_capacity(records.len());
        let mut dates = Vec::with_capacity(records.len());
        for record in records {
            let class = classify(&record.credential).ok_or_else(|| record.differs())?;
            fields.push(IscedField::parse(&class.isced_f)?);
            dates.push(class.claimed_at);
        }
        let (Some(from), Some(to)) = (dates.iter().min(), dates.iter().max()) else {
            return Err(BatchTreeError::Empty.into());
        };
        Ok(Self { fields: FieldList::new(fields)?, claimed: ClaimedRange::new(*from, *to)? })
    }
}
