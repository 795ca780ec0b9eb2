//! Running other programs: shown before they start, and named when they fail.

use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use thiserror::Error;

/// Why a command did not do its work.
#[derive(Debug, Error)]
pub enum Failure {
    /// The program could not be started at all.
    #[error("`{line}` could not be started: {cause}")]
    NotStarted {
        /// The command line.
        line: CommandLine,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The program ran, and said no.
    #[error("`{line}` failed: {status}")]
    Refused {
        /// The command line.
        line: CommandLine,
        /// How it ended.
        status: ExitStatus,
    },
    /// The program's output could not be read.
    #[error("the output of `{line}` could not be read: {cause}")]
    Unreadable {
        /// The command line.
        line: CommandLine,
        /// What the operating system said.
        cause: io::Error,
    },
    /// A tool is missing, and this run may not install it.
    #[error("{tool} is needed and missing: {advice}")]
    ToolMissing {
        /// The tool.
        tool: &'static str,
        /// What to do about it.
        advice: &'static str,
    },
    /// A file could not be written.
    #[error("{path} could not be written: {cause}")]
    NotWritten {
        /// The file.
        path: &'static str,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The test runner ended well but ran nothing: a check that cannot fail is none.
    #[error("no test was run by `{line}`")]
    NoTestRan {
        /// The command line.
        line: CommandLine,
    },
    /// One step of several failed.
    #[error("step {step} failed: {cause}\nrun it alone with: cargo xtask test {step}")]
    Step {
        /// The step's name.
        step: &'static str,
        /// What happened in it.
        cause: Box<Failure>,
    },
}

/// A command line as a person would type it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(String);

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many tests a `cargo test` ran, over all its binaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCount {
    /// Tests that held.
    pub passed: u64,
    /// Tests that did not.
    pub failed: u64,
}

impl TestCount {
    /// Adds what one line of the runner's output says; lines that say nothing add nothing.
    pub fn add_line(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        let before = |word: &str| -> u64 {
            let words: Vec<&str> = counts.split_whitespace().collect();
            words
                .windows(2)
                .find(|pair| pair[1].trim_end_matches(';') == word)
                .and_then(|pair| pair[0].parse().ok())
                .unwrap_or(0)
        };
        self.passed += before("passed");
        self.failed += before("failed");
    }
}

/// Runs programs in the workspace's root folder.
#[derive(Debug)]
pub struct Shell {
    root: PathBuf,
}

impl Shell {
    /// A shell in the root folder of the workspace this crate belongs to.
    pub fn at_workspace_root() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).expect("invariant: this crate lies two folders below the root");
        Self { root: root.to_path_buf() }
    }

    /// The root folder of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs cargo, output straight to the terminal.
    pub fn cargo(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.run("cargo", arguments, &[])
    }

    /// Runs a program with extra environment, output straight to the terminal.
    pub fn run(&self, program: &str, arguments: &[&str], env: &[(&str, &str)]) -> Result<(), Failure> {
        self.run_in(&self.root, program, arguments, env)
    }

    /// Runs a program in a folder of its own.
    pub fn run_in(
        &self,
        folder: &Path,
        program: &str,
        arguments: &[&str],
        env: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let line = announce(program, arguments, env);
        let status = self
            .command(program, arguments, env)
            .current_dir(folder)
            .status()
            .map_err(|cause| Failure::NotStarted { line: line.clone(), cause })?;
        if status.success() { Ok(()) } else { Err(Failure::Refused { line, status }) }
    }

    /// Runs `cargo test` with the arguments and extra environment, passes its output on line by line, and counts the
    /// tests.
    pub fn cargo_test(&self, arguments: &[&str], env: &[(&str, &str)]) -> Result<TestCount, Failure> {
        let all: Vec<&str> = ["test"].iter().chain(arguments).copied().collect();
        let line = announce("cargo", &all, env);
        let mut child = self
            .command("cargo", &all, env)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| Failure::NotStarted { line: line.clone(), cause })?;
        let mut count = TestCount::default();
        if let Some(output) = child.stdout.take() {
            for text in BufReader::new(output).lines() {
                let text = text.map_err(|cause| Failure::Unreadable { line: line.clone(), cause })?;
                println!("{text}");
                count.add_line(&text);
            }
        }
        let status = child.wait().map_err(|cause| Failure::NotStarted { line: line.clone(), cause })?;
        println!("\n{} passed, {} failed", count.passed, count.failed);
        match (status.success(), count.passed) {
            (false, _) => Err(Failure::Refused { line, status }),
            (true, 0) => Err(Failure::NoTestRan { line }),
            (true, _) => Ok(count),
        }
    }

    /// Whether the program starts and answers with success; its output is dropped.
    pub fn answers(&self, program: &str, arguments: &[&str]) -> bool {
        self.command(program, arguments, &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// What the program prints, where it ends well.
    pub fn output(&self, program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let line = CommandLine(spell(program, arguments, &[]));
        let output = self
            .command(program, arguments, &[])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|cause| Failure::NotStarted { line: line.clone(), cause })?;
        if !output.status.success() {
            return Err(Failure::Refused { line, status: output.status });
        }
        String::from_utf8(output.stdout)
            .map_err(|cause| Failure::Unreadable { line, cause: io::Error::other(cause) })
    }

    fn command(&self, program: &str, arguments: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).envs(env.iter().copied()).current_dir(&self.root).stdin(Stdio::null());
        command
    }
}

fn announce(program: &str, arguments: &[&str], env: &[(&str, &str)]) -> CommandLine {
    let line = CommandLine(spell(program, arguments, env));
    println!("    {line}");
    line
}

fn spell(program: &str, arguments: &[&str], env: &[(&str, &str)]) -> String {
    let quote = |text: &str| if text.contains(' ') { format!("'{text}'") } else { text.to_owned() };
    let env = env.iter().map(|(name, value)| format!("{name}={}", quote(value)));
    let words = arguments.iter().map(|argument| quote(argument));
    env.chain([program.to_owned()]).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Failure, Shell, TestCount, spell};

    #[test]
    fn counts_the_tests_of_every_binary() {
        let mut count = TestCount::default();
        count.add_line("running 3 tests");
        count.add_line(
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        count.add_line(
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
        );
        assert_eq!(count, TestCount { passed: 7, failed: 2 });
    }

    #[test]
    fn a_failing_program_is_named_with_its_exit_status() {
        let shell = Shell::at_workspace_root();
        let failure = shell.run("false", &["with", "two words"], &[]).unwrap_err();
        assert!(matches!(failure, Failure::Refused { status, .. } if status.code() == Some(1)));
    }

    #[test]
    fn a_program_that_does_not_exist_is_not_started() {
        let shell = Shell::at_workspace_root();
        let failure = shell.run("no-such-program-anywhere", &[], &[]).unwrap_err();
        assert!(matches!(failure, Failure::NotStarted { .. }));
    }

    #[test]
    fn a_command_line_reads_as_it_would_be_typed() {
        let line = spell("cargo", &["doc", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")]);
        assert_eq!(line, "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }
}
