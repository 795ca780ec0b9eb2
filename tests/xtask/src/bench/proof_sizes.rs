//! What proofs of a log of a billion entries weigh.

use matricula_ledger::Role;
use matricula_tlog::merkle::root;
use matricula_tlog::{
    Checkpoint, LeafIndex, LogProof, Origin, TreeSize, UnixSeconds, prove_consistency, prove_inclusion,
};

use crate::error::{BenchError, During};
use crate::neighbours::cosigner;
use crate::proofs::Uniform;
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;

const SIZE: TreeSize = TreeSize::new(1_000_000_000);

/// Old sizes spread over the tree; each power of two and its neighbours come besides.
const PLACES: u64 = 4096;

/// Cosigners of the log proof.
const COSIGNERS: u8 = 3;

/// An entry with nine digits in its index and the longest path there is: it lies under the left child of the root.
const INDEX: LeafIndex = LeafIndex::new((1 << 29) - 1);

/// The longest consistency proof, and a whole log proof.
pub fn run(report: &mut Report) -> Result<(), BenchError> {
    let tree = Uniform::new();
    let spread = (1..=PLACES).map(|place| place * SIZE.get() / (PLACES + 1));
    let powers = (1..30).map(|power| 1_u64 << power).flat_map(|size| [size - 1, size, size + 1]);
    let mut longest = 0;
    for old in spread.chain(powers) {
        let proof = prove_consistency(TreeSize::new(old), SIZE, &tree).during("proving")?;
        longest = longest.max(proof.len());
    }
    report.add(Row::ours(
        "hashes of a consistency proof at 10^9, simulated, the longest",
        Quantity::Count(longest as u64),
    ));

    let author = Authorship::new()?;
    let signer = author.node_keys()?.log;
    let step = "signing a checkpoint";
    let root = root(SIZE, &tree).during("hashing the tree")?;
    let checkpoint = Checkpoint::new(Origin::from(signer.verifier().name()), SIZE, root).during(step)?;
    let mut note = checkpoint.sign(&signer).during(step)?;
    let verified = note.verify(signer.verifier()).during(step)?;
    for number in 1..=COSIGNERS {
        let cosignature = cosigner(number, Role::Mirror)?.cosign(&verified, UnixSeconds::new(1_795_305_600));
        note.add_signature(cosignature.during(step)?).during(step)?;
    }
    let path = prove_inclusion(INDEX, SIZE, &tree).during("proving")?;
    let proof = LogProof::new(INDEX, path, note).during("proving")?;
    report.add(Row::ours(
        format!("portable log proof at 10^9, simulated, {COSIGNERS} cosigners"),
        Quantity::Bytes(proof.encode().len() as u64),
    ));
    Ok(())
}
