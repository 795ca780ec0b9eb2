//! The authorities, schools and logs of the demo. Real ones, on a calendar of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use matricula_credential::proof::Cryptosuite;
use matricula_issuer::LogPort;
use matricula_issuer::authority::{
    self, Accredit, AuthorityDesk, AuthorityHome, AuthorityProfile, BaseUrl, InitAuthority,
};
use matricula_issuer::batch::{self, BatchId, BatchKind, Issued, PrepareBatch, Timing};
use matricula_issuer::http::{IssuerState, ServedSchool};
use matricula_issuer::keyring::{KeyPurpose, Passphrase, SecretKey, WorkFactor};
use matricula_issuer::progress::Progress;
use matricula_issuer::school::{self, Application, InitSchool, SchoolHome, SchoolProfile};
use matricula_issuer::status::PublishOptions;
use matricula_issuer::trust_export::ExportTrust;
use matricula_ledger::{Clock, Node};
use matricula_registry::{
    Country, CredentialKind, InstitutionId, IscedLevel, Jurisdiction, LegalReference, LogOrigin, Period,
    Scope, Text,
};
use matricula_tlog::{Hash, UnixSeconds};

use super::samples::Sample;
use crate::failure::Failure;
use crate::log::{EmbeddedLog, open_node};
use crate::values;

/// Keys of a demo protect nothing, and scrypt's usual second for each would be most of its time.
const WORK_FACTOR_LOG_N: u8 = 10;

/// The passphrase of every key of the demo, written into its folder.
pub const PASSPHRASE: &str = "matricula-demo";

/// How many places in the status list a school is given.
const STATUS_PLACES: u32 = 1000;

/// The demo's calendar: the same days whenever it runs, so that its verdicts are the same.
#[derive(Clone, Debug)]
pub struct Calendar(Arc<AtomicU64>);

impl Calendar {
    /// A calendar that stands at nothing.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(0)))
    }

    /// Turns to eight in the morning of a day.
    pub fn turn_to(&self, day: &str) -> Result<(), Failure> {
        let morning = values::day(day).map_err(Failure::usage)?.get() + 8 * 3600;
        self.0.store(morning, Ordering::SeqCst);
        Ok(())
    }

    /// Today.
    pub fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.0.load(Ordering::SeqCst))
    }

    fn clock(&self) -> Clock {
        let calendar = self.clone();
        Clock::new(move || calendar.now())
    }
}

/// An authority with its log running.
pub struct Ministry {
    pub home: AuthorityHome,
    key: SecretKey,
    pub log: EmbeddedLog,
    node: Arc<Node>,
    calendar: Calendar,
}

/// What makes a ministry.
pub struct MinistryProfile {
    pub name: &'static str,
    pub country: &'static str,
    pub domain: &'static str,
    pub url: String,
}

impl Ministry {
    /// Founds the authority and starts its log.
    pub fn found(folder: &Path, profile: &MinistryProfile, calendar: &Calendar) -> Result<Self, Failure> {
        let passphrase = passphrase();
        let unusable = |error: &dyn std::fmt::Display| Failure::new("demo_profile", error);
        let options = InitAuthority {
            profile: AuthorityProfile {
                did: did(profile.domain)?,
                name: text(profile.name)?,
                country: Country::parse(profile.country).map_err(|error| unusable(&error))?,
                origin: LogOrigin::parse(&format!("log.{}/1", profile.domain))
                    .map_err(|error| unusable(&error))?,
                base_url: BaseUrl::parse(&profile.url).ok_or_else(|| unusable(&profile.url))?,
            },
            passphrase: &passphrase,
            node_passphrase: &passphrase,
            work_factor: work_factor(),
            now: calendar.now(),
        };
        let home = authority::init(folder, &options)?.home;
        let node = open_node(&home, &passphrase, calendar.clock())?;
        let key = home.unlock(&passphrase)?;
        Ok(Self { home, key, log: EmbeddedLog::new(node.clone()), node, calendar: calendar.clone() })
    }

