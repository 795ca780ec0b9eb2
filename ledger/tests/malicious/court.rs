//! A mirror, two light witnesses and a reader, and what comes of showing a log to some of them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::mirror::AddEntriesOutcome;
use matricula_ledger::witness::{AddCheckpointOutcome, EvidenceStore, Kept, KnownLogs, LightWitness};
use matricula_ledger::{Call, Distributor, Endpoint, Event, LogView, Outcome, Peer, ReadError, Role};
use matricula_state::MemoryStore;
use matricula_tlog::{
    Cosigner, Evidence, Finding, Hash, KeyName, LeafIndex, LogProof, NodeId, NodeSource, Policy,
    PolicyVerifyError, SignedCheckpoint, Subtree, TreeSize, UnixSeconds, VerifierKey, leaf_hash,
    prove_consistency, prove_inclusion, prove_subtree, subtree_hash,
};

use crate::log::{InMemory, Log, log_key, origin};

/// Who can be shown a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Mirror,
    First,
    Second,
}

pub const EVERYBODY: [Party; 3] = [Party::Mirror, Party::First, Party::Second];

/// What somebody answered: status, and the code of a refusal.
pub type Answer = (Party, u16, String);

pub struct Court {
    pub mirror: InMemory,
    witnesses: [LightWitness; 2],
    /// What was cosigned, each time with the lines that came.
    cosigned: RefCell<Vec<SignedCheckpoint>>,
}

/// What came of showing a checkpoint.
#[derive(Debug)]
pub struct Shown {
    /// The last answer of each party that answered.
    pub answers: Vec<Answer>,
    pub events: Vec<Event>,
}

impl Court {
    pub fn new() -> Self {
        let mut logs = KnownLogs::new();
        logs.add(log_key().verifier().clone()).unwrap();
        let witness = |number: u8| {
            let name = KeyName::new(&format!("witness{number}.example")).unwrap();
            let key = Cosigner::new(name, &[40 + number; 32]);
            LightWitness::new(Arc::new(MemoryStore::new()), Box::new(key), logs.clone())
        };
        let witnesses = [witness(1), witness(2)];
        Self { mirror: InMemory::new(), witnesses, cosigned: RefCell::default() }
    }

    fn key(&self, party: Party) -> &VerifierKey {
        match party {
            Party::Mirror => self.mirror.mirror.verifier(),
            Party::First => self.witnesses[0].verifier(),
            Party::Second => self.witnesses[1].verifier(),
        }
    }

    /// All of these must have cosigned.
    fn policy(&self, parties: &[Party]) -> Policy {
        let mut text = format!("log {}\n", log_key().verifier().encode());
        for party in parties {
            text.push_str(&format!("witness {party:?} {}\n", self.key(*party).encode()));
        }
        let names: Vec<_> = parties.iter().map(|party| format!("{party:?}")).collect();
        text.push_str(&format!("group all all {}\nquorum all\n", names.join(" ")));
        Policy::parse(text.as_bytes()).unwrap()
    }

    /// Shows the first `size` entries of a log, as cosigned by its own witness at a time, to some of the parties at
    /// another time: with the software that honest logs use, told that these parties are all there are.
    pub fn show(&self, log: &Log, size: usize, at: u64, now: u64, to: &[Party]) -> Shown {
        let peer = |party: &Party| Peer {
            name: format!("{party:?}"),
            key: self.key(*party).clone(),
            role: if *party == Party::Mirror { Role::Mirror } else { Role::Witness },
            url: String::new(),
        };
        let mut distributor = Distributor::new(self.policy(to), to.iter().map(peer).collect());
        distributor.published(Arc::new(log.checkpoint_at(size, at)));
        let mut shown = Shown { answers: Vec::new(), events: Vec::new() };
        // Whoever fails is not asked again, since no time passes.
        loop {
            let (calls, events) = distributor.poll(Duration::ZERO, &View(log));
            shown.events.extend(events);
            if calls.is_empty() {
                break;
            }
            for call in calls {
                let party = to[call.peer];
                let (status, body, code) = self.answer(party, &call, UnixSeconds::new(now));
                shown.answers.retain(|(other, ..)| *other != party);
                shown.answers.push((party, status, code));
                let outcome = Outcome::Answered { status, body: body.into_bytes() };
                shown.events.extend(distributor.answered(call.peer, outcome, Duration::ZERO));
            }
        }
        for event in &shown.events {
            if let Event::Cosigned { checkpoint, .. } = event {
                self.cosigned.borrow_mut().push(checkpoint.clone());
            }
        }
        shown
    }

