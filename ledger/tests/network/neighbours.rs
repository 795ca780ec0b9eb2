//! Mirrors and witnesses as hosts: their stores and keys outlive their processes, their clocks jump.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use matricula_ledger::mirror::{Mirror, MirrorError, MirroredLog, Quota};
use matricula_ledger::witness::{Cosign, EvidenceStore, KnownLogs, LightWitness};
use matricula_ledger::{MemorySequence, MemoryTiles, Peer, Role, SequenceStore};

use matricula_registry::PublicKey;
use matricula_state::MemoryStore;
use matricula_tlog::{Evidence, KeyName, LeafIndex, TreeSize, UnixSeconds};
use turmoil::net::{TcpListener, TcpStream};

use crate::line::{self, Question};
use crate::support::recorder::Recorder;
use crate::support::{NOW, authority_key, keys};
use crate::tree::origin;

/// A clock that somebody sets now and then.
#[derive(Clone, Debug, Default)]
pub struct JumpingClock(Arc<AtomicI64>);

impl JumpingClock {
    pub fn now(&self) -> UnixSeconds {
        let since_start = turmoil::sim_elapsed().unwrap_or_default().as_secs();
        UnixSeconds::new((NOW.get() + since_start).saturating_add_signed(self.0.load(Ordering::SeqCst)))
    }

    pub fn set_ahead_by(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

/// One who cosigns: what of it outlives a restart.
#[derive(Clone)]
pub struct Neighbour {
    pub name: String,
    pub role: Role,
    pub key: Recorder,
    pub clock: JumpingClock,
    state: Arc<MemoryStore>,
    sequence: Arc<MemorySequence>,
    tiles: Arc<MemoryTiles>,
}

impl Neighbour {
    pub fn new(name: String, role: Role, seed: u8) -> Self {
        let key = Recorder::new(&format!("{name}.example"), seed);
        let (state, sequence, tiles) = (Arc::default(), Arc::default(), Arc::default());
        Self { name, role, key, clock: JumpingClock::default(), state, sequence, tiles }
    }

    pub fn peer(&self) -> Peer {
        let (name, key) = (self.name.clone(), self.key.verifier().clone());
        Peer { url: name.clone(), name, key, role: self.role }
    }

    pub fn key_name(&self) -> &KeyName {
        self.key.verifier().name()
    }

    /// The entries that a mirror holds.
    pub fn entries(&self, count: u64) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while (found.len() as u64) < count {
            let from = LeafIndex::new(found.len() as u64);
            let more = self.sequence.entries(from, count as usize - found.len()).unwrap();
            if more.is_empty() {
                break;
            }
            found.extend(more.into_iter().map(|entry| entry.bytes));
        }
        found
    }

    /// What it found against the log.
    pub fn evidence(&self) -> Vec<Evidence> {
        EvidenceStore::new(self.state.clone()).all(100).unwrap()
    }

    pub fn has_unexplained(&self) -> bool {
        EvidenceStore::new(self.state.clone()).unexplained(&origin()).unwrap().is_some()
    }

    /// The process: opens what is there, and answers until it is killed.
    pub async fn run(self) -> turmoil::Result {
        let listener = TcpListener::bind(("0.0.0.0", line::PORT)).await?;
        let service = Arc::new(Service::open(&self));
        loop {
            let (stream, _) = listener.accept().await?;
            let (service, clock) = (service.clone(), self.clock.clone());
            // A connection that breaks is the caller's to repeat. Local tasks end in a fixed order when the process is
            // killed; those of the runtime do not.
            tokio::task::spawn_local(async move { drop(service.serve(stream, &clock).await) });
        }
    }
}

enum Service {
    Mirror(Mirror),
    Witness(LightWitness),
}

impl Service {
    fn open(neighbour: &Neighbour) -> Self {
        let Neighbour { state, sequence, tiles, key, role, .. } = neighbour.clone();
        let log_key = keys().log.verifier().clone();
        if role == Role::Witness {
            let mut logs = KnownLogs::new();
            logs.add(log_key).unwrap();
            return Self::Witness(LightWitness::new(state, Box::new(key), logs));
        }
        let mirror = Mirror::new(state, Box::new(key));
        let log = MirroredLog {
            log_key,
            time_key: Some(keys().witness.verifier().clone()),
            root_keys: vec![PublicKey::from(&authority_key().verifying_key())],
            quota: Quota::default(),
            backlog: TreeSize::new(0),
        };
        mirror.add_log(log, sequence, tiles).unwrap();
        Self::Mirror(mirror)
    }

    async fn serve(&self, mut stream: TcpStream, clock: &JumpingClock) -> io::Result<()> {
        let (question, length) = line::accept(&mut stream).await?;
        let answer = match (self, question) {
            (Self::Mirror(mirror), Question::AddEntries) => {
                take_entries(mirror, &mut stream, length, clock).await?
            }
            (_, Question::AddEntries) => (404, String::new()),
            (_, Question::AddCheckpoint) => {
                let mut body = Vec::new();
                while body.len() < length {
                    body.extend(line::part(&mut stream, length - body.len()).await?);
                }
                self.add_checkpoint(&body, clock.now())
            }
            (_, Question::Latest) => self.latest(),
        };
        line::answer(&mut stream, answer.0, &answer.1).await
    }

    fn latest(&self) -> (u16, String) {
        let latest = match self {
            Self::Mirror(mirror) => mirror.checkpoint(&origin()).unwrap(),
            Self::Witness(witness) => witness.latest(&origin()).unwrap(),
        };
        latest.map_or((404, String::new()), |note| (200, note.encode()))
    }

    fn add_checkpoint(&self, body: &[u8], now: UnixSeconds) -> (u16, String) {
        let outcome = match self {
            Self::Mirror(mirror) => mirror.add_checkpoint(body, now).unwrap(),
            Self::Witness(witness) => witness.add_checkpoint(body, now).unwrap(),
        };
        (outcome.status(), outcome.body())
    }
}

/// Takes entries as they arrive; when the connection breaks, what was complete is kept.
async fn take_entries(
    mirror: &Mirror,
    stream: &mut TcpStream,
    length: usize,
    clock: &JumpingClock,
) -> io::Result<(u16, String)> {
    let mut upload = mirror.upload();
    let mut to_come = length;
    while to_come > 0 {
        match line::part(stream, to_come).await {
            Ok(part) => {
                to_come -= part.len();
                if let Some(outcome) = upload.feed(&part, clock.now()).unwrap() {
                    return Ok((outcome.status(), outcome.body()));
                }
            }
            Err(error) => {
                finished(upload.finish(clock.now()));
                return Err(error);
            }
        }
    }
    Ok(finished(upload.finish(clock.now())))
}

fn finished(outcome: Result<matricula_ledger::mirror::AddEntriesOutcome, MirrorError>) -> (u16, String) {
    let outcome = outcome.unwrap();
    (outcome.status(), outcome.body())
}
