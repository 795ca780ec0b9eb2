//! An invented country: an authority, schools with two keys each, and a log that a test writes day by day.

use ed25519_dalek::SigningKey;
use matricula_registry::{
    Accreditation, AccreditationEvent, Applied, Authorisation, Authority, AuthorityKey, Batch, BatchLeaves,
    Body, ClaimedRange, Country as CountryCode, CredentialKind, DoorError, Evidence, FieldList, FieldPrefix,
    InstitutionId, IscedField, IscedLevel, Jurisdiction, KeyEvent, KeyRole, KeyStatement, KnownAt,
    LegalReference, LogOrigin, Mandate, Period, PublicKey, Question, Refusal, Registry, Scope, Statement,
    StatementId, Text,
};
use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

/// The authority's key has seed 1; the keys of school `n` have seeds from `10 n` on.
pub const AUTHORITY: u8 = 1;
pub const ORIGIN: &str = "ledger.hn.example/registry";

/// Midnight UTC of a date.
pub fn day(year: u64, month: u64, day: u64) -> UnixSeconds {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era_year = shifted % 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = era_year * 365 + era_year / 4 - era_year / 100 + of_year;
    UnixSeconds::new(((shifted / 400) * 146_097 + of_era - 719_468) * 86_400)
}

pub fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn public_key(seed: u8) -> PublicKey {
    PublicKey::from(&signing_key(seed).verifying_key())
}

pub fn school(number: u8) -> InstitutionId {
    InstitutionId::parse(&format!("did:web:hn.example:schools:{number}")).unwrap()
}

pub fn issue_key(number: u8) -> u8 {
    number * 10
}

pub fn approve_key(number: u8) -> u8 {
    number * 10 + 1
}

pub fn origin() -> LogOrigin {
    LogOrigin::parse(ORIGIN).unwrap()
}

pub fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}

pub fn level(number: u8) -> IscedLevel {
    IscedLevel::new(number).unwrap()
}

/// Diplomas and transcripts at levels 2 and 3, all fields.
pub fn secondary() -> Scope {
    scope(&[CredentialKind::DIPLOMA, CredentialKind::TRANSCRIPT], &[2, 3], &[])
}

pub fn scope(kinds: &[CredentialKind], levels: &[u8], fields: &[&str]) -> Scope {
    let fields = fields.iter().map(|field| FieldPrefix::parse(field).unwrap());
    let levels = levels.iter().map(|number| level(*number));
    Scope::new(kinds.iter().cloned(), levels, fields, Jurisdiction::parse("HN").unwrap()).unwrap()
}

pub fn grant() -> AccreditationEvent {
    AccreditationEvent::Grant { scope: secondary() }
}

pub fn suspend() -> AccreditationEvent {
    AccreditationEvent::Suspend { custodian: None }
}

pub fn restore() -> AccreditationEvent {
    AccreditationEvent::Restore { scope: secondary() }
}

pub fn revoke() -> AccreditationEvent {
    AccreditationEvent::Revoke { custodian: None }
}

pub fn mandate(number: u8, until: Option<UnixSeconds>) -> Mandate {
    Mandate { holder: school(number), until }
}

pub fn accreditation(
    number: u8,
    event: AccreditationEvent,
    from: UnixSeconds,
    to: Option<UnixSeconds>,
) -> Accreditation {
    Accreditation {
        institution: school(number),
        name: text("Instituto Lempira"),
        event,
        effective: Period::new(from, to).unwrap(),
        reason: Some(text("Inspection report 12")),
        legal: LegalReference { title: text("Acuerdo 17-2026"), sha256: Hash::from_bytes([7; 32]) },
    }
}

pub fn authority(keys: &[u8]) -> Authority {
    let valid = Period::new(UnixSeconds::new(0), None).unwrap();
    let mut keys: Vec<AuthorityKey> =
        keys.iter().map(|seed| AuthorityKey { key: public_key(*seed), valid }).collect();
    keys.sort();
    Authority {
        name: text("Secretaría de Educación"),
        country: CountryCode::parse("HN").unwrap(),
        keys,
        log_key: text("ledger.hn.example/registry+00000000+AAAA"),
        rules_version: 1,
        recognises: Vec::new(),
    }
}

pub fn key_statement(number: u8, seed: u8, event: KeyEvent) -> KeyStatement {
    KeyStatement { institution: school(number), key: public_key(seed), event }
}

/// Diplomas of level 3 in field 0411, with a root of its own for each `mark`.
pub fn batch(number: u8, from: UnixSeconds, to: UnixSeconds, mark: u8) -> Batch {
    Batch {
        issuer: school(number),
        on_behalf_of: None,
        kind: CredentialKind::DIPLOMA,
        isced_level: level(3),
        isced_f: FieldList::new([IscedField::parse("0411").unwrap()]).unwrap(),
        claimed: ClaimedRange::new(from, to).unwrap(),
        root: Hash::from_bytes([mark; 32]),
        leaves: BatchLeaves::new(64).unwrap(),
        summary_commitment: Hash::from_bytes([9; 32]),
    }
}

/// The country's log and what it has built.
#[derive(Debug)]
pub struct Country {
    pub registry: Registry,
    pub entries: Vec<(UnixSeconds, Vec<u8>)>,
}

