//! A node, a mirror and a witness, what their users were told, and what must hold of it at any time.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use matricula_ledger::witness::LightWitness;
use matricula_ledger::{Call, Disk, Distributor, Event, Node, Outcome, Replication, fsck_on};
use matricula_state::StateStore;
use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

use crate::journal::JournalStore;
use crate::machines::{
    Machine, OpenMirror, answer_as_witness, open_mirror, open_witness, open_writer, origin, peers, policy,
    root,
};
use crate::support::random::Random;
use crate::support::recorder::Recorder;
use crate::support::simulated_disk::{Fault, SimulatedDisk};
use crate::support::{NOW, entry};

pub const MACHINES: [&str; 3] = ["writer", "mirror", "witness"];
pub const WRITER: usize = 0;
pub const MIRROR: usize = 1;
pub const WITNESS: usize = 2;

/// Calls in a row after which a distributor that is not done has had its chance.
const POLLS_MAX: u32 = 12;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A machine whose disk is whole does not start.
    DoesNotOpen { machine: &'static str, why: String },
    /// An entry was acknowledged and is not at its place.
    AcknowledgedLost { index: u64 },
    /// Somebody signed or cosigned another root for a size than somebody else.
    Forked { size: u64 },
    /// A mirror cosigned more than is on its disk.
    CopyLost { cosigned: u64, found: u64 },
    /// A copy has another entry than the log.
    CopyDiffers { index: u64 },
    /// A witness remembers less than it cosigned.
    Forgotten { cosigned: u64, found: u64 },
    /// A smaller tree was called the largest after a larger one.
    RolledBack { machine: &'static str },
    /// A witness has a size that no mirror has.
    AheadOfMirrors { witnessed: u64, mirrored: u64 },
    /// A peer found the log shorter, or other, than it remembers it.
    PeerObjects { event: String },
    /// The entries, or what stands beside them, do not agree.
    Unsound { report: String },
    /// What was witnessed has no proof any more, or none that convinces.
    ProofLost { index: u64 },
    /// With every machine whole, the latest entries were not witnessed.
    NoProgress { accepted: u64, witnessed: u64 },
}

#[derive(Clone)]
pub struct Chain {
    pub machines: [Machine; 3],
    pub mirror_key: Recorder,
    pub witness_key: Recorder,
    random: Random,
    /// Index and number of each entry that was acknowledged.
    pub acknowledged: Vec<(u64, u64)>,
    /// The root of each size that anybody signed.
    roots: BTreeMap<u64, Hash>,
    witnessed: u64,
    pub next: u64,
    now: u64,
}

impl Chain {
    pub fn new(seed: u64) -> Self {
        let machine = |number: u64| Machine { disk: SimulatedDisk::new(seed * 3 + number), lie: None };
        Self {
            machines: [machine(0), machine(1), machine(2)],
            mirror_key: Recorder::new("mirror.example/gt", 3),
            witness_key: Recorder::new("witness.example/sv", 4),
            random: Random::new(seed),
            acknowledged: Vec::new(),
            roots: BTreeMap::new(),
            witnessed: 0,
            next: 1,
            now: NOW.get(),
        }
    }

    /// A chain that has got so far that its first tiles are nearly full.
    pub fn grown(seed: u64) -> Self {
        static GROWN: LazyLock<Chain> = LazyLock::new(|| {
            let mut chain = Chain::new(0);
            chain.live(&[247]).unwrap();
            chain.check_progress().unwrap();
            (0..MACHINES.len()).for_each(|machine| chain.end(machine, false));
            chain
        });
        let machine = |number: usize| {
            let disk = GROWN.machines[number].disk.copy(seed * 3 + number as u64);
            Machine { disk, lie: None }
        };
        Self {
            machines: [machine(0), machine(1), machine(2)],
            mirror_key: GROWN.mirror_key.copy(),
            witness_key: GROWN.witness_key.copy(),
            random: Random::new(seed),
            ..GROWN.clone()
        }
    }

    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// All that happened, for comparison with another run of the same seed.
    pub fn history(&self) -> String {
        let changes = self.machines.iter().map(|machine| machine.disk.changes()).collect::<Vec<_>>();
        let (mirror, witness) = (self.mirror_key.said(), self.witness_key.said());
        format!("{changes:?} {mirror:?} {witness:?} {:?}", self.acknowledged)
    }

    pub fn witnessed(&self) -> u64 {
        self.witnessed
    }

    /// All machines start; groups of entries are submitted, published, and sent to mirror and witness, as far as the
    /// disks go along. Whatever fails stays failed until the next life.
    pub fn live(&mut self, groups: &[u64]) -> Result<(), Broken> {
        let [writer, mirror, witness] = &self.machines;
        let opened = (
            open_writer(writer, Replication::default()),
            open_mirror(mirror, &self.mirror_key).ok(),
            open_witness(witness, &self.witness_key).ok(),
        );
        let (Ok(node), mirror, witness) = opened else { return Ok(()) };
        let others = Others { mirror, witness };
        let key = (&self.mirror_key, &self.witness_key);
        let mut distributor = Distributor::new(policy(key.0, key.1), peers(key.0, key.1));
        let mut time = Duration::ZERO;
        for group in groups {
            let numbers: Vec<u64> = (self.next..self.next + group).collect();
            self.next += group;
            let Ok(receipts) = node.submit(numbers.iter().copied().map(entry).collect()) else { break };
            let told = receipts.iter().zip(numbers).map(|(receipt, number)| (receipt.index.get(), number));
            self.acknowledged.extend(told);
            let published = node.wait_published(node.accepted().size);
            self.see(&node)?;
            // Now and then a checkpoint does not get out before the next one is there.
            if !self.random.one_in(6) {
                self.distribute(&node, &mut distributor, &others, &mut time)?;
            }
            if published.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Sends the published checkpoint around, until nothing more is to be done or to be hoped for.
    fn distribute(
        &mut self,
        node: &Node,
        distributor: &mut Distributor,
        others: &Others,
        time: &mut Duration,
    ) -> Result<(), Broken> {
        let Some(note) = node.checkpoint() else { return Ok(()) };
        distributor.published(note);
        for _ in 0..POLLS_MAX {
            *time += Duration::from_secs(3);
            self.now += 3;
            let (mut calls, events) = distributor.poll(*time, node);
            self.hear(events)?;
            if calls.is_empty() {
                break;
            }
            while !calls.is_empty() {
                let place = self.random.below(calls.len() as u64) as usize;
                let call = calls.swap_remove(place);
                let outcome = self.call(others, &call);
                let events = distributor.answered(call.peer, outcome, *time);
                self.hear(events)?;
            }
            self.check_order()?;
        }
        Ok(())
    }

    /// A call; now and then its connection breaks on the way there, or back.
    fn call(&mut self, others: &Others, call: &Call) -> Outcome {
        let now = UnixSeconds::new(self.now);
        let broken = Outcome::Unreachable { reason: "the connection broke".to_owned() };
        let luck = self.random.below(16);
        let outcome = match (call.peer, &others.mirror, &others.witness) {
            (0, Some(mirror), _) if luck == 0 => {
                let bytes = self.random.below(call.body.len() as u64) as usize;
                mirror.half(call, bytes, now);
                return broken;
            }
            (0, Some(mirror), _) => mirror.answer(call.endpoint, &call.body, now),
            (1, _, Some(witness)) => answer_as_witness(witness, call.endpoint, &call.body, now),
            _ => return broken,
        };
        if luck == 1 { broken } else { outcome }
    }

    fn hear(&mut self, events: Vec<Event>) -> Result<(), Broken> {
        for event in events {
            match event {
                Event::Cosigned { checkpoint, is_witnessed, .. } => {
                    let size = checkpoint.unverified().size().get();
                    if is_witnessed {
                        self.witnessed = self.witnessed.max(size);
                    }
                }
                event => return Err(Broken::PeerObjects { event: format!("{event:?}") }),
            }
        }
        Ok(())
    }

    pub fn see(&mut self, node: &Node) -> Result<(), Broken> {
        let Some(note) = node.checkpoint() else { return Ok(()) };
        self.see_root(note.unverified().size().get(), note.unverified().root())
    }

    fn see_root(&mut self, size: u64, root: Hash) -> Result<(), Broken> {
        let before = self.roots.insert(size, root);
        if before.is_none_or(|before| before == root) { Ok(()) } else { Err(Broken::Forked { size }) }
    }

    fn check_order(&self) -> Result<(), Broken> {
        let (witnessed, mirrored) = (self.witness_key.largest(), self.mirror_key.largest());
        if witnessed > mirrored { Err(Broken::AheadOfMirrors { witnessed, mirrored }) } else { Ok(()) }
    }

    /// Ends the life of a machine: its power, or only its process.
    pub fn end(&self, machine: usize, power: bool) {
        let disk = &self.machines[machine].disk;
        if power {
            disk.crash();
        } else {
            disk.kill_process();
        }
        disk.set_fault(None);
    }

    pub fn set_fault(&self, machine: usize, fault: Fault) {
        self.machines[machine].disk.set_fault(Some(fault));
    }

    /// Compares what is there with all that was ever told. No fault may be set.
    pub fn check(&mut self) -> Result<(), Broken> {
        let entries = self.check_writer()?;
        self.check_mirror(&entries)?;
        self.check_witness()?;
        self.check_order()
    }

    /// Gives back every entry of the log.
    fn check_writer(&mut self) -> Result<Vec<Vec<u8>>, Broken> {
        let refused = |why| Broken::DoesNotOpen { machine: MACHINES[WRITER], why };
        let node = open_writer(&self.machines[WRITER], Replication::default()).map_err(refused)?;
        let published = node.wait_published(node.accepted().size);
        published.map_err(|failure| refused(failure.to_string()))?;
        self.see(&node)?;
        let mut entries = Vec::new();
        while let Some(found) = node.entry(LeafIndex::new(entries.len() as u64)).ok().flatten() {
            entries.push(found.bytes);
        }
        drop(node);
        for (index, number) in &self.acknowledged {
            if entries.get(*index as usize) != Some(&entry(*number)) {
                return Err(Broken::AcknowledgedLost { index: *index });
            }
        }
        let disk: Arc<dyn Disk> = Arc::new(self.machines[WRITER].disk.clone());
        let state: Arc<dyn StateStore> = Arc::new(JournalStore::open(&disk).unwrap());
        let report = fsck_on(&disk, state).unwrap();
        if report.is_sound() { Ok(entries) } else { Err(Broken::Unsound { report: report.to_string() }) }
    }

    fn check_mirror(&mut self, entries: &[Vec<u8>]) -> Result<(), Broken> {
        let refused = |why| Broken::DoesNotOpen { machine: MACHINES[MIRROR], why };
        let opened = open_mirror(&self.machines[MIRROR], &self.mirror_key).map_err(refused)?;
        let copy = opened.entries();
        for (size, said, _) in self.mirror_key.said() {
            self.see_root(size, said)?;
            let found = copy
                .get(..size as usize)
                .ok_or(Broken::CopyLost { cosigned: size, found: copy.len() as u64 })?;
            if root(found) != said {
                return Err(Broken::Forked { size });
            }
        }
        if let Ok(Some(served)) = opened.mirror.checkpoint(&origin()) {
            self.see_root(served.unverified().size().get(), served.unverified().root())?;
        }
        let differs = copy.iter().enumerate().find(|(index, copied)| entries.get(*index) != Some(*copied));
        if let Some((index, _)) = differs {
            return Err(Broken::CopyDiffers { index: index as u64 });
        }
        check_times(MACHINES[MIRROR], &self.mirror_key)
    }

    fn check_witness(&mut self) -> Result<(), Broken> {
        let refused = |why| Broken::DoesNotOpen { machine: MACHINES[WITNESS], why };
        let witness = open_witness(&self.machines[WITNESS], &self.witness_key).map_err(refused)?;
        let cosigned = self.witness_key.largest();
        for (size, said, _) in self.witness_key.said() {
            self.see_root(size, said)?;
        }
        let latest = witness.latest(&origin()).map_err(|error| refused(error.to_string()))?;
        let found = latest.map_or(0, |latest| latest.unverified().size().get());
        if found < cosigned {
            return Err(Broken::Forgotten { cosigned, found });
        }
        check_times(MACHINES[WITNESS], &self.witness_key)
    }

    /// One more life, in which nothing fails: everything that was accepted gets to the quorum.
    pub fn check_progress(&mut self) -> Result<(), Broken> {
        for _ in 0..8 {
            self.live(&[1])?;
            let accepted = self.roots.keys().max().copied().unwrap_or(0);
            if self.witnessed == accepted {
                return Ok(());
            }
        }
        let accepted = self.roots.keys().max().copied().unwrap_or(0);
        Err(Broken::NoProgress { accepted, witnessed: self.witnessed })
    }
}

/// Those that the node replicates to, as far as they run.
struct Others {
    mirror: Option<OpenMirror>,
    witness: Option<LightWitness>,
}

/// No smaller tree carries a later time.
fn check_times(machine: &'static str, key: &Recorder) -> Result<(), Broken> {
    if key.went_back() { Err(Broken::RolledBack { machine }) } else { Ok(()) }
}
