//! What is typed when a school is offline, when a ministry burns down, and when its log moves.

use std::fs;

use crate::office::{Office, Server};
use crate::{accredited, batch_of, records_of, roster};

#[test]
fn a_log_is_reached_by_stick_lost_brought_back_and_moved() {
    let office = accredited();
    let batch = a_school_that_is_offline_issues_through_a_stick(&office);
    everything_old_verifies_on_a_log_that_was_brought_back(&office, &batch);
    a_log_moves_by_file_and_not_to_another_authority(&office);
    a_running_log_is_copied_and_nothing_less_than_was_seen_is_restored(&office);
}

fn a_school_that_is_offline_issues_through_a_stick(office: &Office) -> String {
    roster(office);
    let prepare = ["batch", "prepare", "leavers.csv", "--kind", "diploma", "--as-of", "2026-11-22"];
    let batch = batch_of(&office.ok(&[&prepare[..], &["--home", "school"]].concat()));
    office.ok(&["batch", "approve", &batch, "--home", "school"]);
    assert!(office.ok(&["ledger", "export", "--out", "stick"]).contains("Wrote the log"));
    let issue = ["batch", "issue", &batch, "--home", "school", "--log", "stick"];
    let waiting = office.fails(&issue, 75, "log_waiting");
    assert!(waiting.contains("matricula ledger sync"), "{waiting}");
    let synced = office.ok(&["ledger", "sync", "stick"]);
    assert!(synced.contains("1 logged, 0 refused"), "{synced}");
    assert!(office.ok(&["ledger", "sync", "stick"]).contains("0 logged"));
    assert!(office.ok(&issue).contains("5 records"));
    assert!(office.ok(&issue).contains("Was issued already"));
    batch
}

fn burn(office: &Office) {
    fs::remove_dir_all(office.path("authority/ledger")).unwrap();
}

fn everything_old_verifies_on_a_log_that_was_brought_back(office: &Office, batch: &str) {
    let record = office.first_in(&records_of(batch));
    office.ok(&["authority", "publish"]);
    office.ok(&["trust", "export", "--out", "old.trust.json"]);
    office.ok(&["ledger", "export", "--out", "late"]);
    assert!(office.ok(&["ledger", "export", "--out", "late"]).contains("were there already"));
    let restore = ["ledger", "restore", "--from", "stick", "--from", "late"];
    office.fails(&restore, 1, "log_exists");
    burn(office);
    // Meanwhile a copy is as good as the log for whoever only reads.
    office.ok(&["trust", "export", "--log", "late", "--out", "meanwhile.trust.json"]);
    office.ok(&["verify", &record, "--trust", "meanwhile.trust.json"]);
    office.fails(&["ledger", "export", "--out", "again"], 1, "log_missing");
    office.fails(&["ledger", "fsck"], 1, "log_missing");
    office.fails(&["ledger", "restore", "--from", "nowhere"], 1, "restore_no_source");
    let told = office.fails(&["ledger", "restore"], 1, "restore_no_source");
    assert!(told.contains("--from"), "{told}");

    // A copy that is damaged is named; a log that is half there begins no new one.
    let bundle = office.path(&office.first_in("late/tile/entries/000.p"));
    let good = fs::read(&bundle).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&bundle, bad).unwrap();
    let told = office.fails(&restore, 1, "restore_incomplete");
    assert!(told.contains("late: its tile/entries/000.p/"), "{told}");
    office.fails(&["authority", "list"], 1, "restore_unfinished");
    fs::write(&bundle, good).unwrap();

    let told = office.ok(&restore);
    assert!(told.contains("stick: ") && told.contains("cosigned by own"), "{told}");
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
    // The record and the trust file of before, and those of now.
    office.ok(&["verify", &record, "--trust", "old.trust.json"]);
    office.ok(&["trust", "export", "--out", "new.trust.json"]);
    office.ok(&["verify", &record, "--trust", "new.trust.json"]);
}

fn a_log_moves_by_file_and_not_to_another_authority(office: &Office) {
    office.ok(&["ledger", "export", "--out", "late"]);
    burn(office);
    office.ok(&["ledger", "import", "late"]);
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
    let init = ["authority", "init", "--home", "other", "--name", "Ministère", "--country", "SN"];
    let names = ["--did", "did:web:education.example", "--origin", "log.education.example/1", "--url"];
    office.ok(&[&init[..], &names[..], &["https://education.example"]].concat());
    // A log whose key is lost is followed by another one, which says so before anything else.
    let succeed = ["ledger", "succeed", "--card", "authority/card.toml", "--from", "late", "--home"];
    let told = office.ok(&[&succeed[..], &["other"]].concat());
    assert!(
        told.contains("log.education.example/1 now follows log.educacion.example/1, which ended with"),
        "{told}"
    );
    assert!(office.ok(&[&succeed[..], &["other"]].concat()).contains("follows already"));
    office.fails(&[&succeed[..], &["authority"]].concat(), 1, "successor_same_origin");
    office.ok(&["ledger", "export", "--home", "other", "--out", "o"]);
    office.fails(&["ledger", "succeed", "--card", "other/card.toml", "--from", "o"], 1, "successor_not_new");
    fs::remove_dir_all(office.path("other/ledger")).unwrap();
    office.fails(&["ledger", "import", "late", "--home", "other"], 1, "restore_no_source");
    office.fails(
        &["ledger", "export", "--from", "late", "--home", "other", "--out", "x"],
        1,
        "log_of_another",
    );
}

fn a_running_log_is_copied_and_nothing_less_than_was_seen_is_restored(office: &Office) {
    office.configure();
    let server = Server::start_only(office, "ledger");
    office.fails(&["ledger", "export", "--out", "copy"], 1, "log_unusable");
    office.ok(&["ledger", "export", "--from", &format!("{}/log", office.url()), "--out", "copy"]);
    assert!(server.stop().success());
    burn(office);
    // Nobody answers there any more, and whoever may have seen more must be asked.
    let witness = format!("{}/witness", office.url());
    office.fails(&["ledger", "restore", "--from", "copy", "--ask", &witness], 1, "peer_silent");
    // The peers of the node are its sources when none is named; these are gone.
    let peer = ["node", "peer", "add", "authority/card.toml", "--ask", "mirror,witness", "--home", "other"];
    office.ok(&peer);
    office.fails(&["ledger", "restore", "--home", "other"], 1, "peer_silent");
    office.ok(&["ledger", "restore", "--from", "copy"]);
    assert!(office.ok(&["ledger", "fsck"]).contains("sound"));
}
