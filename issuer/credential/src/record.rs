//! The portable record: a credential and all that is needed to check it offline, in one JSON file.

use std::collections::HashSet;

use data_encoding::BASE64;
use matricula_tlog::{Hash, LOG_PROOF_BYTES_MAX, LeafIndex, TreeSize, decode_base64};
use serde_json::{Map, Value, json};

use crate::canonical::{CanonError, canonical_json};
use crate::commitment::{BatchPath, Salt};
use crate::json::{JsonError, parse, quoted};

/// The `type` of a record.
pub const RECORD_TYPE: &str = "MatriculaPortableRecord";

/// The version written and read.
pub const RECORD_VERSION: u64 = 1;

/// Most accreditation statements in one record: an institution's grant, its keys and their approvals need under 10.
pub const ACCREDITATION_MAX: usize = 64;

/// Most credentials inside a transcript that come with evidence of their own: papers of other schools, a few in a school
/// life.
pub const NESTED_EVIDENCE_MAX: usize = 64;

/// Longest path: a batch has at most 2^20 leaves.
pub const PATH_HASHES_MAX: usize = 20;

/// Largest statement: an entry of the log.
pub const STATEMENT_BYTES_MAX: usize = matricula_tlog::ENTRY_BYTES_MAX;

/// Why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not a portable record.
    #[error("not a portable record: `type` is not {RECORD_TYPE}")]
    NotARecord,
    /// A version that is not known.
    #[error("a portable record of a version that is not known")]
    Version,
    /// A member is absent or malformed.
    #[error("`{pointer}` is absent or malformed")]
    Member {
        /// JSON pointer of the member.
        pointer: String,
    },
    /// A member that records do not have.
    #[error("`{pointer}` is not known")]
    UnknownMember {
        /// JSON pointer of the member.
        pointer: String,
    },
    /// Only a part of the ledger evidence is there.
    #[error("the ledger part is incomplete: `{missing}` is absent")]
    IncompleteEvidence {
        /// Name of the first absent member.
        missing: &'static str,
    },
    /// Evidence for a credential that is not inside this one.
    #[error("evidence for `{id}`, which is not inside the credential")]
    NestedUnmatched {
        /// The id.
        id: String,
    },
    /// Evidence for one credential inside this one, twice.
    #[error("two pieces of evidence for `{id}`")]
    NestedTwice {
        /// The id.
        id: String,
    },
}

/// A credential with what the ledger says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableRecord {
    /// The signed credential.
    pub credential: Value,
    /// What leads from the credential to the log; absent when the learner left it out.
    pub evidence: Option<LedgerEvidence>,
    /// The holder binding, a signed credential of its own.
    pub binding: Option<Value>,
    /// What leads from credentials inside this one to logs of their own: for those of other issuers, which the evidence of
    /// this one says nothing about. At most [`NESTED_EVIDENCE_MAX`], one a credential; the evidence goes no deeper.
    pub nested: Vec<NestedEvidence>,
}

/// What leads from a credential inside a transcript to the log of its own issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedEvidence {
    /// The id of the credential inside.
    pub credential_id: String,
    /// Its evidence, as its own record has it.
    pub evidence: LedgerEvidence,
}

/// What leads from a credential to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEvidence {
    /// Salt of the commitment.
    pub salt: Salt,
    /// Path from the commitment to the root of the batch.
    pub path: BatchPath,
    /// The batch statement with the log proof of it.
    pub batch: LoggedStatement,
    /// The statements by which the signer was entitled: accreditation and keys.
    pub accreditation: Vec<LoggedStatement>,
}

/// A statement and the proof that it is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedStatement {
    /// The bytes of the entry.
    pub statement: Vec<u8>,
    /// The text of a `.tlog-proof` file.
    pub log_proof: String,
}

impl PortableRecord {
    /// A record of the credential alone, without evidence.
    pub fn bare(credential: Value) -> Self {
        Self { credential, evidence: None, binding: None, nested: Vec::new() }
    }

