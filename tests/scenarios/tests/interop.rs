//! Logs that others read, and logs of others that we read: with golang.org/x/mod's `sumdb/note` and `sumdb/tlog`, which
//! Go's checksum database is made of (`tests/interop/go`, built with Debian's packages, offline).
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "../../../ledger/tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use matricula_ledger::{Node, NodeConfig, NodeFiles, export};
use matricula_tlog::{
    BundlePath, Hash, LeafIndex, SignedCheckpoint, Tile, TileNodes, TilePath, TreeSize, VerifierKey,
    leaf_hash, merkle, parse_bundle, prove_consistency, prove_inclusion, verify_consistency,
    verify_inclusion,
};
use tempfile::TempDir;

/// Entries of our log: tiles of two levels, the last ones partial.
const ENTRIES: u64 = 1300;
const PROVEN: [u64; 9] = [0, 1, 255, 256, 511, 1023, 1024, 1279, 1299];
const EARLIER: [u64; 8] = [1, 2, 255, 256, 257, 1024, 1281, 1299];

/// Where Debian puts the packages.
const PACKAGES: &str = "/usr/share/gocode";

/// The Go program, or why there is none.
fn go_program(folder: &Path) -> Result<PathBuf, &'static str> {
    if !Path::new(PACKAGES).join("src/golang.org/x/mod/sumdb/tlog").is_dir() {
        return Err("golang-golang-x-mod-dev is not installed");
    }
    let program = folder.join("interop");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/go");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(source)
        .envs([("GO111MODULE", "off"), ("GOPATH", PACKAGES), ("GOFLAGS", ""), ("GOPROXY", "off")])
        .env("GOCACHE", folder.join("cache"))
        .stdin(Stdio::null())
        .output();
    let Ok(output) = built else { return Err("golang-go is not installed") };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(program)
}

/// The nodes of a log's tree, from the tiles in its folder.
fn nodes(folder: &Path, size: u64) -> TileNodes<impl Fn(TilePath) -> Result<Tile, io::Error>> {
    let folder = folder.to_owned();
    TileNodes::new(TreeSize::new(size), move |path: TilePath| {
        let bytes = fs::read(folder.join(path.encode()))?;
        Tile::parse(path, &bytes).map_err(io::Error::other)
    })
}

fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| format!("{hash}\n")).collect()
}

fn hashes(path: &Path) -> Vec<Hash> {
    fs::read_to_string(path).unwrap().lines().map(|line| Hash::parse(line).unwrap()).collect()
}

#[test]
fn what_go_makes_we_read_and_what_we_make_go_reads() {
    let folder = TempDir::new().unwrap();
    let program = match go_program(folder.path()) {
        Ok(program) => program,
        Err(reason) => {
            // Not through the macros, whose output the test runner keeps to itself.
            let line = format!("skipped the interop with Go: {reason}\n");
            io::stderr().write_all(line.as_bytes()).unwrap();
            return;
        }
    };
    go_reads_our_log(folder.path(), &program);
    we_read_a_log_made_in_go(folder.path(), &program);
}

