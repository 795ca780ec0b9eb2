//! A school that is offline for half a year, and a ministry that it sends a stick to.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use matricula_issuer::authority::Withdraw;
use matricula_issuer::batch::{BatchId, BatchKind, Issued};
use matricula_issuer::{LogPort, LogPortError};
use matricula_registry::CredentialKind;
use matricula_tlog::{LeafIndex, LogProof, VerifierKey, leaf_hash};
use matricula_verdict::{Code, Options, Overall};
use matricula_verifier::Outcome;
use tempfile::TempDir;

use super::{StickLog, sync};
use crate::command::{trust, verify};
use crate::demo::samples::honduras_leavers;
use crate::demo::world::{
    Calendar, Ministry, MinistryProfile, School, SchoolPlan, did, legal, records_folder, text,
};
use crate::failure::Failure;

const PREPARED: &str = "2026-11-21";
/// 179 and 181 days after the last day that the roster names, which is 2026-11-20.
const IN_TIME: &str = "2027-05-18";
const LATE: &str = "2027-05-20";

struct Scene {
    folder: TempDir,
    calendar: Calendar,
    ministry: Ministry,
    school: School,
    batch: BatchId,
}

impl Scene {
    /// A school that has prepared and approved a batch of one diploma, with a stick that was written on that day.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let calendar = Calendar::new();
        calendar.turn_to("2026-01-15").unwrap();
        let profile = MinistryProfile {
            name: "Secretaría de Educación",
            country: "HN",
            domain: "educacion.hn.example",
            url: "https://educacion.hn.example".to_owned(),
        };
        let ministry = Ministry::found(&folder.path().join("ministry"), &profile, &calendar).unwrap();
        let plan = SchoolPlan {
            name: "Instituto Lempira",
            domain: "educacion.hn.example:schools:lempira",
            kinds: &[CredentialKind::DIPLOMA],
            level: 3,
            accredited_from: "2015-02-01",
        };
        let school = ministry.accredit(&folder.path().join("school"), &plan).unwrap();
        calendar.turn_to(PREPARED).unwrap();
        let leaver = honduras_leavers().changed("0801-2007-10000", "", "");
        let (batch, _) = school.prepare(BatchKind::Diploma, &leaver, &mut |_| ()).unwrap();
        school.approve(&batch, &mut |_| ()).unwrap();
        let scene = Self { folder, calendar, ministry, school, batch };
        scene.write_stick();
        scene
    }

    fn stick(&self) -> PathBuf {
        self.folder.path().join("stick")
    }

    /// What `ledger sync` and `ledger export` do with the log.
    fn write_stick(&self) {
        let key = VerifierKey::parse(&self.ministry.home.card().log_vkey).unwrap();
        let node = self.ministry.log.node();
        node.wait_published(node.accepted().size).unwrap();
        matricula_ledger::export(node.as_ref(), &key, &self.stick(), &mut |_, _| ()).unwrap();
    }

    fn issue_at_school(&self) -> Result<Issued, Failure> {
        let stick = StickLog::open(&self.stick())?;
        self.school.issue_through(&self.batch, &stick, &mut |_| ())
    }

    fn files(&self, inner: &str) -> Vec<PathBuf> {
        let Ok(names) = fs::read_dir(self.stick().join(inner)) else { return Vec::new() };
        names.map(|name| name.unwrap().path()).collect()
    }

    #[track_caller]
    fn assert_waits(&self) {
        let waiting = self.issue_at_school().unwrap_err();
        assert_eq!((waiting.code(), waiting.exit_code()), ("log_waiting", 75), "{waiting}");
        assert!(waiting.to_string().contains("matricula ledger sync"), "{waiting}");
        assert_eq!((self.files("outgoing").len(), self.files("answers").len()), (1, 0));
    }

    /// Whether the record is good on a day, and whether it is said to be late.
    fn verdict(&self, issued: &Issued) -> (Overall, bool) {
        let file = self.folder.path().join("trust.json");
        self.ministry.publish(&file).unwrap();
        let trust = trust::read(&[file]).unwrap();
        let options = Options::at(self.calendar.now());
        let checked = verify::check(&[records_folder(issued)], &trust, &options).unwrap();
        let [document] = checked.as_slice() else { panic!("{} documents", checked.len()) };
        let Outcome::Judged(verdicts) = &document.outcome else { panic!("unreadable") };
        (verdicts[0].overall, verdicts[0].codes().contains(&Code::LoggedLate))
    }
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_batch_of_179_days_is_in_time_and_one_of_181_is_late_and_both_are_issued_once() {
    for (day, wanted) in
        [(IN_TIME, (Overall::Verified, false)), (LATE, (Overall::VerifiedWithWarnings, true))]
    {
        let scene = Scene::new();
        scene.assert_waits();
        // Trying again at the school changes nothing.
        scene.assert_waits();
        let before = scene.ministry.log.size().unwrap();

        scene.calendar.turn_to(day).unwrap();
        let synced = sync(&scene.stick(), &scene.ministry.log).unwrap();
        assert_eq!((synced.logged, synced.refused.len()), (1, 0));
        scene.write_stick();
        assert_eq!((scene.files("outgoing").len(), scene.files("answers").len()), (0, 1));
        assert_eq!(scene.ministry.log.size().unwrap().get(), before.get() + 1);

        let issued = scene.issue_at_school().unwrap();
        assert!(issued.created && issued.index == LeafIndex::new(before.get()));
        assert!(!scene.issue_at_school().unwrap().created, "it was issued already");
        // A second visit to the ministry finds nothing to do.
        assert_eq!(sync(&scene.stick(), &scene.ministry.log).unwrap().logged, 0);
        assert_eq!(scene.ministry.log.size().unwrap().get(), before.get() + 1);
        assert_eq!(scene.verdict(&issued), wanted, "{day}");
        scene.ministry.close();
    }
}

