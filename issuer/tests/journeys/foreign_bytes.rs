//! Files that come from others: every parser refuses what is cut, flipped, doubled or too deep.

use std::fs;
use std::path::Path;

use data_encoding::BASE64;
use matricula_credential::did;
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_issuer::RecordStatus;
use matricula_issuer::authority::{AuthorityCard, AuthorityHome, CardError};
use matricula_issuer::batch::BatchKind;
use matricula_issuer::correction::{self, ChangeStatus};
use matricula_issuer::school::{Application, SchoolHome};
use matricula_issuer::status::{PublishOptions, SignedAllotment, SignedRequest, StatusAction, StatusReason};
use matricula_tlog::decode_base64;
use serde_json::Value;

use crate::memory_log::Fault;
use crate::world::{Sample, School, World, later, now};

type Parser = fn(&[u8]) -> bool;

/// A good file of each signed kind, and its parser.
fn signed_files() -> Vec<(&'static str, Vec<u8>, Parser)> {
    let world = World::new();
    let school = world.school("lempira");
    let allotment = world.desk().allot(&school.home.profile().did, 3, now()).unwrap().file;
    let issued = school.run(&Sample::leavers(1).order(BatchKind::Diploma), &world.log);
    let record = fs::read(&issued.records[0].path).unwrap();
    let order = ChangeStatus {
        record: &record,
        action: StatusAction::Suspend,
        reason: StatusReason::CourtOrder,
        effective: now(),
        key: &school.issue,
        now: now(),
    };
    let request = correction::request_status(&school.home, &order).unwrap().bytes;
    vec![
        ("application", school.application(), |bytes| Application::parse(bytes).is_ok()),
        ("allotment", allotment, |bytes| SignedAllotment::parse(bytes).is_ok()),
        ("request", request, |bytes| SignedRequest::parse(bytes).is_ok()),
    ]
}

#[test]
fn every_cut_and_every_flipped_bit_of_a_signed_file_is_refused() {
    for (name, good, parses) in signed_files() {
        assert!(parses(&good), "{name}");
        for cut in (0..good.len() - 2).step_by(37) {
            assert!(!parses(&good[..cut]), "{name} cut at {cut}");
        }
        for position in (0..good.len() - 1).step_by(11) {
            let mut flipped = good.clone();
            flipped[position] ^= 1 << (position % 8);
            assert!(!parses(&flipped), "{name}: bit {} of byte {position}", position % 8);
        }
    }
}

#[test]
fn doubled_members_depth_and_other_encodings_are_refused() {
    for (name, good, parses) in signed_files() {
        let text = String::from_utf8(good.clone()).unwrap();
        let doubled = text.replacen('{', "{\"version\": 1,", 1);
        assert!(!parses(doubled.as_bytes()), "{name}: a member twice");
        let unknown = text.replacen('{', "{\"more\": 1,", 1);
        assert!(!parses(unknown.as_bytes()), "{name}: an unknown member");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(!parses(deep.as_bytes()), "{name}: depth");
        let mut latin = good.clone();
        latin.push(0xE9);
        assert!(!parses(&latin), "{name}: not UTF-8");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!parses(&wide), "{name}: UTF-16");
        let other_kind = text.replacen("Matricula", "Matrícula", 1);
        assert!(!parses(other_kind.as_bytes()), "{name}: another type");
    }
}

#[test]
fn a_file_of_one_kind_is_none_of_another() {
    let files = signed_files();
    for (name, good, _) in &files {
        for (other, _, parses) in &files {
            assert_eq!(parses(good), name == other, "{name} as {other}");
        }
    }
}

