//! The whole line through the product, as people type it: real processes, real files, a real socket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod bad_input;
mod batches;
mod desk;
mod neighbours;
mod office;
mod operations;
mod recovery;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use office::{Office, Server};
use serde_json::{Value, json};

/// A ministry.
fn founded() -> Office {
    let office = Office::new();
    let url = office.url();
    office.ok(&[
        "authority",
        "init",
        "--home",
        "authority",
        "--name",
        "Secretaría de Educación",
        "--country",
        "HN",
        "--did",
        "did:web:educacion.example",
        "--origin",
        "log.educacion.example/1",
        "--url",
        &url,
    ]);
    office
}

/// A ministry with an accredited school that has places in the status list.
fn accredited() -> Office {
    let office = founded();
    office.ok(&[
        "school",
        "init",
        "--home",
        "school",
        "--name",
        "Instituto Lempira",
        "--did",
        SCHOOL,
        "--authority",
        "authority/card.toml",
    ]);
    fs::write(office.path("decree.pdf"), b"Acuerdo 1234").unwrap();
    for role in ["issue", "approve", "bind"] {
        if role != "issue" {
            office.ok(&["school", "key", "--home", "school", "--role", role]);
        }
        let application = format!("{role}.json");
        office.ok(&["school", "apply", "--home", "school", "--role", role, "--out", &application]);
        office.ok(&[
            "authority",
            "accredit",
            &application,
            "--kinds",
            "diploma",
            "--levels",
            "3",
            "--from",
            "2015-02-01",
            "--decree-title",
            "Acuerdo 1234",
            "--decree",
            "decree.pdf",
            "--home",
            "authority",
        ]);
    }
    office.ok(&[
        "authority",
        "allot",
        SCHOOL,
        "--count",
        "20",
        "--out",
        "places.json",
        "--home",
        "authority",
    ]);
    office.ok(&["school", "allotment", "places.json", "--home", "school", "--log", "authority"]);
    office
}

const SCHOOL: &str = "did:web:educacion.example:schools:lempira";

/// Five leavers of the shipped roster.
fn roster(office: &Office) {
    let all = include_str!("../samples/rosters/honduras-leavers-2026.csv");
    let five: Vec<&str> = all.lines().take(6).collect();
    fs::write(office.path("leavers.csv"), five.join("\n")).unwrap();
}

fn records_of(batch: &str) -> String {
    format!("school/batches/{batch}/records")
}

/// The file of a request that a command has just made.
fn request_in(printed: &str) -> &str {
    printed.split_whitespace().find(|word| word.contains("requests/")).unwrap().trim_end_matches('.')
}

fn batch_of(printed: &str) -> String {
    printed
        .split_whitespace()
        .skip_while(|word| *word != "batch")
        .nth(1)
        .unwrap()
        .trim_end_matches('.')
        .to_owned()
}

#[test]
fn from_accreditation_to_an_offline_verdict_and_back() {
    let office = accredited();
    roster(&office);
    let prepare =
        ["batch", "prepare", "leavers.csv", "--kind", "diploma", "--home", "school", "--as-of", "2026-11-22"];
    let batch = batch_of(&office.ok(&prepare));
    assert_eq!(batch_of(&office.ok(&prepare)), batch, "the same roster again is the same batch");
    let issue = ["batch", "issue", &batch, "--home", "school", "--log", "authority"];
    office.fails(&issue, 1, "not_approved");
    office.ok(&["batch", "approve", &batch, "--home", "school"]);
    assert!(office.ok(&issue).contains("5 records"));
    assert!(office.ok(&issue).contains("Was issued already"), "issuing again issues nothing");
    office.ok(&["authority", "publish", "--home", "authority"]);
    office.ok(&["trust", "export", "--home", "authority", "--out", "hn.trust.json"]);
    let records = records_of(&batch);
    let verdicts: Value =
        serde_json::from_str(&office.ok(&["verify", &records, "--trust", "hn.trust.json", "--json"]))
            .unwrap();
    assert_eq!(verdicts.as_array().unwrap().len(), 5);

    let record = office.first_in(&records);
    tampered_is_refused(&office, &record);
    trust_files_are_checked(&office);
    revoked_is_refused(&office, &record);
    a_server_never_goes_back_to_an_older_trust_file(&office, &record);
    desk::a_correction_says_why_and_since_when(&office, &batch);
    desk::an_order_of_the_authority_is_carried_out(&office, &batch);
    damage_is_found_and_repaired(&office);
}

