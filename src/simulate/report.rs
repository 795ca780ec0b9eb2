//! The estimate as a table that a ministry officer reads, with all that was assumed.

use std::fmt;

use serde::Serialize;

use super::country::Country;
use super::estimate::{Estimate, Prices};
use super::units::UnitCosts;

/// Everything: what was assumed, measured and computed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the country does.
    pub country: Country,
    /// Who takes part, and prices.
    pub prices: Prices,
    /// What one of everything costs on this machine.
    pub measured: UnitCosts,
    /// What it comes to.
    pub estimate: Estimate,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Country { institutions, learners, years, .. } = self.country;
        writeln!(
            f,
            "{} institutions, {} learners, {years} years\n",
            grouped(institutions),
            grouped(learners)
        )?;
        self.log(f)?;
        self.traffic(f)?;
        self.work(f)?;
        self.cost(f)?;
        self.assumed(f)
    }
}

impl Report {
    fn log(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimate = &self.estimate;
        row(f, "The log after all years", "")?;
        row(f, "  entries", grouped(estimate.entries_total))?;
        for (kind, count) in estimate.entries.by_kind() {
            row(f, &format!("    {kind}"), grouped(count))?;
        }
        row(f, "  their bytes", size(estimate.entries_bytes))?;
        row(f, "  on the disk of a node", size(estimate.disk_bytes))?;
        row(f, "  longest inclusion proof", format!("{} hashes", estimate.proof_hashes))?;
        row(f, "  log proof with 3 cosignatures", format!("{} B", grouped(estimate.proof_bytes)))?;
        writeln!(f)
    }

    fn traffic(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimate = &self.estimate;
        row(f, "Sent in a year", "")?;
        row(f, "  checkpoints, every entry published alone", grouped(estimate.checkpoints_a_year))?;
        row(f, "  to a mirror", size(estimate.mirror_bytes_a_year))?;
        row(f, "  to a witness", size(estimate.witness_bytes_a_year))?;
        let all = format!("  to {} mirrors and {} witnesses", self.prices.mirrors, self.prices.witnesses);
        row(f, &all, size(estimate.sent_bytes_a_year))?;
        writeln!(f)
    }

    fn work(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimate = &self.estimate;
        row(f, "Work, on one core of this machine", "")?;
        row(f, "  a new mirror replays everything in", duration(estimate.replay_seconds))?;
        row(f, "  a mirror that follows, a day", duration(estimate.replay_seconds_a_day))?;
        let share = format!("{:.5} %", estimate.replay_share(&self.country) * 100.0);
        row(f, "    of the core", share)?;
        row(f, "  credentials signed a year", grouped(estimate.credentials_a_year))?;
        row(f, "    eddsa-rdfc-2022, all schools together", hours(estimate.issue_rdfc_hours_a_year))?;
        row(f, "    eddsa-jcs-2022, all schools together", hours(estimate.issue_jcs_hours_a_year))?;
        writeln!(f)
    }

    fn cost(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Prices { mirrors, machines, machine_month, gigabyte_month, gigabyte_sent, .. } = self.prices;
        let estimate = &self.estimate;
        row(f, "Cost of a year, in the currency of the prices", "")?;
        let what = format!("  {machines} machines at {machine_month:.2} a month");
        row(f, &what, money(estimate.machines_cost))?;
        let what = format!("  disks at {gigabyte_month:.2} a GB and month, {mirrors} other logs too");
        row(f, &what, money(estimate.disk_cost))?;
        row(f, &format!("  traffic at {gigabyte_sent:.2} a GB"), money(estimate.traffic_cost))?;
        row(f, "  together", money(estimate.cost_a_year))?;
        row(f, "  for a learner", format!("{:.6}", estimate.cost_a_learner_and_year))?;
        writeln!(f)
    }

    fn assumed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = &self.country;
        writeln!(
            f,
            "Assumed: {} grades; {} batches and {} enrolment rolls an institution and year; {} keys an institution,\n\
             replaced after {} years; accreditations renewed after {}; {} ‰ of learners change schools a year; {} ‰ of\n\
             records are revoked, suspended or corrected. Bytes are those of real statements; seconds were measured just now.",
            country.grades,
            country.batches_per_institution,
            country.rolls_per_institution,
            country.keys_per_institution,
            country.key_years,
            country.accreditation_years,
            country.transfers_per_thousand,
            country.changes_per_thousand,
        )
    }
}

fn row(f: &mut fmt::Formatter<'_>, what: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "{}", format!("{what:<54}{value:>16}").trim_end())
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        _ if bytes >= 1e9 => format!("{:.2} GB", bytes / 1e9),
        _ if bytes >= 1e6 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} kB", bytes / 1e3),
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds >= 7_200.0 => format!("{:.1} h", seconds / 3_600.0),
        _ if seconds >= 120.0 => format!("{:.1} min", seconds / 60.0),
        _ if seconds >= 1.0 => format!("{seconds:.1} s"),
        _ => format!("{:.1} ms", seconds * 1e3),
    }
}

fn hours(hours: f64) -> String {
    duration(hours * 3_600.0)
}

fn money(amount: f64) -> String {
    format!("{amount:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_people_read_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_200_000), "1,200,000");
        assert_eq!(size(1_500), "1.5 kB");
        assert_eq!(size(2_340_000_000), "2.34 GB");
        assert_eq!(duration(0.0042), "4.2 ms");
        assert_eq!(duration(60.0), "60.0 s");
        assert_eq!(hours(1.0), "60.0 min");
        assert_eq!(hours(5.0), "5.0 h");
    }
}
