//! Other authorities' nodes: whom this one asks for cosignatures, whose logs it follows, and the policy that comes of it.
//!
//! ```text
//! policy              by what the own log's proofs are to be believed; without it, the own witness is enough
//! peers/<name>.toml   another authority's card, and what the two nodes do for one another
//! ```

use core::fmt;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use matricula_tlog::{POLICY_BYTES_MAX, Policy, PolicyError, VerifierKey};
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
const POLICY_FILE: &str = "policy";
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
    /// The policy in force needs it.
    #[error("the policy cannot be met without the peer {name}")]
    Needed {
        /// The peer.
        name: PeerName,
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
            Self::OwnCard => "peer_is_self",
            Self::TooMany => "too_many_peers",
            Self::Policy(_) => "policy_malformed",
            Self::PolicyOfAnotherLog => "policy_of_another_log",
            Self::PolicyUnreachable => "policy_unreachable",
            Self::Card(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

impl AuthorityHome {
    /// The policy by which this log's proofs are to be believed: the one that was set, or the own witness.
    ///
    /// # Errors
    /// [`PeerError`] when the file is damaged.
    pub fn policy(&self) -> Result<Policy, PeerError> {
        match storage::read_if_there(&self.policy_path(), POLICY_BYTES_MAX as u64)? {
            Some(bytes) => {
                Ok(Policy::parse(&bytes)
                    .map_err(|error| StorageError::malformed(&self.policy_path(), error))?)
            }
            None => Ok(self.card().policy()?),
        }
    }

    /// The policy as it stands in its file, `None` when none was set.
    ///
    /// # Errors
    /// [`PeerError::Storage`].
    pub fn policy_text(&self) -> Result<Option<String>, PeerError> {
        let bytes = storage::read_if_there(&self.policy_path(), POLICY_BYTES_MAX as u64)?;
        let text = bytes.map(String::from_utf8).transpose();
        Ok(text.map_err(|error| StorageError::malformed(&self.policy_path(), error))?)
    }

    /// Sets the policy, if it is about this log and can be met by this node and those it asks.
    ///
    /// # Errors
    /// [`PeerError`]; the policy is then the one before.
    pub fn set_policy(&self, text: &str) -> Result<Policy, PeerError> {
        let _lock = HomeLock::take(self.root())?;
        let policy = Policy::parse(text.as_bytes())?;
        let log = VerifierKey::parse(&self.card().log_vkey).ok();
        if !policy.logs().iter().any(|line| Some(line.key()) == log.as_ref()) {
            return Err(PeerError::PolicyOfAnotherLog);
        }
        if !self.can_be_met(&policy, &self.peers()?) {
            return Err(PeerError::PolicyUnreachable);
        }
        storage::write(&self.policy_path(), text.as_bytes(), Access::Shared)?;
        Ok(policy)
    }

    /// The peers, by name.
    ///
    /// # Errors
    /// [`PeerError::Storage`].
    pub fn peers(&self) -> Result<Vec<Peer>, PeerError> {
        let folder = self.root().join(PEERS_FOLDER);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let names = storage::names_in(&folder)?;
        let mut names: Vec<PeerName> =
            names.iter().filter_map(|name| PeerName::parse(name.strip_suffix(".toml")?)).collect();
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
        let file =
            PeerFile { follow: peer.follow.clone(), ask: peer.ask.clone(), card: CardFile::of(&peer.card) };
        let path = self.peer_path(&peer.name);
        let text = toml::to_string(&file).map_err(|error| StorageError::malformed(&path, error))?;
        Ok(storage::write_new(&path, text.as_bytes(), Access::Shared)?)
    }

    /// Removes a peer, unless the policy in force could not be met without it.
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
        if !self.can_be_met(&self.policy()?, &peers) {
            return Err(PeerError::Needed { name: name.clone() });
        }
        let path = self.peer_path(name);
        let unwritable = |source: io::Error| StorageError::Unwritable { path: path.clone(), source };
        fs::remove_file(&path).map_err(unwritable)?;
        Ok(storage::sync_folder(&self.root().join(PEERS_FOLDER))?)
    }

    /// Whether the quorum would be met if this node's witness and all that are asked cosigned.
    fn can_be_met(&self, policy: &Policy, peers: &[Peer]) -> bool {
        let asked = peers.iter().flat_map(|peer| {
            let key = |service| match service {
                PeerService::Mirror => &peer.card.mirror_vkey,
                PeerService::Witness => &peer.card.witness_vkey,
            };
            peer.ask.iter().map(move |service| key(*service))
        });
        let keys: Vec<&String> = asked.chain([&self.card().witness_vkey]).collect();
        policy.is_met_by(|witness| {
            let key = witness.key().encode();
            keys.iter().any(|asked| **asked == key)
        })
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

    fn policy_path(&self) -> PathBuf {
        self.root().join(POLICY_FILE)
    }

    fn peer_path(&self, name: &PeerName) -> PathBuf {
        self.root().join(PEERS_FOLDER).join(format!("{name}.toml"))
    }
}
