//! `matricula offer`: puts issued records where learners can claim them.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use matricula_credential::json;
use matricula_issuer::batch::{self, BatchId, IssuedRecord};
use matricula_issuer::school::SchoolHome;
use matricula_tlog::UnixSeconds;
use matricula_verdict::rfc3339;
use serde::Deserialize;
use serde_json::Value;

use crate::command::batch::{HomeArgs, batch_id};
use crate::failure::Failure;
use crate::files::read_bounded;
use crate::moment::now;

/// How long one deposit may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The secret is a line of text.
const SECRET_BYTES_MAX: u64 = 4096;

/// The owner reads and writes; nobody else does either.
const CODES_MODE: u32 = 0o600;

/// Arguments of `offer`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula offer diploma-2026-11-21-7e87a0b9 --home lempira --wallet https://educacion.example/wallet \\\n    \
    --secret-file deposit.secret --out codes.csv\n\n\
    Hand each learner the own code, on paper. Whoever has the code can claim the record, once. Records that stand in \
    the file already are not offered again."
)]
pub struct OfferArgs {
    /// The issued batch
    #[arg(value_parser = batch_id)]
    pub batch: BatchId,
    #[command(flatten)]
    pub home: HomeArgs,
    /// The address of the wallet
    #[arg(long, value_name = "URL")]
    pub wallet: String,
    /// The file with the secret that the wallet's operator gave the school
    #[arg(long, value_name = "FILE")]
    pub secret_file: PathBuf,
    /// For how many days the codes are good
    #[arg(long, default_value_t = 365)]
    pub valid_days: u64,
    /// Where to write learner numbers and codes
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Deserialize)]
struct Deposited {
    code: String,
}

/// Runs the command.
pub fn run(args: &OfferArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let records = batch::issued_records(&home, &args.batch)?;
    let secret = String::from_utf8(read_bounded(&args.secret_file, SECRET_BYTES_MAX)?)
        .map_err(|_| Failure::new("secret_unreadable", "the secret file is not text"))?;
    let expires = UnixSeconds::new(now().get() + args.valid_days * 86_400);
    let desk = Desk::new(&args.wallet, secret.trim(), expires);
    let offered = already_offered(&args.out)?;
    let mut codes = open_codes(&args.out)?;
    let mut count = 0;
    for record in records.iter().filter(|record| !offered.contains(&record.credential_id)) {
        let code = desk.deposit(record)?;
        let row = [&record.learner_no, &record.credential_id, &code];
        codes
            .write_record(row)
            .and_then(|()| Ok(codes.flush()?))
            .map_err(|error| unwritable(&args.out, &error))?;
        count += 1;
    }
    println!("Offered {count} records; the codes are in {}.", args.out.display());
    Ok(0)
}

struct Desk {
    agent: ureq::Agent,
    url: String,
    secret: String,
    expires: UnixSeconds,
}

impl Desk {
    fn new(wallet: &str, secret: &str, expires: UnixSeconds) -> Self {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(REQUEST_TIMEOUT)).http_status_as_error(false);
        let url = format!("{}/api/offers", wallet.trim_end_matches('/'));
        Self { agent: config.build().into(), url, secret: secret.to_owned(), expires }
    }

    fn deposit(&self, record: &IssuedRecord) -> Result<String, Failure> {
        let bytes = read_bounded(&record.path, json::JSON_BYTES_MAX as u64)?;
        let value: Value = json::parse(&bytes).map_err(|error| Failure::new("record_unreadable", error))?;
        let body = serde_json::json!({ "record": value, "expires_at": rfc3339(self.expires) });
        let unreachable = |error: &dyn std::fmt::Display| {
            Failure::new("wallet_unreachable", format_args!("{}: {error}", self.url))
        };
        let request = self.agent.post(&self.url).header("authorization", format!("Bearer {}", self.secret));
        let mut answer = request.send_json(&body).map_err(|error| unreachable(&error))?;
        if !answer.status().is_success() {
            let problem = answer.body_mut().read_to_string().unwrap_or_default();
            return Err(Failure::new(
                "offer_refused",
                format_args!("the wallet refused {}: {problem}", record.learner_no),
            ));
        }
        let deposited: Deposited = answer.body_mut().read_json().map_err(|error| unreachable(&error))?;
        Ok(deposited.code)
    }
}

/// The credentials that have a code already: an interrupted run goes on where it stopped.
fn already_offered(path: &Path) -> Result<Vec<String>, Failure> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut reader = csv::Reader::from_path(path).map_err(|error| unwritable(path, &error))?;
    let column = |row: Result<csv::StringRecord, csv::Error>| {
        row.map(|row| row.get(1).unwrap_or_default().to_owned()).map_err(|error| unwritable(path, &error))
    };
    reader.records().map(column).collect()
}

/// Whoever reads the codes can claim the records, so the file is its owner's alone.
fn open_codes(path: &Path) -> Result<csv::Writer<std::fs::File>, Failure> {
    let new = !path.exists();
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(CODES_MODE)
        .open(path)
        .map_err(|error| Failure::io("write", path, &error))?;
    let mut writer = csv::Writer::from_writer(file);
    if new {
        writer
            .write_record(["learner_no", "credential_id", "code"])
            .map_err(|error| unwritable(path, &error))?;
    }
    Ok(writer)
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new("codes_unusable", format_args!("{}: {error}", path.display()))
}
