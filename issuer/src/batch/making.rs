//! Making a batch: every credential is built and signed, and all of it frozen under the preparer's word.

use std::collections::BTreeSet;
use std::fs;

use data_encoding::BASE64URL_NOPAD;
use jiff::civil::Date;
use matricula_credential::commitment::{BatchSeed, BatchTree, Salt, Summary};
use matricula_credential::did;
use matricula_credential::proof::{Cryptosuite, ProofOptions};
use matricula_registry::{Batch, BatchLeaves, Body, InstitutionId, IscedLevel, Statement, StatementError};
use matricula_tlog::{Hash, UnixSeconds};
use matricula_verdict::day;

use super::BatchError;
use super::declared::Declared;
use super::entitlement::{self, Claim};
use super::file_name::FileNames;
use super::folder::{self, BatchFolder, BatchState};
use super::learner_credential::{CredentialMaker, Draft, Subject, summary_sex};
use super::manifest::{BatchId, BatchKind, Corrects, MANIFEST_KIND, Manifest, RosterDigest, sha256_hex};
use super::parallel::on_all_cores;
use super::prepare::Prepared;
use super::prepared::{self, Effort, PreparedRecord, RecordSigner};
use super::timing::{Timing, timed};
use crate::entropy;
use crate::keyring::SecretKey;
use crate::progress::{ProgressListener, Step, tell};
use crate::roster::Roster;
use crate::school::{SchoolHome, StatusSlot};
use crate::signed_document;
use crate::storage::{self, Access};

/// A learner who gets a credential, with its identifier and the day it claims.
pub(super) struct Planned<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) id: String,
    pub(super) awarded: Date,
}

/// Everything a batch is made from but its learners.
pub(super) struct Making<'a> {
    pub(super) home: &'a SchoolHome,
    pub(super) kind: BatchKind,
    pub(super) roster: &'a Roster,
    pub(super) roster_digest: RosterDigest,
    pub(super) key: &'a SecretKey,
    pub(super) cryptosuite: Cryptosuite,
    pub(super) on_behalf_of: Option<InstitutionId>,
    pub(super) corrects: Option<Corrects>,
    pub(super) now: UnixSeconds,
}

impl Making<'_> {
    /// Makes the batch. The places of its records in the status lists are reserved under its name, so
    /// that they are free again whenever it does not come to be. The caller holds the home's lock.
    pub(super) fn make(
        &self,
        plan: &[Planned<'_>],
        progress: ProgressListener<'_>,
    ) -> Result<Prepared, BatchError> {
        let level = self.level(plan)?;
        self.check_entitled(plan, level)?;
        let batches = self.home.batches_folder();
        folder::clear_leftovers(&batches)?;
        let id = BatchId::fresh(self.kind, &day(self.now));
        let slots = self.home.reserve_status_slots(id.as_str(), plan.len())?;
        match self.make_with(&id, plan, level, &slots, progress) {
            Ok(prepared) => {
                self.home.settle_status_slots()?;
                Ok(prepared)
            }
            Err(error) => {
                // What cannot be put in order now is put in order before the next batch.
                if folder::clear_leftovers(&batches).is_ok() {
                    let _settled = self.home.settle_status_slots();
                }
                Err(error)
            }
        }
    }

    fn make_with(
        &self,
        id: &BatchId,
        plan: &[Planned<'_>],
        level: IscedLevel,
        slots: &[StatusSlot],
        progress: ProgressListener<'_>,
    ) -> Result<Prepared, BatchError> {
        let mut timing = Timing::default();
        let drafts = self.drafts(plan, slots, progress)?;
        let records = self.records(plan, &drafts, &mut timing, progress)?;
        let seed = BatchSeed::from_bytes(entropy::bytes());
        let commitments = commitments(&records)?;
        let tree = timed(&mut timing.signing, || BatchTree::build(&commitments, &seed))?;
        let (batch, summary) = self.describe(plan, &records, level, &tree, &seed)?;
        let statement = timed(&mut timing.signing, || self.statement(batch))?;
        let files = Files { records: &records, statement: &statement, summary: &summary, seed: &seed, level };
        timed(&mut timing.writing, || self.write(id, &files))?;
        tell(progress, Step::Writing, records.len(), records.len());
        let (id, record_count) = (id.clone(), records.len());
        Ok(Prepared { id, record_count, state: BatchState::Prepared, created: true, timing })
    }

    fn check_entitled(&self, plan: &[Planned<'_>], level: IscedLevel) -> Result<(), BatchError> {
        let learners: Vec<_> = plan.iter().map(|planned| (planned.subject, planned.awarded)).collect();
        let on_behalf_of = self.on_behalf_of.as_ref();
        let claim = Claim { kind: self.kind, level, on_behalf_of, learners: &learners };
        entitlement::check(self.home, &claim, &self.key.public(), self.now)
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
        let mut wall = std::time::Duration::ZERO;
        let made: Vec<(PreparedRecord, Effort)> = timed(&mut wall, || {
            on_all_cores(&work, Step::Canonicalising, progress, |_, (number, file, draft, salt)| {
                signer.prepare(number, file.clone(), draft, salt)
            })
        })?;
        let effort: Effort = made.iter().map(|(_, effort)| *effort).sum();
        timing.add_shared(wall, effort);
        Ok(made.into_iter().map(|(record, _)| record).collect())
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
            on_behalf_of: self.on_behalf_of.clone(),
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
            on_behalf_of: self.on_behalf_of.as_ref().map(|institution| institution.as_str().to_owned()),
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
