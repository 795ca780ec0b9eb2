//! A bit flips in a stored file of a mirror's copy: it is found when the copy is opened or when what it spoils is read,
//! and what is served is what the log signed, or nothing.

use matricula_ledger::mirror::Mirror;
use matricula_tlog::{BundlePath, SignedCheckpoint, Tile, TilePath, TreeSize};

use crate::chain::{Chain, MIRROR};
use crate::machines::{Machine, OpenMirror, open_mirror, origin};
use crate::support::random::{Random, for_seeds, is_full};
use crate::support::recorder::Recorder;

/// Everything that a copy serves, or nothing where it serves nothing.
#[derive(Debug, PartialEq)]
struct Served {
    checkpoint: Option<SignedCheckpoint>,
    tiles: Vec<Option<Tile>>,
    bundles: Vec<Option<Vec<u8>>>,
}

fn served(mirror: &Mirror, size: TreeSize) -> Served {
    let none = TreeSize::new(0);
    let tile = |path| mirror.tile(&origin(), path).ok().flatten();
    let bundle = |path| mirror.bundle(&origin(), path).ok().flatten();
    Served {
        checkpoint: mirror.checkpoint(&origin()).ok().flatten(),
        tiles: TilePath::changed(none, size).map(tile).collect(),
        bundles: BundlePath::changed(none, size).map(bundle).collect(),
    }
}

impl Served {
    /// Whether everything served is what the honest copy serves; what is not served is not wrong.
    fn is_part_of(&self, honest: &Self) -> bool {
        fn same<T: PartialEq>(ours: &[Option<T>], theirs: &[Option<T>]) -> bool {
            ours.iter().zip(theirs).all(|(ours, theirs)| ours.is_none() || ours == theirs)
        }
        (self.checkpoint.is_none() || self.checkpoint == honest.checkpoint)
            && same(&self.tiles, &honest.tiles)
            && same(&self.bundles, &honest.bundles)
    }
}

/// A copy of some hundred entries, on a disk that nobody writes to any more.
struct Subject {
    machine: Machine,
    key: Recorder,
    size: TreeSize,
    honest: Served,
}

impl Subject {
    fn new() -> Self {
        let mut chain = Chain::grown(1);
        chain.live(&[40]).unwrap();
        chain.check_progress().unwrap();
        chain.end(MIRROR, false);
        let [_, machine, _] = chain.machines.clone();
        let key = Recorder::new("mirror.example/gt", 3);
        let opened = open_mirror(&machine, &key).unwrap();
        let size = opened.mirror.checkpoint(&origin()).unwrap().unwrap().unverified().size();
        assert!(size.get() > 256, "a tile must be full");
        let honest = served(&opened.mirror, size);
        assert!(honest.tiles.iter().all(Option::is_some) && honest.bundles.iter().all(Option::is_some));
        drop(opened);
        machine.disk.kill_process();
        Self { machine, key, size, honest }
    }

    fn flipped(&self, path: &str, bit: usize, seed: u64) -> Machine {
        let disk = self.machine.disk.copy(seed);
        let mut bytes = disk.bytes(path).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        disk.overwrite(path, bytes);
        Machine { disk, lie: None }
    }

    /// Bits of a file: all of the checkpoint when there is time, a random choice of longer files.
    fn bits(&self, path: &str, random: &mut Random) -> Vec<usize> {
        let bits = self.machine.disk.bytes(path).unwrap().len() * 8;
        let count = if is_full() { 4000 } else { 100 };
        if bits <= count {
            (0..bits).collect()
        } else {
            (0..count).map(|_| random.below(bits as u64) as usize).collect()
        }
    }

    fn files(&self) -> Vec<String> {
        let mut paths = self.machine.disk.paths();
        paths.retain(|path| !self.machine.disk.bytes(path).unwrap().is_empty());
        paths
    }
}

#[test]
fn a_copy_with_a_flipped_bit_is_not_opened_or_serves_what_the_log_signed() {
    let subject = Subject::new();
    for_seeds(1..=1, |seed| {
        let mut random = Random::new(seed);
        for path in subject.files() {
            let (mut refused, mut harmless) = (0, 0);
            for bit in subject.bits(&path, &mut random) {
                let machine = subject.flipped(&path, bit, seed);
                match open_mirror(&machine, &subject.key) {
                    Err(_) => refused += 1,
                    Ok(OpenMirror { mirror, .. }) => {
                        harmless += 1;
                        let found = served(&mirror, subject.size);
                        assert!(found.is_part_of(&subject.honest), "bit {bit} of {path}");
                    }
                }
            }
            println!("{path}: {refused} refused, {harmless} harmless");
            // All of a tile is hashed. Of the checkpoint, only the mirror's own line can be made again.
            if path.starts_with("tile/") {
                assert_eq!(harmless, 0, "{path}");
            }
            assert!(refused > 0, "{path}");
        }
    });
}

#[test]
fn a_bit_that_flips_under_a_running_mirror_is_found_when_it_is_read() {
    let subject = Subject::new();
    for_seeds(1..=1, |seed| {
        let mut random = Random::new(seed);
        for path in subject.files() {
            let machine = Machine { disk: subject.machine.disk.copy(seed), lie: None };
            let opened = open_mirror(&machine, &subject.key).unwrap();
            let whole = machine.disk.bytes(&path);
            let Some(whole) = whole else { continue };
            let (mut found, mut unread) = (0, 0);
            for bit in subject.bits(&path, &mut random) {
                let Some(byte) = whole.get(bit / 8) else { continue };
                let mut bytes = whole.clone();
                bytes[bit / 8] = byte ^ (1 << (bit % 8));
                machine.disk.overwrite(&path, bytes);
                let now = served(&opened.mirror, subject.size);
                assert!(now.is_part_of(&subject.honest), "bit {bit} of {path}");
                if now == subject.honest {
                    unread += 1;
                } else {
                    found += 1;
                }
            }
            machine.disk.overwrite(&path, whole);
            println!("{path}: {found} found, {unread} never read");
            if path.starts_with("tile/") {
                assert_eq!(unread, 0, "{path}");
            }
            assert_eq!(served(&opened.mirror, subject.size), subject.honest, "{path}, whole again");
        }
    });
}
