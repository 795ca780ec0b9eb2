//! What a school may issue is asked before anybody signs, and the door decides all the same.

use std::fs;

use matricula_credential::record::PortableRecord;
use matricula_issuer::authority::Withdraw;
use matricula_issuer::batch::{self, BatchError, BatchKind, BatchState};
use matricula_registry::{
    Body, CredentialKind, FieldPrefix, IscedLevel, Jurisdiction, Mandate, Period, Scope, Statement,
};

use crate::world::{Order, Sample, School, World, decree, head, moment, read, since_2019, text};

const ROSTER: &str = "honduras-leavers-2026.csv";

fn scope(kind: CredentialKind, level: u8, fields: &[&str]) -> Scope {
    let fields = fields.iter().map(|field| FieldPrefix::parse(field).unwrap());
    let level = IscedLevel::new(level).unwrap();
    Scope::new([kind], [level], fields, Jurisdiction::parse("HN").unwrap()).unwrap()
}

fn accredited_for(world: &World, scope: Scope) -> School {
    let school = world.found_school("lempira");
    world.accredit_for(&school, scope);
    world.equip(&school);
    school
}

fn refused(school: &School, order: &Order<'_>) -> (String, Vec<(u64, String)>) {
    match school.prepare(order) {
        Err(BatchError::NotEntitled { refusal, learners }) => {
            let line = |listed: &batch::LearnerProblem| {
                assert_eq!(listed.problem.code(), "outside_accreditation");
                (listed.problem.line(), listed.problem.column().to_owned())
            };
            (refusal.code().to_owned(), learners.listed().iter().map(line).collect())
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_kind_or_level_that_is_not_granted_is_refused_before_anything_is_made() {
    let world = World::new();
    let school = accredited_for(&world, scope(CredentialKind::DIPLOMA, 3, &[]));
    let sample = Sample::leavers(2);
    let (code, lines) = refused(&school, &sample.order(BatchKind::Completion));
    assert_eq!((code.as_str(), lines.len()), ("scope_exceeded", 0), "it is about all of them");
    let other_level = Sample::of(&head(&read(ROSTER), 1).replace(",3,344,", ",2,244,"), None);
    let (code, _) = refused(&school, &other_level.order(BatchKind::Diploma));
    assert_eq!(code, "scope_exceeded");
    assert!(batch::list_batches(&school.home).unwrap().is_empty());
    assert_eq!(school.home.status_indexes_left().unwrap(), 700);
    school.run(&sample.order(BatchKind::Diploma), &world.log);
}

#[test]
fn a_field_that_is_not_granted_is_refused_with_its_lines() {
    let world = World::new();
    let all = read(ROSTER);
    let header: Vec<&str> = all.lines().next().unwrap().split(',').collect();
    let column = header.iter().position(|name| *name == "isced_f").unwrap();
    let field = |line: usize| all.lines().nth(line).unwrap().split(',').nth(column).unwrap().to_owned();
    let other = (2..=300).find(|line| field(*line) != field(1)).unwrap();
    let school = accredited_for(&world, scope(CredentialKind::DIPLOMA, 3, &[&field(1)]));
    let sample = Sample::lines(ROSTER, &[1, other]);
    let (code, lines) = refused(&school, &sample.order(BatchKind::Diploma));
    assert_eq!(code, "scope_exceeded");
    assert_eq!(lines, [(3, "isced_f".to_owned())]);
    school.run(&Sample::lines(ROSTER, &[1]).order(BatchKind::Diploma), &world.log);
}

#[test]
fn dates_of_a_suspension_are_refused_with_their_lines() {
    let world = World::new();
    let school = world.school("lempira");
    let order = Withdraw {
        institution: school.home.profile().did.clone(),
        effective: Period::new(moment("2025-06-01T00:00:00Z"), Some(moment("2026-02-01T00:00:00Z"))).unwrap(),
        reason: text("inspection"),
        legal: decree(),
        custodian: None,
    };
    world.desk().suspend(&order).unwrap();
    let csv = head(&read(ROSTER), 2);
    let (first, second) = csv.trim_end().rsplit_once('\n').unwrap();
    let mixed = format!("{first}\n{}\n", second.replace("2026-11-20", "2025-11-20"));
    let sample = Sample::of(&mixed, None);
    // It does not know yet: the door does.
    let id = school.prepare(&sample.order(BatchKind::Diploma)).unwrap().id;
    school.approve(&id).unwrap();
    assert_eq!(school.issue(&id, &world.log).unwrap_err().code(), "suspended");
    batch::discard(&school.home, &id).unwrap();
    let (code, lines) = refused(&school, &sample.order(BatchKind::Diploma));
    assert_eq!((code.as_str(), lines), ("suspended", vec![(3, "completion_date".to_owned())]));
}

#[test]
fn a_school_that_has_not_read_the_log_is_told_so() {
    let world = World::new();
    let school = world.found_school("lempira");
    world.accredit(&school);
    let order = Sample::leavers(1);
    let order = order.order(BatchKind::Diploma);
    assert!(school.home.evidence_read_at().is_none());
    assert!(matches!(school.prepare(&order).unwrap_err(), BatchError::EvidenceMissing));
    world.equip(&school);
    assert!(school.home.evidence_read_at().is_some());
    school.prepare(&order).unwrap();
}

/// Morazan was revoked today from 2026-11-01; Lempira is its custodian.
fn custody(world: &World) -> (School, School) {
    let (lempira, morazan) = (world.school("lempira"), world.school("morazan"));
    let order = Withdraw {
        institution: morazan.home.profile().did.clone(),
        effective: Period::new(moment("2026-11-01T00:00:00Z"), None).unwrap(),
        reason: text("premises closed"),
        legal: decree(),
        custodian: Some(Mandate { holder: lempira.home.profile().did.clone(), until: None }),
    };
    world.desk().revoke(&order).unwrap();
    (lempira, morazan)
}

#[test]
fn a_custodian_issues_on_behalf_of_a_closed_school() {
    let world = World::new();
    let (lempira, morazan) = custody(&world);
    let closed = morazan.home.profile().did.clone();
    let sample = Sample::leavers(2);
    let order = Order { on_behalf_of: Some(closed.clone()), ..sample.order(BatchKind::Diploma) };
    // The mandate stands in the log; the school has to have read it.
    let (code, _) = refused(&lempira, &order);
    assert_eq!(code, "no_mandate");
    lempira.home.refresh_evidence(&world.log).unwrap();
    let prepared = lempira.prepare(&order).unwrap();
    assert_eq!(lempira.prepare(&order).unwrap().id, prepared.id);
    let preview = batch::preview(&lempira.home, &prepared.id, &mut |_| {}).unwrap();
    assert_eq!(preview.on_behalf_of.as_ref(), Some(&closed));
    assert_eq!(lempira.approve(&prepared.id).unwrap().on_behalf_of.as_ref(), Some(&closed));
    let issued = lempira.issue(&prepared.id, &world.log).unwrap();
    let record = PortableRecord::parse(&fs::read(&issued.records[0].path).unwrap()).unwrap();
    let evidence = record.evidence.unwrap();
    let Body::Batch(batch) = Statement::parse(&evidence.batch.statement).unwrap().body().clone() else {
        panic!("not a batch")
    };
    assert_eq!(batch.on_behalf_of.as_ref(), Some(&closed));
    // Two grants, the revocation that names the custodian, and the words about two keys.
    assert_eq!(evidence.accreditation.len(), 5);
    // Its own learners of the same numbers are others.
    assert!(lempira.prepare(&sample.order(BatchKind::Diploma)).unwrap().created);
    let own = lempira.run(&Sample::lines(ROSTER, &[7]).order(BatchKind::Diploma), &world.log);
    let own = PortableRecord::parse(&fs::read(&own.records[0].path).unwrap()).unwrap();
    assert_eq!(own.evidence.unwrap().accreditation.len(), 3, "nothing of the other school");
}

#[test]
fn nobody_prepares_on_behalf_of_a_school_that_does_not_name_him() {
    let world = World::new();
    let (_, morazan) = custody(&world);
    let stranger = world.school("choluteca");
    stranger.home.refresh_evidence(&world.log).unwrap();
    let sample = Sample::leavers(2);
    let order =
        Order { on_behalf_of: Some(morazan.home.profile().did.clone()), ..sample.order(BatchKind::Diploma) };
    assert_eq!(refused(&stranger, &order).0, "no_mandate");
}

#[test]
fn a_custodian_cannot_date_a_record_after_the_end_of_the_school() {
    let world = World::new();
    let (lempira, morazan) = custody(&world);
    lempira.home.refresh_evidence(&world.log).unwrap();
    world.log.set_clock(moment("2026-12-10T12:00:00Z"));
    let late = head(&read(ROSTER), 1).replace("2026-11-20", "2026-12-01");
    let checked = Sample::checked_on(&late, jiff::civil::date(2026, 12, 10));
    let order =
        Order { on_behalf_of: Some(morazan.home.profile().did.clone()), ..checked.order(BatchKind::Diploma) };
    match lempira.prepare_at(&order, moment("2026-12-10T12:00:00Z")) {
        Err(BatchError::NotEntitled { refusal, .. }) => assert_eq!(refusal.code(), "revoked"),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn what_is_shown_before_the_approval_is_checked_like_the_approval() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    let mut checked = 0;
    let preview = batch::preview(&school.home, &id, &mut |progress| checked = progress.done).unwrap();
    assert_eq!((preview.rows.len(), checked, preview.state), (2, 2, BatchState::Prepared));
    assert!(since_2019().contains(preview.prepared));
}