    fn answer(&self, party: Party, call: &Call, now: UnixSeconds) -> (u16, String, String) {
        if call.endpoint == Endpoint::AddEntries {
            let outcome = self.mirror.mirror.add_entries(&call.body, now).unwrap();
            let code = match &outcome {
                AddEntriesOutcome::Refused(refusal) => refusal.code(),
                _ => "",
            };
            return (outcome.status(), outcome.body(), code.to_owned());
        }
        let outcome = match party {
            Party::Mirror => self.mirror.mirror.add_checkpoint(&call.body, now).unwrap(),
            Party::First => self.witnesses[0].add_checkpoint(&call.body, now).unwrap(),
            Party::Second => self.witnesses[1].add_checkpoint(&call.body, now).unwrap(),
        };
        let code = match &outcome {
            AddCheckpointOutcome::Refused(refusal) => refusal.code(),
            _ => "",
        };
        (outcome.status(), outcome.body(), code.to_owned())
    }

    /// Whether a reader whose trust file asks for the mirror and both witnesses believes that an entry is in the log, when
    /// the log gives it the best proof that it has: the question of a verdict's ledger axis.
    pub fn is_believed(
        &self,
        log: &Log,
        index: usize,
        size: usize,
        at: u64,
    ) -> Result<(), PolicyVerifyError> {
        let mut checkpoint = log.checkpoint_at(size, at);
        for cosigned in self.cosigned.borrow().iter() {
            if cosigned.note().text() == checkpoint.note().text() {
                for line in cosigned.note().signatures() {
                    // Lines that are there already are no news.
                    let _ = checkpoint.add_signature(line.clone());
                }
            }
        }
        let (place, tree) = (LeafIndex::new(index as u64), TreeSize::new(size as u64));
        let proof =
            LogProof::new(place, prove_inclusion(place, tree, &View(log)).unwrap(), checkpoint).unwrap();
        let file = LogProof::parse(proof.encode().as_bytes()).unwrap();
        match file.verify(leaf_hash(&log.entries[index]), &self.policy(&EVERYBODY)) {
            Ok(_) => Ok(()),
            Err(matricula_tlog::LogProofError::Policy(error)) => Err(error),
            Err(other) => panic!("{other}"),
        }
    }

    fn store(&self, party: Party) -> &EvidenceStore {
        match party {
            Party::Mirror => self.mirror.mirror.evidence(),
            Party::First => self.witnesses[0].evidence(),
            Party::Second => self.witnesses[1].evidence(),
        }
    }

    /// What somebody found, as a stranger verifies it from the files alone, and keeps it.
    pub fn findings(&self, party: Party) -> Vec<Finding> {
        let stranger = EvidenceStore::new(Arc::new(MemoryStore::new()));
        let files = self.store(party).about(&origin()).unwrap();
        let verify = |file: &Evidence| {
            let read = Evidence::parse(file.encode().as_bytes()).unwrap();
            assert_eq!(stranger.keep(&read).unwrap(), Kept::New);
            let finding = read.verify().unwrap();
            assert_eq!(finding.signer(), log_key().verifier(), "it is the log that is accused");
            finding
        };
        files.iter().map(verify).collect()
    }

    /// Whether the tiles of the newer tree explain a pair that waits.
    pub fn explain(&self, party: Party, tiles: &View<'_>) -> bool {
        let store = self.store(party);
        let pair = store.unexplained(&origin()).unwrap().unwrap();
        store.explain(&pair, log_key().verifier(), tiles).unwrap().is_some()
    }

    /// Nobody has anything against the log.
    pub fn is_content(&self) -> bool {
        EVERYBODY.iter().all(|party| {
            let store = self.store(*party);
            self.findings(*party).is_empty() && store.unexplained(&origin()).unwrap().is_none()
        })
    }
}

impl Shown {
    /// Who cosigned.
    pub fn cosigners(&self) -> Vec<Party> {
        let mut parties: Vec<_> =
            self.answers.iter().filter(|(_, status, _)| *status == 200).map(|(party, ..)| *party).collect();
        parties.sort_by_key(|party| *party as u8);
        parties
    }

    /// Status and code of a party's last answer.
    pub fn answer_of(&self, party: Party) -> (u16, &str) {
        let answer = self.answers.iter().find(|(other, ..)| *other == party).unwrap();
        (answer.1, &answer.2)
    }
}

/// A log as its distributor reads it.
pub struct View<'l>(pub &'l Log);

impl NodeSource for View<'_> {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        let node = |id: &NodeId| {
            let width = 1 << id.level();
            let first = id.index() as usize * width;
            subtree_hash(self.0.entries[first..first + width].iter().map(|entry| leaf_hash(entry)))
        };
        Ok(ids.iter().map(node).collect())
    }
}

impl LogView for View<'_> {
    fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, ReadError> {
        Ok(prove_consistency(old, new, self).unwrap())
    }

    fn subtree(&self, subtree: Subtree, size: TreeSize) -> Result<Vec<Hash>, ReadError> {
        Ok(prove_subtree(subtree, size, self).unwrap())
    }

    fn entries(&self, from: LeafIndex, count: usize) -> Result<Vec<Vec<u8>>, ReadError> {
        let from = from.get() as usize;
        Ok(self.0.entries[from..from + count].to_vec())
    }
}
