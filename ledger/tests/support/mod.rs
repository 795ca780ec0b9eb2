//! What the tests of the node share: keys, statements, a node in a throw-away folder.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod controls;
pub mod random;
pub mod recorder;
pub mod simulated_disk;

use std::sync::OnceLock;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use matricula_ledger::{Clock, Node, NodeConfig, NodeKeys};
use matricula_registry::{
    Authority, AuthorityKey, Body, Commitment, Country, LogOrigin, Period, PublicKey, Statement, Text,
};
use matricula_tlog::{Cosigner, Hash, KeyName, NoteSigner, UnixSeconds};

pub const ORIGIN: &str = "ledger.example/hn";
pub const WITNESS: &str = "witness.example/hn";
pub const NOW: UnixSeconds = UnixSeconds::new(1_767_225_600);

pub fn authority_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub fn keys() -> NodeKeys {
    NodeKeys {
        log: NoteSigner::new(KeyName::new(ORIGIN).unwrap(), &[1; 32]),
        witness: Cosigner::new(KeyName::new(WITNESS).unwrap(), &[2; 32]),
    }
}

pub fn origin() -> LogOrigin {
    LogOrigin::parse(ORIGIN).unwrap()
}

/// Signs a body as the authority of the test log. The number goes into the nonce.
pub fn signed(body: &Body, number: u64) -> Vec<u8> {
    signed_by(body, number, &origin(), &authority_key())
}

pub fn signed_by(body: &Body, number: u64, origin: &LogOrigin, key: &SigningKey) -> Vec<u8> {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    Statement::sign(body, origin, nonce, None, key).unwrap().into_entry()
}

pub fn genesis() -> Vec<u8> {
    let key = PublicKey::from(&authority_key().verifying_key());
    let valid = Period::new(UnixSeconds::new(0), None).unwrap();
    signed(
        &Body::Authority(Authority {
            name: Text::parse("Secretaría de Educación").unwrap(),
            country: Country::parse("HN").unwrap(),
            keys: vec![AuthorityKey { key, valid }],
            log_key: Text::parse(&keys().log.verifier().encode()).unwrap(),
            rules_version: 1,
            recognises: Vec::new(),
        }),
        0,
    )
}

/// A statement that the door takes at any time: a commitment by the authority. The first ones are signed once only.
pub fn entry(number: u64) -> Vec<u8> {
    static FIRST: [OnceLock<Vec<u8>>; 1024] = [const { OnceLock::new() }; 1024];
    match FIRST.get(number as usize) {
        Some(first) => first.get_or_init(|| signed(&commitment(number), number)).clone(),
        None => signed(&commitment(number), number),
    }
}

pub fn commitment(number: u64) -> Body {
    let mut root = [9; 32];
    root[..8].copy_from_slice(&number.to_be_bytes());
    Body::Commitment(Commitment { label: Text::parse("transfer").unwrap(), root: Hash::from_bytes(root) })
}

pub fn config(folder: &std::path::Path) -> NodeConfig {
    let mut config = NodeConfig::new(folder);
    config.publish_every = Duration::from_millis(1);
    config.clock = Clock::new(|| NOW);
    config
}

pub fn create(folder: &std::path::Path) -> Node {
    Node::create(config(folder), keys(), &genesis()).unwrap()
}

pub fn open(folder: &std::path::Path) -> Node {
    Node::open(config(folder), keys()).unwrap()
}
