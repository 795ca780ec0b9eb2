//! Disks that say that they synced, and did not: each broken promise must be seen, or the tests would see nothing.

use crate::chain::{Broken, Chain};
use crate::cuts::random_cuts;
use crate::support::controls::Lie;

/// What comes of cases in which one machine's disk lies.
fn found(machine: usize, lie: Lie) -> Vec<Broken> {
    let case = |seed| {
        let mut chain = Chain::new(seed);
        chain.machines[machine].lie = Some(lie);
        random_cuts(&mut chain).err()
    };
    (1..=12).filter_map(case).collect()
}

#[test]
fn a_writer_whose_disk_lies_about_files_is_caught() {
    let found = found(0, Lie::Files);
    let is_loss = |broken: &Broken| {
        matches!(broken, Broken::AcknowledgedLost { .. } | Broken::DoesNotOpen { machine: "writer", .. })
    };
    assert!(found.iter().any(is_loss), "{found:?}");
}

#[test]
fn a_mirror_whose_disk_lies_about_files_is_caught() {
    let found = found(1, Lie::Files);
    let is_loss = |broken: &Broken| {
        matches!(broken, Broken::CopyLost { .. } | Broken::DoesNotOpen { machine: "mirror", .. })
    };
    assert!(found.iter().any(is_loss), "{found:?}");
}

#[test]
fn a_mirror_whose_disk_lies_about_names_is_caught() {
    let found = found(1, Lie::Folders);
    let is_loss = |broken: &Broken| {
        matches!(broken, Broken::CopyLost { .. } | Broken::DoesNotOpen { machine: "mirror", .. })
    };
    assert!(found.iter().any(is_loss), "{found:?}");
}

#[test]
fn a_witness_whose_disk_lies_is_caught() {
    for lie in [Lie::Files, Lie::Folders] {
        let found = found(2, lie);
        let is_loss = |broken: &Broken| {
            matches!(broken, Broken::Forgotten { .. } | Broken::RolledBack { machine: "witness" })
        };
        assert!(found.iter().any(is_loss), "{lie:?}: {found:?}");
    }
}
