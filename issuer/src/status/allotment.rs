//! Which school may use which index of the shared status lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use matricula_registry::{InstitutionId, PublicKey};
use matricula_tlog::UnixSeconds;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::entropy;
use crate::signed_document::{self, SignedDocumentError};
use crate::storage::{self, Access, StorageError};

/// The `type` of an allotment file.
const KIND: &str = "MatriculaStatusAllotment";

/// Entries of one list: the least that the Bitstring Status List specification allows, for the
/// privacy of the crowd.
pub const LIST_ENTRIES: u32 = 131_072;

/// A list is used up to this mark, so that a random free index is found after a few tries.
const LIST_ENTRIES_USED_MAX: usize = LIST_ENTRIES as usize / 10 * 9;

/// The most indexes in one allotment: a large school's needs for years; the file stays under 64 KiB.
pub const ALLOTMENT_INDEXES_MAX: u32 = 8_192;

/// An allotment of the largest size has about 64 KiB of digits and a signature.
pub(crate) const ALLOTMENT_FILE_BYTES_MAX: u64 = 256 * 1024;

/// Indexes of one status list that belong to one institution, signed by the authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allotment {
    /// Version of this format: 1.
    pub version: u32,
    /// Which allotment this is: 16 random bytes in hex.
    pub id: String,
    /// Whose indexes they are: a DID.
    pub institution: String,
    /// The address of the list.
    pub status_list: String,
    /// The indexes, in random order.
    pub indexes: Vec<u32>,
    /// When they were allotted.
    #[serde(with = "crate::moment")]
    pub issued: UnixSeconds,
}

/// An allotment whose signature fits, and the key that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAllotment {
    pub(crate) allotment: Allotment,
    pub(crate) signer: PublicKey,
    pub(crate) controller: String,
}

