//! Everybody together, and what must hold at any time.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use matricula_ledger::Role;
use matricula_tlog::{Hash, Policy, SignedCheckpoint};
use turmoil::{Builder, Sim};

use crate::neighbours::Neighbour;
use crate::support::keys;
use crate::tree::Tree;
use crate::writer::Writer;

/// How finely the simulation divides time.
pub const TICK_MS: u64 = 10;

pub const MIRRORS: usize = 3;
pub const WITNESSES: usize = 7;

/// How many of each must cosign.
#[derive(Clone, Copy, Debug)]
pub struct Quorum {
    pub mirrors: usize,
    pub witnesses: usize,
}

/// Two quorums always share a mirror and a witness, and a copy is left when any two nodes burn.
pub const MAJORITIES: Quorum = Quorum { mirrors: 2, witnesses: 4 };

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Two roots of one size reached the quorum.
    TwoWitnessed { size: u64 },
    /// Somebody cosigned a root that the log did not sign for that size.
    Invented { by: String, size: u64 },
    /// Two quorums have nobody in common.
    NothingInCommon { one: u64, other: u64 },
    /// When these two burn, a witnessed entry is nowhere.
    Burnt { nodes: [String; 2], size: u64 },
    /// A witness has a size that no mirror has.
    AheadOfMirrors { by: String, size: u64 },
    /// Somebody called a smaller tree the largest after a larger one.
    RolledBack { by: String },
    /// An honest log was accused.
    Accused { by: String },
    /// A neighbour said that it has seen an honest log otherwise.
    Contradicted { times: u64 },
    /// The writer believes that its log went back.
    Stopped { why: String },
}

/// A writer, or one writer twice, and their neighbours: mirrors first.
pub struct World {
    pub neighbours: Vec<Neighbour>,
    pub writers: Vec<Writer>,
    quorum: Quorum,
    /// What each writer had witnessed when the copies were last compared.
    copied: Vec<Cell<u64>>,
}

impl World {
    pub fn new(seed: u64, quorum: Quorum, trees: Vec<Tree>) -> Self {
        let mirrors = (1..=MIRRORS).map(|number| (format!("mirror{number}"), Role::Mirror));
        let witnesses = (1..=WITNESSES).map(|number| (format!("witness{number}"), Role::Witness));
        let neighbour = |(position, (name, role))| Neighbour::new(name, role, 100 + position as u8);
        let neighbours: Vec<_> = mirrors.chain(witnesses).enumerate().map(neighbour).collect();
        let policy = policy(&neighbours, quorum);
        let peers: Vec<_> = neighbours.iter().map(Neighbour::peer).collect();
        let writers = trees.into_iter().zip(seed * 2..);
        let writers = writers.map(|(tree, seed)| Writer::new(tree, policy.clone(), peers.clone(), seed));
        let writers: Vec<_> = writers.collect();
        Self { copied: vec![Cell::new(0); writers.len()], writers, neighbours, quorum }
    }