impl Country {
    /// A log with nothing in it, whose authority has the key of seed 1.
    pub fn blank() -> Self {
        Self { registry: Registry::new(origin(), [public_key(AUTHORITY)]), entries: Vec::new() }
    }

    /// A log with its authority statement, of 2019-01-01.
    pub fn new() -> Self {
        let mut country = Self::blank();
        country.log(day(2019, 1, 1), AUTHORITY, &Body::Authority(authority(&[AUTHORITY]))).unwrap();
        country
    }

    /// The log of [`Country::new`], with school 1 accredited, and its two keys valid, from 2020-01-01.
    pub fn with_school() -> Self {
        let mut country = Self::new();
        country.enrol(1, day(2020, 1, 1));
        country
    }

    /// Grants an accreditation that day and from that day on, and adds the two keys.
    pub fn enrol(&mut self, number: u8, on: UnixSeconds) {
        self.accredit(on, accreditation(number, grant(), on, None)).unwrap();
        self.key(on, number, issue_key(number), KeyEvent::Add { role: KeyRole::Issue, from: on }).unwrap();
        self.key(on, number, approve_key(number), KeyEvent::Add { role: KeyRole::Approve, from: on })
            .unwrap();
    }

    pub fn accredit(&mut self, now: UnixSeconds, body: Accreditation) -> Result<LeafIndex, DoorError> {
        self.log(now, AUTHORITY, &Body::Accreditation(body))
    }

    pub fn key(
        &mut self,
        now: UnixSeconds,
        number: u8,
        seed: u8,
        event: KeyEvent,
    ) -> Result<LeafIndex, DoorError> {
        self.log(now, AUTHORITY, &Body::Key(key_statement(number, seed, event)))
    }

    /// Logs a batch signed and approved by the keys of its issuer, school `number`.
    pub fn batch(&mut self, now: UnixSeconds, number: u8, body: Batch) -> Result<LeafIndex, DoorError> {
        let statement = self.sign(issue_key(number), &Body::Batch(body));
        self.submit(now, &statement.countersign(&signing_key(approve_key(number))).unwrap())
    }

    pub fn log(&mut self, now: UnixSeconds, seed: u8, body: &Body) -> Result<LeafIndex, DoorError> {
        let statement = self.sign(seed, body);
        self.submit(now, &statement)
    }

    /// Signs for this log, naming the right statement as replaced, with a nonce of its own for each leaf.
    pub fn sign(&self, seed: u8, body: &Body) -> Statement {
        self.sign_replacing(seed, body, self.replaced_by(body))
    }

    pub fn sign_replacing(&self, seed: u8, body: &Body, replaces: Option<StatementId>) -> Statement {
        let mut nonce = [seed; 16];
        nonce[..8].copy_from_slice(&self.registry.next_index().get().to_be_bytes());
        Statement::sign(body, &origin(), nonce, replaces, &signing_key(seed)).unwrap()
    }

    pub fn submit(&mut self, now: UnixSeconds, statement: &Statement) -> Result<LeafIndex, DoorError> {
        self.submit_undoably(now, statement).map(|applied| applied.index())
    }

    pub fn submit_undoably(&mut self, now: UnixSeconds, statement: &Statement) -> Result<Applied, DoorError> {
        let admitted = self.registry.admit(self.registry.next_index(), now, statement.entry())?;
        self.entries.push((now, statement.entry().to_vec()));
        Ok(self.registry.apply(admitted).unwrap())
    }

    /// Whether school `number` was entitled to a diploma of level 3 in field 0411.
    pub fn asks(
        &self,
        number: u8,
        effective_at: UnixSeconds,
        evidence: Evidence,
        known_at: KnownAt,
    ) -> Authorisation {
        ask(&self.registry, number, None, effective_at, evidence, known_at)
    }

    fn replaced_by(&self, body: &Body) -> Option<StatementId> {
        match body {
            Body::Accreditation(body) => self.registry.latest_accreditation(&body.institution),
            Body::Authority(_) => self.registry.authority(KnownAt::Latest).map(|event| event.statement),
            _ => None,
        }
    }
}

pub fn ask(
    registry: &Registry,
    number: u8,
    on_behalf_of: Option<u8>,
    effective_at: UnixSeconds,
    evidence: Evidence,
    known_at: KnownAt,
) -> Authorisation {
    let predecessor = on_behalf_of.map(school);
    registry.authorised(&Question {
        signer: &public_key(issue_key(number)),
        role: KeyRole::Issue,
        on_behalf_of: predecessor.as_ref(),
        kind: &CredentialKind::DIPLOMA,
        level: level(3),
        field: Some(&IscedField::parse("0411").unwrap()),
        effective_at,
        evidence,
        known_at,
    })
}

pub fn logged(at: UnixSeconds) -> Evidence {
    Evidence::Logged { at }
}

pub fn refusal(answer: Authorisation) -> Refusal {
    match answer {
        Authorisation::Refused(refusal) => refusal,
        Authorisation::Authorised(grounds) => panic!("authorised by {grounds:?}"),
    }
}

/// The date and code of a refusal by the door because somebody is not entitled.
pub fn refused_at(error: DoorError) -> (UnixSeconds, &'static str) {
    match error {
        DoorError::Refused { at, refusal } => (at, refusal.code()),
        other => panic!("another refusal: {other:?}"),
    }
}
