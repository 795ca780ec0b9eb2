//! The door: what a log may take at the next leaf. A pure decision.

mod accreditation;
mod admissible;
mod batch;
mod error;
mod key;
mod time;

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{
    authorisation::{Evidence, KnownAt, entitled},
    body::{Authority, Body, Status},
    identity::PublicKey,
    registry::{Institution, KeyRecord, OutOfOrder, Recorded, Registry},
    statement::{Statement, VerifiedStatement},
};

pub use batch::LATE_AFTER_SECONDS;
pub use error::DoorError;
pub use time::LogTime;

/// How far a date may lie in the future: a day, for the time zones between a school and its ministry.
const FUTURE_MAX_SECONDS: u64 = 86_400;

/// Longest body of a kind that these rules do not know, in bytes: digests, dates and a name. Nobody here can
/// tell what it is for, so it may not cost the log more than a batch does; a kind that needs more takes a new
/// version of the rules.
pub const UNKNOWN_BODY_BYTES_MAX: usize = 1024;

/// A statement that the door let in. Only the door makes one.
#[derive(Clone, Debug)]
pub struct Admitted {
    recorded: Recorded,
    statement: Statement,
}

impl Admitted {
    /// The leaf it was admitted at.
    pub const fn index(&self) -> LeafIndex {
        self.recorded.index
    }

    /// The statement.
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    pub(crate) fn into_parts(self) -> (Recorded, Statement) {
        (self.recorded, self.statement)
    }
}

/// Who signed, as far as the registry knows.
enum Signer<'r> {
    Authority,
    Institution(&'r KeyRecord),
}

impl Registry {
    /// Reads an entry, checks its signatures, and decides whether it may be leaf `index`, logged `now`.
    ///
    /// # Errors
    /// [`DoorError`] with the first rule that it breaks.
    pub fn admit(&self, index: LeafIndex, now: UnixSeconds, entry: &[u8]) -> Result<Admitted, DoorError> {
        let verified = Statement::parse(entry)?.verify_signatures()?;
        self.admit_verified(index, LogTime::at(now), verified)
    }

    /// Decides whether a statement may be leaf `index`. With a window of time, it may if it could have
    /// been admitted at some second of it.
    ///
    /// # Errors
    /// [`DoorError`] with the first rule that it breaks; with a window, at its last turning point.
    pub fn admit_verified(
        &self,
        index: LeafIndex,
        time: LogTime,
        verified: VerifiedStatement,
    ) -> Result<Admitted, DoorError> {
        let statement = verified.into_statement();
        if index != self.next_index() {
            return Err(DoorError::NotNextLeaf { index, next: self.next_index() });
        }
        time.any(|| self.turning_points(&statement), |now| self.decide(&statement, now))?;
        Ok(Admitted { recorded: Recorded { index, at: time.exactly() }, statement })
    }

    /// Admits and applies an entry of a log that is being followed or checked, whose time of logging is
    /// known as a window only.
    ///
    /// # Errors
    /// [`DoorError`]; the registry is then unchanged.
    pub fn replay(&mut self, index: LeafIndex, time: LogTime, entry: &[u8]) -> Result<(), DoorError> {
        let verified = Statement::parse(entry)?.verify_signatures()?;
        let admitted = self.admit_verified(index, time, verified)?;
        self.apply(admitted)
            .map(drop)
            .map_err(|OutOfOrder { index, next }| DoorError::NotNextLeaf { index, next })
    }

    fn decide(&self, statement: &Statement, now: UnixSeconds) -> Result<(), DoorError> {
        let header = statement.header();
        if header.origin != *self.origin() {
            return Err(DoorError::OtherLog { expected: self.origin().clone(), got: header.origin.clone() });
        }
        self.check_replaces(statement)?;
        if self.authority(KnownAt::Latest).is_none() {
            return self.decide_genesis(statement, now);
        }
        let signer = self.signer(&header.signer, now)?;
        for countersigner in statement.countersigners() {
            if *countersigner == header.signer {
                return Err(DoorError::SelfCountersigned { key: *countersigner });
            }
            self.signer(countersigner, now)?;
        }
        match statement.body() {
            Body::Authority(body) => {
                by_authority(&signer, statement)?;
                self.decide_authority(body, now)
            }
            Body::Accreditation(body) => {
                by_authority(&signer, statement)?;
                self.decide_accreditation(body)
            }
            Body::Key(body) => self.decide_key(body, &signer, statement, now),
            Body::Batch(body) => self.decide_batch(body, statement, now),
            Body::Status(body) => {
                by_authority(&signer, statement)?;
                self.decide_status(body)
            }
            Body::Commitment(_) => self.by_accredited(&signer, now),
            Body::Unknown { kind, body } => {
                self.by_accredited(&signer, now)?;
                check_unknown(kind, body)
            }
        }
    }

    /// What changes nothing in the registry is signed by the authority, or by an institution while it is
    /// accredited: the log is no storage for schools that have none.
    fn by_accredited(&self, signer: &Signer<'_>, now: UnixSeconds) -> Result<(), DoorError> {
        let Signer::Institution(record) = signer else { return Ok(()) };
        let id = record.institution();
        let standing = self.institution(id).map(|institution| institution.standing(now, KnownAt::Latest));
        match entitled(id, standing) {
            Ok(_) => Ok(()),
            Err(refusal) => Err(DoorError::Refused { at: now, refusal: Box::new(refusal) }),
        }
    }

