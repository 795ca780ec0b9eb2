//! The logs of other authorities that an authority's node cosigns.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use matricula_issuer::authority::{AuthorityHome, Peer, PeerService, mirror_name, witness_name};
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::mirror::{MirroredLog, Quota};
use matricula_ledger::witness::EvidenceStore;
use matricula_ledger::{FollowError, Followed, Following, FollowingKeys, Memory, Node, Role};
use matricula_tlog::{Cosigner, KeyName, NOTE_BYTES_MAX, Origin, SignedCheckpoint, TreeSize, VerifierKey};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files::read_bounded;

/// The folder of what is kept of other logs, inside the authority's home.
const FOLDER: &str = "following";

/// Beside that folder: the keys with which something may have been cosigned. Whoever restores the home without the folder
/// is told so, instead of cosigning without a memory.
const MARKER: &str = "following.json";

/// Two keys.
const MARKER_BYTES_MAX: u64 = 4096;

/// Entries that a log may bring along when it is first followed, whatever its quota: half a gigabyte.
const BACKLOG_MAX: TreeSize = TreeSize::new(1_000_000);

/// Peers asked at a time.
const ASKED_AT_ONCE: usize = 8;

/// How long a peer may take to show what it has.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// How often evidence is handed to peers that do not have it yet.
pub const HAND_OUT_EVERY: Duration = Duration::from_secs(30);

/// Opens what the node keeps of the logs of its peers, and takes up again what it cosigned and may have forgotten.
/// `None` when it follows no log.
pub fn open(home: &AuthorityHome, passphrase: &Passphrase) -> Result<Option<Arc<Following>>, Failure> {
    let peers = home.peers()?;
    if peers.iter().all(|peer| peer.follow.is_empty()) {
        return Ok(None);
    }
    let origin = &home.profile().origin;
    let keys = FollowingKeys {
        witness: cosigner(&witness_name(origin), &home.unlock_witness(passphrase)?.seed())?,
        mirror: cosigner(&mirror_name(origin), &home.unlock_mirror(passphrase)?.seed())?,
    };
    let logs = peers.iter().filter(|peer| !peer.follow.is_empty()).map(followed);
    let logs = logs.collect::<Result<Vec<_>, _>>()?;
    let mut accusable = vec![vkey(&home.card().log_vkey)?];
    for peer in &peers {
        accusable.extend([vkey(&peer.card.witness_vkey)?, vkey(&peer.card.mirror_vkey)?]);
    }
    let folder = home.root().join(FOLDER);
    let (marker, own) = (home.root().join(MARKER), Marker::of(home));
    let following = Following::open(&folder, keys, logs, accusable, expected(&marker, &own)?)
        .map_err(|error| not_opened(&folder, &error))?;
    // Before anything is cosigned, and after the memory is there.
    own.write(&marker)?;
    for note in shown_by(&peers) {
        following.recall(&note).map_err(|error| unusable("what a peer shows", &error))?;
    }
    Ok(Some(Arc::new(following)))
}

/// Takes up the log of a peer again that was stopped because of an entry, and tells whether it was stopped.
pub fn resume(home: &AuthorityHome, peer: &Peer) -> Result<bool, Failure> {
    let folder = home.root().join(FOLDER);
    let origin = Origin::from(vkey(&peer.card.log_vkey)?.name());
    Following::resume(&folder, &origin).map_err(|error| match error {
        FollowError::State(error) => {
            let failure = Failure::new("following_unusable", format_args!("{}: {error}", folder.display()));
            failure.remedy("stop the server first: it has the folder open")
        }
        error => not_opened(&folder, &error),
    })
}

/// The keys with which something may have been cosigned.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    witness_vkey: String,
    mirror_vkey: String,
}

impl Marker {
    fn of(home: &AuthorityHome) -> Self {
        let card = home.card();
        Self { witness_vkey: card.witness_vkey.clone(), mirror_vkey: card.mirror_vkey.clone() }
    }

    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if matches!(path.try_exists(), Ok(false)) {
            return Ok(None);
        }
        let bytes = read_bounded(path, MARKER_BYTES_MAX)?;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| unusable(&path.display().to_string(), &error))
    }

    /// Durable when it returns.
    fn write(&self, path: &Path) -> Result<(), Failure> {
        if Self::read(path)?.as_ref() == Some(self) {
            return Ok(());
        }
        let failed = |error: std::io::Error| Failure::io("write", path, &error);
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let folder = path.parent().ok_or_else(|| failed(ErrorKind::NotFound.into()))?;
        let temporary = path.with_extension("json.new");
        let mut file = File::create(&temporary).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&temporary, path).map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// A memory that was begun with either key has to be there.
fn expected(marker: &Path, own: &Marker) -> Result<Memory, Failure> {
    let is_begun = Marker::read(marker)?
        .is_some_and(|begun| begun.witness_vkey == own.witness_vkey || begun.mirror_vkey == own.mirror_vkey);
    Ok(if is_begun { Memory::Begun } else { Memory::MayBegin })
}

/// Hands the evidence that this node holds to peers, once to each for as long as this lives, and heeds what is against the
/// own log.
pub struct HandOut {
    node: Arc<Node>,
    stores: Vec<EvidenceStore>,
    /// A peer's address, and the files that it has.
    peers: Vec<(String, Vec<String>)>,
    agent: ureq::Agent,
}

