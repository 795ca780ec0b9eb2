//! How a rate and a latency are taken.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::quantity::Quantity;

/// A measurement is cut into this many rounds, and the median round counts: one disturbed round is not the result.
const ROUNDS: u32 = 5;

/// Latencies are kept with three digits, in nanoseconds.
const LATENCY_DIGITS: u8 = 3;

/// Longer latencies count as this: a minute for one operation is a failure, not a latency.
const LATENCY_NANOS_MAX: u64 = 60_000_000_000;

/// How long a measurement runs, and how large the large log is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    time: Duration,
    log_entries: u64,
}

impl Pace {
    /// Every single measurement takes about this long; the large log has this many entries, at least one.
    pub fn new(time: Duration, log_entries: u64) -> Self {
        Self { time, log_entries: log_entries.max(1) }
    }

    /// The pace of a measurement that is made in so many turns.
    pub fn divided(&self, turns: u32) -> Self {
        Self { time: self.time / turns.max(1), ..*self }
    }

    /// Entries of the large log.
    pub fn log_entries(&self) -> u64 {
        self.log_entries
    }

    /// The time that one measurement is to take.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// How often a second `work` is done, where one call does it `per_call` times: the median of five rounds.
    pub fn rate(&self, per_call: u64, mut work: impl FnMut()) -> Quantity {
        work();
        let mut rates = Vec::with_capacity(ROUNDS as usize);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let mut calls = 0_u64;
            while calls == 0 || started.elapsed() < self.time / ROUNDS {
                work();
                calls += 1;
            }
            rates.push((calls * per_call) as f64 / started.elapsed().as_secs_f64());
        }
        rates.sort_by(f64::total_cmp);
        Quantity::PerSecond(rates[rates.len() / 2])
    }

    /// How long each call of `work` takes; stops at the first error.
    pub fn latencies<E>(&self, mut work: impl FnMut() -> Result<(), E>) -> Result<Latencies, E> {
        let mut latencies = Latencies::new();
        let started = Instant::now();
        while latencies.is_empty() || started.elapsed() < self.time {
            let call = Instant::now();
            work()?;
            latencies.record(call.elapsed());
        }
        Ok(latencies)
    }
}

/// Many latencies of one operation.
#[derive(Debug)]
pub struct Latencies {
    nanos: Histogram<u64>,
}

impl Latencies {
    /// None yet.
    pub fn new() -> Self {
        let nanos = Histogram::new_with_max(LATENCY_NANOS_MAX, LATENCY_DIGITS)
            .expect("invariant: the maximum is above 2, and three digits are within 0..=5");
        Self { nanos }
    }

    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        self.nanos.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.nanos.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nanos.is_empty()
    }

    /// The latency that this share of the calls stayed under: 0.5 is the median, 0.99 the p99.
    pub fn quantile(&self, share: f64) -> Quantity {
        Quantity::Took(Duration::from_nanos(self.nanos.value_at_quantile(share)))
    }

    /// How many a second, one after the other, where each did it `per_call` times.
    pub fn rate_of(&self, per_call: usize) -> Quantity {
        Quantity::PerSecond(per_call as f64 * 1e9 / self.nanos.mean())
    }

    /// Takes in the latencies of another.
    pub fn merge(&mut self, other: &Latencies) {
        self.nanos += &other.nanos;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Latencies, Pace};
    use crate::quantity::Quantity;

    #[test]
    fn a_rate_counts_what_one_call_does() {
        let Quantity::PerSecond(one) = Pace::new(Duration::ZERO, 1).rate(1, || ()) else { unreachable!() };
        assert!(one > 0.0);
    }

    #[test]
    fn quantiles_follow_the_recorded_latencies() {
        let mut latencies = Latencies::new();
        for _ in 0..99 {
            latencies.record(Duration::from_nanos(1_000));
        }
        latencies.record(Duration::from_nanos(1_000_000));
        let took = |share| match latencies.quantile(share) {
            Quantity::Took(time) => time.as_nanos(),
            other => panic!("{other:?}"),
        };
        assert!(took(0.5) < 1_100);
        assert!(took(1.0) > 990_000);
    }

    #[test]
    fn the_first_error_ends_a_measurement() {
        let mut calls = 0;
        let outcome = Pace::new(Duration::from_secs(60), 1).latencies(|| {
            calls += 1;
            if calls < 3 { Ok(()) } else { Err("full") }
        });
        assert_eq!(outcome.err(), Some("full"));
    }
}