#[test]
fn a_card_with_unknown_missing_or_bad_members_is_refused() {
    let world = World::new();
    let good = world.authority.card().encode();
    AuthorityCard::parse(&good).unwrap();
    let unknown = format!("{good}nickname = \"x\"\n");
    assert!(matches!(AuthorityCard::parse(&unknown).unwrap_err(), CardError::Toml(_)));
    for (from, to, member) in [
        ("country = \"HN\"", "country = \"Honduras\"", "country"),
        ("key = \"z6Mk", "key = \"z6Mj", "key"),
        ("did = \"did:", "did = \"dad:", "did"),
        ("base_url = \"https", "base_url = \"file", "base_url"),
        ("log_vkey = \"hn", "log_vkey = \"sn", "log_vkey"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{member}");
        let refused = AuthorityCard::parse(&bad).unwrap_err();
        assert_eq!(refused, CardError::Member { member }, "{member}");
    }
    let long = format!("{good}# {}\n", "x".repeat(70_000));
    assert!(matches!(AuthorityCard::parse(&long).unwrap_err(), CardError::TooLarge { .. }));
}

#[test]
fn a_home_with_unknown_members_is_damaged_not_guessed() {
    let world = World::new();
    let school = world.found_school("lempira");
    for (root, file) in [(school.home.root(), "school.toml"), (world.authority.root(), "authority.toml")] {
        let path = root.join(file);
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{good}nickname = \"x\"\n")).unwrap();
        let code = match file {
            "school.toml" => SchoolHome::open(root).unwrap_err().code().to_owned(),
            _ => AuthorityHome::open(root).unwrap_err().code().to_owned(),
        };
        assert_eq!(code, "file_damaged", "{file}");
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn what_is_no_record_has_no_status() {
    for text in [
        "",
        "{}",
        "[]",
        "{\"type\":\"MatriculaPortableRecord\"}",
        "{\"id\":\"urn:uuid:x\",\"issuer\":\"did:web:x\"}",
    ] {
        assert!(RecordStatus::parse(text.as_bytes()).is_err(), "{text}");
    }
}

/// The same bytes as two padded texts in a row, which a lenient decoder takes for one.
fn as_two_texts(statement: &mut Value) {
    let bytes = decode_base64(statement.as_str().unwrap()).unwrap();
    *statement = (BASE64.encode(&bytes[..1]) + &BASE64.encode(&bytes[1..])).into();
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut document);
    fs::write(path, serde_json::to_vec(&document).unwrap()).unwrap();
}

/// Changes what the approver has signed, and signs it again.
fn approve_again(path: &Path, school: &School) {
    edit(path, |approval| {
        as_two_texts(&mut approval["statement"]);
        approval.as_object_mut().unwrap().remove("proof");
        let key = school.approve.signing();
        let method = did::verification_method(school.home.profile().did.as_str(), &key.verifying_key());
        let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, now());
        *approval = proof::sign(approval, &options, key).unwrap();
    });
}

#[test]
fn a_statement_spelled_as_two_texts_in_a_row_is_damage() {
    let world = World::new();
    let school = world.school("lempira");
    let issued = school.run(&Sample::leavers(1).order(BatchKind::Diploma), &world.log);
    let folder = school.home.root().join("batches").join(issued.id.as_str());
    fs::remove_file(folder.join("issued.json")).unwrap();
    school.issue(&issued.id, &world.log).unwrap();

    fs::remove_file(folder.join("issued.json")).unwrap();
    let logged = fs::read(folder.join("logged.json")).unwrap();
    edit(&folder.join("logged.json"), |file| as_two_texts(&mut file["accreditation"][0]["statement"]));
    assert_eq!(school.issue(&issued.id, &world.log).unwrap_err().code(), "file_damaged");
    fs::write(folder.join("logged.json"), logged).unwrap();
    approve_again(&folder.join("approval.json"), &school);
    assert_eq!(school.issue(&issued.id, &world.log).unwrap_err().code(), "file_damaged");

    school.home.evidence().unwrap();
    edit(&school.home.root().join("evidence.json"), |file| {
        as_two_texts(&mut file["statements"][0]["statement"])
    });
    assert_eq!(school.home.evidence().unwrap_err().code(), "file_damaged");

    world.log.fail_next(Fault::LostBefore);
    assert!(world.desk().publish_status(PublishOptions::default(), now()).is_err());
    let begun = world.authority.root().join("status/lists/1/versions/1.json");
    let good = fs::read(&begun).unwrap();
    edit(&begun, |file| as_two_texts(&mut file["statement"]));
    let refused = world.desk().publish_status(PublishOptions::default(), later(1)).unwrap_err();
    assert_eq!(refused.code(), "file_damaged");
    fs::write(&begun, good).unwrap();
    assert_eq!(world.desk().publish_status(PublishOptions::default(), later(1)).unwrap().lists.len(), 1);
}
