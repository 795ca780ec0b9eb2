//! A small country for the tests: an authority, its log with a real door, a school, records.

mod papers;

use std::convert::Infallible;

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use jiff::civil::Date;
use matricula_credential::commitment::{BatchSeed, BatchTree, CredentialDigest, Salt, Summary, commit};
use matricula_credential::did::verification_method;
use matricula_credential::proof::{Cryptosuite, ProofOptions, sign};
use matricula_credential::record::{LedgerEvidence, LoggedStatement, PortableRecord};
use matricula_credential::status::{ListCredential, StatusList, StatusPurpose};
use matricula_registry::{
    Accreditation, AccreditationEvent, Authority, AuthorityKey, Batch, BatchLeaves, Body, ClaimedRange,
    Country as CountryCode, CredentialKind, FieldList, FieldPrefix, InstitutionId, IscedField, IscedLevel,
    Jurisdiction, KeyEvent, KeyRole, KeyStatement, KnownAt, LegalReference, LogOrigin, Period, PublicKey,
    Registry, Scope, Statement, Status, Text,
};
use matricula_tlog::merkle::root;
use matricula_tlog::{
    Checkpoint, Cosigner, Hash, KeyName, LeafIndex, LogProof, NodeId, NodeSource, NoteSigner, Origin, Policy,
    TreeSize, UnixSeconds, leaf_hash, node_hash, prove_inclusion,
};
use matricula_verdict::{
    StatusEvent, Trust, TrustContent, TrustFile, TrustFileError, TrustedAuthority, TrustedLog,
    TrustedStatement, TrustedStatusList, rfc3339,
};
use serde_json::Value;

#[allow(unused_imports, reason = "each test binary uses its own part of the country")]
pub use papers::{
    bind, sign_as, sign_by_school, signed_course, signed_diploma, signed_transcript, unsigned_diploma,
};

pub const SCHOOL: &str = "did:web:hn.example:schools:lempira";
pub const NEIGHBOUR: &str = "did:web:hn.example:schools:choluteca";
pub const AUTHORITY: &str = "did:web:hn.example";
const LIST: &str = "https://hn.example/status/1";

