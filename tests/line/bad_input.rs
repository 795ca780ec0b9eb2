//! What commands do with files that they cannot use: a stable code, the file's name, an exit code, and nothing written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::office::Office;
use crate::{SCHOOL, accredited, batch_of, records_of, roster};

/// Stands for the file in a command.
const FILE: &str = "FILE";

/// A command that takes a file, and the codes of what is wrong with the file's content.
struct Reader<'a> {
    command: Vec<&'a str>,
    /// A good file, of which a half is given.
    good: &'a str,
    folder: &'a str,
    truncated: &'a str,
    duplicate_key: &'a str,
    other_kind: &'a str,
}

impl<'a> Reader<'a> {
    fn new(command: &[&'a str], good: &'a str, content: &'a str, other_kind: &'a str) -> Self {
        Self {
            command: command.to_vec(),
            good,
            folder: "file_unusable",
            truncated: content,
            duplicate_key: content,
            other_kind,
        }
    }

    /// A command that takes the files of a folder, too.
    fn or_folder(self) -> Self {
        Self { folder: "folder_empty", ..self }
    }

    fn check(&self, office: &Office) {
        let good = fs::read(office.path(self.good)).unwrap();
        fs::write(office.path("bad/truncated"), &good[..good.len() / 2]).unwrap();
        for (file, code) in [
            ("bad/missing", "file_unusable"),
            ("nowhere/at/all", "file_unusable"),
            ("bad/folder", self.folder),
            ("bad/empty", "file_empty"),
            ("bad/binary", "file_not_text"),
            ("bad/latin1", "file_not_text"),
            ("bad/truncated", self.truncated),
            ("bad/duplicate", self.duplicate_key),
            ("bad/other", self.other_kind),
        ] {
            refuses(office, &with_file(&self.command, file), code, file);
        }
    }
}

fn with_file<'a>(command: &[&'a str], file: &'a str) -> Vec<&'a str> {
    command.iter().map(|word| if *word == FILE { file } else { word }).collect()
}

/// Exit code 1, the stable code, the name, a remedy; and every file as before.
#[track_caller]
fn refuses(office: &Office, command: &[&str], code: &str, name: &str) {
    let before = everything(&office.path(""));
    let stderr = office.fails(command, 1, code);
    let told = format!("matricula {}\n{stderr}", command.join(" "));
    assert!(stderr.contains(name), "the file is not named: {told}");
    assert!(stderr.contains("what to do:"), "no remedy: {told}");
    assert!(!stderr.contains("(os error"), "{told}");
    let after = everything(&office.path(""));
    let new = |(path, bytes): (&String, &Vec<u8>)| (before.get(path) != Some(bytes)).then(|| path.clone());
    let changed: Vec<String> = after.iter().filter_map(new).collect();
    assert!(changed.is_empty() && before.len() == after.len(), "something was written: {changed:?} {told}");
}

/// What the log changes, whatever comes of a command that opens it: its own folder, and what a school knows of it.
const OF_THE_LOG: [&str; 2] = ["authority/ledger", "school/evidence.json"];

/// All files and folders, except locks and what is of the log.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if OF_THE_LOG.iter().any(|own| path.ends_with(own)) || path.ends_with(".lock") {
                continue;
            }
            let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap_or_default() };
            found.insert(path.display().to_string(), bytes);
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

