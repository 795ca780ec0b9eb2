//! The machine a measurement was made on, in one line.

use std::fs;
use std::process::Command;
use std::thread;

/// Processor, cores, system and compiler, as far as the system tells them.
pub fn describe() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let compiler = Command::new("rustc").arg("--version").output().ok();
    let compiler = compiler.and_then(|output| String::from_utf8(output.stdout).ok());
    let compiler = compiler.map_or_else(|| "unknown compiler".to_owned(), |text| text.trim().to_owned());
    format!("{}, {cores} cores, {} {}, {compiler}", processor(), std::env::consts::OS, std::env::consts::ARCH)
}

fn processor() -> String {
    let listing = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = listing.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}
