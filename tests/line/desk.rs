//! What is typed when records must be corrected, when the ministry itself decides, and when its keys change hands.

use std::fs;

use crate::office::Office;
use crate::{batch_of, founded, records_of};

/// Learners of the roster; the first one's record is revoked by then.
const CORRECTED: &str = "0801-2008-10001";
const SUSPENDED: &str = "0801-2008-10002";

/// Publishes what was asked for, and carries the trust file to the verifier.
fn publish(office: &Office) {
    office.ok(&["authority", "publish", "school/requests"]);
    office.ok(&["trust", "export", "--out", "carried.json"]);
    office.ok(&["trust", "import", "carried.json"]);
}

/// Corrects a record of an issued batch, and verifies the old version and the new one.
pub fn a_correction_says_why_and_since_when(office: &Office, batch: &str) {
    let old = format!("{}/{CORRECTED}.json", records_of(batch));
    let roster = fs::read_to_string(office.path("leavers.csv")).unwrap();
    fs::write(office.path("corrected.csv"), roster.replace("Zeferino", "Severino")).unwrap();
    let correct = ["correct", &old, "corrected.csv", "--as-of", "2026-11-22"];
    let because = |more: &[&'static str]| [&correct[..], more].concat();
    office.exits(&correct, 2);
    office.exits(&because(&["--reason", "issued-in-error"]), 2);
    let why = |date| because(&["--reason", "name-changed", "--effective", date]);
    office.fails(&why("2999-01-01"), 1, "status_effective_in_future");
    office.fails(&why("2026-11-19"), 1, "status_effective_before_award");
    let id = batch_of(&office.ok(&why("2026-11-21")));
    assert_eq!(batch_of(&office.ok(&why("2026-11-21"))), id, "the same correction again is the same batch");
    office.fails(&because(&["--reason", "typing-error"]), 1, "corrected_otherwise");
    office.ok(&["batch", "approve", &id]);
    office.ok(&["batch", "issue", &id, "--log", "authority"]);
    one_bad_request_keeps_no_other_from_being_carried_out(office);
    publish(office);
    let told = office.exits(&["verify", &old, "--trust", "trust", "--json"], 3);
    assert!(told.contains("corrected version since 2026-11-21 (name_changed)"), "{told}");
    office.ok(&["verify", &office.first_in(&records_of(&id)), "--trust", "trust"]);
}

fn one_bad_request_keeps_no_other_from_being_carried_out(office: &Office) {
    fs::write(office.path("school/requests/0-bad.json"), "{}").unwrap();
    let told = office.exits(&["authority", "publish", "school/requests"], 1);
    assert!(told.contains("Not taken: 1 request;") && told.contains("logged at"), "{told}");
    fs::remove_file(office.path("school/requests/0-bad.json")).unwrap();
}

/// Suspends a record by the ministry's own word, and ends that.
pub fn an_order_of_the_authority_is_carried_out(office: &Office, batch: &str) {
    let record = format!("{}/{SUSPENDED}.json", records_of(batch));
    let order =
        |action: &'static str| ["authority", "order", action, record.as_str(), "--reason", "court-order"];
    let from = |date: &'static str| [&order("suspend")[..], &["--effective", date]].concat();
    office.exits(&order("suspend")[..4], 2);
    office.fails(&from("2999-01-01"), 1, "status_effective_in_future");
    office.fails(&from("2019-01-01"), 1, "status_effective_before_award");
    office.fails(&order("reinstate"), 1, "not_suspended");
    office.ok(&from("2026-11-21"));
    office.fails(&order("suspend"), 1, "already_suspended");
    let school_key = [&order("revoke")[..], &["--home", "school"]].concat();
    office.fails(&school_key, 1, "no_such_key");
    publish(office);
    let told = office.exits(&["verify", &record, "--trust", "trust", "--json"], 3);
    assert!(told.contains("suspended since 2026-11-21 (court_order)"), "{told}");
    office.ok(&order("reinstate"));
    publish(office);
    office.ok(&["verify", &record, "--trust", "trust"]);
}

#[test]
fn an_authority_hands_over_to_another_key() {
    let office = founded();
    office.ok(&["authority", "key", "--name", "ministry-2"]);
    let amend = |more: &[&'static str]| [&["authority", "amend"], more].concat();
    let add = amend(&["add-key", "ministry-2", "--from", "2020-01-01"]);
    office.fails(&[&add[..], &["--key", "ministry-2"]].concat(), 1, "unknown_signer");
    assert!(office.ok(&add).contains("added: logged at 1"));
    let end = |key, at| amend(&["end-key", key, "--at", at, "--key", "ministry-2"]);
    office.exits(&end("nobodys-key", "2999-01-01"), 2);
    assert!(office.ok(&end("authority", "2999-01-01")).contains("ended"));
    office.fails(&end("ministry-2", "2999-01-01"), 1, "authority_key_last");
    let listed = office.ok(&["authority", "list"]);
    assert!(listed.contains("until 2999-01-01") && listed.contains("from 2020-01-01"), "{listed}");
    office.fails(&amend(&["rules", "2"]), 1, "rules_unknown");
    // What the second key signs counts from now on.
    office.ok(&["trust", "export", "--key", "ministry-2"]);
}

#[test]
fn a_neighbour_is_recognised_and_no_longer() {
    let office = founded();
    let neighbour = "log.education.example/1";
    let init = ["authority", "init", "--home", "senegal", "--name", "Ministère", "--country", "SN"];
    let names =
        ["--did", "did:web:education.example", "--origin", neighbour, "--url", "https://education.example"];
    office.ok(&[&init[..], &names[..]].concat());
    let recognise =
        |card: &'static str| ["authority", "amend", "recognise", card, "--kinds", "diploma", "--levels", "3"];
    office.exits(&recognise("senegal/card.toml")[..4], 2);
    office.fails(&recognise("senegal/genesis.cose"), 1, "file_not_text");
    assert!(office.ok(&recognise("senegal/card.toml")).contains("Ministère recognised: logged at 1"));
    let listed = office.ok(&["authority", "list"]);
    assert!(listed.contains(&format!("recognises {neighbour}")), "{listed}");
    let end = ["authority", "amend", "end-recognition", neighbour];
    office.ok(&end);
    office.fails(&end, 1, "not_recognised");
}