fn bad_files(office: &Office) {
    fs::create_dir_all(office.path("bad/folder")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(office.path("bad").join(name), bytes).unwrap();
    write("empty", b"");
    write("binary", &(0..=255).collect::<Vec<u8>>());
    write("latin1", b"{\"type\": \"Espa\xf1a\"}\n");
    write("duplicate", b"{\"type\":\"x\",\n\"a\":{\"b\":1,\"b\":2}}\n");
    write("other", b"{\"type\":\"shopping list\"}\n");
}

/// A ministry, a school, and a batch that has been issued; its name.
fn issued() -> (Office, String) {
    let office = accredited();
    roster(&office);
    let prepare =
        ["batch", "prepare", "leavers.csv", "--kind", "diploma", "--home", "school", "--as-of", "2026-11-22"];
    let batch = batch_of(&office.ok(&prepare));
    office.ok(&["batch", "approve", &batch, "--home", "school"]);
    office.ok(&["batch", "issue", &batch, "--home", "school", "--log", "authority"]);
    office.ok(&["trust", "export", "--home", "authority", "--out", "hn.trust.json"]);
    bad_files(&office);
    (office, batch)
}

#[test]
fn every_file_that_cannot_be_used_is_named_and_nothing_is_written() {
    let (office, batch) = issued();
    let record = office.first_in(&records_of(&batch));
    documents(&office, &record);
    rosters(&office, &record);
    verdicts(&office);
    offers_and_passphrases(&office, &batch);
    places_to_write(&office, &batch);
    homes(&office, &batch);
}

fn documents(office: &Office, record: &str) {
    let accredit = [
        "authority",
        "accredit",
        FILE,
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
    ];
    let init = ["school", "init", "--home", "other", "--name", "Otra", "--did", SCHOOL, "--authority", FILE];
    let trust = "trust_file_unusable";
    for reader in [
        Reader::new(&["verify", record, "--trust", FILE], "hn.trust.json", trust, trust).or_folder(),
        Reader::new(&["trust", "show", FILE], "hn.trust.json", trust, trust),
        Reader::new(&["trust", "import", FILE], "hn.trust.json", trust, trust),
        Reader::new(&init, "authority/card.toml", "authority_card", "authority_card"),
        Reader::new(&accredit, "issue.json", "json_unreadable", "signature_invalid"),
        Reader::new(&["authority", "publish", FILE], "issue.json", "json_unreadable", "signature_invalid")
            .or_folder(),
        Reader::new(
            &["school", "allotment", FILE, "--log", "authority"],
            "places.json",
            "json_unreadable",
            "signature_invalid",
        ),
        Reader::new(
            &["revoke", FILE, "--reason", "issued-in-error"],
            record,
            "json_unreadable",
            "record_member_missing",
        ),
        Reader::new(
            &["correct", FILE, "leavers.csv", "--reason", "typing-error", "--as-of", "2026-11-22"],
            record,
            "json_unreadable",
            "record_member_missing",
        ),
        Reader::new(&["serve", "--config", FILE], "authority/card.toml", "config_invalid", "config_invalid"),
    ] {
        reader.check(office);
    }
    let missing_decree: Vec<&str> =
        accredit.iter().map(|word| if *word == "decree.pdf" { "bad/folder" } else { *word }).collect();
    refuses(office, &with_file(&missing_decree, "issue.json"), "file_unusable", "bad/folder");
}

/// Rosters are told line by line, whatever is wrong with them.
fn rosters(office: &Office, record: &str) {
    let correct = ["correct", record, FILE, "--reason", "typing-error"];
    for command in [&["batch", "prepare", FILE, "--kind", "diploma"][..], &correct] {
        for (file, code) in [
            ("bad/missing", "file_unusable"),
            ("bad/folder", "file_unusable"),
            ("bad/empty", "roster_has_errors"),
            ("bad/binary", "roster_has_errors"),
            ("bad/latin1", "roster_has_errors"),
            ("bad/other", "roster_has_errors"),
        ] {
            refuses(office, &with_file(command, file), code, file);
        }
    }
    refuses(office, &["import", "check", "bad/missing"], "file_unusable", "bad/missing");
    for (file, problem) in [("bad/empty", "file_empty"), ("bad/latin1", "encoding_not_utf8")] {
        let told = office.exits(&["import", "check", file], 1);
        assert!(told.contains(&format!("{file}:1: ")) && told.contains(problem), "{told}");
    }
}

/// A file that is no record is a verdict, and not a failure: refused, in one sentence.
fn verdicts(office: &Office) {
    for file in ["bad/missing", "nowhere/at/all"] {
        refuses(office, &["verify", file, "--trust", "hn.trust.json"], "file_unusable", file);
    }
    refuses(office, &["verify", "bad/folder", "--trust", "hn.trust.json"], "folder_empty", "bad/folder");
    for file in ["bad/empty", "bad/binary", "bad/latin1", "bad/duplicate", "bad/other", "hn.trust.json"] {
        let told = office.exits(&["verify", file, "--trust", "hn.trust.json"], 3);
        assert!(told.contains(file) && told.contains("This is not a learner's record"), "{told}");
        assert_eq!(told.matches("[document_malformed]").count(), 1, "{told}");
        let table = office.exits(&["verify", file, "--trust", "hn.trust.json", "--csv"], 3);
        assert_eq!(table.matches("document_malformed").count(), 1, "{table}");
    }
}

fn offers_and_passphrases(office: &Office, batch: &str) {
    // Nothing listens on port 1: nobody gets that far with a bad secret.
    let offer = [
        "offer",
        batch,
        "--wallet",
        "http://127.0.0.1:1/wallet",
        "--out",
        "codes.csv",
        "--secret-file",
        FILE,
    ];
    let approve = ["batch", "approve", batch, "--passphrase-file", FILE];
    for (file, secret, passphrase) in [
        ("bad/missing", "file_unusable", "file_unusable"),
        ("bad/folder", "file_unusable", "file_unusable"),
        ("bad/empty", "file_empty", "passphrase_empty"),
        ("bad/binary", "file_not_text", "file_not_text"),
    ] {
        refuses(office, &with_file(&offer, file), secret, file);
        refuses(office, &with_file(&approve, file), passphrase, file);
    }
    refuses(office, &with_file(&offer, "bad/duplicate"), "secret_unreadable", "bad/duplicate");
    refuses(office, &with_file(&offer, "decree.pdf"), "wallet_unreachable", "http://127.0.0.1:1/wallet");
    refuses(office, &with_file(&approve, "decree.pdf"), "wrong_passphrase", "'approve'");
}

/// A path whose folder is missing, a folder in place of a file, a file of somebody else.
fn places_to_write(office: &Office, batch: &str) {
    let secret = ["--wallet", "http://127.0.0.1:1/wallet", "--secret-file", "decree.pdf"];
    let offer = [&["offer", batch, "--out", FILE][..], &secret].concat();
    for command in [
        &["school", "apply", "--role", "issue", "--out", FILE][..],
        &["authority", "allot", SCHOOL, "--count", "1", "--out", FILE],
        &["trust", "export", "--out", FILE, "--valid-days", "90"],
        &["serve", "--init", "--config", FILE],
        &offer,
    ] {
        refuses(office, &with_file(command, "nowhere/out"), "file_unusable", "nowhere/out");
    }
    refuses(office, &["demo", "--dir", "nowhere/demo"], "file_unusable", "nowhere/demo");
    refuses(office, &with_file(&offer, "bad/folder"), "file_unusable", "bad/folder");
    refuses(office, &with_file(&offer, "leavers.csv"), "codes_unusable", "leavers.csv");
    office.ok(&["serve", "--init"]);
    refuses(office, &["serve", "--init"], "file_exists", "matricula.toml");
}

fn homes(office: &Office, batch: &str) {
    for (command, code) in [
        (&["batch", "list", "--home", FILE][..], "no_school_home"),
        (&["authority", "list", "--home", FILE], "no_authority_home"),
        (&["ledger", "fsck", "--home", FILE], "no_authority_home"),
        (&["batch", "issue", batch, "--log", FILE], "no_authority_home"),
    ] {
        for home in ["bad/missing", "bad/folder"] {
            refuses(office, &with_file(command, home), code, home);
        }
    }
    fs::create_dir(office.path("bare")).unwrap();
    for file in ["authority.toml", "genesis.cose", "card.toml", "keys"] {
        let (from, to) = (office.path("authority").join(file), office.path("bare").join(file));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            fs::read_dir(from).unwrap().for_each(|entry| {
                let entry = entry.unwrap();
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            });
        } else if from.exists() {
            fs::copy(from, to).unwrap();
        }
    }
    refuses(office, &["ledger", "fsck", "--home", "bare"], "log_missing", "bare/ledger");
    damaged(office);
    locked(office, batch);
    without_permission(office);
}

