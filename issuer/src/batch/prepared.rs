//! Prepared records: a credential and, apart from it, the signatures that go on it.

use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use matricula_credential::commitment::{CredentialDigest, Salt, commit};
use matricula_credential::proof::{HashData, ProofOptions, ProofValue, attach, hash_data, sign_hash_data};
use matricula_tlog::{Hash, decode_base64};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BatchError;
use super::learner_credential::Draft;
use crate::storage::StorageError;

/// A line of `prepared.jsonl`. Whoever is to approve it needs the signatures: the commitment covers them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PreparedRecord {
    pub(super) learner_no: String,
    pub(super) file: String,
    /// The credential; credentials nested in a transcript are unsigned here, too.
    pub(super) credential: Value,
    /// What is to be signed of each nested credential, base64 of 64 bytes, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) nested_hashes: Vec<String>,
    /// The signatures of the nested credentials, multibase as in a proof, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) nested_proofs: Vec<String>,
    /// What is to be signed of the credential, base64 of 64 bytes.
    pub(super) hash: String,
    /// The signature of the credential, multibase as in a proof.
    pub(super) proof: String,
    /// The salt of the commitment, base64url.
    pub(super) salt: String,
    /// The commitment to the signed credential, base64.
    pub(super) commitment: String,
}

/// How long the two halves of the work took, on whatever thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort {
    pub(super) canonicalising: Duration,
    pub(super) signing: Duration,
}

impl std::iter::Sum for Effort {
    fn sum<I: Iterator<Item = Self>>(efforts: I) -> Self {
        efforts.fold(Self::default(), |sum, effort| Self {
            canonicalising: sum.canonicalising + effort.canonicalising,
            signing: sum.signing + effort.signing,
        })
    }
}

/// Signs with one key under one name at one moment.
pub(super) struct RecordSigner<'a> {
    pub(super) options: ProofOptions,
    pub(super) key: &'a SigningKey,
}

impl RecordSigner<'_> {
    /// Hashes, signs and commits to a draft.
    pub(super) fn prepare(
        &self,
        learner_no: &str,
        file: String,
        draft: &Draft,
        salt: &Salt,
    ) -> Result<(PreparedRecord, Effort), BatchError> {
        let mut effort = Effort::default();
        let (mut nested_hashes, mut nested_proofs) = (Vec::new(), Vec::new());
        let unsigned = match draft {
            Draft::Badge(credential) => credential.clone(),
            Draft::Transcript(transcript) => {
                let mut signed = Vec::with_capacity(transcript.courses.len());
                for course in &transcript.courses {
                    let hash = self.hash(course, &mut effort)?;
                    let (course, proof) = self.sign(course, &hash, &mut effort)?;
                    signed.push(course);
                    nested_hashes.push(BASE64.encode(hash.as_bytes()));
                    nested_proofs.push(proof.encode());
                }
                transcript
                    .assemble(signed)
                    .map_err(|source| BatchError::Credential { learner_no: learner_no.to_owned(), source })?
            }
        };
        let hash = self.hash(&unsigned, &mut effort)?;
        let (signed, proof) = self.sign(&unsigned, &hash, &mut effort)?;
        let started = Instant::now();
        let commitment = commit(salt, &CredentialDigest::of(&signed)?);
        effort.signing += started.elapsed();
        let record = PreparedRecord {
            learner_no: learner_no.to_owned(),
            file,
            credential: without_nested_proofs(unsigned),
            nested_hashes,
            nested_proofs,
            hash: BASE64.encode(hash.as_bytes()),
            proof: proof.encode(),
            salt: salt.encode(),
            commitment: BASE64.encode(commitment.as_bytes()),
        };
        Ok((record, effort))
    }

    /// Signs a prepared record again: the same key and the same hashes give the same signatures, so
    /// the commitment must come out the same.
    pub(super) fn issue(&self, record: &PreparedRecord) -> Result<Value, BatchError> {
        let mut credential = record.credential.clone();
        let mut effort = Effort::default();
        if let Some(nested) = nested_mut(&mut credential) {
            let hashes = record.nested_hashes()?;
            if hashes.len() != nested.len() {
                return Err(record.differs());
            }
            for (course, hash) in nested.iter_mut().zip(&hashes) {
                (*course, _) = self.sign(course, hash, &mut effort)?;
            }
        }
        let (signed, _) = self.sign(&credential, &record.hash_data()?, &mut effort)?;
        let commitment = commit(&record.salt()?, &CredentialDigest::of(&signed)?);
        if commitment == record.commitment()? { Ok(signed) } else { Err(record.differs()) }
    }

    fn hash(&self, credential: &Value, effort: &mut Effort) -> Result<HashData, BatchError> {
        let started = Instant::now();
        let hash = hash_data(credential, &self.options)?;
        effort.canonicalising += started.elapsed();
        Ok(hash)
    }

    fn sign(
        &self,
        credential: &Value,
        hash: &HashData,
        effort: &mut Effort,
    ) -> Result<(Value, ProofValue), BatchError> {
        let started = Instant::now();
        let proof = sign_hash_data(hash, self.key);
        let signed = attach(credential, &self.options, &proof)?;
        effort.signing += started.elapsed();
        Ok((signed, proof))
    }
}