    /// A network with 20 to 250 ms between any two hosts, everybody running.
    pub fn start(&self, seed: u64) -> Sim<'static> {
        let mut sim = Builder::new()
            .rng_seed(seed)
            .tick_duration(Duration::from_millis(TICK_MS))
            .min_message_latency(Duration::from_millis(20))
            .max_message_latency(Duration::from_millis(250))
            .simulation_duration(Duration::from_secs(24 * 3600))
            .tcp_capacity(1 << 14)
            .enable_random_order()
            .build();
        for neighbour in self.neighbours.iter().cloned() {
            sim.host(neighbour.name.clone(), move || neighbour.clone().run());
        }
        for (position, writer) in self.writers.iter().cloned().enumerate() {
            sim.host(writer_name(position), move || writer.clone().run());
        }
        sim
    }

    pub fn mirrors(&self) -> &[Neighbour] {
        &self.neighbours[..MIRRORS]
    }

    pub fn witnesses(&self) -> &[Neighbour] {
        &self.neighbours[MIRRORS..]
    }

    /// What must hold whoever writes: of an honest log, and of one that exists twice.
    pub fn check(&self) -> Result<(), Broken> {
        self.check_roots()?;
        self.check_common()?;
        self.check_copies()?;
        self.check_order()?;
        let back = self.neighbours.iter().find(|neighbour| neighbour.key.went_back());
        back.map_or(Ok(()), |by| Err(Broken::RolledBack { by: by.name.clone() }))
    }

    /// What must hold besides when the log is honest.
    pub fn check_honest(&self) -> Result<(), Broken> {
        self.check()?;
        let accuser =
            |neighbour: &&Neighbour| !neighbour.evidence().is_empty() || neighbour.has_unexplained();
        if let Some(by) = self.neighbours.iter().find(accuser) {
            return Err(Broken::Accused { by: by.name.clone() });
        }
        for book in self.writers.iter().map(Writer::book) {
            if let Some(why) = book.stopped.clone() {
                return Err(Broken::Stopped { why });
            }
            if book.contradictions > 0 {
                return Err(Broken::Contradicted { times: book.contradictions });
            }
        }
        Ok(())
    }

    /// No size has two witnessed roots, and nobody cosigned what the log did not sign.
    pub fn check_roots(&self) -> Result<(), Broken> {
        let mut witnessed: BTreeMap<u64, Hash> = BTreeMap::new();
        let mut signed: BTreeSet<(u64, Hash)> = BTreeSet::new();
        for writer in &self.writers {
            let book = writer.book();
            for note in &book.witnessed {
                let (size, root) = (note.unverified().size().get(), note.unverified().root());
                if *witnessed.entry(size).or_insert(root) != root {
                    return Err(Broken::TwoWitnessed { size });
                }
            }
            let trees = book.published.iter().map(SignedCheckpoint::unverified);
            signed.extend(trees.map(|tree| (tree.size().get(), tree.root())));
        }
        for neighbour in &self.neighbours {
            for (size, root, _) in neighbour.key.said() {
                if !signed.contains(&(size, root)) {
                    return Err(Broken::Invented { by: neighbour.name.clone(), size });
                }
            }
        }
        Ok(())
    }

    /// Any two quorums have a mirror and a witness in common: neither can have cosigned two histories.
    pub fn check_common(&self) -> Result<(), Broken> {
        let books: Vec<_> = self.writers.iter().map(Writer::book).collect();
        let notes: Vec<_> = books.iter().flat_map(|book| &book.witnessed).collect();
        let cosigned_by = |note: &SignedCheckpoint| -> Vec<bool> {
            let lines = note.note().signatures();
            let by = |n: &Neighbour| lines.iter().any(|line| line.name() == n.key_name());
            self.neighbours.iter().map(by).collect()
        };
        let sets: Vec<_> =
            notes.iter().map(|note| (note.unverified().size().get(), cosigned_by(note))).collect();
        for pair in sets.windows(2) {
            let [(one, first), (other, second)] = pair else { continue };
            let both: Vec<bool> = first.iter().zip(second).map(|(a, b)| *a && *b).collect();
            if !both[..MIRRORS].contains(&true) || !both[MIRRORS..].contains(&true) {
                return Err(Broken::NothingInCommon { one: *one, other: *other });
            }
        }
        Ok(())
    }

    /// Whichever two nodes burn, one that is left has every witnessed entry.
    fn check_copies(&self) -> Result<(), Broken> {
        for (position, writer) in self.writers.iter().enumerate() {
            let book = writer.book();
            let Some(latest) = book.witnessed.iter().max_by_key(|note| note.unverified().size()) else {
                continue;
            };
            let size = latest.unverified().size().get();
            if self.copied[position].get() == size {
                continue;
            }
            let wanted = &book.tree.entries[..size as usize];
            let mut holders = vec![writer_name(position)];
            let mirrors = self.mirrors().iter().filter(|mirror| mirror.entries(size) == wanted);
            holders.extend(mirrors.map(|mirror| mirror.name.clone()));
            if holders.len() < 3 {
                let nodes = [holders[0].clone(), holders.get(1).cloned().unwrap_or_default()];
                return Err(Broken::Burnt { nodes, size });
            }
            self.copied[position].set(size);
        }
        Ok(())
    }

    /// A witness is asked when enough mirrors have cosigned.
    fn check_order(&self) -> Result<(), Broken> {
        let mut mirrored: Vec<u64> = self.mirrors().iter().map(|mirror| mirror.key.largest()).collect();
        mirrored.sort_unstable_by(|a, b| b.cmp(a));
        let enough = mirrored[self.quorum.mirrors - 1];
        let ahead = self.witnesses().iter().find(|witness| witness.key.largest() > enough);
        let broken = |by: &Neighbour| Broken::AheadOfMirrors { by: by.name.clone(), size: by.key.largest() };
        ahead.map_or(Ok(()), |by| Err(broken(by)))
    }
}

pub fn writer_name(position: usize) -> String {
    format!("writer{}", position + 1)
}

fn policy(neighbours: &[Neighbour], quorum: Quorum) -> Policy {
    let mut text = format!("log {}\n", keys().log.verifier().encode());
    for neighbour in neighbours {
        text.push_str(&format!("witness {} {}\n", neighbour.name, neighbour.peer().key.encode()));
    }
    let names = |role| {
        let of_role = neighbours.iter().filter(|neighbour| neighbour.role == role);
        of_role.map(|neighbour| neighbour.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    text.push_str(&format!("group mirrors {} {}\n", quorum.mirrors, names(Role::Mirror)));
    text.push_str(&format!("group witnesses {} {}\n", quorum.witnesses, names(Role::Witness)));
    text.push_str("group both all mirrors witnesses\nquorum both\n");
    Policy::parse(text.as_bytes()).unwrap()
}
