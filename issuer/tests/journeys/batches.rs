//! Batches from a roster to records that a verifier accepts.

use std::fs;
use std::time::Instant;

use matricula_credential::commitment::{CredentialDigest, commit};
use matricula_credential::model::facts;
use matricula_credential::proof::{self, Cryptosuite};
use matricula_credential::record::PortableRecord;
use matricula_issuer::batch::{self, BatchError, BatchKind, BatchState, PrepareBatch, Timing};
use matricula_issuer::progress::Step;
use matricula_registry::{Body, Statement};
use matricula_tlog::{LogProof, leaf_hash};

use crate::world::{Order, Sample, School, World, later, now};

/// Checks a record from its bytes alone, as far as signatures and proofs go.
pub fn assert_sound(bytes: &[u8], world: &World, school: &School) -> PortableRecord {
    let record = PortableRecord::parse(bytes).unwrap();
    let proofs = proof::verify(&record.credential).unwrap();
    assert!(proofs.first().is_controlled_by(school.home.profile().did.as_str()));
    assert_eq!(matricula_registry::PublicKey::from(&proofs.first().key), school.issue.public());
    let evidence = record.evidence.as_ref().unwrap();
    let statement = Statement::parse(&evidence.batch.statement).unwrap();
    let Body::Batch(batch) = statement.body() else { panic!("not a batch") };
    let commitment = commit(&evidence.salt, &CredentialDigest::of(&record.credential).unwrap());
    evidence.path.verify(&commitment, &batch.root).unwrap();
    let policy = world.authority.card().policy().unwrap();
    for logged in [&evidence.batch].into_iter().chain(&evidence.accreditation) {
        let proof = LogProof::parse(logged.log_proof.as_bytes()).unwrap();
        proof.verify(leaf_hash(&logged.statement), &policy).unwrap();
    }
    // The grant, and the words that made the two keys the school's.
    assert_eq!(evidence.accreditation.len(), 3);
    record
}

#[test]
fn diplomas_are_prepared_approved_logged_and_written() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(5);
    let order = Order { suite: Cryptosuite::EddsaRdfc2022, ..sample.order(BatchKind::Diploma) };
    let prepared = school.prepare(&order).unwrap();
    assert_eq!((prepared.record_count, prepared.created, prepared.state), (5, true, BatchState::Prepared));
    let preview = batch::preview(&school.home, &prepared.id, &mut |_| {}).unwrap();
    assert_eq!(preview.rows[0].name.as_deref(), Some("Ofelia Santiago Granados"));
    assert!(school.approve(&prepared.id).unwrap().created);
    let before = world.log.all_entries().len();
    let issued = school.issue(&prepared.id, &world.log).unwrap();
    assert_eq!(world.log.all_entries().len(), before + 1);
    assert_eq!(issued.index.get() as usize, before);
    assert_eq!(issued.records.len(), 5);
    let mut codes: Vec<&str> = issued.records.iter().map(|record| record.claim_code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 5);
    for record in &issued.records {
        assert_sound(&fs::read(&record.path).unwrap(), &world, &school);
    }
}

#[test]
fn transcripts_carry_one_signed_credential_for_each_subject() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers_with_results(3);
    let issued = school.run(&sample.order(BatchKind::Transcript), &world.log);
    for record in &issued.records {
        let record = assert_sound(&fs::read(&record.path).unwrap(), &world, &school);
        let nested = record.credential["credentialSubject"]["verifiableCredential"].as_array().unwrap();
        assert_eq!(nested.len(), 10);
        for course in nested {
            proof::verify(course).unwrap();
        }
    }
}

#[test]
fn a_transcript_without_results_is_refused() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(2);
    let refused = school.prepare(&sample.order(BatchKind::Transcript)).unwrap_err();
    assert!(matches!(refused, BatchError::ResultsMissing { .. }), "{refused}");
    assert!(batch::list_batches(&school.home).unwrap().is_empty());
}

#[test]
fn forty_transfers_with_results_are_issued() {
    let world = World::new();
    let school = world.school("dakar");
    let issued = school.run(&Sample::transfers().order(BatchKind::Transfer), &world.log);
    assert_eq!(issued.records.len(), 40);
    let record = assert_sound(&fs::read(&issued.records[0].path).unwrap(), &world, &school);
    let results = record.credential["credentialSubject"]["result"].as_array().unwrap();
    assert!(results.iter().any(|result| result["value"] == "14.6"));
    assert!(results.iter().any(|result| result["value"] == "family-moved"));
}

