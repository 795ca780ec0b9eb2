//! Status lists: the vectors, and the credentials they travel in.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use data_encoding::BASE64URL_NOPAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use matricula_credential::status::{
    ListCredential, ListCredentialError, STATUS_ENTRIES_MAX, STATUS_ENTRIES_MIN, StatusEntry,
    StatusEntryError, StatusList, StatusListError, StatusPurpose, entries_of,
};
use matricula_credential::{canonical_nquads, content, json};
use matricula_tlog::UnixSeconds;
use serde_json::{Value, json};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn packed(bytes: &[u8]) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    format!("u{}", BASE64URL_NOPAD.encode(&gzip.finish().unwrap()))
}

#[test]
fn every_vector_has_its_outcome() {
    let mut count = 0;
    for entry in fs::read_dir(repository("tests/vectors/status_list")).unwrap() {
        let path = entry.unwrap().path();
        let vector = json::parse(&fs::read(&path).unwrap()).unwrap();
        let found = match StatusList::decode(vector["encodedList"].as_str().unwrap()) {
            Ok(list) => {
                let set: Vec<u64> = (0..list.entries()).filter(|index| list.get(*index).unwrap()).collect();
                format!("{} entries, set {set:?}", list.entries())
            }
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(found, vector["want"].as_str().unwrap(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 9, "{count} vectors");
}

#[test]
fn index_zero_is_the_most_significant_bit() {
    let mut bytes = vec![0; STATUS_ENTRIES_MIN as usize / 8];
    bytes[0] = 0b1000_0000;
    bytes[1] = 0b0000_0001;
    let list = StatusList::decode(&packed(&bytes)).unwrap();
    let set: Vec<u64> = (0..32).filter(|index| list.get(*index).unwrap()).collect();
    assert_eq!(set, [0, 15]);
}

#[test]
fn set_bits_survive_the_round_trip_and_can_be_cleared() {
    let mut list = StatusList::new(STATUS_ENTRIES_MIN).unwrap();
    for index in [0, 7, 8, 94_567, STATUS_ENTRIES_MIN - 1] {
        list.set(index, true).unwrap();
    }
    assert_eq!(StatusList::decode(&list.encode()), Ok(list.clone()));
    list.set(94_567, false).unwrap();
    assert_eq!(list.get(94_567), Ok(false));
    let beyond = StatusListError::Index { index: STATUS_ENTRIES_MIN, entries: STATUS_ENTRIES_MIN };
    assert_eq!(list.get(STATUS_ENTRIES_MIN), Err(beyond.clone()));
    assert_eq!(list.set(STATUS_ENTRIES_MIN, true), Err(beyond));
}

#[test]
fn refuses_lists_of_odd_sizes() {
    for entries in [0, STATUS_ENTRIES_MIN - 8, STATUS_ENTRIES_MIN + 1, STATUS_ENTRIES_MAX + 8, u64::MAX] {
        assert_eq!(StatusList::new(entries), Err(StatusListError::Size { entries }), "{entries}");
    }
    let small = packed(&[0; 1_000]);
    assert_eq!(StatusList::decode(&small), Err(StatusListError::Size { entries: 8_000 }));
}

#[test]
fn refuses_a_gzip_bomb_without_unpacking_it() {
    // 64 MB of zeros in a few hundred kilobytes.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        gzip.write_all(&zeros).unwrap();
    }
    let bomb = format!("u{}", BASE64URL_NOPAD.encode(&gzip.finish().unwrap()));
    assert_eq!(StatusList::decode(&bomb), Err(StatusListError::TooLarge));
}

#[test]
fn reads_the_published_list_and_its_entry_with_a_number_as_index() {
    let folder = repository("tests/samples/open-badges/bit-string-list");
    let read = |name: &str| json::parse(&fs::read(folder.join(name)).unwrap()).unwrap();
    let list = ListCredential::parse(&read("testlist.json")).unwrap();
    let mut entry = entries_of(&read("credential-status-revoked.json")).unwrap().remove(0);
    assert_eq!((entry.index, &entry.purpose), (23, &StatusPurpose::Revocation));
    // The entry names the address of a mirror, not the id of the list.
    assert_eq!(list.get(&entry), Err(ListCredentialError::NotTheNamedList));
    entry.list = list.id.clone();
    assert_eq!(list.get(&entry), Ok(true));
    entry.index = 22;
    assert_eq!(list.get(&entry), Ok(false));
}

fn two_lists() -> ListCredential {
    let mut revoked = StatusList::new(STATUS_ENTRIES_MIN).unwrap();
    revoked.set(4_711, true).unwrap();
    let suspended = StatusList::new(STATUS_ENTRIES_MIN).unwrap();
    ListCredential {
        id: "https://hn.example/status/1".to_owned(),
        issuer: "did:web:hn.example".to_owned(),
        valid_from: UnixSeconds::new(1_795_132_800),
        valid_until: Some(UnixSeconds::new(1_795_219_200)),
        lists: vec![(StatusPurpose::Revocation, revoked), (StatusPurpose::Suspension, suspended)],
    }
}

#[test]
fn list_credentials_survive_the_round_trip() {
    let one = ListCredential { lists: vec![two_lists().lists.remove(0)], ..two_lists() };
    for list in [one, two_lists()] {
        let value = list.to_value().unwrap();
        assert_eq!(ListCredential::parse(&value), Ok(list));
        assert_eq!(content::check(&value), vec![]);
        assert!(canonical_nquads(&value).is_ok());
    }
    let entry = |purpose| StatusEntry { purpose, index: 4_711, list: two_lists().id };
    assert_eq!(two_lists().get(&entry(StatusPurpose::Revocation)), Ok(true));
    assert_eq!(two_lists().get(&entry(StatusPurpose::Suspension)), Ok(false));
    let message = entry(StatusPurpose::Other("message".to_owned()));
    assert_eq!(two_lists().get(&message), Err(ListCredentialError::NotTheNamedList));
}

#[test]
fn refuses_a_list_credential_with_the_same_purpose_twice() {
    let mut value = two_lists().to_value().unwrap();
    value["credentialSubject"][1]["statusPurpose"] = json!("revocation");
    assert_eq!(ListCredential::parse(&value), Err(ListCredentialError::Member { member: "statusPurpose" }));
}

#[test]
fn an_entry_that_cannot_be_read_is_never_passed_over() {
    let good =
        StatusEntry { purpose: StatusPurpose::Revocation, index: 9, list: "https://x.example/1".to_owned() };
    let with = |entry: Value| entries_of(&json!({ "credentialStatus": entry }));
    assert_eq!(with(good.to_value()), Ok(vec![good.clone()]));
    assert_eq!(with(json!([good.to_value(), good.to_value()])).map(|entries| entries.len()), Ok(2));
    assert_eq!(entries_of(&json!({})), Ok(vec![]));
    let member = |member| Err(StatusEntryError::Member { position: 0, member });
    for (name, value) in
        [("statusListIndex", json!("-1")), ("statusListIndex", json!("1e3")), ("statusListIndex", json!(1.5))]
    {
        let mut entry = good.to_value();
        entry[name] = value;
        assert_eq!(with(entry), member("statusListIndex"));
    }
    let mut other = good.to_value();
    other["type"] = json!("1EdTechRevocationList");
    let unknown =
        StatusEntryError::UnknownType { position: 0, entry_type: "1EdTechRevocationList".to_owned() };
    assert_eq!(with(other), Err(unknown));
    assert_eq!(with(json!(vec![good.to_value(); 9])), Err(StatusEntryError::TooMany { count: 9 }));
    assert_eq!(with(json!("text")), member("type"));
}