impl PreparedRecord {
    pub(super) fn salt(&self) -> Result<Salt, BatchError> {
        Salt::parse(&self.salt).ok_or_else(|| self.differs())
    }

    pub(super) fn commitment(&self) -> Result<Hash, BatchError> {
        self.bytes(&self.commitment).map(Hash::from_bytes)
    }

    pub(super) fn hash_data(&self) -> Result<HashData, BatchError> {
        self.bytes(&self.hash).map(HashData::from_bytes)
    }

    fn nested_hashes(&self) -> Result<Vec<HashData>, BatchError> {
        self.nested_hashes.iter().map(|hash| self.bytes(hash).map(HashData::from_bytes)).collect()
    }

    /// Checks, without the signer's secret key, that the commitment is that of the credential that
    /// stands here and of no other: its hashes are computed anew, its signatures must be the signer's.
    pub(super) fn check_commitment(
        &self,
        options: &ProofOptions,
        signer: &VerifyingKey,
    ) -> Result<Effort, BatchError> {
        let mut effort = Effort::default();
        let mut credential = self.credential.clone();
        let nested = nested_mut(&mut credential).map(Vec::as_mut_slice).unwrap_or_default();
        let (hashes, proofs) = (self.nested_hashes()?, &self.nested_proofs);
        if hashes.len() != nested.len() || proofs.len() != nested.len() {
            return Err(self.differs());
        }
        for ((course, hash), proof) in nested.iter_mut().zip(&hashes).zip(proofs) {
            *course = self.signed(course, hash, proof, (options, signer), &mut effort)?;
        }
        let hash = self.hash_data()?;
        let signed = self.signed(&credential, &hash, &self.proof, (options, signer), &mut effort)?;
        let started = Instant::now();
        let commitment = commit(&self.salt()?, &CredentialDigest::of(&signed)?);
        effort.signing += started.elapsed();
        if commitment == self.commitment()? { Ok(effort) } else { Err(self.differs()) }
    }

    /// The document with the signature that is kept of it, which must be good.
    fn signed(
        &self,
        document: &Value,
        hash: &HashData,
        proof: &str,
        (options, signer): (&ProofOptions, &VerifyingKey),
        effort: &mut Effort,
    ) -> Result<Value, BatchError> {
        let proof = ProofValue::parse(proof).ok_or_else(|| self.differs())?;
        let signature = Signature::from_bytes(proof.as_bytes());
        let started = Instant::now();
        let same = hash_data(document, options)? == *hash;
        effort.canonicalising += started.elapsed();
        let started = Instant::now();
        let good = same && signer.verify_strict(hash.as_bytes(), &signature).is_ok();
        let signed = if good { Ok(attach(document, options, &proof)?) } else { Err(self.differs()) };
        effort.signing += started.elapsed();
        signed
    }

    pub(super) fn differs(&self) -> BatchError {
        BatchError::RecordChanged { learner_no: self.learner_no.clone() }
    }

    fn bytes<const N: usize>(&self, text: &str) -> Result<[u8; N], BatchError> {
        decode_base64(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| self.differs())
    }
}

/// The lines of a file of prepared records.
pub(super) fn encode(path: &Path, records: &[PreparedRecord]) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    for record in records {
        serde_json::to_writer(&mut bytes, record).map_err(|error| StorageError::malformed(path, error))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Reads the lines back.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<PreparedRecord>, StorageError> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    lines
        .par_iter()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_slice(line)
                .map_err(|error| StorageError::malformed(path, format!("line {}: {error}", number + 1)))
        })
        .collect()
}

/// The credentials nested in a transcript.
fn nested_mut(credential: &mut Value) -> Option<&mut Vec<Value>> {
    credential.get_mut("credentialSubject")?.get_mut("verifiableCredential")?.as_array_mut()
}

fn without_nested_proofs(mut credential: Value) -> Value {
    for course in nested_mut(&mut credential).into_iter().flatten() {
        if let Some(members) = course.as_object_mut() {
            members.remove("proof");
        }
    }
    credential
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(commitment: String) -> PreparedRecord {
        PreparedRecord {
            learner_no: "1".to_owned(),
            file: "1.json".to_owned(),
            credential: json!({}),
            nested_hashes: Vec::new(),
            nested_proofs: Vec::new(),
            hash: BASE64.encode(&[1; 64]),
            proof: String::new(),
            salt: String::new(),
            commitment,
        }
    }

    #[test]
    fn rejects_a_commitment_spelled_as_two_texts_in_a_row() {
        let bytes = [7; 32];
        let once = BASE64.encode(&bytes);
        assert_eq!(record(once).commitment().unwrap(), Hash::from_bytes(bytes));
        let twice = BASE64.encode(&bytes[..1]) + &BASE64.encode(&bytes[1..]);
        assert!(matches!(record(twice).commitment(), Err(BatchError::RecordChanged { .. })));
    }
}