/// A day as seconds.
pub fn at(day: &str) -> UnixSeconds {
    let day: Date = day.parse().unwrap();
    let zoned = day.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    UnixSeconds::new(u64::try_from(zoned.timestamp().as_second()).unwrap())
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// An institution as its batches need it: seeds of its keys, and where its rights stand in the log.
pub struct Issuer {
    pub id: &'static str,
    pub issue: u8,
    pub approve: u8,
    pub rights: std::ops::Range<u64>,
}

/// The school that every country begins with.
pub const LEMPIRA: Issuer = Issuer { id: SCHOOL, issue: 10, approve: 11, rights: 1..5 };

/// The authority's log and everything in it.
pub struct Country {
    origin: &'static str,
    authority: SigningKey,
    registry: Registry,
    entries: Vec<(Vec<u8>, UnixSeconds)>,
    list: StatusList,
    suspended: StatusList,
    events: Vec<StatusEvent>,
}

impl Country {
    /// A country whose school is accredited for diplomas of level 3 since 2015, entered on 2026-01-15.
    pub fn new(origin: &'static str, seed: u8) -> Self {
        let authority = key(seed);
        let own = PublicKey::from(&authority.verifying_key());
        let mut country = Self {
            origin,
            registry: Registry::new(LogOrigin::parse(origin).unwrap(), [own]),
            authority,
            entries: Vec::new(),
            list: StatusList::new(131_072).unwrap(),
            suspended: StatusList::new(131_072).unwrap(),
            events: Vec::new(),
        };
        let genesis = country.profile(&[(seed, "2020-01-01", None)]);
        country.log(&genesis, "2026-01-10");
        country.accredit(AccreditationEvent::Grant { scope: scope() }, "2015-01-01", "2026-01-15");
        for (seed, role) in [(10, KeyRole::Issue), (11, KeyRole::Approve), (12, KeyRole::Bind)] {
            country.key_event(seed, KeyEvent::Add { role, from: at("2026-01-15") }, "2026-01-15");
        }
        country
    }

    /// What the authority says of itself: its keys by seed, each from a day, perhaps to a day.
    pub fn profile(&self, keys: &[(u8, &str, Option<&str>)]) -> Body {
        let mut keys: Vec<AuthorityKey> = keys
            .iter()
            .map(|(seed, from, to)| AuthorityKey {
                key: PublicKey::from(&key(*seed).verifying_key()),
                valid: Period::new(at(from), to.map(at)).unwrap(),
            })
            .collect();
        keys.sort();
        Body::Authority(Authority {
            name: Text::parse("Secretaría de Educación").unwrap(),
            country: CountryCode::parse("HN").unwrap(),
            keys,
            log_key: Text::parse(&self.log_signer().verifier().encode()).unwrap(),
            rules_version: 1,
            recognises: Vec::new(),
        })
    }

    /// A statement that is in no log, as a trust file would carry it.
    pub fn unlogged(&self, body: &Body, signer: &SigningKey, index: u64, day: &str) -> TrustedStatement {
        let replaces = match body {
            Body::Authority(_) => self.registry.authority(KnownAt::Latest).map(|event| event.statement),
            _ => None,
        };
        let origin = LogOrigin::parse(self.origin).unwrap();
        let statement = Statement::sign(body, &origin, [200; 16], replaces, signer).unwrap();
        TrustedStatement { index, logged_at: rfc3339(at(day)), statement: BASE64.encode(statement.entry()) }
    }

    /// Submits a statement of the authority through the door.
    pub fn log(&mut self, body: &Body, day: &str) {
        let replaces = match body {
            Body::Accreditation(body) => self.registry.latest_accreditation(&body.institution),
            Body::Authority(_) => self.registry.authority(KnownAt::Latest).map(|event| event.statement),
            _ => None,
        };
        let nonce = [u8::try_from(self.entries.len()).unwrap(); 16];
        let origin = LogOrigin::parse(self.origin).unwrap();
        let statement = Statement::sign(body, &origin, nonce, replaces, &self.authority).unwrap();
        self.submit(statement, at(day)).unwrap();
    }

    pub fn accredit(&mut self, event: AccreditationEvent, effective: &str, day: &str) {
        self.accredit_institution(SCHOOL, event, effective, day);
    }

    pub fn accredit_institution(&mut self, id: &str, event: AccreditationEvent, effective: &str, day: &str) {
        let ends = !matches!(event, AccreditationEvent::Grant { .. } | AccreditationEvent::Restore { .. });
        let body = Accreditation {
            institution: InstitutionId::parse(id).unwrap(),
            name: Text::parse("Instituto Lempira").unwrap(),
            event,
            effective: Period::new(at(effective), None).unwrap(),
            reason: ends.then(|| Text::parse("court_order").unwrap()),
            legal: LegalReference {
                title: Text::parse("Acuerdo 1").unwrap(),
                sha256: Hash::from_bytes([1; 32]),
            },
        };
        self.log(&Body::Accreditation(body), day);
    }

    pub fn key_event(&mut self, seed: u8, event: KeyEvent, day: &str) {
        self.institution_key(SCHOOL, seed, event, day);
    }

    pub fn institution_key(&mut self, id: &str, seed: u8, event: KeyEvent, day: &str) {
        let key = PublicKey::from(&key(seed).verifying_key());
        let institution = InstitutionId::parse(id).unwrap();
        self.log(&Body::Key(KeyStatement { institution, event, key }), day);
    }

    /// A second school, accredited as the first one, with keys of its own.
    pub fn neighbour(&mut self) -> Issuer {
        let first = self.entries.len() as u64;
        let grant = AccreditationEvent::Grant { scope: scope() };
        self.accredit_institution(NEIGHBOUR, grant, "2015-01-01", "2026-01-15");
        for (seed, role) in [(20, KeyRole::Issue), (21, KeyRole::Approve)] {
            let add = KeyEvent::Add { role, from: at("2026-01-15") };
            self.institution_key(NEIGHBOUR, seed, add, "2026-01-15");
        }
        Issuer { id: NEIGHBOUR, issue: 20, approve: 21, rights: first..first + 3 }
    }

    fn submit(&mut self, statement: Statement, now: UnixSeconds) -> Result<LeafIndex, String> {
        let index = LeafIndex::new(self.entries.len() as u64);
        let entry = statement.into_entry();
        let admitted = self.registry.admit(index, now, &entry).map_err(|error| error.to_string())?;
        self.registry.apply(admitted).unwrap();
        self.entries.push((entry, now));
        Ok(index)
    }

    /// Logs a batch of the one credential, claimed and logged on these days.
    pub fn issue(&mut self, credential: Value, logged: &str) -> PortableRecord {
        self.issue_by(&LEMPIRA, credential, logged)
    }

    /// The same for any institution.
    pub fn issue_by(&mut self, issuer: &Issuer, credential: Value, logged: &str) -> PortableRecord {
        let salt = Salt::from_bytes([7; 32]);
        let commitment = commit(&salt, &CredentialDigest::of(&credential).unwrap());
        let tree = BatchTree::build(&[commitment], &BatchSeed::from_bytes([8; 32])).unwrap();
        let class = matricula_credential::model::classify(&credential).unwrap();
        let claimed = class.claimed_at;
        let batch = Batch {
            issuer: InstitutionId::parse(issuer.id).unwrap(),
            on_behalf_of: None,
            kind: CredentialKind::parse(class.kind.name()).unwrap(),
            isced_level: IscedLevel::new(3).unwrap(),
            isced_f: FieldList::new([IscedField::parse("0011").unwrap()]).unwrap(),
            claimed: ClaimedRange::new(claimed, claimed).unwrap(),
            root: tree.root(),
            leaves: BatchLeaves::new(64).unwrap(),
            summary_commitment: Summary::default().commitment(&BatchSeed::from_bytes([8; 32])).unwrap(),
        };
        let origin = LogOrigin::parse(self.origin).unwrap();
        let nonce = [u8::try_from(self.entries.len()).unwrap(); 16];
        let statement =
            Statement::sign(&Body::Batch(batch), &origin, nonce, None, &key(issuer.issue)).unwrap();
        let index = self.submit(statement.countersign(&key(issuer.approve)).unwrap(), at(logged)).unwrap();
        let evidence = LedgerEvidence {
            salt,
            path: tree.path(0).unwrap(),
            batch: self.logged(index.get()),
            accreditation: issuer.rights.clone().map(|index| self.logged(index)).collect(),
        };
        PortableRecord { evidence: Some(evidence), ..PortableRecord::bare(credential) }
    }

    /// An entry with its log proof, cosigned on the day the last entry was logged.
    pub fn logged(&self, index: u64) -> LoggedStatement {
        let size = TreeSize::new(self.entries.len() as u64);
        let tree = Tree(self.entries.iter().map(|(entry, _)| leaf_hash(entry)).collect());
        let path = prove_inclusion(LeafIndex::new(index), size, &tree).unwrap();
        let checkpoint =
            Checkpoint::new(Origin::new(self.origin).unwrap(), size, root(size, &tree).unwrap()).unwrap();
        let signer = self.log_signer();
        let mut signed = checkpoint.sign(&signer).unwrap();
        let verified = signed.verify(signer.verifier()).unwrap();
        let (_, now) = self.entries.last().unwrap();
        signed.add_signature(self.cosigner().cosign(&verified, *now).unwrap()).unwrap();
        let proof = LogProof::new(LeafIndex::new(index), path, signed).unwrap();
        LoggedStatement { statement: self.entries[index as usize].0.clone(), log_proof: proof.encode() }
    }

    /// Sets or clears a status bit, with the reason.
    pub fn set_status(&mut self, index: u32, purpose: &str, reason: &str, effective: &str, value: bool) {
        let list = if purpose == "revocation" { &mut self.list } else { &mut self.suspended };
        list.set(u64::from(index), value).unwrap();
        let (effective, recorded) = (rfc3339(at(effective)), rfc3339(at("2026-11-21")));
        let (purpose, reason) = (purpose.to_owned(), reason.to_owned());
        self.events.push(StatusEvent { index, purpose, reason, effective, recorded });
    }

    /// The authority's trust file of a day, with the status list of that day logged.
    pub fn trust_content(&mut self, day: &str) -> TrustContent {
        let lists = vec![
            (StatusPurpose::Revocation, self.list.clone()),
            (StatusPurpose::Suspension, self.suspended.clone()),
        ];
        let list = ListCredential {
            id: LIST.to_owned(),
            issuer: AUTHORITY.to_owned(),
            valid_from: at(day),
            valid_until: None,
            lists,
        };
        let credential = self.signed(&list.to_value().unwrap(), day);
        let list = TrustedStatusList { credential, events: self.events.clone() };
        let status = Status {
            list: Text::parse(LIST).unwrap(),
            version: self.entries.len() as u64,
            purpose: Text::parse("revocation").unwrap(),
            digest: list.digest().unwrap(),
        };
        self.log(&Body::Status(status), day);
        let mut policy = Policy::builder();
        policy.log(self.log_signer().verifier().clone(), None).unwrap();
        policy.witness("own", self.cosigner().verifier().clone(), None).unwrap();
        TrustContent {
            sequence: 1,
            issued: rfc3339(at(day)),
            expires: rfc3339(at("2027-11-22")),
            previous: None,
            authority: TrustedAuthority {
                did: AUTHORITY.to_owned(),
                name: "Secretaría de Educación".to_owned(),
                country: "HN".to_owned(),
                url: None,
            },
            log: TrustedLog {
                origin: self.origin.to_owned(),
                policy: policy.quorum("own").unwrap().encode(),
            },
            statements: self.trusted_statements(),
            status_lists: vec![list],
        }
    }

    pub fn trusted_statements(&self) -> Vec<TrustedStatement> {
        let spoken = |entry: &[u8]| !matches!(Statement::parse(entry).unwrap().body(), Body::Batch(_));
        let entries = self.entries.iter().enumerate().filter(|(_, (entry, _))| spoken(entry));
        entries
            .map(|(index, (entry, now))| TrustedStatement {
                index: index as u64,
                logged_at: rfc3339(*now),
                statement: BASE64.encode(entry),
            })
            .collect()
    }

    /// The trust file with every grant, so that a credential can be judged without evidence.
    pub fn full_trust(&mut self, day: &str) -> Trust {
        let content = self.trust_content(day);
        Trust::new(vec![self.seal(&content)]).unwrap()
    }

    /// The trust file, without the grants: those travel with the records.
    pub fn trust(&mut self, day: &str) -> Trust {
        let mut content = self.trust_content(day);
        let negative = |trusted: &TrustedStatement| trusted.index == 0 || trusted.index > 4;
        content.statements.retain(negative);
        Trust::new(vec![self.seal(&content)]).unwrap()
    }

    pub fn seal(&self, content: &TrustContent) -> TrustFile {
        TrustFile::parse(&self.sealed_bytes(content)).unwrap()
    }

    /// The file signed by another key than the authority's first.
    pub fn seal_with(
        &self,
        content: &TrustContent,
        signer: &SigningKey,
    ) -> Result<TrustFile, TrustFileError> {
        let signed = content.sign(signer, at("2026-11-21")).unwrap();
        TrustFile::parse(&serde_json::to_vec(&signed).unwrap())
    }

    pub fn sealed_bytes(&self, content: &TrustContent) -> Vec<u8> {
        serde_json::to_vec(&content.sign(&self.authority, at("2026-11-21")).unwrap()).unwrap()
    }

    fn signed(&self, value: &Value, day: &str) -> Value {
        let method = verification_method(AUTHORITY, &self.authority.verifying_key());
        let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, at(day));
        sign(value, &options, &self.authority).unwrap()
    }

    fn log_signer(&self) -> NoteSigner {
        NoteSigner::new(KeyName::new(self.origin).unwrap(), &[self.authority.to_bytes()[0] + 100; 32])
    }

    fn cosigner(&self) -> Cosigner {
        Cosigner::new(KeyName::new("witness.example/own").unwrap(), &[self.authority.to_bytes()[0] + 101; 32])
    }
}

pub fn scope() -> Scope {
    let field = FieldPrefix::parse("0011").unwrap();
    let kinds = [CredentialKind::DIPLOMA, CredentialKind::TRANSCRIPT];
    Scope::new(kinds, [IscedLevel::new(3).unwrap()], [field], Jurisdiction::parse("HN").unwrap()).unwrap()
}

struct Tree(Vec<Hash>);

impl NodeSource for Tree {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        Ok(ids.iter().map(|id| subtree(&self.0, u32::from(id.level()), id.index())).collect())
    }
}

fn subtree(leaves: &[Hash], level: u32, index: u64) -> Hash {
    match level {
        0 => leaves[usize::try_from(index).unwrap()],
        _ => node_hash(&subtree(leaves, level - 1, index * 2), &subtree(leaves, level - 1, index * 2 + 1)),
    }
}