    /// The desk at which it rules.
    pub fn desk(&self) -> AuthorityDesk<'_> {
        AuthorityDesk { home: &self.home, key: &self.key, log: &self.log }
    }

    /// Sets a school up, accredits it since a day, and gives it places in the status list.
    pub fn accredit(&self, folder: &Path, plan: &SchoolPlan) -> Result<School, Failure> {
        let school = School::found(folder, plan, self)?;
        let keys = [&school.issue, &school.approve, &school.bind];
        let application = school.home.application(&keys, self.calendar.now())?;
        let country = self.home.profile().country.as_str();
        let unusable = |error: matricula_registry::StatementError| Failure::new("demo_profile", error);
        let scope = Scope::new(
            plan.kinds.iter().cloned(),
            [IscedLevel::new(plan.level).map_err(unusable)?],
            [],
            Jurisdiction::parse(country).map_err(unusable)?,
        );
        let order = Accredit {
            application: Application::parse(&application)?,
            scope: scope.map_err(unusable)?,
            effective: self.period_from(plan.accredited_from)?,
            keys_from: self.calendar.now(),
            reason: None,
            legal: legal("Decree of accreditation")?,
        };
        self.desk().accredit(&order)?;
        let allotted = self
            .desk()
            .allot(&did(plan.domain)?, STATUS_PLACES, self.calendar.now())
            .map_err(Failure::from)?;
        school.home.refresh_evidence(&self.log)?;
        school.home.import_allotment(&allotted.file)?;
        Ok(school)
    }

    /// A period that begins on a day and has no end.
    pub fn period_from(&self, day: &str) -> Result<Period, Failure> {
        let from = values::day(day).map_err(Failure::usage)?;
        Period::new(from, None).map_err(Failure::usage)
    }

    /// Publishes the status lists and makes the trust file, with a copy at `out`.
    pub fn publish(&self, out: &Path) -> Result<String, Failure> {
        let now = self.calendar.now();
        self.desk().publish_status(PublishOptions { refresh: true, valid_for_s: None }, now)?;
        let exported =
            self.desk().export_trust(ExportTrust { valid_for_s: 180 * 86_400, policy: None, now })?;
        std::fs::write(out, &exported.bytes).map_err(|error| Failure::io("write", out, &error))?;
        Ok(exported.fingerprint)
    }

    /// Takes a school's request about a record in.
    pub fn receive(&self, request: &[u8]) -> Result<(), Failure> {
        let view = self.desk().registry()?;
        self.home.receive_status_request(view.registry(), request, self.calendar.now())?;
        Ok(())
    }

    /// The service that binds a school's records to their holders.
    pub fn issuer(&self, school: &School) -> Result<IssuerState, Failure> {
        let bind_key = school.home.unlock(KeyPurpose::Bind, None, &passphrase())?;
        let served = ServedSchool { home: school.home.clone(), bind_key };
        let (log, calendar) = (Arc::new(EmbeddedLog::new(self.node.clone())), self.calendar.clone());
        Ok(IssuerState::new(self.home.clone(), log, vec![served], move || calendar.now()))
    }

    /// Stops the log.
    pub fn close(&self) {
        self.node.close();
    }
}

/// What makes a school.
pub struct SchoolPlan {
    pub name: &'static str,
    pub domain: &'static str,
    pub kinds: &'static [CredentialKind],
    pub level: u8,
    pub accredited_from: &'static str,
}

/// A school with its keys unlocked: the secretary's, the director's, the server's.
pub struct School {
    pub home: SchoolHome,
    pub issue: SecretKey,
    approve: SecretKey,
    bind: SecretKey,
    calendar: Calendar,
}

