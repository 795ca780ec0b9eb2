//! How long a client waits until its entry is durable, beside what the disk takes, and beside what a server takes that does
//! nothing else.

use std::path::Path;
use std::sync::Arc;

use matricula_ledger::{Node, NodeConfig, router};

use crate::client::{Outcome, offer, saturate};
use crate::error::{BenchError, During};
use crate::http::{Server, body};
use crate::measure::{Latencies, Pace};
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;
use crate::{bare, disk};

/// Connections of the loads with many.
const CONNECTIONS: usize = 32;

/// What all connections together ask for in a second where the load is fixed: so much that client and server leave a small
/// machine half idle, and what is measured is not the queue before its processors; and what the node is built for.
const OFFERED_A_SECOND: [u64; 2] = [2_000, 5_000];

/// More than a fast machine takes in a second over one connection, and over many.
const ONE_A_SECOND_MAX: f64 = 8_000.0;
const MANY_A_SECOND_MAX: f64 = 40_000.0;

/// Each measurement is cut into as many turns; disk, bare server and node take turns, so that what disturbs the machine
/// disturbs all three.
const TURNS: u32 = 5;

/// One connection; many at a fixed rate; many as fast as they can.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = disk::throwaway()?;
    let author = Authorship::new()?;
    let mut bench = Bench { pace, folder: folder.path(), author: &author, next: 0 };
    let one = bench.compare(1, ONE_A_SECOND_MAX, None)?;
    one.report("one connection", report);
    for offered in OFFERED_A_SECOND {
        let fixed = bench.compare(CONNECTIONS, offered as f64, Some(offered as f64))?;
        let load = format!("32 connections, {} offered", Quantity::PerSecond(offered as f64));
        fixed.report(&load, report);
        let busy = format!("{load}, processor time of client and server; raw: bare server");
        report.add(Row::new(busy, fixed.bare.busy(), fixed.node.busy()));
    }
    let many = bench.compare(CONNECTIONS, MANY_A_SECOND_MAX, None)?;
    report.add(Row::new(
        "32 connections, as fast as they can; raw: bare server",
        many.bare.rate_of(1),
        many.node.rate_of(1),
    ));
    many.report("32 connections, as fast as they can", report);
    Ok(())
}

/// The same load on all three.
struct Compared {
    disk: Latencies,
    bare: Outcome,
    node: Outcome,
}

impl Compared {
    fn report(&self, load: &str, report: &mut Report) {
        for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
            let ours = self.node.latencies.quantile(share);
            let what = |raw| format!("{load}, {name}; raw: {raw}");
            report.add(Row::new(what("append + fdatasync"), self.disk.quantile(share), ours));
            report.add(Row::new(what("bare server"), self.bare.latencies.quantile(share), ours));
        }
    }
}

struct Bench<'a> {
    pace: &'a Pace,
    folder: &'a Path,
    author: &'a Authorship,
    next: u64,
}

impl Bench<'_> {
    /// A pile of bodies for each connection, one new entry in each.
    fn piles(&mut self, connections: usize, bodies: usize) -> Result<Vec<Vec<Vec<u8>>>, BenchError> {
        let each = bodies.div_ceil(connections);
        let numbers = self.next..self.next + (each * connections) as u64;
        self.next = numbers.end;
        let bodies: Vec<_> = self.author.entries(numbers)?.into_iter().map(|entry| body(&[entry])).collect();
        Ok(bodies.chunks(each).map(<[_]>::to_vec).collect())
    }

    /// Loads disk, bare server and a new node in turns: closed loop, or with an offered rate open loop.
    fn compare(
        &mut self,
        connections: usize,
        a_second: f64,
        offered: Option<f64>,
    ) -> Result<Compared, BenchError> {
        let folder = tempfile::tempdir_in(self.folder)?;
        let bare = Server::start(bare::router(folder.path())?)?;
        let config = NodeConfig::new(folder.path().join("log"));
        let node = Node::create(config, self.author.node_keys()?, &self.author.genesis()?);
        let node = Server::start(router(Arc::new(node.during("creating the log")?)))?;
        let time = self.pace.time() / TURNS;
        let load = |server: &Server, piles| match offered {
            Some(rate) => offer(server.address, piles, rate),
            None => saturate(server.address, piles, time),
        };
        let mut compared = Compared { disk: Latencies::new(), bare: Outcome::none(), node: Outcome::none() };
        for _ in 0..TURNS {
            compared.disk.merge(&disk::appends(&self.pace.divided(TURNS), folder.path(), 1)?);
            let piles = self.piles(connections, (time.as_secs_f64() * a_second) as usize)?;
            compared.bare.merge(&load(&bare, piles.clone())?);
            compared.node.merge(&load(&node, piles)?);
        }
        Ok(compared)
    }
}
