//! The benchmarks: each raw primitive beside what we build on it, measured in the same run.
//!
//! A new measurement is a file here with a `pub fn run(&Pace, &mut Report) -> Result<(), BenchError>`, and one line in
//! [`BENCHES`]. It reports rows: what was done, the raw primitive, ours; the ratio follows.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use xtask::shell::Shell;

use crate::error::BenchError;
use crate::measure::Pace;
use crate::report::Report;

mod acknowledgement;
mod bare;
mod batch;
mod catch_up;
mod client;
mod credentials;
mod disk;
#[allow(dead_code, reason = "the command line uses more of it")]
#[path = "../../../../src/log/embedded.rs"]
mod embedded;
mod engine;
mod error;
mod hashing;
mod http;
mod large;
mod machine;
mod measure;
mod mirrored;
mod neighbours;
mod proof_sizes;
mod proofs;
mod quantity;
mod recovery;
mod replication;
mod report;
mod signatures;
mod statements;
mod witnessed;

/// One group of measurements.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Pace, &mut Report) -> Result<(), BenchError>,
}

/// Every group, in the order of the report.
const BENCHES: &[Bench] = &[
    Bench { name: "signatures", about: "Ed25519", run: signatures::run },
    Bench { name: "hashing", about: "SHA-256 in the tree", run: hashing::run },
    Bench { name: "disk", about: "Appending durably", run: disk::run },
    Bench { name: "credentials", about: "Credentials, one core", run: credentials::run },
    Bench { name: "proofs", about: "Proofs of inclusion, one core", run: proofs::run },
    Bench { name: "engine", about: "The log's engine, durable, no signature check", run: engine::run },
    Bench { name: "http", about: "The log over HTTP, every signature checked", run: http::run },
    Bench {
        name: "acknowledgement",
        about: "Until an entry is acknowledged over HTTP",
        run: acknowledgement::run,
    },
    Bench { name: "batch", about: "300 leavers become 600 logged records", run: batch::run },
    Bench {
        name: "replication",
        about: "Mirrors and witnesses over HTTP on this machine",
        run: replication::run,
    },
    Bench { name: "large", about: "A large log", run: large::run },
    Bench { name: "recovery", about: "The large log, copied and rebuilt", run: recovery::run },
];

/// Measures, prints a table, and writes BENCHMARKS.md when everything was measured.
#[derive(Parser)]
#[command(name = "cargo xtask bench", version)]
struct Arguments {
    /// The groups to measure; none means all.
    names: Vec<String>,
    /// Name the groups and stop.
    #[arg(long)]
    list: bool,
    /// How long each single measurement runs, in seconds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How many entries the large log has.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Open the log in this folder, print the resident memory in bytes and stop. For the memory of a node alone.
    #[arg(long, hide = true)]
    memory_of: Option<PathBuf>,
    /// Mirror and witness the log that is measured, with what is kept in this folder, until standard input ends.
    #[arg(long, hide = true, requires = "number")]
    follow: Option<PathBuf>,
    /// Which neighbour follows it.
    #[arg(long, hide = true)]
    number: Option<u8>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for bench in BENCHES {
            println!("{:<12} {}", bench.name, bench.about);
        }
        return ExitCode::SUCCESS;
    }
    let outcome = match (&arguments.memory_of, &arguments.follow) {
        (Some(folder), _) => large::print_memory_of(folder),
        (None, Some(folder)) => neighbours::follow(folder, arguments.number.unwrap_or_default()),
        (None, None) => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), BenchError> {
    if let Some(name) = arguments.names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name)) {
        return Err(BenchError::UnknownGroup { name: name.clone() });
    }
    let time = Duration::try_from_secs_f64(arguments.seconds)
        .map_err(|_| BenchError::TimeOutOfRange { seconds: arguments.seconds })?;
    let pace = Pace::new(time, arguments.entries);
    let mut report = Report::new(machine::describe());
    let _kept = large::ThrowAway;
    for bench in BENCHES {
        if arguments.names.is_empty() || arguments.names.iter().any(|name| name == bench.name) {
            eprintln!("measuring {} …", bench.about);
            report.begin_group(bench.about);
            (bench.run)(&pace, &mut report)?;
        }
    }
    print!("{}", report.text());
    if arguments.names.is_empty() {
        let path = workspace_root().join("BENCHMARKS.md");
        std::fs::write(&path, report.markdown())
            .map_err(|cause| BenchError::ReportNotWritten { path: path.clone(), cause })?;
        println!("\nwritten to {}", path.display());
    }
    Ok(())
}

/// What an embedded log says when its quorum is not reached: those that are measured here have no peers.
fn warn_unwitnessed() {}

/// The root folder of the workspace: files that are measured lie in its `target`, on the same disk.
fn workspace_root() -> PathBuf {
    Shell::at_workspace_root().root().to_path_buf()
}
