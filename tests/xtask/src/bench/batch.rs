//! A school's whole work: leavers of a roster become signed, logged records, as `matricula batch` does it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer, SigningKey};
use jiff::civil::date;
use matricula_credential::proof::Cryptosuite;
use matricula_issuer::authority::{
    self, Accredit, AuthorityDesk, AuthorityHome, AuthorityProfile, BaseUrl, InitAuthority,
};
use matricula_issuer::batch::{self, BatchKind, PrepareBatch, RosterDigest, Timing};
use matricula_issuer::keyring::{KeyPurpose, Passphrase, SecretKey, WorkFactor};
use matricula_issuer::roster::{Roster, RosterFile, check};
use matricula_issuer::school::{self, Application, InitSchool, SchoolHome, SchoolProfile};
use matricula_ledger::{Node, NodeConfig, NodeKeys};
use matricula_registry::{
    Country, CredentialKind, InstitutionId, IscedLevel, Jurisdiction, LegalReference, LogOrigin, Period,
    Scope, Text,
};
use matricula_tlog::{Cosigner, Hash, KeyName, NoteSigner, UnixSeconds};

use crate::disk;
use crate::embedded::EmbeddedLog;
use crate::error::{BenchError, During};
use crate::measure::Pace;
use crate::quantity::Quantity;
use crate::report::{Report, Row};

/// 2026-11-22T12:00:00Z.
const NOW: UnixSeconds = UnixSeconds::new(1_795_348_800);

/// The roster's leavers, each with a diploma and a transcript.
const LEAVERS: u32 = 300;

const STEP: &str = "setting the school up";

/// Both cryptosuites: the whole, and where its time goes.
pub fn run(_: &Pace, report: &mut Report) -> Result<(), BenchError> {
    for (name, suite) in
        [("eddsa-rdfc-2022", Cryptosuite::EddsaRdfc2022), ("eddsa-jcs-2022", Cryptosuite::EddsaJcs2022)]
    {
        let folder = disk::throwaway()?;
        let desk = Desk::open(folder.path())?;
        let started = Instant::now();
        let diplomas = desk.run(BatchKind::Diploma, suite)?;
        let transcripts = desk.run(BatchKind::Transcript, suite)?;
        let whole = started.elapsed();
        let raw = signatures(2 * LEAVERS);
        let what = format!("{name}, from the checked roster to 600 records; raw: 600 Ed25519 signatures");
        report.add(Row::new(what, Quantity::Took(raw), Quantity::Took(whole)));
        for (part, time) in parts(diplomas + transcripts) {
            let share = 100.0 * time.as_secs_f64() / whole.as_secs_f64();
            report.add(Row::ours(format!("{name}, of it {part} ({share:.0} %)"), Quantity::Took(time)));
        }
    }
    Ok(())
}

