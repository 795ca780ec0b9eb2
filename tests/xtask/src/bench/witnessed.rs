//! How long a client waits until its entry is accepted, and until a quorum of witnesses has cosigned it, beside what the disk
//! takes and what a server takes that keeps one row durably, as each witness does for each checkpoint.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use matricula_ledger::{Node, NodeConfig, Promise, Role, router};
use matricula_tlog::TreeSize;

use crate::client::{Target, offer, saturate};
use crate::error::{BenchError, During};
use crate::http::{Server, body};
use crate::measure::{Latencies, Pace};
use crate::neighbours::{Neighbour, cosigned_by};
use crate::report::{Report, Row};
use crate::statements::Authorship;
use crate::{bare, disk};

/// Witnesses, and how many of them are a quorum.
const WITNESSES: u8 = 4;
const QUORUM: usize = 3;

/// More than a fast machine takes in a second over one connection.
const ONE_A_SECOND_MAX: f64 = 8_000.0;

/// Entries that all connections together submit in a second: far below what a node takes, at moments that have nothing to do
/// with when it publishes.
const OFFERED_A_SECOND: f64 = 150.0;

/// So many that none is ever busy when its next request is due: 48 / 150 s is longer than the default interval.
const CONNECTIONS: usize = 48;

/// The shortest time between two checkpoints: what a node does by default, and what a hurried one may do.
const INTERVALS: [(&str, Duration); 2] =
    [("200 ms (default)", Duration::from_millis(200)), ("20 ms", Duration::from_millis(20))];

/// Longer than the quorum takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each measurement is cut into as many turns; node and primitives take turns, so that what disturbs the machine disturbs all.
const TURNS: u32 = 5;

/// Accepted with witnesses attached, and witnessed.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let folder = disk::throwaway()?;
    let author = Authorship::new()?;
    for (name, interval) in INTERVALS {
        let folder = tempfile::tempdir_in(folder.path())?;
        let witnesses = Neighbour::several(WITNESSES, folder.path())?;
        let config = NodeConfig {
            publish_every: interval,
            replication: cosigned_by(&witnesses, Role::Witness, QUORUM, &author)?,
            ..NodeConfig::new(folder.path().join("log"))
        };
        let node = Node::create(config, author.node_keys()?, &author.genesis()?);
        let node = Arc::new(node.during("creating the log")?);
        node.wait_for(Promise::Witnessed, TreeSize::new(1), PATIENCE).during("reaching the quorum")?;
        let node = Server::start(router(node))?;
        let bare = Server::start(bare::rows(folder.path())?)?;
        let mut bench = Bench { pace: pace.divided(TURNS), folder: folder.path(), author: &author, next: 0 };
        let mut taken = Taken::none();
        for _ in 0..TURNS {
            bench.turn(&node, &bare, &mut taken)?;
        }
        taken.compare(&format!("accepted, checkpoints {name} apart"), &taken.accepted, report);
        let what = format!("witnessed by {QUORUM} of {WITNESSES}, checkpoints {name} apart");
        taken.compare(&what, &taken.witnessed, report);
    }
    Ok(())
}

/// The primitives' latencies and ours.
struct Taken {
    append: Latencies,
    round_trip: Latencies,
    accepted: Latencies,
    witnessed: Latencies,
}

impl Taken {
    fn none() -> Self {
        let [append, round_trip, accepted, witnessed] = std::array::from_fn(|_| Latencies::new());
        Self { append, round_trip, accepted, witnessed }
    }

    fn compare(&self, what: &str, ours: &Latencies, report: &mut Report) {
        for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
            let sides =
                [("append + fdatasync", &self.append), ("HTTP round trip, one sled row", &self.round_trip)];
            for (primitive, raw) in sides {
                let what = format!("{what}, {name}; raw: {primitive}");
                report.add(Row::new(what, raw.quantile(share), ours.quantile(share)));
            }
        }
    }
}

struct Bench<'a> {
    pace: Pace,
    folder: &'a Path,
    author: &'a Authorship,
    next: u64,
}

impl Bench<'_> {
    fn turn(&mut self, node: &Server, bare: &Server, taken: &mut Taken) -> Result<(), BenchError> {
        let (time, seconds) = (self.pace.time(), self.pace.time().as_secs_f64());
        let target = Target { address: node.address, wait: Promise::Witnessed };
        let piles = self.piles(CONNECTIONS, seconds * OFFERED_A_SECOND)?;
        taken.witnessed.merge(&offer(target, piles, OFFERED_A_SECOND)?.latencies);
        let piles = self.piles(1, seconds * ONE_A_SECOND_MAX)?;
        taken.accepted.merge(&saturate(node.address, piles.clone(), time)?.latencies);
        taken.append.merge(&disk::appends(&self.pace, self.folder, 1)?);
        taken.round_trip.merge(&saturate(bare.address, piles, time)?.latencies);
        Ok(())
    }

    /// A pile of bodies for each connection, one new entry in each.
    fn piles(&mut self, connections: usize, bodies: f64) -> Result<Vec<Vec<Vec<u8>>>, BenchError> {
        let each = (bodies as usize).div_ceil(connections).max(1);
        let numbers = self.next..self.next + (each * connections) as u64;
        self.next = numbers.end;
        let bodies: Vec<_> = self.author.entries(numbers)?.into_iter().map(|entry| body(&[entry])).collect();
        Ok(bodies.chunks(each).map(<[_]>::to_vec).collect())
    }
}