fn tampered_is_refused(office: &Office, record: &str) {
    let text = fs::read_to_string(office.path(record)).unwrap().replace("Ofelia", "Ofelio");
    fs::write(office.path("tampered.json"), text).unwrap();
    let printed = office.exits(&["verify", "tampered.json", "--trust", "hn.trust.json", "--csv"], 3);
    assert!(printed.contains("proof_invalid"), "{printed}");
}

fn trust_files_are_checked(office: &Office) {
    for days in ["0", "3651", "18446744073709551615"] {
        office.exits(&["trust", "export", "--valid-days", days, "--out", "never.json"], 2);
    }
    assert!(!office.path("never.json").exists());
    office.fails(&["trust", "import", "hn.trust.json"], 1, "fingerprint_needed");
    let shown = office.ok(&["trust", "show", "hn.trust.json"]);
    let line = shown.lines().find(|line| line.starts_with("fingerprint")).unwrap();
    let fingerprint = line.trim_start_matches("fingerprint").trim();
    let wrong =
        ["trust", "import", "hn.trust.json", "--fingerprint", "0000 0000 0000 0000 0000 0000 0000 0000"];
    office.fails(&wrong, 1, "fingerprint_differs");
    office.ok(&["trust", "import", "hn.trust.json", "--fingerprint", fingerprint]);
    office.ok(&["trust", "import", "hn.trust.json"]);
}

fn revoked_is_refused(office: &Office, record: &str) {
    let altered = ["revoke", "tampered.json", "--reason", "issued-in-error", "--home", "school"];
    office.fails(&altered, 1, "record_not_as_signed");
    let ordered = ["authority", "order", "revoke", "tampered.json", "--reason", "court-order"];
    office.fails(&ordered, 1, "record_not_as_signed");
    let revoke = ["revoke", record, "--reason", "issued-in-error", "--home", "school"];
    let printed = office.ok(&revoke);
    let request = request_in(&printed);
    office.ok(&["verify", record, "--trust", "trust"]);
    office.ok(&["authority", "publish", request, "--home", "authority"]);
    office.ok(&["trust", "export", "--home", "authority", "--out", "newer.json"]);
    office.ok(&["trust", "import", "newer.json"]);
    office.fails(&["trust", "import", "hn.trust.json"], 1, "trust_file_refused");
    let printed = office.exits(&["verify", record, "--trust", "trust", "--csv"], 3);
    assert!(printed.contains("revoked"), "{printed}");
}

/// A server far from the authority: somebody carries trust files to it.
fn a_server_never_goes_back_to_an_older_trust_file(office: &Office, record: &str) {
    let carry = |from: &str| fs::copy(office.path(from), office.path("carried.json")).unwrap();
    office.configure_verifier("carried.json");
    carry("hn.trust.json");
    let server = Server::start_only(office, "verifier");
    let verdict = || server.post_file("/verify", &office.path(record)).1["overall"].to_string();
    assert!(verdict().starts_with("\"verified"), "{}", verdict());
    carry("newer.json");
    server.reload(office, "file number 2");
    assert_eq!(verdict(), "\"refused\"");
    carry("hn.trust.json");
    server.reload(office, "trust_file_refused");
    assert_eq!(verdict(), "\"refused\"");
    carry("leavers.csv");
    server.reload(office, "trust_file_unusable");
    assert_eq!(verdict(), "\"refused\"");
    assert!(server.stop().success());
}

