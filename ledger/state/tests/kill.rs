//! A process that writes is killed with `SIGKILL` at random moments; all it had acknowledged must be there.
//!
//! The writer is this test program itself, started again with an environment variable that names the folder.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use matricula_state::{Expected, Op, SledStore, StateStore, Table};
use tempfile::TempDir;

const FOLDER: &str = "MATRICULA_STATE_KILL_FOLDER";
const KILLS: u64 = 40;
const T: Table = Table::new("kill");
const INDEX: Table = Table::without_feed("kill-index");

#[test]
fn keeps_every_acknowledged_change_over_kills() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state");
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let last = write_until_killed(&path, Duration::from_millis(30 + kill * 37 % 120));
        acknowledged = acknowledged.max(last.unwrap_or(0));
        assert_all_there(&path, acknowledged);
    }
    assert!(acknowledged > KILLS, "the writers did hardly anything: {acknowledged}");
}

/// The writer's half: does nothing unless it is started by the test above.
#[test]
fn writer() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let store = SledStore::open(Path::new(&folder)).unwrap();
    let mut number = store.get(T, b"latest").unwrap().map_or(0, |row| to_number(&row.value));
    loop {
        number += 1;
        let bytes = number.to_be_bytes();
        let mut ops =
            vec![Op::put(T, "latest", bytes, Expected::Any), Op::put(T, bytes, bytes, Expected::Absent)];
        ops.extend(
            (0..number % 40).map(|i| Op::put(INDEX, [bytes, i.to_be_bytes()].concat(), bytes, Expected::Any)),
        );
        if number.is_multiple_of(7) {
            ops.push(Op::put(T, "long", vec![number as u8; 120_000], Expected::Any));
        }
        store.apply(&ops).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nacknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

fn write_until_killed(folder: &Path, after: Duration) -> Option<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let numbers = BufReader::new(out).lines().map_while(Result::ok);
        numbers.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).last()
    });
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

fn assert_all_there(folder: &Path, acknowledged: u64) {
    let store = SledStore::open(folder).unwrap();
    let latest = store.get(T, b"latest").unwrap().map_or(0, |row| to_number(&row.value));
    assert!(latest >= acknowledged, "acknowledged {acknowledged}, found {latest}");
    for number in 1..=latest {
        let bytes = number.to_be_bytes();
        assert_eq!(store.get(T, &bytes).unwrap().unwrap().value, bytes, "change {number} of {latest}");
        let rows = store.scan(INDEX, &bytes, None, 100).unwrap();
        assert_eq!(rows.len() as u64, number % 40, "half of change {number} of {latest}");
    }
    if let Some(long) = store.get(T, b"long").unwrap() {
        assert_eq!(long.value, vec![(latest / 7 * 7) as u8; 120_000]);
    }
}

fn to_number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().unwrap())
}
