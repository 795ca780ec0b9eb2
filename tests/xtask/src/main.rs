//! `cargo xtask`: the developer commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::shell::{Failure, Shell};
use xtask::step::{self, Length, Step};

/// Developer commands of Matricula.
#[derive(Parser)]
#[command(name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the checks that a change must pass; stop at the first that fails.
    ///
    /// Without names, every step but `advisories` runs, in this order. What a step needs and the machine lacks
    /// is installed first (as root where Debian packages are needed). Takes half an hour at most on two cores;
    /// with `--full`, an hour or two.
    Test {
        /// Run the long tests, too: 10,000 cuts of the simulated disk, real processes in network namespaces, full
        /// disks, a minute of load, programs that are not ours. What needs root says what it skips without.
        #[arg(long)]
        full: bool,
        /// The steps to run, in the order given.
        #[arg(value_enum)]
        steps: Vec<Step>,
    },
    /// Measure in a release build; print a table, and write BENCHMARKS.md when everything was measured.
    Bench {
        /// The benchmarks to run; none means all. `--list` names them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let shell = Shell::at_workspace_root();
    let outcome = match arguments.command {
        Command::Test { full, steps } => step::run_all(&shell, &steps, Length::of(full)),
        Command::Bench { arguments } => bench(&shell, &arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The benchmarks are a binary of their own, always in release, behind the feature that brings in the
/// crates they measure.
fn bench(shell: &Shell, arguments: &[String]) -> Result<(), Failure> {
    let mut line =
        vec!["run", "--release", "--package", "xtask", "--features", "bench", "--bin", "bench", "--"];
    line.extend(arguments.iter().map(String::as_str));
    shell.cargo(&line)
}
