//! What the log says of one school: kept in its home, so that a batch can be judged offline and a
//! record can carry its school's accreditation.

use data_encoding::BASE64;
use matricula_registry::{Body, InstitutionId, KeyRole, KnownAt, LogOrigin, PublicKey, Registry, Statement};
use matricula_tlog::{LeafIndex, UnixSeconds, decode_base64};
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
    /// what is known now. The first time it reads the whole log.
    pub fn refresh_evidence(&self, log: &dyn LogPort) -> Result<Evidence, SchoolError> {
        let mut file = self.read_evidence()?;
        let size = log.size().map_err(RegistryViewError::from)?.get();
        let mut changed = file.next < size;
        while file.next < size {
            let first = LeafIndex::new(file.next);
            let count = ENTRIES_PER_PAGE_MAX.min(size - file.next);
            let page = log.entries(first, count).map_err(RegistryViewError::from)?;
            if page.is_empty() {
                return Err(RegistryViewError::EntryMissing { index: first }.into());
            }
            for entry in page {
                let index = LeafIndex::new(file.next);
                let statement = Statement::parse(&entry)
                    .map_err(|source| RegistryViewError::EntryMalformed { index, source })?;
                if concerns(&self.profile().did, statement.body()) {
                    let statement = BASE64.encode(&entry);
                    file.statements.push(EvidenceEntry { index: index.get(), statement, log_proof: None });
                }
                file.next += 1;
            }
        }
        for entry in file.statements.iter_mut().filter(|entry| entry.log_proof.is_none()) {
            // A statement that is not published yet is proven the next time.
            entry.log_proof = log.proof(LeafIndex::new(entry.index)).ok();
            changed |= entry.log_proof.is_some();
        }
        let evidence = self.replay(&file)?;
        if changed {
            storage::write_json(&self.evidence_path(), &file, Access::Shared)?;
        }
        Ok(evidence)
    }

    /// What was known of the log the last time it was read; nothing is asked of the network.
    pub fn evidence(&self) -> Result<Evidence, SchoolError> {
        self.replay(&self.read_evidence()?)
    }

    fn read_evidence(&self) -> Result<EvidenceFile, StorageError> {
        let none = EvidenceFile { next: 0, statements: Vec::new() };
        Ok(storage::read_json_if_there(&self.evidence_path(), EVIDENCE_FILE_BYTES_MAX)?.unwrap_or(none))
    }

    fn replay(&self, file: &EvidenceFile) -> Result<Evidence, SchoolError> {
        let card = self.authority();
        let origin: LogOrigin = card.profile.origin.clone();
        let mut registry = Registry::new(origin, [card.key]);
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
                .apply_evidence(index, None, &statement)
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
    /// school's accreditation and the words that made these keys its own.
    pub(crate) fn for_record(&self, signer: &PublicKey, approver: &PublicKey) -> Vec<&EvidenceStatement> {
        let belongs = |evidence: &&EvidenceStatement| match evidence.statement.body() {
            Body::Accreditation(_) => true,
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
