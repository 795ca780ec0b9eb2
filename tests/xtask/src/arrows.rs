//! Which crate may depend on which, and what a pure crate may never reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata};
use thiserror::Error;

/// For each crate of the workspace, the crates of the workspace it builds on. A crate may name what it
/// reaches over these arrows, and nothing else.
pub const ARROWS: &[(&str, &[&str])] = &[
    ("matricula-tlog", &[]),
    ("matricula-registry", &["matricula-tlog"]),
    ("matricula-state", &[]),
    ("matricula-ledger", &["matricula-registry", "matricula-state"]),
    ("matricula-credential", &["matricula-tlog"]),
    ("matricula-verdict", &["matricula-registry", "matricula-credential"]),
    ("matricula-verifier", &["matricula-verdict"]),
    ("matricula-issuer", &["matricula-verdict", "matricula-state"]),
    ("matricula-wallet-api", &["matricula-verdict", "matricula-state"]),
];

/// Crates at the very top: the binary, and the tools and tests across crates. They may see all.
pub const TOPS: &[&str] = &["matricula", "matricula-scenarios", "xtask"];

/// Crates that decide: bytes, time and randomness come in as arguments.
pub const PURE: &[&str] =
    &["matricula-tlog", "matricula-registry", "matricula-credential", "matricula-verdict"];

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

/// Who depends on whom, over normal and build dependencies, by package name. Several versions of a package
/// are one node: the rules name packages, not versions.
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
        let name_of: BTreeMap<_, _> =
            metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
        let name = |id| name_of.get(id).copied().unwrap_or_default();
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

/// Every breach of the arrows, sorted.
pub fn breaches(graph: &Graph, arrows: &[(&str, &[&str])], tops: &[&str], pure: &[&str]) -> Vec<Breach> {
    let mut found = BTreeSet::new();
    check_table(graph, arrows, tops, &mut found);
    check_arrows(graph, arrows, &mut found);
    check_purity(graph, pure, &mut found);
    found.into_iter().collect()
}

fn check_table(graph: &Graph, arrows: &[(&str, &[&str])], tops: &[&str], found: &mut BTreeSet<Breach>) {
    let table: BTreeSet<&str> = arrows.iter().map(|(name, _)| *name).chain(tops.iter().copied()).collect();
    for member in graph.members.iter().filter(|member| !table.contains(member.as_str())) {
        found.insert(Breach::NotInTable { member: member.clone() });
    }
    for name in table.iter().filter(|name| !graph.members.contains(**name)) {
        found.insert(Breach::NotInWorkspace { name: (*name).to_owned() });
    }
}

fn check_arrows(graph: &Graph, arrows: &[(&str, &[&str])], found: &mut BTreeSet<Breach>) {
    let edges: Vec<(&str, &str)> =
        arrows.iter().flat_map(|(from, targets)| targets.iter().map(|to| (*from, *to))).collect();
    let permitted = Graph::new(&[], &edges);
    for (from, _) in arrows {
        let reach = permitted.paths_from(from);
        let ours = graph.neighbours(from).filter(|to| graph.members.contains(*to));
        for to in ours.filter(|to| !reach.contains_key(to)) {
            found.insert(Breach::ArrowReversed { from: (*from).to_owned(), to: to.to_owned() });
        }
    }
}

fn check_purity(graph: &Graph, pure: &[&str], found: &mut BTreeSet<Breach>) {
    for from in pure {
        for (to, path) in graph.paths_from(from) {
            if IMPURE.contains(&to) {
                found.insert(Breach::Impure { from: (*from).to_owned(), to: to.to_owned(), path });
            }
        }
    }
}
