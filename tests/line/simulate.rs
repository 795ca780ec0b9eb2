//! `matricula simulate`, as a ministry officer types it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use serde_json::Value;

fn simulate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_matricula")).arg("simulate").args(args).output().unwrap()
}

#[test]
fn computes_a_country_whose_parts_add_up() {
    let output = simulate(&["--institutions", "1270", "--learners", "1200000", "--years", "12", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let entries = report["estimate"]["entries"].as_object().unwrap();
    let sum: u64 = entries.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(report["estimate"]["entries_total"], sum);
    assert_eq!(entries["batch"], 1270 * 16 * 12);
    assert!(report["measured"]["batch_bytes"].as_u64().unwrap() > 64, "two signatures are in it");
}

#[test]
fn refuses_a_country_without_schools() {
    let output = simulate(&["--institutions", "0", "--learners", "10", "--years", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--institutions"), "{output:?}");
}