impl School {
    fn found(folder: &Path, plan: &SchoolPlan, ministry: &Ministry) -> Result<Self, Failure> {
        let passphrase = passphrase();
        let options = InitSchool {
            profile: SchoolProfile {
                did: did(plan.domain)?,
                name: text(plan.name)?,
                country: ministry.home.profile().country.clone(),
            },
            authority: ministry.home.card().clone(),
            passphrase: &passphrase,
            work_factor: work_factor(),
        };
        let home = school::init(folder, &options)?.home;
        home.add_key(KeyPurpose::Approve, None, &passphrase, work_factor())?;
        home.add_key(KeyPurpose::Bind, None, &passphrase, work_factor())?;
        let unlock = |purpose| home.unlock(purpose, None, &passphrase);
        Ok(Self {
            issue: unlock(KeyPurpose::Issue)?,
            approve: unlock(KeyPurpose::Approve)?,
            bind: unlock(KeyPurpose::Bind)?,
            calendar: ministry.calendar.clone(),
            home,
        })
    }

    /// Prepares, approves and issues a batch, as two people would.
    pub fn issue(
        &self,
        kind: BatchKind,
        sample: &Sample,
        ministry: &Ministry,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Issued, Failure> {
        let (id, prepared) = self.prepare(kind, sample, progress)?;
        self.approve_and_issue(&id, ministry, prepared, progress)
    }

    /// The secretary's part.
    pub fn prepare(
        &self,
        kind: BatchKind,
        sample: &Sample,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(BatchId, Timing), Failure> {
        let now = self.calendar.now();
        let roster = sample.roster(now)?;
        let order = PrepareBatch {
            kind,
            roster: &roster,
            roster_digest: sample.digest(),
            isced_level: None,
            key: &self.issue,
            cryptosuite: Cryptosuite::EddsaRdfc2022,
            on_behalf_of: None,
            again: false,
            now,
        };
        let prepared = batch::prepare(&self.home, &order, progress)?;
        Ok((prepared.id, prepared.timing))
    }

    /// The director's part, and the secretary's again.
    pub fn approve_and_issue(
        &self,
        id: &BatchId,
        ministry: &Ministry,
        prepared: Timing,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Issued, Failure> {
        let approved = self.approve(id, progress)?;
        let mut issued = self.issue_through(id, &ministry.log, progress)?;
        issued.timing = issued.timing + prepared + approved;
        Ok(issued)
    }

    /// The director's part alone.
    pub fn approve(&self, id: &BatchId, progress: &mut dyn FnMut(Progress)) -> Result<Timing, Failure> {
        Ok(batch::approve(&self.home, id, &self.approve, self.calendar.now(), progress)?.timing)
    }

    /// The last step, through any log.
    pub fn issue_through(
        &self,
        id: &BatchId,
        log: &dyn LogPort,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Issued, Failure> {
        self.home.refresh_evidence(log)?;
        Ok(batch::issue(&self.home, id, &self.issue, log, self.calendar.now(), progress)?)
    }
}

/// The folder that holds a batch's records.
pub fn records_folder(issued: &Issued) -> PathBuf {
    issued.records.first().and_then(|record| record.path.parent()).unwrap_or(Path::new("")).to_owned()
}

/// A ground in law for the demo's rulings.
pub fn legal(title: &str) -> Result<LegalReference, Failure> {
    Ok(LegalReference { title: text(title)?, sha256: Hash::from_bytes([0; 32]) })
}

/// Words for the log.
pub fn text(words: &str) -> Result<Text, Failure> {
    Text::parse(words).map_err(|error| Failure::new("demo_profile", error))
}

/// The identifier of a domain, with its path after colons.
pub fn did(domain: &str) -> Result<InstitutionId, Failure> {
    InstitutionId::parse(&format!("did:web:{domain}")).map_err(|error| Failure::new("demo_profile", error))
}

/// The passphrase as the keyring takes it.
pub fn passphrase() -> Passphrase {
    Passphrase::new(zeroize::Zeroizing::new(PASSPHRASE.to_owned()))
}

fn work_factor() -> WorkFactor {
    WorkFactor::new(WORK_FACTOR_LOG_N).unwrap_or_default()
}
