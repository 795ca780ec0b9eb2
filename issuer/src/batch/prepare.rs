//! Preparing a batch: what is asked for is looked at before anything is made.

use std::time::Instant;

use jiff::civil::Date;
use matricula_credential::proof::Cryptosuite;
use matricula_registry::InstitutionId;
use matricula_tlog::UnixSeconds;

use super::BatchError;
use super::doubles::{self, Asked};
use super::folder::BatchState;
use super::learner_credential::{Subject, subjects};
use super::listing::{self, KnownBatch};
use super::making::{Making, Planned};
use super::manifest::{BatchId, BatchKind, Corrects, RosterDigest};
use super::timing::Timing;
use crate::entropy;
use crate::keyring::{KeyPurpose, SecretKey};
use crate::progress::ProgressListener;
use crate::roster::Roster;
use crate::school::SchoolHome;

/// What a batch is to be prepared from.
pub struct PrepareBatch<'a> {
    /// What it consists of.
    pub kind: BatchKind,
    /// The checked roster, with results where the kind needs them.
    pub roster: &'a Roster,
    /// The digest of the files, by which the roster is recognised.
    pub roster_digest: RosterDigest,
    /// The learners of this ISCED level only; a batch has one level.
    pub isced_level: Option<u8>,
    /// The unlocked `issue` key.
    pub key: &'a SecretKey,
    /// How the credentials are signed.
    pub cryptosuite: Cryptosuite,
    /// The institution on whose behalf the school signs, as its successor or custodian.
    pub on_behalf_of: Option<&'a InstitutionId>,
    /// Issue again to learners who have such a record already.
    pub again: bool,
    /// The moment that stands in the credentials as `validFrom` and in the proofs as `created`.
    pub now: UnixSeconds,
}

/// A prepared batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its name.
    pub id: BatchId,
    /// How many records it has.
    pub record_count: usize,
    /// How far it is: prepared, or further where it was there already.
    pub state: BatchState,
    /// Whether this command prepared it; `false` where the same roster was prepared already.
    pub created: bool,
    /// Where the time went.
    pub timing: Timing,
}

/// What a correction is to be prepared from.
pub(crate) struct PrepareCorrection<'a> {
    pub(crate) kind: BatchKind,
    pub(crate) roster: &'a Roster,
    pub(crate) roster_digest: RosterDigest,
    pub(crate) on_behalf_of: Option<InstitutionId>,
    pub(crate) learner_no: &'a str,
    pub(crate) corrects: Corrects,
    /// Whether a correction that is there may count from another date than `corrects` says.
    pub(crate) any_effective: bool,
    pub(crate) awarded: Date,
    pub(crate) key: &'a SecretKey,
    pub(crate) cryptosuite: Cryptosuite,
    pub(crate) now: UnixSeconds,
}

/// Prepares a batch. The same roster and kind again gives the batch that is there.
///
/// # Errors
/// [`BatchError::IssuedBefore`] where the roster has been issued as this kind, and
/// [`BatchError::LearnersIssuedBefore`] where some of its learners are in another batch of this kind with
/// the same date, unless `again` is set. [`BatchError::NotEntitled`] and its like where the log would
/// refuse the batch, as far as the school has read it.
pub fn prepare(
    home: &SchoolHome,
    order: &PrepareBatch<'_>,
    progress: ProgressListener<'_>,
) -> Result<Prepared, BatchError> {
    check_key(order.key)?;
    let started = Instant::now();
    let _lock = home.lock()?;
    let earlier = listing::manifests(home)?;
    let mut wanted = subjects(order.kind, order.roster);
    if let Some(level) = order.isced_level {
        wanted.retain(|subject| subject.enrolment().programme.isced_level.get() == level);
    }
    if let Some(there) = already_there(&earlier, order)? {
        return Ok(there);
    }
    if !order.again {
        refuse_doubles(home, &earlier, order, &wanted)?;
    }
    let plan: Vec<Planned<'_>> = wanted
        .into_iter()
        .map(|subject| Planned { subject, id: entropy::uuid_urn(), awarded: subject.awarded() })
        .collect();
    let making = Making {
        home,
        kind: order.kind,
        roster: order.roster,
        roster_digest: order.roster_digest,
        key: order.key,
        cryptosuite: order.cryptosuite,
        on_behalf_of: order.on_behalf_of.cloned(),
        corrects: None,
        now: order.now,
    };
    let prepared = making.make(&plan, progress)?;
    Ok(Prepared { timing: prepared.timing.of_all_since(started), ..prepared })
}

