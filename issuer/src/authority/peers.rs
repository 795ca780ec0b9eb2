//! Other authorities' nodes: whom this one asks for cosignatures, whose logs it follows, and the policy that comes of it.
//!
//! ```text
//! policy              by what the own log's proofs are to be believed; where none was set, the own witness is enough
//! replication.toml    when the log acknowledges; there where a policy was set, so that none is lost unnoticed
//! peers/<name>.toml   another authority's card, and what the two nodes do for one another
//! ```

use core::fmt;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use matricula_tlog::PolicyError;
use serde::{Deserialize, Serialize};

use super::AuthorityHome;
use super::home::{AuthorityCard, CardError, CardFile};
use crate::storage::{self, Access, HomeLock, StorageError};
use crate::toml_error::TomlError;

/// A card and two lists.
const PEER_BYTES_MAX: u64 = 128 * 1024;

/// A node that follows every country's log, and is followed by it, has fewer.
const PEERS_MAX: usize = 256;

const NAME_CHARS_MAX: usize = 32;
const PEERS_FOLDER: &str = "peers";

/// What one node does for another's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeerService {
    /// Keeps a copy of every entry, checks that each was admissible, and cosigns.
    Mirror,
    /// Checks that the log only grows, and cosigns.
    Witness,
}

impl PeerService {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mirror => "mirror",
            Self::Witness => "witness",
        }
    }
}

/// The name of a peer on this node: 1–32 of `a–z 0–9 -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerName(String);

impl PeerName {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=NAME_CHARS_MAX).contains(&text.len()) && text.chars().all(plain);
        fits.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Another authority's node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name on this node.
    pub name: PeerName,
    /// Who it is, and its keys.
    pub card: AuthorityCard,
    /// What this node does for the peer's log.
    pub follow: BTreeSet<PeerService>,
    /// What this node asks of the peer for its own log.
    pub ask: BTreeSet<PeerService>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerFile {
    follow: BTreeSet<PeerService>,
    ask: BTreeSet<PeerService>,
    card: CardFile,
}

impl Peer {
    fn encode(&self, path: &Path) -> Result<Vec<u8>, StorageError> {
        let file =
            PeerFile { follow: self.follow.clone(), ask: self.ask.clone(), card: CardFile::of(&self.card) };
        let text = toml::to_string(&file).map_err(|error| StorageError::malformed(path, error))?;
        Ok(text.into_bytes())
    }
}