fn parts(timing: Timing) -> [(&'static str, Duration); 5] {
    [
        ("canonicalising", timing.canonicalising),
        ("signing", timing.signing),
        ("logging", timing.logging),
        ("writing", timing.writing),
        ("other", timing.other),
    ]
}

fn signatures(count: u32) -> Duration {
    let key = SigningKey::from_bytes(&[7; 32]);
    let started = Instant::now();
    for number in 0..count {
        std::hint::black_box(key.sign(&[number.to_be_bytes(); 16].concat()));
    }
    started.elapsed()
}

/// A school at work: its home, its two people's keys, its roster, and a log in this process.
struct Desk {
    home: SchoolHome,
    issue: SecretKey,
    approve: SecretKey,
    log: EmbeddedLog,
    roster: Roster,
    digest: RosterDigest,
}

impl Desk {
    fn open(folder: &Path) -> Result<Self, BenchError> {
        let passphrase = Passphrase::new("correct horse battery".to_owned());
        // Keys are unlocked before the clock starts, so what scrypt costs does not matter here.
        let work_factor = WorkFactor::new(2).ok_or("the work factor is out of range").during(STEP)?;
        let order = InitAuthority {
            profile: authority_profile()?,
            passphrase: &passphrase,
            node_passphrase: &passphrase,
            work_factor,
            now: UnixSeconds::new(NOW.get() - 86_400),
        };
        let founded = authority::init(&folder.join("authority"), &order).during(STEP)?;
        let log = log(&founded.home, &passphrase, folder, &founded.genesis)?;
        let authority_key = founded.home.unlock(&passphrase).during(STEP)?;
        let desk = AuthorityDesk { home: &founded.home, key: &authority_key, log: &log };
        let order = InitSchool {
            profile: school_profile()?,
            authority: founded.home.card().clone(),
            passphrase: &passphrase,
            work_factor,
        };
        let home = school::init(&folder.join("school"), &order).during(STEP)?.home;
        home.add_key(KeyPurpose::Approve, None, &passphrase, work_factor).during(STEP)?;
        let issue = home.unlock(KeyPurpose::Issue, None, &passphrase).during(STEP)?;
        let approve = home.unlock(KeyPurpose::Approve, None, &passphrase).during(STEP)?;
        admit(&desk, &home, &[&issue, &approve])?;
        let (roster, digest) = roster()?;
        Ok(Self { home, issue, approve, log, roster, digest })
    }

    /// Prepares, approves and issues one batch.
    fn run(&self, kind: BatchKind, cryptosuite: Cryptosuite) -> Result<Timing, BenchError> {
        let order = PrepareBatch {
            kind,
            roster: &self.roster,
            roster_digest: self.digest,
            isced_level: None,
            key: &self.issue,
            cryptosuite,
            on_behalf_of: None,
            again: false,
            now: NOW,
        };
        let prepared = batch::prepare(&self.home, &order, &mut |_| {}).during("preparing a batch")?;
        let approved = batch::approve(&self.home, &prepared.id, &self.approve, NOW, &mut |_| {})
            .during("approving a batch")?;
        let issued = batch::issue(&self.home, &prepared.id, &self.issue, &self.log, NOW, &mut |_| {})
            .during("issuing a batch")?;
        Ok(prepared.timing + approved.timing + issued.timing)
    }
}

/// A log in this process, with the authority's first statement in it.
fn log(
    home: &AuthorityHome,
    passphrase: &Passphrase,
    folder: &Path,
    genesis: &[u8],
) -> Result<EmbeddedLog, BenchError> {
    let name = KeyName::new(home.profile().origin.as_str()).during(STEP)?;
    let witness = KeyName::new("witness.example/bench").during(STEP)?;
    let keys = NodeKeys {
        log: NoteSigner::new(name, &home.unlock_log(passphrase).during(STEP)?.seed()),
        witness: Cosigner::new(witness, &home.unlock_witness(passphrase).during(STEP)?.seed()),
    };
    let node = Node::create(NodeConfig::new(folder.join("log")), keys, genesis).during(STEP)?;
    Ok(EmbeddedLog::new(Arc::new(node)))
}

/// Accredits the school and gives it status indexes.
fn admit(desk: &AuthorityDesk<'_>, home: &SchoolHome, keys: &[&SecretKey]) -> Result<(), BenchError> {
    let application = home.application(keys, NOW).during(STEP)?;
    let kinds = [CredentialKind::DIPLOMA, CredentialKind::TRANSCRIPT];
    let mut levels = Vec::new();
    for level in 1..=3 {
        levels.push(IscedLevel::new(level).during(STEP)?);
    }
    let since = Period::new(UnixSeconds::new(1_549_000_000), None).during(STEP)?;
    let order = Accredit {
        application: Application::parse(&application).during(STEP)?,
        scope: Scope::new(kinds, levels, [], Jurisdiction::parse("HN").during(STEP)?).during(STEP)?,
        effective: since,
        keys_from: since.from(),
        reason: None,
        legal: LegalReference { title: text("Acuerdo 1234-SE-2019")?, sha256: Hash::from_bytes([7; 32]) },
    };
    desk.accredit(&order).during(STEP)?;
    let allotted = desk.allot(&home.profile().did, 700, NOW).during(STEP)?;
    home.refresh_evidence(desk.log).during(STEP)?;
    home.import_allotment(&allotted.file).during(STEP)?;
    Ok(())
}

fn authority_profile() -> Result<AuthorityProfile, BenchError> {
    Ok(AuthorityProfile {
        did: InstitutionId::parse("did:web:hn.example").during(STEP)?,
        name: text("Secretaría de Educación")?,
        country: Country::parse("HN").during(STEP)?,
        origin: LogOrigin::parse("hn.example/log").during(STEP)?,
        base_url: BaseUrl::parse("https://hn.example").ok_or("not a base address").during(STEP)?,
    })
}

fn school_profile() -> Result<SchoolProfile, BenchError> {
    Ok(SchoolProfile {
        did: InstitutionId::parse("did:web:hn.example:schools:lempira").during(STEP)?,
        name: text("Instituto Lempira")?,
        country: Country::parse("HN").during(STEP)?,
    })
}

fn roster() -> Result<(Roster, RosterDigest), BenchError> {
    let folder = crate::workspace_root().join("tests/samples/rosters");
    let leavers = fs::read(folder.join("honduras-leavers-2026.csv"))?;
    let results = fs::read(folder.join("honduras-results-2026.csv"))?;
    let files = [
        RosterFile { name: "honduras-leavers-2026.csv", bytes: &leavers },
        RosterFile { name: "honduras-results-2026.csv", bytes: &results },
    ];
    let roster = check(&files, date(2026, 11, 22)).into_roster();
    let roster = roster.map_err(|_| "the sample roster has problems").during("reading the roster")?;
    Ok((roster, RosterDigest::of(&leavers)))
}

fn text(text: &str) -> Result<Text, BenchError> {
    Text::parse(text).during(STEP)
}