/// Why indexes could not be allotted, or an allotment was refused.
#[derive(Debug, Error)]
pub enum AllotmentError {
    /// None, or more than one file holds.
    #[error("{asked} indexes were asked for; from 1 to {max} can be allotted at once")]
    Count {
        /// How many were asked for.
        asked: u32,
        /// The most at once.
        max: u32,
    },
    /// The institution has never been accredited by this authority.
    #[error("{institution} is not an institution of this authority")]
    UnknownInstitution {
        /// Its DID.
        institution: String,
    },
    /// Signed by somebody else than the authority.
    #[error("the allotment is not signed by the authority")]
    ForeignSignature,
    /// For another institution.
    #[error("the allotment is for {institution}")]
    ForeignInstitution {
        /// For whom it is.
        institution: String,
    },
    /// An identifier that is not 32 hex digits.
    #[error("the allotment's identifier is not 32 hex digits")]
    Identifier,
    /// Indexes that are not in the list, or appear twice.
    #[error("the allotment's indexes are not {max} different positions of a list")]
    Indexes {
        /// Entries of a list.
        max: u32,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Document(#[from] SignedDocumentError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl AllotmentError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "allotment_count",
            Self::UnknownInstitution { .. } => "unknown_institution",
            Self::ForeignSignature => "allotment_foreign_signature",
            Self::ForeignInstitution { .. } => "allotment_foreign_institution",
            Self::Identifier => "allotment_identifier",
            Self::Indexes { .. } => "allotment_indexes",
            Self::Document(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

impl SignedAllotment {
    /// Reads an allotment file and checks its signature; the caller decides whose it must be.
    pub fn parse(bytes: &[u8]) -> Result<Self, AllotmentError> {
        let opened = signed_document::open::<Allotment>(KIND, bytes)?;
        let allotment = opened.body;
        let different: BTreeSet<u32> = allotment.indexes.iter().copied().collect();
        let in_range = different.last().is_some_and(|last| *last < LIST_ENTRIES);
        if !in_range || different.len() != allotment.indexes.len() {
            return Err(AllotmentError::Indexes { max: LIST_ENTRIES });
        }
        Ok(Self { allotment, signer: opened.signer.key, controller: opened.signer.controller })
    }

    /// What it says.
    pub fn allotment(&self) -> &Allotment {
        &self.allotment
    }
}

/// The authority's book of allotments: one signed file each, under `lists/<n>/allotments`.
///
/// The files are the book; there is no index beside them that could disagree.
pub(crate) struct AllotmentBook {
    folder: PathBuf,
    owners: BTreeMap<u32, BTreeMap<u32, String>>,
    given: Vec<Given>,
}

/// An allotment in the book.
struct Given {
    institution: String,
    count: usize,
    issued: UnixSeconds,
    path: PathBuf,
}

impl Given {
    fn of(allotment: &Allotment, path: &Path) -> Self {
        let (institution, count) = (allotment.institution.clone(), allotment.indexes.len());
        Self { institution, count, issued: allotment.issued, path: path.to_owned() }
    }
}

impl AllotmentBook {
    /// Reads all allotments under `folder` (`status/lists`).
    pub(crate) fn open(folder: &Path) -> Result<Self, AllotmentError> {
        Self::open_some(folder, |_| true)
    }

    /// Reads the allotments of one list.
    pub(crate) fn open_list(folder: &Path, number: u32) -> Result<Self, AllotmentError> {
        Self::open_some(folder, |list| list == number)
    }

    fn open_some(folder: &Path, wanted: impl Fn(u32) -> bool) -> Result<Self, AllotmentError> {
        let mut owners = BTreeMap::<u32, BTreeMap<u32, String>>::new();
        let mut given = Vec::new();
        for list in storage::names_in(folder)? {
            let Some(number) = list.parse::<u32>().ok().filter(|number| wanted(*number)) else { continue };
            let allotments = folder.join(&list).join("allotments");
            let of_list = owners.entry(number).or_default();
            for name in storage::names_in(&allotments)? {
                let path = allotments.join(&name);
                let bytes = storage::read(&path, ALLOTMENT_FILE_BYTES_MAX)?;
                let signed = SignedAllotment::parse(&bytes)?;
                given.push(Given::of(&signed.allotment, &path));
                let institution = signed.allotment.institution;
                of_list
                    .extend(signed.allotment.indexes.into_iter().map(|index| (index, institution.clone())));
            }
        }
        Ok(Self { folder: folder.to_owned(), owners, given })
    }

    /// Whose the index is.
    pub(crate) fn owner(&self, number: u32, index: u32) -> Option<&str> {
        self.owners.get(&number)?.get(&index).map(String::as_str)
    }

    /// The numbers of the lists there are, and always the first.
    pub(crate) fn numbers(&self) -> BTreeSet<u32> {
        self.owners.keys().copied().chain([1]).collect()
    }

    /// Takes `count` free indexes of the first list with room for them, at random.
    fn draw(&self, count: u32) -> (u32, Vec<u32>) {
        let empty = BTreeMap::new();
        let fits = |number: &u32| {
            let used = self.owners.get(number).map_or(0, BTreeMap::len);
            used + count as usize <= LIST_ENTRIES_USED_MAX
        };
        let number = (1..=u32::MAX).find(fits).unwrap_or(u32::MAX);
        let taken = self.owners.get(&number).unwrap_or(&empty);
        let mut drawn = BTreeSet::new();
        let mut indexes = Vec::with_capacity(count as usize);
        let mut rng = rand::rng();
        while indexes.len() < count as usize {
            let index = rng.random_range(0..LIST_ENTRIES);
            if !taken.contains_key(&index) && drawn.insert(index) {
                indexes.push(index);
            }
        }
        (number, indexes)
    }

    /// The latest allotment of so many indexes to an institution.
    pub(crate) fn latest(
        &self,
        institution: &InstitutionId,
        count: u32,
    ) -> Result<Option<Allotted>, AllotmentError> {
        let same =
            |given: &&Given| given.institution == institution.as_str() && given.count == count as usize;
        let Some(given) = self.given.iter().filter(same).max_by_key(|given| (given.issued, &given.path))
        else {
            return Ok(None);
        };
        let file = storage::read(&given.path, ALLOTMENT_FILE_BYTES_MAX)?;
        let allotment = SignedAllotment::parse(&file)?.allotment;
        Ok(Some(Allotted { allotment, file, path: given.path.clone(), created: false }))
    }

    /// Allots free indexes to an institution: the signed file is durable before it is returned.
    pub(crate) fn allot(
        &mut self,
        institution: &InstitutionId,
        count: u32,
        url: impl Fn(u32) -> String,
        signer: (&str, &SigningKey),
        now: UnixSeconds,
    ) -> Result<Allotted, AllotmentError> {
        if !(1..=ALLOTMENT_INDEXES_MAX).contains(&count) {
            return Err(AllotmentError::Count { asked: count, max: ALLOTMENT_INDEXES_MAX });
        }
        let (number, indexes) = self.draw(count);
        let allotment = Allotment {
            version: 1,
            id: data_encoding::HEXLOWER.encode(&entropy::bytes::<16>()),
            institution: institution.as_str().to_owned(),
            status_list: url(number),
            indexes,
            issued: now,
        };
        let folder = self.folder.join(number.to_string()).join("allotments");
        storage::make_folder(&folder)?;
        let path = folder.join(format!("{}.json", allotment.id));
        let (controller, key) = signer;
        let signed = signed_document::sign(KIND, &allotment, controller, key, now)?;
        let file = storage::json_bytes(&path, &signed)?;
        storage::write_new(&path, &file, Access::Private)?;
        self.given.push(Given::of(&allotment, &path));
        let owners = self.owners.entry(number).or_default();
        owners.extend(allotment.indexes.iter().map(|index| (*index, allotment.institution.clone())));
        Ok(Allotted { allotment, file, path, created: true })
    }
}

/// A new allotment.
#[derive(Clone, Debug)]
pub struct Allotted {
    /// What was allotted.
    pub allotment: Allotment,
    /// The signed file, to be handed to the school.
    pub file: Vec<u8>,
    /// The authority's own copy of it.
    pub path: PathBuf,
    /// Whether this command allotted them; `false` where the same was asked for before.
    pub created: bool,
}
