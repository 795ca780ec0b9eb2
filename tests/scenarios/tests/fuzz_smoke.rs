//! The fuzz targets on an ordinary compiler: every seed, every seed cut short, and some thousand mutations of them, always
//! the same ones. A finding of the real fuzzer becomes a seed, and is tried here ever after.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use matricula_fuzz::TARGETS;

/// Mutations of the seeds of each target.
const MUTATIONS: u64 = 3000;

/// Longest seed that is tried cut short at every length.
const CUT_BYTES_MAX: usize = 1500;

/// Pieces that parsers care about, put anywhere.
const TOKENS: [&[u8]; 16] = [
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\0",
    b" ",
    b"+",
    b"-1",
    b"00",
    b"18446744073709551616",
    b"\xff",
    b"\xe2\x80\x94 ",
    b"=",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"{\"a\":",
    b"[[[[[[[[",
    b"\"",
];

#[test]
fn no_target_panics_on_seeds_and_their_mutations() {
    for target in TARGETS {
        let seeds = seeds(target.name);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in &seeds {
            try_input(target.name, target.body, seed);
            for length in 0..seed.len().min(CUT_BYTES_MAX) {
                try_input(target.name, target.body, &seed[..length]);
            }
        }
        let mut random = Random(target.name.bytes().map(u64::from).sum());
        for _ in 0..MUTATIONS {
            try_input(target.name, target.body, &mutate(&mut random, &seeds));
        }
    }
}

#[test]
fn a_target_that_panics_is_noticed() {
    let body: fn(&[u8]) = |bytes| assert!(bytes.len() < 3);
    let noticed = panic::catch_unwind(|| try_input("broken", body, b"abc"));
    assert!(noticed.is_err());
}

#[test]
fn every_target_has_its_binary_and_every_binary_its_target() {
    let listed: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let files: BTreeSet<String> = files_in(&fuzz_folder().join("fuzz_targets"))
        .iter()
        .map(|file| file.file_stem().expect("a file name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(listed, files);
    let manifest = fs::read_to_string(fuzz_folder().join("Cargo.toml")).expect("the manifest");
    for name in &listed {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} has no [[bin]]");
    }
}

fn try_input(name: &str, body: fn(&[u8]), input: &[u8]) {
    if let Err(cause) = panic::catch_unwind(AssertUnwindSafe(|| body(input))) {
        eprintln!("{name} panics on {:?}", String::from_utf8_lossy(input));
        eprintln!("in bytes: {input:?}");
        panic::resume_unwind(cause);
    }
}

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        let end = at + random.below(input.len() - at + 1).min(64);
        match random.below(7) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = random.below(256) as u8,
            2 => input.truncate(at),
            3 => drop(input.drain(at..end)),
            4 => {
                let repeated = input[at..end].to_vec();
                input.splice(at..at, repeated);
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let token = TOKENS[random.below(TOKENS.len())];
                input.splice(at..at, token.iter().copied());
            }
        }
    }
    input
}

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((number ^ (number >> 31)) % bound as u64) as usize
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    files_in(&fuzz_folder().join("seeds").join(name))
        .iter()
        .map(|file| fs::read(file).expect("a seed"))
        .collect()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    files.sort();
    files
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}
