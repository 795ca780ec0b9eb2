//! What happens in the demo, in the order of its calendar.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use matricula_issuer::authority::Withdraw;
use matricula_issuer::batch::{BatchKind, Issued};
use matricula_issuer::correction::{self, ChangeStatus, CorrectRecord};
use matricula_issuer::status::{CorrectionReason, StatusAction, StatusReason};
use matricula_registry::CredentialKind;
use matricula_verdict::{Code, Options, Overall};

use super::expectation::Expectation;
use super::learner::{CHALLENGE, DOMAIN, claim_and_present};
use super::samples;
use super::world::{
    Calendar, Ministry, MinistryProfile, School, SchoolPlan, did, legal, records_folder, text,
};
use crate::command::batch::{Bar, shares};
use crate::command::trust;
use crate::failure::Failure;
use crate::values::counted;

/// The leaver whose diploma is revoked.
const REVOKED: &str = "0801-2008-10001";
/// The leaver whose diploma is corrected.
const CORRECTED: &str = "0801-2008-10002";
/// The leaver who claims and presents a diploma.
const PRESENTED: &str = "0801-2007-10000";
/// The leaver whose file somebody changes.
const TAMPERED: &str = "0801-2009-10005";

/// The day on which everything is verified.
const TODAY: &str = "2026-11-22";

/// What the demo leaves behind.
pub struct Story {
    /// The folder with everything in it.
    pub root: PathBuf,
    /// Whether every verdict was as expected.
    pub as_expected: bool,
}

/// Tells the story in a fresh folder.
pub fn run(root: &Path, public_url: &str) -> Result<Story, Failure> {
    let mut telling =
        Telling { root: root.to_owned(), calendar: Calendar::new(), public_url: public_url.to_owned() };
    let cast = telling.found()?;
    let batches = telling.issue(&cast)?;
    let incidents = telling.go_wrong(&cast, &batches)?;
    telling.publish(&cast)?;
    let as_expected = telling.verify(&batches, &incidents)?;
    cast.close();
    Ok(Story { root: root.to_owned(), as_expected })
}

struct Telling {
    root: PathBuf,
    calendar: Calendar,
    public_url: String,
}

/// Who takes part.
struct Cast {
    honduras: Ministry,
    senegal: Ministry,
    mill: Ministry,
    lempira: School,
    dakar: School,
    primary: School,
    universal: School,
}

impl Cast {
    fn close(&self) {
        [&self.honduras, &self.senegal, &self.mill].into_iter().for_each(Ministry::close);
    }
}

struct Batches {
    diplomas: Issued,
    transcripts: Issued,
    transfers: Issued,
    completions: Issued,
}

struct Incidents {
    revoked: PathBuf,
    superseded: PathBuf,
    corrected: PathBuf,
    tampered: PathBuf,
    late: PathBuf,
    unknown: PathBuf,
    unlogged: PathBuf,
    presentation: PathBuf,
}

impl Telling {
    fn found(&mut self) -> Result<Cast, Failure> {
        step("Two ministries found their logs and accredit three schools", || {
            self.calendar.turn_to("2026-01-15")?;
            let ministry = |folder: &str, name, country, domain, url: &str| {
                let profile = MinistryProfile { name, country, domain, url: url.to_owned() };
                Ministry::found(&self.root.join(folder), &profile, &self.calendar)
            };
            let honduras = ministry(
                "honduras",
                "Secretaría de Educación de Honduras",
                "HN",
                "educacion.hn.example",
                &self.public_url,
            )?;
            let senegal = ministry(
                "senegal",
                "Ministère de l'Éducation du Sénégal",
                "SN",
                "education.sn.example",
                "https://education.sn.example",
            )?;
            let mill = ministry(
                "mill",
                "Universal Board of Education",
                "HN",
                "universal.example",
                "https://universal.example",
            )?;
            let diploma = SchoolPlan {
                name: "Instituto Lempira",
                domain: "educacion.hn.example:schools:lempira",
                kinds: &[CredentialKind::DIPLOMA, CredentialKind::TRANSCRIPT],
                level: 3,
                accredited_from: "2015-02-01",
            };
            let lempira = honduras.accredit(&self.root.join("schools/lempira"), &diploma)?;
            let transfer = SchoolPlan {
                name: "Collège Blaise Diagne",
                domain: "education.sn.example:schools:blaise-diagne",
                kinds: &[CredentialKind::TRANSFER],
                level: 2,
                accredited_from: "2010-10-01",
            };
            let dakar = senegal.accredit(&self.root.join("schools/blaise-diagne"), &transfer)?;
            let completion = SchoolPlan {
                name: "مدرسة النور الابتدائية",
                domain: "education.sn.example:schools:an-nour",
                kinds: &[CredentialKind::PRIMARY_COMPLETION],
                level: 1,
                accredited_from: "2012-10-01",
            };
            let primary = senegal.accredit(&self.root.join("schools/an-nour"), &completion)?;
            let fake =
                SchoolPlan { name: "Universal College", domain: "universal.example:college", ..diploma };
            let universal = mill.accredit(&self.root.join("mill-college"), &fake)?;
            Ok((Cast { honduras, senegal, mill, lempira, dakar, primary, universal }, None))
        })
    }