fn go_reads_our_log(folder: &Path, program: &Path) {
    let (live, log) = (folder.join("live"), folder.join("ours"));
    let node = Node::create(NodeConfig::new(&live), support::keys(), &support::genesis()).unwrap();
    node.submit((1..ENTRIES).map(support::entry).collect()).unwrap();
    node.wait_published(TreeSize::new(ENTRIES)).unwrap();
    drop(node);
    let keys = support::keys();
    let key = keys.log.verifier();
    let source = NodeFiles::open(&live).unwrap().unwrap();
    export(&source, key, &log, &mut |_, _| ()).unwrap();

    let size = TreeSize::new(ENTRIES);
    let source = nodes(&log, ENTRIES);
    for folder in ["inclusion", "consistency"] {
        fs::create_dir(log.join(folder)).unwrap();
    }
    for index in PROVEN {
        let proof = prove_inclusion(LeafIndex::new(index), size, &source).unwrap();
        fs::write(log.join(format!("inclusion/{index}")), lines(&proof)).unwrap();
    }
    for old in EARLIER {
        let proof = prove_consistency(TreeSize::new(old), size, &source).unwrap();
        let root = merkle::root(TreeSize::new(old), &source).unwrap();
        fs::write(log.join(format!("consistency/{old}")), lines(&[&[root], &proof[..]].concat())).unwrap();
    }
    let verify =
        || -> Output { Command::new(program).arg("verify").arg(&log).arg(key.encode()).output().unwrap() };
    let output = verify();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("{}: {ENTRIES} entries, sound\n", support::ORIGIN));

    // Each kind of file, changed in one bit, is refused.
    let spoilt = [
        "checkpoint",
        "tile/0/001",
        "tile/1/000.p/5",
        "tile/entries/003",
        "inclusion/256",
        "consistency/257",
    ];
    for file in spoilt {
        let path = log.join(file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[40] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert!(!verify().status.success(), "Go takes a changed {file}");
        fs::write(&path, &good).unwrap();
    }
    assert!(verify().status.success());
}

fn we_read_a_log_made_in_go(folder: &Path, program: &Path) {
    let log = folder.join("theirs");
    let output = Command::new(program).arg("make").arg(&log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let key = VerifierKey::parse(String::from_utf8(output.stdout).unwrap().trim_end()).unwrap();
    let note = fs::read(log.join("checkpoint")).unwrap();
    let checkpoint = SignedCheckpoint::parse(&note).unwrap().verify(&key).unwrap();
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let text = String::from_utf8(note).unwrap().replacen("1000", "1001", 1);
    let changed = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    assert!(changed.verify(&key).is_err(), "a changed checkpoint is believed");

    let source = nodes(&log, size.get());
    assert_eq!(merkle::root(size, &source).unwrap(), root);
    let mut leaves = Vec::new();
    while (leaves.len() as u64) < size.get() {
        let path = BundlePath::holding(LeafIndex::new(leaves.len() as u64), size).unwrap();
        let bundle = fs::read(log.join(path.encode())).unwrap();
        leaves.extend(parse_bundle(path, &bundle).unwrap().into_iter().map(leaf_hash));
    }
    for (position, leaf) in leaves.iter().enumerate() {
        let index = LeafIndex::new(position as u64);
        let proof = prove_inclusion(index, size, &source).unwrap();
        verify_inclusion(*leaf, index, size, &proof, root).unwrap();
    }
    let files = |kind: &str| -> Vec<(u64, Vec<Hash>)> {
        let files = fs::read_dir(log.join(kind)).unwrap().map(|file| file.unwrap());
        files
            .map(|file| (file.file_name().to_str().unwrap().parse().unwrap(), hashes(&file.path())))
            .collect()
    };
    let inclusion = files("inclusion");
    assert_eq!(inclusion.len(), 10);
    for (index, proof) in inclusion {
        let (index, leaf) = (LeafIndex::new(index), leaves[index as usize]);
        verify_inclusion(leaf, index, size, &proof, root).unwrap();
        assert_eq!(prove_inclusion(index, size, &source).unwrap(), proof);
        verify_inclusion(root, index, size, &proof, root).unwrap_err();
    }
    let consistency = files("consistency");
    assert_eq!(consistency.len(), 9);
    for (old, lines) in consistency {
        let (old, old_root, proof) = (TreeSize::new(old), lines[0], &lines[1..]);
        verify_consistency(old, size, proof, old_root, root).unwrap();
        assert_eq!(prove_consistency(old, size, &source).unwrap(), proof);
        assert_eq!(merkle::root(old, &source).unwrap(), old_root);
        verify_consistency(old, size, proof, leaf_hash(b"another"), root).unwrap_err();
    }
}
