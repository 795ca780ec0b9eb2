//! What one of everything costs, measured here and now.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use matricula_credential::did::verification_method;
use matricula_credential::model::{Header, Institution, Learner, Programme, diploma};
use matricula_credential::proof::{Cryptosuite, ProofOptions, sign, verify};
use matricula_registry::{
    Accreditation, AccreditationEvent, Authority, AuthorityKey, Batch, BatchLeaves, Body, ClaimedRange,
    Commitment, Country as CountryCode, CredentialKind, FieldList, InstitutionId, IscedField, IscedLevel,
    Jurisdiction, KeyEvent, KeyRole, KeyStatement, LegalReference, LogOrigin, LogTime, Period, PublicKey,
    Registry, Scope, Statement, Status, Text,
};
use matricula_tlog::{
    Checkpoint, Cosigner, Hash, KeyName, LeafIndex, LogProof, NoteSigner, Origin, TreeSize, UnixSeconds,
    leaf_hash,
};
use serde::Serialize;

use crate::failure::Failure;

const ORIGIN: &str = "log.educacion.example/1";
const SCHOOL: &str = "did:web:educacion.example:schools:lempira";

/// How long each rate is measured. Long enough for a table; a benchmark takes more care.
const MEASURING: Duration = Duration::from_millis(400);

/// 2026-11-20T00:00:00Z.
const AWARDED: UnixSeconds = UnixSeconds::new(1_795_132_800);

/// Bytes of statements and proofs, seconds of one core.
#[derive(Clone, Debug, Serialize)]
pub struct UnitCosts {
    /// Bytes of an authority statement.
    pub authority_bytes: u64,
    /// Bytes of an accreditation.
    pub accreditation_bytes: u64,
    /// Bytes of a key statement.
    pub key_bytes: u64,
    /// Bytes of a batch statement with its second signature.
    pub batch_bytes: u64,
    /// Bytes of a status statement.
    pub status_bytes: u64,
    /// Bytes of a commitment.
    pub commitment_bytes: u64,
    /// Checking, admitting and hashing one batch statement: what a mirror does with it.
    pub replay_batch_seconds: f64,
    /// The same with a statement of one signature.
    pub replay_single_seconds: f64,
    /// Issuing a diploma with `eddsa-rdfc-2022`.
    pub issue_rdfc_seconds: f64,
    /// Issuing a diploma with `eddsa-jcs-2022`.
    pub issue_jcs_seconds: f64,
    /// Verifying the proof of a diploma with `eddsa-rdfc-2022`.
    pub verify_rdfc_seconds: f64,
    /// Bytes of a checkpoint signed by the log alone.
    pub checkpoint_bytes: u64,
    /// Bytes that each cosignature adds.
    pub cosignature_bytes: u64,
}

impl UnitCosts {
    /// Makes one of everything and times it: some seconds.
    pub fn measure() -> Result<Self, Failure> {
        let sample = SampleLog::new()?;
        let (checkpoint, cosigned) = checkpoint_bytes(TreeSize::new(1_000_000), 1)?;
        let [issue_rdfc, verify_rdfc] = proof_seconds(Cryptosuite::EddsaRdfc2022)?;
        let [issue_jcs, _] = proof_seconds(Cryptosuite::EddsaJcs2022)?;
        Ok(Self {
            authority_bytes: bytes(&sample.genesis),
            accreditation_bytes: bytes(&sample.accreditation),
            key_bytes: bytes(&sample.issue_key),
            batch_bytes: bytes(&sample.batch(0)?),
            status_bytes: bytes(&sample.status()?),
            commitment_bytes: bytes(&sample.commitment(0)?),
            replay_batch_seconds: sample.replay_seconds(|number| sample.batch(number))?,
            replay_single_seconds: sample.replay_seconds(|number| sample.commitment(number))?,
            issue_rdfc_seconds: issue_rdfc,
            issue_jcs_seconds: issue_jcs,
            verify_rdfc_seconds: verify_rdfc,
            checkpoint_bytes: checkpoint,
            cosignature_bytes: cosigned - checkpoint,
        })
    }
}

