//! What is typed when a ministry burns down, when a log moves, and when a school is offline.

use std::fs;

use crate::office::{Office, Server};
use crate::{accredited, batch_of, records_of, roster};

const SCHOOL_HOME: [&str; 2] = ["--home", "school"];

/// A ministry, a school, and an issued batch with the trust file of that day.
fn issued() -> (Office, String) {
    let office = accredited();
    roster(&office);
    let batch = approved(&office);
    office.ok(&["batch", "issue", &batch, "--home", "school", "--log", "authority"]);
    office.ok(&["authority", "publish"]);
    office.ok(&["trust", "export", "--out", "old.trust.json"]);
    (office, batch)
}

fn approved(office: &Office) -> String {
    let prepare = ["batch", "prepare", "leavers.csv", "--kind", "diploma", "--as-of", "2026-11-22"];
    let batch = batch_of(&office.ok(&[&prepare[..], &SCHOOL_HOME].concat()));
    office.ok(&["batch", "approve", &batch, "--home", "school"]);
    batch
}

fn burn(office: &Office) {
    fs::remove_dir_all(office.path("authority/ledger")).unwrap();
}

#[test]
fn a_destroyed_log_is_brought_back_and_everything_old_still_verifies() {
    let (office, batch) = issued();
    let record = office.first_in(&records_of(&batch));
    office.ok(&["ledger", "export", "--out", "early"]);
    office.ok(&["authority", "key", "--name", "ministry-2"]);
    office.ok(&["authority", "amend", "add-key", "ministry-2", "--from", "2020-01-01"]);
    let exported = office.ok(&["ledger", "export", "--out", "late"]);
    assert!(exported.contains("Wrote the log"), "{exported}");
    assert!(office.ok(&["ledger", "export", "--out", "late"]).contains("were there already"));
    let restore = ["ledger", "restore", "--from", "early", "--from", "late"];
    office.fails(&restore, 1, "log_exists");
    burn(&office);
    office.fails(&["ledger", "export", "--out", "again"], 1, "log_missing");
    office.fails(&["ledger", "restore", "--from", "nowhere"], 1, "restore_no_source");
    office.fails(&["ledger", "fsck"], 1, "log_missing");

    // A copy that is damaged is named; half of a log starts no node.
    let bundle =
        fs::read_dir(office.path("late/tile/entries/000.p")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&bundle).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&bundle, bad).unwrap();
    let told = office.fails(&restore, 1, "restore_incomplete");
    assert!(told.contains("late: its tile/entries/000.p/"), "{told}");
    office.fails(&["authority", "list"], 1, "restore_unfinished");
    fs::write(&bundle, good).unwrap();

    let told = office.ok(&restore);
    assert!(
        told.contains("early: ") && told.contains("cosigned by own") && told.contains("Restored"),
        "{told}"
    );
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
    // The record and the trust file of before, and what is done from now on.
    office.ok(&["verify", &record, "--trust", "old.trust.json"]);
    office.ok(&["authority", "publish"]);
    office.ok(&["trust", "export", "--out", "new.trust.json"]);
    office.ok(&["verify", &record, "--trust", "new.trust.json"]);
    assert!(office.ok(&["authority", "list"]).contains("[accredited]"));
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
}

#[test]
fn a_log_moves_by_file_and_another_authority_does_not_get_it() {
    let (office, _) = issued();
    office.ok(&["ledger", "export", "--out", "moved"]);
    burn(&office);
    office.ok(&["ledger", "import", "moved"]);
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
    let init = ["authority", "init", "--home", "other", "--name", "Ministère", "--country", "SN"];
    let names = ["--did", "did:web:education.example", "--origin", "log.education.example/1", "--url"];
    office.ok(&[&init[..], &names[..], &["https://education.example"]].concat());
    fs::remove_dir_all(office.path("other/ledger")).unwrap();
    office.fails(&["ledger", "import", "moved", "--home", "other"], 1, "restore_no_source");
    office.fails(
        &["ledger", "export", "--from", "moved", "--home", "other", "--out", "x"],
        1,
        "log_of_another",
    );
}

#[test]
fn a_log_is_brought_back_from_a_server_and_never_to_less_than_a_peer_has_seen() {
    let (office, _) = issued();
    office.configure();
    let server = Server::start_only(&office, "ledger");
    let log = format!("{}/log", office.url());
    office.fails(&["ledger", "export", "--out", "copy"], 1, "log_unusable");
    office.ok(&["ledger", "export", "--from", &log, "--out", "copy"]);
    assert!(server.stop().success());
    burn(&office);
    // Nobody answers there any more: who may have seen more must be asked.
    let witness = format!("{}/witness", office.url());
    office.fails(&["ledger", "restore", "--from", "copy", "--ask", &witness], 1, "peer_silent");
    office.ok(&["ledger", "restore", "--from", "copy"]);
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
}

#[test]
fn a_school_that_is_offline_issues_through_a_stick() {
    let office = accredited();
    roster(&office);
    let batch = approved(&office);
    office.ok(&["ledger", "export", "--out", "stick"]);
    let issue = ["batch", "issue", &batch, "--home", "school", "--log", "stick"];
    let waiting = office.fails(&issue, 75, "log_waiting");
    assert!(waiting.contains("matricula ledger sync"), "{waiting}");
    let synced = office.ok(&["ledger", "sync", "stick"]);
    assert!(synced.contains("1 logged, 0 refused"), "{synced}");
    assert!(office.ok(&["ledger", "sync", "stick"]).contains("0 logged"));
    assert!(office.ok(&issue).contains("5 records"));
    assert!(office.ok(&issue).contains("Was issued already"));
    office.ok(&["authority", "publish"]);
    office.ok(&["trust", "export", "--out", "hn.trust.json"]);
    office.ok(&["verify", &records_of(&batch), "--trust", "hn.trust.json"]);
    // The stick has the newest log: a school can read its own standing from it.
    assert!(office.ok(&["authority", "list", "--log", "stick"]).contains("[accredited]"));
}
