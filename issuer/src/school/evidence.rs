//! What the log says of one school, and of those that it may sign for: kept in its home, so that a batch
//! can be judged offline and a record can carry its school's accreditation.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use data_encoding::BASE64;
use matricula_registry::{Body, InstitutionId, KeyRole, KnownAt, LogOrigin, PublicKey, Registry, Statement};
use matricula_tlog::{LeafIndex, LogProof, Policy, UnixSeconds, decode_base64, leaf_hash};
use serde::{Deserialize, Serialize};

use super::{SchoolError, SchoolHome};
use crate::log_port::{ENTRIES_PER_PAGE_MAX, LogPort};
use crate::registry_view::RegistryViewError;
use crate::storage::{self, Access, NOT_BASE64, StorageError};

/// A school has some ten statements of some hundred bytes; an authority with 64 keys some kilobytes.
const EVIDENCE_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The statements of a log that concern one school.
#[derive(Clone, Debug)]
pub struct Evidence {
    registry: Registry,
    statements: Vec<EvidenceStatement>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceStatement {
    pub(crate) index: LeafIndex,
    pub(crate) statement: Statement,
    /// The first log proof that was had of it. One fetched later is under a later checkpoint, and
    /// says a later time.
    pub(crate) log_proof: Option<String>,
}

/// `evidence.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EvidenceFile {
    /// The first entry that has not been looked at.
    next: u64,
    statements: Vec<EvidenceEntry>,
    /// Institutions on whose behalf the school was named to sign: their accreditation is kept, too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    predecessors: BTreeSet<String>,
}

