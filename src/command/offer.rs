//! `matricula offer`: puts issued records where learners can claim them.

mod codes;

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

use self::codes::CodesFile;
use crate::command::batch::{HomeArgs, batch_id};
use crate::failure::Failure;
use crate::files::read_text;
use crate::moment::now;
use crate::online::why;
use crate::values::counted;

/// How long one deposit may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The secret is a line of text.
const SECRET_BYTES_MAX: u64 = 4096;

/// A problem document is a few sentences; of anything longer nothing is shown.
const PROBLEM_BYTES_MAX: u64 = 64 << 10;

/// Arguments of `offer`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula offer diploma-2026-11-21-7e87a0b9 \\\n    --wallet https://educacion.example/wallet \\\n    \
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

/// What the wallet says when it refuses (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

/// Runs the command.
pub fn run(args: &OfferArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let records = batch::issued_records(&home, &args.batch)?;
    let secret = secret_in(&args.secret_file)?;
    let expires = UnixSeconds::new(now().get().saturating_add(args.valid_days.saturating_mul(86_400)));
    let desk = Desk::new(&args.wallet, secret, expires);
    let mut codes = CodesFile::open(&args.out)?;
    let mut count = 0_u64;
    for record in &records {
        if codes.has(&record.credential_id) {
            continue;
        }
        let code = desk.deposit(record)?;
        codes.write(&record.learner_no, &record.credential_id, &code)?;
        count += 1;
    }
    println!("Offered {}; the codes are in {}.", counted(count, "record"), args.out.display());
    Ok(0)
}

/// The secret: one line that fits into the head of a request.
fn secret_in(path: &Path) -> Result<String, Failure> {
    let secret = read_text(path, SECRET_BYTES_MAX)?.trim().to_owned();
    if secret.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Ok(secret);
    }
    let failure = Failure::new(
        "secret_unreadable",
        format_args!("{} is not one line of letters, digits and signs", path.display()),
    );
    Err(failure.remedy("give the file with the secret as the wallet's operator gave it"))
}

struct Desk {
    agent: ureq::Agent,
    url: String,
    secret: String,
    expires: UnixSeconds,
}

impl Desk {
    fn new(wallet: &str, secret: String, expires: UnixSeconds) -> Self {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(REQUEST_TIMEOUT)).http_status_as_error(false);
        let url = format!("{}/api/offers", wallet.trim_end_matches('/'));
        Self { agent: config.build().into(), url, secret, expires }
    }

    fn deposit(&self, record: &IssuedRecord) -> Result<String, Failure> {
        let text = read_text(&record.path, json::JSON_BYTES_MAX as u64)?;
        let value: Value = json::parse(text.as_bytes())
            .map_err(|error| Failure::new("record_unreadable", error).about(&record.path))?;
        let body = serde_json::json!({ "record": value, "expires_at": rfc3339(self.expires) });
        let request = self.agent.post(&self.url).header("authorization", format!("Bearer {}", self.secret));
        let mut answer = request.send_json(&body).map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.body_mut().with_config().limit(PROBLEM_BYTES_MAX).read_json::<Problem>();
            return Err(match said {
                Ok(problem) => refused(record, &problem),
                Err(_) => self.no_wallet(status.as_u16()),
            });
        }
        let deposited = answer.body_mut().read_json::<Deposited>();
        deposited.map(|deposited| deposited.code).map_err(|_| self.no_wallet(status.as_u16()))
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        let failure = Failure::new("wallet_unreachable", format_args!("{}: {}", self.url, why(error)));
        failure.remedy("check --wallet, and whether the wallet runs; then run the command again: it goes on where it was")
    }

    /// Something answered that does not speak as a wallet does.
    fn no_wallet(&self, status: u16) -> Failure {
        let message =
            format_args!("{} answers with status {status}, and not as a wallet", self.url).to_string();
        Failure::new("wallet_unknown", message)
            .remedy("--wallet takes the wallet's own address, such as https://educacion.example/wallet")
    }
}

/// The wallet's own words and code, and what to do about the usual ones.
fn refused(record: &IssuedRecord, problem: &Problem) -> Failure {
    let clean = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).collect() };
    let message = format!(
        "the wallet does not take the record of {}: {} [{}]",
        record.learner_no,
        clean(&problem.detail),
        clean(&problem.code)
    );
    let failure = Failure::new("offer_refused", message);
    match problem.code.as_str() {
        "deposit_refused" => {
            failure.remedy("give the secret that the wallet's operator gave this school, with --secret-file")
        }
        _ => failure.remedy("correct it, then run the command again: it goes on where it was"),
    }
}
