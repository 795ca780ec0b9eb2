//! Sparse replay: some of a log's statements, each proven to be in it, in any order.

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{
    body::{Body, KeyEvent, KeyStatement},
    identity::{InstitutionId, LogOrigin, PublicKey, StatementId},
    registry::{Recorded, Registry},
    statement::Statement,
};

/// Why a statement is no evidence for this registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// It was made for another log.
    #[error("the statement is for the log {got}, not {expected}")]
    OtherLog {
        /// The registry's log.
        expected: LogOrigin,
        /// The statement's.
        got: LogOrigin,
    },
    /// Its signer is not known as a key of the authority, whose word alone counts here.
    #[error("{signer} is not known as a key of the authority")]
    NotTheAuthority {
        /// The signer.
        signer: PublicKey,
    },
    /// Another statement is known at that leaf.
    #[error("another statement is known at leaf {index}")]
    IndexTaken {
        /// The leaf.
        index: LeafIndex,
    },
    /// The key is known as another institution's.
    #[error("{key} is known as a key of {institution}")]
    KeyBoundElsewhere {
        /// The key.
        key: PublicKey,
        /// Whose it is.
        institution: InstitutionId,
    },
}

impl EvidenceError {
    /// The stable code of the refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherLog { .. } => "other_log",
            Self::NotTheAuthority { .. } => "not_the_authority",
            Self::IndexTaken { .. } => "index_taken",
            Self::KeyBoundElsewhere { .. } => "key_bound_elsewhere",
        }
    }
}

impl Registry {
    /// Takes in a statement that the caller knows to be in the log at that leaf: by a verified log
    /// proof, by a verified trust file, or because it is the node's own durable entry. The same
    /// statement may come twice; the order does not matter, but authority statements must come before
    /// what their new keys signed.
    ///
    /// The door's rules are not checked again. Only this is: the log's name, that the authority's
    /// statements are signed by a key known as the authority's, and that a key has one owner. So a log
    /// that lets anything in still cannot make a school of anybody.
    ///
    /// # Errors
    /// [`EvidenceError`]; the registry is then unchanged.
    pub fn apply_evidence(
        &mut self,
        index: LeafIndex,
        logged_at: Option<UnixSeconds>,
        statement: &Statement,
    ) -> Result<(), EvidenceError> {
        self.check_evidence(index, statement)?;
        self.take_in(Recorded { index, at: logged_at }, statement);
        self.next = self.next.max(LeafIndex::new(index.get().saturating_add(1)));
        Ok(())
    }

    fn check_evidence(&self, index: LeafIndex, statement: &Statement) -> Result<(), EvidenceError> {
        let header = statement.header();
        if header.origin != self.origin {
            return Err(EvidenceError::OtherLog {
                expected: self.origin.clone(),
                got: header.origin.clone(),
            });
        }
        let from_authority = self.ever_authority_key(&header.signer);
        match statement.body() {
            Body::Authority(_) | Body::Accreditation(_) | Body::Status(_) if !from_authority => {
                return Err(EvidenceError::NotTheAuthority { signer: header.signer });
            }
            Body::Key(body) => self.check_key_evidence(body, header.signer, from_authority)?,
            _ => {}
        }
        match self.statement_at(index, statement.body()) {
            Some(known) if known != statement.id() => Err(EvidenceError::IndexTaken { index }),
            _ => Ok(()),
        }
    }

    fn check_key_evidence(
        &self,
        body: &KeyStatement,
        signer: PublicKey,
        from_authority: bool,
    ) -> Result<(), EvidenceError> {
        let of_same =
            |key: &PublicKey| self.keys.get(key).is_some_and(|record| record.institution == body.institution);
        let own_retirement = matches!(body.event, KeyEvent::Retire { .. }) && of_same(&signer);
        if !from_authority && !own_retirement {
            return Err(EvidenceError::NotTheAuthority { signer });
        }
        match self.keys.get(&body.key) {
            Some(record) if record.institution != body.institution => Err(EvidenceError::KeyBoundElsewhere {
                key: body.key,
                institution: record.institution.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn statement_at(&self, index: LeafIndex, body: &Body) -> Option<StatementId> {
        match body {
            Body::Authority(_) => self.authority.at(index).map(|event| event.statement),
            Body::Accreditation(body) => {
                self.institutions.get(&body.institution)?.history.at(index).map(|event| event.statement)
            }
            Body::Key(body) => self.keys.get(&body.key)?.history.at(index).map(|event| event.statement),
            Body::Status(body) => self.lists.get(&body.list)?.at(index).map(|event| event.statement),
            _ => None,
        }
    }
}
