//! The machine a measurement was made on, in one line.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Linux tells processor times in hundredths of a second on every architecture it still runs on.
const TICK_MS: u64 = 10;

/// Processor, cores, system and compiler, as far as the system tells them.
pub fn describe() -> String {
    let cores = cores();
    let compiler = Command::new("rustc").arg("--version").output().ok();
    let compiler = compiler.and_then(|output| String::from_utf8(output.stdout).ok());
    let compiler = compiler.map_or_else(|| "unknown compiler".to_owned(), |text| text.trim().to_owned());
    format!("{}, {cores} cores, {} {}, {compiler}", processor(), std::env::consts::OS, std::env::consts::ARCH)
}

/// How many processors there are for this process.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The processor time that this process has used so far, in all its threads; nothing where the system does not tell.
pub fn processor_time() -> Duration {
    processor_time_of("self")
}

/// The same of another process, by its number.
pub fn processor_time_of(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name in parentheses, which may have spaces: state is field 3, user time 14, system time 15.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let ticks: u64 = fields.skip(14 - 3).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * TICK_MS)
}

fn processor() -> String {
    let listing = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = listing.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}
