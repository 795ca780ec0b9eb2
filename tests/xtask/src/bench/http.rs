//! A node as clients meet it: statements over HTTP, every signature checked, acknowledged when durable.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer, SigningKey};
use matricula_ledger::{Node, NodeConfig, router};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::disk;
use crate::error::{BenchError, During};
use crate::measure::{Latencies, Pace};
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;

/// Entries of one request, where clients send batches.
const BATCH_ENTRIES: u64 = 1024;

/// Clients that send batches.
const BATCH_CLIENTS: u64 = 4;

/// Clients that send one entry at a time.
const SINGLE_CLIENTS: u64 = 32;

/// Entries that are signed before the clock starts: more than a fast machine takes in the time of a measurement.
const ENTRIES_A_SECOND: f64 = 60_000.0;

/// Batches, one entry at a time from many clients, and one entry at a time from one client.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = disk::throwaway()?;
    let author = Authorship::new()?;
    let config = NodeConfig::new(folder.path().join("log"));
    let node = Node::create(config, author.node_keys()?, &author.genesis()?).during("creating the log")?;
    let server = Server::start(Arc::new(node))?;
    let budget = (pace.time().as_secs_f64() * ENTRIES_A_SECOND) as u64;
    let mut load = Load { address: server.address, author: &author, time: pace.time(), next: 0 };

    let batches = load.run(BATCH_CLIENTS, BATCH_ENTRIES, budget)?;
    let raw = verifications_on_all_cores(pace);
    report.add(Row::new("batches of 1,024, entries; raw: verify_strict on all cores", raw, batches.entries));

    let raw = disk::appends(pace, folder.path(), 1)?;
    let many = load.run(SINGLE_CLIENTS, 1, budget / 2)?;
    report.add(Row::ours("one entry a request, 32 connections", many.entries));
    report.add(Row::new(
        "the same, p99 of an acknowledgement; raw: append + fdatasync",
        raw.quantile(0.99),
        many.latencies.quantile(0.99),
    ));
    let one = load.run(1, 1, budget / 2)?;
    report.add(Row::new("one entry a request, one connection", raw.rate_of(1), one.entries));
    report.add(Row::new(
        "the same, p99 of an acknowledgement; raw: append + fdatasync",
        raw.quantile(0.99),
        one.latencies.quantile(0.99),
    ));
    Ok(())
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

/// A node behind a port of this machine.
struct Server {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    fn start(node: Arc<Node>) -> Result<Self, BenchError> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, router(node)).await });
        Ok(Self { address, _runtime: runtime })
    }
}

/// What clients do to a server, each request with new entries.
struct Load<'a> {
    address: SocketAddr,
    author: &'a Authorship,
    time: Duration,
    next: u64,
}

/// What came of it.
struct Outcome {
    entries: Quantity,
    latencies: Latencies,
}

impl Load<'_> {
    /// So many clients at once, each request with so many entries, until the time is over or the entries are used up.
    fn run(&mut self, clients: u64, per_request: u64, budget: u64) -> Result<Outcome, BenchError> {
        let each = (budget / clients / per_request).max(1);
        let mut piles = Vec::new();
        for _ in 0..clients {
            let mut bodies = Vec::new();
            for _ in 0..each {
                bodies.push(body(&self.author.entries(self.next..self.next + per_request)?));
                self.next += per_request;
            }
            piles.push(bodies);
        }
        let (url, time) = (format!("http://{}/entries", self.address), self.time);
        let started = Instant::now();
        let clients: Vec<_> = piles
            .into_iter()
            .map(|bodies| {
                let url = url.clone();
                thread::spawn(move || client(&url, &bodies, time))
            })
            .collect();
        let mut latencies = Latencies::new();
        for client in clients {
            let theirs =
                client.join().map_err(|_| "a client's thread panicked").during("sending entries")??;
            latencies.merge(&theirs);
        }
        let rate = (latencies.len() * per_request) as f64 / started.elapsed().as_secs_f64();
        Ok(Outcome { entries: Quantity::PerSecond(rate), latencies })
    }
}

/// Sends the bodies over one connection, one after the other.
fn client(url: &str, bodies: &[Vec<u8>], time: Duration) -> Result<Latencies, BenchError> {
    let agent = ureq::Agent::new_with_defaults();
    let mut latencies = Latencies::new();
    let started = Instant::now();
    for body in bodies {
        if !latencies.is_empty() && started.elapsed() >= time {
            break;
        }
        let request = Instant::now();
        let mut answer =
            agent.post(url).content_type("application/octet-stream").send(body).during("posting entries")?;
        answer.body_mut().read_to_vec().during("reading the answer")?;
        latencies.record(request.elapsed());
    }
    Ok(latencies)
}

/// Entries as `POST /entries` takes them: each with its length before it.
fn body(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).expect("invariant: a commitment has some 200 bytes");
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(entry);
    }
    body
}