    /// A kind with a state names the statement whose place it takes, so that two officials who did not
    /// see each other's work cannot both succeed.
    fn check_replaces(&self, statement: &Statement) -> Result<(), DoorError> {
        let got = statement.header().replaces;
        if !statement.body().replaces_another() {
            return match got {
                None => Ok(()),
                Some(_) => Err(DoorError::UnexpectedReplaces { kind: statement.body().kind().to_owned() }),
            };
        }
        let expected = self.latest_of(statement.body());
        if got == expected { Ok(()) } else { Err(DoorError::ReplacesMismatch { expected, got }) }
    }

    fn decide_genesis(&self, statement: &Statement, now: UnixSeconds) -> Result<(), DoorError> {
        let Body::Authority(body) = statement.body() else {
            return Err(DoorError::GenesisExpected { kind: statement.body().kind().to_owned() });
        };
        let signer = statement.header().signer;
        if !self.is_authority_key(&signer, now, KnownAt::Latest) {
            return Err(DoorError::UnknownSigner { signer });
        }
        if !body.key(&signer).is_some_and(|valid| valid.contains(now)) {
            return Err(DoorError::GenesisNotByItsOwnKey { signer });
        }
        match statement.countersigners().next() {
            Some(countersigner) => Err(DoorError::UnknownSigner { signer: *countersigner }),
            None => Ok(()),
        }
    }

    fn decide_authority(&self, body: &Authority, now: UnixSeconds) -> Result<(), DoorError> {
        if !body.keys.iter().any(|own| own.valid.contains(now)) {
            return Err(DoorError::NoAuthorityKeyLeft);
        }
        if let Some((own, record)) = body.keys.iter().find_map(|own| Some((own, self.key(&own.key)?))) {
            return Err(DoorError::KeyBoundElsewhere {
                key: own.key,
                institution: record.institution().clone(),
            });
        }
        match self.authority(KnownAt::Latest) {
            Some(latest) if body.rules_version < latest.value.rules_version => {
                Err(DoorError::RulesVersionBackwards {
                    latest: latest.value.rules_version,
                    got: body.rules_version,
                })
            }
            _ => Ok(()),
        }
    }

    fn decide_status(&self, body: &Status) -> Result<(), DoorError> {
        match self.status_list(body.list.as_str()) {
            Some(latest) if body.version <= latest.value.version => {
                Err(DoorError::StatusVersionNotNewer { latest: latest.value.version, got: body.version })
            }
            _ => Ok(()),
        }
    }

    /// Finds out whose key it is, and whether it is good now.
    fn signer(&self, key: &PublicKey, now: UnixSeconds) -> Result<Signer<'_>, DoorError> {
        if let Some(record) = self.key(key) {
            return match record.judge(now, Evidence::Logged { at: now }, KnownAt::Latest) {
                Ok(_) => Ok(Signer::Institution(record)),
                Err(refusal) => Err(DoorError::Refused { at: now, refusal: Box::new(refusal) }),
            };
        }
        if self.is_authority_key(key, now, KnownAt::Latest) {
            return Ok(Signer::Authority);
        }
        Err(if self.ever_authority_key(key) {
            DoorError::AuthorityKeyNotValid { signer: *key, at: now }
        } else {
            DoorError::UnknownSigner { signer: *key }
        })
    }

    /// The dates on which the decision on this statement may change.
    fn turning_points(&self, statement: &Statement) -> Vec<UnixSeconds> {
        let mut points = Vec::new();
        for key in core::iter::once(&statement.header().signer).chain(statement.countersigners()) {
            if let Some(record) = self.key(key) {
                points.extend(record.history().iter().map(|event| event.value.effective_at()));
            }
        }
        let profiles = self.authority(KnownAt::Latest).map(|event| &event.value);
        let new_profile = match statement.body() {
            Body::Authority(body) => Some(body),
            _ => None,
        };
        for own in profiles.into_iter().chain(new_profile).flat_map(|profile| &profile.keys) {
            points.extend(core::iter::once(own.valid.from()).chain(own.valid.to()));
        }
        match statement.body() {
            Body::Batch(body) => {
                points.extend(self.batch_turning_points(body));
                points.extend(batch::log_turning_points(body));
            }
            Body::Key(body) => points.push(body.event.effective_at()),
            Body::Commitment(_) | Body::Unknown { .. } => {
                let signer = self.key(&statement.header().signer);
                let institution = signer.and_then(|record| self.institution(record.institution()));
                points.extend(institution.into_iter().flat_map(Institution::turning_points));
            }
            Body::Authority(_) | Body::Accreditation(_) | Body::Status(_) => {}
        }
        points
    }
}

fn check_unknown(kind: &str, body: &[u8]) -> Result<(), DoorError> {
    if body.len() <= UNKNOWN_BODY_BYTES_MAX {
        return Ok(());
    }
    Err(DoorError::UnknownBodyTooLarge {
        kind: kind.to_owned(),
        bytes: body.len(),
        max: UNKNOWN_BODY_BYTES_MAX,
    })
}

fn by_authority(signer: &Signer<'_>, statement: &Statement) -> Result<(), DoorError> {
    match signer {
        Signer::Authority => Ok(()),
        Signer::Institution(record) => Err(DoorError::NotTheAuthority {
            kind: statement.body().kind().to_owned(),
            institution: record.institution().clone(),
        }),
    }
}
