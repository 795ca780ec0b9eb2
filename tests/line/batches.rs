//! What is typed when learners come twice, when places run out, and for a school that is no more.

use std::fs;

use crate::office::Office;
use crate::{SCHOOL, accredited, batch_of, roster};

const MORAZAN: &str = "did:web:educacion.example:schools:morazan";

const PREPARE: [&str; 7] = ["batch", "prepare", "leavers.csv", "--kind", "diploma", "--as-of", "2026-11-22"];

fn prepare<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&PREPARE[..], more].concat()
}

fn approve_and_issue(office: &Office, batch: &str) {
    assert!(office.ok(&["batch", "approve", batch]).contains("canonicalising"));
    office.ok(&["batch", "issue", batch, "--log", "authority"]);
}

#[test]
fn a_learner_gets_a_second_record_only_when_it_is_asked_for() {
    let office = accredited();
    roster(&office);
    let batch = batch_of(&office.ok(&prepare(&[])));
    approve_and_issue(&office, &batch);
    assert!(office.fails(&prepare(&[]), 1, "issued_before").contains("--again"));
    let saved = fs::read_to_string(office.path("leavers.csv")).unwrap();
    let lines: Vec<&str> = saved.lines().collect();
    let anew = [lines[0], lines[2], lines[1]].join("\r\n");
    fs::write(office.path("leavers.csv"), &anew).unwrap();
    let told = office.fails(&prepare(&[]), 1, "learners_issued_before");
    for line in ["leavers.csv:2: error: learner_no \"0801-2008-10001\"", "leavers.csv:3: error: learner_no"] {
        assert!(told.contains(line), "{told}");
    }
    assert!(told.contains(&batch) && told.contains("[issued_before]"), "{told}");
    fs::write(office.path("leavers.csv"), anew.replace("Ofelia", "Ofélia")).unwrap();
    let told = office.fails(&prepare(&[]), 1, "learners_issued_before");
    assert!(told.contains("Ofelia Santiago Granados") && told.contains("[learner_no_of_another]"), "{told}");
    assert_eq!(office.ok(&["batch", "list"]).lines().count(), 1);
    let second = batch_of(&office.ok(&prepare(&["--again"])));
    assert_eq!(batch_of(&office.ok(&prepare(&["--again"]))), second);
}

#[test]
fn a_school_is_told_before_anybody_signs_what_it_may_not_issue_and_what_it_lacks() {
    let office = accredited();
    roster(&office);
    let completion: Vec<&str> =
        prepare(&[]).into_iter().map(|word| if word == "diploma" { "completion" } else { word }).collect();
    let told = office.fails(&completion, 1, "scope_exceeded");
    assert!(told.contains("ask the authority") && told.contains("--log"), "{told}");
    let all = include_str!("../samples/rosters/honduras-leavers-2026.csv");
    fs::write(office.path("many.csv"), all.lines().take(31).collect::<Vec<_>>().join("\n")).unwrap();
    let many: Vec<&str> =
        prepare(&[]).into_iter().map(|word| if word == "leavers.csv" { "many.csv" } else { word }).collect();
    let told = office.fails(&many, 1, "status_indexes_used_up");
    let command = format!("matricula authority allot {SCHOOL} --count 10 --further --out places.json");
    assert!(
        told.contains("places on the status list") || told.contains("place on the status list"),
        "{told}"
    );
    assert!(told.contains(&command) && told.contains("matricula school allotment places.json"), "{told}");
    // The same request again books nothing; a further one does.
    let allot = |count: &'static str, out: &'static str| {
        vec!["authority", "allot", SCHOOL, "--count", count, "--out", out]
    };
    assert!(office.ok(&allot("20", "same.json")).contains("already"));
    let read = |name: &str| fs::read(office.path(name)).unwrap();
    assert_eq!(read("same.json"), read("places.json"));
    office.ok(&allot("20", "places.json"));
    office.fails(&[&allot("20", "places.json")[..], &["--further"]].concat(), 1, "file_exists");
    office.fails(&allot("10", "leavers.csv"), 1, "file_exists");
    office.ok(&[&allot("20", "further.json")[..], &["--further"]].concat());
    assert_ne!(read("further.json"), read("places.json"));
    let taken = office.ok(&["school", "allotment", "further.json", "--log", "authority"]);
    assert!(taken.contains("40"), "{taken}");
    office.ok(&many);
}

#[test]
fn a_custodian_issues_for_the_learners_of_a_closed_school() {
    let office = accredited();
    roster(&office);
    let decree = ["--decree-title", "Acuerdo 77", "--decree", "decree.pdf"];
    let card = "authority/card.toml";
    office.ok(&["school", "init", "--home", "m", "--name", "Morazán", "--did", MORAZAN, "--authority", card]);
    office.ok(&["school", "apply", "--home", "m", "--role", "issue", "--out", "m.json"]);
    let accredit =
        ["authority", "accredit", "m.json", "--kinds", "diploma", "--levels", "3", "--from", "2015-02-01"];
    office.ok(&[&accredit[..], &decree].concat());
    let on_behalf = prepare(&["--on-behalf-of", MORAZAN]);
    office.fails(&on_behalf, 1, "no_mandate");
    let revoke = ["authority", "revoke", MORAZAN, "--from", "2026-11-01", "--reason", "premises closed"];
    office.ok(&[&revoke[..], &["--custodian", SCHOOL], &decree].concat());
    assert!(office.fails(&on_behalf, 1, "no_mandate").contains("--log"), "it has not read the log since");
    let batch = batch_of(&office.ok(&[&on_behalf[..], &["--log", "authority"]].concat()));
    assert!(office.ok(&["batch", "show", &batch]).contains(MORAZAN));
    assert!(office.ok(&["batch", "approve", &batch]).contains(MORAZAN));
    office.ok(&["batch", "issue", &batch, "--log", "authority"]);
    office.ok(&["authority", "publish"]);
    office.ok(&["trust", "export", "--out", "hn.trust.json"]);
    let records = format!("school/batches/{batch}/records");
    let told = office.ok(&["verify", &records, "--trust", "hn.trust.json", "--csv"]);
    assert!(told.contains("signed_by_custodian"), "{told}");
}
