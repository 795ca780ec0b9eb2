//! `matricula serve`: the services in one process.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::config::{Config, TEMPLATE};
use crate::failure::Failure;
use crate::serve::{self, Services};

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    matricula serve --init               write a commented matricula.toml\n  \
    matricula serve                      run everything it names\n  \
    matricula serve --only ledger,verifier\n\n\
    Ctrl-C or SIGTERM stops it in good order: running requests finish, the log is published. \
    Trust files are read anew every minute, and at once on SIGHUP.")]
pub struct ServeArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "matricula.toml")]
    pub config: PathBuf,
    /// Write a commented configuration file and stop
    #[arg(long)]
    pub init: bool,
    /// Run these services only
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SERVICE,…")]
    pub only: Vec<Service>,
}

/// The services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// The log.
    Ledger,
    /// Identifiers, status lists, the trust file, bindings.
    Issuer,
    /// Learners' accounts and records.
    Wallet,
    /// Verification.
    Verifier,
}

/// Runs the command.
pub fn run(args: &ServeArgs) -> Result<u8, Failure> {
    if args.init {
        return init(&args.config);
    }
    let config = Config::read(&args.config)?;
    // A setting that is text to the parser, and nothing to the program.
    let named = |failure: Failure| match failure.code() {
        "config_invalid" => failure.about(&args.config).remedy("correct that setting"),
        _ => failure,
    };
    serve::start_tracing(&config.tracing).map_err(named)?;
    let wanted = |service| args.only.is_empty() || args.only.contains(&service);
    let services = Services::open(&config, &wanted).map_err(named)?;
    serve::run(services, &config.server, &config.metrics)?;
    Ok(0)
}

fn init(path: &Path) -> Result<u8, Failure> {
    let mut options = fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, TEMPLATE.as_bytes()));
    written.map_err(|error| {
        let failure = Failure::io("write", path, &error);
        match error.kind() {
            ErrorKind::AlreadyExists => {
                failure.remedy("look through it, or write another one with --config NEW --init")
            }
            _ => failure,
        }
    })?;
    println!("Wrote {}. Look through it, then run `matricula serve`.", path.display());
    Ok(0)
}