fn damage_is_found_and_repaired(office: &Office) {
    assert!(office.ok(&["ledger", "fsck", "--home", "authority"]).contains("sound"));
    let checkpoint = office.path("authority/ledger/checkpoint");
    let mut bytes = fs::read(&checkpoint).unwrap();
    bytes[60] ^= 1;
    fs::write(&checkpoint, bytes).unwrap();
    assert!(office.exits(&["ledger", "fsck", "--home", "authority"], 1).contains("damaged"));
    // The checkpoint cannot be restored without the log's key: the node signs it anew when it starts.
    assert!(office.exits(&["ledger", "fsck", "--home", "authority", "--rebuild"], 1).contains("restored"));
    office.ok(&["authority", "list", "--home", "authority"]);
    assert!(office.ok(&["ledger", "fsck", "--home", "authority"]).contains("sound"));
}

#[test]
fn a_roster_with_errors_prepares_nothing() {
    let office = accredited();
    let dirty = include_bytes!("../samples/rosters/dirty-leavers.csv");
    fs::write(office.path("dirty.csv"), dirty).unwrap();
    let check = ["import", "check", "dirty.csv", "--as-of", "2026-11-22", "--format", "csv"];
    let expected = include_str!("../samples/rosters/dirty-leavers.expected.csv");
    assert_eq!(office.exits(&check, 1), expected);
    let prepare =
        ["batch", "prepare", "dirty.csv", "--kind", "diploma", "--home", "school", "--as-of", "2026-11-22"];
    office.fails(&prepare, 1, "roster_has_errors");
    assert_eq!(office.ok(&["batch", "list", "--home", "school"]), "");
}