impl EvidenceFile {
    /// Keeps the entries of a stretch of the log that are wanted and not kept yet.
    fn keep(
        &mut self,
        log: &dyn LogPort,
        stretch: std::ops::Range<u64>,
        mut wanted: impl FnMut(&Body) -> bool,
    ) -> Result<(), SchoolError> {
        let mut next = stretch.start;
        while next < stretch.end {
            let first = LeafIndex::new(next);
            let count = ENTRIES_PER_PAGE_MAX.min(stretch.end - next);
            let page = log.entries(first, count).map_err(RegistryViewError::from)?;
            if page.is_empty() {
                return Err(RegistryViewError::EntryMissing { index: first }.into());
            }
            for entry in page {
                let index = LeafIndex::new(next);
                let statement = Statement::parse(&entry)
                    .map_err(|source| RegistryViewError::EntryMalformed { index, source })?;
                if wanted(statement.body()) && self.statements.iter().all(|kept| kept.index != next) {
                    let statement = BASE64.encode(&entry);
                    self.statements.push(EvidenceEntry { index: next, statement, log_proof: None });
                }
                next += 1;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EvidenceEntry {
    index: u64,
    statement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_proof: Option<String>,
}

impl SchoolHome {
    /// Reads what the log has got since the last time, keeps what concerns this school, and says
    /// what is known now. The first time it reads the whole log, and again when the school is named to
    /// sign on behalf of another one, whose accreditation it has passed over until then.
    pub fn refresh_evidence(&self, log: &dyn LogPort) -> Result<Evidence, SchoolError> {
        let mut file = self.read_evidence()?;
        let size = log.size().map_err(RegistryViewError::from)?.get().max(file.next);
        let (own, known) = (&self.profile().did, file.predecessors.clone());
        let mut named = BTreeSet::new();
        file.keep(log, file.next..size, |body| {
            named.extend(mandated_by(own, body));
            concerns(own, body) || is_accreditation_of(&known, body)
        })?;
        named.retain(|predecessor| !known.contains(predecessor));
        if !named.is_empty() {
            file.keep(log, 0..size, |body| is_accreditation_of(&named, body))?;
            file.predecessors.extend(named);
            file.statements.sort_by_key(|entry| entry.index);
        }
        file.next = size;
        for entry in file.statements.iter_mut().filter(|entry| entry.log_proof.is_none()) {
            // A statement that is not published yet is proven the next time.
            entry.log_proof = log.proof(LeafIndex::new(entry.index)).ok();
        }
        let evidence = self.replay(&file)?;
        // Written even where nothing is new: the file's date says when the log was read.
        storage::write_json(&self.evidence_path(), &file, Access::Shared)?;
        Ok(evidence)
    }

    /// When the log was last read, by the date of the file; `None` where it never was.
    pub fn evidence_read_at(&self) -> Option<UnixSeconds> {
        let written = self.evidence_path().metadata().and_then(|metadata| metadata.modified()).ok()?;
        written.duration_since(UNIX_EPOCH).ok().map(|since| UnixSeconds::new(since.as_secs()))
    }

    /// What was known of the log the last time it was read; nothing is asked of the network.
    pub fn evidence(&self) -> Result<Evidence, SchoolError> {
        self.replay(&self.read_evidence()?)
    }

    fn read_evidence(&self) -> Result<EvidenceFile, StorageError> {
        let none = EvidenceFile { next: 0, statements: Vec::new(), predecessors: BTreeSet::new() };
        Ok(storage::read_json_if_there(&self.evidence_path(), EVIDENCE_FILE_BYTES_MAX)?.unwrap_or(none))
    }

    fn replay(&self, file: &EvidenceFile) -> Result<Evidence, SchoolError> {
        let card = self.authority();
        let origin: LogOrigin = card.profile.origin.clone();
        let mut registry = Registry::new(origin, [card.key]);
        let policy = card.policy().ok();
        let mut statements = Vec::with_capacity(file.statements.len());
        for entry in &file.statements {
            let index = LeafIndex::new(entry.index);
            let bytes = decode_base64(&entry.statement)
                .ok_or_else(|| StorageError::malformed(&self.evidence_path(), NOT_BASE64))?;
            let statement = Statement::parse(&bytes)
                .map_err(|source| RegistryViewError::EntryMalformed { index, source })?
                .verify_signatures()
                .map_err(|source| RegistryViewError::EntrySignature { index, source })?
                .into_statement();
            registry
                .apply_evidence(index, logged_at(entry, &bytes, policy.as_ref()), &statement)
                .map_err(|source| RegistryViewError::EntryForeign { index, source })?;
            statements.push(EvidenceStatement { index, statement, log_proof: entry.log_proof.clone() });
        }
        Ok(Evidence { registry, statements })
    }
}

impl Evidence {
    /// The registry as far as it concerns the school.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The statements that a record signed by `signer` and approved by `approver` must carry: the
    /// accreditation of the school, and of the one on whose behalf it signs, and the words that made
    /// these keys its own.
    pub(crate) fn for_record(
        &self,
        institutions: &[&InstitutionId],
        signer: &PublicKey,
        approver: &PublicKey,
    ) -> Vec<&EvidenceStatement> {
        let belongs = |evidence: &&EvidenceStatement| match evidence.statement.body() {
            Body::Accreditation(body) => institutions.contains(&&body.institution),
            Body::Key(body) => body.key == *signer || body.key == *approver,
            _ => false,
        };
        self.statements.iter().filter(belongs).collect()
    }

    /// Whether the key is the school's in that role, as far as is known.
    pub fn has_key(&self, institution: &InstitutionId, key: &PublicKey, role: KeyRole) -> bool {
        self.registry.key(key).is_some_and(|record| {
            let is = record.added(KnownAt::Latest).map(|(role, _, _)| role);
            record.institution() == institution && is == Some(role)
        })
    }

    /// Whether the key is the authority's at a moment.
    pub(crate) fn is_authority_key(&self, key: &PublicKey, at: UnixSeconds) -> bool {
        self.registry.is_authority_key(key, at, KnownAt::Latest)
    }
}

fn concerns(institution: &InstitutionId, body: &Body) -> bool {
    match body {
        Body::Authority(_) => true,
        Body::Accreditation(body) => body.institution == *institution,
        Body::Key(body) => body.institution == *institution,
        _ => false,
    }
}

/// The institution that names this one to sign on its behalf.
fn mandated_by(own: &InstitutionId, body: &Body) -> Option<String> {
    let Body::Accreditation(body) = body else { return None };
    let named = body.event.mandates().any(|mandate| mandate.holder == *own);
    named.then(|| body.institution.as_str().to_owned())
}

fn is_accreditation_of(institutions: &BTreeSet<String>, body: &Body) -> bool {
    matches!(body, Body::Accreditation(body) if institutions.contains(body.institution.as_str()))
}

/// When the log had the entry for certain: the earliest time that the proof kept of it shows.
fn logged_at(entry: &EvidenceEntry, bytes: &[u8], policy: Option<&Policy>) -> Option<UnixSeconds> {
    let proof = LogProof::parse(entry.log_proof.as_ref()?.as_bytes()).ok()?;
    proof.verify(leaf_hash(bytes), policy?).ok()?.logged_at()
}
