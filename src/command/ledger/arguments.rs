//! The arguments of `matricula ledger`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::LogArgs;
use crate::passphrase::PassphraseArgs;

/// The authority's folder.
#[derive(Args, Clone, Debug)]
pub struct HomeArgs {
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
}

/// Arguments of `ledger fsck`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula ledger fsck --home authority\n  matricula ledger fsck --home authority --rebuild\n\n\
    Exit code 1 when anything is wrong. --rebuild writes indexes and tiles anew from the entries; it never changes an entry."
)]
pub struct FsckArgs {
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
    /// Write indexes and tiles anew
    #[arg(long)]
    pub rebuild: bool,
}

/// Arguments of `ledger export`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  matricula ledger export --home authority --out /media/stick/log\n  \
    matricula ledger export --from https://educacion.example/log --out mirror\n\n\
    The folder is in the static layout of C2SP tlog-tiles: any web server can serve it, and a school that is offline \
    gives it as --log. What is there and right is not written again, so the command can be stopped, and run again as the \
    log grows. The checkpoint is written last.")]
pub struct ExportArgs {
    /// Where to write the log
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// A running node or a mirror to read from. Without it: the files of the authority's own node, which must not run
    #[arg(long, value_name = "URL|DIR")]
    pub from: Option<String>,
    #[command(flatten)]
    pub home: HomeArgs,
}

/// Arguments of `ledger restore`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula ledger restore --home authority\n  matricula ledger restore --from https://mec.example/mirror \\\n    --from https://minedu.example/mirror --ask https://moe.example/witness\n  \
    matricula ledger restore --home authority --from /media/stick/log\n\n\
    The largest checkpoint that the log signed is rebuilt: every entry is hashed up to its root, every statement passes \
    the door again, every smaller checkpoint must be a part of it. Where a source is damaged, another one stands in. Two \
    histories stop everything, and the proof of them is kept. Stopped at any moment, the same command goes on. A log that \
    is there is never replaced."
)]
pub struct RestoreArgs {
    /// Who has a copy: the address of a mirror or of static files, or a folder. Several are compared. Without it: the mirrors among this node's peers, and every peer is asked
    #[arg(long, value_name = "URL|DIR")]
    pub from: Vec<String>,
    /// A witness or mirror that says what it has seen of the log; nothing less is restored
    #[arg(long, value_name = "URL")]
    pub ask: Vec<String>,
    /// Whose cosignatures the checkpoint must carry (a C2SP policy). Without it: the policy set on this node, else the log's own signature alone
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `ledger import`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula ledger import /media/stick/log --home authority\n\n\
    The same as `matricula ledger restore --from DIR`: to move a log to another machine, export it, stop the node for good, \
    export again, and import the folder there.")]
pub struct ImportArgs {
    /// The folder that `ledger export` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `ledger succeed`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula ledger succeed --card old/card.toml \\\n    --from https://mec.example/mirror --home authority\n\n\
    When the log's key is lost, the log has ended. Found the authority again with another origin, and run this before \
    anything else is logged: the old log is checked in every entry, and the second entry of the new one commits to its \
    origin, size and root. Old proofs and trust files stay good. Schools are accredited anew in the new log."
)]
pub struct SucceedArgs {
    /// The card of the authority whose log has ended
    #[arg(long, value_name = "FILE")]
    pub card: PathBuf,
    /// Who has a copy of the old log: an address or a folder. Several are compared
    #[arg(long, required = true, value_name = "URL|DIR")]
    pub from: Vec<String>,
    /// A witness or mirror that says what it has seen of the old log
    #[arg(long, value_name = "URL")]
    pub ask: Vec<String>,
    /// Whose cosignatures the old log's checkpoint must carry (a C2SP policy)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub log: LogArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `ledger sync`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  matricula ledger sync /media/stick/log --home authority\n  \
    matricula ledger sync /media/stick/log --log https://educacion.example/log\n\n\
    A school that is offline runs `matricula batch issue BATCH --log DIR` on a folder that `matricula ledger export` \
    wrote: its entries wait there. This command hands them in and writes places, proofs and the newest log onto the \
    stick. Back at the school, the same `batch issue` completes. Run it as often as you like: nothing is doubled.")]
pub struct SyncArgs {
    /// The stick's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The URL of the running node. Without it: the authority's own log on this machine
    #[arg(long, value_name = "URL")]
    pub log: Option<String>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}