#[test]
fn arabic_names_are_signed_exactly_and_listed_in_files_of_their_own() {
    let world = World::new();
    let school = world.school("cairo");
    let issued = school.run(&Sample::arabic().order(BatchKind::Completion), &world.log);
    assert_eq!(issued.records.len(), 25);
    let record = assert_sound(&fs::read(&issued.records[2].path).unwrap(), &world, &school);
    assert_eq!(facts(&record.credential).learner_name.as_deref(), Some("زهرة أبو داوود"));
    assert!(issued.records[2].path.ends_with("EG-00003.json"));
}

#[test]
fn the_preparers_own_key_cannot_approve() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    let refused = batch::approve(&school.home, &id, &school.issue, now(), &mut |_| {}).unwrap_err();
    assert!(matches!(refused, BatchError::ApprovedByPreparer));
    let refused = batch::approve(&school.home, &id, &school.bind, now(), &mut |_| {}).unwrap_err();
    assert!(matches!(refused, BatchError::WrongKey { .. }));
    assert!(matches!(school.issue(&id, &world.log).unwrap_err(), BatchError::NotApproved));
}

#[test]
fn another_key_than_the_preparers_cannot_issue() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    school.approve(&id).unwrap();
    let refused =
        batch::issue(&school.home, &id, &school.approve, &world.log, now(), &mut |_| {}).unwrap_err();
    assert!(matches!(refused, BatchError::NotThePreparersKey));
}

#[test]
fn a_changed_file_is_refused_at_approval_and_at_issue() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    let folder = school.home.root().join("batches").join(id.as_str());
    for name in ["prepared.jsonl", "statement.cose", "summary.json", "manifest.json"] {
        let path = folder.join(name);
        let original = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&original)
            .replace("Ofelia", "Amelia")
            .replace("\"count\": 2", "\"count\": 3");
        let mut changed = if text.as_bytes() == original { original.clone() } else { text.into_bytes() };
        if changed == original {
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
        }
        fs::write(&path, &changed).unwrap();
        assert!(school.approve(&id).is_err(), "{name}");
        fs::write(&path, &original).unwrap();
    }
    school.approve(&id).unwrap();
    let prepared = folder.join("prepared.jsonl");
    let original = fs::read_to_string(&prepared).unwrap();
    fs::write(&prepared, original.replace("Ofelia", "Amelia")).unwrap();
    let before = world.log.submitted().len();
    let refused = school.issue(&id, &world.log).unwrap_err();
    assert!(matches!(refused, BatchError::FileChanged { .. }), "{refused}");
    let approval = folder.join("approval.json");
    fs::write(&prepared, original).unwrap();
    let others = Sample::lines("honduras-leavers-2026.csv", &[3, 4]);
    let other = school.prepare(&others.order(BatchKind::Diploma)).unwrap().id;
    school.approve(&other).unwrap();
    let kept = fs::read(&approval).unwrap();
    fs::copy(school.home.root().join("batches").join(other.as_str()).join("approval.json"), &approval)
        .unwrap();
    let refused = school.issue(&id, &world.log).unwrap_err();
    assert!(matches!(refused, BatchError::FileChanged { .. }), "{refused}");
    assert_eq!(world.log.submitted().len(), before);
    fs::write(&approval, kept).unwrap();
    school.issue(&id, &world.log).unwrap();
}

#[test]
fn a_finished_batch_issues_nothing_new() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(3);
    let first = school.run(&sample.order(BatchKind::Diploma), &world.log);
    let submitted = world.log.submitted().len();
    let again = school.issue(&first.id, &world.log).unwrap();
    assert!(!again.created);
    assert_eq!(again.records, first.records);
    assert_eq!(world.log.submitted().len(), submitted);
}

#[test]
fn a_roster_is_recognised_and_issued_twice_only_when_asked_for() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(3);
    let order = sample.order(BatchKind::Diploma);
    let prepared = school.prepare(&order).unwrap();
    let again = school.prepare(&order).unwrap();
    assert_eq!((again.id.clone(), again.created), (prepared.id.clone(), false));
    school.approve(&prepared.id).unwrap();
    school.issue(&prepared.id, &world.log).unwrap();
    let refused = school.prepare(&order).unwrap_err();
    assert!(matches!(refused, BatchError::IssuedBefore { ref batch, .. } if *batch == prepared.id));
    let explicit = PrepareBatch {
        kind: order.kind,
        roster: order.roster,
        roster_digest: order.digest,
        isced_level: None,
        key: &school.issue,
        cryptosuite: order.suite,
        on_behalf_of: None,
        again: true,
        now: later(60),
    };
    assert!(batch::prepare(&school.home, &explicit, &mut |_| {}).unwrap().created);
    // The same learners in another kind of batch are another matter.
    assert!(school.prepare(&sample.order(BatchKind::Completion)).unwrap().created);
}