/// Bytes of a log proof for an entry of a log of that size, with so many cosignatures beside the log's own.
pub fn log_proof_bytes(size: u64, cosigners: u64) -> Result<u64, Failure> {
    let (_, checkpoint) = signed_checkpoint(TreeSize::new(size), cosigners)?;
    let path = vec![Hash::from_bytes([0xa5; 32]); inclusion_hashes(size)];
    let index = LeafIndex::new(size.saturating_sub(1));
    let proof = LogProof::new(index, path, checkpoint).map_err(failed)?;
    Ok(proof.encode().len() as u64)
}

/// Hashes in the longest inclusion proof of a log of that size.
pub fn inclusion_hashes(size: u64) -> usize {
    size.checked_next_power_of_two().map_or(64, u64::trailing_zeros) as usize
}

fn bytes(statement: &Statement) -> u64 {
    statement.entry().len() as u64
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new("measuring_failed", format_args!("a sample could not be made: {error}"))
}

fn checkpoint_bytes(size: TreeSize, cosigners: u64) -> Result<(u64, u64), Failure> {
    let (bare, cosigned) = signed_checkpoint(size, cosigners)?;
    Ok((bare.encode().len() as u64, cosigned.encode().len() as u64))
}

type Pair = (matricula_tlog::SignedCheckpoint, matricula_tlog::SignedCheckpoint);

/// A checkpoint as the log signs it, and the same with cosignatures.
fn signed_checkpoint(size: TreeSize, cosigners: u64) -> Result<Pair, Failure> {
    let signer = NoteSigner::new(KeyName::new(ORIGIN).map_err(failed)?, &[1; 32]);
    let origin = Origin::new(ORIGIN).map_err(failed)?;
    let checkpoint = Checkpoint::new(origin, size, Hash::from_bytes([0x5a; 32])).map_err(failed)?;
    let bare = checkpoint.sign(&signer).map_err(failed)?;
    let verified = bare.verify(signer.verifier()).map_err(failed)?;
    let mut cosigned = bare.clone();
    for number in 0..cosigners {
        let name = KeyName::new(&format!("mirror{number}.educacion.example")).map_err(failed)?;
        let [low, ..] = number.to_le_bytes();
        let signature = Cosigner::new(name, &[low.wrapping_add(2); 32]).cosign(&verified, AWARDED);
        cosigned.add_signature(signature.map_err(failed)?).map_err(failed)?;
    }
    Ok((bare, cosigned))
}

/// A log's first statements: an authority, and a school with two keys.
struct SampleLog {
    origin: LogOrigin,
    authority: SigningKey,
    issue: SigningKey,
    approve: SigningKey,
    school: InstitutionId,
    genesis: Statement,
    accreditation: Statement,
    issue_key: Statement,
    approve_key: Statement,
}

impl SampleLog {
    fn new() -> Result<Self, Failure> {
        let origin = LogOrigin::parse(ORIGIN).map_err(failed)?;
        let [authority, issue, approve] = [3, 4, 5].map(|seed| SigningKey::from_bytes(&[seed; 32]));
        let school = InstitutionId::parse(SCHOOL).map_err(failed)?;
        let signed = |body: &Body, nonce: u8| {
            Statement::sign(body, &origin, [nonce; 16], None, &authority).map_err(failed)
        };
        let key = |key: &SigningKey, role| {
            let event = KeyEvent::Add { role, from: AWARDED };
            Body::Key(KeyStatement { institution: school.clone(), key: public(key), event })
        };
        let genesis = signed(&authority_body(&authority)?, 1)?;
        let accreditation = signed(&accreditation_body(&school)?, 2)?;
        let issue_key = signed(&key(&issue, KeyRole::Issue), 3)?;
        let approve_key = signed(&key(&approve, KeyRole::Approve), 4)?;
        Ok(Self { origin, authority, issue, approve, school, genesis, accreditation, issue_key, approve_key })
    }