fn refuse_doubles(
    home: &SchoolHome,
    earlier: &[KnownBatch],
    order: &PrepareBatch<'_>,
    subjects: &[Subject<'_>],
) -> Result<(), BatchError> {
    let on_behalf_of = order.on_behalf_of.map(InstitutionId::as_str);
    let doubles = doubles::find(home, earlier, &Asked { kind: order.kind, on_behalf_of, subjects })?;
    if doubles.is_empty() { Ok(()) } else { Err(BatchError::LearnersIssuedBefore { doubles }) }
}

/// Prepares a batch of one that replaces a record. Prepared again, it is there already.
///
/// # Errors
/// [`BatchError::CorrectedOtherwise`] where it is there with another reason or date.
pub(crate) fn prepare_correction(
    home: &SchoolHome,
    order: PrepareCorrection<'_>,
    progress: ProgressListener<'_>,
) -> Result<Prepared, BatchError> {
    check_key(order.key)?;
    let started = Instant::now();
    let _lock = home.lock()?;
    for info in listing::manifests(home)? {
        let Some(there) = &info.manifest.corrects else { continue };
        let same_roster = info.manifest.roster_digest == order.roster_digest.to_hex();
        if !same_roster || !there.is_same_record(&order.corrects) {
            continue;
        }
        let same_date = order.any_effective || there.effective == order.corrects.effective;
        if there.reason != order.corrects.reason || !same_date {
            return Err(BatchError::CorrectedOtherwise { batch: info.id });
        }
        return Ok(info.into_prepared());
    }
    let subject = subjects(order.kind, order.roster)
        .into_iter()
        .find(|subject| subject.learner().learner_no.as_str() == order.learner_no)
        .ok_or(BatchError::NobodyToIssue { kind: order.kind })?;
    let plan = [Planned { subject, id: order.corrects.credential_id.clone(), awarded: order.awarded }];
    let making = Making {
        home,
        kind: order.kind,
        roster: order.roster,
        roster_digest: order.roster_digest,
        key: order.key,
        cryptosuite: order.cryptosuite,
        on_behalf_of: order.on_behalf_of,
        corrects: Some(order.corrects),
        now: order.now,
    };
    let prepared = making.make(&plan, progress)?;
    Ok(Prepared { timing: prepared.timing.of_all_since(started), ..prepared })
}

fn check_key(key: &SecretKey) -> Result<(), BatchError> {
    match key.purpose() {
        KeyPurpose::Issue => Ok(()),
        is => Err(BatchError::WrongKey { is, needed: KeyPurpose::Issue }),
    }
}

/// The batch that was made of this roster before, if there is one.
fn already_there(earlier: &[KnownBatch], order: &PrepareBatch<'_>) -> Result<Option<Prepared>, BatchError> {
    let digest = order.roster_digest.to_hex();
    let mut issued = None;
    for info in earlier {
        let manifest = &info.manifest;
        let level_fits = order.isced_level.is_none_or(|level| level == manifest.isced_level);
        let same = manifest.roster_digest == digest && manifest.kind == order.kind && level_fits;
        let for_whom = manifest.on_behalf_of.as_deref() == order.on_behalf_of.map(InstitutionId::as_str);
        if !same || !for_whom || manifest.corrects.is_some() {
            continue;
        }
        match info.state {
            BatchState::Issued => issued = Some(info.id.clone()),
            _ => return Ok(Some(info.clone().into_prepared())),
        }
    }
    match issued {
        Some(batch) if !order.again => Err(BatchError::IssuedBefore { kind: order.kind, batch }),
        _ => Ok(None),
    }
}
