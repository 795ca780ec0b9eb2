//! An authority, its log, and an accredited school with two people and status indexes.

use std::path::PathBuf;

use jiff::civil::{Date, date};
use matricula_credential::proof::Cryptosuite;
use matricula_issuer::LogPort;
use matricula_issuer::authority::{
    self, Accredit, AuthorityDesk, AuthorityHome, AuthorityProfile, BaseUrl, InitAuthority,
};
use matricula_issuer::batch::{
    self, BatchError, BatchId, BatchKind, Issued, PrepareBatch, Prepared, RosterDigest,
};
use matricula_issuer::keyring::{KeyPurpose, Passphrase, SecretKey, WorkFactor};
use matricula_issuer::roster::{Roster, RosterFile, check};
use matricula_issuer::school::{self, Application, InitSchool, SchoolHome, SchoolProfile};
use matricula_registry::{
    Country, CredentialKind, InstitutionId, IscedLevel, Jurisdiction, LegalReference, LogOrigin, Period,
    Scope, Text,
};
use matricula_tlog::{Hash, UnixSeconds};
use matricula_verdict::parse_rfc3339;
use tempfile::TempDir;

use crate::memory_log::MemoryLog;

pub const PASSPHRASE: &str = "correct horse battery";

/// Quick to unlock: what scrypt costs is not what these tests are about.
pub fn quick() -> WorkFactor {
    WorkFactor::new(2).unwrap()
}

pub fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_owned())
}

pub fn moment(text: &str) -> UnixSeconds {
    parse_rfc3339(text).unwrap()
}

pub fn now() -> UnixSeconds {
    moment("2026-11-22T12:00:00Z")
}

pub fn later(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(now().get() + seconds)
}

pub fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub fn did(text: &str) -> InstitutionId {
    InstitutionId::parse(text).unwrap()
}

pub fn decree() -> LegalReference {
    LegalReference { title: text("Acuerdo 1234-SE-2019"), sha256: Hash::from_bytes([7; 32]) }
}

pub fn full_scope() -> Scope {
    let kinds = [
        CredentialKind::DIPLOMA,
        CredentialKind::TRANSCRIPT,
        CredentialKind::TRANSFER,
        CredentialKind::PRIMARY_COMPLETION,
    ];
    let levels = (1..=3).map(|level| IscedLevel::new(level).unwrap());
    Scope::new(kinds, levels, [], Jurisdiction::parse("HN").unwrap()).unwrap()
}

pub fn since_2019() -> Period {
    Period::new(moment("2019-02-01T00:00:00Z"), None).unwrap()
}

pub fn profile() -> AuthorityProfile {
    AuthorityProfile {
        did: did("did:web:hn.example"),
        name: text("Secretaría de Educación de Honduras"),
        country: Country::parse("HN").unwrap(),
        origin: LogOrigin::parse("hn.example/log").unwrap(),
        base_url: BaseUrl::parse("https://hn.example").unwrap(),
    }
}

pub fn init_authority<'a>(passphrase: &'a Passphrase) -> InitAuthority<'a> {
    InitAuthority {
        profile: profile(),
        passphrase,
        node_passphrase: passphrase,
        work_factor: quick(),
        now: moment("2019-01-01T00:00:00Z"),
    }
}

/// A school with its unlocked keys.
pub struct School {
    pub home: SchoolHome,
    pub issue: SecretKey,
    pub approve: SecretKey,
    pub bind: SecretKey,
}

pub struct World {
    pub folder: TempDir,
    pub authority: AuthorityHome,
    pub authority_key: SecretKey,
    pub log: MemoryLog,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passphrase = passphrase();
        let founded =
            authority::init(&folder.path().join("authority"), &init_authority(&passphrase)).unwrap();
        let home = founded.home;
        let log_seed = home.unlock_log(&passphrase).unwrap().seed();
        let witness_seed = home.unlock_witness(&passphrase).unwrap().seed();
        let origin = &home.profile().origin;
        let log = MemoryLog::new(origin, home.card().key, &log_seed, &witness_seed, now().get());
        log.submit(&[founded.genesis]).unwrap();
        let authority_key = home.unlock(&passphrase).unwrap();
        Self { folder, authority: home, authority_key, log }
    }

    pub fn desk(&self) -> AuthorityDesk<'_> {
        AuthorityDesk { home: &self.authority, key: &self.authority_key, log: &self.log }
    }

    /// Sets a school up: nothing of it is known to the authority.
    pub fn found_school(&self, name: &str) -> School {
        let passphrase = passphrase();
        let order = InitSchool {
            profile: SchoolProfile {
                did: did(&format!("did:web:hn.example:schools:{name}")),
                name: text("Instituto Lempira"),
                country: Country::parse("HN").unwrap(),
            },
            authority: self.authority.card().clone(),
            passphrase: &passphrase,
            work_factor: quick(),
        };
        let home = school::init(&self.folder.path().join(name), &order).unwrap().home;
        for purpose in [KeyPurpose::Approve, KeyPurpose::Bind] {
            home.add_key(purpose, None, &passphrase, quick()).unwrap();
        }
        let unlock = |purpose| home.unlock(purpose, None, &passphrase).unwrap();
        School {
            issue: unlock(KeyPurpose::Issue),
            approve: unlock(KeyPurpose::Approve),
            bind: unlock(KeyPurpose::Bind),
            home,
        }
    }

    pub fn accredit(&self, school: &School) {
        self.accredit_for(school, full_scope());
    }

    pub fn accredit_for(&self, school: &School, scope: Scope) {
        let application = school.application();
        let order = Accredit {
            application: Application::parse(&application).unwrap(),
            scope,
            effective: since_2019(),
            keys_from: since_2019().from(),
            reason: None,
            legal: decree(),
        };
        assert!(self.desk().accredit(&order).unwrap().changed);
    }

    /// An accredited school with status indexes.
    pub fn school(&self, name: &str) -> School {
        let school = self.found_school(name);
        self.accredit(&school);
        self.equip(&school);
        school
    }

    /// Has a school read the log, and gives it status indexes.
    pub fn equip(&self, school: &School) {
        let allotted = self.desk().allot(&school.home.profile().did, 700, now()).unwrap();
        school.home.refresh_evidence(&self.log).unwrap();
        assert!(school.home.import_allotment(&allotted.file).unwrap().new);
    }
}

