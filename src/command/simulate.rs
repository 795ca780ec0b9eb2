//! `matricula simulate`: what a country's log costs.

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::failure::Failure;
use crate::simulate::{Country, Prices, Report, UnitCosts, estimate};

/// Arguments of `simulate`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula simulate --institutions 1270 --learners 1200000 --years 12\n\n\
    Statements are made and weighed, and work is timed, on this machine, in some three seconds; the rest is\n\
    multiplication. --json shows every number, also those that were assumed."
)]
pub struct SimulateArgs {
    /// Schools and other institutions that sign
    #[arg(long, value_name = "COUNT", value_parser = counted(1, 10_000_000))]
    pub institutions: u64,
    /// Learners enrolled at any time
    #[arg(long, value_name = "COUNT", value_parser = counted(1, 2_000_000_000))]
    pub learners: u64,
    /// Years that the log runs
    #[arg(long, value_name = "COUNT", value_parser = counted(1, 200))]
    pub years: u64,
    /// Mirrors of other ministries that follow the log
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = counted(0, 32))]
    pub mirrors: u64,
    /// Light witnesses that cosign it
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = counted(0, 32))]
    pub witnesses: u64,
    /// Machines of the ministry, the second standing by
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = counted(1, 1000))]
    pub machines: u64,
    /// Batches an institution signs a year
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = counted(0, 100_000))]
    pub batches: u64,
    /// Learners who change schools in a year, of a thousand
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = counted(0, 1000))]
    pub transfers: u64,
    /// Price of a machine of two cores for a month
    #[arg(long, value_name = "PRICE", default_value_t = 40.0, value_parser = price)]
    pub machine_month: f64,
    /// Price of a gigabyte of disk for a month
    #[arg(long, value_name = "PRICE", default_value_t = 0.10, value_parser = price)]
    pub gigabyte_month: f64,
    /// Price of a gigabyte sent
    #[arg(long, value_name = "PRICE", default_value_t = 0.09, value_parser = price)]
    pub gigabyte_sent: f64,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(args: &SimulateArgs) -> Result<u8, Failure> {
    let mut country = Country::new(args.institutions, args.learners, args.years);
    country.batches_per_institution = args.batches;
    country.transfers_per_thousand = args.transfers;
    let prices = Prices {
        mirrors: args.mirrors,
        witnesses: args.witnesses,
        machines: args.machines,
        machine_month: args.machine_month,
        gigabyte_month: args.gigabyte_month,
        gigabyte_sent: args.gigabyte_sent,
    };
    let measured = UnitCosts::measure()?;
    let estimate = estimate(&country, &measured, &prices)?;
    let report = Report { country, prices, measured, estimate };
    if args.json {
        let json = serde_json::to_string_pretty(&report);
        println!("{}", json.map_err(|error| Failure::new("measuring_failed", error))?);
    } else {
        print!("{report}");
    }
    Ok(0)
}

/// A count within bounds in which no product overflows.
fn counted(min: u64, max: u64) -> RangedU64ValueParser {
    clap::value_parser!(u64).range(min..=max)
}

fn price(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(price) if price.is_finite() && price >= 0.0 => Ok(price),
        _ => Err(format!("'{text}' is not a price such as 40 or 0.09")),
    }
}