#[test]
fn a_stick_pulled_out_half_way_loses_and_doubles_nothing() {
    let scene = Scene::new();
    scene.assert_waits();
    let [outgoing] = scene.files("outgoing").try_into().unwrap();
    let submission = fs::read(&outgoing).unwrap();
    scene.calendar.turn_to(IN_TIME).unwrap();
    sync(&scene.stick(), &scene.ministry.log).unwrap();
    let size = scene.ministry.log.size().unwrap();

    // The log has it, and the answer never reached the stick.
    let [answer] = scene.files("answers").try_into().unwrap();
    let first = fs::read(&answer).unwrap();
    fs::remove_file(&answer).unwrap();
    fs::write(&outgoing, &submission).unwrap();
    scene.assert_waits();
    scene.calendar.turn_to(LATE).unwrap();
    assert_eq!(sync(&scene.stick(), &scene.ministry.log).unwrap().logged, 1);
    assert_eq!(scene.ministry.log.size().unwrap(), size, "the same bytes have the same place");
    assert_eq!(fs::read(&answer).unwrap(), first, "and the same proof, with the earliest time");

    // The answer is there, and the newer log is not: the record is complete all the same.
    let issued = scene.issue_at_school().unwrap();
    scene.write_stick();
    assert_eq!(scene.verdict(&issued), (Overall::Verified, false));
    scene.ministry.close();
}

#[test]
fn a_refused_batch_comes_back_with_its_code_and_may_be_tried_again() {
    let scene = Scene::new();
    scene.assert_waits();
    scene.calendar.turn_to("2027-01-10").unwrap();
    let withdraw = Withdraw {
        institution: did("educacion.hn.example:schools:lempira").unwrap(),
        effective: scene.ministry.period_from("2026-06-01").unwrap(),
        custodian: None,
        reason: text("Inspection report 12").unwrap(),
        legal: legal("Decree of revocation").unwrap(),
    };
    scene.ministry.desk().revoke(&withdraw).unwrap();
    let synced = sync(&scene.stick(), &scene.ministry.log).unwrap();
    assert_eq!((synced.logged, synced.refused[0].code.as_str()), (0, "revoked"));
    scene.write_stick();
    assert!(scene.files("outgoing").is_empty());

    let refused = scene.issue_at_school().unwrap_err();
    assert_eq!((refused.code(), refused.exit_code()), ("revoked", 1), "{refused}");
    // Told once; after that the log is asked again.
    scene.assert_waits();
    scene.ministry.close();
}

#[test]
fn a_damaged_stick_is_found_out_on_both_sides() {
    let scene = Scene::new();
    scene.assert_waits();
    let [outgoing] = scene.files("outgoing").try_into().unwrap();
    flip(&outgoing);
    let damaged = sync(&scene.stick(), &scene.ministry.log).unwrap_err();
    assert_eq!(damaged.code(), "outgoing_damaged", "{damaged}");
    // The school's next attempt writes it anew.
    scene.assert_waits();
    sync(&scene.stick(), &scene.ministry.log).unwrap();
    scene.write_stick();
    // Another answer under this one's name.
    let [answer] = scene.files("answers").try_into().unwrap();
    let text = fs::read_to_string(&answer).unwrap();
    let stick = || StickLog::open(&scene.stick()).unwrap();
    let index = stick().size().unwrap().get() - 1;
    let other = stick().proof(LeafIndex::new(1)).unwrap();
    let forged = serde_json::json!({ "version": 1, "logged": [{ "index": 1, "proof": other }] });
    fs::write(&answer, forged.to_string()).unwrap();
    assert_eq!(scene.issue_at_school().unwrap_err().code(), "log_bad_answer");
    fs::write(&answer, text).unwrap();
    // The copy of the log proves every entry, and gives none that is damaged.
    let proof = LogProof::parse(stick().proof(LeafIndex::new(1)).unwrap().as_bytes()).unwrap();
    let entry = stick().entry(LeafIndex::new(1)).unwrap();
    proof.verify(leaf_hash(&entry), &scene.ministry.home.card().policy().unwrap()).unwrap();
    flip(&scene.stick().join(format!("tile/entries/000.p/{}", index + 1)));
    assert!(matches!(stick().entry(LeafIndex::new(1)), Err(LogPortError::BadAnswer { .. })));
    scene.ministry.close();
}