/// Why peers or policy were left as they were.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A peer of that name is there already, with another card or other services.
    #[error("there is a peer named {name} already")]
    Exists {
        /// The name.
        name: PeerName,
    },
    /// Another peer has that log.
    #[error("the peer {name} has that log already")]
    SameLog {
        /// The other peer.
        name: PeerName,
    },
    /// There is no peer of that name.
    #[error("there is no peer named {name}")]
    Unknown {
        /// The name.
        name: PeerName,
    },
    /// The policy in force, or the wish to be mirrored before anything is acknowledged, needs it.
    #[error("what was set cannot be met without the peer {name}, or without what it is asked for")]
    Needed {
        /// The peer.
        name: PeerName,
    },
    /// The card to put in a peer's place is of another log, or of that log with another key.
    #[error("the peer {name} has another log, or that log with another key")]
    OtherLog {
        /// The peer.
        name: PeerName,
    },
    /// A file among the peers is none, by its name.
    #[error("{} is no peer: a peer's file is NAME.toml, with 1 to 32 small letters, digits and hyphens as NAME", path.display())]
    NoPeerFile {
        /// The file.
        path: PathBuf,
    },
    /// The card is the authority's own.
    #[error("the card is this authority's own")]
    OwnCard,
    /// There are as many peers as a node has.
    #[error("there are {PEERS_MAX} peers already")]
    TooMany,
    /// The policy cannot be read.
    #[error("the policy cannot be read: {0}")]
    Policy(#[from] PolicyError),
    /// The policy is about other logs, or another key.
    #[error("the policy does not name this log with its key")]
    PolicyOfAnotherLog,
    /// Nobody who would have to cosign is asked to.
    #[error("the policy's quorum cannot be met by this node and those it asks")]
    PolicyUnreachable,
    /// The quorum is met by nobody's cosignature.
    #[error("the policy asks for nobody's cosignature")]
    PolicyOfNobody,
    /// Nothing can be mirrored before it is acknowledged.
    #[error("no peer is asked to mirror this log, so that nothing would ever be acknowledged")]
    NoMirrorAsked,
    /// There is no policy to keep.
    #[error("no policy was set yet")]
    PolicyNotSet,
    /// A policy was set, and one of its two files is gone.
    #[error("{} is missing, and a policy was set here", path.display())]
    PolicyLost {
        /// The missing file.
        path: PathBuf,
    },
    /// The own card does not give a policy.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The home folder could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl PeerError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } | Self::SameLog { .. } => "peer_exists",
            Self::Unknown { .. } => "peer_unknown",
            Self::Needed { .. } => "peer_needed",
            Self::OtherLog { .. } => "peer_other_log",
            Self::NoPeerFile { .. } => "peer_file_name",
            Self::OwnCard => "peer_is_self",
            Self::TooMany => "too_many_peers",
            Self::Policy(_) => "policy_malformed",
            Self::PolicyOfAnotherLog => "policy_of_another_log",
            Self::PolicyUnreachable => "policy_unreachable",
            Self::PolicyOfNobody => "policy_of_nobody",
            Self::NoMirrorAsked => "no_mirror_asked",
            Self::PolicyNotSet => "policy_not_set",
            Self::PolicyLost { .. } => "policy_lost",
            Self::Card(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

impl AuthorityHome {
    /// The peers, by name.
    ///
    /// # Errors
    /// [`PeerError::Storage`]; [`PeerError::NoPeerFile`]: a peer must not go unheard because its file was renamed.
    pub fn peers(&self) -> Result<Vec<Peer>, PeerError> {
        let folder = self.root().join(PEERS_FOLDER);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let name = |file: &String| {
            let name = file.strip_suffix(".toml").and_then(PeerName::parse);
            name.ok_or_else(|| PeerError::NoPeerFile { path: folder.join(file) })
        };
        let mut names = storage::names_in(&folder)?.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        names.sort();
        names.into_iter().map(|name| self.peer(name)).collect()
    }

    /// Adds a peer. Adding the same one again changes nothing.
    ///
    /// # Errors
    /// [`PeerError`]; nothing is changed then.
    pub fn add_peer(&self, peer: &Peer) -> Result<(), PeerError> {
        let _lock = HomeLock::take(self.root())?;
        let own = self.card();
        if peer.card.log_vkey == own.log_vkey || peer.card.profile.origin == own.profile.origin {
            return Err(PeerError::OwnCard);
        }
        let there = self.peers()?;
        if there.contains(peer) {
            return Ok(());
        }
        if there.iter().any(|other| other.name == peer.name) {
            return Err(PeerError::Exists { name: peer.name.clone() });
        }
        if let Some(other) = there.iter().find(|other| other.card.profile.origin == peer.card.profile.origin)
        {
            return Err(PeerError::SameLog { name: other.name.clone() });
        }
        if there.len() >= PEERS_MAX {
            return Err(PeerError::TooMany);
        }
        storage::make_folder(&self.root().join(PEERS_FOLDER))?;
        let path = self.peer_path(&peer.name);
        Ok(storage::write_new(&path, &peer.encode(&path)?, Access::Shared)?)
    }

    /// Puts a newer card, and other services, in the place of a peer's, unless what was set could not be met then. The
    /// log and its key stay.
    ///
    /// # Errors
    /// [`PeerError`]; nothing is changed then.
    pub fn replace_peer(&self, peer: &Peer) -> Result<(), PeerError> {
        let _lock = HomeLock::take(self.root())?;
        let mut peers = self.peers()?;
        let there = peers.iter_mut().find(|there| there.name == peer.name);
        let there = there.ok_or_else(|| PeerError::Unknown { name: peer.name.clone() })?;
        if there.card.profile.origin != peer.card.profile.origin || there.card.log_vkey != peer.card.log_vkey
        {
            return Err(PeerError::OtherLog { name: peer.name.clone() });
        }
        *there = peer.clone();
        self.check_still_met(&peers, &peer.name)?;
        let path = self.peer_path(&peer.name);
        Ok(storage::write(&path, &peer.encode(&path)?, Access::Shared)?)
    }

    /// Removes a peer, unless what was set could not be met without it.
    ///
    /// # Errors
    /// [`PeerError`]; nothing is changed then.
    pub fn remove_peer(&self, name: &PeerName) -> Result<(), PeerError> {
        let _lock = HomeLock::take(self.root())?;
        let mut peers = self.peers()?;
        let before = peers.len();
        peers.retain(|peer| peer.name != *name);
        if peers.len() == before {
            return Err(PeerError::Unknown { name: name.clone() });
        }
        self.check_still_met(&peers, name)?;
        let path = self.peer_path(name);
        let unwritable = |source: io::Error| StorageError::Unwritable { path: path.clone(), source };
        fs::remove_file(&path).map_err(unwritable)?;
        Ok(storage::sync_folder(&self.root().join(PEERS_FOLDER))?)
    }

    /// Whether what was set can be met with these peers; `changed` is the one that is to blame.
    fn check_still_met(&self, peers: &[Peer], changed: &PeerName) -> Result<(), PeerError> {
        match self.check_reach(&self.policy()?, self.acknowledge()?, peers) {
            Err(PeerError::PolicyUnreachable | PeerError::NoMirrorAsked) => {
                Err(PeerError::Needed { name: changed.clone() })
            }
            checked => checked,
        }
    }

    fn peer(&self, name: PeerName) -> Result<Peer, PeerError> {
        let path = self.peer_path(&name);
        let bytes = storage::read(&path, PEER_BYTES_MAX)?;
        let text = String::from_utf8(bytes).map_err(|error| StorageError::malformed(&path, error))?;
        let file: PeerFile = toml::from_str(&text)
            .map_err(|error| StorageError::malformed(&path, TomlError::of(&text, &error)))?;
        let card = file.card.card().map_err(|error| StorageError::malformed(&path, error))?;
        Ok(Peer { name, card, follow: file.follow, ask: file.ask })
    }

    fn peer_path(&self, name: &PeerName) -> PathBuf {
        self.root().join(PEERS_FOLDER).join(format!("{name}.toml"))
    }
}
