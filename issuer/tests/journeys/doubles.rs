//! A learner gets a record of one kind and date once, however the roster was saved.

use std::fs;

use matricula_issuer::batch::{self, BatchError, BatchKind, LearnerProblems, RosterDigest};
use matricula_issuer::roster::Finding;

use crate::corrections::{correct, corrected};
use crate::world::{Order, Sample, School, World, head, later, read};

const ROSTER: &str = "honduras-leavers-2026.csv";

fn doubles(school: &School, order: &Order<'_>) -> LearnerProblems {
    match school.prepare(order) {
        Err(BatchError::LearnersIssuedBefore { doubles }) => doubles,
        other => panic!("not refused for doubles: {other:?}"),
    }
}

fn lines(problems: &LearnerProblems) -> Vec<(u64, &'static str)> {
    problems.listed().iter().map(|listed| (listed.problem.line(), listed.problem.code())).collect()
}

#[test]
fn a_roster_saved_anew_in_another_order_or_in_part_is_refused_line_by_line() {
    let world = World::new();
    let school = world.school("lempira");
    let first = school.run(&Sample::lines(ROSTER, &[1, 2, 3]).order(BatchKind::Diploma), &world.log);
    let other_ends = Sample::of(&head(&read(ROSTER), 3).replace('\n', "\r\n"), None);
    let others = [
        (other_ends, vec![2, 3, 4]),
        (Sample::lines(ROSTER, &[3, 2, 1]), vec![2, 3, 4]),
        (Sample::lines(ROSTER, &[2]), vec![2]),
        // Two who have a diploma and two who have none.
        (Sample::lines(ROSTER, &[4, 1, 5, 3]), vec![3, 5]),
    ];
    let entries = world.log.all_entries().len();
    for (sample, want) in others {
        let problems = doubles(&school, &sample.order(BatchKind::Diploma));
        assert_eq!(lines(&problems), want.iter().map(|line| (*line, "issued_before")).collect::<Vec<_>>());
        assert_eq!(problems.count(), want.len());
        for listed in problems.listed() {
            assert_eq!((listed.file, listed.problem.column()), (0, "learner_no"));
            assert_eq!(*listed.problem.finding(), Finding::IssuedBefore { batch: first.id.to_string() });
            assert!(listed.problem.remedy().contains("matricula correct"), "{}", listed.problem.remedy());
        }
    }
    assert_eq!(batch::list_batches(&school.home).unwrap().len(), 1);
    assert_eq!(world.log.all_entries().len(), entries);
    // Those who have none get theirs.
    school.run(&Sample::lines(ROSTER, &[4, 5]).order(BatchKind::Diploma), &world.log);
}

#[test]
fn a_second_one_that_is_wanted_is_issued_and_the_command_resumes() {
    let world = World::new();
    let school = world.school("lempira");
    school.run(&Sample::leavers(3).order(BatchKind::Diploma), &world.log);
    let sample = Sample::lines(ROSTER, &[2, 1]);
    let again = Order { again: true, ..sample.order(BatchKind::Diploma) };
    let prepared = school.prepare_at(&again, later(60)).unwrap();
    assert!(prepared.created);
    let resumed = school.prepare_at(&again, later(61)).unwrap();
    assert_eq!((resumed.id, resumed.created), (prepared.id, false));
}

#[test]
fn a_batch_that_waits_or_was_issued_counts_and_one_that_was_thrown_away_does_not() {
    let world = World::new();
    let school = world.school("lempira");
    let (sample, anew) = (Sample::lines(ROSTER, &[1, 2]), Sample::lines(ROSTER, &[2, 1]));
    let order = sample.order(BatchKind::Diploma);
    let anew = anew.order(BatchKind::Diploma);
    let prepared = school.prepare(&order).unwrap().id;
    assert_eq!(lines(&doubles(&school, &anew)), [(2, "prepared_before"), (3, "prepared_before")]);
    school.approve(&prepared).unwrap();
    assert_eq!(lines(&doubles(&school, &anew)), [(2, "prepared_before"), (3, "prepared_before")]);
    batch::discard(&school.home, &prepared).unwrap();
    let second = school.prepare(&anew).unwrap().id;
    batch::discard(&school.home, &second).unwrap();
    school.run(&order, &world.log);
    assert_eq!(lines(&doubles(&school, &anew)), [(2, "issued_before"), (3, "issued_before")]);
}

#[test]
fn another_kind_or_another_date_is_another_record() {
    let world = World::new();
    let school = world.school("lempira");
    school.run(&Sample::leavers(2).order(BatchKind::Diploma), &world.log);
    school.prepare(&Sample::lines(ROSTER, &[2, 1]).order(BatchKind::Completion)).unwrap();
    let earlier = head(&read(ROSTER), 2).replace("2026-11-20", "2025-11-20");
    assert_ne!(earlier, head(&read(ROSTER), 2));
    school.prepare(&Sample::of(&earlier, None).order(BatchKind::Diploma)).unwrap();
}

#[test]
fn a_number_under_another_name_is_told_apart_and_a_corrected_name_is_known() {
    let world = World::new();
    let school = world.school("lempira");
    let first = school.run(&Sample::leavers(3).order(BatchKind::Diploma), &world.log);
    let renamed = Sample::of(&head(&read(ROSTER), 1).replace("Ofelia", "Ofélia María"), None);
    let problems = doubles(&school, &renamed.order(BatchKind::Diploma));
    assert_eq!(lines(&problems), [(2, "learner_no_of_another")]);
    let person = "Ofelia Santiago Granados, born 2007-03-16".to_owned();
    let want = Finding::NumberOfAnother { batch: first.id.to_string(), person };
    assert_eq!(*problems.listed()[0].problem.finding(), want);
    // The documented way.
    let record = fs::read(&first.records[0].path).unwrap();
    let correction = correct(&school, &record, &corrected(), later(60)).unwrap().id;
    school.approve(&correction).unwrap();
    school.issue(&correction, &world.log).unwrap();
    let problems = doubles(&school, &renamed.order(BatchKind::Diploma));
    assert_eq!(lines(&problems), [(2, "issued_before")]);
    assert_eq!(
        *problems.listed()[0].problem.finding(),
        Finding::IssuedBefore { batch: first.id.to_string() }
    );
}

#[test]
fn a_damaged_earlier_batch_is_named_and_not_passed_over() {
    let world = World::new();
    let school = world.school("lempira");
    let first = school.run(&Sample::leavers(2).order(BatchKind::Diploma), &world.log);
    let prepared = school.home.root().join("batches").join(first.id.as_str()).join("prepared.jsonl");
    fs::write(&prepared, b"{\"learnerNo\": 1}\n").unwrap();
    let refused = school.prepare(&Sample::lines(ROSTER, &[2, 1]).order(BatchKind::Diploma)).unwrap_err();
    assert_eq!(refused.code(), "file_damaged");
    assert!(refused.to_string().contains("prepared.jsonl is damaged: line 1"), "{refused}");
}

#[test]
fn a_roster_is_all_its_files_in_any_order() {
    let (learners, results) = (b"learners".as_slice(), b"results".as_slice());
    let both = RosterDigest::of_files([learners, results]);
    assert_eq!(RosterDigest::of_files([results, learners]), both);
    assert_eq!(RosterDigest::of_files([learners]), RosterDigest::of(learners));
    assert_ne!(RosterDigest::of_files([learners]), both);
    assert_ne!(RosterDigest::of_files([learners, b"other results"]), both);
}
