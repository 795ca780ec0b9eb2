//! The school's share of the status lists, and how far it is used up.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{SchoolError, SchoolHome};
use crate::status::{ALLOTMENT_FILE_BYTES_MAX, AllotmentError, SignedAllotment};
use crate::storage::{self, Access, StorageError};

/// One line an allotment.
const USED_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A place in a status list that nobody else has or will have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusSlot {
    pub(crate) list: String,
    pub(crate) index: u32,
}

/// How many indexes of each allotment are taken. Their order is random, so a count is enough.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsedFile {
    taken: BTreeMap<String, usize>,
}

impl SchoolHome {
    /// Takes in an allotment file of the authority. The same file again changes nothing.
    ///
    /// # Errors
    /// [`AllotmentError::ForeignSignature`] or [`AllotmentError::ForeignInstitution`].
    pub fn import_allotment(&self, bytes: &[u8]) -> Result<AllotmentImported, SchoolError> {
        let signed = SignedAllotment::parse(bytes)?;
        let allotment = signed.allotment();
        if allotment.institution != self.profile().did.as_str() {
            let institution = allotment.institution.clone();
            return Err(AllotmentError::ForeignInstitution { institution }.into());
        }
        let by_authority = signed.controller == self.authority().profile.did.as_str()
            && self.evidence()?.is_authority_key(&signed.signer, allotment.issued);
        let base = &self.authority().profile.base_url;
        let number = allotment.status_list.rsplit('/').next().and_then(|number| number.parse().ok());
        let own_list = number.is_some_and(|number| base.status_list(number) == allotment.status_list);
        if !by_authority || !own_list {
            return Err(AllotmentError::ForeignSignature.into());
        }
        let name = safe_id(&allotment.id)?;
        let _lock = self.lock()?;
        let folder = self.status_folder().join("allotments");
        storage::make_folder(&folder)?;
        let indexes = allotment.indexes.len();
        match storage::write_new(&folder.join(format!("{name}.json")), bytes, Access::Private) {
            Ok(()) => Ok(AllotmentImported { indexes, new: true }),
            Err(StorageError::Exists { .. }) => Ok(AllotmentImported { indexes, new: false }),
            Err(error) => Err(error.into()),
        }
    }

    /// How many indexes are left.
    pub fn status_indexes_left(&self) -> Result<usize, SchoolError> {
        let used = self.used()?;
        let left = |allotment: &SignedAllotment| {
            let allotment = allotment.allotment();
            allotment.indexes.len().saturating_sub(used.taken.get(&allotment.id).copied().unwrap_or(0))
        };
        Ok(self.allotments()?.iter().map(left).sum())
    }

    /// Takes `count` indexes for good: that they are taken is durable before they are returned, so a
    /// crash wastes some and never uses one twice. The caller holds the home's lock.
    pub(crate) fn take_status_slots(&self, count: usize) -> Result<Vec<StatusSlot>, SchoolError> {
        let mut used = self.used()?;
        let mut slots = Vec::with_capacity(count);
        for signed in self.allotments()? {
            let allotment = signed.allotment();
            let taken = used.taken.entry(allotment.id.clone()).or_default();
            let fresh = allotment.indexes.iter().skip(*taken).take(count - slots.len());
            let before = slots.len();
            slots
                .extend(fresh.map(|index| StatusSlot { list: allotment.status_list.clone(), index: *index }));
            *taken += slots.len() - before;
        }
        if slots.len() < count {
            return Err(SchoolError::StatusIndexesUsedUp { needed: count, left: slots.len() });
        }
        storage::write_json(&self.status_folder().join("used.json"), &used, Access::Private)?;
        Ok(slots)
    }

    fn used(&self) -> Result<UsedFile, StorageError> {
        let path = self.status_folder().join("used.json");
        Ok(storage::read_json_if_there(&path, USED_FILE_BYTES_MAX)?.unwrap_or_default())
    }

    /// The allotments, oldest first.
    fn allotments(&self) -> Result<Vec<SignedAllotment>, SchoolError> {
        let folder = self.status_folder().join("allotments");
        let mut allotments = Vec::new();
        for name in storage::names_in(&folder)? {
            let bytes = storage::read(&folder.join(&name), ALLOTMENT_FILE_BYTES_MAX)?;
            allotments.push(SignedAllotment::parse(&bytes)?);
        }
        allotments.sort_by_key(|signed| (signed.allotment().issued, signed.allotment().id.clone()));
        Ok(allotments)
    }
}

/// What became of an allotment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllotmentImported {
    /// How many indexes it holds.
    pub indexes: usize,
    /// Whether it is new here.
    pub new: bool,
}

fn safe_id(id: &str) -> Result<&str, AllotmentError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if id.len() == 32 && id.bytes().all(hex) { Ok(id) } else { Err(AllotmentError::Identifier) }
}