    /// Reads a record from bytes.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        Self::from_value(&parse(bytes)?)
    }

    /// Whether a document says that it is a portable record, right or wrong.
    pub fn is_record(document: &Value) -> bool {
        document.get("type").and_then(Value::as_str) == Some(RECORD_TYPE)
    }

    /// Reads a record from parsed JSON. Unknown members are refused.
    ///
    /// # Errors
    /// [`RecordError`], never [`RecordError::Json`].
    pub fn from_value(document: &Value) -> Result<Self, RecordError> {
        if !Self::is_record(document) {
            return Err(RecordError::NotARecord);
        }
        if document.get("version").and_then(Value::as_u64) != Some(RECORD_VERSION) {
            return Err(RecordError::Version);
        }
        let root = Member::root(document)?;
        let mut known = vec!["type", "version", "credential", "binding", "nested"];
        known.extend(EVIDENCE_MEMBERS);
        root.only(&known)?;
        let credential = root.object("credential")?;
        Ok(Self {
            credential: credential.clone(),
            evidence: LedgerEvidence::from_member(&root)?,
            binding: root.optional_object("binding")?.cloned(),
            nested: NestedEvidence::from_member(&root, credential)?,
        })
    }

    /// Writes the record as JSON.
    pub fn to_value(&self) -> Value {
        let mut record = Map::new();
        record.insert("type".to_owned(), json!(RECORD_TYPE));
        record.insert("version".to_owned(), json!(RECORD_VERSION));
        record.insert("credential".to_owned(), self.credential.clone());
        if let Some(evidence) = &self.evidence {
            evidence.put_into(&mut record);
        }
        if let Some(binding) = &self.binding {
            record.insert("binding".to_owned(), binding.clone());
        }
        NestedEvidence::put_into(&self.nested, &mut record);
        Value::Object(record)
    }

    /// Writes the record as bytes: canonical JSON, so that the same record is always the same file.
    ///
    /// # Errors
    /// [`CanonError::Number`].
    pub fn encode(&self) -> Result<Vec<u8>, CanonError> {
        canonical_json(&self.to_value())
    }
}

/// Members that are there together or not at all.
pub(crate) const EVIDENCE_MEMBERS: [&str; 4] = ["commitment", "statement", "logProof", "accreditation"];

impl LedgerEvidence {
    /// Reads the ledger part from the members of a record or of a presentation's evidence.
    pub(crate) fn from_member(parent: &Member<'_>) -> Result<Option<Self>, RecordError> {
        let absent = |member: &&&'static str| parent.value.get(**member).is_none();
        let missing: Vec<&&'static str> = EVIDENCE_MEMBERS.iter().filter(absent).collect();
        match missing.as_slice() {
            [] => {}
            all if all.len() == EVIDENCE_MEMBERS.len() => return Ok(None),
            [first, ..] => return Err(RecordError::IncompleteEvidence { missing: first }),
        }
        let commitment = parent.child("commitment")?;
        commitment.only(&["salt", "leafIndex", "leaves", "path"])?;
        let salt = Salt::parse(commitment.text("salt")?).ok_or_else(|| commitment.malformed("salt"))?;
        let path = BatchPath {
            leaf_index: LeafIndex::new(commitment.number("leafIndex")?),
            leaves: TreeSize::new(commitment.number("leaves")?),
            path: commitment.hashes("path")?,
        };
        let batch = LoggedStatement::from_member(parent)?;
        let accreditation = parent.list("accreditation", ACCREDITATION_MAX)?;
        let statement = |member: &Member<'_>| {
            member.only(&["statement", "logProof"])?;
            LoggedStatement::from_member(member)
        };
        Ok(Some(Self {
            salt,
            path,
            batch,
            accreditation: accreditation.iter().map(statement).collect::<Result<_, _>>()?,
        }))
    }

    pub(crate) fn put_into(&self, object: &mut Map<String, Value>) {
        let path: Vec<String> = self.path.path.iter().map(|hash| BASE64.encode(hash.as_bytes())).collect();
        let commitment = json!({
            "salt": self.salt.encode(),
            "leafIndex": self.path.leaf_index.get(),
            "leaves": self.path.leaves.get(),
            "path": path,
        });
        object.insert("commitment".to_owned(), commitment);
        self.batch.put_into(object);
        let accreditation = self.accreditation.iter().map(|logged| {
            let mut entry = Map::new();
            logged.put_into(&mut entry);
            Value::Object(entry)
        });
        object.insert("accreditation".to_owned(), Value::Array(accreditation.collect()));
    }
}

impl NestedEvidence {
    /// Reads the evidence for credentials inside `credential` from the members of its record or of its part of a
    /// presentation's evidence.
    pub(crate) fn from_member(parent: &Member<'_>, credential: &Value) -> Result<Vec<Self>, RecordError> {
        if !parent.value.contains_key("nested") {
            return Ok(Vec::new());
        }
        let inside: HashSet<&str> =
            nested_in(credential).iter().filter_map(|nested| nested.get("id")?.as_str()).collect();
        let mut seen = HashSet::new();
        let read = |member: &Member<'_>| {
            let mut known = vec!["credentialId"];
            known.extend(EVIDENCE_MEMBERS);
            member.only(&known)?;
            let id = member.text("credentialId")?;
            let shown = || quoted(id);
            if !inside.contains(id) {
                return Err(RecordError::NestedUnmatched { id: shown() });
            }
            if !seen.insert(id.to_owned()) {
                return Err(RecordError::NestedTwice { id: shown() });
            }
            let missing = RecordError::IncompleteEvidence { missing: EVIDENCE_MEMBERS[0] };
            let evidence = LedgerEvidence::from_member(member)?.ok_or(missing)?;
            Ok(Self { credential_id: id.to_owned(), evidence })
        };
        parent.list("nested", NESTED_EVIDENCE_MAX)?.iter().map(read).collect()
    }

    pub(crate) fn put_into(nested: &[Self], object: &mut Map<String, Value>) {
        if nested.is_empty() {
            return;
        }
        let entry = |nested: &Self| {
            let mut entry = Map::new();
            entry.insert("credentialId".to_owned(), json!(nested.credential_id));
            nested.evidence.put_into(&mut entry);
            Value::Object(entry)
        };
        object.insert("nested".to_owned(), nested.iter().map(entry).collect());
    }
}

