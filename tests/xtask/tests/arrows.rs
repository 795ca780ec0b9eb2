//! The dependency arrows of the workspace, and controls which show that the check can fail.

use cargo_metadata::MetadataCommand;
use xtask::arrows::{Breach, Graph, Permit, RULES, Rules, breaches};
use xtask::shell::Shell;

#[test]
fn the_workspace_keeps_its_arrows_and_its_pure_crates_stay_pure() {
    let manifest = Shell::at_workspace_root().root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).exec().unwrap();
    let found = breaches(&Graph::of(&metadata), &RULES);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", lines.join("\n"));
}

const SMALL: Rules = Rules {
    arrows: &[("core", &[]), ("rules", &["core"]), ("service", &["rules"]), ("other", &["core"])],
    tops: &["program"],
    pure: &["core", "rules"],
    permits: &[],
};

fn judge(members: &[&str], edges: &[(&str, &str)]) -> Vec<Breach> {
    breaches(&Graph::new(members, edges), &SMALL)
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

fn impure(path: [&str; 3]) -> Breach {
    let [from, _, to] = path.map(String::from);
    Breach::Impure { from, to, path: path.map(String::from).to_vec() }
}

#[test]
fn refuses_a_pure_crate_that_reaches_a_socket_through_others() {
    let edges = [
        ("rules", "parser 1.0.0"),
        ("parser 1.0.0", "client 2.1.0"),
        ("client 2.1.0", "tokio 1.0.0"),
        ("parser 1.0.0", "tokio 1.0.0"),
    ];
    assert_eq!(judge(&MEMBERS, &edges), [impure(["rules", "parser 1.0.0", "tokio 1.0.0"])]);
}

#[test]
fn what_another_version_of_a_package_reaches_is_not_held_against_this_one() {
    let edges = [("rules", "digest 2.0.0"), ("service", "digest 1.0.0"), ("digest 1.0.0", "getrandom 1.0.0")];
    assert_eq!(judge(&MEMBERS, &edges), []);
}

#[test]
fn a_permit_covers_its_own_arrow_and_no_other() {
    let rules = Rules { permits: &[Permit { from: "parser", to: "rand", reason: "never called" }], ..SMALL };
    let judge = |edges: &[(&str, &str)]| breaches(&Graph::new(&MEMBERS, edges), &rules);
    let permitted = [("rules", "parser 1.0.0"), ("parser 1.0.0", "rand 1.0.0")];
    assert_eq!(judge(&permitted), []);
    let other = [("rules", "shuffle 1.0.0"), ("shuffle 1.0.0", "rand 1.0.0")];
    assert_eq!(judge(&[permitted, other].concat()), [impure(["rules", "shuffle 1.0.0", "rand 1.0.0"])]);
    assert_eq!(judge(&[]), [Breach::PermitUnused { from: "parser".into(), to: "rand".into() }]);
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
    let rules = Rules { arrows: &[("matricula-verifier", &[])], pure: &["matricula-verifier"], ..RULES };
    let found = breaches(&graph, &rules);
    let reversed =
        Breach::ArrowReversed { from: "matricula-verifier".into(), to: "matricula-verdict".into() };
    assert!(found.contains(&reversed));
    assert!(
        found.iter().any(|breach| matches!(breach, Breach::Impure { to, .. } if to.starts_with("tokio ")))
    );
}
