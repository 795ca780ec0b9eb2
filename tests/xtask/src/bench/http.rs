//! A node as clients meet it: statements over HTTP, every signature checked, acknowledged when durable.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use ed25519_dalek::{Signer, SigningKey};
use matricula_ledger::{Node, NodeConfig, router};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::client::saturate;
use crate::disk;
use crate::error::{BenchError, During};
use crate::measure::Pace;
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;

/// Entries of one request, where clients send batches.
pub const BATCH_ENTRIES: u64 = 1024;

/// Clients that send batches.
const BATCH_CLIENTS: u64 = 4;

/// Entries that are signed before the clock starts: more than a fast machine takes in the time of a measurement.
const ENTRIES_A_SECOND: f64 = 60_000.0;

/// Batches of entries from a few clients, as fast as they can.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = disk::throwaway()?;
    let author = Authorship::new()?;
    let config = NodeConfig::new(folder.path().join("log"));
    let node = Node::create(config, author.node_keys()?, &author.genesis()?).during("creating the log")?;
    let server = Server::start(router(Arc::new(node)))?;
    let outcome = saturate(server.address, batches_for(&author, pace)?, pace.time())?;
    let raw = verifications_on_all_cores(pace);
    report.add(Row::new(
        "batches of 1,024, entries; raw: verify_strict on all cores",
        raw,
        outcome.rate_of(BATCH_ENTRIES),
    ));
    Ok(())
}

/// For each client more batches than it can submit in the time of a measurement.
pub fn batches_for(author: &Authorship, pace: &Pace) -> Result<Vec<Vec<Vec<u8>>>, BenchError> {
    let budget = (pace.time().as_secs_f64() * ENTRIES_A_SECOND) as u64;
    let each = (budget / BATCH_CLIENTS / BATCH_ENTRIES).max(1);
    let batch = |number: u64| {
        let first = number * BATCH_ENTRIES;
        Ok(body(&author.entries(first..first + BATCH_ENTRIES)?))
    };
    (0..BATCH_CLIENTS).map(|client| (client * each..(client + 1) * each).map(batch).collect()).collect()
}

/// How many signatures a second all cores verify together, doing nothing else.
pub fn verifications_on_all_cores(pace: &Pace) -> Quantity {
    let key = SigningKey::from_bytes(&[7; 32]);
    let message = [7; 200];
    let signature = key.sign(&message);
    pace.rate(BATCH_ENTRIES, || {
        let good = (0..BATCH_ENTRIES)
            .into_par_iter()
            .all(|_| key.verifying_key().verify_strict(&message, &signature).is_ok());
        assert!(good, "a signature just made verifies");
    })
}

/// Routes behind a port of this machine.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    /// Serves the routes until it is dropped.
    pub fn start(routes: Router) -> Result<Self, BenchError> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, _runtime: runtime })
    }
}

/// Entries as `POST /entries` takes them: each with its length before it.
pub fn body(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).expect("invariant: a commitment has some 200 bytes");
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(entry);
    }
    body
}