/// The credentials inside a transcript, in their order; none in any other credential.
pub fn nested_in(credential: &Value) -> &[Value] {
    match credential.pointer("/credentialSubject/verifiableCredential") {
        Some(Value::Array(several)) => several,
        Some(single) => core::slice::from_ref(single),
        None => &[],
    }
}

impl LoggedStatement {
    fn from_member(parent: &Member<'_>) -> Result<Self, RecordError> {
        let encoded = parent.text("statement")?;
        let statement = decode_base64(encoded).ok_or_else(|| parent.malformed("statement"))?;
        if statement.is_empty() || statement.len() > STATEMENT_BYTES_MAX {
            return Err(parent.malformed("statement"));
        }
        let log_proof = parent.text("logProof")?;
        if log_proof.len() > LOG_PROOF_BYTES_MAX {
            return Err(parent.malformed("logProof"));
        }
        Ok(Self { statement, log_proof: log_proof.to_owned() })
    }

    fn put_into(&self, object: &mut Map<String, Value>) {
        object.insert("statement".to_owned(), json!(BASE64.encode(&self.statement)));
        object.insert("logProof".to_owned(), json!(self.log_proof));
    }
}

/// An object inside a document, with its pointer for errors.
pub(crate) struct Member<'d> {
    pub(crate) value: &'d Map<String, Value>,
    pointer: String,
}

impl<'d> Member<'d> {
    pub(crate) fn root(document: &'d Value) -> Result<Self, RecordError> {
        Self::new(document, String::new())
    }

    fn new(value: &'d Value, pointer: String) -> Result<Self, RecordError> {
        match value {
            Value::Object(value) => Ok(Self { value, pointer }),
            _ => Err(RecordError::Member { pointer }),
        }
    }

    pub(crate) fn malformed(&self, name: &str) -> RecordError {
        RecordError::Member { pointer: format!("{}/{name}", self.pointer) }
    }

    pub(crate) fn only(&self, known: &[&str]) -> Result<(), RecordError> {
        match self.value.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => {
                Err(RecordError::UnknownMember { pointer: format!("{}/{}", self.pointer, quoted(key)) })
            }
            None => Ok(()),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'d str, RecordError> {
        self.value.get(name).and_then(Value::as_str).ok_or_else(|| self.malformed(name))
    }

    fn number(&self, name: &str) -> Result<u64, RecordError> {
        self.value.get(name).and_then(Value::as_u64).ok_or_else(|| self.malformed(name))
    }

    pub(crate) fn object(&self, name: &str) -> Result<&'d Value, RecordError> {
        self.optional_object(name)?.ok_or_else(|| self.malformed(name))
    }

    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<&'d Value>, RecordError> {
        match self.value.get(name) {
            None => Ok(None),
            Some(value @ Value::Object(_)) => Ok(Some(value)),
            Some(_) => Err(self.malformed(name)),
        }
    }

    fn child(&self, name: &str) -> Result<Self, RecordError> {
        Self::new(self.object(name)?, format!("{}/{name}", self.pointer))
    }

    pub(crate) fn list(&self, name: &str, max: usize) -> Result<Vec<Self>, RecordError> {
        match self.value.get(name) {
            Some(Value::Array(items)) if items.len() <= max => {
                let member = |(i, item)| Self::new(item, format!("{}/{name}/{i}", self.pointer));
                items.iter().enumerate().map(member).collect()
            }
            _ => Err(self.malformed(name)),
        }
    }

    fn hashes(&self, name: &str) -> Result<Vec<Hash>, RecordError> {
        let items = match self.value.get(name) {
            Some(Value::Array(items)) if items.len() <= PATH_HASHES_MAX => items,
            _ => return Err(self.malformed(name)),
        };
        let hash = |item: &Value| {
            let bytes = decode_base64(item.as_str()?)?;
            Some(Hash::from_bytes(bytes.try_into().ok()?))
        };
        items.iter().map(|item| hash(item).ok_or_else(|| self.malformed(name))).collect()
    }
}
