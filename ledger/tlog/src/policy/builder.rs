//! Policies line by line, each line checked against those before it.

use super::file::NONE;
use super::{
    Member, POLICY_ITEMS_MAX, POLICY_WORD_BYTES_MAX, Policy, PolicyGroup, PolicyLog, PolicyWitness, Quorum,
    Threshold, is_log_key, is_witness_key,
};
use crate::key::{KeyName, VerifierKey};

/// A policy in the making. What it refuses, a policy file may not say either.
#[derive(Clone, Debug, Default)]
pub struct PolicyBuilder {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<PolicyGroup>,
    /// Who is a member of a group already.
    grouped: Vec<Member>,
}

/// Which rule a line of a policy breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRuleError {
    /// There are more logs, witnesses or groups than [`POLICY_ITEMS_MAX`].
    #[error("there are more than {POLICY_ITEMS_MAX} of these")]
    TooMany,
    /// A name or URL is empty, too long, or has a space or a control character.
    #[error(
        "a name or URL is empty, longer than {POLICY_WORD_BYTES_MAX} bytes, or has a space or control character"
    )]
    BadWord,
    /// A log signs with an Ed25519 note key (type 01).
    #[error("a key of type {signature_type:#04x} cannot be a log's")]
    NotALogKey {
        /// The key's type.
        signature_type: u8,
    },
    /// A witness cosigns with an Ed25519 cosignature key (type 04).
    #[error("a key of type {signature_type:#04x} cannot be a witness's")]
    NotAWitnessKey {
        /// The key's type.
        signature_type: u8,
    },
    /// Another log, or another witness, has the same public key: it would count twice.
    #[error("the public key of {name} is listed twice")]
    DuplicateKey {
        /// Name of the second key.
        name: KeyName,
    },
    /// The name stands for a witness or group already, or is the reserved `none`.
    #[error("the name {name} is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Nothing of that name has been defined on the lines before.
    #[error("the name {name} is not defined before this line")]
    UndefinedName {
        /// The name.
        name: String,
    },
    /// The name is a member of a group already: its word would count in two ways.
    #[error("{name} is a member of a group already")]
    AlreadyGrouped {
        /// The name.
        name: String,
    },
    /// A group has no member.
    #[error("a group has at least one member")]
    EmptyGroup,
    /// A group asks for none of its members, or for more than it has.
    #[error("a threshold of {threshold} is impossible with {members} members")]
    ImpossibleThreshold {
        /// Members asked for.
        threshold: usize,
        /// Members there are.
        members: usize,
    },
}

impl PolicyBuilder {
    /// Lists a log. The key's name is the log's origin.
    pub fn log(&mut self, key: VerifierKey, url: Option<&str>) -> Result<(), PolicyRuleError> {
        check_count(self.logs.len())?;
        if !is_log_key(&key) {
            let signature_type = key.key().signature_type();
            return Err(PolicyRuleError::NotALogKey { signature_type });
        }
        check_unlisted(&key, self.logs.iter().map(|log| &log.key))?;
        let url = parse_url(url)?;
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    /// Lists a witness under a name of this policy's choice.
    pub fn witness(
        &mut self,
        name: &str,
        key: VerifierKey,
        url: Option<&str>,
    ) -> Result<(), PolicyRuleError> {
        check_count(self.witnesses.len())?;
        if !is_witness_key(&key) {
            let signature_type = key.key().signature_type();
            return Err(PolicyRuleError::NotAWitnessKey { signature_type });
        }
        check_unlisted(&key, self.witnesses.iter().map(|witness| &witness.key))?;
        let name = self.new_name(name)?;
        let url = parse_url(url)?;
        self.witnesses.push(PolicyWitness { name, key, url });
        Ok(())
    }

    /// Defines a group of witnesses and groups that are defined already, each in no other group.
    pub fn group(
        &mut self,
        name: &str,
        threshold: Threshold,
        members: &[&str],
    ) -> Result<(), PolicyRuleError> {
        check_count(self.groups.len())?;
        check_threshold(threshold, members.len())?;
        let name = self.new_name(name)?;
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            let place = self.find(member)?;
            if self.grouped.contains(&place) || found.contains(&place) {
                return Err(PolicyRuleError::AlreadyGrouped { name: (*member).to_owned() });
            }
            found.push(place);
        }
        self.grouped.extend(&found);
        self.groups.push(PolicyGroup { name, threshold, members: found });
        Ok(())
    }

    /// The policy whose quorum is that witness or group; `none` asks for no cosignature.
    pub fn quorum(self, name: &str) -> Result<Policy, PolicyRuleError> {
        let quorum = self.find_quorum(name)?;
        Ok(self.finish(quorum))
    }

    pub(super) fn find_quorum(&self, name: &str) -> Result<Quorum, PolicyRuleError> {
        if name == NONE {
            return Ok(Quorum::None);
        }
        self.find(name).map(Quorum::Of)
    }

    pub(super) fn finish(self, quorum: Quorum) -> Policy {
        Policy { logs: self.logs, witnesses: self.witnesses, groups: self.groups, quorum }
    }

    fn find(&self, name: &str) -> Result<Member, PolicyRuleError> {
        let witness = self.witnesses.iter().position(|witness| witness.name == name);
        let group = || self.groups.iter().position(|group| group.name == name);
        witness
            .map(Member::Witness)
            .or_else(|| group().map(Member::Group))
            .ok_or_else(|| PolicyRuleError::UndefinedName { name: name.to_owned() })
    }

    fn new_name(&self, name: &str) -> Result<String, PolicyRuleError> {
        check_word(name)?;
        if name == NONE || self.find(name).is_ok() {
            return Err(PolicyRuleError::NameTaken { name: name.to_owned() });
        }
        Ok(name.to_owned())
    }
}

fn check_count(count: usize) -> Result<(), PolicyRuleError> {
    if count >= POLICY_ITEMS_MAX {
        return Err(PolicyRuleError::TooMany);
    }
    Ok(())
}

fn check_threshold(threshold: Threshold, members: usize) -> Result<(), PolicyRuleError> {
    match threshold {
        _ if members == 0 => Err(PolicyRuleError::EmptyGroup),
        Threshold::AtLeast(threshold) if threshold == 0 || threshold > members => {
            Err(PolicyRuleError::ImpossibleThreshold { threshold, members })
        }
        _ => Ok(()),
    }
}

/// Two keys are the same if their public keys are, whatever their names.
fn check_unlisted<'k>(
    key: &VerifierKey,
    mut listed: impl Iterator<Item = &'k VerifierKey>,
) -> Result<(), PolicyRuleError> {
    if listed.any(|other| other.key().bytes() == key.key().bytes()) {
        return Err(PolicyRuleError::DuplicateKey { name: key.name().clone() });
    }
    Ok(())
}

fn parse_url(url: Option<&str>) -> Result<Option<String>, PolicyRuleError> {
    url.map(|url| check_word(url).map(|()| url.to_owned())).transpose()
}

fn check_word(word: &str) -> Result<(), PolicyRuleError> {
    let forbidden = |byte: u8| byte <= b' ' || byte == 0x7f;
    if word.is_empty() || word.len() > POLICY_WORD_BYTES_MAX || word.bytes().any(forbidden) {
        return Err(PolicyRuleError::BadWord);
    }
    Ok(())
}
