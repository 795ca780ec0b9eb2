//! The root over commitments to anything that must be dated and undeniable.

use matricula_tlog::Hash;
use minicbor::Decoder;

use crate::{
    identity::Text,
    statement::{Fields, MapWriter, StatementError, read_hash, read_text},
};

/// A commitment statement, signed by the authority or an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// What it is for, such as `transfer` or `binding`. No personal data.
    pub label: Text,
    /// The root.
    pub root: Hash,
}

impl Commitment {
    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, "commitment")?;
        let label = map.required(0, "label", |d, f| Text::read(f, read_text(d, f)?))?;
        let root = map.required(1, "root", read_hash)?;
        map.close()?;
        Ok(Self { label, root })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.text(0, self.label.as_str());
        map.bytes(1, self.root.as_bytes());
        map
    }
}
