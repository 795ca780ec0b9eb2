//! Credentials issued together: what is said of them in clear, and the root over their commitments.

use matricula_tlog::{Hash, UnixSeconds};
use minicbor::Decoder;

use crate::{
    identity::InstitutionId,
    scope::{CredentialKind, IscedField, IscedLevel, read_kind, read_level},
    statement::{Fields, MapWriter, StatementError, read_date, read_hash, read_list, read_text, read_u64},
};

/// Fewest leaves: a single credential is not told from a class of 60.
const LEAVES_MIN: u64 = 64;
/// Most leaves: a million, which keeps a credential's path at 20 hashes.
const LEAVES_MAX: u64 = 1 << 20;
/// Most fields of a batch: a large school teaches some dozens of programmes.
const BATCH_FIELDS_MAX: u64 = 64;

/// The number of leaves of a batch tree, dummies included: a power of two from 64 to 1,048,576.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchLeaves(u32);

impl BatchLeaves {
    /// Takes a number of leaves.
    ///
    /// # Errors
    /// [`StatementError::BatchLeaves`].
    pub fn new(leaves: u64) -> Result<Self, StatementError> {
        match u32::try_from(leaves) {
            Ok(small) if leaves.is_power_of_two() && (LEAVES_MIN..=LEAVES_MAX).contains(&leaves) => {
                Ok(Self(small))
            }
            _ => Err(StatementError::BatchLeaves { got: leaves }),
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The claimed dates of a batch's credentials: the earliest and the latest, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimedRange {
    from: UnixSeconds,
    to: UnixSeconds,
}

impl ClaimedRange {
    /// Makes a range.
    ///
    /// # Errors
    /// [`StatementError::PeriodBackwards`] if the latest comes before the earliest.
    pub fn new(from: UnixSeconds, to: UnixSeconds) -> Result<Self, StatementError> {
        if to < from {
            return Err(StatementError::PeriodBackwards { field: "claimed", from: from.get(), to: to.get() });
        }
        Ok(Self { from, to })
    }

    /// The earliest claimed date.
    pub const fn from(&self) -> UnixSeconds {
        self.from
    }

    /// The latest claimed date.
    pub const fn to(&self) -> UnixSeconds {
        self.to
    }

    /// Whether the date lies in the range.
    pub fn contains(&self, at: UnixSeconds) -> bool {
        self.from <= at && at <= self.to
    }
}

/// The ISCED-F fields of a batch: 1 to 64, in ascending order, each once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldList(Vec<IscedField>);

impl FieldList {
    /// Makes a list; it is sorted and freed of repeats.
    ///
    /// # Errors
    /// [`StatementError::ListLength`].
    pub fn new(fields: impl IntoIterator<Item = IscedField>) -> Result<Self, StatementError> {
        let mut fields: Vec<IscedField> = fields.into_iter().collect();
        fields.sort();
        fields.dedup();
        let got = fields.len() as u64;
        if (1..=BATCH_FIELDS_MAX).contains(&got) {
            Ok(Self(fields))
        } else {
            Err(StatementError::ListLength { field: "isced_f", got, min: 1, max: BATCH_FIELDS_MAX })
        }
    }

    /// The fields.
    pub fn as_slice(&self) -> &[IscedField] {
        &self.0
    }

    fn read(decoder: &mut Decoder<'_>, field: &'static str) -> Result<Self, StatementError> {
        read_list(decoder, field, 1, BATCH_FIELDS_MAX, |d, f| IscedField::parse(read_text(d, f)?)).map(Self)
    }
}

/// A batch statement, signed by an `issue` key and countersigned by an `approve` key of one
/// institution. A credential lies in a batch only within what the batch declares here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The institution that signs.
    pub issuer: InstitutionId,
    /// The institution it signs for, as successor or custodian.
    pub on_behalf_of: Option<InstitutionId>,
    /// The kind of all credentials in it.
    pub kind: CredentialKind,
    /// The ISCED 2011 level of all credentials in it.
    pub isced_level: IscedLevel,
    /// The ISCED-F 2013 fields of the credentials in it.
    pub isced_f: FieldList,
    /// The claimed dates of the credentials in it.
    pub claimed: ClaimedRange,
    /// The root over the salted commitments.
    pub root: Hash,
    /// The leaves under the root, dummies included.
    pub leaves: BatchLeaves,
    /// The commitment to the summary that the authority alone receives.
    pub summary_commitment: Hash,
}

impl Batch {
    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, "batch")?;
        let issuer = map.required(0, "issuer", |d, f| InstitutionId::read(f, read_text(d, f)?))?;
        let on_behalf_of =
            map.optional(1, "on_behalf_of", |d, f| InstitutionId::read(f, read_text(d, f)?))?;
        if on_behalf_of.as_ref() == Some(&issuer) {
            return Err(StatementError::MandateToItself { field: "on_behalf_of" });
        }
        let kind = map.required(2, "credential_kind", read_kind)?;
        let isced_level = map.required(3, "isced_level", read_level)?;
        let isced_f = map.required(4, "isced_f", FieldList::read)?;
        let from = map.required(5, "claimed_from", read_date)?;
        let to = map.required(6, "claimed_to", read_date)?;
        let root = map.required(7, "root", read_hash)?;
        let leaves = map.required(8, "leaves", |d, f| BatchLeaves::new(read_u64(d, f)?))?;
        let summary_commitment = map.required(9, "summary_commitment", read_hash)?;
        map.close()?;
        let claimed = ClaimedRange::new(from, to)?;
        Ok(Self {
            issuer,
            on_behalf_of,
            kind,
            isced_level,
            isced_f,
            claimed,
            root,
            leaves,
            summary_commitment,
        })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.text(0, self.issuer.as_str());
        if let Some(predecessor) = &self.on_behalf_of {
            map.text(1, predecessor.as_str());
        }
        map.text(2, self.kind.as_str());
        map.number(3, u64::from(self.isced_level.get()));
        map.array(4, self.isced_f.as_slice(), |field, out| out.text(field.as_str()));
        map.number(5, self.claimed.from.get());
        map.number(6, self.claimed.to.get());
        map.bytes(7, self.root.as_bytes());
        map.number(8, u64::from(self.leaves.get()));
        map.bytes(9, self.summary_commitment.as_bytes());
        map
    }
}
