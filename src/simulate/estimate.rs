//! Unit costs times what a country does.

use serde::Serialize;

use super::country::{Country, Entries};
use super::units::{UnitCosts, inclusion_hashes, log_proof_bytes};
use crate::failure::Failure;

/// Seconds of a year of 365 days.
const YEAR_SECONDS: f64 = 365.0 * 24.0 * 3600.0;

/// Bytes of a record beside its entries, in a group of a thousand: header, checksums, alignment.
const RECORD_BYTES_PER_ENTRY: f64 = 0.08;

/// Bytes of the framing of an add-checkpoint request beside its hashes and the checkpoint.
const ADD_CHECKPOINT_FRAME_BYTES: u64 = 24;

/// Entries of one package that a mirror is sent, proven together.
const PACKAGE_ENTRIES: u64 = 256;

/// Who takes part, and what machines cost. Money in any currency; the defaults are US dollars.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Prices {
    /// Mirrors of other ministries that follow the log.
    pub mirrors: u64,
    /// Light witnesses that cosign it.
    pub witnesses: u64,
    /// Machines of this ministry, the second one standing by.
    pub machines: u64,
    /// A machine of two cores for a month.
    pub machine_month: f64,
    /// A gigabyte of disk for a month.
    pub gigabyte_month: f64,
    /// A gigabyte sent.
    pub gigabyte_sent: f64,
}

/// What it comes to.
#[derive(Clone, Debug, Serialize)]
pub struct Estimate {
    /// Entries by kind, after all years.
    pub entries: Entries,
    /// All of them.
    pub entries_total: u64,
    /// Bytes of the entries.
    pub entries_bytes: u64,
    /// Bytes on the disk of a node: entries, framing, tiles.
    pub disk_bytes: u64,
    /// Credentials issued a year.
    pub credentials_a_year: u64,
    /// Checkpoints a year, if every entry is published alone.
    pub checkpoints_a_year: u64,
    /// Bytes a mirror is sent a year.
    pub mirror_bytes_a_year: u64,
    /// Bytes a witness is sent a year.
    pub witness_bytes_a_year: u64,
    /// Bytes all of them are sent a year.
    pub sent_bytes_a_year: u64,
    /// Hashes in the longest inclusion proof at the end.
    pub proof_hashes: usize,
    /// Bytes of a log proof at the end with three cosignatures.
    pub proof_bytes: u64,
    /// Seconds of one core in which a new mirror replays everything.
    pub replay_seconds: f64,
    /// Seconds of one core a mirror spends a day.
    pub replay_seconds_a_day: f64,
    /// Hours of one core in which a year's credentials are signed with `eddsa-rdfc-2022`.
    pub issue_rdfc_hours_a_year: f64,
    /// The same with `eddsa-jcs-2022`.
    pub issue_jcs_hours_a_year: f64,
    /// Machines, a year.
    pub machines_cost: f64,
    /// Disks with the own log and as many others, a year, at the end.
    pub disk_cost: f64,
    /// Traffic, a year.
    pub traffic_cost: f64,
    /// All of it.
    pub cost_a_year: f64,
    /// All of it, for a learner.
    pub cost_a_learner_and_year: f64,
}

/// Multiplies.
///
/// # Errors
/// A sample proof that cannot be made.
pub fn estimate(country: &Country, units: &UnitCosts, prices: &Prices) -> Result<Estimate, Failure> {
    let entries = country.entries();
    let total = entries.total();
    let entries_bytes = entry_bytes(&entries, units);
    let disk_bytes = entries_bytes + overhead_bytes(total);
    let years = country.years.max(1);
    let checkpoints = total.div_ceil(years);
    let mirror = mirror_bytes(total, entries_bytes, checkpoints, units, years);
    let witness = checkpoints * checkpoint_round_bytes(total, units);
    let sent = mirror * prices.mirrors + witness * prices.witnesses;
    let replay = replay_seconds(&entries, units);
    let credentials = country.credentials_a_year();
    let machines_cost = prices.machines as f64 * prices.machine_month * 12.0;
    let logs = (1 + prices.mirrors) * prices.machines;
    let disk_cost = gigabytes(disk_bytes) * logs as f64 * prices.gigabyte_month * 12.0;
    let traffic_cost = gigabytes(sent) * prices.gigabyte_sent;
    let cost = machines_cost + disk_cost + traffic_cost;
    Ok(Estimate {
        entries,
        entries_total: total,
        entries_bytes,
        disk_bytes,
        credentials_a_year: credentials,
        checkpoints_a_year: checkpoints,
        mirror_bytes_a_year: mirror,
        witness_bytes_a_year: witness,
        sent_bytes_a_year: sent,
        proof_hashes: inclusion_hashes(total),
        proof_bytes: log_proof_bytes(total, 3)?,
        replay_seconds: replay,
        replay_seconds_a_day: replay / (years as f64 * 365.0),
        issue_rdfc_hours_a_year: credentials as f64 * units.issue_rdfc_seconds / 3600.0,
        issue_jcs_hours_a_year: credentials as f64 * units.issue_jcs_seconds / 3600.0,
        machines_cost,
        disk_cost,
        traffic_cost,
        cost_a_year: cost,
        cost_a_learner_and_year: cost / country.learners.max(1) as f64,
    })
}

