//! A node under load is killed with `SIGKILL` at random moments, a few hundred times. Every entry it acknowledged must
//! be at its index, and no size may ever have two roots.
//!
//! The node runs in this test program itself, started again with an environment variable that names the folder. It
//! tells of acknowledgements and checkpoints through its standard output.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use matricula_ledger::{FsckError, Node, fsck};
use matricula_tlog::LeafIndex;
use support::{config, entry, genesis, keys};
use tempfile::TempDir;

const FOLDER: &str = "MATRICULA_KILL_FOLDER";
const RUN: &str = "MATRICULA_KILL_RUN";
const LOGS: u64 = 26;
const KILLS: u64 = 12;
const SIGKILL: i32 = 9;

/// What the outside knows of a log.
#[derive(Default)]
struct Known {
    /// Index → number of the entry.
    acknowledged: BTreeMap<u64, u64>,
    /// Size → root, as published at any time.
    roots: BTreeMap<u64, String>,
}

#[test]
fn keeps_every_acknowledged_entry_over_kills() {
    let acknowledged: usize = thread::scope(|scope| {
        let halves =
            [0, 1].map(|half| scope.spawn(move || (half..LOGS).step_by(2).map(one_log).sum::<usize>()));
        halves.into_iter().map(|half| half.join().unwrap()).sum()
    });
    assert!(acknowledged as u64 > LOGS * KILLS, "the nodes did hardly anything: {acknowledged}");
}

fn one_log(log: u64) -> usize {
    let folder = TempDir::new().unwrap();
    let mut known = Known::default();
    for kill in 0..KILLS {
        // Different moments every time, from before the log exists to well into the load.
        let after = Duration::from_millis(5 + (log * 31 + kill * 47) % 150);
        run_until_killed(folder.path(), kill, after, &mut known);
    }
    check(folder.path(), &mut known);
    known.acknowledged.len()
}

fn run_until_killed(folder: &Path, run: u64, after: Duration, known: &mut Known) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "node_under_load", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let (ready, is_ready) = mpsc::channel();
    let reader = thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        let tell = |line: &String| {
            if line.starts_with("checkpoint") {
                // Nobody listens when the moment is taken from the start of the process.
                ready.send(()).unwrap_or_default();
            }
        };
        lines.inspect(tell).collect::<Vec<_>>()
    });
    // Every other time the log is open first, however slow the machine is.
    if run % 2 == 1 {
        is_ready.recv_timeout(Duration::from_secs(20)).expect("the node does not open");
    }
    thread::sleep(after);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let lines = reader.join().unwrap();
    assert_eq!(status.signal(), Some(SIGKILL), "the node ended by itself: {lines:#?}");
    lines.iter().for_each(|line| known.hear(line));
}

impl Known {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("entry"), Some(index), Some(number)) => {
                let (index, number) = (index.parse().unwrap(), number.parse().unwrap());
                let before = self.acknowledged.insert(index, number);
                assert!(before.is_none_or(|before| before == number), "two entries at {index}");
            }
            (Some("checkpoint"), Some(size), Some(root)) => self.see_root(size.parse().unwrap(), root),
            _ => {}
        }
    }

    fn see_root(&mut self, size: u64, root: &str) {
        let before = self.roots.insert(size, root.to_owned());
        assert!(before.is_none_or(|before| before == root), "two roots for size {size}");
    }
}

/// Opens the log and compares it with all that was heard.
fn check(folder: &Path, known: &mut Known) {
    let node = Node::create(config(folder), keys(), &genesis()).unwrap();
    node.wait_published(node.accepted().size).unwrap();
    for (index, number) in &known.acknowledged {
        let found = node.entry(LeafIndex::new(*index)).unwrap();
        let found = found.unwrap_or_else(|| panic!("acknowledged entry {index} is gone"));
        assert_eq!(found.bytes, entry(*number), "another entry at {index}");
    }
    let note = node.checkpoint().unwrap();
    known.see_root(note.unverified().size().get(), &note.unverified().root().to_string());
    drop(node);
    let report = loop {
        match fsck(folder, false) {
            // A process that is just being started has all open files of this one, locks too, for a moment.
            Err(FsckError::Running) => thread::sleep(Duration::from_millis(5)),
            report => break report.unwrap(),
        }
    };
    assert!(report.is_sound(), "{report}");
}

/// The node's half: does nothing unless it is started by the test above.
#[test]
fn node_under_load() {
    let (Some(folder), Ok(run)) = (env::var_os(FOLDER), env::var(RUN)) else { return };
    let run: u64 = run.parse().unwrap();
    let node = Node::create(config(Path::new(&folder)), keys(), &genesis()).unwrap();
    tell_checkpoint(&node);
    thread::scope(|scope| {
        for writer in 0..4u64 {
            let node = &node;
            scope.spawn(move || {
                for i in 0.. {
                    let number = run * 1_000_000 + writer * 100_000 + i * 4;
                    let numbers: Vec<u64> = (number..number + 1 + i % 4).collect();
                    let receipts = node.submit(numbers.iter().copied().map(entry).collect()).unwrap();
                    for (receipt, number) in receipts.iter().zip(&numbers) {
                        tell(&format!("entry {} {number}", receipt.index));
                    }
                    if i % 5 == 0 {
                        tell_checkpoint(node);
                    }
                }
            });
        }
    });
}

fn tell_checkpoint(node: &Node) {
    let note = node.checkpoint().unwrap();
    tell(&format!("checkpoint {} {}", note.unverified().size(), note.unverified().root()));
}

/// One write a line, so that a kill never leaves half of one.
fn tell(line: &str) {
    std::io::stdout().lock().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}
