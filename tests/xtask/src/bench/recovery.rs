//! The large log is copied by a mirror, destroyed, and rebuilt: from the mirror, and from static files.

use std::fs;
use std::path::Path;
use std::time::Instant;

use matricula_ledger::{
    Clock, FolderSource, HttpAnchors, HttpSource, LogSource, NodeFiles, RestoreOrder, Role, export, restore,
};
use matricula_tlog::{Origin, Policy};

use crate::error::{BenchError, During};
use crate::http::verifications_on_all_cores;
use crate::measure::Pace;
use crate::neighbours::{Neighbour, cosigned_by};
use crate::quantity::Quantity;
use crate::report::{Report, Row};
use crate::statements::Authorship;
use crate::{catch_up, large};

/// Copying, writing out, rebuilding.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let author = Authorship::new()?;
    let folder = large::kept_or_filled(pace, &author)?;
    let log = folder.path().join(large::LOG);
    let entries = pace.log_entries();
    let mirror = Neighbour::start(1, &folder.path().join("mirror"))?;
    catch_up::measure(pace, &log, &author, &mirror, report)?;

    let out = folder.path().join("static");
    let started = Instant::now();
    let files = NodeFiles::open(&log).during("opening the log")?;
    let files = files.ok_or("there is no log").during("opening the log")?;
    let keys = author.node_keys()?;
    export(&files, keys.log.verifier(), &out, &mut |_, _| ()).during("writing the log out")?;
    drop(files);
    let rate = Quantity::PerSecond(entries as f64 / started.elapsed().as_secs_f64());
    report.add(Row::ours(format!("{entries} entries written out as static files"), rate));
    fs::remove_dir_all(&log)?;

    let raw = verifications_on_all_cores(pace);
    let policy = cosigned_by(std::slice::from_ref(&mirror), Role::Mirror, 1, &author)?.policy;
    let policy = policy.ok_or("there is no policy").during("rebuilding the log")?;
    let over_http = HttpSource::new(&mirror.copy_of(&Origin::from(keys.log.verifier().name())));
    let ask = mirror.prefix(Role::Mirror);
    let rate = rebuild(&log, &author, &policy, &over_http, &[&ask], entries)?;
    let what = format!("{entries} entries restored from a mirror over HTTP; raw: verify_strict on all cores");
    report.add(Row::new(what, raw, rate));
    fs::remove_dir_all(&log)?;

    drop(mirror);
    let own = author.own_policy()?;
    let rate = rebuild(&log, &author, &own, &FolderSource::new(&out), &[], entries)?;
    let what = format!("{entries} entries restored from a folder; raw: verify_strict on all cores");
    report.add(Row::new(what, raw, rate));
    Ok(())
}

/// Rebuilds the log in a folder, every statement checked again.
fn rebuild(
    log: &Path,
    author: &Authorship,
    policy: &Policy,
    source: &dyn LogSource,
    ask: &[&str],
    entries: u64,
) -> Result<Quantity, BenchError> {
    let started = Instant::now();
    let keys = author.node_keys()?;
    let order = RestoreOrder {
        keys: &keys,
        founder: author.public_key(),
        policy,
        sources: &[source],
        ask,
        anchors: &HttpAnchors::new(),
        now: Clock::system().now(),
    };
    let restored = restore(log, &order, &mut |_, _| ()).during("rebuilding the log")?;
    let took = started.elapsed();
    let size = restored.checkpoint.unverified().size().get();
    if size != entries + 1 || !restored.findings.is_empty() {
        return Err(format!("{size} entries, {} findings", restored.findings.len()))
            .during("rebuilding the log");
    }
    Ok(Quantity::PerSecond(entries as f64 / took.as_secs_f64()))
}
