//! The RFC 6962 vectors of transparency-dev/merkle: each accepted or refused as its file says.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use matricula_tlog::{Hash, HashError, LeafIndex, TreeSize, verify_consistency, verify_inclusion};

const INCLUSION_FILES: usize = 98;
const CONSISTENCY_FILES: usize = 98;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: Option<String>,
    leaf_hash: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: Option<String>,
    root2: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[test]
fn inclusion_vectors_are_accepted_or_refused_as_they_say() {
    let files = json_files("inclusion");
    assert_eq!(files.len(), INCLUSION_FILES);
    let accepted = files.iter().filter(|file| run_inclusion(file)).count();
    assert_eq!(accepted, 6, "happy paths, and the tree of one entry");
}

#[test]
fn consistency_vectors_are_accepted_or_refused_as_they_say() {
    let files = json_files("consistency");
    assert_eq!(files.len(), CONSISTENCY_FILES);
    let accepted = files.iter().filter(|file| run_consistency(file)).count();
    assert_eq!(accepted, 5, "happy paths whose roots are hashes");
}

fn run_inclusion(file: &Path) -> bool {
    let case: Inclusion = read(file);
    let hashes = parse_hashes(&[&case.root, &case.leaf_hash], &case.proof);
    let accepted = hashes.is_ok_and(|(ends, proof)| {
        let (index, size) = (LeafIndex::new(case.leaf_idx), TreeSize::new(case.tree_size));
        verify_inclusion(ends[1], index, size, &proof, ends[0]).is_ok()
    });
    assert_eq!(accepted, !case.want_err, "{}", file.display());
    accepted
}

fn run_consistency(file: &Path) -> bool {
    let case: Consistency = read(file);
    let hashes = parse_hashes(&[&case.root1, &case.root2], &case.proof);
    // One case gives equal roots of twelve bytes and wants them accepted; hashes of ours have 32.
    if file.ends_with("additional/sizes-are-equal-one-and-proof-is-empty.json") {
        assert_eq!(hashes, Err(HashError::WrongLength { got: 16 }));
        return false;
    }
    let accepted = hashes.is_ok_and(|(roots, proof)| {
        let (size1, size2) = (TreeSize::new(case.size1), TreeSize::new(case.size2));
        verify_consistency(size1, size2, &proof, roots[0], roots[1]).is_ok()
    });
    assert_eq!(accepted, !case.want_err, "{}", file.display());
    accepted
}

/// Hashes of another length than 32 bytes are refused here, before any proof is looked at.
fn parse_hashes(
    ends: &[&Option<String>],
    proof: &Option<Vec<String>>,
) -> Result<(Vec<Hash>, Vec<Hash>), HashError> {
    let ends =
        ends.iter().map(|end| Hash::parse(end.as_deref().unwrap_or_default())).collect::<Result<_, _>>()?;
    let proof = proof.iter().flatten().map(|hash| Hash::parse(hash)).collect::<Result<_, _>>()?;
    Ok((ends, proof))
}

fn json_files(family: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/rfc6962").join(family);
    let mut folders = vec![root];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder of vectors") {
            let path = entry.expect("an entry of the folder").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn read<T: DeserializeOwned>(file: &Path) -> T {
    let bytes = fs::read(file).expect("a vector");
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
