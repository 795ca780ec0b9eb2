//! Nodes of other authorities that follow the log that is measured: each is a process of its own, with its own stores on the
//! same disk, so that its processor time can be told from the writer's.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use matricula_ledger::mirror::{MirroredLog, Quota};
use matricula_ledger::{
    Clock, Followed, Following, FollowingKeys, Memory, Peer, Replication, Role, mirror_router, witness_router,
};
use matricula_tlog::{Cosigner, KeyName, Origin, Policy, TreeSize, origin_hash};

use crate::error::{BenchError, During};
use crate::http::Server;
use crate::machine;
use crate::statements::Authorship;

/// More than any measurement makes in a day: a quota is not what is measured.
const QUOTA: Quota = Quota {
    entries_per_day: 1 << 40,
    bytes_per_day: 1 << 50,
    institution_entries_per_day: 1 << 40,
    burst_days: 1,
};

/// A node that runs in another process until this is dropped.
pub struct Neighbour {
    number: u8,
    address: String,
    process: Child,
}

impl Neighbour {
    /// Starts so many, each in a folder of its own.
    pub fn several(count: u8, folder: &Path) -> Result<Vec<Self>, BenchError> {
        (1..=count).map(|number| Self::start(number, &folder.join(format!("neighbour{number}")))).collect()
    }

    /// Starts one, and returns when it listens.
    pub fn start(number: u8, folder: &Path) -> Result<Self, BenchError> {
        std::fs::create_dir_all(folder)?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--follow")
            .arg(folder)
            .args(["--number", &number.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        let neighbour = Self { number, address: address.trim().to_owned(), process };
        if neighbour.address.is_empty() {
            return Err("it does not listen").during("starting a neighbour");
        }
        Ok(neighbour)
    }

    /// The prefix under which it is called in a role.
    pub fn prefix(&self, role: Role) -> String {
        let service = match role {
            Role::Mirror => "mirror",
            Role::Witness => "witness",
        };
        format!("http://{}/{service}", self.address)
    }

    /// Where its copy of the log is read.
    pub fn copy_of(&self, origin: &Origin) -> String {
        format!("{}/{}", self.prefix(Role::Mirror), origin_hash(origin))
    }

    /// It, as somebody who cosigns.
    pub fn peer(&self, role: Role) -> Result<Peer, BenchError> {
        let key = cosigner(self.number, role)?.verifier().clone();
        Ok(Peer { name: format!("neighbour{}", self.number), key, role, url: self.prefix(role) })
    }

    /// The processor time that it has used so far.
    pub fn processor_time(&self) -> Duration {
        machine::processor_time_of(&self.process.id().to_string())
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // What it stored is thrown away with its folder.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The processor time that all have used so far.
pub fn processor_time(neighbours: &[Neighbour]) -> Duration {
    neighbours.iter().map(Neighbour::processor_time).sum()
}

/// The log is cosigned by these, and so many of them are its quorum.
pub fn cosigned_by(
    neighbours: &[Neighbour],
    role: Role,
    threshold: usize,
    author: &Authorship,
) -> Result<Replication, BenchError> {
    let peers: Vec<Peer> = neighbours.iter().map(|one| one.peer(role)).collect::<Result<_, _>>()?;
    let mut text = format!("log {}\n", author.node_keys()?.log.verifier().encode());
    for Peer { name, key, .. } in &peers {
        text.push_str(&format!("witness {name} {}\n", key.encode()));
    }
    let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
    text.push_str(&format!("group all {threshold} {}\nquorum all\n", names.join(" ")));
    let policy = Policy::parse(text.as_bytes()).during("making a policy")?;
    Ok(Replication { policy: Some(policy), peers, ..Replication::default() })
}

/// The key by which a neighbour cosigns, named as a node names it.
pub fn cosigner(number: u8, role: Role) -> Result<Cosigner, BenchError> {
    let (service, seed) = match role {
        Role::Mirror => ("mirror", 100),
        Role::Witness => ("witness", 150),
    };
    let name = KeyName::new(&format!("ministry{number}.example/log/{service}"));
    Ok(Cosigner::new(name.during("naming a neighbour")?, &[seed + number; 32]))
}

/// Follows the log in a folder, as a process of its own: prints the address, and ends when nobody holds its standard input.
pub fn follow(folder: &Path, number: u8) -> Result<(), BenchError> {
    let author = Authorship::new()?;
    let keys = author.node_keys()?;
    let log = MirroredLog {
        log_key: keys.log.verifier().clone(),
        time_key: Some(keys.witness.verifier().clone()),
        root_keys: vec![author.public_key()],
        quota: QUOTA,
        backlog: TreeSize::new(0),
    };
    let followed = Followed { log, roles: BTreeSet::from([Role::Mirror, Role::Witness]) };
    let own =
        FollowingKeys { witness: cosigner(number, Role::Witness)?, mirror: cosigner(number, Role::Mirror)? };
    let following = Following::open(folder, own, vec![followed], Vec::new(), Memory::MayBegin)
        .during("following the log")?;
    let clock = Clock::system();
    let routes = Router::new()
        .nest("/witness", witness_router(following.witness().clone(), clock.clone()))
        .nest("/mirror", mirror_router(following.mirror().clone(), clock));
    let server = Server::start(routes)?;
    println!("{}", server.address);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
