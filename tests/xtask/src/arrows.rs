//! Which crate may depend on which, and what a pure crate may never reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata};
use thiserror::Error;

/// The rules a workspace keeps.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// For each crate of the workspace, the crates of the workspace it builds on. A crate may name what it
    /// reaches over these arrows, and nothing else.
    pub arrows: &'static [(&'static str, &'static [&'static str])],
    /// Crates at the very top: the binary, and the tools and tests across crates. They may see all.
    pub tops: &'static [&'static str],
    /// Crates that decide: bytes, time and randomness come in as arguments.
    pub pure: &'static [&'static str],
    /// Arrows between foreign packages that a pure crate may reach across, because the code behind them is never called.
    pub permits: &'static [Permit],
}

/// An arrow between two foreign packages that does not count, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The package that depends.
    pub from: &'static str,
    /// The impure package.
    pub to: &'static str,
    /// Why the pure crates stay pure.
    pub reason: &'static str,
}

/// The rules of this workspace.
pub const RULES: Rules = Rules {
    arrows: &[
        ("matricula-tlog", &[]),
        ("matricula-registry", &["matricula-tlog"]),
        ("matricula-state", &[]),
        ("matricula-ledger", &["matricula-registry", "matricula-state"]),
        ("matricula-credential", &["matricula-tlog"]),
        ("matricula-verdict", &["matricula-registry", "matricula-credential"]),
        ("matricula-foreign", &["matricula-credential"]),
        ("matricula-verifier", &["matricula-verdict", "matricula-foreign"]),
        ("matricula-issuer", &["matricula-verdict", "matricula-state"]),
        ("matricula-wallet-api", &["matricula-verdict", "matricula-state"]),
    ],
    tops: &["matricula", "matricula-scenarios", "xtask"],
    pure: &["matricula-tlog", "matricula-registry", "matricula-credential", "matricula-verdict"],
    permits: &[
        Permit {
            from: "oxrdf",
            to: "rand",
            reason: "only `BlankNode::default` draws a random name, and every blank node here is given its name",
        },
        Permit {
            from: "rand_core",
            to: "getrandom",
            reason: "traits; the feature is on because the rand above asks for it, and `OsRng` is named nowhere here",
        },
        Permit {
            from: "ahash",
            to: "getrandom",
            reason: "seeds of hash tables, as the standard library's own tables draw them; no result depends on them",
        },
    ],
};

/// What brings sockets, files, threads, an async runtime or a random source into a program.
pub const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "crossbeam-channel",
    "fs2",
    "fs4",
    "getrandom",
    "hyper",
    "hyper-util",
    "memmap2",
    "mio",
    "notify",
    "object_store",
    "rand",
    "rayon",
    "reqwest",
    "rustls",
    "sled",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "tower-http",
    "tracing-subscriber",
    "ureq",
];

/// Who depends on whom, over normal and build dependencies. A node is a member's name, or a foreign package's name with its
/// version after a space: two versions of a package may reach different things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    members: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// A rule that the graph breaks.
#[derive(Clone, Debug, Error, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// A member of the workspace that the rules do not know.
    #[error("{member} is in the workspace but not in the table of arrows")]
    NotInTable {
        /// The member.
        member: String,
    },
    /// The rules name a crate that does not exist: they have drifted from the tree.
    #[error("{name} is in the table of arrows but not in the workspace")]
    NotInWorkspace {
        /// The name in the table.
        name: String,
    },
    /// A dependency against the arrows.
    #[error("{from} may not depend on {to}")]
    ArrowReversed {
        /// The crate that depends.
        from: String,
        /// The crate it names.
        to: String,
    },
    /// A permit for an arrow that is not there: it would cover a later one unseen.
    #[error("the permit for {from} → {to} covers nothing")]
    PermitUnused {
        /// The package that depends.
        from: String,
        /// The impure package.
        to: String,
    },
    /// A pure crate reaches something that touches the outside world.
    #[error("{from} is pure and reaches {to}, by way of {}", path.join(" → "))]
    Impure {
        /// The pure crate.
        from: String,
        /// What it reaches.
        to: String,
        /// The shortest way there, both ends included.
        path: Vec<String>,
    },
}

impl Graph {
    /// A graph from its members and arrows, given by name.
    pub fn new(members: &[&str], edges: &[(&str, &str)]) -> Self {
        let members = members.iter().map(|name| (*name).to_owned()).collect();
        let mut graph = Self { members, edges: BTreeMap::new() };
        for (from, to) in edges {
            graph.add_edge(from, to);
        }
        graph
    }

