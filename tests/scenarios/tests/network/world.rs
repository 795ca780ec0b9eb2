//! Three ministries, each of which mirrors and witnesses the logs of the other two, and asks them for the same. One
//! mirror and one witness besides the log's own are a quorum.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::judge::Judge;
use crate::ministry::{Ministry, Network};
use crate::sandbox::line;

pub const HONDURAS: usize = 0;
pub const SENEGAL: usize = 1;
pub const KENYA: usize = 2;

const NAMES: [&str; 3] = ["hn", "sn", "ke"];
const PORT: u16 = 8080;

/// How long something may take that goes by itself: the longest pause between two tries, a call that nobody answers,
/// and slow machines.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(150);

/// What does not get through.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// Nothing gets through.
    Everything,
    /// Connections stand and requests arrive, but nothing that is said comes back: packets with more than a few bytes
    /// in them are lost.
    Answers,
}

pub struct World {
    // Before the ministries, so that it has stopped looking when they go.
    pub judge: Judge,
    pub ministries: Vec<Ministry>,
}

impl World {
    /// Ministries that are ports of this machine.
    pub fn on_loopback(folder: &Path) -> Self {
        let place = |name: &'static str| {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            Ministry::found(name, folder.join(name), format!("127.0.0.1:{port}"), Network::Loopback)
        };
        Self::of(NAMES.map(place).into())
    }

    /// Ministries with a network namespace each, behind one bridge. Only in a sandbox.
    pub fn in_namespaces(folder: &Path) -> Self {
        line("ip link set lo up");
        line("ip link add bridge type bridge");
        line("ip addr add 10.77.0.254/24 dev bridge");
        line("ip link set bridge up");
        let place = |at: usize| {
            let (name, address) = (NAMES[at], address(at));
            line(&format!("ip netns add {name}"));
            line(&format!("ip link add to-{name} type veth peer name eth0 netns {name}"));
            line(&format!("ip link set to-{name} master bridge up"));
            for words in ["link set lo up", "link set eth0 up", &format!("addr add {address}/24 dev eth0")] {
                line(&format!("ip -n {name} {words}"));
            }
            let network = Network::Namespace(name.to_owned());
            Ministry::found(name, folder.join(name), format!("{address}:{PORT}"), network)
        };
        Self::of([HONDURAS, SENEGAL, KENYA].map(place).into())
    }

    fn of(mut ministries: Vec<Ministry>) -> Self {
        for ministry in &ministries {
            for peer in ministries.iter().filter(|peer| peer.name != ministry.name) {
                let card = peer.path("authority/authority.toml");
                ministry.ok(&["node", "peer", "add", card.to_str().unwrap(), "--name", peer.name]);
            }
            let shown = ministry.ok(&["node", "policy", "show"]);
            let proposed: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("# ")).collect();
            let start = proposed.iter().position(|line| line.starts_with("log ")).unwrap();
            let policy = proposed[start..].join("\n") + "\n";
            let policy = policy.replace("group mirrors 2", "group mirrors 1");
            let policy = policy.replace("group witnesses 2", "group witnesses 1");
            assert_eq!(policy.matches(" 1 ").count(), 2, "{policy}");
            fs::write(ministry.path("policy.txt"), &policy).unwrap();
            ministry.ok(&["node", "policy", "set", "policy.txt"]);
        }
        // At the same time, as each asks the others before it starts.
        thread::scope(|scope| {
            ministries.iter_mut().for_each(|ministry| drop(scope.spawn(|| ministry.serve())));
        });
        Self { judge: Judge::watching(&ministries), ministries }
    }

    pub fn at(&self, ministry: usize) -> &Ministry {
        &self.ministries[ministry]
    }

    pub fn at_mut(&mut self, ministry: usize) -> &mut Ministry {
        &mut self.ministries[ministry]
    }

    /// Logs entries that must become witnessed, however long that takes.
    #[track_caller]
    pub fn log_witnessed(&mut self, writer: usize, count: u64) {
        let writer = &self.ministries[writer];
        let answer = writer.submit(count, "witnessed", 25).expect("the log answers");
        self.judge.promised(writer, &answer);
    }

    /// Logs entries that are durable, and that nobody can witness in this time.
    #[track_caller]
    pub fn log_unwitnessed(&self, writer: usize, count: u64, deadline_seconds: u32) {
        let answer = self.at(writer).submit(count, "witnessed", deadline_seconds).expect("the log answers");
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_ne!(answer.word, "witnessed");
    }

    /// Waits until a quorum has cosigned the newest checkpoint of a log.
    #[track_caller]
    pub fn wait_witnessed(&self, writer: usize) {
        let size = |path: &str| size(&self.at(writer).get(path));
        wait_until("the log is witnessed", || {
            let published = size("/log/checkpoint");
            published.is_some() && published == size("/log/checkpoint/witnessed")
        });
    }

    /// Waits until a mirror has as much of a log as the log has published.
    #[track_caller]
    pub fn wait_mirrored(&self, writer: usize, mirror: usize) {
        let copy = format!("/mirror/{}/checkpoint", self.at(writer).hash());
        wait_until("the mirror has caught up", || {
            let published = size(&self.at(writer).get("/log/checkpoint"));
            published.is_some() && published == size(&self.at(mirror).get(&copy))
        });
    }

    /// The number of entries that a mirror shows of a log.
    pub fn mirrored_size(&self, writer: usize, mirror: usize) -> u64 {
        let copy = format!("/mirror/{}/checkpoint", self.at(writer).hash());
        size(&self.at(mirror).get(&copy)).unwrap_or(0)
    }

    /// From now on, what one ministry sends to another is lost.
    pub fn cut(&self, from: usize, to: usize, loss: Loss) {
        let what = match loss {
            Loss::Everything => "",
            Loss::Answers => "meta length > 100",
        };
        let rules = format!(
            "table inet cut {{\nchain out {{\ntype filter hook output priority 0;\nip daddr {} {what} drop\n}}\n}}\n",
            address(to)
        );
        let mut nft = Command::new("ip")
            .args(["netns", "exec", NAMES[from], "nft", "-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        nft.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
        assert!(nft.wait().unwrap().success(), "{rules}");
    }

    /// Everything that this ministry sends arrives again.
    pub fn heal(&self, from: usize) {
        line(&format!("ip netns exec {} nft delete table inet cut", NAMES[from]));
    }

    /// Everybody has everything again, nothing was ever forked, and every log that ends in good order is sound.
    pub fn ends_well(mut self) {
        for writer in [HONDURAS, SENEGAL, KENYA] {
            self.log_witnessed(writer, 1);
            let log = self.at(writer);
            self.judge.finds_all_in(log, &log.url("/log"));
            for mirror in [HONDURAS, SENEGAL, KENYA].into_iter().filter(|mirror| *mirror != writer) {
                self.wait_mirrored(writer, mirror);
                self.judge.finds_all_in(log, &log.copy_at(self.at(mirror)));
            }
            assert!(self.judge.sizes_seen(&log.origin) > 1, "nobody looked at {}", log.name);
        }
        for ministry in &mut self.ministries {
            ministry.stop();
            assert!(ministry.ok(&["ledger", "fsck"]).contains("sound"));
        }
        self.judge.finds_no_fork();
    }
}

fn address(at: usize) -> String {
    format!("10.77.0.{}", at + 1)
}

/// The size that a checkpoint says.
fn size(answer: &Option<(u16, String)>) -> Option<u64> {
    let (status, text) = answer.as_ref()?;
    (*status == 200).then(|| text.lines().nth(1).unwrap().parse().unwrap())
}

#[track_caller]
pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < SETTLE_TIME_MAX, "not so after {SETTLE_TIME_MAX:?}: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