    /// Replays statements as a mirror does, one after the other on one core, and takes the mean.
    fn replay_seconds(&self, make: impl Fn(u64) -> Result<Statement, Failure>) -> Result<f64, Failure> {
        let mut registry = Registry::new(self.origin.clone(), [public(&self.authority)]);
        let first = [&self.genesis, &self.accreditation, &self.issue_key, &self.approve_key];
        for statement in first {
            let next = registry.next_index();
            registry.replay(next, LogTime::at(AWARDED), statement.entry()).map_err(failed)?;
        }
        let (mut spent, mut done) = (Duration::ZERO, 0);
        while spent < MEASURING {
            let statement = make(done)?;
            let started = Instant::now();
            black_box(leaf_hash(statement.entry()));
            let next = registry.next_index();
            registry.replay(next, LogTime::at(AWARDED), statement.entry()).map_err(failed)?;
            spent += started.elapsed();
            done += 1;
        }
        Ok(spent.as_secs_f64() / done as f64)
    }

    fn sign(&self, body: &Body, number: u64, key: &SigningKey) -> Result<Statement, Failure> {
        let mut nonce = [9; 16];
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        Statement::sign(body, &self.origin, nonce, None, key).map_err(failed)
    }

    fn batch(&self, number: u64) -> Result<Statement, Failure> {
        let field = IscedField::parse("0011").map_err(failed)?;
        let body = Body::Batch(Batch {
            issuer: self.school.clone(),
            on_behalf_of: None,
            kind: CredentialKind::DIPLOMA,
            isced_level: IscedLevel::new(3).map_err(failed)?,
            isced_f: FieldList::new([field]).map_err(failed)?,
            claimed: ClaimedRange::new(AWARDED, AWARDED).map_err(failed)?,
            root: numbered(number),
            leaves: BatchLeaves::new(128).map_err(failed)?,
            summary_commitment: numbered(number),
        });
        self.sign(&body, number, &self.issue)?.countersign(&self.approve).map_err(failed)
    }

    fn status(&self) -> Result<Statement, Failure> {
        let body = Body::Status(Status {
            list: Text::parse("https://educacion.example/status/1").map_err(failed)?,
            version: 1_000,
            purpose: Text::parse("revocation").map_err(failed)?,
            digest: numbered(1),
        });
        self.sign(&body, 0, &self.authority)
    }

    fn commitment(&self, number: u64) -> Result<Statement, Failure> {
        let label = Text::parse("transfer").map_err(failed)?;
        self.sign(&Body::Commitment(Commitment { label, root: numbered(number) }), number, &self.authority)
    }
}

fn numbered(number: u64) -> Hash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Hash::from_bytes(bytes)
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from(&key.verifying_key())
}

fn authority_body(key: &SigningKey) -> Result<Body, Failure> {
    let log_key = NoteSigner::new(KeyName::new(ORIGIN).map_err(failed)?, &[1; 32]);
    Ok(Body::Authority(Authority {
        name: Text::parse("Secretaría de Educación").map_err(failed)?,
        country: CountryCode::parse("HN").map_err(failed)?,
        keys: vec![AuthorityKey { key: public(key), valid: Period::new(AWARDED, None).map_err(failed)? }],
        log_key: Text::parse(&log_key.verifier().encode()).map_err(failed)?,
        rules_version: 1,
        recognises: Vec::new(),
    }))
}

