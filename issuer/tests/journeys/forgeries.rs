//! A preparer with tools of his own, who signs everything rightly and shows what is not so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::SigningKey;
use matricula_credential::commitment::{BatchSeed, BatchTree, CredentialDigest, Salt, commit};
use matricula_credential::did;
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_credential::record::PortableRecord;
use matricula_issuer::batch::{BatchError, BatchId, BatchKind};
use matricula_registry::{Batch, Body, ClaimedRange, FieldList, IscedField, Statement};
use matricula_tlog::{Hash, UnixSeconds, decode_base64};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Sample, School, World, did as institution, now};

/// The parts of a prepared batch that its preparer can choose.
struct Parts {
    records: Vec<Value>,
    batch: Batch,
    manifest: Value,
}

type Change = fn(&mut Batch);

struct Forger<'a> {
    school: &'a School,
    folder: PathBuf,
}

impl<'a> Forger<'a> {
    fn of(school: &'a School, id: &BatchId) -> Self {
        Self { school, folder: school.home.root().join("batches").join(id.as_str()) }
    }

    fn key(&self) -> &SigningKey {
        self.school.issue.signing()
    }

    fn options(&self) -> ProofOptions {
        let issuer = self.school.home.profile().did.as_str();
        let method = did::verification_method(issuer, &self.key().verifying_key());
        ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, now())
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }

    fn records(&self) -> Vec<Value> {
        let lines = String::from_utf8(self.read("prepared.jsonl")).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Changes the batch and puts tree, statement and manifest right again, signed as they must be.
    fn forge(&self, change: impl FnOnce(&mut Parts)) {
        let statement = Statement::parse(&self.read("statement.cose")).unwrap();
        let Body::Batch(batch) = statement.body().clone() else { panic!("not a batch") };
        let manifest = serde_json::from_slice(&self.read("manifest.json")).unwrap();
        let mut parts = Parts { records: self.records(), batch, manifest };
        change(&mut parts);
        let Parts { records, mut batch, mut manifest } = parts;
        batch.root = root(&records, manifest["seed"].as_str().unwrap());
        let header = statement.header();
        let body = Body::Batch(batch);
        let entry =
            Statement::sign(&body, &header.origin, header.nonce, None, self.key()).unwrap().into_entry();
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        let digest = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes));
        manifest["preparedDigest"] = digest(lines.as_bytes()).into();
        manifest["statementDigest"] = digest(&entry).into();
        manifest.as_object_mut().unwrap().remove("proof");
        let manifest = proof::sign(&manifest, &self.options(), self.key()).unwrap();
        fs::write(self.folder.join("prepared.jsonl"), lines).unwrap();
        fs::write(self.folder.join("statement.cose"), entry).unwrap();
        fs::write(self.folder.join("manifest.json"), manifest.to_string()).unwrap();
    }

    /// Makes the line's hash, signature and commitment those of another credential than it shows.
    fn seal(&self, line: &mut Value, secret: &Value, key: &SigningKey) {
        let hash = proof::hash_data(secret, &self.options()).unwrap();
        let value = proof::sign_hash_data(&hash, key);
        line["hash"] = BASE64.encode(hash.as_bytes()).into();
        line["proof"] = value.encode().into();
        commit_to(line, &proof::attach(secret, &self.options(), &value).unwrap());
    }
}

fn root(records: &[Value], seed: &str) -> Hash {
    let seed = BatchSeed::from_bytes(BASE64URL_NOPAD.decode(seed.as_bytes()).unwrap().try_into().unwrap());
    let commitment = |record: &Value| {
        let bytes = decode_base64(record["commitment"].as_str().unwrap()).unwrap();
        Hash::from_bytes(bytes.try_into().unwrap())
    };
    let commitments: Vec<Hash> = records.iter().map(commitment).collect();
    BatchTree::build(&commitments, &seed).unwrap().root()
}

fn commit_to(line: &mut Value, signed: &Value) {
    let salt = Salt::parse(line["salt"].as_str().unwrap()).unwrap();
    let commitment = commit(&salt, &CredentialDigest::of(signed).unwrap());
    line["commitment"] = BASE64.encode(commitment.as_bytes()).into();
}

fn with_another_name(credential: &Value) -> Value {
    let forged = credential.to_string().replace("Ofelia", "Amelia");
    assert_ne!(forged, credential.to_string());
    serde_json::from_str(&forged).unwrap()
}

