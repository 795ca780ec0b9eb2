//! A node with its own replicator, threads and all, whose machine or whose neighbours' machines lose their power. The
//! cuts follow from the seed; how the threads run does not.

use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::witness::LightWitness;
use matricula_ledger::{Anchors, Endpoint, Node, Outcome, Promise, Replication};
use matricula_tlog::{LeafIndex, Origin, SignedCheckpoint, leaf_hash};

use crate::chain::{Broken, Chain, MACHINES, MIRROR, WITNESS, WRITER};
use crate::machines::{OpenMirror, answer_as_witness, open_mirror, open_witness, open_writer, peers, policy};
use crate::support::random::{for_seeds, is_full};
use crate::support::simulated_disk::Fault;
use crate::support::{NOW, entry};

/// How long a quorum is waited for at a time while machines fail.
const IMPATIENCE: Duration = Duration::from_millis(40);

/// Longer than any answer takes while all is well, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Mirror and witness, called in the process.
struct Others {
    mirror: Option<OpenMirror>,
    witness: Option<LightWitness>,
}

impl std::fmt::Debug for Others {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Others")
    }
}

fn unreachable() -> Outcome {
    Outcome::Unreachable { reason: "its machine is down".to_owned() }
}

impl Anchors for Others {
    fn call(&self, prefix: &str, endpoint: Endpoint, body: &[u8]) -> Outcome {
        match (prefix, &self.mirror, &self.witness) {
            ("mirror", Some(mirror), _) => mirror.answer(endpoint, body, NOW),
            ("witness", _, Some(witness)) => answer_as_witness(witness, endpoint, body, NOW),
            _ => unreachable(),
        }
    }

    fn latest(&self, prefix: &str, origin: &Origin) -> Outcome {
        let latest: Option<SignedCheckpoint> = match (prefix, &self.mirror, &self.witness) {
            ("mirror", Some(mirror), _) => mirror.mirror.checkpoint(origin).ok().flatten(),
            ("witness", _, Some(witness)) => witness.latest(origin).ok().flatten(),
            _ => return unreachable(),
        };
        match latest {
            Some(note) => Outcome::Answered { status: 200, body: note.encode().into_bytes() },
            None => Outcome::Answered { status: 404, body: Vec::new() },
        }
    }
}

/// Starts all machines, as far as they start.
fn start(chain: &Chain) -> Result<Node, String> {
    let others = Others {
        mirror: open_mirror(&chain.machines[MIRROR], &chain.mirror_key).ok(),
        witness: open_witness(&chain.machines[WITNESS], &chain.witness_key).ok(),
    };
    let replication = Replication {
        policy: Some(policy(&chain.mirror_key, &chain.witness_key)),
        peers: peers(&chain.mirror_key, &chain.witness_key),
        anchors: Arc::new(others),
        ..Replication::default()
    };
    open_writer(&chain.machines[WRITER], replication)
}

/// Submits groups of entries, and waits for the quorum as long as it may still come. Gives back the largest size that
/// was said to be witnessed.
fn work(chain: &mut Chain, groups: &[u64]) -> Result<u64, Broken> {
    let Ok(node) = start(chain) else { return Ok(0) };
    let mut witnessed = 0;
    for group in groups {
        let numbers: Vec<u64> = (chain.next..chain.next + group).collect();
        chain.next += group;
        let Ok(receipts) = node.submit(numbers.iter().copied().map(entry).collect()) else { break };
        let told = receipts.iter().zip(numbers).map(|(receipt, number)| (receipt.index.get(), number));
        chain.acknowledged.extend(told);
        let size = node.accepted().size;
        let promise = node.wait_for(Promise::Witnessed, size, IMPATIENCE);
        chain.see(&node)?;
        match promise {
            Ok(Promise::Witnessed) => witnessed = size.get(),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    node.close();
    Ok(witnessed)
}

/// With everything whole: the node opens among its neighbours, all that it has gets to the quorum, and what ever was
/// called witnessed has its proof.
fn check(chain: &mut Chain, witnessed: u64) -> Result<(), Broken> {
    chain.check()?;
    let refused = |why| Broken::DoesNotOpen { machine: MACHINES[WRITER], why };
    let node = start(chain).map_err(refused)?;
    let policy = policy(&chain.mirror_key, &chain.witness_key);
    for (index, number) in chain.acknowledged.iter().filter(|(index, _)| *index < witnessed) {
        let proof = node.proof(LeafIndex::new(*index)).ok().flatten();
        let holds = proof.is_some_and(|proof| proof.verify(leaf_hash(&entry(*number)), &policy).is_ok());
        if !holds {
            return Err(Broken::ProofLost { index: *index });
        }
    }
    let accepted = node.accepted().size;
    let reached = node.wait_for(Promise::Witnessed, accepted, PATIENCE);
    let witnessed = node.witnessed().map_or(0, |note| note.unverified().size().get());
    node.close();
    chain.see(&node)?;
    if reached.is_ok_and(|reached| reached == Promise::Witnessed) {
        return Ok(());
    }
    Err(Broken::NoProgress { accepted: accepted.get(), witnessed })
}

fn random_cuts(seed: u64) -> Result<u64, Broken> {
    let mut chain = Chain::new(seed);
    let (mut cuts, mut witnessed) = (0, 0);
    for _ in 0..3 {
        let machine = chain.random().below(3) as usize;
        let reach = [90, 60, 14][machine];
        let at = chain.machines[machine].disk.changes() + 1 + chain.random().below(reach);
        let fault = match chain.random().below(4) {
            0 => Fault::FailsAndPersists(at),
            1 => Fault::FailsAndDoesNot(at),
            _ => Fault::PowerEnds(at),
        };
        chain.set_fault(machine, fault);
        let groups: Vec<u64> = (0..3).map(|_| 1 + chain.random().below(12)).collect();
        witnessed = work(&mut chain, &groups)?.max(witnessed);
        cuts += u64::from(chain.machines[machine].disk.changes() >= at);
        for machine in 0..MACHINES.len() {
            chain.end(machine, true);
        }
        check(&mut chain, witnessed)?;
        (0..MACHINES.len()).for_each(|machine| chain.end(machine, true));
    }
    Ok(cuts)
}

#[test]
fn a_node_that_replicates_survives_random_cuts() {
    let mut cuts = 0;
    for_seeds(1..=if is_full() { 300 } else { 15 }, |seed| {
        cuts += random_cuts(seed).unwrap_or_else(|broken| panic!("{broken:?}"));
    });
    println!("{cuts} cuts");
}