    fn issue(&mut self, cast: &Cast) -> Result<Batches, Failure> {
        let transfers =
            self.batch("40 transfer records in the middle of the year, Dakar", "2026-03-16", |progress| {
                cast.dakar.issue(BatchKind::Transfer, &samples::senegal_transfers(), &cast.senegal, progress)
            })?;
        let completions =
            self.batch("25 primary completions with Arabic names", "2026-06-15", |progress| {
                cast.primary.issue(BatchKind::Completion, &samples::arabic_primary(), &cast.senegal, progress)
            })?;
        let diplomas =
            self.batch("300 diplomas: import, prepare, approve, sign, log", "2026-11-21", |progress| {
                cast.lempira.issue(BatchKind::Diploma, &samples::honduras_leavers(), &cast.honduras, progress)
            })?;
        let transcripts =
            self.batch("300 transcripts with 3,000 nested results", "2026-11-21", |progress| {
                cast.lempira.issue(
                    BatchKind::Transcript,
                    &samples::honduras_transcripts(),
                    &cast.honduras,
                    progress,
                )
            })?;
        Ok(Batches { diplomas, transcripts, transfers, completions })
    }

    fn batch(
        &self,
        what: &str,
        day: &str,
        issue: impl FnOnce(&mut dyn FnMut(matricula_issuer::progress::Progress)) -> Result<Issued, Failure>,
    ) -> Result<Issued, Failure> {
        self.calendar.turn_to(day)?;
        step(what, || {
            let bar = Bar::new();
            let issued = issue(&mut |progress| bar.show(progress))?;
            bar.finish();
            let detail = format!("{}; {}", counted(issued.records.len(), "record"), shares(&issued.timing));
            Ok((issued, Some(detail)))
        })
    }

