//! Paths of tiles, and entry bundles.

use data_encoding::BASE64;
use serde::Deserialize;

use matricula_tlog::{BundlePath, TilePath, append_entry, parse_bundle};

use crate::corpus::{refused, run};

#[derive(Deserialize)]
struct Tile {
    path: String,
    level: Option<u8>,
    index: Option<u64>,
    width: Option<u16>,
}

#[test]
fn tile_paths() {
    run("tile", 43, |case: Tile| {
        let path = TilePath::parse(&case.path).or_else(refused)?;
        assert_eq!(path.encode(), case.path);
        assert_eq!(Some(path.level()), case.level);
        assert_eq!(Some(path.index()), case.index);
        assert_eq!(Some(path.width()), case.width);
        Ok(())
    });
}

#[derive(Deserialize)]
struct Bundle {
    path: String,
    bytes_base64: String,
    entries_base64: Option<Vec<String>>,
}

#[test]
fn entry_bundles() {
    run("bundle", 17, |case: Bundle| {
        let path = BundlePath::parse(&case.path).or_else(refused)?;
        assert_eq!(path.encode(), case.path);
        let bytes = BASE64.decode(case.bytes_base64.as_bytes()).expect("base64 in a vector");
        let entries = parse_bundle(path, &bytes).or_else(refused)?;
        let mut encoded = Vec::new();
        for entry in &entries {
            append_entry(&mut encoded, entry).expect("an entry that was parsed");
        }
        assert_eq!(encoded, bytes);
        let entries = entries.iter().map(|entry| BASE64.encode(entry)).collect();
        assert_eq!(Some(entries), case.entries_base64);
        Ok(())
    });
}