#[test]
fn an_unknown_school_can_prepare_but_nothing_is_logged() {
    let world = World::new();
    let known = world.school("lempira");
    let stranger = world.found_school("mill");
    let allotted = world.desk().allot(&known.home.profile().did, 10, now()).unwrap();
    let refused = stranger.home.import_allotment(&allotted.file).unwrap_err();
    assert_eq!(refused.code(), "allotment_foreign_institution");
    let refused = stranger.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap_err();
    assert_eq!(refused.code(), "evidence_missing");
    stranger.home.refresh_evidence(&world.log).unwrap();
    let refused = stranger.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap_err();
    assert_eq!(refused.code(), "not_accredited");
}

#[test]
fn a_batch_that_the_door_refuses_leaves_no_records_behind() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    school.approve(&id).unwrap();
    world.desk().compromise(&school.approve.public(), crate::world::moment("2026-11-01T00:00:00Z")).unwrap();
    let entries = world.log.all_entries().len();
    let refused = school.issue(&id, &world.log).unwrap_err();
    assert_eq!(refused.code(), "key_compromised");
    assert_eq!(world.log.all_entries().len(), entries);
    let folder = school.home.root().join("batches").join(id.as_str());
    assert!(!folder.join("records").exists() && !folder.join("logged.json").exists());
    batch::discard(&school.home, &id).unwrap();
}

#[test]
fn a_batch_of_which_the_log_may_know_is_not_thrown_away() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    school.approve(&id).unwrap();
    school.home.refresh_evidence(&world.log).unwrap();
    world.log.fail_next(crate::memory_log::Fault::LostAfter);
    assert_eq!(school.issue(&id, &world.log).unwrap_err().code(), "log_unreachable");
    assert!(matches!(batch::discard(&school.home, &id).unwrap_err(), BatchError::AlreadyLogged));
}

#[test]
fn a_batch_can_be_thrown_away_until_it_is_handed_to_the_log() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(2);
    let id = school.prepare(&sample.order(BatchKind::Diploma)).unwrap().id;
    batch::discard(&school.home, &id).unwrap();
    assert!(batch::list_batches(&school.home).unwrap().is_empty());
    let issued = school.run(&sample.order(BatchKind::Diploma), &world.log);
    assert!(matches!(batch::discard(&school.home, &issued.id).unwrap_err(), BatchError::AlreadyLogged));
    assert_eq!(batch::list_batches(&school.home).unwrap()[0].state, BatchState::Issued);
}

#[test]
fn the_times_of_every_step_add_up_to_the_whole() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(5);
    let order = Order { suite: Cryptosuite::EddsaRdfc2022, ..sample.order(BatchKind::Diploma) };
    let clock = Instant::now();
    let prepared = school.prepare(&order).unwrap();
    let until_prepared = clock.elapsed();
    let approved = school.approve(&prepared.id).unwrap();
    let until_approved = clock.elapsed();
    let issued = school.issue(&prepared.id, &world.log).unwrap();
    let until_issued = clock.elapsed();
    let times = [
        (prepared.timing, until_prepared),
        (approved.timing, until_approved - until_prepared),
        (issued.timing, until_issued - until_approved),
    ];
    for (timing, whole) in &times {
        let Timing { canonicalising, signing, logging, writing, other } = *timing;
        assert_eq!(timing.total(), canonicalising + signing + logging + writing + other);
        assert!(timing.total() <= *whole);
        assert!(!signing.is_zero() && !writing.is_zero() && !other.is_zero(), "{timing:?}");
    }
    // Who prepares and who approves canonicalises; who issues does not, and is the one who logs.
    assert_eq!(times.map(|(timing, _)| timing.canonicalising.is_zero()), [false, false, true]);
    assert_eq!(times.map(|(timing, _)| timing.logging.is_zero()), [true, true, false]);
}

#[test]
fn progress_counts_every_record_in_every_step() {
    let world = World::new();
    let school = world.school("lempira");
    let sample = Sample::leavers(5);
    let mut seen = Vec::new();
    let order = sample.order(BatchKind::Diploma);
    let id = school.prepare(&order).unwrap().id;
    batch::approve(&school.home, &id, &school.approve, now(), &mut |progress| seen.push(progress)).unwrap();
    batch::issue(&school.home, &id, &school.issue, &world.log, now(), &mut |progress| seen.push(progress))
        .unwrap();
    for step in [Step::Checking, Step::Signing, Step::Writing] {
        let of_step = seen.iter().filter(|progress| progress.step == step);
        assert!(of_step.map(|progress| (progress.done, progress.total)).eq((0..=5).map(|done| (done, 5))));
    }
}
