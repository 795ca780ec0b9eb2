//! A new version of a status list.

use matricula_tlog::Hash;
use minicbor::Decoder;

use crate::{
    identity::Text,
    statement::{Fields, MapWriter, StatementError, read_hash, read_text, read_u64},
};

/// A status statement, signed by the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The URL of the status list credential.
    pub list: Text,
    /// Its version; each is greater than the one before.
    pub version: u64,
    /// Its status purpose, such as `revocation`.
    pub purpose: Text,
    /// The digest of the list in this version.
    pub digest: Hash,
}

impl Status {
    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, "status")?;
        let list = map.required(0, "list", |d, f| Text::read(f, read_text(d, f)?))?;
        let version = map.required(1, "version", read_u64)?;
        let purpose = map.required(2, "purpose", |d, f| Text::read(f, read_text(d, f)?))?;
        let digest = map.required(3, "digest", read_hash)?;
        map.close()?;
        Ok(Self { list, version, purpose, digest })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.text(0, self.list.as_str());
        map.number(1, self.version);
        map.text(2, self.purpose.as_str());
        map.bytes(3, self.digest.as_bytes());
        map
    }
}
