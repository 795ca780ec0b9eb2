//! The policy in force for the own log, and when the log acknowledges.
//!
//! Each of the two files says that the other was written: the loss of either is an error, and never a weaker promise.

use std::path::{Path, PathBuf};

use matricula_tlog::{POLICY_BYTES_MAX, Policy, VerifierKey};
use serde::{Deserialize, Serialize};

use super::AuthorityHome;
use super::peers::{Peer, PeerError, PeerService};
use crate::storage::{self, Access, HomeLock, StorageError};
use crate::toml_error::TomlError;

const POLICY_FILE: &str = "policy";
const SETTINGS_FILE: &str = "replication.toml";

/// One line.
const SETTINGS_BYTES_MAX: u64 = 4096;

/// When the own log acknowledges an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AcknowledgeWhen {
    /// When it is on the disk of the node.
    #[default]
    Durable,
    /// When as many mirrors as the policy asks for, and at least one, have it on theirs, too.
    Mirrored,
}

impl AcknowledgeWhen {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Mirrored => "mirrored",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    acknowledge: AcknowledgeWhen,
}

impl AuthorityHome {
    /// The policy by which this log's proofs are to be believed: the one that was set, or the own witness.
    ///
    /// # Errors
    /// [`PeerError`] when a file is damaged, or was lost.
    pub fn policy(&self) -> Result<Policy, PeerError> {
        match self.policy_text()? {
            Some(text) => Ok(Policy::parse(text.as_bytes())
                .map_err(|error| StorageError::malformed(&self.policy_path(), error))?),
            None => Ok(self.card().policy()?),
        }
    }

    /// The policy as it stands in its file, `None` when none was ever set.
    ///
    /// # Errors
    /// [`PeerError::Storage`]; [`PeerError::PolicyLost`].
    pub fn policy_text(&self) -> Result<Option<String>, PeerError> {
        Ok(self.in_force()?.map(|(text, _)| text))
    }

    /// When the log acknowledges an entry.
    ///
    /// # Errors
    /// As [`AuthorityHome::policy_text`].
    pub fn acknowledge(&self) -> Result<AcknowledgeWhen, PeerError> {
        Ok(self.in_force()?.map(|(_, acknowledge)| acknowledge).unwrap_or_default())
    }

    /// Sets the policy, if it is about this log and can be met by this node and those it asks, and when the log
    /// acknowledges; what is not given stays.
    ///
    /// # Errors
    /// [`PeerError`]; both are then as before.
    pub fn set_policy(
        &self,
        text: Option<&str>,
        acknowledge: Option<AcknowledgeWhen>,
    ) -> Result<Policy, PeerError> {
        let _lock = HomeLock::take(self.root())?;
        let acknowledge = match acknowledge {
            Some(acknowledge) => acknowledge,
            None => self.acknowledge_before()?,
        };
        let text = match text {
            Some(text) => text.to_owned(),
            None => self.policy_before()?.ok_or(PeerError::PolicyNotSet)?,
        };
        let policy = Policy::parse(text.as_bytes())?;
        let log = VerifierKey::parse(&self.card().log_vkey).ok();
        if !policy.logs().iter().any(|line| Some(line.key()) == log.as_ref()) {
            return Err(PeerError::PolicyOfAnotherLog);
        }
        self.check_reach(&policy, acknowledge, &self.peers()?)?;
        let settings = self.settings_path();
        let file = toml::to_string(&SettingsFile { acknowledge })
            .map_err(|error| StorageError::malformed(&settings, error))?;
        // A first time that is cut short here leaves one file alone, which is refused until it is set again.
        storage::write(&settings, file.as_bytes(), Access::Shared)?;
        storage::write(&self.policy_path(), text.as_bytes(), Access::Shared)?;
        Ok(policy)
    }

    /// Whether a policy asks for somebody, and this node and those it asks can give what is promised.
    pub(super) fn check_reach(
        &self,
        policy: &Policy,
        acknowledge: AcknowledgeWhen,
        peers: &[Peer],
    ) -> Result<(), PeerError> {
        if policy.is_met_by(|_| false) {
            return Err(PeerError::PolicyOfNobody);
        }
        let asked = peers.iter().flat_map(|peer| {
            let key = |service| match service {
                PeerService::Mirror => &peer.card.mirror_vkey,
                PeerService::Witness => &peer.card.witness_vkey,
            };
            peer.ask.iter().map(move |service| key(*service))
        });
        let keys: Vec<&String> = asked.chain([&self.card().witness_vkey]).collect();
        let is_met = policy.is_met_by(|witness| {
            let key = witness.key().encode();
            keys.iter().any(|asked| **asked == key)
        });
        if !is_met {
            return Err(PeerError::PolicyUnreachable);
        }
        let has_mirror = peers.iter().any(|peer| peer.ask.contains(&PeerService::Mirror));
        if acknowledge == AcknowledgeWhen::Mirrored && !has_mirror {
            return Err(PeerError::NoMirrorAsked);
        }
        Ok(())
    }

    /// What was set: both files, or neither.
    fn in_force(&self) -> Result<Option<(String, AcknowledgeWhen)>, PeerError> {
        let lost = |path: PathBuf| Err(PeerError::PolicyLost { path });
        match (self.policy_before()?, self.settings()?) {
            (Some(text), Some(settings)) => Ok(Some((text, settings.acknowledge))),
            (None, None) => Ok(None),
            (None, Some(_)) => lost(self.policy_path()),
            (Some(_), None) => lost(self.settings_path()),
        }
    }

    /// What the setting was; without its file the setting is lost where a policy was set.
    fn acknowledge_before(&self) -> Result<AcknowledgeWhen, PeerError> {
        match self.settings()? {
            Some(settings) => Ok(settings.acknowledge),
            None if self.policy_before()?.is_some() => {
                Err(PeerError::PolicyLost { path: self.settings_path() })
            }
            None => Ok(AcknowledgeWhen::default()),
        }
    }

    fn policy_before(&self) -> Result<Option<String>, StorageError> {
        text_if_there(&self.policy_path(), POLICY_BYTES_MAX as u64)
    }

    fn settings(&self) -> Result<Option<SettingsFile>, StorageError> {
        let path = self.settings_path();
        let Some(text) = text_if_there(&path, SETTINGS_BYTES_MAX)? else { return Ok(None) };
        toml::from_str(&text)
            .map(Some)
            .map_err(|error| StorageError::malformed(&path, TomlError::of(&text, &error)))
    }

    fn policy_path(&self) -> PathBuf {
        self.root().join(POLICY_FILE)
    }

    fn settings_path(&self) -> PathBuf {
        self.root().join(SETTINGS_FILE)
    }
}

fn text_if_there(path: &Path, bytes_max: u64) -> Result<Option<String>, StorageError> {
    let bytes = storage::read_if_there(path, bytes_max)?;
    bytes.map(String::from_utf8).transpose().map_err(|error| StorageError::malformed(path, error))
}
