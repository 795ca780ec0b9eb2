//! Preparing a batch: every credential is made and signed, and all of it frozen under the preparer's word.

use std::collections::BTreeSet;
use std::fs;

use data_encoding::BASE64URL_NOPAD;
use jiff::civil::Date;
use matricula_credential::commitment::{BatchSeed, BatchTree, Salt, Summary};
use matricula_credential::did;
use matricula_credential::proof::{Cryptosuite, ProofOptions};
use matricula_registry::{Batch, BatchLeaves, Body, IscedLevel, Statement, StatementError};
use matricula_tlog::{Hash, UnixSeconds};
use matricula_verdict::day;
use rayon::prelude::*;

use super::declared::Declared;
use super::file_name::FileNames;
use super::folder::{BatchFolder, BatchState};
use super::learner_credential::{CredentialMaker, Draft, Subject, subjects, summary_sex};
use super::manifest::{BatchId, BatchKind, Corrects, MANIFEST_KIND, Manifest, RosterDigest, sha256_hex};
use super::prepared::{self, Effort, PreparedRecord, RecordSigner};
use super::timing::{Timing, timed};
use super::{BatchError, listing};
use crate::entropy;
use crate::keyring::{KeyPurpose, SecretKey};
use crate::progress::{ProgressListener, Step, tell};
use crate::roster::Roster;
use crate::school::{SchoolHome, StatusSlot};
use crate::signed_document;
use crate::storage::{self, Access};

/// So many records are worked on between two reports of progress.
const CHUNK: usize = 64;

/// What a batch is to be prepared from.
pub struct PrepareBatch<'a> {
    /// What it consists of.
    pub kind: BatchKind,
    /// The checked roster, with results where the kind needs them.
    pub roster: &'a Roster,
    /// The digest of the file of learners, by which it is recognised.
    pub roster_digest: RosterDigest,
    /// The learners of this ISCED level only; a batch has one level.
    pub isced_level: Option<u8>,
    /// The unlocked `issue` key.
    pub key: &'a SecretKey,
    /// How the credentials are signed.
    pub cryptosuite: Cryptosuite,
    /// Issue a roster again that has been issued as this kind before.
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
/// [`BatchError::IssuedBefore`] where the roster has been issued as this kind, unless `again` is set.
pub fn prepare(
    home: &SchoolHome,
    order: &PrepareBatch<'_>,
    progress: ProgressListener<'_>,
) -> Result<Prepared, BatchError> {
    check_key(order.key)?;
    let _lock = home.lock()?;
    if let Some(there) = already_there(home, order)? {
        return Ok(there);
    }
    let mut wanted = subjects(order.kind, order.roster);
    if let Some(level) = order.isced_level {
        wanted.retain(|subject| subject.enrolment().programme.isced_level.get() == level);
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
        corrects: None,
        now: order.now,
    };
    making.make(&plan, progress)
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
        corrects: Some(order.corrects),
        now: order.now,
    };
    making.make(&plan, progress)
}

fn check_key(key: &SecretKey) -> Result<(), BatchError> {
    match key.purpose() {
        KeyPurpose::Issue => Ok(()),
        is => Err(BatchError::WrongKey { is, needed: KeyPurpose::Issue }),
    }
}

/// The batch that was made of this roster before, if there is one.
fn already_there(home: &SchoolHome, order: &PrepareBatch<'_>) -> Result<Option<Prepared>, BatchError> {
    let digest = order.roster_digest.to_hex();
    let mut issued = None;
    for info in listing::manifests(home)? {
        let manifest = &info.manifest;
        let level_fits = order.isced_level.is_none_or(|level| level == manifest.isced_level);
        let same = manifest.roster_digest == digest && manifest.kind == order.kind && level_fits;
        if !same || manifest.corrects.is_some() {
            continue;
        }
        match info.state {
            BatchState::Issued => issued = Some(info.id),
            _ => return Ok(Some(info.into_prepared())),
        }
    }
    match issued {
        Some(batch) if !order.again => Err(BatchError::IssuedBefore { kind: order.kind, batch }),
        _ => Ok(None),
    }
}

/// A learner who gets a credential, with its identifier and the day it claims.
struct Planned<'a> {
    subject: Subject<'a>,
    id: String,
    awarded: Date,
}

