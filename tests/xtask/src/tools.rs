//! The tools that a step needs beyond cargo itself, installed where they are missing.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::shell::{Failure, Shell};
use crate::step::{Length, Step};

/// The programs a Chromium can be found under.
const CHROMIUM_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The version that `deny.toml` is written for.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// What the long tests need: a program that is there when its package is, the arguments that it answers to, the package.
const LONG_TESTS: [(&str, &[&str], &str); 5] = [
    ("ip", &["-Version"], "iproute2"),
    ("nft", &["--version"], "nftables"),
    ("mkfs.ext4", &["-V"], "e2fsprogs"),
    ("go", &["version"], "golang-go"),
    ("test", &["-d", "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog"], "golang-golang-x-mod-dev"),
];

/// Keeps packages from starting the servers that they bring.
const START_POLICY: &str = "/usr/sbin/policy-rc.d";

/// Sees to it that the tools of this step are there.
pub fn provide(shell: &Shell, step: Step, length: Length) -> Result<(), Failure> {
    match step {
        Step::Fmt => component(shell, "fmt", "rustfmt"),
        Step::Clippy => component(shell, "clippy", "clippy"),
        Step::Test => {
            browser(shell)?;
            if length == Length::Full { long_tests(shell) } else { Ok(()) }
        }
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
    if !may_install(shell)? {
        return Err(Failure::ToolMissing { tool: "Chromium", advice: "install the package `chromium`" });
    }
    install(shell, &["chromium"])
}

/// Where nothing may be installed the tests that lack something say so, and the others run.
fn long_tests(shell: &Shell) -> Result<(), Failure> {
    let missing = LONG_TESTS.iter().filter(|(program, arguments, _)| !shell.answers(program, arguments));
    let missing: Vec<&str> = missing.map(|(.., package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !may_install(shell)? {
        println!("    not installed, and needs root on Debian: {}", missing.join(" "));
        return Ok(());
    }
    install(shell, &missing)
}

fn may_install(shell: &Shell) -> Result<bool, Failure> {
    let is_root = shell.output("id", &["-u"])?.trim() == "0";
    Ok(is_root && shell.answers("apt-get", &["--version"]))
}

fn install(shell: &Shell, packages: &[&str]) -> Result<(), Failure> {
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    keep_servers_from_starting()?;
    shell.run("apt-get", &["update", "-q"], &quiet)?;
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    shell.run("apt-get", &[&install[..], packages].concat(), &quiet)
}

/// A policy that is there is somebody's decision, and stays.
fn keep_servers_from_starting() -> Result<(), Failure> {
    let written = OpenOptions::new().write(true).create_new(true).mode(0o755).open(START_POLICY);
    match written.and_then(|mut file| file.write_all(b"#!/bin/sh\nexit 101\n")) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
            Err(Failure::NotWritten { path: START_POLICY, cause })
        }
        _ => Ok(()),
    }
}
