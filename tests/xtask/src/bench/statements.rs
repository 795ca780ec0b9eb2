//! Statements for a log to take: keys, a genesis, and commitments by the authority.

use ed25519_dalek::SigningKey;
use matricula_ledger::NodeKeys;
use matricula_registry::{
    Authority, AuthorityKey, Body, Commitment, Country, LogOrigin, Period, PublicKey, Statement, Text,
};
use matricula_tlog::{Cosigner, Hash, KeyName, NoteSigner, Policy, UnixSeconds};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::error::{BenchError, During};

const ORIGIN: &str = "ledger.example/bench";
const WITNESS: &str = "witness.example/bench";

/// The authority of the log that is measured: its statements are what the log takes.
pub struct Authorship {
    key: SigningKey,
    origin: LogOrigin,
}

impl Authorship {
    /// Always the same authority, so that a log that was made can be opened again.
    pub fn new() -> Result<Self, BenchError> {
        let origin = LogOrigin::parse(ORIGIN).during("naming the log")?;
        Ok(Self { key: SigningKey::from_bytes(&[7; 32]), origin })
    }

    /// The keys of the node.
    pub fn node_keys(&self) -> Result<NodeKeys, BenchError> {
        let log = KeyName::new(ORIGIN).during("naming the log")?;
        let witness = KeyName::new(WITNESS).during("naming the witness")?;
        Ok(NodeKeys { log: NoteSigner::new(log, &[1; 32]), witness: Cosigner::new(witness, &[2; 32]) })
    }

    /// The authority's key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from(&self.key.verifying_key())
    }

    /// A checkpoint of the log is believed when the node itself cosigned it.
    pub fn own_policy(&self) -> Result<Policy, BenchError> {
        let keys = self.node_keys()?;
        let (log, own) = (keys.log.verifier().encode(), keys.witness.verifier().encode());
        Policy::parse(format!("log {log}\nwitness own {own}\nquorum own\n").as_bytes())
            .during("making a policy")
    }

    /// The first entry.
    pub fn genesis(&self) -> Result<Vec<u8>, BenchError> {
        let step = "making the genesis";
        let body = Body::Authority(Authority {
            name: Text::parse("Ministry of the benchmarks").during(step)?,
            country: Country::parse("HN").during(step)?,
            keys: vec![AuthorityKey {
                key: self.public_key(),
                valid: Period::new(UnixSeconds::new(0), None).during(step)?,
            }],
            log_key: Text::parse(&self.node_keys()?.log.verifier().encode()).during(step)?,
            rules_version: 1,
            recognises: Vec::new(),
        });
        self.sign(&body, u64::MAX)
    }

    /// Signed entries, all different, signed on all cores.
    pub fn entries(&self, numbers: std::ops::Range<u64>) -> Result<Vec<Vec<u8>>, BenchError> {
        numbers.into_par_iter().map(|number| self.entry(number)).collect()
    }

    /// One signed entry: a commitment by the authority, which the door takes at any time.
    pub fn entry(&self, number: u64) -> Result<Vec<u8>, BenchError> {
        let mut root = [9; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        let label = Text::parse("transfer").during("making a statement")?;
        self.sign(&Body::Commitment(Commitment { label, root: Hash::from_bytes(root) }), number)
    }

    fn sign(&self, body: &Body, number: u64) -> Result<Vec<u8>, BenchError> {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        let statement = Statement::sign(body, &self.origin, nonce, None, &self.key);
        Ok(statement.during("signing a statement")?.into_entry())
    }
}