impl School {
    pub fn application(&self) -> Vec<u8> {
        self.home.application(&[&self.issue, &self.approve, &self.bind], now()).unwrap()
    }

    pub fn prepare(&self, order: &Order<'_>) -> Result<Prepared, BatchError> {
        self.prepare_at(order, now())
    }

    pub fn prepare_at(&self, order: &Order<'_>, now: UnixSeconds) -> Result<Prepared, BatchError> {
        let order = PrepareBatch {
            kind: order.kind,
            roster: order.roster,
            roster_digest: order.digest,
            isced_level: None,
            key: &self.issue,
            cryptosuite: order.suite,
            on_behalf_of: order.on_behalf_of.as_ref(),
            again: order.again,
            now,
        };
        batch::prepare(&self.home, &order, &mut |_| {})
    }

    pub fn approve(&self, id: &BatchId) -> Result<batch::Approved, BatchError> {
        batch::approve(&self.home, id, &self.approve, now(), &mut |_| {})
    }

    pub fn issue(&self, id: &BatchId, log: &MemoryLog) -> Result<Issued, BatchError> {
        batch::issue(&self.home, id, &self.issue, log, now(), &mut |_| {})
    }

    /// Prepares, approves and issues.
    pub fn run(&self, order: &Order<'_>, log: &MemoryLog) -> Issued {
        let id = self.prepare(order).unwrap().id;
        self.approve(&id).unwrap();
        self.issue(&id, log).unwrap()
    }
}

/// A roster, and what is to be made of it.
pub struct Order<'a> {
    pub kind: BatchKind,
    pub roster: &'a Roster,
    pub digest: RosterDigest,
    pub suite: Cryptosuite,
    pub on_behalf_of: Option<InstitutionId>,
    pub again: bool,
}

/// A checked roster with the digest of its file.
pub struct Sample {
    pub roster: Roster,
    pub digest: RosterDigest,
}

impl Sample {
    pub fn order(&self, kind: BatchKind) -> Order<'_> {
        let suite = Cryptosuite::EddsaJcs2022;
        Order { kind, roster: &self.roster, digest: self.digest, suite, on_behalf_of: None, again: false }
    }

    /// The first rows of a sample, with the results of their learners.
    pub fn rows(learners: &str, results: Option<&str>, rows: usize) -> Self {
        let learners = head(&read(learners), rows);
        Self::of(&learners, results.map(read).as_deref())
    }

    pub fn of(learners: &str, results: Option<&str>) -> Self {
        Self::read_on(learners, results, date(2026, 11, 22))
    }

    /// A file of learners as it is checked on another day.
    pub fn checked_on(learners: &str, today: Date) -> Self {
        Self::read_on(learners, None, today)
    }

    fn read_on(learners: &str, results: Option<&str>, today: Date) -> Self {
        let numbers: Vec<&str> = learners.lines().filter_map(|line| line.split(',').next()).collect();
        let results = results.map(|results| {
            let keep = |line: &&str| line.split(',').next().is_some_and(|number| numbers.contains(&number));
            results.lines().filter(keep).collect::<Vec<_>>().join("\n")
        });
        let mut files = vec![RosterFile { name: "learners.csv", bytes: learners.as_bytes() }];
        if let Some(results) = &results {
            files.push(RosterFile { name: "results.csv", bytes: results.as_bytes() });
        }
        let roster = check(&files, today).into_roster().unwrap();
        Self { roster, digest: RosterDigest::of(learners.as_bytes()) }
    }

    pub fn leavers(rows: usize) -> Self {
        Self::rows("honduras-leavers-2026.csv", None, rows)
    }

    pub fn leavers_with_results(rows: usize) -> Self {
        Self::rows("honduras-leavers-2026.csv", Some("honduras-results-2026.csv"), rows)
    }

    /// These lines of a sample, in this order.
    pub fn lines(learners: &str, lines: &[usize]) -> Self {
        let all = read(learners);
        let all: Vec<&str> = all.lines().collect();
        let picked: Vec<&str> = std::iter::once(&0).chain(lines).map(|line| all[*line]).collect();
        Self::of(&picked.join("\n"), None)
    }

    pub fn transfers() -> Self {
        Self::rows("senegal-transfers-2026.csv", Some("senegal-transfer-results-2026.csv"), 40)
    }

    pub fn arabic() -> Self {
        Self::rows("arabic-primary-2026.csv", None, 25)
    }
}

pub fn read(sample: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/samples/rosters").join(sample);
    std::fs::read_to_string(path).unwrap()
}

pub fn head(csv: &str, rows: usize) -> String {
    csv.lines().take(rows + 1).map(|line| format!("{line}\n")).collect()
}
