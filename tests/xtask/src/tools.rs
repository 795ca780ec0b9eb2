//! The tools that a step needs beyond cargo itself, installed where they are missing.

use crate::shell::{Failure, Shell};
use crate::step::Step;

/// The programs a Chromium can be found under.
const CHROMIUM_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The version that `deny.toml` is written for.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Sees to it that the tools of this step are there.
pub fn provide(shell: &Shell, step: Step) -> Result<(), Failure> {
    match step {
        Step::Fmt => component(shell, "fmt", "rustfmt"),
        Step::Clippy => component(shell, "clippy", "clippy"),
        Step::Test => browser(shell),
        Step::Doc => Ok(()),
        Step::Deny | Step::Advisories => cargo_deny(shell),
    }
}

fn component(shell: &Shell, subcommand: &str, component: &str) -> Result<(), Failure> {
    if shell.answers("cargo", &[subcommand, "--version"]) {
        return Ok(());
    }
    shell.run("rustup", &["component", "add", component], &[])
}

/// About two minutes of compiling on two cores, once a machine.
fn cargo_deny(shell: &Shell) -> Result<(), Failure> {
    if shell.answers("cargo", &["deny", "--version"]) {
        return Ok(());
    }
    shell.cargo(&["install", "cargo-deny", "--version", CARGO_DENY_VERSION, "--locked"])
}

/// The browser tests need Node, the driver that `tests/browser/package-lock.json` pins, and a Chromium.
fn browser(shell: &Shell) -> Result<(), Failure> {
    if !shell.answers("node", &["--version"]) {
        return Err(Failure::ToolMissing { tool: "Node", advice: "install Node 20 or later, with npm" });
    }
    let folder = shell.root().join("tests/browser");
    if !folder.join("node_modules/.package-lock.json").exists() {
        shell.run_in(&folder, "npm", &["ci", "--no-audit", "--no-fund"], &[])?;
    }
    chromium(shell)
}

fn chromium(shell: &Shell) -> Result<(), Failure> {
    if CHROMIUM_NAMES.iter().any(|name| shell.answers(name, &["--version"])) {
        return Ok(());
    }
    let is_root = shell.output("id", &["-u"])?.trim() == "0";
    if !is_root || !shell.answers("apt-get", &["--version"]) {
        return Err(Failure::ToolMissing { tool: "Chromium", advice: "install the package `chromium`" });
    }
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    shell.run("apt-get", &["update", "-q"], &quiet)?;
    shell.run("apt-get", &["install", "-q", "-y", "--no-install-recommends", "chromium"], &quiet)
}