#[test]
fn serves_the_log_the_wallet_and_the_verifier_and_stops_in_good_order() {
    let office = accredited();
    roster(&office);
    office.configure();
    let server = Server::start(&office);
    office.fails(&["authority", "list", "--home", "authority"], 1, "log_unusable");
    let log = format!("{}/log", office.url());
    assert!(office.ok(&["authority", "list", "--home", "authority", "--log", &log]).contains("[accredited]"));
    let batch = batch_of(&office.ok(&[
        "batch",
        "prepare",
        "leavers.csv",
        "--kind",
        "diploma",
        "--home",
        "school",
        "--as-of",
        "2026-11-22",
    ]));
    office.ok(&["batch", "approve", &batch, "--home", "school"]);
    // The log is the one at the authority's address, which is this server.
    office.ok(&["batch", "issue", &batch, "--home", "school"]);
    office.ok(&["authority", "publish", "--home", "authority", "--log", &log]);
    office.ok(&["trust", "export", "--home", "authority", "--log", &log, "--out", "hn.trust.json"]);
    let wallet = format!("{}/wallet", office.url());
    let offer = ["offer", &batch, "--home", "school", "--wallet", &wallet, "--out", "codes.csv"];
    let refused =
        office.fails(&[&offer[..], &["--secret-file", "other.secret"]].concat(), 1, "offer_refused");
    assert!(
        refused.contains("[deposit_refused]") && refused.contains("what to do: give the secret"),
        "{refused}"
    );
    assert!(!refused.contains('{') && !office.path("codes.csv").exists(), "{refused}");
    for _ in 0..2 {
        office.ok(&[&offer[..], &["--secret-file", "deposit.secret"]].concat());
    }
    let codes = fs::read_to_string(office.path("codes.csv")).unwrap();
    assert_eq!(codes.lines().count(), 6, "offering again offers nothing twice");
    let mode = fs::metadata(office.path("codes.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a code is as good as the record");

    let presentation = claim_and_present(&server, codes.lines().nth(1).unwrap().rsplit(',').next().unwrap());
    fs::write(office.path("presentation.json"), presentation.to_string()).unwrap();
    let verify = [
        "verify",
        "presentation.json",
        "--trust",
        "hn.trust.json",
        "--challenge",
        "c-1",
        "--domain",
        "employer.example",
        "--json",
    ];
    let verdicts: Value = serde_json::from_str(&office.ok(&verify)).unwrap();
    assert_eq!(verdicts.pointer("/axes/holder/result"), Some(&json!("pass")));
    let replayed = ["verify", "presentation.json", "--trust", "hn.trust.json", "--challenge", "c-2", "--csv"];
    assert!(office.exits(&replayed, 3).contains("challenge_mismatch"));
    revoked_is_refused_by_the_server(&office, &server, &log, &office.first_in(&records_of(&batch)));
    assert_eq!(server.get("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(server.get("/log/checkpoint").0, 200);
    assert_eq!(server.get("/trust").0, 200);
    assert_eq!(server.get("/nowhere").0, 404);
    assert!(server.stop().success());
}

/// The desk publishes through the server, whose verifier then takes the new trust file.
fn revoked_is_refused_by_the_server(office: &Office, server: &Server, log: &str, record: &str) {
    let verdict = || server.post_file("/verify", &office.path(record)).1["overall"].to_string();
    server.reload(office, "file number 1");
    assert!(verdict().starts_with("\"verified"), "{}", verdict());
    let printed = office.ok(&["revoke", record, "--reason", "issued-in-error", "--home", "school"]);
    let request = request_in(&printed);
    office.ok(&["authority", "publish", request, "--home", "authority", "--log", log]);
    office.ok(&["trust", "export", "--home", "authority", "--log", log]);
    server.reload(office, "file number 2");
    assert_eq!(verdict(), "\"refused\"");
}

/// A learner signs up, claims a record with the code, and presents it, all over HTTP.
fn claim_and_present(server: &Server, code: &str) -> Value {
    let account = json!({ "name": "ofelia", "password": "a long walk along the coast" });
    let (status, session) = server.post("/wallet/api/accounts", &account, None);
    assert_eq!(status, 201, "{session}");
    let token = session["token"].as_str().unwrap();
    let (status, refused) =
        server.post("/wallet/api/claims", &json!({ "code": "AAAA-AAAA-AAAA-AAAA" }), Some(token));
    assert!(status >= 400, "{refused}");
    let (status, claimed) = server.post("/wallet/api/claims", &json!({ "code": code }), Some(token));
    assert_eq!(status, 201, "{claimed}");
    let again = server.post("/wallet/api/claims", &json!({ "code": code }), Some(token));
    assert!(again.0 >= 400, "a code is good once");
    let id = claimed["record"]["id"].as_str().or(claimed["id"].as_str()).unwrap();
    let wanted =
        json!({ "records": [id], "challenge": "c-1", "domain": "employer.example", "with_evidence": true });
    let (status, presentation) = server.post("/wallet/api/presentations", &wanted, Some(token));
    assert_eq!(status, 200, "{presentation}");
    presentation
}

#[test]
fn the_demo_tells_its_whole_story_as_expected() {
    let office = Office::new();
    let printed = office.ok(&["demo", "--dir", "demo"]);
    assert_eq!(printed.matches("as expected").count(), 13, "{printed}");
    assert!(!printed.contains("DIFFERS"), "{printed}");
    office.fails(&["demo", "--dir", "demo"], 1, "file_exists");
}

#[test]
fn wrong_usage_is_exit_code_2_and_a_missing_file_1() {
    let office = Office::new();
    office.exits(&["verify"], 2);
    office.exits(&["nonsense"], 2);
    office.fails(&["verify", "x.json", "--trust", "none.json"], 1, "file_unusable");
    office.fails(&["import", "check", "none.csv"], 1, "file_unusable");
    fs::write(office.path("matricula.toml"), "[server]\nlissten = 1\n").unwrap();
    office.fails(&["serve"], 1, "config_invalid");
}

#[test]
fn a_deposit_secret_is_one_schools_and_not_empty() {
    let office = Office::new();
    let deposit = |school| {
        format!("[[wallet.deposits]]\nissuer = \"did:web:{school}.example\"\nsecret_file = \"secret\"\n")
    };
    let serve = ["serve", "--only", "wallet"];
    fs::write(office.path("secret"), "a secret of both schools\n").unwrap();
    fs::write(office.path("matricula.toml"), deposit("lempira") + &deposit("choluteca")).unwrap();
    office.fails(&serve, 1, "config_invalid");
    fs::write(office.path("secret"), "\n").unwrap();
    fs::write(office.path("matricula.toml"), deposit("lempira")).unwrap();
    office.fails(&serve, 1, "secret_empty");
}