/// A profile that was edited: the line, the key, and what should stand there.
fn damaged(office: &Office) {
    let profile = office.path("bare/authority.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, text.replacen("name", "naem", 1)).unwrap();
    refuses(office, &["ledger", "fsck", "--home", "bare"], "file_damaged", "bare/authority.toml");
    let stderr = office.fails(&["ledger", "fsck", "--home", "bare"], 1, "file_damaged");
    assert!(stderr.contains("line ") && stderr.contains("column ") && stderr.contains("naem"), "{stderr}");
}

/// Somebody else works in the folder, and for longer than one waits.
fn locked(office: &Office, batch: &str) {
    let lock = fs::File::create(office.path("school/.lock")).unwrap();
    lock.try_lock().unwrap();
    refuses(office, &["batch", "approve", batch], "home_busy", "school");
}

/// The superuser may read everything; then there is nothing to see here.
fn without_permission(office: &Office) {
    let path = office.path("bad/private");
    fs::write(&path, "{}").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_err() {
        refuses(office, &["trust", "show", "bad/private"], "file_unusable", "bad/private");
        refuses(office, &["verify", "bad/other", "--trust", "bad/private"], "file_unusable", "bad/private");
    }
}

#[test]
fn a_line_of_a_configuration_that_is_wrong_is_named_with_its_key() {
    let office = Office::new();
    for (text, told) in [
        (
            "[server]\nlissten = 1\n",
            "matricula.toml, line 2, column 1: unknown field `lissten`, expected one of",
        ),
        ("[server]\n\nlisten = 7\n", "matricula.toml, line 3, column 10, at listen: invalid"),
        ("[server\n", "matricula.toml, line 1, column 8: "),
        ("[tracing]\nfilter = \"a=b=c\"\n", "matricula.toml: tracing.filter: "),
    ] {
        fs::write(office.path("matricula.toml"), text).unwrap();
        let stderr = office.fails(&["serve"], 1, "config_invalid");
        assert!(stderr.contains(told), "{stderr}");
        assert!(!stderr.contains("TOML parse error") && stderr.contains("what to do:"), "{stderr}");
    }
}
