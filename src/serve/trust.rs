//! What the verifier trusts, kept up to date with the files.

use std::iter;
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use matricula_issuer::authority::AuthorityHome;
use matricula_issuer::trust_export::current_trust_file;
use matricula_verdict::{Trust, TrustFile};
use matricula_verifier::Verifier;
use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval_at};

use crate::command::trust;
use crate::failure::Failure;

/// How soon a revocation that was published here is seen by the verifier here.
const RELOAD_EVERY: Duration = Duration::from_secs(60);

/// Where trust files come from: the node's own authority, where there is one, and whom the configuration names.
#[derive(Clone)]
pub struct TrustSources {
    /// The authority's folder.
    pub authority: PathBuf,
    /// Trust files, or folders of them.
    pub files: Vec<PathBuf>,
}

impl TrustSources {
    /// Reads all files; one that is unusable is a failure.
    pub fn read(&self) -> Result<Trust, Failure> {
        let files: Result<Vec<Vec<TrustFile>>, Failure> = self.each().collect();
        together(files?.concat())
    }

    fn each(&self) -> impl Iterator<Item = Result<Vec<TrustFile>, Failure>> {
        let named = |path| Ok(trust::read(slice::from_ref(path))?.files().to_vec());
        iter::once_with(|| self.own()).chain(self.files.iter().map(named))
    }

    fn own(&self) -> Result<Vec<TrustFile>, Failure> {
        let Ok(home) = AuthorityHome::open(&self.authority) else { return Ok(Vec::new()) };
        let Some(bytes) = current_trust_file(&home)? else { return Ok(Vec::new()) };
        let file = TrustFile::parse(&bytes).map_err(|error| {
            Failure::new("trust_file_unusable", error).about(&self.authority.join("trust"))
        })?;
        Ok(vec![file])
    }
}

fn together(files: Vec<TrustFile>) -> Result<Trust, Failure> {
    Trust::new(files).map_err(|error| Failure::new("trust_files_conflict", error))
}

/// A verifier, and where the trust files come from.
pub struct TrustKeeper {
    verifier: Arc<Verifier>,
    sources: TrustSources,
}

/// What reading the trust files anew has changed.
#[derive(Debug, Default)]
pub struct Reloaded {
    /// The authorities of whom another file is trusted now.
    pub taken: Vec<String>,
    /// Why a file was not taken. What was trusted before it, still is.
    pub refused: Vec<Failure>,
}

impl TrustKeeper {
    /// Keeps what the verifier trusts.
    pub fn new(verifier: Arc<Verifier>, sources: TrustSources) -> Self {
        Self { verifier, sources }
    }

    /// Reads the files anew. An authority's file is replaced by one that may take its place, never by an older or a
    /// forked one; an authority whose file is gone or unreadable is trusted as before, until the server starts anew.
    pub fn reload(&self) -> Reloaded {
        let mut reloaded = Reloaded::default();
        let mut read = Vec::new();
        for source in self.sources.each() {
            match source {
                Ok(files) => read.extend(files),
                Err(failure) => reloaded.refused.push(failure),
            }
        }
        let mut files = self.verifier.trust().files().to_vec();
        // Of several files of one authority the latest counts, as at the start.
        let renewed = together(read).and_then(|latest| {
            latest.files().iter().for_each(|file| reloaded.take(&mut files, file));
            together(files)
        });
        match renewed {
            Ok(trust) if !reloaded.taken.is_empty() => self.verifier.replace_trust(trust),
            Ok(_) => {}
            Err(failure) => {
                reloaded.taken.clear();
                reloaded.refused.push(failure);
            }
        }
        reloaded
    }
}

impl Reloaded {
    fn take(&mut self, files: &mut Vec<TrustFile>, file: &TrustFile) {
        let name = format!("{}, file number {}", file.content().authority.name, file.content().sequence);
        match files.iter_mut().find(|known| known.origin() == file.origin()) {
            Some(known) if known.digest() == file.digest() => return,
            Some(known) => match file.may_replace(known) {
                Ok(()) => *known = file.clone(),
                Err(error) => {
                    self.refused.push(Failure::new("trust_file_refused", format_args!("{name}: {error}")));
                    return;
                }
            },
            None => files.push(file.clone()),
        }
        self.taken.push(name);
    }

    fn trace(&self) {
        for name in &self.taken {
            tracing::info!(name, "trusting a newer file");
        }
        for failure in &self.refused {
            tracing::warn!(code = failure.code(), %failure, "kept what was trusted before");
        }
    }
}

/// Reads the trust files anew every minute, and whenever the process is told to (SIGHUP).
pub async fn keep_current(keeper: TrustKeeper, mut told: Signal) {
    let keeper = Arc::new(keeper);
    let mut every = interval_at(Instant::now() + RELOAD_EVERY, RELOAD_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = told.recv() => {}
        }
        let keeper = keeper.clone();
        match spawn_blocking(move || keeper.reload()).await {
            Ok(reloaded) => reloaded.trace(),
            Err(_) => return,
        }
    }
}
