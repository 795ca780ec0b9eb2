//! A test in namespaces of its own: network, mounts, processes. The test program starts itself again under `unshare`;
//! when that process ends, by itself, by a panic or by a signal, the kernel takes down all that was started, mounted
//! or connected in it.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The variable that tells the inner program which test it is started for.
const INSIDE: &str = "MATRICULA_SANDBOX";

/// The variable by which `cargo xtask test --full` allows what takes long.
const FULL: &str = "MATRICULA_FULL";

/// Where a test inside keeps its files: a file system in memory that nobody outside sees.
pub const FOLDER: &str = "/run/matricula";

/// After this a test is given up.
const TIME_MAX: Duration = Duration::from_secs(600);

/// The programs that the tests inside run.
const TOOLS: [&str; 7] = ["unshare", "ip", "nft", "mount", "umount", "mkfs.ext4", "sh"];

/// What happens inside, before the test.
const PREPARE: &str = "mount -t tmpfs tmpfs /run && mkdir /run/matricula && exec \"$0\" \"$@\"";

pub fn is_full() -> bool {
    env::var_os(FULL).is_some_and(|value| value == "1")
}

/// Runs the test of this name (its path within this program) in a sandbox, or says why not.
pub fn run(test: &str, scenario: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        scenario();
        return;
    }
    if let Some(reason) = obstacle() {
        tell(&format!("skipped {test}: {reason}"));
        return;
    }
    let mut child = Command::new("unshare")
        .args([
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child=KILL",
            "--mount-proc",
            "sh",
            "-c",
            PREPARE,
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let reader = thread::spawn(move || io::read_to_string(output));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > TIME_MAX {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{test} was given up after {} s", TIME_MAX.as_secs());
        }
        thread::sleep(Duration::from_millis(100));
    };
    let said = reader.join().unwrap().unwrap();
    assert!(status.success(), "{test}: {status}\n{said}");
    assert!(said.contains("1 passed"), "no test of the name {test} ran\n{said}");
    tell(&format!("{test}: {:.0} s", started.elapsed().as_secs_f64()));
}

/// Not through the macros, whose output the test runner keeps to itself.
fn tell(line: &str) {
    io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn obstacle() -> Option<String> {
    if !is_full() {
        return Some("only with `cargo xtask test --full`".to_owned());
    }
    let is_there = |tool: &&str| on_path(tool);
    let missing: Vec<&str> = TOOLS.into_iter().filter(|tool| !is_there(tool)).collect();
    if !missing.is_empty() {
        return Some(format!("not installed: {}", missing.join(" ")));
    }
    let probe =
        ["--net", "--mount", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs", "tmpfs", "/run"];
    let may = Command::new("unshare").args(probe).stderr(Stdio::null()).status();
    (!may.is_ok_and(|status| status.success())).then(|| "making namespaces takes root".to_owned())
}

fn on_path(tool: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// Runs a program that must end well.
#[track_caller]
pub fn command(words: impl IntoIterator<Item = impl AsRef<OsStr>>) {
    let words: Vec<_> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
    let output = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The same, typed in one line.
#[track_caller]
pub fn line(words: &str) {
    command(words.split_whitespace());
}

/// A small file system in a file, mounted at a folder.
pub fn mount_small_disk(at: &Path, mebibytes: u64) {
    let image = at.with_extension("image");
    std::fs::File::create(&image).unwrap().set_len(mebibytes << 20).unwrap();
    std::fs::create_dir_all(at).unwrap();
    command([OsStr::new("mkfs.ext4"), OsStr::new("-q"), OsStr::new("-m0"), image.as_os_str()]);
    command([OsStr::new("mount"), OsStr::new("-o"), OsStr::new("loop"), image.as_os_str(), at.as_os_str()]);
}