fn accreditation_body(school: &InstitutionId) -> Result<Body, Failure> {
    let level = IscedLevel::new(3).map_err(failed)?;
    let jurisdiction = Jurisdiction::parse("HN").map_err(failed)?;
    let kinds = [CredentialKind::DIPLOMA, CredentialKind::TRANSCRIPT];
    let scope = Scope::new(kinds, [level], [], jurisdiction).map_err(failed)?;
    Ok(Body::Accreditation(Accreditation {
        institution: school.clone(),
        name: Text::parse("Instituto Lempira").map_err(failed)?,
        event: AccreditationEvent::Grant { scope },
        effective: Period::new(AWARDED, None).map_err(failed)?,
        reason: None,
        legal: LegalReference {
            title: Text::parse("Acuerdo 1234-SE-2015").map_err(failed)?,
            sha256: numbered(2),
        },
    }))
}

/// Seconds to issue a diploma, and to verify its proof, on one core.
fn proof_seconds(suite: Cryptosuite) -> Result<[f64; 2], Failure> {
    let key = SigningKey::from_bytes(&[10; 32]);
    let credential = unsigned_diploma()?;
    let options = ProofOptions::assertion(suite, verification_method(SCHOOL, &key.verifying_key()), AWARDED);
    let signed = sign(&credential, &options, &key).map_err(failed)?;
    verify(&signed).map_err(failed)?;
    let issue = mean_seconds(|| drop(black_box(sign(black_box(&credential), &options, &key))));
    let check = mean_seconds(|| drop(black_box(verify(black_box(&signed)))));
    Ok([issue, check])
}

fn unsigned_diploma() -> Result<serde_json::Value, Failure> {
    let header = Header {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001".to_owned(),
        issuer: Institution { id: SCHOOL.to_owned(), name: "Instituto Lempira".to_owned() },
        learner: Learner {
            number: "0801-2007-10000".to_owned(),
            given_names: "Ofelia".to_owned(),
            family_names: "Santiago Granados".to_owned(),
            date_of_birth: Some("2007-03-16".parse().map_err(failed)?),
        },
        valid_from: AWARDED,
        valid_until: None,
        awarded: "2026-11-20".parse().map_err(failed)?,
        status: Vec::new(),
    };
    let programme = Programme {
        code: "BCH".to_owned(),
        name: "Bachillerato en Ciencias y Humanidades".to_owned(),
        isced_level: 3,
        isced_p: Some("344".to_owned()),
        isced_f: "0011".to_owned(),
        language: Some("es".to_owned()),
    };
    diploma(&header, &programme, "Título de Bachillerato", &[]).map_err(failed)
}

fn mean_seconds(mut work: impl FnMut()) -> f64 {
    let (started, mut done) = (Instant::now(), 0_u64);
    while started.elapsed() < MEASURING {
        work();
        done += 1;
    }
    started.elapsed().as_secs_f64() / done as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_a_proof_like_one_that_was_made() {
        // 2^20 leaves: 20 hashes of 45 bytes each; each cosignature is a line of base64 over 76 bytes.
        assert_eq!(inclusion_hashes(1 << 20), 20);
        assert_eq!(inclusion_hashes((1 << 20) + 1), 21);
        assert_eq!(inclusion_hashes(1), 0);
        let grows = log_proof_bytes(1 << 20, 3).unwrap() - log_proof_bytes(1 << 10, 3).unwrap();
        assert_eq!(grows, 10 * 45 + 2 * 3, "ten hashes, and three more digits of size and of index");
    }

    #[test]
    fn keeps_a_proof_at_a_billion_entries_short() {
        assert!(log_proof_bytes(1_000_000_000, 3).unwrap() <= 2_000);
    }

    #[test]
    fn replays_what_the_door_admits() {
        let log = SampleLog::new().unwrap();
        assert!(log.replay_seconds(|number| log.batch(number)).unwrap() > 0.0);
        // A batch by a key that the log does not know stops the measuring: what is timed is real admission.
        let stranger = SigningKey::from_bytes(&[77; 32]);
        let unknown = |number| {
            let body = log.batch(number).unwrap().body().clone();
            log.sign(&body, number, &stranger)?.countersign(&log.approve).map_err(failed)
        };
        assert!(log.replay_seconds(unknown).is_err());
    }
}