    /// The graph of a workspace as cargo resolves it: every platform, the features of the whole workspace
    /// together. That may hold more than one crate alone would be built with, never less.
    pub fn of(metadata: &Metadata) -> Self {
        let is_member = |id| metadata.workspace_members.contains(id);
        let name_of: BTreeMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| match is_member(&package.id) {
                true => (&package.id, package.name.to_string()),
                false => (&package.id, format!("{} {}", package.name, package.version)),
            })
            .collect();
        let name = |id| name_of.get(id).map(String::as_str).unwrap_or_default();
        let members = metadata.workspace_members.iter().map(|id| name(id).to_owned()).collect();
        let mut graph = Self { members, edges: BTreeMap::new() };
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        for (node, dependency) in nodes.flat_map(|node| node.deps.iter().map(move |to| (node, to))) {
            if dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development) {
                graph.add_edge(name(&node.id), name(&dependency.pkg));
            }
        }
        graph
    }

    fn add_edge(&mut self, from: &str, to: &str) {
        self.edges.entry(from.to_owned()).or_default().insert(to.to_owned());
    }

    /// Takes the permitted arrow out, in whatever versions; says whether it was there.
    fn remove_edge(&mut self, permit: &Permit) -> bool {
        let mut was_there = false;
        for (_, targets) in self.edges.iter_mut().filter(|(from, _)| package(from) == permit.from) {
            let before = targets.len();
            targets.retain(|to| package(to) != permit.to);
            was_there |= targets.len() < before;
        }
        was_there
    }

    fn neighbours(&self, from: &str) -> impl Iterator<Item = &str> {
        self.edges.get(from).into_iter().flatten().map(String::as_str)
    }

    /// The shortest way from a crate to each crate it reaches, itself included.
    fn paths_from<'a>(&'a self, start: &'a str) -> BTreeMap<&'a str, Vec<String>> {
        let mut paths = BTreeMap::from([(start, vec![start.to_owned()])]);
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for next in self.neighbours(at) {
                if !paths.contains_key(next) {
                    let mut path = paths[at].clone();
                    path.push(next.to_owned());
                    paths.insert(next, path);
                    queue.push_back(next);
                }
            }
        }
        paths
    }
}

/// Every breach of the rules, sorted.
pub fn breaches(graph: &Graph, rules: &Rules) -> Vec<Breach> {
    let mut found = BTreeSet::new();
    check_table(graph, rules, &mut found);
    check_arrows(graph, rules, &mut found);
    check_purity(graph, rules, &mut found);
    found.into_iter().collect()
}

fn check_table(graph: &Graph, rules: &Rules, found: &mut BTreeSet<Breach>) {
    let table: BTreeSet<&str> =
        rules.arrows.iter().map(|(name, _)| name).chain(rules.tops).copied().collect();
    for member in graph.members.iter().filter(|member| !table.contains(member.as_str())) {
        found.insert(Breach::NotInTable { member: member.clone() });
    }
    for name in table.iter().filter(|name| !graph.members.contains(**name)) {
        found.insert(Breach::NotInWorkspace { name: (*name).to_owned() });
    }
}

fn check_arrows(graph: &Graph, rules: &Rules, found: &mut BTreeSet<Breach>) {
    let edges: Vec<(&str, &str)> =
        rules.arrows.iter().flat_map(|(from, targets)| targets.iter().map(|to| (*from, *to))).collect();
    let allowed = Graph::new(&[], &edges);
    for (from, _) in rules.arrows {
        let reach = allowed.paths_from(from);
        let ours = graph.neighbours(from).filter(|to| graph.members.contains(*to));
        for to in ours.filter(|to| !reach.contains_key(to)) {
            found.insert(Breach::ArrowReversed { from: (*from).to_owned(), to: to.to_owned() });
        }
    }
}

fn check_purity(graph: &Graph, rules: &Rules, found: &mut BTreeSet<Breach>) {
    let mut counted = graph.clone();
    for permit in rules.permits {
        if !counted.remove_edge(permit) {
            found.insert(Breach::PermitUnused { from: permit.from.to_owned(), to: permit.to.to_owned() });
        }
    }
    for from in rules.pure {
        for (to, path) in counted.paths_from(from) {
            if IMPURE.contains(&package(to)) {
                found.insert(Breach::Impure { from: (*from).to_owned(), to: to.to_owned(), path });
            }
        }
    }
}

/// The package's name without its version.
fn package(node: &str) -> &str {
    node.split(' ').next().unwrap_or_default()
}
