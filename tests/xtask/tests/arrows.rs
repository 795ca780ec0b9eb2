//! The dependency arrows of the workspace, and controls which show that the check can fail.

use cargo_metadata::MetadataCommand;
use xtask::arrows::{ARROWS, Breach, Graph, PURE, TOPS, breaches};
use xtask::shell::Shell;

#[test]
fn the_workspace_keeps_its_arrows_and_its_pure_crates_stay_pure() {
    let manifest = Shell::at_workspace_root().root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).exec().unwrap();
    let found = breaches(&Graph::of(&metadata), ARROWS, TOPS, PURE);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", lines.join("\n"));
}

const SMALL_ARROWS: &[(&str, &[&str])] =
    &[("core", &[]), ("rules", &["core"]), ("service", &["rules"]), ("other", &["core"])];

fn judge(members: &[&str], edges: &[(&str, &str)]) -> Vec<Breach> {
    breaches(&Graph::new(members, edges), SMALL_ARROWS, &["program"], &["core", "rules"])
}

const MEMBERS: [&str; 5] = ["core", "rules", "service", "other", "program"];

#[test]
fn accepts_direct_and_reachable_arrows_and_tops_that_see_all() {
    let edges = [
        ("rules", "core"),
        ("service", "core"),
        ("service", "tokio"),
        ("program", "other"),
        ("program", "service"),
    ];
    assert_eq!(judge(&MEMBERS, &edges), []);
}

#[test]
fn refuses_an_arrow_against_the_table() {
    let reversed = |from: &str, to: &str| Breach::ArrowReversed { from: from.into(), to: to.into() };
    assert_eq!(judge(&MEMBERS, &[("core", "rules")]), [reversed("core", "rules")]);
    assert_eq!(judge(&MEMBERS, &[("service", "other")]), [reversed("service", "other")]);
    assert_eq!(judge(&MEMBERS, &[("rules", "program")]), [reversed("rules", "program")]);
}

#[test]
fn refuses_a_pure_crate_that_reaches_a_socket_through_others() {
    let edges = [("rules", "parser"), ("parser", "client"), ("client", "tokio"), ("parser", "tokio")];
    let path = ["rules", "parser", "tokio"].map(String::from).to_vec();
    assert_eq!(judge(&MEMBERS, &edges), [Breach::Impure { from: "rules".into(), to: "tokio".into(), path }]);
}

#[test]
fn refuses_a_member_that_the_table_does_not_know() {
    let members = [&MEMBERS[..], &["newcomer"]].concat();
    assert_eq!(judge(&members, &[]), [Breach::NotInTable { member: "newcomer".into() }]);
}

#[test]
fn refuses_a_table_that_names_a_crate_which_is_gone() {
    assert_eq!(judge(&MEMBERS[1..], &[]), [Breach::NotInWorkspace { name: "core".into() }]);
}

/// The graph of the real workspace with one forbidden arrow added: were the real graph read as empty,
/// the first test would pass for the wrong reason.
#[test]
fn the_real_graph_is_read_and_an_added_breach_is_found() {
    let manifest = Shell::at_workspace_root().root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).exec().unwrap();
    let graph = Graph::of(&metadata);
    let no_arrows: Vec<(&str, &[&str])> = ARROWS.iter().map(|(name, _)| (*name, &[][..])).collect();
    let found = breaches(&graph, &no_arrows, TOPS, &["matricula-verifier"]);
    let reversed =
        Breach::ArrowReversed { from: "matricula-verifier".into(), to: "matricula-verdict".into() };
    assert!(found.contains(&reversed));
    assert!(found.iter().any(|breach| matches!(breach, Breach::Impure { to, .. } if to == "tokio")));
}
