//! `ledger export` and `ledger sync`: a log written out, and a stick brought up to date.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use matricula_issuer::authority::{AuthorityCard, AuthorityHome};
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::{
    Clock, ExportError, Exported, FolderSource, HttpSource, LogSource, NodeFiles, SequenceError,
    SourceFinding,
};
use matricula_tlog::VerifierKey;

use super::arguments::{ExportArgs, SyncArgs};
use crate::failure::Failure;
use crate::log::{self, EmbeddedLog, HttpLog, LEDGER_FOLDER, stick};
use crate::values::counted;

/// Writes a log out.
pub fn export(args: &ExportArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home.home)?;
    let exported = match &args.from {
        Some(place) => write_out(source(place, home.card())?.as_ref(), home.card(), &args.out)?,
        None => write_out(own_files(&home)?.as_ref(), home.card(), &args.out)?,
    };
    let size = exported.checkpoint.unverified().size().get();
    match exported.before {
        Some(before) if before.get() == size => println!("{} were there already.", entries(size)),
        Some(before) => println!("Wrote entries {before} to {} into {}.", size - 1, args.out.display()),
        None => println!("Wrote the log with {} into {}.", entries(size), args.out.display()),
    }
    Ok(0)
}

/// Hands in what waits on a stick, and brings its copy of the log up to date.
pub fn sync(args: &SyncArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home.home)?;
    let synced = match &args.log {
        Some(url) => {
            let synced = stick::sync(&args.folder, &HttpLog::new(url))?;
            write_out(&HttpSource::new(url), home.card(), &args.folder)?;
            synced
        }
        None => {
            let passphrase = Passphrase::new(args.passphrase.read("the log's keys")?);
            let log = EmbeddedLog::new(log::open_node(&home, &passphrase, Clock::system())?);
            let synced = stick::sync(&args.folder, &log)?;
            write_out(log.node().as_ref(), home.card(), &args.folder)?;
            synced
        }
    };
    for refused in &synced.refused {
        println!("Refused [{}]: {}", refused.code, refused.message);
    }
    println!(
        "Handed in {}: {} logged, {} refused. The stick can go back.",
        counted(synced.logged + synced.refused.len(), "submission"),
        synced.logged,
        synced.refused.len()
    );
    Ok(0)
}

/// Somebody's copy of the log: an address, a node's folder, or static files.
pub fn source(place: &str, card: &AuthorityCard) -> Result<Box<dyn LogSource>, Failure> {
    if place.starts_with("http://") || place.starts_with("https://") {
        let named = HttpSource::new(place);
        // A mirror has the log under the hash of its origin, below the address on its card.
        if let Ok(None) = named.checkpoint() {
            let origin = matricula_tlog::Origin::from(log_key(card)?.name());
            let below = format!("{}/{}", place.trim_end_matches('/'), matricula_tlog::origin_hash(&origin));
            return Ok(Box::new(HttpSource::new(&below)));
        }
        return Ok(Box::new(named));
    }
    let folder = Path::new(place);
    match NodeFiles::open(folder).map_err(|error| files_unusable(folder, &error))? {
        Some(files) => Ok(Box::new(files)),
        None => Ok(Box::new(FolderSource::new(folder))),
    }
}

/// The key that the log signs with, from the card.
pub fn log_key(card: &AuthorityCard) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(&card.log_vkey).map_err(|error| Failure::new("authority_card", error))
}

/// A bar that counts entries; it shows only on a terminal.
pub fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:10} [{bar:40}] {pos}/{len} entries  {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what);
    bar
}

/// A number of entries, in words.
pub fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// What was wrong with sources, a line each.
pub fn told(findings: &[SourceFinding]) -> String {
    findings.iter().map(|finding| format!("\n  {finding}")).collect()
}

fn own_files(home: &AuthorityHome) -> Result<Box<dyn LogSource>, Failure> {
    let folder = home.root().join(LEDGER_FOLDER);
    match NodeFiles::open(&folder).map_err(|error| files_unusable(&folder, &error))? {
        Some(files) => Ok(Box::new(files)),
        None => Err(Failure::new("log_missing", format_args!("{}: there is no log here", folder.display()))
            .remedy("name the authority's folder with --home, or a running node with --from URL")),
    }
}

