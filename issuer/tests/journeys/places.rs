//! Places in the status lists: each is used once, and none is lost to a command that was killed.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use matricula_issuer::batch::{self, BatchId, BatchKind, PrepareBatch};
use matricula_issuer::progress::Progress;
use serde_json::Value;

use crate::world::{Order, Sample, School, World, now};

const ROSTER: &str = "honduras-leavers-2026.csv";
const PLACES: usize = 700;

fn places_of(school: &School, id: &BatchId) -> BTreeSet<String> {
    let path = school.home.root().join("batches").join(id.as_str()).join("prepared.jsonl");
    let lines = fs::read_to_string(path).unwrap();
    let place = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["credential"]["credentialStatus"][0]["statusListIndex"].to_string()
    };
    lines.lines().map(place).collect()
}

fn prepare_until_killed(school: &School, order: &Order<'_>, deadline: usize) -> Option<BatchId> {
    let reports = Cell::new(0);
    let mut listener = |_: Progress| {
        reports.set(reports.get() + 1);
        assert!(reports.get() != deadline, "killed");
    };
    let order = PrepareBatch {
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
    let run = AssertUnwindSafe(|| batch::prepare(&school.home, &order, &mut listener).unwrap().id);
    catch_unwind(run).ok()
}

#[test]
fn killed_at_any_report_a_preparation_loses_no_place() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let sample = Sample::leavers(3);
    let order = sample.order(BatchKind::Diploma);
    let mut deadline = 1;
    let lived = loop {
        let world = World::new();
        let school = world.school("lempira");
        let lived = prepare_until_killed(&school, &order, deadline).is_some();
        let id = school.prepare(&order).unwrap().id;
        assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 3, "killed at {deadline}");
        assert_eq!(places_of(&school, &id).len(), 3);
        let other = school.prepare(&Sample::lines(ROSTER, &[4, 5]).order(BatchKind::Diploma)).unwrap().id;
        assert!(places_of(&school, &id).is_disjoint(&places_of(&school, &other)), "killed at {deadline}");
        assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 5);
        if lived {
            break deadline;
        }
        deadline += 1;
    };
    std::panic::set_hook(quiet);
    assert!(lived > 5, "only {lived} reports");
}

#[test]
fn a_preparation_that_fails_gives_its_places_back() {
    let world = World::new();
    let school = world.school("lempira");
    school.prepare(&Sample::leavers(2).order(BatchKind::Transcript)).unwrap_err();
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES);
}

#[test]
fn a_batch_thrown_away_before_approval_is_deleted_and_gives_its_places_back() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(3).order(BatchKind::Diploma)).unwrap().id;
    let given_back = places_of(&school, &id);
    batch::discard(&school.home, &id).unwrap();
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES);
    assert_eq!(fs::read_dir(school.home.root().join("batches")).unwrap().count(), 0, "no signature is left");
    let next = school.prepare(&Sample::leavers(4).order(BatchKind::Diploma)).unwrap().id;
    assert!(places_of(&school, &next).is_superset(&given_back));
    let other = school.prepare(&Sample::lines(ROSTER, &[5, 6]).order(BatchKind::Diploma)).unwrap().id;
    assert!(places_of(&school, &next).is_disjoint(&places_of(&school, &other)));
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 6);
}

#[test]
fn an_approved_batch_thrown_away_keeps_its_places() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(3).order(BatchKind::Diploma)).unwrap().id;
    let used = places_of(&school, &id);
    school.approve(&id).unwrap();
    batch::discard(&school.home, &id).unwrap();
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 3);
    let next = school.prepare(&Sample::leavers(3).order(BatchKind::Diploma)).unwrap().id;
    assert!(places_of(&school, &next).is_disjoint(&used));
}

#[test]
fn a_changed_batch_thrown_away_gives_nothing_back() {
    let world = World::new();
    let school = world.school("lempira");
    let kept = school.prepare(&Sample::leavers(1).order(BatchKind::Diploma)).unwrap().id;
    let id = school.prepare(&Sample::lines(ROSTER, &[2]).order(BatchKind::Diploma)).unwrap().id;
    let path = |id: &BatchId| school.home.root().join("batches").join(id.as_str()).join("prepared.jsonl");
    fs::copy(path(&kept), path(&id)).unwrap();
    batch::discard(&school.home, &id).unwrap();
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 2);
}

#[test]
fn killed_while_throwing_away_the_batch_is_there_or_its_places_are_free() {
    let world = World::new();
    let school = world.school("lempira");
    let id = school.prepare(&Sample::leavers(2).order(BatchKind::Diploma)).unwrap().id;
    let (batches, used) = (school.home.root().join("batches"), school.home.root().join("status/used.json"));
    let settled: Value = serde_json::from_slice(&fs::read(&used).unwrap()).unwrap();
    let list = format!("{}/status/1", world.authority.profile().base_url.as_str());
    let numbers: Vec<u32> =
        places_of(&school, &id).iter().map(|place| place.trim_matches('"').parse().unwrap()).collect();
    let mut noted = settled;
    noted["reserved"] = serde_json::json!({ "batch": id.as_str(), "places": { list: numbers } });
    // After the note and before the folder has another name.
    fs::write(&used, noted.to_string()).unwrap();
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 2);
    // After the folder has another name.
    fs::rename(batches.join(id.as_str()), batches.join(format!(".{id}.tmp"))).unwrap();
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES);
    let next = school.prepare(&Sample::leavers(3).order(BatchKind::Diploma)).unwrap().id;
    assert_eq!(school.home.status_indexes_left().unwrap(), PLACES - 3);
    assert_eq!(fs::read_dir(&batches).unwrap().count(), 1, "only {next}");
}
