//! The `matricula` command: arguments in, one library call, words out.

mod arguments;
mod command;
mod config;
mod demo;
mod failure;
mod files;
mod following;
mod log;
mod moment;
mod online;
mod passphrase;
mod serve;
mod simulate;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Demo(args) => command::demo::run(args),
        Command::Authority(command) => command::authority::run(command),
        Command::School(command) => command::school::run(command),
        Command::Import(command) => command::import::run(command),
        Command::Batch(command) => command::batch::run(command),
        Command::Revoke(args) => command::status::revoke(args),
        Command::Suspend(args) => command::status::suspend(args),
        Command::Reinstate(args) => command::status::reinstate(args),
        Command::Correct(args) => command::status::correct(args),
        Command::Offer(args) => command::offer::run(args),
        Command::Trust(command) => command::trust::run(command),
        Command::Verify(args) => command::verify::run(args),
        Command::Ledger(command) => command::ledger::run(command),
        Command::Node(command) => command::node::run(command),
        Command::Serve(args) => command::serve::run(args),
        Command::Simulate(args) => command::simulate::run(args),
    }
}