fn files_unusable(folder: &Path, error: &SequenceError) -> Failure {
    let failure = Failure::new("log_unusable", format_args!("the log in {}: {error}", folder.display()));
    failure.remedy(match error {
        SequenceError::Locked => {
            "a node is running on this folder: give its URL with --from, or stop it first"
        }
        _ => "look at `matricula ledger fsck`",
    })
}

fn write_out(source: &dyn LogSource, card: &AuthorityCard, out: &Path) -> Result<Exported, Failure> {
    let bar = bar("writing");
    let exported = matricula_ledger::export(source, &log_key(card)?, out, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    exported.map_err(|error| {
        let findings = match &error {
            ExportError::Damaged { findings, .. } => told(findings),
            _ => String::new(),
        };
        let (code, remedy) = advice(&error);
        Failure::new(code, format_args!("{error}{findings}")).remedy(remedy)
    })
}

fn advice(error: &ExportError) -> (&'static str, &'static str) {
    match error {
        ExportError::Source(_) => ("log_unreachable", "check the address, and whether the node runs there"),
        ExportError::NotPublished => ("log_not_published", "start the node once: it publishes what it has"),
        ExportError::Checkpoint(_) | ExportError::NotBelieved(_) => {
            ("log_of_another", "check that this is the log of the authority that --home names")
        }
        ExportError::Damaged { .. } | ExportError::RootMismatch { .. } | ExportError::Entry(_) => {
            ("log_damaged", "look at `matricula ledger fsck`")
        }
        ExportError::OtherLog { .. } => ("export_other_log", "name another folder: this one has another log"),
        ExportError::Forked { .. } => {
            ("log_forked", "keep both folders as evidence, and ask the other ministries what they have seen")
        }
        ExportError::Folder(_) | ExportError::Disk(_) => (
            "export_unusable",
            "make room, or remove the damaged file, or name an empty folder; then run it again",
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use axum::Router;
    use axum::routing::get;
    use matricula_tlog::{Origin, origin_hash};

    use super::*;
    use crate::demo::world::{Calendar, Ministry, MinistryProfile};

    #[test]
    fn a_mirror_is_found_below_the_address_on_its_card_and_a_log_at_its_own() {
        let folder = tempfile::TempDir::new().unwrap();
        let profile = MinistryProfile {
            name: "Secretaría de Educación",
            country: "HN",
            domain: "educacion.example",
            url: "https://educacion.example".to_owned(),
        };
        let calendar = Calendar::new();
        calendar.turn_to("2026-01-15").unwrap();
        let ministry = Ministry::found(&folder.path().join("home"), &profile, &calendar).unwrap();
        let card = ministry.home.card().clone();
        let note = ministry.log.node().checkpoint().unwrap().encode();
        drop(ministry);
        let hex = origin_hash(&Origin::new(card.profile.origin.as_str()).unwrap());
        let (at_mirror, at_log) = (note.clone(), note.clone());
        let router = Router::new()
            .route(&format!("/mirror/{hex}/checkpoint"), get(|| async move { at_mirror }))
            .route("/log/checkpoint", get(|| async move { at_log }));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });

        let mirror = source(&format!("{address}/mirror/"), &card).unwrap();
        assert_eq!(mirror.name(), format!("{address}/mirror/{hex}"));
        assert_eq!(mirror.checkpoint().unwrap().unwrap(), note.as_bytes());
        assert_eq!(source(&format!("{address}/log"), &card).unwrap().name(), format!("{address}/log"));
        // Static files, and a node's own.
        let statics = source(&folder.path().join("nothing").to_string_lossy(), &card).unwrap();
        assert!(statics.checkpoint().unwrap().is_none());
        let own = source(&folder.path().join("home/ledger").to_string_lossy(), &card).unwrap();
        assert_eq!(own.checkpoint().unwrap().unwrap(), note.as_bytes());
        runtime.shutdown_background();
    }
}
