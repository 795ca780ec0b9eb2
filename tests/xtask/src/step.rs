//! The steps of `cargo xtask test`.

use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::shell::{Failure, Shell};
use crate::tools;

/// What the tests and lints of the whole workspace are built with: the benchmarks, and the tests that
/// drive a real browser.
const FEATURES: &str = "xtask/bench,matricula-verifier/browser";

/// The environment variable by which tests know that they may take long.
const FULL: &str = "MATRICULA_FULL";

/// How long the tests may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Half an hour for all steps together: each test has a form that is short.
    Short,
    /// As long as the long forms take.
    Full,
}

impl Length {
    /// What the switch `--full` asks for.
    pub const fn of(full: bool) -> Self {
        if full { Self::Full } else { Self::Short }
    }

    /// What the tests see of it.
    pub const fn environment(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Short => &[],
            Self::Full => &[(FULL, "1")],
        }
    }
}

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// The formatting of every source file.
    Fmt,
    /// Clippy over every target, warnings denied.
    Clippy,
    /// Every test, among them the dependency arrows, the rules for sources, and the browser.
    Test,
    /// The documentation, warnings denied.
    Doc,
    /// The licences and sources of every dependency, and the crates that are banned.
    Deny,
    /// Known vulnerabilities of every dependency. Fetches their list, so it is not run by default.
    Advisories,
}

impl Step {
    /// The steps that run when none is named.
    pub const DEFAULT: [Step; 5] = [Step::Fmt, Step::Clippy, Step::Test, Step::Doc, Step::Deny];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Fmt => "fmt",
            Step::Clippy => "clippy",
            Step::Test => "test",
            Step::Doc => "doc",
            Step::Deny => "deny",
            Step::Advisories => "advisories",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Step::Fmt => "formatting of every source file",
            Step::Clippy => "clippy over every target, warnings denied",
            Step::Test => "every test",
            Step::Doc => "documentation, warnings denied",
            Step::Deny => "licences and sources of every dependency",
            Step::Advisories => "known vulnerabilities of every dependency",
        }
    }

    fn run(self, shell: &Shell, length: Length) -> Result<(), Failure> {
        tools::provide(shell, self, length)?;
        match self {
            Step::Fmt => shell.cargo(&["fmt", "--all", "--", "--check"]),
            Step::Clippy => shell.cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--features",
                FEATURES,
                "--",
                "-D",
                "warnings",
            ]),
            Step::Test => {
                let all = ["--workspace", "--features", FEATURES, "--no-fail-fast"];
                shell.cargo_test(&all, length.environment()).map(drop)
            }
            Step::Doc => {
                shell.run("cargo", &["doc", "--no-deps", "--workspace"], &[("RUSTDOCFLAGS", "-D warnings")])
            }
            Step::Deny => {
                shell.cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"])
            }
            Step::Advisories => shell.cargo(&["deny", "check", "advisories"]),
        }
    }
}

/// Runs the steps in the order given (all of [`Step::DEFAULT`] when none is), and stops at the first that fails.
/// Prints what each does and how long it took.
pub fn run_all(shell: &Shell, steps: &[Step], length: Length) -> Result<(), Failure> {
    let steps = if steps.is_empty() { &Step::DEFAULT[..] } else { steps };
    let mut times = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        println!("\n==> [{}/{}] {}: {}", at + 1, steps.len(), step.name(), step.about());
        let started = Instant::now();
        let outcome = step.run(shell, length);
        let took = started.elapsed();
        if let Err(cause) = outcome {
            println!("<== {} failed after {}", step.name(), seconds(took));
            return Err(Failure::Step { step: step.name(), cause: Box::new(cause) });
        }
        println!("<== {} done in {}", step.name(), seconds(took));
        times.push((step.name(), took));
    }
    print_summary(&times);
    Ok(())
}

fn print_summary(times: &[(&str, Duration)]) {
    println!("\nAll steps passed:");
    for (name, took) in times {
        println!("  {name:<12}{:>10}", seconds(*took));
    }
    println!("  {:<12}{:>10}", "total", seconds(times.iter().map(|(_, took)| *took).sum()));
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{Length, Step};

    #[test]
    fn the_name_of_a_step_is_what_the_command_line_takes() {
        for step in Step::value_variants() {
            assert_eq!(Step::from_str(step.name(), false), Ok(*step));
        }
    }

    #[test]
    fn every_step_but_the_one_that_needs_the_network_runs_by_default() {
        let left_out: Vec<_> =
            Step::value_variants().iter().filter(|step| !Step::DEFAULT.contains(step)).collect();
        assert_eq!(left_out, [&Step::Advisories]);
    }

    #[test]
    fn only_a_full_run_tells_the_tests_to_take_long() {
        assert_eq!(Length::of(true).environment(), [("MATRICULA_FULL", "1")]);
        assert!(Length::of(false).environment().is_empty());
    }
}
