//! An honest log in a network that falls apart and comes together again.

use std::time::Duration;

use turmoil::Sim;

use crate::support::random::{Random, for_seeds, is_full};
use crate::tree::Tree;
use crate::world::{Broken, MAJORITIES, Quorum, TICK_MS, World, writer_name};

/// For how long things go wrong.
const STORM: Duration = Duration::from_secs(90);

/// Within what time everything that was published is witnessed once the network is whole: the longest pause of the
/// distributor, and the rounds after it.
const CALM: Duration = Duration::from_secs(150);

/// What happened, so that a test can tell that enough did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    partitions: u64,
    restarts: u64,
    jumps: u64,
    failed_calls: u64,
    witnessed: Vec<u64>,
}

struct Storm {
    world: World,
    sim: Sim<'static>,
    random: Random,
    hosts: Vec<String>,
    crashed: Vec<String>,
    seen: Seen,
}

impl Storm {
    fn new(seed: u64, quorum: Quorum) -> Self {
        let world = World::new(seed, quorum, vec![Tree::new()]);
        let sim = world.start(seed);
        let names = world.neighbours.iter().map(|neighbour| neighbour.name.clone());
        let hosts = names.chain([writer_name(0)]).collect();
        let (random, crashed, seen) = (Random::new(seed), Vec::new(), Seen::default());
        Self { world, sim, random, hosts, crashed, seen }
    }

    fn run(mut self, time: Duration, check: impl Fn(&World) -> Result<(), Broken>) -> Result<Seen, Broken> {
        let steps = time.as_millis() as u64 / TICK_MS;
        for step in 0..steps {
            self.sim.step().unwrap();
            if step % 20 == 0 {
                self.trouble();
                check(&self.world)?;
            }
        }
        self.heal();
        let writer = self.world.writers[0].clone();
        writer.book().grows = false;
        let mut calm = 0;
        while !writer.book().is_all_witnessed() {
            self.sim.step().unwrap();
            calm += TICK_MS;
            assert!(calm < CALM.as_millis() as u64, "no progress: {:?}", writer.book().witnessed_sizes());
        }
        check(&self.world)?;
        self.seen.failed_calls = writer.book().failed_calls;
        self.seen.witnessed = writer.book().witnessed_sizes();
        Ok(self.seen)
    }

    /// Something may go wrong, or become good again.
    fn trouble(&mut self) {
        let host = self.hosts[self.random.below(self.hosts.len() as u64) as usize].clone();
        match self.random.below(14) {
            0 => self.cut_off(|sim, one, other| sim.partition(one, other)),
            1 => self.cut_off(|sim, one, other| sim.partition_oneway(one, other)),
            2 => self.cut_off(|sim, one, other| sim.partition_oneway(other, one)),
            3 | 4 => self.repair(),
            5 => {
                self.sim.crash(host.as_str());
                self.crashed.push(host);
            }
            6 | 7 => {
                for host in std::mem::take(&mut self.crashed) {
                    self.sim.bounce(host.as_str());
                }
            }
            8 => {
                self.seen.restarts += 1;
                self.sim.bounce(host.as_str());
                self.crashed.retain(|crashed| *crashed != host);
            }
            9 | 10 => self.jump(),
            _ => {}
        }
    }

    /// Cuts a random set of hosts off from the others.
    fn cut_off(&mut self, cut: impl Fn(&Sim<'static>, &str, &str)) {
        self.seen.partitions += 1;
        let far: Vec<bool> = self.hosts.iter().map(|_| self.random.one_in(3)).collect();
        for (one, is_far) in self.hosts.iter().zip(&far) {
            for (other, other_far) in self.hosts.iter().zip(&far) {
                if *is_far && !other_far {
                    cut(&self.sim, one, other);
                }
            }
        }
    }

    fn repair(&self) {
        for (position, one) in self.hosts.iter().enumerate() {
            for other in &self.hosts[position + 1..] {
                self.sim.repair(one.as_str(), other.as_str());
            }
        }
    }

    /// A clock is set forward or back, by seconds or by days.
    fn jump(&mut self) {
        self.seen.jumps += 1;
        let reach = [5, 600, 86_400 * 3][self.random.below(3) as usize];
        let ahead = self.random.below(2 * reach) as i64 - reach as i64;
        let place = self.random.below(self.hosts.len() as u64) as usize;
        let neighbour = self.world.neighbours.get(place).map(|neighbour| &neighbour.clock);
        neighbour.unwrap_or(&self.world.writers[0].clock).set_ahead_by(ahead);
    }

    fn heal(&mut self) {
        self.repair();
        for host in std::mem::take(&mut self.crashed) {
            self.sim.bounce(host.as_str());
        }
    }
}

#[test]
fn an_honest_log_survives_storms() {
    let seeds = if is_full() { 200 } else { 4 };
    for_seeds(1..=seeds, |seed| {
        let seen = Storm::new(seed, MAJORITIES).run(STORM, World::check_honest);
        let seen = seen.unwrap_or_else(|broken| panic!("{broken:?}"));
        println!("{seed}: {seen:?}");
        assert!(seen.partitions > 3 && seen.jumps > 3 && seen.failed_calls > 20, "{seen:?}");
        assert!(seen.witnessed.len() > 3, "{seen:?}");
    });
}

#[test]
fn a_seed_gives_the_same_storm_again() {
    let storm = || Storm::new(5, MAJORITIES).run(STORM / 3, World::check_honest);
    assert_eq!(storm(), storm());
}

/// A quorum with one mirror only loses entries when the wrong two nodes burn: the check sees it.
#[test]
fn with_one_mirror_in_the_quorum_two_fires_are_too_many() {
    let one_mirror = Quorum { mirrors: 1, ..MAJORITIES };
    let storm = |seed| Storm::new(seed, one_mirror).run(STORM, World::check).err();
    let found = (1..=12).find_map(storm);
    assert!(matches!(found, Some(Broken::Burnt { .. })), "{found:?}");
}