    fn go_wrong(&mut self, cast: &Cast, batches: &Batches) -> Result<Incidents, Failure> {
        self.calendar.turn_to("2026-11-22")?;
        let record = |learner_no: &str| find(&batches.diplomas, learner_no);
        let revoked = step("A diploma is revoked: issued in error", || {
            let path = record(REVOKED)?;
            self.revoke(cast, &path)?;
            Ok((path, None))
        })?;
        let superseded = record(CORRECTED)?;
        let corrected =
            step("A diploma is corrected: a misspelt name", || Ok((self.correct(cast, &superseded)?, None)))?;
        let tampered = self.root.join("incidents/tampered.json");
        step("Somebody changes a name in a file", || {
            Ok((self.tamper(&record(TAMPERED)?, &tampered)?, None))
        })?;
        let unlogged = self.root.join("incidents/without-log-evidence.json");
        let refused = step("A school is revoked from 2026-09-01; it tries to issue all the same", || {
            let refused = self.revoke_school(cast, batches, &unlogged)?;
            Ok((refused.clone(), Some(format!("the door of the log refused: {refused}"))))
        })?;
        if refused != "revoked" {
            return Err(Failure::new(
                "demo_door",
                format_args!("the door should have refused with `revoked`, not `{refused}`"),
            ));
        }
        let late = step("A diploma of 2019 is logged in 2026", || {
            let sample = samples::honduras_leavers().changed(PRESENTED, "2026-11-20", "2019-11-20");
            let sample = sample.changed(PRESENTED, "2022-02-01", "2015-02-01").changed(
                PRESENTED,
                "2007-03-16",
                "2001-03-16",
            );
            let issued = cast.lempira.issue(BatchKind::Diploma, &sample, &cast.honduras, &mut |_| {})?;
            Ok((records_folder(&issued), None))
        })?;
        let unknown = step("A diploma mill signs a perfect diploma", || {
            let sample = samples::honduras_leavers().changed(PRESENTED, "Ofelia", "Olga");
            let issued = cast.universal.issue(BatchKind::Diploma, &sample, &cast.mill, &mut |_| {})?;
            Ok((records_folder(&issued), None))
        })?;
        let presentation = self.root.join("incidents/presentation.json");
        step("A learner claims her diploma with a one-time code and presents it", || {
            let record = read(&record(PRESENTED)?)?;
            let issuer = cast.honduras.issuer(&cast.lempira)?;
            let bytes = claim_and_present(
                &self.root.join("wallet"),
                issuer,
                &record,
                &self.calendar,
                &self.public_url,
            )?;
            Ok((write(&presentation, &bytes)?, None))
        })?;
        Ok(Incidents { revoked, superseded, corrected, tampered, late, unknown, unlogged, presentation })
    }

    fn revoke(&self, cast: &Cast, path: &Path) -> Result<(), Failure> {
        let record = read(path)?;
        let now = self.calendar.now();
        let order = ChangeStatus {
            record: &record,
            action: StatusAction::Revoke,
            reason: StatusReason::IssuedInError,
            effective: now,
            key: &cast.lempira.issue,
            now,
        };
        let requested = correction::request_status(&cast.lempira.home, &order)?;
        cast.honduras.receive(&requested.bytes)
    }

    fn correct(&self, cast: &Cast, path: &Path) -> Result<PathBuf, Failure> {
        let record = read(path)?;
        let sample = samples::honduras_leavers().changed(CORRECTED, "Rosario Julia", "Rosario Julieta");
        let now = self.calendar.now();
        let roster = sample.roster(now)?;
        let order = CorrectRecord {
            record: &record,
            roster: &roster,
            roster_digest: sample.digest(),
            reason: CorrectionReason::TypingError,
            effective: None,
            key: &cast.lempira.issue,
            cryptosuite: matricula_credential::proof::Cryptosuite::EddsaRdfc2022,
            now,
        };
        let prepared = correction::correct(&cast.lempira.home, &order, &mut |_| {})?;
        let issued =
            cast.lempira.approve_and_issue(&prepared.id, &cast.honduras, prepared.timing, &mut |_| {})?;
        if let Some(request) = &issued.request {
            cast.honduras.receive(&read(request)?)?;
        }
        Ok(records_folder(&issued))
    }

