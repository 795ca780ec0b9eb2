//! The machines of the chain: each has a disk, and a key that remembers all it ever signed.

use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::mirror::{Mirror, MirroredLog, Quota};
use matricula_ledger::witness::{Cosign, KnownLogs, LightWitness};
use matricula_ledger::{
    Call, Clock, Disk, Endpoint, FileSequence, FileTiles, Node, NodeConfig, NodeStores, Outcome, Peer,
    Replication, Role, SequenceStore,
};
use matricula_registry::PublicKey;
use matricula_tlog::{Frontier, Hash, LeafIndex, Origin, Policy, TreeSize, UnixSeconds, leaf_hash};

use crate::journal::JournalStore;
use crate::support::controls::{Lie, LyingDisk};
use crate::support::recorder::Recorder;
use crate::support::simulated_disk::SimulatedDisk;
use crate::support::{NOW, ORIGIN, authority_key, genesis, keys};

/// Why a machine does not start, in words.
type Refused = String;

/// A disk, honest or not.
#[derive(Clone, Debug)]
pub struct Machine {
    pub disk: SimulatedDisk,
    pub lie: Option<Lie>,
}

impl Machine {
    fn disk(&self) -> Arc<dyn Disk> {
        match self.lie {
            Some(lie) => Arc::new(LyingDisk { disk: self.disk.clone(), lie }),
            None => Arc::new(self.disk.clone()),
        }
    }

    fn journal(&self) -> Result<Arc<JournalStore>, Refused> {
        Ok(Arc::new(JournalStore::open(&self.disk()).map_err(|error| error.to_string())?))
    }
}

pub fn origin() -> Origin {
    Origin::new(ORIGIN).unwrap()
}

/// The node: the stores that a real one has, on a simulated disk.
pub fn open_writer(machine: &Machine, replication: Replication) -> Result<Node, Refused> {
    let disk = machine.disk();
    let sequence = FileSequence::open(disk.clone(), ORIGIN).map_err(|error| error.to_string())?;
    let tiles = FileTiles::open(disk.clone()).map_err(|error| error.to_string())?;
    let stores =
        NodeStores { disk, sequence: Arc::new(sequence), tiles: Arc::new(tiles), state: machine.journal()? };
    let mut config = NodeConfig::new("");
    config.publish_every = Duration::ZERO;
    config.clock = Clock::new(|| NOW);
    config.replication = replication;
    Node::create_on(stores, config, keys(), &genesis()).map_err(|error| error.to_string())
}

/// A mirror that runs, and the store that its entries are in.
pub struct OpenMirror {
    pub mirror: Mirror,
    pub sequence: Arc<FileSequence>,
}

pub fn open_mirror(machine: &Machine, key: &Recorder) -> Result<OpenMirror, Refused> {
    let disk = machine.disk();
    let sequence = FileSequence::open(disk.clone(), ORIGIN).map_err(|error| error.to_string())?;
    let tiles = FileTiles::open(disk).map_err(|error| error.to_string())?;
    let mirror = Mirror::new(machine.journal()?, Box::new(key.clone()));
    let log = MirroredLog {
        log_key: keys().log.verifier().clone(),
        time_key: Some(keys().witness.verifier().clone()),
        root_keys: vec![PublicKey::from(&authority_key().verifying_key())],
        quota: Quota::default(),
        backlog: TreeSize::new(0),
    };
    let sequence = Arc::new(sequence);
    mirror.add_log(log, sequence.clone(), Arc::new(tiles)).map_err(|error| error.to_string())?;
    Ok(OpenMirror { mirror, sequence })
}

impl OpenMirror {
    /// Answers as a server does, whose own failures are status 500.
    pub fn answer(&self, endpoint: Endpoint, body: &[u8], now: UnixSeconds) -> Outcome {
        let answer = match endpoint {
            Endpoint::AddCheckpoint => {
                self.mirror.add_checkpoint(body, now).map(|outcome| (outcome.status(), outcome.body()))
            }
            Endpoint::AddEntries => {
                self.mirror.add_entries(body, now).map(|outcome| (outcome.status(), outcome.body()))
            }
        };
        answered(answer.ok())
    }

    /// Takes the beginning of an upload whose connection breaks.
    pub fn half(&self, call: &Call, bytes: usize, now: UnixSeconds) {
        let mut upload = self.mirror.upload();
        if let Ok(None) = upload.feed(&call.body[..bytes], now) {
            drop(upload.finish(now));
        }
    }

    /// Every entry of the copy.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        loop {
            let more = self.sequence.entries(LeafIndex::new(found.len() as u64), 1000).unwrap();
            if more.is_empty() {
                return found;
            }
            found.extend(more.into_iter().map(|entry| entry.bytes));
        }
    }
}

pub fn open_witness(machine: &Machine, key: &Recorder) -> Result<LightWitness, Refused> {
    let mut logs = KnownLogs::new();
    logs.add(keys().log.verifier().clone()).unwrap();
    Ok(LightWitness::new(machine.journal()?, Box::new(key.clone()), logs))
}

pub fn answer_as_witness(
    witness: &LightWitness,
    endpoint: Endpoint,
    body: &[u8],
    now: UnixSeconds,
) -> Outcome {
    assert_eq!(endpoint, Endpoint::AddCheckpoint, "a light witness takes no entries");
    let answer = witness.add_checkpoint(body, now);
    answered(answer.map(|outcome| (outcome.status(), outcome.body())).ok())
}

fn answered(answer: Option<(u16, String)>) -> Outcome {
    let (status, body) = answer.unwrap_or((500, String::new()));
    Outcome::Answered { status, body: body.into_bytes() }
}

/// The root over the first entries.
pub fn root(entries: &[Vec<u8>]) -> Hash {
    let mut tree = Frontier::new();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    tree.root()
}

/// The mirror first, then the witness.
pub fn peers(mirror: &Recorder, witness: &Recorder) -> Vec<Peer> {
    let peer = |name: &str, key: &Recorder, role| Peer {
        name: name.to_owned(),
        key: key.verifier().clone(),
        role,
        url: name.to_owned(),
    };
    vec![peer("mirror", mirror, Role::Mirror), peer("witness", witness, Role::Witness)]
}

/// Both must have cosigned.
pub fn policy(mirror: &Recorder, witness: &Recorder) -> Policy {
    let text = format!(
        "log {}\nwitness m {}\nwitness w {}\ngroup both all m w\nquorum both\n",
        keys().log.verifier().encode(),
        mirror.verifier().encode(),
        witness.verifier().encode(),
    );
    Policy::parse(text.as_bytes()).unwrap()
}