#[test]
fn kept_signatures_are_private_and_those_of_the_issued_records() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers_with_results(2);
    let id = school.prepare(&sample.order(BatchKind::Transcript)).unwrap().id;
    let forger = Forger::of(&school, &id);
    let mode = fs::metadata(forger.folder.join("prepared.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Put together again as it was, the batch goes its way: what is refused below is refused for its content.
    forger.forge(|_| {});
    let kept = forger.records();
    school.approve(&id).unwrap();
    let issued = school.issue(&id, &world.log).unwrap();
    for (record, line) in issued.records.iter().zip(&kept) {
        let credential = PortableRecord::parse(&fs::read(&record.path).unwrap()).unwrap().credential;
        assert_eq!(credential["proof"]["proofValue"], line["proof"]);
        let courses = credential["credentialSubject"]["verifiableCredential"].as_array().unwrap();
        let nested: Vec<&Value> = courses.iter().map(|course| &course["proof"]["proofValue"]).collect();
        assert_eq!(nested, line["nestedProofs"].as_array().unwrap().iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_commitment_to_another_credential_than_the_one_shown_is_refused() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    let forger = Forger::of(&school, &id);
    let honest = forger.records();
    let shown = honest[0]["credential"].clone();
    let forged = with_another_name(&shown);
    let (own, other) = (forger.key(), school.approve.signing());
    let signed = proof::sign(&forged, &forger.options(), own).unwrap();
    let mut lines = vec![honest[0].clone(); 6];
    commit_to(&mut lines[0], &signed);
    forger.seal(&mut lines[1], &forged, own);
    forger.seal(&mut lines[2], &forged, own);
    lines[2]["hash"] = honest[0]["hash"].clone();
    forger.seal(&mut lines[3], &shown, other);
    lines[4]["nestedHashes"] = json!([honest[0]["hash"]]);
    lines[5]["proof"] = honest[1]["proof"].clone();
    for (case, line) in lines.into_iter().enumerate() {
        forger.forge(|parts| parts.records = vec![line, honest[1].clone()]);
        let refused = school.approve(&id).unwrap_err();
        assert!(matches!(refused, BatchError::RecordChanged { .. }), "case {case}: {refused}");
    }
    forger.forge(|parts| parts.records = honest);
    school.approve(&id).unwrap();
}

#[test]
fn a_transcript_over_other_courses_than_those_shown_is_refused() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers_with_results(2);
    let id = school.prepare(&sample.order(BatchKind::Transcript)).unwrap().id;
    let forger = Forger::of(&school, &id);
    let mut secret = forger.records()[0]["credential"].clone();
    let courses = secret["credentialSubject"]["verifiableCredential"].as_array_mut().unwrap();
    for course in courses.iter_mut() {
        course["name"] = json!("Another course");
        *course = proof::sign(course, &forger.options(), forger.key()).unwrap();
    }
    forger.forge(|parts| forger.seal(&mut parts.records[0], &secret, forger.key()));
    let refused = school.approve(&id).unwrap_err();
    assert!(matches!(refused, BatchError::RecordChanged { .. }), "{refused}");
}

#[test]
fn a_statement_that_declares_more_than_the_records_say_is_refused() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    let forger = Forger::of(&school, &id);
    let honest = Statement::parse(&forger.read("statement.cose")).unwrap();
    let Body::Batch(honest) = honest.body() else { panic!("not a batch") };
    let cases: [(&str, Change); 3] = [
        ("on behalf of", |batch| {
            batch.on_behalf_of = Some(institution("did:web:hn.example:schools:morazan"));
        }),
        ("claimed dates", |batch| {
            let from = UnixSeconds::new(batch.claimed.from().get() - 86_400);
            batch.claimed = ClaimedRange::new(from, batch.claimed.to()).unwrap();
        }),
        ("fields", |batch| {
            let more = IscedField::parse("0912").unwrap();
            batch.isced_f = FieldList::new(batch.isced_f.as_slice().iter().cloned().chain([more])).unwrap();
        }),
    ];
    for (part, change) in cases {
        forger.forge(|parts| change(&mut parts.batch));
        let refused = school.approve(&id).unwrap_err();
        assert!(
            matches!(refused, BatchError::StatementDiffers { what } if what == part),
            "{part}: {refused}"
        );
        forger.forge(|parts| parts.batch = honest.clone());
    }
    let stranger = did::verification_method("did:web:hn.example:schools:mill", &forger.key().verifying_key());
    let mut own = Value::Null;
    forger.forge(|parts| own = parts.manifest["verificationMethod"].take());
    forger.forge(|parts| parts.manifest["verificationMethod"] = stranger.into());
    assert!(matches!(school.approve(&id).unwrap_err(), BatchError::FileChanged { .. }));
    forger.forge(|parts| parts.manifest["verificationMethod"] = own);
    school.approve(&id).unwrap();
}