    fn tamper(&self, record: &Path, out: &Path) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(&read(record)?).replace("Laura Mónica", "Laura Verónica");
        write(out, text.as_bytes())
    }

    /// Revokes the primary school, lets it try to issue, and takes the log evidence from an old record of it.
    fn revoke_school(&self, cast: &Cast, batches: &Batches, unlogged: &Path) -> Result<String, Failure> {
        let order = Withdraw {
            institution: did("education.sn.example:schools:an-nour")?,
            effective: cast.senegal.period_from("2026-09-01")?,
            reason: text("premises closed by the inspectorate")?,
            legal: legal("Arrêté de retrait")?,
            custodian: None,
        };
        cast.senegal.desk().revoke(&order)?;
        let old = batches
            .completions
            .records
            .first()
            .ok_or_else(|| Failure::new("demo_records", "no completions"))?;
        strip_evidence(&old.path, unlogged)?;
        let sample = samples::arabic_primary().changed("EG-00001", "2026-06-10", "2026-11-10");
        match cast.primary.issue(BatchKind::Completion, &sample, &cast.senegal, &mut |_| {}) {
            Ok(_) => Ok("nothing".to_owned()),
            Err(failure) => Ok(failure.code().to_owned()),
        }
    }

    fn publish(&mut self, cast: &Cast) -> Result<(), Failure> {
        let trust = self.root.join("trust");
        fs::create_dir_all(&trust).map_err(|error| Failure::io("make", &trust, &error))?;
        step("The ministries publish their status lists and trust files", || {
            let honduras = cast.honduras.publish(&trust.join("honduras.trust.json"))?;
            let senegal = cast.senegal.publish(&trust.join("senegal.trust.json"))?;
            Ok(((), Some(format!("fingerprints: Honduras {honduras}, Senegal {senegal}"))))
        })
    }

    /// An employer verifies everything with the trust files alone, without a network.
    fn verify(&self, batches: &Batches, incidents: &Incidents) -> Result<bool, Failure> {
        let trust = trust::read(&[self.root.join("trust")])?;
        let today = Options::at(self.calendar.now());
        let asked = |challenge: &str| Options {
            challenge: Some(challenge.to_owned()),
            domain: Some(DOMAIN.to_owned()),
            ..today.clone()
        };
        let (good, warned, refused) = (Overall::Verified, Overall::VerifiedWithWarnings, Overall::Refused);
        let all = |what: &str, path: &Path, overall| Expectation::all(what, path, overall, &today);
        let expectations = [
            all("diplomas of Instituto Lempira", &records_folder(&batches.diplomas), good).except(2),
            all("transcripts of Instituto Lempira", &records_folder(&batches.transcripts), good),
            all("transfer records of Collège Blaise Diagne", &records_folder(&batches.transfers), good),
            all(
                "completions from before the school was revoked",
                &records_folder(&batches.completions),
                good,
            ),
            all("a completion of that school without its log evidence", &incidents.unlogged, refused)
                .because(Code::ClaimedDateUnproven),
            all("the revoked diploma", &incidents.revoked, refused).because(Code::Revoked),
            all("the diploma that was corrected since", &incidents.superseded, refused)
                .because(Code::Superseded),
            all("its corrected version", &incidents.corrected, good),
            all("the file with a changed name", &incidents.tampered, refused).because(Code::ProofInvalid),
            all("the diploma of 2019 that was logged late", &incidents.late, warned)
                .because(Code::LoggedLate),
            all("the diploma mill's perfect diploma", &incidents.unknown, Overall::UnknownIssuer)
                .because(Code::IssuerUnknown),
            Expectation::all(
                "the presentation, by its holder",
                &incidents.presentation,
                good,
                &asked(CHALLENGE),
            ),
            Expectation::all(
                "the same presentation, shown to somebody else",
                &incidents.presentation,
                refused,
                &asked("another"),
            )
            .because(Code::ChallengeMismatch),
        ];
        println!("\nThe employer's verdicts on {TODAY}, offline:\n");
        let started = Instant::now();
        let mut as_expected = true;
        for expectation in &expectations {
            as_expected &= expectation.check(&trust)?;
        }
        println!("\n  verified in {}", seconds(started.elapsed()));
        Ok(as_expected)
    }
}

/// Does a step, and says how long it took.
fn step<T>(what: &str, work: impl FnOnce() -> Result<(T, Option<String>), Failure>) -> Result<T, Failure> {
    let started = Instant::now();
    let (done, detail) = work()?;
    println!("  {what:<72} {:>8}", seconds(started.elapsed()));
    if let Some(detail) = detail {
        println!("      {detail}");
    }
    Ok(done)
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn find(issued: &Issued, learner_no: &str) -> Result<PathBuf, Failure> {
    let found = issued.records.iter().find(|record| record.learner_no == learner_no);
    let missing = || Failure::new("demo_records", format_args!("no record of {learner_no}"));
    found.map(|record| record.path.clone()).ok_or_else(missing)
}

fn strip_evidence(record: &Path, out: &Path) -> Result<(), Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::new("record_unreadable", error);
    let mut parsed = matricula_credential::record::PortableRecord::parse(&read(record)?)
        .map_err(|error| unreadable(&error))?;
    parsed.evidence = None;
    write(out, &parsed.encode().map_err(|error| unreadable(&error))?)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::io("read", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
    }
    fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
}