impl HandOut {
    /// To the peers of an authority: what the node found, and what was found while others were followed.
    pub fn new(
        home: &AuthorityHome,
        node: Arc<Node>,
        following: Option<&Arc<Following>>,
    ) -> Result<Self, Failure> {
        let url = |peer: &Peer| format!("{}/log/evidence", peer.card.profile.base_url.as_str());
        let peers = home.peers()?.iter().map(|peer| (url(peer), Vec::new())).collect();
        let mut stores = vec![node.evidence().clone()];
        stores.extend(following.map(|following| following.evidence_store().clone()));
        Ok(Self { node, stores, peers, agent: agent() })
    }

    /// Stops the node when its own key is proven to have forked its log.
    pub fn heed(&self) {
        for store in &self.stores {
            for evidence in store.about(&self.node_origin()).unwrap_or_default() {
                self.node.heed(&evidence);
            }
        }
    }

    /// Hands out what is new. Blocks; a peer that does not take it is asked again the next time.
    pub fn hand_out(&mut self) {
        self.heed();
        for store in &self.stores {
            for name in store.names().unwrap_or_default() {
                if self.peers.iter().all(|(_, has)| has.contains(&name)) {
                    continue;
                }
                let Ok(Some(evidence)) = store.file(&name) else { continue };
                let file = evidence.encode();
                for (url, has) in self.peers.iter_mut().filter(|(_, has)| !has.contains(&name)) {
                    let answer = self.agent.post(url.as_str()).send(&file);
                    // A peer to whom it proves nothing knows the key not, and will not later.
                    if answer.is_ok_and(|answer| matches!(answer.status().as_u16(), 200 | 422)) {
                        has.push(name.clone());
                    }
                }
            }
        }
    }

    fn node_origin(&self) -> Origin {
        Origin::from(self.node.log_key().name())
    }
}

fn followed(peer: &Peer) -> Result<Followed, Failure> {
    let role = |service: &PeerService| match service {
        PeerService::Mirror => Role::Mirror,
        PeerService::Witness => Role::Witness,
    };
    Ok(Followed {
        log: MirroredLog {
            log_key: vkey(&peer.card.log_vkey)?,
            time_key: Some(vkey(&peer.card.witness_vkey)?),
            root_keys: vec![peer.card.key],
            quota: Quota::default(),
            backlog: BACKLOG_MAX,
        },
        roles: peer.follow.iter().map(role).collect(),
    })
}

/// The cosigned checkpoints that the followed logs show now: this node's cosignatures are on them. Who cannot be reached
/// shows nothing.
fn shown_by(peers: &[Peer]) -> Vec<SignedCheckpoint> {
    let followed = peers.iter().filter(|peer| !peer.follow.is_empty());
    let url = |peer: &Peer| format!("{}/log/checkpoint/witnessed", peer.card.profile.base_url.as_str());
    let (agent, urls, next) = (agent(), followed.map(url).collect::<Vec<_>>(), AtomicUsize::new(0));
    let ask = || {
        let mut shown = Vec::new();
        while let Some(url) = urls.get(next.fetch_add(1, Ordering::Relaxed)) {
            shown.extend(get(&agent, url).and_then(|bytes| SignedCheckpoint::parse(&bytes).ok()));
        }
        shown
    };
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..ASKED_AT_ONCE.min(urls.len())).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().flat_map(|asked| asked.join().unwrap_or_default()).collect()
    })
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(ANSWER_TIME_MAX))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into()
}

fn get(agent: &ureq::Agent, url: &str) -> Option<Vec<u8>> {
    let answer = agent.get(url).call().ok()?;
    let mut bytes = Vec::new();
    let is_there = answer.status().as_u16() == 200;
    answer.into_body().into_reader().take(NOTE_BYTES_MAX as u64).read_to_end(&mut bytes).ok()?;
    is_there.then_some(bytes)
}

fn cosigner(name: &str, seed: &[u8; 32]) -> Result<Cosigner, Failure> {
    let name = KeyName::new(name).map_err(|error| Failure::new("origin_unusable", error))?;
    Ok(Cosigner::new(name, seed))
}

fn vkey(text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(text).map_err(|error| Failure::new("peer_unusable", error))
}

fn not_opened(folder: &Path, error: &FollowError) -> Failure {
    let what = folder.display();
    match error {
        FollowError::Forgotten => {
            let failure = Failure::new("following_forgotten", format_args!("{what}: {error}"));
            failure.remedy(REMEDY)
        }
        error => unusable(&what.to_string(), error),
    }
}

fn unusable(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new("following_unusable", format_args!("{what}: {error}")).remedy(REMEDY)
}

const REMEDY: &str = "nothing is cosigned until this is looked into: bring the folder `following` back from where it was; if it \
    is lost for good, make new witness and mirror keys: whoever forgets what it cosigned can say two things";

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(witness: &str, mirror: &str) -> Marker {
        Marker { witness_vkey: witness.to_owned(), mirror_vkey: mirror.to_owned() }
    }

    #[test]
    fn a_memory_that_was_begun_with_one_of_the_keys_is_expected() {
        let folder = tempfile::TempDir::new().unwrap();
        let marker = folder.path().join(MARKER);
        assert_eq!(expected(&marker, &keys("w", "m")).unwrap(), Memory::MayBegin);
        keys("w", "m").write(&marker).unwrap();
        for (witness, mirror, memory) in
            [("w", "m", Memory::Begun), ("w", "n", Memory::Begun), ("v", "n", Memory::MayBegin)]
        {
            assert_eq!(expected(&marker, &keys(witness, mirror)).unwrap(), memory, "{witness} {mirror}");
        }
        keys("v", "n").write(&marker).unwrap();
        assert_eq!(expected(&marker, &keys("v", "n")).unwrap(), Memory::Begun);
        fs::write(&marker, b"{}").unwrap();
        assert_eq!(expected(&marker, &keys("v", "n")).unwrap_err().code(), "following_unusable");
    }
}