/// Everything a batch is made from but its learners.
struct Making<'a> {
    home: &'a SchoolHome,
    kind: BatchKind,
    roster: &'a Roster,
    roster_digest: RosterDigest,
    key: &'a SecretKey,
    cryptosuite: Cryptosuite,
    corrects: Option<Corrects>,
    now: UnixSeconds,
}

impl Making<'_> {
    fn make(&self, plan: &[Planned<'_>], progress: ProgressListener<'_>) -> Result<Prepared, BatchError> {
        let level = self.level(plan)?;
        let mut timing = Timing::default();
        let slots = self.home.take_status_slots(plan.len())?;
        let drafts = self.drafts(plan, &slots, progress)?;
        let records = self.records(plan, &drafts, &mut timing, progress)?;
        let seed = BatchSeed::from_bytes(entropy::bytes());
        let commitments = commitments(&records)?;
        let tree = timed(&mut timing.signing, || BatchTree::build(&commitments, &seed))?;
        let (batch, summary) = self.describe(plan, &records, level, &tree, &seed)?;
        let statement = timed(&mut timing.signing, || self.statement(batch))?;
        let id = BatchId::fresh(self.kind, &day(self.now));
        let files = Files { records: &records, statement: &statement, summary: &summary, seed: &seed, level };
        let mut writing = std::time::Duration::ZERO;
        timed(&mut writing, || self.write(&id, &files))?;
        timing.writing += writing;
        tell(progress, Step::Writing, records.len(), records.len());
        Ok(Prepared { id, record_count: records.len(), state: BatchState::Prepared, created: true, timing })
    }

    fn level(&self, plan: &[Planned<'_>]) -> Result<IscedLevel, BatchError> {
        let level = |planned: &Planned<'_>| planned.subject.enrolment().programme.isced_level.get();
        let levels: BTreeSet<u8> = plan.iter().map(level).collect();
        match (levels.first(), levels.len()) {
            (Some(level), 1) => Ok(IscedLevel::new(*level)?),
            (None, _) => Err(BatchError::NobodyToIssue { kind: self.kind }),
            _ => Err(BatchError::SeveralLevels { levels: levels.into_iter().collect() }),
        }
    }

    fn drafts(
        &self,
        plan: &[Planned<'_>],
        slots: &[StatusSlot],
        progress: ProgressListener<'_>,
    ) -> Result<Vec<Draft>, BatchError> {
        let maker = CredentialMaker {
            kind: self.kind,
            school: self.home.profile(),
            roster: self.roster,
            valid_from: self.now,
        };
        let mut drafts = Vec::with_capacity(plan.len());
        for (planned, slot) in plan.iter().zip(slots) {
            drafts.push(maker.make(planned.subject, planned.id.clone(), planned.awarded, slot)?);
        }
        tell(progress, Step::Building, drafts.len(), plan.len());
        Ok(drafts)
    }

    /// Canonicalises, hashes, signs and commits, on all cores.
    fn records(
        &self,
        plan: &[Planned<'_>],
        drafts: &[Draft],
        timing: &mut Timing,
        progress: ProgressListener<'_>,
    ) -> Result<Vec<PreparedRecord>, BatchError> {
        let signer = RecordSigner { options: self.proof_options(), key: self.key.signing() };
        let mut names = FileNames::default();
        let work: Vec<_> = plan
            .iter()
            .zip(drafts)
            .map(|(planned, draft)| {
                let number = planned.subject.learner().learner_no.as_str();
                (number, names.of(number), draft, Salt::from_bytes(entropy::bytes()))
            })
            .collect();
        let mut records = Vec::with_capacity(work.len());
        for chunk in work.chunks(CHUNK) {
            let mut wall = std::time::Duration::ZERO;
            let made: Vec<(PreparedRecord, Effort)> = timed(&mut wall, || {
                chunk
                    .par_iter()
                    .map(|(number, file, draft, salt)| signer.prepare(number, file.clone(), draft, salt))
                    .collect::<Result<_, _>>()
            })?;
            let effort: Effort = made.iter().map(|(_, effort)| *effort).sum();
            timing.add_shared(wall, effort.canonicalising, effort.signing);
            records.extend(made.into_iter().map(|(record, _)| record));
            tell(progress, Step::Canonicalising, records.len(), work.len());
        }
        Ok(records)
    }

    fn proof_options(&self) -> ProofOptions {
        ProofOptions::assertion(self.cryptosuite, self.verification_method(), self.now)
    }

    fn verification_method(&self) -> String {
        did::verification_method(self.home.profile().did.as_str(), &self.key.signing().verifying_key())
    }

    /// What the log is told in clear, and what the authority alone is told.
    fn describe(
        &self,
        plan: &[Planned<'_>],
        records: &[PreparedRecord],
        level: IscedLevel,
        tree: &BatchTree,
        seed: &BatchSeed,
    ) -> Result<(Batch, Summary), BatchError> {
        let kind = self.kind.credential_kind();
        let mut summary = Summary::default();
        for planned in plan {
            let year = u16::try_from(planned.awarded.year()).unwrap_or_default();
            summary.add(kind.as_str(), level.get(), year, summary_sex(planned.subject.learner().sex));
        }
        let declared = Declared::of(records)?;
        let batch = Batch {
            issuer: self.home.profile().did.clone(),
            on_behalf_of: None,
            kind,
            isced_level: level,
            isced_f: declared.fields,
            claimed: declared.claimed,
            root: tree.root(),
            leaves: BatchLeaves::new(tree.leaves().get())?,
            summary_commitment: summary.commitment(seed)?,
        };
        Ok((batch, summary))
    }

    fn statement(&self, batch: Batch) -> Result<Vec<u8>, StatementError> {
        let origin = &self.home.authority().profile.origin;
        let statement =
            Statement::sign(&Body::Batch(batch), origin, entropy::bytes(), None, self.key.signing())?;
        Ok(statement.into_entry())
    }

    /// Writes all files under a name that nobody lists, and gives them their name last: a batch is
    /// there whole or not at all.
    fn write(&self, id: &BatchId, files: &Files<'_>) -> Result<(), BatchError> {
        let batches = self.home.batches_folder();
        storage::make_folder(&batches)?;
        let making = BatchFolder::in_the_making(&batches, id);
        let _ = fs::remove_dir_all(making.root());
        storage::make_folder(making.root())?;
        let prepared = prepared::encode(&making.prepared(), files.records)?;
        storage::write(&making.prepared(), &prepared, Access::Private)?;
        storage::write(&making.statement(), files.statement, Access::Private)?;
        storage::write_json(&making.summary(), files.summary, Access::Private)?;
        let manifest = self.manifest(id, files, sha256_hex(&prepared));
        let (did, key) = (self.home.profile().did.as_str(), self.key.signing());
        let signed = signed_document::sign(MANIFEST_KIND, &manifest, did, key, self.now)?;
        storage::write_json(&making.manifest(), &signed, Access::Private)?;
        storage::rename_folder(making.root(), BatchFolder::of(&batches, id).root())?;
        Ok(())
    }

    fn manifest(&self, id: &BatchId, files: &Files<'_>, prepared_digest: String) -> Manifest {
        Manifest {
            version: 1,
            batch: id.as_str().to_owned(),
            kind: self.kind,
            isced_level: files.level.get(),
            issuer: self.home.profile().did.as_str().to_owned(),
            created: self.now,
            cryptosuite: self.cryptosuite.name().to_owned(),
            verification_method: self.verification_method(),
            record_count: files.records.len(),
            roster_digest: self.roster_digest.to_hex(),
            prepared_digest,
            statement_digest: sha256_hex(files.statement),
            seed: BASE64URL_NOPAD.encode(files.seed.as_bytes()),
            corrects: self.corrects.clone(),
        }
    }
}

/// What is written.
struct Files<'a> {
    records: &'a [PreparedRecord],
    statement: &'a [u8],
    summary: &'a Summary,
    seed: &'a BatchSeed,
    level: IscedLevel,
}

/// The commitments of prepared records, in their order.
pub(super) fn commitments(records: &[PreparedRecord]) -> Result<Vec<Hash>, BatchError> {
    records.iter().map(PreparedRecord::commitment).collect()
}
