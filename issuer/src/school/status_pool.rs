//! The school's share of the status lists, and how far it is used up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{SchoolError, SchoolHome};
use crate::status::{ALLOTMENT_FILE_BYTES_MAX, AllotmentError, SignedAllotment};
use crate::storage::{self, Access, StorageError};

/// One line an allotment, and one for each place that was given back or is reserved: a million of them,
/// the largest batch, have 16 MiB.
const USED_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A place in a status list that nobody else has or will have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusSlot {
    pub(crate) list: String,
    pub(crate) index: u32,
}

/// `used.json`. A place is in one of four states: not taken, free again, reserved, or used.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsedFile {
    /// How many indexes of each allotment are taken. Their order is random, so a count is enough.
    taken: BTreeMap<String, usize>,
    /// Indexes by list that were taken and given back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    free: Places,
    /// Taken for a batch of which nobody has seen yet that it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reserved: Option<Reservation>,
}

type Places = BTreeMap<String, Vec<u32>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    batch: String,
    places: Places,
}

impl UsedFile {
    /// Takes a place that was given back.
    fn take_free(&mut self) -> Option<StatusSlot> {
        let mut entry = self.free.first_entry()?;
        let slot = entry.get_mut().pop().map(|index| StatusSlot { list: entry.key().clone(), index });
        if entry.get().is_empty() {
            entry.remove();
        }
        slot
    }
}

fn places(slots: &[StatusSlot]) -> Places {
    let mut places = Places::new();
    for slot in slots {
        places.entry(slot.list.clone()).or_default().push(slot.index);
    }
    places
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
        let used = self.settled()?;
        let left = |allotment: &SignedAllotment| {
            let allotment = allotment.allotment();
            allotment.indexes.len().saturating_sub(used.taken.get(&allotment.id).copied().unwrap_or(0))
        };
        let free: usize = used.free.values().map(Vec::len).sum();
        Ok(free + self.allotments()?.iter().map(left).sum::<usize>())
    }

    /// Reserves `count` places for a batch; that they are is durable before they are returned. They are
    /// used once the batch's folder is there, and free again if it is not there when the next places are
    /// wanted. The caller holds the home's lock, and has deleted what an earlier command that was killed
    /// may have left of its batch.
    pub(crate) fn reserve_status_slots(
        &self,
        batch: &str,
        count: usize,
    ) -> Result<Vec<StatusSlot>, SchoolError> {
        let mut used = self.settled()?;
        let slots = self.draw(&mut used, count)?;
        used.reserved = Some(Reservation { batch: batch.to_owned(), places: places(&slots) });
        self.write_used(&used)?;
        Ok(slots)
    }

    /// Takes `count` places for good, for what is no batch. The caller holds the home's lock.
    pub(crate) fn take_status_slots(&self, count: usize) -> Result<Vec<StatusSlot>, SchoolError> {
        let mut used = self.read_used()?;
        let slots = self.draw(&mut used, count)?;
        self.write_used(&used)?;
        Ok(slots)
    }

    fn draw(&self, used: &mut UsedFile, count: usize) -> Result<Vec<StatusSlot>, SchoolError> {
        let mut slots = Vec::with_capacity(count);
        while slots.len() < count {
            let Some(slot) = used.take_free() else { break };
            slots.push(slot);
        }
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
        Ok(slots)
    }

    /// Notes that a batch's places are free again as soon as its folder is not there any more. The caller
    /// holds the home's lock, and takes the folder away next.
    pub(crate) fn release_status_slots(&self, batch: &str, slots: &[StatusSlot]) -> Result<(), SchoolError> {
        let mut used = self.settled()?;
        used.reserved = Some(Reservation { batch: batch.to_owned(), places: places(slots) });
        Ok(self.write_used(&used)?)
    }

    /// Writes down what became of the reserved places. The caller holds the home's lock.
    pub(crate) fn settle_status_slots(&self) -> Result<(), SchoolError> {
        Ok(self.write_used(&self.settled()?)?)
    }

    /// How the places stand: a batch whose folder is there has used its own, another one has not.
    fn settled(&self) -> Result<UsedFile, StorageError> {
        let mut used = self.read_used()?;
        if let Some(reserved) = used.reserved.take()
            && !self.batches_folder().join(&reserved.batch).exists()
        {
            for (list, indexes) in reserved.places {
                used.free.entry(list).or_default().extend(indexes);
            }
        }
        Ok(used)
    }

    fn read_used(&self) -> Result<UsedFile, StorageError> {
        Ok(storage::read_json_if_there(&self.used_path(), USED_FILE_BYTES_MAX)?.unwrap_or_default())
    }

    fn write_used(&self, used: &UsedFile) -> Result<(), StorageError> {
        storage::make_folder(&self.status_folder())?;
        storage::write_json(&self.used_path(), used, Access::Private)
    }

    fn used_path(&self) -> PathBuf {
        self.status_folder().join("used.json")
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
