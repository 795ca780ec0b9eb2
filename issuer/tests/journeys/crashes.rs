//! A batch killed between any two steps: the same commands again finish it, and nothing is doubled.
//!
//! Progress is reported after each durable step, so a listener that panics at its n-th call is a
//! process that dies there.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use matricula_issuer::batch::{self, BatchId, BatchKind, BatchState, Issued};
use matricula_issuer::progress::Progress;

use crate::batches::assert_sound;
use crate::memory_log::Fault;
use crate::world::{Order, Sample, School, World, now};

const RECORDS: usize = 3;

/// Prepares, approves and issues, dying at the `deadline`-th report; `None` when it lived.
fn attempt(world: &World, school: &School, order: &Order<'_>, deadline: usize) -> Option<Issued> {
    let reports = Cell::new(0);
    let mut listener = |_: Progress| {
        reports.set(reports.get() + 1);
        if reports.get() == deadline {
            panic!("killed");
        }
    };
    let run = AssertUnwindSafe(|| {
        let prepare = batch::PrepareBatch {
            kind: order.kind,
            roster: order.roster,
            roster_digest: order.digest,
            isced_level: None,
            key: &school.issue,
            cryptosuite: order.suite,
            on_behalf_of: None,
            again: false,
            now: now(),
        };
        let id = batch::prepare(&school.home, &prepare, &mut listener).unwrap().id;
        batch::approve(&school.home, &id, &school.approve, now(), &mut listener).unwrap();
        batch::issue(&school.home, &id, &school.issue, &world.log, now(), &mut listener).unwrap()
    });
    catch_unwind(run).ok()
}

fn assert_issued_once(world: &World, school: &School, issued: &Issued, batches_before: usize) {
    assert_eq!(world.log.all_entries().len(), batches_before + 1);
    assert_eq!(batch::list_batches(&school.home).unwrap().len(), 1);
    let folder = issued.records[0].path.parent().unwrap();
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(files.len(), RECORDS);
    for record in &issued.records {
        assert_sound(&fs::read(&record.path).unwrap(), world, school);
        assert!(!record.claim_code.is_empty());
    }
}

#[test]
fn killed_at_any_report_the_same_commands_finish_one_batch() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let sample = Sample::leavers(RECORDS);
    let order = sample.order(BatchKind::Diploma);
    let mut deadline = 1;
    loop {
        let world = World::new();
        let school = world.school("lempira");
        let before = world.log.all_entries().len();
        let lived = attempt(&world, &school, &order, deadline).is_some();
        let again = match batch::list_batches(&school.home).unwrap().first() {
            Some(info) if info.state == BatchState::Issued => school.issue(&info.id, &world.log).unwrap(),
            _ => attempt(&world, &school, &order, usize::MAX).unwrap(),
        };
        assert_issued_once(&world, &school, &again, before);
        if lived {
            break;
        }
        deadline += 1;
    }
    std::panic::set_hook(quiet);
    assert!(deadline > 8, "only {deadline} reports");
}

/// A batch in state approved, ready to be cut back.
fn approved(world: &World, school: &School) -> BatchId {
    let id = school.prepare(&Sample::leavers(RECORDS).order(BatchKind::Diploma)).unwrap().id;
    school.approve(&id).unwrap();
    assert_eq!(world.log.all_entries().len(), 5);
    id
}

#[test]
fn any_set_of_files_that_a_crash_can_leave_is_completed() {
    // In the order in which they are written; a crash leaves any first part of them.
    let written = ["claims.json", "logged.json", "records", "issued.json"];
    for kept in 0..=written.len() {
        let world = World::new();
        let school = world.school("lempira");
        let id = approved(&world, &school);
        let first = school.issue(&id, &world.log).unwrap();
        let folder = school.home.root().join("batches").join(id.as_str());
        for name in &written[kept..] {
            let path = folder.join(name);
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
        }
        let again = school.issue(&id, &world.log).unwrap();
        assert_issued_once(&world, &school, &again, 5);
        assert_eq!(again.index, first.index);
        if kept > 0 {
            assert_eq!(again.records, first.records, "claim codes are made once");
        }
    }
}

#[test]
fn half_the_records_and_stray_temporary_files_are_completed() {
    let world = World::new();
    let school = world.school("lempira");
    let id = approved(&world, &school);
    let first = school.issue(&id, &world.log).unwrap();
    let folder = school.home.root().join("batches").join(id.as_str());
    fs::remove_file(folder.join("issued.json")).unwrap();
    fs::remove_file(&first.records[1].path).unwrap();
    fs::write(folder.join("records/.0801.json.1-1.tmp"), b"{\"half").unwrap();
    fs::write(folder.join(".issued.json.1-2.tmp"), b"").unwrap();
    let again = school.issue(&id, &world.log).unwrap();
    assert_issued_once(&world, &school, &again, 5);
    assert_eq!(again.records, first.records);
}

#[test]
fn a_folder_in_the_making_is_no_batch() {
    let world = World::new();
    let school = world.school("lempira");
    let batches = school.home.root().join("batches");
    fs::create_dir_all(batches.join(".diploma-2026-11-22-00000000.tmp")).unwrap();
    fs::write(batches.join(".diploma-2026-11-22-00000000.tmp/prepared.jsonl"), b"{").unwrap();
    assert!(batch::list_batches(&school.home).unwrap().is_empty());
    school.run(&Sample::leavers(RECORDS).order(BatchKind::Diploma), &world.log);
}

#[test]
fn a_lost_answer_of_the_log_does_not_double_the_batch() {
    for fault in [Fault::LostBefore, Fault::LostAfter, Fault::NoProofs] {
        let world = World::new();
        let school = world.school("lempira");
        let id = approved(&world, &school);
        // The evidence is fetched first, so that the fault hits the batch itself.
        school.home.refresh_evidence(&world.log).unwrap();
        world.log.fail_next(fault);
        assert_eq!(school.issue(&id, &world.log).unwrap_err().code(), "log_unreachable");
        let folder = school.home.root().join("batches").join(id.as_str());
        assert!(!folder.join("records").exists(), "no record without a proof");
        let issued = school.issue(&id, &world.log).unwrap();
        assert_issued_once(&world, &school, &issued, 5);
    }
}

#[test]
fn a_school_without_a_line_prepares_and_approves_and_issues_later() {
    let world = World::new();
    let school = world.school("lempira");
    world.log.set_offline(true);
    let id = approved_offline(&school);
    assert_eq!(school.issue(&id, &world.log).unwrap_err().code(), "log_unreachable");
    world.log.set_offline(false);
    assert_eq!(school.issue(&id, &world.log).unwrap().records.len(), RECORDS);
}

fn approved_offline(school: &School) -> BatchId {
    let id = school.prepare(&Sample::leavers(RECORDS).order(BatchKind::Diploma)).unwrap().id;
    school.approve(&id).unwrap();
    id
}