fn entry_bytes(entries: &Entries, units: &UnitCosts) -> u64 {
    entries.authority * units.authority_bytes
        + entries.accreditation * units.accreditation_bytes
        + entries.key * units.key_bytes
        + entries.batch * units.batch_bytes
        + entries.status * units.status_bytes
        + entries.commitment * units.commitment_bytes
}

/// Length fields, records, and the hashes of full tiles at every level.
fn overhead_bytes(entries: u64) -> u64 {
    let mut hashes = 0;
    let mut level = entries;
    while level >= PACKAGE_ENTRIES {
        hashes += level / PACKAGE_ENTRIES * PACKAGE_ENTRIES;
        level /= PACKAGE_ENTRIES;
    }
    2 * entries + 32 * hashes + (entries as f64 * RECORD_BYTES_PER_ENTRY) as u64
}

/// A checkpoint, the proof that it grew from the last one, and the cosignature that comes back.
fn checkpoint_round_bytes(size: u64, units: &UnitCosts) -> u64 {
    let hashes = inclusion_hashes(size) as u64 * 45;
    ADD_CHECKPOINT_FRAME_BYTES + hashes + units.checkpoint_bytes + units.cosignature_bytes
}

/// The entries of a year with the proof of each package, and every checkpoint.
fn mirror_bytes(total: u64, bytes: u64, checkpoints: u64, units: &UnitCosts, years: u64) -> u64 {
    let package_proof = inclusion_hashes(total) as u64 * 32 + 1;
    // Entries that are published one by one travel in packages of their own.
    let packages = checkpoints;
    (bytes + 2 * total) / years
        + packages * package_proof
        + checkpoints * checkpoint_round_bytes(total, units)
}

fn replay_seconds(entries: &Entries, units: &UnitCosts) -> f64 {
    let singles = entries.total() - entries.batch;
    entries.batch as f64 * units.replay_batch_seconds + singles as f64 * units.replay_single_seconds
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

impl Estimate {
    /// Share of one core that a mirror needs for this log.
    pub fn replay_share(&self, country: &Country) -> f64 {
        self.replay_seconds / (country.years.max(1) as f64 * YEAR_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> UnitCosts {
        UnitCosts {
            authority_bytes: 300,
            accreditation_bytes: 400,
            key_bytes: 250,
            batch_bytes: 500,
            status_bytes: 250,
            commitment_bytes: 200,
            replay_batch_seconds: 100e-6,
            replay_single_seconds: 50e-6,
            issue_rdfc_seconds: 1.5e-3,
            issue_jcs_seconds: 40e-6,
            verify_rdfc_seconds: 1.5e-3,
            checkpoint_bytes: 200,
            cosignature_bytes: 130,
        }
    }

    fn prices() -> Prices {
        Prices {
            mirrors: 3,
            witnesses: 4,
            machines: 2,
            machine_month: 40.0,
            gigabyte_month: 0.1,
            gigabyte_sent: 0.09,
        }
    }

    #[test]
    fn adds_up() {
        let country = Country::new(1270, 1_200_000, 12);
        let estimate = estimate(&country, &units(), &prices()).unwrap();
        assert_eq!(estimate.entries_total, country.entries().total());
        let parts = estimate.machines_cost + estimate.disk_cost + estimate.traffic_cost;
        assert!((estimate.cost_a_year - parts).abs() < 1e-9);
        assert_eq!(
            estimate.sent_bytes_a_year,
            3 * estimate.mirror_bytes_a_year + 4 * estimate.witness_bytes_a_year
        );
        assert!(estimate.disk_bytes > estimate.entries_bytes + 34 * estimate.entries_total);
        assert!(estimate.disk_bytes < estimate.entries_bytes + 35 * estimate.entries_total);
    }

    #[test]
    fn counts_the_tiles_that_a_node_stores() {
        // 70,000 entries: 273 full tiles of level 0, one of level 1.
        let hashes = (273 + 1) * 256;
        assert_eq!(overhead_bytes(70_000), 140_000 + 32 * hashes + 5_600);
        assert_eq!(overhead_bytes(255), 510 + 20, "no tile is full");
    }

    #[test]
    fn costs_nothing_extra_without_anybody_else() {
        let alone = Prices { mirrors: 0, witnesses: 0, ..prices() };
        let estimate = estimate(&Country::new(10, 1_000, 1), &units(), &alone).unwrap();
        assert_eq!(estimate.sent_bytes_a_year, 0);
        assert!(estimate.traffic_cost.abs() < f64::EPSILON);
    }
}
